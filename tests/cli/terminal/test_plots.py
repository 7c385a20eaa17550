"""What the pictures show; that they are beautiful, eyes must see."""

from typing import Any

import numpy as np
import pytest

from metaplast.cli.terminal import plots
from metaplast.golden_model import EpochRecord, NetworkConfig
from metaplast.golden_model.baselines.comparison import summarise


def record(epoch: int, **changes: Any) -> EpochRecord:
    values = {
        "epoch": epoch,
        "samples": 10,
        "accuracy": 0.5,
        "layer_accuracy": (0.4 + epoch / 100, 0.5),
        "error_rate": (0.5, 0.5),
        "updates": (1, 1),
        "events": (1, 1),
        "saturated": (0, 0),
        "seconds": 1.0,
    }
    return EpochRecord(**{**values, **changes})


def lines(figure: Any) -> dict[str, list[tuple[float, float]]]:
    """The labelled curves of a figure."""
    (axes,) = figure.axes
    return {
        line.get_label(): list(zip(*line.get_data(), strict=True))
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def test_learning_curve_has_a_line_for_each_layer():
    history = [record(epoch) for epoch in range(3)]
    curves = lines(plots.draw_learning_curve(history, kept=2, title="t"))
    assert curves.keys() == {"layer 0, training", "layer 1, training"}
    assert [epoch for epoch, _ in curves["layer 0, training"]] == [1, 2, 3]
    assert [y for _, y in curves["layer 0, training"]] == pytest.approx([40, 41, 42])


def test_learning_curve_has_held_out_and_test():
    history = [
        record(e, layer_accuracy=(0.5,), validation_accuracy=0.6 + e / 10, test_accuracy=0.7)
        for e in range(2)
    ]
    curves = lines(plots.draw_learning_curve(history, kept=1, title="t"))
    assert curves.keys() == {"training", "held out, 70.00 % when kept", "test, 70.00 % when kept"}


def test_learning_curve_has_held_out_and_test_of_each_layer():
    history = [
        record(0),  # of an older file
        record(
            1,
            validation_accuracy=0.75,
            layer_validation_accuracy=(0.5, 0.75),
            test_accuracy=0.25,
            layer_test_accuracy=(0.125, 0.25),
        ),
    ]
    curves = lines(plots.draw_learning_curve(history, kept=0, title="t"))
    assert curves.keys() == {
        "layer 0, training",
        "layer 1, training",
        "layer 0, held out",
        "held out",
        "layer 0, test",
        "test",
    }
    assert curves["layer 0, held out"] == [(2, 50.0)]
    assert curves["layer 0, test"] == [(2, 12.5)]
    assert curves["test"] == [(2, 25.0)]


def test_learning_curve_of_one_epoch_and_of_some_without_test():
    plots.draw_learning_curve([record(0)], kept=0, title="t")
    history = [record(0), record(1, test_accuracy=0.25)]
    curves = lines(plots.draw_learning_curve(history, kept=0, title="t"))
    assert curves["test"] == [(2, 25.0)]


def layers(**changes: Any) -> Any:
    values = {"inputs": 30, "hidden": (8,), "groups": (2,), "classes": 2, "counter_bits": 4}
    return NetworkConfig(**{**values, **changes}).layers


def bars(axes: Any) -> dict[int, float]:
    """Weights by the counter value at the middle of their bar."""
    return {
        round(bar.get_x() + bar.get_width() / 2): bar.get_height()
        for bar in axes.patches
        if bar.get_height()
    }


@pytest.mark.parametrize("counter_bits", [2, 4, 8])
def test_histogram_counts_every_weight(counter_bits):
    (layer,) = layers(counter_bits=counter_bits)
    k = np.random.default_rng(1).integers(layer.lowest, layer.highest + 1, (8, 30))
    figure = plots.draw_hidden_weights([k], [layer], title="t")
    (axes,) = figure.axes
    assert sum(bar.get_height() for bar in axes.patches) == k.size
    if counter_bits <= 4:
        values, counts = np.unique(k, return_counts=True)
        assert bars(axes) == dict(zip(values.tolist(), counts.tolist(), strict=True))
    share = np.isin(k, (layer.lowest, layer.highest)).mean()
    assert axes.texts[0].get_text() == f"{100 * share:.2f} % saturated"
    red = [bar for bar in axes.patches if bar.get_facecolor()[0] > 0.7]
    assert len(red) == 2
    assert sum(bar.get_height() for bar in red) == round(share * k.size)


def test_histogram_far_from_the_bounds():
    (layer,) = layers(counter_bits=16)
    k = np.arange(240).reshape(8, 30) - 120
    (axes,) = plots.draw_hidden_weights([k], [layer], title="t").axes
    assert sum(bar.get_height() for bar in axes.patches) == k.size
    assert axes.get_xlim()[1] < 200
    assert axes.texts[0].get_text() == "0.00 % saturated at -32768, 32767"


def test_histogram_of_layers():
    shapes = layers(hidden=(8, 6, 4, 2), groups=(2, 2, 2, 2))
    k = [np.zeros((layer.neurons, layer.inputs), dtype=np.int16) for layer in shapes]
    figure = plots.draw_hidden_weights(k, shapes, title="t")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "layer 0: 8 × 30",
        "layer 1: 6 × 8",
        "layer 2: 4 × 6",
        "layer 3: 2 × 4",
        "",
        "",
    ]


