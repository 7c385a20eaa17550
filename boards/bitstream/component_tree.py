"""The components of a build as a tree: what each takes, with and without its parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .tool_reports import RESOURCES

__all__ = ["ROOT", "ComponentRow", "component_rows"]

ROOT = "top"
"""The name of the whole design, and of the cells that are in none of its components."""


@dataclass(frozen=True)
class ComponentRow:
    """A line of the tree.

    Attributes
    ----------
    name : str
        The last part of the component's path.
    depth : int
        Components around it; 0 for the whole design.
    own : bool
        Whether this line is the cells of a component that are in none of its parts. Such a line
        has the component's name and stands above its parts, as deep as they are.
    needs : dict of str to int
        What it takes, by each of :data:`.tool_reports.RESOURCES`; with all its parts, unless
        ``own``.
    """

    name: str
    depth: int
    own: bool
    needs: dict[str, int]


def component_rows(components: Mapping[str, Mapping[str, int]]) -> list[ComponentRow]:
    """Lines of the tree, each component above its parts, the part of most LUTs first.

    Parameters
    ----------
    components : mapping of str to mapping of str to int
        What the cells of each component take, without its parts, by its path such as
        ``trainer.core``; as :func:`.tool_reports.cell_needs` gives it.
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
