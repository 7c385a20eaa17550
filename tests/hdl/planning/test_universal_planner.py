"""The planner of universal trainers."""

from dataclasses import replace

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.planning.capacity import MAX_ROWS
from metaplast.hdl.planning.cycles import Workload, mean_cycles
from metaplast.hdl.planning.fpgas import FPGA, FPGAS, find_fpga
from metaplast.hdl.planning.infeasibility import DoesNotFitError
from metaplast.hdl.planning.plan import MemoryKind
from metaplast.hdl.planning.resources import (
    Resources,
    layer_memories,
    memory_need,
    total_need,
)
from metaplast.hdl.planning.universal import UniversalTrainer
from metaplast.hdl.planning.universal_planner import plan_universal, reference_network
from metaplast.hdl.planning.universal_resources import universal_needs

ICE40, ECP5 = find_fpga("iCE40UP5K"), find_fpga("ECP5-85F")


def network(inputs: int, *hidden: int, group: int = 8, **further: int) -> NetworkConfig:
    groups = (group,) * len(hidden)
    return NetworkConfig(inputs=inputs, hidden=hidden, groups=groups, **{"classes": 10, **further})


def larger(fpga: FPGA) -> FPGA:
    """The FPGA with more logic cells, and the same memories."""
    return replace(fpga, luts=12_000, registers=12_000)


def memories(trainer: UniversalTrainer, fpga: FPGA) -> Resources:
    needs = (memory_need(memory, fpga) for memory in layer_memories(trainer.engine))
    return sum(needs, Resources())


@pytest.mark.parametrize(
    "fpga", [larger(fpga) if fpga is ICE40 else fpga for fpga in FPGAS], ids=lambda fpga: fpga.name
)
def test_a_trainer_fits_with_room_for_a_host_link_and_has_the_most_rows(fpga: FPGA) -> None:
    trainer = plan_universal(fpga)
    need = total_need(universal_needs(trainer, fpga))
    assert need.fits(Resources.of(fpga))
    assert need.cells <= fpga.max_cell_utilisation * fpga.luts
    most = fpga.max_block_ram_utilisation * fpga.block_ram.count
    assert memories(trainer, fpga).block_rams <= most
    rows = trainer.capacity.rows
    more = replace(trainer.capacity, rows=rows + 1 if fpga.spram is None else 2 * rows)
    assert memories(replace(trainer, capacity=more), fpga).block_rams > most
    assert trainer.fpga == fpga.name
    assert UniversalTrainer.from_dict(trainer.to_dict()) == trainer


def test_the_largest_fpga_holds_784_256_10_in_at_most_200_cycles() -> None:
    trainer = plan_universal(ECP5)
    config = reference_network(trainer)
    assert (config.inputs, config.hidden, config.classes) == (784, (256,), 10)
    assert mean_cycles(trainer.place(config), Workload()) <= 200
    assert trainer.capacity.layers == 8
    assert trainer.capacity.inputs == 4096
    assert trainer.place(config).sample_buffers == 32


def test_spram_holds_the_hidden_weights_where_there_is_some() -> None:
    fpga = larger(ICE40)
    trainer = plan_universal(fpga)
    assert trainer.plan.memory is MemoryKind.SPRAM
    assert trainer.engine.bank_rows * trainer.engine.row_bits <= 4 * 16_384 * 16
    assert memories(trainer, fpga).sprams == 4
    assert reference_network(trainer).hidden == (128,)


@pytest.mark.parametrize(
    "config",
    [network(64, 64, 32), network(30, 10, 6, 4, group=2, classes=3), network(5000, 8)],
    ids=str,
)
def test_a_given_network_is_held(config: NetworkConfig) -> None:
    trainer = plan_universal(find_fpga("ECP5-45F"), network=config)
    placed = trainer.place(config)
    assert placed.sample_buffers >= 2
    need = total_need(universal_needs(trainer, find_fpga("ECP5-45F")))
    assert need.fits(Resources.of(find_fpga("ECP5-45F")))


def test_a_given_network_takes_fewer_cycles_than_on_the_general_trainer() -> None:
    fpga = find_fpga("ECP5-45F")
    config = network(64, 64)
    chosen, general = (
        mean_cycles(trainer.place(config), Workload())
        for trainer in (plan_universal(fpga, network=config), plan_universal(fpga))
    )
    assert chosen < general


def test_rows_are_limited_for_a_network_with_very_short_rows() -> None:
    trainer = plan_universal(ECP5, network=network(1, 1, group=1, classes=2))
    assert trainer.capacity.rows == MAX_ROWS


def test_the_width_of_hidden_weights() -> None:
    fpga = find_fpga("ECP5-25F")
    assert plan_universal(fpga, counter_bits=4).capacity.counter_bits == 4
    config = network(64, 32, counter_bits=6)
    assert plan_universal(fpga, network=config).capacity.counter_bits == 6


def test_the_icebreaker_shares_memories_and_holds_784_128_10() -> None:
    trainer = plan_universal(ICE40)
    assert trainer.shared_memories
    assert reference_network(trainer).hidden == (128,)
    assert trainer.capacity.rows == 1 << (trainer.capacity.rows.bit_length() - 1)
    assert memories(trainer, ICE40).block_rams == 29


CELLS = (
    r"of any capacity does not fit the iCE40UP5K: with any folding, it needs at least "
    r"[\d,]+ logic cells, and may take 1,000: take a larger FPGA$"
)
BLOCK_RAMS = (
    r"for 4096–1024–10 does not fit the ECP5-85F: with any folding, it needs at least "
    r"[\d,]+ EBRs, and may take 187: take a smaller network, or a larger FPGA$"
)


@pytest.mark.parametrize(
    ("fpga", "config", "resource", "words"),
    [
        (ICE40.with_cells(1000), None, "cells", CELLS),
        (ECP5, network(4096, 1024), "block_rams", BLOCK_RAMS),
    ],
)
def test_the_exhausted_resource_is_named(
    fpga: FPGA, config: NetworkConfig | None, resource: str, words: str
) -> None:
    with pytest.raises(DoesNotFitError, match=words) as raised:
        plan_universal(fpga, network=config)
    error = raised.value
    assert error.resource == resource
    assert error.need > error.supply


def test_a_trainer_without_room_for_the_reference_network() -> None:
    trainer = plan_universal(find_fpga("ECP5-25F"), network=network(64, 16))
    small = replace(trainer, capacity=replace(trainer.capacity, inputs=100))
    with pytest.raises(ConfigurationError, match="the network has 784 inputs of layer 0"):
        reference_network(small)
