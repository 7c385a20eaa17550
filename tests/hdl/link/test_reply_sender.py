# amaranth: UnusedElaboratable=no
"""Contents of replies."""

import pytest

from metaplast.hdl.link.reply_sender import ReplySender
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.reply_sender"


def run(sender: ReplySender, flip: bool = False) -> None:
    build(Design.of(sender)).run(BENCH, parameters={"layers": sender.layers}, flip=flip)


@pytest.mark.parametrize("layers", [1, 2, 3, 8])
def test_replies_are_sent(layers: int) -> None:
    run(ReplySender(layers=layers))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected"):
        run(ReplySender(layers=2), flip=True)


def test_a_network_has_a_layer() -> None:
    with pytest.raises(ValueError, match="layers must be at least 1, not 0"):
        ReplySender(layers=0)
