"""The command that reads the counts of annotated or tagged data, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from train.cli_data import annotated
from train.cli_options import ConventionsOption, CountsOption, TextsOption
from train.terminal import refuse_overwriting, say, utf8_output

if TYPE_CHECKING:
    from train.count_scores import CountScores
    from train.document import Document, Span


def counts(
    data: Annotated[list[Path], typer.Argument(help="Annotated or tagged files or folders.")],
    gold: CountsOption = None,
    conventions: ConventionsOption = None,
    texts: TextsOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the counts and their scores here, and nothing else."),
    ] = None,
) -> None:
    """Read the CASUALTY spans that stand in DATA as numbers; score them where it has gold counts.

    A JSON line a span goes to standard output, or all of them to the file of --json.
    """
    import json

    from train.count import LABEL
    from train.count_file import attach_counts
    from train.count_scores import has_counts, is_gold, score_counts
    from train.jsonl import dump_record
    from train.lines import write_whole
    from train.resolver import Resolver

    own = [] if conventions is None else [conventions]
    refuse_overwriting(json_file, [*data, *(texts or []), *(gold or []), *own])
    resolver = Resolver.load(conventions)
    documents = attach_counts(annotated(data, texts), gold or [])
    resolved = [resolver(document) for document in documents]
    records = [
        _record(document, before, span, is_gold(before))
        for document, read in zip(documents, resolved, strict=True)
        for before, span in zip(document.spans, read.spans, strict=True)
        if span.label == LABEL
    ]
    unread = sum(record["count"] is None for record in records)
    scores = score_counts(documents, resolved) if has_counts(documents) else None
    if json_file:
        result: dict[str, Any] = {"spans": records, "unread": unread}
        if scores is not None:
            result["scores"] = scores.to_dict()
        with write_whole(json_file) as file:
            json.dump(result, file, ensure_ascii=False, indent=1)
            file.write("\n")
    else:
        utf8_output()
        for record in records:
            print(dump_record(record))
    say(f"{len(records)} counts, of which {unread} could not be read")
    if scores is not None:
        say(told_scores(scores))


def told_scores(scores: CountScores) -> str:
    """Return scores as one line."""
    return (
        f"against {scores.found} gold counts: numbers {scores.share('numbers'):.3f}, "
        f"outcome {scores.share('outcome'):.3f}, subset {scores.share('subset'):.3f}, "
        f"all of it {scores.share('whole'):.3f}"
    )


def _record(document: Document, before: Span, span: Span, has_gold: bool) -> dict[str, Any]:
    """Return what was read of a span, with the gold count beside it where that is another one."""
    record: dict[str, Any] = {
        "id": document.id,
        "start": span.start,
        "end": span.end,
        "text": document.text[span.start : span.end],
        "count": None if span.count is None else span.count.to_dict(),
        "count_rule": span.count_rule,
    }
    if has_gold and before.count is not None and before.count != span.count:
        record["gold"] = before.count.to_dict()
    return record
