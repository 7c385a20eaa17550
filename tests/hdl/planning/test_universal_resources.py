"""Resource estimates of universal trainers, compared with results of Yosys."""

import pytest

from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.plan import LayerPlan, MemoryKind
from metaplast.hdl.planning.resources import Resources, total_need
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.planning.universal_resources import universal_needs

ICE40, ECP5 = find_fpga("iCE40UP5K"), find_fpga("ECP5-85F")

SIZES = ("layers", "inputs", "neurons", "classes", "counter_bits")
MEMORIES = ("rows", "columns", "sample_words", "choices")


def trainer(sizes: tuple[int, ...], memories: tuple[int, ...], plan: LayerPlan) -> UniversalTrainer:
    """A trainer with these capacities; without choices, its memories are shared."""
    values = zip(SIZES + MEMORIES, sizes + memories, strict=True)
    return UniversalTrainer(Capacity(**dict(values)), plan, shared_memories=not memories[-1])


ULTRAPLUS = trainer(
    (4, 1568, 256, 10, 8),
    (512, 256, 512, 256),
    LayerPlan(simd=200, update_width=8, input_width=8, memory=MemoryKind.SPRAM),
)
SHARED = trainer((4, 1568, 256, 10, 8), (512, 256, 512, 0), ULTRAPLUS.plan)
SMALL = trainer(
    (2, 256, 128, 10, 4),
    (256, 128, 256, 64),
    LayerPlan(pe=4, simd=48, update_width=8, input_width=16),
)
MEDIUM = trainer(
    (4, 1024, 256, 10, 8),
    (256, 512, 512, 256),
    LayerPlan(simd=224, update_width=32, input_width=32, sample_buffers=8),
)
MANY_CLASSES = trainer(
    (8, 1024, 256, 64, 8),
    (256, 512, 512, 256),
    LayerPlan(pe=2, simd=448, update_width=64, input_width=64, sample_buffers=8),
)
WIDE = trainer(
    (8, 4096, 1024, 32, 8),
    (128, 2048, 1024, 1024),
    LayerPlan(pe=2, simd=896, update_width=128, input_width=128, sample_buffers=32),
)

# Results of Yosys 0.70 for whole cores; a LUT memory counts as its LUTs.
MADE_BY_YOSYS = {
    "ultraplus": (ICE40, ULTRAPLUS, Resources(block_rams=31, sprams=4, luts=3671, registers=2054)),
    "small": (ICE40, SMALL, Resources(block_rams=73, luts=4105, registers=1748)),
    "small, ECP5": (ECP5, SMALL, Resources(block_rams=21, luts=4769, registers=1783)),
    "medium, ECP5": (ECP5, MEDIUM, Resources(block_rams=41, luts=5320, registers=2144)),
    "many classes": (ECP5, MANY_CLASSES, Resources(block_rams=151, luts=11540, registers=3999)),
    "wide": (ECP5, WIDE, Resources(block_rams=183, luts=16617, registers=5169)),
}


@pytest.mark.parametrize("name", MADE_BY_YOSYS)
def test_memories_are_exact_and_logic_is_within_15_percent(name: str) -> None:
    fpga, trainer, made = MADE_BY_YOSYS[name]
    need = total_need(universal_needs(trainer, fpga))
    assert (need.block_rams, need.sprams) == (made.block_rams, made.sprams)
    assert need.luts == pytest.approx(made.luts, rel=0.15)
    assert need.registers == pytest.approx(made.registers, rel=0.15)


def test_a_further_layer_takes_memory_and_registers_of_its_result() -> None:
    values = MEDIUM.capacity.to_dict()
    needs = [
        total_need(universal_needs(UniversalTrainer(Capacity(**values), MEDIUM.plan), None))
        for values["layers"] in (4, 8)
    ]
    assert needs[1].registers - needs[0].registers == 4 * 9
