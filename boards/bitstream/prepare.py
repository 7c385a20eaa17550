"""Elaborate the design of a board into the input files of the tools."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.link.uart_trainer import UartTrainer
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.planner import DoesNotFitError
from ...hdl.planning.resources import network_needs
from ...hdl.planning.universal import UniversalTrainer
from ..pll.pll import PLL
from ..targets.board_target import BoardTarget
from .toolchain import find_flow
from .top import BoardTop

__all__ = ["Prepared", "prepare", "prepare_smaller"]

SUFFIXES = (".il", ".ys", ".pcf", ".lpf", ".cst")
"""Suffixes of the tools' input files: design, synthesis script, constraints."""

SPARE = 0.05
"""Share of the logic cells that a smaller plan leaves free for placement."""


@dataclass(frozen=True)
class Prepared:
    """An elaborated design: the input of the tools.

    Attributes
    ----------
    board : BoardTarget
        The board.
    design : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or the universal trainer.
    clock : Fraction
        The clock in hertz.
    pll : PLL or None
        The PLL that makes the clock; None if the crystal does.
    platform : amaranth.build.Platform
        The board's platform.
    files : dict
        Contents of the input files, by name.
    """

    board: BoardTarget
    design: FoldedNetwork | UniversalTrainer
    clock: Fraction
    pll: PLL | None
    platform: Any
    files: dict[str, str]

    @property
    def clock_mhz(self) -> float:
        """The clock in MHz."""
        return float(self.clock / 1_000_000)


def prepare(
    board: BoardTarget,
    design: NetworkConfig | FoldedNetwork | UniversalTrainer | None = None,
    *,
    clock: Fraction | None = None,
) -> Prepared:
    """Elaborate the design of a board, without calling any tool.

    Parameters
    ----------
    board : BoardTarget
        The board.
    design : UniversalTrainer, FoldedNetwork or NetworkConfig, optional
        A universal trainer; a folded network; or a network to fold for the board. By default the
        board's universal trainer.
    clock : Fraction, optional
        The clock in hertz; the board's default by default.

    Raises
    ------
    ConfigurationError
        If the clock or the network is not valid for the board.
    """
    if design is None:
        design = board.trainer
    elif isinstance(design, NetworkConfig):
        design = board.fold(design)
    frequency, pll = board.clock(clock)
    trainer = UartTrainer(
        design,
        clocks_per_bit=board.clocks_per_bit(frequency),
        clock_khz=round(frequency / 1000),
    )
    platform, flow = board.platform(), find_flow(board.fpga.family)
    platform.dsp_adders = flow.dsp_adders
    elaborated = platform.prepare(
        BoardTop(board, trainer, frequency, pll),
        emit_src=False,
        script_after_read="\n".join(flow.after_read),
        script_after_synth="\n".join(flow.after_synthesis),
        synth_opts=flow.options,
    )
    files = {name: text for name, text in elaborated.files.items() if name.endswith(SUFFIXES)}
    return Prepared(board, design, frequency, pll, platform, files)


def prepare_smaller(
    prepared: Prepared, excess: int | None, clock: Fraction | None
) -> Prepared | None:
    """Fold the network of a design that does not fit into less logic, and elaborate it.

    Parameters
    ----------
    prepared : Prepared
        The design that does not fit.
    excess : int or None
        Missing logic cells; None if another resource is missing.
    clock : Fraction or None
        As in :func:`prepare`.

    Returns
    -------
    Prepared or None
        None if there is no smaller design, as for a universal trainer.
    """
    board, folded = prepared.board, prepared.design
    if excess is None or isinstance(folded, UniversalTrainer):
        return None
    planned = network_needs(folded, board.fpga)
    cells = int(planned.cells) - excess - int(SPARE * board.fpga.luts)
    if cells < 1:
        return None
    try:
        return prepare(board, board.fold(folded.config, cells=cells), clock=clock)
    except DoesNotFitError:
        return None
