"""The number of a count of people, read from the words of a CASUALTY span.

The readings follow docs/counts.md. What is not sure to be a number is left unread, with a reason:
a wrong number is worse than none.
"""

from __future__ import annotations

from typing import NamedTuple

from train.conventions import Conventions, Index, Phrase
from train.folding import fold
from train.nouns import bare, number_of
from train.number_words import is_ordinal
from train.numerals import TOKEN, Numeral, read_numeral

RULES = {
    "digits": "a number in digits, or digits with ألف, مليون and the like",
    "number_words": "a number in words",
    "dual": "the dual of the counted noun",
    "singular": "the singular of the counted noun",
    "one_of": "أحد or إحدى, and whom it is one of",
    "ordinal": "an ordinal (ثالث), which is one person",
    "another": "آخر or أخرى: one more person",
    "none": "لا أحد",
    "vague": "a word of the conventions; the rule names it, as in vague:عشرات",
    "range": "two numbers, the ends of a range",
    "at_least": "before another rule: a word that takes the upper end away",
    "at_most": "before another rule: a word that puts the lower end at 0",
    "up_to": "before another rule: حتى and the like, 0 to the number, approximate",
    "about": "before another rule: a word that makes the number rough",
}
"""Every part of a rule, and what it means. Parts are joined by ``+``: ``about+number_words``."""

_LONGEST = 240
"""Characters of a span that are read; no count is longer, a tagger's slip may be."""
_BEFORE = 48
"""Characters before a span in which a bound may stand."""
_AFTER = 32
"""Characters behind a span in which a bound or a percent sign may stand."""
_WITHIN = 12
"""Tokens of a span in which a bound behind the number is looked for."""


class Number(NamedTuple):
    """How many people a span counts."""

    min: int
    max: int | None
    """None where the expression has no upper end."""
    approximate: bool
    rule: str
    """Parts of :data:`RULES`, joined by ``+``."""
    noun: str | None
    """The counted noun, folded, as it stands behind a number (``جنود``, ``شخصا``), and without
    attached particles where its own form is the number; None where there is none."""


class Unread(NamedTuple):
    """Why a span was not read as a number."""

    reason: str


class _Core(NamedTuple):
    """A number without its bounds."""

    least: int
    most: int | None
    rough: bool
    rule: str
    noun: str | None
    end: int


_PERCENT = frozenset("% ٪ بالمئه بالمائه بالميه".split())
_JOINERS = frozenset("- ‐ ‑ – — − الي او ام حتي".split())
_MARKS = frozenset("%٪-‐‑–—−/+،؛,;:.!؟?\n")
_HARM = frozenset(
    "مقتل قتل اصابه جرح مصرع استشهاد وفاه خطف اختطاف اعدام اغتيال سقوط فقدان احتجاز اسر".split()
)
_ONES = frozenset("احد احدي احدهم احداهن احدهما احداهما".split())
_OTHERS = frozenset("اخر اخري".split())
_ADJECTIVES = {"كثيره": "كثير", "كثيرون": "كثير", "كثيرين": "كثير", "كثر": "كثير"}
_ADJECTIVES |= {"عديده": "عديد", "عديدون": "عديد", "عديدين": "عديد", "عده": "عدة"}
_AFTER_NOUN = frozenset("واحد واحده واحدا اثنان اثنين اثنتان اثنتين".split())
_PREPOSITIONS = frozenset("من في علي الي عن بين قرب مع منذ خلال بعد قبل عند تحت ضد".split())
_HARMED = frozenset(
    "قتلوا اصيبوا جرحوا قضوا لقوا حتفهم مصرعهم بجروح قتلي جرحي اخرين اخرون منهم".split()
)
_VERBS_OF_EXCESS = frozenset("يزيد تزيد زاد زادت يربو".split())
_VERBS_OF_PASSING = frozenset("تجاوز يتجاوز تجاوزت تتجاوز تخطي يتخطي فاق يفوق".split())
_COUNTED = frozenset("عددهم عددها القتلي الجرحي الضحايا المصابين المفقودين الشهداء".split())
_MAYBE = frozenset("قد وقد ربما وربما ما يمكن".split())
_REACH = frozenset("يصل تصل يصلون يرتفع ترتفع".split())
_NOTS = frozenset("لا لم لن".split())
_QUOTES = " \t\"'«»“”‘’()[]\u200f\u200e\u202b\u202c\u0640"


