"""Whether scores can be believed, and what a lowest score buys: figures on scores and outcomes.

Everything here takes the scores of predicted spans and, for each, whether the span is right:
start, end and label those of a gold span. Results do not depend on the order of the spans.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from train.document import Document

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BINS = 10
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""The lowest scores that a report tells the price of."""
SCORE_DIGITS = 4
"""Digits of a score as it is written; a threshold is compared with what a user reads."""
MIN_KEPT = 20
"""Fewest spans that a threshold must leave on the data that it is chosen on."""
_TINY = 1e-12


class Outcomes(NamedTuple):
    """The predicted spans of a corpus: their scores, which are right, and their labels."""

    scores: Floats
    right: Flags
    labels: npt.NDArray[np.str_]

    def of(self, label: str) -> Outcomes:
        """Return those of one label."""
        chosen = self.labels == label
        return Outcomes(self.scores[chosen], self.right[chosen], self.labels[chosen])


class Bin(NamedTuple):
    """Spans whose scores are near one another."""

    spans: int
    low: float
    high: float
    """The lowest and the highest score."""
    score: float
    """The mean score: the share that should be right."""
    right: float
    """The share that is right."""


class CurvePoint(NamedTuple):
    """What comes of keeping the spans that score ``threshold`` or more."""

    threshold: float
    kept: int
    precision: float
    recall: float


def outcomes(gold: Sequence[Document], predicted: Sequence[Document]) -> Outcomes:
    """Pair the scores of predicted spans with whether they are right.

    Spans without a score are passed over; ``gold`` and ``predicted`` go in the same order.
    """
    rows = [
        (span.score, span in known, span.label)
        for g, p in zip(gold, predicted, strict=True)
        for known in [set(g.spans)]
        for span in p.spans
        if span.score is not None
    ]
    return Outcomes(
        np.array([row[0] for row in rows], np.float64),
        np.array([row[1] for row in rows], np.bool_),
        np.array([row[2] for row in rows], np.str_),
    )


def reliability(scores: Floats, right: Flags, bins: int = BINS) -> list[Bin]:
    """Return the reliability diagram as bins of equal mass, lowest scores first.

    Equal mass (as many spans in each bin), since the scores of a tagger crowd near 1, where bins
    of equal width would be all but empty elsewhere (Nguyen and O'Connor 2015; Nixon et al. 2019).
    Equal scores stay together, so bins can be fewer, and larger, than asked for.
    """
    order = np.argsort(scores)
    ordered, outcome = scores[order], right[order]
    result = []
    first = 0
    for number in range(1, bins + 1):
        last = round(number * len(ordered) / bins)
        if last <= first:
            continue
        last = int(np.searchsorted(ordered, ordered[last - 1], side="right"))
        part, hits = ordered[first:last], outcome[first:last]
        result.append(
            Bin(len(part), float(part[0]), float(part[-1]), float(part.mean()), float(hits.mean()))
        )
        first = last
    return result


def expected_calibration_error(scores: Floats, right: Flags, bins: int = BINS) -> float:
    """Return the mean distance of score and share of right spans over :func:`reliability`'s bins.

    Each bin counts by its spans (Naeini et al. 2015). 0 where there is no span. Chance alone keeps
    it above 0, see :func:`error_by_chance`.
    """
    return sum(
        part.spans * abs(part.score - part.right) for part in reliability(scores, right, bins)
    ) / max(len(scores), 1)


def error_by_chance(scores: Floats, bins: int = BINS, draws: int = 200, seed: int = 13) -> float:
    """Return the mean ECE of spans that are right with exactly the chance that their score says.

    What a measured ECE has above this is the model's fault, the rest is the sample's size.
    """
    chance = np.random.default_rng(seed)
    ordered = np.sort(scores)
    errors = [
        expected_calibration_error(ordered, chance.random(len(ordered)) < ordered, bins)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def negative_log_likelihood(scores: Floats, right: Flags) -> float:
    """Return the mean of -ln of the chance that the scores gave to what came true, in nats."""
    chances = np.clip(np.where(right, scores, 1.0 - scores), _TINY, None)
    return float(-np.log(chances).mean()) if len(scores) else 0.0


def precision_recall_curve(scores: Floats, right: Flags, gold: int) -> list[CurvePoint]:
    """Return one point for each distinct score, highest first.

    Args:
        scores: of the predicted spans.
        right: which of them are right.
        gold: how many spans are annotated, found or not.
    """
    order = np.argsort(-scores)
    ordered = scores[order]
    hits = np.cumsum(right[order])
    is_last = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
    return [
        CurvePoint(
            float(ordered[end]),
            int(end) + 1,
            float(hits[end] / (end + 1)),
            float(hits[end] / gold) if gold else 0.0,
        )
        for end in np.flatnonzero(is_last)
    ]


def kept_above(
    scores: Floats, right: Flags, gold: int, thresholds: Sequence[float] = THRESHOLDS
) -> list[CurvePoint]:
    """Return what comes of keeping the spans of each threshold or more, as they are written.

    Precision is 0 where nothing is kept.
    """
    written = np.array([round(score, SCORE_DIGITS) for score in scores.tolist()], np.float64)
    points = []
    for threshold in thresholds:
        kept = written >= threshold
        count, hits = int(kept.sum()), int(right[kept].sum())
        points.append(
            CurvePoint(
                threshold, count, hits / count if count else 0.0, hits / gold if gold else 0.0
            )
        )
    return points


def threshold_for(precision: float, scores: Floats, right: Flags) -> float | None:
    """Return the lowest score such that the spans with it or more are so precise.

    Scores are rounded as they are written. 0 where all spans together are precise enough. None
    where no score will do, or only one that leaves fewer spans than :func:`fewest_kept`. The
    choice is made on these very spans, so others fall a little short of the precision: from one
    half of the shipped tagger's validation documents to the other by up to 0.6 points at 0.95 and
    2.4 at 0.99. Texts of another kind can fall shorter.
    """
    written = np.array([round(score, SCORE_DIGITS) for score in scores.tolist()], np.float64)
    good = [
        0.0 if point.kept == len(scores) else point.threshold
        for point in precision_recall_curve(written, right, 0)
        if point.kept >= fewest_kept(precision) and point.precision >= precision
    ]
    return min(good, default=None)


def fewest_kept(precision: float) -> int:
    """Return how many spans a threshold must leave to show a precision below 1.

    So many that one wrong span is to be expected among them; fewer cannot tell it from a higher
    one, however many are right.
    """
    return max(MIN_KEPT, math.ceil(round(1 / (1 - precision), SCORE_DIGITS)))
