"""External programs: output, failures, stopping."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from metaplast.golden_model.errors import MetaplastError
from metaplast.tools.process import (
    Runner,
    ToolError,
    describe_exit,
    error_lines,
    run_program,
    start_program,
)


class OwnError(MetaplastError):
    """Stands for the exception of a package."""


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_output_and_environment(tmp_path: Path) -> None:
    tool = script(tmp_path / "tool", 'pwd; echo "$1 $OF_TOOLS" >&2')
    directory = tmp_path / "cachä 'x'"
    directory.mkdir()
    output = run_program([tool, "a b"], directory, environment={"OF_TOOLS": "c"})
    assert output == f"{directory}\na b c\n"


def test_output_in_another_encoding(tmp_path: Path) -> None:
    assert (
        run_program([script(tmp_path / "tool", r"printf 'caf\351'")])
        == "caf\N{REPLACEMENT CHARACTER}"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with status 0"),
        (3, "failed with status 3"),
        (-9, "was ended by SIGKILL (possibly out of memory)"),
        (-11, "was ended by SIGSEGV (segmentation fault)"),
        (-40, "was ended by signal 40"),
    ],
)
def test_an_exit_status_in_words(status: int, words: str) -> None:
    assert describe_exit(status) == words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo fine; echo 'Error: bad'; exit 2", "tool failed: Error: bad"),
        ("exit 3", "tool failed with status 3: it printed nothing"),
        ("kill -SEGV $$", "tool was ended by SIGSEGV (segmentation fault): it printed nothing"),
        (
            "echo half; kill -KILL $$",
            "tool was ended by SIGKILL (possibly out of memory): half",
        ),
    ],
)
def test_a_failure_in_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OwnError) as error:
        run_program([script(tmp_path / "tool", text)], error=OwnError)
    assert str(error.value) == message


def test_programs_that_cannot_be_started(tmp_path: Path) -> None:
    missing, damaged = tmp_path / "missing", tmp_path / "damaged"
    damaged.write_bytes(b"\x7fELF")
    for program, reason in (
        (missing, "there is no such file, or the interpreter that it names is missing"),
        (damaged, "it is not an executable file, or its file system forbids execution"),
    ):
        with pytest.raises(ToolError) as error:
            run_program([program])
        assert str(error.value) == f"{program} cannot be run ({reason})"
    damaged.chmod(0o755)
    with pytest.raises(OwnError, match=r"damaged cannot be run \(exec format error\)$"):
        start_program([damaged], error=OwnError)
    with pytest.raises(ToolError, match=rf"directory {missing} cannot be entered: No such file"):
        run_program([sys.executable], missing)


def test_the_lines_of_errors() -> None:
    assert error_lines("fine\n%Error: bad\nfine\nfatal error: worse\n") == (
        "%Error: bad\nfatal error: worse"
    )
    assert error_lines("\n".join(map(str, range(20)))) == "\n".join(map(str, range(8, 20)))
    assert error_lines("\n \n") == ""


def test_a_runner_ends_its_programs(tmp_path: Path) -> None:
    runner = Runner(OwnError)
    with ThreadPoolExecutor() as executor:
        ends = [executor.submit(runner.run, ["sleep", "600"], tmp_path) for _ in range(2)]
        while len(runner._running) < 2:
            time.sleep(0.01)
        runner.stop()
        assert [end.result().status for end in ends] == [-9, -9]
    with pytest.raises(OwnError, match="true was not started"):
        runner.run(["true"], tmp_path)


def test_a_stopped_program_takes_its_children_with_it(tmp_path: Path) -> None:
    runner = Runner(OwnError)
    with ThreadPoolExecutor() as executor:
        end = executor.submit(runner.run, ["sh", "-c", "sleep 600 & touch there; wait"], tmp_path)
        while not (tmp_path / "there").exists():
            time.sleep(0.01)
        runner.stop()
        # The child holds the pipe of the output: there is a result only when it has ended, too.
        assert end.result(timeout=60).status == -9


def test_output_can_go_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    result = Runner().run(["echo", "progress"], capture=False)
    assert (result.status, result.output) == (0, "")
    assert capfd.readouterr().out == "progress\n"
