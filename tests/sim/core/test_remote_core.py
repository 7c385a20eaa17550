"""A remote core notices a transport that loses, doubles or changes data."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import NetworkConfig
from metaplast.golden_model.batch_record import Batch
from metaplast.hdl.client.core_records import LostBatchesError
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.client.transport import (
    Access,
    BatchCounts,
    SampleResults,
    Transport,
    TransportError,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.sim.core.simulated_core import SimulatedCore, build_core

CONFIG = NetworkConfig(inputs=6, hidden=(4,), groups=(2,), classes=3, counter_bits=4, batch=5)
FOLDED = FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(simd=6, update_width=3, input_width=3),)))
RANDOM = np.random.default_rng(5)
X = RANDOM.integers(0, 2, (23, 6), dtype=np.uint8)
Y = RANDOM.integers(0, 3, 23)
EVENTS = [3]


class WrongTransport(Transport):
    """A transport that passes data to another one, and changes some of it."""

    name = "PORT"

    def __init__(self, inner: Transport, *, counts_batches: bool):
        self.inner = inner
        self.counts_batches = counts_batches
        self.change_results: Callable[[list[SampleResults]], list[SampleResults]] = lambda r: r
        self.change_counts: Callable[[list[BatchCounts]], list[BatchCounts]] = lambda c: c
        self.lost_answers = 0

    def access(self, requests: Sequence[Access]) -> list[int]:
        values = self.inner.access(requests)
        return values[: len(values) - self.lost_answers]

    def send(self, *samples: NDArray[Any]) -> None:
        self.inner.send(*samples)

    def receive(self) -> list[SampleResults]:
        return self.change_results(self.inner.receive())

    def batch_counts(self) -> list[BatchCounts]:
        return self.change_counts(self.inner.batch_counts())

    def settle(self) -> None:
        self.inner.settle()

    def close(self) -> None:
        self.inner.close()


@pytest.fixture(scope="module")
def core() -> Iterator[SimulatedCore]:
    with SimulatedCore(build_core(FOLDED, optimize=False), FOLDED) as running:
        yield running


def remote(core: SimulatedCore, *, counts_batches: bool) -> tuple[RemoteCore, WrongTransport]:
    core.transport.settle()
    core.transport.receive()
    core.transport.restart()
    transport = WrongTransport(core.transport, counts_batches=counts_batches)
    return RemoteCore(transport, CONFIG, FOLDED.first.plan.input_width), transport


def batches() -> list[Batch]:
    return [(X[start : start + 5], Y[start : start + 5]) for start in range(0, len(X), 5)]


def once(change: Callable[[list[Any]], list[Any]]) -> Callable[[list[Any]], list[Any]]:
    """Change the first list that is not empty."""
    done = False

    def changed(given: list[Any]) -> list[Any]:
        nonlocal done
        if done or not given:
            return given
        done = True
        return change(given)

    return changed


def lose_one(results: list[SampleResults]) -> list[SampleResults]:
    return [results[0][1:], *results[1:]]


def double_one(results: list[SampleResults]) -> list[SampleResults]:
    return [results[0][:1], *results]


@pytest.mark.parametrize("counts_batches", [False, True])
def test_a_transport_that_changes_nothing(core: SimulatedCore, counts_batches: bool) -> None:
    network, _ = remote(core, counts_batches=counts_batches)
    assert len(list(network.train_batches(batches(), EVENTS))) == 5
    assert network.counts().samples == 23


def test_lost_and_doubled_results_of_a_batch(core: SimulatedCore) -> None:
    for change, count in ((lose_one, 4), (double_one, 6)):
        network, transport = remote(core, counts_batches=False)
        transport.change_results = once(change)
        with pytest.raises(TransportError, match=rf"^the core at PORT gave {count} results for 5 "):
            list(network.train_batches(batches(), EVENTS))


def test_results_and_ends_of_batches_that_follow_each_other(core: SimulatedCore) -> None:
    network, transport = remote(core, counts_batches=True)
    transport.change_results = once(lose_one)
    with pytest.raises(LostBatchesError, match=r"^the core at PORT ended 4 of the 5 batches that"):
        list(network.train_batches(batches(), EVENTS))
    network, transport = remote(core, counts_batches=True)
    transport.change_counts = once(lambda counts: counts[1:])
    with pytest.raises(LostBatchesError, match="ended 4 of the 5 batches"):
        list(network.train_batches(batches(), EVENTS))
    for name, change in (
        ("change_results", double_one),
        ("change_counts", lambda counts: [counts[0], *counts]),
    ):
        network, transport = remote(core, counts_batches=True)
        setattr(transport, name, once(change))
        with pytest.raises(TransportError, match="gave more results than it was sent samples, or"):
            list(network.train_batches(batches(), EVENTS))


def test_lost_and_doubled_predictions(core: SimulatedCore) -> None:
    for change, count in ((lose_one, 22), (double_one, 24)):
        network, transport = remote(core, counts_batches=False)
        transport.change_results = once(change)
        with pytest.raises(TransportError, match=f"gave {count} results for 23 samples"):
            network.predict(X)


def test_refused_samples(core: SimulatedCore) -> None:
    network, _ = remote(core, counts_batches=True)
    wrong = [(X[:5], np.array([0, 3, 1, 4, 2]))]
    with pytest.raises(TransportError, match="refused 2 of the samples: it has fewer classes than"):
        list(network.train_batches(wrong, EVENTS))


def test_lost_answers(core: SimulatedCore) -> None:
    network, transport = remote(core, counts_batches=False)
    transport.lost_answers = 1
    with pytest.raises(TransportError, match=r"^the core at PORT gave \d+ answers to \d+ requests"):
        network.counts()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": (6,)}, "its neurons are 4, not 6"),
        ({"groups": (4,)}, "its group sizes are 2, not 4"),
        ({"inputs": 7}, "its inputs are 6, not 7"),
        ({"classes": 4}, "its classes are 3, not 4"),
        ({"counter_bits": 5}, "its bits of a counter are 4, not 5"),
        ({"hidden": (4, 4), "groups": (2, 2)}, "its layers are 1, not 2"),
    ],
)
def test_a_core_of_another_network(
    core: SimulatedCore, change: dict[str, Any], message: str
) -> None:
    core.transport.settle()
    with pytest.raises(TransportError, match=f"has another network: {message}"):
        RemoteCore(core.transport, replace(CONFIG, **change), 3)
