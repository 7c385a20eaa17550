"""The golden model of the local-error training algorithm (docs/algorithm.md), in NumPy."""

from typing import TYPE_CHECKING, Any

from .batch_record import BatchRecord
from .config import LayerConfig, NetworkConfig, default_group
from .errors import ConfigurationError, DataError, MetaplastError, ModelFileError
from .literal import LiteralNetwork
from .network import Network
from .stream import BitStream
from .trainer import EpochRecord, Trainer, epoch_order, reinforcement_events

if TYPE_CHECKING:
    from .estimator import BMLPClassifier

__all__ = [
    "BMLPClassifier",
    "BatchRecord",
    "BitStream",
    "ConfigurationError",
    "DataError",
    "EpochRecord",
    "LayerConfig",
    "LiteralNetwork",
    "MetaplastError",
    "ModelFileError",
    "Network",
    "NetworkConfig",
    "Trainer",
    "default_group",
    "epoch_order",
    "reinforcement_events",
]


def __getattr__(name: str) -> Any:
    # The estimator needs scikit-learn, which the model does not.
    if name == "BMLPClassifier":
        from .estimator import BMLPClassifier

        return BMLPClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
