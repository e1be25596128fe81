"""Everything that a report of a tagger tells, as plain values; :mod:`train.page` makes the page.

``build_report`` returns a dictionary that :func:`json.dumps` takes, with these keys:

``version``
    ``VERSION``, raised whenever a key changes its meaning.
``about``
    What the caller says of model, data and runtime: names and texts.
``labels``
    The labels, in order; those that occur beside the model's own come last.
``documents``, ``scores``, ``intervals``
    Their number; :meth:`train.metrics.Scores.to_dict`; :meth:`train.bootstrap.Intervals.to_dict`.
``confusion``
    Gold label, then predicted label, then how often; see :func:`train.mistakes.confusion`.
``slices``
    What parts the data, then the part, then :meth:`train.slices.Slice.to_dict`.
``calibration``
    For ``all`` and each label with scores: ``spans``, ``ece``, ``by_chance`` (the ECE that the
    sample's size alone explains), ``bins`` (see :class:`train.reliability.Bin`), ``curve`` (at
    most ``CURVE_POINTS`` of :class:`train.reliability.CurvePoint`) and ``kept`` (such points of
    round thresholds; see :func:`train.reliability.kept_above`). Empty where the predicted spans
    have no scores.
``counts``, ``robustness``
    What ``marsad evaluate --json`` holds under ``counts`` and what ``marsad robustness --json``
    writes; null where it was not given.
``sentences``
    Those with an error, each once: ``document`` (id), ``text``, ``start`` (its offset in the
    document), and under ``gold`` and ``predicted`` every span in it, as ``start``, ``end``,
    ``label`` and, where there is one, ``score``. Offsets count code points from the sentence's
    start.
``errors``
    By document id and then in text order: ``kind`` (see :data:`train.mistakes.MISTAKES`),
    ``label`` (that of the gold span; of the predicted one where it is spurious), ``tagged_as``
    (the predicted label where it is the wrong one, else null), ``sentence`` (its place in
    ``sentences``), ``gold`` and ``predicted`` (places in that sentence's spans, or null),
    ``score`` of the predicted span or null, and ``tags`` (places in ``tags``).
``tags``
    What errors have in common, as ``group`` and ``name``: the parts of ``slices``, what the other
    side has there (``by_other_side``), the mentions of ``frequent``, ``suspects`` and ``advice``.
``frequent``
    For each kind of error the mentions that are most often wrong so, as
    :meth:`train.mistakes.Frequent.to_dict` tells them but for the example, which is the ``error``
    (a place in ``errors``), with the ``tag`` of them all, and the ``words`` that are wrong: the
    mention, or what the tagger took in or left out, which ``border`` lists as well (null of other
    kinds). ``in_training`` is how the training data treats the mention, see
    :class:`train.usage.Usage`; null of borders, and without training data.
``different``
    For each kind of error how many rows ``frequent`` would have, were it not cut off.
``suspects``
    ``min_score``, the ``tag`` of all disagreements of that score or more, null where there is
    none, and ``errors``, the places of all of them, the surest first.
``help``
    The changes of the data that would help most: ``title``, ``why``, the ``tag`` of the
    ``errors`` (their number) that it touches, how many of those are ``suspected`` gold errors,
    and ``f1``: what strict micro F1 would be if they were right, or, where ``is_part`` is true,
    if that part of the data did as well as the rest. ``examples`` are as in ``frequent``.

Documents are put in the order of their ids and texts first, so that the order of the files does
not change a byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.advice import advise
from train.bootstrap import intervals
from train.document import Document
from train.error_table import ErrorTable, border_of, words_of
from train.metrics import check_same_texts, score
from train.mistakes import MISTAKES, confusion, frequent
from train.pairing import WRONG_BORDER
from train.reliability import (
    CurvePoint,
    Outcomes,
    error_by_chance,
    expected_calibration_error,
    kept_above,
    outcomes,
    precision_recall_curve,
    reliability,
)
from train.slices import known_mentions, slices
from train.suspects import MIN_SCORE
from train.usage import Usages

VERSION = 2
CURVE_POINTS = 100
FREQUENT = 15
"""How many mentions of each kind of error are told."""


def build_report(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    labels: Sequence[str],
    *,
    training: Sequence[Document] | None = None,
    counts: Mapping[str, Any] | None = None,
    robustness: Mapping[str, Any] | None = None,
    about: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what a report tells; see the module for its keys.

    Args:
        gold: the documents as annotated.
        predicted: the same documents, in the same order, as tagged.
        labels: the labels to report, in order; those that occur beside them are added.
        training: what the tagger was trained on; where it is None, nothing is told of seen and new
            mentions, nor of how training data treats the words of an error.
        counts: the scores of counts, under ``gold_spans`` and ``found_spans``.
        robustness: what ``marsad robustness --json`` writes.
        about: what there is to say of model, data and runtime, by name.

    Raises:
        InputError: the two do not hold the same ids and texts in the same order.
    """
    check_same_texts(gold, predicted)
    pairs = sorted(
        zip(gold, predicted, strict=True), key=lambda row: (row[0].id, row[0].text, row[0].spans)
    )
    gold, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    scores = score(gold, predicted, labels)
    names = list(scores.labels)
    known = None if training is None else known_mentions(training)
    table = ErrorTable(gold, predicted, known)
    all_repeated = {
        kind: frequent(table.mistakes, kind, len(table.mistakes), gold) for kind in MISTAKES
    }
    repeated = {
        kind: [
            {key: value for key, value in found.to_dict().items() if key != "example"}
            | {"words": words_of(found, kind), "border": border_of(found, kind)}
            | {"tag": table.tag_of(found, kind), "error": table.place(found.example)}
            for found in every[:FREQUENT]
        ]
        for kind, every in all_repeated.items()
    }
    parts = slices(gold, predicted, known)
    suspects = table.suspects(MIN_SCORE)
    suspected = set(suspects["errors"])
    advice = [
        one.to_dict(table) | {"suspected": len(one.errors & suspected)}
        for one in advise(table, scores, parts)
    ]
    rows = [
        row for found in (*repeated.values(), *(a["examples"] for a in advice)) for row in found
    ]
    _tell_usage(rows, table, training)
    return {
        "version": VERSION,
        "about": dict(about or {}),
        "labels": names,
        "documents": len(gold),
        "scores": scores.to_dict(),
        "intervals": intervals(gold, predicted, names).to_dict(),
        "confusion": confusion(gold, predicted, names),
        "slices": {
            kind: {name: part.to_dict() for name, part in found.items()}
            for kind, found in parts.items()
        },
        "calibration": _calibration(gold, predicted, names),
        "counts": None if counts is None else dict(counts),
        "robustness": None if robustness is None else dict(robustness),
        "sentences": table.sentences,
        "frequent": repeated,
        "different": {kind: len(every) for kind, every in all_repeated.items()},
        "suspects": {"min_score": MIN_SCORE} | suspects,
        "help": advice,
        "errors": table.errors,
        "tags": table.tags,
    }


