"""What every command shares: entry, help, version, how failures end."""

import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from metaplast.cli.app import COMMANDS
from metaplast.golden_model.files.model_file import Model


def test_version(run):
    result = run("--version")
    assert (result.status, result.out) == (0, f"metaplast {version('metaplast')}\n")


def test_help_lists_every_command(run):
    result = run("--help")
    assert result.status == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", result.out)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    result = run(command, "-h")
    assert result.status == 0
    assert "Usage" in result.out


def test_help_waits_for_no_heavy_import():
    code = (
        "import sys; from metaplast.cli.app import app; "
        "print({'numpy', 'matplotlib', 'sklearn', 'scipy', 'torch'} & sys.modules.keys())"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("set()\n", "")


def test_module_and_script_are_the_same(spawn):
    script = Path(sys.executable).with_name("metaplast")
    finished = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert spawn("--version").out == finished.stdout


def test_no_command_shows_help_and_is_a_usage_error(run):
    result = run()
    assert result.status == 2
    assert "Usage" in result.out + result.err


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["train"],
        ["train", "digits", "--nonsense"],
        ["train", "digits", "--seed", "x"],
    ],
)
def test_usage_errors(run, args):
    result = run(*args)
    assert result.status == 2
    assert result.out == ""
    assert result.sentence


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("plan",), "--device is called --fpga now"),
        (("simulate", "digits"), "--device is called --fpga now"),
        (("export", "verilog", "--out", "core"), "--device is called --fpga now"),
        (("train", "digits"), "--device is called --board now"),
        (("info", "model.npz"), "No such option: --device"),
    ],
)
def test_a_renamed_option_is_refused_with_its_name_now(run, command, sentence):
    result = run(*command, "--device", "icebreaker")
    assert result.status == 2
    assert sentence in result.sentence


def test_a_closed_pipe_is_no_failure_to_tell_of():
    train = f"{sys.executable} -m metaplast.cli train digits --hidden 8 --epochs 300 --model m.npz"
    finished = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {train} | head -1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.stdout.count("\n") == 1
    assert (finished.returncode, finished.stderr) == (1, "")
    assert Model.load("m.npz").epoch >= 1  # what was finished is kept


def test_a_reader_that_is_gone_at_the_end(model):
    command = f"{sys.executable} -m metaplast.cli predict toy-model.npz toy.npz | true"
    finished = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (finished.stdout, finished.stderr) == ("", "")


def test_interruption_outside_of_training(run, monkeypatch):
    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("metaplast.golden_model.datasets.load", interrupt)
    result = run("train", "digits")
    assert (result.status, result.sentence) == (1, "interrupted")


@pytest.mark.parametrize(
    "module", ["metaplast.cli.app", "typer", "metaplast.cli.commands.info", "zipfile"]
)
def test_interruption_while_it_starts(model, module):
    program = f"""
        import signal, sys

        class Interrupting:
            def find_spec(self, name, path=None, target=None):
                if name == "{module}":
                    sys.meta_path.remove(self)
                    signal.raise_signal(signal.SIGINT)

        from metaplast.cli import main

        sys.modules.pop("{module}", None)
        sys.meta_path.insert(0, Interrupting())
        main()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), "info", str(model)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Error: interrupted\n")


def test_no_memory(run, monkeypatch):
    def exhaust(*args: object, **options: object) -> None:
        raise MemoryError("unable to allocate 9 TiB")

    monkeypatch.setattr("metaplast.golden_model.datasets.load", exhaust)
    result = run("train", "digits")
    assert result.status == 1
    assert result.sentence == "not enough memory: unable to allocate 9 TiB"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied", "x.npz"), "x.npz: permission denied"),
        (OSError(28, "No space left on device"), "no space left on device"),
        (OSError("odd"), "odd"),
    ],
)
def test_errors_of_the_system(run, monkeypatch, error, sentence):
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("metaplast.golden_model.datasets.load", fail)
    result = run("train", "digits")
    assert (result.status, result.sentence) == (1, sentence)


def test_a_terminal_without_our_letters(spawn, model):
    result = spawn("info", model, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (result.status, result.err) == (0, "")
    assert "24?12?3" in result.out


def test_a_mistake_of_ours_is_not_hidden(run, monkeypatch):
    def fail(*args: object, **options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("metaplast.golden_model.datasets.load", fail)
    with pytest.raises(ZeroDivisionError):
        run("train", "digits")


@pytest.mark.parametrize("command", ["--version", "--help", "data list", "train digits --epochs 1"])
def test_without_a_standard_output(command):
    run = f"{sys.executable} -m metaplast.cli {command} >&-"
    finished = subprocess.run(["bash", "-c", run], capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stderr) == (0, "")
    if command.startswith("train"):
        assert Model.load("digits-model.npz").epoch == 1


@pytest.mark.parametrize("command", ["--version", "--help", "data list"])
def test_no_space_for_the_output(command):
    run = f"{sys.executable} -m metaplast.cli {command} > /dev/full"
    finished = subprocess.run(["bash", "-c", run], capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stderr) == (1, "Error: no space left on device\n")


def test_a_sentence_is_short_and_steers_no_terminal(run):
    result = run("info", "no\x1b[31mfile" + "x" * 5000)
    assert "\x1b" not in result.err
    assert r"no\x1b[31mfilexxx" in result.sentence.replace("\\\\", "\\")
    assert 1000 < len(result.sentence) < 1500
