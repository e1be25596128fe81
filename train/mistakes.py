"""What a tagger got wrong, mistake by mistake: to be read, counted and filtered."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from train.check import plain
from train.document import Document, Span
from train.errors import InputError
from train.folding import fold
from train.metrics import check_same_texts
from train.pairing import CORRECT, KINDS, WRONG_BORDER, WRONG_LABEL, Pair, pair
from train.words import sentence_ends, split_words

NOTHING = "(nothing)"
"""Stands for no span in a confusion matrix; no label can be spelled so."""
MISTAKES = tuple(kind for kind in KINDS if kind != CORRECT)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A gold and a predicted span that differ, or one of them without the other."""

    kind: str
    """``wrong_border``, ``wrong_label``, ``missed`` or ``spurious``; see :class:`Account`."""
    document: str
    """The id of the document."""
    gold: Span | None
    """None where it is spurious."""
    predicted: Span | None
    """None where it is missed."""
    text: str
    """The sentence around the spans, or the sentences where they reach over a border."""
    start: int
    """Where ``text`` begins in the document; offsets of spans count from the document's start."""

    @property
    def span(self) -> Span:
        """The gold span, or the predicted one where no gold span is there."""
        span = self.gold or self.predicted
        if span is None:
            raise ValueError("a mistake without a span")
        return span

    @property
    def score(self) -> float | None:
        """How sure the tagger was; None where it marked nothing, or gave no scores."""
        return self.predicted.score if self.predicted else None

    @property
    def taken_in(self) -> tuple[str, ...]:
        """What the predicted span holds before and behind the gold one, of a wrong border."""
        return self._beyond(self.predicted, self.gold)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the gold span holds before and behind the predicted one, of a wrong border."""
        return self._beyond(self.gold, self.predicted)

    def mention(self, span: Span) -> str:
        """Return the text that a span of this mistake marks."""
        return self.text[span.start - self.start : span.end - self.start]

    def to_dict(self) -> dict[str, Any]:
        """Return the mistake as plain values, with the mentions beside their offsets."""
        return {
            "kind": self.kind,
            "document": self.document,
            "gold": self._told(self.gold),
            "predicted": self._told(self.predicted),
            "text": self.text,
            "start": self.start,
            "taken_in": list(self.taken_in),
            "left_out": list(self.left_out),
        }

    def _beyond(self, wide: Span | None, narrow: Span | None) -> tuple[str, ...]:
        if wide is None or narrow is None:
            return ()
        stretches = (
            (wide.start, min(narrow.start, wide.end)),
            (max(narrow.end, wide.start), wide.end),
        )
        texts = (self.text[a - self.start : max(a, b) - self.start].strip() for a, b in stretches)
        return tuple(text for text in texts if text)

    def _told(self, span: Span | None) -> dict[str, Any] | None:
        if span is None:
            return None
        told = {"start": span.start, "end": span.end, "label": span.label}
        score = {} if span.score is None else {"score": round(span.score, 4)}
        return told | {"text": self.mention(span)} | score


@dataclass(frozen=True, slots=True)
class Frequent:
    """A mention that goes wrong in the same way again and again."""

    mention: str
    """As it is most often written."""
    label: str
    other: str | None
    """The label that the tagger gave it, where it was the wrong one."""
    count: int
    in_gold: int | None
    """How often gold data marks this mention so at all; None for wrong borders, and where no gold
    data was given."""
    example: Mistake

    def to_dict(self) -> dict[str, Any]:
        """Return the mention as plain values."""
        return {
            "mention": self.mention,
            "label": self.label,
            "other": self.other,
            "count": self.count,
            "in_gold": self.in_gold,
            "example": self.example.to_dict(),
        }


def mistakes(gold: Sequence[Document], predicted: Sequence[Document]) -> list[Mistake]:
    """Return every mistake: by document in the order of their ids, then in text order.

    There are as many of each kind as :func:`train.metrics.score` counts.

    Args:
        gold: the documents as annotated.
        predicted: the same documents, in the same order, as tagged.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    found: list[Mistake] = []
    for document, pairs in _pairs(gold, predicted):
        wrong = [p for p in pairs if p.kind != CORRECT]
        if wrong:
            borders = _sentence_borders(document.text)
            found.extend(_mistake(document, borders, p) for p in wrong)
    return sorted(found, key=lambda m: (m.document, m.span, m.kind))


