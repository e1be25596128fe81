"""A sentence with counts in it, as the reading of outcomes sees it: words, and what they say."""

from __future__ import annotations

from bisect import bisect_right

from train.folding import fold
from train.harm import CUES, EITHER, Cue

Reading = tuple[str, str]
"""An outcome, one of :data:`train.count.OUTCOMES`, and the rule that read it."""

NEAR = 4
"""How many words from a count another word is still close to it."""

SUBSET = frozenset(
    fold(
        "بينهم وبينهم بينهن وبينهن بينهما بينها ضمنهم وضمنهم ضمنهن ضمنها فيهم فيهن "
        "منهم ومنهم منهن ومنهن هم وهم هما وهما"
    ).split()
)
"""Words that make the count behind them a part of the one before them."""

OF_THEM = frozenset(("منهم", "ومنهم", "منهن", "ومنهن", "منهما"))

_GLUED = ("الي", "علي", "عن", "من", "في", "ان")
_LOST_LIFE = frozenset(("حياتهم", "حياته", "حياتها", "حياتهما", "ارواحهم"))
_LOST_LIMB = ("البصر", "بصر", "اطراف", "احد", "ساق", "قدم", "الوعي")


class Clause:
    """The folded words of one sentence, the harm they name, and the counts among them."""

    __slots__ = ("cues", "predicates", "spans", "words")

    def __init__(self, words: list[str], spans: list[tuple[int, int]]) -> None:
        """Take half-open word ranges in text order as ``spans``."""
        self.words = words
        self.spans = spans
        self.cues: list[Cue | None] = list(map(_cue, words))
        self.predicates: set[int] = set()
        """Words of harm that belong to a count before them, and to none behind them."""

    def word(self, at: int) -> str:
        """Return the word at ``at``, empty beyond the sentence."""
        return self.words[at] if 0 <= at < len(self.words) else ""

    def cue(self, at: int) -> Cue | None:
        """Return the harm that the word at ``at`` names."""
        return self.cues[at] if 0 <= at < len(self.cues) else None

    def span_at(self, at: int) -> int | None:
        """Return the index of the count that the word lies in."""
        index = bisect_right(self.spans, (at, len(self.words))) - 1
        return index if index >= 0 and at < self.spans[index][1] else None

    def is_joined(self, first: int) -> bool:
        """Whether the count that begins at ``first`` is joined to what stands before by ``و``."""
        return self.word(first).startswith("و") or self.word(first - 1) == "و"

    def goes_with_last(self, first: int) -> bool:
        """Whether the count that begins at ``first`` is joined to one right before it."""
        return self.is_joined(first) and self.span_at(first - 1) is not None

    def has_object(self, at: int) -> bool:
        """Whether the verb at ``at`` takes the count right behind it: ``[3] خطفوا [5]``."""
        return self.span_at(at + 1) is not None and not self.word(at + 1).startswith("و")

    def next_span(self, index: int) -> int:
        """Return where the count behind count ``index`` begins, or the sentence ends."""
        return self.spans[index + 1][0] if index + 1 < len(self.spans) else len(self.words)

    def reading(self, at: int, cue: Cue) -> Reading:
        """Return what a word of harm says where it stands."""
        if cue.lemma == "فقد":
            return self._loss(at, cue)
        name = "verb" if cue.kind == "verb" else "noun"
        return cue.harm, f"{name}:{cue.lemma}"

    def _loss(self, at: int, cue: Cue) -> Reading:
        """Tell missing people (``فقد [5]``) from lost ones (``فقدنا [5]``, ``فقدوا حياتهم``)."""
        behind = self.words[at + 1 : at + 4]
        if any(word in _LOST_LIFE for word in behind):
            return "killed", "verb:فقد حياته"
        if behind and behind[0].startswith(_LOST_LIMB):
            return "injured", "verb:فقد"
        is_loser = self.word(at).endswith(("ت", "نا", "وا")) or self.span_at(at + 1) is None
        if cue.kind == "verb" and is_loser and at not in self.predicates:
            return "killed", "verb:فقد"
        return "missing", "verb:فقد"

    def joined_with(self, at: int, cue: Cue, floor: int) -> Reading:
        """Return the harm of a word, with the one before it that shares its count.

        ``مقتل وإصابة [n]`` is one number for two harms; ``[m] قتلوا وأصيب [n]`` is not.
        """
        reading = self.reading(at, cue)
        before = at - 1
        linked = cue.joined
        if before >= floor and self.words[before] in ("و", "او"):
            before -= 1
            linked = True
        other = self.cues[before] if before >= floor else None
        if not linked or other is None or other.follows or other.loose:
            return reading
        if other.kind != cue.kind and not EITHER & {cue.lemma, other.lemma}:
            return reading
        # A word right behind a count, and «مصرعهم», tell of the count before.
        is_taken = before in self.predicates or before == floor > 0
        if is_taken or self.words[before].endswith(("هم", "هما", "هن", "ها")):
            return reading
        return both(self.reading(before, other), reading)


def _cue(word: str) -> Cue | None:
    """Return the harm that a word names, also where a typing error has glued it to another."""
    cue = CUES.get(word)
    if cue is None and word.startswith(_GLUED):
        for before in _GLUED:
            behind = CUES.get(word[len(before) :]) if word.startswith(before) else None
            if behind is not None and behind.kind == "act" and len(behind.lemma) > 3:
                return behind
    return cue


def both(one: Reading, other: Reading) -> Reading:
    """Return the outcome of one number that two words of harm share.

    People abducted and then killed were killed; any other two harms are
    ``killed_or_injured``.
    """
    harms = {one[0], other[0]} - {"unknown"}
    if len(harms) < 2:
        return one if one[0] in harms else other
    if one[0] == "abducted" and other[0] == "killed":
        return other
    return "killed_or_injured", f"{one[1]}+{other[1]}"
