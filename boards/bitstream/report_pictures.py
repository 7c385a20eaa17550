"""Pictures of the HTML report: the placement on the FPGA, and a model's learning curve."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...golden_model.trainer import EpochRecord

__all__ = ["OTHERS", "PlacedPart", "Placement", "draw_learning_curve", "draw_placement"]

NAMED_PARTS = 6
OTHERS = "others"
TILE = 10
"""Width and height of a tile in a picture of the placement."""

CURVES = (
    ("training", "accuracy", "#3b82c4", "-"),
    ("held out", "validation_accuracy", "#8a6fd1", ":"),
    ("test", "test_accuracy", "#d9622b", "--"),
)
GREY = "#8b96a1"
"""Colour of axes, visible on a light and on a dark page."""


@dataclass(frozen=True)
class PlacedPart:
    """The cells of a part of the design on the FPGA.

    Attributes
    ----------
    name : str
        Path of the part, without the prefix of all parts.
    cells : int
        Number of cells.
    outline : str
        Positions of the cells, as data of an SVG path.
    """

    name: str
    cells: int
    outline: str


@dataclass(frozen=True)
class Placement:
    """A picture of the FPGA: tiles by column and row, row 0 at the bottom.

    Attributes
    ----------
    columns, rows : int
        Tiles of the FPGA, up to the last that is used.
    width, height : int
        Size of the picture in units of the SVG.
    parts : list of PlacedPart
        The largest parts, largest first, and all others as one.
    """

    columns: int
    rows: int
    width: int
    height: int
    parts: list[PlacedPart]


def draw_placement(cells: Sequence[tuple[str, str, int, int]]) -> Placement:
    """Draw the cells of each part; parts with cells in the same tile share its height.

    Parameters
    ----------
    cells : sequence of (str, str, int, int)
        Component, type, column and row of each cell, from :func:`.tool_reports.placement_of`.
    """
    sizes = Counter(_part(component) for component, *_ in cells)
    named = [part for part, _ in sizes.most_common(NAMED_PARTS)]
    by_tile: dict[tuple[int, int], Counter[str]] = {}
    for component, _, x, y in cells:
        part = _part(component)
        by_tile.setdefault((x, y), Counter())[part if part in named else OTHERS] += 1
    columns = 1 + max((x for x, _ in by_tile), default=0)
    rows = 1 + max((y for _, y in by_tile), default=0)
    outlines: dict[str, list[str]] = {part: [] for part in (*named, OTHERS)}
    for (x, y), parts in sorted(by_tile.items()):
        unit = 0.9 * TILE / parts.total()
        low = (rows - y) * TILE - 0.05 * TILE
        for part, outline in outlines.items():
            if parts[part]:
                high = low - unit * parts[part]
                outline.append(
                    f"M{x * TILE + 0.05 * TILE:g} {high:.2f}h{0.9 * TILE:g}V{low:.2f}"
                    f"h{-0.9 * TILE:g}z"
                )
                low = high
    sizes[OTHERS] = len(cells) - sum(sizes[part] for part in named)
    return Placement(
        columns=columns,
        rows=rows,
        width=columns * TILE,
        height=rows * TILE,
        parts=[
            PlacedPart(part, sizes[part], "".join(outline))
            for part, outline in outlines.items()
            if outline
        ],
    )


def _part(component: str) -> str:
    """The part of a component: the first two levels of its path, with all banks as one."""
    path = component.removeprefix("trainer.").removeprefix("core.").removeprefix("network.")
    return re.sub(r"\bbank_\d+", "banks", ".".join(path.split(".")[:2]))


def draw_learning_curve(history: Sequence[EpochRecord]) -> str:
    """Draw the accuracy by epoch as an SVG element with text that CSS can style.

    Parameters
    ----------
    history : sequence of EpochRecord
        At least one.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # Text is not converted to outlines, and ids are reproducible.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "metaplast"}):
        figure = Figure(figsize=(4.6, 3), layout="constrained")
        axes = figure.add_subplot()
        for label, name, colour, style in CURVES:
            known = [
                (record.epoch + 1, 100 * accuracy)
                for record in history
                if (accuracy := getattr(record, name)) is not None
            ]
            if known:
                marker = "o" if len(known) <= 30 else ""
                axes.plot(
                    *zip(*known, strict=True), style, color=colour, marker=marker, label=label
                )
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("accuracy, %")
        axes.tick_params(color=GREY)
        axes.grid(color=GREY, alpha=0.25)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        content = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(content, format="svg", transparent=True, metadata=nothing)
    drawn = content.getvalue()
    return drawn[drawn.index("<svg") :]
