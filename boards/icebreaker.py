"""iCEBreaker."""

from typing import Any

from ..golden_model.config import NetworkConfig
from .board import Board
from .ice40_pll import Ice40PLL

__all__ = ["ICEBREAKER"]


def _platform() -> Any:
    from amaranth_boards.icebreaker import ICEBreakerPlatform

    return ICEBreakerPlatform()


ICEBREAKER = Board(
    name="icebreaker",
    title="iCEBreaker",
    device_name="iCE40UP5K",
    platform=_platform,
    crystal="clk12",
    crystal_hertz=12_000_000,
    pll=Ice40PLL,
    clock_hertz=18_000_000,
    network=NetworkConfig(inputs=64, hidden=(64,), groups=(16,), classes=10),
    link="USB: second port of the FT2232H",
    loader="ice40_generic",
    usb=((0x0403, 0x6010),),
    core_luts=2700,
)
