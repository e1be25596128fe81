"""Sentences as documents of their own, for results that are wanted sentence by sentence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from train.document import Document
from train.errors import Fault, InputError
from train.parts import Part
from train.words import sentence_ends, split_words

COLUMNS = ("document", "document_start", "document_end")
"""What a sentence says of where it stands: the document's id, and its offsets in the document."""


def split_part(part: Part) -> Part:
    """Return a part that holds the sentences of the documents of ``part``.

    Each has the place of its document. A document that carries a column named as one of
    :data:`COLUMNS` is a fault, which stands behind the faults of ``part``.
    """
    split = Part(part.id, faults=list(part.faults), schema=part.schema)
    places = part.places or [""] * len(part.documents)
    for document, place in zip(part.documents, places, strict=True):
        taken = _taken(document)
        if taken is not None:
            where = f"{place}: document {document.id!r}" if place else f"document {document.id!r}"
            split.faults.append(
                Fault(where, f"the column {taken!r}, which --sentences writes", "another name")
            )
            continue
        sentences = list(split_sentences(document))
        split.documents += sentences
        split.places += [place] * len(sentences)
    return split


def refuse_taken(document: Document) -> None:
    """Refuse a run whose first document carries a column named as one of :data:`COLUMNS`.

    Raises:
        InputError: it does.
    """
    taken = _taken(document)
    if taken is not None:
        raise InputError(
            f"{document.id}: the column {taken!r} is in the input, and --sentences writes one "
            "of this name; rename it in the input, or leave --sentences out"
        )


def _taken(document: Document) -> str | None:
    return next((name for name in COLUMNS if name in document.meta), None)


def split_sentences(document: Document) -> Iterator[Document]:
    """Yield each sentence of a document as a document, named ``ID:1``, ``ID:2``, ...

    A sentence's text runs from its first word to the end of its last, so the space between two
    sentences belongs to neither. ``document_start`` of its ``meta`` added to an offset in the
    sentence is the offset in the document. A text without words has no sentence. Spans that the
    document has already go with their sentences; no sentence ends inside one.

    Raises:
        InputError: the document carries a column that is named as one of :data:`COLUMNS`.

    >>> [(s.id, s.text) for s in split_sentences(Document("a", "قتل جندي. هدوء!"))]
    [('a:1', 'قتل جندي.'), ('a:2', 'هدوء!')]
    """
    refuse_taken(document)
    words = split_words(document.text)
    spans = deque(sorted(document.spans))
    first = 0
    number = 0
    for last in sentence_ends(document.text, words):
        start, end = words[first].start, words[last - 1].end
        inside = list(takewhile(lambda span: span.start < end, spans))  # noqa: B023
        if any(span.end > end for span in inside) and last < len(words):
            continue
        for _ in inside:
            spans.popleft()
        number += 1
        place = zip(COLUMNS, (document.id, start, end), strict=True)
        yield Document(
            f"{document.id}:{number}",
            document.text[start:end],
            tuple(replace(s, start=s.start - start, end=s.end - start) for s in inside),
            {**document.meta, **dict(place)},
        )
        first = last
