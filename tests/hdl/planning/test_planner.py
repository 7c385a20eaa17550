"""The planner: plans that fit and are quick, what is given, and what cannot be."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.cycles import Workload, estimate_cycles
from metaplast.hdl.planning.devices import DEVICES, Device, find_device
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.plan_report import report_plan
from metaplast.hdl.planning.planner import DoesNotFitError, default_plan, plan_network
from metaplast.hdl.planning.resources import Resources, network_needs

from ...strategies import network_configs

ICE40, ECP5, GOWIN = map(find_device, ("iCE40UP5K", "ECP5-85F", "GW1NR-9"))


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
def planned(config: NetworkConfig, device: Device) -> NetworkPlan:
    return plan_network(config, device)


FASHION_128 = network(784, 128, 10)
FASHION_256 = network(784, 256, 10)


def fits(config: NetworkConfig, plan: NetworkPlan) -> bool:
    device = find_device(plan.device)
    return bool(network_needs(FoldedNetwork(config, plan), device).fits(Resources.of(device)))


# Plans


@pytest.mark.parametrize(
    ("device", "config", "chosen", "cycles", "known"),
    [
        (
            ICE40,
            FASHION_128,
            1.91,
            620,
            LayerPlan(word=400, counters=8, load=16, slots=5, memory=MemoryKind.SPRAM),
        ),
        (
            ECP5,
            FASHION_256,
            3.82,
            160,
            LayerPlan(banks=8, word=392, counters=49, load=98, draws=2),
        ),
    ],
    ids=["iCE40UP5K", "ECP5-85F"],
)
def test_the_plans_that_the_boards_are_to_reach(
    device: Device, config: NetworkConfig, chosen: float, cycles: float, known: LayerPlan
) -> None:
    workload = Workload(chosen=(chosen,))
    plan = plan_network(config, device, workload=workload)
    assert plan.device == device.name
    assert fits(config, plan)
    planned = estimate_cycles(FoldedNetwork(config, plan), workload).total
    by_hand = estimate_cycles(FoldedNetwork(config, NetworkPlan((known,))), workload).total
    assert planned < cycles
    assert planned < 1.03 * by_hand


def test_a_plan_leaves_room_for_what_is_around_a_core_if_it_can() -> None:
    for config, device in [
        (FASHION_256, ECP5),
        (FASHION_128, ICE40),
        (network(64, 128, 10), GOWIN),
    ]:
        need = network_needs(FoldedNetwork(config, planned(config, device)), device)
        assert need.luts <= device.max_cell_utilisation * device.luts
        assert need.block_rams <= device.max_block_ram_utilisation * device.block_ram.count


def test_a_plan_that_cannot_leave_room_takes_what_there_is() -> None:
    for config in (network(97, 26, 150, group=26), network(1, 1, 4, 2, 2, group=1)):
        need = network_needs(FoldedNetwork(config, plan_network(config, ICE40)), ICE40)
        assert need.cells > ICE40.max_cell_utilisation * ICE40.luts
        assert need.fits(Resources.of(ICE40))


@pytest.mark.parametrize("device", [ICE40, ECP5, GOWIN], ids=lambda device: device.name)
def test_fewer_cells_make_a_smaller_and_slower_plan(device: Device) -> None:
    config = network(64, 64, 10, group=16)
    whole = planned(config, device)
    cells = int(network_needs(FoldedNetwork(config, whole), device).cells)
    plan = plan_network(config, device.with_cells(cells - 300))
    assert plan.device == device.name
    assert network_needs(FoldedNetwork(config, plan), device).cells <= cells - 300
    assert (
        estimate_cycles(FoldedNetwork(config, plan)).total
        > estimate_cycles(FoldedNetwork(config, whole)).total
    )


def test_more_cells_than_comfortable_are_taken_if_they_are_given() -> None:
    config, comfortable = network(64, 64, 10, group=16), ICE40.max_cell_utilisation * ICE40.luts
    assert network_needs(FoldedNetwork(config, planned(config, ICE40)), ICE40).cells <= comfortable
    plan = plan_network(config, ICE40.with_cells(4790))
    assert comfortable < network_needs(FoldedNetwork(config, plan), ICE40).cells <= 4790


def test_too_few_cells() -> None:
    with pytest.raises(
        DoesNotFitError,
        match=r"784–128–10 does not fit the iCE40UP5K: whatever the plan, it needs about 2,\d\d\d "
        r"logic cells of 1,000; allow it more logic cells$",
    ):
        plan_network(FASHION_128, ICE40.with_cells(1000))
    # Nor would more of them help.
    with pytest.raises(DoesNotFitError, match=r"it fits the ECP5-\d\dF$"):
        plan_network(FASHION_256, GOWIN.with_cells(8000))
    for cells in (0, 5281):
        with pytest.raises(
            ConfigurationError,
            match=rf"cells must be from 1 to 5,280, which the iCE40UP5K has, not {cells:,}",
        ):
            ICE40.with_cells(cells)


def test_a_plan_takes_all_block_rams_if_that_makes_it_much_quicker() -> None:
    small = find_device("ECP5-25F")
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


def test_layers_share_a_device() -> None:
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


def test_equal_layers_are_as_quick_as_one() -> None:
    config = network(64, 64, 64, 64, 10, group=16)
    plan = plan_network(config, ECP5)
    estimate = estimate_cycles(FoldedNetwork(config, plan))
    assert estimate.total < 1.05 * max(layer.total for layer in estimate.layers)


def test_a_smaller_device_gives_a_slower_plan() -> None:
    cycles = [
        estimate_cycles(FoldedNetwork(FASHION_128, planned(FASHION_128, find_device(name)))).total
        for name in ("ECP5-25F", "ECP5-45F", "ECP5-85F")
    ]
    assert cycles == sorted(cycles, reverse=True)


def test_the_workload_decides() -> None:
    config = network(784, 128, 10, reinforcement=0.0, batch=65535)
    updates = []
    for chosen in (0.01, 4.0):
        plan = plan_network(config, ECP5, workload=Workload(chosen=(chosen,)))
        (folded,) = FoldedNetwork(config, plan).layers
        updates.append(folded.bank_groups * folded.rows * folded.row_cycles)
    assert updates[1] < updates[0]


@settings(max_examples=20)
@given(network_configs(max_layers=2, max_classes=16), st.sampled_from(DEVICES))
def test_every_small_network_of_two_layers_has_a_plan_that_fits(
    config: NetworkConfig, device: Device
) -> None:
    plan = plan_network(config, device)
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
    assert plan.device == ""


def test_the_default_plan_is_of_moderate_size() -> None:
    config = network(784, 128, 64, 10)
    assert default_plan(config).layers == (
        LayerPlan(lanes=4, word=128, counters=32, load=32),
        LayerPlan(lanes=4, word=128, counters=32, load=32),
    )


# What is given


@pytest.mark.parametrize(
    "factors",
    [
        {"lanes": 1},
        {"word": 200, "memory": "spram"},
        {"counters": 7, "slots": 3},
        {"word": 400, "load": 16, "draws": 1},
        {"memory": MemoryKind.SPRAM, "counters": 4},
    ],
    ids=str,
)
def test_what_is_given_is_kept(factors: dict[str, Any]) -> None:
    plan = plan_network(FASHION_128, ICE40, overrides=[factors])
    assert fits(FASHION_128, plan)
    for name, value in factors.items():
        assert getattr(plan.layers[0], name) == (MemoryKind(value) if name == "memory" else value)


def test_each_layer_has_its_own_overrides() -> None:
    config = network(64, 32, 16, 10, group=8)
    plan = plan_network(config, GOWIN, overrides=[{}, {"lanes": 4, "banks": 1}])
    assert (plan.layers[1].lanes, plan.layers[1].banks) == (4, 1)


def test_a_whole_plan_may_be_given() -> None:
    layer = LayerPlan(word=400, counters=8, load=16, slots=5, memory=MemoryKind.SPRAM)
    assert plan_network(FASHION_128, ICE40, overrides=[layer.to_dict()]) == NetworkPlan(
        (layer,), "iCE40UP5K"
    )


# What cannot be


def refusal(config: NetworkConfig, device: Device, *overrides: dict[str, Any]) -> DoesNotFitError:
    with pytest.raises(DoesNotFitError) as refused:
        plan_network(config, device, overrides=overrides or None)
    error = refused.value
    assert f"of {error.supply:,}" in str(error)
    assert error.need > error.supply
    if error.nearest is not None:
        assert fits(config, error.nearest)
    return error


def test_block_rams_run_out() -> None:
    error = refusal(FASHION_128, ICE40, {"word": 392, "lanes": 2})
    assert str(error) == (
        "784–128–10 with 0.word=392, 0.lanes=2 does not fit the iCE40UP5K: it needs 56 EBRs of 30; "
        "the nearest plan that fits has 0.lanes=1 instead of 2"
    )
    assert (error.resource, error.need, error.supply) == ("block_rams", 56, 30)


def test_a_whole_plan_runs_out_of_block_rams() -> None:
    layer = LayerPlan(word=400, counters=8, load=16, slots=8, memory=MemoryKind.SPRAM)
    error = refusal(FASHION_128, ICE40, layer.to_dict())
    assert error.nearest == NetworkPlan((replace(layer, slots=5),), "iCE40UP5K")
    assert str(error).endswith(
        "31 EBRs of 30; the nearest plan that fits has 0.slots=5 instead of 8"
    )


def test_hidden_weights_want_the_other_memory() -> None:
    error = refusal(FASHION_128, ICE40, {"memory": "block"})
    assert str(error).endswith(
        "of 30; the nearest plan that fits has 0.memory=spram instead of block"
    )


def test_a_device_without_spram() -> None:
    error = refusal(network(64, 32, 10), GOWIN, {"memory": "spram"})
    assert "does not fit the GW1NR-9: it needs 1 SPRAM of 0; the nearest" in str(error)
    assert error.resource == "sprams"


def test_luts_run_out_in_one_of_three_layers() -> None:
    config = network(784, 64, 64, 64, 10)
    error = refusal(config, find_device("ECP5-25F"), {"lanes": 4, "word": 784, "banks": 2}, {}, {})
    assert error.resource == "luts"
    assert " LUTs of 24,288; the nearest plan that fits has 0." in str(error)
    assert "it needs about " in str(error)


def test_a_network_that_another_device_takes() -> None:
    error = refusal(network(784, 512, 10), ICE40)
    assert error.nearest is None
    assert str(error).startswith(
        "784–512–10 does not fit the iCE40UP5K: whatever the plan, it needs "
    )
    assert str(error).endswith(" of 30; it fits the ECP5-85F")


def test_three_layers_need_more_logic_than_the_smallest_device_has() -> None:
    error = refusal(network(2, 12, 4, 4, 5, group=4), ICE40)
    assert (error.resource, error.supply, error.nearest) == ("cells", 5280, None)
    assert str(error).startswith("2–12–4–4–5 does not fit the iCE40UP5K: whatever the plan, ")
    assert str(error).endswith(" logic cells of 5,280; it fits the GW1NR-9")


def test_a_network_that_no_device_takes() -> None:
    error = refusal(network(784, 4096, 10), ECP5)
    assert str(error).endswith("; it fits none of the known devices, so make it smaller")


def test_what_fits_alone_with_nothing_of_the_kind_is_the_best_plan() -> None:
    everything = {"banks": 4, "lanes": 32, "word": 784, "counters": 392, "load": 784, "slots": 16}
    error = refusal(FASHION_128, ICE40, {**everything, "draws": 2, "memory": "block"})
    assert error.nearest is not None


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (
            {"banks": 3},
            (
                "layer 0's plan does not fit: banks must divide the 4 groups, not be 3; the "
                "nearest plan that suits the layer has 0.banks=4 instead of 3"
            ),
        ),
        (
            {"word": 100, "counters": 8},
            (
                "layer 0's plan does not fit: word must be a multiple of counters, and 100 is none "
                "of 8; the nearest plan that suits the layer has 0.word=104 instead of 100"
            ),
        ),
        (
            {"draws": 2, "memory": "spram"},
            (
                "layer 0's plan does not fit: 2 draws a cycle need block RAM, not SPRAM; the "
                "nearest plan that suits the layer has 0.draws=1 instead of 2"
            ),
        ),
        (
            {"lanes": "many"},
            "layer 0's plan does not fit: lanes must be an integer of at least 1, not 'many'",
        ),
        ({"colour": 1}, "a layer's plan has no colour; its fold factors are banks, counters, "),
        ({"memory": "tape"}, "memory must be one of block, spram, not 'tape'"),
    ],
    ids=str,
)
def test_factors_that_suit_no_plan(factors: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        plan_network(FASHION_128, ICE40, overrides=[factors])
    assert str(refused.value).startswith(message)
    assert not isinstance(refused.value, DoesNotFitError)


def test_overrides_of_another_network() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^overrides must be given for each of the 1 layers, not 2$"
    ):
        plan_network(FASHION_128, ICE40, overrides=[{}, {}])


# Reports


def test_a_report_adds_up_and_goes_into_json() -> None:
    config = network(64, 32, 16, 10, group=8)
    workload = Workload(chosen=(2.0, 1.0), accuracy=0.5)
    report = report_plan(FoldedNetwork(config, plan_network(config, GOWIN)), GOWIN, workload)
    assert report.need == network_needs(FoldedNetwork(config, report.folded.plan), GOWIN)
    assert report.cycles == estimate_cycles(FoldedNetwork(config, report.folded.plan), workload)
    document = json.loads(json.dumps(report.to_dict()))
    assert NetworkPlan.from_dict(document["plan"]) == report.folded.plan
    assert NetworkConfig.from_dict(document["config"]) == config
    assert document["device"] == "GW1NR-9"
    assert document["supply"]["luts"] == GOWIN.luts
    assert document["accuracy"] == 0.5
    assert [layer["chosen"] for layer in document["layers"]] == [2.0, 1.0]
    assert document["cycles_per_sample"] == report.cycles.total
    for name, amount in document["need"].items():
        parts = [
            document["core"],
            *(one for layer in document["layers"] for one in layer["components"]),
        ]
        assert amount == sum(part[name] for part in parts)
    memory = document["layers"][0]["components"][0]["memory"]
    assert memory["depth"] * memory["width"] * memory["count"] >= 64 * 32 * 8


def test_a_report_without_a_device() -> None:
    config = network(20, 12, 3, group=4)
    document = report_plan(FoldedNetwork(config, default_plan(config))).to_dict()
    assert document["device"] is document["supply"] is None
    assert document["need"]["block_rams"] == 0
