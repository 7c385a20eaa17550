"""What a training in RTL is about, and how a core is brought up for it."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import NetworkConfig
from ...golden_model.network import Network
from ...hdl.planning.plan import FoldedNetwork
from ..core.simulated_core import SimulatedCore, build_core
from ..verilator.simulator import Simulator
from .comparison import CoreState

__all__ = ["Fault", "TrainingBatch", "TrainingSetup", "Trouble"]


class Trouble(enum.Enum):
    """When a :class:`Fault` happens."""

    ALWAYS = enum.auto()
    """Whenever its batch is trained on."""

    OVERLAPPED = enum.auto()
    """Only if the batch before is followed without a pause, as a fault of timing would."""

    ONCE = enum.auto()
    """Only in the training itself, not when its epoch is run again."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something made wrong by intention, to see that it is found.

    Parameters
    ----------
    epoch, batch : int
        The batch before which it happens, from 0.
    layer, neuron, source : int
        The counter whose lowest bit is flipped, through the core's registers.
    expected : bool
        Flip the layer's error bit of the batch's first sample instead, in what is expected.
    trouble : Trouble
        When it happens.
    """

    epoch: int
    batch: int
    layer: int = 0
    neuron: int = 0
    source: int = 0
    expected: bool = False
    trouble: Trouble = Trouble.ALWAYS


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingBatch:
    """A batch, and all that decides what happens in it.

    Attributes
    ----------
    epoch, number : int
        Which one, from 0.
    samples : array of int
        Indices of its samples, in order.
    events : list of int
        ``M_l`` of each layer.
    before : CoreState
        The state before it.
    """

    epoch: int
    number: int
    samples: NDArray[np.int64]
    events: list[int]
    before: CoreState


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSetup:
    """A network, its plan and the samples to train it on.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    x : (n, N) of 0 and 1
        Encoded training samples.
    y : (n,) int
        Labels.
    gaps, stalls, noise : int
        Back-pressure; see :class:`.SimulatedCore`.
    optimize : bool
        Compile slowly, run quickly.
    fault : Fault or None
        What to make wrong.
    """

    folded: FoldedNetwork
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    gaps: int = 0
    stalls: int = 0
    noise: int = 1
    optimize: bool = True
    fault: Fault | None = None
    _simulators: dict[bool, Simulator] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> NetworkConfig:
        """The network."""
        return self.folded.config

    def simulator(self, *, waves: bool = False) -> Simulator:
        """The core's simulator; built at most once.

        Raises
        ------
        SimulationError
            If it cannot be built.
        """
        if waves not in self._simulators:
            self._simulators[waves] = build_core(self.folded, optimize=self.optimize, waves=waves)
        return self._simulators[waves]

    def open(self, waves: Path | None = None) -> SimulatedCore:
        """A core in a simulator of its own, able to record a waveform if a file is given."""
        return SimulatedCore(
            self.simulator(waves=waves is not None),
            self.folded,
            gaps=self.gaps,
            stalls=self.stalls,
            noise=self.noise,
            waves=waves,
        )

    def bring(self, core: SimulatedCore, state: CoreState) -> None:
        """Bring a core to a state, whatever it was in."""
        core.restart()
        core.configure()
        core.seed()
        core.poke(state.counters, state.snapshot)
        core.load_streams(state.streams)

    def feed(self, core: SimulatedCore, samples: NDArray[np.int64], *, commit: bool = True) -> None:
        """Give a core a batch.

        Parameters
        ----------
        core : SimulatedCore
            The core.
        samples : array of int
            Indices of the batch's samples, in order.
        commit : bool
            Whether the batch ends with them.
        """
        last = np.zeros(len(samples), dtype=np.bool_)
        last[-1:] = commit
        core.feed(self.x[samples], self.y[samples], last)

    def network(self, state: CoreState) -> Network:
        """The golden model in a state."""
        return Network.from_state(self.config, state.counters, state.snapshot, state.streams)

    def make_fault(
        self,
        core: SimulatedCore,
        epoch: int,
        batch: int,
        *,
        overlapped: bool = False,
        again: bool = True,
    ) -> None:
        """Make the fault that belongs before a batch, if there is one.

        Parameters
        ----------
        core : SimulatedCore
            The core.
        epoch, batch : int
            The batch that comes next.
        overlapped : bool
            Whether batches follow each other without a pause.
        again : bool
            Whether this is another run of the epoch.
        """
        fault = self.fault
        if fault is None or fault.expected or (fault.epoch, fault.batch) != (epoch, batch):
            return
        if fault.trouble is Trouble.ONCE and again:
            return
        if fault.trouble is Trouble.OVERLAPPED and not overlapped:
            return
        core.drain()
        core.flip_counter(fault.layer, fault.neuron, fault.source)

    def flips_expected(self, epoch: int, batch: int) -> Sequence[int]:
        """Layers whose expected error bit is to be flipped for a batch's first sample."""
        fault = self.fault
        if fault is None or not fault.expected or (fault.epoch, fault.batch) != (epoch, batch):
            return ()
        return (fault.layer,)
