"""Phrases that begin with a number: what stands behind it says what the number is.

It may be the end of a range, the number again in words, a thing that is no person, or the noun.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from train.bounds import PERCENT, is_percent
from train.folding import fold_words
from train.number_words import NUMBER_WORDS, is_number
from train.numerals import Numeral, read_numeral
from train.things import COUNTED, counts_things


class Quantity(NamedTuple):
    """A number without its bounds."""

    least: int
    most: int | None
    rough: bool
    rule: str
    noun: str | None
    end: int
    """Index of the first token behind the number."""


SHARE = "a share, not a number of people"
THING = "a number of things, not of people"
MARKS = frozenset("%٪-‐‑–—−/+~≈±<>،؛,;:.!؟?\n")
"""The tokens that are no words."""
JOINERS = frozenset([*"-‐‑–—−", *fold_words("إلى أو أم حتى")])
_CUT_SHORT = frozenset(fold_words("إلا"))
_FUSED_TEN = re.compile(r"و(?:عشر|ثلاث|اربع|خمس|ست|سبع|ثمان|تسع)(?:ون|ين)[^\W\d_]")
# Signs that make a date, a time, a sum or a list of two numbers (15/5/2014).
_MADE_OF_TWO = frozenset("/:+،,")
PREPOSITIONS = frozenset(fold_words("من في على إلى عن بين قرب مع منذ خلال بعد قبل عند تحت ضد"))
# What behind a number may say more of it than which noun it counts.
_TELLING = frozenset(
    [*JOINERS, *_CUT_SHORT, *_MADE_OF_TWO, *COUNTED, *NUMBER_WORDS, *PERCENT, "من", "في"]
)


def from_numeral(
    tokens: Sequence[str], at: int, numeral: Numeral, is_between: bool
) -> Quantity | str:
    """Read what stands behind a number: the end of a range, the number again, the noun."""
    value, end, scale, in_digits, _ = numeral
    rule = "digits" if in_digits else "number_words"
    following = tokens[end] if end < len(tokens) else "\n"
    if not is_between and not (
        following in _TELLING or following[0] == "و" or following[-1].isdecimal()
    ):  # the commonest case: nothing, or the noun
        return Quantity(value, value, False, rule, noun_behind(tokens, end), end)
    if is_percent(tokens, end):
        return SHARE
    other: Numeral | str | None = None
    if end < len(tokens):
        if following in JOINERS or (is_between and following == "و"):
            other = read_numeral(tokens, end + 1) if end + 1 < len(tokens) else None
        elif is_between:
            places = range(end, min(len(tokens), end + 3))
            joined = next((i for i in places if tokens[i][0] == "و" and tokens[i] != "و"), None)
            if joined is not None and tokens[joined] == "وال" and joined + 1 < len(tokens):
                joined += 1
            other = None if joined is None else read_numeral(tokens, joined)
        elif following == "و" or following in NUMBER_WORDS or following[-1].isdecimal():
            place = end + (following == "و")
            again = read_numeral(tokens, place) if place < len(tokens) else None
            if isinstance(again, str):
                return again
            is_joined = following[0] == "و" and following != "واحد"
            if again is not None and is_joined:
                is_larger = again.scale > 1 or again.value >= 100 > value
                if is_larger and not in_digits and not again.in_digits:
                    return "number words in an order that makes no number"
            elif again is not None:  # (15) خمسة عشر
                if again.value != value or again.in_digits == in_digits:
                    return "two numbers side by side"
                end = again.end
    if isinstance(other, Numeral):
        if is_percent(tokens, other.end):
            return SHARE
        if counts_things(tokens, other.end):
            return THING
        most = other.value
        if scale == 1 and other.scale > 1 and value * other.scale <= most:
            value *= other.scale  # بين 3 و4 آلاف
        end = other.end
        if end + 1 < len(tokens) and tokens[end] in JOINERS:  # 3 أو 4 أو 5
            last = read_numeral(tokens, end + 1)
            if isinstance(last, Numeral):
                most, end = max(most, last.value), last.end
        value, most = min(value, most), max(value, most)
        return Quantity(value, most, False, "range", noun_behind(tokens, end), end)
    if end < len(tokens):
        following = tokens[end]
        if following in _MADE_OF_TWO and end + 1 < len(tokens) and is_number(tokens[end + 1]):
            return "two numbers that a sign parts"
        if following in _CUT_SHORT or (following[0] == "و" and _FUSED_TEN.match(following)):
            return "a number that goes on behind its first part"
        if (following == "من" or following in COUNTED) and counts_things(tokens, end):
            return THING
    split = _split(tokens, at, end) if is_between else None
    if split is not None:
        return split
    return Quantity(value, value, False, rule, noun_behind(tokens, end), end)


def _split(tokens: Sequence[str], at: int, end: int) -> Quantity | None:
    """Part the number words that ``بين`` says are two: ``بين خمسة وعشرين``."""
    for place in range(end - 1, at, -1):
        first = read_numeral(tokens[:place], at) if tokens[place][0] == "و" else None
        if not isinstance(first, Numeral) or first.end != place:
            continue
        second = read_numeral(tokens, place)
        if isinstance(second, Numeral) and first.value < second.value:
            noun = noun_behind(tokens, second.end)
            return Quantity(first.value, second.value, False, "range", noun, second.end)
    return None


def noun_behind(tokens: Sequence[str], at: int) -> str | None:
    """Return the first word behind a number that can be the counted noun."""
    for token in tokens[at : at + 3]:
        if token != "من" and token not in MARKS:  # noqa: S105 - a word of text
            is_noun = token[0].isalpha() and token not in PREPOSITIONS
            return token if is_noun and token not in NUMBER_WORDS else None
    return None
