"""The name of an ACTOR, WEAPON or BASE span: what a lexicon knows of what it mentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Name:
    """What a mention refers to."""

    canonical: str
    """The one Arabic name of the party; for what no lexicon knows, the mention in plain spelling,
    without attached particles."""
    english: str | None = None
    type: str | None = None
    """The kind of party, the class of weapon, or the type of base; None where it is unknown."""
    wikidata: str | None = None
    """The Wikidata item, such as ``Q2429253``; None where it is not certain."""
    known: bool = False
    """Whether a lexicon knows it."""

    def to_dict(self) -> dict[str, Any]:
        """Return the name as the keys that it adds to a span in JSONL."""
        return {
            "canonical": self.canonical,
            "english": self.english,
            "type": self.type,
            "wikidata": self.wikidata,
            "known": self.known,
        }
