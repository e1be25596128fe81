"""Compressed data, read and written as a stream of bytes.

Several compressed files put one behind the other (``cat a.gz b.gz > c.gz``) are one to be read,
which is also how the parts of a compressed result become one file. Data that is damaged or cut
short is never passed over in silence.
"""

from __future__ import annotations

import gzip
import importlib
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, cast

from train.errors import InputError
from train.storage import import_arrow

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

COMPRESSIONS = (".gz", ".xz", ".zst")
_CHUNK = 1 << 16


def split_suffix(name: str) -> tuple[str, str]:
    """Return the suffix of a file's name and that of its compression, in small letters.

    >>> split_suffix("a/b.jsonl.gz"), split_suffix("b.CSV"), split_suffix("b.gz")
    (('.jsonl', '.gz'), ('.csv', ''), ('', '.gz'))
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix in COMPRESSIONS:
        return PurePath(path.stem).suffix.lower(), suffix
    return suffix, ""


def check(suffix: str, purpose: str) -> None:
    """Tell at once, not in the middle of a run, that what a compression takes is not installed.

    Raises:
        InputError: it is not; the message begins with ``purpose``, such as ``writing .zst``.
    """
    if suffix == ".zst" and _standard_zstd() is None:
        import_arrow("pyarrow", purpose)


def decompress(stream: IO[bytes], suffix: str, name: str = "") -> IO[bytes]:
    """Return a stream of what ``stream`` holds; ``name`` is what messages call it.

    Reading it, not calling this, raises:

    InputError: the data is not of that compression, damaged or cut short. A file without a byte is
    cut short; nothing, compressed, is some bytes.
    """
    if not suffix:
        return stream
    if not hasattr(stream, "peek"):
        stream = io.BufferedReader(cast(io.RawIOBase, stream))
    if suffix == ".gz":
        chunks = _chunks(gzip.GzipFile(fileobj=stream, mode="rb"))
    elif suffix == ".xz":
        chunks = _xz_chunks(stream)
    else:
        chunks = _zst_chunks(stream, name)
    chunks = _not_empty(stream, chunks)
    return io.BufferedReader(_Chunks(chunks, stream, name or f"{suffix} data"), _CHUNK)


def compress(data: bytes, suffix: str) -> bytes:
    """Return ``data`` compressed as one member; the same data always gives the same bytes."""
    if suffix == ".gz":
        member = zlib.compressobj(6, zlib.DEFLATED, 31)  # a gzip member with neither name nor date
        return member.compress(data) + member.flush()
    if suffix == ".xz":
        return lzma.compress(data)
    if suffix == ".zst":
        zstd = _standard_zstd()
        if zstd is not None:
            return bytes(zstd.compress(data))
        arrow = import_arrow("pyarrow", "writing .zst")
        return bytes(arrow.compress(data, codec="zstd", asbytes=True))
    return data


def _standard_zstd() -> Any:
    """Return the module that Python has from 3.14 on, or None."""
    try:
        return importlib.import_module("compression.zstd")
    except ModuleNotFoundError:
        return None


class _Chunks(io.RawIOBase):
    """A raw stream of the bytes that an iterator gives."""

    def __init__(self, chunks: Iterator[bytes], source: IO[bytes], name: str) -> None:
        self._chunks, self._source, self._name = chunks, source, name
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        while not self._rest:
            try:
                chunk = next(self._chunks, None)
            except (EOFError, zlib.error, lzma.LZMAError, _BrokenError) as error:
                raise self._broken(error) from None
            except OSError as error:
                if error.errno is not None:  # the disk or the network, not the data
                    raise
                raise self._broken(error) from None
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def _broken(self, error: Exception) -> InputError:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return InputError(
            f"{self._name}: the compressed data is broken or cut short ({reason}); "
            "copy or make the file again"
        )


class _BrokenError(Exception):
    """Compressed data that is not whole."""


def _not_empty(stream: Any, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if not stream.peek(1):
        raise _BrokenError("it is empty")
    yield from chunks


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _xz_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the data of every member; :class:`lzma.LZMAFile` drops a damaged one but the first."""
    data = stream.read(_CHUNK)
    while data:
        member = lzma.LZMADecompressor()
        while not member.eof:
            if member.needs_input and not data:
                data = stream.read(_CHUNK)
                if not data:
                    raise _BrokenError("it ends inside a member")
            yield member.decompress(data, _CHUNK)
            data = b""
        data = member.unused_data or stream.read(_CHUNK)
        while data and not (data := data.lstrip(b"\0")):  # padding between members is legal
            data = stream.read(_CHUNK)


def _zst_chunks(stream: IO[bytes], name: str) -> Iterator[bytes]:
    zstd = _standard_zstd()
    if zstd is not None:
        try:
            yield from _chunks(zstd.ZstdFile(stream))
        except zstd.ZstdError as error:
            raise _BrokenError(str(error)) from None
    else:
        arrow = import_arrow("pyarrow", f"{name or 'input'}: reading .zst")
        yield from _chunks(arrow.CompressedInputStream(stream, "zstd"))
