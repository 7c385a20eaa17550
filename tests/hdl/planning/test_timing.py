# amaranth: UnusedElaboratable=no
"""Latencies, compared with those of the components; events, compared with their issue."""

from random import Random

import numpy as np
import pytest
from amaranth.hdl import Fragment
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    NetworkConfig,
    RandomStream,
)
from metaplast.golden_model.random_stream import reinforcement_id
from metaplast.hdl.forward.error_detector import ErrorDetector
from metaplast.hdl.forward.forward_bank import ForwardBank
from metaplast.hdl.forward.local_scores import LocalScores
from metaplast.hdl.planning.foldings import Foldings
from metaplast.hdl.planning.plan import (
    FoldedLayer,
    LayerPlan,
)
from metaplast.hdl.planning.timing import (
    LayerTiming,
    divider_latency,
    event_cycles,
    popcount_latency,
)
from metaplast.hdl.primitives.constant_divider import ConstantDivider
from metaplast.hdl.primitives.popcount import XnorPopcount
from metaplast.hdl.training.reinforcement import Reinforcement

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers
from .test_plan import folded_layers

# Latencies


@given(st.integers(1, 2000))
def test_the_popcounts_latency(width: int) -> None:
    assert popcount_latency(width) == XnorPopcount(width).latency


@given(st.integers(1, 16), st.integers(1, 300))
def test_the_dividers_latency(width: int, divisor: int) -> None:
    assert divider_latency(width, divisor) == ConstantDivider(width=width, divisor=divisor).latency


@pytest.mark.parametrize("name", FOLDED_LAYERS)
def test_a_layers_latencies_are_its_components(name: str) -> None:
    folded = FOLDED_LAYERS[name]
    timing = LayerTiming.of(folded)
    bank = ForwardBank(folded)
    reinforcement = Reinforcement(folded)
    scores = LocalScores(
        classes=folded.config.classes,
        neurons=folded.config.neurons,
        width=folded.plan.banks * folded.select,
    )
    detector = ErrorDetector(classes=folded.config.classes, neurons=folded.config.neurons)
    for component in (bank, reinforcement, scores):
        Fragment.get(component, None)  # so that no part of it stays unused
    assert timing.decode == reinforcement.decode
    last_word = timing.array - folded.steps
    last_steps = folded.pass_steps - (folded.sets - 1) * folded.steps
    first_step = last_word + 1 + bank.latency
    assert timing.result == first_step + last_steps - 1 + scores.latency + detector.latency
    assert timing.interval == max(timing.array + folded.word_transfers, timing.result + 2)


@pytest.mark.parametrize("name", ENGINES)
def test_a_layer_on_a_universal_trainer_has_the_latency_of_the_trainer(name: str) -> None:
    engine = ENGINES[name]
    reinforcement = Reinforcement(engine)
    Fragment.get(reinforcement, None)  # so that no part of it stays unused
    for layer in random_layers(engine, Random(1), 5):
        assert LayerTiming.of(layer).decode == reinforcement.decode


@given(folded_layers())
def test_the_timing_of_many_foldings_is_that_of_each(folded: FoldedLayer) -> None:
    one = LayerTiming.of(folded)
    many = LayerTiming.of(Foldings.of(folded.config, [folded.plan] * 2))
    for name in ("array", "result", "interval", "round", "decode"):
        assert type(getattr(one, name)) is int, name
        assert getattr(many, name).tolist() == [getattr(one, name)] * 2, name


# Reinforcement


def cycles_one_by_one(folded: FoldedLayer, draws: NDArray[np.uint32]) -> int:
    """Cycles of the events of a commit, from a simulation of their issue."""
    config, plan = folded.config, folded.plan
    places: list[tuple[int, int] | None] = []
    for draw in draws.tolist():
        j = draw & ((1 << config.neuron_bits) - 1)
        i = draw >> config.neuron_bits & ((1 << config.input_bits) - 1)
        named = j < config.neurons and i < config.inputs
        bank, neuron = divmod(j, folded.bank_neurons)
        row = neuron * folded.rows + i // plan.update_width
        places.append((bank, row) if named else None)
    if folded.single_port:
        return sum(1 if place is None else 2 for place in places)
    cycles, written = 0, set()
    for first in range(0, len(places), plan.draws_per_cycle):
        pending = [
            place for place in places[first : first + plan.draws_per_cycle] if place is not None
        ]
        if not pending:
            cycles, written = cycles + 1, set()
        while pending:
            together = len(pending) == 2 and pending[0][0] != pending[1][0]
            wanted = set(pending if together else pending[:1])
            cycles += 1
            if wanted & written:
                written = set()
            else:
                written = wanted
                del pending[: len(wanted)]
    return cycles


@given(folded_layers(), st.integers(0, 1 << 40), st.integers(1, 200))
def test_events_take_the_cycles_of_their_issue(folded: FoldedLayer, seed: int, events: int) -> None:
    draws = RandomStream(seed, reinforcement_id(0)).draws(events)
    assert event_cycles(folded, draws) == cycles_one_by_one(folded, draws)


def test_events_of_the_same_row_wait_for_each_other() -> None:
    config = NetworkConfig(inputs=2, hidden=(2,), groups=(1,), classes=2)
    plan = LayerPlan(banks=2, update_width=2, simd=2, input_width=2, draws_per_cycle=2)
    folded = FoldedLayer(config.layers[0], plan)
    # A draw is the neuron in bit 0 and the input in bit 1; a neuron is a bank of one row.
    for draws, cycles in [
        ([0, 1], 1),
        ([0, 0], 3),  # one bank, and one row: write before reading again
        ([0, 1, 0, 1], 3),
        ([0, 1, 1, 1], 5),
        ([0], 1),
    ]:
        assert event_cycles(folded, np.array(draws, dtype=np.uint32)) == cycles
