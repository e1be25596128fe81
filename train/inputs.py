"""Unannotated texts from wherever a user has them, as a stream of documents."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from train.document import Document
from train.errors import DataError, Fault, InputError
from train.jsonl import load_object
from train.lines import decode_lines, files_below, read_lines, read_text, short_names

Format = Literal["txt", "jsonl"]
FORMATS: tuple[Format, ...] = ("txt", "jsonl")
SUFFIXES: dict[str, Format] = {".txt": "txt", ".jsonl": "jsonl"}
STDIN = "-"


def read_inputs(
    inputs: Sequence[str], text_field: str = "text", stdin_format: Format = "txt"
) -> Iterator[Document]:
    """Yield the documents of texts, files, folders and standard input, in order.

    Each input is one of:

    - ``-``: standard input, read as ``stdin_format``;
    - a ``.txt`` file: a document a line; a blank line is an empty document;
    - a ``.jsonl`` file: an object a line, its text under ``text_field``, its id under ``id``;
    - a folder: each ``.txt`` file below it is one document, named after folder and file;
    - anything else that does not look like a path: the text itself.

    Documents without an id of their own are named after file and line, texts by their number.

    Raises:
        InputError: a path is missing, cannot be read, or holds no document.
        DataError: a line is not valid; the documents before it have been yielded by then.
    """
    names = short_names([Path(item) for item in inputs if _is_file(item)])
    for number, item in enumerate(inputs, start=1):
        empty = True
        for document in _read(item, number, names, text_field, stdin_format):
            empty = False
            yield document
        if empty:
            name = "standard input" if item == STDIN else item
            raise InputError(f"{name}: is empty; expected at least one document")


def _read(
    item: str, number: int, names: dict[Path, str], text_field: str, stdin_format: Format
) -> Iterator[Document]:
    path = Path(item)
    if item == STDIN:
        if sys.stdin is None:
            raise InputError("standard input: is closed; give a text or a file")
        lines = decode_lines(sys.stdin.buffer, "stdin")
        yield from _documents(lines, "stdin", "stdin", text_field, stdin_format)
    elif _is_file(item):
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{item}: texts are read from {' and '.join(SUFFIXES)} files, folders of .txt, or -"
            )
        lines = read_lines(path)
        yield from _documents(lines, item, names[path], text_field, SUFFIXES[path.suffix.lower()])
    elif item and _exists(path):  # Path("") is the working directory
        files = files_below(path, [".txt"])
        if not files:
            raise InputError(f"{item}: no .txt file in this folder")
        for file in files:
            identifier = Path(path.name, file.relative_to(path)).as_posix()
            yield Document(identifier, read_text(file))
    elif _looks_like_path(item):
        raise InputError(
            f"{item}: no such file or folder (looked in {Path.cwd()}); "
            "a text that looks like a path can be given on standard input"
        )
    else:
        yield Document(str(number), item)


def _documents(
    lines: Iterator[tuple[int, str | Fault]],
    source: str,
    name: str,
    text_field: str,
    kind: Format,
) -> Iterator[Document]:
    for number, line in lines:
        if isinstance(line, Fault):
            raise DataError([line])
        if kind == "txt":
            yield Document(f"{name}:{number}", line)
        elif line.strip():
            record = load_object(line, f"{source}:{number}")
            if isinstance(record, Fault):
                raise DataError([record])
            text = record.get(text_field)
            if not isinstance(text, str):
                where = f"{source}:{number}"
                if text_field in record:
                    raise DataError([Fault(where, f"no string under {text_field!r}", "a text")])
                raise DataError(
                    [Fault(where, f"no key {text_field!r}", "a text under it")],
                    "name the text's key with --text-field "
                    f"(keys here: {', '.join(record) or 'none'})",
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


def _is_file(item: str) -> bool:
    return _exists(Path(item)) and not Path(item).is_dir()


def _looks_like_path(item: str) -> bool:
    """Return whether a text that is no path was probably meant as one."""
    if "\n" in item or not item.strip():
        return False
    is_one_word = not any(c.isspace() for c in item)
    return (
        item.endswith((".txt", ".jsonl", ".json", ".csv", ".tsv", ".parquet"))
        or item.startswith(("./", "../", "/", "~/"))
        or (is_one_word and item.isascii() and "/" in item)
    )
