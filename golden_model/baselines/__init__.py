"""Baselines for `metaplast compare`: committee machine, straight-through network, gate counts.

Every name is imported at its first use; only StraightThroughNetwork needs PyTorch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .committee import CommitteeMachine
    from .gate_counts import (
        adam_gates,
        binary_gates,
        committee_gates,
        sgd_gates,
        straight_through_gates,
    )
    from .straight_through import StraightThroughNetwork as StraightThroughNetwork

# StraightThroughNetwork needs PyTorch, so `import *` leaves it out.
__all__ = [
    "CommitteeMachine",
    "adam_gates",
    "binary_gates",
    "committee_gates",
    "sgd_gates",
    "straight_through_gates",
]

_MODULES = {
    "committee": ("CommitteeMachine",),
    "gate_counts": (
        "adam_gates",
        "binary_gates",
        "committee_gates",
        "sgd_gates",
        "straight_through_gates",
    ),
    "straight_through": ("StraightThroughNetwork",),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "StraightThroughNetwork"})
