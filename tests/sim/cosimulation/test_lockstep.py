"""Lock-step training of any two networks: every difference is found and named."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from metaplast.golden_model import (
    BatchRecord,
    Network,
    NetworkConfig,
    ReferenceNetwork,
    Trainer,
    epoch_order,
)
from metaplast.sim.cosimulation.comparison import Difference
from metaplast.sim.cosimulation.lockstep import Check, DifferenceError, LockstepNetwork, placed

from ...comparison import assert_same_epoch, assert_same_state

CONFIG = NetworkConfig(
    inputs=12, hidden=(8, 6), groups=(4, 2), classes=3, counter_bits=5, batch=10, seed=4
)
RNG = np.random.default_rng(3)
X = RNG.integers(0, 2, (44, 12), dtype=np.uint8)  # five batches, the last one short
Y = RNG.integers(0, 3, 44)


class WrongNetwork(Network):
    """The golden model with configurable faults."""

    flipped_batch: int | None = None
    error_batch: int | None = None
    wrong_prediction: tuple[int, int] | None = None  # sample and layer
    trained = 0

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        record = super().train_batch(x, y, events)
        if self.trained == self.flipped_batch:
            self.counters[1][3, 5] ^= 1
        if self.trained == self.error_batch:
            record.errors[7, 1] ^= True
        self.trained += 1
        return record

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        classes = super().local_predictions(x)
        if self.wrong_prediction is not None:
            classes[self.wrong_prediction] = (classes[self.wrong_prediction] + 1) % 3
        return classes


def found_in(network: WrongNetwork, check: Check, epochs: int = 3) -> DifferenceError:
    trainer = Trainer(LockstepNetwork(Network(CONFIG), network, check=check))
    for _ in range(epochs):
        try:
            trainer.train_epoch(X, Y)
        except DifferenceError as found:
            return found
    pytest.fail("no difference was found")


@pytest.mark.parametrize("check", Check)
def test_equal_networks_train_as_one_does(check: Check) -> None:
    alone = Trainer(Network(CONFIG))
    together = Trainer(LockstepNetwork(Network(CONFIG), ReferenceNetwork(CONFIG), check=check))
    for _ in range(2):
        assert_same_epoch(alone.train_epoch(X, Y), together.train_epoch(X, Y))
    assert_same_state(alone.network, together.network)
    assert np.array_equal(alone.network.predict(X), together.network.predict(X))


def test_a_counter_is_found_at_the_end_of_its_batch() -> None:
    network = WrongNetwork(CONFIG)
    network.flipped_batch = 7
    found = found_in(network, Check.BATCH)
    place = found.difference
    assert (place.what, place.batch, place.sample) == ("counter", 2, None)
    assert (place.layer, place.neuron, place.source) == (1, 3, 5)
    assert found.before is not None
    golden = Trainer(Network(CONFIG))
    golden.train_epoch(X, Y)
    events, order = golden.events(), epoch_order(CONFIG, 1, len(X))
    for start in (0, 10):
        part = order[start : start + 10]
        golden.network.train_batch(X[part], Y[part], events)  # type: ignore[attr-defined]
    assert_same_state(golden.network, found.before)


def test_a_counter_is_found_at_the_end_of_its_epoch() -> None:
    network = WrongNetwork(CONFIG)
    network.flipped_batch = 9  # the last one of the second epoch
    found = found_in(network, Check.EPOCH)
    place = found.difference
    assert (place.what, place.layer, place.neuron, place.source) == ("counter", 1, 3, 5)
    assert (place.batch, found.before) == (None, None)
    assert placed(place, CONFIG, epoch=1, samples=44) == place.at(epoch=1)


@pytest.mark.parametrize("check", Check)
def test_an_error_bit_is_found_in_its_sample(check: Check) -> None:
    network = WrongNetwork(CONFIG)
    network.error_batch = 6
    difference = found_in(network, check).difference
    assert (difference.what, difference.batch, difference.sample, difference.layer) == (
        ("error bit", 1, 7, 1)
    )
    where = placed(difference, CONFIG, epoch=1, samples=44)
    assert (where.epoch, where.sample) == (1, int(epoch_order(CONFIG, 1, 44)[17]))


@pytest.mark.parametrize("layer", range(len(CONFIG.layers)))
def test_a_prediction_of_any_layer_is_found(layer: int) -> None:
    network = WrongNetwork(CONFIG)
    golden = Network(CONFIG)
    lockstep = LockstepNetwork(golden, network)
    assert np.array_equal(lockstep.predict(X), golden.predict(X))
    assert np.array_equal(lockstep.local_predictions(X), golden.local_predictions(X))
    network.wrong_prediction = (4, layer)
    right = int(golden.local_predictions(X)[4, layer])
    difference = Difference(
        what="prediction", expected=right, got=(right + 1) % 3, layer=layer, sample=4
    )
    for ask in (lockstep.predict, lockstep.local_predictions):
        with pytest.raises(DifferenceError) as raised:
            ask(X)
        assert raised.value.difference == difference
