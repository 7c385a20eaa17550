# amaranth: UnusedElaboratable=no
"""The top level of a board."""

import pytest

from metaplast.golden_model import ConfigurationError, NetworkConfig
from metaplast.hdl.link.uart_trainer import UartTrainer
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.uart_trainer"
CONFIG = NetworkConfig(
    inputs=11, hidden=(6, 4), groups=(3, 2), classes=3, counter_bits=4, batch=6, seed=5
)
PLAN = NetworkPlan((LayerPlan(simd=11, update_width=11, input_width=11), LayerPlan(banks=2, pe=2)))


def run(*, clocks_per_bit: int, clock_khz: int = 0, flip: bool = False) -> None:
    trainer = UartTrainer(
        FoldedNetwork(CONFIG, PLAN), clocks_per_bit=clocks_per_bit, clock_khz=clock_khz
    )
    parameters = {
        "network": CONFIG.to_dict(),
        "clocks_per_bit": clocks_per_bit,
        "clock_khz": clock_khz,
    }
    build(Design.of(trainer)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(("clocks_per_bit", "clock_khz"), [(4, 0), (9, 24_000)])
def test_a_host_trains_it_over_two_wires(clocks_per_bit: int, clock_khz: int) -> None:
    run(clocks_per_bit=clocks_per_bit, clock_khz=clock_khz)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"(registers|counters): item \d+, .*: expected"):
        run(clocks_per_bit=4, flip=True)


def test_what_it_is_made_of_is_checked() -> None:
    with pytest.raises(ValueError, match="clocks_per_bit must be at least 4, not 3"):
        UartTrainer(FoldedNetwork(CONFIG, PLAN), clocks_per_bit=3)
    with pytest.raises(ConfigurationError, match="the plan is for 1 layers, the network has 2"):
        UartTrainer(FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(),))), clocks_per_bit=4)
