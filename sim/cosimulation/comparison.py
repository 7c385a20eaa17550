"""What the gateware did, compared with what the golden model did: the first difference, named.

Integers are compared, and no difference is small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.random_stream import BitStream
from ..core.simulated_core import BatchCounts, CoreCounts, CoreResults

__all__ = [
    "CoreState",
    "Difference",
    "NetworkState",
    "compare_batch_counts",
    "compare_counts",
    "compare_results",
    "compare_states",
]


# What a count is of, and the attribute that holds it.
ERRORS = ("count of errors", "errors")
UPDATES = ("count of updated neurons", "updates")
SATURATED = ("count of counters at a bound", "saturated")


class NetworkState(Protocol):
    """What of a network training changes."""

    @property
    def counters(self) -> Sequence[NDArray[Any]]:
        """Per layer, ``k``, (K, N)."""

    @property
    def snapshot(self) -> Sequence[NDArray[Any]]:
        """Per layer, ``W``, (K, N) of 0 and 1."""

    @property
    def streams(self) -> Sequence[BitStream]:
        """Per layer, the reinforcement stream."""


@dataclass(frozen=True, eq=False)
class CoreState:
    """A :class:`NetworkState` of its own."""

    counters: list[NDArray[np.int16]]
    snapshot: list[NDArray[np.uint8]]
    streams: list[BitStream]

    @classmethod
    def copy_of(cls, state: NetworkState) -> "CoreState":
        """A copy that stays as it is."""
        return cls(
            [k.astype(np.int16) for k in state.counters],
            [w.astype(np.uint8) for w in state.snapshot],
            [BitStream.from_history(*stream.history) for stream in state.streams],
        )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first thing in which gateware and golden model differ.

    Attributes
    ----------
    what : str
        What differs: ``"prediction"``, ``"error bit"``, ``"counter"``, …
    expected, got : int
        The golden model's value, and the gateware's.
    layer, neuron, source : int or None
        Where, from 0; ``source`` is the input.
    sample : int or None
        Index of the training sample at which it arose.
    epoch, batch : int or None
        When, from 0; the batch within the epoch.
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
        """The same with ``sample``, ``epoch`` or ``batch`` set."""
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


def compare_results(expected: BatchRecord, got: CoreResults) -> tuple[int, Difference] | None:
    """The first sample of a batch of which something differs, and what.

    Of a sample, the layers are compared in order, the prediction before the error bit.
    """
    wrong = np.stack([expected.predictions != got.predictions, expected.errors != got.errors], 2)
    found = np.argwhere(wrong)
    refused = np.flatnonzero(got.refused)
    if len(refused) and (not len(found) or refused[0] <= found[0][0]):
        return int(refused[0]), Difference(what="refused bit", expected=0, got=1)
    if not len(found):
        return None
    sample, layer, kind = map(int, found[0])
    what = ("prediction", "error bit")[kind]
    wanted, came = (
        (record.predictions, record.errors)[kind][sample, layer] for record in (expected, got)
    )
    return sample, Difference(what=what, expected=int(wanted), got=int(came), layer=layer)


def compare_batch_counts(expected: BatchCounts, got: BatchCounts) -> Difference | None:
    """The first count at a batch's end that differs."""
    return _compare_layers(expected, got, ERRORS, UPDATES)


def compare_counts(expected: CoreCounts, got: CoreCounts) -> Difference | None:
    """The first count that differs."""
    for what, name in (("count of samples", "samples"), ("count of refused samples", "refused")):
        wanted, came = getattr(expected, name), getattr(got, name)
        if wanted != came:
            return Difference(what=what, expected=wanted, got=came)
    return _compare_layers(expected, got, ERRORS, UPDATES, SATURATED)


def _compare_layers(expected: Any, got: Any, *counts: tuple[str, str]) -> Difference | None:
    for what, name in counts:
        pairs = zip(getattr(expected, name), getattr(got, name), strict=True)
        for layer, (wanted, came) in enumerate(pairs):
            if wanted != came:
                return Difference(what=what, expected=wanted, got=came, layer=layer)
    return None


def compare_states(expected: NetworkState, got: NetworkState) -> Difference | None:
    """The first counter, snapshot bit or stream that differs, layer by layer."""
    for layer in range(len(expected.counters)):
        for what, wanted, came in (
            ("counter", expected.counters[layer], got.counters[layer]),
            ("snapshot bit", expected.snapshot[layer], got.snapshot[layer]),
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
        if expected.streams[layer].history != got.streams[layer].history:
            histories = [
                low | high << 64
                for low, high in (expected.streams[layer].history, got.streams[layer].history)
            ]
            return Difference(
                what="reinforcement stream's history",
                expected=histories[0],
                got=histories[1],
                layer=layer,
            )
    return None
