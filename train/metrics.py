"""Scores of predicted spans against gold spans, counted on texts, not on tensors.

*F1* means strict span micro F1: a predicted span is right only if start, end and label are those
of a gold span. On word-level tags this equals seqeval with ``mode="strict", scheme=IOB2``. What
the model never saw counts as missed, because the gold spans are those of the file. Precision,
recall and F1 are 0 where their denominator is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from train.document import Document, Span
from train.errors import InputError
from train.pairing import pair, shared


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, from counts."""

    gold: int = 0
    found: int = 0
    """Gold spans that a predicted span matches."""
    predicted: int = 0
    right: int = 0
    """Predicted spans that match a gold span; in strict scoring the same number as ``found``."""

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.gold + other.gold,
            self.found + other.found,
            self.predicted + other.predicted,
            self.right + other.right,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return rates and counts as plain values."""
        rates = {"f1": self.f1, "precision": self.precision, "recall": self.recall}
        return rates | asdict(self)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every span; each gold and each predicted span is counted once.

    ``correct + wrong_border + wrong_label + missed`` is the number of gold spans, and
    ``correct + wrong_border + wrong_label + spurious`` that of predicted spans.
    """

    correct: int = 0
    wrong_border: int = 0
    """Pairs with the same label on overlapping stretches."""
    wrong_label: int = 0
    """Pairs with different labels on the same or overlapping stretches."""
    missed: int = 0
    """Gold spans without a partner."""
    spurious: int = 0
    """Predicted spans without a partner."""

    def __add__(self, other: Account) -> Account:
        return Account(
            *(a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True))
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of one comparison of a corpus."""

    documents: int
    labels: dict[str, Score]
    overlap_labels: dict[str, Score]
    accounts: dict[str, Account]
    """By label: that of the gold span, and for spurious spans that of the prediction."""

    @property
    def micro(self) -> Score:
        """The strict score over the spans of all labels."""
        return sum(self.labels.values(), Score())

    @property
    def macro(self) -> dict[str, float]:
        """The means of the labels' F1, precision and recall, over the labels that occur."""
        present = [s for s in self.labels.values() if s.gold or s.predicted]
        return {
            rate: sum(getattr(s, rate) for s in present) / max(1, len(present))
            for rate in ("f1", "precision", "recall")
        }

    @property
    def overlap(self) -> Score:
        """As ``micro``, where the right label on any overlapping stretch is enough."""
        return sum(self.overlap_labels.values(), Score())

    @property
    def account(self) -> Account:
        """The error account over the spans of all labels."""
        return sum(self.accounts.values(), Account())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; the keys are those of ``marsad evaluate --json``."""
        return {
            "documents": self.documents,
            "micro": self.micro.to_dict(),
            "macro": self.macro,
            "overlap": self.overlap.to_dict(),
            "errors": asdict(self.account),
            "labels": {
                label: score.to_dict()
                | {
                    "overlap": self.overlap_labels[label].to_dict(),
                    "errors": asdict(self.accounts[label]),
                }
                for label, score in self.labels.items()
            },
        }


def score(gold: Sequence[Document], predicted: Sequence[Document], labels: Sequence[str]) -> Scores:
    """Compare two annotations of the same texts, document by document.

    Args:
        gold: the documents as annotated.
        predicted: the same documents, in the same order, as tagged.
        labels: the labels to report, in order; those that occur beside them are added.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    check_same_texts(gold, predicted)
    pairs = [(g.spans, p.spans) for g, p in zip(gold, predicted, strict=True)]
    found = {span.label for pair in pairs for spans in pair for span in spans}
    names = [*labels, *sorted(found - set(labels))]
    strict = dict.fromkeys(names, Score())
    overlap = dict.fromkeys(names, Score())
    accounts = dict.fromkeys(names, Account())
    for gold_spans, predicted_spans in pairs:
        for label in {span.label for span in (*gold_spans, *predicted_spans)}:
            ours = [s for s in gold_spans if s.label == label]
            theirs = [s for s in predicted_spans if s.label == label]
            same = len(set(ours) & set(theirs))
            strict[label] += Score(len(ours), same, len(theirs), same)
            overlap[label] += Score(
                len(ours),
                sum(any(shared(s, t) for t in theirs) for s in ours),
                len(theirs),
                sum(any(shared(s, t) for t in ours) for s in theirs),
            )
        for label, account in account_for(gold_spans, predicted_spans):
            accounts[label] += account
    return Scores(len(gold), strict, overlap, accounts)


def check_same_texts(gold: Sequence[Document], predicted: Sequence[Document]) -> None:
    """Refuse to compare annotations of different texts.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    if [(d.id, d.text) for d in gold] != [(d.id, d.text) for d in predicted]:
        raise InputError(
            "gold and predicted documents differ in number, order, id or text; "
            "only two annotations of the same texts can be compared"
        )


def account_for(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[str, Account]]:
    """Name the outcome of each pair of spans of one text and of each span left over.

    Which spans make a pair is told in :func:`train.pairing.pair`.
    """
    return [(p.label, Account(**{p.kind: 1})) for p in pair(gold, predicted)]
