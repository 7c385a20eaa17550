"""Public names: what each package exports, and what no name may be called any more."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer

import metaplast
from metaplast.cli.app import app
from metaplast.hdl.planning import LayerPlan

from .imports import PACKAGES, ROOT

# Names of earlier releases that must not come back, whatever they name.
OLD_NAMES = {
    *("lanes", "slots", "next_load", "load_words"),
    *("Device", "DEVICES", "find_device", "device_name"),
    *("BitStream", "LiteralNetwork", "ApartMemory", "UpdateMarks", "WeightWalker"),
    *("CounterAccess", "Cable", "cables", "Surroundings", "comfort"),
}
OLD_PREFIXES = ("MOST_", "LEAST_", "LONGEST_")
# Names that are good elsewhere, by the file or folder where they were given up.
OLD_NAMES_BY_PLACE = {
    "hdl/layer": {"Layer"},
    "boards/targets": {"Board", "device"},
    "tools/cache.py": {"keep", "digest"},
    "hdl/planning/plan.py": {"word", "counters", "load", "draws", "device"},
    "hdl/planning": {"device"},
}
OLD_FACTORS = {"lanes", "word", "counters", "load", "slots", "draws"}
OLD_OPTIONS = {"--device"}


def names_in(tree: ast.AST) -> Iterator[str]:
    """The names that a module gives: classes, functions, parameters, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def old_names(path: str, source: str) -> set[str]:
    """The old names that a file gives, by its path and its source."""
    parts = {part.removesuffix(".py") for part in Path(path).parts}
    given = {*names_in(ast.parse(source)), *parts}
    bad = set(OLD_NAMES)
    for place, names in OLD_NAMES_BY_PLACE.items():
        if f"{path}/".startswith(f"{place}/"):
            bad |= names
    return {name for name in given if name in bad or name.startswith(OLD_PREFIXES)}


def packages() -> list[str]:
    """All packages whose names are exported by a stub."""
    found = [ROOT / "metaplast"]
    for package in PACKAGES:
        found += sorted(path.parent for path in (ROOT / package).rglob("__init__.pyi"))
    return [".".join(("metaplast", *path.relative_to(ROOT).parts)) for path in found]


MODULES = ["metaplast", *packages()[1:]]


def test_no_name_is_an_old_one() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            assert old_names(name, path.read_text(encoding="utf-8")) == set(), name


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("hdl/x.py", "def f(*, lanes: int) -> None: ...", {"lanes"}),
        ("hdl/x.py", "class C:\n    def f(self) -> None:\n        self.slots = 1", {"slots"}),
        ("sim/x.py", "MOST_CYCLES = 3", {"MOST_CYCLES"}),
        ("sim/x.py", "class Layer: ...", set()),
        ("hdl/layer/x.py", "class Layer: ...", {"Layer"}),
        ("tools/cache.py", "def keep() -> None: ...", {"keep"}),
        ("sim/comfort.py", "", {"comfort"}),
    ],
)
def test_an_old_name_is_found(path: str, source: str, found: set[str]) -> None:
    assert old_names(path, source) == found


def test_no_fold_factor_has_an_old_name() -> None:
    assert not {field.name for field in fields(LayerPlan)} & OLD_FACTORS


def test_no_option_has_an_old_name() -> None:
    group = typer.main.get_command(app)
    options = {
        option
        for command in group.commands.values()  # type: ignore[attr-defined]
        for parameter in command.params
        for option in parameter.opts
    }
    assert {"--fpga", "--board"} < options
    assert not options & OLD_OPTIONS


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_no_page_has_an_old_option_or_factor(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"--device\b|`(lanes|slots)`", text)


@pytest.mark.parametrize("module", MODULES)
def test_a_package_exports_its_names(module: str) -> None:
    package = importlib.import_module(module)
    assert package.__doc__
    assert package.__all__
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError):
        package.nobody  # noqa: B018 - it is the access that is tried


def test_every_package_has_a_docstring() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("__init__.py"):
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_importing_packages_imports_nothing_heavy() -> None:
    code = (
        "import sys, metaplast, metaplast.hdl, metaplast.sim, metaplast.boards; "
        "print({'numpy', 'amaranth', 'cocotb', 'serial', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_package_has_its_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", metaplast.__version__)
