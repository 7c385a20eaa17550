"""The imports between the folders of Metaplast, read from the source.

``python -m tests.imports`` writes them as a drawing into docs/architecture.md.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PACKAGES", "ROOT", "Import", "drawing", "imports", "written"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("golden_model", "tools", "hdl", "sim", "boards", "cli")
BLOCK = re.compile(r"(<!-- imports: .*? -->\n).*?(<!-- end of imports -->)", re.DOTALL)


@dataclass(frozen=True)
class Import:
    """An import of a module of Metaplast, or of another package.

    Attributes
    ----------
    importer, imported : str
        Modules; those of Metaplast without ``metaplast.``.
    lazy : bool
        Whether it happens when a function is called, and not with the module.
    """

    importer: str
    imported: str
    lazy: bool

    @property
    def folders(self) -> tuple[str, str]:
        """The folders of both modules."""
        return folder_of(self.importer), folder_of(self.imported)


def folder_of(module: str) -> str:
    """The folder of a module, such as ``hdl/link``; of a package, the folder itself."""
    path = ROOT.joinpath(*module.split("."))
    return path.relative_to(ROOT).as_posix() if path.is_dir() else "/".join(module.split(".")[:-1])


def imports() -> Iterator[Import]:
    """All imports of all modules, but for those that only type checkers follow."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            folder = parts[:-1]
            for node, lazy in _statements(ast.parse(path.read_text(encoding="utf-8")), False):
                for imported in _imported(node, folder):
                    yield Import(name, imported, lazy)


def _statements(tree: ast.AST, lazy: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, lazy
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for other in node.orelse:
                yield from _statements(ast.Module([other], []), lazy)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _statements(node, lazy or inside)


def _imported(node: ast.Import | ast.ImportFrom, folder: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    module = (node.module or "").split(".") if node.module else []
    if node.level:
        module = [*folder[: len(folder) - node.level + 1], *module]
    for alias in node.names:
        # `from package import module` imports the module.
        path = ROOT.joinpath(*module, alias.name)
        is_module = bool(node.level) and (path.is_dir() or path.with_suffix(".py").exists())
        yield ".".join([*module, alias.name] if is_module else module)


def arrows() -> dict[tuple[str, str], bool]:
    """The arrows between folders, and whether each is lazy wherever it occurs."""
    found: dict[tuple[str, str], bool] = {}
    for one in imports():
        importer, imported = one.folders
        if one.imported.split(".")[0] in PACKAGES and importer != imported:
            found[importer, imported] = found.get((importer, imported), True) and one.lazy
    return found


def drawing() -> str:
    """The arrows between packages, and between the folders of each, for Mermaid."""
    found = arrows()
    lines = ["```mermaid", "flowchart BT"]
    between: dict[tuple[str, str], bool] = {}
    for (importer, imported), lazy in found.items():
        pair = importer.split("/")[0], imported.split("/")[0]
        if pair[0] != pair[1]:
            between[pair] = between.get(pair, True) and lazy
    for (importer, imported), lazy in sorted(between.items()):
        lines.append(f"    {importer} {'-.->' if lazy else '-->'} {imported}")
    lines.append("```")
    for package in PACKAGES:
        own = {
            pair: lazy
            for pair, lazy in found.items()
            if all(p.split("/")[0] == package for p in pair)
        }
        if not own:
            continue
        lines += ["", f"The folders of `{package}`:", "", "```mermaid", "flowchart BT"]
        for (importer, imported), lazy in sorted(own.items()):
            lines.append(f"    {_node(importer)} {'-.->' if lazy else '-->'} {_node(imported)}")
        lines.append("```")
    return "\n".join(lines) + "\n"


def _node(folder: str) -> str:
    """A folder as Mermaid wants it: an identifier and a label."""
    return f"{folder.replace('/', '_')}[{folder}]"


def written(page: str) -> str:
    """A page with today's drawing in its marked block."""
    return BLOCK.sub(lambda match: f"{match[1]}{drawing()}{match[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
