"""Encoders: from raw samples to bits (docs/algorithm.md, 7).

:func:`fit_encoder` fits an :class:`Encoder` to training samples, of the kind that an
:class:`EncodingChoice` names: bits, thermometer (shared or per feature), image planes. Every name
is imported at its first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bits import BitEncoder
    from .choice import (
        EDGES,
        PLANES,
        POOLED_EDGES,
        EncodingChoice,
        encoding_choice,
        parse_encoding,
        parse_image_shape,
    )
    from .encoder import Encoder
    from .fit import fit_encoder
    from .image_planes import ImagePlaneEncoder
    from .reference import ReferenceEncoder
    from .thermometer import FeatureThermometerEncoder, ThermometerEncoder

__all__ = [
    "EDGES",
    "PLANES",
    "POOLED_EDGES",
    "BitEncoder",
    "Encoder",
    "EncodingChoice",
    "FeatureThermometerEncoder",
    "ImagePlaneEncoder",
    "ReferenceEncoder",
    "ThermometerEncoder",
    "encoding_choice",
    "fit_encoder",
    "parse_encoding",
    "parse_image_shape",
]

_MODULES = {
    "bits": ("BitEncoder",),
    "choice": (
        *("EDGES", "PLANES", "POOLED_EDGES", "EncodingChoice"),
        *("encoding_choice", "parse_encoding", "parse_image_shape"),
    ),
    "encoder": ("Encoder",),
    "fit": ("fit_encoder",),
    "image_planes": ("ImagePlaneEncoder",),
    "reference": ("ReferenceEncoder",),
    "thermometer": ("FeatureThermometerEncoder", "ThermometerEncoder"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
