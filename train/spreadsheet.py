"""Spreadsheets: rows as an Excel file (.xlsx) that opens from right to left.

The limits are those of Excel: https://support.microsoft.com/office/excel-specifications-and-limits
The same rows always give the same bytes.
"""

from __future__ import annotations

import datetime
import importlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from train.count import OUTCOMES
from train.errors import InputError
from train.jsonl import dump_record
from train.storage import open_whole, told
from train.tables import plain
from train.totals import Totals

CELL_UNITS = 32_767
"""The most UTF-16 units that a cell holds."""
SHEET_ROWS = 1_048_576
"""The most rows of a sheet, the header among them."""
SHEET_COLUMNS = 16_384
SEPARATOR = "؛ "
"""What stands between the items of a list in a cell."""
EXACT_DIGITS = 15
"""Excel keeps no more digits of a number; one that has more is written as text."""

# What XML cannot hold. XlsxWriter would write a carriage return, which it can, as Excel does.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# In constant memory, XlsxWriter takes such a text for its own markup and writes it as it is.
_MARKUP = re.compile("<r>.*</r>", re.DOTALL)
_MARK = "�"
_WIDTHS = {"id": 18, "text": 70, "spans": 30, "actors": 30, "weapons": 24, "bases": 24}
_WIDE, _NARROW = 24, 12
_LINE = 15
"""Points that a line of a cell is high."""
_MOST_LINES = 12
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)


@dataclass(slots=True)
class Written:
    """What became of the rows."""

    rows: int = 0
    replaced: int = 0
    """Cells with characters that a sheet cannot hold, for which ``�`` stands."""
    cut: int = 0
    """Cells whose text is longer than a cell can be; they say so where they end."""

    def notes(self) -> list[str]:
        """Return a line for people for each thing that is not as it was in the rows."""
        notes = []
        if self.replaced:
            what = f"{self.replaced:,} cell{'s' * (self.replaced > 1)}"
            notes.append(f"{what} had characters that Excel cannot hold, shown as {_MARK}")
        if self.cut:
            what = f"{self.cut:,} cell{'s' * (self.cut > 1)}"
            notes.append(
                f"{what} had more than {CELL_UNITS:,} characters, which Excel cannot hold, and "
                "were cut; .jsonl, .csv and .parquet have all of them"
            )
        return notes


def import_excel() -> Any:
    """Return the module that writes .xlsx, which is an extra.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module("xlsxwriter")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "xlsxwriter":
            raise
        raise InputError(
            "writing .xlsx needs the extra excel: pip install 'marsad[excel]'"
        ) from None


def write_xlsx(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], totals: Totals | None, path: Path
) -> Written:
    """Write rows to an Excel file, which appears whole or stays as it was.

    Args:
        rows: values by column, read once; a column that a row lacks is empty there.
        columns: their order; ``spans`` and other objects become JSON, lists joined text.
        totals: of all rows, for a second sheet; they may still be added up while rows are read.
            None where rows are no incidents: there is one sheet then.
        path: the file.

    Raises:
        InputError: the file cannot be written, or a sheet cannot hold so many rows or columns.
    """
    with open_whole(str(path)) as file:
        return write_book(rows, columns, totals, file, str(path))


def write_book(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    totals: Totals | None,
    file: IO[bytes],
    name: str,
) -> Written:
    """Write rows to an open file like :func:`write_xlsx`; errors tell of ``name``."""
    if len(columns) > SHEET_COLUMNS:
        raise InputError(
            f"{name}: {len(columns):,} columns, and a sheet of Excel holds {SHEET_COLUMNS:,}; "
            "write .csv, .parquet or .jsonl"
        )
    excel = import_excel()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        output = _Output(file)
        book = excel.Workbook(output, {"constant_memory": True, "tmpdir": folder})
        try:
            book.use_zip64()
            book.set_properties({"created": _CREATED})
            writer = _Writer(book, columns, name, totals)
            for row in rows:
                writer.write(row)
            writer.finish()
            book.close()
        except excel.exceptions.FileCreateError as error:  # it wraps what the system says
            raise error.args[0] from None
        finally:
            output.is_over = True
            for sheet in book.worksheets():
                sheet._opt_close()  # what close() does, and what an error must not leave open
    return writer.written


def join_book(
    part_files: Sequence[Path],
    columns: Sequence[str],
    totals: Totals | None,
    file: IO[bytes],
    name: str,
) -> Written:
    """Write the rows of files of JSON lines like :func:`write_book`; ``totals`` adds them up."""

    def rows() -> Iterator[dict[str, Any]]:
        for path in part_files:
            with told(str(path)), path.open(encoding="utf-8") as part:
                for line in part:
                    row = json.loads(line)
                    if totals is not None:
                        totals.add(row)
                    yield row

    return write_book(rows(), columns, totals, file, name)


class _Output:
    """The open file, as far as the writer of archives needs one.

    After an error, that would try to write the end of the archive once more when it is discarded,
    and fail again; what it writes then goes nowhere.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._place = 0
        self.is_over = False

    def write(self, data: bytes) -> int:
        self._place += len(data)
        return len(data) if self.is_over else self._file.write(data)

    def tell(self) -> int:
        return self._place if self.is_over else self._file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place
        return place if self.is_over else self._file.seek(place, whence)

    def flush(self) -> None:
        if not self.is_over:
            self._file.flush()


