"""The golden model of the local-error training algorithm (docs/algorithm.md), in NumPy."""

import importlib
from typing import TYPE_CHECKING, Any

from .baselines.committee import CommitteeMachine
from .batch_record import BatchRecord
from .config import LayerConfig, NetworkConfig, default_group
from .encoding import Thermometer
from .errors import ConfigurationError, DataError, MetaplastError, ModelFileError
from .files.model_file import Model
from .network import Network
from .random_stream import RandomStream
from .reference import ReferenceNetwork
from .schedule import epoch_order, reinforcement_events
from .trainer import EpochRecord, Trainer

if TYPE_CHECKING:
    from . import datasets
    from .estimator import BMLPClassifier as BMLPClassifier

# BMLPClassifier is imported by its name only: it needs scikit-learn, which the model does not.
__all__ = [
    "BatchRecord",
    "RandomStream",
    "CommitteeMachine",
    "ConfigurationError",
    "DataError",
    "EpochRecord",
    "LayerConfig",
    "ReferenceNetwork",
    "MetaplastError",
    "Model",
    "ModelFileError",
    "Network",
    "NetworkConfig",
    "Thermometer",
    "Trainer",
    "datasets",
    "default_group",
    "epoch_order",
    "reinforcement_events",
]


def __getattr__(name: str) -> Any:
    if name == "datasets":  # whose downloads need much of the standard library
        return importlib.import_module(".datasets", __name__)
    if name == "BMLPClassifier":
        return importlib.import_module(".estimator", __name__).BMLPClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
