"""Resource estimates of universal trainers, compared with results of Yosys."""

import pytest

from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.plan import LayerPlan, MemoryKind
from metaplast.hdl.planning.resources import Resources, total_need
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.planning.universal_resources import universal_needs

ICE40, ECP5 = find_fpga("iCE40UP5K"), find_fpga("ECP5-85F")

ULTRAPLUS = UniversalTrainer(
    Capacity(
        layers=4,
        inputs=1568,
        neurons=256,
        classes=10,
        counter_bits=8,
        rows=512,
        columns=256,
        sample_words=512,
        choices=256,
    ),
    LayerPlan(simd=200, update_width=8, input_width=8, memory=MemoryKind.SPRAM),
)
MEDIUM = UniversalTrainer(
    Capacity(
        layers=4,
        inputs=1024,
        neurons=256,
        classes=10,
        counter_bits=8,
        rows=256,
        columns=512,
        sample_words=512,
        choices=256,
    ),
    LayerPlan(simd=224, update_width=32, input_width=32, sample_buffers=8),
)

# Results of Yosys 0.70 for whole cores; a LUT memory counts as its LUTs.
MADE_BY_YOSYS = {
    "ultraplus": (ICE40, ULTRAPLUS, Resources(block_rams=30, sprams=4, luts=5151, registers=2570)),
    "medium, ECP5": (ECP5, MEDIUM, Resources(block_rams=41, luts=7044, registers=2628)),
}


@pytest.mark.parametrize("name", MADE_BY_YOSYS)
def test_memories_are_exact_and_logic_is_within_15_percent(name: str) -> None:
    fpga, trainer, made = MADE_BY_YOSYS[name]
    need = total_need(universal_needs(trainer, fpga))
    assert (need.block_rams, need.sprams) == (made.block_rams, made.sprams)
    assert need.luts == pytest.approx(made.luts, rel=0.15)
    assert need.registers == pytest.approx(made.registers, rel=0.15)


def test_every_layer_of_the_table_takes_registers() -> None:
    values = MEDIUM.capacity.to_dict()
    needs = [
        total_need(universal_needs(UniversalTrainer(Capacity(**values), MEDIUM.plan), None))
        for values["layers"] in (4, 8)
    ]
    assert needs[1].registers - needs[0].registers > 4 * 3 * 32  # the counts of four layers
    assert needs[1].luts > needs[0].luts