class _Writer:
    """The sheets while they are written, row by row."""

    def __init__(self, book: Any, columns: Sequence[str], name: str, totals: Totals | None) -> None:
        self.written = Written()
        self._columns = columns
        self._name = name
        text: dict[str, Any] = {"align": "right", "valign": "top", "reading_order": 2}
        self._header = book.add_format(text | {"bold": True, "text_wrap": True, "bottom": 1})
        self._text = book.add_format(text | {"text_wrap": True})
        # Wrapped JSON would make every row as high as a page.
        self._json = book.add_format({"align": "left", "valign": "top", "reading_order": 1})
        self._number = book.add_format({"align": "right", "valign": "top", "num_format": "#,##0"})
        self._other = book.add_format({"align": "right", "valign": "top"})
        self._totals = totals
        self._rows = book.add_worksheet("incidents" if totals is not None else "rows")
        self._sums = book.add_worksheet("totals") if totals is not None else None
        for sheet in filter(None, (self._rows, self._sums)):
            sheet.right_to_left()
            sheet.freeze_panes(1, 0)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)  # all columns on a printed page, however many pages of rows
        # An id of digits is text on purpose.
        self._rows.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
        for index, column in enumerate(columns):
            self._rows.set_column(index, index, _width(column))
            self._put_text(self._rows, 0, index, column, self._header)

    def write(self, row: Mapping[str, Any]) -> None:
        """Write the next row.

        Raises:
            InputError: the sheet is full.
        """
        place = self.written.rows + 1
        if place >= SHEET_ROWS:
            raise InputError(
                f"{self._name}: more than {SHEET_ROWS - 1:,} rows, which is all that a sheet of "
                "Excel holds; write .csv, .parquet or .jsonl, or fewer documents at a time"
            )
        self._rows.set_row(place, _LINE * _lines(row, self._columns))
        for index, column in enumerate(self._columns):
            self._put(self._rows, place, index, row.get(column))
        self.written.rows = place

    def finish(self) -> None:
        """Write the second sheet, and what concerns all rows of the first."""
        if self._columns:
            self._rows.autofilter(0, 0, self.written.rows, len(self._columns) - 1)
        if self._totals is None or self._sums is None:
            return
        record = self._totals.to_dict()
        lines: list[tuple[Any, ...]] = [("outcome", "min", "max")]
        lines += [(name, record[f"{name}_min"], record[f"{name}_max"]) for name in OUTCOMES]
        lines += [(key, record[key]) for key in ("rows", "approximate", "unread")]
        lines += [(note,) for note in (self._totals.told(), *self.written.notes())]
        self._sums.set_column(0, 0, 60)
        self._sums.set_column(1, 2, 16)
        for place, line in enumerate(lines):
            for index, value in enumerate(line):
                if place:
                    self._put(self._sums, place, index, value)
                else:
                    self._put_text(self._sums, place, index, value, self._header)

    def _put(self, sheet: Any, row: int, column: int, value: Any) -> None:
        """Write a cell; text is never taken for a formula or a link."""
        value = plain(value)
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value, self._other)
        elif isinstance(value, int) and abs(value) < 10**EXACT_DIGITS:
            sheet.write_number(row, column, value, self._number)
        elif isinstance(value, float):
            sheet.write_number(row, column, value, self._other)
        elif isinstance(value, list) and not any(isinstance(item, dict) for item in value):
            items = (item if isinstance(item, str) else dump_record(item) for item in value)
            self._put_text(sheet, row, column, SEPARATOR.join(items), self._text)
        elif isinstance(value, list | dict):
            self._put_text(sheet, row, column, dump_record(value), self._json)
        else:
            self._put_text(sheet, row, column, str(value), self._text)

    def _put_text(self, sheet: Any, row: int, column: int, text: str, style: Any) -> None:
        fit = _UNFIT.sub(_MARK, text)
        if _MARKUP.fullmatch(fit):
            fit = _MARK + fit
        self.written.replaced += fit != text
        if len(fit) > CELL_UNITS // 2 and _units(fit) > CELL_UNITS:
            fit = _cut(fit)
            self.written.cut += 1
        if fit:
            sheet.write_string(row, column, fit, style)


def _width(column: str) -> int:
    usual = _NARROW if column.endswith(("_min", "_max")) else _WIDE
    return _WIDTHS.get(column, usual)


def _lines(row: Mapping[str, Any], columns: Sequence[str]) -> int:
    """Return about how many lines a row needs; not every program finds that out by itself."""
    needed = 1
    for column in columns:
        value = row.get(column)
        if isinstance(value, list) and column != "spans":
            value = SEPARATOR.join(map(str, value))
        if isinstance(value, str):
            width = _width(column)
            needed = max(needed, sum(-(-len(part) // width) or 1 for part in value.split("\n")))
    return min(needed, _MOST_LINES)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str) -> str:
    """Return as much of a text as a cell holds, with a mark at its end that says so."""
    mark = f" … [cut: {_units(text):,} characters]"
    room = (CELL_UNITS - _units(mark)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + mark
