"""The records of one file as documents, with a fault in the place of each that is none.

Every reader is a stream: no file is held in memory whole, however large, but a plain text that is
one document.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import IO, Any, NamedTuple

from train.document import Document, check_spans
from train.errors import Fault, InputError
from train.jsonl import load_object, parse_spans
from train.lines import decode, decode_lines
from train.storage import import_arrow, told
from train.tables import text_of

ID_COLUMN = "id"
"""Where ids are looked for if nobody says where; such a column may be missing."""
ROW_CHARACTERS = 64 << 20
"""The longest row of CSV. One that is longer has a quote that nothing closes, and would take the
rest of the file for a cell."""
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""The bytes that were not UTF-8, as ``surrogateescape`` keeps them."""
_CELL_LIMIT = 2**31 - 1  # the most that the csv module takes on every system
_FIRST = 100
"""As many records that all lack the text are not bad records but the wrong name for it."""
_BATCH = 1_000
_NANOSECONDS = re.compile(r"(?:timestamp|duration|time64)\[ns[],]")
"""Types, by their text, of what Python knows to the microsecond only."""


class Origin(NamedTuple):
    """Where a record stands, and of what types its columns are."""

    place: str
    """``file:line`` or the like, as in a fault."""
    schema: Any = None
    """The ``pyarrow.Schema`` of the carried columns; None where there is none."""


