# amaranth: UnusedElaboratable=no
"""Compute the scores of a layer's random local classifier."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load
from ..primitives.popcount import XnorPopcount

__all__ = ["LocalScores"]


class LocalScores(Component):
    """Count, for every class, the neurons that agree with the local classifier.

    Computes ``s[c] = popcount(XNOR(a, P[c]))`` (docs/algorithm.md, 2), ``width`` neurons in each
    cycle. The scores include a transfer ``latency`` cycles later; ``done`` is set in the first
    cycle in which they include the ``last`` transfer of a pass. They then leave one by one: they
    are a chain of registers, and ``next`` moves each by one class.

    Parameters
    ----------
    classes : int
        ``C``. At least 2.
    neurons : int
        ``K``: the highest score. At least 1.
    width : int
        Neurons in a transfer. 1 to ``neurons``.
    singly : bool
        Whether a transfer can have a single neuron.

    Members
    -------
    clear : In(1)
        Set all scores to 0. The first transfer of a pass comes in the next cycle at the earliest;
        the previous pass is done.
    i : In(stream)
        Activations and classifier columns of ``width`` neurons; ``last`` in the last transfer of a
        pass. If ``singly``, ``one`` tells that only the first of them is a neuron. Never stalls.
    next : In(1)
        In the next cycle, the score of the next class is at ``score``. Only from ``done`` on, and
        at most ``classes`` times before the next ``clear``.
    score : Out(range(neurons + 1))
        Score of the lowest class that has not left.
    done : Out(1)
        The scores are complete.

    Attributes
    ----------
    latency : int
        Cycles from a transfer to the scores that include it.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, classes: int, neurons: int, width: int, singly: bool = False):
        if classes < 2:
            raise ValueError(f"classes must be at least 2, not {classes!r}")
        if neurons < 1:
            raise ValueError(f"neurons must be at least 1, not {neurons!r}")
        if not 1 <= width <= neurons:
            raise ValueError(f"width must be from 1 to {neurons}, not {width!r}")

        self.classes = classes
        self.neurons = neurons
        self.width = width
        self.singly = singly
        self._popcounts = [XnorPopcount(width) for _ in range(classes)]
        self.latency = self._popcounts[0].latency + 1
        super().__init__(
            {
                "clear": In(1),
                "i": In(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "activations": width,
                                "columns": data.ArrayLayout(classes, width),
                                "last": 1,
                                **({"one": 1} if singly else {}),
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "next": In(1),
                "score": Out(range(neurons + 1)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        flags: Value = Cat(self.i.valid, self.i.p.last & self.i.valid)
        for stage in range(self._popcounts[0].latency):
            following = Signal(2, name=f"flags_{stage}")
            m.d.sync += following.eq(flags)
            flags = following
        valid, last = flags
        m.d.sync += self.done.eq(last)

        scores = [Signal.like(self.score, name=f"score_{c}") for c in range(self.classes)]
        m.d.comb += self.score.eq(scores[0])
        for c, (score, popcount) in enumerate(zip(scores, self._popcounts, strict=True)):
            m.submodules[f"popcount_{c}"] = popcount
            m.d.comb += [
                popcount.a.eq(self.i.p.activations),
                popcount.b.eq(Cat(self.i.p.columns[n][c] for n in range(self.width))),
            ]
            if self.singly:  # bits beyond the first do not agree
                with m.If(self.i.p.one):
                    m.d.comb += popcount.b[1:].eq(~self.i.p.activations[1:])
            next_score: Value = scores[c + 1] if c + 1 < self.classes else C(0)
            with m.If(self.clear):
                m.d.sync += score.eq(0)
            with m.Elif(valid | self.next):
                m.d.sync += score.eq(count_up_or_load(score, popcount.count, self.next, next_score))

        return m
