"""Capacities of a universal trainer: the largest network that it takes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ...golden_model.config import checked_integer
from ...golden_model.errors import ConfigurationError
from .fold_formulas import MAX_NEURONS
from .integers import ceil_divide
from .plan import LayerPlan

__all__ = ["Capacity", "power_of_two"]

MAX_LAYERS = 255
MAX_INPUTS = (1 << 16) - 1
MAX_ROWS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Largest network of a universal trainer.

    Parameters
    ----------
    layers : int
        Layers of a network. 1 to 255.
    inputs : int
        Inputs ``N`` of a layer. 1 to 65,535.
    neurons : int
        Neurons ``K`` of a layer. 1 to 32,768.
    classes : int
        Classes ``C``. 2 to 256.
    counter_bits : int
        Bits ``B`` of a hidden weight, in every network. 2 to 16.
    rows : int
        Rows of the snapshot, 1 to 65,536: a layer takes ``ceil(K / pe) · ceil(N / simd)`` of them.
    columns : int
        Columns of the local classifiers: a layer takes ``pe · ceil(K / pe)`` of them.
    sample_words : int
        Words of ``input_width`` bits for the samples in the trainer, a power of two: a sample takes
        ``ceil(N / input_width)`` in each layer, rounded up to a power of two in all.
    choices : int
        Choices of groups for the samples in the trainer: a sample takes ``K / γ`` in each layer. 0
        with shared memories.
    """

    layers: int
    inputs: int
    neurons: int
    classes: int
    counter_bits: int
    rows: int
    columns: int
    sample_words: int
    choices: int

    def __post_init__(self) -> None:
        limits = {
            "layers": (1, MAX_LAYERS),
            "inputs": (1, MAX_INPUTS),
            "neurons": (1, MAX_NEURONS),
            "classes": (2, 256),
            "counter_bits": (2, 16),
            "rows": (1, MAX_ROWS),
            "columns": (1, 1 << 16),
            "sample_words": (2, 1 << 20),
            "choices": (0, 1 << 20),
        }
        for name, (low, high) in limits.items():
            object.__setattr__(self, name, checked_integer(name, getattr(self, name), low, high))
        if self.sample_words != power_of_two(self.sample_words):
            raise ConfigurationError(
                f"sample_words must be a power of two, not {self.sample_words}: "
                f"take {power_of_two(self.sample_words)}"
            )

    @classmethod
    def for_networks(
        cls,
        plan: LayerPlan,
        *,
        layers: int = 4,
        inputs: int = 784,
        neurons: int = 64,
        classes: int = 10,
        counter_bits: int = 8,
    ) -> "Capacity":
        """Capacities for every network of a number of layers, inputs, neurons and classes.

        Each layer may have all of ``neurons``, with groups of any size.

        Parameters
        ----------
        plan : LayerPlan
            Fold factors of the engine, checked by :meth:`UniversalEngine.of`.
        layers, inputs, neurons, classes, counter_bits : int
            The capacities; ``neurons`` is rounded up to a multiple of ``pe``.
        """
        for name in ("pe", "simd", "input_width", "sample_buffers"):
            checked_integer(name, getattr(plan, name), 1, MAX_NEURONS)
        checked_integer("layers", layers, 1, MAX_LAYERS)
        checked_integer("inputs", inputs, 1, MAX_INPUTS)
        checked_integer("neurons", neurons, 1, MAX_NEURONS)
        neurons = plan.pe * ceil_divide(neurons, plan.pe)
        inputs = max(inputs, neurons if layers > 1 else 1)
        sets, further = neurons // plan.pe, layers - 1
        words = ceil_divide(inputs, plan.input_width)
        stride = words + further * ceil_divide(neurons, plan.input_width)
        rows = ceil_divide(inputs, plan.simd) + further * ceil_divide(neurons, plan.simd)
        return cls(
            layers=layers,
            inputs=inputs,
            neurons=neurons,
            classes=classes,
            counter_bits=counter_bits,
            rows=sets * rows,
            columns=layers * neurons,
            sample_words=power_of_two(plan.sample_buffers) * power_of_two(stride),
            choices=plan.sample_buffers * layers * neurons,
        )

    def to_dict(self) -> dict[str, int]:
        """The capacities as values that JSON can store."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Capacity":
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        ConfigurationError
            If a capacity is missing, unknown or out of its range.
        """
        names = {one.name for one in fields(cls)}
        if values.keys() != names:
            wrong = ", ".join(sorted(values.keys() ^ names))
            raise ConfigurationError(f"capacities are {', '.join(sorted(names))}; see {wrong}")
        return cls(**values)


def power_of_two(number: int) -> int:
    """The least power of two that is not below a number, which is at least 1."""
    return 1 << (number - 1).bit_length()
