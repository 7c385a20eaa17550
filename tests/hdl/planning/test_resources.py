"""Resource estimates of plans, compared with results of Yosys."""

import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.foldings import Foldings
from metaplast.hdl.planning.fpgas import FPGA, find_fpga
from metaplast.hdl.planning.plan import (
    FoldedLayer,
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)
from metaplast.hdl.planning.resources import (
    Resources,
    core_needs,
    layer_memories,
    layer_needs,
    network_needs,
    total_need,
)

from .test_foldings import row
from .test_plan import folded_layers

ICE40, ECP5 = find_fpga("iCE40UP5K"), find_fpga("ECP5-85F")


def one_layer(
    shape: tuple[int, int, int], plan: LayerPlan, *, classes: int = 10, counter_bits: int = 8
) -> tuple[NetworkConfig, NetworkPlan]:
    inputs, neurons, group = shape
    config = NetworkConfig(
        inputs=inputs,
        hidden=(neurons,),
        groups=(group,),
        classes=classes,
        counter_bits=counter_bits,
    )
    return config, NetworkPlan((plan,))


ULTRAPLUS = one_layer(
    (784, 128, 32),
    LayerPlan(simd=400, update_width=8, input_width=16, sample_buffers=5, memory=MemoryKind.SPRAM),
)
SMALL = one_layer((128, 64, 16), LayerPlan(pe=2, simd=64, update_width=16, input_width=64))
TINY = one_layer(
    (64, 32, 8),
    LayerPlan(simd=16, update_width=4, input_width=8, sample_buffers=2),
    classes=4,
    counter_bits=4,
)
TWO_BANKS = one_layer(
    (196, 64, 16), LayerPlan(banks=2, simd=98, update_width=14, input_width=98, draws_per_cycle=2)
)
FOUR_BANKS = one_layer(
    (256, 64, 8),
    LayerPlan(banks=4, pe=2, simd=64, update_width=32, input_width=64, draws_per_cycle=2),
    classes=16,
    counter_bits=6,
)
WIDE = one_layer(
    (784, 64, 32), LayerPlan(banks=2, simd=392, update_width=49, input_width=98, draws_per_cycle=2)
)

# Results of Yosys 0.70 for whole cores; a LUT memory counts as its LUTs.
MADE_BY_YOSYS = {
    "ultraplus": (ICE40, ULTRAPLUS, Resources(block_rams=30, sprams=4, luts=3523, registers=1998)),
    "small": (ICE40, SMALL, Resources(block_rams=32, luts=3095, registers=1497)),
    "tiny": (ICE40, TINY, Resources(block_rams=6, luts=1937, registers=1146)),
    "small, ECP5": (ECP5, SMALL, Resources(block_rams=8, luts=3585, registers=1533)),
    "tiny, ECP5": (ECP5, TINY, Resources(block_rams=2, luts=2114, registers=1095)),
    "two banks": (ECP5, TWO_BANKS, Resources(block_rams=16, luts=4864, registers=2041)),
    "four banks": (ECP5, FOUR_BANKS, Resources(block_rams=24, luts=12160, registers=3620)),
    "wide": (ECP5, WIDE, Resources(block_rams=46, luts=9962, registers=3049)),
}


@pytest.mark.parametrize("name", MADE_BY_YOSYS)
def test_memories_are_exact_and_logic_is_within_ten_percent(name: str) -> None:
    fpga, (config, plan), made = MADE_BY_YOSYS[name]
    need = network_needs(FoldedNetwork(config, plan), fpga)
    assert (need.block_rams, need.sprams) == (made.block_rams, made.sprams)
    assert need.luts == pytest.approx(made.luts, rel=0.10)
    assert need.registers == pytest.approx(made.registers, rel=0.10)


def test_the_memories_of_the_ultraplus_plan() -> None:
    config, plan = ULTRAPLUS
    (folded,) = FoldedNetwork(config, plan).layers
    memories = {memory.name: memory for memory in layer_memories(folded)}
    shapes = {name: (one.count, one.depth, one.width) for name, one in memories.items()}
    assert shapes == {
        "hidden weights": (1, 12_544, 64),
        "snapshot": (1, 256, 400),
        "local classifier": (1, 128, 10),
        "samples": (1, 245, 16),
        "choices": (1, 20, 7),
        "marks": (1, 128, 1),
        "sums": (1, 128, 10),
    }
    assert memories["hidden weights"].bits == 802_816
    assert memories["snapshot"].granularity == 8
    needs = {component.name: component.need for component in layer_needs(folded, ICE40)}
    assert [needs[name].block_rams for name in shapes] == [0, 25, 1, 1, 1, 1, 1]
    assert needs["hidden weights"].sprams == 4


def test_without_an_fpga_memories_have_no_resources() -> None:
    config, plan = SMALL
    (folded,) = FoldedNetwork(config, plan).layers
    parts = layer_needs(folded, None)
    assert all(part.need == Resources() for part in parts if part.memory is not None)
    assert total_need(parts).luts > 1000
    assert core_needs(None).need.luts > 0


def test_an_fpga_without_spram() -> None:
    config, plan = ULTRAPLUS
    need = network_needs(FoldedNetwork(config, plan), ECP5)
    assert need.sprams == 1
    assert not need.fits(Resources.of(ECP5))


def test_a_layer_that_passes_its_activations_on_needs_more() -> None:
    config, plan = SMALL
    (folded,) = FoldedNetwork(config, plan).layers
    last, first = (total_need(layer_needs(folded, ECP5, load)) for load in (None, 32))
    assert (first.luts - last.luts, first.registers - last.registers) == (64, 128)


@given(st.lists(folded_layers(), min_size=1, max_size=4), st.sampled_from([None, ICE40, ECP5]))
def test_many_plans_need_what_each_needs(layers: list[FoldedLayer], fpga: FPGA | None) -> None:
    config = layers[0].config
    memory = layers[0].plan.memory
    many = Foldings(config, memory, [row(layer.plan) for layer in layers])
    many = many.only(many.legal)
    needs = total_need(layer_needs(many, fpga, 8))
    for index in range(len(many)):
        one = total_need(layer_needs(FoldedLayer(config, many[index]), fpga, 8))
        for name in ("block_rams", "sprams", "luts", "registers"):
            amounts = getattr(needs, name)
            amount = amounts if isinstance(amounts, int) else amounts[index]
            assert amount == getattr(one, name), name
            assert isinstance(getattr(one, name), int)


@pytest.mark.parametrize("name", ["block_rams", "sprams", "luts", "registers"])
def test_a_lack_of_any_resource_does_not_fit(name: str) -> None:
    supply = Resources(block_rams=3, sprams=3, luts=3, registers=3)
    assert Resources(**{name: 3}).fits(supply)
    assert not Resources(**{name: 4}).fits(supply)
