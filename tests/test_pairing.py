from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from train.document import Span
from train.pairing import KINDS, Pair, pair

SPANS = st.lists(
    st.builds(
        lambda start, length, label: Span(start, start + length, label),
        st.integers(0, 12),
        st.integers(1, 5),
        st.sampled_from("AW"),
    ),
    max_size=7,
)


def shared(a: Span, b: Span) -> int:
    return len({*range(a.start, a.end)} & {*range(b.start, b.end)})


def greedy(gold: list[Span], predicted: list[Span]) -> set[tuple[Span | None, Span | None]]:
    """The rule as it is told, step by step, comparing each with each."""
    left, unclaimed = set(gold), set(predicted)
    pairs: set[tuple[Span | None, Span | None]] = set()
    steps = (
        lambda a, b: a == b,
        lambda a, b: (a.start, a.end) == (b.start, b.end),
        lambda a, b: a.label == b.label and shared(a, b) > 0,
        lambda a, b: shared(a, b) > 0,
    )
    for fits in steps:
        while found := [(a, b) for a, b in product(left, unclaimed) if fits(a, b)]:
            a, b = min(found, key=lambda p: (-shared(*p), p))
            pairs.add((a, b))
            left.remove(a)
            unclaimed.remove(b)
    return pairs | {(a, None) for a in left} | {(None, b) for b in unclaimed}


@given(SPANS, SPANS)
def test_pairs_are_those_of_the_rule(gold: list[Span], predicted: list[Span]) -> None:
    found = pair(gold, predicted)
    assert set(found) == greedy(gold, predicted)
    assert len(found) == len(set(found))
    assert found == pair(gold[::-1], predicted[::-1])


def test_kinds_by_hand() -> None:
    a, b, c = Span(0, 3, "A"), Span(0, 4, "A"), Span(0, 3, "W")
    kinds = [Pair(*p).kind for p in ((a, a), (a, b), (a, c), (a, None), (None, a))]
    assert tuple(kinds) == KINDS
    assert [Pair(a, c).label, Pair(None, c).label] == ["A", "W"]


def test_the_predicted_span_keeps_its_score() -> None:
    (found,) = pair([Span(0, 3, "A")], [Span(0, 3, "A", 0.75)])
    assert found.gold is not None
    assert found.predicted is not None
    assert (found.gold.score, found.predicted.score) == (None, 0.75)


def test_pairs_stand_in_text_order() -> None:
    gold, predicted = [Span(9, 12, "A"), Span(0, 3, "A")], [Span(4, 6, "W"), Span(9, 11, "A")]
    assert pair(gold, predicted) == [
        Pair(Span(0, 3, "A"), None),
        Pair(None, Span(4, 6, "W")),
        Pair(Span(9, 12, "A"), Span(9, 11, "A")),
    ]


def test_a_text_of_thousands_of_spans_is_no_quadratic_matter() -> None:
    gold = [Span(10 * i, 10 * i + 5, "A") for i in range(20_000)]
    predicted = [Span(10 * i + 1, 10 * i + 6, "A") for i in range(20_000)]
    assert {p.kind for p in pair(gold, predicted)} == {"wrong_border"}  # minutes, each with each
