"""`metaplast train --board` and `metaplast virtual-board`."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.boards.driver.identification import identify
from metaplast.boards.driver.ports import open_client
from metaplast.golden_model.files.model_file import Model
from metaplast.hdl.planning.plan import LayerPlan, NetworkPlan

COMMAND = [sys.executable, "-m", "metaplast.cli"]
PLAN = NetworkPlan((LayerPlan(pe=2, simd=32, update_width=8, input_width=32, sample_buffers=4),))
SMALL = ["--hidden", "16", "--groups", "4", "--samples", "120", "--batch", "40"]


def metaplast(*arguments: str, cwd: Path, status: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done


@pytest.fixture
def plan(tmp_path: Path) -> str:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN.to_dict()))
    return str(file)


@pytest.mark.slow
def test_a_board_trains_like_the_golden_model(tmp_path: Path, plan: str) -> None:
    device = ["--board", "virtual:icebreaker", "--plan", plan, "--check"]
    done = metaplast(
        *("train", "digits", *SMALL, "--epochs", "2", *device, "--model", "board.npz", "--json"),
        cwd=tmp_path,
    )
    assert json.loads(done.stdout)["equal_to_golden_model"] is True
    metaplast("train", "digits", *SMALL, "--epochs", "2", "--model", "golden.npz", cwd=tmp_path)
    board, golden = (Model.load(tmp_path / f"{name}.npz") for name in ("board", "golden"))
    assert np.array_equal(board.counters[0], golden.counters[0])

    # Planes of pooled images have as many bits here, so the gateware is the same.
    planes = ["--planes", "level,right,down,left", "--pool", "--shuffle-block", "8"]
    done = metaplast(
        *("train", "digits", *SMALL, *planes, "--epochs", "1", *device, "--model", "planes.npz"),
        "--json",
        cwd=tmp_path,
    )
    document = json.loads(done.stdout)
    assert document["equal_to_golden_model"] is True
    assert document["encoding"]["kind"] == "image-planes"
    assert document["config"]["shuffle_block"] == 8

    # Going on, over a bad cable.
    done = metaplast(
        *("train", "digits", "--samples", "120", "--epochs", "1", "--continue", "board.npz"),
        *(*device, "--faults", "0.005", "--model", "longer.npz", "--json"),
        cwd=tmp_path,
    )
    document = json.loads(done.stdout)
    assert (document["board"], document["equal_to_golden_model"]) == ("virtual:icebreaker", True)
    assert Model.load(tmp_path / "longer.npz").epoch == 3


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--check"], 2, "needs --board PORT"),
        (["--faults", "0.1"], 2, "needs --board PORT"),
        (["--board", ""], 2, "not ''; `metaplast devices` lists the serial ports"),
        (["--board", "/tmp"], 1, "/tmp is not a serial port; `metaplast devices` lists the serial"),
        (["--board", "/dev/nobody"], 1, "/dev/nobody does not exist: plug"),
        (
            ["--board", "/dev/nobody", "--faults", "0.1"],
            2,
            "is for virtual boards, and /dev/nobody is not one",
        ),
        (["--board", "virtual:icebreaker", "--faults", "2"], 2, "must be from 0 to 1, not 2"),
        (
            ["--board", "virtual:icebreaker", "--baud", "9600"],
            2,
            "is for serial ports, and virtual:icebreaker is not one; leave it out",
        ),
        (["--board", "virtual:nosuchboard"], 2, "nosuchboard"),
        (["--board", "virtual:icebreaker", "--hidden", "4000"], 2, "this trainer has room for"),
    ],
)
def test_what_cannot_be_trained_on_a_board(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = metaplast("train", "digits", *arguments, cwd=tmp_path, status=status)
    assert message in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_virtual_board_runs_until_it_is_stopped(tmp_path: Path, plan: str) -> None:
    shape = ["--inputs", "64", "--hidden", "16", "--groups", "4", "--plan", plan]
    with subprocess.Popen(
        [*COMMAND, "virtual-board", "icebreaker", *shape],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            with open_client(port) as client:
                shape_there = identify(client)
            assert (shape_there.inputs, shape_there.hidden, shape_there.classes) == (64, (16,), 10)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.slow
def test_a_board_that_goes_leaves_its_last_epoch(tmp_path: Path, plan: str) -> None:
    shape = ["--inputs", "64", "--hidden", "16", "--groups", "4", "--plan", plan]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        [*COMMAND, "virtual-board", "icebreaker", *shape], cwd=tmp_path, env=environment, **pipes
    ) as board:
        try:
            assert board.stdout is not None
            port = board.stdout.readline().strip()
            with subprocess.Popen(
                [*COMMAND, "train", "digits", *SMALL, "--epochs", "10000", "--board", port],
                cwd=tmp_path,
                env=environment,
                **pipes,
            ) as host:
                assert host.stdout is not None
                while not (line := host.stdout.readline()).strip().startswith("2 "):
                    assert line, host.communicate()[1]
                board.send_signal(signal.SIGINT)
                _, told = host.communicate()
                assert host.returncode == 1
        finally:
            board.send_signal(signal.SIGINT)
    said = " ".join(told.split())
    found = re.search(r"epoch (\d+) was saved in digits-model.npz", said)
    # Another pseudo-terminal may have taken the name of the port that disappeared.
    gone = f"{port} disappeared, and did not come back within 10 seconds"
    silent = f"the board at {port} has not answered for 10 seconds"
    assert gone in said or silent in said
    assert found is not None
    model = Model.load(tmp_path / "digits-model.npz")
    assert model.epoch == int(found[1]) >= 2
    metaplast(
        *("train", "digits", *SMALL, "--epochs", str(model.epoch), "--model", "golden.npz"),
        cwd=tmp_path,
    )
    golden = Model.load(tmp_path / "golden.npz")
    assert np.array_equal(model.counters[0], golden.counters[0])


def test_a_virtual_board_needs_to_be_known(tmp_path: Path) -> None:
    done = metaplast("virtual-board", "nosuchboard", cwd=tmp_path, status=2)
    assert "nosuchboard" in done.stderr
    done = metaplast("virtual-board", "icebreaker", "--faults", "2", cwd=tmp_path, status=2)
    assert "must be from 0 to 1, not 2" in done.stderr