def confusion(
    gold: Sequence[Document], predicted: Sequence[Document], labels: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return how often a span of each gold label (outer) got each predicted label (inner).

    A pair counts by its labels, its borders right or wrong. ``NOTHING`` as the inner key counts
    what was missed, as the outer key what was invented. Labels that occur beside ``labels`` are
    added.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for _, pairs in _pairs(gold, predicted):
        counts.update((a.label if a else NOTHING, b.label if b else NOTHING) for a, b in pairs)
    found = {label for key in counts for label in key} - {*labels, NOTHING}
    names = [*labels, *sorted(found), NOTHING]
    return {row: {column: counts[row, column] for column in names} for row in names}


def frequent(
    mistakes: Iterable[Mistake], kind: str, n: int, gold: Iterable[Document] | None = None
) -> list[Frequent]:
    """Return the ``n`` mentions that are most often wrong in one way, the most frequent first.

    Mentions are one where they differ only in attached particles, the article of the first word,
    hasty spelling or the script of digits; labels are told apart. The mention is the gold one, and
    for spurious ones the predicted one. Wrong borders are one where the same words are taken in
    or left out, whatever the mention. The example is the one that the tagger was surest of, and
    where it marked nothing, the first.

    Args:
        mistakes: those of :func:`mistakes`.
        kind: one of ``MISTAKES``.
        n: the most to return.
        gold: the documents as annotated, to tell how often each mention is marked at all.
    """
    if kind not in MISTAKES:
        raise InputError(f"{kind!r} is no kind of mistake; it is one of {', '.join(MISTAKES)}")
    groups: dict[tuple[tuple[str, ...], str, str], list[Mistake]] = {}
    for mistake in sorted(mistakes, key=lambda m: (m.document, m.span)):
        if mistake.kind == kind:
            other = mistake.predicted.label if mistake.predicted and kind == WRONG_LABEL else ""
            groups.setdefault((sameness(mistake), mistake.span.label, other), []).append(mistake)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))[:n]
    marked: Counter[tuple[tuple[str, ...], str]] = Counter(
        ((mention_key(document.text[span.start : span.end]),), span.label)
        for document in gold or ()
        for span in document.spans
    )
    return [
        Frequent(
            Counter(m.mention(m.span) for m in group).most_common(1)[0][0],
            label,
            other or None,
            len(group),
            None if gold is None or kind == WRONG_BORDER else marked[same, label],
            max(group, key=lambda m: m.score or 0.0),
        )
        for (same, label, other), group in ranked
    ]


@lru_cache(maxsize=1 << 15)
def mention_key(mention: str) -> str:
    """Return what the spellings of one mention have in common; it is not for people to read.

    >>> mention_key("وللجيش السوريّ") == mention_key("الجيش السوري")
    True
    """
    return plain(fold(mention))


def sameness(mistake: Mistake) -> tuple[str, ...]:
    """Return what mistakes of one kind and label have in common that are told as one."""
    if mistake.kind != WRONG_BORDER:
        return (mention_key(mistake.mention(mistake.span)),)
    return (*map(fold, mistake.taken_in), "/", *map(fold, mistake.left_out))


def _pairs(
    gold: Sequence[Document], predicted: Sequence[Document]
) -> Iterator[tuple[Document, list[Pair]]]:
    check_same_texts(gold, predicted)
    for ours, theirs in zip(gold, predicted, strict=True):
        yield ours, pair(ours.spans, theirs.spans)


def _sentence_borders(text: str) -> list[int]:
    """Return the offsets at which a sentence ends and the next begins, with 0 and the end."""
    words = split_words(text)
    ends = sentence_ends(text, words)
    return [0, *(words[end].start for end in ends[:-1]), len(text)]


def _mistake(document: Document, borders: Sequence[int], wrong: Pair) -> Mistake:
    spans = [span for span in wrong if span is not None]
    first, last = min(s.start for s in spans), max(s.end for s in spans)
    start = borders[bisect_right(borders, first) - 1]
    end = borders[bisect_left(borders, last)]
    text = document.text[start:end].rstrip()
    text += document.text[start + len(text) : last]  # a span that is not on words ends in space
    return Mistake(wrong.kind, document.id, *wrong, text, start)
