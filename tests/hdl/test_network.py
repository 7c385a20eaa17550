# amaranth: UnusedElaboratable=no
"""Layers in a chain."""

from dataclasses import replace

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.network import Network
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.benches.network"

SMALL = (
    NetworkConfig(inputs=7, hidden=(6, 8, 3), groups=(3, 2, 1), classes=3, counter_bits=3, batch=4),
    NetworkPlan(
        (
            LayerPlan(
                pe=2,
                simd=4,
                update_width=2,
                input_width=2,
                sample_buffers=2,
                memory=MemoryKind.SPRAM,
            ),
            LayerPlan(banks=2, pe=4, simd=3, input_width=3, sample_buffers=2, draws_per_cycle=2),
            LayerPlan(banks=3, simd=4, update_width=2, input_width=4, sample_buffers=3),
        )
    ),
)
# The first layer is the slowest.
LARGE = (
    NetworkConfig(
        inputs=64, hidden=(32, 16, 16), groups=(8, 8, 8), classes=4, counter_bits=6, batch=25
    ),
    NetworkPlan(
        (
            LayerPlan(pe=1, simd=16, update_width=1, input_width=16),
            LayerPlan(pe=2, simd=16, update_width=8, input_width=8),
            LayerPlan(pe=2, simd=16, update_width=8, input_width=8),
        )
    ),
)
# The second layer is the slowest, by its forward passes and by its updates.
MIDDLE = (
    NetworkConfig(
        inputs=64, hidden=(16, 32, 16), groups=(8, 8, 8), classes=4, counter_bits=6, batch=25
    ),
    NetworkPlan(
        (
            LayerPlan(pe=2, simd=16, update_width=8, input_width=16),
            LayerPlan(pe=1, simd=4, update_width=1, input_width=4),
            LayerPlan(pe=2, simd=16, update_width=4, input_width=8),
        )
    ),
)
# The third layer is the slowest.
LAST = (
    replace(MIDDLE[0], hidden=(16, 16, 32)),
    NetworkPlan(
        (
            LayerPlan(pe=2, simd=16, update_width=8, input_width=16),
            LayerPlan(pe=2, simd=16, update_width=4, input_width=8),
            LayerPlan(pe=1, simd=4, update_width=1, input_width=4, sample_buffers=8),
        )
    ),
)


def run(
    network: NetworkConfig,
    plan: NetworkPlan,
    *,
    batches: int = 3,
    case: str | None = None,
    flip: bool = False,
) -> list[int]:
    parameters = {"network": network.to_dict(), "plan": plan.to_dict(), "batches": batches}
    simulator = build(Design.of(Network(FoldedNetwork(network, plan))))
    return simulator.run(BENCH, parameters=parameters, case=case, flip=flip)


def test_layers_learn_as_the_reference_network() -> None:
    run(*SMALL)


def test_layers_work_in_parallel() -> None:
    network, plan = LARGE
    together, *_ = run(network, plan, batches=5, case="cycles")
    first = replace(network, hidden=network.hidden[:1], groups=network.groups[:1])
    alone, model = run(first, replace(plan, layers=plan.layers[:1]), batches=5, case="cycles")
    assert alone == model
    assert alone <= together < 1.05 * alone


@pytest.mark.parametrize(("design", "slowest"), [(LARGE, 0), (MIDDLE, 1), (LAST, 2)])
def test_a_network_is_as_fast_as_its_slowest_layer(
    design: tuple[NetworkConfig, NetworkPlan], slowest: int
) -> None:
    together, *alone = run(*design, batches=8, case="cycles")
    assert max(alone) == alone[slowest]
    assert alone[slowest] <= together < 1.05 * alone[slowest]


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(o|responses__\d|batch_ends\[\d\]): item \d+, in cycle \d+: expected"
    ) as caught:
        run(*SMALL, flip=True)
    assert len(caught.value.failed) == 5


def test_a_plan_for_another_network_is_refused() -> None:
    network, plan = SMALL
    with pytest.raises(ConfigurationError, match="the plan is for 2 layers, the network has 3"):
        Network(FoldedNetwork(network, replace(plan, layers=plan.layers[:2])))
