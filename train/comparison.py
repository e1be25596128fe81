"""Whether one annotation of a data set is truly better than another, or by chance on this data.

Two tests on the same documents, both of the difference of strict F1:

The *paired bootstrap* draws documents anew (see :mod:`train.bootstrap`), scores both annotations
on each draw, and tells how large the difference may truly be. Its p is the level at which the
percentile interval would just touch 0 (Efron and Tibshirani 1993, chapter 15), so that interval
and p never contradict each other.

*Approximate randomisation* asks how often a difference as large comes about where there is none:
if the two were alike, it would not matter which of them found the spans of a document, so they
are swapped at random, document by document (Noreen 1989, *Computer-Intensive Methods for Testing
Hypotheses*; Yeh 2000, *More accurate tests for the statistical significance of result
differences*). The p is two-sided, and counts the data as one shuffling, so that it is never 0.

A difference is trusted where the interval leaves out 0 and the shufflings are at odds with chance.
Labels are several tests at once; their p's are held to the stricter bars of Holm (1979, *A simple
sequentially rejective multiple test procedure*).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from train.bootstrap import LEVEL, SEED, Floats, Interval, bounds, draw, figures, names_of, tally
from train.document import Document

RESAMPLES = 10_000
POWER = 0.8
"""The chance of finding a true difference with the number of documents that is told."""
FEW = 30
"""Documents below which percentiles of draws are rough."""
_TIE = 1e-12
"""Differences that are the same but for rounding; one F1 point is 0.01."""
_SWAPS = 1 << 21
"""Swaps held in memory at once; or one shuffling, where that is more."""
_MICRO, _LABELS = 0, 3


@dataclass(frozen=True, slots=True)
class Difference:
    """The strict F1 of two annotations, and what is known of their difference."""

    a: float
    b: float
    difference: Interval
    """``a - b``, with its paired bootstrap interval; -1 to 1 where nothing is known, because
    fewer than two documents have such a span."""
    bootstrap_p: float
    randomisation_p: float
    trusted: bool
    """See :mod:`train.comparison`."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self) | {"difference": self.difference._asdict()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two annotations of the same texts, A and B, against gold."""

    documents: int
    differing: int
    """Documents on which the counts of the two differ: what the difference rests on."""
    resamples: int
    seed: int
    level: float
    micro: Difference
    labels: dict[str, Difference]
    documents_needed: int | None
    """Documents like these that would show the difference four times in five, if it is truly as
    large as it is here; None where the F1 is the same, which no number of them could tell apart."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        result = {name: getattr(self, name) for name in self.__slots__}
        labels = {label: difference.to_dict() for label, difference in self.labels.items()}
        return result | {"micro": self.micro.to_dict(), "labels": labels}

    def told(self, a: str = "A", b: str = "B") -> str:
        """Say whether the difference of micro F1 can be trusted, naming the two ``a`` and ``b``."""
        return " ".join([self._verdict(a, b), *self._cautions()])

    def _verdict(self, a: str, b: str) -> str:
        if not self.documents:
            return f"{a} and {b} cannot be compared: there is no document."
        if not self.differing:
            return (
                f"{a} and {b} have as many spans right and as many wrong in every document: "
                "nothing tells them apart on this data."
            )
        value, low, high = self.micro.difference
        if value < 0:
            a, b, value, low, high = b, a, -value, -high, -low
        chance = _share(self.micro.randomisation_p, self.resamples)
        evidence = (
            f"by {points(value):.1f} points of F1 ({100 * self.level:g}% interval "
            f"{points(low):.1f} to {points(high):.1f}); by chance alone, a difference as large "
            f"comes about in {chance} shufflings"
        )
        if self.micro.trusted:
            return f"{a} is better than {b} {evidence}: trust it."
        if self.documents_needed is None:
            return f"{a} and {b} have the same F1: this data does not tell them apart."
        enough = self.documents_needed > self.documents
        wanted = f"about {self.documents_needed:,} documents" if enough else "more documents"
        return (
            f"{a} and {b} cannot be told apart on this data. {a} leads {evidence}. If it is truly "
            f"that much better, {wanted} would be needed to show it; here are {self.documents:,}."
        )

    def _cautions(self) -> list[str]:
        if 0 < self.documents < FEW:
            return [f"With fewer than {FEW} documents the interval itself is rough."]
        return []


def points(f1: float) -> float:
    """Return an F1, or a difference of two, in points, to one digit and without a minus zero."""
    return round(100 * f1, 1) + 0.0


def compare(
    gold: Sequence[Document],
    a: Sequence[Document],
    b: Sequence[Document],
    labels: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Comparison:
    """Test whether the micro F1 of ``a`` differs from that of ``b``, and the F1 of each label.

    Comparing ``b`` with ``a`` gives the same figures with the signs turned round, and so does any
    order of the documents.

    Args:
        gold: the documents as annotated.
        a: the same documents, in the same order, as one tagger tagged them.
        b: the same, by another.
        labels: the labels to report, in order; those that occur beside them are added.
        resamples: how many draws, and how many shufflings.
        seed: of both.
        level: the confidence of the interval; a p below ``1 - level`` is at odds with chance.

    Raises:
        InputError: the three do not hold the same ids and texts in the same order.
    """
    names = names_of(labels, gold, a, b)
    counts = np.stack([tally(gold, one, names).counts for one in (a, b)], axis=1)
    scores = _scores(counts.sum(axis=0))
    value = scores[0] - scores[1]
    drawn = _differences(list(draw(counts, resamples, seed)), len(value))
    low, high = bounds(drawn, level) if len(drawn) else (value, value)
    known = _bearing(counts) > 1
    low, high = np.where(known, low, -1.0), np.where(known, high, 1.0)
    below, above = ((sign * drawn <= _TIE).sum(axis=0) for sign in (1, -1))
    bootstrap_p = np.minimum(1, 2 * (1 + np.minimum(below, above)) / (1 + len(drawn)))
    differing = counts[(counts[:, 0] != counts[:, 1]).any(axis=(1, 2))]
    shuffled = _differences(
        list(_shuffle(counts.sum(axis=0), differing, resamples, seed)), len(value)
    )
    as_large = (np.abs(shuffled) >= np.abs(value) - _TIE).sum(axis=0)
    p = (1 + as_large) / (1 + resamples)
    apart = (low > _TIE) | (high < -_TIE)
    unlikely = np.concatenate([p[:1] < 1 - level, _holm(p[1:], 1 - level)])

    def row(i: int) -> Difference:
        return Difference(
            float(scores[0, i]),
            float(scores[1, i]),
            Interval(float(value[i]), float(low[i]), float(high[i])),
            float(bootstrap_p[i]),
            float(p[i]),
            bool(apart[i] and unlikely[i]),
        )

    return Comparison(
        len(gold),
        len(differing),
        resamples,
        seed,
        level,
        row(0),
        {name: row(i) for i, name in enumerate(names, start=1)},
        _needed(len(gold), float(value[0]), drawn[:, 0], level),
    )


def _scores(totals: npt.NDArray[Any]) -> Floats:
    """Return the strict F1 of totals ``[..., labels, counts]``: micro, then that of each label."""
    f1 = figures(totals)[..., 0]
    return np.concatenate([f1[..., _MICRO : _MICRO + 1], f1[..., _LABELS:]], axis=-1)


def _differences(totals: list[Floats], width: int) -> Floats:
    """Return the differences of A and B, one row for each of totals ``[rows, 2, labels, ...]``."""
    scores = [_scores(some) for some in totals]
    return np.concatenate([np.zeros((0, width)), *(some[:, 0] - some[:, 1] for some in scores)])


def _shuffle(
    totals: npt.NDArray[np.int64], differing: npt.NDArray[np.int64], shufflings: int, seed: int
) -> list[Floats]:
    """Return the totals of A and B with documents swapped at random, some shufflings at a time."""
    rng = np.random.default_rng([seed, 1])  # not the stream of the draws
    moves = (differing[:, 1] - differing[:, 0]).reshape(len(differing), totals[0].size)
    table = moves.astype(np.float64)
    step = max(1, _SWAPS // max(1, len(differing)))
    found = []
    for first in range(0, shufflings, step):
        rows = min(step, shufflings - first)
        swapped = rng.integers(2, size=(rows, len(differing)), dtype=np.int8)
        moved = (swapped.astype(np.float64) @ table).reshape(rows, *totals.shape[1:])
        found.append(np.stack([totals[0] + moved, totals[1] - moved], axis=1))
    return found


def _bearing(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many documents have a span of any label, then of each."""
    seen = counts.sum(axis=(1, 3)) > 0
    return np.concatenate([[seen.any(axis=1).sum()], seen.sum(axis=0)])