def _tell_usage(
    rows: Sequence[dict[str, Any]], table: ErrorTable, training: Sequence[Document] | None
) -> None:
    """Add to each row of errors how the training data treats the mention."""
    mentions = {}
    for place, row in enumerate(rows):
        row["in_training"] = None
        wrong = table.mistakes[row["error"]]
        if training is not None and wrong.kind != WRONG_BORDER:
            mentions[place] = wrong.mention(wrong.span)
    usages = Usages(training or (), mentions.values())
    for place, mention in mentions.items():
        rows[place]["in_training"] = usages.of(mention, rows[place]["label"])._asdict()


def _calibration(
    gold: Sequence[Document], predicted: Sequence[Document], labels: Sequence[str]
) -> dict[str, Any]:
    found = outcomes(gold, predicted)
    if not len(found.scores):
        return {}
    of_label: dict[str, int] = dict.fromkeys(labels, 0)
    for document in gold:
        for span in document.spans:
            of_label[span.label] += 1
    told = {"all": _calibrated(found, sum(of_label.values()))}
    for label in labels:
        part = found.of(label)
        if len(part.scores):
            told[label] = _calibrated(part, of_label[label])
    return told


def _calibrated(found: Outcomes, gold: int) -> dict[str, Any]:
    curve = precision_recall_curve(found.scores, found.right, gold)
    return {
        "spans": len(found.scores),
        "ece": expected_calibration_error(found.scores, found.right),
        "by_chance": error_by_chance(found.scores),
        "bins": [part._asdict() for part in reliability(found.scores, found.right)],
        "curve": [point._asdict() for point in _thinned(curve)],
        "kept": [p._asdict() for p in kept_above(found.scores, found.right, gold)],
    }


def _thinned(curve: Sequence[CurvePoint]) -> list[CurvePoint]:
    """Return points that lie evenly on the curve, the first and the last among them."""
    last = len(curve) - 1
    kept = {round(i * last / (CURVE_POINTS - 1)) for i in range(CURVE_POINTS)} if curve else set()
    return [curve[i] for i in sorted(kept)]
