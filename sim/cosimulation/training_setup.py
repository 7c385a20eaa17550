"""Setup of a co-simulation: a folded network, its samples, and its simulators."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import Batch
from ...golden_model.config import NetworkConfig
from ...golden_model.network import Network
from ...golden_model.network_state import NetworkState, StoredState
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import PlacedNetwork
from ..core.simulated_core import SimulatedCore, build_core
from ..verilator.simulator import Simulator

__all__ = ["TrainingBatch", "TrainingSetup"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingBatch:
    """A batch with all inputs of its training.

    Attributes
    ----------
    epoch, number : int
        The epoch, and the batch in it; from 0.
    samples : array of int
        Indices of the samples, in order.
    events : list of int
        ``M_l`` of each layer.
    before : StoredState
        The state before the batch.
    """

    epoch: int
    number: int
    samples: NDArray[np.int64]
    events: list[int]
    before: StoredState


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSetup:
    """A folded or placed network and the samples to train it on, in simulation.

    Parameters
    ----------
    folded : FoldedNetwork or PlacedNetwork
        The network and how it is folded, or placed on a universal trainer.
    x : (n, N) of 0 and 1
        Encoded training samples.
    y : (n,) int
        Labels.
    gaps, stalls, noise : int
        Back-pressure; see :class:`.SimulatedCore`.
    optimize : bool
        Optimise for long simulations: slow compilation, fast simulation.
    """

    folded: FoldedNetwork | PlacedNetwork
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    gaps: int = 0
    stalls: int = 0
    noise: int = 1
    optimize: bool = True
    _simulators: dict[bool, Simulator] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> NetworkConfig:
        """The network."""
        return self.folded.config

    def simulator(self, *, waves: bool = False) -> Simulator:
        """The simulator of the core, which is built once.

        Raises
        ------
        SimulationError
            If the simulator cannot be built.
        """
        if waves not in self._simulators:
            folded = self.folded
            core = folded.trainer if isinstance(folded, PlacedNetwork) else folded
            self._simulators[waves] = build_core(core, optimize=self.optimize, waves=waves)
        return self._simulators[waves]

    def open(
        self, waves: Path | None = None, *, start: NetworkState | None = None
    ) -> SimulatedCore:
        """Start a core, in the initial state of the seed or in another state.

        Parameters
        ----------
        waves : Path, optional
            File for a waveform.
        start : NetworkState, optional
            A state to load through the registers.

        Raises
        ------
        SimulationError
            If the simulator cannot be built, or does not run.
        """
        return SimulatedCore(
            self.simulator(waves=waves is not None),
            self.folded,
            start=start,
            gaps=self.gaps,
            stalls=self.stalls,
            noise=self.noise,
            waves=waves,
        )

    def batch(self, samples: NDArray[np.int64]) -> Batch:
        """The bits and labels of some samples."""
        return self.x[samples], self.y[samples]

    def network(self, state: NetworkState) -> Network:
        """The golden model in a state."""
        return Network.from_state(self.config, state.counters, state.snapshot, state.streams)
