"""Convert between bit vectors of a simulator and values with named fields.

Layouts are described as in :mod:`metaplast.hdl.export.verilog`.
"""

from collections.abc import Mapping
from typing import Any

from ...hdl.export.verilog import Layout

__all__ = ["Layout", "pack", "unpack"]


def pack(layout: Layout, value: Any) -> int:
    """The bits of a value.

    Parameters
    ----------
    layout : Layout
        Its layout.
    value : int, sequence or mapping
        An integer for an integer, a value for each element of an array, a value for each field of a
        structure. An integer can always be given as the bits of a value.

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
    """The value of bits: an integer, a list, or a dictionary.

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
