"""Reports on universal trainers."""

import json
from dataclasses import asdict

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.cycles import Workload, mean_cycles
from metaplast.hdl.planning.resources import Resources
from metaplast.hdl.planning.universal import UniversalTrainer
from metaplast.hdl.planning.universal_planner import reference_network
from metaplast.hdl.planning.universal_report import report_universal

from .test_universal_resources import ECP5, MEDIUM


def test_a_report_adds_up_and_the_trainer_reads_itself_from_it() -> None:
    config = NetworkConfig(inputs=200, hidden=(64, 32), groups=(16, 8), classes=10)
    workload = Workload(errors=(0.4, 0.2), accuracy=0.5)
    report = report_universal(MEDIUM, ECP5, config, workload)
    document = json.loads(json.dumps(report.to_dict()))
    assert UniversalTrainer.from_dict(document) == MEDIUM
    assert document["weights"] == 256 * 224
    assert document["network"] == {
        "config": config.to_dict(),
        "accuracy": 0.5,
        "cycles_per_sample": mean_cycles(MEDIUM.place(config), workload),
        "sample_buffers": 8,
        "rows": 64 + 32,
    }
    for name, amount in document["need"].items():
        assert amount == sum(part[name] for part in document["components"])
    assert document["supply"] == asdict(Resources.of(ECP5))


def test_without_a_network_the_reference_network_is_reported() -> None:
    report = report_universal(MEDIUM, ECP5)
    assert report.placed.config == reference_network(MEDIUM)
    assert report.cycles == mean_cycles(report.placed, Workload())
