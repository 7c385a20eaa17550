"""`metaplast bench golden`: measure the speed of the golden model."""

import json as json_format
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..options.options import JsonOption, require_at_least, whole_number
from ..terminal.output import print_json

__all__ = ["register"]

# NumPy's BLAS reads its number of threads from one of these when it is loaded.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Benchmarks.", no_args_is_help=True)
    group.command()(golden)
    app.add_typer(group, name="bench")


def golden(
    epochs: Annotated[
        int,
        typer.Option(
            parser=whole_number, metavar="N", help="Epochs to train; the median is reported."
        ),
    ] = 5,
    samples: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="Use only the first N training samples.",
            show_default="all",
        ),
    ] = None,
    data: Annotated[str, typer.Option(help="The data set.")] = "fashion-mnist",
    data_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Directory of downloaded data sets.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure speed and memory of the golden model: 128 neurons, B = 8, batch 100, one thread.

    Compares the time of an epoch with the time of its matrix products alone.
    """
    from ...golden_model.errors import MetaplastError

    require_at_least("--epochs", epochs, 1)
    require_at_least("--samples", samples, 1)
    if not json:
        how_many = "1 epoch" if epochs == 1 else f"{epochs} epochs"
        typer.echo(f"training {data} for {how_many} on one thread …", err=True)
    # A new process: it sets BLAS to one thread, and its peak memory is that of the measurement.
    request = {
        "data": data,
        "data_dir": None if data_dir is None else str(data_dir),
        "epochs": epochs,
        "samples": samples,
    }
    finished = subprocess.run(
        [sys.executable, "-m", "metaplast.cli.golden_bench", json_format.dumps(request)],
        env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")},
        capture_output=True,
        text=True,
    )
    if finished.returncode == 3:
        raise MetaplastError(finished.stderr.strip())
    if finished.returncode:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise MetaplastError(f"the measurement ended with status {finished.returncode}: {reason}")
    result: dict[str, Any] = json_format.loads(finished.stdout)
    if json:
        print_json(result)
        return
    epoch = result["epoch_seconds"]
    products = result["product_seconds"]
    facts = [
        ("network", f"{result['network']}, B = {result['counter_bits']}, batch {result['batch']}"),
        ("samples", f"{result['samples']:,}"),
        ("threads", f"1 ({result['blas']})"),
        ("samples/s", f"{result['samples_per_second']:,.0f}"),
        ("peak memory", f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB"),
        ("epoch", f"{epoch:.3f} s (median of {epochs})"),
        ("its matrix products alone", f"{products:.3f} s"),
        ("ratio", f"{result['ratio']:.2f}"),
        ("last training accuracy", f"{100 * result['accuracy']:.2f} %"),
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        typer.echo(f"{name.ljust(width)}  {value}")
