"""The commands on annotated data: check, agreement, convert and dataset."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli_options import TextsOption
from train.errors import InputError
from train.terminal import needs_extra, refuse_overwriting, say, utf8_output

if TYPE_CHECKING:
    from train.document import Document


def check(
    data: Annotated[list[Path], typer.Argument(help="Annotated files or folders.")],
    texts: TextsOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the findings here as JSON.")
    ] = None,
) -> None:
    """List what looks inconsistent in annotated data: a question each, not a fault."""
    import json
    from dataclasses import asdict

    from train.check import check as find
    from train.lines import write_whole

    refuse_overwriting(json_file, [*data, *(texts or [])])
    documents = annotated(data, texts)
    findings = find(documents)
    if json_file:
        with write_whole(json_file) as file:
            json.dump([asdict(f) for f in findings], file, ensure_ascii=False, indent=1)
            file.write("\n")
    utf8_output()
    for finding in findings:
        print(finding)
    counts = Counter(finding.kind for finding in findings)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    say(f"{len(documents)} documents, {len(findings)} findings" + (f": {kinds}" if kinds else ""))


def agreement(
    first: Annotated[Path, typer.Argument(help="An annotated file or folder.")],
    second: Annotated[Path, typer.Argument(help="Another annotation of the same texts.")],
    texts: TextsOption = None,
    differences: Annotated[
        bool, typer.Option("--differences", help="Also print the sentences marked otherwise.")
    ] = False,
) -> None:
    """Compare two annotations of the same texts: strict span F1, by label."""
    from rich.console import Console

    from train.agreement import compare
    from train.display import render_scores
    from train.inline import format_line

    ours, theirs = annotated([first], texts), annotated([second], texts)
    labels = sorted({span.label for d in [*ours, *theirs] for span in d.spans}) or ["O"]
    result = compare(ours, theirs, labels)
    utf8_output()
    if differences:
        for one, other in result.differing:
            print(f"{one.id}\n  {format_line(one)}\n  {format_line(other)}")
    Console(highlight=False).print(render_scores(result.scores))
    say(
        f"{len(result.first)} texts in both, {len(result.differing)} of them marked otherwise; "
        f"{result.only_first} only in {first}, {result.only_second} only in {second}"
    )


def convert(
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .txt or .jsonl file.")],
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="A label that may occur (repeat it); any may if left out."),
    ] = None,
    texts: TextsOption = None,
    corrections: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Sentences whose marks take the place of those of the documents with their ids "
            "and texts, such as `marsad evaluate --suspects` wrote them and you have corrected "
            "them (repeat it).",
        ),
    ] = None,
) -> None:
    """Check annotated data and write it as inline text (.txt) or JSONL."""
    from train.corpus import write_corpus
    from train.suspects import corrected, read_corrections

    refuse_overwriting(output, [*data, *(texts or []), *(corrections or [])])
    documents = annotated(data, texts, labels)
    if corrections:
        documents, changed = corrected(documents, read_corrections(corrections, labels))
        say(f"corrected: {changed} of {len(documents)} documents")
    write_corpus(documents, output)
    if output.suffix == ".txt" and any(s.count is not None for d in documents for s in d.spans):
        say(
            "note: the inline format has no place for counts; they are left out (.jsonl keeps them)"
        )
    counts = Counter(span.label for document in documents for span in document.spans)
    spans = ", ".join(f"{count} {label}" for label, count in counts.most_common()) or "no spans"
    say(f"{output}: {len(documents)} documents; {spans}")


def dataset(
    config: Annotated[Path, typer.Argument(help="A YAML config; its data and labels are used.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Such as data.train=[mine.jsonl]."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Save the DatasetDict and its data card in this folder."),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(metavar="USER/NAME", help="Push both to the Hugging Face hub, private."),
    ] = None,
) -> None:
    """Build the Hugging Face dataset of a config, to save, push or look at."""
    from train.config import load_config

    settings = load_config(config, overrides or [])
    with needs_extra():
        from train.dataset import build_dataset, read_splits
        from train.dataset_card import dataset_card, push_dataset, save_dataset

    splits = read_splits(settings.data, settings.labels)
    for note in splits.notes:
        say(f"note: {note}")
    built = build_dataset(splits, settings.labels)
    card = dataset_card(settings, splits)
    if save:
        save_dataset(built, card, save)
        say(f"saved in {save}")
    if push:
        push_dataset(built, card, push)
        say(f"pushed to {push}")
    print(built)


def annotated(
    data: list[Path], texts: list[Path] | None, labels: list[str] | None = None
) -> list[Document]:
    """Return the documents of DATA, and say which standoff sentences have no text here.

    Raises:
        InputError: there is none, or nothing can be read.
        DataError: with every fault of the data.
    """
    from train.standoff import read_annotated

    documents, standoff = read_annotated(data, texts or [], labels or None)
    if standoff.missing or standoff.changed:
        say(
            f"note: {len(standoff.missing)} standoff sentences have no text here and "
            f"{len(standoff.changed)} have another one; name their texts with --texts "
            "(scripts/fetch_newswire.py fetches them)"
        )
        if not documents:
            raise InputError("no sentence has its text here; there is nothing to do")
    return documents
