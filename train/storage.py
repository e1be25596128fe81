"""Files by name, wherever they are: paths of this machine, and URIs such as ``s3://bucket/file``.

URIs go through ``pyarrow.fs``. In a URI, ``%20`` and the like stand for characters, as everywhere;
what stands behind a ``?`` are options of the store (``s3://bucket/file?region=eu-west-1``).
Every trouble is an :class:`InputError` that names the file.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import glob
import importlib
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, unquote

from train.errors import InputError
from train.lines import write_whole

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?\s]*)/?([^?\s]*)(\?\S*)?")
_SAFE = "/!$&'()*+,;=:@[]~"
_BUFFER = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)
_WHOLE_AT_CLOSE = ("s3", "gcs", "abfs")
"""Stores in which a file appears when it is closed, and that have no folders to be made."""


def is_uri(name: str) -> bool:
    """Return whether ``name`` is a URI; a text in which a link stands among words is none."""
    return _URI.fullmatch(name) is not None


def import_arrow(module: str, purpose: str) -> Any:
    """Return a module of pyarrow, which is an extra.

    Raises:
        InputError: it is not installed; the message begins with ``purpose``.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "pyarrow":
            raise
        raise InputError(f"{purpose} needs the extra arrow: pip install 'marsad[arrow]'") from None


@contextlib.contextmanager
def told(name: str, trouble: str = "") -> Iterator[None]:
    """Turn the trouble that a system or a store has with a file into an error that names it.

    ``trouble`` says what could not be done, such as ``cannot be written``.
    """
    try:
        yield
    except (OSError, ValueError, NotImplementedError) as error:  # the last two are pyarrow's
        reason = _reason(error)
        remedy = ""
        if isinstance(error, OSError) and error.errno in _FULL:
            remedy = "; free space and go on with --resume"
        raise InputError(
            f"{name}: {trouble} ({reason}){remedy}" if trouble else f"{name}: {reason}"
        ) from None


def open_input(name: str, seekable: bool = False) -> IO[bytes]:
    """Open a file for reading; with ``seekable``, one that pyarrow can read at any place."""
    with told(name):
        if not is_uri(name):
            return Path(name).open("rb")
        system, path = _locate(name)
        if seekable:
            return cast("IO[bytes]", system.open_input_file(path))
        # pyarrow would take .gz for a wish to have it decompressed.
        return io.BufferedReader(system.open_input_stream(path, compression=None), _BUFFER)


def read_bytes(name: str) -> bytes:
    """Return all that a file holds."""
    with told(name), open_input(name) as file:
        return file.read()


def exists(name: str) -> bool:
    """Return whether there is such a file or folder."""
    if not is_uri(name):
        try:
            return Path(name).exists()
        except (OSError, ValueError):  # a text can be too long for a path, or hold a NUL
            return False
    return bool(_info(name).type.name != "NotFound")


def is_folder(name: str) -> bool:
    """Return whether ``name`` is a folder that exists."""
    if not is_uri(name):
        return exists(name) and Path(name).is_dir()
    return bool(_info(name).type.name == "Directory")


def size(name: str) -> int:
    """Return how many bytes a file holds."""
    with told(name):
        if not is_uri(name):
            return Path(name).stat().st_size
    found = _info(name).size
    if found is None:
        raise InputError(f"{name}: no such file")
    return int(found)


def list_files(folder: str) -> list[str]:
    """Return the names of all files below a folder, in name order.

    Raises:
        InputError: a folder cannot be read; passing it over would lose its files in silence.
    """
    return list(file_sizes(folder))


def file_sizes(folder: str) -> dict[str, int]:
    """Return what :func:`list_files` does with the size of each, asking a store only once."""
    found: dict[str, int] = {}
    with told(folder):
        if is_uri(folder):
            system, path = _locate(folder)
            selector = import_arrow("pyarrow.fs", folder).FileSelector(path, recursive=True)
            for info in system.get_file_info(selector):
                if info.is_file:
                    found[_rename(folder, info.path)] = info.size or 0
        else:
            for parent, _, names in os.walk(folder, onerror=_refuse):
                for name in names:
                    file = Path(parent, name)
                    # A link that leads nowhere is told of by whoever opens it.
                    found[str(file)] = file.stat().st_size if file.exists() else 0
    return dict(sorted(found.items(), key=lambda item: _parts(item[0])))


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename}: {error.strerror or error}")


def glob_files(pattern: str) -> list[str]:
    """Return the names of the files that a pattern with ``* ? [ ] **`` fits, in name order.

    ``**`` stands for any number of folders. As in a shell, wildcards pass hidden files over. In a
    URI, ``?`` begins the options of the store and is no wildcard.
    """
    if not is_uri(pattern):
        with told(pattern):
            found = {str(Path(name)) for name in glob.glob(pattern, recursive=True)}  # noqa: PTH207
            return sorted((name for name in found if not Path(name).is_dir()), key=_parts)
    wanted = uri_path(pattern).split("/")
    fixed = next((i for i, part in enumerate(wanted) if glob.has_magic(part)), len(wanted) - 1)
    host, _, options = _split(pattern)
    folder = f"{host}/{quote('/'.join(wanted[:fixed]), safe=_SAFE)}{options}"
    if not exists(folder):
        return []
    below = fixed  # parts of a name that come before what the wildcards are about
    return [
        name
        for name in list_files(folder)
        if _fits(uri_path(name).split("/")[below:], wanted[below:])
    ]


