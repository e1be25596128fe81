"""The word of harm before a count: ``مقتل [5]``, ``قتل مسلحون [5]``, ``عدد القتلى إلى [5]``."""

from __future__ import annotations

from train.clause import NEAR, Clause, Reading
from train.folding import fold

_REACH = 60  # words from a count to a word of harm before it
_VERB_REACH = 20  # words from a count to a verb before it that is not always one of harm


def _words(line: str) -> frozenset[str]:
    return frozenset(fold(line).split())


# Words that may stand between a word of harm and the count it takes, and take nothing away.
LIGHT = _words(
    "على عن إلى في من مع ب بـ ل ك و أيضا نحو حوالي زهاء قرابة أكثر أمس اليوم كل ما قد به بها "
    "فيه فيها فيهم معه معها منهم منهن على الأقل خلالها خلاله إثرها جراءها لاحقا كذلك الحياة"
) | frozenset("«»\"'“”‘’()[]:،,-–—*")
_COUNTED = _words("إلى ب عند بلغ وصل تجاوز فاق عددهم وعددهم عدد")
_SEARCH = _words("البحث للبحث بحث بحثا والبحث يبحثون تبحث")
_SENTENCE = ("حكم", "احكام")
_OVER = _words("القضاء بالقضاء والقضاء للقضاء")
# Verbs of harm although they are loose, with their subject between them and the count.
_HARMING = frozenset(("أصاب", "طعن", "دهس", "صرع", "أجهز"))
SUBJECT_VERBS = frozenset(("قضى", "لقي", "سقط", "ارتقى", "مات", "فارق", "لفظ"))
"""Verbs that mean death where people are their subject, and much else where not."""
# Verbs that may have their subject between them and the count, though they are loose.
_TAKING = _words("أسر خسر قنص صفى فقد نعى أردى اقتاد قضى ارتقى طعن دهس")


def governor(clause: Clause, first: int, floor: int) -> Reading | None:
    """Return the word of harm right before the word ``first``, or the two that share the count.

    Words before ``floor`` belong to another count.
    """
    for at in range(first - 1, floor - 1, -1):
        cue = clause.cues[at]
        word = clause.words[at]
        if cue is not None:
            # «شهيد و[3 إصابات]» are two counts.
            is_another = cue.kind == "person" and clause.is_joined(first)
            is_taken = is_another or at in clause.predicates
            return None if is_taken else clause.joined_with(at, cue, floor)
        if word in _OVER and clause.word(at + 1) == "علي":
            return "killed", "noun:القضاء على"
        if word in _SEARCH and clause.word(at + 1) == "عن":
            return "missing", "noun:البحث عن"
        if word not in LIGHT:
            return None
    return None


def taker(clause: Clause, first: int, floor: int) -> Reading | None:
    """Return the verb whose subject stands between it and the count: ``قتل خاطفون [رهينة]``."""
    if clause.is_joined(first):
        return None
    for at in range(first - 1, max(floor, first - NEAR) - 1, -1):
        cue = clause.cues[at]
        if at in clause.predicates:
            return None
        if cue is not None:
            is_verb = cue.kind == "verb" and (not cue.loose or cue.lemma in _HARMING)
            return clause.joined_with(at, cue, floor) if is_verb else None
    return None


def far_before(clause: Clause, first: int, floor: int) -> Reading | None:
    """Return the nearest word of harm before the count and behind the count before it."""
    weak: Reading | None = None
    for at in range(first - 1, max(floor, first - _REACH) - 1, -1):
        cue = clause.cues[at]
        if cue is None or at in clause.predicates:
            continue
        if cue.loose and not (cue.follows and cue.lemma in SUBJECT_VERBS):
            if cue.lemma == "إعدام" and clause.word(at - 1).startswith(_SENTENCE):
                return clause.reading(at, cue)
            continue
        if cue.kind == "person":
            # Victims are told of in passing, unless it is their number that is given.
            if first - at <= NEAR or clause.words[first - 1] in _COUNTED:
                return clause.joined_with(at, cue, floor)
            weak = weak or clause.reading(at, cue)
        elif cue.harm != "unknown" or first - at <= NEAR:
            return clause.joined_with(at, cue, floor)
    return _far_verb(clause, first, floor) or (weak if floor == 0 else None)


def _far_verb(clause: Clause, first: int, floor: int) -> Reading | None:
    for at in range(first - 1, max(floor, first - _VERB_REACH) - 1, -1):
        cue = clause.cues[at]
        if cue is None or cue.kind != "verb" or at in clause.predicates:
            continue
        if fold(cue.lemma) not in _TAKING:
            continue
        if clause.words[at] == "فقد" and not clause.word(at - 1).isalpha():
            continue  # the particle
        return clause.reading(at, cue)
    return None