Record = tuple[Document | Fault, Origin]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """How the records of one file become documents.

    All columns (or keys) of a record but the text and the id are carried in the document's
    ``meta``, as they are. A record without an id (nothing, null, an empty string, NaN) is named
    after the file and its line. An id that is neither a string nor a whole number is known by its
    text: 1.5 as ``1.5``, an object as its JSON, bytes as base64.
    """

    file: str
    """What messages call the file."""
    name: str
    """What documents without an id are named after."""
    text_column: str = "text"
    id_column: str = ID_COLUMN
    is_first: bool = False
    """Whether nothing of the run's input comes before: if no record has a text, the name of the
    text's key is wrong, however few they are."""
    with_spans: bool = False
    """Whether documents keep the ``spans`` of their records, which JSONL alone has."""

    def read_document(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield the one document that a plain text file is."""
        text = decode(stream.read(), self.file, self.file, opens_file=True)
        yield text if isinstance(text, Fault) else Document(self.name, text), Origin(self.file)

    def read_txt(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield a document for each line, blank ones included."""
        for number, line in decode_lines(stream, self.file):
            found = line if isinstance(line, Fault) else Document(f"{self.name}:{number}", line)
            yield found, Origin(f"{self.file}:{number}")

    def read_jsonl(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield a document for each JSON object, one a line; blank lines mean nothing.

        The key ``spans`` is not carried: what the tagger finds takes its place, unless
        ``with_spans`` is set.

        Raises:
            InputError: none of the first 100 objects has the text's key; or none of fewer, in the
                first file that is read. In a later one, these are faults.
        """
        held: list[Record] | None = []  # faults, until one record has the key; they may be many
        textless = 0
        keys: dict[str, None] = {}
        for number, line in decode_lines(stream, self.file):
            where = f"{self.file}:{number}"
            if isinstance(line, str) and not line.strip():
                continue
            found: Document | Fault
            record = line if isinstance(line, Fault) else load_object(line, where)
            if isinstance(record, Fault):
                found = record
            elif self.text_column in record:
                yield from held or ()
                held = None
                found = self._document(record, where, number, ("spans",))
                if self.with_spans and isinstance(found, Document):
                    found = _with_spans(found, record, where)
            else:
                found = Fault(where, f"no key {self.text_column!r}", "a text under it")
                if held is not None:
                    textless += 1
                    keys.update(dict.fromkeys(record))
                    if textless == _FIRST:
                        raise self._no_text("key", list(keys))
            if held is None:
                yield found, Origin(where)
                continue
            held.append((found, Origin(where)))
            if len(held) == _FIRST:
                yield from held
                held = []
        if held is not None and textless and self.is_first:
            raise self._no_text("key", list(keys))
        yield from held or ()

    def read_csv(self, stream: IO[bytes], delimiter: str = ",") -> Iterator[Record]:
        """Yield a document for each row below the header; what is quoted is kept to the letter.

        Cells with line ends, quotes or delimiters stand in double quotes, with tabs as well. A row
        of more than :data:`ROW_CHARACTERS` is a fault, and reading goes on with the next line.

        Raises:
            InputError: the header is broken, has no column for the text, or one name twice.
        """
        header: list[str] | None = None
        for number, row in _rows(stream, delimiter):
            where = f"{self.file}:{number}"
            if isinstance(row, str):
                fault: Fault | None = Fault(
                    where, f"a row that is no CSV ({row})", "cells with their quotes in pairs"
                )
            else:
                fault = self._broken_cell(row, header or (), where)
            if header is None:
                if fault:
                    raise InputError(f"{fault}; the header must be whole")
                header = list(row)
                self._check_columns(header)
            elif fault:
                yield fault, Origin(where)
            elif len(row) != len(header):
                expected = f"{len(header)}, as many as in the header"
                yield Fault(where, f"{len(row)} cells", expected), Origin(where)
            else:
                record = dict(zip(header, row, strict=True))
                yield self._document(record, where, number), Origin(where)

    def read_parquet(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield a document for each row, with the ``pyarrow.Schema`` of the carried columns.

        What Python has no like of is carried as text: times to the nanosecond, dates behind the
        year 9999. Lists and objects of times to the nanosecond, and such durations and times of
        day, are text in the schema as well.

        Raises:
            InputError: the file is broken, has no strings in the text's column, or a name twice.
        """
        parquet = import_arrow("pyarrow.parquet", f"{self.file}: reading .parquet")
        arrow = import_arrow("pyarrow", f"{self.file}: reading .parquet")
        with told(self.file):
            file = parquet.ParquetFile(stream)
            schema = file.schema_arrow
        self._check_columns(schema.names)
        held = schema.field(self.text_column).type
        if arrow.types.is_dictionary(held):
            held = held.value_type
        if str(held) not in ("string", "large_string", "string_view", "null"):
            raise InputError(f"{self.file}: column {self.text_column!r} holds {held}, not strings")
        carried = [
            field.with_type(arrow.string())
            if _NANOSECONDS.search(str(field.type)) and not arrow.types.is_timestamp(field.type)
            else field
            for field in schema
            if field.name not in (self.text_column, self.id_column)
        ]
        rest = arrow.schema(carried)
        number = 0
        batches = file.iter_batches(batch_size=_BATCH)
        while True:
            with told(self.file):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_values(column) for column in batch.columns]
            for row in zip(*columns, strict=True):
                number += 1
                where = f"{self.file}:row {number}"
                origin = Origin(where, rest)
                if any(isinstance(value, UnicodeDecodeError) for value in row):
                    yield Fault(where, "a string that is not UTF-8", "UTF-8"), origin
                else:
                    record = dict(zip(schema.names, row, strict=True))
                    yield self._document(record, where, number), origin

    def _document(
        self, record: Mapping[str, Any], where: str, number: int, left_out: Sequence[str] = ()
    ) -> Document | Fault:
        text = record[self.text_column]
        if not isinstance(text, str):
            return Fault(where, f"no string under {self.text_column!r}", "a text")
        try:
            identifier = _identifier(record.get(self.id_column)) or f"{self.name}:{number}"
        except RecursionError:
            return Fault(where, "an id that is nested too deep", "a string or a number")
        apart = {self.text_column, self.id_column, *left_out}
        meta = {key: value for key, value in record.items() if key not in apart}
        return Document(identifier, text, meta=meta)

    def _check_columns(self, columns: Sequence[str]) -> None:
        twice = [repr(name) for name, count in Counter(columns).items() if count > 1]
        if twice:
            raise InputError(
                f"{self.file}: more than one column is named {', '.join(twice)}; rename them"
            )
        if self.text_column not in columns:
            raise self._no_text("column", columns)
        if self.id_column != ID_COLUMN and self.id_column not in columns:
            raise InputError(
                f"{self.file}: no column {self.id_column!r}; name the id's column with --id-column "
                f"(columns here: {', '.join(columns)})"
            )

    def _no_text(self, noun: str, there: Sequence[str]) -> InputError:
        return InputError(
            f"{self.file}: no {noun} {self.text_column!r}; name the text's {noun} with "
            f"--text-column ({noun}s here: {', '.join(there) or 'none'})"
        )

    def _broken_cell(self, row: Sequence[str], header: Sequence[str], where: str) -> Fault | None:
        """Return the fault of the first cell that was not UTF-8."""
        for cell, column in zip_longest(row, header[: len(row)]):
            if _NOT_UTF8.search(cell):
                raw = cell.encode("utf-8", "surrogateescape")
                place = where if column is None else f"{where}: {column}"
                found = decode(raw, place, self.file, opens_file=False)
                return found if isinstance(found, Fault) else None
        return None


def _with_spans(document: Document, record: Mapping[str, Any], where: str) -> Document | Fault:
    items = record.get("spans")
    if not isinstance(items, list):
        return Fault(f"{where}: spans", "nothing that is a list", "a list of spans, or no --tagged")
    spans = parse_spans(items, document.text, where)
    if isinstance(spans, list):
        return spans[0]
    fault = next(check_spans(document.text, spans, None, where), None)
    return fault or replace(document, spans=spans)


def _rows(stream: IO[bytes], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line where each row begins, and the row, or what the csv module says against it."""
    csv.field_size_limit(_CELL_LIMIT)
    text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
    lines = _RowLines(text)
    # Strict, or a quote that nothing closes would swallow the rows behind it in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        while True:
            number = lines.number + 1
            lines.held = 0
            try:
                row = next(reader, None)
            except csv.Error as error:
                yield number, str(error)
                continue
            except _LongRowError:
                yield (
                    number,
                    f"no end within {ROW_CHARACTERS:,} characters, to line {lines.number}; a quote "
                    "that nothing closes?",
                )
                continue
            if row is None:
                return
            if row:  # a blank line is none
                yield number, row
    finally:
        text.detach()  # standard input is not ours to close


class _LongRowError(Exception):
    """A row that is too long to be one."""


class _RowLines:
    """The lines of a file, for a reader that takes as many as make up a row."""

    def __init__(self, text: io.TextIOWrapper):
        self._text = text
        self.number = 0
        """How many lines were taken."""
        self.held = 0
        """How many characters, since this was set to 0."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(ROW_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        self.held += len(line)
        if self.held < ROW_CHARACTERS:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(ROW_CHARACTERS)
        raise _LongRowError


def _identifier(value: Any) -> str:
    """Return the text of an id, which is empty where there is none.

    NaN is what pandas makes of null in a column of numbers.
    """
    if value is None or value != value:
        return ""
    return text_of(value) or str(value)


def _values(column: Any) -> list[Any]:
    """Return a column as Python values, which are the same whether or not pandas is installed.

    In the place of a string that is not UTF-8 stands the error.
    """
    arrow = import_arrow("pyarrow", "reading .parquet")
    if _NANOSECONDS.search(str(column.type)):
        if not arrow.types.is_timestamp(column.type):
            return [_value_or_error(scalar) for scalar in column]
        try:  # most are whole microseconds
            column = column.cast(arrow.timestamp("us", column.type.tz))
        except arrow.ArrowInvalid:
            return [_value_or_error(scalar) for scalar in column]
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value_or_error(scalar) for scalar in column]


def _value_or_error(scalar: Any) -> Any:
    try:
        return _value(scalar)
    except UnicodeDecodeError as error:
        return error


def _value(scalar: Any) -> Any:
    """Return a value of Arrow as one of Python, or as text where Python has none like it."""
    arrow = import_arrow("pyarrow", "reading .parquet")
    if not scalar.is_valid:
        return None
    if isinstance(scalar, arrow.DictionaryScalar):
        return _value(scalar.value)
    if isinstance(scalar, arrow.MapScalar):
        return [(_value(item["key"]), _value(item["value"])) for item in scalar.values]
    if isinstance(scalar, arrow.ListScalar | arrow.LargeListScalar | arrow.FixedSizeListScalar):
        return [_value(item) for item in scalar.values]
    if isinstance(scalar, arrow.StructScalar):
        return {name: _value(item) for name, item in scalar.items()}
    if _NANOSECONDS.match(str(scalar.type)):
        return _from_nanoseconds(scalar, arrow)
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError):
        return str(scalar.cast(arrow.string()).as_py())


def _from_nanoseconds(scalar: Any, arrow: Any) -> Any:
    whole, rest = divmod(scalar.value, 1_000)
    if arrow.types.is_duration(scalar.type):
        return f"{scalar.value} ns" if rest else datetime.timedelta(microseconds=whole)
    is_time = arrow.types.is_time64(scalar.type)
    held = arrow.time64("us") if is_time else arrow.timestamp("us", scalar.type.tz)
    moment = arrow.scalar(whole, held).as_py()
    if not rest:
        return moment
    text = moment.isoformat(timespec="microseconds")
    end = text.index(".") + 7  # behind it stands the offset from UTC, if any
    return f"{text[:end]}{rest:03d}{text[end:]}"
