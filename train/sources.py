"""Unannotated texts from wherever a user has them, as sources that are read one by one."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple
from urllib.parse import unquote

from train import storage
from train.compression import COMPRESSIONS, check, decompress, split_suffix
from train.document import Document
from train.errors import InputError
from train.lines import short_names
from train.readers import ID_COLUMN, Origin, Record, RecordReader

Kind = Literal["text", "txt", "jsonl", "csv", "tsv", "parquet", "document"]
KINDS: dict[str, Kind] = {
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
STDIN = "-"
STDIN_FORMATS: tuple[Kind, ...] = ("txt", "jsonl", "csv", "tsv")
SHARD_BYTES = 64 << 20
_READ = f"{', '.join(list(KINDS)[:-1])} and {list(KINDS)[-1]}"
_EITHER = f"{', '.join(list(KINDS)[:-1])} or {list(KINDS)[-1]}"
_ENDS = (*KINDS, ".json", *COMPRESSIONS)
_WILDCARD = re.compile("[*?[]")
_ERRORS = ".errors.jsonl"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a user says about the records of all sources."""

    text_column: str = "text"
    id_column: str = ID_COLUMN
    stdin_format: str = "txt"
    with_spans: bool = False
    """Whether the spans that records have are kept; all sources are JSONL then."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, one text, or standard input."""

    path: str
    """A path or a URI, ``-``, or the text itself."""
    name: str
    """The short name that documents without an id are named after; a text's number."""
    kind: Kind
    size: int
    """In bytes, as stored; 0 where it is not known."""
    options: ReadOptions = field(default_factory=ReadOptions)
    may_be_empty: bool = False
    """Found in a folder or by a pattern, where a file without a record is nothing odd."""
    is_first: bool = False
    """Read before all others; see :class:`train.readers.RecordReader`."""

    @property
    def title(self) -> str:
        """What messages call it."""
        if self.kind == "text":
            return f"text {self.name}"
        return "standard input" if self.path == STDIN else self.path

    def read(self) -> Iterator[Record]:
        """Yield ``(document, origin)`` for each record, in order, a fault in a bad one's place.

        The origin says where it stands, and holds the ``pyarrow.Schema`` of the carried columns.

        Raises:
            InputError: the file cannot be read, or not as what it claims to be, or is empty.
        """
        empty = not self.may_be_empty
        for item in self._read():
            empty = False
            yield item
        if empty:
            raise InputError(f"{self.title}: is empty; expected at least one document")

    def _read(self) -> Iterator[Record]:
        if self.kind == "text":
            yield Document(self.name, self.path), Origin(self.title)
            return
        file = "stdin" if self.path == STDIN else self.path
        columns = self.options
        reader = RecordReader(
            file,
            self.name,
            columns.text_column,
            columns.id_column,
            self.is_first,
            columns.with_spans,
        )
        if self.path == STDIN:
            if sys.stdin is None:
                raise InputError("standard input: is closed; give a text or a file")
            with storage.told(self.title):
                yield from self._records(reader, sys.stdin.buffer)
        elif self.kind == "parquet":
            with storage.open_input(self.path, seekable=True) as stored:
                yield from reader.read_parquet(stored)
        else:
            _, compression = _suffixes(self.path)
            with (
                storage.told(self.path),
                storage.open_input(self.path) as stored,
                decompress(stored, compression, self.path) as stream,
            ):
                yield from self._records(reader, stream)

    def _records(self, reader: RecordReader, stream: IO[bytes]) -> Iterator[Record]:
        if self.kind == "document":
            return reader.read_document(stream)
        self._refuse_utf16(stream)
        if self.kind == "txt":
            return reader.read_txt(stream)
        if self.kind == "jsonl":
            return reader.read_jsonl(stream)
        return reader.read_csv(stream, "\t" if self.kind == "tsv" else ",")

    def _refuse_utf16(self, stream: Any) -> None:
        """Refuse a file no line of which could be read; Windows calls it "Unicode"."""
        if stream.peek(2)[:2] in _UTF16:
            raise InputError(
                f"{self.title}: is UTF-16, where UTF-8 is read; "
                f"convert it: iconv -f UTF-16 -t UTF-8 {self.path}"
            )


