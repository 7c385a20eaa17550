"""Intentional faults in a co-simulation, which must be found."""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metaplast.golden_model import Network, NetworkConfig, epoch_order
from metaplast.golden_model.batch_record import Batch, BatchRecord
from metaplast.golden_model.network_state import NetworkState
from metaplast.hdl.registers.register_map import LayerRegister, layer_address
from metaplast.sim.core.simulated_core import SimulatedCore
from metaplast.sim.cosimulation.training_setup import TrainingSetup

__all__ = ["Fault", "FaultyNetwork", "FaultySetup", "When", "flip_counter"]


class When(enum.Enum):
    """When a fault happens."""

    ALWAYS = enum.auto()
    """Always when its batch is trained on."""

    OVERLAPPED = enum.auto()
    """Only if its batch follows another without a pause."""

    ONCE = enum.auto()
    """Only in the first core, not in a repeated epoch."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A flipped counter before a batch, or a flipped expected error bit of the batch.

    Parameters
    ----------
    epoch, batch : int
        The batch, from 0.
    layer, neuron, source : int
        The counter whose lowest bit is flipped.
    expected : bool
        Flip the error bit of the first sample in the golden model's record instead.
    when : When
        When it happens.
    """

    epoch: int
    batch: int
    layer: int = 0
    neuron: int = 0
    source: int = 0
    expected: bool = False
    when: When = When.ALWAYS

    def samples(self, config: NetworkConfig, count: int) -> NDArray[np.int64]:
        """Indices of the samples of its batch."""
        order = epoch_order(config, self.epoch, count)
        return order[self.batch * config.batch : (self.batch + 1) * config.batch]


def flip_counter(core: SimulatedCore, layer: int, neuron: int, source: int) -> None:
    """Flip the lowest bit of a counter, through the registers."""
    core.transport.settle()
    config = core.config.layers[layer]
    row = list(core.transport.read_counters(layer, neuron, config.inputs))
    row[source] ^= 1
    position = layer_address(layer, LayerRegister.POSITION)
    counter = layer_address(layer, LayerRegister.COUNTER)
    core.transport.access([(position, neuron), *((counter, value) for value in row)])


class FaultyCore(SimulatedCore):
    """A core with a fault."""

    fault: Fault
    batch: Batch
    again: bool
    _sent = 0

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        self._sent = 0
        return super().train_batches(batches, events)

    def _send(self, x: NDArray[np.uint8], y: NDArray[np.int64], *, ends: bool) -> None:
        bits, labels = self.batch
        there = np.array_equal(x, bits[: len(x)]) and np.array_equal(y, labels[: len(y)])
        fault = self.fault
        happens = {
            When.ALWAYS: True,
            When.OVERLAPPED: self._sent > 0,
            When.ONCE: not self.again,
        }[fault.when]
        if there and happens and not fault.expected:
            flip_counter(self, fault.layer, fault.neuron, fault.source)
        self._sent += 1
        super()._send(x, y, ends=ends)


class FaultyNetwork(Network):
    """A golden model that expects another error bit of one batch."""

    fault: Fault
    batch: Batch

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        record = super().train_batch(x, y, events)
        if self.fault.expected and np.array_equal(x, self.batch[0]):
            record.errors[0, self.fault.layer] ^= True
        return record


class FaultySetup(TrainingSetup):
    """A setup whose cores, or whose golden models, have a fault."""

    fault: Fault
    opened = 0

    @classmethod
    def make(cls, fault: Fault, **parameters: Any) -> "FaultySetup":
        setup = cls(**parameters)
        object.__setattr__(setup, "fault", fault)
        return setup

    def _faulty(self) -> Batch:
        return self.batch(self.fault.samples(self.config, len(self.x)))

    def open(
        self, waves: Path | None = None, *, start: NetworkState | None = None
    ) -> SimulatedCore:
        core = super().open(waves, start=start)
        core.__class__ = FaultyCore
        assert isinstance(core, FaultyCore)
        core.fault, core.batch, core.again = self.fault, self._faulty(), self.opened > 0
        object.__setattr__(self, "opened", self.opened + 1)
        return core

    def network(self, state: NetworkState) -> Network:
        return self.spoiled(super().network(state))

    def spoiled(self, network: Network) -> Network:
        """The golden model with the fault."""
        network.__class__ = FaultyNetwork
        assert isinstance(network, FaultyNetwork)
        network.fault, network.batch = self.fault, self._faulty()
        return network
