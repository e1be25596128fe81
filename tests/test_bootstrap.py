from __future__ import annotations

import json
import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train import bootstrap
from train.bootstrap import Interval, Intervals, Tally, bounds, draw, intervals, intervals_of
from train.document import Document, Span
from train.errors import InputError
from train.metrics import Scores, score

LABELS = ("A", "W")
TEXT = "كلمة " * 8


def spans(rng: random.Random, least: int) -> tuple[Span, ...]:
    """Random spans on eight words of four letters, some of them on two words."""
    starts = sorted(rng.sample(range(8), rng.randrange(least, 6)))
    return tuple(
        Span(5 * a, 5 * min(a + rng.choice((1, 1, 2)), b) - 1, rng.choice(LABELS))
        for a, b in zip(starts, [*starts[1:], 8], strict=False)
    )


def noisy(rng: random.Random, marked: tuple[Span, ...]) -> tuple[Span, ...]:
    """Most of the spans, some of them with another label or end."""
    changed = (
        Span(s.start, s.end - rng.choice((0, 0, 0, 1)), rng.choice((s.label, s.label, "W")))
        for s in marked
    )
    return tuple(span for span in changed if rng.random() < 0.8)


def corpus(
    rng: random.Random, documents: int, least: int = 0
) -> tuple[list[Document], list[Document]]:
    gold = [Document(str(i), f"{TEXT}{i}", spans(rng, least)) for i in range(documents)]
    return gold, [Document(d.id, d.text, noisy(rng, d.spans)) for d in gold]


def rows(found: Intervals) -> dict[str, dict[str, Interval]]:
    return {"micro": found.micro, "macro": found.macro, "overlap": found.overlap, **found.labels}


def scored(scores: Scores) -> dict[str, dict[str, float]]:
    """The figures of the scorer, under the names of the intervals."""
    micro, overlap = scores.micro.to_dict(), scores.overlap.to_dict()
    labels = {label: one.to_dict() for label, one in scores.labels.items()}
    return {"micro": micro, "macro": scores.macro, "overlap": overlap, **labels}


# One of two documents has its only span found, the other's is missed. Half of the draws hold both
# (F1 2/3, recall 1/2), a quarter the first alone (1, 1), a quarter the second alone (0, 0).
FOUND = Document("1", "هدوء", (Span(0, 4, "A"),))
MISSED = Document("2", "صمت", (Span(0, 3, "A"),))
SILENT = Document("2", "صمت")


@pytest.mark.parametrize(
    ("level", "f1", "recall"),
    [(0.4, (2 / 3, 2 / 3), (0.5, 0.5)), (0.6, (0, 1), (0, 1)), (0.95, (0, 1), (0, 1))],
)
def test_two_documents_by_hand(
    level: float, f1: tuple[float, float], recall: tuple[float, float]
) -> None:
    found = intervals([FOUND, MISSED], [FOUND, SILENT], ["A"], 4_000, level=level)
    assert found.micro["f1"] == pytest.approx((2 / 3, *f1))
    assert found.micro["recall"] == pytest.approx((1 / 2, *recall))
    # A single document predicts anything: its precision of 1 says nothing.
    assert found.micro["precision"] == (1, 0, 1)
    assert found.labels["A"] == found.micro == found.macro


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_all_draws_of_four_documents(seed: int) -> None:
    """Four documents have 256 draws; each is scored by the scorer itself."""
    gold, predicted = corpus(random.Random(seed), 4, least=3)
    exact = [
        scored(score([gold[i] for i in drawn], [predicted[i] for i in drawn], LABELS))
        for drawn in product(range(4), repeat=4)
    ]
    level = 0.8
    checked = 0
    for name, rates in rows(intervals(gold, predicted, LABELS, 20_000, level=level)).items():
        for rate, (_, low, high) in rates.items():
            if (low, high) == (0, 1):
                continue
            checked += 1
            values = np.array([one[name][rate] for one in exact])
            for bound, share in ((low, 0.1), (high, 0.9)):
                assert (values < bound - 1e-9).mean() <= share + 0.01, (name, rate)
                assert (values <= bound + 1e-9).mean() >= share - 0.01, (name, rate)
    assert checked >= 6


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_values_are_those_of_the_scorer(seed: int) -> None:
    rng = random.Random(seed)
    gold, predicted = corpus(rng, rng.randrange(6))
    expected = scored(score(gold, predicted, LABELS))
    for name, rates in rows(intervals(gold, predicted, LABELS, 20)).items():
        for rate, (value, low, high) in rates.items():
            assert value == pytest.approx(expected[name][rate])
            assert 0 <= low <= high <= 1


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_order_of_documents_and_labels_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    gold, predicted = corpus(rng, 7)
    first = intervals(gold, predicted, LABELS, 50)
    order = rng.sample(range(7), 7)
    # The ids of lines are their numbers, so they change with the order.
    turned = [
        [Document(f"line:{n}", one[i].text, one[i].spans) for n, i in enumerate(order)]
        for one in (gold, predicted)
    ]
    assert intervals(turned[0], turned[1], LABELS, 50) == first
    assert rows(intervals(gold, predicted, LABELS[::-1], 50)) == rows(first)


