"""Plots of a training: learning curve, hidden weights, confusion matrix, first layer, samples.

matplotlib is imported when a plot is drawn. Figures are saved as PNG and never shown in a window.
"""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model import EpochRecord, LayerConfig
from ...golden_model.files.atomic import write_atomically
from .output import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...golden_model.baselines.comparison import Summary

__all__ = [
    "draw_comparison",
    "draw_confusion",
    "draw_encoded_samples",
    "draw_first_layer",
    "draw_hidden_weights",
    "draw_learning_curve",
    "require_matplotlib",
    "save",
]

INK = "#22303c"
FAINT = "#8796a3"
GRID = "#e3e8ec"
LAYERS = ("#2563a8", "#e08a1e", "#3a9a6d", "#a4508b", "#6b7fd7", "#8a6d3b")
HELD_OUT = "#3a3f44"
TEST = "#c0392b"
SATURATED = "#c0392b"
DOTS_PER_INCH = 150

# With more layers or classes than these, a legend or a label for each would hide the plot.
NAMED_LAYERS = 12
NUMBERED_CLASSES = 20
NAMED_CLASSES = 32
TILES = 64
HISTOGRAM_BARS = 256
FAR_FROM_BOUNDS = 4


def require_matplotlib() -> None:
    """Check that plots can be drawn.

    Raises
    ------
    MetaplastError
        If matplotlib is not installed.
    """
    require("matplotlib", extra="plot", purpose="--plot")


