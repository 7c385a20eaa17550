"""Find the local prediction and the local error bit."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["ErrorDetector"]


class ErrorDetector(Component):
    """Find the two highest scores, the prediction and the error bit (docs/algorithm.md, 3).

    ::

        prediction = argmax s                  the lowest class on a tie
        error = (prediction ≠ y) or (2·(s_first − s_second) < margin)

    The scores come one by one. Each is compared with the highest before it, and their distance with
    the margin: the lead is too small if the distance was, for any score since the prediction. Cycle
    by cycle::

        0            start, with the score of class 0
        c            compare the score of class c with the highest, for c from 1 to C − 1
        c + 1        their distance
        c + 2        compare the distance with the margin
        C + 2        ``o`` is valid, until it is taken

    Parameters
    ----------
    classes : int
        ``C``. 2 to 256.
    neurons : int
        ``K``: the highest score. At least 1.

    Members
    -------
    last_class : In(8)
        ``C − 1`` of the network, at most that of ``classes``.
    start : In(1)
        The scores are complete.
    next : Out(1)
        The score of the next class must be at ``score`` in the next cycle.
    score : In(range(neurons + 1))
        Score of class 0 with ``start``, and of the next class after ``next``.
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

    def __init__(self, *, classes: int, neurons: int):
        if not 2 <= classes <= 256:
            raise ValueError(f"classes must be from 2 to 256, not {classes!r}")
        if neurons < 1:
            raise ValueError(f"neurons must be at least 1, not {neurons!r}")

        self.classes = classes
        self.neurons = neurons
        self.latency = classes + 2
        super().__init__(
            {
                "last_class": In(8, init=classes - 1),  # type: ignore[call-arg]
                "start": In(1),
                "next": Out(1),
                "score": In(range(neurons + 1)),
                "label": In(8),
                "margin": In(range(neurons + 1)),
                "o": Out(stream.Signature(data.StructLayout({"prediction": 8, "error": 1}))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        width = len(self.score)
        c = Signal(range(self.classes))
        prediction = Signal(range(self.classes))
        # Each is inverted, since it is the second operand of a comparison (see exceeds).
        not_first, not_distance = Signal(width), Signal(width)
        difference = Signal(width)  # from the highest score, minus 1
        comparing, higher = Signal(), Signal()
        compared, was_higher = Signal(2), Signal(2)  # in the last two cycles
        close, wrong = Signal(), Signal()

        m.d.comb += higher.eq(exceeds(self.score, not_first))
        m.d.sync += [
            compared.eq(Cat(comparing, compared)),
            was_higher.eq(Cat(higher, was_higher)),
            difference.eq(self.score + not_first),
            not_distance.eq(~Mux(was_higher[0], difference + 1, ~difference)),
            wrong.eq(prediction != self.label),
        ]
        with m.If(~self.o.valid):
            near = exceeds(self.margin, Cat(C(1, 1), not_distance))  # than twice the distance
            m.d.sync += close.eq(compared[1] & (near | (close & ~was_higher[1])))

        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.next.eq(self.start)
                m.d.sync += [c.eq(1), not_first.eq(~self.score), prediction.eq(0)]
                with m.If(self.start):
                    m.next = "Compare"
            with m.State("Compare"):
                m.d.comb += [self.next.eq(1), comparing.eq(1)]
                with m.If(higher):
                    m.d.sync += [not_first.eq(~self.score), prediction.eq(c)]
                m.d.sync += c.eq(c + 1)
                with m.If(c == self.last_class):
                    m.next = "Distance"
            with m.State("Distance"):
                m.next = "Margin"
            with m.State("Margin"):
                m.next = "Result"
            with m.State("Result"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.prediction.eq(prediction),
                    self.o.p.error.eq(wrong | close),
                ]
                with m.If(self.o.ready):
                    m.next = "Idle"

        return m


def exceeds(a: Value, not_b: Value) -> Value:
    """Whether ``a > b``: the carry of ``a`` and the inverted bits of ``b``, which has no fewer.

    Of a comparison, Yosys inverts the second operand, in a LUT for each bit.
    """
    return (a + not_b)[len(not_b)]
