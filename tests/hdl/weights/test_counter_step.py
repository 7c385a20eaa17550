# amaranth: UnusedElaboratable=no
"""The arithmetic of hidden weights in gateware."""

import pytest

from metaplast.hdl.weights.counter_step import CounterStep
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.weights.benches.counter_step"


def run(step: CounterStep, flip: bool = False) -> None:
    parameters = {"counters": step.counters, "counter_bits": step.counter_bits}
    build(Design.of(step)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(("counters", "counter_bits"), [(1, 2), (5, 8), (3, 16)])
def test_counters_step_and_saturate(counters: int, counter_bits: int) -> None:
    run(CounterStep(counters=counters, counter_bits=counter_bits))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected"):
        run(CounterStep(counters=5, counter_bits=8), flip=True)


def test_a_row_has_a_counter() -> None:
    with pytest.raises(ValueError, match="counters must be at least 1, not 0"):
        CounterStep(counters=0, counter_bits=8)


@pytest.mark.parametrize("counter_bits", [1, 17])
def test_counters_have_2_to_16_bits(counter_bits: int) -> None:
    with pytest.raises(ValueError, match=f"counter_bits must be from 2 to 16, not {counter_bits}"):
        CounterStep(counters=1, counter_bits=counter_bits)
