"""The stream that a result goes to where it is not kept in files: standard output, or a pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from train.errors import Fault, InputError
from train.jobs import PartResult
from train.output import write_faults
from train.request import Request, told_skipped


def to_stream(
    request: Request,
    results: Iterable[PartResult],
    count: Callable[[PartResult], Any],
    tell: Callable[[str], Any],
) -> None:
    """Write results to standard output, or to what is no plain file, such as a pipe.

    However it ends, the records that were skipped until then are listed, and their number is told.

    Raises:
        InputError: it cannot be written.
        BrokenPipeError: nobody reads it any more, as with ``| head``.
    """
    faults: list[Fault] = []
    skipped = 0
    try:
        with _opened(request.target) as file:
            for result in results:
                with _written(request.target):
                    file.write(result.data or b"")
                    file.flush()
                count(result)
                skipped += result.skipped
                if request.errors is not None:
                    faults += result.faults
                else:
                    for fault in result.faults:
                        tell(f"skipped: {fault}")
    finally:
        if request.errors is not None:
            write_faults(request.errors, faults)
        if skipped:
            tell(told_skipped(skipped, request.errors))


@contextlib.contextmanager
def _opened(target: str | None) -> Iterator[IO[bytes]]:
    if target is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
    else:
        with _written(target), Path(target).open("wb") as file:
            yield file


@contextlib.contextmanager
def _written(target: str | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        name = target or "standard output"
        raise InputError(f"{name}: cannot be written ({error.strerror or error})") from None
