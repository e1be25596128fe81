"""What the scores of predicted spans rest on, kept so that they can be worked out again.

A span's score is the smallest of some probabilities; see :meth:`train.tags.TagSet.decode`. Here
the logits behind them are kept, so that the score at any temperature costs no run of the model.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.document import Document, Span
from train.errors import InputError
from train.reliability import Flags, Floats, Outcomes, negative_log_likelihood
from train.tagger import Tagger
from train.tags import Logits, TagSet
from train.words import Word

TEMPERATURES = (0.05, 20.0)
"""The lowest and highest temperature that is looked at."""
GRID = 61
"""Temperatures that are tried before the best is narrowed down, evenly on a log scale."""
TOLERANCE = 1e-5
"""How near in ln T the narrowing comes."""
TEMPERATURE_DIGITS = 4
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """The predicted spans of a corpus, with the logits that their scores rest on."""

    labels: npt.NDArray[np.str_]
    """The label of each span."""
    right: Flags
    """Which spans are those of the annotation."""
    first: npt.NDArray[np.intp]
    """The first row of each span below."""
    logits: Floats
    """``[rows, tags]``: a row for each word of a span, and one for the word behind it if any."""
    columns: npt.NDArray[np.intp]
    """The tag of each row: the word's own, and behind the span the tag that would go on."""
    behind: Flags
    """Which rows are of the word behind; there the chance of *not* being ``columns`` counts."""

    def scores(self, temperature: float) -> Floats:
        """Return the score of each span at a temperature."""
        if not len(self.first):
            return np.zeros(0)
        scaled = self.logits / temperature
        scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        chances = scaled[np.arange(len(scaled)), self.columns] / scaled.sum(axis=1)
        chances = np.where(self.behind, 1.0 - chances, chances)
        return np.asarray(np.minimum.reduceat(chances, self.first), np.float64)

    def outcomes(self, temperature: float) -> Outcomes:
        """Return the spans as the figures of :mod:`train.reliability` take them."""
        return Outcomes(self.scores(temperature), self.right, self.labels)


class _Recorder(TagSet):
    """Decodes as its base does, and keeps what the score of each span rests on."""

    def __init__(self, labels: Sequence[str]):
        super().__init__(labels)
        self.rows: list[list[tuple[Logits, int, bool]]] = []
        """For each span, its words' logits, the tag and whether the word is behind the span."""

    def decode(self, words: Sequence[Word], logits: Logits) -> tuple[Span, ...]:
        spans = super().decode(words, logits)
        places = {word.start: index for index, word in enumerate(words)} if spans else {}
        for span in spans:
            begin, inside = self.names.index(f"B-{span.label}"), self.names.index(f"I-{span.label}")
            index = places[span.start]
            rows = [(logits[index], begin, False)]
            index += 1
            while index < len(words) and words[index].start < span.end:
                rows.append((logits[index], inside, False))
                index += 1
            if index < len(words):
                rows.append((logits[index], inside, True))
            self.rows.append(rows)
        return spans


def gather(tagger: Tagger, gold: Sequence[Document]) -> Evidence:
    """Tag the texts of annotated documents and keep what the scores rest on.

    The result does not depend on the order of the documents.
    """
    ordered = sorted(gold, key=lambda document: (document.id, document.text))
    recorder = _Recorder(tagger.tags.labels)
    probe = copy.copy(tagger)  # the same model and threads, another decoder
    probe.engine = copy.copy(tagger.engine)
    probe.engine.tags = recorder
    labels: list[str] = []
    right: list[bool] = []
    for document, tagged in zip(ordered, probe.tag(ordered), strict=True):
        known = set(document.spans)
        labels.extend(span.label for span in tagged.spans)
        right.extend(span in known for span in tagged.spans)
    rows = [row for span in recorder.rows for row in span]
    lengths = [len(span) for span in recorder.rows]
    return Evidence(
        np.array(labels, np.str_),
        np.array(right, np.bool_),
        np.cumsum([0, *lengths[:-1]]).astype(np.intp)[: len(lengths)],
        np.array([row[0] for row in rows], np.float64).reshape(len(rows), len(recorder.names)),
        np.array([row[1] for row in rows], np.intp),
        np.array([row[2] for row in rows], np.bool_),
    )


def fit_temperature(evidence: Evidence) -> float:
    """Return the temperature at which the scores make what came true most likely.

    It minimises the negative log likelihood of "the span is right" (Guo et al. 2017), by a grid
    over ln T and golden-section search (Kiefer 1953) around the best of it.

    Raises:
        InputError: the spans are all right or all wrong, or there are none.
    """
    found, right = len(evidence.right), int(evidence.right.sum())
    if right in (0, found):
        raise InputError(
            f"of {found} spans that the model finds in this data {right} are right; a temperature "
            "can be fitted only where some are right and some are wrong. Take more data, of a "
            "kind that the model was not trained on"
        )

    def loss(log: float) -> float:
        return negative_log_likelihood(evidence.scores(math.exp(log)), evidence.right)

    start, end = (math.log(temperature) for temperature in TEMPERATURES)
    grid = [start + (end - start) * step / (GRID - 1) for step in range(GRID)]
    best = min(range(GRID), key=lambda index: loss(grid[index]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    while high - low > TOLERANCE:
        left, right_ = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(left) <= loss(right_):
            high = right_
        else:
            low = left
    return round(math.exp((low + high) / 2), TEMPERATURE_DIGITS)
