"""The picture of the placement: position and part of every cell."""

import re

from metaplast.boards.bitstream.report_pictures import OTHERS, TILE, draw_placement

Box = tuple[float, float, float, float]


def boxes(outline: str) -> list[Box]:
    """Left, top, right and bottom of each rectangle of an outline."""
    number = r"(-?[\d.]+)"
    pattern = rf"M{number} {number}h{number}V{number}h{number}z"
    assert re.fullmatch(f"({pattern})+", outline)
    found = []
    for left, top, width, bottom, back in re.findall(pattern, outline):
        assert float(back) == -float(width)
        found.append((float(left), float(top), float(left) + float(width), float(bottom)))
    return found


def test_parts_of_a_tile_share_its_height() -> None:
    cells = [
        *[("trainer.core.network.layer_0.bank_3", "LC", 1, 0)] * 2,
        ("trainer.core.network.layer_0.bank_4", "LC", 1, 0),
        ("trainer.core", "LC", 1, 0),
        ("trainer.core.network.layer_0.bank_3", "LC", 0, 2),
    ]
    drawn = draw_placement(cells)
    assert (drawn.columns, drawn.rows, drawn.width, drawn.height) == (2, 3, 2 * TILE, 3 * TILE)
    assert [(part.name, part.cells) for part in drawn.parts] == [("layer_0.banks", 4), ("core", 1)]
    # Row 0 is at the bottom; a margin is left around each tile.
    assert sorted(boxes(drawn.parts[0].outline)) == [
        (0.5, 0.5, 9.5, 9.5),
        (10.5, 22.75, 19.5, 29.5),
    ]
    assert boxes(drawn.parts[1].outline) == [(10.5, 20.5, 19.5, 22.75)]


def test_small_parts_are_shown_as_one() -> None:
    cells = [(f"part_{index}", "LC", index, 0) for index in range(9) for _ in range(9 - index)]
    drawn = draw_placement(cells)
    assert [part.name for part in drawn.parts] == [*(f"part_{index}" for index in range(6)), OTHERS]
    assert drawn.parts[-1].cells == 3 + 2 + 1
    assert [left for left, *_ in boxes(drawn.parts[-1].outline)] == [60.5, 70.5, 80.5]


def test_cells_in_none_of_the_components_are_shown() -> None:
    (part,) = draw_placement([("top", "IO", 3, 3)]).parts
    assert (part.name, part.cells) == ("top", 1)


def test_a_design_without_cells() -> None:
    drawn = draw_placement([])
    assert (drawn.columns, drawn.rows, drawn.parts) == (1, 1, [])
