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
_PAIR_LIGHT = _words("بين ما من آخرين آخرون شخصا شخص منهم سقطوا سقط وقعوا ،")
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
_BREAKS = _words("إلى ، , ؛ مع")
_DONE = _words("تم جرى تمت جرت")
_THEM = ("هم", "هما", "هن")
_DIED = _words("توفي توفى استشهد مات")
_FOUND_DEAD = _words("مقتول مقتولا مقتولة مقتولين مقتولتين جثته جثتها جثثهم جثتيهما")
_SOME = ("احد", "بعض", "منه", "اثن", "ثلاث")


def pair(clause: Clause, first: int, last: int, named: Reading | None) -> Reading | None:
    """Return ``killed_or_injured`` for ``[30] بين قتيل وجريح`` and ``[30 قتيلا] وجريحا``."""
    if named is None or named[1].startswith(("inside:ضحي", "inside:ضحا")):
        at = _skip_to_pair(clause, last)
        return _pair_at(clause, at, clause.cue(at))
    one = clause.cue(last - 1)
    if first == last or one is None or one.lemma not in _ONE_DEAD:
        return None
    other = clause.cue(last + (clause.word(last) in ("و", "او")))
    is_one = other is not None and other.lemma in _ONE_HURT
    return _pair_at(clause, last - 1, one) if is_one else None


def _skip_to_pair(clause: Clause, at: int) -> int:
    until = at + NEAR
    while at < until and clause.word(at) in _PAIR_LIGHT:
        at += 1
    return at


def _pair_at(clause: Clause, at: int, one: Cue | None) -> Reading | None:
    """Return the outcome of two nouns of harm that are joined at a word."""
    if one is None or one.kind == "verb" or one.loose or one.joined:
        return None
    at += 2 if clause.word(at + 1) in ("و", "او") else 1
    other = clause.cue(at)
    if other is None or other.kind != one.kind or other.harm == one.harm:
        return None
    return None if clause.span_at(at) is not None else ("killed_or_injured", "pair")


def _verb(clause: Clause, at: int, cue: Cue) -> Reading:
    """Return what a verb behind its subject says: ``سقطوا`` alone, or ``سقطوا جرحى``."""
    clause.predicates.add(at)
    if cue.lemma == "سقط":
        ahead = _skip_to_pair(clause, at + 1)
        state = clause.cue(ahead)
        shared = _pair_at(clause, ahead, state)
        if shared is not None:
            return shared
        if ahead == at + 1 and state is not None and state.kind == "person" and not state.joined:
            return clause.reading(ahead, state)
    return clause.reading(at, cue)


def predicate(clause: Clause, index: int, is_governed: bool) -> Reading | None:
    """Return the verb right behind count ``index`` that has it for its subject."""
    first, last = clause.spans[index]
    at = last
    while at < last + NEAR and clause.word(at) in AFTER_LIGHT:
        at += 1
    cue = clause.cue(at)
    if cue is None or cue.kind != "verb" or cue.joined:
        return None
    if is_governed:
        # «قتل [فتى] طعنا» tells how; «نعت [ستة] سقطوا» adds nothing.
        is_manner = clause.words[at].endswith("ا") and not clause.words[at].endswith("وا")
        if not cue.follows or cue.loose or is_manner:
            return None
    elif not cue.follows and at - last > 1:
        return None
    if clause.has_object(at):
        return None
    if _is_of_all(clause, first, at, cue):
        return None
    reading = _verb(clause, at, cue)
    other = clause.cue(at + 1)
    if other is not None and other.joined and other.kind == "verb" and other.follows:
        return both(reading, clause.reading(at + 1, other))
    return reading


def _is_of_all(clause: Clause, first: int, at: int, cue: Cue) -> bool:
    """Whether a plain ``سقطوا`` is said of a whole list: ``[3 نساء] [وطفل]، سقطوا``."""
    state = clause.cue(at + 1)
    is_plain = cue.lemma == "سقط" and (state is None or state.kind != "person")
    return is_plain and clause.goes_with_last(first)


