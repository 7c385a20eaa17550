"""The comparison finds and names every difference."""

from dataclasses import replace

import numpy as np
import pytest

from metaplast.golden_model import BatchRecord, Network, NetworkConfig, RandomStream
from metaplast.golden_model.network_state import StoredState
from metaplast.hdl.client.core_records import CoreBatch, CoreCounts
from metaplast.hdl.client.transport import BatchCounts
from metaplast.sim.cosimulation.comparison import (
    Difference,
    compare_batches,
    compare_counts,
    compare_states,
)

CONFIG = NetworkConfig(inputs=5, hidden=(4, 6), groups=(2, 3), classes=3)
COUNTS = CoreCounts(
    samples=7, refused=0, errors=(5, 6), updates=(8, 9), right=(3, 4), saturated=(1, 2)
)


def batches() -> tuple[BatchRecord, CoreBatch]:
    """The same of both for four samples."""
    predictions = np.array([[0, 1], [2, 2], [1, 0], [0, 0]])
    errors = np.array([[1, 1], [0, 1], [0, 0], [1, 0]], dtype=np.bool_)
    chosen = [np.array([[3, -1], [-1, -1], [-1, -1], [0, 2]]), np.array([[5], [4], [-1], [-1]])]
    record = BatchRecord(predictions, errors, chosen=chosen, events=[])
    got = CoreBatch(
        predictions=predictions.copy(),
        errors=errors.copy(),
        chosen=[],
        events=[],
        counts=BatchCounts(errors=(2, 2), updates=(3, 2)),
        refused=np.zeros(4, dtype=np.bool_),
    )
    return record, got


def states() -> tuple[Network, StoredState]:
    """The same of both."""
    network = Network(CONFIG)
    return network, StoredState.copy_of(network)


def test_equal_batches() -> None:
    assert compare_batches(*batches()) is None


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ([("predictions", 2, 1)], (2, "prediction", 1, 0, 2)),
        ([("errors", 1, 0)], (1, "error bit", 0, 0, 1)),
        ([("errors", 1, 0), ("predictions", 1, 1)], (1, "error bit", 0, 0, 1)),
        ([("errors", 1, 1), ("predictions", 1, 1)], (1, "prediction", 1, 2, 4)),
        ([("errors", 3, 0), ("predictions", 2, 1)], (2, "prediction", 1, 0, 2)),
    ],
)
def test_the_first_difference_of_the_results(
    wrong: list[tuple[str, int, int]], what: tuple[int, str, int, int, int]
) -> None:
    record, got = batches()
    for name, sample, layer in wrong:
        array = getattr(got, name)
        array[sample, layer] = not array[sample, layer] if name == "errors" else what[-1]
    sample, name, layer, expected, came = what
    assert compare_batches(record, got) == Difference(
        what=name, expected=expected, got=came, layer=layer, sample=sample
    )


def test_a_refused_sample_is_a_difference() -> None:
    record, got = batches()
    got.refused[2] = True
    found = Difference(what="refused bit", expected=0, got=1, sample=2)
    assert compare_batches(record, got) == found
    got.predictions[2, 0] ^= 1
    assert compare_batches(record, got) == found
    got.predictions[1, 0] ^= 1
    first = compare_batches(record, got)
    assert first is not None
    assert first.sample == 1


def test_counts() -> None:
    assert compare_counts(COUNTS, replace(COUNTS)) is None
    for change, what in (
        ({"samples": 8}, Difference(what="count of samples", expected=7, got=8)),
        ({"refused": 1}, Difference(what="count of refused samples", expected=0, got=1)),
        (
            {"errors": (5, 7), "updates": (1, 1)},
            Difference(what="count of errors", expected=6, got=7, layer=1),
        ),
        (
            {"updates": (9, 9)},
            Difference(what="count of updated neurons", expected=8, got=9, layer=0),
        ),
        (
            {"right": (3, 5)},
            Difference(what="count of right predictions", expected=4, got=5, layer=1),
        ),
        (
            {"saturated": (1, 3)},
            Difference(what="count of counters at a bound", expected=2, got=3, layer=1),
        ),
    ):
        assert compare_counts(COUNTS, replace(COUNTS, **change)) == what  # type: ignore[arg-type]


def test_counts_of_a_batch() -> None:
    record, got = batches()
    for counts, what in (
        (
            BatchCounts(errors=(1, 3), updates=(1, 1)),
            Difference(what="count of errors", expected=2, got=1, layer=0),
        ),
        (
            BatchCounts(errors=(2, 2), updates=(3, 1)),
            Difference(what="count of updated neurons", expected=2, got=1, layer=1),
        ),
    ):
        assert compare_batches(record, replace(got, counts=counts)) == what


def test_states() -> None:
    network, state = states()
    assert compare_states(network, state) is None
    history = network.streams[1].history
    state.streams[1] = RandomStream.from_history(history[0] ^ 1, history[1])
    found = compare_states(network, state)
    assert found is not None
    assert (found.what, found.layer) == ("reinforcement stream's history", 1)
    assert found.expected ^ found.got == 1
    state.snapshot[1][3, 2] ^= 1
    bit = int(network.snapshot[1][3, 2])
    assert compare_states(network, state) == Difference(
        what="snapshot bit", expected=bit, got=1 - bit, layer=1, neuron=3, source=2
    )
    state.counters[0][1, 4] += 1
    k = int(network.counters[0][1, 4])
    assert compare_states(network, state) == Difference(
        what="counter", expected=k, got=k + 1, layer=0, neuron=1, source=4
    )


def test_a_copy_stays_as_it_is() -> None:
    network, state = states()
    network.train_batch(np.ones((3, 5), dtype=np.uint8), [0, 1, 2], [9, 9])
    assert compare_states(network, state) is not None
    assert compare_states(Network(CONFIG), state) is None


def test_a_difference_says_where_it_is() -> None:
    plain = Difference(what="count of samples", expected=2, got=3)
    assert str(plain) == "the count of samples is 3 and should be 2"
    everything = Difference(
        what="counter", expected=-1, got=0, layer=1, neuron=2, source=3, sample=40
    ).at(epoch=0, batch=6)
    assert str(everything) == (
        "epoch 1, batch 7, sample 40, layer 1, neuron 2, input 3: the counter is 0 and should be -1"
    )
