# amaranth: UnusedElaboratable=no
"""Array of XNOR-popcount neurons that evaluate in parallel."""

from typing import Any

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import COUNT_BITS
from ..primitives.component import Component
from ..primitives.popcount import XnorPopcount
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["NeuronArray", "counts_signature"]


def counts_signature(depth: int) -> wiring.Signature:
    """Port to the rows of counts and settings in a memory of sums."""
    address = range(depth)
    return wiring.Signature(
        {
            "read": Out(1),
            "read_address": Out(address),
            "row": In(COUNT_BITS),
            "write": Out(1),
            "write_address": Out(address),
            "data": Out(COUNT_BITS),
        }
    )


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
    depth : int or None
        Rows of the memory of sums, if rows behind those of the sums are for counts; at least
        ``sets``. If None, the memory has the sums only, and none is needed for a single word.

    Members
    -------
    shape : In(struct)
        The layer's ``inputs`` and its last set, at most those of the parameters, and the ``steps``
        in which a set leaves.
    clear : In(1)
        Drop the neurons that have not left. Not while words are in the pipeline.
    i : In(stream)
        A word ``x`` of the sample and the same word ``w`` of each neuron's weights; ``first`` and
        ``last`` in the first and last word of the sample. Never stalls.
    counts : In
        With ``depth``: a port to the memory of sums, for counts and settings
        (:class:`.layer_rows.LayerRows`), while no word but the first is read or written.
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
        self,
        *,
        inputs: int,
        simd: int,
        pe: int,
        sets: int,
        select: int,
        singly: bool = False,
        depth: int | None = None,
        dsps: int = 0,
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

        if depth is not None and depth < sets:
            raise ValueError(f"depth must be at least the {sets} sets, not {depth!r}")

        self.inputs = inputs
        self.depth = depth
        self.simd = simd
        self.pe = pe
        self.sets = sets
        self.select = select
        self.singly = singly
        self.words = -(-inputs // simd)
        self._popcounts = [XnorPopcount(simd, dsps=dsps) for _ in range(pe)]
        self.latency = self._popcounts[0].latency + 2
        steps = pe if singly else pe // select
        shape = data.StructLayout(
            {
                "inputs": range(inputs + 1),
                "last_set": range(max(sets, 2)),
                "steps": range(steps + 1),
            }
        )
        fixed = {"inputs": inputs, "last_set": sets - 1, "steps": pe // select}
        super().__init__(
            {
                "shape": In(shape, init=fixed),  # type: ignore[call-arg]
                "clear": In(1),
                **({} if depth is None else {"counts": In(counts_signature(depth))}),
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

        # A sum begins with −ceil(N / 2), so that 2·sum, with the lowest bit of N, is z.
        width, inputs = len(self.shape.inputs), self.shape.inputs
        sums = [Signal(width, name=f"sum_{n}") for n in range(self.pe)]
        finished = delayed(last, 1, "finished")

        # Sums of all sets, from word to word
        before: Any = Signal(data.ArrayLayout(width, self.pe))
        first: Value = C(1)
        memory = None
        if self.words > 1 or self.depth is not None:
            row = len(before.as_value())
            m.submodules.sums = memory = SimpleDualPortRAM(
                shape=row if self.depth is None else max(row, COUNT_BITS),
                depth=self.depth or self.sets,
            )
        if memory is not None and self.words > 1:
            first_early = delayed(self.i.p.first, counting - 1, "first_early")
            first = delayed(first_early, 1, "first")
            summed = delayed(valid, 1, "summed")
            for goes_on, address in (
                (early, memory.read_address),
                (summed, memory.write_address),
            ):
                place = Signal(range(self.sets))
                m.d.comb += address.eq(place)
                with m.If(goes_on):
                    m.d.sync += place.eq(Mux(place == self.shape.last_set, 0, place + 1))
            m.d.comb += [
                memory.read_enable.eq(early & ~first_early),
                before.eq(memory.read_data),
                memory.write_data.eq(Cat(sums)),
                memory.write_enable.eq(summed & ~finished),
            ]
        if memory is not None and self.depth is not None:
            self._access_counts(m, memory)

        for neuron, popcount in enumerate(self._popcounts):
            m.submodules[f"popcount_{neuron}"] = popcount
            m.d.comb += [popcount.a.eq(self.i.p.x), popcount.b.eq(self.i.p.w[neuron])]
            with m.If(valid):
                # Twice the sums, without their lowest bits; −N is ~N + 1.
                low, high = ~inputs[0], Mux(first, Cat(~inputs[1:], C(1, 1)), before[neuron])
                m.d.sync += sums[neuron].eq((Cat(first, popcount.count) + Cat(low, high))[1:])

        # Finished neurons leave ``select`` at a time from the low end.
        steps = self.pe if self.singly else self.pe // self.select
        leaving = 1 if self.singly else self.select
        activations = Signal(self.pe)
        distances: Any = Signal(data.ArrayLayout(range(self.inputs + 1), self.pe))
        left = Signal(range(steps + 1))
        with m.If(finished):
            m.d.sync += left.eq(self.shape.steps)
            for neuron in range(self.pe):
                z, negative = Cat(inputs[0], sums[neuron]), sums[neuron][-1]
                # Of ~(z − 1), unlike −z, a choice takes no LUT beside the carry chain.
                m.d.sync += [
                    activations[neuron].eq(~negative),
                    distances[neuron].eq(Mux(negative, ~(z + C(-1, len(z))), z)),
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

    def _access_counts(self, m: Module, memory: SimpleDualPortRAM) -> None:
        """Read and write counts in the memory of sums."""
        counts = self.counts
        m.d.comb += counts.row.eq(memory.read_data)
        with m.If(counts.read):
            m.d.comb += [memory.read_enable.eq(1), memory.read_address.eq(counts.read_address)]
        with m.If(counts.write):
            m.d.comb += [
                memory.write_enable.eq(1),
                memory.write_address.eq(counts.write_address),
                memory.write_data.eq(counts.data),
            ]
