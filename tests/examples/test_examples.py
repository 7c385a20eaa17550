# amaranth: UnusedElaboratable=no
"""The examples run, and print the expected results."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(example: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_in_an_amaranth_design() -> None:
    said = run("amaranth_design/self_training.py")
    assert said == "learnt: 28 of 28 right, 64 counters as in the golden model\n"


def test_a_core_over_a_tcp_socket() -> None:
    said = run("tcp_transport/tcp_transport.py")
    assert said == "trained over TCP: 35 of 60 right, every counter as in the golden model\n"


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed")
def test_the_core_under_a_verilog_bench() -> None:
    said = run("verilog_bench/run.py")
    assert said == "trained on 40 samples: 72 counters as in the golden model\n"


def test_missing_icarus_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "verilog_bench/run.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Icarus Verilog is missing: install it")
