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
from itertools import chain
from pathlib import Path
from typing import Any

from train.corpus import READERS, data_files, read_corpus
from train.document import Document, Span
from train.errors import InputError
from train.inline import META_KEYS, on_one_line, told_ids, write_inline
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
class Correction:
    """A sentence as somebody has marked it, to take the place of what the data says."""

    where: str
    """``file:line``."""
    id: str | None
    """That of the document that it was made of, as :func:`train.inline.on_one_line` has it; None
    where the file does not tell it."""
    text: str
    spans: tuple[Span, ...]


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

    Raises:
        InputError: an error is of an id that two documents have.
    """
    by_document: dict[str, list[Mistake]] = {}
    for error in errors:
        by_document.setdefault(error.document, []).append(error)
    found: list[Suspect] = []
    ids: set[str] = set()
    for document in gold:
        wrong = sorted(by_document.get(document.id, ()), key=lambda m: m.span)
        if not wrong:
            continue
        if document.id in ids:
            raise InputError(
                f"two documents have the id {document.id!r}, so it cannot be told whose the errors "
                "are; give each an id of its own"
            )
        ids.add(document.id)
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
    check_suffix(path)
    if path.suffix == ".txt":
        told = [replace(s.proposed, meta=_told_inline(s.proposed)) for s in found]
        comments = {s.gold.id: tuple(_comments(s)) for s in found}
        write_inline(told, path, comments, HEADER)
    else:
        write_jsonl((_with_meta(suspect) for suspect in found), path)


def check_suffix(path: Path) -> None:
    """Refuse a file that suspected errors are not written to.

    Raises:
        InputError: its suffix is another.
    """
    if path.suffix not in READERS:
        raise InputError(f"{path}: suspected errors are written to .txt or .jsonl files")


def read_corrections(
    paths: Iterable[Path], labels: Collection[str] | None = None
) -> list[Correction]:
    """Return what corrected files say; they are read by :func:`train.corpus.read_corpus`.

    The id of an inline sentence is what the comment ``# id:`` above it says, where there is one. A
    file without a sentence, as :func:`write_suspects` writes where there is no suspect, corrects
    nothing.

    Raises:
        InputError, DataError: as of annotated data.
    """
    places = {file: _places(file) for path in paths for file in data_files(path)}
    documents = read_corpus([file for file, found in places.items() if found], labels)
    told = chain.from_iterable(places.values())
    return [
        Correction(where, name, document.text, document.spans)
        for (where, name), document in zip(told, documents, strict=True)
    ]


def corrected(
    documents: Sequence[Document], corrections: Iterable[Correction]
) -> tuple[list[Document], int]:
    """Return the documents with the spans of their corrections, and how many changed.

    A correction belongs to the document of its text that has its id. Where none has, since ids of
    lines differ from file to file, it belongs to every document of its text, if these are all
    marked alike. Descriptions stay, and so does the count of each span that stays.

    Raises:
        InputError: a text that no document has, or several that are marked in several ways; or a
            document that is corrected in two ways.
    """
    same_text: dict[str, list[int]] = {}
    for number, document in enumerate(documents):
        same_text.setdefault(document.text, []).append(number)
    wanted: dict[int, Correction] = {}
    for correction in corrections:
        for number in _meant(correction, documents, same_text.get(correction.text, [])):
            other = wanted.setdefault(number, correction)
            if other.spans != correction.spans:
                raise InputError(
                    f"{correction.where}: document {documents[number].id!r} is corrected twice, "
                    f"in two ways; the other stands in {other.where}: leave one out"
                )
    result = []
    for number, document in enumerate(documents):
        own = {span: span for span in document.spans}
        spans = wanted[number].spans if number in wanted else document.spans
        result.append(replace(document, spans=tuple(own.get(span, span) for span in spans)))
    changed = sum(a.spans != b.spans for a, b in zip(documents, result, strict=True))
    return result, changed


def _places(file: Path) -> list[tuple[str, str | None]]:
    """Return where each sentence of a file stands, and its id where the file tells it."""
    read = READERS[file.suffix](file, file.name)
    if file.suffix == ".txt":
        told = told_ids(file)
        return [(where, told.get(where)) for where, _ in read]
    return [
        (where, on_one_line(found.id) if isinstance(found, Document) else None)
        for where, found in read
    ]


def _meant(
    correction: Correction, documents: Sequence[Document], same_text: Sequence[int]
) -> Sequence[int]:
    """Return which of the documents of its text a correction is for."""
    if not same_text:
        raise InputError(
            f"{correction.where}: no document has this text; correct the marks and leave the "
            "text as it is"
        )
    own = [number for number in same_text if on_one_line(documents[number].id) == correction.id]
    found = own or same_text
    if len({documents[number].spans for number in found}) > 1:
        ids = ", ".join(documents[number].id for number in found)
        raise InputError(
            f"{correction.where}: the documents {ids} have this text and are not marked alike; "
            "give the correction the id of one: in .jsonl its id, in .txt a comment `# id: ID` "
            "above the sentence"
        )
    return found


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
