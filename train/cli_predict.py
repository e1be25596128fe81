"""The command that tags texts."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from train.errors import InputError
from train.terminal import say, say_coverage, utf8_output

if TYPE_CHECKING:
    from train.request import Outcome, Request
    from train.sinks import Sink

INTERRUPTED = 130
SKIPPED = 1
NOT_READ = 141
"""What a shell gives for a program that writes to ``head`` when that has ended."""


def predict(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT|FILE|FOLDER|-]...",
            help="Texts, files (.txt, a document a line; .jsonl, .csv, .tsv, .parquet; all but the "
            "last also as .gz, .xz, .zst), folders of them (there, a .txt is one document), "
            "patterns such as 'news/*.csv.gz', URIs such as s3://bucket/news/, or - for standard "
            "input, which is also read where nothing is given.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("-m", "--model", help="A model folder; the shipped tagger where left out."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="Write to this file, or to this folder (a name that ends with / or has no suffix) "
            "in parts, instead of to standard output.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="jsonl, csv, tsv, parquet, conll or txt, also compressed, such as jsonl.gz; "
            "jsonl, or what the output's name says, where left out.",
        ),
    ] = None,
    rows: Annotated[
        str, typer.Option(help="What a row of the result is: documents or spans.")
    ] = "documents",
    text_column: Annotated[
        str,
        typer.Option("--text-column", "--text-field", help="The column or key of the text."),
    ] = "text",
    id_column: Annotated[str, typer.Option(help="The column or key of the id.")] = "id",
    stdin_format: Annotated[
        str, typer.Option("--format", help="What standard input holds: txt, jsonl, csv or tsv.")
    ] = "txt",
    sentences: Annotated[
        bool, typer.Option("--sentences", help="Make each sentence a document of the result.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End at the first faulty record; none is skipped.")
    ] = False,
    errors: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="List the records that were skipped in this file."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes that tag, each with a model of its own; one where left out, or on Ray "
            "one for each core.",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Cores for each process; where left out, all, shared among --workers, or one "
            "each on Ray.",
        ),
    ] = None,
    runtime: Annotated[str, typer.Option(help="auto, int8, fp32 or cuda.")] = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray for one machine or many (the extra ray).")
    ] = "local",
    part_documents: Annotated[
        int,
        typer.Option(
            min=1, help="At most so many documents a part, which is tagged and resumed as one."
        ),
    ] = 1_000,
    pretty: Annotated[
        bool,
        typer.Option(
            "--pretty", help="Show coloured text instead of records; blank texts are left out."
        ),
    ] = False,
    timings: Annotated[
        bool,
        typer.Option(
            "--timings",
            help="At the end, tell how long each stage took, summed over threads and processes.",
        ),
    ] = False,
) -> None:
    """Tag texts, and write each with what was found in it, in input order, nothing cut."""
    from train.jobs import Job
    from train.prediction import predict as run
    from train.request import ENGINES, Request
    from train.sources import STDIN, ReadOptions

    if engine not in ENGINES:
        raise InputError(f"--engine: {engine!r} is none of {', '.join(ENGINES)}")
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError('nothing to tag; try: marsad predict "قتل جنديان في قصف بطائرة مسيرة"')
    target, folder, sink = _destination(output, to, rows)
    if pretty and output:
        raise InputError("--pretty is for reading on the terminal; leave out -o or --pretty")
    if pretty and (to or rows != "documents" or errors or (workers or 1) > 1 or engine != "local"):
        raise InputError(
            "--pretty shows documents; leave out --to, --rows, --errors, --workers and --engine"
        )
    if resume and folder is None:
        raise InputError("--resume goes on with a file or folder; name it with -o")
    if engine == "ray" and folder is None:
        raise InputError("--engine ray writes to a file or folder; name it with -o")
    request = Request(
        inputs=inputs or [STDIN],
        read=ReadOptions(text_column, id_column, stdin_format),
        job=Job(
            sink=sink,
            model=str(model) if model is not None else None,
            runtime=runtime,
            threads=threads,
            sentences=sentences,
            folder=folder,
            strict=strict,
            part_documents=part_documents,
        ),
        target=target,
        errors=errors,
        resume=resume,
        workers=workers,
        engine=engine,
    )
    utf8_output()
    try:
        if pretty:
            from train.screen import show

            outcome = show(request, say)
        else:
            with _progress(output is not None) as done:
                outcome = run(request, done, say)
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


def _destination(
    output: str | None, to: str | None, rows: str
) -> tuple[str | None, str | None, Sink]:
    """Return the file and the folder to write to, and what to write.

    Raises:
        InputError: the name does not say which it is, or contradicts ``--to``.
    """
    from train import storage
    from train.compression import split_suffix
    from train.request import hidden_folder
    from train.sinks import FORMATS, Sink

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


def _report(request: Request, outcome: Outcome, output: str | None) -> None:
    """Tell what became of a run; records that a stream left out are told of with the stream."""
    from train.request import told_skipped

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
