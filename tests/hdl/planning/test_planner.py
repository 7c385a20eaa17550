"""The planner: fast plans that fit, and given factors."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from metaplast.golden_model import ConfigurationError, NetworkConfig
from metaplast.hdl.planning.cycles import Workload, estimate_cycles
from metaplast.hdl.planning.fpgas import FPGA, FPGAS, find_fpga
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.planner import DoesNotFitError, default_plan, plan_network
from metaplast.hdl.planning.resources import Resources, network_needs

from ...strategies import network_configs

ICE40, ECP5, GOWIN = map(find_fpga, ("iCE40UP5K", "ECP5-85F", "GW1NR-9"))


def network(*sizes: int, group: int = 32, **parameters: Any) -> NetworkConfig:
    """A network of these sizes, from inputs to classes."""
    inputs, *hidden, classes = sizes
    parameters.setdefault("reinforcement", 1.0)
    return NetworkConfig(
        inputs=inputs,
        hidden=tuple(hidden),
        groups=(group,) * len(hidden),
        classes=classes,
        **parameters,
    )


@cache
def planned(config: NetworkConfig, fpga: FPGA) -> NetworkPlan:
    return plan_network(config, fpga)


FASHION_128 = network(784, 128, 10)
FASHION_256 = network(784, 256, 10)


def fits(config: NetworkConfig, plan: NetworkPlan) -> bool:
    fpga = find_fpga(plan.fpga)
    return bool(network_needs(FoldedNetwork(config, plan), fpga).fits(Resources.of(fpga)))


# Plans


@pytest.mark.parametrize(
    ("fpga", "config", "chosen", "cycles", "known"),
    [
        (
            ICE40,
            FASHION_128,
            1.91,
            620,
            LayerPlan(
                simd=400, update_width=8, input_width=16, sample_buffers=5, memory=MemoryKind.SPRAM
            ),
        ),
        (
            ECP5,
            FASHION_256,
            3.82,
            160,
            LayerPlan(banks=8, simd=392, update_width=49, input_width=98, draws_per_cycle=2),
        ),
    ],
    ids=["iCE40UP5K", "ECP5-85F"],
)
def test_the_cycles_of_plans_for_the_boards(
    fpga: FPGA, config: NetworkConfig, chosen: float, cycles: float, known: LayerPlan
) -> None:
    workload = Workload(chosen=(chosen,))
    plan = plan_network(config, fpga, workload=workload)
    assert plan.fpga == fpga.name
    assert fits(config, plan)
    planned = estimate_cycles(FoldedNetwork(config, plan), workload).total
    by_hand = estimate_cycles(FoldedNetwork(config, NetworkPlan((known,))), workload).total
    assert planned < cycles
    assert planned < 1.03 * by_hand


def test_a_plan_keeps_the_maximum_cell_utilisation_if_possible() -> None:
    for config, fpga in [
        (FASHION_256, ECP5),
        (FASHION_128, ICE40),
        (network(64, 128, 10), GOWIN),
    ]:
        need = network_needs(FoldedNetwork(config, planned(config, fpga)), fpga)
        assert need.luts <= fpga.max_cell_utilisation * fpga.luts
        assert need.block_rams <= fpga.max_block_ram_utilisation * fpga.block_ram.count


def test_a_plan_exceeds_the_maximum_cell_utilisation_if_necessary() -> None:
    for config in (network(97, 26, 150, group=26), network(1, 1, 4, 2, 2, group=1)):
        need = network_needs(FoldedNetwork(config, plan_network(config, ICE40)), ICE40)
        assert need.cells > ICE40.max_cell_utilisation * ICE40.luts
        assert need.fits(Resources.of(ICE40))


@pytest.mark.parametrize("fpga", [ICE40, ECP5, GOWIN], ids=lambda fpga: fpga.name)
def test_fewer_cells_make_a_smaller_and_slower_plan(fpga: FPGA) -> None:
    config = network(64, 64, 10, group=16)
    whole = planned(config, fpga)
    cells = int(network_needs(FoldedNetwork(config, whole), fpga).cells)
    plan = plan_network(config, fpga.with_cells(cells - 300))
    assert plan.fpga == fpga.name
    assert network_needs(FoldedNetwork(config, plan), fpga).cells <= cells - 300
    assert (
        estimate_cycles(FoldedNetwork(config, plan)).total
        > estimate_cycles(FoldedNetwork(config, whole)).total
    )


def test_given_cells_are_all_used() -> None:
    config, comfortable = network(64, 64, 10, group=16), ICE40.max_cell_utilisation * ICE40.luts
    assert network_needs(FoldedNetwork(config, planned(config, ICE40)), ICE40).cells <= comfortable
    plan = plan_network(config, ICE40.with_cells(4790))
    assert comfortable < network_needs(FoldedNetwork(config, plan), ICE40).cells <= 4790


def test_a_plan_uses_all_block_rams_if_that_is_much_faster() -> None:
    small = find_fpga("ECP5-25F")
    plan = planned(FASHION_128, small)
    share = small.max_block_ram_utilisation
    need = network_needs(FoldedNetwork(FASHION_128, plan), small)
    assert share * small.block_ram.count < need.block_rams <= small.block_ram.count
    assert need.luts <= small.max_cell_utilisation * small.luts
    fewer = replace(small.block_ram, count=int(share * small.block_ram.count))
    slower = plan_network(
        FASHION_128, replace(small, block_ram=fewer, max_block_ram_utilisation=1.0)
    )
    quick, slow = (estimate_cycles(FoldedNetwork(FASHION_128, one)).total for one in (plan, slower))
    assert quick < 0.9 * slow


def test_layers_share_an_fpga() -> None:
    config = network(784, 128, 64, 10)
    plan = plan_network(config, ECP5)
    assert fits(config, plan)
    estimate = estimate_cycles(FoldedNetwork(config, plan))
    alone = estimate_cycles(FoldedNetwork(FASHION_128, planned(FASHION_128, ECP5))).total
    assert alone < max(layer.total for layer in estimate.layers) <= estimate.total
    # Layers wait for the slowest forward pass, and at the end of a batch for the longest commit.
    slowest = max(layer.total - layer.commit for layer in estimate.layers)
    longest = max(layer.commit for layer in estimate.layers)
    assert estimate.total < 1.05 * (slowest + longest)


def test_equal_layers_are_as_fast_as_one() -> None:
    config = network(64, 64, 64, 64, 10, group=16)
    plan = plan_network(config, ECP5)
    estimate = estimate_cycles(FoldedNetwork(config, plan))
    assert estimate.total < 1.05 * max(layer.total for layer in estimate.layers)


def test_a_smaller_fpga_gives_a_slower_plan() -> None:
    cycles = [
        estimate_cycles(FoldedNetwork(FASHION_128, planned(FASHION_128, find_fpga(name)))).total
        for name in ("ECP5-25F", "ECP5-45F", "ECP5-85F")
    ]
    assert cycles == sorted(cycles, reverse=True)


def test_the_workload_decides() -> None:
    config = network(784, 128, 10, reinforcement=0.0, batch=65535)
    workloads = [Workload(chosen=(chosen,)) for chosen in (0.01, 4.0)]
    few, many = (
        FoldedNetwork(config, plan_network(config, ICE40, workload=workload))
        for workload in workloads
    )
    # If updates limit the throughput, a slower and smaller forward pass takes no more cycles.
    quick, slow = (estimate_cycles(folded, workloads[0]).total for folded in (few, many))
    assert slow > 1.5 * quick
    large, small = (estimate_cycles(folded, workloads[1]).total for folded in (few, many))
    assert small < 1.01 * large
    assert network_needs(many, ICE40).cells < network_needs(few, ICE40).cells


@settings(max_examples=20)
@given(network_configs(max_layers=2, max_classes=16), st.sampled_from(FPGAS))
def test_every_small_network_of_two_layers_has_a_plan_that_fits(
    config: NetworkConfig, fpga: FPGA
) -> None:
    plan = plan_network(config, fpga)
    FoldedNetwork(config, plan)
    assert fits(config, plan)


@settings(max_examples=10)
@given(network_configs(max_classes=16))
def test_three_layers_fit_or_no_plan_of_them_does(config: NetworkConfig) -> None:
    refused = None
    try:
        plan = plan_network(config, ICE40)
    except DoesNotFitError as error:
        refused, plan = error, plan_network(config, GOWIN)
    assert fits(config, plan)
    if refused is not None:
        assert len(config.layers) == 3
        assert (refused.resource, refused.supply, refused.nearest) == ("cells", 5280, None)
        # A plan that is not the least needs as much as was told, or more.
        moderate = network_needs(FoldedNetwork(config, default_plan(config)), ICE40)
        assert 5280 < refused.need <= moderate.cells


@given(network_configs())
def test_every_network_has_a_default_plan(config: NetworkConfig) -> None:
    plan = default_plan(config)
    FoldedNetwork(config, plan)
    assert plan.fpga == ""


def test_the_default_plan_is_of_moderate_size() -> None:
    config = network(784, 128, 64, 10)
    assert default_plan(config).layers == (
        LayerPlan(pe=4, simd=128, update_width=32, input_width=32),
        LayerPlan(pe=4, simd=128, update_width=32, input_width=32),
    )


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({"pe": 2, "banks": 1, "sample_buffers": 3, "memory": "spram"}, (64, 32, 32)),
        ({"update_width": 16}, (64, 16, 32)),
        ({"simd": 16}, (16, 16, 16)),
        ({"input_width": 16}, (64, 16, 16)),
        ({"simd": 66}, (66, 22, 22)),
        ({"update_width": 10}, (40, 10, 40)),
        ({"simd": 24, "update_width": 4, "input_width": 12}, (24, 4, 12)),
    ],
    ids=str,
)
def test_a_default_plan_adapts_to_given_factors(
    factors: dict[str, Any], words: tuple[int, int, int]
) -> None:
    config = network(64, 32, 10)
    (layer,) = default_plan(config, [factors]).layers
    assert (layer.simd, layer.update_width, layer.input_width) == words
    assert {name: layer.to_dict()[name] for name in factors} == factors
    others = {**LayerPlan(pe=4).to_dict(), **factors}
    for name in ("banks", "pe", "sample_buffers", "draws_per_cycle", "memory"):
        assert layer.to_dict()[name] == others[name]


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (
            {"simd": 64, "update_width": 5},
            "update_width, 5, not 64; the nearest plan that suits the layer has 0.simd=65 instead",
        ),
        ({"pe": 33}, "pe must be at most the 32 neurons of a bank, not 33; the nearest plan"),
        ({"pe": 0}, "pe must be an integer of at least 1, not 0"),
        ({"lanes": 2}, "a layer's plan has no lanes"),
    ],
    ids=str,
)
def test_no_default_plan_has_contradictory_factors(factors: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        default_plan(network(64, 32, 10), [factors])


# Given factors


@pytest.mark.parametrize(
    "factors",
    [
        {"pe": 1},
        {"simd": 200, "memory": "spram"},
        {"update_width": 7, "sample_buffers": 3},
        {"simd": 400, "input_width": 16, "draws_per_cycle": 1},
        {"memory": MemoryKind.SPRAM, "update_width": 4},
    ],
    ids=str,
)
def test_given_factors_are_kept(factors: dict[str, Any]) -> None:
    plan = plan_network(FASHION_128, ICE40, overrides=[factors])
    assert fits(FASHION_128, plan)
    for name, value in factors.items():
        assert getattr(plan.layers[0], name) == (MemoryKind(value) if name == "memory" else value)


def test_each_layer_has_its_own_overrides() -> None:
    config = network(64, 32, 16, 10, group=8)
    plan = plan_network(config, GOWIN, overrides=[{}, {"pe": 4, "banks": 1}])
    assert (plan.layers[1].pe, plan.layers[1].banks) == (4, 1)


def test_a_whole_plan_can_be_given() -> None:
    layer = LayerPlan(
        simd=400, update_width=8, input_width=16, sample_buffers=5, memory=MemoryKind.SPRAM
    )
    assert plan_network(FASHION_128, ICE40, overrides=[layer.to_dict()]) == NetworkPlan(
        (layer,), "iCE40UP5K"
    )
