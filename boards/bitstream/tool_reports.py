"""Parsers of the tools' reports and netlists: clock, critical path, resources, placement."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from .toolchain import Flow

__all__ = [
    "RESOURCES",
    "cell_needs",
    "component_of",
    "component_paths",
    "critical_path",
    "placement_of",
    "reached_mhz",
]

RESOURCES = ("luts", "registers", "block_rams", "sprams", "dsps")
"""Resources of cells, as :meth:`.toolchain.Flow.count` names them."""

MODULE = re.compile(r"^module \\top\.(\S+)$", re.MULTILINE)
UNIQUE = re.compile(r"\$\d+")

COMPONENT_DEPTH = 5
"""Levels of component paths that are kept: down to the parts of a layer."""


def _trainer_clock(report: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """The clock with the lowest ratio of reached to requested frequency."""
    return min(report["fmax"].items(), key=lambda item: item[1]["achieved"] / item[1]["constraint"])


def reached_mhz(report: dict[str, Any]) -> float:
    """The clock in MHz that a placement reaches, from nextpnr's report."""
    return float(_trainer_clock(report)[1]["achieved"])


def critical_path(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the critical path, from nextpnr's report; empty if it has no path.

    A step has its ``kind``, its delay in ``ns``, and its cells ``from`` and ``to``.
    """
    name, _ = _trainer_clock(report)
    for path in report["critical_paths"]:
        if name in path["from"] and name in path["to"]:
            return [
                {
                    "kind": step["type"],
                    "ns": step["delay"],
                    "from": step["from"]["cell"],
                    "to": step["to"]["cell"],
                }
                for step in path["path"]
            ]
    return []


def cell_needs(netlist: Path, flow: Flow, source: str) -> dict[str, Any]:
    """Resources of a design, in total and by component.

    Parameters
    ----------
    netlist : Path
        The netlist that Yosys wrote for nextpnr.
    flow : Flow
        The flow of the FPGA's family.
    source : str
        The design in RTLIL, whose modules are its components.
    """
    modules = component_paths(source)
    design = json.loads(netlist.read_text())
    cells = design["modules"]["top"]["cells"]
    total: Counter[str] = Counter()
    components: dict[str, Counter[str]] = {}
    for name, cell in cells.items():
        count = flow.count(cell["type"])
        if not count:
            continue
        total.update(count)
        components.setdefault(component_of(name, modules), Counter()).update(count)
    return {
        "needs": {resource: total[resource] for resource in RESOURCES},
        "components": {
            name: {resource: counts[resource] for resource in RESOURCES}
            for name, counts in sorted(components.items())
        },
    }


def component_paths(source: str) -> set[tuple[str, ...]]:
    """Paths of a design's components, from its RTLIL."""
    return {tuple(name.split(".")) for name in MODULE.findall(source)}


def component_of(cell: str, modules: set[tuple[str, ...]]) -> str:
    """The component of a cell, from the cell's name; ``top`` if it is in none."""
    parts = tuple(cell.split("."))
    for length in range(len(parts), 0, -1):
        if parts[:length] in modules:
            return UNIQUE.sub("", ".".join(parts[:length][:COMPONENT_DEPTH]))
    return "top"


def placement_of(placed: Path, source: str) -> list[tuple[str, str, int, int]]:
    """Component, type, column and row of each placed cell, in order of position.

    Parameters
    ----------
    placed : Path
        The placed design that nextpnr wrote.
    source : str
        The design in RTLIL.
    """
    modules = component_paths(source)
    cells = json.loads(placed.read_text())["modules"]["top"]["cells"]
    found = []
    for name, cell in cells.items():
        bel = cell["attributes"].get("NEXTPNR_BEL", "")
        position = re.match(r"X(\d+)/?Y(\d+)/", bel)
        if position is not None:
            component = component_of(name, modules)
            found.append((int(position[1]), int(position[2]), bel, component, cell["type"]))
    return [(component, kind, x, y) for x, y, _, component, kind in sorted(found)]
