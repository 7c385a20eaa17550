"""`metaplast train --board` with a universal trainer: networks on one running board."""

from dataclasses import replace
from typing import Any

import pytest

from metaplast.boards.targets import catalogue
from metaplast.sim.virtual_board.noisy_line import NoisyLine
from metaplast.sim.virtual_board.virtual_board import VirtualBoard, build_board

from ..boards.universal_trainer import TRAINER
from .conftest import Command, Document

THREE = ["--hidden", "64,32,16", "--samples", "60", "--batch", "40", "--epochs", 1]
ONE = ["--hidden", "20", "--samples", "60", "--batch", "30", "--epochs", 1]


def trained(document: Document, *options: Any) -> dict[str, Any]:
    """Train on a board, with --check; gives the document."""
    known: dict[str, Any] = document("train", "digits", "--check", "--quiet", *options)
    assert known["equal_to_golden_model"] is True
    return known


@pytest.fixture
def icebreaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the iCEBreaker a small trainer."""
    boards = (replace(catalogue.BOARDS[0], trainer=TRAINER), *catalogue.BOARDS[1:])
    monkeypatch.setattr(catalogue, "BOARDS", boards)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [0.0, 0.01])
def test_networks_follow_one_another_on_a_running_board(document: Document, faults: float) -> None:
    lines = NoisyLine(faults, seed=1), NoisyLine(faults, seed=2)
    with VirtualBoard(build_board(TRAINER), lines) as board:
        trained(document, "--board", board.port, *THREE)
        trained(document, "--board", board.port, *ONE, "--model", "one.npz")
        trained(document, "--board", board.port, *THREE, "--seed", 5)
        resumed = ["--samples", 60, "--epochs", 1, "--continue", "one.npz"]
        assert trained(document, "--board", board.port, *resumed)["epochs"][-1]["epoch"] == 1


@pytest.mark.usefixtures("icebreaker")
def test_a_virtual_board_has_the_universal_trainer(run: Command, document: Document) -> None:
    trained(document, "--board", "virtual:icebreaker", *ONE)
    result = run("train", "digits", "--board", "virtual:icebreaker", "--hidden", "65")
    assert result.status == 2
    assert "the network has 65 neurons of layer 0; this trainer has room for 64" in " ".join(
        result.err.replace("│", " ").split()
    )
