"""The number of a count of people, read from the words of a CASUALTY span.

The readings follow docs/counts.md. What is not sure to be a number is left unread, with a reason:
a wrong number is worse than none.
"""

from __future__ import annotations

from typing import NamedTuple

from train.bounds import SIGNS, bounds_after, bounds_before, bounds_behind, match
from train.conventions import Conventions, Phrase
from train.folding import FOLDED, fold_words
from train.number_words import is_number
from train.numbered import MARKS, Quantity
from train.numerals import TOKEN
from train.quantities import quantity, vague_quantity

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
_ORDER = ("at_least", "at_most", "up_to", "about")
_PASSED_OVER = frozenset(
    [
        *(MARKS - {"<", ">"}),  # which of the two is meant depends on how the line was laid out
        *fold_words("و من ب ل ال ما كلا كلتا كلي كلتي بينهم وبينهم بينهن بينهما ضمنهم هؤلاء"),
    ]
)
_BETWEEN = frozenset(fold_words("بين مابين"))
# Before a span these tell where; only inside one, right before its number, do they bound it.
_IN_SPAN = {"فوق": "at_least", "دون": "at_most"}
# A tagger may take the word of harm into the span.
_HARM = frozenset(
    prefix + word
    for prefix in ("", "و", "ب", "ف", "ل")
    for word in fold_words(
        "مقتل قتل إصابة جرح مصرع استشهاد وفاة خطف اختطاف إعدام اغتيال سقوط فقدان احتجاز أسر أصيب"
    )
)


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
    tokens = TOKEN.findall(text[start : min(end, start + _LONGEST)].translate(FOLDED))
    if end - start > _LONGEST and tokens:
        del tokens[-1]  # may be cut
    if not tokens:
        return Unread("no words")
    bounds: list[str] = []
    is_between = False
    # What is joined by و is behind the bound of another.
    if start > 0 and (tokens[0][0] != "و" or tokens[0] == "واحد"):
        bounds, is_between = bounds_before(text, start, conventions)
    at, vague = 0, None
    if not tokens[0].isdecimal():  # digits, the commonest case, have nothing before them
        at, vague, has_between = _lead(tokens, conventions, bounds)
        is_between = is_between or has_between
    if vague is not None:
        read = vague_quantity(tokens, at, vague, conventions)
    elif at < len(tokens):
        read = quantity(tokens, at, conventions, is_between)
    else:
        return Unread("no number")
    if isinstance(read, str):
        return Unread(read)
    if read.end < len(tokens):
        bounds += bounds_behind(tokens, read.end, conventions)
    if end < len(text):
        after, has_percent = bounds_after(text, end, conventions)
        if has_percent and read.end >= len(tokens):
            return Unread("a share, not a number of people")
        bounds += after
    if not bounds:
        return Number(read.least, read.most, read.rough, read.rule, read.noun)
    if "at_least" in bounds and ("at_most" in bounds or "up_to" in bounds):
        return Unread("two bounds that do not go together")
    return _bounded(read, bounds)


def _lead(
    tokens: list[str], conventions: Conventions, bounds: list[str]
) -> tuple[int, Phrase | None, bool]:
    """Pass over what stands before the number in a span, and collect its bounds.

    Returns:
        Index of the first token of the number or behind a vague word; the vague word, or None;
        and whether ``بين`` stands before the number.
    """
    leading = conventions.leading
    at, last = 0, len(tokens) - 1
    has_between = False
    while at <= last:
        token = tokens[at]
        phrases = leading.get(token)
        phrase = match(phrases, tokens, at) if phrases is not None else None
        if phrase is not None:
            at += 1 + len(phrase.rest)
            if not phrase.bound:
                return at, phrase, has_between
            bounds.append(phrase.bound)
        elif token in _PASSED_OVER or (at < last and token in _HARM):
            at += 1
            if token in SIGNS:
                bounds.append(SIGNS[token])
        elif token in _IN_SPAN and at < last and is_number(tokens[at + 1]):
            bounds.append(_IN_SPAN[token])
            at += 1
        elif token in _BETWEEN:
            at, has_between = at + 1, True
        else:
            break
    return at, None, has_between


def _bounded(read: Quantity, bounds: list[str]) -> Number:
    """Return a number within its bounds."""
    least, most, rough, rule, noun, _ = read
    parts = []
    for bound in _ORDER:
        # حتى before a noun alone is "even": لم ينج حتى طفل
        if bound not in bounds or (bound == "up_to" and rule in ("singular", "dual")):
            continue
        parts.append(bound)
        if bound == "at_least":
            most = None
        elif bound == "about":
            rough = True
        else:
            least, rough = 0, rough or bound == "up_to"
    return Number(least, most, rough, "+".join([*parts, rule]), noun)
