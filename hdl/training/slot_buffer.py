"""Buffer of the samples in a universal trainer, from their arrival to the end of their update."""

from amaranth.hdl import Assert, C, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out, Signature

from ..planning.universal import UniversalEngine
from ..primitives.component import Component
from ..primitives.loadable_counter import count_down_or_load, count_up_or_load
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["SlotBuffer", "choices_signature"]


def choices_signature(width: int) -> Signature:
    """Signature of a component that keeps choices in a :class:`SlotBuffer`.

    ``write`` writes ``written`` as the next choice. ``end`` comes after the last choice of a layer;
    without ``keep``, the next choices are written over those of this layer. ``read`` reads the next
    choice of the oldest sample, and ``word`` is this choice in the next cycle.
    """
    return Signature(
        {
            "write": Out(1),
            "written": Out(width),
            "end": Out(1),
            "keep": Out(1),
            "read": Out(1),
            "word": In(width),
        }
    )


class SlotBuffer(Component):
    """Buffer samples in a ring of slots, in a memory with one read port.

    The memory is a power of two words, and a slot is a power of two of them, set at run time. From
    its first word on, a slot has the words of a sample that enter, and after them the activations
    that are the inputs of each further layer. The forward pass reads each word once, in order
    (*preload*). The update reads the inputs of the oldest sample in a layer any number of times
    (*fetch*), until they are released. If both readers read in the same cycle, the fetch is served
    first. ``word`` follows a read by one cycle.

    If memories are shared, the slot's last words have the choices of the sample's groups, the first
    choice in the last word. Reads and writes of choices are served first. A word of activations
    that comes with a choice is written a cycle later; no other one, no choice and no preload may
    come in that cycle.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    sample_words, last_bit : In
        Words of a sample that enter, and the last word's highest bit that is of the sample. No
        word is written in the first cycle of new values.
    slot_words : In
        Words of a slot, a power of two.
    buffers : In
        Samples that are held; the memory has at least as many slots.
    occupied : Out(1)
        The write port is in use: no word of a sample can be written.
    write : In(1)
        Write ``bits`` as the next word of the newest sample; not while ``full`` or ``occupied``.
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
        ``preload`` is set.
    activations : In(input_width)
        Word to write.
    preload : In(1)
        Read the next word of the sample that is evaluated.
    preloaded : Out(1)
        The word for ``preload`` is read in this cycle.
    next_sample : In(1)
        The next sample is evaluated; not while ``preload`` is set.
    rewind : In(1)
        The next fetch reads the first word of the oldest sample's inputs; not while ``fetch`` is
        set.
    fetch : In(1)
        Read the next word of the oldest sample's inputs.
    word : Out(input_width)
        The word that was read in the cycle before.
    layer_words : In
        Words of the inputs that are released.
    release : In(1)
        The inputs of the oldest sample are not needed any more; those of its next layer follow.
    release_sample : In(1)
        With ``release``: they were those of its last layer, and its slot is free.
    empty : Out(1)
        The buffer holds no word.
    choose : In(1)
        Choices come, from the next cycle but one on, for the sample that is evaluated in this
        cycle.
    choices : In(signature)
        If memories are shared, the user of the choices (:func:`choices_signature`). Its read does
        not come with a fetch.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        plan, depth, words = engine.plan, engine.sample_depth, engine.sample_words
        super().__init__(
            {
                "sample_words": In(range(words + 1)),
                "last_bit": In(range(max(plan.input_width, 2))),
                "slot_words": In(range(depth + 1)),
                "buffers": In(range(plan.sample_buffers + 1)),
                "occupied": Out(1),
                "write": In(1),
                "bits": In(plan.input_width),
                "last_write": Out(1),
                "cancel": In(1),
                "full": Out(1),
                "activate": In(1),
                "activations": In(plan.input_width),
                "preload": In(1),
                "preloaded": Out(1),
                "next_sample": In(1),
                "rewind": In(1),
                "fetch": In(1),
                "word": Out(plan.input_width),
                "layer_words": In(range(words + 1)),
                "release": In(1),
                "release_sample": In(1),
                "empty": Out(1),
                "choose": In(1),
                **(
                    {"choices": In(choices_signature(plan.input_width))}
                    if engine.shared_memories
                    else {}
                ),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        engine, plan = self.engine, self.engine.plan
        depth, shared = engine.sample_depth, engine.shared_memories

        m.submodules.memory = memory = SimpleDualPortRAM(shape=plan.input_width, depth=depth)

        # First words of the slots of the sample that enters, of the one that is evaluated, and of
        # the oldest one. The last slot is followed by the first one.
        entering, evaluated, oldest = (Signal(range(depth)) for _ in range(3))
        held = Signal(range(plan.sample_buffers + 1))
        word = Signal(range(max(engine.sample_words, 2)))  # of the sample that enters
        restarts = self.empty & ~self.write
        written, released = self.write & self.last_write, self.release & self.release_sample
        for slot, done in ((entering, written), (evaluated, self.next_sample), (oldest, released)):
            with m.If(done):
                m.d.sync += slot.eq(slot + self.slot_words)
        # An empty ring begins at its first word, since a new network has other slots.
        with m.If(restarts):
            m.d.sync += [slot.eq(0) for slot in (entering, evaluated, oldest)]
        m.d.sync += held.eq(held + written - released)
        # Both follow a new network by a cycle, so that paths begin at a register.
        last_word, beyond = Signal.like(word), Signal(plan.input_width)
        m.d.sync += [
            last_word.eq(self.sample_words - 1),
            beyond.eq(Cat(bit > self.last_bit for bit in range(plan.input_width))),
        ]
        m.d.comb += [
            self.last_write.eq(word == last_word),
            self.full.eq(held == self.buffers),
            self.empty.eq((held == 0) & (word == 0)),
        ]
        with m.If(self.write):
            m.d.sync += word.eq(word + 1)
        with m.If(written | self.cancel):
            m.d.sync += word.eq(0)

        # Words of the slot that the forward pass has read, and words that were written into it
        ahead, filled = Signal(range(depth)), Signal(range(depth))
        # A word of activations waits for a choice.
        choosing: Value = self.choices.write if shared else C(0)
        waits, waiting, activates = Signal(), Signal(plan.input_width), Signal()
        m.d.comb += activates.eq((self.activate | waits) & ~choosing)
        m.d.sync += [waits.eq(self.activate & choosing), waiting.eq(self.activations)]
        anew = self.next_sample | restarts
        with m.If(activates | anew):
            m.d.sync += filled.eq(count_up_or_load(filled, C(1), anew, self.sample_words))
        with m.If(self.preloaded):
            m.d.sync += ahead.eq(ahead + 1)
        with m.If(self.next_sample):
            m.d.sync += ahead.eq(0)

        m.d.comb += [
            self.occupied.eq(self.activate | waits | choosing),
            memory.write_enable.eq(self.write | self.occupied),
            memory.write_address.eq(Mux(activates, evaluated | filled, entering | word)),
            memory.write_data.eq(self.bits | Mux(self.last_write, beyond, 0)),
        ]
        with m.If(activates):
            m.d.comb += memory.write_data.eq(Mux(waits, waiting, self.activations))

        # Words of the oldest sample's slot: its inputs in the present layer, and the next to fetch
        inputs, following = Signal(range(depth)), Signal(range(depth))
        with m.If(self.fetch | self.rewind):
            m.d.sync += following.eq(count_up_or_load(following, C(1), self.rewind, inputs))
        with m.If(self.release):
            m.d.sync += inputs.eq(inputs + self.layer_words)
        with m.If(released):
            m.d.sync += inputs.eq(0)
        trained = Signal(range(depth))  # the word for the update
        reads_choice: Value = self.choices.read if shared else C(0)
        m.d.comb += [
            self.preloaded.eq(self.preload & ~self.fetch & ~reads_choice),
            trained.eq(following),
            memory.read_enable.eq(self.fetch | self.preload | reads_choice),
            memory.read_address.eq(
                Mux(self.fetch | reads_choice, oldest | trained, evaluated | ahead)
            ),
            self.word.eq(memory.read_data),
        ]

        if shared:
            freed = released | restarts
            self._keep_choices(m, memory, evaluated=evaluated, trained=trained, freed=freed)
        if platform is None:
            late = waits & (self.activate | choosing)
            clash = self.write & self.occupied
            m.d.sync += [
                Assert(~late, "activations come while others wait"),
                Assert(~clash, "a word of a sample is written while the port is in use"),
                Assert(~(reads_choice & self.fetch), "a choice is read in the cycle of a fetch"),
            ]

        return m

    def _keep_choices(
        self,
        m: Module,
        memory: SimpleDualPortRAM,
        *,
        evaluated: Signal,
        trained: Signal,
        freed: Value,
    ) -> None:
        """Write choices at the end of the slot at ``evaluated``, and read the oldest sample's.

        ``trained`` is the word of the oldest sample's slot to read. ``freed`` is set when the slot
        becomes free, and in an empty ring.
        """
        depth = self.engine.sample_depth

        # Choices count down from the end of the slot.
        choices, last = self.choices, self.slot_words - 1
        unread = Signal(range(depth))  # word of the oldest sample's slot
        with m.If(choices.read | freed):
            m.d.sync += unread.eq(count_down_or_load(unread, choices.read, last))
        # Addresses of the next choice to write, and of the first one of its layer
        unwritten, begin = Signal(range(depth)), Signal(range(depth))
        chooses = Signal()  # a sample's choices begin
        m.d.sync += chooses.eq(self.choose)
        with m.If(self.choose):
            m.d.sync += begin.eq(evaluated | last)
        with m.Elif(choices.end & choices.keep & ~chooses):
            m.d.sync += begin.eq(unwritten)
        with m.If(choices.write | chooses | (choices.end & ~choices.keep)):
            m.d.sync += unwritten.eq(count_down_or_load(unwritten, choices.write, begin))
        m.d.comb += choices.word.eq(memory.read_data)
        with m.If(choices.read):
            m.d.comb += trained.eq(unread)
        with m.If(choices.write):
            m.d.comb += [
                memory.write_address.eq(unwritten),
                memory.write_data.eq(choices.written),
            ]
