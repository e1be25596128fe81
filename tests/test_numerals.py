"""Numbers in words and digits, against num2words and tables worked by hand."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from train.folding import fold
from train.number_words import is_ordinal
from train.numerals import LARGEST, TOKEN, Numeral, read_numeral

MOST = 999_999_999


def read(text: str) -> Numeral | str | None:
    return read_numeral(TOKEN.findall(fold(text)), 0)


def value(text: str) -> int | None:
    numeral = read(text)
    return numeral.value if isinstance(numeral, Numeral) else None


def spelled(number: int) -> str:
    """Return a number in words, with a noun, since a dual in construct needs one (ألفا شخص).

    num2words writes 101,000 as "a hundred and a thousand thousand" (مائة و ألف ألف), which no
    Arabic writer does; the one stands here as a number.
    """
    words = num2words(number, lang="ar")
    words = re.sub("و (ألف|مليون) (ألف|مليون)", r"و واحد \2", words)
    return f"{words} شخص"


BOUNDARIES = sorted(
    {
        number
        for power in range(10)
        for first in range(1, 10)
        for edge in (-1, 0, 1, 2)
        for number in [first * 10**power + edge]
        if 0 <= number <= MOST
    }
    | set(range(2200))
    | {h * 1000 + rest for h in range(100, 1000, 100) for rest in (1000, 2000, 3000, 11000, 1001)}
    | {h * 10**6 + rest for h in range(100, 1000, 100) for rest in (10**6, 2 * 10**6, 1_001_000)}
)


def test_every_boundary_round_trips() -> None:
    wrong = [(n, spelled(n), read(spelled(n))) for n in BOUNDARIES if value(spelled(n)) != n]
    assert not wrong


def sample(count: int, seed: int) -> list[int]:
    """Return numbers of every length alike."""
    draw = random.Random(seed)
    return [draw.randrange(10 ** draw.randint(1, 9)) for _ in range(count)]


def test_a_sample_round_trips() -> None:
    wrong = [(n, spelled(n)) for n in sample(20_000, seed=5) if value(spelled(n)) != n]
    assert not wrong


def test_the_noun_is_not_taken() -> None:
    for number in sample(500, seed=6):
        numeral = read(spelled(number))
        assert isinstance(numeral, Numeral)
        assert numeral.end == len(spelled(number).split()) - 1


VARIANTS = {
    "joined": lambda words: words.replace(" و ", " و"),
    "genitive": lambda words: re.sub(
        "(?<!ملي)ون(?= |$)|ان(?= |$)", "ين", words.replace("اثنا عشر", "اثني عشر")
    ).replace("مئتا ", "مئتي "),
    "accusative": lambda words: re.sub("(ألف|مليون)(?= شخص)", r"\1ا", words),
    "hundred": lambda words: words.replace("مائة", "مئة"),
    "hundred in two words": lambda words: re.sub("(?<=[^ ])مائة", " مئة", words),
    "hundred in the dialects": lambda words: words.replace("مائة", "مية"),
    "no hamza": lambda words: re.sub("[أإآ]", "ا", words),
    "haa": lambda words: words.replace("ة", "ه"),
    "tatweel": lambda words: words.replace("ث", "ثـ").replace("س", "ســ"),
    "tashkeel": lambda words: re.sub("([ثسعلن])", "\\1\u064e", words).replace("ّ", ""),
    "bidi": lambda words: "\u202b" + words.replace(" ", "\u200f ") + "\u202c",
    "fused teens": lambda words: re.sub("(?<=ة) عشر", "عشر", words),
}


def vary(name: str, number: int) -> str:
    words = spelled(number)
    if name == "accusative" and not re.search("(عشر|ون) (ألف|مليون) شخص", words):
        return words  # ألفا is two thousand where no number stands before it
    return VARIANTS[name](words)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_reads_as_the_word_it_varies(name: str) -> None:
    numbers = sample(1500, seed=7) + BOUNDARIES[::7]
    assert any(vary(name, n) != spelled(n) for n in numbers)
    wrong = [(n, vary(name, n)) for n in numbers if value(vary(name, n)) != n]
    assert not wrong


@given(st.integers(0, MOST), st.sets(st.sampled_from(sorted(VARIANTS)), max_size=3))
def test_variants_together(number: int, names: set[str]) -> None:
    words = spelled(number)
    for name in sorted(names - {"accusative"}):
        words = VARIANTS[name](words)
    assert value(words) == number


@given(st.integers(0, LARGEST))
def test_digits_of_every_kind(number: int) -> None:
    plain = str(number)
    grouped = f"{number:,}"
    eastern = str.maketrans("0123456789,", "٠١٢٣٤٥٦٧٨٩٬")
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    for text in (
        plain,
        grouped,
        plain.translate(eastern),
        grouped.translate(eastern),
        plain.translate(persian),
        grouped.replace(",", "."),
        grouped.replace(",", " "),
        grouped.replace(",", "\u202f"),
        grouped.replace(",", "،"),
        f"و{plain}",
        f"بـ{plain}",
        f"الـ{grouped}",
    ):
        assert value(text) == number, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Genders, cases and spellings.
        ("إحدى عشرة امرأة", 11),
        ("احد عشر عنصرا", 11),
        ("اثنتا عشرة طالبة", 12),
        ("اثنتي عشرة طالبة", 12),
        ("اثني عشر راكبا", 12),
        ("ثماني عشرة عاملة", 18),
        ("ثماني نساء", 8),
        ("ثمان نساء", 8),
        ("واحد وعشرين عاملا", 21),
        ("إحدى وعشرين عاملة", 21),
        ("احد و عشرين عاملا", 21),
        ("خمسةعشر عاملا", 15),
        ("مئة وأربعة وعشرون", 124),
        ("ثمانمئة", 800),
        ("ثمانيمئة", 800),
        ("ثماني مئة", 800),
        ("ثلثمائة", 300),
        ("ثلاثة مئات", 300),
        ("خمسمية", 500),
        ("مئتي عامل", 200),
        ("مائتا عامل", 200),
        ("ألفين وثلاثمئة", 2300),
        ("ألف ومئتا عامل", 1200),
        ("خمسة آلاف", 5000),
        ("مئة ألف", 100_000),
        ("مئتا ألف", 200_000),
        ("مليون ومئتي ألف", 1_200_000),
        ("ألف مليون", 10**9),
        ("مليارا نسمة", 2 * 10**9),
        # ألفا is a dual only before a noun.
        ("ألفا عامل", 2000),
        ("ألفا", 1000),
        ("ألفا على الأقل", 1000),
        ("ألفا ومئة عامل", 1100),
        ("ألفي عامل", 2000),
        ("مليونا عامل", 2_000_000),
        ("خمسة عشر ألفا", 15_000),
        # Digits with words.
        ("15 ألفا", 15_000),
        ("15 ألفا و300 عامل", 15_300),
        ("3 آلاف ومئتي عامل", 3200),
        ("2 مليون", 2_000_000),
        ("3.5 مليون", 3_500_000),
        ("٣٫٥ مليون", 3_500_000),
        ("1,5 مليون", 1_500_000),
        ("مليون و 200 ألف", 1_200_000),
        ("12,000", 12_000),
        ("١٢٬٠٠٠", 12_000),
        ("12'000", 12_000),
        ("1,234,567", 1_234_567),
        ("انفجار47 عاملا", 47),
        # Fractions.
        ("نصف مليون", 500_000),
        ("ربع مليون", 250_000),
        ("نصف المليون", 500_000),
        ("ثلاثة أرباع مليون", 750_000),
        ("مليون ونصف", 1_500_000),
        ("مليون ونصف المليون", 1_500_000),
        ("مليونين ونصف مليون", 2_500_000),
        ("3 ملايين ونصف المليون", 3_500_000),
        # The article.
        ("الخمسة", 5),
        ("الثلاثة عشر", 13),
        ("الخمسة والعشرين", 25),
        ("الثلاثمئة والثلاثين", 330),
        # Where the number ends.
        ("خمسة وستة", 5),
        ("مئة وعدد", 100),
        ("ثلاثة عمال وأربعة جنود", 3),
        ("صفر", 0),
        ("0", 0),
    ],
)
def test_numbers(text: str, expected: int) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text", ["آلاف", "عشرات", "مئات", "أحد العمال", "نصف العمال", "لست عاملا", "عامل", "،", "ميتين"]
)
def test_what_is_no_number(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", ["3.5", "٣٫٥", "12.34.5", "0.3333 ألف", "1,22,333", "9" * 12])
def test_digits_that_count_nobody(text: str) -> None:
    assert isinstance(read(text), str)


@pytest.mark.parametrize("digits", ["9" * 20, "9" * 5000, "1" + ",000" * 900, "مليار " * 50])
def test_an_absurd_number_is_refused_or_exact(digits: str) -> None:
    numeral = read(digits)
    assert isinstance(numeral, str) or (numeral is not None and numeral.value <= LARGEST)


def test_the_article_is_told() -> None:
    for text, has_article in (("الخمسة", True), ("الـ15", True), ("خمسة", False), ("بـ15", False)):
        numeral = read(text)
        assert isinstance(numeral, Numeral)
        assert numeral.definite is has_article, text


def test_ordinals() -> None:
    for word in ("ثالث", "الرابعة", "ورابع", "ثان", "ثالثاً", "الأولى"):
        assert is_ordinal(fold(word)), word
    for word in ("ثلاثة", "أربعة", "ثلث", "رجل"):
        assert not is_ordinal(fold(word)), word


PIECES = (
    "و من إلى 15 و200 1,000 3.5 واحد أحد ثلاثة عشر عشرون مئة ثلاثمئة ألف ألفا آلاف ألفين مليون"
    " نصف أرباع ومئة وعشرون وألف ونصف المليون شخصا - ² "
)
TOKENS = st.sampled_from(PIECES.split())


@given(st.lists(TOKENS, min_size=1, max_size=12))
def test_any_order_of_words_is_read_within_bounds(words: list[str]) -> None:
    tokens = TOKEN.findall(fold(" ".join(words)))
    for at in range(len(tokens)):
        numeral = read_numeral(tokens, at)
        if isinstance(numeral, Numeral):
            assert at < numeral.end <= len(tokens)
            assert 0 <= numeral.value <= LARGEST
