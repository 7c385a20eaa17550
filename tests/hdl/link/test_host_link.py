# amaranth: UnusedElaboratable=no
"""The device's end of the host link."""

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model import ConfigurationError, NetworkConfig
from metaplast.hdl.link.host_link import HostLink
from metaplast.hdl.link.protocol import (
    RequestKind,
    design_digest,
    encode_frame,
    result_bytes,
    sample_request,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..simulate import simulate

BENCH = "tests.hdl.link.benches.host_link"
CONFIG = NetworkConfig(inputs=24, hidden=(12, 8), groups=(4, 4), classes=4, counter_bits=4)


def link(config: NetworkConfig = CONFIG, *, input_width: int = 4, clock_khz: int = 0) -> HostLink:
    first = LayerPlan(simd=input_width, input_width=input_width)
    rest = (LayerPlan(),) * (len(config.layers) - 1)
    folded = FoldedNetwork(config, NetworkPlan((first, *rest)))
    return HostLink(folded, clock_khz=clock_khz)


def run(link: HostLink, flip: bool = False) -> None:
    folded = link.folded
    parameters = {
        "input_width": folded.first.plan.input_width,
        "words": folded.first.sample_words,
        "pages": len(folded.layers) + 1,
        "classes": folded.config.classes,
        "result_bytes": result_bytes(len(folded.layers)),
        "counter_bits": folded.config.counter_bits,
        "clock_khz": link.clock_khz,
        "digest": design_digest(folded),
    }
    build(Design.of(link)).run(BENCH, parameters=parameters, flip=flip)


WIDE = NetworkConfig(inputs=300, hidden=(4, 4, 4), groups=(2, 2, 2), classes=2, counter_bits=9)
ONE_WORD = NetworkConfig(inputs=392, hidden=(4,), groups=(2,), classes=2)


@pytest.mark.parametrize(
    ("config", "input_width", "clock_khz"),
    [
        pytest.param(CONFIG, 4, 0, id="nibbles"),
        pytest.param(WIDE, 196, (1 << 32) - 1, id="wide"),
        pytest.param(ONE_WORD, 392, 12_000, id="one_word"),
    ],
)
def test_frames_are_obeyed(config: NetworkConfig, input_width: int, clock_khz: int) -> None:
    run(link(config, input_width=input_width, clock_khz=clock_khz))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"(o|samples|requests): item \d+, .*: expected"):
        run(link(), flip=True)


def test_a_late_core_gets_no_word_in_the_cycle_of_the_next_frames_first_byte() -> None:
    dut = link(input_width=24)

    async def bench(ctx: SimulatorContext) -> None:
        ctx.set(dut.last_word, 1)
        ctx.set(dut.i.valid, 1)
        for byte in encode_frame(sample_request(0, 1, True, b"\x12\x34\x56")):
            ctx.set(dut.i.payload, byte)
            while not ctx.get(dut.i.ready):
                await ctx.tick()
            await ctx.tick()
        ctx.set(dut.i.valid, 0)
        await ctx.tick().repeat(20)
        assert ctx.get(dut.samples.valid)

        ctx.set(dut.i.payload, RequestKind.SYNC)
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.samples.ready, 1)
        assert ctx.get(dut.i.ready)
        assert not ctx.get(dut.samples.valid)
        await ctx.tick()
        ctx.set(dut.i.valid, 0)
        assert ctx.get(dut.cancel)
        for _ in range(20):
            assert not ctx.get(dut.samples.valid)
            await ctx.tick()

    simulate(dut, bench)


def test_a_plan_suits_the_network() -> None:
    with pytest.raises(ConfigurationError, match="layer"):
        HostLink(FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(),))))


@pytest.mark.parametrize("clock_khz", [-1, 1 << 32])
def test_a_clock_fits_its_register(clock_khz: int) -> None:
    message = rf"clock_khz must be from 0 to 2\^32 - 1, not {clock_khz}"
    with pytest.raises(ValueError, match=message):
        link(clock_khz=clock_khz)
