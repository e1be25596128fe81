from __future__ import annotations

import itertools
import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.document import Document, Span
from train.reliability import (
    Bin,
    error_by_chance,
    expected_calibration_error,
    fewest_kept,
    negative_log_likelihood,
    outcomes,
    precision_recall_curve,
    reliability,
    threshold_for,
)

scored = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.9, 0.99, 1.0]), st.booleans()),
    max_size=60,
)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p[0] for p in pairs], float), np.array([p[1] for p in pairs], bool)


def test_bins_and_error_by_hand() -> None:
    # Two bins of three: scores 0.2 0.4 0.6 (one right), and 0.8 0.9 1.0 (all right).
    scores, right = arrays(
        [(0.9, True), (0.2, False), (0.6, False), (1.0, True), (0.4, True), (0.8, True)]
    )
    low, high = reliability(scores, right, bins=2)
    assert (low.spans, low.low, low.high) == (3, 0.2, 0.6)
    assert (low.score, low.right) == pytest.approx((0.4, 1 / 3))
    assert high == pytest.approx(Bin(3, 0.8, 1.0, 0.9, 1.0))
    # |0.4 - 1/3| and |0.9 - 1|, each by half.
    assert expected_calibration_error(scores, right, bins=2) == pytest.approx((1 / 15 + 0.1) / 2)


def test_equal_scores_stay_in_one_bin() -> None:
    scores, right = arrays([(0.5, True), (0.5, False), (0.5, True), (0.7, True)])
    # The border of two halves falls among the three, so the first bin takes them all.
    assert [part.spans for part in reliability(scores, right, bins=2)] == [3, 1]
    assert [part.spans for part in reliability(scores, right, bins=10)] == [3, 1]


def test_nothing_at_all() -> None:
    nothing = arrays([])
    assert reliability(*nothing) == []
    assert expected_calibration_error(*nothing) == 0
    assert negative_log_likelihood(*nothing) == 0
    assert precision_recall_curve(*nothing, 3) == []
    assert threshold_for(0.5, *nothing) is None


@given(scored, st.integers(1, 12), st.randoms(use_true_random=False))
def test_bins_hold_every_span_once_in_any_order(
    pairs: list[tuple[float, bool]], bins: int, chance: Random
) -> None:
    parts = reliability(*arrays(pairs), bins=bins)
    assert sum(part.spans for part in parts) == len(pairs)
    assert sum(part.spans * part.right for part in parts) == pytest.approx(
        sum(right for _, right in pairs)
    )
    assert len(parts) <= bins
    assert all(a.high < b.low for a, b in itertools.pairwise(parts))
    mixed = pairs.copy()
    chance.shuffle(mixed)
    for ours, theirs in zip(parts, reliability(*arrays(mixed), bins=bins), strict=True):
        assert ours == pytest.approx(theirs)
    error = expected_calibration_error(*arrays(pairs), bins=bins)
    assert 0 <= error <= 1


def test_true_scores_have_the_error_of_chance_and_false_ones_more() -> None:
    chance = np.random.default_rng(5)
    scores = chance.uniform(0.5, 1, 20_000)
    right = chance.random(20_000) < scores
    by_chance = error_by_chance(scores)
    # A bin of 2,000 spans with p near 0.75 strays by 0.8 sqrt(p (1 - p) / 2000), about 0.0075.
    assert by_chance == pytest.approx(0.0073, abs=0.001)
    assert expected_calibration_error(scores, right) < 2 * by_chance
    boasting = np.minimum(scores + 0.1, 1)
    assert expected_calibration_error(boasting, right) == pytest.approx(0.09, abs=0.01)


def test_likelihood_by_hand() -> None:
    scores, right = arrays([(0.5, True), (0.75, False)])
    assert negative_log_likelihood(scores, right) == pytest.approx((math.log(2) + math.log(4)) / 2)
    sure, wrong = arrays([(1.0, False)])
    assert math.isfinite(negative_log_likelihood(sure, wrong))


def test_curve_by_hand() -> None:
    scores, right = arrays([(0.9, True), (0.8, False), (0.8, True), (0.3, True)])
    assert precision_recall_curve(scores, right, gold=5) == [
        (0.9, 1, 1.0, 0.2),
        (0.8, 3, 2 / 3, 0.4),
        (0.3, 4, 0.75, 0.6),
    ]


