"""Simulation harness: a trainer core between memories for samples, results and requests."""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from amaranth.hdl import Cat, ClockDomain, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import UniversalTrainer
from ...hdl.primitives.component import Component
from ...hdl.primitives.random_stream import RandomStreamGenerator
from ...hdl.trainer_core import TrainerCore
from ..verilator.design import TOP, Design

__all__ = [
    "BATCH_CAPACITY",
    "COUNTERS",
    "REQUEST_CAPACITY",
    "SAMPLE_CAPACITY",
    "SNAPSHOT",
    "SimulationTop",
    "core_design",
    "reveal_memories",
]

SAMPLE_CAPACITY = 128
"""Rows of the memories of samples and of results. A power of two."""

REQUEST_CAPACITY = 4096
"""Rows of the memories of requests and of responses. A power of two."""

BATCH_CAPACITY = 512
"""Rows of a memory of batch ends, more than the samples in the core. A power of two."""

COUNTERS = "bank_counters"
"""Name of a bank's memory of hidden weights in a :func:`core_design`."""

SNAPSHOT = "bank_snapshot"
"""Name of a bank's snapshot memory in a :func:`core_design`."""

HARNESS_MEMORY = re.compile(r"\b(?:sample|request|result|response)_memory\b|\bbatch_memory_\d+\b")

# Memories as Yosys writes them; Yosys adds a number to a name that is already in use.
MODULE = re.compile(r"^module (?P<name>\\\S+ |\w+)\(.*?^endmodule$", re.MULTILINE | re.DOTALL)
MEMORY = re.compile(
    r"^  reg (?P<range>\[\d+:0\] )?(?P<name>\S+ ?) (?P<rows>\[\d+:0\]);$", re.MULTILINE
)
CLEARED = re.compile(r"^  initial begin : clear_memory_\d+\n.*?^  end\n", re.MULTILINE | re.DOTALL)
BANK = re.compile(r"\.layer_(?P<layer>\d+)\.bank_(?P<bank>\d+)$")

COUNT_BITS = 32
CYCLE_BITS = 48


