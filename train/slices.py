"""Scores of parts of a data set: by source, length, spelling, position, and what is known.

Every part is scored with strict spans. What decides a part is either the document, or the span
itself: its sentence, length, place or words. A gold span counts in the part that it belongs to,
for recall, and a predicted span in its own, for precision; the two of a match are equal and
therefore in the same part, so that F1 means what it always does. Its interval comes of all
documents drawn anew (see :mod:`train.bootstrap`), so that how much a draw has of the part varies.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from train.augmentation import SEED, misspell
from train.bootstrap import LEVEL, RESAMPLES, Interval, bounds, draw
from train.bootstrap import SEED as DRAWS_SEED
from train.corpus import read_corpus
from train.document import Document, Span
from train.metrics import Score, check_same_texts, score
from train.mistakes import mention_key
from train.spelling import spelling_of
from train.words import sentence_ends, split_words

LENGTHS = (15, 30, 50)
"""The most words of a short, a middle and a long sentence; above that it is very long."""
SPAN_LENGTHS = (1, 2, 3, 5)
"""The most words of each class of spans but the last."""
THIRDS = ("1st third", "2nd third", "3rd third")
CELLS = 1 << 22
"""Counts of documents in parts that are held in memory at once; or one part, if it has more."""
SEEN, SEEN_OTHERWISE, NEW = "seen", "seen under another label only", "new"

Tag = Callable[[Sequence[Document]], list[Document]]
Counts = dict[int, Score]
"""What a part has of each document that has a share in it, by the document's place."""
Known = Mapping[str, AbstractSet[str]]
"""The labels of each mention of training data; see :func:`known_mentions`."""
Part = Callable[[Document], tuple[AbstractSet[str], Callable[[Span], str]]]
"""For a document, the parts that it has a share in, spans or not, and what tells that of a span."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a data set."""

    documents: int
    """Those that belong to the part, or hold a sentence or a span that does."""
    score: Score
    interval: Interval
    """That of F1; 0 to 1 where fewer than two documents have a span of the part."""

    def to_dict(self) -> dict[str, Any]:
        """Return the rates, the interval of F1 and the counts as plain values."""
        told = {"documents": self.documents} | self.score.to_dict()
        return told | {"interval": self.interval._asdict()}


