"""A board that is checked, and differs: every difference is told."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from metaplast.cli.training.board_session import find_difference
from metaplast.cli.training.session import Bits
from metaplast.golden_model import EpochRecord, Network, NetworkConfig, Trainer
from metaplast.golden_model.encoding import Thermometer

CONFIG = NetworkConfig(inputs=12, hidden=(8,), groups=(4,), classes=3, counter_bits=5, batch=10)
RNG = np.random.default_rng(3)
BITS = Bits(
    encoder=Thermometer.fit(np.eye(12)),
    x=RNG.integers(0, 2, (40, 12), dtype=np.uint8),
    y=RNG.integers(0, 3, 40),
)


class Board(Network):
    """Stands in for a board's network: the golden model, that may predict otherwise."""

    wrong: int | None = None

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes, one of them wrong."""
        classes = super().predict(x)
        if self.wrong is not None:
            classes[self.wrong] = (classes[self.wrong] + 1) % 3
        return classes


@pytest.fixture
def board() -> Board:
    return Board(CONFIG)


@pytest.fixture
def records(board: Board) -> list[EpochRecord]:
    trainer = Trainer(board)
    return [trainer.train_epoch(BITS.x, BITS.y) for _ in range(2)]


def difference(board: Board, records: list[EpochRecord], bits: Bits = BITS) -> str | None:
    return find_difference(Trainer(Network(CONFIG)), bits, records, board)


def test_a_board_that_is_equal(board: Board, records: list[EpochRecord]) -> None:
    assert difference(board, records) is None


def test_an_epoch_that_differs(board: Board, records: list[EpochRecord]) -> None:
    records[1] = replace(records[1], updates=(7,))
    found = difference(board, records)
    assert found is not None
    assert found.startswith(f" in epoch 2: training accuracy {records[1].accuracy:g} and [7] updat")


def test_a_counter_that_differs(board: Board, records: list[EpochRecord]) -> None:
    board.counters[0][3, 5] ^= 1
    found = difference(board, records)
    assert found is not None
    assert found.startswith(": layer 0, neuron 3, input 5: the counter is ")


def test_a_prediction_that_differs(board: Board, records: list[EpochRecord]) -> None:
    board.wrong = 4
    wrong, right = board.predict(BITS.x)[4], Network.predict(board, BITS.x)[4]
    expected = f"sample 4 is predicted {wrong}, and should be {right}"
    assert difference(board, records) == f": training {expected}"
    bits = replace(BITS, x_test=BITS.x, y_test=BITS.y)
    assert difference(board, records, bits) == f": test {expected}"
