from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import sent
from train.calibration import Calibration
from train.document import Span
from train.errors import InputError
from train.threshold import MinScores, Wanted, parse_wanted, told

LABELS = ("ACTOR", "WEAPON", "BASE")
STORED = Calibration(
    1.2,
    thresholds={
        "0.9": {"ACTOR": 0.3, "WEAPON": 0.5, "BASE": 0.7},
        "0.95": {"ACTOR": 0.6, "WEAPON": 0.8, "BASE": None},
    },
)


@pytest.mark.parametrize(
    ("values", "precision", "expected"),
    [
        ([], None, Wanted()),
        (["0.8"], None, Wanted(0.8)),
        (["ACTOR=0.8", " .5 "], None, Wanted(0.5, {"ACTOR": 0.8})),
        (["ACTOR = 1", "BASE=0"], None, Wanted(None, {"ACTOR": 1.0, "BASE": 0.0})),
        (["BASE=0.9"], 0.95, Wanted(None, {"BASE": 0.9}, 0.95)),
    ],
)
def test_parse(values: list[str], precision: float | None, expected: Wanted) -> None:
    assert parse_wanted(values, precision) == expected


@pytest.mark.parametrize(
    ("values", "precision", "message"),
    [
        (["high"], None, "'high' is no number; write --min-score 0.8"),
        (["ACTOR="], None, "--min-score ACTOR=: '' is no number"),
        (["=0.5"], None, "no label before the ="),
        (["1.01"], None, "between 0 and 1"),
        (["-0.1"], None, "between 0 and 1"),
        (["ACTOR=nan"], None, "between 0 and 1"),
        (["0.5", "0.6"], None, "a score for all labels stands already"),
        (["ACTOR=0.5", "ACTOR=0.6"], None, "a score for ACTOR stands already"),
        (["0.5"], 0.95, "leave it or --min-score 0.5 out"),
        ([], 1.0, "above 0 and below 1"),
        ([], 95, "above 0 and below 1"),
        ([], float("nan"), "above 0 and below 1"),
    ],
)
def test_what_cannot_be_parsed(values: list[str], precision: float | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_wanted(values, precision)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), {"ACTOR": 0.0, "WEAPON": 0.0, "BASE": 0.0}),
        (Wanted(0.4), {"ACTOR": 0.4, "WEAPON": 0.4, "BASE": 0.4}),
        (Wanted(0.4, {"BASE": 0.1}), {"ACTOR": 0.4, "WEAPON": 0.4, "BASE": 0.1}),
        (Wanted(None, {"BASE": 0.1}), {"ACTOR": 0.0, "WEAPON": 0.0, "BASE": 0.1}),
        (Wanted(precision=0.90), {"ACTOR": 0.3, "WEAPON": 0.5, "BASE": 0.7}),
        (Wanted(None, {"WEAPON": 0.1}, 0.9), {"ACTOR": 0.3, "WEAPON": 0.1, "BASE": 0.7}),
        (Wanted(None, {"BASE": 0.2}, 0.95), {"ACTOR": 0.6, "WEAPON": 0.8, "BASE": 0.2}),
    ],
)
def test_settle(wanted: Wanted, expected: dict[str, float]) -> None:
    assert wanted.settle(LABELS, STORED).by_label == expected


@pytest.mark.parametrize(
    ("wanted", "calibration", "message"),
    [
        (Wanted(None, {"actor": 0.5}), STORED, "WEAPON, BASE; did you mean ACTOR"),
        (Wanted(None, {"X": 0.5}), STORED, "--min-score X: this model marks ACTOR, WEAPON, BASE$"),
        (Wanted(precision=0.93), STORED, r"\(stored: 0.9, 0.95\).*marsad calibrate.*0.93"),
        (Wanted(precision=0.93), Calibration(), r"\(stored: none\)"),
        (Wanted(precision=0.95), STORED, "no score of BASE was that precise.*BASE=0.9"),
    ],
)
def test_what_cannot_be_settled(wanted: Wanted, calibration: Calibration, message: str) -> None:
    with pytest.raises(InputError, match=message):
        wanted.settle(LABELS, calibration)


def test_spans_below_are_left_out_and_counted() -> None:
    spans = (
        Span(0, 1, "ACTOR", 0.5),
        Span(2, 3, "ACTOR", 0.49),
        Span(4, 5, "WEAPON", 0.1),
        Span(6, 7, "BASE", 0.0),
        Span(8, 9, "ACTOR"),  # annotated, not scored
        Span(10, 11, "ACTOR", 0.49996),  # written 0.5
        Span(12, 13, "ACTOR", 0.49994),  # written 0.4999
    )
    left_out: Counter[str] = Counter()
    rule = MinScores({"ACTOR": 0.5, "WEAPON": 0.2})
    kept = rule.keep(spans, left_out)
    assert [span.start for span in kept] == [0, 6, 8, 10]
    assert left_out == {"ACTOR": 2, "WEAPON": 1}
    rule.keep(spans, left_out)
    assert left_out == {"ACTOR": 4, "WEAPON": 2}
    assert told(left_out) == "6 spans left out for a low score (ACTOR 4, WEAPON 2)"
    assert told(Counter({"ACTOR": 1})) == "1 span left out for a low score (ACTOR 1)"
    assert told(Counter()) == "no span scored lower than asked for"


def test_a_filter_that_leaves_nothing_out_is_false() -> None:
    assert not MinScores()
    assert not MinScores({"ACTOR": 0.0})
    assert MinScores({"ACTOR": 0.0, "BASE": 0.1})


def test_a_filter_goes_to_other_processes_and_manifests() -> None:
    rule = Wanted(0.4, {"BASE": 0.1}).settle(LABELS, Calibration())
    assert sent(rule) == rule
    assert list(rule.to_dict().items()) == [("ACTOR", 0.4), ("BASE", 0.1), ("WEAPON", 0.4)]


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.floats(0, 1))), st.floats(0, 1))
def test_every_span_is_kept_or_counted_in_order(
    scored: list[tuple[str, float]], lowest: float
) -> None:
    spans = [Span(i, i + 1, label, score) for i, (label, score) in enumerate(scored)]
    left_out: Counter[str] = Counter()
    kept = Wanted(lowest).settle(LABELS, Calibration()).keep(spans, left_out)
    assert len(kept) + sum(left_out.values()) == len(spans)
    assert list(kept) == sorted(kept)
    assert all(span.score is not None and span.score > lowest - 1e-4 for span in kept)
