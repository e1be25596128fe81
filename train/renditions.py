"""Documents as text that holds words and mentions alone: CoNLL and the inline format."""

from __future__ import annotations

from train.document import Document
from train.inline import InlineError, format_line, parse_line
from train.tags import TagSet
from train.words import split_words


class UnfitError(Exception):
    """What a document holds that a format cannot."""

    def __init__(self, found: str, expected: str):
        super().__init__(found)
        self.found, self.expected = found, expected


def conll_block(document: Document, tags: TagSet) -> str:
    """Return a comment line with the id, a line of word and tag for each word, and a blank one.

    The word ``#`` cannot be taken for a comment: a tab follows it, and a space the comment's.
    """
    if document.id.splitlines() not in ([document.id], []):
        raise UnfitError("an id with a line break", "an id of one line, or --to jsonl")
    words = split_words(document.text)
    fit = "spans of whole words, none inside another, or --to jsonl, which can hold them"
    try:
        encoded = tags.encode(words, document.spans)
    except ValueError as error:
        raise UnfitError(str(error), fit) from None
    told = [(words[a].start, words[b - 1].end, label) for a, b, label in tags.runs(encoded)]
    if told != [(span.start, span.end, span.label) for span in sorted(document.spans)]:
        raise UnfitError("a span that cuts a word or overlaps another", fit)
    lines = [f"{word.text}\t{tags.names[tag]}" for word, tag in zip(words, encoded, strict=True)]
    return "\n".join([f"# id = {document.id}", *lines, "", ""])


def inline_line(document: Document) -> str:
    """Return the document as one line of the inline format.

    The lines stand in the order of the documents, one each, since their ids are not part of the
    format; a blank text is a blank line, which readers pass over.
    """
    if not document.text.strip():
        return "\n"
    line = format_line(document)
    try:
        if parse_line(line) != (document.text, tuple(sorted(document.spans))):
            raise UnfitError(
                "spans that overlap", "spans of which none is inside another, or --to jsonl"
            )
    except InlineError as error:
        raise UnfitError(
            f"spans that the inline format cannot tell ({error.found})",
            "whole mentions, none inside another, or --to jsonl, which can hold them",
        ) from None
    if line.endswith("\r") or line.startswith("\ufeff"):
        raise UnfitError(
            "a carriage return at its end or a byte order mark at its start",
            "a text that comes back from a line of text, or --to jsonl, which can hold it",
        )
    return line + "\n"
