"""Choose the neuron to update in each group."""

from typing import Any

from amaranth.hdl import C, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["GroupSelector", "choice_layout"]


def choice_layout(group: int) -> data.StructLayout:
    """Choice of a group: whether a wrong neuron was found, its offset, its desired activation."""
    return data.StructLayout({"found": 1, "offset": range(max(group, 2)), "desired": 1})


class GroupSelector(Component):
    """Choose the wrong neuron closest to its threshold in every group.

    The choice is the first neuron with the smallest ``|z|`` among those whose activation is not
    the desired one (docs/algorithm.md, 4). A transfer has ``select`` neurons, in order;
    ``group / select`` transfers make a group.

    Cycle by cycle, from a group's last transfer, if a transfer has several neurons::

        0    a tree finds the nearest wrong neuron of the transfer
        1    it is compared with the nearest neuron of the previous transfers
        2    the choice is at ``o``

    A transfer of one neuron needs no tree, and takes one cycle less.

    Parameters
    ----------
    inputs : int
        ``N``: the largest distance. At least 1.
    group : int
        ``γ``. At least 1.
    select : int
        Neurons in a transfer. Divides ``group``.
    singly : bool
        Whether a transfer can have a single neuron.

    Members
    -------
    shape : In(struct)
        ``group_steps``: transfers of a group, at most ``group``.
    clear : In(1)
        The next transfer begins a group. A transfer in the same cycle is dropped.
    i : In(stream)
        Activations, distances ``|z|`` and desired activations of ``select`` neurons. If ``singly``,
        ``one`` tells that only the first of them is a neuron. Never stalls.
    o : Out(stream)
        Choice of a group. Never waits.

    Attributes
    ----------
    latency : int
        Cycles from a group's last transfer to its choice.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, inputs: int, group: int, select: int, singly: bool = False):
        for name, value in (("inputs", inputs), ("group", group)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value!r}")
        if select < 1 or group % select:
            raise ValueError(f"select must divide the group of {group}, not be {select!r}")

        self.inputs = inputs
        self.group = group
        self.select = select
        self.singly = singly
        self.latency = 1 if select == 1 else 2
        steps = {"group_steps": group // select}
        super().__init__(
            {
                "shape": In(  # type: ignore[call-arg]
                    data.StructLayout({"group_steps": range(group + 1)}), init=steps
                ),
                "clear": In(1),
                "i": In(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "activations": select,
                                "distances": data.ArrayLayout(range(inputs + 1), select),
                                "desired": select,
                                **({"one": 1} if singly else {}),
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "o": Out(stream.Signature(choice_layout(group), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        one = self.i.p.one if self.singly else C(0)
        # A tree finds the nearest wrong neuron of the transfer; on a tie, the lower index.
        candidates: list[tuple[Any, Any, Any, Any]] = [
            (
                (self.i.p.activations[index] != self.i.p.desired[index]) & ~(one & (index > 0)),
                self.i.p.distances[index],
                index,
                self.i.p.desired[index],
            )
            for index in range(self.select)
        ]
        while len(candidates) > 1:
            pairs = zip(candidates[0::2], candidates[1::2], strict=False)
            halved = []
            for (found, distance, index, desired), other in pairs:
                take = other[0] & (~found | (other[1] < distance))
                halved.append(
                    (
                        found | other[0],
                        Mux(take, other[1], distance),
                        Mux(take, other[2], index),
                        Mux(take, other[3], desired),
                    )
                )
            if len(candidates) % 2:
                halved.append(candidates[-1])
            candidates = halved
        found, distance, index, desired = candidates[0]

        step = Signal(range(max(self.group, 2)))
        # Of the transfer's first neuron
        offset = step if self.select == 1 else Signal(range(max(self.group, 2)), name="offset")
        last = step == self.shape.group_steps - 1
        neurons = Mux(one, 1, self.select)
        with m.If(self.i.valid):
            m.d.sync += [
                offset.eq(Mux(last, 0, offset + neurons)),
                step.eq(Mux(last, 0, step + 1)),
            ]
        with m.If(self.clear):
            m.d.sync += [step.eq(0), offset.eq(0)]

        nearest: Any = Signal(choice_layout(self.group))
        nearest_distance = Signal(range(self.inputs + 1))
        valid, begins, ends = Signal(), Signal(), Signal()
        domain = m.d.comb if self.select == 1 else m.d.sync
        domain += [
            valid.eq(self.i.valid & ~self.clear),
            begins.eq(step == 0),
            ends.eq(last),
            nearest.found.eq(found),
            nearest.offset.eq(offset + index),
            nearest.desired.eq(desired),
            nearest_distance.eq(distance),
        ]

        best: Any = Signal(choice_layout(self.group))
        best_distance = Signal(range(self.inputs + 1))
        complete = Signal()
        nearer = nearest.found & (~best.found | (nearest_distance < best_distance))
        with m.If(valid & (begins | nearer)):
            m.d.sync += [best.eq(nearest), best_distance.eq(nearest_distance)]
        m.d.sync += complete.eq(valid & ends)
        m.d.comb += [self.o.valid.eq(complete), self.o.p.eq(best)]

        return m
