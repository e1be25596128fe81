"""The two values that everything passes around: a span, and a document with its spans.

Offsets are half-open (``text[span.start:span.end]``) and count Unicode code points of the text
exactly as the user gave it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from train.count import Count
from train.errors import Fault
from train.name import Name
from train.words import split_words

SURROGATE = re.compile("[\ud800-\udfff]")
LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
LABEL_RULE = "a label of Latin letters, digits, - and _ that begins with a letter"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch of text, ``start`` inclusive and ``end`` exclusive."""

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)
    """The tagger's confidence between 0 and 1; None for annotated spans. Not part of equality,
    nor is anything below."""
    count: Count | None = field(default=None, compare=False, repr=False)
    """What a CASUALTY span says in numbers; None where it was not read, or could not be."""
    count_rule: str | None = field(default=None, compare=False, repr=False)
    """The rule that read the count, or why it could not be read; None where nothing tried."""
    name: Name | None = field(default=None, compare=False, repr=False)
    """What another span refers to; None where it was not looked up."""

    def to_dict(self, text: str) -> dict[str, Any]:
        """Return the span as the object that JSONL holds, with the text that it marks.

        Args:
            text: that of the document.
        """
        record: dict[str, Any] = {
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "text": text[self.start : self.end],
        }
        if self.score is not None:
            record["score"] = round(self.score, 4)
        if self.count is not None or self.count_rule is not None:
            record["count"] = None if self.count is None else self.count.to_dict()
        if self.count_rule is not None:
            record["count_rule"] = self.count_rule
        if self.name is not None:
            record |= self.name.to_dict()
        return record


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its spans in text order."""

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    """What the source says about the document, such as theatre or register; never used to tag."""


def check_spans(
    text: str, spans: Sequence[Span], labels: Collection[str] | None, where: str
) -> Iterator[Fault]:
    """Yield every fault of ``text`` and ``spans``; no fault means that they can be trained on.

    Checked: the text is valid Unicode; the borders lie inside the text, in order, on word
    borders (see :func:`train.words.split_words`); labels are known (any label passes where
    ``labels`` is None); no two spans overlap.
    """
    if SURROGATE.search(text):
        yield Fault(f"{where}: text", "half of a surrogate pair", "whole characters")
    words = split_words(text)
    starts = {word.start for word in words}
    ends = {word.end for word in words}
    sound: list[Span] = []
    for span in spans:
        place = f"{where}: span [{span.start}, {span.end}) {span.label}"
        if not 0 <= span.start < span.end <= len(text):
            yield Fault(
                place, "offsets outside the text or empty", f"0 <= start < end <= {len(text)}"
            )
            continue
        if labels is not None and span.label not in labels:
            yield Fault(place, f"label {span.label!r}", "one of " + ", ".join(sorted(labels)))
        if span.start not in starts or span.end not in ends:
            yield Fault(
                place,
                f"«{text[span.start : span.end]}», which cuts a word or takes in space",
                _whole_words(text, span),
            )
        sound.append(span)
    sound.sort()
    for left, right in zip(accumulate(sound, _later_end), sound[1:], strict=False):
        if right.start < left.end:
            yield Fault(
                f"{where}: spans [{left.start}, {left.end}) {left.label} "
                f"and [{right.start}, {right.end}) {right.label}",
                "an overlap",
                "flat spans, none inside another",
            )


def _later_end(a: Span, b: Span) -> Span:
    return b if b.end > a.end else a


def _whole_words(text: str, span: Span) -> str:
    touched = [w for w in split_words(text) if w.start < span.end and span.start < w.end]
    if not touched:
        return "at least one whole word"
    start, end = touched[0].start, touched[-1].end
    return f"whole words, such as [{start}, {end}) «{text[start:end]}»"


def check_ids(documents: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Yield a fault for each empty or repeated id of ``(where, id)`` pairs."""
    first: dict[str, str] = {}
    for where, identifier in documents:
        if not identifier:
            yield Fault(where, "an empty id", "an id that no other document has")
        elif identifier in first:
            yield Fault(where, f"id {identifier!r}, which {first[identifier]} has", "a unique id")
        else:
            first[identifier] = where
