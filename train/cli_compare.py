"""The command that tests two taggers, or two files of predictions, on the same data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli_options import RuntimeOption
from train.errors import InputError
from train.terminal import counted, refuse_overwriting, say, say_coverage, utf8_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from train.comparison import Comparison, Difference
    from train.document import Document, Span


def compare(
    a: Annotated[
        Path,
        typer.Argument(metavar="A", help="A model folder, or a .jsonl file that it has tagged."),
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the comparison here as JSON.")
    ] = None,
    runtime: RuntimeOption = "auto",
) -> None:
    """Test whether A or B is better on annotated data, and say whether that can be trusted.

    Differences of strict span F1 get a paired bootstrap interval and a randomisation test, both
    over documents. Files of predictions are matched with DATA by their texts.
    """
    import json

    from rich.console import Console

    from train.comparison import compare as test
    from train.corpus import read_corpus
    from train.lines import write_whole
    from train.model_folder import open_model

    refuse_overwriting(json_file, [a, b, *data])
    labels: list[str] = []
    for source in (a, b):
        if _is_model(source):
            labels.extend(label for label in open_model(source).labels if label not in labels)
    # What an outside file marks cannot be known before it is read, so any label may stand in DATA.
    gold = read_corpus(data, labels if _is_model(a) and _is_model(b) else None)
    ours, theirs = (_tagged(source, gold, runtime, json_file) for source in (a, b))
    result = test(gold, ours, theirs, labels)
    if json_file:
        with write_whole(json_file) as file:
            record = {"a": str(a), "b": str(b)} | result.to_dict()
            json.dump(record, file, ensure_ascii=False, indent=2)
            file.write("\n")
    if not any(document.spans for document in gold):
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    console = Console(highlight=False, markup=False)
    console.print(f"A: {a}\nB: {b}", soft_wrap=True)
    console.print(render_comparison(result))
    console.print(result.told(), soft_wrap=True)


def render_comparison(result: Comparison) -> Table:
    """Return a comparison as a table for a terminal; its p is that of the shufflings."""
    from rich.table import Table

    table = Table(title="Strict span F1: A, B, and A - B in points", title_justify="left")
    interval = f"{100 * result.level:g}% interval"
    columns = ("A", "B", "points", interval, "p", "trust")
    for name in ("label", *columns):
        table.add_column(name, justify="left" if name == "label" else "right", overflow="fold")
    for label, row in result.labels.items():
        table.add_row(label, *_cells(row))
    table.add_section()
    table.add_row("micro", *_cells(result.micro), style="bold")
    return table


def align(gold: Sequence[Document], tagged: Sequence[Document], name: str) -> list[Document]:
    """Return ``gold`` with the spans that ``tagged`` has on the same texts.

    A document is looked up by its id and text; then by its text alone, since ids of lines differ
    from file to file. What ``tagged`` holds besides is left out.

    Raises:
        InputError: a text of ``gold`` is not in ``tagged``, or is there twice, marked otherwise.
    """
    from dataclasses import replace

    by_id = {(document.id, document.text): document.spans for document in tagged}
    by_text: dict[str, set[tuple[Span, ...]]] = {}
    for document in tagged:
        by_text.setdefault(document.text, set()).add(document.spans)
    aligned: list[Document] = []
    missing: list[str] = []
    doubtful: list[str] = []
    for document in gold:
        spans = by_id.get((document.id, document.text))
        found = by_text.get(document.text, set())
        if spans is None and len(found) == 1:
            [spans] = found
        if spans is None:
            (doubtful if found else missing).append(document.id)
        else:
            aligned.append(replace(document, spans=spans))
    if missing:
        raise InputError(
            f"{name}: holds no prediction for the texts of {len(missing)} of {len(gold)} "
            f"documents, the first of which is {missing[0]}; tag the same texts, letter by letter"
        )
    if doubtful:
        raise InputError(
            f"{name}: the text of {doubtful[0]} stands there more than once with different spans, "
            "and none has its id; give documents the ids of the annotated data"
        )
    return aligned


def _is_model(source: Path) -> bool:
    if source.is_dir():
        return True
    if source.suffix == ".jsonl" and source.exists():
        return False
    raise InputError(
        f"{source}: neither a model folder nor a .jsonl file of predictions; such a file is what "
        "`marsad predict -m MODEL DATA -o FILE.jsonl` writes"
    )


def _tagged(
    source: Path, gold: Sequence[Document], runtime: str, json_file: Path | None
) -> list[Document]:
    """Return ``gold`` as tagged by a model, or as a file of predictions has it."""
    if not _is_model(source):
        from train.corpus import read_corpus

        return align(gold, read_corpus([source]), str(source))
    from train.tagger import Tagger

    tagger = Tagger.load(source, runtime=runtime)
    tagged = list(counted(tagger.tag(gold), json_file))
    say_coverage(tagger.coverage)
    return tagged


def _cells(row: Difference) -> tuple[str, ...]:
    from train.comparison import points

    value, low, high = (f"{points(figure):+.1f}" for figure in row.difference)
    p = f"{row.randomisation_p:.4f}" if row.randomisation_p >= 0.0001 else "<0.0001"
    return (
        f"{row.a:.4f}",
        f"{row.b:.4f}",
        value,
        f"{low} to {high}",
        p,
        "yes" if row.trusted else "no",
    )
