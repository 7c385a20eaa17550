"""Rules of universal trainers, and the placement of networks on them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.plan import LayerPlan, MemoryKind
from metaplast.hdl.planning.resources import layer_memories, memory_need
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer

CAPACITY = Capacity(
    layers=3,
    inputs=1568,
    neurons=256,
    classes=10,
    counter_bits=8,
    rows=512,
    columns=256,
    sample_words=512,
    choices=256,
)
PLAN = LayerPlan(simd=200, update_width=4, input_width=8, memory=MemoryKind.SPRAM)
SHARED = UniversalTrainer(CAPACITY, PLAN, fpga="iCE40UP5K", shared_memories=True)
APART = UniversalTrainer(CAPACITY, PLAN)


@pytest.mark.parametrize("trainer", [SHARED, APART])
def test_a_trainer_is_read_as_it_was_written(trainer: UniversalTrainer) -> None:
    assert UniversalTrainer.from_dict(json.loads(json.dumps(trainer.to_dict()))) == trainer


def test_a_trainer_without_the_switch_has_its_memories_apart() -> None:
    values = APART.to_dict()
    del values["shared_memories"]
    assert UniversalTrainer.from_dict(values) == APART


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pe": 2}, "pe = 2 and spram"),
        ({"memory": MemoryKind.BLOCK}, "pe = 1 and block"),
    ],
)
def test_shared_memories_need_a_neuron_a_set_and_spram(change: dict[str, Any], said: str) -> None:
    with pytest.raises(
        ConfigurationError,
        match=f"^shared memories need pe = 1 and hidden weights in SPRAM, not {said}: leave them",
    ):
        UniversalTrainer(CAPACITY, replace(PLAN, **change), shared_memories=True)


def test_layers_lie_behind_one_another() -> None:
    network = NetworkConfig(inputs=500, hidden=(20, 12), groups=(4, 4), classes=4)
    plan = replace(PLAN, pe=8, input_width=8, memory=MemoryKind.BLOCK)
    first, second = UniversalTrainer(CAPACITY, plan).place(network).layers
    assert (first.base, first.column) == (0, 0)
    assert (second.base, second.column) == (9, 3)  # 3 sets of 3 words


def test_shared_memories_take_fewer_block_rams() -> None:
    ice40 = find_fpga("iCE40UP5K")
    apart, shared = (
        {
            memory.name: memory_need(memory, ice40).block_rams
            for memory in layer_memories(trainer.engine)
        }
        for trainer in (APART, SHARED)
    )
    assert apart == {**shared, "marks": 1}
