"""The kind of a WEAPON or a BASE: the class of the longest lexicon phrase inside the mention.

The classes are those of :mod:`train.entries`. Decisions that a reader of the output should know:

- Weapons. ``armour`` is every military vehicle, from tank to pickup; ``aircraft`` every manned
  warplane or helicopter; ``aircraft bomb`` a bomb that the words themselves give to an aircraft
  (cluster, barrel, phosphorus, guided bombs), while a plain ``قنبلة`` is an ``explosive device``;
  ``rocket/missile`` takes in launchers, rocket-propelled grenades and air defence. ``other`` is a
  weapon that no class takes: plain ``أسلحة``, ammunition and materiel, blades, nuclear and
  biological weapons, tear gas, petrol bombs.
- Bases. A naval base is a ``base`` and a military harbour a ``port``; a post, trench, gathering or
  observation point is a ``position``; ``other`` is an installation that no type takes: works,
  laboratories, academies, radars, plain ``منشأة``.
- None means that no phrase of the lexicon stands in the mention.
"""

from __future__ import annotations

from collections.abc import Iterator

from train.entries import Entry
from train.lexicon import Lexicon
from train.phrases import phrase_key

_GAP = 2
"""Words that may stand between two words of a phrase: قاعدة (حميميم) الجوية."""
_WINDOW = 12
"""Words of a mention that are looked at; a longer one is the work of a tagger gone astray."""
_SUFFIXES = ("ها", "هم", "نا", "ه", "ا", "ين", "ان", "ي", "ات")


class Kinds:
    """The phrases of one label, ready to be found in mentions."""

    def __init__(self, lexicon: Lexicon, label: str):
        self._words: set[str] = set()
        self._phrases: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        for key, entry in lexicon.exact[label].items():
            first, *rest = key.split(" ")
            self._words.update((first, *rest))
            self._phrases.setdefault(first, []).append((tuple(rest), entry))
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))

    def find(self, mention: str) -> Entry | None:
        """Return the entry of the longest phrase in ``mention``.

        Of phrases as long, one of a class is before one of the class ``other``, then the one with
        fewer words between its words, then the first. Words are met in every inflection that
        keeps their stem, with particles, article and possessive suffix.
        """
        words = phrase_key(mention).split(" ")[:_WINDOW]
        if words[0]:
            words = [self._known(word, not place) for place, word in enumerate(words)]
        best, weight = None, (0, False, 0)
        for start, word in enumerate(words):
            for rest, entry in self._phrases.get(word, ()):
                if len(rest) + 1 < weight[0]:
                    break
                end = _follow(rest, words, start + 1)
                if end:
                    skipped = end - start - 1 - len(rest)
                    found = (len(rest) + 1, entry.type != "other", -skipped)
                    if found > weight:
                        best, weight = entry, found
        return best

    def _known(self, word: str, opens: bool) -> str:
        """Return the phrase word that ``word`` is a form of, or an empty string.

        The word that ``opens`` a mention may only be one that opens a phrase, lest the particle
        of للدبابات be taken for that of مضاد للدبابات.
        """
        known = self._phrases if opens else self._words
        if word in known:
            return word
        for stem in _without_particles(word):
            if stem in known:
                return stem
            for suffix in _SUFFIXES:
                if not stem.endswith(suffix):
                    continue
                root = stem[: -len(suffix)]
                if len(root) < 2:
                    continue
                # A feminine shows its taa before a suffix: قنبلتين, طائراته, قذيفتها.
                for form in (root, root[:-1] + "ه" if root[-1] == "ت" else root + "ه"):
                    if form in known:
                        return form
                if root[-2:] == "ات" and root[:-2] + "ه" in known:
                    return root[:-2] + "ه"
        return ""


def _without_particles(word: str) -> Iterator[str]:
    """Yield ``word`` itself, then with ever more of its particles and article taken off."""
    yield word
    if word[:2] == "ال":
        yield word[2:]
        return
    if word[:1] in ("و", "ف"):
        word = word[1:]
        yield word
        if word[:2] == "ال":
            yield word[2:]
            return
    if word[:2] == "لل":
        yield word[2:]
        yield word[1:]
    elif word[:1] in ("ب", "ل", "ك"):
        word = word[1:]
        yield word
        if word[:2] == "ال":
            yield word[2:]


def _follow(rest: tuple[str, ...], words: list[str], start: int) -> int:
    """Return the index behind the words of ``rest``, or 0 where they do not come in order."""
    for wanted in rest:
        window = words[start : start + _GAP + 1]
        if wanted not in window:
            return 0
        start += window.index(wanted) + 1
    return start
