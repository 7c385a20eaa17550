"""Compare two networks, and find the first difference: predictions, error bits, counters, counts.

The comparison is integer-exact, without tolerance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...golden_model.batch_record import BatchRecord
from ...golden_model.network_state import NetworkState
from ...hdl.client.core_records import CoreBatch, CoreCounts

__all__ = ["Difference", "compare_batches", "compare_counts", "compare_states"]

ERRORS, UPDATES = "count of errors", "count of updated neurons"
RIGHT = "count of right predictions"
SATURATED = "count of counters at a bound"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first value in which a network differs from its reference.

    Attributes
    ----------
    what : str
        Name of the value: ``"prediction"``, ``"error bit"``, ``"counter"``, …
    expected, got : int
        The values of the reference and of the network.
    layer, neuron, source : int or None
        Layer, neuron and input, from 0.
    sample : int or None
        Index of the training sample: in the batch, until the order of the epoch is applied.
    epoch, batch : int or None
        Epoch, and batch in the epoch, from 0.
    """

    what: str
    expected: int
    got: int
    layer: int | None = None
    neuron: int | None = None
    source: int | None = None
    sample: int | None = None
    epoch: int | None = None
    batch: int | None = None

    def at(self, **when: int | None) -> "Difference":
        """Return a copy with ``sample``, ``epoch`` or ``batch`` set."""
        return replace(self, **when)  # type: ignore[arg-type]

    def __str__(self) -> str:
        place = [
            f"{name} {value}"
            for name, value in (
                ("epoch", None if self.epoch is None else self.epoch + 1),
                ("batch", None if self.batch is None else self.batch + 1),
                ("sample", self.sample),
                ("layer", self.layer),
                ("neuron", self.neuron),
                ("input", self.source),
            )
            if value is not None
        ]
        where = f"{', '.join(place)}: " if place else ""
        return f"{where}the {self.what} is {self.got} and should be {self.expected}"


def compare_batches(expected: BatchRecord, got: BatchRecord) -> Difference | None:
    """The first difference in a batch; its sample is an index in the batch.

    Samples are compared in order; in a sample the layers, each prediction before the error bit. The
    counts of the batch are compared last.
    """
    wrong = np.stack([expected.predictions != got.predictions, expected.errors != got.errors], 2)
    found = np.argwhere(wrong)
    refused = np.flatnonzero(got.refused) if isinstance(got, CoreBatch) else np.empty(0, int)
    if len(refused) and (not len(found) or refused[0] <= found[0][0]):
        return Difference(what="refused bit", expected=0, got=1, sample=int(refused[0]))
    if len(found):
        sample, layer, kind = map(int, found[0])
        wanted, came = (
            (record.predictions, record.errors)[kind][sample, layer] for record in (expected, got)
        )
        what = ("prediction", "error bit")[kind]
        return Difference(
            what=what, expected=int(wanted), got=int(came), layer=layer, sample=sample
        )
    return _compare_layers(
        (ERRORS, expected.error_counts, got.error_counts), (UPDATES, expected.updates, got.updates)
    )


def compare_counts(expected: CoreCounts, got: CoreCounts) -> Difference | None:
    """The first count that differs."""
    for what, wanted, came in (
        ("count of samples", expected.samples, got.samples),
        ("count of refused samples", expected.refused, got.refused),
    ):
        if wanted != came:
            return Difference(what=what, expected=wanted, got=came)
    return _compare_layers(
        (ERRORS, expected.errors, got.errors),
        (UPDATES, expected.updates, got.updates),
        (RIGHT, expected.right, got.right),
        (SATURATED, expected.saturated, got.saturated),
    )


def _compare_layers(*counts: tuple[str, Sequence[int], Sequence[int]]) -> Difference | None:
    for what, expected, got in counts:
        for layer, (wanted, came) in enumerate(zip(expected, got, strict=True)):
            if wanted != came:
                return Difference(what=what, expected=wanted, got=came, layer=layer)
    return None


def compare_states(expected: NetworkState, got: NetworkState) -> Difference | None:
    """The first counter, snapshot bit or stream that differs, layer by layer."""
    states = [(state.counters, state.snapshot, state.streams) for state in (expected, got)]
    layers = [list(zip(*state, strict=True)) for state in states]
    for layer, (one, other) in enumerate(zip(*layers, strict=True)):
        for what, wanted, came in (
            ("counter", one[0], other[0]),
            ("snapshot bit", one[1], other[1]),
        ):
            found = np.argwhere(wanted != came)
            if len(found):
                neuron, source = map(int, found[0])
                return Difference(
                    what=what,
                    expected=int(wanted[neuron, source]),
                    got=int(came[neuron, source]),
                    layer=layer,
                    neuron=neuron,
                    source=source,
                )
        if one[2].history != other[2].history:
            histories = [low | high << 64 for low, high in (one[2].history, other[2].history)]
            return Difference(
                what="reinforcement stream's history",
                expected=histories[0],
                got=histories[1],
                layer=layer,
            )
    return None
