"""The command that says which sentences to annotate next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli_options import (
    IdColumnOption,
    ModelOption,
    RuntimeOption,
    TextColumnOption,
    TextsOption,
)
from train.errors import InputError
from train.terminal import counted, refuse_overwriting, say

if TYPE_CHECKING:
    from train.document import Document
    from train.suggestions import Seen

EVERY = 5_000


def suggest(
    pool: Annotated[
        list[str],
        typer.Argument(
            metavar="POOL...",
            help="Unannotated sentences: .txt, a sentence a line, .jsonl, .csv, .tsv or .parquet, "
            "folders or patterns of them, as `marsad predict` reads them.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A .txt (inline text) or .jsonl file to correct."),
    ],
    model: ModelOption = None,
    wanted: Annotated[
        int, typer.Option("-n", "--number", min=1, help="How many sentences to choose.")
    ] = 100,
    training: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DATA",
            help="What is annotated already: sentences like these are left out (repeat it).",
        ),
    ] = None,
    texts: TextsOption = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="Cut the records, which are articles, in sentences.")
    ] = False,
    text_column: TextColumnOption = "text",
    id_column: IdColumnOption = "id",
    runtime: RuntimeOption = "auto",
) -> None:
    """Choose the unannotated sentences that would teach the tagger most.

    It chooses what the tagger is unsure of, varied and without near-duplicates, and writes it with
    the tagger's marks. Correct these, and read the file with `marsad convert` or train on it.
    """
    from train.cli_data import annotated
    from train.sources import ReadOptions, find_sources
    from train.storage import local_path
    from train.suggestions import Seen, check_suffix, write_suggestions
    from train.suggestions import suggest as choose
    from train.tagger import Tagger

    check_suffix(output)
    own = [] if model is None else [model]
    refuse_overwriting(output, [*own, *pool, *(training or []), *(texts or [])])
    notes: list[str] = []
    sources = find_sources(pool, ReadOptions(text_column, id_column), notes)
    found = [local_path(source.path) for source in sources if source.kind != "text"]
    refuse_overwriting(output, [path for path in found if path is not None])
    for note in notes:
        say(note)
    if texts and not training:
        raise InputError("--texts: are those of standoff --training data, and none is named")
    known = annotated(training, texts) if training else []
    tagger = Tagger.load(model, runtime=runtime)
    seen = Seen()
    faults: Counter[str] = Counter()

    def read() -> Iterator[Document]:
        from train.errors import Fault
        from train.sentences import split_sentences

        for source in sources:
            for record, _ in source.read():
                if isinstance(record, Fault):
                    faults[str(record) if not faults else ""] += 1
                elif sentences:
                    yield from split_sentences(record)
                else:
                    yield record

    chosen = choose(counted(_told(read()), output), tagger, wanted, known, seen)
    write_suggestions(chosen, output)
    for line in _summary(seen, faults):
        say(line)
    if seen.long and not sentences:
        say(
            f"note: {seen.long} records are as long as articles; --sentences cuts them in sentences"
        )
    fewer = f", fewer than the {wanted} asked for" if len(chosen) < wanted else ""
    say(f"{output}: {_sentences(len(chosen))} to correct{fewer}")


def _told(documents: Iterator[Document]) -> Iterator[Document]:
    """Say how far it is where no bar can, as in a log."""
    import sys

    number = 0
    for number, document in enumerate(documents, start=1):
        yield document
        if number % EVERY == 0 and not sys.stderr.isatty():
            say(f"{number:,} sentences read")


def _summary(seen: Seen, faults: Counter[str]) -> Iterator[str]:
    if faults:
        first = next(iter(faults))  # alone with its text; of the others only the number is kept
        yield f"skipped: {faults.total()} records that cannot be read, such as {first}"
    reasons = {
        "without a word": seen.blank,
        "with the id of an earlier one": seen.same_id,
        "like a training sentence": seen.known,
        "like a chosen one": seen.alike,
        "that the formats cannot tell": seen.unreadable,
    }
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    yield f"{_sentences(seen.sentences)} read" + (f"; left out: {told}" if told else "")


def _sentences(count: int) -> str:
    return f"{count} sentence{'' if count == 1 else 's'}"
