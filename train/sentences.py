"""Sentences as documents of their own, for results that are wanted sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator

from train.document import Document
from train.errors import InputError
from train.words import sentence_ends, split_words

COLUMNS = ("document", "document_start", "document_end")
"""What a sentence says of where it stands: the document's id, and its offsets in the document."""


def split_sentences(document: Document) -> Iterator[Document]:
    """Yield each sentence of an untagged document as a document, named ``ID:1``, ``ID:2``, ...

    A sentence's text runs from its first word to the end of its last, so the space between two
    sentences belongs to neither. ``document_start`` of its ``meta`` added to an offset in the
    sentence is the offset in the document. A text without words has no sentence.

    Raises:
        InputError: the document carries a column that is named as one of :data:`COLUMNS`.

    >>> [(s.id, s.text) for s in split_sentences(Document("a", "قتل جندي. هدوء!"))]
    [('a:1', 'قتل جندي.'), ('a:2', 'هدوء!')]
    """
    for name in COLUMNS:
        if name in document.meta:
            raise InputError(
                f"{document.id}: the column {name!r} is in the input, and --sentences writes one "
                "of this name; rename it in the input, or leave --sentences out"
            )
    words = split_words(document.text)
    first = 0
    for number, last in enumerate(sentence_ends(document.text, words), start=1):
        start, end = words[first].start, words[last - 1].end
        place = zip(COLUMNS, (document.id, start, end), strict=True)
        yield Document(
            f"{document.id}:{number}",
            document.text[start:end],
            meta={**document.meta, **dict(place)},
        )
        first = last
