"""Whether a count is a part of the count before it: ``قتل [9] بينهم [3 نساء]``."""

from __future__ import annotations

from train.clause import NEAR, OF_THEM, SUBSET, Clause, Reading
from train.folding import fold
from train.governors import LIGHT
from train.predicates import AFTER_LIGHT

_GAP = 10  # words between two counts of one list of victims
_AMONG = frozenset(("بين", "وبين", "ضمن", "وضمن"))
_BARE = frozenset(
    fold(
        "اثنان اثنين اثنتان اثنتين ثلاثة ثلاث أربعة أربع خمسة خمس ستة ست سبعة سبع ثمانية ثماني "
        "تسعة تسع عشرة عشر عشرون عشرين ثلاثون ثلاثين أربعون أربعين خمسون خمسين مئة مائة واحد واحدة "
        "عدد عددا عشرات العشرات كثير الكثير العديد"
    ).split()
)
_THESE = frozenset(("هولاء", "هؤلاء", "اولئك"))
_ONE_OF_THEM = frozenset(("احدهم", "احداهن", "احدهما", "احداهما"))
_OTHERS = ("اخر", "غير")
_OF_A_COUNT = OF_THEM | {"هم", "وهم", "هما", "وهما"}
# Harm to a part that cannot be a part of those who came to the other harm.
_APART = frozenset((("killed", "injured"), ("killed", "abducted"), ("injured", "abducted")))


def is_subset(
    clause: Clause,
    index: int,
    floor: int,
    named: list[bool],
    subsets: list[bool],
    readings: list[Reading],
) -> bool:
    """Whether count ``index`` is a part of one named before it.

    ``named`` and ``readings`` say of the counts up to this one whether their own nouns name a
    harm, and which harm was read; ``subsets`` says of those before it whether they are parts.
    """
    first, last = clause.spans[index]
    at = first - 1
    while at >= floor:
        word = clause.words[at]
        if word in SUBSET:
            # «[9] منهم [و5 آخرين]» is a sum of two counts.
            is_sum = at == floor and clause.is_joined(first)
            return word not in _OF_A_COUNT or (index > 0 and not is_sum)
        if word not in LIGHT:
            break
        at -= 1
    if first >= last:
        return False
    if any(_among(clause, start) for start in (at - 1, at - 2) if start >= floor):
        return True
    if not index:
        return False
    # A tagger may take «بينهم» into the span.
    if clause.words[first] in SUBSET or clause.words[first].removeprefix("و") in _ONE_OF_THEM:
        return True
    if _among(clause, last):
        return True
    harm, before = readings[index][0], readings[index - 1][0]
    if _of_them(clause, last):
        # «قتل [9] وأصيب [5] منهم»: of their people, not of the dead.
        return harm == before or (before, harm) not in _APART
    if harm != before and not (named[index] and named[index - 1]):
        return False
    return _in_list(clause, index, floor, named, subsets)


def _in_list(
    clause: Clause, index: int, floor: int, named: list[bool], subsets: list[bool]
) -> bool:
    """Whether the count goes on with a list of parts: ``بينهم [3 نساء] [و4 أطفال]``."""
    first, last = clause.spans[index]
    if not clause.is_joined(first):
        return False
    if any(word.startswith(_OTHERS) for word in clause.words[first:last]):
        return False
    if subsets[-1]:
        is_apart = any(clause.cues[floor:first]) or first - floor > NEAR
        return not is_apart and named[index] == named[index - 1]
    if named[index]:
        return False
    # «[9] بجروح بينهم امرأة [و3 أطفال]»
    for at in range(first - 1, max(floor, first - _GAP) - 1, -1):
        if clause.cues[at] is not None:
            return False
        if clause.words[at] in SUBSET:
            return not (at == floor and clause.words[at] in OF_THEM)
    return False


def _among(clause: Clause, at: int) -> bool:
    """Whether ``بين القتلى`` or ``بين هؤلاء القتلى`` begins at a word."""
    for ahead in range(at, at + 3):
        word = clause.word(ahead)
        if word in _AMONG:
            behind = ahead + 1 + (clause.word(ahead + 1) in _THESE)
            cue = clause.cue(behind)
            return cue is not None and cue.kind == "person" and clause.word(behind)[:2] == "ال"
        if word not in AFTER_LIGHT:
            return False
    return False


def _of_them(clause: Clause, last: int) -> bool:
    """Whether the count is ``[20] منهم`` or ``[20 منهم]``, and not ``[20] منهم 3 نساء``."""
    bare = clause.words[last - 1]
    if bare in OF_THEM:
        return True
    if clause.word(last) not in OF_THEM:
        return False
    if not (bare.isdigit() or bare in _BARE or bare.lstrip("وبفل") in _BARE):
        return False
    return not clause.word(last + 1).isdigit() and clause.span_at(last + 1) is None
