"""Encoded samples as planes of bits, for pictures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .encoder import Encoder
from .image_planes import ImagePlaneEncoder

__all__ = ["bit_planes", "plane_names"]


def bit_planes(
    encoder: Encoder, bits: ArrayLike, image_shape: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """Arrange encoded images as planes: plane ``m`` has the ``m``-th bit of each pixel.

    Parameters
    ----------
    encoder : Encoder
        The encoder.
    bits : (n, outputs) of 0 and 1
        Encoded samples.
    image_shape : (height, width), optional
        Shape of a raw image, if the encoder does not have it.

    Returns
    -------
    (n, planes, height, width) float64
        0 and 1, and NaN where a pixel has no such bit.

    Raises
    ------
    DataError
        If the shape of the images is unknown, or the bits are not those of the encoder.
    """
    shape = encoder.plane_shape or image_shape
    if shape is None:
        raise DataError("planes of bits need the height and width of the images")
    table = np.asarray(bits)
    if table.ndim != 2 or table.shape[1] != encoder.outputs:
        raise DataError(
            f"encoded samples must be of shape (n, {encoder.outputs}), not {table.shape}"
        )
    plane = _plane_of_each_bit(encoder)
    planes = np.full((len(table), plane.max() + 1, shape[0] * shape[1]), np.nan)
    planes[:, plane, encoder.sources] = table
    return planes.reshape(len(table), -1, *shape)


def plane_names(encoder: Encoder) -> tuple[str, ...]:
    """A short name of each plane: ``level > 3``, ``right``, ``bit 0``."""
    if isinstance(encoder, ImagePlaneEncoder):
        thresholds = iter(encoder.thresholds.tolist())
        return tuple(
            f"level > {next(thresholds):g}" if name == "level" else name for name in encoder.planes
        )
    planes = int(_plane_of_each_bit(encoder).max()) + 1
    if encoder.thresholds.ndim == 1 and encoder.thresholds.size:
        return tuple(f"> {threshold:g}" for threshold in encoder.thresholds)
    return tuple(f"bit {plane}" for plane in range(planes))


def _plane_of_each_bit(encoder: Encoder) -> NDArray[np.int64]:
    """For each bit, the number of earlier bits of the same pixel."""
    order = np.argsort(encoder.sources, kind="stable")
    ordered = encoder.sources[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[starts, len(ordered)])
    plane = np.empty(len(ordered), dtype=np.int64)
    plane[order] = np.arange(len(ordered)) - np.repeat(starts, counts)
    return plane
