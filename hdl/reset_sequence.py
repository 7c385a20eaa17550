"""Reset of the layers to the initial state of a seed, one layer after the other."""

from amaranth.hdl import Array, Elaboratable, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..golden_model.random_stream import classifier_id, initial_counters_id, reinforcement_id
from .primitives.component import Component
from .primitives.split_mix import SplitMix64Seeder

__all__ = ["ResetSequence"]

STREAM_IDS = (initial_counters_id, classifier_id, reinforcement_id)
"""Random streams of a layer, in the order in which their histories are sent."""


class ResetSequence(Component):
    """Send each layer the histories of its three random streams, and wait until it is reset.

    From the cycle after ``start``, for each layer: state Seed sends three histories, word by word,
    as the layer takes them; Finish waits for ``reset_done``; Next takes one cycle.

    Parameters
    ----------
    layers : int
        Layers of the core. At least 1.

    Members
    -------
    last_layer : In
        Layers to reset, minus 1.
    layer : Out
        The layer that is reset.
    start : In(1)
        Begin. Has no effect while ``active``.
    seed : In(48)
        The seed; held while ``active``.
    active : Out(1)
        A reset is under way.
    reset : Out(layers)
        For each layer: write the initial state; held until ``reset_done``.
    reset_done : In(layers)
        For each layer: the initial state is written.
    histories : array of Out(stream)
        To each layer: words of histories (:class:`.initialiser.Initialiser`).

    Raises
    ------
    ValueError
        If there is no layer.
    """

    def __init__(self, *, layers: int):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")
        self.layers = layers
        super().__init__(
            {
                "last_layer": In(range(layers), init=layers - 1),  # type: ignore[call-arg]
                "layer": Out(range(layers + 1)),
                "start": In(1),
                "seed": In(48),
                "active": Out(1),
                "reset": Out(layers),
                "reset_done": In(layers),
                "histories": Out(stream.Signature(32)).array(layers),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        m.submodules.seeder = seeder = SplitMix64Seeder()
        target = self.layer
        kind = Signal(range(len(STREAM_IDS)))
        first_ids = Array(stream_id(0) for stream_id in STREAM_IDS)
        wanted = Array(port.ready for port in self.histories)
        offered = Array(port.valid for port in self.histories)
        m.d.comb += [seeder.i.p.seed.eq(self.seed), seeder.i.p.id.eq(first_ids[kind] + 8 * target)]
        for port in self.histories:
            m.d.comb += port.payload.eq(seeder.o.p)

        with m.FSM():
            with m.State("Ready"):
                m.d.sync += [target.eq(0), kind.eq(0)]
                with m.If(self.start):
                    m.next = "Seed"
            with m.State("Seed"):
                m.d.comb += [
                    self.active.eq(1),
                    self.reset.eq(1 << target),
                    seeder.i.valid.eq(1),
                    offered[target].eq(seeder.o.valid),
                    seeder.o.ready.eq(wanted[target]),
                ]
                with m.If(seeder.i.ready):
                    with m.If(kind == len(STREAM_IDS) - 1):
                        m.next = "Finish"
                    with m.Else():
                        m.d.sync += kind.eq(kind + 1)
            with m.State("Finish"):
                m.d.comb += [self.active.eq(1), self.reset.eq(1 << target)]
                with m.If(self.reset_done.bit_select(target, 1)):
                    m.d.sync += [target.eq(target + 1), kind.eq(0)]
                    m.next = "Next"
            with m.State("Next"):
                m.d.comb += self.active.eq(1)
                with m.If(target > self.last_layer):
                    m.next = "Ready"
                with m.Else():
                    m.next = "Seed"

        return m
