"""A register needs one line in the map; everything that is generated from the map has it."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import metaplast

SCRIPT = Path(__file__).with_name("scratch_registers.py")
MAP = Path("hdl/registers/register_map.py")
DECLARATIONS = {
    "GlobalRegister": '    TRIAL = Register(255, "rw", "no function", reset=0x12345678)\n',
    "LayerRegister": '    TRIAL = Register(255, "rw", "no function in a layer", reset=0)\n',
    "LinkRegister": '    TRIAL = Register(255, "rw", "no function in the link", reset=0)\n',
}


def copy_package(directory: Path) -> Path:
    """A copy of hdl/, with links to the packages that it imports; gives its folder."""
    copy = directory / "metaplast"
    copy.mkdir()
    for name in ("golden_model", "tools"):
        (copy / name).symlink_to(folder(name))
    shutil.copytree(folder("hdl"), copy / "hdl", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "__init__.pyi"):
        shutil.copy(Path(metaplast.__file__).with_name(name), copy)
    return copy


def folder(package: str) -> Path:
    """The folder of one of our packages."""
    return Path(next(iter(import_module(f"metaplast.{package}").__path__))).resolve()


def run(directory: Path) -> "subprocess.CompletedProcess[str]":
    paths = [str(directory), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Output of the script for a package with three more declarations."""
    directory = tmp_path_factory.mktemp("declared")
    path = copy_package(directory) / MAP
    text = path.read_text(encoding="utf-8")
    for group, line in DECLARATIONS.items():
        head = text.index('"""\n\n', text.index(f"class {group}(")) + len('"""\n\n')
        text = text[:head] + line + text[head:]
    path.write_text(text, encoding="utf-8")
    done = run(directory)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_decoders_have_it(seen: dict[str, Any]) -> None:
    assert seen["seen"] == {
        "global": [0x12345678, 0, 0xC0FFEE00],
        "layer": [0, 0, 0xC0FFEE01],
    }


def test_the_exported_description_has_it(seen: dict[str, Any]) -> None:
    assert [one for one in seen["description"] if one["name"].endswith("TRIAL")] == [
        {
            "name": name,
            "address": address,
            "access": "rw",
            "meaning": meaning,
            "on_write": "store",
            "minimum": 0,
            "maximum": (1 << 32) - 1,
            "on_read": "value",
            "read_needs_idle": False,
            "reset": reset,
        }
        for name, address, meaning, reset in (
            ("TRIAL", 0xFF, "no function", 0x12345678),
            ("LAYER_0_TRIAL", 0x1FF, "no function in a layer", 0),
            ("LAYER_1_TRIAL", 0x2FF, "no function in a layer", 0),
        )
    ]


def test_the_exported_page_has_it(seen: dict[str, Any]) -> None:
    lines = seen["page"].splitlines()
    assert "| `0x0000ff` | `TRIAL` | rw | 32 bits | 305419896 | no function |" in lines
    for address, name in (("0x0001ff", "LAYER_0_TRIAL"), ("0x0002ff", "LAYER_1_TRIAL")):
        row = f"| `{address}` | `{name}` | rw | 32 bits | 0 | no function in a layer |"
        assert row in lines


def test_the_tables_in_the_docs_have_it(seen: dict[str, Any]) -> None:
    tables = {name: table.splitlines() for name, table in seen["tables"].items()}
    assert "| 255 | TRIAL | rw | 32 bits | 305419896 | no function |" in tables["global"]
    assert "| 255 | TRIAL | rw | 32 bits | 0 | no function in a layer |" in tables["layer"]
    assert "| FF00FF | TRIAL | rw | 32 bits | 0 | no function in the link |" in tables["link"]


def test_without_the_declarations_there_is_none(tmp_path: Path) -> None:
    copy_package(tmp_path)
    done = run(tmp_path)
    assert done.returncode == 1
    assert "KeyError: 'TRIAL'" in done.stderr