class SimulationTop(Component):
    """Feed a trainer core from memories, and store its results and responses in memories.

    The driver writes whole samples into ``sample_memory`` through the simulator, in zero simulated
    time, adds their number to ``offered``, sets ``wanted``, toggles ``asleep`` and waits until
    ``wake`` toggles; then the results are in ``result_memory``. Requests and responses use their
    memories in the same way. Each layer has a ``batch_memory`` for its counts at the ends of
    batches. All counts run modulo 2^32; their low bits are the memories' addresses.

    Samples are fed without a gap while samples are offered: the next row is read while the last
    word of a row is taken.

    Where possible, registers separate the ports from the core: a simulator evaluates logic that
    depends on a port at every step, also on the clock's falling edges.

    Parameters
    ----------
    core : TrainerCore
        Component to simulate, with the trainer core's ports.
    sample_words : int
        Words of a sample at the core's ``samples``, at most.

    Members
    -------
    words : In
        Words of a sample.
    clk : In(1)
        The clock.
    restart : In(1)
        Reset everything in the next cycle.
    offered : In
        Number of samples written to ``sample_memory`` since the reset.
    requested : In
        Number of requests written to ``request_memory`` since the reset.
    wanted : In
        Number of results to wait for, since the reset.
    settle : In(1)
        Also wait until the core is not busy.
    patience : In
        Cycles without a transfer on any stream of the core after which the wait ends anyway.
    gaps, stalls : In(8)
        In how many of 256 cycles, at random, words and requests are held back (``gaps``), and
        results and responses are not taken (``stalls``).
    noise : In(32)
        Seed of gaps and stalls, loaded after a reset.
    waves : In(1)
        Makes the main program record a waveform.
    asleep : In(1)
        Toggled to start a wait.
    wake : Out(1)
        Becomes ``asleep`` at the end of a wait: when there are ``wanted`` results, a response to
        each request, and an idle core if ``settle`` is set; or after ``patience`` cycles.
    finished, answered : Out
        Number of results and of responses since the reset, a cycle late.
    ended : Out(array)
        Number of batches that each layer has ended since the reset, a cycle late.
    busy : Out(1)
        The core's ``busy``, a cycle late.
    cycles : Out
        Number of cycles in which the core was busy or a word was offered, a cycle late.
    """

    def __init__(self, core: Component, *, sample_words: int):
        if sample_words < 1:
            raise ValueError(f"sample_words must be at least 1, not {sample_words!r}")

        self.core = core
        self.sample_words = sample_words
        sample = core.samples.payload.shape()
        self.sample_layout = data.StructLayout(
            {"bits": sample_words * sample["bits"].width, "label": 8, "last": 1}
        )
        self.result_layout = core.results.payload.shape()
        self.request_layout = core.requests.payload.shape()
        self.response_layout = core.responses.payload.shape()
        self.layers = len(core.batch_ends)
        super().__init__(
            {
                "words": In(16),
                "clk": In(1),
                "restart": In(1),
                "offered": In(COUNT_BITS),
                "requested": In(COUNT_BITS),
                "wanted": In(COUNT_BITS),
                "settle": In(1),
                "asleep": In(1),
                "patience": In(COUNT_BITS),
                "gaps": In(8),
                "stalls": In(8),
                "noise": In(32),
                "waves": In(1),
                "wake": Out(1),
                "finished": Out(COUNT_BITS),
                "answered": Out(COUNT_BITS),
                "ended": Out(data.ArrayLayout(COUNT_BITS, self.layers)),
                "busy": Out(1),
                "cycles": Out(CYCLE_BITS),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        core = self.core
        m.submodules.core = core

        always: Any = ClockDomain(reset_less=True)
        sync: Any = ClockDomain()
        m.domains += [always, sync]
        sync.rst = Signal(name="restarting")  # a bench could write a signal named rst
        m.d.comb += [always.clk.eq(self.clk), sync.clk.eq(self.clk)]
        m.d.always += sync.rst.eq(self.restart)

        cycles = Signal(CYCLE_BITS)
        finished, answered = Signal(COUNT_BITS), Signal(COUNT_BITS)
        with m.If(core.busy | core.samples.valid):
            m.d.sync += cycles.eq(cycles + 1)
        m.d.sync += [
            self.finished.eq(finished),
            self.answered.eq(answered),
            self.busy.eq(core.busy),
            self.cycles.eq(cycles),
        ]

        hold = self._noise(m)
        self._feed_samples(m, hold[0])
        self._feed_requests(m, hold[1])
        self._store(m, "result_memory", core.results, finished, SAMPLE_CAPACITY, hold[2])
        self._store(m, "response_memory", core.responses, answered, REQUEST_CAPACITY, hold[3])
        self._store_batch_ends(m)
        self._wake(m, finished, answered)

        return m

    def _feed_samples(self, m: Module, hold: Value) -> None:
        """Feed samples from ``sample_memory``, word by word."""
        samples = self.core.samples
        memory: Memory[Any, Any] = Memory(
            shape=self.sample_layout.size, depth=SAMPLE_CAPACITY, init=[]
        )
        m.submodules.sample_memory = memory
        word = Signal(range(max(self.sample_words, 2)))
        row, fed = self._reader(m, memory, self.offered, hold, samples)
        sample = data.View(self.sample_layout, row)
        last_word = word == self.words - 1
        m.d.comb += [
            samples.p.bits.eq(sample.bits.word_select(word, len(samples.p.bits))),
            samples.p.label.eq(sample.label),
            samples.p.last.eq(sample.last),
            fed.eq(samples.valid & samples.ready & last_word),
        ]
        with m.If(samples.valid & samples.ready):
            m.d.sync += word.eq(Mux(last_word, 0, word + 1))

    def _feed_requests(self, m: Module, hold: Value) -> None:
        """Feed requests from ``request_memory``."""
        requests = self.core.requests
        memory: Memory[Any, Any] = Memory(
            shape=self.request_layout.size, depth=REQUEST_CAPACITY, init=[]
        )
        m.submodules.request_memory = memory
        row, asked = self._reader(m, memory, self.requested, hold, requests)
        m.d.comb += [
            Value.cast(requests.payload).eq(row),
            asked.eq(requests.valid & requests.ready),
        ]

    def _store(
        self, m: Module, name: str, stream: Any, count: Signal, depth: int, hold: Value
    ) -> None:
        """Count the transfers of a stream from the core, and write them to a memory."""
        payload = Value.cast(stream.payload)
        memory: Memory[Any, Any] = Memory(shape=len(payload), depth=depth, init=[])
        m.submodules[name] = memory
        port = memory.write_port()
        m.d.comb += [
            stream.ready.eq(~hold),
            port.addr.eq(count),
            port.data.eq(payload),
            port.en.eq(stream.valid & stream.ready),
        ]
        with m.If(port.en):
            m.d.sync += count.eq(count + 1)

    def _store_batch_ends(self, m: Module) -> None:
        """Write each layer's counts at the ends of batches to a memory."""
        ended = Signal.like(self.ended)
        m.d.sync += self.ended.eq(ended)
        for layer in range(self.layers):
            end = self.core.batch_ends[layer]
            counts = Cat(end.errors, end.updates)
            memory: Memory[Any, Any] = Memory(shape=len(counts), depth=BATCH_CAPACITY, init=[])
            m.submodules[f"batch_memory_{layer}"] = memory
            port = memory.write_port()
            m.d.comb += [
                port.addr.eq(ended[layer]),
                port.data.eq(counts),
                port.en.eq(end.valid),
            ]
            with m.If(end.valid):
                m.d.sync += ended[layer].eq(ended[layer] + 1)

    def _wake(self, m: Module, finished: Signal, answered: Signal) -> None:
        """Set ``wake`` to ``asleep`` when the wait is over, or after ``patience`` cycles."""
        core = self.core
        wake = Signal()
        m.d.comb += self.wake.eq(wake)
        silence = Signal(COUNT_BITS)
        m.d.sync += silence.eq(silence + 1)
        streams = (core.samples, core.requests, core.results, core.responses)
        sound = Cat(stream.valid & stream.ready for stream in streams).any()
        with m.If(sound | (wake == self.asleep)):
            m.d.sync += silence.eq(0)
        # There can be more results than wanted.
        ahead = Signal(COUNT_BITS)
        m.d.comb += ahead.eq(finished - self.wanted)
        # Rows of the banks are written until two cycles after the core is idle.
        settled = Signal(2)
        m.d.sync += settled.eq(Cat(~core.busy, settled))
        idle = ~core.busy & settled.all()
        done = ~ahead[-1] & (answered == self.requested) & (idle | ~self.settle)
        with m.If(done | (silence == self.patience)):
            m.d.sync += wake.eq(self.asleep)

    def _reader(
        self, m: Module, memory: "Memory[Any, Any]", offered: Signal, hold: Value, stream: Any
    ) -> tuple[Value, Signal]:
        """Read ``memory`` row by row; returns the row, and the signal to set when it is used up."""
        port = memory.read_port()
        ended = Signal()
        taken = Signal(COUNT_BITS)
        there = Signal()
        promised = Signal()
        m.d.comb += [
            port.addr.eq(taken),
            port.en.eq((taken != offered) & (~there | ended)),
            # An offered word stays until it is taken.
            stream.valid.eq(there & (promised | ~hold)),
        ]
        m.d.sync += promised.eq(stream.valid & ~stream.ready)
        with m.If(port.en):
            m.d.sync += [there.eq(1), taken.eq(taken + 1)]
        with m.Elif(ended):
            m.d.sync += there.eq(0)
        return port.data, ended

    def _noise(self, m: Module) -> list[Value]:
        """Draw whether to hold back samples, requests, results and responses in a cycle."""
        m.submodules.noise = noise = RandomStreamGenerator(32)
        # The generator cannot be loaded during reset.
        unseeded = Signal(init=1)
        gaps, stalls = Signal.like(self.gaps), Signal.like(self.stalls)
        m.d.sync += [unseeded.eq(0), gaps.eq(self.gaps), stalls.eq(self.stalls)]
        m.d.comb += [
            noise.load.eq(unseeded),
            noise.history.eq(self.noise.replicate(4) | 1),
            noise.o.ready.eq(gaps.any() | stalls.any()),
        ]
        return [
            noise.o.p.word_select(index, 8) < share
            for index, share in enumerate((gaps, gaps, stalls, stalls))
        ]


@lru_cache(maxsize=8)
def core_design(folded: FoldedNetwork | UniversalTrainer) -> Design:
    """The design of a trainer core in its harness, with memories that benches can access.

    The memories are not cleared at power-up, since nothing may depend on that: the simulator fills
    them with random bits.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    """
    sample_words = folded.first.sample_words
    design = Design.of(SimulationTop(TrainerCore(folded), sample_words=sample_words))
    banks = 1
    if isinstance(folded, FoldedNetwork):
        banks = sum(layer.plan.banks for layer in folded.layers)
    return replace(design, verilog=reveal_memories(design.verilog, banks=banks))


def reveal_memories(verilog: str, *, banks: int) -> str:
    """Give memories fixed names, make them public for Verilator, and do not clear them at first.

    Parameters
    ----------
    verilog : str
        Verilog of a :class:`SimulationTop`.
    banks : int
        Number of banks in the core, each with a memory of counters and a snapshot.
    """
    found = {COUNTERS: 0, SNAPSHOT: 0}

    def reveal_in(module: re.Match[str]) -> str:
        text, path = module[0], module["name"].strip("\\ ")
        if path == TOP:
            names = {name: name for name in HARNESS_MEMORY.findall(text)}
        elif BANK.search(path.removesuffix(".signs")):
            names = {"apart_memory": SNAPSHOT}
        elif BANK.search(path.removesuffix(".counters").removesuffix(".counters.memory")):
            names = {"memory": COUNTERS, "apart_memory": COUNTERS}
        else:
            return text
        for memory in MEMORY.finditer(text):
            name = memory["name"]
            public = names.get(name.strip("\\ ").partition("$")[0])
            if public is None:
                continue
            found[public] = found.get(public, 0) + 1
            word = rf"\b{name}\b" if name.isidentifier() else re.escape(name)
            text = re.sub(rf"{word}(?= ?\[)", public, text)
            text = text.replace(
                f"{public} {memory['rows']};",
                f"{public} {memory['rows']} /*verilator public_flat_rw*/;",
            )
        return text

    verilog = CLEARED.sub("", MODULE.sub(reveal_in, verilog))
    assert found[COUNTERS] == found[SNAPSHOT] == banks, found
    return verilog
