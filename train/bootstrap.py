"""How far a score can be trusted: bootstrap confidence intervals over documents.

The documents of a data set are one draw of those that could have been annotated. Drawing as many
of them again, with replacement, and scoring the draw, thousands of times, shows how much the score
owes to the draw; the interval runs between percentiles of the scores (Efron and Tibshirani 1993,
*An Introduction to the Bootstrap*, chapter 13; Berg-Kirkpatrick, Burkett and Klein 2012, *An
Empirical Investigation of Statistical Significance in NLP*). Documents are drawn, not spans: the
spans of one document succeed and fail together. What documents have in common, such as one event
or one article that several of them are cut from, is not seen, and makes the true interval wider.

Scores are functions of counts that add up over documents, so a draw is a row of integers times
the table of counts. Documents are put in an order of their own before anything is drawn: neither
the order of the files nor that of the lines changes a figure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from train.document import Document, Span
from train.metrics import check_same_texts

RESAMPLES = 2_000
SEED = 13
LEVEL = 0.95
RATES = ("f1", "precision", "recall")
Floats = npt.NDArray[np.float64]
_DRAWS = 1 << 21
"""Draws held in memory at once; or one draw of the whole data, where that is more."""
_GOLD, _RIGHT, _PREDICTED, _FOUND_OVERLAP, _RIGHT_OVERLAP = range(5)
_MICRO, _MACRO, _OVERLAP, _LABELS = range(4)


class Interval(NamedTuple):
    """A figure and the interval that holds its true value with the stated confidence.

    An interval of 0 to 1 says that nothing is known: fewer than two documents bear on the figure.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of the scores of :class:`train.metrics.Scores`, by rate (see ``RATES``)."""

    documents: int
    resamples: int
    seed: int
    level: float
    micro: dict[str, Interval]
    macro: dict[str, Interval]
    overlap: dict[str, Interval]
    labels: dict[str, dict[str, Interval]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; an interval is ``{"value", "low", "high"}``."""

        def plain(rates: dict[str, Interval]) -> dict[str, Any]:
            return {rate: interval._asdict() for rate, interval in rates.items()}

        return {
            "documents": self.documents,
            "resamples": self.resamples,
            "seed": self.seed,
            "level": self.level,
            "micro": plain(self.micro),
            "macro": plain(self.macro),
            "overlap": plain(self.overlap),
            "labels": {label: plain(rates) for label, rates in self.labels.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of every document by label, from which every score of every draw is made."""

    labels: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    """Documents by labels by: gold spans; right ones; predicted ones; gold spans that a predicted
    one of the same label overlaps; predicted spans that a gold one of the same label overlaps."""


def intervals(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    labels: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Intervals:
    """Return every score of two annotations of the same texts with its interval.

    Args:
        gold: the documents as annotated.
        predicted: the same documents, in the same order, as tagged.
        labels: the labels to report, in order; those that occur beside them are added.
        resamples: how many times the documents are drawn anew.
        seed: of the draws.
        level: the confidence, between 0 and 1.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    names = names_of(labels, gold, predicted)
    return intervals_of(tally(gold, predicted, names), resamples, seed, level)


def intervals_of(
    counted: Tally, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL
) -> Intervals:
    """Return the scores of a tally with their intervals; see :func:`intervals`."""
    counts = counted.counts
    values = figures(counts.sum(axis=0))
    drawn = [figures(totals) for totals in draw(counts, resamples, seed)]
    low, high = bounds(np.concatenate(drawn), level) if drawn else (values, values)
    known = (_denominators(counts) > 0).sum(axis=0) > 1
    low, high = np.where(known, low, 0.0), np.where(known, high, 1.0)

    def row(index: int) -> dict[str, Interval]:
        return {
            rate: Interval(float(values[index, i]), float(low[index, i]), float(high[index, i]))
            for i, rate in enumerate(RATES)
        }

    return Intervals(
        len(counts),
        resamples,
        seed,
        level,
        row(_MICRO),
        row(_MACRO),
        row(_OVERLAP),
        {label: row(_LABELS + i) for i, label in enumerate(counted.labels)},
    )


def names_of(labels: Sequence[str], *annotations: Sequence[Document]) -> tuple[str, ...]:
    """Return ``labels`` with those that occur beside them, in the order that reports have."""
    found = {s.label for documents in annotations for d in documents for s in d.spans}
    return (*labels, *sorted(found - set(labels)))


def tally(gold: Sequence[Document], predicted: Sequence[Document], names: Sequence[str]) -> Tally:
    """Count the spans of every document, in an order that depends on their content alone.

    Args:
        gold: the documents as annotated.
        predicted: the same documents, in the same order, as tagged.
        names: every label that occurs; see :func:`names_of`.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    check_same_texts(gold, predicted)
    # The text comes first, because the id of a line of a .txt file is its number.
    pairs = sorted(
        zip(gold, predicted, strict=True),
        key=lambda pair: (pair[0].text, pair[0].spans, pair[0].id),
    )
    columns = {name: column for column, name in enumerate(names)}
    counts = np.zeros((len(pairs), len(names), 5), dtype=np.int64)
    for row, (ours, theirs) in enumerate(pairs):
        for label in {span.label for span in (*ours.spans, *theirs.spans)}:
            a = sorted(span for span in ours.spans if span.label == label)
            b = sorted(span for span in theirs.spans if span.label == label)
            right = len(set(a) & set(b))
            counts[row, columns[label]] = (len(a), right, len(b), _touched(a, b), _touched(b, a))
    return Tally(tuple(names), counts)


def draw(
    counts: npt.NDArray[np.int64], resamples: int, seed: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the totals of documents drawn with replacement, some draws at a time.

    Args:
        counts: one entry a document along the first axis, integers below 2**53 in sum.
        resamples: how many draws; none are made of no documents.
        seed: of the draws.

    Raises:
        ValueError: no draw is asked for.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    documents = len(counts)
    if not documents:
        return
    rng = np.random.default_rng(seed)
    table = counts.reshape(documents, -1).astype(np.float64)  # exact, and BLAS multiplies it
    step = max(1, _DRAWS // documents)
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        drawn = rng.integers(documents, size=(rows, documents))
        drawn += np.arange(rows)[:, None] * documents
        times = np.bincount(drawn.ravel(), minlength=rows * documents).reshape(rows, documents)
        yield (times.astype(np.float64) @ table).reshape(rows, *counts.shape[1:])


def figures(totals: npt.NDArray[Any]) -> Floats:
    """Return the scores of totals ``[..., labels, counts]`` as ``[..., figures, rates]``.

    The figures are micro, macro, overlap, and one a label; each is what :mod:`train.metrics`
    makes of the same counts, so a rate is 0 where its denominator is 0.
    """
    every = np.concatenate([totals.sum(axis=-2, keepdims=True), totals], axis=-2)
    gold, predicted = every[..., _GOLD], every[..., _PREDICTED]
    strict = _rates(every[..., _RIGHT], gold, every[..., _RIGHT], predicted)
    overlap = _rates(every[..., _FOUND_OVERLAP], gold, every[..., _RIGHT_OVERLAP], predicted)
    micro, labels = strict[..., :1, :], strict[..., 1:, :]
    present = ((gold + predicted)[..., 1:] > 0).sum(axis=-1)
    # A label that does not occur has rates of 0 and adds nothing.
    macro = labels.sum(axis=-2) / np.maximum(1, present)[..., None]
    return np.concatenate([micro, macro[..., None, :], overlap[..., :1, :], labels], axis=-2)


def bounds(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the percentiles between which ``level`` of the draws lie, along the first axis.

    Each is a value that was drawn, the outer one where the percentile falls between two.
    """
    tail = (1 - level) / 2
    low = np.quantile(drawn, tail, axis=0, method="lower")
    return low, np.quantile(drawn, 1 - tail, axis=0, method="higher")


def _rates(
    found: npt.NDArray[Any],
    gold: npt.NDArray[Any],
    right: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
) -> Floats:
    """Return F1, precision and recall along a new last axis."""
    precision = right / np.maximum(1, predicted)
    recall = found / np.maximum(1, gold)
    total = precision + recall
    f1 = 2 * precision * recall / np.where(total > 0, total, 1)
    return np.stack([f1, precision, recall], axis=-1)


def _denominators(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return what each figure's rates are shares of, in each document."""
    gold, predicted = counts[..., _GOLD], counts[..., _PREDICTED]
    labels = np.stack([gold + predicted, predicted, gold], axis=-1)
    whole = labels.sum(axis=-2, keepdims=True)
    return np.concatenate([whole, whole, whole, labels], axis=-2)


def _touched(spans: Sequence[Span], others: Sequence[Span]) -> int:
    """Return how many of ``spans`` share a letter with one of ``others``; both are sorted."""
    starts = [other.start for other in others]
    ends = list(accumulate((other.end for other in others), max))
    before = ((span, bisect_left(starts, span.end)) for span in spans)
    return sum(count > 0 and ends[count - 1] > span.start for span, count in before)
