"""The trainer core, accessed by a host."""

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.trainer_core import TrainerCore
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCHES = ("tests.hdl.benches.trainer_core", "tests.hdl.benches.core_accesses")

CORES = {
    # A sample is a word.
    "one layer": (
        NetworkConfig(inputs=5, hidden=(6,), groups=(3,), classes=3, counter_bits=3, batch=5),
        NetworkPlan(
            (LayerPlan(pe=2, simd=5, input_width=5, sample_buffers=2, memory=MemoryKind.SPRAM),)
        ),
    ),
    # A row has three counters, and a layer hundreds of events.
    "wide rows": (
        NetworkConfig(inputs=33, hidden=(24,), groups=(6,), classes=10, counter_bits=4),
        NetworkPlan((LayerPlan(pe=4, simd=12, update_width=3, input_width=3),)),
    ),
    "two layers": (
        NetworkConfig(inputs=8, hidden=(6, 4), groups=(3, 2), classes=5, counter_bits=4, batch=4),
        NetworkPlan(
            (
                LayerPlan(
                    banks=2, pe=3, simd=4, input_width=2, sample_buffers=3, draws_per_cycle=2
                ),
                LayerPlan(pe=2, simd=6, update_width=2, input_width=2),
            )
        ),
    ),
}


def run(core: str, bench: str = BENCHES[0], *, case: str | None = None, flip: bool = False) -> None:
    network, plan = CORES[core]
    parameters = {"network": network.to_dict(), "plan": plan.to_dict()}
    design = Design.of(TrainerCore(FoldedNetwork(network, plan)))
    build(design).run(bench, parameters=parameters, case=case, flip=flip)


@pytest.mark.parametrize("bench", BENCHES)
@pytest.mark.parametrize("core", ["one layer", "two layers"])
def test_the_cases_of_the_bench(core: str, bench: str) -> None:
    run(core, bench)


def test_writing_a_counter_within_a_batch_leaves_its_row_in_the_snapshot() -> None:
    run("wide rows", BENCHES[1], case="own_values")


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(results|responses|batch_ends\[\d]): item \d+, in cycle \d+: expected"
    ):
        run("one layer", case="training/flow=STEADY", flip=True)
