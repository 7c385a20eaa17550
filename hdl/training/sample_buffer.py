"""Ring buffer of the samples in a layer, from their arrival to the end of their update."""

from amaranth.hdl import C, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["SampleBuffer"]


class SampleBuffer(Component):
    """Buffer samples in a ring with a writer and two readers, in a memory with one read port.

    The forward pass reads each word once, in order (*preload*). The update reads the oldest sample
    any number of times (*fetch*), until it is released. If both readers read in the same cycle, the
    fetch is served first. ``word`` follows a read by one cycle.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    write : In(1)
        Write ``bits`` as the next word of the newest sample; not while ``full``.
    bits : In(input_width)
        Word to write. Bits beyond the layer's inputs are ignored.
    last_write : Out(1)
        The next word to write is the last of a sample.
    cancel : In(1)
        Drop the words of an incomplete sample; the next word is the first of a sample. Not while
        ``write`` is set.
    full : Out(1)
        All buffers hold samples that are not released.
    preload : In(1)
        Read the next word, of all samples in order.
    preloaded : Out(1)
        The word for ``preload`` is read in this cycle.
    rewind : In(1)
        The next fetch reads the first word of the oldest sample; not while ``fetch`` is set.
    fetch : In(1)
        Read the next word of the oldest sample.
    word : Out(input_width)
        The word that was read in the cycle before.
    release : In(1)
        The oldest sample is not needed any more: its buffer is free.
    empty : Out(1)
        The buffer holds no word.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        super().__init__(
            {
                "write": In(1),
                "bits": In(plan.input_width),
                "last_write": Out(1),
                "cancel": In(1),
                "full": Out(1),
                "preload": In(1),
                "preloaded": Out(1),
                "rewind": In(1),
                "fetch": In(1),
                "word": Out(plan.input_width),
                "release": In(1),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan = self.folded, self.folded.plan
        width, words, buffers = plan.input_width, folded.sample_words, plan.sample_buffers
        depth = folded.sample_depth
        last_bit = (folded.config.inputs - 1) % width

        m.submodules.memory = memory = SimpleDualPortRAM(shape=width, depth=depth)

        def wrapped(address: Value) -> Value:
            return Mux(address == depth, 0, address)

        # Writer
        word = Signal(range(max(words, 2)))
        held = Signal(range(buffers + 1))
        write_address = Signal(range(depth))
        write_base = Signal(range(depth))
        written = self.write & self.last_write
        next_base = wrapped(write_base + words)
        beyond = (1 << width) - (2 << last_bit)
        m.d.comb += [
            self.last_write.eq(word == words - 1),
            self.full.eq(held == buffers),
            self.empty.eq((held == 0) & (word == 0)),
            memory.write_enable.eq(self.write),
            memory.write_address.eq(write_address),
            memory.write_data.eq(self.bits | Mux(self.last_write, beyond, 0)),
        ]
        with m.If(self.write):
            m.d.sync += [write_address.eq(write_address + 1), word.eq(word + 1)]
            with m.If(self.last_write):
                m.d.sync += [write_base.eq(next_base), write_address.eq(next_base), word.eq(0)]
        with m.If(self.cancel):
            m.d.sync += [write_address.eq(write_base), word.eq(0)]
        m.d.sync += held.eq(held + written - self.release)

        # Readers
        preload_address = Signal(range(depth))
        oldest = Signal(range(depth))
        fetch_address = Signal(range(depth))
        m.d.comb += [
            memory.read_enable.eq(self.fetch | self.preload),
            memory.read_address.eq(preload_address),
            self.word.eq(memory.read_data),
        ]
        with m.If(self.fetch):
            m.d.comb += memory.read_address.eq(fetch_address)
        with m.Elif(self.preload):
            m.d.comb += self.preloaded.eq(1)
            m.d.sync += preload_address.eq(wrapped(preload_address + 1))
        with m.If(self.fetch | self.rewind):
            m.d.sync += fetch_address.eq(count_up_or_load(fetch_address, C(1), self.rewind, oldest))
        with m.If(self.release):
            m.d.sync += oldest.eq(wrapped(oldest + words))

        return m
