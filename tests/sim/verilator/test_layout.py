# amaranth: UnusedElaboratable=no
"""Layouts: description, packing and unpacking, compared with Amaranth."""

import enum
import json
from typing import Any

import pytest
from amaranth.hdl import signed, unsigned
from amaranth.lib import data, enum as amaranth_enum, stream, wiring
from amaranth.lib.wiring import In, Out
from hypothesis import given, strategies as st

from metaplast.hdl.export.verilog import describe, describe_ports
from metaplast.sim.verilator.layout import pack, unpack


class Code(amaranth_enum.Enum, shape=3):
    FIRST = 0
    LAST = 5


class Plain(enum.Enum):
    LOW = -2
    HIGH = 1


class Pair(data.Struct):
    left: signed(3)
    right: unsigned(2)


SHAPES = st.recursive(
    st.one_of(
        st.integers(0, 70).map(unsigned),
        st.integers(1, 70).map(signed),
        st.just(range(-3, 4)),
        st.just(Pair),
    ),
    lambda shapes: st.one_of(
        st.builds(data.ArrayLayout, shapes, st.integers(0, 4)),
        st.dictionaries(st.sampled_from("abcd"), shapes, min_size=1).map(data.StructLayout),
    ),
    max_leaves=6,
)


def plain(shape: Any, value: Any) -> Any:
    """A constant of Amaranth's as plain values."""
    if isinstance(value, data.Const):
        layout = value.shape()
        if isinstance(layout, data.ArrayLayout):
            return [plain(layout.elem_shape, value[n]) for n in range(layout.length)]
        return {name: plain(field.shape, value[name]) for name, field in layout}
    return int(value)


@given(SHAPES, st.data())
def test_values_are_packed_as_amaranth_packs_them(shape: Any, choice: st.DataObject) -> None:
    layout = json.loads(json.dumps(describe(shape)))
    bits = choice.draw(st.integers(0, (1 << layout["width"]) - 1))
    value = unpack(layout, bits)
    assert pack(layout, value) == bits
    if isinstance(shape, data.Layout):
        assert value == plain(shape, shape.from_bits(bits))
        assert pack(layout, bits) == bits


def test_an_enumeration_is_an_integer() -> None:
    assert describe(Code) == {"width": 3, "signed": False}
    assert describe(Plain) == {"width": 2, "signed": True}


def test_a_structure_by_hand() -> None:
    layout = describe(data.StructLayout({"pair": Pair, "tags": data.ArrayLayout(4, 2)}))
    value = {"pair": {"left": -1, "right": 2}, "tags": [9, 5]}
    assert pack(layout, value) == 0b0101_1001_10_111
    assert unpack(layout, 0b1_0101_1001_10_111) == value  # what is above it is ignored


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [
        (unsigned(3), 8, "3 bits hold 0 to 7, not 8"),
        (signed(3), 4, "3 bits hold -4 to 3, not 4"),
        (unsigned(0), 1, "0 bits hold 0 to 0, not 1"),
        (data.ArrayLayout(3, 2), [1], r"an array of 2 elements cannot hold \[1\]"),
        (Pair, {"left": 1}, "a structure of left, right cannot hold {'left': 1}"),
        (Pair, [1, 2], r"a structure of left, right cannot hold \[1, 2\]"),
    ],
)
def test_what_does_not_fit_is_refused(shape: Any, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(describe(shape), value)


class Ports(wiring.Component):
    """All kinds of ports."""

    plain: In(5)
    words: Out(stream.Signature(Pair, always_valid=True))
    inner: Out(wiring.Signature({"there": Out(2), "back": In(signed(3))}))

    def elaborate(self, platform: object) -> None:
        raise AssertionError("never")


def test_ports_have_their_names_in_verilog() -> None:
    ports, inputs = describe_ports(Ports())
    assert {name: layout["width"] for name, layout in ports.items()} == {
        "plain": 5,
        "words__payload": 5,
        "words__ready": 1,
        "inner__there": 2,
        "inner__back": 3,
    }
    assert sorted(inputs) == ["inner__back", "plain", "words__ready"]
