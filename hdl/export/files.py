"""The files of an exported core: their names, and the use of each."""

from pathlib import Path

from ...golden_model.errors import ConfigurationError
from ..planning.fpgas import find_fpga
from ..planning.plan import FoldedNetwork, MemoryKind
from ..planning.universal import UniversalTrainer

__all__ = ["SPRAM_CELL", "SPRAM_MODEL", "exported_files", "fpga_name", "has_spram_cells"]

SPRAM_CELL = "SB_SPRAM256KA"
"""Name of the SPRAM cell of an iCE40 UltraPlus, and of its simulation model."""

SPRAM_MODEL = Path(__file__).parent / "cells" / f"{SPRAM_CELL}.v"
"""The simulation model of the SPRAM cell."""


def fpga_name(design: FoldedNetwork | UniversalTrainer) -> str:
    """Name of the FPGA that a design is planned for; empty for none."""
    return design.fpga if isinstance(design, UniversalTrainer) else design.plan.fpga


def has_spram_cells(design: FoldedNetwork | UniversalTrainer) -> bool:
    """Whether the exported core has SPRAM cells: a plan for an iCE40UP5K with a layer in SPRAM."""
    try:
        fpga = find_fpga(fpga_name(design))
    except ConfigurationError:  # a plan can name any FPGA, or none
        return False
    plans = [design.plan] if isinstance(design, UniversalTrainer) else design.plan.layers
    in_spram = any(plan.memory is MemoryKind.SPRAM for plan in plans)
    return in_spram and fpga.sprams > 0


def exported_files(design: FoldedNetwork | UniversalTrainer, module: str) -> dict[str, str]:
    """Names of the files of an exported core, with the use of each.

    Parameters
    ----------
    design : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or the universal trainer.
    module : str
        Name of the module in Verilog.
    """
    files = {
        f"{module}.v": "the core, for synthesis and simulation (Verilog-2001 or newer)",
        f"{module}.json": "ports, registers, network, plan and timing, for programs",
        f"{module}.md": "ports, registers and timing, for readers",
        f"{module}.vlt": "configuration for Verilator: turns off the core's harmless warnings",
    }
    if has_spram_cells(design):
        files[SPRAM_MODEL.name] = (
            f"model of the SPRAM cell {SPRAM_CELL}, for simulation only: synthesis has the cell"
        )
    return files
