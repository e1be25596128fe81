"""The command that measures what other spelling, noise and hidden characters cost a tagger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli_options import RuntimeOption
from train.terminal import counted, refuse_overwriting, say, say_coverage, utf8_output

if TYPE_CHECKING:
    from train.document import Document


def robustness(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Measure this perturbation (repeat it)."),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Also write the scores here as JSON."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 13,
    runtime: RuntimeOption = "auto",
) -> None:
    """Score a tagger on perturbed copies of annotated data beside the data as it is.

    Spelling habits, tashkeel, tatweel, digits, glued and cut words, a scanner's noise, hidden
    characters, missing punctuation, headlines: one after the other, never together.
    """
    import json

    from rich.console import Console

    from train.corpus import read_corpus
    from train.lines import write_whole
    from train.robustness import chosen, measure, render
    from train.tagger import Tagger

    refuse_overwriting(json_file, [model, *data])
    perturbations = chosen(only or [])
    tagger = Tagger.load(model, runtime=runtime)
    gold = read_corpus(data, tagger.tags.labels)

    def tag(documents: Sequence[Document]) -> list[Document]:
        return list(counted(tagger.tag(documents), json_file))

    clean, effects = measure(gold, tag, tagger.tags.labels, perturbations, seed)
    if json_file:
        result = {
            "model": tagger.fingerprint,
            "seed": seed,
            "clean": clean.to_dict(),
            "perturbations": [effect.to_dict() for effect in effects],
        }
        with write_whole(json_file) as file:
            json.dump(result, file, ensure_ascii=False, indent=2)
            file.write("\n")
    if not clean.micro.gold:
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    Console(highlight=False).print(render(clean, effects))
    say_coverage(tagger.coverage)
