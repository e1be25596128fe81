"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

INPUTS = "[TEXT|FILE|FOLDER|-]..."

ModelOption = Annotated[
    Path | None,
    typer.Option("-m", "--model", help="A model folder; the shipped tagger where left out."),
]
TextColumnOption = Annotated[
    str, typer.Option("--text-column", "--text-field", help="The column or key of the text.")
]
IdColumnOption = Annotated[str, typer.Option(help="The column or key of the id.")]
FormatOption = Annotated[
    str, typer.Option("--format", help="What standard input holds: txt, jsonl, csv or tsv.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
RuntimeOption = Annotated[str, typer.Option(help="auto, int8, fp32 or cuda.")]
MinScoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--min-score",
        metavar="[LABEL=]SCORE",
        help="Leave out spans of a lower score, such as 0.8 or ACTOR=0.8 (repeat it); they are "
        "counted.",
    ),
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Leave out spans below the scores that gave this precision when the model was "
        "calibrated, such as 0.95.",
    ),
]
TextsOption = Annotated[
    list[Path] | None,
    typer.Option("--texts", help="Where the texts of standoff annotation are (repeat it)."),
]
CountsOption = Annotated[
    list[Path] | None,
    typer.Option("--counts", help="Gold counts that stand in a file beside DATA (repeat it)."),
]
ConventionsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A YAML file that says otherwise what words such as عشرات are worth."
    ),
]
LexiconOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--lexicon",
        metavar="FILE",
        help="A JSONL file of more parties, weapons and bases, which goes before the shipped ones "
        "(repeat it).",
    ),
]
