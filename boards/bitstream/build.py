"""Build a bitstream: from a network and a board to a file to flash, through the build cache."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.planning.plan import FoldedNetwork
from ...tools.cache import content_key, get_or_build
from ..targets.board_target import BoardTarget
from .description import DESCRIPTION, Build, describe
from .flow_run import FlowRun, Progress
from .output_directory import own_file_names, replace_build
from .prepare import Prepared, prepare, prepare_smaller
from .toolchain import BuildError, Flow, NoRoomError, find_flow

__all__ = ["build_bitstream"]

MAX_PLANS = 3
"""To synthesise: estimates of logic are a few percent off, so what does not fit is planned anew."""

DESCRIBING = ("description.py", "flow_run.py", "tool_reports.py", "toolchain.py")
"""Modules that decide what a build holds, besides the files that the tools are given."""


def build_bitstream(
    board: BoardTarget,
    network: NetworkConfig | FoldedNetwork | None = None,
    *,
    out: Path,
    clock: Fraction | None = None,
    seeds: Sequence[int] = (1,),
    further: Sequence[int] = (),
    native: bool = False,
    progress: Progress = lambda text: None,
) -> Build:
    """Build a bitstream, or take it from the cache if nothing of it has changed.

    Parameters
    ----------
    board : BoardTarget
        The board.
    network : FoldedNetwork or NetworkConfig, optional
        The network, folded; or a network to fold for the board, which is folded anew, up to twice,
        if the design turns out to have too much logic. By default the board's own network.
    out : Path
        The directory to write, whole or not at all. What is there is replaced if it is a build.
    clock : Fraction, optional
        The clock in hertz; the board's own by default.
    seeds : sequence of int
        Seeds of the placement; the quickest result is kept.
    further : sequence of int
        Seeds to try, two at a time, as long as timing is missed.
    native : bool
        Take installed tools, not YoWASP's.
    progress : callable
        Is told what is being done.

    Raises
    ------
    ConfigurationError
        If the clock or the network do not suit the board.
    BuildError
        If a tool is missing, something does not fit, or timing is missed.
    CacheError
        If the build cache cannot be used.
    """
    own = own_file_names(out)
    flow = find_flow(board.fpga.family)
    versions = {tool.name: tool.version(native) for tool in flow.tools}
    progress("elaborating")
    prepared = prepare(board, network, clock=clock)
    replans = not isinstance(network, FoldedNetwork)
    identity = _identity(prepared, flow, versions, replans, seeds, further)
    with suppress(BuildError):  # none there, or not to be used: it is replaced
        there = Build.load(out)
        if there.description.get("identity") == identity:
            there.check_bitstream()
            return there

    def run_tools(directory: Path) -> None:
        origin = {"identity": identity, "tools": versions, "native": native}
        design, plans = prepared, MAX_PLANS if replans else 1
        while True:
            try:
                run = FlowRun(directory, design, native=native, progress=progress)
                _run_tools(run, seeds, further, origin)
                return
            except NoRoomError as error:
                plans -= 1
                smaller = prepare_smaller(design, error.excess, clock) if plans else None
                if smaller is None:
                    raise
                progress(f"{str(error).partition(';')[0]}; trying a smaller core")
                design = smaller
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
    """The key of a build in the cache: everything that it depends on."""
    board, folded = prepared.board, prepared.folded
    here = Path(__file__)
    return content_key(
        board.name,
        json.dumps([folded.config.to_dict(), folded.plan.to_dict(), replans, versions]),
        json.dumps([list(seeds), list(further)]),
        json.dumps(
            [
                flow.synthesis_arguments(),
                flow.place_arguments(prepared.platform, 0, board.place_options),
                flow.pack_arguments(prepared.platform, 0),
            ]
        ),
        json.dumps(prepared.files, sort_keys=True),
        *(here.with_name(name).read_bytes() for name in DESCRIBING),
    )


def _run_tools(
    run: FlowRun, seeds: Sequence[int], further: Sequence[int], origin: dict[str, Any]
) -> None:
    """Run all tools, and leave the bitstream and its description."""
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
