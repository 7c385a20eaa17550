# amaranth: UnusedElaboratable=no
"""The harness and its design; its function is tested with the core."""

import re

import pytest
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from metaplast.golden_model import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.layer.sample_layouts import batch_end_layout, result_layout, sample_word_layout
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.registers.requests import request_layout, response_layout
from metaplast.sim.core.harness import COUNTERS, SNAPSHOT, SimulationTop, core_design

CONFIG = NetworkConfig(inputs=9, hidden=(6, 4), groups=(3, 2), classes=3)
PLAN = NetworkPlan(
    (LayerPlan(banks=2, simd=2, update_width=2, input_width=2), LayerPlan(memory=MemoryKind.SPRAM))
)


class Ports(wiring.Component):
    """The trainer core's ports, for two layers and words of two bits."""

    samples: In(stream.Signature(sample_word_layout(2)))
    results: Out(stream.Signature(result_layout(2)))
    requests: In(stream.Signature(request_layout()))
    responses: Out(stream.Signature(response_layout()))
    busy: Out(1)
    batch_ends: Out(data.ArrayLayout(batch_end_layout(), 2))


def test_a_sample_has_words() -> None:
    with pytest.raises(ValueError, match=r"^sample_words must be at least 1, not 0$"):
        SimulationTop(Ports(), sample_words=0)


def test_rows_hold_whole_samples() -> None:
    top = SimulationTop(Ports(), sample_words=5)
    assert {name: field.width for name, field in top.sample_layout} == (
        {"bits": 10, "label": 8, "last": 1}
    )
    assert top.result_layout.size == 2 * 9 + 1


def test_the_memories_are_public() -> None:
    verilog = core_design(FoldedNetwork(CONFIG, PLAN)).verilog
    names = re.findall(r"reg \[\d+:0\] (\w+) \[\d+:0\] /\*verilator public_flat_rw\*/;", verilog)
    assert names.count(COUNTERS) == names.count(SNAPSHOT) == 3
    assert set(names) == {
        COUNTERS,
        SNAPSHOT,
        "sample_memory",
        "request_memory",
        "result_memory",
        "response_memory",
        "batch_memory_0",
        "batch_memory_1",
    }


def test_a_design_is_the_same_text_every_time() -> None:
    first = core_design(FoldedNetwork(CONFIG, PLAN))
    core_design.cache_clear()
    assert core_design(FoldedNetwork(CONFIG, PLAN)) == first


def test_a_plan_must_suit_the_network() -> None:
    with pytest.raises(ConfigurationError, match="the plan is for 1 layers, the network has 2"):
        core_design(FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(),))))
