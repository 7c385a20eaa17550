"""Next value of a counter that counts or is loaded."""

from amaranth.hdl import Cat, Mux, Value, ValueLike

__all__ = ["count_down_or_load", "count_up_or_load"]


def count_down_or_load(counter: Value, down: Value, loaded: ValueLike) -> Value:
    """``counter - 1`` if ``down`` is set, else ``loaded``: one logic cell for each bit.

    The decrement adds ``down`` to each bit. So each bit of the result is a function of four
    signals (the counter's bit, the carry, ``down``, the loaded bit), which a LUT with a carry chain
    holds; with a constant operand, Yosys takes a LUT for the decrement and one for the choice.
    """
    return Mux(down, (counter + down.replicate(len(counter)))[: len(counter)], loaded)


def count_up_or_load(counter: Value, amount: Value, load: Value, loaded: ValueLike) -> Value:
    """``loaded`` if ``load`` is set, else ``counter + amount``: one logic cell for each bit.

    The sum has ``load`` in the bits beyond ``amount``, which must be narrower than the counter or
    as wide. So each of these bits of the result is a function of four signals (the counter's bit,
    the carry, ``load``, the loaded bit), as in :func:`count_down_or_load`.
    """
    beyond = len(counter) - len(amount)
    return Mux(load, loaded, (counter + Cat(amount, load.replicate(beyond)))[: len(counter)])
