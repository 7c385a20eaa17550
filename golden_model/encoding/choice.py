"""The choice of an encoder: its kind and parameters, and their spelling as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..config import checked_minimum
from ..errors import ConfigurationError

__all__ = [
    "EDGES",
    "PLANES",
    "POOLED_EDGES",
    "EncodingChoice",
    "checked_planes",
    "encoding_choice",
    "parse_encoding",
    "parse_image_shape",
]

PLANES = ("level", "right", "down", "left", "up")
"""The planes that an image can have; ``level`` may be listed several times."""

EDGES = ("level", "level", "right", "down", "left", "up")
"""Planes of the encoding ``edges``."""

POOLED_EDGES = ("right", "down", "left", "up")
"""Planes of the encoding ``pooled-edges``, of pooled images."""

SPELLINGS = "median, levels:N, edges, pooled-edges, or a list of planes such as level,right,down"


@dataclass(frozen=True, kw_only=True)
class EncodingChoice:
    """The kind of an encoder and its parameters, before it is fitted.

    Parameters
    ----------
    bits_per_feature : int
        ``T``, thermometer bits of a feature; with ``per_feature`` the largest number of bits of a
        feature. At least 1; 1 with ``planes``.
    per_feature : bool
        Whether each feature has thresholds of its values alone.
    fewer_bits : bool
        Whether data that carry fewer bits than ``bits_per_feature`` get as many as they carry,
        instead of an error.
    planes : tuple of str
        Planes of an image, from :data:`PLANES`, in order; empty for a thermometer.
    pool : bool
        Whether each 2×2 block of an image is replaced by its sum.
    difference : int or None
        ``δ`` of the planes that compare neighbours. At least 0; by default from the data.

    Raises
    ------
    ConfigurationError
        If a value breaks a rule above, or the values contradict each other.
    """

    bits_per_feature: int = 1
    per_feature: bool = False
    fewer_bits: bool = False
    planes: tuple[str, ...] = ()
    pool: bool = False
    difference: int | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        bits = checked_minimum("bits_per_feature", self.bits_per_feature, 1)
        put(self, "bits_per_feature", bits)
        for name in ("per_feature", "fewer_bits", "pool"):
            put(self, name, _flag(name, getattr(self, name)))
        if self.difference is not None:
            put(self, "difference", checked_minimum("difference", self.difference, 0))
        if not self.planes:
            if self.pool or self.difference is not None:
                option = "pool" if self.pool else "difference"
                raise ConfigurationError(
                    f"{option} is for image planes; name planes too, or leave {option} out"
                )
            return
        put(self, "planes", checked_planes(self.planes))
        if bits > 1 or self.per_feature:
            option = "per_feature" if self.per_feature else "bits_per_feature"
            raise ConfigurationError(
                f"{option} is for thermometers; leave it out with image planes "
                f"({','.join(self.planes)})"
            )


def parse_encoding(text: str) -> EncodingChoice:
    """Parse the spelling of an encoding.

    Parameters
    ----------
    text : str
        ``median`` (one thermometer bit), ``levels:N`` (``N`` thermometer bits), ``edges``
        (:data:`EDGES`), ``pooled-edges`` (:data:`POOLED_EDGES`, pooled), or planes with commas
        between them, such as ``level,right,down``.

    Raises
    ------
    ConfigurationError
        If the text is none of these.
    """
    if not isinstance(text, str):
        raise ConfigurationError(f"encoding must be {SPELLINGS}; not {text!r}")
    name = text.strip()
    if name == "median":
        return EncodingChoice(bits_per_feature=1)
    if name == "edges":
        return EncodingChoice(planes=EDGES)
    if name == "pooled-edges":
        return EncodingChoice(planes=POOLED_EDGES, pool=True)
    first, colon, count = name.partition(":")
    if first == "levels" and colon:
        if not re.fullmatch(r"[1-9][0-9]{0,5}", count):
            raise ConfigurationError(
                f"levels:N needs a whole number of at least 1 for N, such as levels:3, not {text!r}"
            )
        return EncodingChoice(bits_per_feature=int(count))
    if "," in name or name in PLANES:
        return EncodingChoice(planes=checked_planes(name))
    raise ConfigurationError(f"encoding must be {SPELLINGS}; not {text!r}")


def checked_planes(planes: str | Sequence[str]) -> tuple[str, ...]:
    """Check a list of planes.

    Parameters
    ----------
    planes : str or sequence of str
        Names from :data:`PLANES`, at least one; as text, with commas between them. ``level`` may
        come several times, the others once.

    Raises
    ------
    ConfigurationError
        If the list breaks a rule above.
    """
    names = [name.strip() for name in planes.split(",")] if isinstance(planes, str) else planes
    try:
        checked = tuple(names)
    except TypeError:
        raise ConfigurationError(
            f"planes must be a list such as level,right,down, not {planes!r}"
        ) from None
    if not checked or checked == ("",):
        raise ConfigurationError(
            f"planes must name at least one plane; planes are {', '.join(PLANES)}"
        )
    for index, name in enumerate(checked):
        if name not in PLANES:
            raise ConfigurationError(f"there is no plane {name!r}; planes are {', '.join(PLANES)}")
        if name != "level" and name in checked[:index]:
            raise ConfigurationError(f"planes name {name} twice; only level may come several times")
    return tuple(map(str, checked))


def encoding_choice(
    *,
    encoding: str | None = None,
    bits_per_feature: int | None = None,
    per_feature: bool = False,
    planes: str | Sequence[str] | None = None,
    pool: bool = False,
    difference: int | None = None,
) -> EncodingChoice:
    """Make an encoding choice from the options of the command line or an estimator.

    Parameters
    ----------
    encoding : str, optional
        A spelling that :func:`parse_encoding` takes.
    bits_per_feature : int, optional
        ``T``; 1 by default. Not with ``encoding`` or ``planes``.
    per_feature : bool
        As in :class:`EncodingChoice`.
    planes : str or sequence of str, optional
        As :func:`checked_planes` takes them. Not with ``encoding``.
    pool : bool
        As in :class:`EncodingChoice`.
    difference : int, optional
        As in :class:`EncodingChoice`.

    Raises
    ------
    ConfigurationError
        If an option is wrong, or options contradict each other.
    """
    if encoding is not None:
        for name, value in (("bits_per_feature", bits_per_feature), ("planes", planes)):
            if value is not None:
                raise ConfigurationError(
                    f"{name} contradicts encoding {encoding!r}, which already says it; leave one "
                    "of them out"
                )
        choice = parse_encoding(encoding)
    elif planes is not None:
        if bits_per_feature is not None:
            raise ConfigurationError(
                "bits_per_feature is for thermometers; leave it out with image planes, and list "
                "level once for each bit"
            )
        choice = EncodingChoice(planes=checked_planes(planes))
    else:
        bits = 1 if bits_per_feature is None else bits_per_feature
        choice = EncodingChoice(bits_per_feature=bits)
    return replace(
        choice,
        per_feature=per_feature,
        pool=_flag("pool", pool) or choice.pool,
        difference=difference,
    )


def parse_image_shape(shape: Any) -> tuple[int, int]:
    """Parse the height and width of an image.

    Parameters
    ----------
    shape : str or sequence of two int
        Text such as ``28x28``, or two numbers of at least 1.

    Raises
    ------
    ConfigurationError
        If it is neither.
    """
    parts: Any = shape
    if isinstance(shape, str):
        found = re.fullmatch(r"\s*([0-9]{1,9})\s*[x×X]\s*([0-9]{1,9})\s*", shape)
        parts = found.groups() if found else ()
        parts = tuple(map(int, parts))
    try:
        height, width = parts
        return checked_minimum("height", height, 1), checked_minimum("width", width, 1)
    except (TypeError, ValueError):  # a ConfigurationError is a ValueError
        raise ConfigurationError(
            f"image must be a height and a width of at least 1, such as 28x28, not {shape!r}"
        ) from None


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise ConfigurationError(f"{name} must be True or False, not {value!r}")
    return bool(value)
