# amaranth: UnusedElaboratable=no
"""Gate level: the netlist of a core, synthesised by Yosys, learns what the golden model learns."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import Network, NetworkConfig, Trainer
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.registers.register_map import GlobalRegister
from metaplast.hdl.trainer_core import TrainerCore
from metaplast.sim.core.core_process import CoreProcess
from metaplast.sim.core.simulated_core import MAIN
from metaplast.sim.core.simulated_transport import SimulatedTransport
from metaplast.sim.cosimulation.lockstep import LockstepNetwork
from metaplast.sim.verilator.simulator import build

from ..comparison import assert_same_array
from .netlists import ECP5, ICE40, Family, netlist_design

CONFIG = NetworkConfig(
    inputs=24, hidden=(12, 8), groups=(4, 4), classes=4, counter_bits=4, batch=16, seed=7
)
PLAN = NetworkPlan(
    (
        LayerPlan(
            pe=2, simd=12, update_width=4, input_width=4, sample_buffers=3, memory=MemoryKind.SPRAM
        ),
        LayerPlan(banks=2, simd=6, update_width=3, input_width=6, draws_per_cycle=2),
    )
)
SAMPLES, EPOCHS = 150, 3


@pytest.mark.parametrize(
    ("family", "cells"),
    [
        pytest.param(ICE40, ("SB_SPRAM256KA", "SB_RAM40_4K", "SB_LUT4", "SB_CARRY"), id="ice40"),
        pytest.param(ECP5, ("LUT4", "CCU2C", "TRELLIS_FF"), id="ecp5"),
    ],
)
def test_cells_learn_what_the_golden_model_learns(
    tmp_path: Path, family: Family, cells: tuple[str, ...]
) -> None:
    design, netlist = netlist_design(TrainerCore(FoldedNetwork(CONFIG, PLAN)), family, tmp_path)
    assert all(f"{cell} " in netlist for cell in cells)
    assert "always" not in netlist

    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (SAMPLES, CONFIG.inputs), dtype=np.uint8)
    y = rng.integers(0, CONFIG.classes, SAMPLES)
    folded = FoldedNetwork(CONFIG, PLAN)
    process = CoreProcess(build(design, main=MAIN))
    transport = SimulatedTransport(process, folded, {"gaps": 64, "stalls": 64, "noise": 1})
    # A netlist's memories have no names: all state is read through the registers.
    with closing(RemoteCore(transport, CONFIG, folded.first.plan.input_width)) as core:
        trainer = Trainer(LockstepNetwork(golden := Network(CONFIG), core))
        for _ in range(EPOCHS):
            trainer.train_epoch(x, y)
            for layer, counters in enumerate(core.read_counters()):
                assert_same_array(f"counters {layer}", golden.counters[layer], counters)
        counts = core.counts()
        assert counts.samples == SAMPLES
        assert sum(counts.updates) > SAMPLES // 2
        assert sum(counts.saturated) > 0
        assert transport.access([(GlobalRegister.SAMPLES, None)]) == [SAMPLES * EPOCHS]
        assert [s.history for s in core.streams] == [s.history for s in golden.streams]


CAPACITY = Capacity(
    layers=2,
    inputs=24,
    neurons=12,
    classes=4,
    counter_bits=4,
    rows=64,
    columns=24,
    sample_words=64,
    choices=64,
)
PLAN_IN_SPRAM = LayerPlan(simd=24, update_width=4, input_width=4, memory=MemoryKind.SPRAM)
UNIVERSAL = UniversalTrainer(CAPACITY, replace(PLAN_IN_SPRAM, simd=12))
SHARED = UniversalTrainer(replace(CAPACITY, choices=0), PLAN_IN_SPRAM, shared_memories=True)
NETWORKS = (
    NetworkConfig(
        inputs=23, hidden=(12, 9), groups=(4, 3), classes=4, counter_bits=4, batch=16, seed=7
    ),
    NetworkConfig(inputs=9, hidden=(6,), groups=(1,), classes=3, counter_bits=4, batch=5, seed=8),
)


@pytest.mark.parametrize(
    ("trainer", "adders"),
    [pytest.param(UNIVERSAL, 0, id="apart"), pytest.param(SHARED, 1, id="shared")],
)
def test_the_cells_of_a_universal_trainer_learn_one_network_after_the_other(
    tmp_path: Path, trainer: UniversalTrainer, adders: int
) -> None:
    design, netlist = netlist_design(TrainerCore(trainer), ICE40, tmp_path)
    assert "SB_SPRAM256KA " in netlist
    assert netlist.count(".TOPADDSUB_LOWERINPUT(2'h0)") == adders  # DSPs that do not multiply
    assert "always" not in netlist

    rng = np.random.default_rng(1)
    process = CoreProcess(build(design, main=MAIN))
    with closing(process):
        for config in NETWORKS:
            placed = trainer.place(config)
            transport = SimulatedTransport(process, placed, {"gaps": 64, "stalls": 64, "noise": 1})
            core = RemoteCore(transport, config, placed.first.plan.input_width, placed=placed)
            x = rng.integers(0, 2, (60, config.inputs), dtype=np.uint8)
            y = rng.integers(0, config.classes, 60)
            training = Trainer(LockstepNetwork(golden := Network(config), core))
            for _ in range(2):
                training.train_epoch(x, y)
                for layer, counters in enumerate(core.read_counters()):
                    assert_same_array(f"counters {layer}", golden.counters[layer], counters)
            assert sum(core.counts().updates) > 30
            assert [s.history for s in core.streams] == [s.history for s in golden.streams]
