"""The records of one file as documents, with a fault in the place of each that is none.

Every reader is a stream: no file is held in memory whole, however large.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO, Any

from train.document import Document
from train.errors import Fault, InputError
from train.jsonl import load_object
from train.lines import decode, decode_lines
from train.storage import import_arrow, told

Record = Document | Fault
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""The bytes that were not UTF-8, as ``surrogateescape`` keeps them."""
_CELL_LIMIT = 2**31 - 1  # the most that the csv module takes on every system
_FIRST = 100
"""As many records that all lack the text are not bad records but the wrong name for it."""
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class RecordReader:
    """How the records of one file become documents.

    All columns (or keys) of a record but the text and the id are carried in the document's
    ``meta``, as they are. A record without an id is named after the file and its line.
    """

    file: str
    """What messages call the file."""
    name: str
    """What documents without an id are named after."""
    text_column: str = "text"
    id_column: str = "id"

    def read_document(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield the one document that a plain text file is."""
        text = decode(stream.read(), self.file, self.file, opens_file=True)
        yield text if isinstance(text, Fault) else Document(self.name, text)

    def read_txt(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield a document for each line, blank ones included."""
        for number, line in decode_lines(stream, self.file):
            yield line if isinstance(line, Fault) else Document(f"{self.name}:{number}", line)

    def read_jsonl(self, stream: IO[bytes]) -> Iterator[Record]:
        """Yield a document for each JSON object, one a line; blank lines mean nothing.

        A key ``spans`` is left out: what the tagger finds takes its place.

        Raises:
            InputError: none of the first records has the text's key.
        """
        textless: list[Fault] | None = []  # held back until one record has the key
        keys: dict[str, None] = {}
        for number, line in decode_lines(stream, self.file):
            where = f"{self.file}:{number}"
            if isinstance(line, Fault):
                yield line
                continue
            if not line.strip():
                continue
            record = load_object(line, where)
            if isinstance(record, Fault):
                yield record
            elif self.text_column in record:
                yield from textless or ()
                textless = None
                yield self._document(record, where, number, ("spans",))
            else:
                fault = Fault(where, f"no key {self.text_column!r}", "a text under it")
                if textless is None:
                    yield fault
                    continue
                textless.append(fault)
                keys.update(dict.fromkeys(record))
                if len(textless) == _FIRST:
                    raise self._no_text("key", list(keys))
        if textless:
            raise self._no_text("key", list(keys))

    def read_csv(self, stream: IO[bytes], delimiter: str = ",") -> Iterator[Record]:
        """Yield a document for each row below the header; what is quoted is kept to the letter.

        Cells with line ends, quotes or delimiters stand in double quotes, with tabs as well.

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
                yield fault
            elif len(row) != len(header):
                yield Fault(where, f"{len(row)} cells", f"{len(header)}, as many as in the header")
            else:
                yield self._document(dict(zip(header, row, strict=True)), where, number)

    def read_parquet(self, stream: IO[bytes]) -> Iterator[tuple[Record, Any]]:
        """Yield a document for each row, with the ``pyarrow.Schema`` of the carried columns.

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
        carried = [f for f in schema if f.name not in (self.text_column, self.id_column)]
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
                if any(isinstance(value, UnicodeDecodeError) for value in row):
                    yield Fault(where, "a string that is not UTF-8", "UTF-8"), rest
                else:
                    record = dict(zip(schema.names, row, strict=True))
                    yield self._document(record, where, number), rest

    def _document(
        self, record: Mapping[str, Any], where: str, number: int, left_out: Sequence[str] = ()
    ) -> Record:
        text = record[self.text_column]
        if not isinstance(text, str):
            return Fault(where, f"no string under {self.text_column!r}", "a text")
        identifier = record.get(self.id_column)
        known = isinstance(identifier, int | str) and not isinstance(identifier, bool)
        if not known or identifier == "":  # a cell cannot be left out, but it can be empty
            identifier = f"{self.name}:{number}"
        apart = {self.text_column, self.id_column, *left_out}
        meta = {key: value for key, value in record.items() if key not in apart}
        return Document(str(identifier), text, meta=meta)

    def _check_columns(self, columns: Sequence[str]) -> None:
        twice = [repr(name) for name, count in Counter(columns).items() if count > 1]
        if twice:
            raise InputError(
                f"{self.file}: more than one column is named {', '.join(twice)}; rename them"
            )
        if self.text_column not in columns:
            raise self._no_text("column", columns)

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


def _rows(stream: IO[bytes], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line where each row begins, and the row, or what the csv module says against it."""
    csv.field_size_limit(_CELL_LIMIT)
    lines = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
    # Strict, or a quote that nothing closes would swallow the rows behind it in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                yield number, str(error)
                continue
            if row is None:
                return
            if row:  # a blank line is none
                yield number, row
    finally:
        lines.detach()  # standard input is not ours to close


def _values(column: Any) -> list[Any]:
    """Return a column as Python values.

    A value that Python has no like of (such as a time to the nanosecond) stays as pyarrow has it;
    in the place of a string that is not UTF-8 stands the error.
    """
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return error
    except (ValueError, OverflowError):
        return scalar
