"""iCEBreaker."""

from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import LayerPlan, MemoryKind
from ...hdl.planning.universal import Capacity, UniversalTrainer
from ..pll.ice40 import Ice40PLL
from .board_target import BoardTarget
from .data_flash import MEBIBYTE, DataFlash

__all__ = ["ICEBREAKER"]


def _platform() -> Any:
    from amaranth_boards.icebreaker import ICEBreakerPlatform

    return ICEBreakerPlatform()


ICEBREAKER = BoardTarget(
    name="icebreaker",
    title="iCEBreaker",
    fpga_name="iCE40UP5K",
    platform=_platform,
    crystal="clk12",
    crystal_hertz=12_000_000,
    pll=Ice40PLL,
    clock_hertz=24_000_000,
    trainer=UniversalTrainer(
        Capacity(
            layers=4,
            inputs=1_568,
            neurons=192,
            classes=10,
            counter_bits=8,
            rows=512,
            columns=256,
            sample_words=512,
            choices=0,
        ),
        LayerPlan(
            pe=1,
            simd=200,
            update_width=8,
            input_width=8,
            sample_buffers=4,
            memory=MemoryKind.SPRAM,
        ),
        shared_memories=True,
        fpga="iCE40UP5K",
    ),
    network=NetworkConfig(inputs=784, hidden=(128,), groups=(32,), classes=10),
    link="USB: second port of the FT2232H",
    loader="ice40_generic",
    data_flash=DataFlash(chip="W25Q128JV", size=16 * MEBIBYTE, offset=0x100000),
    usb=((0x0403, 0x6010),),
)
