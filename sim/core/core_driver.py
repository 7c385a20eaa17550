"""The cocotb module that drives a :class:`.simulated_core.SimulatedCore`, inside the simulator.

It executes commands from a pipe, one after the other. Simulated time passes only while a command
waits, so the results and their cycles depend only on the commands, not on when they come. At most
two chunks of samples are in the harness: a third waits for the results of the first. So the core
does not run out of samples while there are more, and Python wakes up once per chunk.
"""

import os
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import Timer, ValueChange

__all__ = ["PIPE_VARIABLE", "CoreDriver", "serve"]

PIPE_VARIABLE = "METAPLAST_CORE_PIPE"
"""Environment variable with the file descriptor of the pipe."""

COUNT_BITS = 32
COUNTS = 1 << COUNT_BITS
RESET_STEPS = 10


@cocotb.test()
async def serve(dut: Any) -> None:
    """Serve commands until the pipe is closed."""
    with Connection(int(os.environ[PIPE_VARIABLE])) as pipe:
        driver = CoreDriver(dut, pipe)
        try:
            while True:
                name, *arguments = pipe.recv()
                await getattr(driver, name)(*arguments)
        except (EOFError, ConnectionError):
            pass
        except TimeoutError as error:
            pipe.send(("failed", str(error)))
        except Exception as error:
            pipe.send(("failed", f"{type(error).__name__}: {error}"))


class Words:
    """The words of a memory; a word is looked up when it is first used."""

    def __init__(self, handle: Any):
        self._handle = handle
        self._words: dict[int, Any] = {}
        self._length = len(handle)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if index not in self._words:
            self._words[index] = self._handle[index]
        return self._words[index]


