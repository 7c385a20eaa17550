"""The public names of the package, and the modules that they import."""

import subprocess
import sys

import pytest

from metaplast.hdl import planning


@pytest.mark.parametrize("name", planning.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(planning, name) is not None


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"^No metaplast.hdl.planning attribute Planner$"):
        _ = planning.Planner


def test_plans_are_imported_without_the_planner_and_amaranth() -> None:
    code = (
        "import sys; from metaplast.hdl.planning import NetworkPlan; from metaplast.hdl.planning "
        "import plan; print([name for name in sys.modules "
        "if name.split('.')[0] == 'amaranth' or name.startswith('metaplast.hdl.planning.')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == str(
        [f"metaplast.hdl.planning.{name}" for name in ("integers", "fold_formulas", "plan")]
    )
