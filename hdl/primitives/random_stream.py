"""The random bit stream in gateware: several bits a cycle."""

from amaranth.hdl import Cat, Elaboratable, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ...golden_model.random_stream import HISTORY_BITS, LONG_LAG, SHORT_LAG

__all__ = ["BitStreamGenerator"]


class BitStreamGenerator(wiring.Component):
    """The next bits of the bit stream (docs/algorithm.md, 6).

    Computes, from the 127 bits before, up to 64 bits with one XOR each::

        b[n] = b[n−64] XOR b[n−127]

    The bits stand at ``o`` all the time; a transfer goes on to the next ones, which are there in
    the next cycle. A history that is loaded is in force in the cycle after ``load``, whatever was
    transferred with it. Before the first load the stream is all zero.

    Parameters
    ----------
    width : int
        Bits a transfer. 1 to 64.
    halving : bool
        Whether a transfer may take half of the bits. Needs an even width.

    Members
    -------
    load : In(1)
        Go on from ``history``.
    history : In(127)
        The 127 bits before the next one, oldest lowest.
    half : In(1)
        A transfer takes the lower half of the bits only. There if ``halving``.
    state : Out(127)
        The present history.
    o : Out(stream)
        The next bits, first one lowest. Always valid.

    Raises
    ------
    ValueError
        If the width is out of its range, or odd where it is to be halved.
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
