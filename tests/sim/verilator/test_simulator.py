"""Simulators: builds, benches and errors."""

import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import find_libpython
import pytest

from metaplast.sim.verilator import bench_run, compilation, tools
from metaplast.sim.verilator.design import TOP, Design
from metaplast.sim.verilator.simulator import (
    SEED_VARIABLE,
    BenchFailure,
    SimulationError,
    Simulator,
    build,
)
from metaplast.sim.verilator.tools import Tools
from metaplast.tools.cache import ENVIRONMENT_VARIABLE, cache_directory

from ..stage import Adder, Fault, Stage

BENCH = "tests.sim.benches.stage"


@pytest.fixture(scope="module")
def stage() -> Simulator:
    return build(Design.of(Stage()))


@pytest.fixture
def fresh_designs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache with the compiled runtime and without designs."""
    build(Design.of(Stage()))
    for entry in cache_directory().iterdir():
        if entry.is_dir() and not entry.name.startswith("design-"):
            (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))


# Building


@pytest.mark.usefixtures("fresh_designs")
def test_only_what_is_new_is_built() -> None:
    first = build(Design.of(Stage()))
    assert first.built
    again = build(Design.of(Stage()))
    assert not again.built
    assert again.directory == first.directory
    changed = build(Design.of(Stage(Fault.WRONG)))
    assert changed.built
    public = build(Design.of(Stage(), public=("count",)))
    assert public.built
    assert len({first.directory, changed.directory, public.directory}) == 3


def test_a_cache_of_any_name(
    fresh_designs: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Verilator, the compiler and cocotb get this name, or a path relative to it.
    odd = tmp_path / 'cachä\'s "$HOME" #1 100%,\nx'
    entries = list(cache_directory().iterdir())
    odd.mkdir()
    for entry in entries:
        entry.rename(odd / entry.name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, odd.name)
    simulator = build(Design.of(Adder()))
    assert simulator.built
    assert simulator.directory.parent == odd
    simulator.run("tests.sim.benches.adder")
    assert not build(Design.of(Adder())).built


def test_headers_and_runtime_are_built_in_a_cache_of_any_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / 'cachä\'s "$HOME" #1 100%,\nx'))
    monkeypatch.setattr(tools, "HEADERS", "#include <cstdio>\n")
    found = Tools.find()
    headers = found.headers(["-O0"])
    (tmp_path / "main.cpp").write_text('int main() { puts("ä"); }\n')
    found.compile(["-include", str(headers), "-c", "main.cpp", "-o", "main.o"], tmp_path)
    assert (tmp_path / "main.o").stat().st_size
    runtime = found.runtime(found.verilator / "include" / "verilated_threads.cpp")
    assert runtime.parent.parent == cache_directory()
    assert runtime.stat().st_size


@pytest.mark.usefixtures("fresh_designs")
def test_a_truncated_simulator_is_built_again() -> None:
    simulator = build(Design.of(Adder()))
    os.truncate(simulator.directory / TOP, 1000)
    again = build(Design.of(Adder()))
    assert (again.built, again.directory) == (True, simulator.directory)
    again.run("tests.sim.benches.adder")


@pytest.mark.usefixtures("fresh_designs")
def test_a_simulator_with_optimisation() -> None:
    simulator = build(Design.of(Stage()), optimize=True)
    assert simulator.built
    assert not build(Design.of(Stage()), optimize=True).built
    simulator.run(BENCH)


def test_sources_are_compiled_in_few_units(tmp_path: Path) -> None:
    sizes = {"a": 250_000, "b": 200_000, "c": 100_000, "d": 60_000, "e": 1}
    sources = [tmp_path / name for name in sizes]
    for source in sources:
        source.write_text("x" * sizes[source.name])
    for wanted, given in (
        ([["a"], ["b"], ["c", "d", "e"]], sources),
        ([["d", "e"]], sources[3:]),
    ):
        units = compilation._units(tmp_path, [source.name for source in given])
        assert [re.findall('include "(.)"', unit.read_text()) for unit in units] == wanted


def test_an_interruption_ends_every_compiler(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    started.mkdir()
    compiler = tmp_path / "compiler"
    compiler.write_text(f'#!/bin/sh\ntest "$1" = --version && exit\ntouch {started}/$$\nsleep 60\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))

    def interrupt() -> None:
        while len(list(started.iterdir())) < 2:  # one in this thread, one in the pool
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build(Design.of(Stage()))
    assert time.monotonic() - begun < 30


def test_invalid_verilog_is_an_error() -> None:
    with pytest.raises(SimulationError, match=r"verilator_bin failed: %Error: top\.v:2"):
        build(Design("module top;\nwire a = ;\nendmodule\n"))


def test_a_main_program_may_be_given(stage: Simulator, tmp_path: Path) -> None:
    main = tmp_path / "main.cpp"
    main.write_text('#include "Vtop.h"\nint main() { puts("error: not today"); return 3; }\n')
    with pytest.raises(
        SimulationError, match=f"the simulation ended before {BENCH} did: error: not today"
    ):
        build(stage.design, main=main).run(BENCH)
    main.write_text("int main() { nonsense; }\n")
    with pytest.raises(SimulationError, match=r"failed: .*nonsense"):
        build(stage.design, main=main)


# Running


def test_reports_come_while_it_runs_and_at_the_end(stage: Simulator) -> None:
    told: list[Any] = []
    reports = stage.run(BENCH, on_report=told.append)
    assert told == reports
    assert len(reports) == 4


def test_errors_of_on_report_are_raised(stage: Simulator) -> None:
    def refuse(report: Any) -> None:
        raise RuntimeError(f"no {report['flow']}")

    with pytest.raises(RuntimeError, match="no STEADY"):
        stage.run(BENCH, on_report=refuse)


def test_one_case_may_be_run(stage: Simulator) -> None:
    assert [report["flow"] for report in stage.run(BENCH, case="items/flow=IDLE")] == ["IDLE"]


def test_the_signal_that_ends_a_simulator_is_named(stage: Simulator, tmp_path: Path) -> None:
    main = tmp_path / "main.cpp"
    main.write_text("#include <csignal>\nint main() { std::raise(SIGKILL); }\n")
    with pytest.raises(SimulationError) as error:
        build(stage.design, main=main).run(BENCH)
    assert str(error.value) == (
        f"the simulation ended before {BENCH} did: the simulator was ended by SIGKILL "
        "(possibly out of memory)"
    )


def test_a_missing_case_is_an_error(stage: Simulator) -> None:
    with pytest.raises(SimulationError, match=f"{BENCH} has no such case"):
        stage.run(BENCH, case="nothing")


def test_a_missing_bench_is_an_error(stage: Simulator) -> None:
    with pytest.raises(
        SimulationError, match=r"the simulation ended before tests\.nothing did: .*tests\.nothing"
    ):
        stage.run("tests.nothing")


def test_a_failure_is_replayed_from_its_seed(
    stage: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BenchFailure) as first:
        stage.run(BENCH, flip=True)
    match = re.search(rf"\(replay with {SEED_VARIABLE}=(\d+)\)", str(first.value))
    assert match is not None
    assert f"{BENCH}: {SEED_VARIABLE}={match[1]}\n" in capsys.readouterr().out
    with pytest.raises(BenchFailure) as second:
        stage.run(BENCH, flip=True, seed=int(match[1]))
    monkeypatch.setenv(SEED_VARIABLE, match[1])
    with pytest.raises(BenchFailure) as third:
        stage.run(BENCH, flip=True)
    with pytest.raises(BenchFailure) as other:
        stage.run(BENCH, flip=True, seed=int(match[1]) + 1)
    assert str(first.value) == str(second.value) == str(third.value) != str(other.value)


def test_a_failure_says_where_it_arose(stage: Simulator) -> None:
    with pytest.raises(BenchFailure) as caught:
        stage.run(BENCH, flip=True)
    assert any("scoreboard.check()" in note for note in caught.value.__notes__)


def test_waves_are_recorded(stage: Simulator, tmp_path: Path) -> None:
    waves = tmp_path / "stage.vcd"
    build(stage.design, waves=True).run(BENCH, waves=waves)
    text = waves.read_text()
    assert "$enddefinitions" in text
    assert re.search(r"\$var wire +12 \S+ o__payload \[11:0\] \$end", text)


def test_waves_are_not_recorded_without_being_built_in(stage: Simulator, tmp_path: Path) -> None:
    with pytest.raises(
        SimulationError, match="this simulator cannot record waves: build it with waves=True"
    ):
        stage.run(BENCH, waves=tmp_path / "stage.vcd")


def test_a_log_is_kept(stage: Simulator, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    stage.run(BENCH, log=log)
    assert "TESTS=4 PASS=4 FAIL=0" in log.read_text()


def test_a_missing_shared_library_of_python_is_an_error(
    stage: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = find_libpython.find_libpython()
    monkeypatch.setattr(find_libpython, "find_libpython", lambda: None)
    monkeypatch.delenv("LIBPYTHON_LOC", raising=False)
    bench_run._check_shared_python.cache_clear()
    with pytest.raises(
        SimulationError,
        match=r"Python's shared library is missing, .* or name it in LIBPYTHON_LOC",
    ):
        stage.run(BENCH)
    assert location is not None
    monkeypatch.setenv("LIBPYTHON_LOC", location)
    stage.run(BENCH)


def test_a_failing_assertion_of_the_design_is_an_error() -> None:
    design = Design.of(Adder())
    assertion = "  always @* if (a == 4'd9) assert (b == 4'd0);\nendmodule"
    design = replace(design, verilog=design.verilog.replace("endmodule", assertion))
    with pytest.raises(SimulationError, match=r"ended before .*adder did: .*Assertion failed"):
        build(design).run("tests.sim.benches.adder")
