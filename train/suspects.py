"""Suspected gold errors: where a tagger that is sure of itself contradicts the annotation.

Sorting disagreements by the model's confidence brings annotation errors to the top (Hendrycks and
Gimpel 2017 for the confidence; Northcutt et al. 2021, *Confident Learning*, for its use on
labels). What the tagger left unmarked has no score, so a mark too many in the gold data is found
only where the tagger marks something else there. Each is a question for a person, not an error.

The list is a file in the inline format (or JSONL) with what the tagger proposes in place: keep it,
or put back what the gold data says, and feed it back with :func:`corrected`
(``marsad convert --corrections``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.corpus import READERS, data_files, read_corpus
from train.document import Document, Span
from train.errors import InputError
from train.inline import META_KEYS, write_inline
from train.jsonl import write_jsonl
from train.mistakes import Mistake
from train.pairing import shared

MIN_SCORE = 0.9
"""The least confidence of a disagreement that is worth a look, unless somebody says otherwise."""


HEADER = (
    "Suspected errors of annotated data, the surest first. Each sentence stands as the tagger",
    "would have it. Where the data was right, put its mark back; the comment above tells it.",
)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A document with its suspected errors, and what it would be without them."""

    gold: Document
    proposed: Document
    """The gold spans, but where a suspect touches them the predicted ones."""
    mistakes: tuple[Mistake, ...]
    """In text order."""

    @property
    def score(self) -> float:
        """That of the most confident."""
        return max(mistake.score or 0.0 for mistake in self.mistakes)

    def replaced(self, mistake: Mistake) -> list[Span]:
        """Return the gold spans that are left out for a mistake's predicted span."""
        return _touched(self.gold, mistake)

    def to_dict(self) -> dict[str, Any]:
        """Return the suspect as plain values."""
        return {
            "document": self.gold.id,
            "score": round(self.score, 4),
            "text": self.gold.text,
            "gold": [span.to_dict(self.gold.text) for span in self.gold.spans],
            "proposed": [span.to_dict(self.gold.text) for span in self.proposed.spans],
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
        }


def suspected_gold_errors(
    mistakes: Iterable[Mistake], min_score: float = MIN_SCORE
) -> list[Mistake]:
    """Return the mistakes in which the tagger was at least that sure, the surest first."""
    sure = [m for m in mistakes if m.score is not None and m.score >= min_score]
    return sorted(sure, key=lambda m: (-(m.score or 0.0), m.document, m.span))


def suspects(gold: Iterable[Document], errors: Iterable[Mistake]) -> list[Suspect]:
    """Return the documents of suspected errors with what would stand there, the surest first.

    Args:
        gold: the documents as annotated; all that have no error are passed over.
        errors: those of :func:`suspected_gold_errors`.
    """
    by_document: dict[str, list[Mistake]] = {}
    for error in errors:
        by_document.setdefault(error.document, []).append(error)
    found = []
    for document in gold:
        wrong = sorted(by_document.get(document.id, ()), key=lambda m: m.span)
        if not wrong:
            continue
        dropped = {span for mistake in wrong for span in _touched(document, mistake)}
        # An annotated span has no score.
        added = [replace(m.predicted, score=None) for m in wrong if m.predicted]
        kept = [span for span in document.spans if span not in dropped]
        proposed = replace(document, spans=tuple(sorted([*kept, *added])))
        found.append(Suspect(document, proposed, tuple(wrong)))
    return sorted(found, key=lambda s: (-s.score, s.gold.id))


def write_suspects(found: Sequence[Suspect], path: Path) -> None:
    """Write what is proposed, to be corrected by hand: ``.txt`` (inline format) or ``.jsonl``.

    In the inline format, comments above each sentence tell its id, what the tagger says and how
    sure it is, and what the data says. In JSONL the same stands in ``meta``, under ``suspect``.

    Raises:
        InputError: another suffix, a text that the inline format cannot tell, or a file that
            cannot be written.
    """
    if path.suffix == ".txt":
        told = [replace(s.proposed, meta=_told_inline(s.proposed)) for s in found]
        comments = {s.gold.id: tuple(_comments(s)) for s in found}
        write_inline(told, path, comments, HEADER)
    elif path.suffix == ".jsonl":
        write_jsonl((_with_meta(suspect) for suspect in found), path)
    else:
        raise InputError(f"{path}: suspected errors are written to .txt or .jsonl files")


def read_corrections(
    paths: Iterable[Path], labels: Collection[str] | None = None
) -> list[Document]:
    """Return the documents of corrected files; see :func:`train.corpus.read_corpus`.

    A file without a sentence, as :func:`write_suspects` writes where there is no suspect, corrects
    nothing.

    Raises:
        InputError, DataError: as of annotated data.
    """
    files = [file for path in paths for file in data_files(path)]
    told = [file for file in files if any(True for _ in READERS[file.suffix](file, file.name))]
    return read_corpus(told, labels)


def corrected(
    documents: Sequence[Document], corrections: Iterable[Document]
) -> tuple[list[Document], int]:
    """Return the documents with the spans of their corrections, and how many changed.

    A correction belongs to every document of its very text; ids do not matter, since the inline
    format does not keep them. Descriptions stay, and so does the count of each span that stays.

    Raises:
        InputError: a text that no document has, or one that is corrected in two ways.
    """
    spans: dict[str, tuple[Span, ...]] = {}
    known = {document.text for document in documents}
    for correction in corrections:
        if correction.text not in known:
            raise InputError(
                f"{correction.id}: no document has this text; correct the marks and leave the "
                "text as it is"
            )
        if spans.setdefault(correction.text, correction.spans) != correction.spans:
            raise InputError(f"{correction.id}: this text is corrected twice, in two ways")
    result = []
    for document in documents:
        own = {span: span for span in document.spans}
        wanted = tuple(own.get(s, s) for s in spans.get(document.text, document.spans))
        result.append(replace(document, spans=wanted))
    changed = sum(a.spans != b.spans for a, b in zip(documents, result, strict=True))
    return result, changed


def _touched(document: Document, mistake: Mistake) -> list[Span]:
    predicted = mistake.predicted
    return [s for s in document.spans if predicted is not None and shared(s, predicted)]


def _comments(suspect: Suspect) -> Iterator[str]:
    yield f"id: {suspect.gold.id}"
    for mistake in suspect.mistakes:
        if mistake.predicted is not None:
            yield f"tagger: {_marked(suspect, [mistake.predicted])} {mistake.score:.2f}"
            yield f"data: {_marked(suspect, suspect.replaced(mistake)) or 'nothing'}"


def _marked(suspect: Suspect, spans: Iterable[Span]) -> str:
    text = suspect.gold.text
    return " ".join(f"[{text[s.start : s.end]}]({s.label})" for s in spans)


def _told_inline(document: Document) -> dict[str, Any]:
    """Return what the inline format can tell of a description; the rest stays with the data."""
    return {key: value for key, value in document.meta.items() if key in META_KEYS}


def _with_meta(suspect: Suspect) -> Document:
    told = {"score": round(suspect.score, 4), "mistakes": [m.to_dict() for m in suspect.mistakes]}
    return replace(suspect.proposed, meta={**suspect.proposed.meta, "suspect": told})
