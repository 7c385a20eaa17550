# amaranth: UnusedElaboratable=no
"""A layer's side of the host's registers."""

from typing import Any

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..planning.plan import COUNT_BITS, FoldedLayer
from ..planning.universal import RECORD_HALVES, UniversalEngine
from ..primitives.comparison import is_greater
from ..primitives.component import Component
from ..primitives.loadable_counter import count_down_or_load
from ..registers.register_file import RegisterFile
from ..registers.register_map import LayerRegister, Status, UniversalLayerRegister
from ..registers.requests import request_layout, response_layout
from .layer_rows import COUNTS
from .layer_settings import SETTINGS

__all__ = ["LayerRegisters"]

HISTORY_BITS = 127

STREAM = ("stream_0", "stream_1", "stream_2", "stream_3")
"""Registers with the words of the stream's history."""


class LayerRegisters(Component):
    """Serve requests for a layer's registers, one at a time.

    Whether the core is idle is for the core to know: requests that need it to be come only then.
    A request is looked at in one cycle and taken in the next, with the response in the one after;
    later if it is for a counter (a few cycles), a position (a cycle a neuron), the count of
    saturated counters (a scan) or INITIAL (a cycle, in a universal trainer after the load of the
    stream); the response to INITIAL comes at the begin of the drawing.

    In a universal trainer, a request waits until the settings of its layer are selected, and is
    looked at a cycle later; the response waits until those of layer 0 are. Counts and settings are
    in memory. A setting is written to the memory of sums, then to that of hidden weights; then the
    settings are loaded again.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    requests : In(stream)
        The low 8 bits of the address count.
    responses : Out(stream)
        One for each.
    margin, events : Out
        Values of those registers.
    clear : In(1)
        Set the counts to zero.
    trained : In(1)
        A sample is trained on; the position is lost.
    right : In(1)
        With ``trained``: count a right prediction.
    error : In(1)
        Count an error.
    updates : In
        Count so many updated neurons.
    draw_counters, draw_classifier : Out(1)
        Draw the initial counters, or the local classifier, from the random stream.
    rewind, skip : Out(1)
        Counter access: go to the first neuron, or on by one.
    w, r, reading
        Counter access: its streams.
    passed : In(1)
        Counter access: the layer's last counter is passed, so the position is lost.
    push : Out(1)
        Push ``pushed`` into the random stream's history.
    pushed : Out(32)
        See ``push``.
    history : In(127)
        That history.
    scan : Out(1)
        A scan is wanted; held until ``scanned``.
    scanned : In(1)
        It is done, and ``saturated`` is its count.
    saturated : In
        Counters at a bound.
    layer : Out
        In a universal trainer, the layer that is addressed.
    place : Out
        In a universal trainer, the layer whose position or initial state was written last.
    selected : In(1)
        In a universal trainer: while there is a request, the settings of ``layer`` are selected;
        otherwise those of layer 0 are, or the initial state is drawn.
    neurons : In
        In a universal trainer, neurons of the selected layer.
    access : Out(1)
        In a universal trainer, read or write the layer's count or setting that begins in half
        ``half`` of its record; held until ``accessed``.
    half, single : Out
        First half of the count, of the setting, or of the stream's word; ``single`` if it has no
        second one.
    accessed : In(1)
        The high half of ``accessed_value`` is that of the count or setting; its low half was that
        in the cycle before.
    accessed_value : In(32)
        See ``accessed``.
    load, read_word, write_word : Out(1)
        In a universal trainer, load the layer's stream from memory into the generator, read a word
        of it, or write one, or a setting; held until ``moved``.
    moved : In(1)
        It is done; a word that was read is in the highest bits of ``history``.
    reload : Out(1)
        In a universal trainer: select the settings of ``layer`` again, which changed.
    errors_count, updates_count : Out(32)
        What was counted, as the host reads it.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        counter = signed(folded.config.counter_bits)
        super().__init__(
            {
                "requests": In(stream.Signature(request_layout())),
                "responses": Out(stream.Signature(response_layout())),
                "margin": Out(range(folded.config.neurons + 1)),
                "events": Out(folded.config.event_bits),
                "clear": In(1),
                "trained": In(1),
                "right": In(1),
                "error": In(1),
                "updates": In(range(folded.plan.banks + 1)),
                "draw_counters": Out(1),
                "draw_classifier": Out(1),
                "rewind": Out(1),
                "skip": Out(1),
                "w": Out(stream.Signature(counter)),
                "r": In(stream.Signature(counter)),
                "reading": Out(1),
                "passed": In(1),
                "push": Out(1),
                "pushed": Out(32),
                "history": In(HISTORY_BITS),
                "scan": Out(1),
                "scanned": In(1),
                "saturated": In(range(folded.config.weights + 1)),
                "errors_count": Out(32),
                "updates_count": Out(32),
                **self._universal_ports(),
            }
        )

    def _universal_ports(self) -> dict[str, Any]:
        """Ports of a universal trainer."""
        if not isinstance(self.folded, UniversalEngine):
            return {}
        return {
            "layer": Out(range(max(self.folded.layers, 2))),
            "place": Out(range(max(self.folded.layers, 2))),
            "selected": In(1),
            "neurons": In(range(self.folded.config.neurons + 1)),
            "access": Out(1),
            "half": Out(range(RECORD_HALVES)),
            "single": Out(1),
            "accessed": In(1),
            "accessed_value": In(32),
            "load": Out(1),
            "read_word": Out(1),
            "write_word": Out(1),
            "moved": In(1),
            "reload": Out(1),
        }

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, universal = self.folded, self.folded.universal

        if universal:
            registers = RegisterFile(UniversalLayerRegister, folded, stores=False)
        else:
            registers = RegisterFile(LayerRegister, folded.config)
        m.submodules.registers = registers
        values, read, written = registers.values, registers.read, registers.written
        request = self.requests.p
        positioned = Signal()
        elsewhere = Signal()  # the position is of another layer
        m.d.comb += [
            registers.write.eq(request.write),
            registers.offset.eq(request.address[:8]),
            registers.data.eq(request.data),
            values.saturated.eq(self.saturated),
            values.counter.eq(Mux(positioned & ~elsewhere, self.r.payload, 0)),
            self.w.payload.eq(request.data.as_signed()),
        ]
        in_memory: Value = C(0)  # the request is for a count or a setting in memory
        if universal:
            self._use_memory(m, values)
            in_memory = self._select_half(m)
        else:
            self._keep_values(m, values, written)
        no_history = self._push(m, written)

        # A count of saturated counters loses the position as well.
        with m.If(self.trained | self.passed | written.initial | read.saturated):
            m.d.sync += positioned.eq(0)
        beyond: Value = C(0)  # POSITION is beyond the neurons
        if universal:
            # A POSITION that is in range has as many bits as ``neurons``.
            position = request.data[: len(self.neurons)]
            beyond = written.position & ~is_greater(self.neurons, position)
            m.d.comb += elsewhere.eq(self.layer != self.place)
            with m.If(written.position | written.initial):
                m.d.sync += self.place.eq(self.layer)

        # Steps of a request
        left = Signal(range(max(folded.config.neurons, 2)))  # neurons to skip
        m.d.sync += left.eq(count_down_or_load(left, self.skip, request.data[: len(left)]))
        answered = Signal()
        status = self._answer(m, registers, answered)
        selected = Signal(init=not universal)  # the settings of the request's layer are selected
        with m.FSM():
            with m.State("Idle"):
                m.d.sync += status.eq(registers.status)
                if universal:
                    m.d.sync += selected.eq(self.requests.valid & self.selected)
                with m.If(self.requests.valid & selected):
                    m.d.comb += registers.enable.eq(1)
                    if universal:
                        m.d.sync += selected.eq(0)
                    self._begin(m, registers, in_memory)
                    with m.If(no_history | beyond):
                        m.d.sync += status.eq(Status.RANGE)
                        m.next = "Take"
                    with m.If((read.counter | written.counter) & (~positioned | elsewhere)):
                        m.d.sync += status.eq(Status.POSITION)
                        m.next = "Take"
            with m.State("Write"):
                m.d.comb += self.w.valid.eq(1)
                with m.If(self.w.ready):
                    m.next = "Take"
            with m.State("Rewind"):
                m.d.comb += self.rewind.eq(1)
                m.next = "Seek"
            with m.State("Seek"):
                with m.If(left == 0):
                    m.d.sync += positioned.eq(1)
                    m.next = "Take"
                with m.Else():
                    m.d.comb += self.skip.eq(1)
            with m.State("Read"):
                m.d.comb += [self.reading.eq(~self.r.valid), self.r.ready.eq(1)]
                with m.If(self.r.valid):
                    m.next = "Take"
            with m.State("Scan"):
                m.d.comb += self.scan.eq(1)
                with m.If(self.scanned):
                    m.next = "Take"
            with m.State("Draw"):
                m.d.comb += [
                    self.rewind.eq(1),
                    self.draw_counters.eq(request.data[0]),
                    self.draw_classifier.eq(request.data[1]),
                ]
                m.next = "Take"
            if universal:
                self._access_memory(m)
            with m.State("Take"):
                m.d.comb += [answered.eq(1), self.requests.ready.eq(1)]
                m.next = "Respond"
            with m.State("Respond"):
                ready = self.selected if universal else C(1)
                m.d.comb += [answered.eq(1), self.responses.valid.eq(ready)]
                with m.If(self.responses.ready & ready):
                    m.next = "Idle"

        return m

    def _push(self, m: Module, written: Any) -> Value:
        """Push words into the history of the random stream.

        Gives whether the last word is written and no bit of the history is set: then it is not
        pushed.
        """
        data = self.requests.p.data
        above = Signal()  # a bit of the word is set, bit 0 aside, which is none of the history's
        some = Signal()  # a bit of the words before is set
        no_history = Signal()
        m.d.comb += [
            above.eq(data[1:].any()),
            no_history.eq(written.stream_3 & ~(some | above | data[0])),
            self.push.eq(Cat(getattr(written, word) for word in STREAM).any() & ~no_history),
            self.pushed.eq(data),
        ]
        with m.If(written.stream_0):
            m.d.sync += some.eq(above)
        with m.If(written.stream_1 | written.stream_2):
            m.d.sync += some.eq(some | above | data[0])
        return no_history

    def _answer(self, m: Module, registers: RegisterFile, answered: Signal) -> Value:
        """Give the answer; returns the register of its status.

        The value is kept in every cycle until the request is taken: a counter's, and the count of
        saturated ones, come in the last of them.
        """
        answer: Any = Signal(response_layout())
        m.d.comb += self.responses.p.eq(answer)
        with m.If(~answered):
            m.d.sync += answer.data.eq(registers.value)
            if self.folded.universal:
                # The low half of a count or a setting came in the cycle before.
                with m.If(self.accessed):
                    m.d.sync += answer.data[:COUNT_BITS].eq(answer.data)
        return answer.status

    def _begin(self, m: Module, registers: RegisterFile, in_memory: Value) -> None:
        """Go to the first step of a request that is obeyed."""
        read, written = registers.read, registers.written
        m.next = "Take"
        with m.If(read.saturated):
            m.next = "Scan"
        with m.If(written.position):
            m.next = "Rewind"
        with m.If(read.counter):
            m.next = "Read"
        with m.If(written.counter):
            m.next = "Write"
        with m.If(written.initial):
            m.next = "Load" if self.folded.universal else "Draw"
        if self.folded.universal:
            with m.If(Cat(getattr(read, word) for word in STREAM).any()):
                m.next = "Load"
            with m.If(self.push):
                m.next = "Store"
            with m.If(in_memory & (registers.status == Status.OK)):
                m.next = "Row"

    def _access_memory(self, m: Module) -> None:
        """Steps that read or write a count, a setting, or a word of the stream in memory."""
        write, setting = self.requests.p.write, self.half[-1]
        with m.State("Row"):
            m.d.comb += self.access.eq(1)
            with m.If(self.accessed):
                m.next = "Take"
                with m.If(write & setting):
                    m.next = "Store"
        with m.State("Load"):
            m.d.comb += [self.load.eq(write), self.read_word.eq(~write)]
            with m.If(self.moved):
                m.next = "Loaded"
                with m.If(write):
                    m.next = "Draw"
        with m.State("Loaded"):
            m.next = "Take"
        with m.State("Store"):
            m.d.comb += self.write_word.eq(1)
            with m.If(self.moved):
                m.next = "Take"
                with m.If(setting):
                    m.d.comb += self.reload.eq(1)

    def _keep_values(self, m: Module, values: Any, written: Any) -> None:
        """Give the values of a fixed layer, and count its errors, updates and right answers."""
        config = self.folded.config
        right_count = Signal(32)
        history = Cat(0, self.history)
        for index, word in enumerate(STREAM):
            m.d.comb += getattr(values, word).eq(history.word_select(index, 32))
        m.d.comb += [
            self.margin.eq(values.margin),
            self.events.eq(values.events),
            values.errors.eq(self.errors_count),
            values.updates.eq(self.updates_count),
            values.right.eq(right_count),
            values.inputs.eq(config.inputs),
            values.neurons.eq(config.neurons),
            values.group.eq(config.group),
        ]
        for count, more, clear in (
            (self.errors_count, self.error, written.errors),
            (self.updates_count, self.updates, written.updates),
            (right_count, self.trained & self.right, written.right),
        ):
            m.d.sync += count.eq(count + more)
            with m.If(clear | self.clear):
                m.d.sync += count.eq(0)

    def _use_memory(self, m: Module, values: Any) -> None:
        """Give the counts, settings and words of the stream, which are in memory.

        A word of the stream that was read is in the highest bits of the history. One value for all
        registers leaves the decoder a single input for them.
        """
        address = self.requests.p.address
        m.d.comb += self.layer.eq(address[8:] - 1)
        in_stream = address[2:8] == LayerRegister.STREAM_0 >> 2
        value = Mux(in_stream, self.history[-32:], self.accessed_value)
        for name in (*COUNTS, *SETTINGS, *STREAM):
            m.d.comb += getattr(values, name).eq(value)

    def _select_half(self, m: Module) -> Value:
        """Select the half of a request; gives whether it is for a count or a setting."""
        address = self.requests.p.address
        m.d.comb += [
            self.half.eq(address[:2] << 1),  # of a word of the stream
            self.single.eq(self.half[-1] & (self.half != SETTINGS["events"])),
        ]
        halves = {name: 2 * index for index, name in enumerate(COUNTS)} | SETTINGS
        registers = {UniversalLayerRegister[name.upper()]: half for name, half in halves.items()}
        with m.Switch(address[:8]):
            for register, half in registers.items():
                with m.Case(register):
                    m.d.comb += self.half.eq(half)
        return address[:8].matches(*registers)
