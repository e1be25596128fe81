"""The command that tags texts."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from train.cli_options import (
    INPUTS,
    ConventionsOption,
    FormatOption,
    IdColumnOption,
    LexiconOption,
    MinScoreOption,
    ModelOption,
    PrecisionOption,
    ResumeOption,
    RuntimeOption,
    TextColumnOption,
)
from train.cli_run import execute
from train.errors import InputError


def predict(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=INPUTS,
            help="Texts, files (.txt, a document a line; .jsonl, .csv, .tsv, .parquet; all but the "
            "last also as .gz, .xz, .zst), folders of them (there, a .txt is one document), "
            "patterns such as 'news/*.csv.gz', URIs such as s3://bucket/news/, or - for standard "
            "input, which is also read where nothing is given.",
            show_default=False,
        ),
    ] = None,
    model: ModelOption = None,
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
            help="jsonl, csv, tsv, parquet, xlsx, conll or txt, also compressed, such as jsonl.gz; "
            "jsonl, or what the output's name says, where left out.",
        ),
    ] = None,
    rows: Annotated[
        str, typer.Option(help="What a row of the result is: documents, spans, or incidents.")
    ] = "documents",
    text_column: TextColumnOption = "text",
    id_column: IdColumnOption = "id",
    stdin_format: FormatOption = "txt",
    conventions: ConventionsOption = None,
    lexicon: LexiconOption = None,
    min_score: MinScoreOption = None,
    precision: PrecisionOption = None,
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
    resume: ResumeOption = False,
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
    runtime: RuntimeOption = "auto",
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
    from train.destination import find_destination
    from train.jobs import Job
    from train.request import ENGINES, Request
    from train.resolver import Resolver
    from train.sources import STDIN, ReadOptions
    from train.threshold import parse_wanted

    if engine not in ENGINES:
        raise InputError(f"--engine: {engine!r} is none of {', '.join(ENGINES)}")
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError('nothing to tag; try: marsad predict "قتل جنديان في قصف بطائرة مسيرة"')
    target, folder, sink = find_destination(output, to, rows)
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
            wanted=parse_wanted(min_score or [], precision),
            resolver=Resolver.load(conventions, lexicon or []),
        ),
        target=target,
        errors=errors,
        resume=resume,
        workers=workers,
        engine=engine,
    )
    execute(request, output, pretty, timings)
