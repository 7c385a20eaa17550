"""What the tools' reports and netlists say of a design, by the component that it comes from."""

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
"""What cells take, as :meth:`.toolchain.Flow.count` names it."""

MODULE = re.compile(r"^module \\top\.(\S+)$", re.MULTILINE)
UNIQUE = re.compile(r"\$\d+")

COMPONENT_DEPTH = 5
"""As deep as the parts of a layer."""


def _trainer_clock(report: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """The clock that is least far above what is asked of it."""
    return min(report["fmax"].items(), key=lambda item: item[1]["achieved"] / item[1]["constraint"])


def reached_mhz(report: dict[str, Any]) -> float:
    """The trainer's clock in MHz that a placement reaches, by nextpnr's report."""
    return float(_trainer_clock(report)[1]["achieved"])


def critical_path(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the trainer's slowest path, by nextpnr's report; none if it names no path.

    A step has its ``kind``, the ``ns`` that it takes, and the cells that it goes ``from`` and
    ``to``.
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
    """What cells take, in all and by the component that they come from.

    Parameters
    ----------
    netlist : Path
        What Yosys wrote for nextpnr.
    flow : Flow
        Knows the family's cells.
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
    """Paths of a design's components, by its RTLIL."""
    return {tuple(name.split(".")) for name in MODULE.findall(source)}


def component_of(cell: str, modules: set[tuple[str, ...]]) -> str:
    """The component that a cell belongs to, by its name; ``top`` if it is in none."""
    parts = tuple(cell.split("."))
    for length in range(len(parts), 0, -1):
        if parts[:length] in modules:
            return UNIQUE.sub("", ".".join(parts[:length][:COMPONENT_DEPTH]))
    return "top"


def placement_of(placed: Path, source: str) -> list[tuple[str, str, int, int]]:
    """Cells' components, types and positions; those of a tile follow each other in its order.

    Parameters
    ----------
    placed : Path
        What nextpnr wrote.
    source : str
        The design in RTLIL.
    """
    modules = component_paths(source)
    cells = json.loads(placed.read_text())["modules"]["top"]["cells"]
    found = []
    for name, cell in cells.items():
        place = cell["attributes"].get("NEXTPNR_BEL", "")
        bel = re.match(r"X(\d+)/?Y(\d+)/", place)
        if bel is not None:
            component = component_of(name, modules)
            found.append((int(bel[1]), int(bel[2]), place, component, cell["type"]))
    return [(component, kind, x, y) for x, y, _, component, kind in sorted(found)]
