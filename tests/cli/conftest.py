"""What the tests of the command line share."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from metaplast.cli.app import app


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one error; fails unless there is one, in one line, at the end of stderr."""
        lines = self.err.rstrip("\n").splitlines()
        errors = [line for line in lines if line.startswith("Error: ")]
        assert len(errors) == 1, self.err
        assert lines[-1] == errors[0], self.err
        assert "Traceback" not in self.err
        return errors[0].removeprefix("Error: ")


Command = Callable[..., Result]
Document = Callable[..., Any]


def heed_signals() -> None:
    """In a new process: heed what who runs the tests may have it ignore (nohup, a background)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def in_training(*args: object) -> subprocess.Popen[str]:
    """A command in a process of its own, when it has told of its second epoch."""
    process = subprocess.Popen(
        [sys.executable, "-m", "metaplast.cli", *map(str, args), "--epochs", "20000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=heed_signals,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[0] == "2":
            break
    return process


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, and the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("METAPLAST_DATA", raising=False)
    return tmp_path


@pytest.fixture
def run() -> Command:
    """Runs a command in this process, through the real entry."""

    def command(*args: object) -> Result:
        result = CliRunner().invoke(app, [str(arg) for arg in args])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Result(result.exit_code, result.stdout, result.stderr)

    return command


@pytest.fixture
def document(run: Command) -> Document:
    """Runs a command with --json, which must succeed without notes; gives its document."""

    def parsed(*args: object) -> Any:
        result = run(*args, "--json")
        assert (result.status, result.err) == (0, "")
        return json.loads(result.out)

    return parsed


@pytest.fixture
def spawn() -> Command:
    """Runs a command in a process of its own."""

    def command(*args: object, **options: Any) -> Result:
        finished = subprocess.run(
            [sys.executable, "-m", "metaplast.cli", *map(str, args)],
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )
        return Result(finished.returncode, finished.stdout, finished.stderr)

    return command


@pytest.fixture
def toy(workspace: Path) -> Path:
    """A small data set, ``toy.npz``: three prototypes of 24 bits with a tenth of them flipped."""
    draw = np.random.default_rng(5)
    prototypes = draw.integers(0, 2, (3, 24))
    y = draw.integers(0, 3, 160)
    y[:3] = y[120:123] = [0, 1, 2]
    x = (prototypes[y] ^ (draw.random((160, 24)) < 0.1)).astype(np.uint8)
    path = workspace / "toy.npz"
    np.savez(path, x_train=x[:120], y_train=y[:120], x_test=x[120:], y_test=y[120:])
    return path


@pytest.fixture
def model(toy: Path, run: Command) -> Path:
    """A model trained on it, ``toy-model.npz``."""
    result = run("train", toy, "--hidden", 12, "--epochs", 2, "--batch", 10)
    assert result.status == 0, result.err
    return toy.with_name("toy-model.npz")
