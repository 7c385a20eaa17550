"""The search space of a layer: Pareto fronts, cycles, fixed factors."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.cycles import Workload, mean_cycles, synthetic_errors
from metaplast.hdl.planning.foldings import Foldings
from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.layer_search import (
    AMOUNTS,
    MIN_LATER_BUFFERS,
    LayerSearch,
    amounts_of,
    mean_pace,
    pareto_front,
    part_sizes,
)
from metaplast.hdl.planning.plan import (
    FoldedLayer,
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)
from metaplast.hdl.planning.resources import Resources, layer_needs, total_need

ICE40, ECP5 = find_fpga("iCE40UP5K"), find_fpga("ECP5-25F")
NETWORK = NetworkConfig(inputs=64, hidden=(32, 16), groups=(8, 4), classes=4)


def search(layer: int = 0, **fixed: object) -> LayerSearch:
    return LayerSearch(NETWORK, NETWORK.layers[layer], ICE40, Workload(), fixed)


@given(st.integers(1, 3000))
def test_part_sizes_are_the_smallest_for_their_number_of_parts(value: int) -> None:
    sizes = part_sizes(value)
    assert sizes == sorted(set(sizes))
    assert {math.ceil(value / size) for size in sizes} == {
        math.ceil(value / size) for size in range(1, value + 1)
    }
    for size in sizes:
        assert size == 1 or math.ceil(value / (size - 1)) > math.ceil(value / size)


@given(
    st.lists(st.tuples(st.integers(0, 4), *[st.integers(0, 3)] * 3, st.integers(0, 1)), max_size=40)
)
def test_a_pareto_front_has_the_nondominated_elements_once(rows: list[tuple[int, ...]]) -> None:
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    cost, kind = table[:, 0], table[:, 4]
    amounts = np.zeros((len(rows), len(AMOUNTS)), dtype=np.int64)
    amounts[:, [0, 1, 4]] = table[:, 1:4]
    front = pareto_front(cost, amounts, kind)
    kept = [rows[index] for index in front.tolist()]
    assert [row[0] for row in kept] == sorted(row[0] for row in kept)
    best = {
        row
        for row in rows
        if not any(
            one != row and one[4] == row[4] and all(a <= b for a, b in zip(one, row, strict=True))
            for one in rows
        )
    }
    assert sorted(kept) == sorted(best)  # equal ones are kept once


@given(
    st.lists(
        st.tuples(
            st.integers(1, 300),
            st.integers(1, 3000),
            st.integers(2, 16),
            st.integers(0, 90),
            st.integers(0, 90),
        ),
        min_size=1,
        max_size=5,
    ),
    st.floats(0, 1),
)
def test_the_pace_is_that_of_a_simulation_of_the_buffers(
    rows: list[tuple[int, ...]], errors: float
) -> None:
    interval, update, sample_buffers, *stalls = np.array(rows).T
    pace = mean_pace(interval, update, (stalls[0], stalls[1]), sample_buffers, errors)
    raised = synthetic_errors(500, errors).tolist()
    for index, (forward_cycles, update_cycles, number, first, other) in enumerate(rows):
        left = [0] * number  # when each of the latest samples left the layer
        forward = 0
        for error in raised:
            stalled = min(max(left[-2] - forward, 0), first)
            stalled += min(max(left[-1] - forward - stalled, 0), other)
            forward = max(forward, left[-number]) + forward_cycles + stalled
            left.append(max(forward, left[-1]) + error * update_cycles)
        assert pace[index] == pytest.approx(left[-1] / len(raised))


@pytest.mark.parametrize("layer", [0, 1])
def test_nondominated_foldings_are_legal_and_fit(layer: int) -> None:
    found = search(layer)
    supply = Resources.of(ICE40)
    options = found.fitting(found.nondominated(supply), supply)
    kinds = [one.plan.memory for one in options.foldings]
    assert kinds == [MemoryKind.BLOCK, MemoryKind.SPRAM]
    assert len(options.amounts) == sum(map(len, options.foldings)) > 100
    next_input_width = 1 if layer == 0 else None
    front = options.front(options.each(found.pace))
    for plan, amounts in zip(front.plans, front.amounts, strict=True):
        folded = FoldedLayer(NETWORK.layers[layer], plan)
        need = total_need(layer_needs(folded, ICE40, next_input_width))
        assert amounts.tolist() == amounts_of(need)[0].tolist()
        assert need.fits(supply)
        assert plan.sample_buffers >= (4 if layer == 0 else MIN_LATER_BUFFERS)
        assert plan.draws_per_cycle == (
            2 if plan.banks > 1 and plan.memory is MemoryKind.BLOCK else 1
        )


def test_given_factors_are_kept() -> None:
    fixed = {
        "banks": 2,
        "input_width": 8,
        "sample_buffers": 3,
        "draws_per_cycle": 1,
        "memory": MemoryKind.BLOCK,
    }
    found = search(**fixed)
    for foldings in (*found.nondominated(Resources.of(ICE40)), *found.legal()):
        assert len(foldings)
        for name in ("banks", "input_width", "sample_buffers", "draws_per_cycle"):
            assert set(getattr(foldings.plan, name).tolist()) == {fixed[name]}
        assert foldings.plan.memory is MemoryKind.BLOCK
    assert search(banks=3).legal() == []


def test_relaxed_factors_take_all_values() -> None:
    def factors(name: str, *relaxed: str) -> set[int]:
        found = search(banks=2, memory=MemoryKind.BLOCK).legal(relaxed)
        return {value for one in found for value in getattr(one.plan, name).tolist()}

    for name, least in (("sample_buffers", {4}), ("draws_per_cycle", {1})):
        assert factors(name) == least
        assert factors(name, name) > least

    def input_widths(*relaxed: str) -> int:
        found = search(simd=64, update_width=4, memory=MemoryKind.BLOCK)
        return sum(map(len, found.legal(relaxed)))

    # Of 4, 8, 16, 32 and 64, the narrowest and the widest.
    assert input_widths() == 2 / 5 * input_widths("input_width")


def test_the_cycles_of_a_layer_are_about_those_of_the_estimate() -> None:
    config = NetworkConfig(inputs=784, hidden=(128,), groups=(32,), classes=10, reinforcement=1.0)
    found = LayerSearch(config, config.layers[0], ECP5, Workload(), {})
    supply = Resources.of(ECP5)
    options = found.fitting(found.nondominated(supply), supply)
    cost = options.each(found.pace) + options.each(found.commit)
    front = options.front(cost)
    assert front.cost.tolist() == sorted(front.cost.tolist())
    for index in range(0, len(front.plans), len(front.plans) // 8):
        folded = FoldedNetwork(config, NetworkPlan((front.plans[index],)))
        assert front.cost[index] == pytest.approx(mean_cycles(folded, Workload()), rel=0.12)


def test_the_first_layer_waits_for_a_whole_sample() -> None:
    config = NetworkConfig(inputs=64, hidden=(2,), groups=(2,), classes=10, reinforcement=1.0)
    plan = LayerPlan(pe=2, simd=64, update_width=4, input_width=4)
    found = LayerSearch(config, config.layers[0], ECP5, Workload(), {})
    foldings = Foldings.of(config.layers[0], [plan])
    cost = (found.pace(foldings) + found.commit(foldings)).item()
    cycles = mean_cycles(FoldedNetwork(config, NetworkPlan((plan,))), Workload())
    assert cost == pytest.approx(cycles, rel=0.15)
