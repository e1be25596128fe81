"""The words around a number that bound it: ``أكثر من``, ``قد يصل إلى``, ``على الأقل``.

Only a short window before and behind a span is looked at, so a long text costs no more than a
short one.
"""

from __future__ import annotations

from collections.abc import Sequence

from train.conventions import Conventions, Phrase
from train.folding import FOLDED, fold, fold_words
from train.number_words import is_number
from train.numerals import TOKEN

_BEFORE = 48
"""Characters before a span in which a bound may stand."""
_AFTER = 32
"""Characters behind a span in which a bound or a percent sign may stand."""
_NEXT = 24
"""Characters in which the words next to a span are looked for."""
_WITHIN = 12
"""Tokens of a span in which a bound behind the number is looked for."""

# What may stand between a span and the bound behind it: سبعة عمال أصيبوا على الأقل.
_HARMED = frozenset(
    fold_words("قتلوا أصيبوا جرحوا قضوا لقوا حتفهم مصرعهم بجروح قتلى جرحى آخرين آخرون منهم")
)
_EXCEED = frozenset(fold_words("يزيد تزيد زاد زادت يربو"))
_PASS = frozenset(fold_words("تجاوز يتجاوز تجاوزت تتجاوز تخطى يتخطى فاق يفوق"))
_COUNTED = frozenset(fold_words("عددهم عددها القتلى الجرحى الضحايا المصابين المفقودين الشهداء"))
_MAYBE = frozenset(fold_words("قد وقد ربما وربما ما يمكن"))
_REACH = frozenset(fold_words("يصل تصل يصلون يرتفع ترتفع"))
_NOT = frozenset(fold_words("لا ولا لم ولم لن ولن"))
_BETWEEN = ("بين", "مابين")
PERCENT = frozenset(["%", "٪", *fold_words("بالمئة بالمائة بالمية")])
_HUNDRED = frozenset(fold_words("المئة المائة المية"))
_STOPS = ".,،؛;:"
SIGNS = {"+": "at_least", "~": "about", "≈": "about", "±": "about"}
"""Signs that bound the number they stand by."""
_QUOTES = " \t\"'«»“”‘’()[]\u200f\u200e\u202b\u202c\u0640"


def match(phrases: tuple[Phrase, ...], tokens: Sequence[str], at: int) -> Phrase | None:
    """Return the longest of the phrases whose words stand at ``tokens[at]``."""
    for phrase in phrases:
        rest = phrase.rest
        if not rest or tuple(tokens[at + 1 : at + 1 + len(rest)]) == rest:
            return phrase
    return None


def bounds_before(text: str, start: int, conventions: Conventions) -> tuple[list[str], bool]:
    """Return the bounds that stand just before a span, and whether ``بين`` does."""
    if text[start - 1] in SIGNS:
        return [SIGNS[text[start - 1]]], False
    # One word tells whether it is worth looking further; most often it is not.
    before = text[max(0, start - _NEXT) : start].rstrip(_QUOTES).rsplit(None, 1)
    last = before[-1].translate(FOLDED) if before else ""
    if last not in conventions.closing and last not in _COUNTED and last not in _BETWEEN:
        return [], False
    cut = max(0, start - _BEFORE)
    words = TOKEN.findall(fold(text[cut:start]))
    if cut and not text[cut - 1].isspace():
        del words[:1]  # half a word
    bounds: list[str] = []
    while (phrase := _closing_phrase(words, conventions)) is not None:
        del words[-1 - len(phrase.rest) :]
        if phrase.name in conventions.after and any(map(is_number, words[-3:])):
            break  # it bounds the number before it: 15 عاملا على الأقل ثلاثة منهم
        bounds.append(phrase.bound)
    if not words:
        return bounds, False
    last, recent = words[-1], words[-6:-1]
    is_denied = not _NOT.isdisjoint(recent)
    if last in ("علي", "عن") and not _EXCEED.isdisjoint(recent):  # يزيد عددهم على
        bounds.append("at_most" if is_denied else "at_least")
    elif last == "عن" and "يقل" in recent and is_denied:
        bounds.append("at_least")
    elif last == "الي" and not _REACH.isdisjoint(recent) and not _MAYBE.isdisjoint(recent):
        bounds.append("up_to")
    elif last in _COUNTED and not _PASS.isdisjoint(recent):  # تجاوز عدد القتلى
        bounds.append("at_most" if is_denied else "at_least")
    return bounds, last in _BETWEEN and recent[-1:] != ["من"]


def _closing_phrase(words: list[str], conventions: Conventions) -> Phrase | None:
    """Return the longest bound that ends the words."""
    for size in range(min(5, len(words)), 0, -1):
        rest = tuple(words[len(words) - size + 1 :])
        for phrase in conventions.leading.get(words[-size], ()):
            if phrase.bound and phrase.rest == rest:
                return phrase
    return None


def bounds_behind(tokens: Sequence[str], at: int, conventions: Conventions) -> list[str]:
    """Return the bounds among the tokens of a span behind its number."""
    trailing = conventions.trailing
    bounds = ["at_least"] if tokens[at] == "+" else []
    for index, token in enumerate(tokens[at : at + _WITHIN], at):
        if token in trailing and (found := match(trailing[token], tokens, index)) is not None:
            bounds.append(found.bound)
    return bounds


def bounds_after(text: str, end: int, conventions: Conventions) -> tuple[list[str], bool]:
    """Return the bounds just behind a span, and whether a percent sign stands there."""
    if text[end] == "+":
        return ["at_least"], False
    # One or two words tell whether it is worth looking further; most often it is not.
    words = text[end : end + _NEXT].strip(_QUOTES).split(None, 1)
    first = words[0].strip(_STOPS).translate(FOLDED) if words else ""
    if first in conventions.trailing or first == "في":
        second = words[1].split(None, 1)[0] if len(words) > 1 else ""
        second = second.strip(_STOPS).translate(FOLDED)
        phrases = conventions.trailing.get(first, ())
        is_phrase = any(not phrase.rest or phrase.rest[0] == second for phrase in phrases)
        if not is_phrase and second not in _HUNDRED:
            return [], False
    elif first not in _HARMED and first not in PERCENT and first[:1] not in ("%", "٪"):
        return [], False
    tokens = TOKEN.findall(fold(text[end : end + _AFTER]))
    if not tokens or is_percent(tokens, 0):
        return [], bool(tokens)
    at = 0
    while at < min(2, len(tokens) - 1) and tokens[at] in _HARMED:
        at += 1
    found = match(conventions.trailing.get(tokens[at], ()), tokens, at)
    return ([], False) if found is None else ([found.bound], False)


def is_percent(tokens: Sequence[str], at: int) -> bool:
    """Tell whether a percent sign or its words stand at ``tokens[at]``."""
    if at >= len(tokens):
        return False
    return tokens[at] in PERCENT or (
        tokens[at] == "في" and at + 1 < len(tokens) and tokens[at + 1] in _HUNDRED
    )
