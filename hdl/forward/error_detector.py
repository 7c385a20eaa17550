"""Find the local prediction and the local error bit."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["ErrorDetector"]


class ErrorDetector(Component):
    """Find the two highest scores, the prediction and the error bit (docs/algorithm.md, 3).

    ::

        prediction = argmax s                  the lowest class on a tie
        error = (prediction ≠ y) or (2·(s_first − s_second) < margin)

    Cycle by cycle::

        0            start
        1 … C        compare the score of one class
        C + 1        subtract the two highest scores
        C + 2        ``o`` is valid, until it is taken

    Parameters
    ----------
    classes : int
        ``C``. 2 to 256.
    neurons : int
        ``K``: the highest score. At least 1.
    registered : bool
        Whether a score is selected in one cycle and compared in the next, for paths of half the
        length. It takes no cycle more.

    Members
    -------
    last_class : In(8)
        ``C − 1`` of the network, at most that of ``classes``.
    start : In(1)
        The scores are complete; they do not change for ``C`` more cycles.
    scores : In(array)
        Score of each class.
    label : In(8)
        ``y``. It and ``margin`` must not change until ``o`` is taken.
    margin : In
        ``floor(r·K)``, 0 to ``K``.
    o : Out(stream)
        Prediction and error bit.

    Attributes
    ----------
    latency : int
        Cycles from ``start`` to ``o``.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, classes: int, neurons: int, registered: bool = False):
        if not 2 <= classes <= 256:
            raise ValueError(f"classes must be from 2 to 256, not {classes!r}")
        if neurons < 1:
            raise ValueError(f"neurons must be at least 1, not {neurons!r}")

        self.classes = classes
        self.neurons = neurons
        self.registered = registered
        self.latency = classes + 2
        super().__init__(
            {
                "last_class": In(8, init=classes - 1),  # type: ignore[call-arg]
                "start": In(1),
                "scores": In(data.ArrayLayout(range(neurons + 1), classes)),
                "label": In(8),
                "margin": In(range(neurons + 1)),
                "o": Out(stream.Signature(data.StructLayout({"prediction": 8, "error": 1}))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        c = Signal(range(self.classes))
        score = Signal(range(self.neurons + 1))
        first = Signal(range(self.neurons + 1))
        second = Signal(range(self.neurons + 1))
        prediction = Signal(range(self.classes))
        lead = Signal(range(2 * self.neurons + 1))
        wrong = Signal()
        selected = c  # the class of the next score
        if self.registered:
            selected = Signal.like(c)
            m.d.sync += [score.eq(self.scores[selected]), c.eq(selected)]
        else:
            m.d.comb += score.eq(self.scores[c])

        with m.FSM():
            with m.State("Idle"):
                m.d.sync += [selected.eq(0), first.eq(0), second.eq(0), prediction.eq(0)]
                with m.If(self.start):
                    if self.registered:
                        m.d.sync += selected.eq(1)
                    m.next = "Compare"
            with m.State("Compare"):
                # The first class is the prediction even if its score is 0.
                with m.If(score > first):
                    m.d.sync += [first.eq(score), second.eq(first), prediction.eq(c)]
                with m.Elif(score > second):
                    m.d.sync += second.eq(score)
                with m.If(c == self.last_class):
                    m.next = "Lead"
                with m.Else():
                    m.d.sync += selected.eq(selected + 1)
            with m.State("Lead"):
                m.d.sync += [lead.eq(2 * (first - second)), wrong.eq(prediction != self.label)]
                m.next = "Result"
            with m.State("Result"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.prediction.eq(prediction),
                    self.o.p.error.eq(wrong | (lead < self.margin)),
                ]
                if self.registered:
                    m.d.sync += selected.eq(0)
                with m.If(self.o.ready):
                    m.next = "Idle"

        return m
