"""Incidents: a tagged document, its counts read and its parties named, as one flat row.

How counts are added is in :mod:`train.adding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from train.adding import judge
from train.count import LABEL, OUTCOMES
from train.document import Document, Span
from train.normalizer import Normalizer
from train.ranges import Range

BOUNDS = tuple(f"{outcome}_{end}" for outcome in OUTCOMES for end in ("min", "max"))
COLUMNS = (
    "id",
    "text",
    *BOUNDS,
    "approximate",
    "unread",
    "actors",
    "weapons",
    "bases",
    "counts",
    "spans",
)
"""The keys of a row, in order."""
_PLAIN = Normalizer()


def has_casualties(document: Document) -> bool:
    """Return whether a document counts any people, whether or not the count could be read."""
    return any(span.label == LABEL for span in document.spans)


def incident(document: Document) -> dict[str, Any]:
    """Return the row of a document whose spans are resolved, with the keys of :data:`COLUMNS`.

    ``killed_min`` and ``killed_max`` are from how many to how many were killed, and so for each
    outcome: both null where nothing is said of it, the latter alone where there is no upper end.
    ``approximate`` says whether any count that was added is rough, ``unread`` how many counts could
    not be read. ``actors`` holds the names of the parties, ``weapons`` and ``bases`` the types,
    each once, in text order, and the mention itself where that is not known; ``counts`` the texts
    of all counts. ``spans`` are those of JSONL; a CASUALTY has besides ``added``, which is ``yes``
    or says why it is in no sum.
    """
    judged = judge(document)
    sums: dict[str, Range] = {}
    for span, verdict in judged.items():
        if verdict.range is not None and span.count is not None:
            before = sums.get(span.count.outcome)
            sums[span.count.outcome] = verdict.range if before is None else before + verdict.range
    row: dict[str, Any] = {"id": document.id, "text": document.text}
    for outcome in OUTCOMES:
        total = sums.get(outcome)
        row[f"{outcome}_min"] = None if total is None else total.min
        row[f"{outcome}_max"] = None if total is None else total.max
    row["approximate"] = any(verdict.approximate for verdict in judged.values())
    row["unread"] = sum(verdict.added == "unread" for verdict in judged.values())
    row["actors"] = _distinct(_party(document.text, span) for span in _of(document, "ACTOR"))
    row["weapons"] = _distinct(_kind(document.text, span) for span in _of(document, "WEAPON"))
    row["bases"] = _distinct(_kind(document.text, span) for span in _of(document, "BASE"))
    row["counts"] = [document.text[span.start : span.end] for span in judged]
    row["spans"] = [
        span.to_dict(document.text) | ({"added": judged[span].added} if span.label == LABEL else {})
        for span in document.spans
    ]
    return row


def _of(document: Document, label: str) -> list[Span]:
    return [span for span in document.spans if span.label == label]


def _party(text: str, span: Span) -> str:
    return span.name.canonical if span.name is not None else _mention(text, span)


def _kind(text: str, span: Span) -> str:
    if span.name is None:
        return _mention(text, span)
    return span.name.type or span.name.canonical


def _mention(text: str, span: Span) -> str:
    """Return what a span marks in plain spelling, on one line."""
    return " ".join(_PLAIN(text[span.start : span.end]).split())


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
