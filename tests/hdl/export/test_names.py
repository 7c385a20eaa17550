"""Names of exported cores."""

import re
from pathlib import Path

import pytest

from metaplast.golden_model import ConfigurationError, NetworkConfig
from metaplast.hdl.export.core_export import export_verilog
from metaplast.hdl.export.names import KEYWORDS, check_name
from metaplast.hdl.planning.plan import FoldedNetwork
from metaplast.hdl.planning.planner import default_plan

CONFIG = NetworkConfig(inputs=8, hidden=(4, 4), groups=(2, 2), classes=2, counter_bits=4)


@pytest.mark.parametrize("name", ["core", "_core", "Core_2", "modules"])
def test_identifiers_are_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *(
            (name, f"must be a letter or underscore, and then letters, digits .*{name!r}")
            for name in ("", "3cores", "a core", "a.b", "a/b", "core\n", "a$b", "größe")
        ),
        *((name, f"{name} is a keyword of Verilog") for name in ("module", "reg", "logic")),
        ("sb_spram256ka", "sb_spram256ka is the name of a cell; choose another name"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message).replace(r"\.\*", ".*")):
        export_verilog(FoldedNetwork(CONFIG, default_plan(CONFIG)), tmp_path / "new", name=name)
    assert not (tmp_path / "new").exists()


def test_there_are_as_many_keywords_as_in_the_standard() -> None:
    assert len(set(KEYWORDS.split())) == len(KEYWORDS.split()) == 248


def test_a_name_is_that_of_all_files_and_the_prefix_of_all_modules(tmp_path: Path) -> None:
    core = export_verilog(FoldedNetwork(CONFIG, default_plan(CONFIG)), tmp_path, name="trainer")
    assert {file.stem for file in core.files} == {"trainer"}
    modules = re.findall(r"^module \\?([^\s(]+)", core.verilog.read_text(), re.MULTILINE)
    assert "trainer" in modules
    assert len(modules) > 10
    assert all(module.split(".")[0] == "trainer" for module in modules if module != "trainer")
    assert '-file "*trainer.v"' in core.waivers.read_text()
