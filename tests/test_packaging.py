"""What pip installs is what the folders hold, and what it needs is pinned."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import metaplast

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
PACKAGES = ("golden_model", "tools", "hdl", "sim", "boards", "cli")


def constraints() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def folders_with_code() -> dict[str, str]:
    """Each package there is, and its folder."""
    folders = {"metaplast": "metaplast"}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("__init__.py"):
            folder = file.parent.relative_to(ROOT)
            folders[f"metaplast.{'.'.join(folder.parts)}"] = folder.as_posix()
    return folders


def files_of_package(folder: Path) -> Iterator[Path]:
    """The files of a package, those in its folders that are no packages too."""
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from files_of_package(path)


def requirements() -> list[Requirement]:
    lists = [PROJECT["project"]["dependencies"], *EXTRAS.values()]
    return [Requirement(line) for lines in lists for line in lines]


def test_every_folder_with_code_is_a_listed_package() -> None:
    assert sorted(SETUPTOOLS["packages"]) == sorted(folders_with_code())
    assert SETUPTOOLS["package-dir"] == folders_with_code()


def test_every_file_that_is_no_code_is_package_data() -> None:
    declared = SETUPTOOLS["package-data"]
    for package, folder in folders_with_code().items():
        own = [*declared["*"], *declared.get(package, [])]
        patterns = [f"{folder}/{pattern}" for pattern in own]
        for file in files_of_package(ROOT / folder):
            if file.suffix not in (".py", ".pyc"):
                path = file.relative_to(ROOT)
                assert any(path.match(pattern) for pattern in patterns), path


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "metaplast" / "py.typed").is_file()
    assert "py.typed" in SETUPTOOLS["package-data"]["metaplast"]


def test_every_package_is_linked_for_type_checkers_and_editors() -> None:
    links = {path.name: path for path in (ROOT / "metaplast").iterdir() if path.is_symlink()}
    assert sorted(links) == sorted(PACKAGES)
    for name, link in links.items():
        assert link.readlink() == Path("..", name)


def test_the_core_needs_numpy_and_the_command_line_only() -> None:
    names = [Requirement(line).name for line in PROJECT["project"]["dependencies"]]
    assert names == ["lazy_loader", "numpy", "rich", "typer"]


def test_the_driver_needs_pyserial_besides_the_core_only() -> None:
    assert [Requirement(line).name for line in EXTRAS["driver"]] == ["pyserial"]


@pytest.mark.parametrize("extra", ["ice40", "ecp5", "gowin", "boards"])
def test_every_board_brings_the_driver(extra: str) -> None:
    assert "driver" in brought_by(extra)


def brought_by(extra: str) -> set[str]:
    """An extra, and those of ours that it names."""
    named = [Requirement(line) for line in EXTRAS[extra]]
    inner = [name for one in named if one.name == "metaplast" for name in one.extras]
    return {extra}.union(*map(brought_by, inner))


def test_all_is_every_extra_a_user_may_want() -> None:
    assert brought_by("all") == set(EXTRAS) - {"dev"}


def test_every_dependency_says_why_it_is_there() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for wanted in [PROJECT["project"]["dependencies"], *EXTRAS.values()]:
        for requirement in wanted:
            reasons = [line for line in lines if line.startswith(f'    "{requirement}",')]
            assert reasons, requirement
            for line in reasons:
                assert len(line.partition("#")[2].split()) >= 3, line


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_dependency_is_pinned_to_a_version_in_its_range(requirement: Requirement) -> None:
    if canonicalize_name(requirement.name) == "metaplast":
        return
    pinned = constraints()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pinned)


def test_what_the_dependencies_need_is_pinned_too() -> None:
    pinned = constraints()
    looked_at: set[str] = set()
    to_look_at = [canonicalize_name(requirement.name) for requirement in requirements()]
    while to_look_at:
        name = to_look_at.pop()
        if name in looked_at or name == "metaplast":
            continue
        looked_at.add(name)
        assert name in pinned
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # belongs to an extra that is not installed here
        for line in needed:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                to_look_at.append(canonicalize_name(requirement.name))


def test_the_version_is_told_once() -> None:
    assert metadata.version("metaplast") == metaplast.__version__
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {metaplast.__version__}" in changes


@pytest.mark.parametrize("command", [["-m", "metaplast.cli"], ["-c", "import metaplast.cli"]])
def test_the_command_is_there(command: list[str]) -> None:
    arguments = [*command, "--help"] if command[0] == "-m" else command
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_entry_point_loads() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="metaplast")
    assert entry.value == PROJECT["project"]["scripts"]["metaplast"]
    assert callable(entry.load())
