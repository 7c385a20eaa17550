from . import baselines as baselines, datasets as datasets, encoding as encoding, files as files
from .baselines.committee import CommitteeMachine as CommitteeMachine
from .batch_record import BatchRecord as BatchRecord
from .config import (
    LayerConfig as LayerConfig,
    NetworkConfig as NetworkConfig,
    default_group as default_group,
)
from .encoding import (
    Encoder as Encoder,
    EncodingChoice as EncodingChoice,
    encoding_choice as encoding_choice,
    fit_encoder as fit_encoder,
)
from .errors import (
    ConfigurationError as ConfigurationError,
    DataError as DataError,
    MetaplastError as MetaplastError,
    ModelFileError as ModelFileError,
)
from .estimator import BMLPClassifier as BMLPClassifier
from .files.data_image import DataImage as DataImage
from .files.model_file import Model as Model
from .metrics import (
    balanced_accuracy as balanced_accuracy,
    confusion_matrix as confusion_matrix,
    layer_accuracy as layer_accuracy,
)
from .network import Network as Network
from .network_state import NetworkState as NetworkState, StoredState as StoredState
from .random_stream import RandomStream as RandomStream
from .reference import ReferenceNetwork as ReferenceNetwork
from .schedule import epoch_order as epoch_order, reinforcement_events as reinforcement_events
from .trainer import (
    EpochRecord as EpochRecord,
    TrainableNetwork as TrainableNetwork,
    Trainer as Trainer,
)
