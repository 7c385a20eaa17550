"""Comparison of numbers without a carry chain."""

from amaranth.hdl import C, Value

__all__ = ["is_greater"]


def is_greater(a: Value, b: Value | int) -> Value:
    """Whether the unsigned number ``a`` is greater than ``b``: about one LUT for each bit of ``a``.

    An iCE40 takes two logic cells for each bit of a carry chain that compares: the carry chain
    cannot invert an operand, and its LUTs have no output. A bit of ``a`` and a constant bit take
    half a LUT.

    Parameters
    ----------
    a : Value
        The one number.
    b : Value or int
        The other number; it has at most as many bits as ``a``.

    Raises
    ------
    ValueError
        If ``b`` has more bits than ``a``.
    """
    other = C(b, max(len(a), b.bit_length())) if isinstance(b, int) else b
    if len(other) > len(a):
        raise ValueError(f"b must have at most {len(a)} bits, as a, not {len(other)}")
    greater: Value = C(0)
    for bit, other_bit in zip(a, [*other, *[C(0)] * (len(a) - len(other))], strict=True):
        greater = (bit & ~other_bit) | ((bit | ~other_bit) & greater)
    return greater
