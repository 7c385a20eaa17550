"""Data sets: the built-in ones, the user's own files, and recorded runs."""

from .catalogue import NAMES, Description, describe, fetch, load, load_features, load_labelled
from .data_set import DataSet, LabelledSamples, RunParameters

__all__ = [
    "DataSet",
    "LabelledSamples",
    "RunParameters",
    "NAMES",
    "Description",
    "describe",
    "fetch",
    "load",
    "load_features",
    "load_labelled",
]
