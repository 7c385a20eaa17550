"""Measure speed and memory of the golden model, for `metaplast bench golden`.

`metaplast bench golden` runs ``python -m metaplast.cli.golden_bench REQUEST`` as a separate
process, with one BLAS thread. REQUEST, and the result on stdout, are JSON.
"""

import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..golden_model import MetaplastError, Network, NetworkConfig, Trainer, datasets
from ..golden_model.encoding import fit_encoder
from ..golden_model.errors import DataError
from .terminal.output import network_shape

__all__ = ["measure", "product_seconds"]

HIDDEN, GROUPS, COUNTER_BITS, BATCH = (128,), (32,), 8, 100
PRODUCT_RUNS = 5
FAILED = 3  # exit status; the error message is on stderr


def measure(data: str, *, data_dir: str | None, epochs: int, samples: int | None) -> dict[str, Any]:
    """Train the golden model and measure speed, memory and accuracy.

    Parameters
    ----------
    data, data_dir
        As :func:`~metaplast.golden_model.datasets.load` takes them.
    epochs : int
        Epochs to train.
    samples : int or None
        Training samples to use, the first ones; all by default.

    Raises
    ------
    MetaplastError
        If the data set does not exist, or has fewer samples.
    """
    data_set = datasets.load(data, data_dir=data_dir)
    if samples is not None and samples > len(data_set.x_train):
        raise DataError(
            f"--samples {samples} is too many: {data_set.name} has {len(data_set.x_train)} "
            "training samples"
        )
    x_train, y = data_set.x_train[:samples], data_set.y_train[:samples]
    encoder = fit_encoder(x_train)
    x = encoder.encode(x_train)
    config = NetworkConfig(
        inputs=encoder.outputs,
        hidden=HIDDEN,
        groups=GROUPS,
        classes=data_set.classes,
        counter_bits=COUNTER_BITS,
        batch=BATCH,
    )
    trainer = Trainer(Network(config))
    records = [trainer.train_epoch(x, y) for _ in range(epochs)]
    memory = peak_memory()
    epoch = statistics.median(record.seconds for record in records)
    products = product_seconds(config, x)
    return {
        "data": data_set.name,
        "network": network_shape(config),
        "counter_bits": config.counter_bits,
        "batch": config.batch,
        "samples": len(x),
        "epochs": epochs,
        "threads": 1,
        "blas": blas(),
        "samples_per_second": len(x) / epoch,
        "epoch_seconds": epoch,
        "each_epoch_seconds": [record.seconds for record in records],
        "product_seconds": products,
        "ratio": epoch / products,
        "peak_memory_bytes": memory,
        "accuracy": records[-1].accuracy,
    }


def product_seconds(config: NetworkConfig, x: NDArray[np.uint8]) -> float:
    """Measure the time of an epoch's matrix products alone, in float32.

    Returns the shortest of a few runs, in seconds.

    For each batch and layer: ``(n, N) · (N, K)`` forward and ``(K, n) · (n, N)`` for the update.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    x : (n, N) uint8
        The encoded samples; deeper layers get random bits.
    """
    draw = np.random.default_rng(0)
    batches = [
        range(start, min(start + config.batch, len(x))) for start in range(0, len(x), config.batch)
    ]
    seconds = []
    for _ in range(PRODUCT_RUNS):
        total = 0.0
        for layer in config.layers:
            weights = draw.choice(
                np.array([-1, 1], dtype=np.float32), (layer.neurons, layer.inputs)
            )
            update = np.empty_like(weights)
            if layer.index == 0:
                inputs = x[: config.batch].astype(np.float32)
            else:
                inputs = draw.integers(0, 2, (config.batch, layer.inputs)).astype(np.float32)
            chosen = draw.integers(-1, 2, (config.batch, layer.neurons)).astype(np.float32)
            z = np.empty((config.batch, layer.neurons), dtype=np.float32)
            for batch in batches:
                part, desired = inputs[: len(batch)], chosen[: len(batch)]
                started = time.perf_counter()
                np.matmul(part, weights.T, out=z[: len(batch)])
                np.matmul(desired.T, part, out=update)
                total += time.perf_counter() - started
        seconds.append(total)
    return min(seconds)


def peak_memory() -> int:
    """Peak memory of this process, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def blas() -> str:
    """Name and version of NumPy's BLAS."""
    build = np.show_config(mode="dicts")
    library = build.get("Build Dependencies", {}).get("blas", {}) if build else {}
    return f"{library.get('name', 'unknown BLAS')} {library.get('version', '')}".strip()


def main() -> None:
    """Run the measurement that the command line asks for, and print the result."""
    request = json.loads(sys.argv[1])
    try:
        print(json.dumps(measure(request.pop("data"), **request)))
    except (MetaplastError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
