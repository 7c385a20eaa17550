"""JSON text in model files: writing, and reading with every type checked."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelFileError

__all__ = ["JsonObject", "json_array", "json_value", "plain", "shown"]


class JsonObject:
    """A JSON object from an untrusted file; reading a value checks its type.

    Parameters
    ----------
    name : str
        Name of the object in error messages.
    value : Any
        The parsed JSON value.

    Raises
    ------
    ModelFileError
        If the value is no JSON object.
    """

    def __init__(self, name: str, value: Any):
        if not isinstance(value, Mapping):
            raise ModelFileError(f"{name} must be a JSON object, not {shown(value)}")
        self.name = name
        self.value = value

    def get(self, key: str, *types: type) -> Any:
        """The value of a key, of one of these types; a bool counts as an integer nowhere."""
        if key not in self.value:
            raise ModelFileError(f"{self.name} lacks {key}")
        value = self.value[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ModelFileError(f"{self.name}: {key} cannot be {shown(value)}")
        return value

    def part(self, key: str) -> "JsonObject":
        """The JSON object under a key."""
        return JsonObject(f"{self.name}: {key}", self.get(key, dict))


def json_array(value: Any) -> NDArray[Any]:
    """A value as JSON text in an array without axes."""
    return np.array(json.dumps(value, allow_nan=False, default=plain))


def plain(value: Any) -> Any:
    """A NumPy scalar as a Python number; any other value unchanged."""
    return value.item() if isinstance(value, np.generic) else value


def json_value(arrays: dict[str, NDArray[Any]], name: str) -> Any:
    """Parse the JSON text of an array.

    Raises
    ------
    ModelFileError
        If the array is missing, holds no text, or the text is no valid JSON.
    """
    if name not in arrays:
        raise ModelFileError(f"{name} is missing")
    text = arrays[name]
    if text.dtype.kind != "U" or text.ndim:
        raise ModelFileError(f"{name} must be JSON text, not {text.dtype} of shape {text.shape}")

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(str(text), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} is not valid JSON: {error}") from None


def shown(value: Any) -> str:
    """A JSON value as text for an error message, at most 60 characters."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