def test_confusion_has_counts_and_names():
    confusion = np.array([[5, 1], [0, 3]])
    figure = plots.draw_confusion(confusion, title="t", names=("cat", "albatross"))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["5", "1", "3"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "albatross"]
    assert axes.images[0].get_array().tolist() == [[5 / 6, 1 / 6], [0, 1]]


def test_confusion_of_many_classes_and_of_empty_ones():
    axes = plots.draw_confusion(np.zeros((40, 40), dtype=int), title="t").axes[0]
    assert len(axes.texts) == 0


def test_encoded_samples_have_a_row_each_and_their_planes():
    images = np.arange(24).reshape(2, 3, 4)
    planes = np.full((2, 2, 3, 4), np.nan)
    planes[:, 0] = images > 5
    planes[1, 1, 0, :2] = [1, 0]
    figure = plots.draw_encoded_samples(
        images, planes, labels=["cat", "dog"], names=["> 5", "right"], title="t"
    )
    assert len(figure.axes) == 6
    assert [axes.get_title() for axes in figure.axes[:3]] == ["sample", "> 5", "right"]
    assert [figure.axes[row].get_ylabel() for row in (0, 3)] == ["cat", "dog"]
    for row in range(2):
        drawn = [axes.images[0].get_array() for axes in figure.axes[3 * row : 3 * row + 3]]
        assert np.array_equal(drawn[0], images[row])
        for plane in range(2):
            expected = planes[row, plane]
            assert np.array_equal(np.ma.getmaskarray(drawn[plane + 1]), np.isnan(expected))
            assert np.array_equal(np.ma.filled(drawn[plane + 1], np.nan), expected, equal_nan=True)


def test_encoded_samples_of_many_planes_and_of_one_sample():
    planes = np.zeros((1, 20, 2, 2))
    figure = plots.draw_encoded_samples(
        np.zeros((1, 2, 2)), planes, labels=["0"], names=list(map(str, range(20))), title="t"
    )
    assert len(figure.axes) == plots.MAX_PLANES + 1
    assert figure.get_suptitle() == "t, 12 of 20 planes"


@pytest.mark.parametrize(("neurons", "rows"), [(1, 1), (8, 1), (20, 3), (64, 4), (100, 4)])
def test_first_layer_has_a_tile_for_each_neuron(neurons, rows):
    k = np.random.default_rng(2).integers(-99, 99, (neurons, 12))
    figure = plots.draw_first_layer(k, image_shape=(3, 4), sources=np.arange(12), title="t")
    sheet = figure.axes[0].images[0].get_array()
    assert sheet.shape[0] == 4 * rows - 1
    assert sheet[:3, :4].tolist() == k[0].reshape(3, 4).tolist()


def test_first_layer_with_planes_and_pixels_left_out():
    k = np.arange(10).reshape(1, 10)
    figure = plots.draw_first_layer(
        k, image_shape=(2, 3), sources=np.tile([0, 1, 2, 4, 5], 2), title="t"
    )
    tile = np.asarray(figure.axes[0].images[0].get_array().filled(np.nan))
    assert np.array_equal(tile, [[2.5, 3.5, 4.5], [np.nan, 5.5, 6.5]], equal_nan=True)


def test_first_layer_of_zeros():
    plots.draw_first_layer(np.zeros((2, 4)), image_shape=(2, 2), sources=np.arange(4), title="t")


def test_save(tmp_path):
    figure = plots.draw_confusion(np.eye(2, dtype=int), title="t")
    path = plots.save(figure, tmp_path / "c.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["c.png"]


def test_comparison_has_a_point_with_its_deviation_for_each_model():
    accuracies = {
        "ours": {"held out": None, "test": summarise([0.5, 0.75])},
        "other": {"held out": summarise([0.25]), "test": summarise([0.5])},
    }
    figure = plots.draw_comparison(accuracies, title="t")
    (axes,) = figure.axes
    held_out, test = axes.containers
    assert [container.get_label() for container in (held_out, test)] == ["held out", "test"]
    assert held_out.lines[0].get_xdata().tolist() == [25]
    assert test.lines[0].get_xdata().tolist() == [62.5, 50]
    ends = [sorted(point[0] for point in bar) for bar in test.lines[2][0].get_segments()]
    deviation = 12.5 * 2**0.5
    assert ends == [pytest.approx([62.5 - deviation, 62.5 + deviation]), [50, 50]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ours", "other"]
