"""The resolver: from spans to what they say, the counts as numbers and the names as parties.

Data flows text -> words -> windows -> logits -> tags -> spans -> records; this is the last step. It
needs no model: what it reads of a span depends on the text and the spans alone.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from train.conventions import Conventions
from train.count import LABEL, Count
from train.count_scores import is_gold
from train.counts import Unread, read_number
from train.document import Document, Span
from train.errors import InputError
from train.lexicon import Lexicon
from train.naming import Namer
from train.outcomes import read_outcomes


class Tables:
    """What a resolver looks things up in."""

    def __init__(self, conventions: Path | None, lexicons: Sequence[Path]):
        self.conventions = Conventions.load(conventions)
        self.lexicon = Lexicon.load(lexicons)
        self.namer = Namer(self.lexicon)
        parts = [self.conventions.to_dict(), self.lexicon.digest()]
        self.digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Resolver:
    """Reads counts by conventions and names by a lexicon. Made by :meth:`load`.

    Another process that it is sent to loads the same files, as it does with a model: the tables
    are too large to travel with each part, and a process that dies while it is sent more than a
    pipe holds leaves the sender waiting for ever.

    >>> resolver = Resolver.load()
    >>> text = "قتل جنديان في قصف لداعش"
    >>> [count, name] = resolver.spans(text, [Span(4, 10, "CASUALTY"), Span(18, 23, "ACTOR")])
    >>> count.count
    Count(min=2, max=2, approximate=False, outcome='killed', subset=False)
    >>> name.name.english
    'Islamic State'
    """

    conventions_file: Path | None
    lexicon_files: tuple[Path, ...]
    sha256: str
    """See :meth:`digest`."""

    @classmethod
    def load(cls, conventions: Path | None = None, lexicons: Sequence[Path] = ()) -> Resolver:
        """Load the shipped conventions and lexicon, with a user's own files on top of them.

        Raises:
            InputError: a file cannot be read, or a convention is none.
            DataError: with every fault of the lexicon files.
        """
        tables = Tables(conventions, lexicons)
        place = None if conventions is None else conventions.absolute()
        resolver = cls(place, tuple(path.absolute() for path in lexicons), tables.digest)
        resolver.__dict__["_tables"] = tables
        return resolver

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels to another process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def files(self) -> tuple[Path, ...]:
        """The user's own files that it rests on."""
        own = () if self.conventions_file is None else (self.conventions_file,)
        return (*own, *self.lexicon_files)

    @property
    def conventions(self) -> Conventions:
        """What vague words are worth, and which words bound a number."""
        return self._tables.conventions

    @property
    def lexicon(self) -> Lexicon:
        """What is known of names."""
        return self._tables.lexicon

    def __call__(self, document: Document) -> Document:
        """Return ``document`` with what its spans say."""
        return replace(document, spans=self.spans(document.text, document.spans))

    def complete(self, document: Document) -> Document:
        """Return ``document`` with what its spans say; the counts that a person has read stay."""
        spans = self.spans(document.text, document.spans)
        kept = (
            replace(span, count=given.count, count_rule=None) if is_gold(given) else span
            for given, span in zip(document.spans, spans, strict=True)
        )
        return replace(document, spans=tuple(kept))

    def spans(self, text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Return ``spans``, which stand in text order, with a count or a name each.

        Raises:
            InputError: this was sent here, and the files are not here, or others than there.
        """
        conventions, namer = self._tables.conventions, self._tables.namer
        places = [(span.start, span.end) for span in spans if span.label == LABEL]
        outcomes = iter(read_outcomes(text, places) if places else ())
        resolved = []
        for span in spans:
            if span.label != LABEL:
                name = namer.name(text, span.start, span.end, span.label)
                resolved.append(replace(span, name=name))
                continue
            outcome = next(outcomes)
            number = read_number(text, span.start, span.end, conventions)
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
        return self.sha256

    @cached_property
    def _tables(self) -> Tables:
        return _load_again(self)


@lru_cache(maxsize=1)  # a process is sent the same resolver with each part
def _load_again(resolver: Resolver) -> Tables:
    tables = Tables(resolver.conventions_file, resolver.lexicon_files)
    if tables.digest != resolver.sha256:
        raise InputError(
            f"the conventions or the lexicon are others now, on {platform.node()}, than the run "
            "began with; leave them as they are while a run goes, and give all machines the same"
        )
    return tables
