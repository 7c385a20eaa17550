"""Tang Nano 9K."""

from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import LayerPlan
from ...hdl.planning.universal import Capacity, UniversalTrainer
from ..pll.gowin import GowinPLL
from .board_target import BoardTarget
from .data_flash import MEBIBYTE, DataFlash

__all__ = ["TANG_NANO_9K"]


def _platform() -> Any:
    from amaranth_boards.tang_nano_9k import TangNano9kPlatform

    return TangNano9kPlatform()


TANG_NANO_9K = BoardTarget(
    name="tang-nano-9k",
    title="Tang Nano 9K",
    fpga_name="GW1NR-9",
    platform=_platform,
    crystal="clk27",
    crystal_hertz=27_000_000,
    pll=GowinPLL,
    clock_hertz=27_000_000,
    trainer=UniversalTrainer(
        Capacity(
            layers=4,
            inputs=784,
            neurons=128,
            classes=10,
            counter_bits=8,
            rows=127,
            columns=128,
            sample_words=256,
            choices=256,
        ),
        LayerPlan(
            pe=1,
            simd=128,
            update_width=8,
            input_width=8,
            sample_buffers=4,
        ),
        fpga="GW1NR-9",
    ),
    network=NetworkConfig(inputs=64, hidden=(64,), groups=(16,), classes=10),
    link="USB: second port of the BL702",
    loader="tangnano9k",
    # The bitstream is in the FPGA's flash, so the external one is free.
    data_flash=DataFlash(
        chip="P25Q32U", size=4 * MEBIBYTE, offset=0, loader_options=("--external-flash",)
    ),
    usb=((0x0403, 0x6010),),
)
