"""The command that tags texts."""

from __future__ import annotations

import contextlib
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
        int, typer.Option(min=1, help="Processes that tag, each with a model of its own.")
    ] = 1,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Cores for each process; all that are free where left out."),
    ] = None,
    runtime: Annotated[str, typer.Option(help="auto, int8, fp32 or cuda.")] = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray for one machine or many (the extra ray).")
    ] = "local",
    part_documents: Annotated[
        int, typer.Option(min=1, help="Documents of a part: what is tagged and resumed as one.")
    ] = 1_000,
    pretty: Annotated[
        bool,
        typer.Option(
            "--pretty", help="Show coloured text instead of records; blank texts are left out."
        ),
    ] = False,
    timings: Annotated[
        bool, typer.Option("--timings", help="At the end, tell how long each stage took.")
    ] = False,
) -> None:
    """Tag texts: one JSON record a document, in input order, nothing cut."""
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
    if pretty and (to or rows != "documents" or errors or workers > 1 or engine != "local"):
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
    if pretty:
        outcome = _show(request)
    else:
        with _progress(output is not None) as done:
            outcome = run(request, done, say)
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
    is_file = not is_uri and Path(output).exists() and not Path(output).is_dir()
    suffix, compression = split_suffix(output.partition("?")[0] if is_uri else output)
    has_suffix = bool(suffix or compression)
    if is_uri and has_suffix and not output.endswith("/"):
        raise InputError(
            f"{output}: one file can be written on this machine only; end the name with / for a "
            "folder of parts"
        )
    is_folder = output.endswith("/") or not has_suffix or Path(output).is_dir()
    if is_folder and not is_file:
        return None, output, named or Sink("jsonl", rows)
    if suffix[1:] in FORMATS:
        sink = Sink.for_path(output, rows)
        if named is not None and named.suffix != sink.suffix:
            raise InputError(f"{output}: --to {to} would write another format than the name says")
    elif named is None and not is_file:
        raise InputError(
            f"{output}: the name does not say what to write; name a format with --to "
            f"({', '.join(FORMATS)}), or end the name with / for a folder of parts"
        )
    else:
        sink = named or Sink("jsonl", rows)
    is_plain = not is_file or Path(output).is_file()
    return output, hidden_folder(Path(output)) if is_plain else None, sink


def _show(request: Request) -> Outcome:
    """Show tagged documents on the terminal."""
    from rich.console import Console

    from train.display import render_document
    from train.interrupts import Interrupts
    from train.jobs import load_tagger
    from train.reading import Reading
    from train.request import Outcome
    from train.sentences import split_sentences
    from train.sources import find_sources, plan_shards

    job = request.job
    shards = plan_shards(find_sources(request.inputs, request.read))
    tagger = load_tagger(job)
    console = Console(soft_wrap=True, highlight=False)
    outcome = Outcome()
    with Interrupts() as interrupts:
        reading = Reading(shards, job.part_documents, job.strict, False, interrupts)
        for part in reading:
            documents = part.documents
            if job.sentences:
                documents = [s for document in documents for s in split_sentences(document)]
            for document in tagger.tag(documents):
                if document.text.strip():  # a view for reading: blank lines have nothing to show
                    console.print(render_document(document, tagger.tags.labels))
            for fault in part.faults:
                say(f"skipped: {fault}")
            outcome.documents += len(part.documents)
            outcome.skipped += len(part.faults)
    outcome.coverage = tagger.coverage
    if reading.fault is not None:
        raise reading.fault
    outcome.interrupted = not reading.ended
    return outcome


def _report(request: Request, outcome: Outcome, output: str | None) -> None:
    """Tell what became of a run."""
    say_coverage(outcome.coverage)
    if outcome.interrupted:
        go_on = "; go on with the same command and --resume" if request.job.folder else ""
        say(f"interrupted after {outcome.documents:,} documents{go_on}")
        return
    if request.job.folder is None:
        return
    skipped = ""
    if outcome.skipped:
        plural = "s" if outcome.skipped != 1 else ""
        skipped = f" ({outcome.skipped:,} record{plural} skipped, see {request.errors_file})"
    finished = "finished already: " if outcome.was_complete else ""
    say(f"{finished}{outcome.documents:,} documents, {outcome.spans:,} spans in {output}{skipped}")


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
