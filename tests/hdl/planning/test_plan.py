"""Fold factors: what follows from them, what does not fit, and their files."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.plan import (
    FoldedLayer,
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)

from ...strategies import network_configs

# 12 neurons in groups of 3 in 2 banks, 22 inputs.
NETWORK = NetworkConfig(inputs=22, hidden=(12,), groups=(3,), classes=5, counter_bits=6)
PLAN = LayerPlan(banks=2, lanes=4, word=8, counters=4, load=8, slots=3, draws=2)


def fold(config: NetworkConfig = NETWORK, plan: LayerPlan = PLAN, **factors: Any) -> FoldedLayer:
    return FoldedLayer(config.layers[0], replace(plan, **factors))


def divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


@st.composite
def folded_layers(draw: st.DrawFn) -> FoldedLayer:
    """A layer of any network, and any plan that suits it."""
    config = draw(st.sampled_from(draw(network_configs()).layers))
    banks = draw(st.sampled_from(divisors(config.group_count)))
    counters = draw(st.integers(1, config.inputs + 3))
    chunks = draw(st.integers(1, math.ceil(config.inputs / counters)))
    memory = draw(st.sampled_from(MemoryKind))
    plan = LayerPlan(
        banks=banks,
        lanes=draw(st.integers(1, config.neurons // banks)),
        word=chunks * counters,
        counters=counters,
        load=counters * draw(st.sampled_from(divisors(chunks))),
        slots=draw(st.integers(2, 9)),
        draws=draw(st.sampled_from([1, 2] if memory is MemoryKind.BLOCK else [1])),
        memory=memory,
    )
    return FoldedLayer(config, plan)


def test_the_derived_numbers_of_a_layer_with_all_sorts_of_padding() -> None:
    folded = fold()
    assert (folded.bank_neurons, folded.bank_groups) == (6, 2)
    assert (folded.sets, folded.select, folded.steps, folded.pass_steps) == (2, 1, 4, 6)
    assert folded.group_steps == 3
    assert (folded.words, folded.padded_inputs) == (3, 24)
    assert (folded.load_words, folded.word_loads) == (3, 1)
    assert (folded.word_cycles, folded.last_word_cycles, folded.array_cycles) == (2, 8, 14)
    assert (folded.rows, folded.load_rows, folded.bank_rows, folded.row_bits) == (6, 2, 36, 24)
    assert not folded.single_port


def test_the_derived_numbers_of_an_ultraplus() -> None:
    network = NetworkConfig(inputs=784, hidden=(128,), groups=(32,), classes=10)
    plan = LayerPlan(word=400, counters=8, load=16, memory=MemoryKind.SPRAM)
    folded = fold(network, plan)
    assert folded.array_cycles == 128 + 25 + 128
    assert folded.rows * folded.row_cycles == 196
    assert folded.bank_rows * folded.row_bits == 802_816
    assert folded.single_port


@pytest.mark.parametrize(
    ("lanes", "group", "select"),
    [
        (12, 12, 12),
        (12, 3, 3),  # the group has no more
        (9, 6, 3),  # nor lanes and group in common
        (7, 6, 1),
    ],
)
def test_as_many_neurons_are_scored_as_a_group_allows(lanes: int, group: int, select: int) -> None:
    network = replace(NETWORK, groups=(group,))
    folded = fold(network, LayerPlan(lanes=lanes, word=22, counters=22, load=22))
    assert folded.select == select


@pytest.mark.parametrize(
    ("counters", "memory", "cycles"),
    [
        (8, MemoryKind.BLOCK, 1),
        (8, MemoryKind.SPRAM, 2),
        (24, MemoryKind.BLOCK, 2),  # a neuron's only row
        (24, MemoryKind.SPRAM, 2),
    ],
)
def test_a_row_waits_for_a_single_port_or_for_itself(
    counters: int, memory: MemoryKind, cycles: int
) -> None:
    plan = LayerPlan(word=counters, counters=counters, load=counters, memory=memory)
    assert fold(plan=plan).row_cycles == cycles


@given(folded=folded_layers())
def test_everything_has_room_and_keeps_up(folded: FoldedLayer) -> None:
    config, plan = folded.config, folded.plan
    assert plan.banks * folded.bank_groups * config.group == config.neurons
    assert (folded.sets - 1) * plan.lanes < folded.bank_neurons <= folded.sets * plan.lanes
    assert config.inputs <= folded.rows * plan.counters <= folded.padded_inputs
    assert (folded.words - 1) * folded.word_loads < folded.load_words
    assert folded.load_words <= folded.words * folded.word_loads
    assert config.inputs <= folded.load_words * plan.load
    assert plan.word == folded.word_loads * plan.load

    assert folded.steps * folded.select == plan.lanes
    assert folded.group_steps * folded.select == config.group
    assert folded.pass_steps == folded.bank_groups * folded.group_steps
    assert folded.last_word_cycles >= folded.pass_steps


@pytest.mark.parametrize("name", ["banks", "lanes", "word", "counters", "load"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", None])
def test_a_factor_is_a_positive_integer(name: str, value: Any) -> None:
    message = f"layer 0's plan does not fit: {name} must be an integer of at least 1, not {value!r}"
    with pytest.raises(ConfigurationError, match=message):
        fold(**{name: value})


@pytest.mark.parametrize(
    ("factors", "rule"),
    [
        ({"slots": 1}, "slots must be an integer of at least 2, not 1"),
        ({"slots": 2.5}, "slots must be an integer of at least 2, not 2.5"),
        ({"draws": 0}, "draws must be 1 or 2, not 0"),
        ({"draws": 3}, "draws must be 1 or 2, not 3"),
        ({"draws": 2.0}, "draws must be 1 or 2, not 2.0"),
        ({"draws": True}, "draws must be 1 or 2, not True"),
        ({"memory": "spram"}, "memory must be a MemoryKind, not 'spram'"),
        ({"memory": MemoryKind.SPRAM}, "2 draws a cycle need block RAM, not SPRAM"),
        ({"banks": 3}, "banks must divide the 4 groups, not be 3"),
        ({"lanes": 7}, "lanes must be at most the 6 neurons of a bank, not 7"),
        ({"word": 10}, "word must be a multiple of counters, and 10 is none of 4"),
        ({"load": 6}, "load must be a multiple of counters, and 6 is none of 4"),
        ({"load": 12}, "load must divide the word of 8 bits, not be 12"),
        ({"load": 16}, "load must divide the word of 8 bits, not be 16"),
        ({"word": 28, "load": 4}, "word must be below the 22 inputs plus counters, not 28"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_rule(factors: dict[str, Any], rule: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fold(**factors)
    assert str(caught.value) == f"layer 0's plan does not fit: {rule}"


def test_a_word_may_be_all_inputs_padded_to_a_row() -> None:
    assert fold(word=24, load=4).words == 1


def test_a_network_is_folded_layer_by_layer() -> None:
    network = replace(NETWORK, hidden=(12, 4), groups=(3, 2))
    plan = NetworkPlan((PLAN, LayerPlan(lanes=2)))
    first, second = FoldedNetwork(network, plan).layers
    assert (first.config, first.plan) == (network.layers[0], PLAN)
    assert (second.config, second.plan) == (network.layers[1], LayerPlan(lanes=2))


def test_a_layer_that_does_not_fit_is_named() -> None:
    network = replace(NETWORK, hidden=(12, 4), groups=(3, 2))
    with pytest.raises(ConfigurationError, match="layer 1's plan does not fit: lanes must be at"):
        FoldedNetwork(network, NetworkPlan((PLAN, LayerPlan(lanes=5))))


def test_a_plan_for_another_number_of_layers_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the plan is for 2 layers, the network has 1"):
        FoldedNetwork(NETWORK, NetworkPlan((PLAN, PLAN)))


@given(layers=st.lists(folded_layers(), min_size=1, max_size=3), device=st.text(max_size=9))
def test_a_plan_goes_through_json(layers: list[FoldedLayer], device: str) -> None:
    plan = NetworkPlan(tuple(layer.plan for layer in layers), device)
    assert NetworkPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_what_a_file_leaves_out_takes_its_default() -> None:
    plan = NetworkPlan.from_dict({"layers": [{}, {"lanes": 4, "memory": "spram"}]})
    assert plan == NetworkPlan((LayerPlan(), LayerPlan(lanes=4, memory=MemoryKind.SPRAM)))


def test_an_unknown_factor_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        LayerPlan.from_dict({"lanes": 2, "wrod": 3, "blanks": 1})
    assert str(caught.value) == (
        "a layer's plan has no blanks, wrod; its fold factors are "
        "banks, counters, draws, lanes, load, memory, slots, word"
    )


@pytest.mark.parametrize("memory", ["flash", None, 3, ["block"]])
def test_an_unknown_memory_is_refused(memory: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LayerPlan.from_dict({"memory": memory})
    assert str(caught.value) == f"memory must be one of block, spram, not {memory!r}"


@pytest.mark.parametrize("wrong", [{}, [], None, {"layers": 3}, {"layers": ["lanes"]}])
def test_what_is_no_plan_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="this is no plan: "):
        NetworkPlan.from_dict(wrong)
