"""ULX3S, with the smallest and the largest of its FPGAs."""

from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import LayerPlan
from ...hdl.planning.universal import Capacity, UniversalTrainer
from ..pll.ecp5 import ECP5PLL
from .board_target import BoardTarget
from .data_flash import MEBIBYTE, DataFlash

__all__ = ["ULX3S_12F", "ULX3S_85F"]

# Earlier productions have 4 or 8 MiB. The compressed bitstream of the 85F's default network takes
# 1.3 MB.
DATA_FLASH = DataFlash(chip="W25Q128 or IS25LP128", size=16 * MEBIBYTE, offset=0x200000)


def _platform_12f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_12F_Platform

    return ULX3S_12F_Platform()


def _platform_85f() -> Any:
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    return ULX3S_85F_Platform()


ULX3S_12F = BoardTarget(
    name="ulx3s-12f",
    title="ULX3S (12F)",
    fpga_name="ECP5-12F",
    platform=_platform_12f,
    crystal="clk25",
    crystal_hertz=25_000_000,
    pll=ECP5PLL,
    clock_hertz=50_000_000,
    trainer=UniversalTrainer(
        Capacity(
            layers=4,
            inputs=1_568,
            neurons=256,
            classes=16,
            counter_bits=8,
            rows=128,
            columns=256,
            sample_words=256,
            choices=256,
        ),
        LayerPlan(
            pe=1,
            simd=224,
            update_width=32,
            input_width=32,
            sample_buffers=8,
        ),
        fpga="ECP5-12F",
    ),
    network=NetworkConfig(inputs=784, hidden=(32,), groups=(32,), classes=10),
    link="USB: FT231X",
    loader="ulx3s",
    data_flash=DATA_FLASH,
    usb=((0x0403, 0x6015),),
)

ULX3S_85F = BoardTarget(
    name="ulx3s-85f",
    title="ULX3S (85F)",
    fpga_name="ECP5-85F",
    platform=_platform_85f,
    crystal="clk25",
    crystal_hertz=25_000_000,
    pll=ECP5PLL,
    clock_hertz=60_000_000,
    trainer=UniversalTrainer(
        Capacity(
            layers=8,
            inputs=4_096,
            neurons=1_024,
            classes=32,
            counter_bits=8,
            rows=128,
            columns=1_024,
            sample_words=512,
            choices=1_024,
        ),
        LayerPlan(
            pe=2,
            simd=896,
            update_width=128,
            input_width=128,
            sample_buffers=32,
        ),
        fpga="ECP5-85F",
    ),
    network=NetworkConfig(inputs=784, hidden=(256,), groups=(32,), classes=10),
    link="USB: FT231X",
    loader="ulx3s",
    data_flash=DATA_FLASH,
    usb=((0x0403, 0x6015),),
    # The 184 block RAMs of the default network are in rows far apart. With the static placer the
    # wires between them are a third shorter; placements of the default placer are hard to route.
    place_options=("--placer", "static"),
)
