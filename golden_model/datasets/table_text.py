"""Text of a table file: unpacking, character encoding, lines, separator."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..errors import DataError
from .idx import read_unpacked
from .table_cells import is_number

__all__ = ["SEPARATORS", "Records", "open_records", "split_line"]

# Separators in the order of preference; a blank stands for any run of blanks and tabs.
SEPARATORS = ("\t", ";", ",", "|", " ")
SEPARATOR_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar", " ": "white space"}
SAMPLE_LINES = 100

# Excel's first line, which names the separator.
SEPARATOR_LINE = re.compile(r'"?sep=(.|\\t)"?', re.IGNORECASE)

BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def _decoded_text(path: Path, on_note: Callable[[str], None]) -> str:
    """The text of a file, unpacked if it is gzipped.

    It is UTF-8, or UTF-16 or UTF-32 with a byte order mark, or else Windows-1252, which is noted.

    Raises
    ------
    DataError
        If the file cannot be read, or is not text.
    """
    content = read_unpacked(path)
    if content[:4] == b"PK\x03\x04":
        raise DataError(
            f"{path} is a zip archive or an Excel workbook, not a text file; save the table as CSV"
        )
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decoded(path, content, encoding)
    if b"\0" in content:
        raise DataError(
            f"{path} is not a text file: it holds a zero byte at {content.index(0)}; if it is "
            "UTF-16, save it as UTF-8"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = _decoded(path, content, "cp1252")
        on_note(
            f"{path} is read as Windows-1252: byte {content[error.start]:#04x} at {error.start} is "
            "not UTF-8"
        )
        return text


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        kind = "UTF-8 or Windows-1252" if encoding == "cp1252" else encoding.upper()
        raise DataError(
            f"{path} is not a text file in {kind}: byte {content[error.start]:#04x} at "
            f"{error.start}; save it as UTF-8"
        ) from None


@dataclass(frozen=True)
class Records:
    """Rows of a table, without comments and blank lines.

    Attributes
    ----------
    path : Path
        The file.
    lines : tuple of str
        Its lines.
    separator : str
        Between two cells; a blank stands for any run of blanks and tabs.
    comments : tuple of str
        The comment lines before the first row, without their ``#``; one may be the header.
    """

    path: Path
    lines: tuple[str, ...]
    separator: str
    comments: tuple[str, ...]

    @property
    def separator_name(self) -> str:
        """The separator's name in error messages."""
        return SEPARATOR_NAMES.get(self.separator, repr(self.separator))

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The number of the last line of each row, from 1, and its cells."""
        last = 0

        def lines() -> Iterator[str]:
            nonlocal last
            for last, line in enumerate(self.lines, 1):
                if not _is_left_out(line, last == 1):
                    yield _prepared(line, self.separator)

        reader = csv.reader(lines(), delimiter=self.separator, skipinitialspace=True)
        try:
            for cells in reader:
                if cells:
                    yield last, cells
        except csv.Error as error:
            raise DataError(
                f"{self.path}: row {last} cannot be split into cells: {error}; look for a "
                "quotation mark that is not closed"
            ) from None


def open_records(path: Path, on_note: Callable[[str], None]) -> Records:
    """Read a table's text and find its separator.

    Raises
    ------
    DataError
        If the file cannot be read, or is not text.
    """
    lines = tuple(io.StringIO(_decoded_text(path, on_note), newline=None))
    comments: list[str] = []
    separator = None
    if lines and (found := SEPARATOR_LINE.fullmatch(lines[0].strip())):
        separator = "\t" if found[1] == "\\t" else found[1]
    for number, line in enumerate(lines, 1):
        if not _is_left_out(line, number == 1):
            break
        if line.lstrip().startswith("#"):
            comments.append(line.strip().lstrip("#").strip())
    kept = (line for number, line in enumerate(lines, 1) if not _is_left_out(line, number == 1))
    sample = list(islice(kept, SAMPLE_LINES))
    return Records(path, lines, separator or _best_separator(sample), tuple(comments))


def split_line(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    return next(_split([line], separator), [])


def _is_left_out(line: str, first: bool) -> bool:
    text = line.strip(" \r\n")
    return not text or text.lstrip()[:1] == "#" or (first and bool(SEPARATOR_LINE.fullmatch(text)))


def _prepared(line: str, separator: str) -> str:
    """A line for the csv module, which knows one blank as a separator, and no tabs beside it."""
    return line.strip().replace("\t", " ") + "\n" if separator == " " else line


def _split(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    prepared = (_prepared(line, separator) for line in lines)
    return csv.reader(prepared, delimiter=separator, skipinitialspace=True)


def _best_separator(lines: list[str]) -> str:
    """The separator that gives most lines the same number of cells, and most cells numbers."""
    best, chosen = (0.0, 0.0), ","
    tabs = False  # two tabs in a row have an empty cell between them, two blanks have none
    for separator in SEPARATORS:
        if separator == " " and tabs:
            continue
        try:
            rows = [cells for cells in _split(lines, separator) if cells]
        except csv.Error:
            continue
        counts = Counter(map(len, rows))
        if not counts:
            continue
        columns, times = counts.most_common(1)[0]
        if columns < 2:
            continue
        alike = times / len(rows)
        tabs |= separator == "\t" and alike == 1
        cells = [cell for row in rows for cell in row]
        numbers = sum(map(is_number, cells)) / len(cells)
        if (alike * numbers, alike) > best:
            best, chosen = (alike * numbers, alike), separator
    return chosen
