"""The words of harm behind a count: ``[5] قتلوا``, ``[5] بجروح``, ``[5] بين قتيل وجريح``."""

from __future__ import annotations

from train.clause import NEAR, SUBSET, Clause, Reading, both
from train.folding import fold
from train.governors import SUBJECT_VERBS
from train.harm import EITHER, Cue

_REACH = 40  # words from a count that begins its clause to its verb
_PERSON_REACH = 7  # words from such a count to the noun that says what became of it
_END_REACH = 15  # words from abducted people to the news of their death


def _words(line: str) -> frozenset[str]:
    return frozenset(fold(line).split())


# Words that may stand between a count and the verb whose subject it is.
AFTER_LIGHT = _words(
    "على الأقل الأكثر في آخرين آخرون أخرى آخر أخريات أيضا منهم منهن من بينهم تقريبا كانوا كانا كان "
    "قد وقد جميعهم كلهم جميعا"
) | frozenset("«»\"'“”()،,")
_PAIR_LIGHT = _words("بين ما من آخرين آخرون شخصا شخص منهم سقطوا سقط وقعوا")
_ONE_DEAD = _words("قتيل قتيلا شهيد شهيدا")
_ONE_HURT = _words("جريح جريحا مصاب مصابا")
_HURT = _words(
    "بجروح بجراح بجروحهم بحروق بالاختناق باختناق بإصابات بالجراح بالجروح إصاباتهم إصاباتهما "
    "إصابتهم جراحهم جروحهم"
)
_SUFFERED = ("تعرض", "يتعرض")
_CAPTIVE = _words("الأسر قبضة")
_STATE = _words("حال حالة بحال بحالة حالتهم حالته حالتها حالتهما")
_GRAVE = ("خط", "الخط", "حرج")
_MOVED = ("نقل", "ينقل")
_HOSPITAL = ("مستشف", "المستشف", "للمستشف", "لمستشف")
_THREAT = _words("هدد هددت هددوا تهديد يهدد تهدد بتهديد مهددا مهددين")
_DIED = _words("توفي توفى استشهد مات")
_SOME = ("احد", "بعض", "منه", "اثن", "ثلاث")


def pair(clause: Clause, first: int, last: int, named: Reading | None) -> Reading | None:
    """Return ``killed_or_injured`` for ``[30] بين قتيل وجريح`` and ``[30 قتيلا] وجريحا``."""
    at = last
    one: Cue | None
    if named is None or named[1].startswith(("inside:ضحي", "inside:ضحا")):
        while at < last + NEAR and clause.word(at) in _PAIR_LIGHT:
            at += 1
        one = clause.cue(at)
        if one is None or one.kind == "verb" or one.loose or one.joined:
            return None
        at += 1
    else:
        one = clause.cue(last - 1)
        if first == last or one is None or one.lemma not in _ONE_DEAD:
            return None
    if clause.word(at) in ("و", "او"):
        at += 1
    other = clause.cue(at)
    if other is None or other.kind != one.kind or other.harm == one.harm:
        return None
    if clause.span_at(at) is not None or (named is not None and other.lemma not in _ONE_HURT):
        return None
    return "killed_or_injured", "pair"


def predicate(clause: Clause, index: int, last: int, is_governed: bool) -> Reading | None:
    """Return the verb right behind count ``index`` that has it for its subject."""
    at = last
    while at < last + NEAR and clause.word(at) in AFTER_LIGHT:
        at += 1
    cue = clause.cue(at)
    if cue is None or cue.kind != "verb" or cue.joined:
        return None
    if is_governed:
        # «قتل [فتى] طعنا» tells how; «نعت [ستة] سقطوا» adds nothing.
        if not cue.follows or cue.loose or clause.words[at].endswith("ا"):
            return None
    elif not cue.follows and at - last > 1:
        return None
    if clause.next_span(index) == at + 1 < len(clause.words):
        return None  # the next count is its object
    clause.predicates.add(at)
    reading = clause.reading(at, cue)
    other = clause.cue(at + 1)
    if other is not None and other.joined and other.kind == "verb" and other.follows:
        return both(reading, clause.reading(at + 1, other))
    return reading


def suffered(clause: Clause, first: int, last: int, floor: int) -> Reading | None:
    """Return the harm of ``تعرض [سبعة] للإصابة``, or that of people who were taken to hospital."""
    before = [word.removeprefix("و") for word in clause.words[max(floor, first - NEAR - 1) : first]]
    behind = range(last, min(last + NEAR, len(clause.words)))
    if any(word.startswith(_SUFFERED) for word in before):
        for at in behind:
            cue = clause.cues[at]
            if cue is not None and cue.kind != "verb":
                return clause.reading(at, cue)
    near = (*before[-2:], *clause.words[last : last + 2])
    if any(word.startswith(_MOVED) for word in near) and any(
        word.startswith(_HOSPITAL) for word in clause.words[last : last + 2 * NEAR]
    ):
        return "injured", "verb:نقل إلى مستشفى"
    return None


