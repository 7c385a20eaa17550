"""The transport to a simulated core, through the memories of its harness."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...hdl.client.transport import (
    Access,
    BatchCounts,
    RefusedError,
    SampleResults,
    Transport,
)
from ...hdl.planning.plan import FoldedLayer, FoldedNetwork
from ...hdl.planning.universal import PlacedNetwork
from ...hdl.registers.register_map import LayerRegister, Status, layer_address
from .core_process import CoreProcess

__all__ = ["SimulatedTransport"]

CHUNKS_AHEAD = 6
"""Maximum number of chunks of samples without results."""

WORD = 0xFFFFFFFF
MIN_PATIENCE = 100_000


class SimulatedTransport(Transport):
    """Transport to a simulated core, through the memories of its harness.

    Samples go to the simulator in chunks. Simulated time passes only while a command waits, so
    cycles do not depend on when samples come.

    Parameters
    ----------
    process : CoreProcess
        The simulator's process.
    folded : FoldedNetwork or PlacedNetwork
        The network and how it is folded, or placed on a universal trainer.
    ports : dict
        Values of the harness's ports ``gaps``, ``stalls`` and ``noise``.
    """

    name = "the simulator"
    counts_batches = True

    def __init__(
        self, process: CoreProcess, folded: FoldedNetwork | PlacedNetwork, ports: dict[str, int]
    ):
        self.process = process
        self._folded = folded
        self._ports = dict(ports)
        # The largest sample and the number of layers that the core is built for
        largest: FoldedLayer = folded.first
        self._core_layers = len(folded.layers)
        if isinstance(folded, PlacedNetwork):
            largest, self._core_layers = folded.trainer.engine, folded.trainer.capacity.layers
        self._sample_bits = largest.sample_words * largest.plan.input_width
        self._inside = 0
        self.restart()

    def restart(self) -> None:
        """Reset the gateware: all registers, but not the memories."""
        assert not self._inside
        self._pending: list[int] = []
        self._results: list[SampleResults] = []
        self._ends: list[BatchCounts] = []
        self._events: dict[int, int] = {}
        self.cycles = 0
        words = self._folded.first.sample_words
        ports = {**self._ports, "patience": self._patience(), "words": words}
        samples, self._request_capacity = self._call("begin", ports, len(self._folded.layers))
        self._chunk_size = samples // 2

    def set_network(self, placed: PlacedNetwork) -> None:
        """Change to another network on the universal trainer; the core is idle, all results taken.

        The counts and memories of the harness go on.
        """
        assert not self._inside
        self._folded = placed
        self._events = {}
        self._call("use_layers", len(placed.layers))
        self.set_ports(words=placed.first.sample_words, patience=self._patience())

    def close(self) -> None:
        """End the simulator."""
        self.process.close()

    # Registers

    def request(self, requests: Sequence[Access]) -> list[tuple[Status, int]]:
        """Read and write registers, in order; the results of all samples must have come.

        Parameters
        ----------
        requests : sequence of (address, value or None)
            A value to write, or None to read.

        Returns
        -------
        list of (Status, int)
            Status of each request, and the value read.
        """
        self._note_events(requests)
        rows = [
            address << 1 | (0 if value is None else 1 | (value & WORD) << 25)
            for address, value in requests
        ]
        responses: list[int] = []
        for start in range(0, len(rows), self._request_capacity):
            (answers,) = self._call("request", rows[start : start + self._request_capacity])
            responses += answers
        return [(Status(response & 7), response >> 3) for response in responses]

    def access(self, requests: Sequence[Access]) -> list[int]:
        values = []
        for (address, value), (status, data) in zip(requests, self.request(requests), strict=True):
            if status is not Status.OK:
                act = "read" if value is None else f"write of {value}"
                raise RefusedError(
                    f"a {act} at register {address:#x} was refused: {status.name}", status
                )
            values.append(data)
        return values

    # Samples

    def send(
        self, bits: NDArray[np.uint8], labels: NDArray[np.int64], last: NDArray[np.bool_]
    ) -> None:
        width = self._sample_bits
        wide = np.zeros((len(bits), width + 9), dtype=np.uint8)
        wide[:, : bits.shape[1] * bits.shape[2]] = bits.reshape(
            len(bits), bits.shape[1] * bits.shape[2]
        )
        wide[:, width : width + 8] = labels[:, np.newaxis] >> np.arange(8) & 1
        wide[:, width + 8] = last
        for row in np.packbits(wide, axis=1, bitorder="little"):
            self._pending.append(int.from_bytes(row, "little"))
            if len(self._pending) == self._chunk_size:
                self.flush()

    def flush(self) -> None:
        """Send an incomplete chunk of samples to the simulator."""
        if not self._pending:
            return
        while self._inside >= CHUNKS_AHEAD:
            self._take_answer()
        self.process.send("feed", self._pending)
        self._pending = []
        self._inside += 1

    def receive(self) -> list[SampleResults]:
        while self._inside and self.process.answered:
            self._take_answer()
        results, self._results = self._results, []
        return results

    def batch_counts(self) -> list[BatchCounts]:
        ends, self._ends = self._ends, []
        return ends

    def settle(self) -> None:
        self.flush()
        self.cycles, ends = self._call("drain")
        self._take_ends(ends)

    # The harness

    def peek(self, path: str, rows: Sequence[int]) -> str:
        """Words of a memory, as binary digits."""
        (digits,) = self._call("peek", path, rows)
        return str(digits)

    def poke(self, path: str, words: dict[int, int]) -> None:
        """Set words of a memory, in zero simulated time."""
        self._call("poke", path, words)

    def set_ports(self, **values: int) -> None:
        """Set ports of the harness; ``gaps``, ``stalls`` and ``noise`` stay after a restart."""
        self._ports |= {name: values[name] for name in self._ports.keys() & values.keys()}
        self._call("set_ports", values)

    def _note_events(self, requests: Sequence[Access]) -> None:
        """Set a longer time-out for commits with many events."""
        addresses = {
            layer_address(layer.config.index, LayerRegister.EVENTS) for layer in self._folded.layers
        }
        written = {address: value for address, value in requests if address in addresses and value}
        if written:
            self._events |= written
            self.set_ports(patience=self._patience(sum(self._events.values())))

    def _patience(self, events: int = 0) -> int:
        """Time-out of the harness in cycles, with a wide margin."""
        longest = events
        for folded in self._folded.layers:
            layer = folded.config
            longest += (
                folded.sample_words
                + folded.word_transfers
                + folded.array_cycles
                + folded.bank_groups * (folded.rows + 1) * folded.row_cycles
                + layer.classes
                + 16 * layer.weights
            )
        return min(MIN_PATIENCE + 64 * longest, WORD)

    def _call(self, name: str, *arguments: Any) -> list[Any]:
        """Send a command and wait for its answer; results of samples can come before it."""
        self.process.send(name, *arguments)
        while True:
            answered, values = self._take_answer()
            if answered == name:
                return values

    def _take_answer(self) -> tuple[str, list[Any]]:
        name, values = self.process.receive()
        if name == "results":
            self._take_results(*values)
        return name, values

    def _take_results(self, rows: list[int], cycles: int, ends: list[list[int]]) -> None:
        self.cycles = cycles
        self._take_ends(ends)
        used, layers = len(self._folded.layers), self._core_layers
        width = 9 * layers + 1
        size = -(-width // 8)
        content = b"".join(row.to_bytes(size, "little") for row in rows)
        packed = np.frombuffer(content, dtype=np.uint8).reshape(len(rows), size)
        bits = np.unpackbits(packed, axis=1, count=width, bitorder="little")
        predictions = bits[:, : 8 * layers].reshape(len(rows), layers, 8) @ (1 << np.arange(8))
        self._inside -= 1
        self._results.append(
            SampleResults(
                predictions=predictions[:, :used],
                errors=bits[:, 8 * layers : 8 * layers + used].astype(np.bool_),
                refused=bits[:, 9 * layers].astype(np.bool_),
            )
        )

    def _take_ends(self, ends: list[list[int]]) -> None:
        self._ends += [
            BatchCounts(
                errors=tuple(word & WORD for word in words),
                updates=tuple(word >> 32 for word in words),
            )
            for words in ends
        ]
