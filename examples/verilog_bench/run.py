"""Export a trainer core, train it in Icarus Verilog, and compare it with the golden model."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from metaplast.golden_model import Network, NetworkConfig
from metaplast.golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from metaplast.hdl.client.initial_state import stream_words
from metaplast.hdl.export.core_export import ExportedCore, export_verilog
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan

CONFIG = NetworkConfig(
    inputs=12, hidden=(6,), groups=(3,), classes=3, counter_bits=5, batch=5, reinforcement=0.0
)
PLAN = NetworkPlan((LayerPlan(banks=2, simd=6, update_width=3, input_width=6),))
FOLDED = FoldedNetwork(CONFIG, PLAN)
SAMPLES = 40
BENCH = Path(__file__).with_name("bench.v")


def samples(config: NetworkConfig) -> tuple[np.ndarray, np.ndarray]:
    """Random samples: noisy copies of one prototype per class."""
    random = np.random.default_rng(1)
    prototypes = random.integers(0, 2, (config.classes, config.inputs))
    labels = random.integers(0, config.classes, SAMPLES)
    noise = random.random((SAMPLES, config.inputs)) < 0.1
    return (prototypes[labels] ^ noise).astype(np.uint8), labels


def train_in_verilog(
    folded: FoldedNetwork,
    core: ExportedCore,
    x: np.ndarray,
    y: np.ndarray,
    options: Sequence[str] = ("-g2005",),
) -> list[int]:
    """Train an exported core of one layer in Icarus Verilog; gives its counters.

    ``options`` are Icarus's, such as the version of Verilog.
    """
    config, layer, directory = folded.config, folded.first, core.verilog.parent
    width = layer.plan.input_width
    lines = []
    for index, (bits, label) in enumerate(zip(x, y, strict=True)):
        last = int(index == len(x) - 1)
        whole = int("".join(map(str, bits[::-1])), 2)
        for word in range(layer.sample_words):
            part = whole >> word * width & (1 << width) - 1
            lines.append(f"{last << width + 8 | int(label) << width | part:x}\n")
    (directory / "samples.hex").write_text("".join(lines))
    ids = (initial_counters_id(0), classifier_id(0), reinforcement_id(0))
    histories = [stream_words(RandomStream(config.seed, stream_id)) for stream_id in ids]
    (directory / "histories.hex").write_text(
        "".join(f"{word:08x}\n" for words in histories for word in words)
    )
    macros = {
        "INPUT_WIDTH": width,
        "WORDS": layer.sample_words,
        "SAMPLES": len(x),
        "WEIGHTS": layer.config.weights,
        "BATCH": config.batch,
        "MARGIN": layer.config.margin,
    }
    defines = [f"-D{name}={value}" for name, value in macros.items()]
    sources = [file.name for file in core.files if file.suffix == ".v"]
    command = ["iverilog", *options, "-o", "bench", *defines, str(BENCH), *sources]
    subprocess.run(command, cwd=directory, check=True)
    done = subprocess.run(
        ["vvp", "bench"], cwd=directory, check=True, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert f"results {len(x)}" in lines, done.stdout
    return [int(line.removeprefix("counter ")) for line in lines if line.startswith("counter ")]


def train_in_model(config: NetworkConfig, x: np.ndarray, y: np.ndarray) -> list[int]:
    """Train the golden model; gives its counters."""
    network = Network(config)
    for start in range(0, len(x), config.batch):
        batch = slice(start, start + config.batch)
        network.train_batch(x[batch], y[batch], [0])
    return network.counters[0].reshape(-1).tolist()


def main() -> None:
    """Train both and compare."""
    if shutil.which("iverilog") is None:
        sys.exit("Icarus Verilog is missing: install it (Debian and Ubuntu: apt install iverilog).")
    x, y = samples(CONFIG)
    with tempfile.TemporaryDirectory() as directory:
        core = export_verilog(FOLDED, Path(directory))
        counters = train_in_verilog(FOLDED, core, x, y)
    assert counters == train_in_model(CONFIG, x, y), "the gateware and the golden model differ"
    print(f"trained on {len(x)} samples: {len(counters)} counters as in the golden model")


if __name__ == "__main__":
    main()
