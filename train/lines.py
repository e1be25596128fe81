"""Text files as numbered lines, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from train.errors import DataError, Fault, InputError


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield ``(number, line)`` of a UTF-8 file, numbered from 1, without the line ends.

    Lines end at ``\\n`` or ``\\r\\n`` and nowhere else, so a text may hold any other separator. A
    byte order mark that opens the file is not part of the first line.

    Raises:
        InputError: the file cannot be read.
        DataError: a line is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            yield from decode_lines(file, str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def decode_lines(file: IO[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Yield ``(number, line)`` of an open binary file; see :func:`read_lines`."""
    for number, raw in enumerate(file, start=1):
        line = _decode(raw, f"{name}:{number}", name, opens_file=number == 1)
        yield number, line.removesuffix("\n").removesuffix("\r")


def read_text(path: Path) -> str:
    """Return the whole text of a UTF-8 file as it stands, line ends included.

    Raises:
        InputError: the file cannot be read.
        DataError: it is not UTF-8.
    """
    try:
        return _decode(path.read_bytes(), str(path), str(path), opens_file=True)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def _decode(raw: bytes, where: str, name: str, opens_file: bool) -> str:
    try:
        return raw.decode("utf-8-sig" if opens_file else "utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{raw[error.start]:02x} at position {error.start + 1}"
        raise DataError(
            [Fault(where, found, "text in UTF-8")],
            f"convert it, for example: iconv -f WINDOWS-1256 -t UTF-8 {name}",
        ) from None


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[IO[str]]:
    """Open ``path`` for writing UTF-8 text so that it appears complete or stays as it was.

    Raises:
        InputError: the folder or file cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="\n",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete=False,
        ) as file:
            temporary = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is private by default; the result gets the usual permissions.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
