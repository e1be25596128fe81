"""How much a tagger loses where texts are written otherwise than those it was trained on.

Each perturbation is measured on the documents that it changes, and so is the clean text beside
it: the difference is the perturbation's, not that of other documents. Its interval is a
paired bootstrap over those documents (see :mod:`train.bootstrap`), so it takes in both which
documents were annotated and where noise fell in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.console import Group

from train.bootstrap import LEVEL, RESAMPLES, Interval, bounds, draw, figures, names_of, tally
from train.display import tight_table
from train.document import Document
from train.errors import InputError
from train.metrics import Scores, score
from train.perturbations import PERTURBATIONS, SEED, Perturbation

Tag = Callable[[Sequence[Document]], list[Document]]
Pair = tuple[list[Document], list[Document]]
"""Gold documents, and the same as tagged."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The scores of one perturbation beside those of the same documents as they were."""

    perturbation: Perturbation
    clean: Scores
    perturbed: Scores
    loss: Interval
    """Points of strict micro F1 lost, out of 100; below 0 where the score rose. An interval of
    -100 to 100 says that nothing is known: of the documents that changed, fewer than two have a
    span, annotated or found."""

    @property
    def documents(self) -> int:
        """How many documents the perturbation changed; the scores are theirs."""
        return self.clean.documents

    def losses(self) -> dict[str, float]:
        """Return the points lost by label."""
        return {
            label: 100 * (score.f1 - self.perturbed.labels[label].f1)
            for label, score in self.clean.labels.items()
            if label in self.perturbed.labels
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; ``loss`` in points, None where no document changed."""
        return {
            "name": self.perturbation.name,
            "about": self.perturbation.about,
            "documents": self.documents,
            "spans": self.clean.micro.gold,
            "loss": self.loss._asdict() if self.documents else None,
            "losses": self.losses() if self.documents else {},
            "clean": self.clean.to_dict(),
            "perturbed": self.perturbed.to_dict(),
        }


def chosen(names: Sequence[str]) -> list[Perturbation]:
    """Return the perturbations of these names in the order of the table; all where none is named.

    Raises:
        InputError: a name is unknown.
    """
    unknown = sorted(set(names) - set(PERTURBATIONS))
    if unknown:
        raise InputError(f"no perturbation {unknown[0]!r}; there are {', '.join(PERTURBATIONS)}")
    return [found for name, found in PERTURBATIONS.items() if not names or name in names]


def measure(
    gold: Sequence[Document],
    tag: Tag,
    labels: Sequence[str],
    perturbations: Sequence[Perturbation],
    seed: int = SEED,
) -> tuple[Scores, list[Effect]]:
    """Return the scores of the documents as they are, and the effect of each perturbation.

    Args:
        gold: annotated documents.
        tag: returns documents with predicted spans for documents, in order.
        labels: the labels to report.
        perturbations: what to do to the documents, one after the other, never together.
        seed: of the noise.
    """
    gold = sorted(gold, key=lambda document: (document.text, document.spans, document.id))
    rows = [[document, *(p.copy(document, seed) for p in perturbations)] for document in gold]
    # All spellings of a text together: those that the model sees as the same are read once.
    tagged = iter(tag([copy for row in rows for copy in row]))
    answers = [[next(tagged) for _ in row] for row in rows]
    effects = []
    for column, perturbation in enumerate(perturbations, start=1):
        changed = [i for i, row in enumerate(rows) if row[column].text != row[0].text]
        before = (
            [perturbation.clean(gold[i]) for i in changed],
            [_until(perturbation, gold[i], answers[i][0]) for i in changed],
        )
        after = [rows[i][column] for i in changed], [answers[i][column] for i in changed]
        effects.append(
            Effect(
                perturbation,
                score(*before, labels),
                score(*after, labels),
                _loss(before, after),
            )
        )
    return score(gold, [row[0] for row in answers], labels), effects


def render(clean: Scores, effects: Sequence[Effect]) -> Group:
    """Return the effects as a table for a terminal, and in words what is shown to cost most."""
    table = tight_table("Strict micro F1 of perturbed texts, and the points lost")
    table.add_column("perturbation", overflow="fold")
    interval = f"{100 * LEVEL:g}% interval"
    for name in ("documents", "spans", "clean F1", "F1", "lost", interval):
        table.add_column(name, justify="right", overflow="fold")
    for effect in effects:
        before, after = effect.clean.micro, effect.perturbed.micro
        value, low, high = effect.loss
        rates = (f"{before.f1:.4f}", f"{after.f1:.4f}", f"{value:.1f}", f"{low:.1f} to {high:.1f}")
        table.add_row(
            effect.perturbation.name,
            str(effect.documents),
            str(before.gold),
            *(rates if effect.documents else "-" * len(rates)),
        )
    note = (
        f"{clean.documents} documents, F1 {clean.micro.f1:.4f} as they are. Each row is of the "
        "documents that the perturbation changed; its clean F1 is theirs."
    )
    return Group(table, "", note, told(effects))


def told(effects: Sequence[Effect]) -> str:
    """Say in one sentence which perturbations are shown to cost something, the worst first."""
    shown = sorted((e for e in effects if e.loss.low > 0), key=lambda e: -e.loss.value)
    if not shown:
        return "None of them is shown to cost anything: no interval lies above 0."
    listed = ", ".join(f"{e.perturbation.name} ({e.loss.value:.1f} points)" for e in shown)
    return f"Shown to cost something (interval above 0), the worst first: {listed}."


def _loss(before: Pair, after: Pair) -> Interval:
    """Return the points that ``after`` lies below ``before``; documents are drawn in pairs."""
    names = names_of((), *before, *after)
    tallies = [tally(_numbered(g), _numbered(p), names) for g, p in (before, after)]
    counts = np.stack([one.counts for one in tallies], axis=1)
    points = [
        100 * (f1[..., 0] - f1[..., 1])
        for totals in ([counts.sum(axis=0)[None]], draw(counts, RESAMPLES, SEED))
        for f1 in (figures(some)[..., 0, 0] for some in totals)  # that of micro
    ]
    value = float(points[0][0])
    if counts.any(axis=(1, 2, 3)).sum() < 2:
        return Interval(value, -100.0, 100.0)
    low, high = bounds(np.concatenate(points[1:]), LEVEL)
    return Interval(value, float(low), float(high))


def _numbered(documents: Sequence[Document]) -> list[Document]:
    """Return documents that a tally leaves in this order, whatever their texts."""
    return [replace(document, text=f"{i:09}") for i, document in enumerate(documents)]


def _until(perturbation: Perturbation, document: Document, predicted: Document) -> Document:
    """Return the prediction for the part of the document that the perturbation uses."""
    if perturbation.kept is None:
        return predicted
    kept = perturbation.kept(document)
    return replace(predicted, spans=tuple(s for s in predicted.spans if s.start < kept))
