"""Samples on their way to a board: words of any width, with padding and tails."""

import numpy as np
import pytest

from metaplast.boards.driver.link_client import LinkClient
from metaplast.boards.driver.link_transport import network_on_board
from metaplast.golden_model import Network, NetworkConfig, Trainer
from metaplast.hdl.link.protocol import RequestKind

from ...comparison import assert_same_array, assert_same_state
from ..board_double import BoardDouble
from .clock import injected_clock

SAMPLES = 20


@pytest.mark.parametrize(("inputs", "input_width"), [(590, 196), (784, 392), (391, 391), (20, 7)])
def test_samples_have_words_of_any_width(inputs: int, input_width: int) -> None:
    config = NetworkConfig(inputs=inputs, hidden=(6,), groups=(2,), classes=3, batch=5)
    rng = np.random.default_rng(inputs)
    x, y = rng.integers(0, 2, (SAMPLES, inputs), dtype=np.uint8), rng.integers(0, 3, SAMPLES)
    double, golden = BoardDouble(config, input_width=input_width), Network(config)
    with injected_clock(tick=0.001), LinkClient(double.open, "PORT") as client:
        network = network_on_board(client, config)
        for trained in (network, golden):
            Trainer(trained).train_epoch(x, y)
        assert_same_state(golden, network.read_out())
        assert_same_array("predictions", golden.predict(x), network.predict(x))
    words, word_bytes = -(-inputs // input_width), -(-input_width // 8)
    sizes = {len(content) for content in double.obeyed if content[0] == RequestKind.SAMPLE}
    assert sizes == {3 + words * word_bytes}
