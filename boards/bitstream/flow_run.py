"""Run the tools of an FPGA family on a design: synthesis, place and route, packing."""

import json
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ...hdl.planning.universal import UniversalTrainer
from ...tools.process import ProgramResult, Runner
from ..pll.pll import megahertz
from .errors import BuildError, DesignTooLargeError
from .prepare import Prepared
from .tool_reports import component_of, component_paths, critical_path, reached_mhz
from .toolchain import ENVIRONMENT, find_flow

__all__ = ["FlowRun", "Progress"]

UTILISATION = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", re.MULTILINE)

FULL = "Unable to find legal placement"
"""nextpnr's message for a design that nearly fits."""

TRIED_AT_ONCE = 2
"""Parallel placements; the number of cores has no influence, so results are reproducible."""

Progress = Callable[[str], None]
"""A function that is called with the name of each step."""


class FlowRun:
    """A run of the tools of a family in a directory.

    Parameters
    ----------
    directory : Path
        An empty directory for the tools.
    prepared : Prepared
        The design; its files are written to the directory.
    native : bool
        Use installed tools, not those of YoWASP.
    progress : callable
        Called with the name of each step.
    """

    def __init__(self, directory: Path, prepared: Prepared, *, native: bool, progress: Progress):
        self.directory = directory
        self.prepared = prepared
        self.flow = find_flow(prepared.board.fpga.family)
        self._native = native
        self._progress = progress
        self._runner = Runner(BuildError)
        for name, text in prepared.files.items():
            (directory / name).write_text(text, encoding="utf-8")

    def synthesise(self) -> None:
        """Run the synthesis.

        Raises
        ------
        BuildError
            If it fails.
        """
        self._progress("synthesis")
        with ThreadPoolExecutor(1) as executor:
            # YoWASP compiles a tool at its first call; nextpnr is compiled during the synthesis.
            executor.submit(self._run, [self.flow.place.path(self._native), "--version"])
            self._run_to_success(
                [self.flow.synthesis.path(self._native), *self.flow.synthesis_arguments()]
            )

    def place(self, seeds: Sequence[int], further: Sequence[int]) -> dict[int, float]:
        """Place and route with several seeds.

        Parameters
        ----------
        seeds : sequence of int
            Seeds to try.
        further : sequence of int
            Seeds to try, two at a time, while timing is missed.

        Returns
        -------
        dict of int to float
            The clock that each seed reaches, in MHz.

        Raises
        ------
        DesignTooLargeError
            If the design does not fit the FPGA.
        BuildError
            If every placement fails, or misses timing.
        """
        wanted = self.prepared.clock
        reached: dict[int, float] = {}
        while True:
            self._progress(f"place and route ({len(seeds)} seed{'s' if len(seeds) > 1 else ''})")
            reached |= self._place_all(seeds)
            best = max(reached, key=lambda seed: reached[seed])
            if reached[best] >= self.prepared.clock_mhz:
                return reached
            if not further:
                raise BuildError(_missed(self.prepared, reached, best, self.report(best)))
            self._progress(f"{reached[best]:.2f} MHz of {megahertz(wanted)} reached; trying again")
            seeds, further = further[:TRIED_AT_ONCE], further[TRIED_AT_ONCE:]

    def pack(self, seed: int) -> None:
        """Pack a placement into a bitstream.

        Raises
        ------
        BuildError
            If it fails.
        """
        self._progress("bitstream")
        arguments = self.flow.pack_arguments(self.prepared.platform, seed)
        self._run_to_success([self.flow.pack.path(self._native), *arguments])

    def report(self, seed: int) -> dict[str, Any]:
        """nextpnr's report on a placement."""
        report: dict[str, Any] = json.loads((self.directory / f"report-{seed}.json").read_text())
        return report

    def _place_all(self, seeds: Sequence[int]) -> dict[int, float]:
        """Place and route with several seeds; gives the clock that each reaches, in MHz."""
        command = self.flow.place.path(self._native)
        options = self.prepared.board.place_options

        def place(seed: int) -> ProgramResult:
            arguments = self.flow.place_arguments(self.prepared.platform, seed, options)
            return self._run([command, *arguments])

        executor = ThreadPoolExecutor(min(len(seeds), os.cpu_count() or 1))
        try:
            results = dict(zip(seeds, executor.map(place, seeds), strict=True))
        except BaseException:
            self._runner.stop()
            raise
        finally:
            executor.shutdown()
        reached = {
            seed: reached_mhz(self.report(seed))
            for seed, result in results.items()
            if result.status == 0
        }
        if reached:
            return reached
        first = results[seeds[0]]
        log = self.directory / f"place-{seeds[0]}.log"
        _check_size(
            self.prepared,
            self.flow.logic_cell,
            log.read_text(errors="replace") if log.exists() else first.output,
        )
        raise BuildError(first.failure)

    def _run(self, command: list[str]) -> ProgramResult:
        return self._runner.run(command, self.directory, environment=ENVIRONMENT)

    def _run_to_success(self, command: list[str]) -> None:
        try:
            result = self._run(command)
        except BaseException:
            self._runner.stop()
            raise
        if result.status:
            self._runner.stop()
            raise BuildError(result.failure)


def _check_size(prepared: Prepared, logic_cell: str, log: str) -> None:
    """Raise an error if a placement failed since the design is too large."""
    over = [
        (kind, int(used), int(available))
        for kind, used, available in UTILISATION.findall(log)
        if int(used) > int(available)
    ]
    fpga = prepared.board.fpga.name
    if isinstance(prepared.design, UniversalTrainer):
        advice = "lower the capacity or the fold factors of the board's trainer (boards/targets)"
    else:
        advice = (
            "choose a smaller --hidden, or a plan of smaller factors (`metaplast plan --set`, "
            "--plan)"
        )
    if over:
        needs = ", ".join(f"{used:,} {kind} of {available:,}" for kind, used, available in over)
        kinds = {kind for kind, _, _ in over}
        excess = sum(used - available for _, used, available in over)
        raise DesignTooLargeError(
            f"the design does not fit {fpga}: it needs {needs}; {advice}",
            excess if kinds == {logic_cell} else None,
        )
    if FULL in log:
        raise BuildError(f"the design fills {fpga} so much that it cannot be placed; {advice}")


def _missed(
    prepared: Prepared, reached: dict[int, float], best: int, report: dict[str, Any]
) -> str:
    """The message for missed timing: the clock, the critical path, and the remedies."""
    missed = 1000 / reached[best] - 1000 / prepared.clock_mhz
    modules = component_paths(prepared.files["top.il"])
    path = critical_path(report)
    where = ""
    if path:
        ends = [component_of(path[index][key], modules) for index, key in ((0, "from"), (-1, "to"))]
        where = f" (from {ends[0]} to {ends[1]})"
    tried = f" in {len(reached)} placements" if len(reached) > 1 else ""
    return (
        f"timing is missed: {reached[best]:.2f} MHz of {megahertz(prepared.clock)} are reached"
        f"{tried}, the critical path is {missed:.2f} ns too long{where}; ask for a lower --clock, "
        "for more --seeds, or for a plan of smaller pe or simd (`metaplast plan --set`, --plan)"
    )