def save(figure: "Figure", path: Path) -> Path:
    """Write a figure as PNG, and return the path."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    write_atomically(path, buffer.getvalue())
    return path


def draw_learning_curve(history: Sequence[EpochRecord], *, kept: int, title: str) -> "Figure":
    """Draw accuracy by epoch on training, held-out and test samples: a line for each layer.

    On held-out and test samples, the last layer has a separate colour, since its prediction is the
    network's, and the layers before it have the colours of their training accuracy.

    Parameters
    ----------
    history : sequence of EpochRecord
        At least one.
    kept : int
        The epoch whose model is kept, from 0; it is marked, with its accuracies.
    title : str
        The heading of the figure.
    """
    figure, axes = _figure(7.2, 4.5)
    epochs = [record.epoch + 1 for record in history]
    layers = len(history[0].layer_accuracy)
    marker = "o" if len(history) <= 30 else ""

    for layer in range(layers):
        last = layer == layers - 1
        label = f"layer {layer}, training" if layers > 1 else "training"
        axes.plot(
            epochs,
            [100 * record.layer_accuracy[layer] for record in history],
            color=LAYERS[layer % len(LAYERS)],
            linestyle="-" if layer < len(LAYERS) else (0, (6, 1)),
            linewidth=2.2 if last else 1.6,
            marker=marker,
            markersize=3.5,
            label=label if layers <= NAMED_LAYERS or last else None,
        )
    for name, colour, style, values, by_layer in (
        (
            "held out",
            HELD_OUT,
            (0, (1, 1.5)),
            [record.validation_accuracy for record in history],
            [record.layer_validation_accuracy for record in history],
        ),
        (
            "test",
            TEST,
            (0, (5, 2)),
            [record.test_accuracy for record in history],
            [record.layer_test_accuracy for record in history],
        ),
    ):
        for layer in range(layers - 1):
            shares = {e: v[layer] for e, v in zip(epochs, by_layer, strict=True) if v is not None}
            if shares:
                axes.plot(
                    list(shares),
                    [100 * share for share in shares.values()],
                    color=LAYERS[layer % len(LAYERS)],
                    linewidth=1.2,
                    linestyle=style,
                    marker=marker,
                    markersize=2.5,
                    label=f"layer {layer}, {name}" if layers <= NAMED_LAYERS else None,
                )
        known = {e: 100 * v for e, v in zip(epochs, values, strict=True) if v is not None}
        if known:
            at_kept = f", {known[kept + 1]:.2f} % when kept" if kept + 1 in known else ""
            axes.plot(
                list(known),
                list(known.values()),
                color=colour,
                linewidth=1.8,
                linestyle=style,
                marker=marker,
                markersize=3,
                label=name + at_kept,
            )
    axes.axvline(kept + 1, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy (%)")
    axes.grid(axis="y", color=GRID)
    _whole_numbers(axes.xaxis)
    if len(history) == 1:
        axes.set_xticks(epochs)
    axes.margins(y=0.08)
    axes.legend(loc="best", frameon=False, fontsize=9, labelcolor=INK)
    _heading(figure, title)
    return figure


def draw_hidden_weights(
    counters: Sequence[NDArray[Any]], layers: Sequence[LayerConfig], *, title: str
) -> "Figure":
    """Draw a histogram of each layer's counters, with the saturated ones in another colour.

    Parameters
    ----------
    counters : sequence of (K, N) arrays
        ``k`` of each layer.
    layers : sequence of LayerConfig
        The configuration of each layer, in the same order.
    title : str
        The heading of the figure.
    """
    shown = min(len(layers), NAMED_LAYERS)
    columns = 1 if shown == 1 else min(3, shown)
    rows = math.ceil(shown / columns)
    figure, grid = _figure(
        7.2 if columns == 1 else 4.3 * columns, 4.0 if rows == 1 else 3.1 * rows, rows, columns
    )
    for index, axes in enumerate(np.atleast_1d(grid).flat):
        if index >= shown:
            axes.set_axis_off()
            continue
        _hidden_weights_of(axes, counters[index], layers[index])
        if len(layers) > 1:
            axes.set_title(
                f"layer {index}: {layers[index].neurons} × {layers[index].inputs}",
                fontsize=10,
                color=INK,
                loc="left",
            )
        if index % columns == 0:
            axes.set_ylabel("weights")
        if index >= shown - columns:
            axes.set_xlabel("hidden weight $k$")
    _heading(figure, title)
    return figure


def _hidden_weights_of(axes: "Axes", counters: NDArray[Any], layer: LayerConfig) -> None:
    values = counters.astype(np.int64).ravel()
    saturated = np.isin(values, (layer.lowest, layer.highest))
    # The bounds are left out of the axis if all counters are far from them.
    reach = int(np.abs(values).max()) + 1
    near = reach * FAR_FROM_BOUNDS > layer.highest
    low, high = (layer.lowest, layer.highest) if near else (-reach, reach)
    span = high - low + 1

    # Many values share bars of equal width; each bound has a separate bar.
    width = max(1, span // HISTOGRAM_BARS)
    bars = np.bincount((values[~saturated] - low) // width, minlength=-(-span // width))
    lefts = low - 0.5 + width * np.arange(len(bars))
    axes.bar(lefts, bars, width=width, align="edge", color=LAYERS[0], linewidth=0)
    bound_width = max(width, span / 90)
    bounds = [np.count_nonzero(values == low), np.count_nonzero(values == high)] if near else []
    if near:
        lefts = np.array([low + 0.5 - bound_width, high - 0.5])
        axes.bar(lefts, bounds, width=bound_width, align="edge", color=SATURATED, linewidth=0)
    axes.axvline(-0.5, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlim(low - 0.5 - 0.06 * span, high + 0.5 + 0.06 * span)
    if near:
        axes.set_xticks(sorted({low, low // 2, 0, (high + 1) // 2, high}))
    axes.set_ylim(0, 1.18 * max(*bars.tolist(), *bounds))
    _whole_numbers(axes.yaxis)
    axes.grid(axis="y", color=GRID)
    out_of_sight = "" if near else f" at {layer.lowest}, {layer.highest}"
    axes.text(
        0.98,
        0.97,
        f"{100 * saturated.mean():.2f} % saturated{out_of_sight}",
        transform=axes.transAxes,
        ha="right",
        va="top",
        color=SATURATED,
        fontsize=9,
    )


def draw_confusion(
    confusion: NDArray[np.int64], *, title: str, names: Sequence[str] | None = None
) -> "Figure":
    """Draw the confusion matrix: a row for each true class, shaded by its share.

    Parameters
    ----------
    confusion : (C, C) int
        Samples by true class (row) and predicted class (column).
    title : str
        The heading of the figure.
    names : sequence of str, optional
        The names of the classes; by default their numbers.
    """
    classes = len(confusion)
    size = min(10.0, max(4.8, 2.2 + 0.52 * min(classes, NUMBERED_CLASSES)))
    figure, axes = _figure(size + 0.7, size)
    totals = confusion.sum(axis=1, keepdims=True)
    shares = confusion / np.maximum(totals, 1)
    image = axes.imshow(shares, cmap=_blues(), vmin=0, vmax=1, interpolation="nearest")
    labels = list(names) if names is not None else [str(c) for c in range(classes)]
    if classes <= NAMED_CLASSES:
        long = max(map(len, labels)) > 3
        axes.set_xticks(
            range(classes), labels, rotation=45 if long else 0, ha="right" if long else "center"
        )
        axes.set_yticks(range(classes), labels)
    if classes <= NUMBERED_CLASSES:
        for row, column in np.ndindex(*confusion.shape):
            if confusion[row, column]:
                axes.text(
                    column,
                    row,
                    str(confusion[row, column]),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if shares[row, column] > 0.5 else INK,
                )
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.82, pad=0.03)
    bar.set_label("share of the true class", color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelcolor=INK)
    _heading(figure, title)
    return figure


MAX_PLANES = 12
"""Planes that the plot of encoded samples shows."""


def draw_encoded_samples(
    images: NDArray[Any],
    planes: NDArray[np.float64],
    *,
    labels: Sequence[str],
    names: Sequence[str],
    title: str,
) -> "Figure":
    """Draw samples and their planes of bits as images: a row for each sample.

    Parameters
    ----------
    images : (n, height, width) numbers
        Raw samples.
    planes : (n, planes, height, width) of 0, 1 and NaN
        Encoded samples. Bits that are 1 are dark; pixels without a bit are grey.
    labels : sequence of str
        The label of each sample.
    names : sequence of str
        The name of each plane.
    title : str
        The heading of the figure.
    """
    shown = min(planes.shape[1], MAX_PLANES)
    tile = 1.1
    figure, grid = _figure(
        max(4.0, tile * (shown + 1)), tile * len(images) + 0.8, len(images), shown + 1
    )
    bits = _bits()
    for row, axes_of_row in zip(range(len(images)), np.atleast_2d(grid), strict=True):
        sample, *others = axes_of_row
        sample.imshow(images[row], cmap="gray", interpolation="nearest")
        sample.set_ylabel(labels[row], fontsize=9, rotation=0, ha="right", va="center")
        for axes, plane in zip(others, planes[row], strict=False):
            axes.set_facecolor(GRID)  # shows through pixels without a bit
            axes.imshow(plane, cmap=bits, vmin=0, vmax=1, interpolation="nearest")
        for axes, name in zip(axes_of_row, ("sample", *names), strict=False):
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
            axes.spines[:].set_color(GRID)
            if row == 0:
                axes.set_title(name, fontsize=8, color=INK)
    some = f", {shown} of {planes.shape[1]} planes" if shown < planes.shape[1] else ""
    _heading(figure, title + some)
    return figure


MIN_INCHES, MAX_INCHES = 2.0, 18.0
"""Limits of the height of the plot of the first layer."""


def draw_first_layer(
    counters: NDArray[Any],
    *,
    image_shape: tuple[int, int],
    sources: NDArray[np.int64],
    title: str,
) -> "Figure":
    """Draw the first layer's hidden weights as images, a tile for each neuron.

    Parameters
    ----------
    counters : (K, N) int
        ``k`` of layer 0.
    image_shape : (height, width)
        The shape of a sample.
    sources : (N,) int
        The pixel of each input bit. A tile shows the mean of a pixel's weights; pixels without an
        input bit stay blank.
    title : str
        The heading of the figure.
    """
    neurons = len(counters)
    shown = min(neurons, TILES)
    columns = min(shown, 16 if shown > 32 else 8)
    rows = math.ceil(shown / columns)
    height, width = image_shape
    tiles = np.full((shown, height * width), np.nan)
    bits = np.bincount(sources, minlength=height * width)
    for tile, weights in zip(tiles, counters, strict=False):
        sums = np.bincount(sources, weights=weights, minlength=height * width)
        np.divide(sums, bits, out=tile, where=bits > 0)

    gap = 1
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile.reshape(height, width)

    drawn = 9.0
    tall = drawn * sheet.shape[0] / sheet.shape[1]
    figure, axes = _figure(drawn + 1.0, min(max(tall, MIN_INCHES), MAX_INCHES) + 0.6)
    reach = float(np.nanquantile(np.abs(tiles), 0.995)) or 1.0
    image = axes.imshow(sheet, cmap=_diverging(), vmin=-reach, vmax=reach, interpolation="nearest")
    axes.set_axis_off()
    bar = figure.colorbar(image, ax=axes, shrink=0.85, pad=0.015, fraction=0.03, extend="both")
    bar.set_label("hidden weight $k$", color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelcolor=INK)
    some = f", {shown} of {neurons} neurons" if shown < neurons else f", {neurons} neurons"
    mean = f", mean of {bits.max()} bits a pixel" if bits.max() > 1 else ""
    _heading(figure, title + some + mean)
    return figure


def draw_comparison(
    accuracies: Mapping[str, Mapping[str, "Summary | None"]], *, title: str
) -> "Figure":
    """Draw the accuracies of models as points with error bars of one standard deviation.

    Parameters
    ----------
    accuracies : mapping of str to mapping of str to Summary or None
        For each model, its accuracy on ``held out`` and on ``test`` samples, 0 to 1; None without
        such samples. A summary of one run has no error bar.
    title : str
        The heading of the figure.
    """
    figure, axes = _figure(7.2, 1.4 + 0.5 * len(accuracies))
    for split, colour, shift in (("held out", HELD_OUT, -0.1), ("test", TEST, 0.1)):
        known = [
            (row + shift, summary)
            for row, model in enumerate(accuracies.values())
            if (summary := model[split]) is not None
        ]
        if known:
            axes.errorbar(
                [100 * summary.mean for _, summary in known],
                [row for row, _ in known],
                xerr=[100 * (summary.deviation or 0.0) for _, summary in known],
                color=colour,
                fmt="o",
                markersize=5,
                capsize=4,
                label=split,
            )
    axes.set_yticks(range(len(accuracies)), list(accuracies))
    axes.set_ylim(len(accuracies) - 0.5, -0.5)
    axes.set_xlabel("accuracy (%)")
    axes.grid(axis="x", color=GRID)
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    axes.legend(**beside, frameon=False, fontsize=9, labelcolor=INK)
    _heading(figure, title)
    return figure


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple["Figure", Any]:
    require_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(rows, columns)
    for axes in np.atleast_1d(grid).flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(color=FAINT, labelcolor=INK, labelsize=9)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
        axes.set_axisbelow(True)
    return figure, grid


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 2.5, 5, 10], integer=True))


def _heading(figure: "Figure", title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK, fontweight="bold")


def _blues() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "metaplast-blues", ["#ffffff", "#9cc0e4", "#2563a8", "#123a66"]
    )


def _bits() -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap(["#ffffff", INK], name="metaplast-bits")


def _diverging() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    colours = ["#7f1d1d", "#c0392b", "#f0b5a8", "#fbfbfa", "#a9c9e8", "#2563a8", "#123a66"]
    return LinearSegmentedColormap.from_list("metaplast-weights", colours)
