"""Scores of counts that were read, against gold counts.

A count is right in three parts that are scored apart: its numbers (``min``, ``max`` and
``approximate``, all three), its outcome, and whether it is a part of another count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from train.count import LABEL
from train.document import Document, Span


@dataclass(frozen=True, slots=True)
class CountScores:
    """How many gold counts were read, and how many of them rightly."""

    gold: int = 0
    """Gold counts."""
    found: int = 0
    """Those whose span was found, in whole or in part."""
    unread: int = 0
    """Found ones that could not be read; they are right in nothing."""
    numbers: int = 0
    """Found ones with ``min``, ``max`` and ``approximate`` right."""
    outcome: int = 0
    subset: int = 0
    whole: int = 0
    """Found ones with everything right."""

    def __add__(self, other: CountScores) -> CountScores:
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return CountScores(*(a + b for a, b in pairs))

    def share(self, name: str) -> float:
        """Return a number as a share of the gold counts that were found; 0 where there is none."""
        return float(getattr(self, name)) / self.found if self.found else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, and the shares as ``numbers_accuracy`` and so on."""
        names = ("numbers", "outcome", "subset", "whole")
        return asdict(self) | {f"{name}_accuracy": self.share(name) for name in names}


def has_counts(documents: Sequence[Document]) -> bool:
    """Return whether any document carries a gold count."""
    return any(is_gold(span) for document in documents for span in document.spans)


def is_gold(span: Span) -> bool:
    """Return whether a person has read the count of a span; a rule beside it says otherwise."""
    return span.label == LABEL and span.count is not None and span.count_rule is None


def score_counts(gold: Sequence[Document], read: Sequence[Document]) -> CountScores:
    """Score the counts of ``read`` against those of ``gold``, the same documents in order.

    Each gold span is paired with the CASUALTY span that shares most with it; no span is used
    twice. Gold spans without a count are passed over.
    """
    total = CountScores()
    for ours, theirs in zip(gold, read, strict=True):
        for span, partner in pair(ours.spans, theirs.spans):
            if is_gold(span):
                total += _score(span, partner)
    return total


def pair(gold: Sequence[Span], found: Sequence[Span]) -> list[tuple[Span, Span | None]]:
    """Return each gold CASUALTY span with the found one that is paired with it, in text order.

    Both stand in text order.
    """
    ours = [span for span in gold if span.label == LABEL]
    theirs = [span for span in found if span.label == LABEL]
    touching: list[tuple[int, int, int]] = []
    first = 0  # of theirs that does not end before the span in hand
    for i, a in enumerate(ours):
        while first < len(theirs) and theirs[first].end <= a.start:
            first += 1
        for j in range(first, len(theirs)):
            if theirs[j].start >= a.end:
                break
            if _shared(a, theirs[j]) > 0:
                touching.append((-_shared(a, theirs[j]), i, j))
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(touching):
        if i not in partners and j not in taken:
            partners[i] = j
            taken.add(j)
    return [(span, theirs[partners[i]] if i in partners else None) for i, span in enumerate(ours)]


def _score(span: Span, partner: Span | None) -> CountScores:
    gold = span.count
    if partner is None or gold is None:
        return CountScores(gold=1)
    count = partner.count
    if count is None:
        return CountScores(gold=1, found=1, unread=1)
    numbers = (count.min, count.max, count.approximate) == (gold.min, gold.max, gold.approximate)
    return CountScores(
        gold=1,
        found=1,
        numbers=int(numbers),
        outcome=int(count.outcome == gold.outcome),
        subset=int(count.subset == gold.subset),
        whole=int(count == gold),
    )


def _shared(a: Span, b: Span) -> int:
    return min(a.end, b.end) - max(a.start, b.start)
