"""The comparison that every exactness test leans on: one flipped bit, anywhere, is caught."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metaplast.golden_model import BatchRecord, EpochRecord, Network, NetworkConfig

from .comparison import (
    assert_same_array,
    assert_same_epoch,
    assert_same_layers,
    assert_same_record,
    assert_same_state,
)

CONFIG = NetworkConfig(inputs=9, hidden=(6, 4), groups=(3, 4), classes=3, batch=8)


def trained() -> tuple[Network, BatchRecord]:
    random = np.random.default_rng(1)
    network = Network(CONFIG)
    x = random.integers(0, 2, (8, 9), dtype=np.uint8)
    return network, network.train_batch(x, random.integers(0, 3, 8), [3, 2])


def test_what_is_the_same_passes() -> None:
    (network, record), (again, record_again) = trained(), trained()
    assert_same_state(network, again)
    assert_same_record(record, record_again)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("name", ["counters", "snapshot"])
@pytest.mark.parametrize("place", [(0, 0), (3, 2), (-1, -1)])
def test_a_flipped_bit_of_a_state_is_caught(layer: int, name: str, place: tuple[int, int]) -> None:
    network, _ = trained()
    arrays = {part: [k.copy() for k in getattr(network, part)] for part in ("counters", "snapshot")}
    arrays[name][layer][place] ^= 1
    other = Network.from_state(CONFIG, arrays["counters"], arrays["snapshot"], network.streams)
    with pytest.raises(AssertionError, match=f"^{name} of layer {layer}: 1 of "):
        assert_same_state(network, other)


def test_a_draw_too_many_is_caught() -> None:
    network, _ = trained()
    other, _ = trained()
    other.streams[1].draws(1)
    with pytest.raises(AssertionError, match=r"^stream of layer 1: "):
        assert_same_state(network, other)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda r: replace(r, predictions=r.predictions ^ np.eye(8, 2, dtype=int)), "predictions"),
        (lambda r: replace(r, errors=r.errors ^ np.eye(8, 2, -3, dtype=bool)), "errors"),
        (lambda r: replace(r, chosen=[r.chosen[0], r.chosen[1] ^ 1]), "chosen of layer 1"),
        (lambda r: replace(r, chosen=r.chosen[:1]), "chosen: 1 layers, not 2"),
        (lambda r: replace(r, errors=r.errors[:7]), "errors: shape"),
        (lambda r: replace(r, events=[3, 3]), "events"),
        (lambda r: replace(r, errors=r.errors.astype(np.uint8)), "types"),
    ],
)
def test_a_change_of_a_record_is_caught(
    change: Callable[[BatchRecord], BatchRecord], named: str
) -> None:
    _, record = trained()
    with pytest.raises(AssertionError, match=f"^{named}"):
        assert_same_record(record, change(record))


def test_the_first_difference_is_named() -> None:
    message = r"k: 2 of 6 differ, first at \(0, 2\): 7, not 2"
    with pytest.raises(AssertionError, match=message):
        assert_same_array("k", [[0, 1, 2], [3, 4, 5]], [[0, 1, 7], [3, 4, 6]])


def test_a_scalar_is_no_array() -> None:
    with pytest.raises(AssertionError, match=r"k: shape \(\), not \(2,\)"):
        assert_same_array("k", [1, 1], 1)
    with pytest.raises(AssertionError, match="k: 1 layers, not 2"):
        assert_same_layers("k", [[1], [1]], [[1]])


@pytest.mark.parametrize(
    ("field", "value"), [("accuracy", 0.5), ("updates", (8,)), ("saturated", (1,))]
)
def test_epochs_may_differ_in_their_time_alone(field: str, value: Any) -> None:
    record = EpochRecord(
        epoch=0,
        samples=4,
        accuracy=0.25,
        layer_accuracy=(0.25,),
        error_rate=(0.75,),
        updates=(9,),
        events=(2,),
        saturated=(0,),
        seconds=1.0,
    )
    assert_same_epoch(record, replace(record, seconds=2.0))
    with pytest.raises(AssertionError):
        assert_same_epoch(record, replace(record, **{field: value}))
