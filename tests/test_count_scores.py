"""Which count that was found stands for which gold one, and how fast that is settled."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from train.count_scores import pair
from train.document import Span


def spans(*places: tuple[int, int]) -> list[Span]:
    return [Span(start, end, "CASUALTY") for start, end in places]


@st.composite
def flat_spans(draw: st.DrawFn) -> list[Span]:
    borders = sorted(draw(st.sets(st.integers(0, 40), max_size=12)))
    places = list(pairwise(borders))
    return spans(*(place for place in places if draw(st.booleans())))


def test_those_that_share_most_come_together() -> None:
    gold = spans((0, 4), (4, 10), (12, 14), (20, 22))
    found = spans((3, 9), (13, 20))
    assert [partner for _, partner in pair(gold, found)] == [None, found[0], found[1], None]


def test_other_labels_are_no_counts() -> None:
    assert pair(spans((0, 4)), [Span(0, 4, "ACTOR")]) == [(spans((0, 4))[0], None)]
    assert pair([Span(0, 4, "ACTOR")], spans((0, 4))) == []


@given(flat_spans(), flat_spans())
def test_any_two_that_touch_are_compared(gold: list[Span], found: list[Span]) -> None:
    """What is paired is taken greedily: the largest share first, the earliest where equal."""
    left = {
        (i, j): min(a.end, b.end) - max(a.start, b.start)
        for i, a in enumerate(gold)
        for j, b in enumerate(found)
    }
    expected: dict[Span, Span | None] = dict.fromkeys(gold)
    while any(share > 0 for share in left.values()):
        i, j = min(left, key=lambda place: (-left[place], place))
        expected[gold[i]] = found[j]
        left = {place: left[place] for place in left if place[0] != i and place[1] != j}
    assert dict(pair(gold, found)) == expected


def test_thousands_of_counts_are_paired_at_once() -> None:
    many = spans(*((place, place + 5) for place in range(0, 80_000, 10)))
    started = time.process_time()
    assert all(a == b for a, b in pair(many, many))
    assert time.process_time() - started < 2  # comparing each with each took more than ten
