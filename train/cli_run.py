"""A run as the command line shows it: progress, what became of it, and the exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from train.terminal import say, say_coverage, utf8_output

if TYPE_CHECKING:
    from train.request import Outcome, Request

INTERRUPTED = 130
SKIPPED = 1
NOT_READ = 141
"""What a shell gives for a program that writes to ``head`` when that has ended."""


def execute(
    request: Request, output: str | None, pretty: bool = False, timings: bool = False
) -> Outcome:
    """Run a request, and tell what became of it.

    Args:
        request: what is to be done.
        output: what the user calls the result; None for standard output.
        pretty: whether the documents are shown instead of written.
        timings: whether it is told how long each stage took.

    Raises:
        typer.Exit: it was interrupted, nobody reads the output, or records were skipped.
    """
    from train.prediction import predict

    utf8_output()
    try:
        if pretty:
            from train.screen import show

            outcome = show(request, say)
        else:
            with _progress(output is not None) as done:
                outcome = predict(request, done, say)
    except BrokenPipeError:
        _leave_stdout()
        raise typer.Exit(NOT_READ) from None
    _report(request, outcome, output)
    if timings:
        for stage, seconds in outcome.seconds.items():
            say(f"{stage:>10} {seconds:9.2f} s")
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if outcome.skipped:
        raise typer.Exit(SKIPPED)
    return outcome


def _report(request: Request, outcome: Outcome, output: str | None) -> None:
    """Tell what became of a run; records that a stream left out are told of with the stream."""
    from train.request import told_skipped
    from train.threshold import told

    say_coverage(outcome.coverage)
    is_kept = request.job.folder is not None
    if outcome.interrupted:
        if outcome.skipped and is_kept:
            errors = request.errors_file
            say(f"{told_skipped(outcome.skipped, errors)} when the run is finished")
        go_on = "; go on with the same command and --resume" if is_kept else ""
        say(f"interrupted after {outcome.documents:,} documents{go_on}")
    elif is_kept:
        skipped = ""
        if outcome.skipped:
            skipped = f" ({told_skipped(outcome.skipped, request.errors_file)})"
        done = "finished already: " if outcome.was_complete else ""
        say(f"{done}{outcome.documents:,} documents, {outcome.spans:,} spans in {output}{skipped}")
    if request.job.wanted.is_asked:
        say(told(outcome.left_out))
    if request.job.takes_spans and not (outcome.interrupted or outcome.was_complete):
        there = ", ".join(sorted(outcome.labels)) or "none"
        for label in request.job.wanted.unmet(outcome.labels):
            say(f"note: --min-score {label}: no span of the input has this label (it has: {there})")
    if request.job.sink.rows == "incidents":
        rows = outcome.totals.rows
        say(f"{rows:,} row{'s' if rows != 1 else ''}; in all: {outcome.totals.told()}")


def _leave_stdout() -> None:
    """Have what nobody reads any more go nowhere; Python would tell of it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _progress(to_file: bool) -> Iterator[Callable[[int], Any]]:
    """Show how many documents are done, unless the output itself is on the screen."""
    if not sys.stderr.isatty() or (not to_file and sys.stdout.isatty()):
        yield lambda documents: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.completed} documents"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        yield lambda documents: progress.advance(task, documents)
