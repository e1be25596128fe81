"""Which count that was found stands for which gold one, and how fast that is settled."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.count import Count
from train.count_scores import CountScores, has_counts, is_gold, pair, score_counts
from train.display import render_count_scores
from train.document import Document, Span


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


def test_thousands_of_counts_are_paired() -> None:
    many = spans(*((place, place + 5) for place in range(0, 80_000, 10)))
    assert all(a == b for a, b in pair(many, many))


# What is right of a count, by hand

GOLD = Count(2, 5, True, "killed", False)


def document(*marked: tuple[int, int, Count | None], rule: str | None = None) -> Document:
    spans = tuple(Span(a, b, "CASUALTY", count=count, count_rule=rule) for a, b, count in marked)
    return Document("a", "ا" * 40, spans)


@pytest.mark.parametrize(
    ("read", "numbers", "outcome", "subset", "whole"),
    [
        (GOLD, 1, 1, 1, 1),
        (Count(3, 5, True, "killed", False), 0, 1, 1, 0),
        (Count(2, 6, True, "killed", False), 0, 1, 1, 0),
        (Count(2, None, True, "killed", False), 0, 1, 1, 0),
        (Count(2, 5, False, "killed", False), 0, 1, 1, 0),
        (Count(2, 5, True, "injured", False), 1, 0, 1, 0),
        (Count(2, 5, True, "unknown", False), 1, 0, 1, 0),
        (Count(2, 5, True, "killed", True), 1, 1, 0, 0),
        (Count(1, 1, False, "missing", True), 0, 0, 0, 0),
    ],
)
def test_the_parts_of_a_count_are_scored_apart(
    read: Count, numbers: int, outcome: int, subset: int, whole: int
) -> None:
    scores = score_counts([document((0, 4, GOLD))], [document((0, 4, read), rule="r")])
    assert scores == CountScores(1, 1, 0, numbers, outcome, subset, whole)


def test_a_document_by_hand() -> None:
    """Right; unread; not found; found in part and wrong; without gold; and one that is spurious."""
    gold = document((0, 4, GOLD), (5, 9, GOLD), (10, 14, GOLD), (15, 20, GOLD), (21, 25, None))
    wrong = Count(2, 5, True, "injured", True)
    read = document(
        (0, 4, GOLD), (5, 9, None), (17, 20, wrong), (21, 25, wrong), (30, 34, GOLD), rule="r"
    )
    scores = score_counts([gold, document()], [read, document((0, 4, GOLD), rule="r")])
    assert scores == CountScores(gold=4, found=3, unread=1, numbers=2, outcome=1, subset=1, whole=1)
    assert scores.to_dict() == {
        "gold": 4, "found": 3, "unread": 1, "numbers": 2, "outcome": 1, "subset": 1, "whole": 1,
        "numbers_accuracy": 2 / 3, "outcome_accuracy": 1 / 3, "subset_accuracy": 1 / 3,
        "whole_accuracy": 1 / 3,
    }  # fmt: skip
    twice = score_counts([gold, gold], [read, read])
    assert twice == scores + scores
    assert twice.to_dict()["numbers"] == 4
    assert twice.share("numbers") == scores.share("numbers")


def test_nothing_is_right_of_nothing() -> None:
    nothing = score_counts([document((0, 4, None))], [document((0, 4, GOLD), rule="r")])
    assert nothing == CountScores()
    assert nothing.share("numbers") == 0
    assert nothing.to_dict()["whole_accuracy"] == 0
    missed = score_counts([document((0, 4, GOLD))], [document()])
    assert (missed, missed.share("whole")) == (CountScores(gold=1), 0)


def test_what_a_machine_has_read_is_no_gold() -> None:
    read = document((0, 4, GOLD), rule="digits; verb:قتل")
    assert score_counts([read], [read]) == CountScores()
    assert not has_counts([read, document((0, 4, None))])
    assert has_counts([read, document((0, 4, GOLD))])
    assert not is_gold(Span(0, 4, "ACTOR", count=GOLD))


def test_the_table_says_what_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    given = CountScores(gold=4, found=4, unread=1, numbers=3, outcome=2, subset=4, whole=1)
    found = CountScores(gold=4, found=3, numbers=3, outcome=3, subset=3, whole=3)
    Console(width=80).print(render_count_scores(given, found))
    told = capsys.readouterr().out
    rows = [line.split() for line in told.splitlines()]
    assert ["gold", "4", "1", "0.7500", "0.5000", "1.0000", "0.2500"] in rows
    assert ["found", "3", "0", *["1.0000"] * 4] in rows
    assert "4 gold counts, 1 of them on spans that were not found" in told