def behind(clause: Clause, last: int, is_topic: bool) -> Reading | None:
    """Return the harm that is told behind a count: its verb, its adjective, ``بجروح``.

    ``is_topic``: the count begins its clause, so that its verb is somewhere behind it.
    """
    at = last
    until = min(len(clause.words), last + (_REACH if is_topic else NEAR))
    while at < until:
        span = clause.span_at(at)
        if span is not None:
            joined = at == last and clause.words[at].startswith("و")
            if not joined and not (is_topic and _goes_on(clause, at, last)):
                return None
            at = max(clause.spans[span][1], at + 1)
            continue
        cue = clause.cues[at]
        if cue is None:
            reading = _phrase(clause, at) if at < last + NEAR else None
        elif cue.joined and cue.kind == "verb":
            return None
        else:
            reading = _told(clause, at, cue, at - last, is_topic)
        if reading is not None:
            return reading
        at += 1
    return None


def _told(clause: Clause, at: int, cue: Cue, distance: int, is_topic: bool) -> Reading | None:
    """Return what a word of harm says of the count ``distance`` words before it."""
    word = clause.words[at]
    if word in _HURT and distance < NEAR:
        return "injured", "noun:بجروح"
    if word in _CAPTIVE:
        is_captive = clause.words[at - 1] == "في" and distance < _PERSON_REACH
        return ("abducted", "noun:أسر") if is_captive else None
    if cue.joined:
        return None
    if cue.kind == "verb":
        is_told = is_topic and (not cue.loose or cue.lemma in SUBJECT_VERBS)
        if is_told or cue.follows:
            clause.predicates.add(at)
            return clause.reading(at, cue)
    elif cue.kind == "person":
        if distance < (_PERSON_REACH if is_topic else NEAR):
            return clause.reading(at, cue)
    elif clause.words[at - 1].startswith(_SUFFERED) or cue.lemma in ("مصرع", "حتف"):
        return clause.reading(at, cue)
    return None


def _phrase(clause: Clause, at: int) -> Reading | None:
    word = clause.words[at]
    if word in _HURT:
        return "injured", "noun:بجروح"
    if word in _CAPTIVE and clause.words[at - 1] == "في":
        return "abducted", "noun:قبضة"
    if word in _STATE and clause.word(at + 1).startswith(_GRAVE):
        return "injured", "noun:حالة خطيرة"
    return None


def _goes_on(clause: Clause, at: int, last: int) -> bool:
    """Whether a clause goes on behind the count at ``at``, which is no subject of its own."""
    before = clause.cues[at - 1]
    return (
        at == last
        or clause.words[at].startswith("و")
        or clause.words[at - 1] in SUBSET
        or clause.span_at(at - 1) is not None
        or (before is not None and before.kind != "person" and not before.joined)
    )


def ended(clause: Clause, index: int, last: int, reading: Reading) -> Reading:
    """Return ``killed`` where the people were abducted, or wounded, and died of it."""
    harm = reading[0]
    if harm not in ("abducted", "injured"):
        return reading
    until = min(clause.next_span(index), last + _END_REACH)
    if harm == "injured":
        if "الموت" in clause.words[last : min(until, last + NEAR)]:
            return "killed", "noun:الموت"
        until = min(until - 1, last + 2)
    for at in range(last, until):
        cue, word = clause.cues[at], clause.words[at]
        if word in _THREAT:
            break
        if cue is None or cue.harm != "killed":
            continue
        if harm == "injured":
            if cue.lemma in _DIED and not clause.word(at + 1).startswith(_SOME):
                return clause.reading(at, cue)
        elif not cue.loose and (cue.follows or word.endswith(("هم", "هما"))):
            return clause.reading(at, cue)
    return reading


def anywhere(clause: Clause, index: int, last: int) -> Reading | None:
    """Return the first verb of harm behind a count that takes no other count."""
    until = clause.next_span(index)
    until = min(until - 3 if until < len(clause.words) else until, last + _REACH)
    for at in range(last, until):
        cue = clause.cues[at]
        if cue is None or cue.kind != "verb":
            continue
        if cue.loose and not (cue.follows and cue.lemma in SUBJECT_VERBS):
            continue
        is_finite = cue.follows or cue.joined or cue.lemma not in EITHER
        if is_finite or clause.words[at].endswith(("هم", "هما")):
            return clause.reading(at, cue)
    return None
