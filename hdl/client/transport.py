"""Transport: the connection between a host and a trainer core.

There is one for simulated cores and one for the host link of boards. A core behind another
connection, such as a bus, needs only a new transport.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...golden_model.errors import MetaplastError
from ..registers.register_map import LayerRegister, Status, layer_address

__all__ = [
    "Access",
    "BatchCounts",
    "RefusedError",
    "SampleResults",
    "Transport",
    "TransportError",
]

Access = tuple[int, int | None]
"""The address of a register, and the value to write, or None to read."""

SIGN_BIT = 1 << 31


class TransportError(MetaplastError):
    """Communication between host and core failed; the message gives the reason."""


class RefusedError(TransportError):
    """A core refused to read or write a register.

    Attributes
    ----------
    status : Status
        The reason that the core gave.
    """

    def __init__(self, message: str, status: Status):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, eq=False)
class SampleResults:
    """The results of some samples, in order.

    Attributes
    ----------
    predictions : (n, L) int64
        The prediction of each layer.
    errors : (n, L) bool
        The error bits.
    refused : (n,) bool
        Whether the core refused the sample.
    """

    predictions: NDArray[np.int64]
    errors: NDArray[np.bool_]
    refused: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: "Sequence[SampleResults]") -> "SampleResults":
        """Concatenate results."""
        names = ("predictions", "errors", "refused")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __getitem__(self, part: slice) -> "SampleResults":
        return SampleResults(self.predictions[part], self.errors[part], self.refused[part])

    def __len__(self) -> int:
        return len(self.refused)


@dataclass(frozen=True)
class BatchCounts:
    """The counts of a core at the end of a batch, modulo 2^32.

    They are totals since the counts were cleared.

    Attributes
    ----------
    errors, updates : tuple of int
        Per layer: error bits raised, neurons updated.
    """

    errors: tuple[int, ...]
    updates: tuple[int, ...]


class Transport(ABC):
    """A connection to a trainer core: register accesses, samples and results.

    Attributes
    ----------
    name : str
        The core's name in messages, such as a port.
    counts_batches : bool
        Whether :meth:`batch_counts` gives the counts at the end of each batch. If so, batches are
        sent without waiting between them.
    """

    name: str
    counts_batches: bool = False

    @abstractmethod
    def access(self, requests: Sequence[Access]) -> list[int]:
        """Read and write registers, in order; the results of all samples must have come.

        Parameters
        ----------
        requests : sequence of (address, value or None)
            A value to write, or None to read.

        Returns
        -------
        list of int
            The value read for each request, 32 bits unsigned; any value for a write.

        Raises
        ------
        RefusedError
            If the core refuses a request.
        TransportError
            If the core does not answer.
        """

    def access_all(self, requests: Sequence[Access]) -> list[int]:
        """Read and write registers as :meth:`access` does, and check the number of answers.

        Raises
        ------
        TransportError
            If a request has no answer.
        """
        values = self.access(requests)
        if len(values) != len(requests):
            raise TransportError(
                f"the core at {self.name} gave {len(values)} answers to {len(requests)} requests"
            )
        return values

    def read_counters(self, layer: int, neuron: int, count: int) -> Sequence[int]:
        """Read the first counters of a neuron.

        Parameters
        ----------
        layer, neuron : int
            Both from 0.
        count : int
            Counters to read; after the neuron's last input come the next neuron's.

        Raises
        ------
        TransportError
            If the core does not answer.
        """
        position = layer_address(layer, LayerRegister.POSITION)
        counter = layer_address(layer, LayerRegister.COUNTER)
        _, *values = self.access([(position, neuron), *[(counter, None)] * count])
        return [value - 2 * (value & SIGN_BIT) for value in values]

    @abstractmethod
    def send(
        self, bits: NDArray[np.uint8], labels: NDArray[np.int64], last: NDArray[np.bool_]
    ) -> None:
        """Send samples; waits while too many have no result.

        Parameters
        ----------
        bits : (n, words, input_width) of 0 and 1
            Encoded samples, padded with 0, in the words that enter the core.
        labels : (n,) int
            Labels, 0 to 255.
        last : (n,) bool
            Whether a sample is the last of its batch.

        Raises
        ------
        TransportError
            If the core does not accept the samples.
        """

    @abstractmethod
    def receive(self) -> list[SampleResults]:
        """Take the results that came since the last call; does not wait."""

    def batch_counts(self) -> list[BatchCounts]:
        """Take the counts at the ends of batches that came since the last call; does not wait."""
        return []

    @abstractmethod
    def settle(self) -> None:
        """Wait until the core is idle and all results can be received.

        Raises
        ------
        TransportError
            If the core does not become idle.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection to the core."""
