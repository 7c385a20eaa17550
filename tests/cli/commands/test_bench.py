"""`metaplast bench golden`."""

import numpy as np
import pytest

from metaplast.cli import golden_bench
from metaplast.golden_model import NetworkConfig


def test_the_measurement(document):
    document = document("bench", "golden", "--data", "digits", "--epochs", 3)
    assert document["network"] == "64–128–10"
    assert (document["counter_bits"], document["batch"]) == (8, 100)
    assert (document["samples"], document["epochs"], document["threads"]) == (1437, 3, 1)
    epochs = sorted(document["each_epoch_seconds"])
    assert document["epoch_seconds"] == epochs[1]
    assert document["samples_per_second"] == pytest.approx(1437 / epochs[1])
    assert document["ratio"] == pytest.approx(epochs[1] / document["product_seconds"])
    assert 10 << 20 < document["peak_memory_bytes"] < 1 << 30


@pytest.mark.parametrize(
    ("args", "status", "part"),
    [
        (["--data", "missing"], 1, "there is no file 'missing'"),
        (["--epochs", "0"], 2, "must be at least 1, not 0"),
        (["--samples", "0"], 2, "must be at least 1, not 0"),
        (
            ["--data", "digits", "--samples", "9999"],
            1,
            "--samples 9999 is too many: digits has 1437",
        ),
    ],
)
def test_refusals(run, args, status, part):
    result = run("bench", "golden", *args)
    assert result.status == status
    assert part in result.sentence


def test_a_measurement_that_dies(run, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    result = run("bench", "golden", "--data", "digits")
    assert result.status == 1
    assert result.sentence == "the measurement ended with status 1: no message"


def test_products_are_those_of_every_layer_and_batch(monkeypatch):
    config = NetworkConfig(inputs=20, hidden=(8, 6), groups=(2, 2), classes=2, batch=10)
    x = np.random.default_rng(0).integers(0, 2, (25, 20)).astype(np.uint8)
    shapes = []
    matmul = np.matmul

    def counted(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
        assert a.dtype == b.dtype == out.dtype == np.float32
        shapes.append((a.shape, b.shape))
        return matmul(a, b, out=out)

    monkeypatch.setattr(np, "matmul", counted)
    assert golden_bench.product_seconds(config, x) > 0
    once = shapes[: len(shapes) // golden_bench.PRODUCT_RUNS]
    wanted = []
    for neurons, inputs in ((8, 20), (6, 8)):
        for count in (10, 10, 5):
            wanted += [((count, inputs), (inputs, neurons)), ((neurons, count), (count, inputs))]
    assert once == wanted


def test_peak_memory_without_proc(monkeypatch):
    with_proc = golden_bench.peak_memory()
    monkeypatch.setattr("pathlib.Path.exists", lambda self: False)
    without = golden_bench.peak_memory()
    assert 0.5 < without / with_proc < 2
