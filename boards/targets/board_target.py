"""What is known of a board."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.fpgas import FPGA, find_fpga
from ...hdl.planning.plan import FoldedNetwork
from ..driver.ports import BAUD
from ..pll.pll import PLL, megahertz

__all__ = ["BoardTarget"]

MIN_CLOCKS_PER_BIT = 4
BAUD_TOLERANCE = Fraction(1, 50)


@dataclass(frozen=True, kw_only=True)
class BoardTarget:
    """A board that a trainer can be built for.

    Parameters
    ----------
    name : str
        What `metaplast build` calls it.
    title : str
        What its maker calls it.
    fpga_name : str
        Its FPGA, as :mod:`metaplast.hdl.planning.fpgas` names it.
    platform : callable
        Makes its Amaranth platform, which has resources ``uart`` and ``led``.
    crystal : str
        The platform's resource of the crystal.
    crystal_hertz : int
        The crystal's frequency.
    pll : type of PLL
        What makes other frequencies of it.
    clock_hertz : int
        The trainer's clock, unless another is asked for.
    network : NetworkConfig
        The network that is built, unless another is asked for.
    link : str
        Where the host's serial port is, in words.
    loader : str
        What openFPGALoader calls the board.
    usb : tuple of (int, int)
        Vendor and product of its serial port on USB; empty if that is no part of the board.
    baud : int
        Bits a second on the link.
    place_options : tuple of str
        Further options of nextpnr, where its own choice does not serve the board well.
    """

    name: str
    title: str
    fpga_name: str
    platform: Callable[[], Any]
    crystal: str
    crystal_hertz: int
    pll: type[PLL]
    clock_hertz: int
    network: NetworkConfig
    link: str
    loader: str
    usb: tuple[tuple[int, int], ...] = ()
    baud: int = BAUD
    place_options: tuple[str, ...] = ()

    @property
    def fpga(self) -> FPGA:
        """Its FPGA."""
        return find_fpga(self.fpga_name)

    def fold(self, config: NetworkConfig, *, cells: int | None = None) -> FoldedNetwork:
        """Fold a network for the board as the planner does; leaves room for what is around it.

        Parameters
        ----------
        config : NetworkConfig
            The network.
        cells : int, optional
            Logic cells that the core may take, by the planner's estimate; by default what
            :attr:`~metaplast.hdl.planning.fpgas.FPGA.max_cell_utilisation` says.

        Raises
        ------
        ConfigurationError
            If the FPGA does not have as many cells.
        DoesNotFitError
            If there is no such plan.
        """
        from ...hdl.planning.planner import plan_network

        fpga = self.fpga if cells is None else self.fpga.with_cells(cells)
        return FoldedNetwork(config, plan_network(config, fpga))

    def clock(self, hertz: Fraction | None = None) -> tuple[Fraction, PLL | None]:
        """The clock that results, and the PLL that makes it; none for the crystal's own.

        Parameters
        ----------
        hertz : Fraction, optional
            The clock that is asked for; the board's own by default.

        Raises
        ------
        ConfigurationError
            If there is no such clock, or the link cannot work with it.
        """
        wanted = Fraction(self.clock_hertz if hertz is None else hertz)
        if wanted == self.crystal_hertz:
            clock, pll = wanted, None
        else:
            pll = self.pll.choose(Fraction(self.crystal_hertz), wanted)
            clock = pll.frequency
        self.clocks_per_bit(clock)
        return clock, pll

    def clocks_per_bit(self, clock: Fraction) -> int:
        """Clock cycles of a bit on the link.

        Raises
        ------
        ConfigurationError
            If they are too few, or too far from a whole number.
        """
        exact = clock / self.baud
        cycles = round(exact)
        if cycles < MIN_CLOCKS_PER_BIT or abs(cycles - exact) > BAUD_TOLERANCE * exact:
            raise ConfigurationError(
                f"a clock of {megahertz(clock)} does not suit a link of {self.baud:,} baud: a bit "
                f"lasts {float(exact):.3g} cycles, and must last about a whole number of them, at "
                f"least {MIN_CLOCKS_PER_BIT}; ask for a multiple of "
                f"{megahertz(Fraction(self.baud))} with --clock, or for another --baud"
            )
        return cycles
