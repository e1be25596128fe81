"""Annotated data from files and folders: read, checked as a whole, and fingerprinted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from train.count_file import holds_counts
from train.document import Document, check_ids, check_spans
from train.errors import DataError, Fault, InputError
from train.inline import read_inline, write_inline
from train.jsonl import read_jsonl, write_jsonl
from train.lines import files_below, short_names

READERS = {".txt": read_inline, ".jsonl": read_jsonl}
"""How each kind of file is read; the key is the file's suffix."""


def data_files(path: Path) -> list[Path]:
    """Return ``path``, or the data files below it in name order where it is a folder.

    Lists of counts, which stand beside sentences, are passed over in a folder; see
    :mod:`train.count_file`.

    Raises:
        InputError: nothing is there, or nothing that can be read as annotated data.
    """
    kinds = " or ".join(READERS)
    if path.is_dir():
        files = [file for file in files_below(path, READERS) if not holds_counts(file)]
        if not files:
            raise InputError(f"{path}: no {kinds} file in this folder")
        return files
    if not path.exists():
        raise InputError(f"{path}: no such file or folder (looked in {Path.cwd()})")
    if path.suffix not in READERS:
        raise InputError(f"{path}: annotated data is read from {kinds} files")
    return [path]


def read_corpus(
    paths: Iterable[Path | str], labels: Collection[str] | None = None
) -> list[Document]:
    """Return the documents of all files in ``paths``, in order.

    Folders are read whole. ``labels`` are the labels that may occur; any may where it is None.

    Raises:
        InputError: a file is missing or cannot be read.
        DataError: with every fault of every file, an empty file among them.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    ids: list[tuple[str, str]] = []
    files = [file for path in paths for file in data_files(Path(path))]
    names = short_names(files)
    for file in files:
        empty = True
        for where, result in READERS[file.suffix](file, names[file]):
            empty = False
            if isinstance(result, Fault):
                faults.append(result)
                continue
            faults.extend(check_spans(result.text, result.spans, labels, where))
            ids.append((where, result.id))
            documents.append(result)
        if empty:
            faults.append(Fault(str(file), "no sentence", "at least one"))
    faults.extend(check_ids(ids))
    if faults:
        raise DataError(faults)
    return documents


def fingerprint(documents: Sequence[Document]) -> str:
    """Return a SHA-256 of texts and spans that does not depend on order, ids or descriptions."""
    lines = sorted(
        json.dumps([d.text, [[s.start, s.end, s.label] for s in d.spans]]) for d in documents
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_corpus(documents: Sequence[Document], path: Path) -> None:
    """Write ``documents`` in the format that the suffix of ``path`` names.

    Raises:
        InputError: the suffix names no format, or the file cannot be written.
    """
    if path.suffix not in READERS:
        raise InputError(f"{path}: annotated data is written to {' or '.join(READERS)} files")
    write = write_inline if path.suffix == ".txt" else write_jsonl
    write(documents, path)