def test_how_many_draws_fit_in_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gold, predicted = corpus(random.Random(5), 30)
    whole = intervals(gold, predicted, LABELS, 100)
    monkeypatch.setattr(bootstrap, "_DRAWS", 70)
    assert intervals(gold, predicted, LABELS, 100) == whole
    assert intervals(gold, predicted, LABELS, 100, seed=14) != whole


def test_every_draw_holds_as_many_documents() -> None:
    counts = np.array([[1, 0], [1, 5], [1, 7]])
    totals = np.concatenate(list(draw(counts, 300, seed=1)))
    assert totals.shape == (300, 2)
    assert set(totals[:, 0]) == {3}
    sums = {a * 5 + b * 7 for a in range(4) for b in range(4 - a)}
    assert set(totals[:, 1]) == sums  # all ten mixes of three


def test_bounds_are_values_that_were_drawn() -> None:
    drawn = np.array([[0.0], [0.25], [0.5], [1.0]])
    assert bounds(drawn, 0.5) == (0.0, 1.0)  # the quarters fall between two values
    assert bounds(drawn, 1 / 3) == (0.25, 0.5)


def test_the_interval_covers_the_true_value_at_its_nominal_rate() -> None:
    """Simulated corpora with a known F1, in which the spans of one document hang together.

    A document is of a quality q with the mean 2/3. It has Poisson(1.5) gold spans a label, each
    found with the chance q, and Poisson(1.2 (1 - q)) inventions. So a document has on average 1.5
    gold, 1 right and 1.4 predicted spans a label, and the true F1 is 2 / (1.5 + 1.4).
    """
    rng = np.random.default_rng(3)
    truth = {"f1": 2 / 2.9, "precision": 1 / 1.4, "recall": 1 / 1.5}
    corpora, documents = 500, 150
    covered = dict.fromkeys(truth, 0)
    outside = [0, 0]
    for _ in range(corpora):
        quality = rng.beta(2, 1, size=(documents, 1))
        gold = rng.poisson(1.5, size=(documents, 2))
        right = rng.binomial(gold, quality)
        predicted = right + rng.poisson(1.2 * (1 - quality), size=(documents, 2))
        counts = np.stack([gold, right, predicted, right, right], axis=-1)
        found = intervals_of(Tally(LABELS, counts), resamples=400)
        for rate, value in truth.items():
            covered[rate] += found.micro[rate].low <= value <= found.micro[rate].high
        outside[0] += truth["f1"] < found.micro["f1"].low
        outside[1] += truth["f1"] > found.micro["f1"].high
    for rate, times in covered.items():
        assert 0.92 <= times / corpora <= 0.98, rate
    assert max(outside) / corpora < 0.05  # and it misses on both sides


def test_what_cannot_be_known() -> None:
    unknown = dict.fromkeys(("f1", "precision", "recall"), Interval(0.0, 0.0, 1.0))
    nothing = intervals([], [], LABELS)
    assert (nothing.documents, nothing.micro, nothing.labels["W"]) == (0, unknown, unknown)
    silent = [SILENT, Document("3", "سكون")]
    assert intervals(silent, silent, LABELS).micro == unknown
    assert intervals(silent, silent, []).macro == unknown
    alone = intervals([FOUND], [FOUND], LABELS)
    assert alone.micro["f1"] == (1, 0, 1)
    # Nothing is gold, and two documents have inventions: they are wrong for certain.
    loud = [Document(d.id, d.text, (Span(0, 3, "A"),)) for d in silent]
    invented = intervals(silent, loud, LABELS).labels["A"]
    assert invented["precision"] == invented["f1"] == (0, 0, 0)
    assert invented["recall"] == (0, 0, 1)


def test_overlaps_by_hand() -> None:
    gold = Document("1", TEXT, (Span(0, 4, "A"), Span(5, 9, "A"), Span(15, 19, "W")))
    # One span on both A's; one that touches W's start; one inside W; one that touches its end.
    found = (Span(3, 8, "A"), Span(9, 15, "W"), Span(16, 17, "W"), Span(19, 24, "W"))
    overlap = intervals([gold], [Document("1", TEXT, found)], LABELS, 10).overlap
    assert overlap["recall"].value == 1
    assert overlap["precision"].value == pytest.approx(1 / 2)
    assert overlap["f1"].value == pytest.approx(2 / 3)


def test_labels_that_were_not_named_are_added_and_all_is_json() -> None:
    odd = Document("1", "هدوء", (Span(0, 4, "ODD"),))
    found = intervals([odd, MISSED], [odd, SILENT], ["A"], 10)
    assert list(found.labels) == ["A", "ODD"]
    exported = json.loads(json.dumps(found.to_dict()))
    assert exported["labels"]["ODD"]["f1"] == {"value": 1.0, "low": 0.0, "high": 1.0}
    assert (exported["documents"], exported["resamples"], exported["seed"]) == (2, 10, 13)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="same texts"):
        intervals([FOUND], [MISSED], LABELS)
    with pytest.raises(ValueError, match="resamples"):
        intervals([FOUND], [FOUND], LABELS, resamples=0)
