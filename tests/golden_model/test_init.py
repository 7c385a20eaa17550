"""Public names of the golden model's packages, and the libraries that importing them loads."""

import subprocess
import sys
from types import ModuleType

import pytest

from metaplast import golden_model
from metaplast.golden_model import baselines, datasets, encoding, files

PACKAGES = [golden_model, baselines, datasets, encoding, files]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]
NEEDS_A_LIBRARY = [(golden_model, "BMLPClassifier"), (baselines, "StraightThroughNetwork")]


def loaded_by(code: str) -> set[str]:
    """Libraries outside the standard library that a program loads."""
    end = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code + end], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split()) & {"numpy", "sklearn", "scipy", "torch", "amaranth"}


@pytest.mark.parametrize(("package", "name"), [*NAMES, *NEEDS_A_LIBRARY])
def test_every_public_name_can_be_listed_and_imported(package: ModuleType, name: str) -> None:
    assert name in dir(package)
    if name == "StraightThroughNetwork":
        pytest.importorskip("torch")
    value = getattr(package, name)
    assert getattr(value, "__name__", name).rpartition(".")[2] == name


@pytest.mark.parametrize(
    ("code", "libraries"),
    [
        ("import metaplast.golden_model", set()),
        ("from metaplast.golden_model import baselines, datasets, encoding, files", set()),
        ("from metaplast.golden_model import ConfigurationError", set()),
        ("from metaplast.golden_model import *", {"numpy"}),
        ("from metaplast.golden_model.baselines import *", {"numpy"}),
        ("from metaplast.golden_model import BMLPClassifier", {"numpy", "scipy", "sklearn"}),
    ],
)
def test_a_name_loads_only_the_libraries_that_it_needs(code: str, libraries: set[str]) -> None:
    assert loaded_by(code) == libraries
