"""Integer-exact comparison of networks and of what they did, with the first difference named."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metaplast.golden_model import BatchRecord, EpochRecord, RandomStream


class State(Protocol):
    """What of a network training changes."""

    @property
    def counters(self) -> Sequence[NDArray[Any]]: ...

    @property
    def snapshot(self) -> Sequence[NDArray[Any]]: ...

    @property
    def streams(self) -> Sequence[RandomStream]: ...


def assert_same_array(name: str, expected: ArrayLike, got: ArrayLike) -> None:
    """Fail unless the two have one shape and the same values (types may differ)."""
    expected, got = np.asarray(expected), np.asarray(got)
    assert got.shape == expected.shape, f"{name}: shape {got.shape}, not {expected.shape}"
    differing = np.argwhere(expected != got)
    if len(differing):
        first = tuple(differing[0].tolist())
        raise AssertionError(
            f"{name}: {len(differing)} of {got.size} differ, first at {first}: "
            f"{got[first]}, not {expected[first]}"
        )


def assert_same_layers(name: str, expected: Sequence[ArrayLike], got: Sequence[ArrayLike]) -> None:
    """Fail unless the two have as many layers, and the same values in each."""
    assert len(got) == len(expected), f"{name}: {len(got)} layers, not {len(expected)}"
    for layer, (wanted, came) in enumerate(zip(expected, got, strict=True)):
        assert_same_array(f"{name} of layer {layer}", wanted, came)


def assert_same_state(expected: State, got: State) -> None:
    """Fail unless counters, snapshots and the streams' places are the same."""
    assert_same_layers("counters", expected.counters, got.counters)
    assert_same_layers("snapshot", expected.snapshot, got.snapshot)
    assert_same_layers(
        "stream",
        [[*stream.history] for stream in expected.streams],
        [[*stream.history] for stream in got.streams],
    )


def assert_same_record(expected: BatchRecord, got: BatchRecord) -> None:
    """Fail unless every field of the two records is the same, its type too."""
    assert_same_array("predictions", expected.predictions, got.predictions)
    assert_same_array("errors", expected.errors, got.errors)
    assert_same_layers("chosen", expected.chosen, got.chosen)
    assert got.events == expected.events, f"events: {got.events}, not {expected.events}"
    assert got.updates == expected.updates
    types = [
        [record.predictions.dtype, record.errors.dtype, *(c.dtype for c in record.chosen)]
        for record in (expected, got)
    ]
    assert types[1] == types[0], f"types: {types[1]}, not {types[0]}"


def assert_same_epoch(expected: EpochRecord, got: EpochRecord) -> None:
    """Fail unless the two records of an epoch are the same in all but the time that it took."""
    wanted, came = expected.to_dict(), got.to_dict()
    for time in ("seconds", "cycles"):
        del wanted[time], came[time]
    assert came == wanted