def slices(
    gold: Sequence[Document], predicted: Sequence[Document], known: Known | None = None
) -> dict[str, dict[str, Slice]]:
    """Score every part, by what parts the data and then by the part's name, in reading order.

    The keys are ``by_source``, ``by_length`` (words of the sentence that a span begins in),
    ``by_spelling`` of the text (see :mod:`train.spelling`), ``by_span_length`` (words),
    ``by_position`` (the third of the text that a span begins in) and, where ``known`` is given,
    ``by_known``: whether training data marks the same mention, under this label, under another
    alone, or not.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    check_same_texts(gold, predicted)
    rows = sorted(
        zip(gold, predicted, strict=True), key=lambda row: (row[0].text, row[0].spans, row[0].id)
    )
    kinds = {name: _counted(rows, part) for name, part in parts(known).items()}
    columns = [(kind, name) for kind, found in kinds.items() for name in found]
    f1 = dict(zip(columns, _intervals([kinds[k][n] for k, n in columns], len(rows)), strict=True))
    return {
        kind: {
            name: Slice(len(found[name]), sum(found[name].values(), Score()), f1[kind, name])
            for name in sorted(found, key=_rank)
        }
        for kind, found in kinds.items()
    }


def parts(known: Known | None = None) -> dict[str, Part]:
    """Return what parts the data, by the keys of :func:`slices`."""
    kinds: dict[str, Part] = {
        "by_source": _whole(source_of),
        "by_length": _by_length,
        "by_spelling": _whole(lambda document: spelling_of(document.text)),
        "by_span_length": _within(_by_span_length),
        "by_position": _within(_by_position),
    }
    if known is not None:
        kinds["by_known"] = _within(partial(_by_known, known))
    return kinds


def known_mentions(documents: Iterable[Document]) -> dict[str, set[str]]:
    """Return the labels of each mention, by a key that the spellings of a mention share."""
    known: dict[str, set[str]] = {}
    for document in documents:
        for span in document.spans:
            key = mention_key(document.text[span.start : span.end])
            known.setdefault(key, set()).add(span.label)
    return known


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
        **{
            name: {part: found.to_dict() for part, found in parts.items()}
            for name, parts in slices(gold, predicted).items()
        },
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


def _range(number: int, most: Sequence[int]) -> str:
    lower = 1
    for upper in most:
        if number <= upper:
            return str(upper) if upper == lower else f"{lower} to {upper}"
        lower = upper + 1
    return f"{lower} or more"


def _whole(name_of: Callable[[Document], str]) -> Part:
    def part(document: Document) -> tuple[AbstractSet[str], Callable[[Span], str]]:
        name = name_of(document)
        return {name}, lambda _: name

    return part


def _within(part_of: Callable[[Document, Span], str]) -> Part:
    return lambda document: (set(), partial(part_of, document))


def _by_length(document: Document) -> tuple[AbstractSet[str], Callable[[Span], str]]:
    words = split_words(document.text)
    ends = sentence_ends(document.text, words) or [0]
    firsts = [0, *ends[:-1]]
    names = [_range(end - first, LENGTHS) for first, end in zip(firsts, ends, strict=True)]
    starts = [words[first].start for first in firsts[1:]]
    return set(names), lambda span: names[bisect_right(starts, span.start)]


def _by_span_length(document: Document, span: Span) -> str:
    return _range(len(split_words(document.text[span.start : span.end])), SPAN_LENGTHS)


def _by_position(document: Document, span: Span) -> str:
    return THIRDS[len(THIRDS) * span.start // len(document.text)]


def _by_known(known: Known, document: Document, span: Span) -> str:
    labels = known.get(mention_key(document.text[span.start : span.end]), ())
    return SEEN if span.label in labels else SEEN_OTHERWISE if labels else NEW


def _counted(rows: Sequence[tuple[Document, Document]], part: Part) -> dict[str, Counts]:
    """Return for each part the documents that have a share in it, with their counts of it."""
    counted: dict[str, Counts] = {}
    for place, (ours, theirs) in enumerate(rows):
        names, part_of = part(ours)
        found = dict.fromkeys(names, Score())
        gold_spans, predicted_spans = set(ours.spans), set(theirs.spans)
        for span in gold_spans | predicted_spans:
            name = part_of(span)
            is_gold, is_predicted = span in gold_spans, span in predicted_spans
            right = is_gold and is_predicted
            found[name] = found.get(name, Score()) + Score(
                int(is_gold), int(right), int(is_predicted), int(right)
            )
        for name, score_of in found.items():
            counted.setdefault(name, {})[place] = score_of
    return counted


def _intervals(columns: Sequence[Counts], documents: int) -> list[Interval]:
    """Return the interval of F1 of each part; the same draws of the documents serve all."""
    found: list[Interval] = []
    step = max(1, CELLS // max(1, 2 * documents))
    for first in range(0, len(columns), step):
        some = columns[first : first + step]
        # Gold and predicted spans are needed as their sum alone: F1 = 2 right / (gold + predicted).
        table = np.zeros((documents, len(some), 2), dtype=np.int64)
        for column, counts in enumerate(some):
            for place, score_of in counts.items():
                table[place, column] = score_of.right, score_of.gold + score_of.predicted
        drawn = [
            2 * t[..., 0] / np.maximum(1, t[..., 1]) for t in draw(table, RESAMPLES, DRAWS_SEED)
        ]
        low, high = bounds(np.concatenate(drawn), LEVEL)
        known = (table[..., 1] > 0).sum(axis=0) > 1
        for column, counts in enumerate(some):
            value = sum(counts.values(), Score()).f1
            around = (float(low[column]), float(high[column])) if known[column] else (0.0, 1.0)
            found.append(Interval(value, *around))
    return found


def _f1(gold: Sequence[Document], predicted: Sequence[Document], labels: Sequence[str]) -> float:
    return score(gold, predicted, labels).micro.f1 if gold else 0.0


def _rank(name: str) -> tuple[int, str]:
    """Ranges go by their first number, names by the alphabet."""
    number = re.match(r"\d+", name)
    return (int(number[0]) if number else 0, name)
