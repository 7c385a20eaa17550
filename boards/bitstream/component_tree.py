"""The components of a build as a tree, with the resources of each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .tool_reports import RESOURCES

__all__ = ["ROOT", "ComponentRow", "component_rows"]

ROOT = "top"
"""Name of the whole design, and of the cells that belong to no component."""


@dataclass(frozen=True)
class ComponentRow:
    """A row of the tree.

    Attributes
    ----------
    name : str
        The last part of the component's path.
    depth : int
        Level in the tree; 0 for the whole design.
    own : bool
        Whether this row counts only the cells of a component that belong to none of its parts.
        Such a row has the name of the component and is above its parts, at their level.
    needs : dict of str to int
        Amount of each of :data:`.tool_reports.RESOURCES`; with all parts, unless ``own``.
    """

    name: str
    depth: int
    own: bool
    needs: dict[str, int]


def component_rows(components: Mapping[str, Mapping[str, int]]) -> list[ComponentRow]:
    """Rows of the tree, each component above its parts, the parts in order of their LUTs.

    Parameters
    ----------
    components : mapping of str to mapping of str to int
        Resources of each component without its parts, by its path such as ``trainer.core``; from
        :func:`.tool_reports.cell_needs`.
    """
    own = {_path(name): needs for name, needs in components.items()}
    total: dict[tuple[str, ...], Counter[str]] = {(): Counter()}
    for path, needs in own.items():
        for length in range(len(path) + 1):
            total.setdefault(path[:length], Counter()).update(needs)

    def rows(path: tuple[str, ...]) -> Iterator[ComponentRow]:
        name, depth = (path or (ROOT,))[-1], len(path)
        yield ComponentRow(name, depth, False, _amounts(total[path]))
        parts = [part for part in total if part and part[:-1] == path]
        if parts and path in own:
            yield ComponentRow(name, depth + 1, True, _amounts(own[path]))
        for part in sorted(parts, key=lambda part: (-total[part]["luts"], part)):
            yield from rows(part)

    return list(rows(()))


def _path(name: str) -> tuple[str, ...]:
    return () if name == ROOT else tuple(name.split("."))


def _amounts(needs: Mapping[str, int]) -> dict[str, int]:
    return {resource: needs[resource] for resource in RESOURCES}
