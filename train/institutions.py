"""Institutions of states: الجيش العراقي, جيش العراق and القوات المسلحة العراقية are one party."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from train.entries import Entry, Institution
from train.lexicon import Lexicon
from train.name import Name
from train.phrases import bare, bare_key, phrase_key

_LONGEST = 5
"""Words of the longest state name that is looked for behind a head."""

# Heads that leave a state itself, and those that only stand between a force and its state (قوات
# النظام السوري). A capital stands for the state behind the last three, not behind شرطة.
_STATE = frozenset(("دوله", "جانب", "جمهوريه", "مملكه", "كيان", "عدو", "احتلال"))
_BETWEEN = frozenset(("نظام", "حكومه", "دوله", "سلطات", "سلطه", "احتلال", "عدو"))
_GOVERNMENTS = frozenset(("حكومه", "نظام", "اداره"))


class Institutions:
    """The heads of a lexicon's institutions and the names of its states."""

    def __init__(self, lexicon: Lexicon, parties: Mapping[str, Name]):
        self._heads = lexicon.heads
        self._parties = parties
        self._states: dict[str, Entry] = {}
        self._capitals: dict[str, Entry] = {}
        self._demonyms: dict[str, Entry] = {}
        self._named: dict[tuple[int, int], Name] = {}
        for entry in lexicon.entries:
            if entry.type != "state" or entry.label != "ACTOR":
                continue
            capitals = set(map(phrase_key, entry.capitals))
            for key in entry.keys:
                table = self._capitals if key in capitals else self._states
                table.setdefault(key, entry)
                table.setdefault(bare_key(key), entry)
            if entry.adjective:
                for demonym in entry.demonym:
                    for form in inflections(phrase_key(demonym)):
                        self._demonyms.setdefault(form, entry)

    def find(self, words: Sequence[str]) -> Name | None:
        """Return the name of a head and its state, where ``words`` are just that."""
        for start in range(len(words) - 1, max(0, len(words) - 1 - _LONGEST), -1):
            tail = words[start:]
            state = self.demonym(tail) or _get(self._states, tail)
            if not state:
                state = _get(self._capitals, tail)
                if not state or bare(words[0]) not in _GOVERNMENTS:
                    continue
            heads = [bare(word) for word in words[:start]]
            head = " ".join(heads)
            if head in _STATE:
                return self._parties.get(state.keys[0])
            institution = self._heads.get(head) or self._heads.get(head.removesuffix("ا"))
            if not institution and heads[-1] in _BETWEEN:
                institution = self._heads.get(" ".join(heads[:-1]))
            if institution:
                return self._name(institution, state)
        for place in range(1, len(words) - 1):  # القوات الأميركية الخاصة
            state = self.demonym(words[place : place + 1])
            if state:
                others = (*words[:place], *words[place + 1 :])
                institution = self._heads.get(" ".join(map(bare, others)))
                return self._name(institution, state) if institution else None
        return None

    def demonym(self, words: Sequence[str]) -> Entry | None:
        """Return the state whose adjective ``words`` are, in any gender, number and case."""
        return _get(self._demonyms, words)

    def _name(self, institution: Institution, state: Entry) -> Name:
        mark = (id(institution), id(state))
        name = self._named.get(mark)
        if name is None:
            masculine = _definite(state.demonym[0])
            feminine = " ".join(w + "ة" if w.endswith("ي") else w for w in masculine.split(" "))
            canonical = institution.name.replace("{demonym_f}", feminine)
            canonical = canonical.replace("{demonym}", masculine)
            english = institution.english.replace("{adjective}", state.adjective or "")
            # Where a file names this very institution, its entry knows more.
            name = self._parties.get(phrase_key(canonical))
            name = name or Name(canonical, english, institution.type, None, known=True)
            self._named[mark] = name
        return name


def inflections(key: str) -> Iterator[str]:
    """Yield the forms that an adjective without its article has as a key."""
    yield key
    words = key.split(" ")
    if words[-1].endswith("ي"):
        for ending in ("ه", "ين", "ات", "ا", "ان", "تين", "تان"):
            yield " ".join(word + ending if word.endswith("ي") else word for word in words)


def _get(table: Mapping[str, Entry], words: Sequence[str]) -> Entry | None:
    # Both, since the article looks like the first letters of ألماني.
    return table.get(" ".join(words)) or table.get(" ".join(map(bare, words)))


def _definite(demonym: str) -> str:
    first, *rest = demonym.split(" ")
    both = first.endswith("ي")
    return " ".join(["ال" + first, *("ال" + w if both and w.endswith("ي") else w for w in rest)])