def read_number(text: str, start: int, end: int, conventions: Conventions) -> Number | Unread:
    """Read how many people ``text[start:end]`` counts.

    The words just before and just behind the span are looked at for bounds (``قد يصل إلى``,
    ``على الأقل``); the rest of the text costs nothing.

    Args:
        text: The text of the document.
        start: Where the span begins, in code points.
        end: Where it ends.
        conventions: What vague words are worth.
    """
    tokens = TOKEN.findall(fold(text[start : min(end, start + _LONGEST)]))
    if not tokens:
        return Unread("no words")
    bounds: list[str] = []
    is_between = False
    if start and tokens[0][0] != "و":
        # One folded word tells whether it is worth looking further.
        words = text[max(0, start - _BEFORE) : start].rstrip(_QUOTES).rsplit(None, 1)
        if words:
            last = fold(words[-1])
            if last in conventions.closing or last in _COUNTED or last == "بين":
                is_between = _bounds_before(text, start, conventions, bounds)
    at = 0
    length = len(tokens)
    leading = conventions.leading
    vague: Phrase | None = None
    while at < length:
        token = tokens[at]
        phrases = leading.get(token)
        if phrases is not None:
            phrase = _match(phrases, tokens, at)
            if phrase is not None:
                at += 1 + len(phrase.rest)
                if not phrase.bound:
                    vague = phrase
                    break
                bounds.append(phrase.bound)
                continue
        if token in _MARKS or token == "و" or token == "من" or token == "ب" or token == "ل":
            at += 1
        elif token == "بين" or token == "مابين":
            is_between, at = True, at + 1
        elif at + 1 < length and (token in _HARM or (token == "ما" and tokens[at + 1] == "بين")):
            at += 1
        else:
            break
    if vague is not None:
        core = _vague(tokens, at, vague, conventions)
    elif at >= length:
        return Unread("no number")
    else:
        core = _core(tokens, at, conventions, is_between)
    if isinstance(core, Unread):
        return core
    place = core.end
    if place < length and _is_percent(tokens, place):
        return Unread("a share, not a number of people")
    trailing = conventions.trailing
    for index in range(place, min(length, place + _WITHIN)):
        phrases = trailing.get(tokens[index])
        if phrases is not None and (found := _match(phrases, tokens, index)) is not None:
            bounds.append(found.bound)
    following = text[end : end + _AFTER]
    if following and not following.isspace():
        after = TOKEN.findall(fold(following))
        index = 0
        while index < len(after) and index < 2 and after[index] in _HARMED:
            index += 1
        if index < len(after):
            if place >= length and index == 0 and _is_percent(after, 0):
                return Unread("a share, not a number of people")
            phrases = trailing.get(after[index])
            if phrases is not None and (found := _match(phrases, after, index)) is not None:
                bounds.append(found.bound)
    least, most, rough, rule, noun, _ = core
    if not bounds:
        return Number(least, most, rough, rule, noun)
    return _bounded(core, bounds)


def _bounded(core: _Core, bounds: list[str]) -> Number:
    least, most, rough, rule, noun, _ = core
    parts = []
    for bound in ("at_least", "at_most", "up_to", "about"):
        if bound not in bounds or (bound == "up_to" and rule in ("singular", "dual")):
            continue
        parts.append(bound)
        if bound == "about":
            rough = True
        elif bound == "at_least":
            most = None
        else:
            least, rough = 0, rough or bound == "up_to"
    return Number(least, most, rough, "+".join([*parts, rule]), noun)


def _match(phrases: tuple[Phrase, ...], tokens: list[str], at: int) -> Phrase | None:
    for phrase in phrases:
        rest = phrase.rest
        if not rest or tuple(tokens[at + 1 : at + 1 + len(rest)]) == rest:
            return phrase
    return None


def _is_percent(tokens: list[str], at: int) -> bool:
    token = tokens[at]
    return token in _PERCENT or (
        token == "في" and at + 1 < len(tokens) and tokens[at + 1] in ("المئه", "المائه", "الميه")
    )


