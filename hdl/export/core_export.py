"""Export of the trainer core as Verilog, for designs that are not written in Amaranth."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ...golden_model.errors import ConfigurationError
from ...golden_model.files.atomic import write_atomically
from ..planning.plan import FoldedNetwork
from ..trainer_core import TrainerCore
from .description import describe_core
from .page import page
from .verilog import describe_ports, to_verilog
from .waivers import waivers

__all__ = ["MODULE", "ExportedCore", "export_verilog"]

MODULE = "metaplast_trainer_core"
"""Name of the exported module, and of its files."""


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
    """

    verilog: Path
    description: Path
    manual: Path
    waivers: Path


def export_verilog(folded: FoldedNetwork, directory: Path) -> ExportedCore:
    """Write the trainer core of a network as Verilog, with a description of its interface.

    Existing files are replaced atomically.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    directory : Path
        The directory to write to; it is created if it does not exist.

    Raises
    ------
    ConfigurationError
        If the directory is a file.
    VerilogError
        If Yosys fails.
    OSError
        If a file cannot be written.
    """
    if directory.exists() and not directory.is_dir():
        raise ConfigurationError(f"{directory} is a file; name a directory for the export")
    core = TrainerCore(folded)
    ports, inputs = describe_ports(core)
    # With any platform, memories are inferred, not instantiated, and assertions are left out.
    text = to_verilog(core, name=MODULE, platform=SimpleNamespace(device=""))
    description = describe_core(folded, MODULE, ports, inputs)
    files = ExportedCore(
        verilog=directory / f"{MODULE}.v",
        description=directory / f"{MODULE}.json",
        manual=directory / f"{MODULE}.md",
        waivers=directory / f"{MODULE}.vlt",
    )
    directory.mkdir(parents=True, exist_ok=True)
    for path, content in (
        (files.verilog, text),
        (files.description, json.dumps(description, indent=2) + "\n"),
        (files.manual, page(folded, MODULE, ports, inputs)),
        (files.waivers, waivers(MODULE)),
    ):
        write_atomically(path, content.encode())
    return files
