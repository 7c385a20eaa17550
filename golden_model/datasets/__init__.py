"""Data sets: the built-in ones, the user's own files, and recorded runs."""

from .catalogue import NAMES, Description, describe, fetch, load, load_features
from .data_set import DataSet, RunParameters

__all__ = [
    "DataSet",
    "RunParameters",
    "NAMES",
    "Description",
    "describe",
    "fetch",
    "load",
    "load_features",
]
