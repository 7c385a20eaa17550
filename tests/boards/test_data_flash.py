"""Flashes for data images: their sizes, and what docs/image.md says about them."""

import re
from pathlib import Path

import pytest

from metaplast.boards.targets.board_target import BoardTarget
from metaplast.boards.targets.catalogue import BOARDS, find_board
from metaplast.boards.targets.data_flash import ERASE_BLOCK, MEBIBYTE, DataFlash
from metaplast.golden_model.errors import ConfigurationError
from metaplast.golden_model.files.image_header import HEADER_BYTES, image_bytes, stride_of

PAGE = (Path(__file__).parents[2] / "docs" / "image.md").read_text(encoding="utf-8")
BITS = (784, 1_176, 3_136)
EVERY = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


def rows(heading: str) -> list[list[str]]:
    """The rows of the table whose heading begins with these cells."""
    table = PAGE[PAGE.index(f"| {heading}") :].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]
    ]


def number(text: str) -> int:
    return int(re.sub(r",|\D.*", "", text.replace(",", "")))


@EVERY
def test_the_page_has_the_flash_of_a_board(board: BoardTarget) -> None:
    (row,) = [row for row in rows("board | flash") if f"`{board.name}`" in row[0]]
    flash = board.data_flash
    assert row[1:3] == [flash.chip, f"{flash.size // MEBIBYTE} MiB"]
    assert row[4:] == [f"{flash.offset:#x}", f"{flash.room:,}"]


def test_the_page_has_the_sizes_of_images() -> None:
    assert [row[1:] for row in rows("encoding | bits")] == [
        [
            f"{bits:,}",
            f"{stride_of(bits)}",
            f"{image_bytes(bits, 70_000):,}",
            f"{image_bytes(bits, 60_000):,}",
        ]
        for bits in BITS
    ]


def test_the_page_has_the_samples_that_fit() -> None:
    table = rows("flash | 784 bits")
    assert len(table) == 6
    for names, *cells in table:
        for name in re.findall(r"`([^`]+)`", names):
            flash = find_board(name).data_flash.with_size(number(names.split(", ")[1]))
            for bits, cell in zip(BITS, cells, strict=True):
                fit = (flash.room - HEADER_BYTES) // stride_of(bits)
                assert number(cell) == fit
                assert image_bytes(bits, fit) <= flash.room < image_bytes(bits, fit + 1)
                assert cell.endswith(", all") == (fit >= 70_000)
                assert cell.endswith("--split train`") == (60_000 <= fit < 70_000)


def test_the_page_has_the_capacities_of_universal_trainers() -> None:
    for board in BOARDS:
        assert f"{board.trainer.capacity.inputs:,}" in PAGE.rpartition("The universal trainers")[2]


@pytest.mark.parametrize(
    ("size", "offset", "sentence"),
    [
        (16, 1, "offset must be a multiple of 65,536 bytes, which the flash erases at once, not 1"),
        (16, -ERASE_BLOCK, "offset must be a multiple of 65,536 bytes, .*, not -65,536"),
        (2, 2 * MEBIBYTE, "size must be above 2 MiB, .*, and at most 16 MiB, not 2 MiB"),
        (32, 0, "size must be above 0 MiB, .*, and at most 16 MiB, not 32 MiB"),
    ],
)
def test_no_flash(size: int, offset: int, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{sentence}$"):
        DataFlash(chip="chip", size=size * MEBIBYTE, offset=offset)


def test_another_size() -> None:
    flash = find_board("ulx3s-85f").data_flash
    assert flash.with_size(4).room == 2 * MEBIBYTE
    with pytest.raises(ConfigurationError, match="size must be above 2 MiB"):
        flash.with_size(1)
