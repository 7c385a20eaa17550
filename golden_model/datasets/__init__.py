"""Data sets: built-in ones, a user's own files (.npz, .csv, IDX), and recorded training runs.

Every name is imported at its first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import NAMES, Description, describe, fetch, load, load_features, load_labelled
    from .data_set import DataSet, LabelledSamples, RunParameters

__all__ = [
    "DataSet",
    "Description",
    "LabelledSamples",
    "NAMES",
    "RunParameters",
    "describe",
    "fetch",
    "load",
    "load_features",
    "load_labelled",
]

_MODULES = {
    "catalogue": (
        "NAMES",
        "Description",
        "describe",
        "fetch",
        "load",
        "load_features",
        "load_labelled",
    ),
    "data_set": ("DataSet", "LabelledSamples", "RunParameters"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
