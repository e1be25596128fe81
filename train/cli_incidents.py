"""The command that writes a table of incidents."""

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


def incidents(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=INPUTS,
            help="As those of marsad predict: texts, files, folders, patterns, URIs, or - for "
            "standard input.",
            show_default=False,
        ),
    ] = None,
    model: ModelOption = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="Write to this file: .xlsx, .csv, .tsv, .parquet or .jsonl; JSONL to standard "
            "output where left out.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="The format, where the output's name does not say it."),
    ] = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="Write a row a sentence instead of one a document.")
    ] = False,
    tagged: Annotated[
        bool,
        typer.Option(
            "--tagged",
            help="Take the spans that stand in the input (.jsonl), and run no model; --min-score "
            "keeps those without a score.",
        ),
    ] = False,
    conventions: ConventionsOption = None,
    lexicon: LexiconOption = None,
    min_score: MinScoreOption = None,
    precision: PrecisionOption = None,
    text_column: TextColumnOption = "text",
    id_column: IdColumnOption = "id",
    stdin_format: FormatOption = "txt",
    resume: ResumeOption = False,
    runtime: RuntimeOption = "auto",
) -> None:
    """Write a row for each document that tells of people hurt: how many, and who and what it names.

    The sums over all rows are told on standard error, with the number of counts that could not be
    read. It is `marsad predict --rows incidents`, which can use more processes and machines.
    """
    from train.destination import find_destination
    from train.jobs import Job
    from train.request import Request
    from train.resolver import Resolver
    from train.sources import STDIN, ReadOptions
    from train.threshold import parse_wanted

    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError('nothing to read; try: marsad incidents "مقتل جنديين وإصابة ثلاثة"')
    if tagged and model is not None:
        raise InputError("--tagged runs no model; leave out --tagged or --model")
    target, folder, sink = find_destination(output, to, "incidents")
    if resume and folder is None:
        raise InputError("--resume goes on with a file or folder; name it with -o")
    request = Request(
        inputs=inputs or [STDIN],
        read=ReadOptions(text_column, id_column, stdin_format, with_spans=tagged),
        job=Job(
            sink=sink,
            model=str(model) if model is not None else None,
            runtime=runtime,
            sentences=sentences,
            folder=folder,
            takes_spans=tagged,
            wanted=parse_wanted(min_score or [], precision),
            resolver=Resolver.load(conventions, lexicon or []),
        ),
        target=target,
        resume=resume,
    )
    execute(request, output)
