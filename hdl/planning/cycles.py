"""Estimate of the mean cycles per sample, from a plan and average rates of errors and updates.

The exact cycle model (:mod:`.cycle_model`) runs on synthetic samples with these rates.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...golden_model.random_stream import RandomStream
from ...golden_model.schedule import reinforcement_events
from .cycle_model import CycleModel
from .foldings import Foldings
from .plan import FoldedLayer, FoldedNetwork
from .timing import LayerTiming, mean_event_cycles
from .universal import PlacedNetwork
from .universal_cycle_model import UniversalCycleModel

__all__ = ["CycleEstimate", "LayerCycles", "Workload", "estimate_cycles", "mean_cycles"]

FIRST_ERRORS = 0.5
"""Share of the samples that raise an error bit in a first epoch."""

MAX_SAMPLES, MIN_SAMPLES = 2000, 100
MAX_WORDS = 20_000
"""Limits for the synthetic samples of an estimate, and for the words of their inputs."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Average rates of errors and updates in the layers.

    Instead of one number for each layer, a single number can be given for all layers.

    Parameters
    ----------
    chosen : tuple of float or None
        Mean number of chosen neurons per sample in each layer, from 0 to the layer's groups. If
        None, it is computed from ``errors``.
    errors : tuple of float or None
        Share of the samples that raise the error bit of each layer, 0 to 1. If None, it is computed
        from ``chosen``; if both are None, it is a half, as in a first epoch.
    accuracy : float
        Accuracy of the previous epoch, which decides the events of a commit; 0 in the first epoch.

    Raises
    ------
    ConfigurationError
        If the accuracy or a share is not from 0 to 1, or a number of neurons is negative.
    """

    chosen: tuple[float, ...] | None = None
    errors: tuple[float, ...] | None = None
    accuracy: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.accuracy <= 1:
            raise ConfigurationError(f"accuracy must be from 0 to 1, not {self.accuracy:g}")
        for share in self.errors or ():
            if not 0 <= share <= 1:
                raise ConfigurationError(f"errors must be from 0 to 1, not {share:g}")
        for number in self.chosen or ():
            if not 0 <= number < math.inf:
                raise ConfigurationError(f"chosen must be at least 0, not {number:g}")

    def of(self, layer: LayerConfig, layers: int) -> tuple[float, float]:
        """Rates of one layer of a network with ``layers`` layers.

        Returns
        -------
        errors : float
            Share of the samples that raise the error bit.
        found : float
            Share of the groups of these samples in which a neuron is chosen.

        Raises
        ------
        ConfigurationError
            If a tuple does not have one number or one per layer, or ``chosen`` is too large.
        """
        chosen = self._one("chosen", self.chosen, layer, layers)
        errors = self._one("errors", self.errors, layer, layers)
        # Half of the neurons are wrong, and in a group without a wrong neuron none is chosen.
        found = 1 - 0.5**layer.group
        if chosen is None:
            return (FIRST_ERRORS if errors is None else errors), found
        if errors is None:
            errors = min(chosen / (found * layer.group_count), 1.0)
        most = errors * layer.group_count
        if not 0 <= chosen <= most * (1 + 1e-9):
            raise ConfigurationError(
                f"chosen must be from 0 to {most:g} in layer {layer.index}, not {chosen:g}: a "
                f"sample with an error updates at most one neuron of each of "
                f"{layer.group_count} groups"
            )
        return errors, min(chosen / most, 1.0) if most else found

    @staticmethod
    def _one(
        name: str, values: tuple[float, ...] | None, layer: LayerConfig, layers: int
    ) -> float | None:
        if values is None:
            return None
        if len(values) not in (1, layers):
            raise ConfigurationError(
                f"{name} must be a number for each of the {layers} layers, or one for all, "
                f"not {len(values)}"
            )
        return values[layer.index if len(values) > 1 else 0]


@dataclass(frozen=True, kw_only=True)
class LayerCycles:
    """Mean cycles per sample of a layer.

    Attributes
    ----------
    load : float
        Input of the sample's words, one per cycle.
    forward : float
        Interval between two forward passes.
    update : float
        Update engine.
    events, scan : float
        The two parts of a commit, divided by the samples of a batch.
    total : float
        Total of the layer alone, with the overlap of the parts.
    """

    load: float
    forward: float
    update: float
    events: float
    scan: float
    total: float

    @property
    def commit(self) -> float:
        """A sample's share of its batch's commit."""
        return self.events + self.scan


@dataclass(frozen=True)
class CycleEstimate:
    """Mean cycles per sample of a network.

    Attributes
    ----------
    layers : tuple of LayerCycles
        Each layer alone.
    total : float
        The network, with its layers training in parallel.
    """

    layers: tuple[LayerCycles, ...]
    total: float


def synthetic_errors(
    samples: int, share: float, stream: int = 7, *, declining: bool = False
) -> NDArray[np.bool_]:
    """Error bits (samples,): an exact share is set, in a reproducible random order.

    With ``declining``, as in a first epoch, the first tenth of the samples has about 1.5 times the
    average share.
    """
    order = RandomStream(1, stream).draws(samples).astype(np.float64)
    if declining:
        order /= 1 + np.exp(-8 * np.arange(samples) / samples)
    ranks = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    return ranks < round(samples * share)


def synthetic_samples(
    layer: LayerConfig, errors: float, found: float, samples: int, *, declining: bool = False
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Error bits (samples,) and chosen neurons (samples, groups) with given shares.

    The shares of samples with an error and of their groups with a choice are exact, in a
    reproducible random order. The frequencies with which the neurons of a group are chosen rise
    linearly from 0 to twice their mean, which approximates real training.
    """
    raised = synthetic_errors(samples, errors, 8 * layer.index + 7, declining=declining)
    count, groups = int(np.count_nonzero(raised)), layer.group_count
    has_choice = synthetic_errors(count * groups, found, 8 * layer.index + 6)
    shares = RandomStream(1, 8 * layer.index + 5).draws(count * groups) / 2**32
    offsets = (layer.group * np.sqrt(shares)).astype(np.int32).reshape(count, groups)
    # The banks choose different neurons often.
    group = np.arange(groups, dtype=np.int32)
    neurons = group * layer.group + (offsets + group * layer.group // groups) % layer.group
    chosen = np.full((samples, groups), -1, dtype=np.int32)
    chosen[raised] = np.where(has_choice.reshape(count, groups), neurons, -1)
    return raised, chosen


def mean_scan_cycles(folded: FoldedLayer | Foldings, updates: float) -> Any:
    """Approximate cycles of a scan, from the updates of the batch, as for synthetic samples."""
    # Mean updates per index in a bank; they rise linearly from 0 for the rarest neurons.
    marks = np.maximum(updates / folded.bank_neurons, 1e-9)
    marked = folded.bank_neurons * (1 + np.expm1(-2 * marks) / (2 * marks))
    return folded.bank_neurons + marked * (folded.rows - 1)


def estimate_cycles(folded: FoldedNetwork, workload: Workload | None = None) -> CycleEstimate:
    """Estimate the mean cycles per sample of a network and of each layer.

    Parameters
    ----------
    folded : FoldedNetwork
        The network, with its batch size and reinforcement, and how it is folded.
    workload : Workload, optional
        Average rates of errors and updates; those of a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the workload is not valid for the network.
    """
    workload = workload or Workload()
    config = folded.config
    layers = []
    for layer in folded.layers:
        timing = LayerTiming.of(layer)
        rates = workload.of(layer.config, len(config.layers))
        errors, chosen = synthetic_samples(layer.config, *rates, MAX_SAMPLES)
        found = chosen >= 0
        rounds = found.reshape(len(found), layer.plan.banks, -1).any(axis=1).sum(axis=1)
        cycles = np.where(errors, 1 + layer.bank_groups + rounds * timing.round, 1)
        committing = 1 - (1 - errors.mean()) ** config.batch
        events = reinforcement_events(layer.config, config.reinforcement, workload.accuracy)
        drawn = mean_event_cycles(layer, events) + timing.decode + 2 if events else 0
        scan = mean_scan_cycles(layer, config.batch * np.count_nonzero(found) / len(found))
        layers.append(
            LayerCycles(
                load=layer.sample_words,
                forward=float(timing.interval),
                update=float(cycles.mean()),
                events=float(committing * drawn / config.batch),
                scan=float(committing * (scan + 1) / config.batch),
                total=_mean_cycles(config, [layer], workload),
            )
        )
    slowest = max(layer.total for layer in layers)
    network = slowest
    if len(layers) > 1:  # over few samples, a chain can seem faster than its slowest layer
        network = max(slowest, mean_cycles(folded, workload))
    return CycleEstimate(tuple(layers), network)


def mean_cycles(folded: FoldedNetwork | PlacedNetwork, workload: Workload) -> float:
    """Mean cycles per sample of a network; :func:`estimate_cycles` also gives those of parts.

    Parameters
    ----------
    folded : FoldedNetwork or PlacedNetwork
        The network and how it is folded, or placed on a universal trainer.
    workload : Workload
        Average rates of errors and updates.
    """
    if isinstance(folded, PlacedNetwork):
        return _mean_cycles(
            folded.config, folded.layers, workload, lambda: UniversalCycleModel(folded)
        )
    return _mean_cycles(folded.config, folded.layers, workload)


def _mean_cycles(
    config: NetworkConfig,
    folded: Sequence[FoldedLayer],
    workload: Workload,
    new_model: Callable[[], CycleModel | UniversalCycleModel] | None = None,
) -> float:
    """Mean cycles per sample of layers, over synthetic samples; by default of a chain of layers."""
    new_model = new_model or (lambda: CycleModel(folded))
    events = [
        reinforcement_events(layer.config, config.reinforcement, workload.accuracy)
        for layer in folded
    ]
    # The model takes time for each word of a sample.
    words = max(layer.words for layer in folded)
    number = max(min(MAX_SAMPLES, MAX_WORDS // words), MIN_SAMPLES)
    samples = [
        synthetic_samples(
            layer.config,
            *workload.of(layer.config, len(config.layers)),
            number,
            declining=workload.accuracy == 0,
        )
        for layer in folded
    ]
    errors = np.stack([raised for raised, _ in samples], axis=1)
    chosen = [neurons for _, neurons in samples]

    def train(model: CycleModel | UniversalCycleModel, part: slice) -> None:
        model.train_batch(errors[part], [neurons[part] for neurons in chosen], events)

    if config.batch > number:
        # Two batches of different size give the cycles per sample and per batch.
        every_second, every = new_model(), new_model()
        train(every_second, slice(None, None, 2))
        train(every, slice(None))
        half = number // 2
        rate = (every.committed - every_second.committed) / half
        return rate + (every.committed - number * rate) / config.batch

    # The first batch fills the pipeline, and is not counted.
    model = new_model()
    train(model, slice(config.batch))
    first = model.committed
    batches = number // config.batch
    for batch in range(batches):
        train(model, slice(batch * config.batch, (batch + 1) * config.batch))
    return (model.committed - first) / (batches * config.batch)
