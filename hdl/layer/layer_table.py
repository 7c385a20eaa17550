"""Table of the layers of a universal trainer: their sizes and settings."""

from typing import Any

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.universal import UniversalEngine
from ..primitives.component import Component
from ..shape.layer_shape import layer_sizes_layout

__all__ = ["LayerTable", "table_row_layout", "table_write_layout"]

SETTINGS = ("margin", "events", "inputs", "neurons", "group", "base", "column")


def table_write_layout() -> data.StructLayout:
    """A bit for each setting that the host writes."""
    return data.StructLayout(dict.fromkeys(SETTINGS, 1))


def table_row_layout(engine: UniversalEngine) -> data.StructLayout:
    """Row of the table: sizes, margin and events of a layer."""
    return data.StructLayout(
        {
            "sizes": layer_sizes_layout(engine),
            "margin": range(engine.config.neurons + 1),
            "events": engine.config.event_bits,
        }
    )


class LayerTable(Component):
    """Store the sizes and settings of each layer.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    rows : Out(array)
        Row of each layer (:func:`table_row_layout`).
    layer : In
        Layer that the host addresses.
    write : In(struct)
        The host writes a setting of ``layer``, with the value ``value``.
    value : In(32)
        See ``write``.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        layer = range(max(engine.layers, 2))
        super().__init__(
            {
                "rows": Out(  # type: ignore[call-arg]
                    data.ArrayLayout(table_row_layout(engine), engine.layers),
                    init=[{"sizes": {"inputs": 1, "neurons": 1, "group": 1}}] * engine.layers,
                ),
                "layer": In(layer),
                "write": In(table_write_layout()),
                "value": In(32),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        for index in range(self.engine.layers):
            row: Any = self.rows[index]
            addressed = self.layer == index
            for name in SETTINGS:
                setting = row[name] if name in ("margin", "events") else row.sizes[name]
                with m.If(addressed & self.write[name]):
                    m.d.sync += setting.eq(self.value)

        return m