class CoreDriver:
    """The commands. Each sends one answer with the command's name, except :meth:`feed`.

    Parameters
    ----------
    dut : cocotb.handle.HierarchyObject
        The harness.
    pipe : Connection
        The pipe for the answers.
    """

    def __init__(self, dut: Any, pipe: Connection):
        self._dut = dut
        self._pipe = pipe
        self._words: dict[str, Words] = {}
        self._offered = self._requested = self._collected = 0
        self._ended: list[int] = []  # per layer of the network
        self._chunks: deque[int] = deque()
        self._asleep = False

    async def begin(self, settings: dict[str, int], layers: int) -> None:
        """Reset the harness, and set ports of it; the network has a number of layers.

        The answer has the depths of its memories.
        """
        dut = self._dut
        self._offered = self._requested = self._collected = 0
        self._asleep = False
        for name in ("offered", "requested", "wanted", "settle", "asleep", "waves"):
            getattr(dut, name).value = 0
        for name, value in settings.items():
            getattr(dut, name).value = value
        dut.restart.value = 1
        await Timer(RESET_STEPS, "step")
        dut.restart.value = 0
        await Timer(RESET_STEPS, "step")
        self._samples = self._memory("sample_memory")
        self._results = self._memory("result_memory")
        self._requests = self._memory("request_memory")
        self._responses = self._memory("response_memory")
        self._use_layers(layers)
        self._answer("begin", len(self._samples), len(self._requests))

    async def use_layers(self, layers: int) -> None:
        """Take the ends of batches from another number of layers; the core is idle."""
        assert not self._chunks
        self._use_layers(layers)
        self._answer("use_layers")

    def _use_layers(self, layers: int) -> None:
        self._batch_ends = [self._memory(f"batch_memory_{layer}") for layer in range(layers)]
        self._ended = self._end_counts()

    async def set_ports(self, values: dict[str, int]) -> None:
        """Set ports of the harness."""
        for name, value in values.items():
            getattr(self._dut, name).value = value
        self._answer("set_ports")

    async def feed(self, rows: Sequence[int]) -> None:
        """Feed samples, each a word of the sample memory; at most half of the memory.

        The answer ``"results"`` comes later, when other samples are fed or the core is drained. It
        has the words of the result memory, the harness's count of cycles, and a word of each layer
        for each batch that ended since the last answer.
        """
        if len(self._chunks) == 2:
            await self._collect()
        for row in rows:
            self._samples[self._offered % len(self._samples)].value = Immediate(row)
            self._offered = (self._offered + 1) % COUNTS
        self._dut.offered.value = self._offered
        self._chunks.append(len(rows))

    async def drain(self) -> None:
        """Wait until the core is idle.

        The answer has the harness's count of cycles, and the ends of batches.
        """
        while self._chunks:
            await self._collect()
        await self._wait(settle=True)
        self._answer("drain", int(self._dut.cycles.value), self._ends())

    async def request(self, rows: Sequence[int]) -> None:
        """Send requests, each a word of the request memory; at most the depth of the memory.

        The answer has their words of the response memory. The results of all samples must have
        come.
        """
        assert not self._chunks
        first = self._requested
        for row in rows:
            self._requests[self._requested % len(self._requests)].value = Immediate(row)
            self._requested = (self._requested + 1) % COUNTS
        self._dut.requested.value = self._requested
        await self._wait()
        self._answer("request", self._read(self._responses, first, len(rows)))

    async def peek(self, path: str, rows: Sequence[int]) -> None:
        """Read words of a memory; the answer has them as binary digits."""
        memory = self._memory(path)
        self._answer("peek", "".join(str(memory[row].value) for row in rows))

    async def poke(self, path: str, words: dict[int, int]) -> None:
        """Set words of a memory."""
        memory = self._memory(path)
        for index, value in words.items():
            memory[index].value = Immediate(value)
        self._answer("poke")

    async def _collect(self) -> None:
        """Wait for the results of the oldest chunk, and send them."""
        first, count = self._collected, self._chunks.popleft()
        self._collected = (self._collected + count) % COUNTS
        await self._wait()
        rows = self._read(self._results, first, count)
        self._answer("results", rows, int(self._dut.cycles.value), self._ends())

    def _ends(self) -> list[list[int]]:
        """Words of the batches that all layers have ended, and that were not read before."""
        firsts = self._ended
        counts = zip(self._end_counts(), firsts, strict=True)
        new = min((count - first) % COUNTS for count, first in counts)
        self._ended = [(first + new) % COUNTS for first in firsts]
        layers = [
            self._read(memory, first, new)
            for memory, first in zip(self._batch_ends, firsts, strict=True)
        ]
        return [list(words) for words in zip(*layers, strict=True)]

    def _end_counts(self) -> list[int]:
        """Batches that each layer of the network has ended."""
        counts = self._dut.ended.value.to_unsigned()
        return [(counts >> COUNT_BITS * layer) % COUNTS for layer in range(len(self._batch_ends))]

    async def _wait(self, *, settle: bool = False) -> None:
        """Let simulated time pass until the awaited results and responses have come."""
        dut = self._dut
        dut.wanted.value = self._collected
        dut.settle.value = int(settle)
        self._asleep = not self._asleep
        dut.asleep.value = int(self._asleep)
        await ValueChange(dut.wake)
        if not self._done(settle):
            raise TimeoutError(
                f"the core was silent for {int(dut.patience.value):,} cycles, with "
                f"{int(dut.finished.value):,} of {self._offered:,} results given and "
                f"{int(dut.answered.value):,} of {self._requested:,} requests answered"
            )

    def _done(self, settle: bool) -> bool:
        dut = self._dut
        finished = (int(dut.finished.value) - self._collected) % COUNTS < COUNTS // 2
        answered = int(dut.answered.value) == self._requested
        return finished and answered and not (settle and int(dut.busy.value))

    def _read(self, words: Words, first: int, count: int) -> list[int]:
        return [
            words[index % len(words)].value.to_unsigned() for index in range(first, first + count)
        ]

    def _memory(self, path: str) -> "Words":
        """The words of a memory, by its path within the harness."""
        if path not in self._words:
            handle = self._dut
            for name in path.split("."):
                handle = getattr(handle, name)
            self._words[path] = Words(handle)
        return self._words[path]

    def _answer(self, name: str, *values: Any) -> None:
        self._pipe.send((name, *values))
