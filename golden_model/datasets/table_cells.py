"""Cells of a table: numbers, missing values, and mistakes."""

import re
from collections.abc import Callable, Sequence

from ..errors import DataError

__all__ = ["CellReader", "DecimalComma", "is_number", "is_truth"]

POINT_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(([,.'’ \u00a0\u202f])\d{3})(\2\d{3})*([.,]\d+)?", re.ASCII)

# A number with a decimal comma that may as well be a whole number of thousands.
EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)

# Ways to write that a value is missing, any case.
MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "none", "?", "-", "."}
)
TRUTH = {"true": 1.0, "false": 0.0}


class CellReader:
    """Reads the cells of feature columns as numbers.

    Numbers have a decimal point. If a cell has a decimal comma, :class:`DecimalComma` is raised,
    and the table is read again with ``comma``; then no number may have a point.

    Parameters
    ----------
    comma : bool
        Whether numbers have a decimal comma.
    where : function of a row and a column
        Gives the name of a cell in error messages; rows are line numbers.
    hint : function
        Gives the end of the message about a cell that is text.
    """

    def __init__(self, *, comma: bool, where: Callable[[int, int], str], hint: Callable[[], str]):
        self.comma = comma
        self.where = where
        self.hint = hint
        self._comma_seen: str | None = None
        self._either: tuple[str, str] | None = None
        self._certain = False

    def numbers(self, row: int, columns: Sequence[int], cells: Sequence[str]) -> list[float]:
        """The numbers of a row's features.

        Parameters
        ----------
        row : int
            Line number.
        columns : sequence of int
            Column of each cell, from 0.
        cells : sequence of str
            The cells.

        Raises
        ------
        DecimalComma
            If a cell has a decimal comma, and commas are not expected.
        DataError
            If a value is missing or not a number.
        """
        text = "".join(cells)
        if not self.comma and text.isascii() and "_" not in text:  # Python reads 1_000 and ١
            try:
                return list(map(float, cells))
            except ValueError:
                pass
        return [
            self._number(row, column, cell.strip())
            for column, cell in zip(columns, cells, strict=True)
        ]

    def finish(self) -> None:
        """Check that decimal commas cannot be separators of thousands.

        Raises
        ------
        DataError
            If all can.
        """
        if self._either and not self._certain:
            at, cell = self._either
            raise DataError(
                f"{at} is {cell!r}, which may be {cell.replace(',', '')} or "
                f"{cell.replace(',', '.')}; write numbers with a decimal point, and without "
                "separators of thousands"
            )

    def _number(self, row: int, column: int, cell: str) -> float:
        folded = cell.casefold()
        if folded in TRUTH:
            return TRUTH[folded]
        if COMMA_NUMBER.fullmatch(cell):
            if not self.comma:
                raise DecimalComma
            self._comma_seen = self._comma_seen or cell
            if not EITHER.fullmatch(cell):
                self._certain = True
            elif self._either is None:
                self._either = self.where(row, column), cell
            return float(cell.replace(",", "."))
        if POINT_NUMBER.fullmatch(cell) and not (self.comma and "." in cell):
            return float(cell)
        raise DataError(f"{self.where(row, column)} {self._mistake(cell)}")

    def _mistake(self, cell: str) -> str:
        if not cell:
            return (
                "is empty: the value is missing; fill it in (scikit-learn: SimpleImputer), or "
                "leave the row or the column out"
            )
        if cell.casefold() in MISSING:
            return (
                f"is {cell!r}, a missing value; fill it in (scikit-learn: SimpleImputer), or leave "
                "the row or the column out"
            )
        if cell.casefold().lstrip("+-") in ("inf", "infinity"):
            return f"is {cell}; features must be finite numbers"
        if self.comma and POINT_NUMBER.fullmatch(cell):
            comma = f" (such as {self._comma_seen!r})" if self._comma_seen else ""
            return (
                f"is {cell!r} with a decimal point, and other numbers have a decimal comma{comma}; "
                "write all of them the same way"
            )
        if THOUSANDS.fullmatch(cell):
            return f"is {cell!r}, with separators of thousands; write numbers without them"
        return f"is {cell!r}, not a number{self.hint()}"


class DecimalComma(Exception):
    """A number has a decimal comma where points are expected."""


def is_number(cell: str) -> bool:
    """Whether a cell is a number with a decimal point or comma."""
    cell = cell.strip()
    return bool(POINT_NUMBER.fullmatch(cell) or COMMA_NUMBER.fullmatch(cell))


def is_truth(cell: str) -> bool:
    """Whether a cell is true or false."""
    return cell.strip().casefold() in TRUTH
