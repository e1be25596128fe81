"""How much a tagger loses where texts are written otherwise than those it was trained on.

Each perturbation is measured on the documents that it changes, and so is the clean text beside
it: the difference is the perturbation's, not that of other documents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Group
from rich.table import Table

from train.document import Document
from train.errors import InputError
from train.metrics import Scores, score
from train.perturbations import PERTURBATIONS, SEED, Perturbation

Tag = Callable[[Sequence[Document]], list[Document]]


@dataclass(frozen=True, slots=True)
class Effect:
    """The scores of one perturbation beside those of the same documents as they were."""

    perturbation: Perturbation
    clean: Scores
    perturbed: Scores

    @property
    def documents(self) -> int:
        """How many documents the perturbation changed; the scores are theirs."""
        return self.clean.documents

    @property
    def loss(self) -> float:
        """Points of strict micro F1 lost, out of 100; below 0 where the score rose."""
        return 100 * (self.clean.micro.f1 - self.perturbed.micro.f1)

    def losses(self) -> dict[str, float]:
        """Return the points lost by label."""
        return {
            label: 100 * (score.f1 - self.perturbed.labels[label].f1)
            for label, score in self.clean.labels.items()
            if label in self.perturbed.labels
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; ``loss`` in points, None where nothing changed."""
        return {
            "name": self.perturbation.name,
            "about": self.perturbation.about,
            "documents": self.documents,
            "spans": self.clean.micro.gold,
            "loss": self.loss if self.documents else None,
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
    predicted = tag(gold)
    effects = []
    for perturbation in perturbations:
        copies = [perturbation.copy(document, seed) for document in gold]
        changed = [i for i, copy in enumerate(copies) if copy.text != gold[i].text]
        ours = [copies[i] for i in changed]
        before = score(
            [perturbation.clean(gold[i]) for i in changed],
            [_until(perturbation, gold[i], predicted[i]) for i in changed],
            labels,
        )
        after = score(ours, tag(ours) if ours else [], labels)
        effects.append(Effect(perturbation, before, after))
    return score(gold, predicted, labels), effects


def render(clean: Scores, effects: Sequence[Effect]) -> Group:
    """Return the effects as a table for a terminal."""
    table = Table(title="Strict micro F1 of perturbed texts", title_justify="left")
    table.add_column("perturbation", overflow="fold")
    for name in ("documents", "spans", "clean F1", "F1", "points lost"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("what it does", overflow="fold")
    for effect in effects:
        before, after = effect.clean.micro, effect.perturbed.micro
        counts = (str(effect.documents), str(before.gold))
        rates = (f"{before.f1:.4f}", f"{after.f1:.4f}", f"{effect.loss:.1f}")
        shown = rates if effect.documents else ("-", "-", "-")
        table.add_row(effect.perturbation.name, *counts, *shown, effect.perturbation.about)
    note = (
        f"{clean.documents} documents, F1 {clean.micro.f1:.4f} as they are. Each row is of the "
        "documents that the perturbation changed; its clean F1 is theirs."
    )
    return Group(table, note)


def _until(perturbation: Perturbation, document: Document, predicted: Document) -> Document:
    """Return the prediction for the part of the document that the perturbation uses."""
    if perturbation.kept is None:
        return predicted
    kept = perturbation.kept(document)
    return replace(predicted, spans=tuple(s for s in predicted.spans if s.start < kept))
