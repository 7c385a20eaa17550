"""A scikit-learn estimator: the golden model with fit, partial_fit and predict."""

import numbers
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .config import MAX_EPOCHS, MAX_SEED, NetworkConfig, checked_integer, default_group
from .encoding import Thermometer, TooFewBits, fit_most
from .errors import ConfigurationError, DataError
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

# Of `bits_per_feature=None`: a fifth bit would be set for one training value in thirty-two.
MAX_BITS = 4
BITS_IN_A_PIPELINE = (
    "turn columns of many values into bits before, with KBinsDiscretizer(encode='onehot-dense') in "
    "a pipeline, and leave those of 0 and 1 as they are"
)


class BMLPClassifier(ClassifierMixin, BaseEstimator):
    """A binary multi-layer perceptron trained by local error signals (docs/algorithm.md).

    Features become bits by a thermometer fitted to the training data, labels of any kind become
    classes; everything between is :class:`~.network.Network`, integer by integer, and so what
    gateware learns. The same data, parameters and ``random_state`` give the same counters on
    every machine.

    Parameters
    ----------
    hidden : tuple of int
        ``K_l``, neurons of each layer.
    groups : tuple of int, optional
        ``γ_l``, the group size of each layer, which divides ``K_l``. By default the largest that
        does, is at most 32 and leaves at least four groups.
    counter_bits : int
        ``B``, bits of a hidden weight. 2 to 16.
    bits_per_feature : int, optional
        ``T``, thermometer bits of a feature. By default as many as every feature can carry, up to
        4. Data of the values 0 and 1 alone are bits already and carry one. All features get the
        same number, so with ``per_feature`` a single column of few values (an indicator) leaves
        one bit to every other, with a warning, or none, with an error; in a pipeline, columns of
        many values can be turned into bits before.
    per_feature : bool
        Whether each feature has thresholds of its own, as columns of a table should; images and
        other features of one kind may share them.
    robustness : float
        ``r``, the lead that a right answer must have, as a share of ``K``. 0 to 1.
    reinforcement : float
        ``p_r``, scale of the reinforcement's probability. At least 0.
    batch : int
        Samples between two commits. 1 to 65535. Small data want a small one.
    epochs : int
        Passes that :meth:`fit` makes over the data. 1 to 32768.
    random_state : int, RandomState instance or None
        An integer (48 bits, unsigned) is the seed of the network; from a generator, or with None
        from NumPy's own, a seed is drawn.

    Attributes
    ----------
    classes_ : (C,) array
        The labels, sorted; class ``c`` of the network is ``classes_[c]``.
    n_features_in_ : int
        Features of a sample.
    feature_names_in_ : array of str
        Their names, where the data had names.
    encoder_ : Thermometer
        Turns samples into the network's bits.
    network_ : Network
        The trained network.
    trainer_ : Trainer
        Knows the number of the next epoch and the accuracy of the last.
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
        robustness: float = 0.2,
        reinforcement: float = 1.0,
        batch: int = 20,
        epochs: int = 30,
        random_state: int | np.random.RandomState | None = 1,
    ):
        self.hidden = hidden
        self.groups = groups
        self.counter_bits = counter_bits
        self.bits_per_feature = bits_per_feature
        self.per_feature = per_feature
        self.robustness = robustness
        self.reinforcement = reinforcement
        self.batch = batch
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network for ``epochs`` epochs; if that fails, the estimator stays as it was.

        Parameters
        ----------
        X : (n, features) numbers
            Samples.
        y : (n,) labels
            Integers, strings, or whatever else sorts; of at least two classes.

        Raises
        ------
        ConfigurationError
            If a parameter is out of its range, or they do not fit together.
        DataError
            If the data carry fewer bits than asked for, or only one class, or labels do not sort.
        ValueError
            If scikit-learn refuses the data: not finite, of unequal length, not labels.

        Warns
        -----
        UserWarning
            If ``bits_per_feature`` is None, and a feature carries half the bits, or fewer, that
            most others could.
        """
        epochs: Any = self.epochs
        whole = isinstance(epochs, numbers.Integral) and not isinstance(epochs, bool)
        if not whole or not 1 <= int(epochs) <= MAX_EPOCHS:
            raise ConfigurationError(
                f"epochs must be an integer from 1 to {MAX_EPOCHS}, not {epochs!r}"
            )
        with self._all_or_nothing():
            x, labels = validate_data(self, X, y)
            classes = sorted_labels(labels)
            check_classification_targets(labels)
            self._start(x, classes)
            self._train(x, labels, int(epochs))
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on these samples, going on from where training stands.

        The first call, unless after :meth:`fit`, makes the network and takes its thresholds and
        parameters; later ones change neither. So ``fit`` with ``epochs=3`` followed by
        ``partial_fit`` on the same data leaves the very counters of ``fit`` with ``epochs=4``,
        and so do four calls of ``partial_fit``. A training can have 32768 epochs, so a long stream
        of samples should come in large parts. If a call is refused or interrupted, the estimator
        stays as it was.

        Parameters
        ----------
        X : (n, features) numbers
            Samples. Those of the first call set the thresholds and should be typical.
        y : (n,) labels
            Labels.
        classes : (C,) labels, optional
            All labels there will be. Needed in the first call.

        Raises
        ------
        ConfigurationError
            If a parameter is out of its range, they do not fit together, or all epochs are used.
        DataError
            If ``classes`` is missing in the first call or another later, a label is not among
            them, labels do not sort, or the data carry fewer bits than asked for.
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
            known = sorted_labels(classes)
            unique_labels(classes)  # refuses what is no label
            if not first and not np.array_equal(known, self.classes_):
                raise DataError(
                    f"classes must stay {self.classes_.tolist()}, as they were in the first call, "
                    f"not {known.tolist()}"
                )
        with self._all_or_nothing():
            x, labels = validate_data(self, X, y, reset=first)
            sorted_labels(labels)
            unknown = np.setdiff1d(unique_labels(known, labels), known).tolist()
            if unknown:
                raise DataError(
                    f"labels must be among the classes {known.tolist()}, not {unknown[0]!r}"
                )
            if first:
                self._start(x, known)
            else:
                self._take_copies()
            self._train(x, labels, 1)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The label of each sample, (n,).

        Parameters
        ----------
        X : (n, features) numbers
            Samples.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing has been learnt yet.
        DataError
            If the training data were bits, and these are not.
        ValueError
            If scikit-learn refuses the data: not finite, or of other features.
        """
        check_is_fitted(self, "network_")
        x = validate_data(self, X, reset=False)
        return self.classes_[self.network_.predict(self.encoder_.encode(x))]

    def to_model(self) -> Model:
        """What :meth:`~.model_file.Model.save` writes and the ``metaplast`` command reads.

        The labels, as text, are its class names.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing has been learnt yet.
        """
        check_is_fitted(self, "network_")
        return Model.from_trainer(
            self.trainer_,
            self.encoder_,
            self.history_,
            class_names=[str(label) for label in self.classes_],
        )

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put the attributes back if training fails, :func:`validate_data`'s too."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _start(self, x: NDArray[Any], classes: NDArray[Any]) -> None:
        """Make encoder and network."""
        if len(classes) < 2:
            raise DataError(
                "a classifier needs labels of at least two classes, and there is one class "
                f"only: {classes.tolist()[0]!r}"
            )
        encoder = self._encoder(x)
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
        )
        self.classes_ = classes
        self.encoder_ = encoder
        self.network_ = Network(config)
        self.trainer_ = Trainer(self.network_)
        self.history_: list[EpochRecord] = []

    def _take_copies(self) -> None:
        """Go on with copies, so that what was learnt is there if training fails half-way."""
        before, trainer = self.network_, self.trainer_
        self.network_ = Network.from_state(
            before.config, before.counters, before.snapshot, before.streams
        )
        self.trainer_ = Trainer(self.network_, epoch=trainer.epoch, accuracy=trainer.accuracy)
        self.history_ = list(self.history_)

    def _encoder(self, x: NDArray[Any]) -> Thermometer:
        try:
            if self.bits_per_feature is not None:
                return Thermometer.fit(
                    x, bits_per_feature=self.bits_per_feature, per_feature=self.per_feature
                )
            encoder, carried = fit_most(x, most=MAX_BITS, per_feature=self.per_feature)
        except TooFewBits as error:
            named = TooFewBits(
                error.feature, error.carried, error.wanted, self._feature_name(error.feature)
            )
            raise DataError(f"{named}; or {BITS_IN_A_PIPELINE}") from None
        bits = encoder.bits_per_feature
        if 2 * bits <= np.median(carried):
            feature = int(encoder.kept[carried.index(bits)])
            name = self._feature_name(feature)
            warnings.warn(
                f"feature {feature if name is None else repr(name)} carries {bits} of {MAX_BITS} "
                f"bits, and so no feature gets more; give bits_per_feature={bits} if this is "
                f"wanted, or {BITS_IN_A_PIPELINE}",
                UserWarning,
                stacklevel=4,  # whoever called fit or partial_fit
            )
        return encoder

    def _feature_name(self, feature: int) -> str | None:
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else str(names[feature])

    def _seed(self) -> int:
        random_state: Any = self.random_state
        if isinstance(random_state, numbers.Integral):
            return checked_integer("random_state", random_state, 0, MAX_SEED)
        return int(check_random_state(random_state).randint(1 << 48, dtype=np.int64))

    def _train(self, x: NDArray[Any], y: NDArray[Any], epochs: int) -> None:
        bits = self.encoder_.encode(x)
        labels = np.searchsorted(self.classes_, y)
        for _ in range(epochs):
            self.history_.append(self.trainer_.train_epoch(bits, labels))


def sorted_labels(labels: ArrayLike) -> NDArray[Any]:
    """The different labels, sorted.

    Raises
    ------
    DataError
        If two of them have no order.
    """
    try:
        return np.unique(labels)
    except TypeError:
        first, *others = np.asarray(labels, dtype=object).ravel().tolist()
        other = next((label for label in others if type(label) is not type(first)), first)
        raise DataError(
            f"labels must be of one type that sorts, not {first!r} and {other!r}; write all as "
            "text or all as numbers, and fill in or leave out what is missing"
        ) from None


def default_groups(hidden: Any) -> tuple[int, ...]:
    """For each layer :func:`~.config.default_group`.

    What is no tuple of layer sizes is left for :class:`~.config.NetworkConfig` to refuse.
    """
    if not isinstance(hidden, Iterable):
        return ()
    return tuple(
        default_group(int(neurons)) if isinstance(neurons, numbers.Integral) else 1
        for neurons in hidden
    )
