"""Training back ends: the golden model, and the interface of simulated gateware and boards."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ...golden_model import BatchRecord, EpochRecord, Trainer
from ..terminal.output import Reporter

if TYPE_CHECKING:
    from .session import Outcome, Session

__all__ = ["Backend"]


class Backend:
    """Train the golden model; the base class of all back ends, and a context manager.

    Attributes
    ----------
    trainer : Trainer
        Trains the network; set by :meth:`start`.
    failures : tuple of type
        Exceptions that end a training as Ctrl-C does: the finished epochs are kept.
    counts_cycles : bool
        Whether epochs have cycles.
    """

    trainer: Trainer
    failures: tuple[type[Exception], ...] = ()
    counts_cycles = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def headline(self, session: "Session") -> str:
        """Text on the network in gateware, which follows the headline of the training."""
        return ""

    def start(self, session: "Session", reporter: Reporter) -> None:
        """Prepare to train the network of a session from its present state."""
        self.trainer = session.trainer
        self._bits = session.bits

    def close(self) -> None:
        """End the processes and connections of the training."""

    def train_epoch(self, on_batch: Callable[[int, BatchRecord], None]) -> EpochRecord:
        """Train on every sample once."""
        return self.trainer.train_epoch(self._bits.x, self._bits.y, on_batch)

    def progress(self) -> str:
        """Text for the progress bar, which follows the samples per second."""
        return ""

    def verify_epoch(self, *, last: bool) -> None:
        """Check a finished epoch.

        Parameters
        ----------
        last : bool
            Whether the epoch is the last of the training.
        """

    def verify_training(self) -> None:
        """Check the finished training."""

    def verdict(self, outcome: "Outcome") -> Iterator[str]:
        """Lines with the result of the checks."""
        yield from ()

    def document(self, outcome: "Outcome") -> dict[str, Any]:
        """Further entries of the JSON document."""
        return {}
