"""A trainer core in a simulator, with its registers, streams and memories within reach."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...golden_model.random_stream import BitStream
from ...hdl.planning.plan import FoldedLayer, FoldedNetwork
from ...hdl.registers.register_map import GlobalRegister, LayerRegister, Status, layer_address
from ..verilator.design import TOP
from ..verilator.simulator import SimulationError, Simulator, build
from .bank_images import counter_words, counters_of, snapshot_of, snapshot_words
from .core_driver import PIPE_VARIABLE
from .harness import COUNTERS, SNAPSHOT, core_design

__all__ = ["BatchCounts", "CoreCounts", "CoreResults", "SimulatedCore", "build_core"]

MAIN = Path(__file__).with_name("main.cpp")
DRIVER = f"{__package__}.core_driver"

LOTS_AHEAD = 6
"""Lots of samples that may be on their way to the simulator, or inside."""

ENDING_SECONDS = 10
"""Time that a simulator has to end by itself."""

STREAM_REGISTERS = 4


def build_core(folded: FoldedNetwork, *, optimize: bool = True, waves: bool = False) -> Simulator:
    """The simulator of a trainer core, built if it was not built before.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    optimize : bool
        For runs of many cycles: compile slowly, run quickly.
    waves : bool
        Whether it is to record waveforms, which makes it slow.

    Raises
    ------
    SimulationError
        If it cannot be built.
    """
    return build(core_design(folded), optimize=optimize, waves=waves, main=MAIN)


@dataclass(frozen=True, eq=False)
class CoreResults:
    """What the core said of some samples, in order.

    Attributes
    ----------
    predictions : (n, L) int64
        Each layer's.
    errors : (n, L) bool
        Error bits.
    refused : (n,) bool
        Whether the sample was refused.
    cycles : int
        Cycles in which the core was busy or a word was offered to it, up to now.
    """

    predictions: NDArray[np.int64]
    errors: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    cycles: int

    @classmethod
    def joined(cls, parts: "Sequence[CoreResults]") -> "CoreResults":
        """Results that follow each other, as one."""
        names = ("predictions", "errors", "refused")
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(**arrays, cycles=parts[-1].cycles)

    def __getitem__(self, part: slice) -> "CoreResults":
        """Some of them."""
        return CoreResults(
            self.predictions[part], self.errors[part], self.refused[part], self.cycles
        )


@dataclass(frozen=True)
class CoreCounts:
    """The core's count registers.

    Attributes
    ----------
    samples, refused : int
        Samples trained on, and refused.
    errors, updates, saturated : tuple of int
        Per layer: error bits raised, neurons updated, counters at a bound.
    """

    samples: int
    refused: int
    errors: tuple[int, ...]
    updates: tuple[int, ...]
    saturated: tuple[int, ...]


@dataclass(frozen=True)
class BatchCounts:
    """The core's counts at a batch's end, since they were cleared.

    Attributes
    ----------
    errors, updates : tuple of int
        Per layer: error bits raised, neurons updated.
    """

    errors: tuple[int, ...]
    updates: tuple[int, ...]


class SimulatedCore:
    """Run a trainer core in a process of its own; a context manager.

    Parameters
    ----------
    simulator : Simulator
        From :func:`build_core`.
    folded : FoldedNetwork
        The network and how it is folded.
    gaps, stalls : int
        How often words and requests are held back, and results and responses are not taken, in
        256 cycles. 0 to 255.
    noise : int
        Seed of that, 32 bits.
    waves : Path, optional
        File for a waveform, of the time for which :meth:`record` switches it on.

    Raises
    ------
    SimulationError
        If the simulator does not run.
    """

    def __init__(
        self,
        simulator: Simulator,
        folded: FoldedNetwork,
        *,
        gaps: int = 0,
        stalls: int = 0,
        noise: int = 1,
        waves: Path | None = None,
    ):
        self.folded = folded
        self.config = folded.config
        self._inside = 0
        self._outside: list[CoreResults] = []
        self._ends: list[BatchCounts] = []
        self._directory = tempfile.TemporaryDirectory(prefix="metaplast-")
        self._log = Path(self._directory.name) / "log"
        self._pipe, other = Pipe()
        arguments = [] if waves is None else ["--trace-file", str(waves.absolute())]
        try:
            self._process = self._start([str(simulator.directory / TOP), *arguments], other)
        except BaseException:
            self._pipe.close()
            self._directory.cleanup()
            raise
        finally:
            other.close()
        try:
            self._ports = {"gaps": gaps, "stalls": stalls, "noise": noise}
            self.restart()
        except BaseException:
            self.close()
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

    def close(self) -> None:
        """End the simulator."""
        self._pipe.close()
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()

    # Registers

    def request(self, requests: Sequence[tuple[int, int | None]]) -> list[tuple[Status, int]]:
        """Reads and writes of registers, in order. All samples must have been drained.

        Parameters
        ----------
        requests : sequence of (address, value)
            A value to write, or None to read.

        Returns
        -------
        list of (Status, int)
            How each ended, and what was read.
        """
        rows = [
            address << 1 | (0 if value is None else 1 | (value & 0xFFFFFFFF) << 25)
            for address, value in requests
        ]
        responses: list[int] = []
        for start in range(0, len(rows), self._request_capacity):
            self._send("request", rows[start : start + self._request_capacity])
            (answers,) = self._receive("request")
            responses += answers
        return [(Status(response & 7), response >> 3) for response in responses]

    def access(self, requests: Sequence[tuple[int, int | None]]) -> list[int]:
        """As :meth:`request`, where all must end well; gives what was read.

        Raises
        ------
        SimulationError
            If one does not.
        """
        values = []
        for (address, value), (status, data) in zip(requests, self.request(requests), strict=True):
            if status is not Status.OK:
                act = "read" if value is None else f"write of {value}"
                raise SimulationError(
                    f"a {act} at register {address:#x} was refused: {status.name}"
                )
            values.append(data)
        return values

    def read(self, address: int) -> int:
        """A register's value."""
        return self.access([(address, None)])[0]

    def write(self, address: int, value: int) -> None:
        """Write a register."""
        self.access([(address, value)])

    # Set-up

    def restart(self) -> None:
        """Reset the gateware: all registers, but no memory."""
        assert not self._inside
        self._pending: list[int] = []
        self._send("begin", {**self._ports, "patience": self._patience()})
        samples, self._request_capacity = self._receive("begin")
        self._lot = samples // 2
        self._ends = []

    def configure(self) -> None:
        """Write the configuration's registers: seed, batch size, margins."""
        config = self.config
        self.access(
            [
                (GlobalRegister.SEED_LOW, config.seed & 0xFFFFFFFF),
                (GlobalRegister.SEED_HIGH, config.seed >> 32),
                (GlobalRegister.BATCH, config.batch),
                (GlobalRegister.MODE, 0),
                *(
                    (layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
                    for layer in config.layers
                ),
            ]
        )

    def seed(self) -> None:
        """Bring the core to the seeded start, classifiers included."""
        self.write(GlobalRegister.RESET, 1)
        self.drain()

    def load_counters(self, counters: Sequence[NDArray[Any]]) -> None:
        """Write ``k`` of each layer, (K, N), through the registers; ``W`` becomes its sign."""
        for index, k in enumerate(counters):
            values = k.reshape(-1).tolist()
            self.access(
                [
                    (layer_address(index, LayerRegister.POSITION), 0),
                    *((layer_address(index, LayerRegister.COUNTER), value) for value in values),
                ]
            )

    def load_streams(self, streams: Sequence[BitStream]) -> None:
        """Write where each layer's reinforcement stream stands."""
        for index, stream in enumerate(streams):
            low, high = stream.history
            # Bit 0 of the four words is none of the history's.
            words = (low | high << 64) << 1
            self.access(
                [
                    (_stream_address(index, word), words >> 32 * word & 0xFFFFFFFF)
                    for word in range(STREAM_REGISTERS)
                ]
            )

    def set_events(self, events: Sequence[int]) -> None:
        """Write ``M_l`` of each layer."""
        self._set_ports(patience=self._patience(sum(events)))
        self.access(
            [
                (layer_address(index, LayerRegister.EVENTS), count)
                for index, count in enumerate(events)
            ]
        )

    def clear_counts(self) -> None:
        """Set the counts of samples, errors and updates to zero."""
        self.access(
            [
                (GlobalRegister.SAMPLES, 0),
                (GlobalRegister.REFUSED, 0),
                *(
                    (layer_address(layer.index, register), 0)
                    for layer in self.config.layers
                    for register in (LayerRegister.ERRORS, LayerRegister.UPDATES)
                ),
            ]
        )

    # Training

    def feed(self, x: NDArray[np.uint8], y: NDArray[np.int64], last: NDArray[np.bool_]) -> None:
        """Give samples to the core; waits if there are many on their way already.

        Parameters
        ----------
        x : (n, N) of 0 and 1
            Encoded samples.
        y : (n,) int
            Labels, 0 to 255.
        last : (n,) bool
            Whether a sample is its batch's last.
        """
        folded = self.folded.first
        width = folded.load_words * folded.plan.load
        wide = np.zeros((len(x), width + 9), dtype=np.uint8)
        wide[:, : x.shape[1]] = x
        wide[:, width : width + 8] = y[:, np.newaxis] >> np.arange(8) & 1
        wide[:, width + 8] = last
        for row in np.packbits(wide, axis=1, bitorder="little"):
            self._pending.append(int.from_bytes(row, "little"))
            if len(self._pending) == self._lot:
                self._send_pending()

    def flush(self) -> None:
        """Let no sample wait for others that it could go to the simulator with."""
        if self._pending:
            self._send_pending()

    def results(self) -> list[CoreResults]:
        """What came out since the last call; does not wait."""
        while self._inside and self._pipe.poll():
            self._take_results()
        results, self._outside = self._outside, []
        return results

    def batch_ends(self) -> list[BatchCounts]:
        """Counts at the ends of batches that became known since the last call; does not wait.

        An end may be known before the results of all its samples are, and the other way round.
        """
        ends, self._ends = self._ends, []
        return ends

    def drain(self) -> int:
        """Wait until the core has nothing left to do; gives :attr:`CoreResults.cycles` so far."""
        self.flush()
        self._send("drain")
        while self._inside:
            self._take_results()
        cycles, ends = self._receive("drain")
        self._take_ends(ends)
        return int(cycles)

    # State, through the registers

    def counts(self) -> CoreCounts:
        """The count registers."""
        layers = range(len(self.config.layers))
        registers = (LayerRegister.ERRORS, LayerRegister.UPDATES, LayerRegister.SATURATED)
        addresses = [
            int(GlobalRegister.SAMPLES),
            int(GlobalRegister.REFUSED),
            *(layer_address(layer, register) for register in registers for layer in layers),
        ]
        samples, refused, *counts = self.access([(address, None) for address in addresses])
        errors, updates, saturated = (
            tuple(counts[start : start + len(layers)])
            for start in range(0, len(counts), len(layers))
        )
        return CoreCounts(samples, refused, errors, updates, saturated)

    def read_counters(self) -> list[NDArray[np.int16]]:
        """``k`` of each layer."""
        counters = []
        for layer in self.config.layers:
            _, *values = self.access(
                [
                    (layer_address(layer.index, LayerRegister.POSITION), 0),
                    *[(layer_address(layer.index, LayerRegister.COUNTER), None)] * layer.weights,
                ]
            )
            table = np.array(values, dtype=np.uint32).view(np.int32).astype(np.int16)
            counters.append(table.reshape(layer.neurons, layer.inputs))
        return counters

    def read_streams(self) -> list[BitStream]:
        """Where each layer's reinforcement stream stands."""
        streams = []
        for layer in self.config.layers:
            words = self.access(
                [(_stream_address(layer.index, word), None) for word in range(STREAM_REGISTERS)]
            )
            history = sum(word << 32 * n for n, word in enumerate(words)) >> 1
            streams.append(BitStream.from_history(history & (1 << 64) - 1, history >> 64))
        return streams

    def flip_counter(self, layer: int, neuron: int, source: int, bit: int = 0) -> None:
        """Flip a bit of a counter, through the registers."""
        counter = layer_address(layer, LayerRegister.COUNTER)
        position = layer_address(layer, LayerRegister.POSITION)
        row = self.access(
            [(position, neuron), *[(counter, None)] * self.config.layers[layer].inputs]
        )[1:]
        width = self.config.counter_bits
        value = (row[source] ^ 1 << bit) & (1 << width) - 1
        row[source] = value - (1 << width) if value >> width - 1 else value
        self.access([(position, neuron), *((counter, value) for value in row)])

    # State, through the simulator

    def peek_counters(self) -> list[NDArray[np.int32]]:
        """``k`` of each layer, as the memories hold it."""
        return [
            counters_of(folded, self._peek(folded, _counters(folded), folded.row_bits))
            for folded in self.folded.layers
        ]

    def peek_snapshot(self) -> list[NDArray[np.uint8]]:
        """``W`` of each layer, as the memories hold it."""
        return [
            snapshot_of(
                folded,
                self._peek(folded, f"signs.{SNAPSHOT}", folded.plan.lanes * folded.plan.word),
            )
            for folded in self.folded.layers
        ]

    def poke(self, counters: Sequence[NDArray[Any]], snapshot: Sequence[NDArray[Any]]) -> None:
        """Put ``k`` and ``W`` of each layer into the memories, in no time."""
        for folded, k, w in zip(self.folded.layers, counters, snapshot, strict=True):
            self._poke(folded, _counters(folded), counter_words(folded, k))
            self._poke(folded, f"signs.{SNAPSHOT}", snapshot_words(folded, w))

    def record(self, on: bool) -> None:
        """Record a waveform from now on, or stop it."""
        self._set_ports(waves=int(on))

    # The process

    def _peek(self, folded: FoldedLayer, name: str, width: int) -> list[NDArray[np.uint8]]:
        images = []
        for bank in range(folded.plan.banks):
            self._send("peek", _bank_path(folded, bank, name))
            (digits,) = self._receive("peek")
            bits = np.frombuffer(digits.encode(), dtype=np.uint8) - np.uint8(ord("0"))
            images.append(bits.reshape(-1, width)[:, ::-1])
        return images

    def _poke(self, folded: FoldedLayer, name: str, images: list[NDArray[np.uint8]]) -> None:
        for bank, image in enumerate(images):
            packed = np.packbits(image, axis=1, bitorder="little")
            words = {row: int.from_bytes(word, "little") for row, word in enumerate(packed)}
            self._send("poke", _bank_path(folded, bank, name), words)
            self._receive("poke")

    def _set_ports(self, **values: int) -> None:
        self._send("set_ports", values)
        self._receive("set_ports")

    def _patience(self, events: int = 0) -> int:
        """Cycles of silence that are too many, by a wide margin."""
        longest = events
        for folded in self.folded.layers:
            layer = folded.config
            longest += (
                folded.load_words
                + folded.word_loads
                + folded.array_cycles
                + folded.bank_groups * (folded.rows + 1) * folded.row_cycles
                + layer.classes
                + 16 * layer.weights
            )
        return min(100_000 + 64 * longest, (1 << 32) - 1)

    def _start(self, command: list[str], other: Connection) -> "subprocess.Popen[bytes]":
        import find_libpython
        from cocotb_tools import config

        python = os.environ.get("LIBPYTHON_LOC") or find_libpython.find_libpython()
        if python is None:
            raise SimulationError(
                "Python's shared library is missing, and the simulator runs with it: install it "
                "(Debian and Ubuntu: apt install libpython3-dev), or name it in LIBPYTHON_LOC"
            )
        environment = {
            **os.environ,
            "GPI_USERS": f"{python};{config.pygpi_entry_point()}",
            "PYGPI_PYTHON_BIN": sys.executable,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TOPLEVEL_LANG": "verilog",
            "COCOTB_TOPLEVEL": TOP,
            "COCOTB_TEST_MODULES": DRIVER,
            "COCOTB_TRUST_INERTIAL_WRITES": "1",
            "COCOTB_ANSI_OUTPUT": "0",
            "COCOTB_LOG_LEVEL": "WARNING",
            "GPI_LOG_LEVEL": "WARNING",
            PIPE_VARIABLE: str(other.fileno()),
        }
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self._directory.name,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C is for the parent, which ends it
            )

    def _send(self, *message: Any) -> None:
        try:
            self._pipe.send(message)
        except ConnectionError:
            self._fail()

    def _receive(self, expected: str) -> list[Any]:
        try:
            name, *values = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._fail()
        if name == "failed":
            raise SimulationError(f"the simulation failed: {values[0]}")
        assert name == expected, f"{name} came, and {expected} was expected"
        return values

    def _send_pending(self) -> None:
        while self._inside >= LOTS_AHEAD:
            self._take_results()
        self._send("feed", self._pending)
        self._pending = []
        self._inside += 1

    def _take_results(self) -> None:
        rows, cycles, ends = self._receive("results")
        self._take_ends(ends)
        layers = len(self.config.layers)
        width = 9 * layers + 1
        size = -(-width // 8)
        content = b"".join(row.to_bytes(size, "little") for row in rows)
        packed = np.frombuffer(content, dtype=np.uint8).reshape(len(rows), size)
        bits = np.unpackbits(packed, axis=1, count=width, bitorder="little")
        predictions = bits[:, : 8 * layers].reshape(len(rows), layers, 8) @ (1 << np.arange(8))
        self._inside -= 1
        self._outside.append(
            CoreResults(
                predictions=predictions,
                errors=bits[:, 8 * layers : 9 * layers].astype(np.bool_),
                refused=bits[:, 9 * layers].astype(np.bool_),
                cycles=cycles,
            )
        )

    def _take_ends(self, ends: list[list[int]]) -> None:
        self._ends += [
            BatchCounts(
                errors=tuple(word & 0xFFFFFFFF for word in words),
                updates=tuple(word >> 32 for word in words),
            )
            for words in ends
        ]

    def _fail(self) -> NoReturn:
        """Say why the simulator has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_SECONDS)
        status = self._process.returncode
        if status is None:
            how = "closed its channel and goes on"
        elif status < 0:
            how = f"ended by itself, by signal {-status}"
        else:
            how = f"ended by itself, with status {status}"
        lines = [line.strip() for line in self._log.read_text(errors="replace").splitlines()]
        errors = [line for line in lines if "error" in line.lower()]
        said = (errors or lines or ["it said nothing"])[0]
        raise SimulationError(f"the simulator {how}: {said}")


def _stream_address(layer: int, word: int) -> int:
    return layer_address(layer, LayerRegister(LayerRegister.STREAM_0 + word))


def _counters(folded: FoldedLayer) -> str:
    return f"counters.{COUNTERS}" if folded.single_port else f"counters.memory.{COUNTERS}"


def _bank_path(folded: FoldedLayer, bank: int, name: str) -> str:
    return f"core.network.layer_{folded.config.index}.bank_{bank}.{name}"
