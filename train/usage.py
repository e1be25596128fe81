"""How annotated data treats a mention wherever its words stand: marked so, otherwise, or not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from train.document import Document
from train.folding import fold
from train.mistakes import mention_key
from train.words import split_words

_ARTICLE = re.compile("[وف]?(?:لل|[بك]?ال)")
_FIRST = "ثم"
"""A word that no key changes."""


class Usage(NamedTuple):
    """How often the words of a mention stand in annotated data, and as what."""

    marked: int
    """As a mention of the label."""
    otherwise: int
    """As a mention of another label."""
    unmarked: int
    """Where no mention is marked, with the article if the mention has it: ``العند`` is a base, and
    ``عند`` a preposition. A place that is part of a longer mention is in none of these."""


class Usages:
    """How data treats each of some mentions.

    Args:
        documents: the annotated data.
        mentions: their texts; spellings that :func:`train.mistakes.mention_key` takes for one are
            one here as well.
    """

    def __init__(self, documents: Iterable[Document], mentions: Iterable[str]):
        self._labels: dict[str, Counter[str]] = {mention_key(m): Counter() for m in mentions}
        self._unmarked: Counter[tuple[str, bool]] = Counter()
        by_first: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for key in self._labels:
            first, *later = key.split(" ")
            by_first.setdefault(first, []).append((key, tuple(later)))
        for document in documents:
            for span in document.spans:
                key = mention_key(document.text[span.start : span.end])
                if key in self._labels:
                    self._labels[key][span.label] += 1
            words = split_words(document.text)
            forms = [_forms(word.text) for word in words]
            for place, (first, _) in enumerate(forms):
                for key, rest in by_first.get(first, ()):
                    end = place + 1 + len(rest)
                    if tuple(form for _, form in forms[place + 1 : end]) != rest:
                        continue
                    stretch = words[place].start, words[end - 1].end
                    if not any(s.start < stretch[1] and stretch[0] < s.end for s in document.spans):
                        self._unmarked[key, _has_article(words[place].text)] += 1

    def of(self, mention: str, label: str) -> Usage:
        """Return how the data treats one of the mentions, as one of the label."""
        key = mention_key(mention)
        labels = self._labels[key]
        unmarked = self._unmarked[key, _has_article(mention)]
        return Usage(labels[label], labels.total() - labels[label], unmarked)


def _has_article(words: str) -> bool:
    return bool(_ARTICLE.match(fold(words)))


@lru_cache(maxsize=1 << 16)
def _forms(word: str) -> tuple[str, str]:
    """Return a word as it stands first in a mention's key, and as it stands later in one."""
    return mention_key(word), mention_key(f"{_FIRST} {word}").partition(" ")[2]