def _bounds_before(text: str, start: int, conventions: Conventions, bounds: list[str]) -> bool:
    """Collect the bounds that stand before a span; tell whether ``بين`` is the last word."""
    cut = max(0, start - _BEFORE)
    words = TOKEN.findall(fold(text[cut:start]))
    if cut:
        del words[:1]  # may be half a word
    leading = conventions.leading
    found = True
    while found and words:
        found = False
        for size in range(min(5, len(words)), 0, -1):
            tail = words[-size:]
            phrases: Index | tuple[Phrase, ...] = leading.get(tail[0], ())
            for phrase in phrases:
                if phrase.bound and phrase.rest == tuple(tail[1:]):
                    bounds.append(phrase.bound)
                    del words[-size:]
                    found = True
                    break
            if found:
                break
    if not words:
        return False
    last, recent = words[-1], words[-5:-1]
    if last in ("علي", "عن") and not _VERBS_OF_EXCESS.isdisjoint(recent):
        bounds.append("at_most" if not _NOTS.isdisjoint(recent) else "at_least")
    elif last == "عن" and "يقل" in recent and not _NOTS.isdisjoint(recent):
        bounds.append("at_least")
    elif last == "الي" and not _MAYBE.isdisjoint(recent) and not _REACH.isdisjoint(recent):
        bounds.append("up_to")
    elif last in _COUNTED and not _VERBS_OF_PASSING.isdisjoint(recent):
        bounds.append("at_most" if not _NOTS.isdisjoint(recent) else "at_least")
    return last in ("بين", "مابين") and recent[-1:] != ["من"]


def _core(tokens: list[str], at: int, conventions: Conventions, is_between: bool) -> _Core | Unread:
    """Read the number, the quantifier or the noun at ``tokens[at]``."""
    numeral = read_numeral(tokens, at)
    if isinstance(numeral, Numeral):
        return _from_numeral(tokens, at, numeral, is_between)
    if numeral is not None:
        return Unread(numeral)
    word = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    stem = word[1:] if word[0] in "وفبل" and word[1:] in _ONES else word
    if stem in _ONES:
        noun = following if following and following not in _MARKS else None
        return _Core(1, 1, False, "one_of", noun, at + 1)
    if word == "لا" and following in ("احد", "شخص"):
        return _Core(0, 0, False, "none", None, at + 2)
    if is_ordinal(word):
        return _Core(1, 1, False, "ordinal", None, at + 1)
    stem, is_definite = bare(word)
    if stem in _OTHERS:
        return _Core(1, 1, False, "another", None, at + 1)
    if stem == "اخران":
        return _Core(2, 2, False, "dual", None, at + 1)
    if stem == "اخرين" or not word[0].isalpha():
        return Unread("a plural without a number")
    later = _later(tokens, at, conventions)
    if later is not None:
        return later
    value = number_of(stem, following)
    if isinstance(value, str):
        return Unread(value)
    if following == "او" and at + 2 < len(tokens):
        other = _core(tokens, at + 2, conventions, False)
        if isinstance(other, _Core) and other.most is not None and other.least > value:
            return _Core(value, other.most, other.rough, "range", other.noun or stem, other.end)
    return _Core(value, value, False, "dual" if value == 2 else "singular", stem, at + 1)


def _later(tokens: list[str], at: int, conventions: Conventions) -> _Core | None:
    """Read a number behind its noun: ``الجنود الخمسة``, ``الضحايا الـ298``, ``شخص واحد``."""
    noun = bare(tokens[at])[0]
    for index in range(at + 1, min(len(tokens), at + 6)):
        token = tokens[index]
        if token in _PREPOSITIONS:
            return None
        if token in _ADJECTIVES:
            name = _ADJECTIVES[token]
            least, most = conventions.vague.get(name, (2, None))
            return _Core(least, most, True, f"vague:{name}", noun, index + 1)
        numeral = read_numeral(tokens, index)
        if isinstance(numeral, Numeral):
            is_close = index == at + 1 and numeral.in_digits and token[0].isdigit()
            if numeral.definite or token in _AFTER_NOUN or (is_close and tokens[at][:2] == "ال"):
                rule = "digits" if numeral.in_digits else "number_words"
                return _Core(numeral.value, numeral.value, False, rule, noun, numeral.end)
            return None
        phrase = token[:3] == "بال" and conventions.leading.get(token)
        if phrase and not phrase[-1].bound and not phrase[-1].rest:
            worth = phrase[-1]
            return _Core(worth.least, worth.most, True, f"vague:{worth.name}", noun, index + 1)
    return None