def suffered(clause: Clause, first: int, last: int, floor: int) -> Reading | None:
    """Return the harm of ``تعرض [سبعة] للإصابة``, or that of people who were taken to hospital.

    ``مصير [سبعة] مجهول`` is said of the missing.
    """
    before = [word.removeprefix("و") for word in clause.words[max(floor, first - NEAR - 1) : first]]
    behind = range(last, min(last + NEAR, len(clause.words)))
    if any(word.startswith(_SUFFERED) for word in before):
        for at in behind:
            cue = clause.cues[at]
            if cue is not None and cue.kind != "verb":
                return clause.reading(at, cue)
    unknown = any(word.startswith("مجهول") for word in clause.words[last : last + NEAR])
    if unknown and before and before[-1] == "مصير":
        return "missing", "noun:مصير"
    near = (*before[-2:], *clause.words[last : last + 2])
    if any(word.startswith(_MOVED) for word in near) and any(
        word.startswith(_HOSPITAL) for word in clause.words[last : last + 2 * NEAR]
    ):
        return "injured", "verb:نقل إلى مستشفى"
    return None


def behind(clause: Clause, first: int, last: int, is_topic: bool) -> Reading | None:
    """Return the harm that is told behind a count: its verb, its adjective, ``بجروح``.

    ``is_topic``: the count begins its clause, so that its verb is somewhere behind it.
    """
    is_part = clause.word(first - 1) in SUBSET
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
        elif cue.kind == "verb" and (cue.joined or is_part or _is_of_all(clause, first, at, cue)):
            return None  # of another count, or of all of which this is a part
        else:
            reading = _told(clause, at, cue, last, is_topic)
        if reading is not None:
            return reading
        at += 1
    return None


def _told(clause: Clause, at: int, cue: Cue, last: int, is_topic: bool) -> Reading | None:
    """Return what a word of harm says of the count that ends at ``last``, before it."""
    word, before, distance = clause.words[at], clause.words[at - 1], at - last
    if word in _HURT and distance < NEAR:
        return "injured", "noun:بجروح"
    if word in _CAPTIVE:
        is_near = distance < _PERSON_REACH or clause.words[at - 2].startswith("وقع")
        return ("abducted", "noun:أسر") if before == "في" and is_near else None
    if cue.joined:
        return None
    if cue.kind == "verb":
        is_told = is_topic and (not cue.loose or cue.lemma in SUBJECT_VERBS)
        if (is_told or cue.follows) and not clause.has_object(at):
            return _verb(clause, at, cue)
    elif cue.kind == "person":
        is_near = distance < (_PERSON_REACH if is_topic else NEAR)
        if is_near and not _BREAKS.intersection(clause.words[last:at]):
            return clause.reading(at, cue)
    elif (
        before.startswith(_SUFFERED)
        or cue.lemma in ("مصرع", "حتف")
        or (cue.lemma == "موت" and before == "حتي")
        or (before in _DONE and word.endswith(_THEM))
    ):
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
        if word.removeprefix("و") in _THREAT:
            break
        if harm == "abducted" and word in _FOUND_DEAD:
            return "killed", "noun:مقتول"
        # «أفرجوا عن [رهينتين] وقتلوا [ثالثة]»: the verb takes the next count.
        if cue is None or cue.harm != "killed" or clause.has_object(at):
            continue
        if harm == "injured":
            if cue.lemma in _DIED and not clause.word(at + 1).startswith(_SOME):
                return clause.reading(at, cue)
        elif not cue.loose and (cue.follows or word.endswith(_THEM)):
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
        if clause.words[at].endswith(_THEM):
            return clause.reading(at, cue)
        if cue.loose and not (cue.follows and cue.lemma in SUBJECT_VERBS):
            continue
        if cue.follows or cue.joined or cue.lemma not in EITHER:
            return clause.reading(at, cue)
    return None
