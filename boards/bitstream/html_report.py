"""A build's report as one page, with its pictures inside."""

import base64
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...golden_model.trainer import EpochRecord
from .description import Build
from .tool_reports import RESOURCES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["render_page"]

COLOURS = ("#2563a8", "#e08a1e", "#3a9a6d", "#a4508b", "#6b7fd7", "#8a6d3b")
OTHER_COLOUR = "#b8c2cb"
TITLES = {
    "luts": "LUTs",
    "registers": "registers",
    "block_rams": "block RAMs",
    "sprams": "SPRAMs",
    "dsps": "DSPs",
}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #22303c; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #e3e8ec; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; }
"""


def render_page(build: Build, history: Sequence[EpochRecord] | None = None) -> str:
    """The page, which needs no other file.

    Parameters
    ----------
    build : Build
        The build.
    history : sequence of EpochRecord, optional
        A training, whose learning curve is shown too.
    """
    known = build.description
    config = known["config"]
    shape = "–".join(map(str, (config["inputs"], *config["hidden"], config["classes"])))
    title = f"{build.board.title}: {shape}"
    path = known["critical_path"]
    sections = [
        _heading("Speed"),
        _table(["", ""], _speed(known)),
        _heading("Utilisation"),
        _image(_draw_utilisation(known), "Share of the device's resources in use"),
        _table(
            ["resource", "used", "of"],
            [
                [name, f"{amount['used']:,}", f"{amount['available']:,}"]
                for name, amount in known["utilisation"].items()
                if amount["used"]
            ],
        ),
        _heading("Components"),
        _image(_draw_components(known), "LUTs and registers of each component"),
        _table(
            ["component", *(TITLES[resource] for resource in RESOURCES)],
            [
                [name, *(f"{needs[resource]:,}" for resource in RESOURCES)]
                for name, needs in (*known["components"].items(), ("in all", known["needs"]))
            ],
        ),
        _heading("Placement"),
        _image(_draw_placement(known), "Cells by their place on the device, coloured by component"),
        _heading("Critical path"),
        _table(
            ["to", "what", "ns"],
            [[step["to"], step["kind"], f"{step['ns']:.2f}"] for step in path],
        ),
        _heading("Placement seeds"),
        _table(
            ["seed", "clock reached"],
            [[seed, f"{reached:.2f} MHz"] for seed, reached in known["seeds"].items()],
        ),
        _heading("Tools"),
        _table(["tool", "version"], [list(item) for item in known["tools"].items()]),
    ]
    if history:
        sections[2:2] = [
            _heading("Learning curve"),
            _image(_draw_history(history), "Accuracy in training by epoch"),
        ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def _speed(known: dict[str, Any]) -> list[list[str]]:
    rows = [
        ["clock", f"{known['clock_mhz']:g} MHz"],
        ["clock that could be", f"{known['reached_mhz']:.2f} MHz"],
    ]
    for epoch in ("first_epoch", "later_epochs"):
        name = epoch.replace("_", " ")
        rows += [
            [f"cycles per sample, {name}", f"{known['cycles_per_sample'][epoch]:.1f}"],
            [
                f"samples a second in the core, {name}",
                f"{known['core_samples_per_second'][epoch]:,.0f}",
            ],
        ]
    return [*rows, ["samples a second on the link", f"{known['link_samples_per_second']:,.0f}"]]


def _heading(text: str) -> str:
    return f"<h2>{html.escape(text)}</h2>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = row(headings, "th") if any(headings) else ""
    return f"<table>{head}{''.join(row(cells, 'td') for cells in rows)}</table>"


def _image(figure: "Figure", alternative: str) -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120, metadata={"Software": None})
    encoded = base64.b64encode(content.getvalue()).decode()
    return f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{encoded}">'


def _figure(height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(8, height), layout="constrained")


def _draw_utilisation(known: dict[str, Any]) -> "Figure":
    shares = {
        name: amount["used"] / amount["available"]
        for name, amount in known["utilisation"].items()
        if amount["used"] and amount["available"]
    }
    figure = _figure(0.8 + 0.3 * len(shares))
    axes = figure.add_subplot()
    bars = axes.barh(list(shares), [100 * share for share in shares.values()], color=COLOURS[0])
    axes.bar_label(bars, fmt="%.0f %%", padding=3)
    axes.set_xlim(0, 115)
    axes.set_xlabel("% of the device")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_components(known: dict[str, Any]) -> "Figure":
    components = known["components"]
    figure = _figure(1 + 0.28 * len(components))
    axes = figure.add_subplot()
    left = [0] * len(components)
    for resource, colour in zip(("luts", "registers"), COLOURS, strict=False):
        amounts = [needs[resource] for needs in components.values()]
        axes.barh(list(components), amounts, left=left, color=colour, label=TITLES[resource])
        left = [before + amount for before, amount in zip(left, amounts, strict=True)]
    axes.invert_yaxis()
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_placement(known: dict[str, Any]) -> "Figure":
    from matplotlib.collections import PolyCollection

    figure = _figure(6)
    axes = figure.add_subplot()
    cells = [(_part(component), x, y) for component, _, x, y in known["placement"]]
    tiles = Counter((x, y) for _, x, y in cells)
    largest = Counter(part for part, _, _ in cells).most_common(len(COLOURS))
    colours = {part: colour for (part, _), colour in zip(largest, COLOURS, strict=False)}
    colours["others"] = OTHER_COLOUR
    # Cells of a tile stand above each other.
    drawn: Counter[tuple[int, int]] = Counter()
    corners: dict[str, list[list[tuple[float, float]]]] = {label: [] for label in colours}
    for part, x, y in cells:
        height = 0.9 / tiles[x, y]
        low = y - 0.45 + drawn[x, y] * height
        drawn[x, y] += 1
        corners[part if part in colours else "others"].append(
            [(x - 0.4, low), (x + 0.4, low), (x + 0.4, low + height), (x - 0.4, low + height)]
        )
    for label, shapes in corners.items():
        if shapes:
            axes.add_collection(
                PolyCollection(
                    shapes,
                    facecolor=colours[label],
                    linewidth=0,
                    label=f"{label} ({len(shapes):,})",
                )
            )
    axes.set_xlim(-1, max((x for x, _ in tiles), default=1) + 1)
    axes.set_ylim(-1, max((y for _, y in tiles), default=1) + 1)
    axes.set_aspect("equal")
    axes.set_xlabel("column")
    axes.set_ylabel("row")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _part(component: str) -> str:
    """What a component is part of: banks are shown as one, and what is deep in another is its."""
    path = component.removeprefix("trainer.").removeprefix("core.").removeprefix("network.")
    return re.sub(r"\bbank_\d+", "banks", ".".join(path.split(".")[:2]))


def _draw_history(history: Sequence[EpochRecord]) -> "Figure":
    from matplotlib.ticker import MaxNLocator

    figure = _figure(3.5)
    axes = figure.add_subplot()
    epochs = [record.epoch + 1 for record in history]
    axes.plot(epochs, [100 * record.accuracy for record in history], "o-", color=COLOURS[0])
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("accuracy in training, %")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
