"""Reports on plans."""

import json

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.cycles import Workload, estimate_cycles
from metaplast.hdl.planning.plan import FoldedNetwork, NetworkPlan
from metaplast.hdl.planning.plan_report import report_plan
from metaplast.hdl.planning.planner import default_plan, plan_network
from metaplast.hdl.planning.resources import network_needs

from .test_planner import GOWIN, network


def test_a_report_adds_up_and_goes_into_json() -> None:
    config = network(64, 32, 16, 10, group=8)
    workload = Workload(chosen=(2.0, 1.0), accuracy=0.5)
    report = report_plan(FoldedNetwork(config, plan_network(config, GOWIN)), GOWIN, workload)
    assert report.need == network_needs(FoldedNetwork(config, report.folded.plan), GOWIN)
    assert report.cycles == estimate_cycles(FoldedNetwork(config, report.folded.plan), workload)
    document = json.loads(json.dumps(report.to_dict()))
    assert NetworkPlan.from_dict(document["plan"]) == report.folded.plan
    assert NetworkConfig.from_dict(document["config"]) == config
    assert document["fpga"] == "GW1NR-9"
    assert document["supply"]["luts"] == GOWIN.luts
    assert document["accuracy"] == 0.5
    assert [layer["chosen"] for layer in document["layers"]] == [2.0, 1.0]
    assert document["cycles_per_sample"] == report.cycles.total
    for name, amount in document["need"].items():
        parts = [
            document["core"],
            *(one for layer in document["layers"] for one in layer["components"]),
        ]
        assert amount == sum(part[name] for part in parts)
    memory = document["layers"][0]["components"][0]["memory"]
    assert memory["depth"] * memory["width"] * memory["count"] >= 64 * 32 * 8


def test_a_report_without_an_fpga() -> None:
    config = network(20, 12, 3, group=4)
    document = report_plan(FoldedNetwork(config, default_plan(config))).to_dict()
    assert document["fpga"] is document["supply"] is None
    assert document["need"]["block_rams"] == 0
