"""FPGAs, and the mapping of memories."""

import numpy as np
import pytest

from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.fpgas import FPGA, FPGAS, find_fpga

ICE40, ECP5, GOWIN = map(find_fpga, ("iCE40UP5K", "ECP5-85F", "GW1NR-9"))

# Results of Yosys 0.70 for memories: rows, bits, bits written together, blocks of each family
# (0 where it takes LUTs or registers), LUT memories of ECP5 and Gowin.
MADE_BY_YOSYS = [
    (64, 392, 49, 25, 12, 0),
    (64, 392, 392, 25, 11, 0),
    (512, 392, 392, 49, 11, 0),
    (256, 400, 8, 25, 13, 0),
    (64, 98, 98, 7, 3, 0),
    (64, 98, 14, 7, 4, 0),
    (200, 98, 98, 7, 3, 0),
    (300, 16, 16, 2, 1, 0),
    (32, 128, 32, 8, 0, 64),
    (8, 56, 56, 4, 0, 14),
    (32, 10, 10, 1, 0, 6),
    (32, 7, 7, 1, 0, 4),
    (16, 8, 8, 1, 0, 2),
    (8, 6, 6, 0, 0, 2),
    # Depths that are no power of two: the blocks of least cost, with multiplexers behind them
    (8200, 32, 32, 68, 18, 0),
    (3584, 64, 64, 56, 14, 0),
    (2044, 128, 128, 64, 15, 0),
    # Widths of which Yosys puts the rest into a narrower block
    (5000, 128, 128, 160, 38, 0),
    (1300, 256, 256, 96, 22, 0),
    (600, 72, 72, 14, 4, 0),
]


@pytest.mark.parametrize("memory", MADE_BY_YOSYS, ids=lambda memory: "×".join(map(str, memory[:3])))
def test_memories_have_the_number_of_blocks_of_yosys(memory: tuple[int, ...]) -> None:
    depth, width, granularity, ice40, ecp5, lut_rams = memory
    placed = ICE40.place(depth, width, granularity)
    assert (placed.block_rams, placed.lut_rams) == (ice40, 0)
    assert placed.register_bits == (0 if ice40 else depth * width)
    for fpga in (ECP5, GOWIN):
        placed = fpga.place(depth, width, granularity)
        assert (placed.block_rams, placed.lut_rams, placed.register_bits) == (ecp5, lut_rams, 0)


@pytest.mark.parametrize("fpga", [ICE40, ECP5], ids=["iCE40", "ECP5"])
def test_many_memories_are_placed_as_each_is(fpga: FPGA) -> None:
    depth, width, granularity, *_ = np.array(MADE_BY_YOSYS).T
    placed = fpga.place(depth, width, granularity)
    for index, memory in enumerate(MADE_BY_YOSYS):
        one = fpga.place(*memory[:3])
        assert placed.block_rams[index] == one.block_rams
        assert placed.lut_rams[index] == one.lut_rams
        assert placed.register_bits[index] == one.register_bits


def test_a_memory_that_is_written_in_whole_rows_needs_no_granularity() -> None:
    assert ECP5.place(64, 392).block_rams == ECP5.place(64, 392, 392).block_rams
    assert ECP5.block_ram.blocks(512, 37) == 2


def test_the_four_sprams_of_an_ultraplus() -> None:
    assert ICE40.spram is not None
    assert ICE40.spram.blocks(12_544, 64) == ICE40.sprams == 4
    assert ICE40.spram.blocks(16_385, 16) == 2
    assert ECP5.sprams == 0


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("iCE40UP5K", "iCE40UP5K"),
        ("up5k", "iCE40UP5K"),
        ("icebreaker", "iCE40UP5K"),
        ("ecp5-85f", "ECP5-85F"),
        ("LFE5U-25F", "ECP5-25F"),
        ("ULX3S-12F", "ECP5-12F"),
        ("OrangeCrab", "ECP5-25F"),
        ("45f", "ECP5-45F"),
        ("Tang Nano 9K", "GW1NR-9"),
        ("tang-nano-9k", "GW1NR-9"),
    ],
)
def test_an_fpga_is_found_by_its_aliases_and_boards(said: str, name: str) -> None:
    assert find_fpga(said).name == name


def test_an_unknown_fpga_is_refused_with_a_list_of_the_known() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^FPGA 'XC7A35T' is not known; known FPGAs: iCE40UP5K"
    ) as refused:
        find_fpga("XC7A35T")
    for fpga in FPGAS:
        assert fpga.name in str(refused.value)
        assert all(board in str(refused.value) for board in fpga.boards)


def test_no_two_fpgas_share_a_name() -> None:
    said = [name.lower() for one in FPGAS for name in {one.name, *one.aliases, *one.boards}]
    assert len(said) == len(set(said))
