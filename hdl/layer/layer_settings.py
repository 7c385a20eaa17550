"""Settings of the layers of a universal trainer: their places in memories, and a register."""

from typing import Any

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.universal import RECORD_HALVES, UniversalEngine
from ..primitives.component import Component
from ..shape.layer_shape import layer_sizes_layout

__all__ = ["HALF_BITS", "SETTINGS", "LayerSettings", "settings_layout"]

HALF_BITS = 16

SETTINGS = {
    "margin": 8,
    "inputs": 9,
    "neurons": 10,
    "group": 11,
    "base": 12,
    "column": 13,
    "events": 14,
}
"""Settings of a layer, with the half of its record in which each begins; ``events`` has two."""


def settings_layout(engine: UniversalEngine) -> data.StructLayout:
    """Settings of a layer."""
    sizes = layer_sizes_layout(engine)
    return data.StructLayout(
        {
            "margin": range(engine.config.neurons + 1),
            "sizes": sizes,
            "events": engine.config.event_bits,
        }
    )


class LayerSettings(Component):
    """Hold the settings of a layer, which come from memory piece by piece.

    A setting is at ``o`` from the cycle after its last piece.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.
    piece_bits : int
        Bits of a piece: 2, 4, 8 or 16.

    Members
    -------
    load : In(1)
        A piece comes.
    number : In
        Its number. Piece 0 has the lowest bits of the first setting in :data:`SETTINGS`.
    piece : In(piece_bits)
        The piece.
    o : Out(struct)
        The settings (:func:`settings_layout`).

    Raises
    ------
    ValueError
        If a half does not consist of pieces.
    """

    def __init__(self, engine: UniversalEngine, *, piece_bits: int):
        if piece_bits not in (2, 4, 8, 16):
            raise ValueError(f"piece_bits must be 2, 4, 8 or 16, not {piece_bits!r}")
        self.piece_bits = piece_bits
        settings = RECORD_HALVES - min(SETTINGS.values())
        super().__init__(
            {
                "load": In(1),
                "number": In(range(settings * HALF_BITS // piece_bits)),
                "piece": In(piece_bits),
                "o": Out(settings_layout(engine)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        settings: Any = self.o
        first = min(SETTINGS.values())
        for name, half in SETTINGS.items():
            setting = settings[name] if name in ("margin", "events") else settings.sizes[name]
            for low in range(0, len(setting), self.piece_bits):
                number = ((half - first) * HALF_BITS + low) // self.piece_bits
                with m.If(self.load & (self.number == number)):
                    m.d.sync += setting[low : low + self.piece_bits].eq(self.piece)

        return m
