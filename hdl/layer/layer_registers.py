"""A layer's side of the host's registers."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..registers.registers import LayerRegister, Status, exceeds, request_layout, response_layout

__all__ = ["LayerRegisters"]

HISTORY_BITS = 127


class LayerRegisters(wiring.Component):
    """Serve requests for a layer's registers, one at a time.

    Whether the core is idle is for the core to know: requests that need it to be come only then.
    A request is looked at in one cycle and taken in the next, with the response in the one after;
    later if it is for a counter (a few cycles), a position (a cycle a neuron) or the count of
    saturated counters (a scan).

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
    error : In(1)
        Count an error.
    updates : In
        Count so many updated neurons.
    rewind, skip : Out(1)
        Counter access: go to the first neuron, or on by one.
    w, r, reading
        Counter access: its streams.
    push : Out(1)
        Push ``pushed`` into the reinforcement stream's history.
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
                "events": Out(32),
                "clear": In(1),
                "error": In(1),
                "updates": In(range(folded.plan.banks + 1)),
                "rewind": Out(1),
                "skip": Out(1),
                "w": Out(stream.Signature(counter)),
                "r": In(stream.Signature(counter)),
                "reading": Out(1),
                "push": Out(1),
                "pushed": Out(32),
                "history": In(HISTORY_BITS),
                "scan": Out(1),
                "scanned": In(1),
                "saturated": In(range(folded.config.weights + 1)),
                "errors_count": Out(32),
                "updates_count": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config = self.folded.config

        errors, updates = Signal(32), Signal(32)
        m.d.sync += [errors.eq(errors + self.error), updates.eq(updates + self.updates)]
        m.d.comb += [self.errors_count.eq(errors), self.updates_count.eq(updates)]

        request = self.requests.p
        register = request.address[:8]
        answer = Signal(response_layout())
        left = Signal(range(max(config.neurons, 2)))
        m.d.comb += [
            self.responses.p.eq(answer),
            self.pushed.eq(request.data),
            self.w.payload.eq(request.data.as_signed()),
        ]
        # Bit 0 of the four words is none of the history's 127.
        history = Cat(0, self.history)
        above_sign = request.data[config.counter_bits - 1 :]

        # What a register holds; a counter and the saturated ones, once they are found.
        held = Signal(32)
        with m.Switch(register):
            for one, value in (
                (LayerRegister.MARGIN, self.margin),
                (LayerRegister.EVENTS, self.events),
                (LayerRegister.ERRORS, errors),
                (LayerRegister.UPDATES, updates),
                *((LayerRegister.STREAM_0 + n, history.word_select(n, 32)) for n in range(4)),
                (LayerRegister.INPUTS, config.inputs),
                (LayerRegister.NEURONS, config.neurons),
                (LayerRegister.GROUP, config.group),
            ):
                with m.Case(one):
                    m.d.comb += held.eq(value)
            with m.Case(LayerRegister.SATURATED):
                m.d.comb += held.eq(Mux(request.write, 0, self.saturated))
            with m.Case(LayerRegister.COUNTER):
                m.d.comb += held.eq(Mux(request.write, 0, self.r.payload))

        answered = Signal()
        with m.If(~answered):
            m.d.sync += answer.data.eq(held)

        def respond(status: Status = Status.OK) -> None:
            m.d.sync += answer.status.eq(status)
            m.next = "Take"

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.requests.valid):
                    with m.Switch(register):
                        with m.Case(LayerRegister.MARGIN):
                            with m.If(request.write & exceeds(request.data, config.neurons)):
                                respond(Status.RANGE)
                            with m.Else():
                                with m.If(request.write):
                                    m.d.sync += self.margin.eq(request.data)
                                respond()
                        with m.Case(LayerRegister.EVENTS):
                            with m.If(request.write):
                                m.d.sync += self.events.eq(request.data)
                            respond()
                        for one, count in (
                            (LayerRegister.ERRORS, errors),
                            (LayerRegister.UPDATES, updates),
                        ):
                            with m.Case(one):
                                with m.If(request.write):
                                    m.d.sync += count.eq(0)
                                respond()
                        with m.Case(LayerRegister.SATURATED):
                            with m.If(request.write):
                                respond(Status.ACCESS)
                            with m.Else():
                                m.next = "Scan"
                        with m.Case(LayerRegister.POSITION):
                            with m.If(~request.write):
                                respond(Status.ACCESS)
                            with m.Elif(exceeds(request.data, config.neurons - 1)):
                                respond(Status.RANGE)
                            with m.Else():
                                m.d.sync += left.eq(request.data)
                                m.next = "Rewind"
                        with m.Case(LayerRegister.COUNTER):
                            with m.If(~request.write):
                                m.next = "Read"
                            with m.Elif(above_sign.any() & ~above_sign.all()):
                                respond(Status.RANGE)
                            with m.Else():
                                m.next = "Write"
                        with m.Case(*(LayerRegister.STREAM_0 + n for n in range(4))):
                            m.d.comb += self.push.eq(request.write)
                            respond()
                        with m.Case(
                            LayerRegister.INPUTS, LayerRegister.NEURONS, LayerRegister.GROUP
                        ):
                            with m.If(request.write):
                                respond(Status.ACCESS)
                            with m.Else():
                                respond()
                        with m.Default():
                            respond(Status.UNKNOWN)
            with m.State("Write"):
                m.d.comb += self.w.valid.eq(1)
                with m.If(self.w.ready):
                    respond()
            with m.State("Rewind"):
                m.d.comb += self.rewind.eq(1)
                m.next = "Seek"
            with m.State("Seek"):
                with m.If(left == 0):
                    respond()
                with m.Else():
                    m.d.comb += self.skip.eq(1)
                    m.d.sync += left.eq(left - 1)
            with m.State("Read"):
                m.d.comb += [self.reading.eq(~self.r.valid), self.r.ready.eq(1)]
                with m.If(self.r.valid):
                    respond()
            with m.State("Scan"):
                m.d.comb += self.scan.eq(1)
                with m.If(self.scanned):
                    respond()
            with m.State("Take"):
                m.d.comb += [answered.eq(1), self.requests.ready.eq(1)]
                m.next = "Respond"
            with m.State("Respond"):
                m.d.comb += [answered.eq(1), self.responses.valid.eq(1)]
                with m.If(self.responses.ready):
                    m.next = "Idle"

        with m.If(self.clear):
            m.d.sync += [errors.eq(0), updates.eq(0)]

        return m
