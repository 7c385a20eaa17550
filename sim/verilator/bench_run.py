"""Run a cocotb bench in a simulator, pass on its reports, and raise an error if it fails."""

import json
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...tools.process import describe_exit, error_lines
from .design import TOP, Design
from .settings import SETTINGS_VARIABLE, Settings
from .tools import SimulationError

__all__ = ["SEED_VARIABLE", "BenchFailure", "run_bench"]

SEED_VARIABLE = "METAPLAST_SEED"
"""Environment variable with the seed of a bench's random numbers."""

EXIT_STATUS = re.compile(r"return code: (-?\d+)$")
"""The simulator's exit status in messages of cocotb's runner."""


class BenchFailure(SimulationError):
    """A case of a bench failed.

    Attributes
    ----------
    failed : tuple of str
        Names of the cases that failed.
    """

    def __init__(self, message: str, failed: tuple[str, ...]):
        super().__init__(message)
        self.failed = failed


def run_bench(
    executable_directory: Path,
    design: Design,
    bench: str,
    *,
    parameters: Mapping[str, Any] | None,
    case: str | None,
    flip: bool,
    seed: int | None,
    waves: Path | None,
    log: Path | None,
    on_report: Callable[[Any], None] | None,
) -> list[Any]:
    """Run a cocotb bench.

    Parameters are those of :meth:`.simulator.Simulator.run`, after the directory of the simulator's
    executable and the design that it simulates. Returns all reports of the bench.

    Raises
    ------
    BenchFailure
        If a case failed; the message has its assertion.
    SimulationError
        If the simulation ended before the bench did, or there was nothing to run.
    """
    if "LIBPYTHON_LOC" not in os.environ:
        _check_shared_python()
    if seed is None:
        seed = int(os.environ.get(SEED_VARIABLE) or secrets.randbits(31))
    print(f"{bench}: {SEED_VARIABLE}={seed}")

    with tempfile.TemporaryDirectory(prefix="metaplast-") as temporary:
        directory = Path(temporary)
        settings = Settings(
            parameters=dict(parameters or {}),
            ports=dict(design.ports),
            inputs=design.inputs,
            flip=flip,
            reports=directory / "reports",
        )
        settings.write(directory / "settings")
        settings.reports.touch()
        log = (log or directory / "log").absolute()
        results = directory / "results.xml"
        with _passed_on(settings.reports, on_report):
            status = _simulate(executable_directory, bench, case, seed, waves, results, log)
        _judge(results, bench, seed, status, log.read_text(errors="replace"))
        return [json.loads(line) for line in settings.reports.read_text().splitlines()]


@cache
def _check_shared_python() -> None:
    import find_libpython

    if find_libpython.find_libpython() is None:
        raise SimulationError(
            "Python's shared library is missing, and the simulator runs benches with it: install "
            "it (Debian and Ubuntu: apt install libpython3-dev), or name it in LIBPYTHON_LOC"
        )


def _simulate(
    executable_directory: Path,
    bench: str,
    case: str | None,
    seed: int,
    waves: Path | None,
    results: Path,
    log: Path,
) -> int:
    """Run the simulator to its end; gives its exit status."""
    from cocotb_tools.runner import get_runner

    try:
        # The runner exits when a case fails; the results have more information.
        with suppress(SystemExit):
            get_runner("verilator").test(
                test_module=bench,
                hdl_toplevel=TOP,
                hdl_toplevel_lang="verilog",
                testcase=case,
                seed=seed,
                build_dir=executable_directory,
                test_dir=results.parent,
                results_xml=str(results),
                test_args=[] if waves is None else ["--trace-file", str(waves.absolute())],
                waves=waves is not None,
                extra_env={
                    SETTINGS_VARIABLE: str(results.parent / "settings"),
                    "COCOTB_ANSI_OUTPUT": "0",
                    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # cocotb loads pytest for its assertions
                },
                log_file=log,
            )
    except RuntimeError as error:
        match = EXIT_STATUS.search(str(error))
        return int(match[1]) if match else 0
    return 0


def _judge(results: Path, bench: str, seed: int, status: int, output: str) -> None:
    """Raise the error of a run, if it had one."""
    cases = []
    if results.exists():
        cases = list(ElementTree.parse(results).getroot().iter("testcase"))
        if not cases:
            raise SimulationError(f"{bench} has no such case")
    failures = {
        case.get("name", ""): failure
        for case in cases
        for failure in (*case.iter("failure"), *case.iter("error"))
    }
    if not cases or any(failure.get("type") == "SimFailure" for failure in failures.values()):
        quoted = error_lines(output)
        reasons = [quoted] if quoted else []
        if status < 0 or not quoted:
            reasons.insert(0, f"the simulator {describe_exit(status)}")
        raise SimulationError(f"the simulation ended before {bench} did: {': '.join(reasons)}")
    if failures:
        # Only the first line of an assertion: an explanation of its values can follow.
        lines = (f"{n}: {f.get('message', '').partition(chr(10))[0]}" for n, f in failures.items())
        error = BenchFailure(
            f"{bench}: {'; '.join(lines)} (replay with {SEED_VARIABLE}={seed})", tuple(failures)
        )
        error.add_note(next(iter(failures.values())).text or "")
        raise error


@contextmanager
def _passed_on(reports: Path, on_report: Callable[[Any], None] | None) -> Iterator[None]:
    """Pass reports on while they are written."""
    if on_report is None:
        yield
        return

    ended = threading.Event()
    errors: list[BaseException] = []

    def follow() -> None:
        try:
            with reports.open() as file:
                line = ""
                last_look = False
                while not last_look:
                    last_look = ended.wait(0.05)
                    while part := file.readline():
                        line += part
                        if line.endswith("\n"):
                            on_report(json.loads(line))
                            line = ""
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if errors:
        raise errors[0]
