"""Encoders: fitted values that map raw samples to bits (docs/algorithm.md, 7)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ConfigurationError, DataError
from .choice import EncodingChoice
from .raw_samples import row_slices, sample_table

__all__ = ["Encoder", "frozen_thresholds"]


class Encoder(ABC):
    """A fitted encoder: maps raw samples to the input bits of a network.

    :func:`~.fit.fit_encoder` makes one from training samples; a model file stores it. Encoders are
    immutable, and equal if they encode equally.

    Attributes
    ----------
    kind : str
        Kind of the encoder: ``"bits"``, ``"thermometer"``, ``"thermometer-per-feature"`` or
        ``"image-planes"``.
    features : int
        Values of a raw sample; pixels of an image.
    thresholds : float64 array
        All thresholds; the shape depends on the kind.
    """

    kind: ClassVar[str]

    if TYPE_CHECKING:  # a dataclass would take an inherited property as the default of its field

        @property
        def features(self) -> int: ...

        @property
        def thresholds(self) -> NDArray[np.float64]: ...

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Bits of an encoded sample."""

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width of a raw sample; None if samples need not be images."""
        return None

    @property
    def plane_shape(self) -> tuple[int, int] | None:
        """Height and width of a plane of bits; None if samples need not be images."""
        return None

    @property
    @abstractmethod
    def choice(self) -> EncodingChoice:
        """The choice that this encoder was fitted to."""

    @property
    @abstractmethod
    def sources(self) -> NDArray[np.int64]:
        """The feature of each output bit, (outputs,); with image planes, its pixel in a plane."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """A short description for people."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All values but the thresholds, ready for JSON."""

    def to_dict(self) -> dict[str, Any]:
        """All values, ready for JSON; NaN thresholds become None."""
        thresholds = self.thresholds.astype(object)
        thresholds[np.isnan(self.thresholds)] = None
        return {
            "kind": self.kind,
            "features": self.features,
            "outputs": self.outputs,
            **self.settings(),
            "thresholds": thresholds.tolist(),
        }

    def encode(self, x: ArrayLike) -> NDArray[np.uint8]:
        """Encode raw samples.

        Parameters
        ----------
        x : (n, features) or (n, height, width) numbers
            Raw samples.

        Returns
        -------
        (n, outputs) uint8
            Bits, 0 or 1, in C order.

        Raises
        ------
        DataError
            If the shape differs from that of the training samples, or a value is not finite or
            not in the range of this kind of encoder.
        """
        table = self._table(x)
        encoded = np.empty((len(table), self.outputs), dtype=np.uint8)
        for first_row, values in row_slices(table):
            out = encoded[first_row : first_row + len(values)]
            self._encode(values, first_row, out.view(np.bool_))
        return encoded

    def encode_slices(self, x: ArrayLike) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Encode raw samples, some rows at a time: little memory, whatever their number.

        Parameters
        ----------
        x : (n, features) or (n, height, width) numbers
            Raw samples.

        Yields
        ------
        int, (k, outputs) uint8
            Number of the first sample of the slice; the bits of its samples, 0 or 1. The array is
            used again for the next slice.

        Raises
        ------
        DataError
            As :meth:`encode`.
        """
        buffer = np.empty((0, self.outputs), dtype=np.uint8)
        for first_row, values in row_slices(self._table(x)):
            if len(buffer) < len(values):
                buffer = np.empty((len(values), self.outputs), dtype=np.uint8)
            out = buffer[: len(values)]
            self._encode(values, first_row, out.view(np.bool_))
            yield first_row, out

    def _table(self, x: ArrayLike) -> NDArray[Any]:
        """Raw samples as a table of this encoder's features."""
        table = sample_table(x)
        if table.shape[1] != self.features:
            raise DataError(
                f"samples must have {self.features} features, as in training, not {table.shape[1]}"
            )
        return table

    @abstractmethod
    def _encode(self, values: NDArray[Any], first_row: int, out: NDArray[np.bool_]) -> None:
        """Encode some rows of a table; ``first_row`` is for error messages."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Encoder):
            return NotImplemented
        return (
            self.kind == other.kind
            and self.features == other.features
            and self.settings() == other.settings()
            and np.array_equal(self.thresholds, other.thresholds, equal_nan=True)
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.features, self.thresholds.tobytes()))


def frozen_thresholds(thresholds: Any, dimensions: int) -> NDArray[np.float64]:
    """A read-only float64 copy of thresholds.

    Raises
    ------
    ConfigurationError
        If the type is not float64, or the number of dimensions differs.
    """
    array = np.array(thresholds)
    if array.dtype != np.float64:
        raise ConfigurationError(f"thresholds must be of type float64, not {array.dtype}")
    if array.ndim != dimensions:
        raise ConfigurationError(
            f"thresholds must have {dimensions} dimensions, not shape {array.shape}"
        )
    array.setflags(write=False)
    return array
