#!/usr/bin/env python3
"""How many ACTOR mentions get the name of their party, and how many of these are right.

    python scripts/check_names.py ../shared/newswire/dev.jsonl ../shared/newswire/dev-almayadeen.jsonl

DATA are the documents that seeds/actors/newswire-dev.tsv tells of: for each ACTOR span whether
it names a party, and who that is, as a reader wrote it down who did not see the lexicon. Where the
line has a ``name``, that name was compared with it by hand, and ``right`` says what came of it. A
name that has changed since is not counted as checked.
"""  # noqa: E501

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from train.corpus import read_corpus
from train.errors import InputError
from train.lexicon import Lexicon
from train.naming import Namer

CHECKED = Path(__file__).resolve().parents[1] / "seeds" / "actors" / "newswire-dev.tsv"


def main(
    data: Annotated[list[Path], typer.Argument(help="Annotated files that hold the spans.")],
    checked: Annotated[Path, typer.Option(help="What readers wrote down.")] = CHECKED,
) -> None:
    """Print the shares."""
    texts = {document.id: document.text for document in read_corpus(data)}
    namer = Namer(Lexicon.load())
    with checked.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file, delimiter="\t"))
    found = [record for record in records if record["id"] in texts]
    if not found:
        raise InputError(f"{checked}: has no id of the data; name the files that it tells of")
    parties = [record for record in found if record["party"] == "yes"]
    names = {_place(r): namer.name(texts[r["id"]], *_place(r)[1:], "ACTOR") for r in found}
    named = [r for r in parties if _is_named(names[_place(r)])]
    print(f"{len(found)} ACTOR spans, of which {len(parties)} name a party")
    print(f"with a canonical name: {len(named)} ({len(named) / len(parties):.3f})")
    compared = [r for r in found if r["name"]]
    same = [r for r in compared if getattr(names[_place(r)], "canonical", None) == r["name"]]
    right = sum(record["right"] == "yes" for record in same)
    print(f"checked by hand: {len(same)}, right {right} ({right / max(1, len(same)):.3f})")
    if len(same) < len(compared):
        print(f"{len(compared) - len(same)} have another name since they were checked")


def _place(record: dict[str, str]) -> tuple[str, int, int]:
    return record["id"], int(record["start"]), int(record["end"])


def _is_named(name: Any) -> bool:
    return name is not None and name.known and name.type != "generic"


if __name__ == "__main__":
    typer.run(main)