def find_sources(
    inputs: Sequence[str], options: ReadOptions | None = None, notes: list[str] | None = None
) -> list[Source]:
    """Return the sources that a user's inputs stand for, in order.

    Each input is one of:

    - ``-``: standard input, read as ``options.stdin_format``;
    - a ``.txt`` file: a document a line; a blank line is an empty document;
    - a ``.jsonl`` file: an object a line;
    - a ``.csv``, ``.tsv`` or ``.parquet`` file: a document a row;
    - any of them but Parquet compressed, such as ``news.csv.gz`` (also ``.xz``, ``.zst``);
    - a pattern, such as ``news/**/*.jsonl.gz``, for the files that it fits, in name order;
    - a folder: each ``.txt`` file below it is one document, named after folder and file; the
      files of the other kinds are read as those. In folders and by patterns, files of no such
      kind, hidden files and what Marsad writes beside results (its lists of errors and
      manifests) are passed over, unless nothing is left;
    - a URI of a file, folder or pattern, such as ``s3://bucket/news/``;
    - anything else that does not look like a path: the text itself.

    To ``notes`` is added a line for each input in which files of other kinds were passed over: how
    many, and one of them.

    Raises:
        InputError: an input is missing, or nothing that can be read.
    """
    options = options or ReadOptions()
    if options.stdin_format not in STDIN_FORMATS:
        raise InputError(
            f"--format: {options.stdin_format!r} is none of {', '.join(STDIN_FORMATS)}"
        )
    found = [_find(item, [] if notes is None else notes) for item in inputs]
    files = [file for some in found for file in some or ()]
    names = short_names([_as_path(file.path) for file in files if file.folder is None])
    folders = short_names([_as_path(file.folder) for file in files if file.folder is not None])
    sources: list[Source] = []
    for number, (item, some) in enumerate(zip(inputs, found, strict=True), start=1):
        if some is not None:
            sources += [_source(file, names, folders, options) for file in some]
        elif item == STDIN:
            kind = KINDS[f".{options.stdin_format}"]
            sources.append(Source(item, "stdin", kind, 0, options))
        else:
            size = len(item.encode("utf-8", "surrogatepass"))
            sources.append(Source(item, str(number), "text", size, options))
    return [replace(source, is_first=not index) for index, source in enumerate(sources)]


def plan_shards(sources: Sequence[Source]) -> list[list[Source]]:
    """Group consecutive sources into shards of at most :data:`SHARD_BYTES`, or of one source.

    The plan depends on the sources alone. Standard input stands by itself: only the first process
    can read it.
    """
    shards: list[list[Source]] = []
    held = full = SHARD_BYTES + 1
    for source in sources:
        alone = source.path == STDIN and source.kind != "text"
        if alone or held + source.size > SHARD_BYTES:
            shards.append([])
            held = 0
        shards[-1].append(source)
        held = full if alone else held + source.size
    return shards


class _File(NamedTuple):
    path: str
    kind: Kind
    size: int
    folder: str | None = None
    """The folder that was named, where it was found below one."""
    from_pattern: bool = False


def _source(
    file: _File, names: dict[Path, str], folders: dict[Path, str], options: ReadOptions
) -> Source:
    if file.folder is None:
        name = names[_as_path(file.path)]
        return Source(file.path, name, file.kind, file.size, options, file.from_pattern)
    folder = _as_path(file.folder)
    name = Path(folders[folder], _as_path(file.path).relative_to(folder)).as_posix()
    kind: Kind = "document" if file.kind == "txt" else file.kind
    return Source(file.path, name, kind, file.size, options, may_be_empty=True)


def _find(item: str, notes: list[str]) -> list[_File] | None:
    """Return the files that an input stands for; None where it is a text or standard input."""
    if item == STDIN:
        return None
    uri = storage.is_uri(item)
    if uri and item.lower().startswith(("http://", "https://")):
        raise InputError(f"{item}: pages are not fetched; save it to a file first")
    if item and storage.is_folder(item):
        return _folder_files(item, notes)
    if item and storage.exists(item):
        kind = _kind(item)
        if kind is None:
            raise InputError(
                f"{item}: texts are read from {_READ} files, folders of them, or - "
                f"(all but .parquet also as {', '.join(COMPRESSIONS)})"
            )
        return [_readable(_File(item, kind, storage.size(item)))]
    if _looks_like_pattern(item):
        return _pattern_files(item, notes)
    if uri:
        raise InputError(f"{item}: no such file or folder")
    if _looks_like_path(item):
        raise InputError(
            f"{item}: no such file or folder (looked in {Path.cwd()}); "
            "a text that looks like a path can be given on standard input"
        )
    return None


