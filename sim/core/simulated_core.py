"""A trainer core in a simulator: a remote core with access to its memories."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import Batch, BatchRecord
from ...golden_model.network_state import NetworkState
from ...hdl.client.remote_core import RemoteCore
from ...hdl.planning.plan import FoldedLayer, FoldedNetwork
from ...hdl.planning.universal import PlacedLayer, PlacedNetwork, UniversalTrainer
from ..verilator.simulator import Simulator, build
from .bank_images import (
    counter_rows,
    counter_words,
    counters_of,
    snapshot_of,
    snapshot_rows,
    snapshot_words,
)
from .core_process import CoreProcess
from .harness import COUNTERS, SNAPSHOT
from .simulated_transport import SimulatedTransport
from .stored_design import stored_core_design

__all__ = ["SimulatedCore", "build_core"]

MAIN = Path(__file__).with_name("main.cpp")


def build_core(
    folded: FoldedNetwork | UniversalTrainer, *, optimize: bool = True, waves: bool = False
) -> Simulator:
    """Build the simulator of a trainer core, or take it from the cache.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    optimize : bool
        Optimise for long simulations: slow compilation, fast simulation.
    waves : bool
        Support waveforms, which makes the simulator slow.

    Raises
    ------
    SimulationError
        If the simulator cannot be built.
    """
    return build(stored_core_design(folded), optimize=optimize, waves=waves, main=MAIN)


class SimulatedCore(RemoteCore):
    """A trainer core in a simulator process; a context manager.

    Parameters
    ----------
    simulator : Simulator
        From :func:`build_core`.
    folded : FoldedNetwork or PlacedNetwork
        The network and how it is folded, or placed on the universal trainer.
    start : NetworkState, optional
        A state to load through the registers; by default the initial state of the seed.
    gaps, stalls : int
        Mean number of cycles of 256 in which words and requests are held back, and in which
        results and responses are not taken. 0 to 255.
    noise : int
        Seed of gaps and stalls, and of the memories' contents at power-up. 32 bits.
    waves : Path, optional
        File for a waveform, which :meth:`record` switches on and off.

    Attributes
    ----------
    cycles : int
        Cycles of all training so far in which the core was busy or a word was offered to it.

    Raises
    ------
    SimulationError
        If the simulator does not run.
    """

    transport: SimulatedTransport

    def __init__(
        self,
        simulator: Simulator,
        folded: FoldedNetwork | PlacedNetwork,
        *,
        start: NetworkState | None = None,
        gaps: int = 0,
        stalls: int = 0,
        noise: int = 1,
        waves: Path | None = None,
    ):
        self.folded = folded
        self.cycles = 0
        process = CoreProcess(simulator, waves, seed=noise)
        try:
            ports = {"gaps": gaps, "stalls": stalls, "noise": noise}
            transport = SimulatedTransport(process, folded, ports)
            placed = folded if isinstance(folded, PlacedNetwork) else None
            super().__init__(
                transport,
                folded.config,
                folded.first.plan.input_width,
                start=start,
                placed=placed,
            )
        except BaseException:
            process.close()
            raise

    def __enter__(self) -> "SimulatedCore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches, and count the cycles; see :class:`.RemoteCore`."""
        self.transport.settle()
        begin = self.cycles - self.transport.cycles
        for record in super().train_batches(batches, events):
            self.cycles = begin + self.transport.cycles
            yield record
        self.cycles = begin + self.transport.cycles

    def restart(self) -> None:
        """Reset the gateware, and load the initial state of the seed."""
        self.transport.restart()
        if isinstance(self.folded, PlacedNetwork):
            self.set_network(self.folded)
        else:
            self.reset()

    def set_network(self, placed: PlacedNetwork, *, start: NetworkState | None = None) -> None:
        """Set up another network on the universal trainer; see :class:`.RemoteCore`.

        The simulated time goes on, and the memories keep the contents that the network before left
        in them.

        Raises
        ------
        ValueError
            If the network is placed on another trainer than this one.
        """
        if not isinstance(self.folded, PlacedNetwork) or placed.trainer != self.folded.trainer:
            raise ValueError("the network must be placed on the universal trainer of this core")
        self.transport.settle()
        self.transport.receive()
        self.transport.set_network(placed)
        self.folded = placed
        super().set_network(placed, start=start)

    def set_back_pressure(self, *, gaps: int, stalls: int) -> None:
        """Change ``gaps`` and ``stalls``; both 0 to 255."""
        self.transport.set_ports(gaps=gaps, stalls=stalls)

    # State, through the simulator

    @property
    def counters(self) -> list[NDArray[np.int16]]:
        """Per layer, ``k``, (K, N), from the memories."""
        return [
            counters_of(
                folded,
                self._peek(folded, _counters(folded), counter_rows(folded), folded.row_bits),
            ).astype(np.int16)
            for folded in self.folded.layers
        ]

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``W``, (K, N) of 0 and 1, from the memories."""
        return [
            snapshot_of(
                folded,
                self._peek(
                    folded,
                    f"signs.{SNAPSHOT}",
                    snapshot_rows(folded),
                    folded.plan.pe * folded.plan.simd,
                ),
            )
            for folded in self.folded.layers
        ]

    def poke_state(self, state: NetworkState) -> None:
        """Write counters and snapshot into the memories in zero simulated time; load streams."""
        for folded, k, w in zip(self.folded.layers, state.counters, state.snapshot, strict=True):
            self._poke(folded, _counters(folded), counter_words(folded, k), counter_rows(folded))
            words = snapshot_words(folded, w)
            self._poke(folded, f"signs.{SNAPSHOT}", words, snapshot_rows(folded))
        self.load_streams(state.streams)

    def record(self, on: bool) -> None:
        """Start or stop the recording of a waveform."""
        self.transport.set_ports(waves=int(on))

    def _peek(
        self, folded: FoldedLayer, name: str, rows: NDArray[Any], width: int
    ) -> list[NDArray[np.uint8]]:
        images = []
        for bank in range(folded.plan.banks):
            path = _bank_path(folded, bank, name)
            digits = self.transport.peek(path, rows.reshape(-1).tolist())
            bits = np.frombuffer(digits.encode(), dtype=np.uint8) - np.uint8(ord("0"))
            images.append(bits.reshape(-1, width)[:, ::-1])
        return images

    def _poke(
        self, folded: FoldedLayer, name: str, images: Sequence[NDArray[Any]], rows: NDArray[Any]
    ) -> None:
        for bank, image in enumerate(images):
            packed = np.packbits(image, axis=1, bitorder="little")
            words = {
                row: int.from_bytes(word, "little")
                for row, word in zip(rows.reshape(-1).tolist(), packed, strict=True)
            }
            self.transport.poke(_bank_path(folded, bank, name), words)


def _counters(folded: FoldedLayer) -> str:
    return f"counters.{COUNTERS}" if folded.single_port else f"counters.memory.{COUNTERS}"


def _bank_path(folded: FoldedLayer, bank: int, name: str) -> str:
    engine = 0 if isinstance(folded, PlacedLayer) else folded.config.index
    return f"core.network.layer_{engine}.bank_{bank}.{name}"
