"""Adder of two vectors of small numbers, in a DSP of an iCE40 UltraPlus."""

from typing import Any

from amaranth.hdl import C, Cat, ClockSignal, Elaboratable, Instance, Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from .component import Component

__all__ = ["DSP_ADDERS_AFTER_READ", "DSP_ADDERS_AFTER_SYNTHESIS", "VectorAdder"]

DSP = "SB_MAC16"
CELL = "DSP_ADDER"
ADDER_BITS = 32
HALF = ADDER_BITS // 2
DIRECT, REGISTERED = 0, 1  # outputs of the DSP's adder

DSP_ADDERS_AFTER_READ = f"read_verilog -lib +/ice40/cells_sim.v; rename {DSP} {CELL}"
"""Yosys commands that declare the DSPs of :class:`VectorAdder`, after the design is read.

Yosys makes a multiplier of every SB_MAC16 (``synth_ice40 -dsp``). So these DSPs have another name
until :data:`DSP_ADDERS_AFTER_SYNTHESIS`. Synthesis and place and route fail if one of the two is
missing.
"""

DSP_ADDERS_AFTER_SYNTHESIS = f"chtype -set {DSP} t:{CELL}"
"""Yosys command that gives the DSPs of :class:`VectorAdder` their name, after synthesis."""


class VectorAdder(Component):
    """Add two vectors of small numbers, element by element, in one adder of 32 bits.

    Computes ``o[n] = a[n] + b[n]``. In the adder each number has a further bit, 0, which takes its
    carry.

    On a platform whose attribute ``dsp_adders`` is set, the adder is in a DSP of an iCE40
    UltraPlus, an SB_MAC16 cell whose multiplier is not used; such a platform runs
    :data:`DSP_ADDERS_AFTER_READ` and :data:`DSP_ADDERS_AFTER_SYNTHESIS`. On any other platform it
    is an adder with the same timing.

    Parameters
    ----------
    length : int
        Numbers in a vector. At least 1, and at most :meth:`max_length`.
    width : int
        Bits of a number. At least 1.
    registered : bool
        Whether the sums come a cycle later, from a register.

    Members
    -------
    a, b : In(array)
        The vectors.
    o : Out(array)
        Their sums, of ``width + 1`` bits.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, length: int, width: int, registered: bool = False):
        if not 1 <= width < ADDER_BITS:
            raise ValueError(f"width must be from 1 to {ADDER_BITS - 1}, not {width!r}")
        if not 1 <= length <= self.max_length(width):
            raise ValueError(
                f"length must be from 1 to {self.max_length(width)} for numbers of {width} bits, "
                f"not {length!r}"
            )

        self.length = length
        self.width = width
        self.registered = registered
        super().__init__(
            {
                "a": In(data.ArrayLayout(width, length)),
                "b": In(data.ArrayLayout(width, length)),
                "o": Out(data.ArrayLayout(width + 1, length)),
            }
        )

    @staticmethod
    def max_length(width: int) -> int:
        """The largest ``length`` for numbers of ``width`` bits."""
        return ADDER_BITS // (width + 1)

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        a, b, total = Signal(ADDER_BITS), Signal(ADDER_BITS), Signal(ADDER_BITS)
        m.d.comb += [
            a.eq(Cat(Cat(self.a[n], C(0, 1)) for n in range(self.length))),
            b.eq(Cat(Cat(self.b[n], C(0, 1)) for n in range(self.length))),
            self.o.eq(total),
        ]
        if getattr(platform, "dsp_adders", False):
            m.submodules.dsp = self._dsp(a, b, total)
        elif self.registered:
            m.d.sync += total.eq(a + b)
        else:
            m.d.comb += total.eq(a + b)

        return m

    def _dsp(self, a: Any, b: Any, total: Any) -> Instance:
        """SB_MAC16 as an adder: its upper half adds A and C, its lower half B and D."""
        output = REGISTERED if self.registered else DIRECT
        unused = (
            *("AHOLD", "BHOLD", "CHOLD", "DHOLD", "OHOLDTOP", "OHOLDBOT"),
            *("IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT", "OLOADTOP", "OLOADBOT"),
            *("ADDSUBTOP", "ADDSUBBOT", "CI", "ACCUMCI", "SIGNEXTIN"),
        )
        return Instance(
            CELL,
            p_TOPADDSUB_UPPERINPUT=C(1, 1),  # C, and not the register
            p_BOTADDSUB_UPPERINPUT=C(1, 1),  # D
            p_TOPADDSUB_LOWERINPUT=C(0, 2),  # A
            p_BOTADDSUB_LOWERINPUT=C(0, 2),  # B
            p_TOPADDSUB_CARRYSELECT=C(2, 2),  # the carry of the lower half
            p_BOTADDSUB_CARRYSELECT=C(0, 2),  # none
            p_TOPOUTPUT_SELECT=C(output, 2),
            p_BOTOUTPUT_SELECT=C(output, 2),
            i_CLK=ClockSignal(),
            i_CE=C(1),
            i_A=a[HALF:],
            i_B=a[:HALF],
            i_C=b[HALF:],
            i_D=b[:HALF],
            o_O=total,
            **{f"i_{name}": C(0) for name in unused},
        )
