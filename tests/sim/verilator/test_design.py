# amaranth: UnusedElaboratable=no
"""Designs: reproducible Verilog."""

import re

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from metaplast.hdl.export.verilog import to_verilog
from metaplast.sim.verilator.design import TOP, Design

from ..stage import Stage


class Memories(wiring.Component):
    """Memories that begin with zeros, and one that does not."""

    address: In(5)
    zeros: Out(8)
    few: Out(8)
    others: Out(8)

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        for name, depth, init in (("zeros", 32, []), ("few", 1, [0]), ("others", 32, [0, 0, 7])):
            memory = Memory(shape=8, depth=depth, init=init)
            m.submodules[f"{name}_memory"] = memory
            read = memory.read_port()
            m.d.comb += [read.addr.eq(self.address), getattr(self, name).eq(read.data)]
        return m


def test_a_design_of_a_component() -> None:
    design = Design.of(Stage(), public=("count",))
    assert design.verilog == to_verilog(Stage(), name=TOP)
    assert design.ports["i__payload"]["width"] == 12
    assert set(design.inputs) == {"i__payload", "i__valid", "o__ready"}
    assert design.public == ("count",)


def test_verilog_does_not_contain_paths() -> None:
    assert "/" not in re.sub(r"/\*.*?\*/|//", "", to_verilog(Stage(), name=TOP))
    assert "module negator" in to_verilog(Stage(), name="negator")


def test_memories_of_zeros_are_cleared_in_a_loop() -> None:
    text = to_verilog(Memories(), name=TOP)
    assert re.search(
        r"initial begin : clear_memory_2\n"
        r"    integer cleared_row;\n"
        r"    for \(cleared_row = 0; cleared_row < 32; cleared_row = cleared_row \+ 1\)\n"
        r"      zeros_memory\[cleared_row\] = 8'h00;\n"
        r"  end\n",
        text,
    )
    assert "cleared_row < 1;" in text
    assert "others_memory[2] = 8'h07;" in text
    assert "others_memory[31] = 8'h00;" in text
