"""A bank's neurons in the forward pass."""

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.forward_bank import ForwardBank
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..forward_layers import FORWARD_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate

BENCH = "tests.hdl.forward.benches.forward_bank"


def run(layer: str, *, later: int = 0, flip: bool = False) -> None:
    bank = ForwardBank({**FORWARD_LAYERS, **ENGINES}[layer])
    parameters = {
        "layer": layer,
        "latency": bank.latency + later,
        "choice": bank.choice_latency,
    }
    build(Design.of(bank)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("layer", FORWARD_LAYERS)
def test_steps_and_choices_are_right_and_on_time(layer: str) -> None:
    run(layer)


@pytest.mark.parametrize("name", ["one", "pairs", "three chunks", "shared memories"])
def test_layers_are_set_at_run_time(name: str) -> None:
    run(name)


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        (("clear", "read"), "a dirty bit is read during a pass"),
        (("read", "write"), "a dirty bit is read and written at once"),
        (("column", "write"), "a dirty bit is set while a column is stored"),
    ],
)
def test_a_disturbed_dirty_bit_stops_a_simulation(ports: tuple[str, str], said: str) -> None:
    bank = ForwardBank(ENGINES["shared memories"])
    signals = {
        "clear": bank.clear,
        "read": bank.dirty.read_enable,
        "write": bank.dirty.write_enable,
        "column": bank.column.valid,
    }

    async def bench(ctx: SimulatorContext) -> None:
        ctx.set(bank.dirty.write_data, 1)
        ctx.set(signals[ports[1]], 1)
        await ctx.tick()
        ctx.set(signals[ports[0]], 1)
        await ctx.tick()

    with pytest.raises(AssertionError, match=said):
        simulate(bank, bench)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected") as caught:
        run("two banks", flip=True)
    assert len(caught.value.failed) == 4
