"""Reference implementation of all encoders in plain Python loops (docs/algorithm.md, 7).

It is written to be read. :func:`~.fit.fit_encoder` gives the same bits with NumPy, fast; tests
compare the two.
"""

from collections.abc import Sequence
from typing import Any

from ..errors import DataError
from .choice import EncodingChoice

__all__ = ["ReferenceEncoder"]

Image = list[list[int]]


class ReferenceEncoder:
    """An encoder in plain loops, fitted to training samples.

    Parameters
    ----------
    train : sequence of samples
        Training samples: rows of finite floats, or with image planes, images as rows of pixels.
    choice : EncodingChoice
        The kind of the encoder.

    Raises
    ------
    DataError
        If the data cannot be encoded as chosen.
    """

    def __init__(self, train: Sequence[Sequence[Any]], choice: EncodingChoice):
        self.planes = choice.planes
        self.pool = choice.pool
        self.bits = False
        if self.planes:
            self._fit_planes(train, choice.difference)
            return
        T = choice.bits_per_feature
        values = [value for sample in train for value in sample]
        self.bits = all(value in (0, 1) for value in values)
        if self.bits:
            if T > 1:
                raise DataError("bits carry one bit a feature")
            return
        if choice.per_feature:
            columns = list(zip(*train, strict=True))
            self.columns = [thresholds(column)[:T] for column in columns]
            if not any(self.columns):
                raise DataError("no column has a threshold")
        else:
            shared = thresholds(values)
            if len(shared) < T:
                raise DataError(f"the data carry {len(shared)} bits a feature")
            self.columns = [shared[:T]] * len(train[0])

    def _fit_planes(self, train: Sequence[Any], difference: int | None) -> None:
        values = []
        for image in train:
            for row in self._pooled(image):
                values.extend(row)
        self.levels = thresholds(values)
        if self.planes.count("level") > len(self.levels):
            raise DataError(f"the images carry {len(self.levels)} levels")
        self.difference = max(values) // 32 if difference is None else difference

    def encode(self, sample: Sequence[Any]) -> list[int]:
        """The bits of a sample."""
        if self.planes:
            return self._encode_image(sample)
        if self.bits:
            return [int(value) for value in sample]
        encoded = []
        for m in range(max(map(len, self.columns))):
            for value, t in zip(sample, self.columns, strict=True):
                if m < len(t):
                    encoded.append(int(value > t[m]))
        return encoded

    def _encode_image(self, image: Any) -> list[int]:
        I = self._pooled(image)  # noqa: E741, the name in section 7
        H, W = len(I), len(I[0])

        def pixel(y: int, x: int) -> int:
            return I[y][x] if y < H and x < W else 0

        encoded = []
        levels = iter(self.levels)
        for plane in self.planes:
            if plane == "level":
                t = next(levels)
            for y in range(H):
                for x in range(W):
                    right = pixel(y, x + 1) - pixel(y, x)
                    down = pixel(y + 1, x) - pixel(y, x)
                    if plane == "level":
                        bit = pixel(y, x) > t
                    elif plane == "right":
                        bit = right > self.difference
                    elif plane == "down":
                        bit = down > self.difference
                    elif plane == "left":
                        bit = right < -self.difference
                    else:
                        bit = down < -self.difference
                    encoded.append(int(bit))
        return encoded

    def _pooled(self, image: Image) -> Image:
        if not self.pool:
            return image
        return [
            [
                image[y][x] + image[y][x + 1] + image[y + 1][x] + image[y + 1][x + 1]
                for x in range(0, len(image[0]), 2)
            ]
            for y in range(0, len(image), 2)
        ]


def median(values: Sequence[float]) -> float:
    """The median; of an even count, the mean of the middle two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    a, b = float(ordered[middle - 1]), float(ordered[middle])
    return (a + b) / 2


def thresholds(values: Sequence[float]) -> list[float]:
    """All thresholds ``t_0, t_1, …`` of a set of values."""
    t = median(values)
    smaller = [value for value in values if value < t]
    if not any(value > t for value in values) and smaller:
        t = float(max(smaller))
    found = []
    while greater := [value for value in values if value > t]:
        found.append(t)
        t = median(greater)
    return found
