"""Which predicted span answers which gold span of the same text, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from train.document import Span

CORRECT, WRONG_BORDER, WRONG_LABEL, MISSED, SPURIOUS = KINDS = (
    "correct",
    "wrong_border",
    "wrong_label",
    "missed",
    "spurious",
)
"""What can come of a span; the fields of :class:`train.metrics.Account`."""


class Pair(NamedTuple):
    """A gold span and the predicted span that answers it; one of them may be missing."""

    gold: Span | None
    predicted: Span | None

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` this is."""
        if self.gold is None:
            return SPURIOUS
        if self.predicted is None:
            return MISSED
        if self.gold.label != self.predicted.label:
            return WRONG_LABEL
        return CORRECT if self.gold == self.predicted else WRONG_BORDER

    @property
    def label(self) -> str:
        """The label that it is counted under: the gold span's, else the predicted one's."""
        span = self.gold or self.predicted
        return span.label if span else ""


def pair(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    """Return every span of both once, alone or in a pair, in text order.

    Pairs are made one to one, the best first: equal spans; then the same stretch under another
    label; then overlaps under the same label; then overlaps under another label. Among overlaps
    the one that shares most comes first, then the leftmost.
    """
    left = {span: span for span in gold}
    unclaimed = {span: span for span in predicted}
    same = [span for span in left if span in unclaimed]
    pairs = [Pair(left.pop(span), unclaimed.pop(span)) for span in same]
    for a, b in sorted(_touching(sorted(left), sorted(unclaimed)), key=_rank):
        if a in left and b in unclaimed:
            pairs.append(Pair(left.pop(a), unclaimed.pop(b)))
    pairs.extend(Pair(span, None) for span in left)
    pairs.extend(Pair(None, span) for span in unclaimed)
    return sorted(pairs, key=_place)


def shared(a: Span, b: Span) -> int:
    """Return how many code points two spans share."""
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _touching(gold: Sequence[Span], predicted: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield what overlaps, of spans in text order, without comparing each with each."""
    first = 0  # of the predicted that may reach what is in hand
    for a in gold:
        while first < len(predicted) and predicted[first].end <= a.start:
            first += 1
        for index in range(first, len(predicted)):
            if predicted[index].start >= a.end:
                break
            if shared(a, predicted[index]):
                yield a, predicted[index]


def _rank(pair: tuple[Span, Span]) -> tuple[bool, bool, int, Span, Span]:
    a, b = pair
    same_stretch = (a.start, a.end) == (b.start, b.end)
    return not same_stretch, a.label != b.label, -shared(a, b), a, b


def _place(pair: Pair) -> tuple[Span, bool]:
    return min(span for span in pair if span is not None), pair.gold is None
