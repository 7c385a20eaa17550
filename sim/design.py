"""A component as a simulator takes it: Verilog, and what its ports hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .layout import Layout, component_ports, describe_ports

__all__ = ["TOP", "Design", "to_verilog"]

TOP = "top"
"""Name of the module that is simulated."""

# A memory that begins with zeros in all rows, as Amaranth writes it.
CLEARED_MEMORY = re.compile(
    r"^  initial begin\n"
    r"    (?P<name>\S+ ?)\[0\] = (?P<zero>\d+'h0+);\n"
    r"(?:    (?P=name)\[\d+\] = (?P=zero);\n)*"
    r"  end\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Design:
    """What is simulated.

    Parameters
    ----------
    verilog : str
        Its source. The top module is :data:`TOP`.
    ports : mapping of str to Layout
        What its ports hold, but for clock and reset.
    inputs : tuple of str
        Which of them are inputs.
    public : tuple of str
        Names within the top module that a bench may reach, besides the ports.
    """

    verilog: str
    ports: Mapping[str, Layout] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    @classmethod
    def of(cls, component: Any, *, platform: Any = None, public: tuple[str, ...] = ()) -> "Design":
        """A design that is an Amaranth component.

        Parameters
        ----------
        component : amaranth.lib.wiring.Component
            The component.
        platform : amaranth.build.Platform, optional
            Passed to its elaboration.
        public : tuple of str
            Names within it that a bench may reach, besides the ports.
        """
        ports, inputs = describe_ports(component)
        return cls(to_verilog(component, platform=platform), ports, inputs, public)


def to_verilog(component: Any, *, name: str = TOP, platform: Any = None) -> str:
    """Verilog of an Amaranth component: the same text wherever it is made.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.
    name : str
        Name of its module.
    platform : amaranth.build.Platform, optional
        Passed to its elaboration.
    """
    from amaranth.back import verilog

    ports = {port: (value, None) for port, _, value in component_ports(component)}
    text = verilog.convert(
        component,
        name=name,
        platform=platform,
        ports=ports,
        emit_src=False,
        strip_internal_attrs=True,
    )
    return _shorten_memories(text)


def _shorten_memories(text: str) -> str:
    """Clear memories with a loop, not with a statement for each of their rows."""
    count = 0

    def loop(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        rows = match[0].count("\n") - 2
        memory, zero = match["name"], match["zero"]
        return (
            f"  initial begin : clear_memory_{count}\n"
            f"    integer row;\n"
            f"    for (row = 0; row < {rows}; row = row + 1)\n"
            f"      {memory}[row] = {zero};\n"
            f"  end\n"
        )

    return CLEARED_MEMORY.sub(loop, text)
