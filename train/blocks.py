"""Raw text as rows of equal length, for masked-language-model training."""

from __future__ import annotations

import gzip
import lzma
import multiprocessing
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train.errors import Fault, InputError
from train.jsonl import load_object
from train.lines import decode_lines
from train.preprocessor import Preprocessor
from train.words import split_words

OPENERS: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open}
SUFFIXES = (".txt", ".jsonl")
CHUNK = 2_000
"""Lines that a process is given at once."""


@dataclass(slots=True)
class Blocks:
    """Rows of text: ``input_ids`` and ``starts``, each ``[rows, block_size]``.

    ``starts`` is true at the first sub-word of each word, and at special tokens.
    """

    input_ids: torch.Tensor
    starts: torch.Tensor

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, rows: torch.Tensor | slice) -> Blocks:
        return Blocks(self.input_ids[rows], self.starts[rows])

    def to(self, device: str) -> Blocks:
        """Return the rows on a device."""
        return Blocks(self.input_ids.to(device), self.starts.to(device))


def raw_files(paths: Iterable[Path]) -> list[Path]:
    """Return the raw text files among and below ``paths``, in name order.

    Raises:
        InputError: a path is missing, or is no raw text.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_raw(p))
            if not inside:
                raise InputError(f"{path}: no .txt or .jsonl file (also .xz or .gz) in this folder")
            found.extend(inside)
        elif not path.exists():
            raise InputError(f"{path}: no such file or folder (looked in {Path.cwd()})")
        elif not _is_raw(path):
            raise InputError(f"{path}: raw text is read from .txt and .jsonl, also .xz or .gz")
        else:
            found.append(path)
    return found


def read_raw(path: Path) -> Iterator[str]:
    """Yield the texts of a file: lines of a .txt, the ``text`` of each record of a .jsonl.

    Raises:
        InputError: the file cannot be read, with the line where it breaks.
    """
    is_jsonl = _inner(path).suffix == ".jsonl"
    number = 0
    try:
        with OPENERS.get(path.suffix, open)(path, "rb") as file:
            for number, line in decode_lines(file, str(path)):
                text = _text_of(line, f"{path}:{number}") if is_jsonl else line
                if isinstance(text, Fault):
                    raise InputError(str(text))
                if text.strip():
                    yield text
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{path}:{number + 1}: cannot be read ({error})") from None


def _text_of(line: str | Fault, where: str) -> str | Fault:
    """Return the text of a JSON line; an empty one for a blank line."""
    if isinstance(line, Fault) or not line.strip():
        return line
    record = load_object(line, where)
    if isinstance(record, Fault):
        return record
    text = record.get("text")
    if isinstance(text, str):
        return text
    found = f"a text of type {type(text).__name__}" if "text" in record else "no text"
    return Fault(where, found, '{"text": "…"}')


def pack(
    texts: Iterable[str], preprocessor: Preprocessor, block_size: int, processes: int = 1
) -> Blocks:
    """Return ``texts`` as rows of ``block_size`` tokens.

    A row opens and closes with the special tokens of the preprocessor; between them texts run on,
    each closed by its suffix token. The last row, which would not be full, is left out.
    """
    stream = iter(texts)
    chunks = iter(lambda: list(islice(stream, CHUNK)), [])
    if processes > 1:
        # Started by fork or spawn, each process gets the preprocessor once.
        with multiprocessing.Pool(processes, _set_preprocessor, (preprocessor,)) as pool:
            parts = list(pool.imap(_encode_shared, chunks, chunksize=1))
    else:
        parts = [_encode(preprocessor, chunk) for chunk in chunks]
    ids = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, np.int32)
    starts = np.concatenate([p[1] for p in parts]) if parts else np.zeros(0, bool)
    prefix, suffix = preprocessor.special.prefix, preprocessor.special.suffix
    body = block_size - len(prefix) - len(suffix)
    rows = len(ids) // body
    shape = (rows, block_size)
    packed, firsts = np.empty(shape, np.int32), np.ones(shape, bool)
    packed[:, : len(prefix)] = prefix
    packed[:, block_size - len(suffix) :] = suffix
    packed[:, len(prefix) : len(prefix) + body] = ids[: rows * body].reshape(rows, body)
    firsts[:, len(prefix) : len(prefix) + body] = starts[: rows * body].reshape(rows, body)
    return Blocks(torch.from_numpy(packed), torch.from_numpy(firsts))


_shared: list[Preprocessor] = []


def _set_preprocessor(preprocessor: Preprocessor) -> None:
    _shared[:] = [preprocessor]


def _encode_shared(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    return _encode(_shared[0], texts)


def _encode(preprocessor: Preprocessor, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all texts, one behind the other, and where words start."""
    ids: list[int] = []
    starts: list[bool] = []
    suffix = preprocessor.special.suffix
    for text in texts:
        words = [word.text for word in split_words(text)]
        for pieces in preprocessor.sub_words(words):
            shown = pieces or [preprocessor.special.unknown]
            ids.extend(shown)
            starts.append(True)
            starts.extend([False] * (len(shown) - 1))
        ids.extend(suffix)
        starts.extend([True] * len(suffix))
    return np.array(ids, np.int32), np.array(starts, bool)


def _is_raw(path: Path) -> bool:
    return _inner(path).suffix in SUFFIXES


def _inner(path: Path) -> Path:
    """Return the name of what a compressed file holds."""
    return path.with_suffix("") if path.suffix in OPENERS else path
