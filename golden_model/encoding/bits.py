"""The encoder of samples that are bits already."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import checked_minimum
from ..errors import DataError
from .choice import EncodingChoice
from .encoder import Encoder
from .raw_samples import all_bits, finite_values

__all__ = ["BitEncoder"]

NO_THRESHOLDS = np.empty(0)
NO_THRESHOLDS.setflags(write=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class BitEncoder(Encoder):
    """Passes samples of 0 and 1 unchanged.

    Parameters
    ----------
    features : int
        Bits of a sample. At least 1.

    Raises
    ------
    ConfigurationError
        If ``features`` is not an integer of at least 1.
    """

    features: int

    kind = "bits"
    thresholds = NO_THRESHOLDS

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", checked_minimum("features", self.features, 1))

    @property
    def outputs(self) -> int:
        return self.features

    @property
    def choice(self) -> EncodingChoice:
        return EncodingChoice()

    @property
    def sources(self) -> NDArray[np.int64]:
        return np.arange(self.features, dtype=np.int64)

    @property
    def summary(self) -> str:
        return f"{self.features} features, bits already"

    def settings(self) -> dict[str, Any]:
        return {}

    def _encode(self, values: NDArray[Any], first_row: int, out: NDArray[np.bool_]) -> None:
        if not all_bits(values):
            finite_values(values, first_row)
            row, column = np.argwhere((values != 0) & (values != 1))[0]
            raise DataError(
                "the training data were bits, so values must be 0 or 1, not "
                f"{values[row, column]:g} as in row {first_row + row}, column {column}"
            )
        out[:] = values
