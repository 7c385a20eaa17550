"""A scikit-learn estimator: the golden model with fit, partial_fit, predict and predict_proba."""

import math
import numbers
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .config import MAX_EPOCHS, MAX_SEED, NetworkConfig, checked_integer, default_group
from .encoding import (
    Encoder,
    EncodingChoice,
    encoding_choice,
    fit_encoder,
    parse_image_shape,
)
from .errors import ConfigurationError, DataError
from .estimator_data import image_shape_of, numeric_table, plain_labels, sorted_labels
from .files.model_file import Model
from .network import Network
from .trainer import EpochRecord, Trainer

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, unique_labels
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "BMLPClassifier needs scikit-learn 1.6 or newer; install it with "
        "`pip install 'metaplast[sklearn]'`"
    ) from error

__all__ = ["BMLPClassifier"]

# Default of bits_per_feature: a fifth bit would be set for one training value in thirty-two.
MAX_BITS = 4


class BMLPClassifier(ClassifierMixin, BaseEstimator):
    """A binary multi-layer perceptron trained by local error signals (docs/algorithm.md).

    An encoder that is fitted to the training data maps features to bits; labels of any type are
    numbered as classes. Samples are an array, or a table of pandas or polars. The network is
    :class:`~.network.Network`, so the counters are those that gateware learns. The same data,
    parameters and ``random_state`` give the same counters on every machine.

    Parameters
    ----------
    hidden : tuple of int
        ``K_l``, neurons of each layer.
    groups : tuple of int, optional
        ``γ_l``, the group size of each layer, a divisor of ``K_l``. By default the largest divisor
        that is at most 32 and gives at least four groups.
    counter_bits : int
        ``B``, bits of a hidden weight. 2 to 16.
    bits_per_feature : int, optional
        ``T``, thermometer bits of a feature; with ``per_feature``, the largest number of bits of a
        feature. By default as many as the data carry, up to 4. Data that hold only 0 and 1 are bits
        already and carry one.
    per_feature : bool
        Whether each feature has thresholds of its values alone, which suits columns of a table.
        Features of one kind, such as pixels, may share thresholds. Image planes ignore it.
    encoding : str, optional
        Name of an encoding: ``"median"`` (one bit a feature), ``"levels:N"`` (``N`` bits a
        feature), ``"edges"`` or ``"pooled-edges"`` (image planes), or planes with commas between
        them, such as ``"level,right,down"``. Instead of ``bits_per_feature`` and ``planes``.
    planes : str or sequence of str, optional
        Image planes, from ``level``, ``right``, ``down``, ``left``, ``up`` (docs/algorithm.md, 7).
        Pixels must be whole numbers from 0 to 65,535.
    pool : bool
        Whether each 2×2 block of an image is replaced by its sum, before image planes.
    difference : int, optional
        ``δ`` of the image planes that compare neighbours. At least 0; by default from the data.
    image : (height, width) or str, optional
        Shape of the images in the rows of a table, such as ``(28, 28)`` or ``"28x28"``; image
        planes need it, unless ``X`` has the shape (n, height, width).
    robustness : float
        ``r``, the margin that a right prediction must have, as a share of ``K``. 0 to 1.
    reinforcement : float
        ``p_r``, scale of the reinforcement's probability. At least 0.
    batch : int
        Samples between two commits. 1 to 65535. Small data need a small batch.
    shuffle_block : int
        ``S``, consecutive samples that stay together in the sample order of an epoch. 1 to 65535.
    epochs : int
        Epochs that :meth:`fit` trains. 1 to 32768.
    random_state : int, RandomState instance or None
        An integer (48 bits, unsigned) is the seed of the network. Otherwise a seed is drawn from
        the generator, or with None from NumPy's global one.

    Attributes
    ----------
    classes_ : (C,) array
        The labels, sorted; class ``c`` of the network is ``classes_[c]``.
    n_features_in_ : int
        Features of a sample.
    feature_names_in_ : array of str
        Their names, if the data are a table whose columns all have text as names.
    encoder_ : Encoder
        Maps samples to the network's input bits.
    network_ : Network
        The trained network.
    trainer_ : Trainer
        The trainer, with the number of the next epoch and the accuracy of the last.
    history_ : list of EpochRecord
        One record for each epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> BMLPClassifier(hidden=(64,)).fit(x, y).predict(x[[0, 60, 120]])
    array([0, 1, 2])
    """

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = (128,),
        groups: tuple[int, ...] | None = None,
        counter_bits: int = 8,
        bits_per_feature: int | None = None,
        per_feature: bool = True,
        encoding: str | None = None,
        planes: str | Sequence[str] | None = None,
        pool: bool = False,
        difference: int | None = None,
        image: tuple[int, int] | str | None = None,
        robustness: float = 0.2,
        reinforcement: float = 1.0,
        batch: int = 20,
        shuffle_block: int = 1,
        epochs: int = 30,
        random_state: int | np.random.RandomState | None = 1,
    ):
        self.hidden = hidden
        self.groups = groups
        self.counter_bits = counter_bits
        self.bits_per_feature = bits_per_feature
        self.per_feature = per_feature
        self.encoding = encoding
        self.planes = planes
        self.pool = pool
        self.difference = difference
        self.image = image
        self.robustness = robustness
        self.reinforcement = reinforcement
        self.batch = batch
        self.shuffle_block = shuffle_block
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network for ``epochs`` epochs; after an error, the estimator is unchanged.

        Parameters
        ----------
        X : (n, features) or (n, height, width) numbers
            Samples.
        y : (n,) labels
            Integers, strings, or other values that can be sorted; of at least two classes.

        Raises
        ------
        ConfigurationError
            If a parameter is out of range, or parameters contradict each other.
        DataError
            If the data do not fit the encoding, have only one class, or labels cannot be sorted.
        ValueError
            If scikit-learn refuses the data: not finite, of unequal length, not labels.
        """
        epochs: Any = self.epochs
        whole = isinstance(epochs, numbers.Integral) and not isinstance(epochs, bool)
        if not whole or not 1 <= int(epochs) <= MAX_EPOCHS:
            raise ConfigurationError(
                f"epochs must be an integer from 1 to {MAX_EPOCHS}, not {epochs!r}"
            )
        with self._all_or_nothing():
            x, labels = validate_data(self, numeric_table(X), plain_labels(y))
            classes = sorted_labels(labels)
            check_classification_targets(labels)
            self._start(x, classes, image_shape_of(X))
            self._train(self._bits(x, image_shape_of(X)), labels, int(epochs))
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one more epoch on these samples.

        The first call, unless after :meth:`fit`, fits the encoder and makes the network with the
        parameters; later calls keep both. ``fit`` with ``epochs=3`` followed by ``partial_fit`` on
        the same data gives the counters of ``fit`` with ``epochs=4``, and so do four calls of
        ``partial_fit``. A training has at most 32768 epochs, so a long stream of samples should
        come in large parts. After an error or an interrupt, the estimator is unchanged.

        Parameters
        ----------
        X : (n, features) or (n, height, width) numbers
            Samples. Those of the first call set the thresholds and should be typical.
        y : (n,) labels
            Labels.
        classes : (C,) labels, optional
            All labels of the training. Needed in the first call.

        Raises
        ------
        ConfigurationError
            If a parameter is out of range, parameters contradict each other, or all epochs are
            used.
        DataError
            If ``classes`` is missing in the first call or changes later, a label is not among
            them, labels cannot be sorted, or the data do not fit the encoding.
        ValueError
            If scikit-learn refuses the data: not finite, of unequal length, not labels.
        """
        first = not hasattr(self, "network_")
        if not first and self.trainer_.epoch >= MAX_EPOCHS:
            raise ConfigurationError(
                f"partial_fit trains for an epoch, and all {MAX_EPOCHS} that a training can have "
                "are used; start anew with fit or a clone, and give partial_fit more samples a call"
            )
        if first and classes is None:
            raise DataError("the first call of partial_fit needs classes, all labels there will be")
        if classes is None:
            known = self.classes_
        else:
            given = plain_labels(classes)
            known = sorted_labels(given)
            unique_labels(given)  # refuses values that are no labels
            if not first and not np.array_equal(known, self.classes_):
                raise DataError(
                    f"classes must stay {self.classes_.tolist()}, as they were in the first call, "
                    f"not {known.tolist()}"
                )
        with self._all_or_nothing():
            x, labels = validate_data(self, numeric_table(X), plain_labels(y), reset=first)
            sorted_labels(labels)
            unknown = np.setdiff1d(unique_labels(known, labels), known).tolist()
            if unknown:
                raise DataError(
                    f"labels must be among the classes {known.tolist()}, not {unknown[0]!r}"
                )
            if first:
                self._start(x, known, image_shape_of(X))
            else:
                self._take_copies()
            self._train(self._bits(x, image_shape_of(X)), labels, 1)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the label of each sample, (n,).

        Parameters
        ----------
        X : (n, features) or (n, height, width) numbers
            Samples.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        DataError
            If the encoder cannot encode the samples.
        ValueError
            If scikit-learn refuses the data: not finite, or another number of features.
        """
        bits = self._checked_bits(X)
        return self.classes_[self.network_.predict(bits)]

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """The last layer's local scores ``s`` of each sample (docs/algorithm.md, 2).

        Parameters
        ----------
        X : (n, features) or (n, height, width) numbers
            Samples.

        Returns
        -------
        (n, C) or (n,) float64
            Scores of the classes, from 0 to ``K``. With two classes, the score of ``classes_[1]``
            minus that of ``classes_[0]``: above 0 where ``classes_[1]`` is predicted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        DataError
            If the encoder cannot encode the samples.
        ValueError
            If scikit-learn refuses the data: not finite, or another number of features.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Normalised scores of the classes; they rank classes and are not calibrated.

        They are the softmax of ``2·s / √K``: by chance, the ±1 score of a class has a standard
        deviation of ``√K``. For calibrated probabilities, use
        :class:`sklearn.calibration.CalibratedClassifierCV`.

        Parameters
        ----------
        X : (n, features) or (n, height, width) numbers
            Samples.

        Returns
        -------
        (n, C) float64
            From 0 to 1; each row has the sum 1, and its first maximum at the predicted class.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        DataError
            If the encoder cannot encode the samples.
        ValueError
            If scikit-learn refuses the data: not finite, or another number of features.
        """
        scores = self._scores(X)
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores * (2 / math.sqrt(self.network_.config.hidden[-1])))
        return shares / shares.sum(axis=1, keepdims=True)

    def to_model(self) -> Model:
        """Make a :class:`~.model_file.Model`, which can be saved and which the command line reads.

        It has the labels, their texts as class names, and the names of the columns. Of labels that
        are floats it has the texts only.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self, "network_")
        labels = self.classes_.tolist()
        names: NDArray[Any] | None = getattr(self, "feature_names_in_", None)
        return Model.from_trainer(
            self.trainer_,
            self.encoder_,
            self.history_,
            class_names=list(map(str, labels)),
            labels=labels if all(isinstance(label, int | str) for label in labels) else None,
            feature_names=None if names is None else names.tolist(),
        )

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Restore all attributes after an error, those of :func:`validate_data` too."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _start(
        self, x: NDArray[Any], classes: NDArray[Any], image_shape: tuple[int, int] | None
    ) -> None:
        """Fit the encoder and make the network."""
        if len(classes) < 2:
            raise DataError(
                "a classifier needs labels of at least two classes, and there is one class "
                f"only: {classes.tolist()[0]!r}"
            )
        encoder = self._encoder(x, image_shape)
        config = NetworkConfig(
            inputs=encoder.outputs,
            hidden=self.hidden,
            groups=default_groups(self.hidden) if self.groups is None else self.groups,
            classes=len(classes),
            counter_bits=self.counter_bits,
            robustness=self.robustness,
            reinforcement=self.reinforcement,
            batch=self.batch,
            seed=self._seed(),
            shuffle_block=self.shuffle_block,
        )
        self.classes_ = classes
        self.encoder_ = encoder
        self.network_ = Network(config)
        self.trainer_ = Trainer(self.network_)
        self.history_: list[EpochRecord] = []

    def _take_copies(self) -> None:
        """Continue with copies, so that an error leaves the network and the history unchanged."""
        before, trainer = self.network_, self.trainer_
        self.network_ = Network.from_state(
            before.config, before.counters, before.snapshot, before.streams
        )
        self.trainer_ = Trainer(self.network_, epoch=trainer.epoch, accuracy=trainer.accuracy)
        self.history_ = list(self.history_)

    def _encoder(self, x: NDArray[Any], image_shape: tuple[int, int] | None) -> Encoder:
        given = None if self.image is None else parse_image_shape(self.image)
        if image_shape is not None and given not in (None, image_shape):
            raise ConfigurationError(
                f"image is {given[0]}×{given[1]}, and X has images of {image_shape[0]}×"
                f"{image_shape[1]}; leave image out"
            )
        return fit_encoder(x, self._choice(), image_shape=image_shape or given)

    def _choice(self) -> EncodingChoice:
        choice = encoding_choice(
            encoding=self.encoding,
            bits_per_feature=self.bits_per_feature,
            planes=self.planes,
            pool=self.pool,
            difference=self.difference,
        )
        if choice.planes:
            return choice
        if self.encoding is None and self.bits_per_feature is None:
            choice = replace(choice, bits_per_feature=MAX_BITS, fewer_bits=True)
        return replace(choice, per_feature=self.per_feature)

    def _checked_bits(self, X: Any) -> NDArray[np.uint8]:
        """Check samples to predict, and encode them."""
        check_is_fitted(self, "network_")
        x = validate_data(self, numeric_table(X), reset=False)
        return self._bits(x, image_shape_of(X))

    def _scores(self, X: Any) -> NDArray[np.float64]:
        """The last layer's local scores, (n, C)."""
        bits = self._checked_bits(X)
        return self.network_.scores(bits).astype(np.float64)

    def _seed(self) -> int:
        random_state: Any = self.random_state
        if isinstance(random_state, numbers.Integral):
            return checked_integer("random_state", random_state, 0, MAX_SEED)
        return int(check_random_state(random_state).randint(1 << 48, dtype=np.int64))

    def _bits(self, x: NDArray[Any], image_shape: tuple[int, int] | None) -> NDArray[np.uint8]:
        """Encode samples; the encoder checks the shape of images."""
        return self.encoder_.encode(x if image_shape is None else x.reshape(-1, *image_shape))

    def _train(self, bits: NDArray[np.uint8], y: NDArray[Any], epochs: int) -> None:
        labels = np.searchsorted(self.classes_, y)
        for _ in range(epochs):
            self.history_.append(self.trainer_.train_epoch(bits, labels))


def default_groups(hidden: Any) -> tuple[int, ...]:
    """The default group size of each layer; see :func:`~.config.default_group`.

    :class:`~.config.NetworkConfig` refuses values that are no layer sizes.
    """
    if not isinstance(hidden, Iterable):
        return ()
    return tuple(
        default_group(int(neurons)) if isinstance(neurons, numbers.Integral) else 1
        for neurons in hidden
    )
