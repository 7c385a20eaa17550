# amaranth: UnusedElaboratable=no
"""Array of XNOR-popcount neurons that evaluate in parallel."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..primitives.popcount import XnorPopcount
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["NeuronArray"]


class NeuronArray(Component):
    """Evaluate XNOR-popcount neurons: activations and distances from the threshold.

    Computes, for ``sets`` sets of ``pe`` neurons, over the words of a sample (docs/algorithm.md,
    2)::

        n = popcount(XNOR(x, w));  z = 2·n − N;  a = (z ≥ 0);  distance = |z|

    One word of ``simd`` bits enters in each cycle: the first word for all sets, one set after the
    other, then the second word for all sets, and so on; a memory holds the sums. Cycle by cycle,
    from a set's last word::

        0        the word is transferred, with ``last``
        P − 1    the set's sum is read (P: the popcount's latency)
        P        the word's count of equal bits leaves the popcount
        P + 1    the sum includes it; if the word is not the last, the sum is written
        P + 2    the first ``select`` neurons leave at ``o``, the others in the next cycles

    The words of one set are at least three cycles apart. The last words of successive sets are at
    least ``pe / select`` cycles apart; other words may follow in each cycle.

    Padding bits beyond the inputs are 1 in ``x`` and 0 in ``w``, and do not count.

    Parameters
    ----------
    inputs : int
        ``N``, input bits of a neuron. At least 1.
    simd : int
        Input bits in a word. At least 1.
    pe : int
        Neurons that evaluate in parallel. At least 1.
    sets : int
        Sets of ``pe`` neurons. At least 1.
    select : int
        Neurons that leave in each cycle. Divides ``pe``.
    singly : bool
        Whether the neurons of a set leave one by one if ``shape.steps`` is ``pe``, at the place of
        the first of ``select``. Then ``select`` is ``pe``.

    Members
    -------
    shape : In(struct)
        The layer's ``inputs`` and ``sets``, at most those of the parameters, and the ``steps`` in
        which a set leaves.
    clear : In(1)
        Drop the neurons that have not left. Not while words are in the pipeline.
    i : In(stream)
        A word ``x`` of the sample and the same word ``w`` of each neuron's weights; ``first`` and
        ``last`` in the first and last word of the sample. Never stalls.
    o : Out(stream)
        Activations and distances of ``select`` neurons, lowest first. Never waits.

    Attributes
    ----------
    latency : int
        Cycles from the last word to the first neurons.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(
        self, *, inputs: int, simd: int, pe: int, sets: int, select: int, singly: bool = False
    ):
        factors = (("inputs", inputs), ("simd", simd), ("pe", pe), ("sets", sets))
        for name, value in factors:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value!r}")
        if select < 1 or pe % select:
            raise ValueError(f"select must divide the {pe} neurons of pe, not be {select!r}")
        if singly and select != pe:
            raise ValueError(
                f"select must be pe, {pe}, if neurons can leave singly, not {select!r}"
            )

        self.inputs = inputs
        self.simd = simd
        self.pe = pe
        self.sets = sets
        self.select = select
        self.singly = singly
        self.words = -(-inputs // simd)
        self._popcounts = [XnorPopcount(simd) for _ in range(pe)]
        self.latency = self._popcounts[0].latency + 2
        steps = pe if singly else pe // select
        shape = data.StructLayout(
            {"inputs": range(inputs + 1), "sets": range(sets + 1), "steps": range(steps + 1)}
        )
        fixed = {"inputs": inputs, "sets": sets, "steps": pe // select}
        super().__init__(
            {
                "shape": In(shape, init=fixed),  # type: ignore[call-arg]
                "clear": In(1),
                "i": In(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "x": simd,
                                "w": data.ArrayLayout(simd, pe),
                                "first": 1,
                                "last": 1,
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "o": Out(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "activations": select,
                                "distances": data.ArrayLayout(range(inputs + 1), select),
                            }
                        ),
                        always_ready=True,
                    )
                ),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        def delayed(value: Value, cycles: int, name: str) -> Value:
            for stage in range(cycles):
                following = Signal(name=f"{name}_{stage}")
                m.d.sync += following.eq(value)
                value = following
            return value

        counting = self._popcounts[0].latency
        last = delayed(self.i.p.last & self.i.valid, counting, "last")
        early = delayed(self.i.valid, counting - 1, "valid")
        valid = delayed(early, 1, "counted")

        sums = [Signal(range(self.inputs + 1), name=f"sum_{n}") for n in range(self.pe)]
        finished = delayed(last, 1, "finished")

        # Sums of all sets, from word to word
        before = Signal(data.ArrayLayout(range(self.inputs + 1), self.pe))
        if self.words > 1:
            m.submodules.sums = memory = SimpleDualPortRAM(shape=before.shape(), depth=self.sets)
            first = delayed(self.i.p.first, counting, "first")
            summed = delayed(valid, 1, "summed")
            for goes_on, address in (
                (early, memory.read_address),
                (summed, memory.write_address),
            ):
                place = Signal(range(self.sets))
                m.d.comb += address.eq(place)
                with m.If(goes_on):
                    m.d.sync += place.eq(Mux(place == self.shape.sets - 1, 0, place + 1))
            m.d.comb += [
                memory.read_enable.eq(early),
                before.eq(Mux(first, 0, memory.read_data)),
                memory.write_data.eq(Cat(sums)),
                memory.write_enable.eq(summed & ~finished),
            ]

        for neuron, popcount in enumerate(self._popcounts):
            m.submodules[f"popcount_{neuron}"] = popcount
            m.d.comb += [popcount.a.eq(self.i.p.x), popcount.b.eq(self.i.p.w[neuron])]
            with m.If(valid):
                m.d.sync += sums[neuron].eq(popcount.count + before[neuron])

        # Finished neurons leave ``select`` at a time from the low end.
        steps = self.pe if self.singly else self.pe // self.select
        leaving = 1 if self.singly else self.select
        activations = Signal(self.pe)
        distances: Any = Signal(data.ArrayLayout(range(self.inputs + 1), self.pe))
        left = Signal(range(steps + 1))
        with m.If(finished):
            m.d.sync += left.eq(self.shape.steps)
            for neuron in range(self.pe):
                z = 2 * sums[neuron] - self.shape.inputs
                m.d.sync += [
                    activations[neuron].eq(z >= 0),
                    distances[neuron].eq(Mux(z >= 0, z, -z)),
                ]
        with m.Elif(left > 0):
            m.d.sync += left.eq(left - 1)
            if steps > 1:
                m.d.sync += [
                    activations.eq(activations >> leaving),
                    distances.eq(distances.as_value() >> leaving * len(distances[0])),
                ]
        with m.If(self.clear):
            m.d.sync += left.eq(0)
        m.d.comb += [
            self.o.valid.eq(left > 0),
            self.o.p.activations.eq(activations[: self.select]),
            self.o.p.distances.eq(distances.as_value()),
        ]

        return m
