"""Where a training runs: in the golden model, in simulated gateware, on a board."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ...golden_model import BatchRecord, EpochRecord, Trainer
from ..terminal.output import Reporter

if TYPE_CHECKING:
    from .session import Outcome, Session

__all__ = ["Backend"]


class Backend:
    """The golden model trains. Other back ends change what differs; a context manager.

    Attributes
    ----------
    trainer : Trainer
        Trains the network; set by :meth:`start`.
    failures : tuple of type
        Exceptions that end a training as Ctrl-C does, with the epochs that are finished.
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
        """Lines on the network in gateware, after the headline of the training."""
        return ""

    def start(self, session: "Session", reporter: Reporter) -> None:
        """Make ready to train a session's network, from where the session stands."""
        self.trainer = session.trainer
        self._bits = session.bits

    def close(self) -> None:
        """End the processes and connections of the training."""

    def train_epoch(self, on_batch: Callable[[int, BatchRecord], None]) -> EpochRecord:
        """Train on every sample once."""
        return self.trainer.train_epoch(self._bits.x, self._bits.y, on_batch)

    def progress(self) -> str:
        """More for the progress bar, after the samples a second."""
        return ""

    def verify_epoch(self, *, last: bool) -> None:
        """Check a finished epoch, if there is something to check.

        Parameters
        ----------
        last : bool
            Whether the epoch is the last of the training.
        """

    def verify_training(self) -> None:
        """Check the finished training, if there is something to check."""

    def verdict(self, outcome: "Outcome") -> Iterator[str]:
        """Lines on what was checked."""
        yield from ()

    def document(self, outcome: "Outcome") -> dict[str, Any]:
        """Entries of the JSON document, besides those of every training."""
        return {}
