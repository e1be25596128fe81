"""Who is counted, as far as two counts can be told apart by it: the noun of a CASUALTY span."""

from __future__ import annotations

import re
from dataclasses import dataclass

from train.folding import fold, fold_words

_ATTACHED = re.compile(r"\A(?:[وف]?[بلك](?=ال\w{2})|[وف](?=\w{3}))")
_ARTICLE = re.compile(r"\A(?:ال|لل)(?=\w{2})")
_DUAL_OR_PLURAL = re.compile(r"(?<=\w{3})(?:تان|تين|يات|ات|ان|ين|ون|ا)$")
_FEMININE_OR_NISBA = re.compile(r"(?<=\w{3})(?:يه|ه|ي)$")
_COMPOUND = re.compile(
    r"(?:ثلاث|اربع|خمس|ست|سبع|ثمان|ثماني|تسع)(?:ه?عشره?|مئه|مائه|ميه|مايه)"
    r"|(?:اثن[اي]|اثنت[اي]|احد|احدي)عشره?|(?:مئ|مائ|الف|مليون)(?:تان|تين|تي|تا|ان|ين|ي|ا)?"
)


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())


_NUMBERS = _folded(
    "واحد واحدة أحد إحدى اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي ثلاث ثلاثة أربع أربعة "
    "خمس خمسة ست ستة سبع سبعة ثمان ثماني ثمانية تسع تسعة عشر عشرة عشرون عشرين ثلاثون ثلاثين "
    "أربعون أربعين خمسون خمسين ستون ستين سبعون سبعين ثمانون ثمانين تسعون تسعين مئة مائة مية مئات "
    "مائات ألف آلاف ألوف مليون ملايين مليار نصف ربع ثلث بضع بضعة عشرات عدد أعداد عدة كثير كثيرون "
    "كثيرين عديد كبير قليل"
)
_VAGUE = _folded("عشرات مئات مائات آلاف ألوف ملايين كثير كثيرون كثيرين عديد")
"""Numbers that have an article without being known: ``العشرات``."""
_HEDGES = _folded(
    "نحو حوالي زهاء قرابة ما يقارب يقرب يناهز يزيد يقل لا عن على من أكثر أقل الأقل الأكثر تقريبا "
    "تقدير حتى بين إلى أو و في قد يصل فاق يفوق تجاوز مجموع إجمالي كل جميع كلا معظم أن هم هما هؤلاء"
)
_OTHERS = _folded(
    "آخر أخرى آخرون آخرين آخران أخريان أخريين أخريات أخر غيرهم غيره غيرها إضافي إضافية إضافيين "
    "إضافيون ثان ثانيا ثاني ثانية ثالث ثالثة رابع رابعة خامس خامسة سادس سادسة سابع سابعة ثامن "
    "ثامنة تاسع تاسعة عاشر عاشرة ثالثا رابعا خامسا"
)
"""Words that say that these people come on top of some who were counted before."""
_BROKEN = dict(
    pair.split("=")
    for pair in fold(
        "جنود=جندي أطفال=طفل نساء=امرأة نسوة=امرأة رجال=رجل ضباط=ضابط عناصر=عنصر أفراد=فرد "
        "أشخاص=شخص قتلى=قتيل جرحى=جريح ضحايا=ضحية رهائن=رهينة شهداء=شهيد جثث=جثة عمال=عامل "
        "ركاب=راكب طلاب=طالب طلبة=طالب تلاميذ=تلميذ حراس=حارس شبان=شاب شباب=شاب فتيات=فتاة "
        "فتيان=فتى أسرى=أسير سياح=سائح قادة=قائد أجانب=أجنبي أكراد=كردي عرب=عربي أتراك=تركي "
        "حجاج=حاج زوار=زائر أطباء=طبيب مرضى=مريض رعاة=راع مارة=مار بحارة=بحار"
    ).split()
)
_DIGIT = re.compile(r"\d")


def _stem(word: str) -> str:
    """Return one form for the singular, dual and plural of a noun, whatever its case."""
    word = _BROKEN.get(word, word)
    return _FEMININE_OR_NISBA.sub("", _DUAL_OR_PLURAL.sub("", word))


_ANYBODY = frozenset(
    map(
        _stem,
        _folded(
            "شخص قتيل ضحية جريح مصاب شهيد جثة إنسان ناس بشر نسمة روح رهينة مخطوف مختطف مفقود محتجز "
            "أسير حالة إصابة وفاة صريع"
        ),
    )
)
_MEMBERS = frozenset(map(_stem, _folded("عنصر فرد رجل منتسب قوات أعضاء عضو")))
"""Nouns that say little before another: ``عناصر الشرطة``, ``رجال الأمن``."""


@dataclass(frozen=True, slots=True)
class Victims:
    """The counted people as a span names them."""

    noun: str | None
    """The stem of the noun; None where it is none or one that fits anybody, such as ``شخص``."""
    words: frozenset[str]
    """The stems of all words that say who they are."""
    others: bool
    """Whether the span says that they are others than some who were counted before."""
    definite: bool
    """Whether it speaks of them as known: ``الجنود الخمسة``."""

    def may_be(self, other: Victims) -> bool:
        """Return whether the nouns of both may be said of the same people.

        >>> read_victims("خمسة جنود").may_be(read_victims("الجنود الخمسة"))
        True
        >>> read_victims("خمسة جنود").may_be(read_victims("خمسة مدنيين"))
        False
        """
        if self.noun is None or other.noun is None:
            return True
        return self.noun in other.words or other.noun in self.words


def read_victims(text: str) -> Victims:
    """Return who is counted by a span with this text."""
    stems: list[str] = []
    others = definite = False
    for position, written in enumerate(fold_words(text)):
        word = _ATTACHED.sub("", written, count=1) if position == 0 else written
        is_whole = word in _NUMBERS or _COMPOUND.fullmatch(word)  # الألف has an article, ألفي none
        bare = word if is_whole else _ARTICLE.sub("", word, count=1)
        others = others or bare in _OTHERS
        definite = definite or (position == 0 and bare != word and bare not in _VAGUE)
        if _DIGIT.search(word) or word in _HEDGES or bare in _OTHERS or _is_number(word):
            continue
        stems.append(_stem(bare))
    noun = next((stem for stem in stems if stem not in _ANYBODY), None)
    if noun in _MEMBERS:
        behind = stems[stems.index(noun) + 1 :]
        noun = next((stem for stem in behind if stem not in _ANYBODY), noun)
        if noun in (_stem("عنصر"), _stem("فرد")):
            noun = None
    return Victims(noun, frozenset(stems) - _ANYBODY, others, definite)


def _is_number(word: str) -> bool:
    forms = {word, _ARTICLE.sub("", word, count=1)}
    if word.startswith("و"):  # the last word of a number: مئة وخمسون
        forms |= {word[1:], _ARTICLE.sub("", word[1:], count=1)}
    return any(form in _NUMBERS or _COMPOUND.fullmatch(form) for form in forms)