def write_whole_bytes(name: str, data: bytes) -> None:
    """Write a file so that it appears complete or stays as it was, and outlives a power cut.

    Folders that are not there are made. A crash can leave a hidden file behind, in the same folder.
    """
    if is_uri(name):
        with told(name, "cannot be written"):
            _put(name, data)
        return
    with open_whole(name) as file:
        file.write(data)


@contextlib.contextmanager
def open_whole(name: str) -> Iterator[IO[bytes]]:
    """Open a file of this machine to be written like that of :func:`write_whole_bytes`.

    Raises:
        InputError: it cannot be written; where the disk is full, it says how to go on.
    """
    path = Path(name).resolve()
    try:
        with write_whole(path) as file:
            yield cast("IO[bytes]", cast("io.TextIOWrapper", file).buffer)
    except InputError as error:
        cause = error.__context__
        if isinstance(cause, OSError) and cause.errno in _FULL:
            with told(str(path), "cannot be written"):
                raise cause from None
        raise
    _sync_folder(path.parent)


def remove(name: str) -> None:
    """Remove a file; it may be gone already."""
    with told(name, "cannot be removed"):
        if is_uri(name):
            system, path = _locate(name)
            if exists(name):
                system.delete_file(path)
        else:
            Path(name).unlink(missing_ok=True)


def join(folder: str, name: str) -> str:
    """Return the name of ``name`` in ``folder``; in a URI, what needs it is escaped."""
    if not is_uri(folder):
        return str(Path(folder, name))
    host, path, options = _split(folder)
    path = "/".join(part for part in (path.rstrip("/"), quote(name, safe=_SAFE)) if part)
    return f"{host}/{path}{options}"


def uri_path(uri: str) -> str:
    """Return the path of a URI below its host or bucket, without escapes and options.

    >>> uri_path("s3://bucket/a%20b/c.csv?region=eu-west-1")
    'a b/c.csv'
    """
    return unquote(_split(uri)[1])


def local_path(name: str) -> Path | None:
    """Return the path of a file of this machine, also of ``file://``; None where it is elsewhere.

    >>> local_path("file:///news/a%20b.csv"), local_path("s3://bucket/c.csv")
    (PosixPath('/news/a b.csv'), None)
    """
    if not is_uri(name):
        return Path(name)
    return Path(f"/{uri_path(name)}") if name.lower().startswith("file://") else None


def _split(uri: str) -> tuple[str, str, str]:
    """Return what stands before the path of a URI, the path as it is written, and the options."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise InputError(f"{uri}: is not a URI such as s3://bucket/file")
    return match[1], match[2], match[3] or ""


def _locate(uri: str) -> tuple[Any, str]:
    """Return the file system of a URI, and the path there."""
    host, path, options = _split(uri)
    system, root = _system(host, options)
    return system, (root + unquote(path)).rstrip("/") or root


@functools.lru_cache(maxsize=64)
def _system(host: str, options: str) -> tuple[Any, str]:
    """Return a file system and what its paths begin with; connections are kept."""
    arrow = import_arrow("pyarrow.fs", f"{host}: reading or writing a URI")
    system, path = arrow.FileSystem.from_uri(f"{host}/x{options}")
    return system, str(path).removesuffix("x")


def _info(uri: str) -> Any:
    with told(uri):
        system, path = _locate(uri)
        return system.get_file_info(path)


def _rename(uri: str, path: str) -> str:
    """Return the URI of a path in the file system of ``uri``."""
    host, _, options = _split(uri)
    _, root = _system(host, options)
    return f"{host}/{quote(path.removeprefix(root), safe=_SAFE)}{options}"


def _put(uri: str, data: bytes) -> None:
    system, path = _locate(uri)
    if system.type_name == "local":
        write_whole_bytes(path, data)
        return
    if system.type_name in _WHOLE_AT_CLOSE:
        with system.open_output_stream(path, compression=None) as file:
            file.write(data)
        return
    folder, _, last = path.rpartition("/")
    temporary = f"{folder}/.{last}.{os.getpid()}" if folder else f".{last}.{os.getpid()}"
    if folder:
        system.create_dir(folder, recursive=True)
    try:
        with system.open_output_stream(temporary, compression=None) as file:
            file.write(data)
        system.move(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            system.delete_file(temporary)
        raise


def _sync_folder(folder: Path) -> None:
    """Have the disk keep the new name as well; not every system lets a folder be opened."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    visible = bool(parts) and not (parts[0].startswith(".") and not pattern[0].startswith("."))
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or (visible and _fits(parts[1:], pattern))
    return visible and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _parts(name: str) -> list[str]:
    return re.split(r"[/\\]" if os.sep == "\\" else "/", name)


def _reason(error: Exception) -> str:
    """Return one line that says what happened, as the system says it where it does."""
    code = error.errno if isinstance(error, OSError) else None
    if code:
        return os.strerror(code)
    return str(error).split("\n", 1)[0].split(" Detail:", 1)[0]
