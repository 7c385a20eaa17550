"""Bitstreams: from a network and a board to a file to flash, and what is known of it."""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...golden_model.config import NetworkConfig
from ...hdl.link.uart_trainer import UartTrainer
from ...hdl.planning.cycles import Workload, estimate_cycles
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.planner import DoesNotFitError
from ...hdl.planning.resources import network_needs
from ...hdl.primitives.simple_dual_port_ram import NO_COLLISION_EMULATION
from ...sim.verilator.tools import digest, telling
from ...tools.cache import keep
from ..pll.pll import PLL, megahertz
from ..targets.board_target import Board
from ..targets.catalogue import find_board
from .tool_reports import (
    cell_needs,
    component_of,
    component_paths,
    critical_path,
    placement_of,
    reached_mhz,
)
from .toolchain import BuildError, Flow, NoRoomError, Runner, find_flow
from .top import BoardTop

__all__ = ["Build", "FORMAT", "LATER_EPOCH", "Prepared", "build", "prepare"]

DESCRIPTION = "build.json"
FORMAT = 2
"""Of the description."""

LATER_EPOCH = Workload(errors=(1 / 3,), accuracy=0.8)
"""About what samples do when most has been learnt."""

UTILISATION = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", re.MULTILINE)
OWN_FILE = re.compile(r"build\.json|synthesis\.log|top\.[\w.]+|(place|placed|report)-\d+\.\w+")
"""Names of the files of a build."""

MOST_PLANS = 3
"""To synthesise: estimates of logic are a few percent off, so what does not fit is planned anew."""

SPARE = 0.05
"""Share of a device's logic cells that a new plan leaves free, so that they can be placed."""

FULL = "Unable to find legal placement"
"""What nextpnr says of a design that all but fits."""

TRIED_AT_ONCE = 2
"""Placements, on every machine, so that all find the same."""

LINK_BITS_PER_BYTE = 10

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """A bitstream on disk.

    Attributes
    ----------
    directory : Path
        Where it is.
    description : dict
        What is known of it, as ``build.json`` has it.
    """

    directory: Path
    description: dict[str, Any]

    @property
    def board(self) -> Board:
        """The board it is for."""
        return find_board(self.description["board"])

    @property
    def bitstream(self) -> Path:
        """The file to flash."""
        return self.directory / self.description["bitstream"]

    @property
    def files(self) -> list[Path]:
        """Its own files; others may lie beside them."""
        return [path for path in self.directory.iterdir() if OWN_FILE.fullmatch(path.name)]

    @classmethod
    def load(cls, directory: Path) -> "Build":
        """A build, from its directory.

        Raises
        ------
        BuildError
            If there is none.
        """
        path = directory / DESCRIPTION
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BuildError(
                f"{directory} holds no build: name a directory that `metaplast build` has written"
            ) from None
        except ValueError as error:
            raise BuildError(f"{path} is damaged ({error}): build again") from None
        if not isinstance(description, dict) or "bitstream" not in description:
            raise BuildError(f"{path} is no description of a build: build again")
        if description.get("format") != FORMAT:
            raise BuildError(f"{directory} was built by another release of Metaplast: build again")
        return cls(directory, description)


@dataclass(frozen=True)
class Prepared:
    """Everything that is given to the tools.

    Attributes
    ----------
    board : Board
        The board.
    folded : FoldedNetwork
        The network and how it is folded.
    clock : Fraction
        The clock in hertz.
    pll : PLL or None
        What makes it.
    platform : amaranth.build.Platform
        The board's platform.
    files : dict
        Sources, scripts and constraints by their names.
    """

    board: Board
    folded: FoldedNetwork
    clock: Fraction
    pll: PLL | None
    platform: Any
    files: dict[str, str]


