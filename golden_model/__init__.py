"""The golden model: the training algorithm of docs/algorithm.md in NumPy, bit for bit.

Networks and their training, random streams, encoders, data sets, model files, baselines, and a
scikit-learn estimator. Gateware is compared with this model. Every name is imported at its first
use, so ``import metaplast.golden_model`` alone loads no other library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import baselines, datasets, encoding, files
    from .baselines.committee import CommitteeMachine
    from .batch_record import BatchRecord
    from .config import LayerConfig, NetworkConfig, default_group
    from .encoding import Encoder, EncodingChoice, encoding_choice, fit_encoder
    from .errors import ConfigurationError, DataError, MetaplastError, ModelFileError
    from .estimator import BMLPClassifier as BMLPClassifier
    from .files.model_file import Model
    from .metrics import confusion_matrix
    from .network import Network
    from .network_state import NetworkState, StoredState
    from .random_stream import RandomStream
    from .reference import ReferenceNetwork
    from .schedule import epoch_order, reinforcement_events
    from .trainer import EpochRecord, TrainableNetwork, Trainer

# BMLPClassifier needs scikit-learn, so `import *` leaves it out.
__all__ = [
    "BatchRecord",
    "CommitteeMachine",
    "ConfigurationError",
    "DataError",
    "Encoder",
    "EncodingChoice",
    "EpochRecord",
    "LayerConfig",
    "MetaplastError",
    "Model",
    "ModelFileError",
    "Network",
    "NetworkConfig",
    "NetworkState",
    "RandomStream",
    "ReferenceNetwork",
    "StoredState",
    "TrainableNetwork",
    "Trainer",
    "baselines",
    "confusion_matrix",
    "datasets",
    "default_group",
    "encoding",
    "encoding_choice",
    "epoch_order",
    "files",
    "fit_encoder",
    "reinforcement_events",
]

_MODULES = {
    "baselines.committee": ("CommitteeMachine",),
    "batch_record": ("BatchRecord",),
    "config": ("LayerConfig", "NetworkConfig", "default_group"),
    "encoding": ("Encoder", "EncodingChoice", "encoding_choice", "fit_encoder"),
    "errors": ("ConfigurationError", "DataError", "MetaplastError", "ModelFileError"),
    "estimator": ("BMLPClassifier",),
    "files.model_file": ("Model",),
    "metrics": ("confusion_matrix",),
    "network": ("Network",),
    "network_state": ("NetworkState", "StoredState"),
    "random_stream": ("RandomStream",),
    "reference": ("ReferenceNetwork",),
    "schedule": ("epoch_order", "reinforcement_events"),
    "trainer": ("EpochRecord", "TrainableNetwork", "Trainer"),
}
_PACKAGES = ("baselines", "datasets", "encoding", "files")


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f".{name}", __name__)
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "BMLPClassifier"})
