"""Markdown tables of the register map, for the pages in docs/ and the exported manual.

    python -m metaplast.hdl.registers.document docs/gateware.md docs/link.md

updates the tables in those files. A table is between two marker lines::

    <!-- registers: layer -->
    <!-- end of registers -->

Its name is one of :data:`TABLES`.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .register_declaration import WORD, OnWrite, Register, RegisterGroup
from .register_map import (
    LINK_BASE,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    UniversalLayerRegister,
    UniversalRegister,
)

__all__ = [
    "REGISTER_COLUMNS",
    "TABLES",
    "markdown_table",
    "register_row",
    "status_table",
    "update",
    "value_range",
]

REGISTER_COLUMNS = ("address", "register", "access", "values", "reset", "meaning")

BLOCK = re.compile(
    r"^(?P<begin><!-- registers: (?P<name>[^\n]*) -->)\n.*?^(?P<end><!-- end of registers -->)$",
    re.DOTALL | re.MULTILINE,
)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, without a newline at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def value_range(declaration: Register, layer: Any = None) -> str:
    """The values that can be written to a register, in words; empty if none can.

    Parameters
    ----------
    declaration : Register
        The register.
    layer : LayerConfig or UniversalEngine, optional
        The layer that it belongs to, or the engine of a universal trainer. Without it, bounds that
        follow from these are symbols.
    """
    if not declaration.writable:
        return ""
    if declaration.on_write is OnWrite.CLEAR:
        return "any"
    bounds = (declaration.minimum, declaration.maximum)
    lowest, highest = declaration.bounds(layer) if layer else bounds
    if (lowest, highest) == (0, WORD):
        return "32 bits"
    return str(lowest) if lowest == highest else f"{lowest} to {highest}"


def register_row(
    address: str, name: str, declaration: Register, layer: Any = None
) -> tuple[str, ...]:
    """A register's row in a table with :data:`REGISTER_COLUMNS`; ``layer`` as above."""
    return (
        address,
        name,
        declaration.access,
        value_range(declaration, layer),
        "" if declaration.reset is None else str(declaration.reset),
        declaration.meaning,
    )


def status_table() -> str:
    """A table of the statuses."""
    rows = [(str(status.value), status.name, status.meaning) for status in Status]
    return markdown_table(("status", "name", "meaning"), rows)


def _group_table(group: type[RegisterGroup], address: Callable[[int], str] = str) -> str:
    rows = [register_row(address(one), one.name, one.declaration) for one in group]
    return markdown_table(REGISTER_COLUMNS, rows)


TABLES: dict[str, Callable[[], str]] = {
    "status": status_table,
    "global": lambda: _group_table(GlobalRegister),
    "layer": lambda: _group_table(LayerRegister),
    "universal": lambda: _group_table(UniversalRegister),
    "universal layer": lambda: _group_table(UniversalLayerRegister),
    "link": lambda: _group_table(LinkRegister, lambda offset: f"{LINK_BASE | offset:06X}"),
}
"""The tables of the pages in docs/, by name."""


def update(text: str) -> str:
    """Return a page with its tables updated.

    Raises
    ------
    ValueError
        If the name of a table is not in :data:`TABLES`.
    """

    def table(block: re.Match[str]) -> str:
        if block["name"] not in TABLES:
            raise ValueError(
                f"there is no table {block['name']!r} of registers: name one of {', '.join(TABLES)}"
            )
        return f"{block['begin']}\n\n{TABLES[block['name']]()}\n\n{block['end']}"

    return BLOCK.sub(table, text)


def main(paths: Sequence[str]) -> None:
    """Update the tables of pages."""
    for path in map(Path, paths):
        path.write_text(update(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
