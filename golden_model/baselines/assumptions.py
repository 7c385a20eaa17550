"""The assumptions of a comparison, in words, for `metaplast compare`."""

from collections.abc import Sequence

from ..config import NetworkConfig
from .budget import Budget
from .comparison import ComparisonChoice
from .rivals import FLOAT_BITS, Model, Rival

__all__ = ["assumptions"]


def assumptions(
    config: NetworkConfig,
    choice: ComparisonChoice,
    rivals: Sequence[Rival],
    *,
    seed: int,
    seeds: int,
) -> list[str]:
    """A sentence for each assumption behind the table of a comparison.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    choice : ComparisonChoice
        The models and their sizes.
    rivals : sequence of Rival
        The models that are trained.
    seed, seeds : int
        The first seed, and the number of seeds.
    """
    models = {rival.model for rival in rivals}
    floats = not all(model.binary for model in models)
    lines = [
        "Accuracies are those after the last epoch.",
        _parameters(floats),
        _training_state(config, floats),
        _memory(config, floats),
        (
            "Gates per step are the Boolean gates of the arithmetic of one training sample, "
            "without activation functions, random numbers and memory accesses."
        ),
    ]
    if seeds > 1:
        lines.append(
            f"± is the sample standard deviation over the seeds {seed} to {seed + seeds - 1}, on "
            "the same data and split."
        )
    if choice.equal is not None and models - {Model.OURS}:
        lines.append(_budget(choice.equal))
    lines += [_SETTINGS[model](choice) for model in Model if model in models and model in _SETTINGS]
    return lines


def _parameters(floats: bool) -> str:
    return (
        "Parameters are the bits that a prediction reads: one per binary weight and per bit of the "
        "last layer's classifier"
        + (f", {FLOAT_BITS} per float weight and bias." if floats else ".")
    )


def _training_state(config: NetworkConfig, floats: bool) -> str:
    line = (
        f"Training state: {config.counter_bits} bits per hidden weight, its sign at the last "
        "commit, and the classifiers of all layers"
    )
    if floats:
        line += (
            f"; for float models {FLOAT_BITS} bits for each weight, its gradient and, with Adam, "
            "its two averages"
        )
    return line + "."


def _memory(config: NetworkConfig, floats: bool) -> str:
    line = (
        "Memory is data set, hidden weights and activations, as arXiv:2412.00119 compares models: "
        "the inputs of all training samples (1 bit each"
        + (f", {FLOAT_BITS} bits for a feature" if floats else "")
        + f"), {config.counter_bits} bits per hidden weight"
        + (f" ({FLOAT_BITS} per float weight and bias)" if floats else "")
        + f", and for each of the {config.batch} samples of a batch 1 bit per neuron"
        + (f" ({FLOAT_BITS} per neuron and output of a float model)" if floats else "")
    )
    return line + ". Labels, classifiers, gradients and averages are not counted."


def _budget(equal: Budget) -> str:
    if equal is Budget.MEMORY:
        return (
            "Equal memory: the committee is as wide as our memory allows; a model with float "
            "weights has our shape and trains on as many of the first samples as fit."
        )
    return (
        f"Equal {equal.replace('-', ' ')}: each other model is as wide as our bits allow; layers "
        "keep their ratio."
    )


def _committee(choice: ComparisonChoice) -> str:
    return (
        f"The committee votes in groups of {choice.committee_group}; its margin is the same share "
        "of its groups, and its counters and reinforcement are ours."
    )


def _sgd(choice: ComparisonChoice) -> str:
    inputs = (
        "features, each scaled to −1 … 1 by the training samples"
        if choice.sgd_features
        else "bits as ±1"
    )
    return (
        f"SGD has the learning rate {choice.sgd_rate:g}, no momentum, no regularisation, ReLU "
        f"neurons, and {inputs}."
    )


def _adam(choice: ComparisonChoice) -> str:
    return "Adam has scikit-learn's default rates, no regularisation, ReLU neurons, and bits as ±1."


def _straight_through(choice: ComparisonChoice) -> str:
    return "The straight-through network has float weights, Adam at a rate of 0.01, and bits."


_SETTINGS = {
    Model.COMMITTEE: _committee,
    Model.SGD: _sgd,
    Model.ADAM: _adam,
    Model.STRAIGHT_THROUGH: _straight_through,
}
