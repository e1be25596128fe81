"""Numbers as Arabic newspapers write them, in digits and in words, to integers.

Everything here takes words that :func:`train.folding.fold` has folded, so a hamza that was left
out, a taa marbuta written as haa, and tashkeel are all the same to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LARGEST = 10**10
"""No count of people is larger; what is, is a slip of the keyboard or a telephone number."""

TOKEN = re.compile(
    r"[^\W\d_]*\d{1,3}(?: \d{3})+(?!\d)"  # 12 000
    r"|[^\W\d_]*\d+(?:[.,٬٫'’]\d+|،\d{3}(?!\d))*"  # 15, 12,000, 3.5, and letters stuck to them
    r"|[^\W\d_]+|[%٪\-‐‑–—−/+،؛,;:.!؟?\n]"
)
"""The tokens of a folded text: numbers with what is stuck before them, runs of letters, and the
marks that part or join numbers. Brackets and quotes are no tokens."""


class Numeral(NamedTuple):
    """A number and where it ends."""

    value: int
    end: int
    """Index of the first token behind it."""
    scale: int
    """The last multiplier (1000 in ``15 ألفا``), or 1."""
    in_digits: bool
    definite: bool
    """Whether it has the article, as in ``الخمسة`` and ``الـ15``."""


class _Word(NamedTuple):
    kind: str
    value: int
    joined: bool
    """Whether ``و`` is its first letter."""
    definite: bool


PARTICLES = ("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل")
ARTICLES = ("ال", "وال", "فال", "بال", "كال", "لل", "ولل", "وبال", "فلل")

_UNITS = {
    1: "واحد واحده واحدا",
    2: "اثنان اثنين اثنا اثني اثنتان اثنتين اثنتا اثنتي ثنتان ثنتين اتنين",
    3: "ثلاثه ثلاث ثلاثا",
    4: "اربعه اربع اربعا",
    5: "خمسه خمس خمسا",
    6: "سته ست ستا",
    7: "سبعه سبع سبعا",
    8: "ثمانيه ثماني ثمان ثمانيا",
    9: "تسعه تسع تسعا",
    10: "عشره عشر عشرا",
}
_TENS = {20: "عشر", 30: "ثلاث", 40: "اربع", 50: "خمس", 60: "ست", 70: "سبع", 80: "ثمان", 90: "تسع"}
_HUNDRED = ("مئه", "مائه", "ميه", "مايه", "ماءه", "مءه")
_THREE_TO_NINE = {
    3: ("ثلاث", "ثلث"),
    4: ("اربع",),
    5: ("خمس",),
    6: ("ست",),
    7: ("سبع",),
    8: ("ثمان", "ثماني", "ثمن"),
    9: ("تسع",),
}
# A singular, its plurals, its duals, and the form that is a dual or an accusative singular.
_MULTIPLIERS = {
    10**3: ("الف", "الاف الوف", "الفان الفين الفي", "الفا"),
    10**6: ("مليون", "ملايين", "مليونان مليونين مليوني", "مليونا"),
    10**9: ("مليار", "مليارات", "ملياران مليارين ملياري", "مليارا"),
}
_FRACTIONS = {"نصف": (1, 2), "ربع": (1, 4), "ثلث": (1, 3), "ثلثا": (2, 3), "ثلثي": (2, 3)}
_FRACTION_OF = list(_FRACTIONS.values())
_STOPS = frozenset("علي في من الي او عن منهم بينهم ضمنهم فقط تقريبا ثم قتلوا اصيبوا جرحوا".split())
_ORDINAL = (
    "اول اولي ثاني ثان ثانيه ثانيا ثالث ثالثه ثالثا رابع رابعه رابعا خامس خامسه خامسا سادس سادسه "
    "سادسا سابع سابعه سابعا ثامن ثامنه ثامنا تاسع تاسعه تاسعا عاشر عاشره عاشرا حادي حاديه"
)


def _bare_words() -> dict[str, tuple[str, int]]:
    """Return kind and value of every number word without particles."""
    words: dict[str, tuple[str, int]] = {"صفر": ("unit", 0)}
    for value, forms in _UNITS.items():
        for form in forms.split():
            words[form] = ("unit", value)
            if 1 < value < 10:
                words[form + "عشر"] = words[form + "عشره"] = ("teen", 10 + value)
    for one in ("احد", "احدي"):
        words[one] = ("one", 1)  # a number only before عشر or tens: أحد is also "one of"
        words[one + "عشر"] = words[one + "عشره"] = ("teen", 11)
    for value, stem in _TENS.items():
        words[stem + "ون"] = words[stem + "ين"] = ("ten", value)
    for hundred in _HUNDRED:
        words[hundred] = ("hundred", 100)
        for value, stems in _THREE_TO_NINE.items():
            words.update({stem + hundred: ("hundreds", 100 * value) for stem in stems})
    for stem in ("مئت", "مائت", "مايت"):  # not ميت: ميتين are dead people
        words.update({stem + ending: ("hundreds", 200) for ending in ("ان", "ين", "ا", "ي")})
    for value, (single, plurals, duals, either) in _MULTIPLIERS.items():
        words[single] = ("multiplier", value)
        words.update({plural: ("plural", value) for plural in plurals.split()})
        words.update({dual: ("dual", value) for dual in duals.split()})
        words[either] = ("either", value)
    words.update({"بليون": ("multiplier", 10**9), "بلايين": ("plural", 10**9)})
    words.update({"مئات": ("hundred_plural", 100)})
    for place, form in enumerate(_FRACTIONS):
        words[form] = ("fraction", place)
    words["ارباع"] = ("quarters", 0)
    return words


def _words() -> dict[str, _Word]:
    words: dict[str, _Word] = {}
    for form, (kind, value) in _bare_words().items():
        for particle in PARTICLES:
            words.setdefault(particle + form, _Word(kind, value, particle[:1] == "و", False))
        for article in ARTICLES:
            words.setdefault(article + form, _Word(kind, value, article[:1] == "و", True))
    del words["لست"]  # "I am not"
    return words


_WORDS = _words()
_ORDINALS = frozenset(
    prefix + form for form in _ORDINAL.split() for prefix in ("", "و", "ف", "ال", "وال")
)


def is_ordinal(word: str) -> bool:
    """Tell whether a folded word is an ordinal, such as ``ثالث`` or ``الرابعة``."""
    return word in _ORDINALS


def is_number_word(word: str) -> bool:
    """Tell whether a folded word is part of a number, or digits."""
    return word in _WORDS or word[-1:].isdigit()


def read_numeral(tokens: Sequence[str], at: int) -> Numeral | str | None:
    """Read the number that begins at ``tokens[at]``.

    Args:
        tokens: Folded text, split by :data:`TOKEN`.
        at: Where to begin; at most the number's own particles (``و ف ب ل ك``) stand before it.

    Returns:
        The number; None where there is none; or, where there is one that is no count of people,
        what is wrong with it.
    """
    first = tokens[at]
    if first[-1:].isdigit():
        return _from_digits(tokens, at)
    word = _WORDS.get(first)
    return None if word is None else _compose(tokens, at, word)


def _from_digits(tokens: Sequence[str], at: int) -> Numeral | str | None:
    token = tokens[at]
    glued = ""
    if not token[0].isdigit():
        start = next(place for place, letter in enumerate(token) if letter.isdigit())
        glued, token = token[:start], token[start:]
    is_definite = glued in ARTICLES
    divisor = 1
    if token.isdigit():
        if len(token) > 11:
            return "digits too many for a count of people"
        value = int(token)
    else:
        read = _separated(token)
        if isinstance(read, str):
            return read
        value, divisor = read
    following = _WORDS.get(tokens[at + 1]) if at + 1 < len(tokens) else None
    if following is not None and not following.joined:
        multiplies = following.kind in ("multiplier", "plural", "either")
        if multiplies and not (following.definite and following.kind == "plural"):
            if value * following.value % divisor:
                return "a fraction of a person"
            return _compose(tokens, at, None, value * following.value // divisor, is_definite)
        if following.kind == "fraction" and at + 2 < len(tokens):  # "2 نصف مليون" is no number
            return "digits before a fraction"
    if divisor != 1:
        return "a number with a decimal point"
    if value > LARGEST:
        return "digits too many for a count of people"
    return Numeral(value, at + 1, 1, True, is_definite)


def _separated(token: str) -> tuple[int, int] | str:
    """Read digits with separators: the number, as a numerator and a power of ten."""
    if len(token) > 24:
        return "digits too many for a count of people"
    whole, point, decimals = token.partition("٫")
    parts = re.split("[.,٬'’، ]", whole)
    is_grouped = len(parts[0]) <= 3 and parts[0][0] != "0" and all(len(p) == 3 for p in parts[1:])
    if not point and len(parts) > 1 and not is_grouped:
        # The last separator may be a decimal point: 3.5, or 1,200.5
        decimals, parts = parts[-1], parts[:-1]
        is_grouped = all(len(p) == 3 for p in parts[1:])
    if len(parts) > 1 and not is_grouped or not decimals.isdigit() and decimals:
        return "digits whose separators make no number"
    return int("".join(parts) + decimals), 10 ** len(decimals)


def _compose(
    tokens: Sequence[str],
    at: int,
    word: _Word | None,
    value: int = 0,
    is_definite: bool = False,
) -> Numeral | str | None:
    """Add up the number words from ``tokens[at]`` on.

    Args:
        tokens: All tokens.
        at: Index of the first word of the number, or of the digits before its multiplier.
        word: The first word; None behind digits and a multiplier, which have ``value`` already.
        value: What digits times multiplier give.
        is_definite: Whether the digits have the article.
    """
    length = len(tokens)
    in_digits = word is None
    total, group = value, 0
    # What may still be added to the group: an upper bound that falls with each term.
    room = 1000
    scale = 0
    place = at
    if word is None:
        scale = _WORDS[tokens[at + 1]].value
        place = at + 2
    elif word.kind in ("plural", "hundred_plural", "quarters"):
        return None
    else:
        is_definite = word.definite
        if word.kind == "one":
            following = tokens[at + 1] if at + 1 < length else ""
            after = _WORDS.get(following)
            if following == "و" and at + 2 < length:
                after = _WORDS.get(tokens[at + 2])
                joined = True
            else:
                joined = after is not None and after.joined
            is_teen = (
                after is not None and not joined and after.kind == "unit" and after.value == 10
            )
            if not is_teen and not (joined and after is not None and after.kind == "ten"):
                return None
    while word is not None or place < length:
        if word is None:
            step = 1
            token = tokens[place]
            joined = False
            if token == "و" and place + 1 < length:
                token = tokens[place + 1]
                step, joined = 2, True
            word = _WORDS.get(token)
            if word is None:
                if scale and not group and token[-1:].isdigit() and (joined or token[0] == "و"):
                    extra = _small(token)
                    if extra is None or extra >= min(scale, 1000):
                        break
                    group, room, place = extra, 0, place + step
                    continue
                break
            joined = joined or word.joined
        else:
            step, joined = 1, True  # the first word needs no و
        kind, amount = word.kind, word.value
        word = None
        if kind in ("unit", "one"):
            if amount == 10 and not joined and 0 < group % 100 < 10 and group % 10 and room == 10:
                group += 10
                room = 0
            elif joined and amount < room and room in (1000, 100) and (amount or place == at):
                group += amount
                room = 10 if amount < 10 else 0
            else:
                break
        elif kind == "teen":
            if not joined or room < 100:
                break
            group, room = group + amount, 0
        elif kind == "ten":
            # After a unit, or where a unit may stand.
            if not joined or room < 10 or (room == 10 and group % 100 == 0):
                break
            group, room = group + amount, 0
        elif kind in ("hundred", "hundred_plural"):
            if not joined and room == 10 and 3 <= group <= 9:
                group, room = group * 100, 100
            elif joined and room == 1000 and kind == "hundred":
                group, room = 100, 100
            else:
                break
        elif kind == "hundreds":
            if not joined or room < 1000:
                break
            group, room = amount, 100
        elif kind == "fraction":
            read = _fraction(tokens, place + step, amount, scale if not group else 0, place == at)
            if read is None:
                if place == at:
                    return None
                break
            share, place = read
            if place - at <= 2 and scale == 0:
                return Numeral(share, place, 1, False, is_definite)
            total += share
            break
        elif kind == "quarters":
            following = _WORDS.get(tokens[place + 1]) if place + 1 < length else None
            if group == 3 and not total and following and following.kind == "multiplier":
                return Numeral(following.value * 3 // 4, place + 2, 1, False, is_definite)
            break
        else:
            if scale and amount >= scale:
                if joined:
                    break  # another number: ألف وألفان
                if group:
                    return "number words in an order that makes no number"
                total, scale = total * amount, amount
            elif group and not joined:
                if kind == "dual":
                    break
                total, group, room, scale = total + group * amount, 0, 1000, amount
            elif joined and not group and kind != "plural":
                is_two = kind == "dual" or (
                    kind == "either" and _is_construct(tokens, place + step)
                )
                total, group, room = total + amount * (1 + is_two), 0, 1000
                scale = amount
            elif joined and kind != "plural":
                # خمسة وألف: the smaller was a number of its own
                break
            else:
                break
        place += step
    result = total + group
    if result > LARGEST:
        return "a number too large for a count of people"
    return Numeral(result, place, scale or 1, in_digits, is_definite)


def _small(token: str) -> int | None:
    digits = token.lstrip("و")
    return int(digits) if digits.isdigit() and len(digits) <= 3 else None


def _is_construct(tokens: Sequence[str], place: int) -> bool:
    """Tell whether a noun follows: ``ألفا شخص`` is 2000, ``ألفا`` alone is 1000."""
    if place >= len(tokens):
        return False
    following = tokens[place]
    is_joined = following == "و" or (following in _WORDS and _WORDS[following].joined)
    return following[0].isalpha() and not is_joined and following not in _STOPS


def _fraction(
    tokens: Sequence[str], place: int, kind: int, scale: int, is_first: bool
) -> tuple[int, int] | None:
    """Return what ``نصف مليون``, or the ``نصف`` behind a multiplier, adds, and where it ends."""
    numerator, denominator = _FRACTION_OF[kind]
    following = _WORDS.get(tokens[place]) if place < len(tokens) else None
    if following is not None and following.kind == "multiplier" and not following.joined:
        return following.value * numerator // denominator, place + 1
    if is_first or not scale:
        return None
    return scale * numerator // denominator, place
