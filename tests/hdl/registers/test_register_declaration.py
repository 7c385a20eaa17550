"""Checks of a register's declaration."""

import pytest

from metaplast.hdl.registers.register_declaration import OnRead, OnWrite, Register
from metaplast.hdl.registers.register_map import LayerRegister


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((256, "r", "text"), "offset must be from 0 to 255, not 256"),
        ((-1, "r", "text"), "offset must be from 0 to 255, not -1"),
        ((0, "x", "text"), 'access must be "r", "w" or "rw", not \'x\''),
        ((7, "rw", "text"), "the register at offset 7 is stored; give its reset value"),
        (
            (7, "rw", "text", OnWrite.STORE, OnRead.VALUE, 0, Register(1, "r", "text"), 0),
            "a bound must be an integer or a LayerBound, not Register",
        ),
        (
            (7, "rw", "text", OnWrite.STORE, OnRead.VALUE, 1, 9, 0),
            "reset must be from 1 to 9, not 0: a register starts with a value that can be written",
        ),
    ],
)
def test_a_declaration_is_checked(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Register(*arguments)  # type: ignore[arg-type]
    Register(7, "rw", "an action stores nothing", OnWrite.ACTION, OnRead.ACTION)


def test_a_bound_of_a_layer_needs_the_layer() -> None:
    with pytest.raises(ValueError, match="the bound `K` depends on the layer; give the layer"):
        LayerRegister.MARGIN.declaration.bounds()
