"""Next value of a counter that counts down or is loaded."""

from amaranth.hdl import Mux, Value, ValueLike

__all__ = ["count_down_or_load"]


def count_down_or_load(counter: Value, down: Value, loaded: ValueLike) -> Value:
    """``counter - 1`` if ``down`` is set, else ``loaded``: one logic cell for each bit.

    The decrement adds ``down`` to each bit. So each bit of the result is a function of four
    signals (the counter's bit, the carry, ``down``, the loaded bit), which a LUT with a carry chain
    holds; with a constant operand, Yosys takes a LUT for the decrement and one for the choice.
    """
    return Mux(down, (counter + down.replicate(len(counter)))[: len(counter)], loaded)
