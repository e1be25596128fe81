"""How carefully a text is spelled: whether it writes its hamzas, taa marbutas and final yas."""

from __future__ import annotations

import re

from train.words import CONTROLS, MARKS, split_words

CAREFUL, MIXED, HASTY, UNKNOWN = "careful", "mixed", "hasty", "no sign"
_DROPPED = re.compile(f"[{MARKS}{CONTROLS}\u0640]")
_HAMZA = re.compile("[أإآ]")
_FINAL_HA = re.compile(r"[وف]?[بك]?ال\w{3,}ه")
"""A noun with the article takes no pronoun: its ha is a taa marbuta, but for the next."""
_TRUE_HA = re.compile(
    r"[وف]?[بك]?ال(?:[لا]?له|مياه|وجه|فقه|شفاه|جباه|كره|مكره|انتباه|اشتباه|مشتبه|اتجاه|توجه|توجيه|"
    r"تنبيه|تشويه|ترفيه|تمويه|تنويه|تشبيه|تشابه|شبيه|نزيه|سفيه|فقيه|وجيه|كريه|رفاه|متوجه|مشوه|تافه|"
    r"اله|ت[زحقفم]\w+)"  # التزامه, التحاقه, التقاه: no article
)
_BARE_WORDS = """
    الى اليه اليها اليهم ان انه انها انهم او اذا ايضا اي امس اكد اكدت اعلن اعلنت اكثر اقل احد احدى
    اخرى اخر اول اثر اثناء امام امن ابو اسرائيل ايران اميركا امريكا اوروبا اطلاق اطلق اصيب اصابة
    افاد افادت اشار اشارت اضاف اضافت اوضح الان الامن الاول الاولى الاخيرة الامم الاميركي الاميركية
    الامريكي الامريكية الاسرائيلي الاسرائيلية الايراني الايرانية الارهاب الارهابي الارهابية
    الاسلامي الاسلامية الاسلام الانسان الاحد الاربعاء الارض الاراضي الاسلحة فى الذى التى
"""
_BARE = frozenset(_BARE_WORDS.split())
"""Frequent words that no careful writer spells without a hamza, or with ى for ي."""
_PARTICLES = ("و", "ف", "ب", "ل")
_NO_SIGNS = frozenset({"بان", "فان"})  # also a name and a vehicle


def spelling_of(text: str) -> str:
    """Return ``careful``, ``mixed``, ``hasty``, or ``no sign`` where nothing tells.

    A sign of care is a word with ``أ``, ``إ`` or ``آ``. A sign of haste is a frequent word that
    lacks them (``الى``, ``ان``, ``الامن``), ``ى`` for a final ``ي`` (``فى``), or a noun with the
    article that ends in ``ه`` for ``ة`` (``المدينه``). A text is careful or hasty where at least
    three in four of its signs are, and mixed otherwise.
    """
    careful = hasty = 0
    for word in split_words(text):
        plain = _DROPPED.sub("", word.text)
        if _is_hasty(plain):
            hasty += 1
        elif _HAMZA.search(plain):
            careful += 1
    if not careful + hasty:
        return UNKNOWN
    share = careful / (careful + hasty)
    return CAREFUL if share >= 0.75 else HASTY if share <= 0.25 else MIXED


def _is_hasty(word: str) -> bool:
    bare = word[1:] if word[:1] in _PARTICLES and word not in _NO_SIGNS else word
    if word in _BARE or bare in _BARE:
        return True
    return bool(_FINAL_HA.fullmatch(word)) and not _TRUE_HA.fullmatch(word)