def _vague(tokens: list[str], at: int, phrase: Phrase, conventions: Conventions) -> _Core | Unread:
    """Read a vague word; an exact number behind it (``مجموعة من سبعة رجال``) is the better one."""
    length = len(tokens)
    if phrase.most is None:
        place = at + 1 if at < length and tokens[at] == "من" else at
        if place < length:
            numeral = read_numeral(tokens, place)
            if isinstance(numeral, Numeral):
                return _from_numeral(tokens, place, numeral, False)
            later = _later(tokens, place, conventions)
            if later is not None and not later.rule.startswith("vague") and later.least > 2:
                return later
    behind = tokens[at : at + 5]
    place = at + behind.index("من") if phrase.most is None and "من" in behind else at
    core = _Core(phrase.least, phrase.most, True, f"vague:{phrase.name}", _noun(tokens, place), at)
    if at + 1 < length and tokens[at] in _JOINERS:
        others = conventions.leading.get(tokens[at + 1])
        other = _match(others, tokens, at + 1) if others else None
        if other is not None and not other.bound:
            end = at + 2 + len(other.rest)
            return core._replace(most=other.most, rule="range", noun=_noun(tokens, end), end=end)
    return core


def _from_numeral(tokens: list[str], at: int, numeral: Numeral, is_between: bool) -> _Core | Unread:
    """Read what stands behind a number: the other end of a range, the number again, the noun."""
    value, end, scale, in_digits, _ = numeral
    length = len(tokens)
    rule = "digits" if in_digits else "number_words"
    if end >= length:
        if is_between:
            split = _split(tokens, at, end)
            if split is not None:
                return split
        return _Core(value, value, False, rule, None, end)
    token = tokens[end]
    other: Numeral | str | None = None
    if token in _JOINERS or (is_between and token == "و"):
        if end + 1 < length:
            other = read_numeral(tokens, end + 1)
    elif is_between:
        places = range(end, min(length, end + 3))
        joined = next((i for i in places if tokens[i][0] == "و" and tokens[i] != "و"), None)
        other = None if joined is None else read_numeral(tokens, joined)
        if other is None:
            split = _split(tokens, at, end)
            if split is not None:
                return split
    else:
        again = read_numeral(tokens, end)
        if isinstance(again, str):
            return Unread(again)
        if again is not None and token[0] != "و":
            if again.value != value:
                return Unread("two numbers side by side")
            end = again.end
        elif again is not None and not in_digits and not again.in_digits and again.scale > 1:
            return Unread("number words in an order that makes no number")
    if isinstance(other, Numeral):
        most = other.value
        if scale == 1 and other.scale > 1 and value * other.scale <= most:
            value *= other.scale  # بين 3 و4 آلاف
        if most < value:
            value, most = most, value
        return _Core(value, most, False, "range", _noun(tokens, other.end), other.end)
    return _Core(value, value, False, rule, _noun(tokens, end), end)


def _split(tokens: list[str], at: int, end: int) -> _Core | None:
    """Part number words that ``بين`` says are two: ``بين خمسة وعشرين``."""
    for place in range(end - 1, at, -1):
        if tokens[place][0] != "و":
            continue
        first = read_numeral(tokens[:place], at)
        second = read_numeral(tokens, place)
        if isinstance(first, Numeral) and isinstance(second, Numeral) and first.end == place:
            if first.value < second.value:
                noun = _noun(tokens, second.end)
                return _Core(first.value, second.value, False, "range", noun, second.end)
    return None


def _noun(tokens: list[str], at: int) -> str | None:
    """Return the first word behind a number that can be the counted noun."""
    for token in tokens[at : at + 3]:
        if token == "من" or token in _MARKS:
            continue
        return token if token[0].isalpha() and token not in _PREPOSITIONS else None
    return None
