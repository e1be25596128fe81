"""Leaving out spans of a low score: what the user asks for, and the filter that comes of it.

What is asked for (:class:`Wanted`) is parsed without a model; :meth:`Wanted.settle` makes the
filter (:class:`MinScores`) of it when the labels and the calibration of the model are known. Both
are plain values that can be sent to another process.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from train.calibration import Calibration, precision_key
from train.document import Span
from train.errors import InputError
from train.reliability import SCORE_DIGITS

OPTION = "--min-score"
_FORM = f"{OPTION} 0.8 for all labels or {OPTION} ACTOR=0.8 for one"


@dataclass(frozen=True, slots=True)
class MinScores:
    """The lowest score of a span that is kept, by label."""

    by_label: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0
    """That of labels that are not there."""

    def __bool__(self) -> bool:
        """Whether anything can be left out."""
        return any(score > 0 for score in (self.others, *self.by_label.values()))

    def keeps(self, span: Span) -> bool:
        """Return whether a span is kept. One without a score is.

        The score is compared as it is written, with four decimals, so that the rule can be checked
        on the result.
        """
        if span.score is None:
            return True
        return round(span.score, SCORE_DIGITS) >= self.by_label.get(span.label, self.others)

    def keep(self, spans: Sequence[Span], left_out: Counter[str]) -> tuple[Span, ...]:
        """Return the spans that are kept, and count the others in ``left_out`` by label."""
        kept = tuple(span for span in spans if self.keeps(span))
        if len(kept) != len(spans):
            left_out.update(span.label for span in spans if not self.keeps(span))
        return kept

    def to_dict(self) -> dict[str, Any]:
        """Return the lowest scores for a manifest."""
        others = {"others": self.others} if self.others else {}
        return dict(sorted(self.by_label.items())) | others


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    every: float | None = None
    """The lowest score of labels without one of their own."""
    by_label: Mapping[str, float] = field(default_factory=dict)
    precision: float | None = None
    """The precision whose stored thresholds stand for labels without a score of their own."""

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked for."""
        return self.every is not None or bool(self.by_label) or self.precision is not None

    def settle(self, labels: Sequence[str], calibration: Calibration) -> MinScores:
        """Return the filter for a model that marks ``labels``.

        Raises:
            InputError: a label is not the model's; no threshold is stored for the precision; or it
                cannot be reached for a label that no score was given for.
        """
        for label in self.by_label:
            if label not in labels:
                near = difflib.get_close_matches(label.upper(), labels, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise InputError(f"{OPTION} {label}: this model marks {', '.join(labels)}{hint}")
        scores = dict.fromkeys(labels, self.every or 0.0)
        if self.precision is not None:
            scores = self._for_precision(self.precision, labels, calibration)
        return MinScores(scores | dict(self.by_label))

    def settle_unknown(self) -> MinScores:
        """Return the filter for spans of any labels, which no model of ours has marked.

        Raises:
            InputError: a precision is asked for, which only a model's calibration can tell.
        """
        if self.precision is not None:
            raise InputError(
                f"--precision {precision_key(self.precision)}: no model runs whose scores could be "
                f"known to be that precise; write {_FORM}"
            )
        return MinScores(dict(self.by_label), self.every or 0.0)

    def unmet(self, labels: Collection[str]) -> list[str]:
        """Return the labels that were given a score and are none of ``labels``, which occurred."""
        return sorted(label for label in self.by_label if label not in labels)

    def _for_precision(
        self, precision: float, labels: Sequence[str], calibration: Calibration
    ) -> dict[str, float]:
        asked = f"--precision {precision_key(precision)}"
        stored = calibration.thresholds_for(precision)
        if stored is None:
            there = ", ".join(calibration.thresholds) or "none"
            raise InputError(
                f"{asked}: this model stores no thresholds for it (stored: {there}); store them "
                f"with `marsad calibrate MODEL DATA {asked}`, on annotated data that it was not "
                "trained on"
            )
        scores = {label: stored.get(label) for label in labels}
        if out := [
            label for label in labels if scores[label] is None and label not in self.by_label
        ]:
            raise InputError(
                f"{asked}: no score of {', '.join(out)} was that precise when the model was "
                f"calibrated; say what to keep with {OPTION} {out[0]}=0.9, or {OPTION} {out[0]}=1 "
                "for next to nothing"
            )
        return {label: score for label, score in scores.items() if score is not None}


def parse_wanted(min_scores: Sequence[str], precision: float | None = None) -> Wanted:
    """Parse the values of ``--min-score`` (``0.8`` or ``ACTOR=0.8``) and ``--precision``.

    Raises:
        InputError: a value is no score, a label stands twice, or a score for all labels stands
            twice or beside a precision.
    """
    if precision is not None and not 0 < precision < 1:
        raise InputError(
            f"--precision {precision_key(precision)}: expected a number above 0 and below 1"
        )
    every: float | None = None
    by_label: dict[str, float] = {}
    for value in min_scores:
        label, equals, number = (part.strip() for part in value.rpartition("="))
        score = _score(number, value)
        if equals and not label:
            raise InputError(f"{OPTION} {value}: no label before the =; write {_FORM}")
        if label in by_label or (not label and every is not None):
            raise InputError(
                f"{OPTION} {value}: a score for {label or 'all labels'} stands already"
            )
        if label:
            by_label[label] = score
        else:
            every = score
    if every is not None and precision is not None:
        raise InputError(
            f"--precision gives every label its score; leave it or {OPTION} {every:g} out. "
            f"{OPTION} LABEL=SCORE goes with either"
        )
    return Wanted(every, by_label, precision)


def _score(number: str, value: str) -> float:
    try:
        score = float(number)
    except ValueError:
        raise InputError(f"{OPTION} {value}: {number!r} is no number; write {_FORM}") from None
    if not 0 <= score <= 1:  # NaN is refused as well
        raise InputError(f"{OPTION} {value}: a score lies between 0 and 1")
    return score


def told(left_out: Mapping[str, int]) -> str:
    """Return in words how many spans were left out."""
    total = sum(left_out.values())
    if not total:
        return "no span scored lower than asked for"
    parts = ", ".join(f"{label} {count}" for label, count in sorted(left_out.items()) if count)
    return f"{total} span{'s' if total != 1 else ''} left out for a low score ({parts})"
