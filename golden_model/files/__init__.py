"""Files on disk: model files, untrusted NumPy archives, atomic writing.

Every name is imported at its first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .atomic import write_atomically
    from .destination import check_destination
    from .model_file import Model
    from .model_format import FORMAT
    from .npz import packed_arrays, read_arrays

__all__ = [
    "FORMAT",
    "Model",
    "check_destination",
    "packed_arrays",
    "read_arrays",
    "write_atomically",
]

_MODULES = {
    "atomic": ("write_atomically",),
    "destination": ("check_destination",),
    "model_file": ("Model",),
    "model_format": ("FORMAT",),
    "npz": ("packed_arrays", "read_arrays"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
