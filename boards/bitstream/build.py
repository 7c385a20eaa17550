"""Build the bitstream of a board, through the build cache."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import UniversalTrainer
from ...tools.cache import content_key, get_or_build
from ..targets.board_target import BoardTarget
from .description import DESCRIPTION, Build, describe, design_entries
from .errors import BuildError, DesignTooLargeError
from .flow_run import FlowRun, Progress
from .output_directory import build_file_names, replace_build
from .prepare import Prepared, prepare, prepare_smaller
from .toolchain import Flow, find_flow

__all__ = ["build_bitstream"]

MAX_PLANS = 3
"""Maximum number of plans to synthesise, since estimates of logic are a few percent off."""

HASHED_MODULES = ("description.py", "flow_run.py", "tool_reports.py", "toolchain.py")
"""Modules whose source is part of the key of a build, since they decide its contents."""


def build_bitstream(
    board: BoardTarget,
    design: NetworkConfig | FoldedNetwork | UniversalTrainer | None = None,
    *,
    out: Path,
    clock: Fraction | None = None,
    seeds: Sequence[int] = (1,),
    further: Sequence[int] = (),
    native: bool = False,
    progress: Progress = lambda text: None,
) -> Build:
    """Build a bitstream, or take it from the cache if nothing has changed.

    Parameters
    ----------
    board : BoardTarget
        The board.
    design : UniversalTrainer, FoldedNetwork or NetworkConfig, optional
        A universal trainer; a folded network; or a network to fold for the board, which is folded
        again, up to twice, if the design needs too much logic. By default the board's universal
        trainer.
    out : Path
        The directory to write, atomically. An existing build in it is replaced.
    clock : Fraction, optional
        The clock in hertz; the board's default by default.
    seeds : sequence of int
        Seeds of the placement; the result with the highest clock is kept.
    further : sequence of int
        Seeds to try, two at a time, while timing is missed.
    native : bool
        Use installed tools, not those of YoWASP.
    progress : callable
        Called with the name of each step.

    Raises
    ------
    ConfigurationError
        If the clock or the network is not valid for the board.
    BuildError
        If a tool is missing, something does not fit, or timing is missed.
    CacheError
        If the build cache cannot be used.
    """
    own = build_file_names(out)
    flow = find_flow(board.fpga.family)
    versions = {tool.name: tool.version(native) for tool in flow.tools}
    progress("elaborating")
    prepared = prepare(board, design, clock=clock)
    replans = isinstance(design, NetworkConfig)
    identity = _identity(prepared, flow, versions, replans, seeds, further)
    with suppress(BuildError):  # no build, or an unusable one, which is replaced
        existing = Build.load(out)
        if existing.description.get("identity") == identity:
            existing.check_bitstream()
            return existing

    def run_tools(directory: Path) -> None:
        origin = {"identity": identity, "tools": versions, "native": native}
        tried, plans = prepared, MAX_PLANS if replans else 1
        while True:
            try:
                run = FlowRun(directory, tried, native=native, progress=progress)
                _run_tools(run, seeds, further, origin)
                return
            except DesignTooLargeError as error:
                plans -= 1
                smaller = prepare_smaller(tried, error.excess, clock) if plans else None
                if smaller is None:
                    raise
                progress(f"{str(error).partition(';')[0]}; trying a smaller core")
                tried = smaller
            for path in directory.iterdir():
                path.unlink()

    cached, _ = get_or_build(f"bitstream-{identity}", run_tools)
    replace_build(cached, out, own)
    return Build.load(out)


def _identity(
    prepared: Prepared,
    flow: Flow,
    versions: dict[str, str],
    replans: bool,
    seeds: Sequence[int],
    further: Sequence[int],
) -> str:
    """The key of a build in the cache: a hash of everything that it depends on."""
    board = prepared.board
    here = Path(__file__)
    return content_key(
        board.name,
        json.dumps([design_entries(prepared.design), board.network.to_dict(), replans, versions]),
        json.dumps([list(seeds), list(further)]),
        json.dumps(
            [
                flow.synthesis_arguments(),
                flow.place_arguments(prepared.platform, 0, board.place_options),
                flow.pack_arguments(prepared.platform, 0),
            ]
        ),
        json.dumps(prepared.files, sort_keys=True),
        *(here.with_name(name).read_bytes() for name in HASHED_MODULES),
    )


def _run_tools(
    run: FlowRun, seeds: Sequence[int], further: Sequence[int], origin: dict[str, Any]
) -> None:
    """Run all tools, and write the bitstream and its description."""
    begun = time.monotonic()
    run.synthesise()
    reached = run.place(seeds, further)
    best = max(reached, key=lambda seed: reached[seed])
    run.pack(best)
    seconds = round(time.monotonic() - begun, 1)
    description = describe(run, reached, best, **origin, seconds=seconds)
    for path in run.directory.iterdir():
        if path.name.startswith(("placed-", "report-")):
            path.unlink()
    text = json.dumps(description, indent=1) + "\n"
    (run.directory / DESCRIPTION).write_text(text, encoding="utf-8")
