"""Train on a board, real or virtual."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ...boards.driver.board_trainer import VIRTUAL, BoardTrainer
from ...boards.driver.ports import BAUD
from ...golden_model import BatchRecord, EpochRecord, MetaplastError, Trainer
from ...hdl.client.transport import TransportError
from ...hdl.planning.plan import FoldedNetwork, NetworkPlan
from ...hdl.planning.universal import UniversalTrainer
from ...sim.cosimulation.lockstep import DifferenceError, LockstepNetwork, placed
from ..options.folding import planned_design
from ..terminal.output import Reporter, require, require_simulator
from .backends import Backend

if TYPE_CHECKING:
    from .session import Outcome, Session

__all__ = ["BoardBackend"]

MAX_PREDICTED = 1000
"""Samples that the board predicts for `--check`."""


class BoardBackend(Backend):
    """Train on a board, and compare it with the golden model on request.

    Parameters
    ----------
    port : str
        The board's serial port, or ``virtual:`` and a board's name.
    baud : int or None
        Bits per second on the line.
    plan : Path or None
        A file with the plan of the board's gateware: of one network, or of a universal trainer.
    faults : float
        Share of the bytes that the line of a virtual board corrupts.
    check : bool
        Train the golden model in lock step, and compare.

    Raises
    ------
    MetaplastError
        If the board cannot be opened or has another network; in training, if board and golden
        model differ.
    """

    failures = (TransportError,)

    def __init__(
        self, port: str, *, baud: int | None, plan: Path | None, faults: float, check: bool
    ):
        if not port:
            raise typer.BadParameter(
                "must be a serial port or virtual:BOARD, not ''; `metaplast devices` lists the "
                "serial ports",
                param_hint="--board",
            )
        virtual = port.startswith(VIRTUAL)
        if virtual and baud is not None:
            raise typer.BadParameter(
                f"is for serial ports, and {port} is not one; leave it out", param_hint="--baud"
            )
        if not virtual and faults:
            raise typer.BadParameter(
                f"is for virtual boards, and {port} is not one; leave it out",
                param_hint="--faults",
            )
        self._port = port
        self._virtual = virtual
        self._baud = baud
        self._plan = plan
        self._faults = faults
        self._check = check
        self._board: BoardTrainer | None = None

    def start(self, session: "Session", reporter: Reporter) -> None:
        require("serial", extra="driver", purpose="training on a board")
        lines = None
        if self._virtual:
            require_simulator("a virtual board")
            from ...sim.virtual_board.noisy_line import NoisyLine

            lines = (NoisyLine(self._faults, seed=1), NoisyLine(self._faults, seed=2))
        self._bits = session.bits
        golden = session.trainer
        config = golden.network.config
        plan: NetworkPlan | UniversalTrainer | None = None
        if self._plan is not None:
            design = planned_design(config, self._plan)
            plan = design.plan if isinstance(design, FoldedNetwork) else design
        self._board = BoardTrainer.open(
            self._port,
            baud=self._baud or BAUD,
            plan=plan,
            lines=lines,
        )
        if self._virtual:
            reporter.line(f"building the gateware of {self._port}, or finding it in the cache")
        network: Any = self._board.attach(config, start=golden.network if session.history else None)
        if self._check:
            network = LockstepNetwork(golden.network, network)
        self.trainer = Trainer(network, epoch=golden.epoch, accuracy=golden.accuracy)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def train_epoch(self, on_batch: Callable[[int, BatchRecord], None]) -> EpochRecord:
        try:
            return super().train_epoch(on_batch)
        except DifferenceError as found:
            config = self.trainer.network.config
            difference = placed(
                found.difference, config, epoch=self.trainer.epoch, samples=len(self._bits.x)
            )
            raise MetaplastError(f"board and golden model differ: {difference}") from None

    def verify_training(self) -> None:
        if not self._check:
            return
        # The predictions check that the board's binary weights are the signs of its counters.
        bits = self._bits
        which, x = ("training", bits.x) if bits.x_test is None else ("test", bits.x_test)
        try:
            self.trainer.network.predict(x[:MAX_PREDICTED])
        except DifferenceError as found:
            raise MetaplastError(
                f"board and golden model differ: {which} {found.difference}"
            ) from None

    def verdict(self, outcome: "Outcome") -> Iterator[str]:
        if self._check and not outcome.interrupted:
            yield "board and golden model are equal, to the last counter"

    def document(self, outcome: "Outcome") -> dict[str, Any]:
        equal = True if self._check and not outcome.interrupted else None
        return {"board": self._port, "equal_to_golden_model": equal}
