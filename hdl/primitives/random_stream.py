"""Generate the random stream in gateware: several bits in each cycle."""

from amaranth.hdl import Cat, Elaboratable, Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...golden_model.random_stream import HISTORY_BITS, LONG_LAG, SHORT_LAG
from .component import Component

__all__ = ["RandomStreamGenerator"]


class RandomStreamGenerator(Component):
    """Generate the random stream with a lagged Fibonacci XOR generator (docs/algorithm.md, 6).

    Computes up to 64 bits from the 127 bits before them, with one XOR for each::

        b[n] = b[n−64] XOR b[n−127]

    ``o`` always shows the next bits; after a transfer, it shows the bits that follow in the next
    cycle. From the cycle after ``load`` on, ``o`` continues from ``history``, even if there was a
    transfer in the cycle of ``load``. Before the first load all bits are zero.

    Parameters
    ----------
    width : int
        Bits in a transfer. 1 to 64.
    halving : bool
        Whether a transfer may take half of the bits. The width must be even.

    Members
    -------
    load : In(1)
        Load ``history``.
    history : In(127)
        The 127 bits before the next bit, the oldest in bit 0.
    half : In(1)
        A transfer takes only the lower half of the bits. Exists only if ``halving``.
    state : Out(127)
        The present history.
    o : Out(stream)
        The next bits, the first in bit 0. Always valid.

    Raises
    ------
    ValueError
        If the width is out of its range, or odd although ``halving`` is set.
    """

    def __init__(self, width: int, *, halving: bool = False):
        if not 1 <= width <= SHORT_LAG:
            raise ValueError(f"width must be from 1 to {SHORT_LAG}, not {width!r}")
        if halving and width % 2:
            raise ValueError(f"width must be even to be halved, not {width!r}")

        self.width = width
        self.halving = halving
        super().__init__(
            {
                "load": In(1),
                "history": In(HISTORY_BITS),
                **({"half": In(1)} if halving else {}),
                "state": Out(HISTORY_BITS),
                "o": Out(stream.Signature(width, always_valid=True)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        # Bit n − 127 + t of the stream is bit t of the state.
        ahead = LONG_LAG - SHORT_LAG
        m.d.comb += self.o.p.eq(
            self.state[ahead : ahead + self.width] ^ self.state[: self.width],
        )
        later = Cat(self.state, self.o.p)
        with m.If(self.o.ready):
            m.d.sync += self.state.eq(later[self.width :])
            if self.halving:
                with m.If(self.half):
                    m.d.sync += self.state.eq(later[self.width // 2 :])
        with m.If(self.load):
            m.d.sync += self.state.eq(self.history)

        return m
