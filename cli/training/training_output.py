"""Text output of a training: headline, table of epochs, kept epoch, notes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..terminal.output import Reporter, network_shape, percent

if TYPE_CHECKING:
    from ...golden_model import EpochRecord
    from .session import Outcome, Session

__all__ = ["EpochTable", "headline", "kept_lines", "note_other_samples"]


class EpochTable:
    """Print a line for each epoch, and headings above the first.

    Parameters
    ----------
    session : Session
        The training, which determines the columns.
    reporter : Reporter
        Prints the lines.
    cycles : bool
        Whether there is a column of cycles per sample.
    """

    def __init__(self, session: "Session", reporter: Reporter, *, cycles: bool = False):
        layers = len(session.trainer.network.config.layers)
        self._weights = sum(layer.weights for layer in session.trainer.network.config.layers)
        self._reporter = reporter
        self._columns = [("epoch", 5), ("train", 8)]
        if layers > 1:
            self._columns.append(("each layer (%)", 6 * layers))
        self._columns += [("errors (%)", 6 * layers), ("updates", 7 * layers), ("at bound", 8)]
        if session.bits.x_held_out is not None:
            self._columns.append(("held out", 8))
        if session.bits.x_test is not None:
            self._columns.append(("test", 8))
        self._columns.append(("samples/s", 9))
        if cycles:
            self._columns.append(("cycles/sample", 13))
        self._headings_due = True

    def row(self, record: "EpochRecord") -> None:
        """Print the line of an epoch."""
        if self._headings_due:
            self._headings_due = False
            self._line([heading for heading, _ in self._columns])
        cells = [str(record.epoch + 1), percent(record.accuracy)]
        if len(record.layer_accuracy) > 1:
            cells.append(" ".join(f"{100 * share:5.2f}" for share in record.layer_accuracy))
        cells += [
            " ".join(f"{100 * share:5.2f}" for share in record.error_rate),
            " ".join(f"{count / record.samples:6.3f}" for count in record.updates),
            percent(sum(record.saturated) / self._weights),
        ]
        if record.validation_accuracy is not None:
            cells.append(percent(record.validation_accuracy))
        if record.test_accuracy is not None:
            cells.append(percent(record.test_accuracy))
        cells.append(f"{record.samples / record.seconds:,.0f}")
        if record.cycles_per_sample is not None:
            cells.append(f"{record.cycles_per_sample:,.2f}")
        self._line(cells)

    def _line(self, cells: list[str]) -> None:
        self._reporter.line(
            "  ".join(
                cell.rjust(max(width, len(heading)))
                for cell, (heading, width) in zip(cells, self._columns, strict=True)
            )
        )


def kept_lines(outcome: "Outcome") -> Iterator[str]:
    """Lines on the kept epoch (with held-out samples), its accuracy, and that of each layer."""
    kept, bits = outcome.kept, outcome.session.bits
    assert kept is not None
    if bits.x_held_out is not None:
        yield _kept_epoch(outcome) if outcome.keeps_best else _last_epoch(outcome)
    if bits.x_test is not None:
        yield f"test accuracy {percent(kept.test_accuracy)} ({len(bits.x_test):,} samples)"
    else:
        yield f"training accuracy {percent(kept.accuracy)}"
    for samples, shares in (
        ("held-out", kept.layer_validation_accuracy),
        ("test", kept.layer_test_accuracy),
    ):
        if shares is not None and len(shares) > 1:
            yield f"{samples} accuracy of each layer {', '.join(map(percent, shares))}"


def _kept_epoch(outcome: "Outcome") -> str:
    """The line on the kept epoch of a training with held-out samples."""
    kept, held_out = outcome.kept, outcome.session.bits.x_held_out
    assert kept is not None
    assert held_out is not None
    samples, accuracy = f"{len(held_out):,} samples held out", percent(kept.validation_accuracy)
    if outcome.improved:
        return f"kept epoch {kept.epoch + 1}, the best on the {samples}: {accuracy}"
    return (
        f"kept epoch {kept.epoch + 1}, the start of this training: {accuracy} on the {samples}; no "
        "new epoch was better (try more --epochs)"
    )


def _last_epoch(outcome: "Outcome") -> str:
    """The line on the last epoch of a training with held-out samples."""
    kept, held_out = outcome.kept, outcome.session.bits.x_held_out
    assert kept is not None
    assert held_out is not None
    return (
        f"kept epoch {kept.epoch + 1}, the last: {percent(kept.validation_accuracy)} on the "
        f"{len(held_out):,} samples held out"
    )


def headline(session: "Session") -> str:
    """The first line of a training: data, samples and network."""
    config = session.trainer.network.config
    held_out = session.bits.x_held_out
    held = f", {len(held_out):,} held out" if held_out is not None else ""
    return (
        f"{session.data.name}: {len(session.bits.x):,} training samples{held}; "
        f"network {network_shape(config)}, groups of {', '.join(map(str, config.groups))}, "
        f"{config.counter_bits}-bit counters"
    )


def note_other_samples(session: "Session", reporter: Reporter) -> None:
    """Print a note if a resumed training has another number of samples than before."""
    if session.history and session.history[-1].samples != len(session.bits.x):
        reporter.note(
            f"the model was trained on {session.history[-1].samples:,} samples, "
            f"and is resumed with {len(session.bits.x):,}"
        )
