"""The conformance vectors in tests/data/vectors."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RUNS", "VECTORS", "Arrays", "read"]

VECTORS = Path(__file__).parent / "data" / "vectors"

# Files that are no training runs.
PARTS = {"block_order", "columns", "image_planes", "stream"}
RUNS = sorted(path.stem for path in VECTORS.glob("*.npz") if path.stem not in PARTS)

Arrays = dict[str, NDArray[Any]]


def read(name: str) -> Arrays:
    """The arrays of a vector file."""
    with np.load(VECTORS / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)
