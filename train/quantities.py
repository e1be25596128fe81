"""How many a phrase counts, without the words that bound it.

A phrase says its number by a numeral before or behind the noun, by a vague word, by a word for
one of several, or by the form of the noun alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.bounds import match
from train.conventions import Conventions, Phrase
from train.folding import fold, fold_words
from train.harm import CUES
from train.nouns import bare, is_known, is_no_noun, number_of
from train.number_words import NUMBER_WORDS, is_number, is_ordinal
from train.numbered import (
    JOINERS,
    MARKS,
    PREPOSITIONS,
    SHARE,
    THING,
    Quantity,
    from_numeral,
    noun_behind,
)
from train.numerals import Numeral, read_numeral
from train.plurals import PLURAL, PLURALS, is_plural
from train.things import counts_things, is_thing

_ONES = frozenset(fold_words("أحد إحدى أحدهم إحداهن أحدهما إحداهما"))
_BOTH = frozenset(fold_words("كلاهما كليهما كلتاهما كلتيهما"))
_OTHERS = frozenset(fold_words("آخر أخرى"))
_NOBODY = frozenset(fold_words("أحد شخص"))
_BEHIND_NOUN = frozenset(fold_words("واحد واحدة واحدا اثنان اثنين اثنتان اثنتين"))
_FUSED = re.compile(r"[وفبل]?(ثلاثه|اربعه|خمسه|سته|سبعه|ثمانيه|تسعه|عشره)([^\W\d_]{3,})")
_AGES = frozenset(fold_words("السنوات الأعوام الأشهر الأيام الأسابيع"))  # ذات السنوات الخمس
_TEAMS = frozenset(fold_words("طاقم فريق وفد دورية خلية"))  # those of a plane are people
_TO = frozenset(fold_words("إلى على عن بين"))
# Adjectives that say of their noun what a vague word says: أشخاص عدة, عناصر كثيرة.
_ADJECTIVES = {
    word: name
    for name, words in (("كثير", "كثيرة كثيرون كثيرين كثر"), ("عديد", "عديدة عديدون عديدين"))
    for word in fold_words(words)
} | {"عده": "عدة"}


def quantity(
    tokens: Sequence[str], at: int, conventions: Conventions, is_between: bool
) -> Quantity | str:
    """Read the number, the word for one, or the noun at ``tokens[at]``; or tell why it cannot be.

    Args:
        tokens: The folded tokens of the phrase.
        at: Where it begins, behind any bound.
        conventions: What vague words are worth.
        is_between: Whether ``بين`` stands before it, so that ``و`` joins the ends of a range.
    """
    numeral = read_numeral(tokens, at)
    if isinstance(numeral, str):
        return numeral
    if numeral is not None:
        if at and tokens[at - 1] in ("%", "٪"):
            return SHARE
        return from_numeral(tokens, at, numeral, is_between)
    word = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if word in _ONES or (word[0] in "وفبل" and word[1:] in _ONES):
        if not following and word[-1] in "دي":
            return "one of none that are named"  # لم يقتل أحد
        return Quantity(1, 1, False, "one_of", noun_behind(tokens, at + 1), at + 1)
    if word in _BOTH:
        return Quantity(2, 2, False, "dual", None, at + 1)
    if word == "لا" and following in _NOBODY:
        return Quantity(0, 0, False, "none", None, at + 2)
    noun, _ = bare(word)
    if (is_ordinal(word) or noun in _OTHERS) and following and following[0] != "و":
        counted = read_numeral(tokens, at + 1)
        if isinstance(counted, Numeral) and counted.value > 1 and not counted.definite:
            return from_numeral(tokens, at + 1, counted, False)  # آخر ثلاثة جنود
    if is_ordinal(word):
        if following[:1] == "و" and is_ordinal(following):
            return "two ordinals"
        return Quantity(1, 1, False, "ordinal", None, at + 1)
    if noun in _OTHERS:
        return Quantity(1, 1, False, "another", None, at + 1)
    if noun == "اخرين" or word in MARKS:
        return PLURAL  # or the dual, آخرَين: the letters do not tell
    if is_thing(noun):
        return THING
    cue = CUES.get(word)
    if is_no_noun(noun) or (cue is not None and cue.kind == "verb"):
        return "no noun that can be counted"
    if (later := _behind_noun(tokens, at, conventions)) is not None:
        return later
    if _is_of_a_number(tokens, at, noun):
        return "a number behind a word that is not known"
    if following in PLURALS and not is_known(noun):
        return "a plural behind a word that is not known"  # a number, misspelt
    fused = _FUSED.match(word)
    if fused is not None and is_plural(fused[2]):  # سبعةضباط
        apart = [*tokens[:at], fused[1], fused[2], *tokens[at + 1 :]]
        read = quantity(apart, at, conventions, is_between)
        return read if isinstance(read, str) else read._replace(end=max(at + 1, read.end - 1))
    value = number_of(noun, following)
    if isinstance(value, str):
        return value
    if following in ("او", "الي") and at + 2 < len(tokens):  # شخص أو شخصان
        other = quantity(tokens, at + 2, conventions, False)
        if isinstance(other, Quantity) and other.most is not None and other.least > value:
            return Quantity(value, other.most, other.rough, "range", other.noun or noun, other.end)
    return Quantity(value, value, False, "dual" if value == 2 else "singular", noun, at + 1)


def vague_quantity(
    tokens: Sequence[str], at: int, phrase: Phrase, conventions: Conventions
) -> Quantity | str:
    """Read what follows a vague word; an exact number (``مجموعة من سبعة رجال``) is the better one.

    Args:
        tokens: The folded tokens of the phrase.
        at: Index of the first token behind the vague word.
        phrase: The vague word.
        conventions: What vague words are worth.
    """
    noun_at = at
    if phrase.most is None:
        place = at + 1 if tokens[at : at + 1] == ["من"] else at
        if place < len(tokens):
            numeral = read_numeral(tokens, place)
            if isinstance(numeral, Numeral):
                return from_numeral(tokens, place, numeral, False)
            later = _behind_noun(tokens, place, conventions)
            if later is not None and not later.rough and later.least > 2:
                return later
        if "من" in tokens[at : at + 5]:  # عدد كبير من المصلين
            noun_at = at + list(tokens[at : at + 5]).index("من")
    if counts_things(tokens, at) and fold(phrase.name) not in _TEAMS:
        return THING
    least, most, rule = phrase.least, phrase.most, f"vague:{phrase.name}"
    if most is not None and at < len(tokens):
        if most < 10:
            place = at + 1 if tokens[at] == "و" and at + 1 < len(tokens) else at
            ten = NUMBER_WORDS.get(tokens[place])
            if ten is not None and ten.kind == "ten":  # بضعة وعشرين
                noun = noun_behind(tokens, place + 1)
                return Quantity(least + ten.value, most + ten.value, True, rule, noun, place + 1)
        others = conventions.leading.get(tokens[at])
        if others and not others[-1].rest and others[-1].most is not None:
            return "two vague words side by side"
    if at + 1 < len(tokens) and tokens[at] in JOINERS:  # عشرات أو مئات
        others = conventions.leading.get(tokens[at + 1])
        other = match(others, tokens, at + 1) if others else None
        if other is not None and not other.bound and (other.most is None or other.most > least):
            end = at + 2 + len(other.rest)
            return Quantity(least, other.most, True, "range", noun_behind(tokens, end), end)
    return Quantity(least, most, True, rule, noun_behind(tokens, noun_at), at)


def _behind_noun(tokens: Sequence[str], at: int, conventions: Conventions) -> Quantity | None:
    """Read a number behind its noun: ``الجنود الخمسة``, ``الضحايا الـ298``, ``شخص واحد``."""
    for index in range(at + 1, min(len(tokens), at + 6)):
        token = tokens[index]
        if token == "ال":  # noqa: S105 - an article that stands alone: الركاب الـ 159
            numeral = read_numeral(tokens, index + 1) if index + 1 < len(tokens) else None
            if isinstance(numeral, Numeral):
                noun, _ = bare(tokens[at])
                return Quantity(numeral.value, numeral.value, False, "digits", noun, numeral.end)
            return None
        if token in PREPOSITIONS or token in JOINERS:
            return None
        noun, is_definite = bare(tokens[at])
        if token in _ADJECTIVES:
            name = _ADJECTIVES[token]
            least, most = conventions.vague.get(name, (2, None))
            return Quantity(least, most, True, f"vague:{name}", noun, index + 1)
        numeral = read_numeral(tokens, index)
        if isinstance(numeral, Numeral):
            value, end, _, in_digits, has_article = numeral
            # الجنود (15); but in الطفل (5 سنوات) the number is an age
            is_close = is_definite and in_digits and index == at + 1
            is_close = is_close and number_of(noun, "") in (2, PLURAL)
            if tokens[index - 1] in _AGES:
                return None
            if has_article or is_close or token in _BEHIND_NOUN:
                rule = "digits" if in_digits else "number_words"
                return Quantity(value, value, False, rule, noun, end)
            return None
        phrases = conventions.leading.get(token) if token[:3] == "بال" else None
        if phrases and not phrases[-1].bound and not phrases[-1].rest:  # بالعشرات
            _, _, least, most, name = phrases[-1]
            return Quantity(least, most, True, f"vague:{name}", noun, index + 1)
    return None


def _is_of_a_number(tokens: Sequence[str], at: int, noun: str) -> bool:
    """Tell whether a word is rather one that says something of a number: ``ارتفع إلى 20``."""
    place = at + 2 if at + 1 < len(tokens) and tokens[at + 1] in _TO else at + 1
    if place >= len(tokens) or not is_number(tokens[place]) or tokens[at + 1][0] == "و":
        return False
    if is_known(noun):
        return noun == "لواء"  # a general, or a brigade: اللواء 35
    numeral = read_numeral(tokens, place)
    # An age may stand behind any noun: فلسطيني (25 عاما)
    return isinstance(numeral, Numeral) and not counts_things(tokens, numeral.end)
