"""Numbers as Arabic newspapers write them, in digits and in words, to integers.

Everything here takes tokens of text that :func:`train.folding.fold` has folded, so a hamza that
was left out, a taa marbuta written as haa, and tashkeel are all the same to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from train.folding import fold_words
from train.number_words import ARTICLES, FRACTIONS, NUMBER_WORDS

LARGEST = 10**10
"""No count of people is larger; what is, is a slip of the keyboard or a telephone number."""

TOKEN = re.compile(
    r"[^\W\d_]+(?![^\W_])"  # letters alone, the commonest
    r"|[^\W\d_]*\d{1,3}(?: \d{3})+(?!\d)"  # 12 000
    r"|[^\W\d_]*\d+(?:[.,٬٫'’]\d+|،\d{3}(?!\d))*"  # 15, 12,000, 3.5, and letters stuck to them
    r"|[%٪\-‐‑–—−/+~≈±<>،؛,;:.!؟?\n]"
)
"""The tokens of a folded text: numbers with what is stuck before them, runs of letters, and the
marks that part or join numbers. Brackets and quotes are no tokens."""

_TOO_LARGE = "a number too large for a count of people"
_MAYBE_DECIMAL = re.compile(r"\d{1,3}[.,،]\d{3}")
_JOINED = ("و", "وال")
_WHOLE = ("unit", "teen", "ten", "hundred", "hundreds")
_MULTIPLIERS = ("multiplier", "plural", "either")
# Behind these, ألفا is one thousand; before a noun it is two.
_NO_NOUNS = frozenset(
    fold_words("على في من إلى أو عن منهم بينهم ضمنهم فقط تقريبا ثم قتلوا أصيبوا جرحوا")
)


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


class _Read(NamedTuple):
    """A number word, and the index of the first token behind it."""

    kind: str
    value: int
    joined: bool
    end: int


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
    if not first[-1].isdecimal():
        word = NUMBER_WORDS.get(first)
        if word is None:
            return None
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if word.kind in _WHOLE and following not in NUMBER_WORDS and following not in _JOINED:
            return Numeral(word.value, at + 1, 1, False, word.definite)  # ثلاثة جنود
        part = _part(tokens, _Read(word.kind, word.value, False, at + 1))
        return None if part is None else _sum(tokens, *part, False, word.definite)
    glued = ""
    if not first[0].isdecimal():
        start = next(place for place, letter in enumerate(first) if letter.isdecimal())
        glued, first = first[:start], first[start:]
        if glued.isascii():
            return "a name with a number"  # M16
    is_definite = glued in ARTICLES
    value, divisor = (int(first), 1) if len(first) < 12 and first.isdecimal() else _separated(first)
    if not divisor:
        return "digits that make no count of people"
    factor = NUMBER_WORDS.get(tokens[at + 1]) if at + 1 < len(tokens) else None
    if factor is not None and not factor.joined and factor.kind in _MULTIPLIERS:
        if value * factor.value % divisor:
            return "a fraction of a person"
        if divisor == 1 and _MAYBE_DECIMAL.fullmatch(first):  # 1.250 مليون
            return "thousands or a fraction: the separator does not tell"
        product = value * factor.value // divisor
        return _sum(tokens, product, at + 2, factor.value, True, is_definite)
    if divisor != 1:
        return "a number with a decimal point"
    return Numeral(value, at + 1, 1, True, is_definite) if value <= LARGEST else _TOO_LARGE


def _separated(token: str) -> tuple[int, int]:
    """Read digits with separators: numerator and power of ten, which is 0 for no number."""
    if len(token) > 24:
        return 0, 0
    whole, _, decimals = token.partition("٫")
    parts = re.split("[.,٬'’، ]", whole)
    if not decimals and len(parts) > 1 and not _is_grouped(parts):
        parts, decimals = parts[:-1], parts[-1]  # 3.5, or 1,200.5
    if not _is_grouped(parts) or (decimals and not decimals.isdecimal()):
        return 0, 0
    return int("".join(parts) + decimals), 10 ** len(decimals)


def _is_grouped(parts: list[str]) -> bool:
    """Tell whether digits are parted into thousands; one part always is."""
    if len(parts) == 1:
        return True
    return len(parts[0]) <= 3 and parts[0][0] != "0" and all(len(p) == 3 for p in parts[1:])


def _word(tokens: Sequence[str], at: int) -> _Read | None:
    """Return the number word at ``at``, with a ``و`` that stands by itself before it."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    word = NUMBER_WORDS.get(token)
    if word is not None:
        if token == "واحد" and at + 1 < len(tokens):  # noqa: S105 - also و + أحد, as in وأحد عشر
            behind = NUMBER_WORDS.get(tokens[at + 1])
            is_or_joins = behind is not None and (behind.joined or behind.value == 10)
            return _Read(word.kind, word.value, is_or_joins, at + 1)
        return _Read(word.kind, word.value, word.joined, at + 1)
    if token in _JOINED and at + 1 < len(tokens):
        word = NUMBER_WORDS.get(tokens[at + 1])
        if word is not None:
            return _Read(word.kind, word.value, True, at + 2)
    return None


