"""Shared parts of the benches of layers, networks and the trainer core: a host for registers."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from metaplast.golden_model.config import LayerConfig
from metaplast.golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.registers.register_map import LayerRegister, Status, layer_address
from metaplast.sim.bench import Bench

__all__ = ["BatchEnds", "Host", "saturated", "state_words", "to_words"]

MASK = (1 << 32) - 1


def to_words(bits: Sequence[int], width: int) -> list[int]:
    """Bits in words, the first one lowest, the last word padded with zeros."""
    return [
        sum(bit << n for n, bit in enumerate(bits[first : first + width]))
        for first in range(0, len(bits), width)
    ]


def state_words(stream: RandomStream) -> list[int]:
    """The history of a stream in the format of the registers: 127 bits above an unused bit."""
    low, high = stream.history
    return [(low | high << 64) << 1 >> 32 * n & MASK for n in range(4)]


def saturated(config: LayerConfig, counters: Iterable[Iterable[int]]) -> int:
    """Number of counters at a bound."""
    return sum(int(k) in (config.lowest, config.highest) for row in counters for k in row)


class BatchEnds:
    """Check the counts of layers at the ends of batches.

    Parameters
    ----------
    bench : Bench
        The bench.
    port : str
        ``batch_ends``.
    """

    def __init__(self, bench: Bench, port: str):
        layout = bench.ports[port]
        self._layers = layout.get("length", 1)
        self._width = layout["width"] // self._layers
        end = layout.get("element", layout)
        self._boards = [bench.scoreboard(f"{port}[{n}]", end) for n in range(self._layers)]
        self._bench, self._port = bench, port
        bench.start(self._run())

    def expect(self, errors: Sequence[int], updates: Sequence[int]) -> None:
        """Expect the counts of each layer at the end of a batch."""
        for board, *counts in zip(self._boards, errors, updates, strict=True):
            board.expect({"valid": 1, "errors": int(counts[0]), "updates": int(counts[1])})

    async def _run(self) -> None:
        while True:
            await self._bench.edge()
            bits = self._bench.bits(self._port)
            for layer, board in enumerate(self._boards):
                end = bits >> layer * self._width & (1 << self._width) - 1
                if end & 1:
                    board.receive(end, self._bench.cycle)


class Host:
    """Reads and writes registers, one after the other, and checks the responses.

    Parameters
    ----------
    bench : Bench
        The bench.
    requests, responses : str
        Names of the streams.
    """

    def __init__(self, bench: Bench, requests: str = "requests", responses: str = "responses"):
        self.bench = bench
        self.driver = bench.driver(requests)
        self.monitor = bench.monitor(responses)
        self.asked: list[int] = []  # addresses

    async def read(
        self, address: int, data: int | None = None, *, status: Status = Status.OK
    ) -> int:
        """Read a register; expect ``data``, or anything if it is None."""
        return await self._ask({"write": 0, "address": address, "data": 0}, data, status)

    async def write(
        self, address: int, value: int, *, status: Status = Status.OK, data: int | None = None
    ) -> None:
        """Write a register; expect ``data`` in the response, or anything if it is None."""
        await self._ask({"write": 1, "address": address, "data": value & MASK}, data, status)

    async def attempt(self, address: int, value: int | None = None) -> bool:
        """Write or read a register of a core that may be busy; gives whether it was accepted."""
        write = value is not None
        request = {"write": write, "address": address, "data": (value or 0) & MASK}
        await self._ask(request, None, None)
        return bool(self.monitor.received[-1]["status"] == Status.OK.value)

    async def _ask(self, request: dict[str, int], data: int | None, status: Status | None) -> int:
        """Without data or status, any response is accepted except refusals other than BUSY."""
        self.asked.append(request["address"])
        count = len(self.monitor.received) + 1
        await self.driver.send([request])
        event = f"{self.monitor.name}: response {count - 1}"
        await self.bench.wait_for(event, lambda: len(self.monitor.received) >= count)
        came, got = (self.monitor.received[-1][name] for name in ("status", "data"))
        if status is None:
            status = Status.BUSY if came == Status.BUSY.value else Status.OK
        wanted = got if data is None else data & MASK
        self.monitor.expect({"status": status.value, "data": wanted})
        return int(got)

    async def read_counters(self, layer: ReferenceLayer) -> None:
        """Expect all counters of a layer."""
        index = layer.config.index
        await self.write(layer_address(index, LayerRegister.POSITION), 0)
        for row in layer.k:
            for k in row:
                await self.read(layer_address(index, LayerRegister.COUNTER), k)

    async def write_counters(self, index: int, counters: Sequence[Sequence[int]]) -> None:
        """Write all counters of a layer."""
        await self.write(layer_address(index, LayerRegister.POSITION), 0)
        for row in counters:
            for k in row:
                await self.write(layer_address(index, LayerRegister.COUNTER), int(k))

    async def read_stream(self, index: int, stream: RandomStream) -> None:
        """Expect the history of a layer's random stream."""
        for n, word in enumerate(state_words(stream)):
            await self.read(layer_address(index, LayerRegister.STREAM_0 + n), word)

    async def write_stream(self, index: int, stream: RandomStream) -> None:
        """Write the history of a layer's random stream."""
        for n, word in enumerate(state_words(stream)):
            await self.write(layer_address(index, LayerRegister.STREAM_0 + n), word)

    async def draw(self, index: int, seed: int, idle: Callable[[], Awaitable[None]]) -> None:
        """Draw a layer's initial state of a seed; ``idle`` waits until the core is not busy."""
        for value, stream_id in ((1, initial_counters_id), (2, classifier_id)):
            await self.write_stream(index, RandomStream(seed, stream_id(index)))
            await self.write(layer_address(index, LayerRegister.INITIAL), value, data=0)
            await idle()
        await self.write_stream(index, RandomStream(seed, reinforcement_id(index)))
