from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_words import MIXED
from train.normalizer import Normalizer

TABLE = [
    # as written, as the model sees it
    ("قَصَفَ", "قصف"),
    ("الـعـــدو", "العدو"),
    ("عدوّ", "عدو"),
    ("ﺩﺍﻋﺶ", "داعش"),  # presentation forms
    ("ﻻ", "لا"),
    ("١٢٬٠٠٠", "12٬000"),
    ("۱۲", "12"),  # Persian digits
    ("ا\u0654", "أ"),  # alef and a combining hamza are one letter
    ("ا\u200f\u0654", "أ"),
    ("ا\u064e\u0653", "آ"),
    ("دا\u200fعش", "داعش"),
    ("إلى أمّة", "إلى أمة"),
    ("a\ud800b", "a\ufffdb"),
    ("F-16", "F-16"),
]


@pytest.mark.parametrize(("text", "seen"), TABLE)
def test_table(text: str, seen: str) -> None:
    assert Normalizer()(text) == seen


def test_each_choice_alone() -> None:
    off = Normalizer(tashkeel=False, tatweel=False, digits=False)
    assert off("قَصَفَ ـ ١٢ أإآٱ ى") == "قَصَفَ ـ ١٢ أإآٱ ى"
    assert Normalizer(alef=True)("أإآٱا") == "ااااا"
    assert Normalizer(ya=True)("مستشفى") == "مستشفي"


NORMALIZERS = st.builds(Normalizer, *[st.booleans()] * 5)


@given(MIXED, NORMALIZERS)
def test_the_map_back_covers_what_it_says(text: str, normalizer: Normalizer) -> None:
    aligned = normalizer.align(text)
    assert aligned.text == normalizer(text)
    assert len(aligned.text) == len(aligned.starts) == len(aligned.ends)
    assert list(aligned.starts) == sorted(aligned.starts)
    for index, character in enumerate(aligned.text):
        start, end = aligned.starts[index], aligned.ends[index]
        assert 0 <= start < end <= len(text)
        # The origin alone, normalised, gives the character back.
        assert character in normalizer(text[start:end])


@given(MIXED, NORMALIZERS)
def test_what_the_model_sees_is_valid_text(text: str, normalizer: Normalizer) -> None:
    seen = normalizer(text)
    seen.encode("utf-8")  # no lone surrogate
    if normalizer.digits:
        assert not any(c.isdecimal() and not c.isascii() for c in seen)
    if normalizer.tatweel:
        assert "\u0640" not in seen


@given(st.text("ابتثجحخدرسعفقلمنهويأإآى ", max_size=40))
def test_plain_arabic_is_left_alone(text: str) -> None:
    assert Normalizer()(text) == unicodedata.normalize("NFKC", text)
