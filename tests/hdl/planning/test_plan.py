"""Fold factors: derived numbers, rules, and plan files."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

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
PLAN = LayerPlan(
    banks=2, pe=4, simd=8, update_width=4, input_width=8, sample_buffers=3, draws_per_cycle=2
)


def fold(config: NetworkConfig = NETWORK, plan: LayerPlan = PLAN, **factors: Any) -> FoldedLayer:
    return FoldedLayer(config.layers[0], replace(plan, **factors))


def divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


@st.composite
def folded_layers(draw: st.DrawFn) -> FoldedLayer:
    """A layer of any network, with any legal plan."""
    config = draw(st.sampled_from(draw(network_configs()).layers))
    banks = draw(st.sampled_from(divisors(config.group_count)))
    counters = draw(st.integers(1, config.inputs + 3))
    chunks = draw(st.integers(1, math.ceil(config.inputs / counters)))
    memory = draw(st.sampled_from(MemoryKind))
    plan = LayerPlan(
        banks=banks,
        pe=draw(st.integers(1, config.neurons // banks)),
        simd=chunks * counters,
        update_width=counters,
        input_width=counters * draw(st.sampled_from(divisors(chunks))),
        sample_buffers=draw(st.integers(2, 9)),
        draws_per_cycle=draw(st.sampled_from([1, 2] if memory is MemoryKind.BLOCK else [1])),
        memory=memory,
    )
    return FoldedLayer(config, plan)


def test_the_derived_numbers_of_a_layer_with_all_sorts_of_padding() -> None:
    folded = fold()
    assert (folded.bank_neurons, folded.bank_groups) == (6, 2)
    assert (folded.sets, folded.select, folded.steps, folded.pass_steps) == (2, 1, 4, 6)
    assert folded.group_steps == 3
    assert (folded.words, folded.padded_inputs) == (3, 24)
    assert (folded.sample_words, folded.word_transfers) == (3, 1)
    assert (folded.word_cycles, folded.last_word_cycles, folded.array_cycles) == (2, 8, 14)
    assert (folded.rows, folded.transfer_rows, folded.bank_rows, folded.row_bits) == (6, 2, 36, 24)
    assert not folded.single_port


def test_the_derived_numbers_of_an_ultraplus() -> None:
    network = NetworkConfig(inputs=784, hidden=(128,), groups=(32,), classes=10)
    plan = LayerPlan(simd=400, update_width=8, input_width=16, memory=MemoryKind.SPRAM)
    folded = fold(network, plan)
    assert folded.array_cycles == 128 + 25 + 128
    assert folded.rows * folded.row_cycles == 196
    assert folded.bank_rows * folded.row_bits == 802_816
    assert folded.single_port


@pytest.mark.parametrize(
    ("pe", "group", "select"),
    [
        (12, 12, 12),
        (12, 3, 3),  # the group has no more
        (9, 6, 3),  # nor pe and group in common
        (7, 6, 1),
    ],
)
def test_as_many_neurons_are_scored_as_a_group_allows(pe: int, group: int, select: int) -> None:
    network = replace(NETWORK, groups=(group,))
    folded = fold(network, LayerPlan(pe=pe, simd=22, update_width=22, input_width=22))
    assert folded.select == select


@pytest.mark.parametrize(
    ("update_width", "memory", "cycles"),
    [
        (8, MemoryKind.BLOCK, 1),
        (8, MemoryKind.SPRAM, 2),
        (24, MemoryKind.BLOCK, 2),  # a neuron's only row
        (24, MemoryKind.SPRAM, 2),
    ],
)
def test_a_row_waits_for_a_single_port_or_for_itself(
    update_width: int, memory: MemoryKind, cycles: int
) -> None:
    plan = LayerPlan(
        simd=update_width, update_width=update_width, input_width=update_width, memory=memory
    )
    assert fold(plan=plan).row_cycles == cycles


@given(folded=folded_layers())
def test_the_derived_numbers_are_consistent(folded: FoldedLayer) -> None:
    config, plan = folded.config, folded.plan
    assert plan.banks * folded.bank_groups * config.group == config.neurons
    assert (folded.sets - 1) * plan.pe < folded.bank_neurons <= folded.sets * plan.pe
    assert config.inputs <= folded.rows * plan.update_width <= folded.padded_inputs
    assert (folded.words - 1) * folded.word_transfers < folded.sample_words
    assert folded.sample_words <= folded.words * folded.word_transfers
    assert config.inputs <= folded.sample_words * plan.input_width
    assert plan.simd == folded.word_transfers * plan.input_width

    assert folded.steps * folded.select == plan.pe
    assert folded.group_steps * folded.select == config.group
    assert folded.pass_steps == folded.bank_groups * folded.group_steps
    assert folded.last_word_cycles >= folded.pass_steps


@pytest.mark.parametrize("name", ["banks", "pe", "simd", "update_width", "input_width"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", None])
def test_a_factor_is_a_positive_integer(name: str, value: Any) -> None:
    message = f"layer 0's plan does not fit: {name} must be an integer of at least 1, not {value!r}"
    with pytest.raises(ConfigurationError, match=message):
        fold(**{name: value})


@pytest.mark.parametrize(
    ("factors", "rule"),
    [
        ({"sample_buffers": 1}, "sample_buffers must be an integer of at least 2, not 1"),
        ({"sample_buffers": 2.5}, "sample_buffers must be an integer of at least 2, not 2.5"),
        ({"draws_per_cycle": 0}, "draws_per_cycle must be 1 or 2, not 0"),
        ({"draws_per_cycle": 3}, "draws_per_cycle must be 1 or 2, not 3"),
        ({"draws_per_cycle": 2.0}, "draws_per_cycle must be 1 or 2, not 2.0"),
        ({"draws_per_cycle": True}, "draws_per_cycle must be 1 or 2, not True"),
        ({"memory": "spram"}, "memory must be a MemoryKind, not 'spram'"),
        ({"memory": MemoryKind.SPRAM}, "2 draws per cycle need block RAM, not SPRAM"),
        ({"banks": 3}, "banks must divide the 4 groups, not be 3"),
        ({"pe": 7}, "pe must be at most the 6 neurons of a bank, not 7"),
        ({"simd": 10}, "simd must be a multiple of update_width, 4, not 10"),
        ({"input_width": 6}, "input_width must be a multiple of update_width, 4, not 6"),
        ({"input_width": 12}, "input_width must divide simd, 8, not be 12"),
        ({"input_width": 16}, "input_width must divide simd, 8, not be 16"),
        (
            {"simd": 28, "input_width": 4},
            "simd must be below the 22 inputs plus update_width, not 28",
        ),
    ],
)
def test_a_broken_rule_is_named(factors: dict[str, Any], rule: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fold(**factors)
    assert str(caught.value) == f"layer 0's plan does not fit: {rule}"


def test_a_word_may_be_all_inputs_padded_to_a_row() -> None:
    assert fold(simd=24, input_width=4).words == 1


def test_a_network_is_folded_layer_by_layer() -> None:
    network = replace(NETWORK, hidden=(12, 4), groups=(3, 2))
    plan = NetworkPlan((PLAN, LayerPlan(pe=2)))
    first, second = FoldedNetwork(network, plan).layers
    assert (first.config, first.plan) == (network.layers[0], PLAN)
    assert (second.config, second.plan) == (network.layers[1], LayerPlan(pe=2))


def test_a_layer_that_does_not_fit_is_named() -> None:
    network = replace(NETWORK, hidden=(12, 4), groups=(3, 2))
    with pytest.raises(ConfigurationError, match="layer 1's plan does not fit: pe must be at"):
        FoldedNetwork(network, NetworkPlan((PLAN, LayerPlan(pe=5))))


def test_a_plan_for_another_number_of_layers_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the plan is for 2 layers, the network has 1"):
        FoldedNetwork(NETWORK, NetworkPlan((PLAN, PLAN)))


@given(layers=st.lists(folded_layers(), min_size=1, max_size=3), fpga=st.text(max_size=9))
def test_a_plan_goes_through_json(layers: list[FoldedLayer], fpga: str) -> None:
    plan = NetworkPlan(tuple(layer.plan for layer in layers), fpga)
    assert NetworkPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_missing_factors_take_their_defaults() -> None:
    plan = NetworkPlan.from_dict({"layers": [{}, {"pe": 4, "memory": "spram"}]})
    assert plan == NetworkPlan((LayerPlan(), LayerPlan(pe=4, memory=MemoryKind.SPRAM)))


def test_a_plan_of_version_1_is_read() -> None:
    old = {"banks": 2, "lanes": 3, "word": 8, "counters": 2, "load": 4, "slots": 5, "draws": 2}
    plan = NetworkPlan.from_dict({"device": "iCE40UP5K", "layers": [{**old, "memory": "block"}]})
    assert plan.fpga == "iCE40UP5K"
    assert plan.layers == (
        LayerPlan(
            banks=2,
            pe=3,
            simd=8,
            update_width=2,
            input_width=4,
            sample_buffers=5,
            draws_per_cycle=2,
        ),
    )
    assert plan.to_dict()["version"] == 2


@pytest.mark.parametrize("version", [0, 3, "2", None, True])
def test_a_plan_of_an_unknown_version_is_refused(version: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"a plan of version {version!r} cannot be read"):
        NetworkPlan.from_dict({"version": version, "layers": [{}]})


def test_an_old_name_of_a_factor_is_refused_with_its_new_name() -> None:
    with pytest.raises(ConfigurationError, match="lanes is now pe; word is now simd"):
        LayerPlan.from_dict({"lanes": 2, "word": 3})


def test_an_unknown_factor_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        LayerPlan.from_dict({"pe": 2, "wrod": 3, "blanks": 1})
    assert str(caught.value) == (
        "a layer's plan has no blanks, wrod; its fold factors are "
        "banks, draws_per_cycle, input_width, memory, pe, sample_buffers, simd, update_width"
    )


@pytest.mark.parametrize("memory", ["flash", None, 3, ["block"]])
def test_an_unknown_memory_is_refused(memory: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LayerPlan.from_dict({"memory": memory})
    assert str(caught.value) == f"memory must be one of block, spram, not {memory!r}"


@pytest.mark.parametrize("wrong", [{}, [], None, {"layers": 3}, {"layers": ["pe"]}])
def test_invalid_plans_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="this is no plan: "):
        NetworkPlan.from_dict(wrong)
