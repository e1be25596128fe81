"""Scores of parts of a data set: by source, by sentence length, and in hasty spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from train.augmentation import SEED, misspell
from train.corpus import read_corpus
from train.document import Document
from train.metrics import score
from train.words import split_words

LENGTHS = (15, 30, 50)
"""The most words of a short, a middle and a long sentence; above that it is very long."""

Tag = Callable[[Sequence[Document]], list[Document]]


def report(path: str, tag: Tag, labels: Sequence[str]) -> dict[str, Any]:
    """Score a tagger on an annotated file or folder, as a whole and in parts.

    Args:
        path: the file or folder.
        tag: returns documents with predicted spans for documents with gold spans.
        labels: the labels that may occur.

    Raises:
        DataError, InputError: the data is faulty or missing.
    """
    gold = read_corpus([Path(path)], labels)
    predicted = tag(gold)
    hasty = misspell(gold, 1.0, SEED)
    spelled = {document.id.removesuffix("+spelling") for document in hasty}
    clean = [i for i, document in enumerate(gold) if document.id in spelled]
    return {
        "documents": len(gold),
        "scores": score(gold, predicted, labels).to_dict(),
        "by_source": _parts(gold, predicted, labels, source_of),
        "by_length": _parts(gold, predicted, labels, length_of),
        # The same sentences in both, so that the difference is the spelling's.
        "spelling": {
            "documents": len(hasty),
            "clean": _f1([gold[i] for i in clean], [predicted[i] for i in clean], labels),
            "hasty": _f1(hasty, tag(hasty), labels),
        },
    }


def source_of(document: Document) -> str:
    """Return what the description says, else the part of the id before its first ``_`` or ``:``."""
    head, *rest = re.split("[_:]", document.id, maxsplit=1)
    return str(document.meta.get("source") or (head if rest else "not stated"))


def length_of(document: Document) -> str:
    """Return the range of words that the document is in."""
    words = len(split_words(document.text))
    lower = 1
    for upper in LENGTHS:
        if words <= upper:
            return f"{lower} to {upper}"
        lower = upper + 1
    return f"{lower} or more"


def _parts(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    labels: Sequence[str],
    key: Callable[[Document], str],
) -> dict[str, dict[str, Any]]:
    places: dict[str, list[int]] = {}
    for index, document in enumerate(gold):
        places.setdefault(key(document), []).append(index)
    return {
        name: {
            "documents": len(found),
            "f1": _f1([gold[i] for i in found], [predicted[i] for i in found], labels),
        }
        for name, found in sorted(places.items(), key=lambda item: _rank(item[0]))
    }


def _f1(gold: Sequence[Document], predicted: Sequence[Document], labels: Sequence[str]) -> float:
    return score(gold, predicted, labels).micro.f1 if gold else 0.0


def _rank(name: str) -> tuple[int, str]:
    """Ranges go by their first number, names by the alphabet."""
    number = re.match(r"\d+", name)
    return (int(number[0]) if number else 0, name)
