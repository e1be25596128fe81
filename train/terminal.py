"""What every command does at a terminal: speak on stderr, write data, show how far it is."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import InputError

if TYPE_CHECKING:
    from train.engine import Coverage


@contextlib.contextmanager
def needs_extra(extra: str = "train") -> Iterator[None]:
    """Turn a missing package into a message that names the extra it comes with."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"this command needs {error.name}, which comes with the extra: "
            f"pip install 'marsad[{extra}]'"
        ) from None


def refuse_overwriting(output: Path | None, inputs: Iterable[str | Path]) -> None:
    """Refuse to write a result over a file that it is made from, or one in a folder of these.

    A folder is one of data or a model's.
    """
    if output is None or not output.is_file():
        return
    for item in inputs:
        if _is_same(output, item):
            raise InputError(f"{output}: is also an input; name another output file")
        if is_below(output, item):
            raise InputError(
                f"{output}: is there already, in {item}, which is also an input; name a file "
                "outside of it"
            )


def is_below(file: Path, folder: str | Path) -> bool:
    """Return whether a file is anywhere in a folder, under whatever name or link."""
    try:
        found = os.walk(folder)
        return any(
            _is_same(file, Path(parent, name)) for parent, _, names in found for name in names
        )
    except ValueError:  # a text that holds a NUL is no path
        return False


def _is_same(file: Path, other: str | Path) -> bool:
    try:
        return file.samefile(other)
    except (OSError, ValueError):  # a text is no path, and a link may lead nowhere
        return False


def counted(items: Iterable[Any], output: Path | None) -> Iterator[Any]:
    """Show how many documents are done, unless the output itself is on the screen."""
    if not sys.stderr.isatty() or (output is None and sys.stdout.isatty()):
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.completed} documents"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        for item in items:
            yield item
            progress.advance(task)


def utf8_output() -> None:
    """Write UTF-8 whatever the locale says; Arabic has no place in most others.

    A lone surrogate, which an id may hold and UTF-8 has not, is shown as an escape.
    """
    sys.stdout.reconfigure(  # type: ignore[union-attr]
        encoding="utf-8", errors="backslashreplace", newline="\n"
    )


def say_coverage(seen: Coverage) -> None:
    """Tell what the model could not see as it stands."""
    if seen.clipped or seen.substituted:
        say(
            f"note: {seen.clipped} of {seen.words} words were longer than half a window and seen "
            f"only in part; {seen.substituted} had no sub-word and were seen as unknown"
        )


def say(line: str) -> None:
    """Tell the user how it goes, on stderr."""
    print(line, file=sys.stderr)