def prepare(
    board: Board,
    network: NetworkConfig | FoldedNetwork | None = None,
    *,
    clock: Fraction | None = None,
) -> Prepared:
    """Elaborate a board's design, without any of the tools.

    Parameters are those of :func:`build`.

    Raises
    ------
    ConfigurationError
        If the clock or the network do not suit the board.
    """
    folded = network if isinstance(network, FoldedNetwork) else board.fold(network or board.network)
    frequency, pll = board.clock(clock)
    design = UartTrainer(
        folded,
        clocks_per_bit=board.clocks_per_bit(frequency),
        clock_khz=round(frequency / 1000),
    )
    platform = board.platform()
    flow = find_flow(board.device.family)
    prepared = platform.prepare(
        BoardTop(board, design, frequency, pll),
        emit_src=False,
        script_after_read=NO_COLLISION_EMULATION,
        synth_opts=flow.options,
    )
    wanted = (".il", ".ys", ".pcf", ".lpf", ".cst")
    files = {name: text for name, text in prepared.files.items() if name.endswith(wanted)}
    return Prepared(board, folded, frequency, pll, platform, files)


def build(
    board: Board,
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
    board : Board
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
    """
    own = _own_files(out)
    flow = find_flow(board.device.family)
    versions = {tool.name: tool.version(native) for tool in flow.tools}
    progress("elaborating")
    prepared = prepare(board, network, clock=clock)
    replans = not isinstance(network, FoldedNetwork)
    identity = digest(
        board.name,
        json.dumps(
            [prepared.folded.config.to_dict(), prepared.folded.plan.to_dict(), replans, versions]
        ),
        json.dumps([list(seeds), list(further)]),
        json.dumps(
            [
                flow.synthesis_arguments(),
                flow.place_arguments(prepared.platform, 0, board.place_options),
            ]
        ),
        json.dumps(flow.pack_arguments(prepared.platform, 0)),
        json.dumps(prepared.files, sort_keys=True),
        _own_source(),
    )
    with suppress(BuildError):  # none there, or not to be used: it is replaced
        there = Build.load(out)
        if there.description.get("identity") == identity and there.bitstream.exists():
            return there

    def make(directory: Path) -> None:
        design, plans = prepared, MOST_PLANS if replans else 1
        while True:
            try:
                _make(
                    directory, design, flow, (seeds, further), native, versions, identity, progress
                )
                return
            except NoRoomError as error:
                plans -= 1
                smaller = _smaller(design, error.excess, clock) if plans else None
                if smaller is None:
                    raise
                progress(f"{str(error).partition(';')[0]}; trying a smaller core")
                design = smaller
            for path in directory.iterdir():
                path.unlink()

    cached, _ = keep(f"bitstream-{identity}", make)
    _replace(out, cached, own)
    return Build.load(out)


def _smaller(prepared: Prepared, excess: int | None, clock: Fraction | None) -> Prepared | None:
    """A design with less logic, of which so much was too much; None if there is none."""
    board, folded = prepared.board, prepared.folded
    if excess is None:
        return None
    planned = network_needs(folded, board.device)
    cells = int(planned.cells) - excess - int(SPARE * board.device.luts)
    if cells < 1:
        return None
    try:
        return prepare(board, board.fold(folded.config, cells=cells), clock=clock)
    except DoesNotFitError:
        return None


def _own_files(out: Path) -> list[str]:
    """Names of what a build has written into a directory, none if it is empty or not there.

    Raises
    ------
    BuildError
        If there are other things, and no build.
    """
    names = [path.name for path in out.iterdir()] if out.exists() else []
    own = [name for name in names if OWN_FILE.fullmatch(name)]
    if not names:
        return []
    try:
        description = json.loads((out / DESCRIPTION).read_text(encoding="utf-8"))
        is_build = isinstance(description, dict) and {"identity", "bitstream"} <= description.keys()
    except FileNotFoundError:
        is_build = False
    except ValueError:  # damaged
        is_build = own == names
    if not is_build:
        raise BuildError(f"{out} holds other things than a build: name another directory")
    return own


def _replace(out: Path, made: Path, own: Sequence[str]) -> None:
    """Put a copy of what was made in place, whole or not at all; what is not ours moves along."""
    parent = out.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    copy = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=parent))
    before = copy.with_name(f"{copy.name}.before")
    try:
        shutil.copytree(made, copy, dirs_exist_ok=True)
        copy.chmod(0o755)
        if out.exists():
            out.rename(before)
        try:
            copy.rename(out)
        except BaseException:
            if before.exists():
                before.rename(out)
            raise
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    if before.exists():
        for name in own:
            (before / name).unlink(missing_ok=True)
        for path in list(before.iterdir()):
            path.rename(out / path.name)
        before.rmdir()


def _own_source() -> str:
    """What the description is made by: another release describes anew."""
    here = Path(__file__)
    sources = (here, here.with_name("tool_reports.py"), here.with_name("toolchain.py"))
    return "".join(source.read_text(encoding="utf-8") for source in sources)


def _make(
    directory: Path,
    prepared: Prepared,
    flow: Flow,
    seeds: tuple[Sequence[int], Sequence[int]],
    native: bool,
    versions: dict[str, str],
    identity: str,
    progress: Progress,
) -> None:
    begun = time.monotonic()
    for name, text in prepared.files.items():
        (directory / name).write_text(text, encoding="utf-8")
    runner = Runner()
    progress("synthesis")
    with ThreadPoolExecutor(1) as executor:
        # YoWASP's tools are compiled when they are first called; this one beside the other.
        executor.submit(runner.run, [flow.place.path(native), "--version"], directory)
        _call(runner, [flow.synthesis.path(native), *flow.synthesis_arguments()], directory)
    reached = _place_in_time(runner, directory, prepared, flow, seeds, native, progress)
    best = max(reached, key=lambda seed: reached[seed])
    report = json.loads((directory / f"report-{best}.json").read_text())
    progress("bitstream")
    _call(
        runner, [flow.pack.path(native), *flow.pack_arguments(prepared.platform, best)], directory
    )
    description = {
        "format": FORMAT,
        "identity": identity,
        "board": prepared.board.name,
        "device": prepared.board.device.name,
        "bitstream": flow.bitstream,
        "config": prepared.folded.config.to_dict(),
        "plan": prepared.folded.plan.to_dict(),
        "clock_mhz": float(prepared.clock / 1_000_000),
        "reached_mhz": reached[best],
        "baud": prepared.board.baud,
        "seed": best,
        "seeds": {str(seed): reached[seed] for seed in sorted(reached)},
        "utilisation": report["utilization"],
        "critical_path": critical_path(report),
        **cell_needs(directory / flow.netlist, flow, prepared.files["top.il"]),
        "placement": placement_of(directory / f"placed-{best}.json", prepared.files["top.il"]),
        **_rates(prepared),
        "tools": versions,
        "native": native,
        "seconds": round(time.monotonic() - begun, 1),
    }
    for path in directory.iterdir():
        if path.name.startswith(("placed-", "report-")):
            path.unlink()
    (directory / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n")


def _call(runner: Runner, command: list[str], directory: Path) -> None:
    try:
        status, output = runner.run(command, directory)
    except BaseException:
        runner.stop()
        raise
    if status:
        raise BuildError(f"{Path(command[0]).name} failed: {telling(output)}")


def _place_in_time(
    runner: Runner,
    directory: Path,
    prepared: Prepared,
    flow: Flow,
    seeds: tuple[Sequence[int], Sequence[int]],
    native: bool,
    progress: Progress,
) -> dict[int, float]:
    """Clock that each seed reaches, in MHz; of the further ones, as many as it takes."""
    now, further = seeds
    reached: dict[int, float] = {}
    while True:
        progress(f"place and route ({len(now)} seed{'s' if len(now) > 1 else ''})")
        reached |= _place(runner, directory, prepared, flow, now, native)
        best = max(reached, key=lambda seed: reached[seed])
        if reached[best] >= float(prepared.clock / 1_000_000):
            return reached
        if not further:
            report = json.loads((directory / f"report-{best}.json").read_text())
            raise BuildError(_missed(prepared, reached, best, report))
        progress(f"{reached[best]:.2f} MHz of {megahertz(prepared.clock)} reached; trying again")
        now, further = further[:TRIED_AT_ONCE], further[TRIED_AT_ONCE:]


def _place(
    runner: Runner,
    directory: Path,
    prepared: Prepared,
    flow: Flow,
    seeds: Sequence[int],
    native: bool,
) -> dict[int, float]:
    """Clock that each seed reaches, in MHz."""
    command = flow.place.path(native)

    def place(seed: int) -> tuple[int, str]:
        arguments = flow.place_arguments(prepared.platform, seed, prepared.board.place_options)
        return runner.run([command, *arguments], directory)

    executor = ThreadPoolExecutor(min(len(seeds), os.cpu_count() or 1))
    try:
        results = dict(zip(seeds, executor.map(place, seeds), strict=True))
    except BaseException:
        runner.stop()
        raise
    finally:
        executor.shutdown()
    reached = {}
    for seed, (status, _) in results.items():
        if status == 0:
            reached[seed] = reached_mhz(json.loads((directory / f"report-{seed}.json").read_text()))
    if reached:
        return reached
    _, output = results[seeds[0]]
    log = directory / f"place-{seeds[0]}.log"
    _check_room(prepared, flow, log.read_text() if log.exists() else output)
    raise BuildError(f"{flow.place.name} failed: {telling(output)}")


def _check_room(prepared: Prepared, flow: Flow, log: str) -> None:
    over = [
        (kind, int(used), int(available))
        for kind, used, available in UTILISATION.findall(log)
        if int(used) > int(available)
    ]
    device = prepared.board.device.name
    advice = (
        "choose a smaller --hidden, or a plan of smaller factors (`metaplast plan --set`, --plan)"
    )
    if over:
        needs = ", ".join(f"{used:,} {kind} of {available:,}" for kind, used, available in over)
        kinds = {kind for kind, _, _ in over}
        excess = sum(used - available for _, used, available in over)
        raise NoRoomError(
            f"the design does not fit {device}: it needs {needs}; {advice}",
            excess if kinds == {flow.logic_cell} else None,
        )
    if FULL in log:
        raise BuildError(f"the design fills {device} so far that it cannot be placed; {advice}")


def _missed(
    prepared: Prepared, reached: dict[int, float], best: int, report: dict[str, Any]
) -> str:
    """Timing is missed: by how much, where, and what to change."""
    missed = 1000 / reached[best] - 1000 / float(prepared.clock / 1_000_000)
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
        "for more --seeds, or for a plan of smaller lanes or words (`metaplast plan --set`, --plan)"
    )


def _rates(prepared: Prepared) -> dict[str, Any]:
    """Cycles of a sample, and samples a second."""
    clock = float(prepared.clock)
    first = estimate_cycles(prepared.folded).total
    later = estimate_cycles(prepared.folded, LATER_EPOCH).total
    return {
        "cycles_per_sample": {"first_epoch": first, "later_epochs": later},
        "core_samples_per_second": {
            "first_epoch": clock / first,
            "later_epochs": clock / later,
        },
        "link_samples_per_second": prepared.board.baud
        / LINK_BITS_PER_BYTE
        / sample_bytes(prepared.folded),
    }


def sample_bytes(folded: FoldedNetwork) -> int:
    """Bytes of a sample on the link, without those that escape others."""
    frame = 1 + 2 + 1 + 1 + 4 + 1
    return frame + folded.first.load_words * -(-folded.first.plan.load // 8)
