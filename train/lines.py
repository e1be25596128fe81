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
        InputError: the file cannot be opened.
        DataError: a line is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise DataError(
                        [
                            Fault(
                                f"{path}:{number}",
                                f"byte 0x{raw[error.start]:02x} at column {error.start + 1}",
                                "text in UTF-8",
                            )
                        ],
                        f"convert it, for example: iconv -f WINDOWS-1256 -t UTF-8 {path}",
                    ) from None
                yield number, line.removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


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
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}.", delete=False
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
