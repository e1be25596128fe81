"""Sinks: tagged documents as the bytes of a file, in each of the formats that can be written.

The same documents always give the same bytes, so a part that is written again is the same part.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.compression import COMPRESSIONS, compress, split_suffix
from train.compression import check as check_compression
from train.document import Document
from train.errors import Fault, InputError
from train.incidents import COLUMNS as INCIDENT_COLUMNS
from train.incidents import has_casualties, incident
from train.jsonl import dump_record
from train.renditions import UnfitError, conll_block, inline_line
from train.spreadsheet import import_excel, join_book
from train.storage import import_arrow, open_whole, told
from train.tables import (
    DELIMITERS,
    SPAN_COLUMNS,
    SPAN_KEYS,
    MisfitError,
    arrow_table,
    flat_span,
    join_parquet,
    parquet,
    plain,
    row,
    text_of,
)
from train.tags import TagSet
from train.totals import Totals

FORMATS = ("jsonl", "csv", "tsv", "parquet", "xlsx", "conll", "txt")
COLUMNS = {
    "documents": ("id", "text", "spans"),
    "spans": ("id", *SPAN_COLUMNS),
    "incidents": INCIDENT_COLUMNS,
}
"""What a row of a table holds besides the columns that are carried through: a document, a span, or
the counts, parties and weapons of a document with casualties."""
ROWS = tuple(COLUMNS)
_TABLES = (*DELIMITERS, "parquet", "xlsx")
_PACKED = ("parquet", "xlsx")
"""Formats that are compressed as they are, and not a part behind a part."""
_UNTABLED = ("conll", "txt")
"""Formats that hold text and mentions alone, without rows or carried columns."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A format that documents are written in, with all that decides their bytes.

    Raises:
        InputError: the parts do not go together, such as Parquet and ``.gz``.
    """

    format: str
    rows: str = "documents"
    compression: str = ""
    columns: tuple[str, ...] | None = None
    """The carried columns of a table; those of the first document of a part where it is None."""
    integers: tuple[str, ...] = ()
    """Carried columns that are whole numbers in Parquet, where others without a schema are text."""
    types: tuple[Any, ...] | None = None
    """The ``pyarrow.Field`` of each carried column that is not text in Parquet, fixed by the run;
    those of each part's own schema where it is None."""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(f"{self.format!r} is no output format; one of {', '.join(FORMATS)}")
        if self.rows not in ROWS:
            raise InputError(f"--rows: {self.rows!r} is none of {', '.join(ROWS)}")
        if self.compression and self.compression not in COMPRESSIONS:
            known = ", ".join(COMPRESSIONS)
            raise InputError(f"{self.compression!r} is no compression; one of {known}")
        if self.rows != "documents" and self.format in _UNTABLED:
            raise InputError(
                f"{self.format} cannot hold rows of {self.rows}; use jsonl, csv, tsv, parquet or "
                "xlsx, or write rows of documents"
            )
        if self.format in _PACKED and self.compression:
            raise InputError(
                f"{self.format} is compressed as it is; leave {self.compression} out: "
                f".{self.format}"
            )

    @classmethod
    def for_path(cls, path: str, rows: str = "documents") -> Sink:
        """Return the sink that a file's name asks for, such as ``out.csv.gz``.

        Raises:
            InputError: the name does not end with a format that can be written.
        """
        suffix, compression = split_suffix(path)
        if suffix[1:] not in FORMATS:
            known = ", ".join(f".{name}" for name in FORMATS)
            raise InputError(
                f"{path}: the name does not say what to write; expected one of {known}, also with "
                f"{', '.join(COMPRESSIONS)} behind it, or --to FORMAT"
            )
        return cls(suffix[1:], rows, compression)

    @classmethod
    def parse(cls, value: str, rows: str = "documents") -> Sink:
        """Return the sink of a ``--to`` option, such as ``jsonl.gz``.

        Raises:
            InputError: it is no format that can be written.
        """
        suffix, compression = split_suffix(f"to.{value}")
        if f"{suffix}{compression}" != f".{value.lower()}" or suffix[1:] not in FORMATS:
            raise InputError(
                f"--to: {value!r} is none of {', '.join(FORMATS)}, also with "
                f"{', '.join(COMPRESSIONS)} behind it"
            )
        return cls(suffix[1:], rows, compression)

    @property
    def suffix(self) -> str:
        """The end of the name of a file of this format, such as ``.jsonl.gz``."""
        return f".{self.format}{self.compression}"

    @property
    def has_columns(self) -> bool:
        """Whether every row has the same columns, so that they must be fixed for a run."""
        return self.format in _TABLES

    def check(self) -> None:
        """Tell at once, before a model is loaded, that what writes this is not installed.

        Raises:
            InputError: it is not.
        """
        if self.format == "parquet":
            import_arrow("pyarrow.parquet", "writing .parquet")
        if self.format == "xlsx":
            import_excel()
        check_compression(self.compression, f"writing {self.compression}")

    def with_columns_of(self, document: Document) -> Sink:
        """Return this sink with the carried columns of a run's first document.

        Raises:
            InputError: one has the name of a column that is written, or one that a table cannot
                hold. A later document that has one is a fault.
        """
        if self.format in _UNTABLED:
            return self
        if taken := self._taken(document.meta):
            raise self._taken_error(taken)
        if not self.has_columns:
            return self
        sink = replace(self, columns=tuple(document.meta))
        sink._carried((), None)
        return sink

    def with_types_of(self, schema: Any) -> Sink:
        """Return this sink with the types of the carried columns fixed for a run.

        Args:
            schema: the ``pyarrow.Schema`` of the part that holds the run's first document; None
                where it has none, which makes all carried columns text.
        """
        if self.format != "parquet":
            return self
        return replace(self, types=() if schema is None else tuple(schema))

    def encode(
        self,
        documents: Sequence[Document],
        schema: Any = None,
        header: bool = True,
        places: Sequence[str] = (),
    ) -> tuple[bytes, list[Fault], list[Document]]:
        """Return the bytes of ``documents``, a fault for each that is left out, and the others.

        Left out is what the format cannot hold: a lone surrogate in anything but JSONL; a carried
        column that the table does not have, or that has the name of a column that is written; in
        Parquet, a value that is not of the type of its column; in CoNLL and inline text, spans that
        are not whole words or overlap, an id or text whose line breaks would not come back.

        Args:
            documents: with their spans in text order; ``meta`` holds the carried columns.
            schema: the ``pyarrow.Schema`` of carried columns, used by Parquet alone.
            header: whether CSV and TSV begin with the names of the columns; False for all parts
                but the first of those that :func:`join` puts together.
            places: where each document stands, such as ``file:line``; told in faults.

        Raises:
            InputError: a column of the whole table has the name of a column that is written, or
                one that the format cannot hold; or, in Parquet, ``schema`` has a column of another
                type than the run.
        """
        columns = self._carried(documents, schema)
        self._check_types(columns, schema, next(iter(places), ""))
        write = self._writer(documents, columns)
        blocks: list[bytes] = []
        kept: list[tuple[str, Document]] = []
        faults: list[Fault] = []
        for document, place in zip(documents, places or [""] * len(documents), strict=True):
            where = f"{place}: document {document.id!r}" if place else f"document {document.id!r}"
            try:
                if taken := self._taken(document.meta):
                    raise UnfitError(
                        f"the column {taken!r}, which the output has besides",
                        "another name for it in the input",
                    )
                if self.has_columns and (extra := document.meta.keys() - set(columns)):
                    raise UnfitError(
                        f"the column {min(extra)!r}, which the first document does not have",
                        f"the columns {', '.join(columns) or 'id and text alone'}, or --to jsonl, "
                        "where records may differ",
                    )
                blocks.append(write(document).encode())
                kept.append((where, document))
            except UnfitError as error:
                faults.append(Fault(where, error.found, error.expected))
            except UnicodeEncodeError:
                expected = "whole characters, or --to jsonl, which can hold it"
                faults.append(Fault(where, "half of a surrogate pair", expected))
            except RecursionError:
                faults.append(Fault(where, "a value that is nested too deep", "a flatter one"))
        if self.format == "parquet":
            return self._parquet(kept, columns, schema, faults)
        if self.format in DELIMITERS and header:
            blocks.insert(0, row((*COLUMNS[self.rows], *columns), self.format).encode())
        data = compress(b"".join(blocks), self.compression)
        return data, faults, [document for _, document in kept]

    def _parquet(
        self,
        kept: list[tuple[str, Document]],
        columns: Sequence[str],
        schema: Any,
        faults: list[Fault],
    ) -> tuple[bytes, list[Fault], list[Document]]:
        types = schema or () if self.types is None else self.types

        def table(documents: Iterable[Document]) -> Any:
            records = [record for document in documents for record in self._records(document)]
            return arrow_table(
                records, self.rows, COLUMNS[self.rows], columns, types, self.integers
            )

        documents = [document for _, document in kept]
        try:
            return parquet(table(documents)), faults, documents
        except MisfitError:
            documents = []
        for where, document in kept:
            try:
                table([document])
                documents.append(document)
            except MisfitError as error:
                expected = "values of one type in all of the input, or --to jsonl"
                faults.append(Fault(where, str(error), expected))
        return parquet(table(documents)), faults, documents

    def _taken(self, names: Collection[str]) -> str | None:
        """Return the first of the columns that are written whose name a carried one has."""
        if self.format in _UNTABLED:
            return None
        return next((name for name in self._names() if name in names), None)

    def _names(self) -> tuple[str, ...]:
        """Return what a row holds besides the columns that are carried through."""
        if self.rows == "spans" and self.format == "jsonl":
            return ("id", *SPAN_KEYS)
        return COLUMNS[self.rows]

    def _taken_error(self, name: str) -> InputError:
        return InputError(
            f"the input has a column {name!r} besides its text and id, and so has the "
            f"output ({', '.join(self._names())}); rename it in the input"
        )

    def _check_types(self, columns: Sequence[str], schema: Any, place: str) -> None:
        """Refuse input of other types than the run has before they meet in one file."""
        if self.types is None or schema is None:
            return
        for field in self.types:
            if field.name not in columns or field.name not in schema.names:
                continue
            held = schema.field(field.name).type
            if held != field.type:
                raise InputError(
                    f"{place or 'the input'}: the column {field.name!r} holds {held}, and where "
                    f"the run began it holds {field.type}; Parquet has one type for it: convert "
                    "the input, tag it in a run of its own, or use --to jsonl"
                )

    def _carried(self, documents: Sequence[Document], schema: Any) -> tuple[str, ...]:
        """Return the carried columns of the table, and refuse names that are taken."""
        if not self.has_columns:
            return ()
        if self.columns is not None:
            columns = dict.fromkeys(self.columns)
        else:
            columns = dict.fromkeys(documents[0].meta if documents else ())
            if self.format == "parquet" and schema is not None:
                columns = dict.fromkeys([*schema.names, *columns])
        if taken := self._taken(columns):
            raise self._taken_error(taken)
        for name in columns:
            try:
                name.encode()
            except UnicodeEncodeError:
                raise InputError(
                    f"the column {name!r} has half of a surrogate pair in its name, which "
                    f"{self.format} cannot hold; use --to jsonl, or rename it in the input"
                ) from None
        return tuple(columns)

    def _writer(
        self, documents: Sequence[Document], columns: Sequence[str]
    ) -> Callable[[Document], str]:
        """Return the function that writes one document, or raises what the format cannot hold."""
        names = (*COLUMNS[self.rows], *columns)
        if self.format in (
            "jsonl",
            "xlsx",
        ):  # a workbook is made of the records when they are joined
            return lambda document: "".join(
                dump_record(plain(record)) + "\n" for record in self._records(document)
            )
        if self.format in DELIMITERS:
            return lambda document: "".join(
                row([record.get(name) for name in names], self.format)
                for record in self._records(document)
            )
        if self.format == "parquet":  # written at once later; here only whether it can be is asked
            return lambda document: "".join(
                text_of(value) or ""
                for record in self._records(document)
                for value in record.values()
            )
        if self.format == "conll":
            tags = TagSet(sorted({span.label for item in documents for span in item.spans}))
            return lambda document: conll_block(document, tags)
        return inline_line

    def _records(self, document: Document) -> Iterator[dict[str, Any]]:
        """Yield the rows of a document, the carried columns behind those of the output."""
        if self.rows == "incidents":
            if has_casualties(document):
                yield {**incident(document), **document.meta}
            return
        spans = [span.to_dict(document.text) for span in document.spans]
        if self.rows == "documents":
            yield {"id": document.id, "text": document.text, "spans": spans, **document.meta}
            return
        for span in spans:
            cells = span if self.format == "jsonl" else flat_span(span)
            yield {"id": document.id, **cells, **document.meta}


def join(sink: Sink, part_files: Sequence[Path], target: Path) -> list[str]:
    """Make one file of the files of parts, which appears whole or not at all.

    Returns:
        A line for people for each thing that the format could not take as it is.

    Of CSV and TSV only the first part may have been written with a header. Parts that are
    compressed stay so: compressed files put one behind the other are a compressed file.

    Raises:
        InputError: a file cannot be read or written, or Parquet parts have different columns.
    """
    with open_whole(str(target)) as file:
        if not part_files and sink.format != "xlsx":
            file.write(sink.encode([])[0])
        elif sink.format == "parquet":
            join_parquet(part_files, file)
        elif sink.format == "xlsx":
            columns = (*COLUMNS[sink.rows], *(sink.columns or ()))
            totals = Totals() if sink.rows == "incidents" else None
            return join_book(part_files, columns, totals, file, str(target)).notes()
        else:
            for path in part_files:
                with told(str(path)):
                    part = path.open("rb")
                with part:
                    shutil.copyfileobj(part, file, 1 << 20)
    return []
