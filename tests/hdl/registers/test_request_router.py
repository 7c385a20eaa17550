# amaranth: UnusedElaboratable=no
"""Requests to registers of the core or of a layer: answers, cycles, refusals."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    UniversalLayerRegister,
    UniversalRegister,
    layer_address,
)
from metaplast.hdl.registers.request_router import RequestRouter

from ..simulate import simulate

LAYERS = 3
LAYER_CYCLES = 2
OWN_VALUE = 0x0DD0
MAX_CYCLES = 20


@dataclass
class Seen:
    """Response and strobes of a request, by cycles since it was offered."""

    status: Status
    data: int
    taken: int
    answered: int
    enabled: list[int]
    held: list[int]
    layers: list[int]


class BenchEnvironment:
    """Registers of the core, and layers that take a request after some cycles."""

    def __init__(self, context: Any, dut: RequestRouter):
        self.context, self.dut = context, dut

    async def request(
        self, address: int, data: int | None = None, *, own: Status = Status.OK
    ) -> Seen:
        """Read a register, or write ``data``."""
        context, dut = self.context, self.dut
        context.set(dut.requests.valid, 1)
        context.set(
            dut.requests.payload,
            {"write": data is not None, "address": address, "data": data or 0},
        )
        context.set(dut.status, own)
        context.set(dut.value, OWN_VALUE)
        context.set(dut.responses.ready, 1)
        seen = Seen(Status.OK, 0, -1, -1, [], [], [])
        offered = [0] * LAYERS
        due: int | None = None
        for cycle in range(MAX_CYCLES):
            for layer in range(dut.ports):
                port, response = dut.layer_requests[layer], dut.layer_responses[layer]
                context.set(response.valid, due == layer)
                context.set(response.payload, {"status": Status.RANGE, "data": 100 + layer})
                offered[layer] += context.get(port.valid)
                context.set(port.ready, offered[layer] == LAYER_CYCLES)
            due = None
            for layer in range(dut.ports):
                if context.get(dut.layer_requests[layer].valid) and offered[layer] == LAYER_CYCLES:
                    assert context.get(dut.layer_requests[layer].payload.address) == address
                    seen.layers.append(layer)
                    due = layer
            if context.get(dut.enable):
                seen.enabled.append(cycle)
            if context.get(dut.hold):
                seen.held.append(cycle)
            if context.get(dut.requests.ready):
                assert seen.taken < 0
                seen.taken = cycle
            if context.get(dut.responses.valid):
                seen.answered = cycle
                seen.status = Status(context.get(dut.responses.payload.status))
                seen.data = context.get(dut.responses.payload.data)
            await context.tick()
            if seen.taken == cycle:
                context.set(dut.requests.valid, 0)
            if seen.answered >= 0:
                return seen
        raise TimeoutError(f"no response to {address:#x} within {MAX_CYCLES} cycles")


def run_bench(bench: Callable[[BenchEnvironment], Awaitable[None]]) -> None:
    run_router(RequestRouter(layers=LAYERS), bench)


def run_router(dut: RequestRouter, bench: Callable[[BenchEnvironment], Awaitable[None]]) -> None:
    async def run(context: Any) -> None:
        await bench(BenchEnvironment(context, dut))

    simulate(dut, run)


@pytest.mark.parametrize("status", list(Status))
def test_the_cores_own_registers_answer_in_the_second_cycle(status: Status) -> None:
    async def bench(core: BenchEnvironment) -> None:
        for data in (None, 5):
            seen = await core.request(GlobalRegister.BATCH, data, own=status)
            assert seen == Seen(status, OWN_VALUE, 2, 3, enabled=[1], held=[1], layers=[])

    run_bench(bench)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_a_layer_answers_for_its_registers(layer: int) -> None:
    async def bench(core: BenchEnvironment) -> None:
        for data in (None, 5):
            seen = await core.request(layer_address(layer, LayerRegister.COUNTER), data)
            # Held from Look on, until the layer's answer is there.
            assert seen == Seen(
                Status.RANGE, 100 + layer, 3, 5, enabled=[], held=[1, 2, 3, 4], layers=[layer]
            )

    run_bench(bench)


@pytest.mark.parametrize("page", [LAYERS + 1, 255, 256, (1 << 16) - 1])
def test_a_missing_layer_is_unknown(page: int) -> None:
    async def bench(core: BenchEnvironment) -> None:
        for data in (None, 5):
            seen = await core.request(page << 8, data)
            assert seen == Seen(Status.UNKNOWN, 0, 2, 3, enabled=[], held=[1], layers=[])

    run_bench(bench)


def test_a_busy_core_refuses_writes_and_reads_that_need_it_idle() -> None:
    async def bench(core: BenchEnvironment) -> None:
        core.context.set(core.dut.busy, 1)
        no_layer = (LAYERS + 1) << 8
        reads = {
            layer_address(1, register): register.declaration.read_needs_idle
            for register in LayerRegister
        }
        assert sum(reads.values()) == 2
        reads |= dict.fromkeys(GlobalRegister, False)
        reads |= {200: False, no_layer: False, no_layer + LayerRegister.COUNTER: True}
        for address, refused in reads.items():
            seen = await core.request(address)
            assert (seen.status is Status.BUSY) == refused, hex(address)
            seen = await core.request(address, 1)
            assert seen == Seen(Status.BUSY, 0, 2, 3, enabled=[], held=[1], layers=[])

    run_bench(bench)


def test_every_request_to_a_layer_needs_a_universal_trainer_idle() -> None:
    async def bench(core: BenchEnvironment) -> None:
        registers = (*UniversalLayerRegister, 200)  # and an offset without a register
        for register in registers:
            core.context.set(core.dut.busy, 1)
            seen = await core.request(2 << 8 | register)
            assert seen == Seen(Status.BUSY, 0, 2, 3, enabled=[], held=[1], layers=[])
            core.context.set(core.dut.busy, 0)
            seen = await core.request(2 << 8 | register)
            assert seen.layers == [0]
        core.context.set(core.dut.busy, 1)
        seen = await core.request(UniversalRegister.CLASSES)
        assert seen.status is Status.OK

    groups = {"registers": UniversalRegister, "layer_registers": UniversalLayerRegister}
    run_router(RequestRouter(layers=LAYERS, shared=True, **groups), bench)


def test_at_least_one_layer_is_required() -> None:
    with pytest.raises(ValueError, match="layers must be at least 1, not 0"):
        RequestRouter(layers=0)
