"""The models of `metaplast compare`: shape, training samples, and the memory that each needs."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from ..config import NetworkConfig

__all__ = ["DEFAULT_SGD_RATE", "FLOAT_BITS", "Model", "Rival", "widened"]

FLOAT_BITS = 32
DEFAULT_SGD_RATE = 0.1


class Model(StrEnum):
    """A kind of model."""

    OURS = "ours"
    COMMITTEE = "committee"
    SGD = "sgd"
    ADAM = "adam"
    STRAIGHT_THROUGH = "straight-through"

    @property
    def label(self) -> str:
        """Name of the model in tables and plots."""
        return _LABELS[self]

    @property
    def binary(self) -> bool:
        """Whether the model learns with counters: no float is stored during training."""
        return self in (Model.OURS, Model.COMMITTEE)


_LABELS = {
    Model.OURS: "local binary errors (ours)",
    Model.COMMITTEE: "CP+R committee, one layer",
    Model.SGD: "float MLP, SGD",
    Model.ADAM: "float MLP, Adam",
    Model.STRAIGHT_THROUGH: "binary MLP, straight-through",
}


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One model of a comparison: its shape, the samples that it trains on, and its memory.

    Parameters
    ----------
    model : Model
        The kind.
    config : NetworkConfig
        Inputs, neurons of each layer, classes and batch; for the binary models also groups,
        counter bits, robustness and reinforcement. The seed is not used.
    samples : int
        Training samples: the first ones of the training split.
    float_input : bool
        Whether an input is a float32 feature, and not a bit.
    rate : float
        Learning rate of SGD; the other models do not use it.
    """

    model: Model
    config: NetworkConfig
    samples: int
    float_input: bool = False
    rate: float = DEFAULT_SGD_RATE

    @property
    def outputs(self) -> int:
        """Output neurons of a model with trained outputs; scikit-learn has one for two classes."""
        if self.model in (Model.SGD, Model.ADAM) and self.config.classes == 2:
            return 1
        return self.config.classes

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each hidden layer, outputs."""
        return (self.config.inputs, *self.config.hidden, self.outputs)

    @property
    def weights(self) -> int:
        """Trained weights, without biases."""
        if self.model.binary:
            return sum(layer.weights for layer in self.config.layers)
        return sum(inputs * outputs for inputs, outputs in pairwise(self.sizes))

    @property
    def parameter_bits(self) -> int:
        """Memory that a prediction reads: weights, biases, and the last layer's classifier."""
        match self.model:
            case Model.OURS | Model.COMMITTEE:
                return self.weights + self._classifier_bits[-1]
            case Model.STRAIGHT_THROUGH:
                return self.weights
            case _:
                return FLOAT_BITS * self._float_parameters

    @property
    def training_state_bits(self) -> int:
        """Memory kept from sample to sample: parameters, hidden weights, gradients, averages."""
        match self.model:
            case Model.OURS | Model.COMMITTEE:
                counters = self.weights * (self.config.counter_bits + 1)
                return counters + sum(self._classifier_bits)
            case Model.STRAIGHT_THROUGH:
                return self.weights * (1 + 4 * FLOAT_BITS)
            case Model.SGD:
                return 2 * FLOAT_BITS * self._float_parameters
            case Model.ADAM:
                return 4 * FLOAT_BITS * self._float_parameters

    @property
    def sample_bits(self) -> int:
        """Memory of the inputs of a training sample."""
        return self.config.inputs * (FLOAT_BITS if self.float_input else 1)

    @property
    def model_bits(self) -> int:
        """Memory of hidden weights, and of the activations of a batch."""
        neurons = sum(self.config.hidden)
        if self.model.binary:
            return self.weights * self.config.counter_bits + self.config.batch * neurons
        hidden_weights = (
            self.weights if self.model is Model.STRAIGHT_THROUGH else self._float_parameters
        )
        return FLOAT_BITS * (hidden_weights + self.config.batch * (neurons + self.outputs))

    @property
    def memory_bits(self) -> int:
        """Memory of data set, hidden weights and activations.

        arXiv:2412.00119 compares models with equal memory for these three.
        """
        return self.samples * self.sample_bits + self.model_bits

    @property
    def _float_parameters(self) -> int:
        return self.weights + sum(self.sizes[1:])

    @property
    def _classifier_bits(self) -> list[int]:
        """Bits of the fixed classifier of each layer; that of a committee reads votes."""
        votes = self.model is Model.COMMITTEE
        return [
            (layer.group_count if votes else layer.neurons) * layer.classes
            for layer in self.config.layers
        ]


def widened(rival: Rival, width: int) -> Rival:
    """A model with another width.

    Parameters
    ----------
    rival : Rival
        The model.
    width : int
        At least 1. Groups of a committee; neurons of the first layer of another model, whose
        further layers keep their ratio to the first (rounded, at least 1).
    """
    config = rival.config
    if rival.model is Model.COMMITTEE:
        return replace(rival, config=replace(config, hidden=(width * config.groups[0],)))
    first = config.hidden[0]
    hidden = tuple(
        max(1, (2 * neurons * width + first) // (2 * first)) for neurons in config.hidden
    )
    return replace(rival, config=replace(config, hidden=hidden, groups=(1,) * len(hidden)))
