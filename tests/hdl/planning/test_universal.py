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
WITHOUT_CHOICES = replace(CAPACITY, choices=0)
SHARED = UniversalTrainer(WITHOUT_CHOICES, PLAN, fpga="iCE40UP5K", shared_memories=True)
APART = UniversalTrainer(CAPACITY, PLAN)


@pytest.mark.parametrize("trainer", [SHARED, APART])
def test_a_trainer_is_read_as_it_was_written(trainer: UniversalTrainer) -> None:
    assert UniversalTrainer.from_dict(json.loads(json.dumps(trainer.to_dict()))) == trainer


def test_a_trainer_without_the_switch_has_its_memories_apart() -> None:
    values = APART.to_dict()
    del values["shared_memories"]
    assert UniversalTrainer.from_dict(values) == APART


@pytest.mark.parametrize("name", ["capacity", "engine"])
@pytest.mark.parametrize("value", [[], [1, 2], 3, None, "many"])
def test_a_part_of_a_trainer_that_is_no_mapping(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must be names with values, not "):
        UniversalTrainer.from_dict({**APART.to_dict(), name: value})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pe": 2}, "pe = 2, spram and 8"),
        ({"memory": MemoryKind.BLOCK}, "pe = 1, block and 8"),
        ({"update_width": 1, "input_width": 1}, "pe = 1, spram and 1"),
    ],
)
def test_shared_memories_need_a_neuron_a_set_and_spram(change: dict[str, Any], said: str) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^shared memories need pe = 1, hidden weights in SPRAM and input_width of at least "
        f"2, not {said}: leave the memories apart, or change the fold factors$",
    ):
        UniversalTrainer(WITHOUT_CHOICES, replace(PLAN, **change), shared_memories=True)


def test_choices_have_a_memory_unless_it_is_shared() -> None:
    with pytest.raises(ConfigurationError, match=r"^choices must be at least 1, unless memories"):
        UniversalTrainer(WITHOUT_CHOICES, PLAN)
    with pytest.raises(
        ConfigurationError,
        match=r"^choices must be 0 with shared memories, not 256: they are in the memory of "
        r"samples$",
    ):
        UniversalTrainer(CAPACITY, PLAN, shared_memories=True)


def test_the_memory_of_samples_is_a_power_of_two() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^sample_words must be a power of two, not 500: take 512$"
    ):
        replace(CAPACITY, sample_words=500)


@pytest.mark.parametrize(
    ("name", "most"), [("inputs", 65_535), ("rows", 65_536), ("neurons", 32_768)]
)
def test_settings_of_a_layer_fit_into_16_bits(name: str, most: int) -> None:
    replace(CAPACITY, **{name: most})
    with pytest.raises(
        ConfigurationError, match=rf"^{name} must be from 1 to {most}, not {most + 1}$"
    ):
        replace(CAPACITY, **{name: most + 1})


@pytest.mark.parametrize(
    ("layers", "neurons", "depth"), [(3, 208, 256), (3, 209, 512), (1, 240, 256), (5, 176, 256)]
)
def test_sums_and_records_of_layers_are_in_one_memory(
    layers: int, neurons: int, depth: int
) -> None:
    trainer = UniversalTrainer(replace(CAPACITY, layers=layers, neurons=neurons), PLAN)
    assert trainer.engine.sums_depth == depth


@pytest.mark.parametrize(("counter_bits", "rows"), [(2, 32), (3, 32), (4, 16), (8, 8), (16, 4)])
def test_records_of_layers_follow_the_hidden_weights(counter_bits: int, rows: int) -> None:
    engine = UniversalTrainer(replace(CAPACITY, counter_bits=counter_bits), PLAN).engine
    assert engine.bank_rows == 512 * 50 + 3 * rows


@pytest.mark.parametrize(
    ("input_width", "neurons", "most"), [(8, 256, 127), (4, 256, 7), (2, 256, 1), (8, 100, 100)]
)
def test_groups_are_as_large_as_their_codes_allow(
    input_width: int, neurons: int, most: int
) -> None:
    plan = replace(PLAN, input_width=input_width, update_width=2)
    capacity = replace(WITHOUT_CHOICES, neurons=neurons)
    trainer = UniversalTrainer(capacity, plan, shared_memories=True)
    assert trainer.engine.max_group == most
    assert UniversalTrainer(replace(CAPACITY, neurons=neurons), plan).engine.max_group == neurons


def test_a_group_that_is_too_large() -> None:
    network = NetworkConfig(inputs=100, hidden=(127, 128), groups=(127, 128), classes=4)
    APART.place(network)
    with pytest.raises(
        ConfigurationError,
        match=r"^the network has groups of 128 neurons in layer 1; this trainer takes groups of at "
        "most 127: take smaller groups, or a larger board$",
    ):
        SHARED.place(network)


@pytest.mark.parametrize(
    ("inputs", "hidden", "groups", "apart", "shared"),
    [
        (784, (128,), (32,), 128, 128),  # 98 words and 4 choices
        (784, (128,), (4,), 128, 256),  # 32 choices
        (784, (120,), (4,), 128, 128),  # 30 choices
        (512, (128,), (64,), 64, 128),
        (784, (64, 64), (16, 16), 128, 128),  # 106 words and 8 choices
        (8, (1,), (1,), 1, 2),
    ],
)
def test_a_sample_takes_a_power_of_two_words(
    inputs: int, hidden: tuple[int, ...], groups: tuple[int, ...], apart: int, shared: int
) -> None:
    network = NetworkConfig(inputs=inputs, hidden=hidden, groups=groups, classes=4)
    for trainer, words in ((APART, apart), (SHARED, shared)):
        placed = trainer.place(network)
        assert placed.sample_stride == words
        assert placed.sample_buffers == min(4, 512 // words)


def test_a_sample_that_takes_too_many_words() -> None:
    network = NetworkConfig(inputs=1568, hidden=(250, 100), groups=(1, 1), classes=4)
    capacity = replace(WITHOUT_CHOICES, rows=4096, columns=512)
    trainer = UniversalTrainer(capacity, PLAN, shared_memories=True)
    with pytest.raises(
        ConfigurationError,
        match=r"^the network has 1,024 words of 8 bits for a sample; this trainer has room for "
        r"512: take larger groups, or fewer neurons or inputs, or take a larger board$",
    ):
        trainer.place(network)


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
    assert apart == {**shared, "marks": 1, "choices": 1}
