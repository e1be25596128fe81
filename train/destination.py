"""Where a result goes, and in which format, as ``-o`` and ``--to`` say it."""

from __future__ import annotations

from pathlib import Path

from train import storage
from train.compression import split_suffix
from train.errors import InputError
from train.request import hidden_folder
from train.sinks import FORMATS, Sink


def find_destination(
    output: str | None, to: str | None, rows: str
) -> tuple[str | None, str | None, Sink]:
    """Return the file and the folder to write to, and what to write.

    Raises:
        InputError: the name does not say which it is, or contradicts ``--to``.
    """
    named = Sink.parse(to, rows) if to is not None else None
    if output is None:
        return None, None, named or Sink("jsonl", rows)
    is_uri = storage.is_uri(output)
    is_there = not is_uri and storage.exists(output)
    is_dir = is_there and storage.is_folder(output)
    is_stream = is_there and not is_dir and _is_stream(Path(output))
    suffix, compression = split_suffix(output.partition("?")[0] if is_uri else output)
    has_suffix = bool(suffix or compression)
    if is_uri and has_suffix and not output.endswith("/"):
        raise InputError(
            f"{output}: one file can be written on this machine only; end the name with / for a "
            "folder of parts"
        )
    if output.endswith("/") or is_dir or not (has_suffix or is_there):
        return None, output, named or Sink("jsonl", rows)
    if suffix[1:] in FORMATS:
        sink = Sink.for_path(output, rows)
        if named is not None and named.suffix != sink.suffix:
            raise InputError(f"{output}: --to {to} would write another format than the name says")
    elif named is None and not is_stream:
        raise InputError(
            f"{output}: the name does not say what to write; name a format with --to "
            f"({', '.join(FORMATS)}), or end the name with / for a folder of parts"
        )
    else:
        sink = named or Sink("jsonl", rows)
        if sink.compression != compression and not (is_stream and not compression):
            raise InputError(
                f"{output}: --to {to} would write another compression than the name says"
            )
    return output, None if is_stream else hidden_folder(Path(output)), sink


def _is_stream(path: Path) -> bool:
    """Return whether what is there is written as it comes: a pipe, a terminal, /dev/stdout."""
    return not path.is_file() or str(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
