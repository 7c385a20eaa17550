"""Messages of the planner if there is no plan."""

from dataclasses import replace
from typing import Any

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.fpgas import FPGA, find_fpga
from metaplast.hdl.planning.plan import LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.planner import DoesNotFitError, plan_network

from .test_planner import ECP5, FASHION_128, FASHION_256, GOWIN, ICE40, fits, network


def refusal(config: NetworkConfig, fpga: FPGA, *overrides: dict[str, Any]) -> DoesNotFitError:
    with pytest.raises(DoesNotFitError) as refused:
        plan_network(config, fpga, overrides=overrides or None)
    error = refused.value
    assert f"of {error.supply:,}" in str(error)
    assert error.need > error.supply
    if error.nearest is not None:
        assert fits(config, error.nearest)
    return error


def test_too_few_cells() -> None:
    with pytest.raises(
        DoesNotFitError,
        match=r"784–128–10 does not fit the iCE40UP5K: with any plan, it needs about 2,\d\d\d "
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


def test_block_rams_run_out() -> None:
    error = refusal(FASHION_128, ICE40, {"simd": 392, "pe": 2})
    assert str(error) == (
        "784–128–10 with 0.simd=392, 0.pe=2 does not fit the iCE40UP5K: it needs 56 EBRs of 30; "
        "the nearest plan that fits has 0.pe=1 instead of 2"
    )
    assert (error.resource, error.need, error.supply) == ("block_rams", 56, 30)


def test_a_whole_plan_runs_out_of_block_rams() -> None:
    layer = LayerPlan(
        simd=400, update_width=8, input_width=16, sample_buffers=8, memory=MemoryKind.SPRAM
    )
    error = refusal(FASHION_128, ICE40, layer.to_dict())
    assert error.nearest == NetworkPlan((replace(layer, sample_buffers=5),), "iCE40UP5K")
    assert str(error).endswith(
        "31 EBRs of 30; the nearest plan that fits has 0.sample_buffers=5 instead of 8"
    )


def test_hidden_weights_need_the_other_memory() -> None:
    error = refusal(FASHION_128, ICE40, {"memory": "block"})
    assert str(error).endswith(
        "of 30; the nearest plan that fits has 0.memory=spram instead of block"
    )


def test_an_fpga_without_spram() -> None:
    error = refusal(network(64, 32, 10), GOWIN, {"memory": "spram"})
    assert "does not fit the GW1NR-9: it needs 1 SPRAM of 0; the nearest" in str(error)
    assert error.resource == "sprams"


def test_luts_run_out_in_one_of_three_layers() -> None:
    config = network(784, 64, 64, 64, 10)
    error = refusal(config, find_fpga("ECP5-25F"), {"pe": 4, "simd": 784, "banks": 2}, {}, {})
    assert error.resource == "luts"
    assert " LUTs of 24,288; the nearest plan that fits has 0." in str(error)
    assert "it needs about " in str(error)


def test_a_network_that_fits_another_fpga() -> None:
    error = refusal(network(784, 512, 10), ICE40)
    assert error.nearest is None
    assert str(error).startswith("784–512–10 does not fit the iCE40UP5K: with any plan, it needs ")
    assert str(error).endswith(" of 30; it fits the ECP5-85F")


def test_four_layers_need_more_logic_than_the_smallest_fpga_has() -> None:
    error = refusal(network(2, 12, 4, 4, 4, 5, group=4), ICE40)
    assert (error.resource, error.supply, error.nearest) == ("cells", 5280, None)
    assert str(error).startswith("2–12–4–4–4–5 does not fit the iCE40UP5K: with any plan, ")
    assert str(error).endswith(" logic cells of 5,280; it fits the GW1NR-9")


def test_a_network_that_fits_no_fpga() -> None:
    error = refusal(network(784, 4096, 10), ECP5)
    assert str(error).endswith("; it fits none of the known FPGAs, so make it smaller")


def test_the_nearest_plan_is_the_best_plan_if_no_relaxation_fits() -> None:
    everything = {
        "banks": 4,
        "pe": 32,
        "simd": 784,
        "update_width": 392,
        "input_width": 784,
        "sample_buffers": 16,
    }
    error = refusal(FASHION_128, ICE40, {**everything, "draws_per_cycle": 2, "memory": "block"})
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
            {"simd": 100, "update_width": 8},
            (
                "layer 0's plan does not fit: simd must be a multiple of update_width, 8, "
                "not 100; the nearest plan that suits the layer has 0.simd=104 instead "
                "of 100"
            ),
        ),
        (
            {"draws_per_cycle": 2, "memory": "spram"},
            (
                "layer 0's plan does not fit: 2 draws per cycle need block RAM, not SPRAM; the "
                "nearest plan that suits the layer has 0.draws_per_cycle=1 instead of 2"
            ),
        ),
        (
            {"pe": "many"},
            "layer 0's plan does not fit: pe must be an integer of at least 1, not 'many'",
        ),
        (
            {"colour": 1},
            "a layer's plan has no colour; its fold factors are banks, draws_",
        ),
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
