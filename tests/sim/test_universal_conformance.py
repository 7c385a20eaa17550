"""Universal trainers learn the conformance vectors and drawn networks, counters and cycles equal.

One simulator of a folding trains all networks, one after the other, in random order. Its memories
are random at power-up, and keep the contents that the network before left in them. METAPLAST_SEED
draws other networks; METAPLAST_CONFORMANCE=all (``make conformance``) runs all foldings and widths
of hidden weights, instead of those of :data:`QUICK`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import Network, NetworkConfig, Trainer
from metaplast.hdl.planning.plan import LayerPlan, MemoryKind
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.planning.universal_cycle_model import UniversalCycleModel
from metaplast.hdl.registers.register_map import LayerRegister, layer_address
from metaplast.sim.core.simulated_core import SimulatedCore, build_core
from metaplast.sim.cosimulation.lockstep import LockstepNetwork

from ..comparison import assert_same_array, assert_same_state
from ..golden_model.test_vectors import config_of
from ..vectors import RUNS, read
from .cosimulation.faults import flip_counter
from .recording_network import RecordingNetwork

SEED = int(os.environ.get("METAPLAST_SEED") or 1)
NETWORKS = 200
SPRAM_NETWORKS = 40

CAPACITY = Capacity(
    layers=4,
    inputs=240,
    neurons=64,
    classes=64,
    counter_bits=8,
    rows=320,
    columns=160,
    sample_words=256,
    choices=256,
)

FOLDINGS = {
    "block": LayerPlan(pe=2, simd=96, update_width=8, input_width=16),
    "spram": LayerPlan(
        simd=24, update_width=4, input_width=8, sample_buffers=2, memory=MemoryKind.SPRAM
    ),
    "block, pe 1": LayerPlan(simd=40, update_width=4, input_width=8, sample_buffers=2),
    "block, pe 4": LayerPlan(pe=4, simd=64, update_width=16, input_width=16, sample_buffers=5),
}
SHARED = "spram"
"""Folding whose memories are shared."""

QUICK = ("block", "spram")
"""Foldings of every run of the tests."""

EVERYTHING = os.environ.get("METAPLAST_CONFORMANCE") == "all"


@dataclass(frozen=True, eq=False)
class Case:
    """A network and its samples, and how they flow."""

    name: str
    config: NetworkConfig
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    epochs: int = 2
    gaps: int = 0
    stalls: int = 0
    counters: tuple[NDArray[np.int16], ...] = ()
    """Counters after the training, if a vector has them."""


@cache
def vectors(counter_bits: int) -> tuple[Case, ...]:
    """The vectors with a width of hidden weights."""
    cases = []
    for name in RUNS:
        arrays = read(name)
        config = config_of(arrays)
        if config.counter_bits == counter_bits:
            cases.append(
                Case(
                    name,
                    config,
                    arrays["x"],
                    arrays["y"].astype(np.int64),
                    epochs=int(arrays["epochs"]),
                    counters=tuple(
                        arrays[f"counters_{layer}"] for layer in range(len(config.layers))
                    ),
                )
            )
    return tuple(cases)


def trainer_of(folding: str) -> UniversalTrainer:
    """The universal trainer with a folding."""
    if folding == SHARED:
        capacity = replace(CAPACITY, choices=0)
        return UniversalTrainer(capacity, FOLDINGS[folding], shared_memories=True)
    return UniversalTrainer(CAPACITY, FOLDINGS[folding])


def divisors(number: int) -> list[int]:
    return [one for one in range(1, number + 1) if number % one == 0]


def drawn(trainer: UniversalTrainer, random: np.random.Generator) -> Iterator[Case]:
    """Networks that fit the trainer, without end; first, every group size of one layer."""
    capacity = trainer.capacity
    groups_of_one_layer = divisors(min(60, capacity.neurons))
    number = 0
    while True:
        if number < len(groups_of_one_layer):
            hidden = [groups_of_one_layer[-1]]
            groups = [groups_of_one_layer[number]]
        else:
            layers = int(random.integers(1, capacity.layers + 1))
            most = capacity.neurons if layers < 3 else max(1, capacity.neurons // 3)
            hidden = random.integers(1, most + 1, layers).tolist()
            groups = [int(random.choice(divisors(neurons))) for neurons in hidden]
        config = NetworkConfig(
            inputs=int(random.integers(1, capacity.inputs + 1)),
            hidden=tuple(hidden),
            groups=tuple(groups),
            classes=int(random.integers(2, capacity.classes + 1)),
            counter_bits=capacity.counter_bits,
            robustness=float(random.choice([0.0, 0.1, 0.25, 0.5, 1.0])),
            batch=int(random.integers(1, 9)),
            seed=int(random.integers(0, 1 << 48)),
        )
        if not fits(trainer, config):
            continue
        samples = int(random.integers(1, 3 * config.batch + 1))
        x = random.integers(0, 2, (samples, config.inputs), dtype=np.uint8)
        y = random.integers(0, config.classes, samples)
        yield Case(f"network {number}", config, x, y)
        number += 1


def fits(trainer: UniversalTrainer, config: NetworkConfig) -> bool:
    try:
        trainer.place(config)
    except ValueError:
        return False
    return True


def cases_of(trainer: UniversalTrainer, networks: int) -> list[Case]:
    """Vectors and drawn networks, in random order; half of them with gaps or back-pressure."""
    random = np.random.default_rng(SEED)
    more = drawn(trainer, random)
    cases = [*vectors(trainer.capacity.counter_bits), *(next(more) for _ in range(networks))]
    flows = [(0, 0), (0, 0), (64, 0), (0, 64), (64, 64), (200, 30)]
    order = random.permutation(len(cases))
    return [
        replace(cases[index], gaps=gaps, stalls=stalls)
        for index in order
        for gaps, stalls in [flows[random.integers(len(flows))]]
    ]


def train(core: SimulatedCore, case: Case) -> None:
    """Train the core's network and the golden model on the samples of a case.

    The counts are 0 at first. The initial states, the predictions and error bits of every sample,
    the counts of every batch, and counters, snapshots, streams and counts of every epoch are equal.
    Without gaps and back-pressure, the number of cycles is that of the cycle model.
    """
    network = RecordingNetwork(case.config)
    addresses = [
        layer_address(layer, register)
        for layer in range(CAPACITY.layers)
        for register in (LayerRegister.ERRORS, LayerRegister.UPDATES, LayerRegister.RIGHT)
    ]
    assert not any(core.transport.access_all([(address, None) for address in addresses])), "counts"
    assert_same_state(Network(case.config), core)
    trainer = Trainer(LockstepNetwork(network, core))
    for _ in range(case.epochs):
        before = core.cycles
        model = UniversalCycleModel(core.folded, network.streams)
        network.records = []
        trainer.train_epoch(case.x, case.y)
        for record in network.records:
            model.train(record)
        if not case.gaps and not case.stalls:
            assert core.cycles - before == model.idle, "cycles"
    for layer, counters in enumerate(case.counters):
        assert_same_array(f"counters_{layer}", counters, core.counters[layer])


def train_all(trainer: UniversalTrainer, cases: list[Case]) -> None:
    """Train the networks of all cases on one simulated trainer."""
    simulator = build_core(trainer, optimize=False)
    with SimulatedCore(simulator, trainer.place(cases[0].config), noise=SEED) as core:
        for case in cases:
            core.set_network(trainer.place(case.config))
            core.set_back_pressure(gaps=case.gaps, stalls=case.stalls)
            try:
                train(core, case)
            except BaseException as error:
                error.add_note(
                    f"{case.name} of METAPLAST_SEED={SEED}: {case.config}, {len(case.x)} samples, "
                    f"gaps={case.gaps}, stalls={case.stalls}"
                )
                raise


@pytest.mark.slow
@pytest.mark.parametrize("folding", FOLDINGS if EVERYTHING else QUICK)
def test_one_build_learns_every_network(folding: str) -> None:
    trainer = trainer_of(folding)
    networks = NETWORKS if EVERYTHING or folding == "block" else SPRAM_NETWORKS
    train_all(trainer, cases_of(trainer, networks))


OTHER_BITS = sorted({config_of(read(run)).counter_bits for run in RUNS} - {CAPACITY.counter_bits})


@pytest.mark.skipif(not EVERYTHING, reason="a further simulator for each width: `make conformance`")
@pytest.mark.parametrize("counter_bits", OTHER_BITS)
def test_vectors_with_other_widths_of_hidden_weights(counter_bits: int) -> None:
    capacity = replace(CAPACITY, counter_bits=counter_bits, inputs=64, neurons=48, rows=96)
    trainer = UniversalTrainer(capacity, LayerPlan(pe=2, simd=24, update_width=4, input_width=8))
    train_all(trainer, cases_of(trainer, 10))


def test_vectors_with_all_widths_are_found() -> None:
    found = [case.name for bits in (CAPACITY.counter_bits, *OTHER_BITS) for case in vectors(bits)]
    assert sorted(found) == RUNS


# The checks notice a difference.


@pytest.fixture(scope="module")
def small_case() -> tuple[UniversalTrainer, Case]:
    trainer = trainer_of("spram")
    config = NetworkConfig(inputs=30, hidden=(6, 4), groups=(3, 2), classes=3, batch=5)
    random = np.random.default_rng(5)
    x = random.integers(0, 2, (10, config.inputs), dtype=np.uint8)
    return trainer, Case("small", config, x, random.integers(0, config.classes, 10))


@pytest.mark.slow
def test_a_wrong_cycle_is_noticed(
    small_case: tuple[UniversalTrainer, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, case = small_case
    train_all(trainer, [case])
    right = UniversalCycleModel.idle.fget
    assert right is not None
    monkeypatch.setattr(UniversalCycleModel, "idle", property(lambda model: right(model) + 1))
    with pytest.raises(AssertionError, match="cycles"):
        train_all(trainer, [case])


@pytest.mark.slow
def test_a_flipped_counter_is_noticed(small_case: tuple[UniversalTrainer, Case]) -> None:
    trainer, case = small_case
    simulator = build_core(trainer, optimize=False)
    with SimulatedCore(simulator, trainer.place(case.config)) as core:
        flip_counter(core, layer=1, neuron=3, source=5)
        with pytest.raises(
            AssertionError, match=r"counters of layer 1: 1 of 24 differ, first at \(3, 5\)"
        ):
            train(core, case)
