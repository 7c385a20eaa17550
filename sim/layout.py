"""Payloads as a simulator sees them, one vector, and as a bench wants them, by name.

A layout is described by plain values that go through JSON, so that a bench needs neither the
component nor Amaranth::

    {"width": 8, "signed": False}                                      an integer
    {"width": 24, "length": 3, "element": {…}}                         an array, element 0 lowest
    {"width": 9, "fields": {"label": {"offset": 1, "layout": {…}}}}    a structure
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["Layout", "component_ports", "describe", "describe_ports", "pack", "unpack"]

Layout: TypeAlias = dict[str, Any]
"""A layout, as above."""


def describe(shape: Any) -> Layout:
    """Describe an Amaranth shape.

    Parameters
    ----------
    shape : amaranth.hdl.ShapeLike
        Any shape: an integer's, an enumeration, a structure, an array, and these in each other.
    """
    from amaranth.hdl import Shape, ShapeCastable
    from amaranth.lib import data

    while isinstance(shape, ShapeCastable) and not isinstance(shape, data.Layout):
        shape = shape.as_shape()
    width = Shape.cast(shape).width
    if isinstance(shape, data.ArrayLayout):
        return {"width": width, "length": shape.length, "element": describe(shape.elem_shape)}
    if isinstance(shape, data.Layout):
        fields = {
            str(name): {"offset": field.offset, "layout": describe(field.shape)}
            for name, field in shape
        }
        return {"width": width, "fields": fields}
    return {"width": width, "signed": Shape.cast(shape).signed}


def component_ports(component: Any) -> Iterator[tuple[str, Any, Any]]:
    """The ports of an Amaranth component: names in Verilog, members, and values.

    What is constant, such as ``valid`` of a stream that is always valid, is no port.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.
    """
    from amaranth.hdl import Const, Value

    for path, member, port in component.signature.flatten(component):
        value = Value.cast(port)
        if not isinstance(value, Const):
            yield "__".join(map(str, path)), member, value


def describe_ports(component: Any) -> tuple[dict[str, Layout], tuple[str, ...]]:
    """Describe the ports of an Amaranth component.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.

    Returns
    -------
    ports : dict of str to Layout
        All ports, by their names in Verilog.
    inputs : tuple of str
        Which of them are inputs.
    """
    from amaranth.lib.wiring import In

    members = {name: member for name, member, _ in component_ports(component)}
    ports = {name: describe(member.shape) for name, member in members.items()}
    return ports, tuple(name for name, member in members.items() if member.flow == In)


def pack(layout: Layout, value: Any) -> int:
    """The bits of a value.

    Parameters
    ----------
    layout : Layout
        Its layout.
    value : int, sequence or mapping
        An integer for an integer, as many values as there are elements for an array, all fields'
        values for a structure. An integer always stands for the bits themselves, too.

    Raises
    ------
    ValueError
        If the value does not fit the layout.
    """
    width = layout["width"]
    if "element" in layout and not isinstance(value, int):
        if len(value) != layout["length"]:
            raise ValueError(f"an array of {layout['length']} elements cannot hold {value!r}")
        element = layout["element"]
        return sum(pack(element, v) << n * element["width"] for n, v in enumerate(value))
    if "fields" in layout and not isinstance(value, int):
        fields = layout["fields"]
        if not isinstance(value, Mapping) or value.keys() != fields.keys():
            raise ValueError(f"a structure of {', '.join(fields)} cannot hold {value!r}")
        return sum(pack(fields[n]["layout"], v) << fields[n]["offset"] for n, v in value.items())
    value = int(value)
    lowest, highest = 0, (1 << width) - 1
    if layout.get("signed"):
        lowest, highest = -(1 << width - 1), (1 << width - 1) - 1
    if not lowest <= value <= highest:
        raise ValueError(f"{width} bits hold {lowest} to {highest}, not {value}")
    return value & (1 << width) - 1


def unpack(layout: Layout, bits: int) -> Any:
    """The value that the bits stand for: an integer, a list, or a dictionary.

    Parameters
    ----------
    layout : Layout
        Its layout.
    bits : int
        The bits; those above the layout's width are ignored.
    """
    width = layout["width"]
    bits &= (1 << width) - 1
    if "element" in layout:
        element = layout["element"]
        return [unpack(element, bits >> n * element["width"]) for n in range(layout["length"])]
    if "fields" in layout:
        return {
            name: unpack(field["layout"], bits >> field["offset"])
            for name, field in layout["fields"].items()
        }
    if layout["signed"] and width and bits >> width - 1:
        bits -= 1 << width
    return bits