@given(scored, st.integers(0, 80))
def test_curve_as_counted_threshold_by_threshold(
    pairs: list[tuple[float, bool]], gold: int
) -> None:
    expected = []
    for threshold in sorted({score for score, _ in pairs}, reverse=True):
        kept = [right for score, right in pairs if score >= threshold]
        recall = sum(kept) / gold if gold else 0
        expected.append((threshold, len(kept), sum(kept) / len(kept), recall))
    curve = precision_recall_curve(*arrays(pairs), gold)
    assert len(curve) == len(expected)
    for point, by_hand in zip(curve, expected, strict=True):
        assert point == pytest.approx(by_hand)


def test_the_lowest_score_that_is_precise_enough() -> None:
    # From the top: 30 right; then one wrong at 0.8 (30/31 = 0.968); 9 right at 0.7 (39/40 =
    # 0.975); 10 wrong at 0.2 (39/50 = 0.78).
    pairs = [(0.9, True)] * 30 + [(0.8, False)] + [(0.7, True)] * 9 + [(0.2, False)] * 10
    assert threshold_for(0.96, *arrays(pairs)) == 0.7
    assert threshold_for(0.97, *arrays(pairs)) == 0.7  # though 0.8 is less precise
    assert threshold_for(0.79, *arrays(pairs)) == 0.7
    assert threshold_for(0.78, *arrays(pairs)) == 0.0  # all of them; lower scores are welcome too
    assert threshold_for(0.98, *arrays(pairs)) is None  # 30 right ones do not show 0.98
    assert threshold_for(0.95, *arrays([(0.9, True)] * 19)) is None
    assert threshold_for(0.95, *arrays([(0.9, True)] * 20)) == 0.0
    assert threshold_for(0.9, *arrays([(0.9, False)] * 50)) is None


def test_a_threshold_is_a_score_as_it_is_written() -> None:
    # 0.95004 is written 0.95, as is 0.94996, which is wrong: they cannot be told apart. So 31 of
    # 32 are right (0.969), and never 31 of 31.
    pairs = [(0.99, True)] * 30 + [(0.95004, True)] + [(0.94996, False)] + [(0.1, False)] * 9
    assert threshold_for(0.9, *arrays(pairs)) == 0.95
    assert threshold_for(0.96, *arrays(pairs)) == 0.95
    assert threshold_for(0.9687, *arrays(pairs)) == 0.95
    # 30 right ones cannot show 0.969, which takes 33.
    assert threshold_for(0.969, *arrays(pairs)) is None


@pytest.mark.parametrize(
    ("precision", "spans"), [(0.5, 20), (0.95, 20), (0.96, 25), (0.99, 100), (0.999, 1000)]
)
def test_how_many_spans_show_a_precision(precision: float, spans: int) -> None:
    assert fewest_kept(precision) == spans


@given(scored, st.floats(0.05, 0.95))
def test_what_a_threshold_leaves_is_as_precise_as_wanted(
    pairs: list[tuple[float, bool]], precision: float
) -> None:
    threshold = threshold_for(precision, *arrays(pairs))
    lower = [score for score, _ in pairs if threshold is None or score < threshold]
    for candidate in set(lower):
        kept = [right for score, right in pairs if score >= candidate]
        assert len(kept) < fewest_kept(precision) or sum(kept) / len(kept) < precision
    if threshold is not None:
        kept = [right for score, right in pairs if score >= threshold]
        assert len(kept) >= fewest_kept(precision)
        assert sum(kept) / len(kept) >= precision


def test_a_span_is_right_where_borders_and_label_are() -> None:
    gold = [
        Document("1", "قصف الجيش القرية", (Span(4, 9, "A"),)),
        Document("2", "وصل الوفد", (Span(4, 9, "A"),)),
    ]
    predicted = [
        Document("1", "قصف الجيش القرية", (Span(0, 3, "W", 0.4), Span(4, 9, "A", 0.9))),
        Document("2", "وصل الوفد", (Span(4, 9, "W", 0.7), Span(0, 3, "A"))),
    ]
    found = outcomes(gold, predicted)
    assert found.scores.tolist() == [0.4, 0.9, 0.7]  # one has no score
    assert found.right.tolist() == [False, True, False]
    assert found.labels.tolist() == ["W", "A", "W"]
    assert found.of("W").scores.tolist() == [0.4, 0.7]
    assert outcomes([], []).of("W").scores.tolist() == []
