"""An exported universal trainer: its files, and networks that it learns in Icarus."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import Network, NetworkConfig
from metaplast.hdl.client.initial_state import initial_state
from metaplast.hdl.client.network_setup import set_up
from metaplast.hdl.client.transport import Access
from metaplast.hdl.export.core_export import ExportedCore, export_verilog
from metaplast.hdl.planning.plan import LayerPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.registers.register_map import (
    UniversalLayerRegister,
    UniversalRegister,
    layer_address,
)

BENCH = Path(__file__).with_name("universal_bench.v")
PLAN = LayerPlan(simd=6, update_width=2, input_width=2, sample_buffers=2)
TRAINER = UniversalTrainer(
    Capacity.for_networks(PLAN, layers=2, inputs=9, neurons=6, classes=3, counter_bits=3), PLAN
)
NETWORKS = [
    NetworkConfig(inputs=9, hidden=(6, 4), groups=(3, 1), classes=3, counter_bits=3, batch=7),
    NetworkConfig(inputs=5, hidden=(5,), groups=(5,), classes=2, counter_bits=3, batch=4, seed=3),
]
EVENTS = (5, 3)
REQUEST, SAMPLE, IDLE, READ = 1, 2, 3, 4


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> ExportedCore:
    return export_verilog(TRAINER, tmp_path_factory.mktemp("core"), name="trainer")


def request(access: Access, what: int = REQUEST) -> int:
    """A line of the bench's program that reads or writes a register."""
    address, value = access
    write = value is not None
    return what << 60 | ((value or 0) & 0xFFFFFFFF) << 25 | address << 1 | write


def program_of(config: NetworkConfig, batches: list[tuple[np.ndarray, np.ndarray]]) -> list[int]:
    """Set up a network, train it on batches, and read all counters."""
    placed = TRAINER.place(config)
    lines = [request(access) for access in set_up(placed)]
    lines.append(request((UniversalRegister.BATCH, config.batch)))
    for layer in config.layers:
        for register, value in (
            (UniversalLayerRegister.MARGIN, layer.margin),
            (UniversalLayerRegister.EVENTS, EVENTS[layer.index]),
        ):
            lines.append(request((layer_address(layer.index, register), value)))
    for writes in initial_state(config):
        lines += [*map(request, writes), IDLE << 60]
    width = PLAN.input_width
    for x, y in batches:
        for bits, label in zip(x.tolist(), y.tolist(), strict=True):
            number = sum(bit << place for place, bit in enumerate(bits))
            for word in range(placed.first.sample_words):
                value = number >> word * width & (1 << width) - 1
                lines.append(SAMPLE << 60 | label << width | value)
    lines.append(IDLE << 60)
    for layer in config.layers:
        position = layer_address(layer.index, UniversalLayerRegister.POSITION)
        counter = layer_address(layer.index, UniversalLayerRegister.COUNTER)
        lines.append(request((position, 0)))
        lines += [request((counter, None), READ)] * layer.weights
    return lines


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog (iverilog)")
@pytest.mark.parametrize("level", ["-g2005", "-g2012"])
def test_one_network_after_another_learns_in_icarus(
    core: ExportedCore, tmp_path: Path, level: str
) -> None:
    rng = np.random.default_rng(2)
    lines: list[int] = []
    expected: list[int] = []
    for config in NETWORKS:
        batches = [
            (
                rng.integers(0, 2, (config.batch, config.inputs), dtype=np.uint8),
                rng.integers(0, config.classes, config.batch),
            )
            for _ in range(3)
        ]
        model = Network(config)
        list(model.train_batches(batches, EVENTS[: len(config.layers)]))
        expected += [int(k) for counters in model.counters for k in counters.reshape(-1)]
        lines += program_of(config, batches)
    text = "\n".join(f"{line:016x}" for line in [*lines, 0])
    (tmp_path / "program.hex").write_text(text)
    subprocess.run(
        [
            "iverilog",
            level,
            f"-DLINES={len(lines) + 1}",
            f"-DSAMPLE_BITS={PLAN.input_width + 9}",
            "-o",
            "bench",
            str(BENCH),
            str(core.verilog),
        ],
        cwd=tmp_path,
        check=True,
    )
    done = subprocess.run(
        ["vvp", "-n", "bench"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    found = [int(word, 16) for word in done.stdout.split()]
    assert [value - (value >> 31 << 32) for value in found] == expected


def test_the_files_describe_capacity_and_registers(core: ExportedCore) -> None:
    described = json.loads(core.description.read_text())
    assert UniversalTrainer.from_dict(described["trainer"]) == TRAINER
    registers = {one["name"]: one for one in described["registers"]}
    assert registers["LAYERS"]["maximum"] == 2
    assert registers["LAYER_1_INPUTS"] == {
        "name": "LAYER_1_INPUTS",
        "address": 2 << 8 | 16,
        "access": "rw",
        "meaning": "input bits `N`; a read needs the core idle",
        "on_write": "store",
        "minimum": 1,
        "maximum": 9,
        "on_read": "action",
        "read_needs_idle": True,
    }
    assert "LAYER_2_INPUTS" not in registers
    manual = core.manual.read_text()
    assert all(f"`{name}`" in manual for name in registers)
    for text in ("up to 2 layers", "## Set up a network", "`ceil(K / 1) · ceil(N / 6)` rows"):
        assert text in manual
