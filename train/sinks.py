"""Sinks: tagged documents as the bytes of a file, in each of the formats that can be written.

The same documents always give the same bytes, so a part that is written again is the same part.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO, cast

from train.compression import COMPRESSIONS, compress, split_suffix
from train.document import Document, Span
from train.errors import Fault, InputError
from train.inline import InlineError, format_line, parse_line
from train.jsonl import dump_record
from train.lines import write_whole
from train.storage import told
from train.tables import DELIMITERS, join_parquet, parquet, plain, row, text_of
from train.tags import TagSet
from train.words import split_words

FORMATS = ("jsonl", "csv", "tsv", "parquet", "conll", "txt")
COLUMNS = {
    "documents": ("id", "text", "spans"),
    "spans": ("id", "start", "end", "label", "text", "score"),
}
"""What a row holds besides the columns that are carried through: a document, or a span."""
ROWS = tuple(COLUMNS)
_TABLES = (*DELIMITERS, "parquet")
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

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(f"{self.format!r} is no output format; one of {', '.join(FORMATS)}")
        if self.rows not in ROWS:
            raise InputError(f"--rows: {self.rows!r} is none of {', '.join(ROWS)}")
        if self.compression and self.compression not in COMPRESSIONS:
            known = ", ".join(COMPRESSIONS)
            raise InputError(f"{self.compression!r} is no compression; one of {known}")
        if self.rows == "spans" and self.format in _UNTABLED:
            raise InputError(
                f"--rows spans: {self.format} cannot hold a row a span; "
                "use jsonl, csv, tsv or parquet, or leave --rows out"
            )
        if self.format == "parquet" and self.compression:
            raise InputError(
                f"parquet is compressed as it is; leave {self.compression} out: .parquet"
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

    def with_columns_of(self, document: Document) -> Sink:
        """Return this sink with the carried columns of a run's first document."""
        return replace(self, columns=tuple(document.meta)) if self.has_columns else self

    def encode(
        self, documents: Sequence[Document], schema: Any = None, header: bool = True
    ) -> tuple[bytes, list[Fault]]:
        """Return the bytes of ``documents``, and a fault for each that is left out of them.

        Left out is what the format cannot hold: a lone surrogate in anything but JSONL; a carried
        column that the table does not have; in CoNLL and inline text, spans that are not whole
        words or overlap, an id or text whose line breaks would not come back.

        Args:
            documents: with their spans in text order; ``meta`` holds the carried columns.
            schema: the ``pyarrow.Schema`` of carried columns, used by Parquet alone.
            header: whether CSV and TSV begin with the names of the columns; False for all parts
                but the first of those that :func:`join` puts together.

        Raises:
            InputError: a carried column has the name of a column that is written, or a name or
                value that the format cannot hold at all.
        """
        columns = self._carried(documents, schema)
        write = self._writer(documents, columns)
        blocks: list[bytes] = []
        kept: list[Document] = []
        faults: list[Fault] = []
        for document in documents:
            where = f"document {document.id!r}"
            try:
                if self.has_columns and (extra := document.meta.keys() - set(columns)):
                    raise _UnfitError(
                        f"the column {min(extra)!r}, which the first document does not have",
                        f"the columns {', '.join(columns) or 'id and text alone'}, or --to jsonl, "
                        "where records may differ",
                    )
                blocks.append(write(document).encode())
                kept.append(document)
            except _UnfitError as error:
                faults.append(Fault(where, error.found, error.expected))
            except UnicodeEncodeError:
                expected = "whole characters, or --to jsonl, which can hold it"
                faults.append(Fault(where, "half of a surrogate pair", expected))
            except RecursionError:
                faults.append(Fault(where, "a value that is nested too deep", "a flatter one"))
        if self.format == "parquet":
            records = [record for document in kept for record in self._records(document)]
            output = COLUMNS[self.rows]
            return parquet(records, output, columns, schema, self.integers), faults
        if self.format in DELIMITERS and header:
            blocks.insert(0, row((*COLUMNS[self.rows], *columns), self.format).encode())
        return compress(b"".join(blocks), self.compression), faults

    def _carried(self, documents: Sequence[Document], schema: Any) -> tuple[str, ...]:
        """Return the carried columns of the table, and refuse names that are taken."""
        if self.format in _UNTABLED:
            return ()
        columns: dict[str, None] = {}
        if self.has_columns:
            if self.format == "parquet" and schema is not None:
                columns.update(dict.fromkeys(schema.names))
            first = tuple(documents[0].meta) if documents else ()
            columns.update(dict.fromkeys(first if self.columns is None else self.columns))
        output = COLUMNS[self.rows]
        for names in (columns, *(document.meta for document in documents)):
            if taken := [name for name in output if name in names]:
                raise InputError(
                    f"the input has a column {taken[0]!r} besides its text and id, and so has the "
                    f"output ({', '.join(output)}); rename it in the input"
                )
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
        if self.format == "jsonl":
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
            return lambda document: _conll(document, tags)
        return _inline

    def _records(self, document: Document) -> Iterator[dict[str, Any]]:
        """Yield the rows of a document, the carried columns behind those of the output."""
        spans = [_span(document.text, span) for span in document.spans]
        if self.rows == "spans":
            for span in spans:
                yield {"id": document.id, **span, **document.meta}
        else:
            yield {"id": document.id, "text": document.text, "spans": spans, **document.meta}


