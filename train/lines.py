"""Text files as numbered lines, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

from train.errors import Fault, InputError

_ESCAPED = "backslashreplace"


def read_lines(path: Path) -> Iterator[tuple[int, str | Fault]]:
    """Yield ``(number, line)`` of a UTF-8 file, numbered from 1, without the line ends.

    Lines end at ``\\n`` or ``\\r\\n`` and nowhere else, so a text may hold any other separator. A
    byte order mark that opens the file is not part of the first line. In the place of a line that
    is not UTF-8 stands the fault.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield from decode_lines(file, str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def decode_lines(file: IO[bytes], name: str) -> Iterator[tuple[int, str | Fault]]:
    """Yield ``(number, line)`` of an open binary file; see :func:`read_lines`."""
    for number, raw in enumerate(file, start=1):
        line = decode(raw, f"{name}:{number}", name, opens_file=number == 1)
        if isinstance(line, str):
            line = line.removesuffix("\n").removesuffix("\r")
        yield number, line


def decode(raw: bytes, where: str, name: str, opens_file: bool) -> str | Fault:
    """Return ``raw`` as text, or the fault that it is not UTF-8; ``name`` is the file's."""
    try:
        return raw.decode("utf-8-sig" if opens_file else "utf-8")
    except UnicodeDecodeError as error:
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))  # as Windows writes "Unicode"
        encoding = "UTF-16" if wide else "WINDOWS-1256"
        return Fault(
            where,
            f"byte 0x{raw[error.start]:02x} at position {error.start + 1}",
            f"UTF-8 (if this is {encoding}, convert it: iconv -f {encoding} -t UTF-8 {name})",
        )


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the files with one of ``suffixes`` below a folder, in name order.

    Raises:
        InputError: a folder cannot be read; passing it over would lose its files in silence.
    """

    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: {error.strerror or error}")

    found = [
        Path(parent) / name
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if Path(name).suffix in suffixes
    ]
    return sorted(found)


def short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return for each path the fewest last parts that tell it from the others.

    >>> short_names([Path("a/x.txt"), Path("b/x.txt"), Path("b/y.txt")]).values()
    dict_values(['a/x.txt', 'b/x.txt', 'y.txt'])
    """
    distinct = list(dict.fromkeys(paths))
    names = {path: path.name for path in distinct}
    for length in range(2, max((len(path.parts) for path in distinct), default=0) + 1):
        counts = Counter(names.values())
        for path in distinct:
            if counts[names[path]] > 1:
                names[path] = "/".join(path.parts[-length:])
    return names


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[IO[str]]:
    """Open ``path`` for writing UTF-8 text so that it appears complete or stays as it was.

    A link is followed. What is no plain file, such as a pipe or a terminal, is written directly. A
    lone surrogate, which UTF-8 has not, is written as JSON escapes it.

    Raises:
        InputError: the folder or file cannot be written.
    """
    temporary = None
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", errors=_ESCAPED, newline="\n") as file:
                yield file
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            errors=_ESCAPED,
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