def _sum(
    tokens: Sequence[str], total: int, end: int, scale: int, in_digits: bool, is_definite: bool
) -> Numeral | str:
    """Add the smaller parts behind the first one: ``ألفين وثلاثمئة``, ``مليون ونصف المليون``.

    Args:
        tokens: All tokens.
        total: The first part.
        end: Index of the first token behind it.
        scale: Its multiplier; the parts behind it must be smaller.
        in_digits: Whether it was in digits.
        is_definite: Whether it has the article.
    """
    while scale > 1:
        following = _word(tokens, end)
        part: tuple[int, int, int] | None = None
        if following is None:
            part = _digits_behind(tokens, end)
        elif following.kind == "fraction" and following.joined:
            total, end = _with_fraction(tokens, total, following, scale)
            break
        elif following.joined:
            part = _part(tokens, following)
        elif following.kind == "multiplier" and following.value > scale:  # ألف مليون
            total, end, scale = total * following.value, following.end, following.value
            continue
        if part is None or part[0] >= scale:
            break
        value, end, new_scale = part
        total += value
        if new_scale == 1:
            break
        scale = new_scale
    return Numeral(total, end, scale, in_digits, is_definite) if total <= LARGEST else _TOO_LARGE


def _digits_behind(tokens: Sequence[str], at: int) -> tuple[int, int, int] | None:
    """Read ``و200`` and ``و 200 ألف`` behind a multiplier."""
    if at < len(tokens) and tokens[at] == "و":
        at += 1
        digits = tokens[at] if at < len(tokens) else ""
    else:
        digits = tokens[at][1:] if at < len(tokens) and tokens[at][0] == "و" else ""
    if not digits.isdecimal() or len(digits) > 3:
        return None
    factor = _word(tokens, at + 1)
    if factor is not None and not factor.joined and factor.kind in _MULTIPLIERS:
        return int(digits) * factor.value, factor.end, factor.value
    return int(digits), at + 1, 1


def _part(tokens: Sequence[str], first: _Read) -> tuple[int, int, int] | None:
    """Read one part, up to 999 with its multiplier: value, end and multiplier."""
    kind, value, _, end = first
    if kind == "multiplier":
        return value, end, value
    if kind == "dual" or (kind == "either" and _is_construct(tokens, end)):
        return 2 * value, end, value
    if kind == "either":
        return value, end, value
    if kind == "fraction":
        unit = _word(tokens, end)
        if unit is None or unit.joined or unit.kind != "multiplier":
            return None
        numerator, denominator = FRACTIONS[value]
        return unit.value * numerator // denominator, unit.end, 1
    hundreds = _hundreds(tokens, first)
    if hundreds is None:
        return None
    value, end = hundreds
    following = _word(tokens, end)
    if following is None or following.joined:
        return value, end, 1
    if following.kind in _MULTIPLIERS:
        return value * following.value, following.end, following.value
    if following.kind == "quarters" and value == 3:
        unit = _word(tokens, following.end)
        if unit is not None and unit.kind == "multiplier":
            return unit.value * 3 // 4, unit.end, 1
    return value, end, 1


def _hundreds(tokens: Sequence[str], first: _Read) -> tuple[int, int] | None:
    """Read a number from 0 to 999: value and end."""
    kind, value, _, end = first
    if kind == "unit" and 3 <= value <= 9:
        hundred = _word(tokens, end)  # ثلاث مئة
        if hundred and not hundred.joined and hundred.kind in ("hundred", "hundred_plural"):
            kind, value, end = "hundreds", 100 * value, hundred.end
    if kind not in ("hundred", "hundreds"):
        return _tens(tokens, _Read(kind, value, False, end))
    following = _word(tokens, end)
    if following is not None and following.joined and following.value:
        rest = _tens(tokens, following)
        if rest is not None:
            return value + rest[0], rest[1]
    return value, end


def _tens(tokens: Sequence[str], first: _Read) -> tuple[int, int] | None:
    """Read a number from 0 to 99: value and end."""
    kind, value, _, end = first
    if kind in ("ten", "teen") or (kind == "unit" and value in (0, 10)):
        return value, end
    if kind not in ("unit", "one"):
        return None
    following = _word(tokens, end)
    if following is not None:
        if following.joined and following.kind == "ten":
            return value + following.value, following.end
        if not following.joined and following.kind == "unit" and following.value == 10:
            return value + 10, following.end
    return (value, end) if kind == "unit" else None


def _with_fraction(
    tokens: Sequence[str], total: int, fraction: _Read, scale: int
) -> tuple[int, int]:
    """Add the ``ونصف`` behind a multiplier, and pass over the multiplier said again."""
    numerator, denominator = FRACTIONS[fraction.value]
    unit = _word(tokens, fraction.end)
    if unit is not None and not unit.joined and unit.kind == "multiplier":
        return total + unit.value * numerator // denominator, unit.end
    return total + scale * numerator // denominator, fraction.end


def _is_construct(tokens: Sequence[str], at: int) -> bool:
    """Tell whether a noun follows: ``ألفا شخص`` is 2000, ``ألفا`` alone is 1000."""
    if at >= len(tokens) or not tokens[at][0].isalpha() or tokens[at] == "و":
        return False
    word = NUMBER_WORDS.get(tokens[at])
    is_number = tokens[at][-1].isdecimal() or (word is not None and word.joined)
    return not is_number and tokens[at] not in _NO_NOUNS
