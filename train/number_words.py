"""The words that Arabic numbers are made of, by their folded spelling, particles included."""

from __future__ import annotations

from typing import NamedTuple

from train.folding import fold_words


class NumberWord(NamedTuple):
    """One word of a number."""

    kind: str
    """``unit`` (0 to 10), ``one`` (أحد, which is a number only before عشر and tens), ``teen``,
    ``ten``, ``hundred``, ``hundreds`` (200 to 900 in one word), ``hundred_plural``,
    ``multiplier`` (ألف and above), ``plural`` and ``dual`` of one, ``either`` (ألفا: a dual before
    a noun, else one), ``fraction``, ``quarters``."""
    value: int
    """What it is worth; of a fraction, its place in :data:`FRACTIONS`."""
    joined: bool
    """Whether ``و`` is its first letter."""
    definite: bool
    """Whether it has the article."""


PARTICLES = ("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل")
"""What may be attached to a word, folded."""
ARTICLES = ("ال", "وال", "فال", "بال", "كال", "لل", "ولل", "وبال", "فلل")
"""The article, alone and with what may be attached to it, folded."""
FRACTIONS = ((1, 2), (1, 4), (1, 3), (2, 3))
"""Numerator and denominator of نصف, ربع, ثلث and ثلثا."""

_UNITS = {
    0: "صفر",
    1: "واحد واحدة واحدا",
    2: "اثنان اثنين اثنا اثني اثنتان اثنتين اثنتا اثنتي ثنتان ثنتين اتنين",
    3: "ثلاثة ثلاث ثلاثا ثلاتة تلاتة",
    4: "أربعة أربع أربعا",
    5: "خمسة خمس خمسا",
    6: "ستة ست ستا",
    7: "سبعة سبع سبعا",
    8: "ثمانية ثماني ثمان ثمانيا",
    9: "تسعة تسع تسعا",
    10: "عشرة عشر عشرا",
}
_TENS = {20: "عشر", 30: "ثلاث", 40: "اربع", 50: "خمس", 60: "ست", 70: "سبع", 80: "ثمان", 90: "تسع"}
_HUNDRED = "مئة مائة مية ماية ماءة مءة"
_THREE_TO_NINE = {
    3: "ثلاث ثلث",
    4: "أربع",
    5: "خمس",
    6: "ست",
    7: "سبع",
    8: "ثمان ثماني ثمن",
    9: "تسع",
}
# A singular, its plurals, its duals, and the form that is a dual or an accusative singular.
_MULTIPLIERS = {
    10**3: ("ألف", "آلاف ألوف", "ألفان ألفين ألفي", "ألفا"),
    10**6: ("مليون", "ملايين", "مليونان مليونين مليوني", "مليونا"),
    10**9: ("مليار بليون", "مليارات بلايين", "ملياران مليارين ملياري", "مليارا"),
}
_FRACTION_WORDS = ("نصف", "ربع", "ثلث", "ثلثا ثلثي")
_ORDINALS = """
    أول أولى ثاني ثان ثانية ثانيا ثالث ثالثة ثالثا رابع رابعة رابعا خامس خامسة خامسا سادس سادسة
    سادسا سابع سابعة سابعا ثامن ثامنة ثامنا تاسع تاسعة تاسعا عاشر عاشرة عاشرا حادي حادية
"""


def _bare_words() -> dict[str, tuple[str, int]]:
    """Return kind and value of every number word without particles."""
    words: dict[str, tuple[str, int]] = {}

    def add(forms: str, kind: str, value: int) -> None:
        words.update(dict.fromkeys(fold_words(forms), (kind, value)))

    for value, forms in _UNITS.items():
        add(forms, "unit", value)
        if 1 < value < 10:  # words run together: ثلاثةعشر
            for form in forms.split():
                add(f"{form}عشر {form}عشرة", "teen", 10 + value)
        if value > 2:  # ثلاثتهم
            stem = forms.split()[0][:-1] + "ت"
            add(f"{stem}هم {stem}هن {stem}نا", "unit", value)
    add("أحد إحدى", "one", 1)
    add("أحدعشر إحدىعشرة احدىعشر", "teen", 11)
    for value, stem in _TENS.items():
        add(f"{stem}ون {stem}ين", "ten", value)
    add(_HUNDRED, "hundred", 100)
    add("مئات", "hundred_plural", 100)
    for value, stems in _THREE_TO_NINE.items():
        for stem in stems.split():
            for hundred in _HUNDRED.split():
                add(stem + hundred, "hundreds", 100 * value)
    for stem in ("مئت", "مائت", "مايت"):  # not ميت: ميتين are dead people
        add(f"{stem}ان {stem}ين {stem}ا {stem}ي", "hundreds", 200)
    for value, (single, plurals, duals, either) in _MULTIPLIERS.items():
        add(single, "multiplier", value)
        add(plurals, "plural", value)
        add(duals, "dual", value)
        add(either, "either", value)
    for place, forms in enumerate(_FRACTION_WORDS):
        add(forms, "fraction", place)
    add("أرباع", "quarters", 0)
    return words


def _with_particles() -> dict[str, NumberWord]:
    words: dict[str, NumberWord] = {}
    for form, (kind, value) in _bare_words().items():
        for particle in PARTICLES:
            words.setdefault(particle + form, NumberWord(kind, value, particle[:1] == "و", False))
        for article in ARTICLES:
            words.setdefault(article + form, NumberWord(kind, value, article[:1] == "و", True))
    del words["لست"]  # "I am not"
    return words


NUMBER_WORDS = _with_particles()
"""Every number word, by its folded spelling with its particles."""
_ORDINAL_FORMS = frozenset(
    prefix + form for form in fold_words(_ORDINALS) for prefix in ("", "و", "ف", "ال", "وال")
)


def is_number(word: str) -> bool:
    """Tell whether a folded word is part of a number, in words or in digits."""
    return word in NUMBER_WORDS or word[-1:].isdecimal()


def is_ordinal(word: str) -> bool:
    """Tell whether a folded word is an ordinal, such as ``ثالث`` or ``الرابعة``."""
    return word in _ORDINAL_FORMS
