"""Ring buffer of the samples in a layer, from their arrival to the end of their update."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["SampleBuffer"]


class SampleBuffer(Component):
    """Buffer samples in a ring with a writer and two readers, in a memory with one read port.

    A sample takes ``sample_stride`` words: the words that enter, for the first layer, and after
    them the activations that are the inputs of each further layer that the engine executes. The
    forward pass reads each word once, in order (*preload*). The update reads the inputs of the
    oldest sample in a layer any number of times (*fetch*), until they are released. If both readers
    read in the same cycle, the fetch is served first. ``word`` follows a read by one cycle.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    sample_words, last_bit : In
        Words of a sample that enter, and the last word's highest bit that is of the sample.
    sample_stride : In
        Words of a sample in all layers.
    buffers, end : In
        Samples in the ring, and the words that they take.
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
    activate : In(1)
        Write ``activations`` as the next word of the inputs of the sample's next layer; not while
        ``write`` or ``preload`` is set.
    activations : In(input_width)
        Word to write.
    preload : In(1)
        Read the next word, of all layers and samples in order.
    preloaded : Out(1)
        The word for ``preload`` is read in this cycle.
    fetch_first, fetch : In(1)
        Read the first word, or the next word, of the oldest sample's inputs.
    word : Out(input_width)
        The word that was read in the cycle before.
    layer_words : In
        Words of the inputs that are released.
    release : In(1)
        The inputs of the oldest sample are not needed any more; those of its next layer follow.
    release_sample : In(1)
        With ``release``: they were those of its last layer, and its buffer is free.
    empty : Out(1)
        The buffer holds no word.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        depth, buffers = folded.sample_depth, plan.sample_buffers
        words, last_bit = folded.sample_words, (folded.config.inputs - 1) % plan.input_width
        super().__init__(
            {
                "sample_words": In(range(words + 1), init=words),  # type: ignore[call-arg]
                "last_bit": In(range(max(plan.input_width, 2)), init=last_bit),  # type: ignore[call-arg]
                "sample_stride": In(range(depth + 1), init=words),  # type: ignore[call-arg]
                "buffers": In(range(buffers + 1), init=buffers),  # type: ignore[call-arg]
                "end": In(range(depth + 1), init=depth),  # type: ignore[call-arg]
                "write": In(1),
                "bits": In(plan.input_width),
                "last_write": Out(1),
                "cancel": In(1),
                "full": Out(1),
                "activate": In(1),
                "activations": In(plan.input_width),
                "preload": In(1),
                "preloaded": Out(1),
                "fetch_first": In(1),
                "fetch": In(1),
                "word": Out(plan.input_width),
                "layer_words": In(range(words + 1), init=words),  # type: ignore[call-arg]
                "release": In(1),
                "release_sample": In(1, init=1),  # type: ignore[call-arg]
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan = self.folded, self.folded.plan
        width, buffers, depth = plan.input_width, plan.sample_buffers, folded.sample_depth

        m.submodules.memory = memory = SimpleDualPortRAM(shape=width, depth=depth)

        def wrapped(address: Value) -> Value:
            return Mux(address == self.end, 0, address)

        # Writer
        word = Signal(range(max(folded.sample_words, 2)))
        held = Signal(range(buffers + 1))
        write_address = Signal(range(depth))
        write_base = Signal(range(depth))
        written = self.write & self.last_write
        next_base = wrapped(write_base + self.sample_stride)
        beyond = Cat(bit > self.last_bit for bit in range(width))
        m.d.comb += [
            self.last_write.eq(word == self.sample_words - 1),
            self.full.eq(held == self.buffers),
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
        released = self.release & self.release_sample
        m.d.sync += held.eq(held + written - released)

        # Readers
        preload_address = Signal(range(depth))
        oldest = Signal(range(depth))
        fetch_address = Signal(range(depth))
        fetched = Mux(self.fetch_first, oldest, fetch_address)
        m.d.comb += [
            memory.read_enable.eq(self.fetch_first | self.fetch | self.preload),
            memory.read_address.eq(preload_address),
            self.word.eq(memory.read_data),
        ]
        with m.If(self.fetch_first | self.fetch):
            m.d.comb += memory.read_address.eq(fetched)
            m.d.sync += fetch_address.eq(fetched + 1)
        with m.Elif(self.preload):
            m.d.comb += self.preloaded.eq(1)
            m.d.sync += preload_address.eq(wrapped(preload_address + 1))
        with m.If(self.release):
            m.d.sync += oldest.eq(wrapped(oldest + self.layer_words))

        if folded.universal:
            # An empty ring begins at its first word, since a new network has another stride.
            with m.If(self.empty & ~self.write):
                m.d.sync += [
                    address.eq(0)
                    for address in (write_base, write_address, preload_address, oldest)
                ]

            # Activations lie behind the words that were preloaded last.
            ahead = Signal.like(word)
            with m.If(self.preload):
                m.d.sync += ahead.eq(0)
            with m.Elif(self.activate):
                m.d.sync += ahead.eq(ahead + 1)
            with m.If(self.activate):
                m.d.comb += [
                    memory.write_enable.eq(1),
                    memory.write_address.eq(preload_address + ahead),
                    memory.write_data.eq(self.activations),
                ]

        return m
