"""Tables, optional packages, places to write."""

import io
import re
import sys

import pytest

from metaplast.cli.terminal.output import Reporter, percent, print_table, require
from metaplast.golden_model import MetaplastError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.00 %"), (1.0, "100.00 %"), (0.84129, "84.13 %"), (None, "-")]
)
def test_percent(share, text):
    assert percent(share) == text


def test_table_in_a_pipe(capsys):
    print_table(["name", "n"], [["a", "10"], ["long name", "5"]], title="Things")
    assert capsys.readouterr().out == "Things\nname        n\na          10\nlong name   5\n"


def test_table_on_a_terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    print_table(["name", "n"], [["[a]", "10"]], title="Things")
    text = screen.getvalue()
    assert "─" in text
    assert "[a]" in text
    assert "Things" in text


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (60, ["the-name  what it is       a number", "a-name    some long words  1,234,567"]),
        (33, ["the-name  what it is  number", "a-name    some long   1,234,567", "words"]),
        (24, ["a-name", "what it is: some long words", "a number: 1,234,567"]),
    ],
)
def test_names_and_numbers_stay_whole(monkeypatch, columns, lines):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(
        ["the-name", "what it is", "a number"], [["a-name", "some long words", "1,234,567"]], text=2
    )
    plain = re.sub(r"\x1b\[\d*m", "", screen.getvalue())
    said = [line.split() for line in plain.split("\n")]
    for line in lines:
        assert line.split() in said


def test_require():
    assert require("json", extra="none", purpose="this").__name__ == "json"


def test_require_what_is_not_there():
    with pytest.raises(MetaplastError) as error:
        require("no_such_package.part", extra="rtl", purpose="simulate")
    assert str(error.value) == (
        "simulate needs no_such_package, which is not installed; "
        "install it with: pip install 'metaplast[rtl]'"
    )


def test_require_what_is_broken(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import what_it_needs")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="what_it_needs"):
        require("broken_package", extra="rtl", purpose="simulate")


def test_a_bar_on_a_terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    with Reporter() as reporter:
        reporter.start("one", 10)
        reporter.advance(5)
        reporter.line("a line with [brackets]")
        reporter.start("two", 10)
        reporter.advance(10)
    text = screen.getvalue()
    assert "one" in text
    assert "two" in text
    assert "a line with [brackets]" in text


def test_with_json_the_bar_is_on_stderr(monkeypatch, capsys):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with Reporter(json=True) as reporter:
        reporter.start("one", 10)
        reporter.advance(5)
        reporter.line("line")
        reporter.result("result")
    assert "one" in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_quiet(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    with Reporter(quiet=True) as reporter:
        reporter.start("one", 10)
        reporter.line("line")
        reporter.result("result")
    assert screen.getvalue() == "result\n"
