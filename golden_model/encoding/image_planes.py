"""The image plane encoder: levels, and comparisons of neighbouring pixels, with pooling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..config import checked_minimum
from ..errors import ConfigurationError, DataError
from .choice import EncodingChoice, checked_planes
from .encoder import Encoder, frozen_thresholds
from .raw_samples import row_slices, sample_array, sample_table
from .thresholds import count_values, counted_thresholds

__all__ = ["MAX_PIXEL", "ImagePlaneEncoder", "fit_image_planes"]

MAX_PIXEL = 65_535

# By default, neighbours differ if their difference exceeds the largest value divided by this.
DIFFERENCE_DIVISOR = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class ImagePlaneEncoder(Encoder):
    """Encodes images as planes of bits: levels, and differences of neighbouring pixels.

    With pooling, each 2×2 block is first replaced by its sum. Pixels ``I[y][x]`` outside the image
    are 0. The planes come in the order of their list, each row by row:

    =========  ===========================================================
    ``level``  ``I[y][x] > t_m``, with ``m`` the number of earlier levels
    ``right``  ``I[y][x+1] − I[y][x] > δ``
    ``down``   ``I[y+1][x] − I[y][x] > δ``
    ``left``   ``I[y][x+1] − I[y][x] < −δ``
    ``up``     ``I[y+1][x] − I[y][x] < −δ``
    =========  ===========================================================

    Parameters
    ----------
    height, width : int
        Shape of a raw image. At least 1; even with pooling.
    planes : tuple of str
        At least one; ``level`` may come several times, the others once.
    pool : bool
        Whether images are pooled.
    difference : int
        ``δ``. At least 0.
    thresholds : (levels,) float64
        ``t_m``, finite and rising; one for each ``level``.

    Raises
    ------
    ConfigurationError
        If a value breaks a rule above.
    """

    height: int
    width: int
    planes: tuple[str, ...]
    pool: bool
    difference: int
    thresholds: NDArray[np.float64]

    kind = "image-planes"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "height", checked_minimum("height", self.height, 1))
        put(self, "width", checked_minimum("width", self.width, 1))
        choice = EncodingChoice(
            planes=checked_planes(self.planes), pool=self.pool, difference=self.difference
        )
        put(self, "planes", choice.planes)
        put(self, "pool", choice.pool)
        put(self, "difference", checked_minimum("difference", self.difference, 0))
        put(self, "thresholds", frozen_thresholds(self.thresholds, 1))
        if self.pool:
            _check_even(self.height, self.width)
        levels = self.planes.count("level")
        if len(self.thresholds) != levels:
            raise ConfigurationError(
                f"thresholds must have one value for each of {levels} levels, not "
                f"{len(self.thresholds)}"
            )
        if not np.all(np.isfinite(self.thresholds)) or np.any(np.diff(self.thresholds) <= 0):
            raise ConfigurationError("thresholds must be finite and rise from level to level")

    @property
    def features(self) -> int:
        return self.height * self.width

    @property
    def image_shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Height and width of a plane: of a raw image, or of a pooled one."""
        return (self.height // 2, self.width // 2) if self.pool else (self.height, self.width)

    @property
    def outputs(self) -> int:
        height, width = self.plane_shape
        return len(self.planes) * height * width

    @property
    def choice(self) -> EncodingChoice:
        return EncodingChoice(planes=self.planes, pool=self.pool, difference=self.difference)

    @property
    def sources(self) -> NDArray[np.int64]:
        height, width = self.plane_shape
        return np.tile(np.arange(height * width, dtype=np.int64), len(self.planes))

    @property
    def summary(self) -> str:
        text = f"images of {self.height}×{self.width}, "
        if self.pool:
            text += "pooled to {}×{}, ".format(*self.plane_shape)
        text += f"planes {','.join(self.planes)}"
        if self.thresholds.size:
            text += ": level above " + ", ".join(f"{t:g}" for t in self.thresholds)
        if set(self.planes) - {"level"}:
            text += f"; difference above {self.difference}"
        return text

    def settings(self) -> dict[str, Any]:
        return {
            "height": self.height,
            "width": self.width,
            "planes": list(self.planes),
            "pool": self.pool,
            "difference": self.difference,
        }

    def _table(self, x: ArrayLike) -> NDArray[Any]:
        samples = sample_array(x)
        if samples.ndim == 3 and samples.shape[1:] != self.image_shape:
            raise DataError(
                f"images must be of {self.height}×{self.width} pixels, as in training, not "
                f"{samples.shape[1]}×{samples.shape[2]}"
            )
        return super()._table(samples)

    def _encode(self, values: NDArray[Any], first_row: int, out: NDArray[np.bool_]) -> None:
        images = _images(values, first_row, self.image_shape, pool=self.pool)
        planes = out.reshape(len(images), len(self.planes), *self.plane_shape)
        # No difference is greater than this, and a larger number may not fit the array's type.
        difference = min(self.difference, 4 * MAX_PIXEL)
        level = 0
        for index, name in enumerate(self.planes):
            plane = planes[:, index]
            if name == "level":
                np.greater(images, self.thresholds[level], out=plane)
                level += 1
            elif name in ("right", "down"):
                np.greater(_differences(images, name == "right"), difference, out=plane)
            else:
                np.less(_differences(images, name == "left"), -difference, out=plane)


def fit_image_planes(
    x: ArrayLike, choice: EncodingChoice, image_shape: tuple[int, int] | None
) -> ImagePlaneEncoder:
    """Fit an image plane encoder to training images.

    Parameters
    ----------
    x : (n, height, width) or (n, height · width) numbers
        Whole numbers from 0 to 65,535. At least one image.
    choice : EncodingChoice
        Planes, pooling and difference.
    image_shape : (height, width) or None
        Needed if ``x`` has two dimensions.

    Raises
    ------
    DataError
        If the shape is unknown or contradictory, a size is odd with pooling, a value is not such a
        number, or the images have fewer thresholds than there are levels.
    """
    samples = sample_array(x)
    shape = _image_shape(samples, image_shape)
    if choice.pool:
        _check_even(*shape)
    table = sample_table(samples)

    def images() -> Iterator[NDArray[np.int32]]:
        for first_row, values in row_slices(table):
            yield _images(values, first_row, shape, pool=choice.pool)

    counts = count_values(images(), MAX_PIXEL * (4 if choice.pool else 1))
    highest = int(np.flatnonzero(counts)[-1])
    levels = choice.planes.count("level")
    thresholds = counted_thresholds(counts, levels) if levels else []
    if len(thresholds) < levels:
        carried = len(thresholds)
        way_out = f"list level {carried} times at most" if carried else "leave level out"
        raise DataError(
            f"the planes have level {levels} times, and the training images can carry {carried} "
            f"levels; {way_out}"
        )
    return ImagePlaneEncoder(
        height=shape[0],
        width=shape[1],
        planes=choice.planes,
        pool=choice.pool,
        difference=(
            highest // DIFFERENCE_DIVISOR if choice.difference is None else choice.difference
        ),
        thresholds=np.array(thresholds, dtype=np.float64),
    )


def _image_shape(samples: NDArray[Any], image_shape: tuple[int, int] | None) -> tuple[int, int]:
    """Height and width, from the array's shape or as given."""
    if samples.ndim == 3:
        return samples.shape[1], samples.shape[2]
    if image_shape is None:
        raise DataError(
            "image planes need the height and width of the images, and samples of shape "
            f"{samples.shape} do not show them; give the shape (image, command line: --image HxW) "
            "or an array of shape (samples, height, width)"
        )
    return image_shape


def _check_even(height: int, width: int) -> None:
    if height % 2 or width % 2:
        raise ConfigurationError(
            f"pooling needs an even height and width, not {height}×{width}; crop or pad the "
            "images, or leave pooling out"
        )


def _images(
    values: NDArray[Any], first_row: int, shape: tuple[int, int], *, pool: bool
) -> NDArray[np.int32]:
    """Rows of a table as images of whole numbers, pooled if asked for, (n, height, width)."""
    _check_pixels(values, first_row, shape[1])
    images = values.reshape(len(values), *shape).astype(np.int32)
    if pool:
        rows = images[:, 0::2] + images[:, 1::2]
        images = rows[:, :, 0::2] + rows[:, :, 1::2]
    return images


def _check_pixels(values: NDArray[Any], first_row: int, width: int) -> None:
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        return
    allowed = (values >= 0) & (values <= MAX_PIXEL)
    if values.dtype.kind == "f":
        allowed &= np.floor(values) == values
    if not np.all(allowed):
        row, column = np.argwhere(~allowed)[0]
        raise DataError(
            f"pixels must be whole numbers from 0 to {MAX_PIXEL}, not {values[row, column]} as in "
            f"image {first_row + row}, row {column // width}, column {column % width}; scale and "
            "round the images"
        )


def _differences(images: NDArray[np.int32], horizontal: bool) -> NDArray[np.int32]:
    """The next pixel to the right (or below) minus each pixel; it is 0 outside the image."""
    differences = np.negative(images)
    if horizontal:
        differences[:, :, :-1] += images[:, :, 1:]
    else:
        differences[:, :-1] += images[:, 1:]
    return differences