def _holm(p: Floats, alpha: float) -> npt.NDArray[np.bool_]:
    """Return which p's stand when all are tested at once (Holm 1979)."""
    passed = np.zeros(len(p), dtype=bool)
    for rank, index in enumerate(np.argsort(p, kind="stable")):
        if p[index] * (len(p) - rank) >= alpha:
            break
        passed[index] = True
    return passed


def _needed(documents: int, value: float, drawn: Floats, level: float) -> int | None:
    """Return how many documents show the difference with the chance ``POWER``, to two digits.

    The spread of the difference falls with the root of their number; it must lie as many times
    below the difference as a normal variable asks for.
    """
    if abs(value) <= _TIE or len(drawn) < 2:
        return None
    normal = NormalDist()
    far = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(POWER)
    wanted = documents * (far * float(np.std(drawn, ddof=1)) / abs(value)) ** 2
    unit: int = 10 ** max(0, math.floor(math.log10(max(1, wanted))) - 1)
    return max(1, int(math.ceil(wanted / unit) * unit))


def _share(p: float, shufflings: int) -> str:
    """Return a p as a person says it: 1 of 90."""
    if p <= 1 / (1 + shufflings) * (1 + _TIE):
        return f"fewer than 1 of {shufflings:,}"
    return f"1 of {1 / p:,.0f}" if p < 0.3 else f"{100 * p:.0f} of 100"
