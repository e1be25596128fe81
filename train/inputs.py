"""Unannotated texts from wherever a user has them, as a stream of documents."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from train.document import Document
from train.errors import DataError, Fault, InputError
from train.jsonl import load_object
from train.lines import decode_lines, read_lines, read_text

Format = Literal["txt", "jsonl"]
FORMATS: tuple[Format, ...] = ("txt", "jsonl")
STDIN = "-"


def read_inputs(
    inputs: Sequence[str], text_field: str = "text", stdin_format: Format = "txt"
) -> Iterator[Document]:
    """Yield the documents of texts, files, folders and standard input, in order.

    Each input is one of:

    - ``-``: standard input, read as ``stdin_format``;
    - a ``.txt`` file: a document a line; a blank line is an empty document;
    - a ``.jsonl`` file: an object a line, its text under ``text_field``, its id under ``id``;
    - a folder: each ``.txt`` file below it is one document, in name order;
    - anything else that does not look like a path: the text itself.

    Documents without an id of their own are named after file and line, texts by their number.

    Raises:
        InputError: a path is missing, cannot be read, or holds no document.
        DataError: a line is not valid; the documents before it have been yielded by then.
    """
    for number, item in enumerate(inputs, start=1):
        empty = True
        for document in _read(item, number, text_field, stdin_format):
            empty = False
            yield document
        if empty:
            name = "standard input" if item == STDIN else item
            raise InputError(f"{name}: is empty; expected at least one document")


def _read(item: str, number: int, text_field: str, stdin_format: Format) -> Iterator[Document]:
    if item == STDIN:
        lines = decode_lines(sys.stdin.buffer, "stdin")
        yield from _documents(lines, "stdin", text_field, stdin_format)
        return
    path = Path(item)
    if not item or not _exists(path):  # Path("") is the working directory
        if _looks_like_path(item):
            raise InputError(
                f"{item}: no such file or folder (looked in {Path.cwd()}); "
                "a text that looks like a path can be given on standard input"
            )
        yield Document(str(number), item)
    elif path.is_dir():
        for file in sorted(path.rglob("*.txt")):
            yield Document(file.relative_to(path).as_posix(), read_text(file))
    elif path.suffix in (".txt", ".jsonl"):
        kind: Format = "txt" if path.suffix == ".txt" else "jsonl"
        yield from _documents(read_lines(path), str(path), text_field, kind)
    else:
        raise InputError(
            f"{item}: texts are read from .txt and .jsonl files, folders of .txt, or -"
        )


def _documents(
    lines: Iterator[tuple[int, str]], source: str, text_field: str, kind: Format
) -> Iterator[Document]:
    name = Path(source).name
    for number, line in lines:
        if kind == "txt":
            yield Document(f"{name}:{number}", line)
        elif line.strip():
            record = load_object(line, f"{source}:{number}")
            if isinstance(record, Fault):
                raise DataError([record])
            text = record.get(text_field)
            if not isinstance(text, str):
                keys = ", ".join(record) or "none"
                found = "no such key" if text_field not in record else "no string"
                raise DataError(
                    [Fault(f"{source}:{number}", f"{found} under {text_field!r}", "a string")],
                    f"name the text's key with --text-field (keys here: {keys})",
                )
            identifier = record.get("id")
            if isinstance(identifier, int | str) and not isinstance(identifier, bool):
                yield Document(str(identifier), text)
            else:
                yield Document(f"{name}:{number}", text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text can be too long for a path, or hold a NUL
        return False


def _looks_like_path(item: str) -> bool:
    return (
        bool(item.strip())
        and not any(c.isspace() for c in item)
        and (
            item.endswith((".txt", ".jsonl", ".csv", ".tsv", ".parquet", ".json", "/"))
            or item.startswith(("./", "../", "/", "~/"))
        )
    )
