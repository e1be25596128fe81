"""The look-up key of a word: one for every spelling, and nothing more than that."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.folding import fold, fold_words

SAME = [
    ("مِئَةُ", "مئة"),
    ("أطفـــال", "اطفال"),
    ("إحدى", "احدي"),
    ("آلاف", "الاف"),
    ("ٱلجيش", "الجيش"),
    ("خمسه", "خمسة"),
    ("ایرانی", "ايراني"),
    ("کتائب", "كتائب"),
    ("ﺍﻟﺠﻴﺶ", "الجيش"),
    ("ﷲ", "الله"),
    ("١٢٣", "123"),
    ("۴۵", "45"),
    ("\u202b15\u202c", "15"),
    ("12\u00a0000", "12 000"),
    ("12\u202f000", "12 000"),
    ("NATO", "nato"),
    ("ا\u0654حمد", "أحمد"),
    ("جـ\u200cنود", "جنود"),
]
DIFFERENT = [("سماء", "سما"), ("رئيس", "ريس"), ("مؤمن", "مومن"), ("مئة", "مائة"), ("ذئب", "ذيب")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_word_share_a_key(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_letters_that_tell_words_apart_stay(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_the_key_itself() -> None:
    assert fold("إصابةُ ١٥ جنديـاً، وَمُسْتَشْفى") == "اصابه 15 جنديا، ومستشفي"
    assert fold("أول\nثان\tثالث") == "اول\nثان\tثالث"
    assert fold("") == ""


def test_every_decimal_digit_of_unicode_becomes_ascii() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isdecimal():
            assert fold(character) == str(unicodedata.decimal(character)), hex(code)


def test_every_space_of_unicode_is_one_space() -> None:
    for code in range(sys.maxunicode + 1):
        if chr(code).isspace() and chr(code) not in "\n\r\t":
            assert fold(chr(code)) in (" ", ""), hex(code)  # C0 and C1 controls are dropped


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(), st.text())
def test_each_character_is_folded_by_itself(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)


def test_words() -> None:
    text = "«الدولة الإسلامية» (12,000) و3.5%، أ.ب سو-34"
    assert fold_words(text) == ["الدوله", "الاسلاميه", "12,000", "و3.5", "ا", "ب", "سو", "34"]
    assert fold_words("") == []
    assert fold_words("—، … \u200f") == []
