"""A trained network with its encoder and history, and the file that holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..config import MAX_EPOCHS, NetworkConfig, checked_integer, checked_number
from ..encoding.encoder import Encoder
from ..errors import ConfigurationError, MetaplastError, ModelFileError
from ..network import Network, initial_classifier
from ..random_stream import RandomStream
from ..samples import samples_array
from ..trainer import EpochRecord, Trainer
from .atomic import write_atomically
from .destination import PathLike, check_destination
from .model_checks import (
    check_classifier,
    check_history,
    check_signs,
    checked_class_names,
    checked_feature_names,
    checked_image_shape,
    checked_label_values,
    checked_layers,
)
from .model_format import model_arrays, model_parts
from .npz import packed_arrays, read_arrays

__all__ = ["Model"]

# Samples encoded and predicted at once.
SLICE_ROWS = 4096


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A trained network between two epochs, with its encoder and history.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    encoder : Encoder
        Encodes raw samples as the network's inputs.
    counters : sequence of (K, N) integers
        ``k`` of each layer; copied, like all arrays, as int16.
    snapshot : sequence of (K, N) of 0 and 1
        ``W``, the counters' signs.
    classifier : sequence of (C, K) of 0 and 1
        ``P``, determined by the seed.
    streams : sequence of RandomStream
        Reinforcement streams at their positions; copied.
    epoch : int
        Number of the next epoch, 0 to 32768.
    accuracy : float
        Training accuracy of the previous epoch, 0 to 1; 0 if there was none.
    history : sequence of EpochRecord
        Records of the epochs, in rising order.
    data_name : str
        The data set's name.
    image_shape : (height, width) or None
        Height and width, if a sample is an image; by default from the encoder.
    class_names : sequence of str or None
        Names of the classes, if they have names.
    labels : sequence of int, str or bool, or None
        Label of each class in the data; None if labels are the numbers of the classes.
    feature_names : sequence of str or None
        Names of the features of a raw sample, in order, if they have names.
    label_name : str or None
        Name of the column that holds the labels in the training data, if it has one.

    Raises
    ------
    ConfigurationError
        If the parts contradict each other.
    """

    config: NetworkConfig
    encoder: Encoder
    counters: Sequence[NDArray[np.int16]]
    snapshot: Sequence[NDArray[np.uint8]]
    classifier: Sequence[NDArray[np.uint8]]
    streams: Sequence[RandomStream]
    epoch: int = 0
    accuracy: float = 0.0
    history: tuple[EpochRecord, ...] = ()
    data_name: str = ""
    image_shape: tuple[int, int] | None = None
    class_names: tuple[str, ...] | None = None
    labels: tuple[int | str | bool, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    label_name: str | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        if self.encoder.outputs != self.config.inputs:
            raise ConfigurationError(
                f"the encoder gives {self.encoder.outputs} bits and the network takes "
                f"{self.config.inputs}"
            )
        for name, dtype in (
            ("counters", np.int16),
            ("snapshot", np.uint8),
            ("classifier", np.uint8),
        ):
            put(self, name, checked_layers(self.config, name, getattr(self, name), dtype))
        if len(self.streams) != len(self.config.layers):
            raise ConfigurationError(
                f"there must be a reinforcement stream for each of the {len(self.config.layers)} "
                f"layers, not {len(self.streams)}"
            )
        put(
            self, "streams", [RandomStream.from_history(*stream.history) for stream in self.streams]
        )
        check_signs(self.counters, self.snapshot)
        check_classifier(self.config, self.classifier)
        put(self, "epoch", checked_integer("epoch", self.epoch, 0, MAX_EPOCHS))
        put(self, "accuracy", checked_number("accuracy", self.accuracy, 0.0, 1.0))
        put(self, "history", tuple(self.history))
        check_history(
            self.history,
            layers=len(self.config.layers),
            epoch=self.epoch,
            accuracy=self.accuracy,
        )
        if not isinstance(self.data_name, str):
            raise ConfigurationError(f"data_name must be text, not {self.data_name!r}")
        if self.image_shape is not None:
            shape = checked_image_shape(self.image_shape, self.encoder.features)
            put(self, "image_shape", shape)
        if (encoded := self.encoder.image_shape) is not None:
            if self.image_shape not in (None, encoded):
                raise ConfigurationError(
                    f"image_shape must be {encoded}, as the encoder has it, not {self.image_shape}"
                )
            put(self, "image_shape", encoded)
        if self.class_names is not None:
            put(self, "class_names", checked_class_names(self.class_names, self.config.classes))
        if self.labels is not None:
            labels = checked_label_values(self.labels, self.config.classes)
            numbers = all(str(label) == str(c) for c, label in enumerate(labels))
            put(self, "labels", None if numbers else labels)
        if self.feature_names is not None:
            names = checked_feature_names(self.feature_names, self.encoder.features)
            put(self, "feature_names", names)
        if not isinstance(self.label_name, str | None):
            raise ConfigurationError(f"label_name must be text or None, not {self.label_name!r}")

    @classmethod
    def from_trainer(
        cls,
        trainer: Trainer,
        encoder: Encoder,
        history: Sequence[EpochRecord] = (),
        *,
        data_name: str = "",
        image_shape: tuple[int, int] | None = None,
        class_names: Sequence[str] | None = None,
        labels: Sequence[int | str | bool] | None = None,
        feature_names: Sequence[str] | None = None,
        label_name: str | None = None,
    ) -> "Model":
        """Copy the state of a trainer; later training does not change the model.

        Parameters
        ----------
        trainer : Trainer
            A trainer between two epochs.
        encoder : Encoder
            The encoder of its samples.
        history : sequence of EpochRecord
            Records of the epochs.
        data_name, image_shape, class_names, labels, feature_names, label_name
            Properties of the data set, as in :class:`Model`.

        Raises
        ------
        ConfigurationError
            If the parts contradict each other.
        """
        network = trainer.network
        config = network.config
        return cls(
            config=config,
            encoder=encoder,
            counters=network.counters,
            snapshot=network.snapshot,
            classifier=[initial_classifier(layer, config.seed) for layer in config.layers],
            streams=network.streams,
            epoch=trainer.epoch,
            accuracy=trainer.accuracy,
            history=tuple(history),
            data_name=data_name,
            image_shape=image_shape,
            class_names=None if class_names is None else tuple(class_names),
            labels=None if labels is None else tuple(labels),
            feature_names=None if feature_names is None else tuple(feature_names),
            label_name=label_name,
        )

    def trainer(self) -> Trainer:
        """Make a trainer that continues the training as if it had never stopped."""
        network = Network.from_state(self.config, self.counters, self.snapshot, self.streams)
        return Trainer(network, epoch=self.epoch, accuracy=self.accuracy)

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Predict the classes of raw samples, (n, features) or (n, height, width) → (n,).

        Raises
        ------
        DataError
            If the samples cannot be encoded.
        """
        return self.local_predictions(x)[:, -1]

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Each layer's prediction for raw samples, (n, features) or (n, height, width) → (n, L).

        Raises
        ------
        DataError
            If the samples cannot be encoded.
        """
        table = samples_array(x)
        if not table.ndim or not len(table):
            return self._network.local_predictions(self.encoder.encode(table))
        return np.concatenate(
            [
                self._network.local_predictions(
                    self.encoder.encode(table[start : start + SLICE_ROWS])
                )
                for start in range(0, len(table), SLICE_ROWS)
            ]
        )

    def predict_bits(self, x: ArrayLike) -> NDArray[np.int64]:
        """Predict the classes of encoded samples, (n, N) of 0 and 1 → (n,).

        Raises
        ------
        DataError
            If the samples are not bits, or have another number of bits than the network takes.
        """
        return self._network.predict(x)

    @cached_property
    def _network(self) -> Network:
        return Network.from_state(self.config, self.counters, self.snapshot, self.streams)

    def save(self, path: PathLike) -> None:
        """Write a model file; an existing file is replaced completely or stays unchanged.

        Raises
        ------
        ModelFileError
            If the file cannot be written.
        """
        path = Path(path)
        check_destination(path)
        try:
            write_atomically(path, packed_arrays(model_arrays(self)))
        except OSError as error:
            raise ModelFileError(f"cannot write {path}: {error.strerror or error}") from None

    @classmethod
    def load(cls, path: PathLike) -> "Model":
        """Read a model file.

        Raises
        ------
        ModelFileError
            If the file cannot be read, is damaged, inconsistent or of a newer format.
        """
        path = Path(path)
        arrays = read_arrays(path, ModelFileError)
        if "config" not in arrays:
            raise ModelFileError(f"{path} is not a model file: it lacks config")
        try:
            return cls(**model_parts(arrays))
        except MetaplastError as error:
            raise ModelFileError(f"{path}: {error}") from None
