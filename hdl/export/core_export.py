"""Export of the trainer core as Verilog, for designs that are not written in Amaranth."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ...golden_model.errors import ConfigurationError
from ...golden_model.files.atomic import write_atomically
from ..planning.fpgas import find_fpga
from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..trainer_core import TrainerCore
from .description import describe_core
from .files import SPRAM_MODEL, exported_files, fpga_name, has_spram_cells
from .names import check_name
from .page import page
from .verilog import describe_ports, to_verilog
from .waivers import waivers

__all__ = ["MODULE", "ExportedCore", "export_verilog"]

MODULE = "metaplast_trainer_core"
"""Default name of the exported module, and of its files."""


@dataclass(frozen=True)
class ExportedCore:
    """The files of an export.

    Attributes
    ----------
    verilog : Path
        The core, in one file.
    description : Path
        Ports, registers, network and plan, as JSON.
    manual : Path
        The same as a Markdown page.
    waivers : Path
        Verilator configuration that turns off harmless warnings, each with its reason.
    spram_model : Path or None
        Simulation model of the SPRAM cells of the core, if it has any; not for synthesis.
    """

    verilog: Path
    description: Path
    manual: Path
    waivers: Path
    spram_model: Path | None = None

    @property
    def files(self) -> list[Path]:
        """All files of the export."""
        files = (self.verilog, self.description, self.manual, self.waivers, self.spram_model)
        return [file for file in files if file is not None]


def export_verilog(
    design: FoldedNetwork | UniversalTrainer, directory: Path, *, name: str = MODULE
) -> ExportedCore:
    """Write the trainer core of a network as Verilog, with a description of its interface.

    Existing files are replaced atomically. If the plan is for an iCE40UP5K, hidden weights in SPRAM
    are instances of its cell SB_SPRAM256KA; all other memories are inferred by synthesis.

    Parameters
    ----------
    design : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    directory : Path
        The directory to write to; it is created if it does not exist.
    name : str
        Name of the module and of the files, and the prefix of the names of all submodules: cores
        with different names can be used in one design.

    Raises
    ------
    ConfigurationError
        If the directory is a file, or the name is no identifier of Verilog.
    VerilogError
        If Yosys fails.
    OSError
        If a file cannot be written.
    """
    check_name(name)
    if directory.exists() and not directory.is_dir():
        raise ConfigurationError(f"{directory} is a file; name a directory for the export")
    core = TrainerCore(design)
    ports, inputs = describe_ports(core)
    # With any platform, assertions are left out. Without a device, all memories are inferred.
    device = find_fpga(fpga_name(design)).name if has_spram_cells(design) else ""
    contents = {
        f"{name}.v": to_verilog(core, name=name, platform=SimpleNamespace(device=device)),
        f"{name}.json": json.dumps(describe_core(design, name, ports, inputs), indent=2) + "\n",
        f"{name}.md": page(design, name, ports, inputs),
        f"{name}.vlt": waivers(name),
        SPRAM_MODEL.name: SPRAM_MODEL.read_text(encoding="utf-8"),
    }
    paths = [directory / file for file in exported_files(design, name)]
    directory.mkdir(parents=True, exist_ok=True)
    for path in paths:
        write_atomically(path, contents[path.name].encode())
    return ExportedCore(*paths)
