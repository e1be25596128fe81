"""Standoff annotation: spans of sentences whose texts may not be given away.

A record names a sentence and proves it, without telling it::

    {"id": "AAW_1", "sha256": "9f86d0…", "spans": [{"start": 0, "end": 4, "label": "ACTOR"}]}

Texts come from elsewhere, as JSONL records with ``id`` and ``text``. A text counts only where its
SHA-256 (of the UTF-8 bytes) is that of the record, so an annotation can never slip onto a text that
has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.corpus import data_files, read_corpus
from train.document import Document, Span, check_ids, check_spans
from train.errors import DataError, Fault, InputError
from train.jsonl import load_object, parse_spans
from train.lines import files_below, read_lines, write_whole

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Standoff:
    """What became of standoff records when their texts were looked up."""

    documents: list[Document]
    """Those whose text was found, in the order of the records."""
    missing: list[str]
    """Ids of those that no text was found for."""
    changed: list[str]
    """Ids of those that a text was found for, but another one."""

    @property
    def total(self) -> int:
        """How many records there are."""
        return len(self.documents) + len(self.missing) + len(self.changed)


def checksum(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_standoff(
    paths: Iterable[Path | str],
    texts: Iterable[Path | str],
    labels: Collection[str] | None = None,
) -> Standoff:
    """Read standoff records and join them with those of their texts that are there.

    Args:
        paths: standoff files, or folders of them; each must exist.
        texts: files or folders of ``{"id", "text"}`` records; those that do not exist are passed
            over.
        labels: the labels that may occur; any may where it is None.

    Raises:
        InputError: a standoff path is missing, or a file cannot be read.
        DataError: with every fault of the records, an overlap or a border inside a word of a text
            among them.
    """
    known = read_texts(path for path in texts if Path(path).exists())
    documents: list[Document] = []
    missing: list[str] = []
    changed: list[str] = []
    faults: list[Fault] = []
    ids: list[tuple[str, str]] = []
    for file in _files(paths):
        for number, line in read_lines(file):
            where = f"{file}:{number}"
            record = line if isinstance(line, Fault) else _record(line, where)
            if record is None:
                continue
            if isinstance(record, Fault):
                faults.append(record)
                continue
            identifier, digest = record["id"], record["sha256"]
            ids.append((where, identifier))
            candidates = known.get(identifier, [])
            text = next((text for text in candidates if checksum(text) == digest), None)
            if not candidates:
                missing.append(identifier)
            elif text is None:
                changed.append(identifier)
            else:
                spans = parse_spans(record["spans"], text, where)
                if isinstance(spans, list):
                    faults.extend(spans)
                    continue
                faults.extend(check_spans(text, spans, labels, where))
                documents.append(Document(identifier, text, spans))
    faults.extend(check_ids(ids))
    if faults:
        raise DataError(faults)
    return Standoff(documents, missing, changed)


def read_annotated(
    paths: Iterable[Path | str],
    texts: Iterable[Path | str],
    labels: Collection[str] | None = None,
) -> tuple[list[Document], Standoff]:
    """Read annotated files of any kind, standoff ones among them.

    Returns:
        All documents, and what became of the standoff records.

    Raises:
        InputError, DataError: as :func:`read_standoff` and :func:`train.corpus.read_corpus`.
    """
    files = [file for path in paths for file in data_files(Path(path))]
    apart = [file for file in files if _holds_standoff(file)]
    whole = [file for file in files if file not in apart]
    documents = read_corpus(whole, labels) if whole else []
    standoff = read_standoff(apart, texts, labels)
    faults = list(
        check_ids(
            [
                *((", ".join(map(str, whole)), d.id) for d in documents),
                *((", ".join(map(str, apart)), d.id) for d in standoff.documents),
            ]
        )
    )
    if faults:
        raise DataError(faults)
    return [*documents, *standoff.documents], standoff


def _holds_standoff(file: Path) -> bool:
    if file.suffix != SUFFIX:
        return False
    for _, line in read_lines(file):
        if isinstance(line, str) and line.strip():
            record = load_object(line, "")
            return isinstance(record, dict) and "sha256" in record and "text" not in record
    return False


def read_texts(paths: Iterable[Path | str]) -> dict[str, list[str]]:
    """Return the texts of ``{"id", "text"}`` records by id; records without a text are passed over.

    Several records may have one id, such as a sentence and the counts in it; checksums tell which
    of their texts is meant.

    Raises:
        InputError: a file cannot be read.
        DataError: a line is no JSON object.
    """
    found: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for file in _files(paths):
        for number, line in read_lines(file):
            where = f"{file}:{number}"
            record = line if isinstance(line, Fault) else None
            if record is None and isinstance(line, str) and line.strip():
                record = load_object(line, where)  # type: ignore[assignment]
            if isinstance(record, Fault):
                faults.append(record)
            elif isinstance(record, dict):
                identifier, text = record.get("id"), record.get("text")
                if isinstance(identifier, str) and isinstance(text, str):
                    found.setdefault(identifier, []).append(text)
    if faults:
        raise DataError(faults)
    return found


def write_standoff(documents: Sequence[Document], path: Path) -> None:
    """Write the annotation of ``documents`` without their texts."""
    with write_whole(path) as file:
        for document in documents:
            record = {
                "id": document.id,
                "sha256": checksum(document.text),
                "spans": [_mark(span) for span in document.spans],
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _mark(span: Span) -> dict[str, Any]:
    mark: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
    if span.count is not None:
        mark["count"] = span.count.to_dict()
    return mark


def read_digests(paths: Iterable[Path | str]) -> dict[str, str]:
    """Return the SHA-256 of each annotated sentence by its id.

    Raises:
        InputError: a path is missing, or a file cannot be read.
        DataError: a record is faulty.
    """
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for file in _files(paths):
        for number, line in read_lines(file):
            record = _record(line, f"{file}:{number}")
            if isinstance(record, Fault):
                faults.append(record)
            elif record:
                found[record["id"]] = record["sha256"]
    if faults:
        raise DataError(faults)
    return found


def _record(line: str | Fault, where: str) -> dict[str, Any] | Fault | None:
    if isinstance(line, Fault):
        return line
    if not line.strip():
        return None
    record = load_object(line, where)
    if isinstance(record, Fault):
        return record
    for name, kind, noun in (
        ("id", str, "a string"),
        ("sha256", str, "the SHA-256 of the text, in hex"),
        ("spans", list, "a list (empty where nothing is marked)"),
    ):
        if not isinstance(record.get(name), kind):
            found = "nothing" if name not in record else f"{record[name]!r}"
            return Fault(f"{where}: {name}", found, noun)
    return record


def _files(paths: Iterable[Path | str]) -> list[Path]:
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            files.extend(files_below(path, {SUFFIX}))
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"{path}: no such file or folder (looked in {Path.cwd()})")
    return files