def join(sink: Sink, part_files: Sequence[Path], target: Path) -> None:
    """Make one file of the files of parts, which appears whole or not at all.

    Of CSV and TSV only the first part may have been written with a header. Parts that are
    compressed stay so: compressed files put one behind the other are a compressed file.

    Raises:
        InputError: a file cannot be read or written, or Parquet parts have different columns.
    """
    with write_whole(target) as text:
        file = cast(TextIO, text).buffer
        if not part_files:
            file.write(sink.encode([])[0])
        elif sink.format == "parquet":
            join_parquet(part_files, file)
        else:
            for path in part_files:
                with told(str(path)):
                    part = path.open("rb")
                with part:
                    shutil.copyfileobj(part, file, 1 << 20)


class _UnfitError(Exception):
    """What a document holds that a format cannot."""

    def __init__(self, found: str, expected: str):
        super().__init__(found)
        self.found, self.expected = found, expected


def _span(text: str, span: Span) -> dict[str, Any]:
    record: dict[str, Any] = {
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "text": text[span.start : span.end],
    }
    if span.score is not None:
        record["score"] = round(span.score, 4)
    return record


def _conll(document: Document, tags: TagSet) -> str:
    """Return a comment line with the id, a line of word and tag for each word, and a blank one.

    The word ``#`` cannot be taken for a comment: a tab follows it, and a space the comment's.
    """
    if document.id.splitlines() not in ([document.id], []):
        raise _UnfitError("an id with a line break", "an id of one line, or --to jsonl")
    words = split_words(document.text)
    fit = "spans of whole words, none inside another, or --to jsonl, which can hold them"
    try:
        encoded = tags.encode(words, document.spans)
    except ValueError as error:
        raise _UnfitError(str(error), fit) from None
    told = [(words[a].start, words[b - 1].end, label) for a, b, label in tags.runs(encoded)]
    if told != [(span.start, span.end, span.label) for span in sorted(document.spans)]:
        raise _UnfitError("a span that cuts a word or overlaps another", fit)
    lines = [f"{word.text}\t{tags.names[tag]}" for word, tag in zip(words, encoded, strict=True)]
    return "\n".join([f"# id = {document.id}", *lines, "", ""])


def _inline(document: Document) -> str:
    """Return the document as one line of the inline format.

    The lines stand in the order of the documents, one each, since their ids are not part of the
    format; a blank text is a blank line, which readers pass over.
    """
    if not document.text.strip():
        return "\n"
    line = format_line(document)
    try:
        if parse_line(line) != (document.text, tuple(sorted(document.spans))):
            raise _UnfitError(
                "spans that overlap", "spans of which none is inside another, or --to jsonl"
            )
    except InlineError as error:
        raise _UnfitError(
            f"spans that the inline format cannot tell ({error.found})",
            "whole mentions, none inside another, or --to jsonl, which can hold them",
        ) from None
    if line.endswith("\r") or line.startswith("\ufeff"):
        raise _UnfitError(
            "a carriage return at its end or a byte order mark at its start",
            "a text that comes back from a line of text, or --to jsonl, which can hold it",
        )
    return line + "\n"
