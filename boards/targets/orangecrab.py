"""OrangeCrab r0.2. Its USB port is wired to the FPGA, so the link uses two pins of the header."""

from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import LayerPlan
from ...hdl.planning.universal import Capacity, UniversalTrainer
from ..pll.ecp5 import ECP5PLL
from .board_target import BoardTarget
from .data_flash import MEBIBYTE, DataFlash

__all__ = ["ORANGECRAB"]


def _platform() -> Any:
    from amaranth.build import Attrs, PinsN, Resource
    from amaranth_boards.orangecrab_r0_2 import OrangeCrabR0_2_25FPlatform
    from amaranth_boards.resources import UARTResource

    platform = OrangeCrabR0_2_25FPlatform()
    attributes = Attrs(IO_TYPE="LVCMOS33")
    platform.add_resources(
        [
            UARTResource(0, rx="0", tx="1", conn=("io", 0), attrs=attributes),
            Resource("led", 0, PinsN("M3", dir="o"), attributes),
        ]
    )
    return platform


ORANGECRAB = BoardTarget(
    name="orangecrab",
    title="OrangeCrab r0.2",
    fpga_name="ECP5-25F",
    platform=_platform,
    crystal="clk",
    crystal_hertz=48_000_000,
    pll=ECP5PLL,
    clock_hertz=48_000_000,
    trainer=UniversalTrainer(
        Capacity(
            layers=4,
            inputs=2_048,
            neurons=512,
            classes=16,
            counter_bits=8,
            rows=256,
            columns=512,
            sample_words=512,
            choices=512,
        ),
        LayerPlan(
            pe=1,
            simd=224,
            update_width=32,
            input_width=32,
            sample_buffers=8,
        ),
        fpga="ECP5-25F",
    ),
    network=NetworkConfig(inputs=784, hidden=(64,), groups=(32,), classes=10),
    link="header: 0 from, 1 to a USB serial adapter (3.3 V)",
    loader="orangeCrab",
    # The bootloader is at 0, a user's bitstream at 0x80000. The bootloader's DFU writes only the
    # latter, whatever the offset.
    data_flash=DataFlash(chip="W25Q128JV", size=16 * MEBIBYTE, offset=0x200000, needs_cable=True),
)
