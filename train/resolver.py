"""The resolver: from spans to what they say, the counts as numbers and the names as parties.

Data flows text -> words -> windows -> logits -> tags -> spans -> records; this is the last step. It
needs no model: what it reads of a span depends on the text and the spans alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from train.conventions import Conventions
from train.count import LABEL, Count
from train.counts import Unread, read_number
from train.document import Document, Span
from train.lexicon import Lexicon
from train.naming import Namer
from train.outcomes import read_outcomes


@dataclass(frozen=True)
class Resolver:
    """Reads counts by conventions and names by a lexicon.

    >>> resolver = Resolver.load()
    >>> text = "قتل جنديان في قصف لداعش"
    >>> [count, name] = resolver.spans(text, [Span(4, 10, "CASUALTY"), Span(18, 23, "ACTOR")])
    >>> count.count
    Count(min=2, max=2, approximate=False, outcome='killed', subset=False)
    >>> name.name.english
    'Islamic State'
    """

    conventions: Conventions
    lexicon: Lexicon

    @classmethod
    def load(cls, conventions: Path | None = None, lexicons: Sequence[Path] = ()) -> Resolver:
        """Load the shipped conventions and lexicon, with a user's own files on top of them.

        Raises:
            InputError: a file cannot be read, or a convention is none.
            DataError: with every fault of the lexicon files.
        """
        return cls(Conventions.load(conventions), Lexicon.load(lexicons))

    def __call__(self, document: Document) -> Document:
        """Return ``document`` with what its spans say."""
        return replace(document, spans=self.spans(document.text, document.spans))

    def spans(self, text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Return ``spans``, which stand in text order, with a count or a name each."""
        places = [(span.start, span.end) for span in spans if span.label == LABEL]
        outcomes = iter(read_outcomes(text, places) if places else ())
        resolved = []
        for span in spans:
            if span.label != LABEL:
                name = self._namer.name(text, span.start, span.end, span.label)
                resolved.append(replace(span, name=name))
                continue
            outcome = next(outcomes)
            number = read_number(text, span.start, span.end, self.conventions)
            if isinstance(number, Unread):
                resolved.append(replace(span, count=None, count_rule=f"unread: {number.reason}"))
                continue
            count = Count(
                number.min, number.max, number.approximate, outcome.outcome, outcome.subset
            )
            rule = f"{number.rule}; {outcome.rule}"
            resolved.append(replace(span, count=count, count_rule=rule))
        return tuple(resolved)

    def digest(self) -> str:
        """Return a SHA-256 of all that decides what is read: conventions and lexicon."""
        parts = [self.conventions.to_dict(), self.lexicon.digest()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def _namer(self) -> Namer:
        return Namer(self.lexicon)
