"""Nouns that count no people: a number of them is none of killed or wounded.

A tagger may mark an age (``25 عاما``), a date, a sum of money or ``3 صواريخ`` by mistake. Such a
number is left unread: it says nothing of people.
"""

from __future__ import annotations

from collections.abc import Sequence

from train.folding import fold_words

# Singulars, and plurals that are not regular; regular duals and plurals are made of them.
_THINGS = """
    سنة سنوات سنين عام أعوام شهر أشهر شهور أسبوع أسابيع يوم أيام ساعة ساعات دقيقة دقائق ثانية ثوان
    متر أمتار كيلومتر كلم كم ميل أميال طن أطنان كيلوغرام كلغ دولار دولارات يورو دينار دنانير ليرة
    ريال درهم دراهم جنيه جنيهات مرة درجة
    صاروخ صواريخ قذيفة قذائف رصاصة طلقة عبوة لغم ألغام قنبلة قنابل بندقية بنادق مسدس رشاش دبابة
    مدرعة سيارة شاحنة حافلة مركبة جرافة دراجة طائرة مروحية قارب قوارب زورق زوارق سفينة سفن
    غارة هجوم هجمات تفجير انفجار عملية ضربة
    يناير فبراير مارس أبريل إبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر كانون شباط
    آذار نيسان أيار حزيران تموز آب أيلول تشرين
"""
# Also where people are from: five of a village are people, five villages are not.
_PLACES = """
    منزل منازل بيت بيوت مبنى مبان مبانى بناية مسجد مساجد كنيسة كنائس مدرسة مدارس قرية قرى بلدة
    مدينة مدن محافظة دولة دول نقطة نقاط حاجز حواجز موقع مواقع مقر خيمة خيام آلية متجر متاجر مصنع
    عائلة عائلات عوائل أسرة أسر
"""


def _forms(nouns: str) -> frozenset[str]:
    """Return nouns with their regular endings, and with the article."""
    forms = set()
    for noun in fold_words(nouns):
        stem = noun[:-1] + "ت" if noun.endswith("ه") else noun
        forms |= {noun, noun + "ا", stem + "ان", stem + "ين"}
        forms.add(noun[:-1] + "ات" if noun.endswith("ه") else noun + "ات")
    return frozenset(forms - {"ابات", "مدنين"})  # مدنين: civilians, misspelt


_BARE = _forms(_THINGS)
_AFTER_OF = _BARE | {"ال" + form for form in _BARE}
COUNTED = _AFTER_OF | {head + form for form in _forms(_PLACES) for head in ("", "ال")}
"""Words that count things where they stand right behind a number."""


def is_thing(noun: str) -> bool:
    """Tell whether a folded noun without particles is a thing, a time or a sum by itself.

    ``آب``, the month, is one behind a number alone: folded, it is ``أب`` too, a father.
    """
    return noun in _BARE and noun != "اب"


def counts_things(tokens: Sequence[str], at: int) -> bool:
    """Tell whether the number that ends before ``tokens[at]`` is one of things."""
    if at >= len(tokens):
        return False
    behind = tokens[at + 1] if at + 1 < len(tokens) else ""
    return tokens[at] in COUNTED or (tokens[at] == "من" and behind in _AFTER_OF)
