"""Configuration of a network: shape, training parameters and seed, in one frozen dataclass.

The model, the gateware, the files and the command line use the same configuration.

Symbols are those of docs/algorithm.md.
"""

import math
import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from .errors import ConfigurationError

__all__ = [
    "LayerConfig",
    "NetworkConfig",
    "ceil_log2",
    "checked_integer",
    "checked_minimum",
    "checked_number",
    "default_group",
]

MAX_LAYERS = 4096
MAX_CLASSES = 256
MAX_BATCH = 65535
MAX_SHUFFLE_BLOCK = 65535
MAX_SEED = (1 << 48) - 1
MAX_EPOCHS = 1 << 15  # there are this many streams for the sample order
MAX_ADDRESS_BITS = 32
MAX_INITIAL_BITS = 6
LARGEST_DEFAULT_GROUP = 32
FEWEST_DEFAULT_GROUPS = 4


def ceil_log2(value: int) -> int:
    """Bits of an index below ``value``: ``ceil(log2(value))``, but at least 1."""
    return max(1, (value - 1).bit_length())


def default_group(neurons: int) -> int:
    """Default group size ``γ`` of a layer.

    The largest divisor of ``neurons`` that is at most 32 and gives at least four groups.
    """
    largest = max(1, min(LARGEST_DEFAULT_GROUP, neurons // FEWEST_DEFAULT_GROUPS))
    return next(size for size in range(largest, 0, -1) if neurons % size == 0)


@dataclass(frozen=True)
class LayerConfig:
    """Shape and margin of one layer; :attr:`NetworkConfig.layers` makes it.

    Parameters
    ----------
    index : int
        ``l``, from 0.
    inputs : int
        ``N``, input bits.
    neurons : int
        ``K``.
    group : int
        ``γ``, neurons of a group. Divides ``neurons``.
    classes : int
        ``C``.
    counter_bits : int
        ``B``, bits of a hidden weight.
    margin : int
        ``margin_l = floor(r·K)``, compared with twice the difference of the two best scores.
    """

    index: int
    inputs: int
    neurons: int
    group: int
    classes: int
    counter_bits: int
    margin: int

    @property
    def group_count(self) -> int:
        """Groups in the layer, ``K / γ``."""
        return self.neurons // self.group

    @property
    def neuron_bits(self) -> int:
        """``bk``: bits of a reinforcement draw that name a neuron."""
        return ceil_log2(self.neurons)

    @property
    def input_bits(self) -> int:
        """``bi``: bits of a reinforcement draw that name an input."""
        return ceil_log2(self.inputs)

    @property
    def event_bits(self) -> int:
        """Bits of ``M_l``: ``bk + floor(bi/2) + 11``, but at most 32.

        They are enough for every ``p_r`` up to 1,000 (up to 32 bits): since ``N > 2^(bi−1)``,
        ``M_l`` is at most ``1000·sqrt(2/π)·2^(bk + (bi+1)/2)``, and ``1000·sqrt(2/π) < 2^10``.
        """
        return min(self.neuron_bits + self.input_bits // 2 + 11, MAX_ADDRESS_BITS)

    @property
    def max_events(self) -> int:
        """The largest number of reinforcement events ``M_l`` that a layer in gateware counts."""
        return (1 << self.event_bits) - 1

    @property
    def initial_bits(self) -> int:
        """``q``: bits of an initial counter's draw that are used, in two's complement."""
        return min(max(self.counter_bits - 2, 1), MAX_INITIAL_BITS)

    @property
    def lowest(self) -> int:
        """The counter's lower bound, ``−2^(B−1)``."""
        return -(1 << self.counter_bits - 1)

    @property
    def highest(self) -> int:
        """The counter's upper bound, ``2^(B−1) − 1``."""
        return (1 << self.counter_bits - 1) - 1

    @property
    def weights(self) -> int:
        """Counters in the layer, ``K·N``."""
        return self.neurons * self.inputs


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Shape, training parameters and seed of a network.

    Together with the data, they determine every counter.

    Parameters
    ----------
    inputs : int
        ``N_0``, bits of an encoded sample. At least 1.
    hidden : tuple of int
        ``K_l``, neurons of each layer; 1 to 4096 layers.
    groups : tuple of int
        ``γ_l``, the group size of each layer. Divides ``K_l``.
    classes : int
        ``C``. 2 to 256.
    counter_bits : int
        ``B``, bits of a hidden weight. 2 to 16.
    robustness : float
        ``r``, the margin that a right prediction must have, as a share of ``K``. 0 to 1.
    reinforcement : float
        ``p_r``, scale of the reinforcement's probability. At least 0.
    batch : int
        Samples between two commits. 1 to 65535.
    seed : int
        Seed of every random stream. 48 bits, unsigned.
    shuffle_block : int
        ``S``, consecutive samples that stay together in the sample order of an epoch. 1 to 65535.

    Raises
    ------
    ConfigurationError
        If a value is out of range or of a wrong type, or the values contradict each other.
    """

    inputs: int
    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int = 8
    robustness: float = 0.2
    reinforcement: float = 1.0
    batch: int = 100
    seed: int = 1
    shuffle_block: int = 1

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "inputs", checked_integer("inputs", self.inputs, 1, 1 << 31))
        put(self, "hidden", _integers("hidden", self.hidden))
        put(self, "groups", _integers("groups", self.groups))
        put(self, "classes", checked_integer("classes", self.classes, 2, MAX_CLASSES))
        put(self, "counter_bits", checked_integer("counter_bits", self.counter_bits, 2, 16))
        put(self, "robustness", checked_number("robustness", self.robustness, 0.0, 1.0))
        put(
            self,
            "reinforcement",
            checked_number("reinforcement", self.reinforcement, 0.0, math.inf),
        )
        put(self, "batch", checked_integer("batch", self.batch, 1, MAX_BATCH))
        put(self, "seed", checked_integer("seed", self.seed, 0, MAX_SEED))
        put(
            self,
            "shuffle_block",
            checked_integer("shuffle_block", self.shuffle_block, 1, MAX_SHUFFLE_BLOCK),
        )

        if not 1 <= len(self.hidden) <= MAX_LAYERS:
            raise ConfigurationError(
                f"hidden must name from 1 to {MAX_LAYERS} layers, not {len(self.hidden)}"
            )
        if len(self.groups) != len(self.hidden):
            raise ConfigurationError(
                f"groups must name a group size for each of the {len(self.hidden)} layers, "
                f"not {len(self.groups)}"
            )
        for index, (neurons, group) in enumerate(zip(self.hidden, self.groups, strict=True)):
            if neurons % group:
                small = [size for size in range(1, math.isqrt(neurons) + 1) if neurons % size == 0]
                fitting = sorted({*small, *(neurons // size for size in small)})
                raise ConfigurationError(
                    f"groups of {group} do not divide the {neurons} neurons of layer {index}; "
                    f"group sizes that do: {', '.join(map(str, fitting))}"
                )
        for layer in self.layers:
            address_bits = layer.neuron_bits + layer.input_bits
            if address_bits > MAX_ADDRESS_BITS:
                raise ConfigurationError(
                    f"layer {layer.index} of {layer.neurons} neurons with {layer.inputs} inputs "
                    f"needs {address_bits} bits to name a weight, and a draw has "
                    f"{MAX_ADDRESS_BITS}; make the layer smaller"
                )

    @cached_property
    def layers(self) -> tuple[LayerConfig, ...]:
        """The configuration of each layer."""
        inputs = (self.inputs, *self.hidden[:-1])
        return tuple(
            LayerConfig(
                index=index,
                inputs=inputs[index],
                neurons=neurons,
                group=self.groups[index],
                classes=self.classes,
                counter_bits=self.counter_bits,
                margin=math.floor(self.robustness * neurons),
            )
            for index, neurons in enumerate(self.hidden)
        )

    def to_dict(self) -> dict[str, Any]:
        """The configuration as plain values, ready for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NetworkConfig":
        """Make a configuration from :meth:`to_dict`'s values.

        ``shuffle_block`` may be missing, in values that were saved before it existed; it is 1 then.

        Raises
        ------
        ConfigurationError
            If a key is missing or unknown, or a value is refused.
        """
        if not isinstance(values, Mapping):
            raise ConfigurationError(f"a configuration must name its values, not be {values!r}")
        known = {field.name for field in fields(cls)}
        if missing := known - {"shuffle_block"} - values.keys():
            raise ConfigurationError(f"the configuration lacks {', '.join(sorted(missing))}")
        if unknown := values.keys() - known:
            raise ConfigurationError(
                f"the configuration has unknown keys: {', '.join(sorted(map(str, unknown)))}"
            )
        return cls(**values)


def checked_integer(name: str, value: Any, low: int, high: int) -> int:
    """Convert a value to a Python integer and check its range.

    Parameters
    ----------
    name : str
        Name of the value in error messages.
    value : integer
        A Python or NumPy number.
    low, high : int
        The range, both ends included.

    Raises
    ------
    ConfigurationError
        If the value is not an integer (a bool is not), or out of range.
    """
    if isinstance(value, bool):
        raise ConfigurationError(f"{name} must be an integer, not {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise ConfigurationError(f"{name} must be an integer, not {value!r}") from None
    if not low <= number <= high:
        raise ConfigurationError(f"{name} must be from {low} to {high}, not {number}")
    return number


def checked_minimum(name: str, value: Any, low: int) -> int:
    """Convert a value to a Python integer and check that it is at least ``low``.

    Parameters
    ----------
    name : str
        Name of the value in error messages.
    value : integer
        A Python or NumPy number.
    low : int
        The smallest allowed value.

    Raises
    ------
    ConfigurationError
        If the value is not an integer (a bool is not), or smaller.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool) or number < low:
        raise ConfigurationError(f"{name} must be an integer of at least {low}, not {value!r}")
    return number


def _integers(name: str, values: Any) -> tuple[int, ...]:
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        members = tuple(values)
    except TypeError:
        raise ConfigurationError(f"{name} must be a sequence of integers, not {values!r}") from None
    return tuple(
        checked_integer(f"{name}[{index}]", value, 1, 1 << 31)
        for index, value in enumerate(members)
    )


def checked_number(name: str, value: Any, low: float, high: float) -> float:
    """Convert a value to a Python float and check its range.

    Parameters
    ----------
    name : str
        Name of the value in error messages.
    value : number
        A Python or NumPy number.
    low, high : float
        The range, both ends included; ``high`` may be infinite, the value may not.

    Raises
    ------
    ConfigurationError
        If the value is not a number (a bool is not), not finite, or out of range.
    """
    if isinstance(value, bool | str | bytes):
        raise ConfigurationError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{name} must be a number, not {value!r}") from None
    except OverflowError:  # an integer of more than 308 digits
        number = math.inf if value > 0 else -math.inf
    if not math.isfinite(number) or not low <= number <= high:
        wanted = f"from {low:g} to {high:g}" if high < math.inf else f"finite and at least {low:g}"
        raise ConfigurationError(f"{name} must be {wanted}, not {number!r}")
    return number
