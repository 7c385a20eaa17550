"""BoardTarget: the FPGA, clock, pins, trainer and default network of a supported board."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.fpgas import FPGA, find_fpga
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import UniversalTrainer
from ..driver.ports import BAUD
from ..pll.pll import PLL, megahertz
from .data_flash import DataFlash

__all__ = ["BoardTarget"]

MIN_CLOCKS_PER_BIT = 4
BAUD_TOLERANCE = Fraction(1, 50)


@dataclass(frozen=True, kw_only=True)
class BoardTarget:
    """A supported board.

    Parameters
    ----------
    name : str
        Name for `metaplast build`.
    title : str
        The vendor's name.
    fpga_name : str
        Name of the FPGA in :mod:`metaplast.hdl.planning.fpgas`.
    platform : callable
        Makes the Amaranth platform, with resources ``uart`` and ``led``.
    crystal : str
        Name of the platform's crystal resource.
    crystal_hertz : int
        Frequency of the crystal.
    pll : type of PLL
        The PLL that makes other frequencies.
    clock_hertz : int
        Default clock of the trainer.
    trainer : UniversalTrainer
        Capacity and folding of its universal trainer.
    network : NetworkConfig
        Default network of a bitstream with one network.
    link : str
        Location of the host's serial port, for the user.
    loader : str
        Name of the board in openFPGALoader.
    data_flash : DataFlash
        The SPI flash for a data image.
    usb : tuple of (int, int)
        USB vendor and product ids of the board's serial port; empty if the board has none.
    baud : int
        Bits per second on the link.
    place_options : tuple of str
        Further options of nextpnr.
    """

    name: str
    title: str
    fpga_name: str
    platform: Callable[[], Any]
    crystal: str
    crystal_hertz: int
    pll: type[PLL]
    clock_hertz: int
    trainer: UniversalTrainer
    network: NetworkConfig
    link: str
    loader: str
    data_flash: DataFlash
    usb: tuple[tuple[int, int], ...] = ()
    baud: int = BAUD
    place_options: tuple[str, ...] = ()

    @property
    def fpga(self) -> FPGA:
        """The FPGA of the board."""
        return find_fpga(self.fpga_name)

    def fold(self, config: NetworkConfig, *, cells: int | None = None) -> FoldedNetwork:
        """Fold a network for the board with the planner.

        Parameters
        ----------
        config : NetworkConfig
            The network.
        cells : int, optional
            Maximum logic cells of the core, by the planner's estimate; by default
            :attr:`~metaplast.hdl.planning.fpgas.FPGA.max_cell_utilisation` decides.

        Raises
        ------
        ConfigurationError
            If the FPGA does not have this number of cells.
        DoesNotFitError
            If no plan fits.
        """
        from ...hdl.planning.planner import plan_network

        fpga = self.fpga if cells is None else self.fpga.with_cells(cells)
        return FoldedNetwork(config, plan_network(config, fpga))

    def clock(self, hertz: Fraction | None = None) -> tuple[Fraction, PLL | None]:
        """The clock nearest to a frequency, and the PLL that makes it; None for the crystal.

        Parameters
        ----------
        hertz : Fraction, optional
            The requested clock; the board's default by default.

        Raises
        ------
        ConfigurationError
            If no clock is near enough, or the baud rate is not possible with it.
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
            If there are too few, or the number is too far from an integer.
        """
        exact = clock / self.baud
        cycles = round(exact)
        if cycles < MIN_CLOCKS_PER_BIT or abs(cycles - exact) > BAUD_TOLERANCE * exact:
            raise ConfigurationError(
                f"a clock of {megahertz(clock)} does not suit a link of {self.baud:,} baud: a bit "
                f"takes {float(exact):.3g} cycles, and must take nearly an integer number of "
                f"cycles, at least {MIN_CLOCKS_PER_BIT}; give a multiple of "
                f"{megahertz(Fraction(self.baud))} as --clock, or another --baud"
            )
        return cycles