def _folder_files(folder: str, notes: list[str]) -> list[_File]:
    above = _as_path(folder)
    found = []
    others = []
    for path, size in storage.file_sizes(folder).items():
        kind = _kind(path)
        hidden = any(part.startswith(".") for part in _as_path(path).relative_to(above).parts)
        if hidden or _is_beside_results(path):
            continue
        if kind:
            found.append(_readable(_File(path, kind, size, folder)))
        else:
            others.append(path)
    if not found:
        raise InputError(f"{folder}: no {_EITHER} file in this folder")
    _note(folder, others, notes)
    return found


def _pattern_files(pattern: str, notes: list[str]) -> list[_File]:
    fitting = storage.glob_files(pattern)
    found = []
    others = []
    for path in fitting:
        kind = _kind(path)
        if _is_beside_results(path):
            continue
        if kind:
            found.append(_readable(_File(path, kind, storage.size(path), from_pattern=True)))
        else:
            others.append(path)
    if not found:
        what = f"{_EITHER} file" if fitting else "file"
        raise InputError(f"{pattern}: no {what} fits this pattern")
    _note(pattern, others, notes)
    return found


def _note(item: str, others: Sequence[str], notes: list[str]) -> None:
    """Take note of the files of an input that are not read."""
    if others:
        files = f"{len(others):,} files" if len(others) > 1 else "one file"
        notes.append(f"{item}: passed over {files} of other kinds, such as {others[0]}")


def _readable(file: _File) -> _File:
    """Tell at once, not in the middle of a run, that what reads a file is not installed."""
    if file.kind == "parquet":
        storage.import_arrow("pyarrow.parquet", f"{file.path}: reading .parquet")
    compression = _suffixes(file.path)[1]
    check(compression, f"{file.path}: reading {compression}")
    return file


def _kind(path: str) -> Kind | None:
    suffix, compression = _suffixes(path)
    if suffix == ".parquet" and compression:
        return None  # it is compressed inside, and read from its end
    return KINDS.get(suffix)


def _suffixes(path: str) -> tuple[str, str]:
    return split_suffix(storage.uri_path(path) if storage.is_uri(path) else path)


def _is_beside_results(path: str) -> bool:
    """Return whether an earlier run has written this about its results.

    Such are ``manifest.json``, ``errors.jsonl`` beside it, and ``out.jsonl.errors.jsonl`` beside
    ``out.jsonl``. Part files are results, and a user may want to read them.
    """
    name = _as_path(path).name
    if name == "errors.jsonl":
        before, _, behind = path.rpartition(name)
        return storage.exists(f"{before}manifest.json{behind}")
    if name == "manifest.json":
        with contextlib.suppress(InputError, ValueError):
            return b'"marsad_version"' in storage.read_bytes(path)
    if name.endswith(_ERRORS):
        before, _, behind = path.rpartition(_ERRORS)
        return storage.exists(f"{before}{behind}")
    return False


def _as_path(name: str) -> Path:
    """Return a path of the same parts; that of a URI is only for naming things."""
    return Path(unquote(name.partition("?")[0])) if storage.is_uri(name) else Path(name)


def _looks_like_pattern(item: str) -> bool:
    """Return whether a text that is no path was probably meant as a pattern of paths."""
    if storage.is_uri(item):
        return bool(_WILDCARD.search(storage.uri_path(item)))
    wildcard = _WILDCARD.search(item)
    if not wildcard or "\n" in item:
        return False
    is_one_word = not any(c.isspace() for c in item)
    before, slash, _ = item[: wildcard.start()].rpartition("/")
    return (
        item.lower().endswith(_ENDS)
        or (is_one_word and item.isascii() and ("*" in item or "/" in item))
        or (slash != "" and storage.is_folder(before or "/"))
    )


def _looks_like_path(item: str) -> bool:
    """Return whether a text that is no path was probably meant as one."""
    if "\n" in item or not item.strip():
        return False
    is_one_word = not any(c.isspace() for c in item)
    return (
        item.lower().endswith(_ENDS)
        or item.startswith(("./", "../", "/", "~/"))
        or (is_one_word and item.isascii() and "/" in item)
    )


def refuse_spanless(sources: Sequence[Source]) -> None:
    """Refuse sources that can have no spans of their own.

    Raises:
        InputError: one is no JSONL.
    """
    for source in sources:
        if source.kind != "jsonl":
            raise InputError(
                f"{source.title}: spans are taken from .jsonl alone; leave --tagged out, or make "
                "it JSONL first, with marsad convert or marsad predict"
            )
