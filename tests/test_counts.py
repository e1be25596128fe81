"""Counts of people by the rows of the guideline, worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import sent
from train.conventions import Conventions
from train.counts import RULES, Number, Unread, read_number
from train.errors import InputError
from train.folding import fold

CONVENTIONS = Conventions.load()


def read(marked: str, conventions: Conventions = CONVENTIONS) -> Number | Unread:
    """Read the one span of a text, which stands in square brackets."""
    before, _, rest = marked.partition("[")
    span, _, after = rest.partition("]")
    text = before + span + after
    return read_number(text, len(before), len(before) + len(span), conventions)


def bounds(marked: str) -> tuple[int, int | None, bool, str]:
    number = read(marked)
    assert isinstance(number, Number), number
    return number.min, number.max, number.approximate, number.rule


EXACT = [
    ("قتل [18]", 18, "digits"),
    ("[١٨ قتيلا]", 18, "digits"),
    ("[۱۸ قتيلا]", 18, "digits"),
    ("[ثمانية عشر شخصا]", 18, "number_words"),
    ("[(15) خمسة عشر مصليا]", 15, "digits"),
    ("[15 (خمسة عشر) مصليا]", 15, "digits"),
    ("[خمسة عشر (15) مصليا]", 15, "number_words"),
    ("[(1) واحد]", 1, "digits"),
    ("[و81 آخرين]", 81, "digits"),
    ("[بـ35 راكبا]", 35, "digits"),
    ("مصرع[12 راكبا]", 12, "digits"),
    ("[مصرع12 راكبا]", 12, "digits"),
    ("[مصرع ثلاثة رعاة]", 3, "number_words"),
    ("[وإصابة عاملين]", 2, "dual"),
    ("[سبعةضباط]", 7, "number_words"),
    ("[كلا العاملين]", 2, "dual"),
    ("[12,000 شخص]", 12_000, "digits"),
    ("[١٢٬٠٠٠ شخص]", 12_000, "digits"),
    ("[12 000 شخص]", 12_000, "digits"),
    ("[3.5 مليون شخص]", 3_500_000, "digits"),
    ("[نصف مليون شخص]", 500_000, "number_words"),
    ("[ألفين وثلاثمئة عامل]", 2300, "number_words"),
    ("[خمسة آلاف عامل]", 5000, "number_words"),
    ("[عدد (30) عاملا]", 30, "digits"),
    ("[ما مجموعه 14 عاملا]", 14, "digits"),
    ("[مجموعة من تسعة رعاة]", 9, "number_words"),
    ("[أربعة من رجال الإطفاء]", 4, "number_words"),
    ("[25 من عناصر الفوج 46]", 25, "digits"),
    ("[80 بين قتيل وجريح]", 80, "digits"),
    ("[خمسة] منهم", 5, "number_words"),
    ("[أحد عشر عاملا]", 11, "number_words"),
    ("[0]", 0, "digits"),
    ("[صفر قتلى]", 0, "number_words"),
    ("[لا أحد]", 0, "none"),
    # The number behind its noun.
    ("[العمال الخمسة]", 5, "number_words"),
    ("[المهندسون الأجانب الأربعة]", 4, "number_words"),
    ("[بالعمال الخمسة عشر]", 15, "number_words"),
    ("[الركاب الـ159]", 159, "digits"),
    ("[ركابها ال159]", 159, "digits"),
    ("[جميع الركاب الـ40]", 40, "digits"),
    ("[الركاب (12)]", 12, "digits"),
    ("[عامل واحد]", 1, "number_words"),
    ("[عامل هندي واحد]", 1, "number_words"),
    ("[عاملين هنديين اثنين]", 2, "number_words"),
    # One.
    ("[شخص]", 1, "singular"),
    ("[وعامل هندي]", 1, "singular"),
    ("[لعامل]", 1, "singular"),
    ("[عاملة]", 1, "singular"),
    ("[عاملاً مصابا]", 1, "singular"),
    ("[نرويجية]", 1, "singular"),
    ("[رجل أمن]", 1, "singular"),
    ("[ضابط صف]", 1, "singular"),
    ("[شرطي]", 1, "singular"),
    ("[قيادي في الحركة]", 1, "singular"),
    ("[إنسان]", 1, "singular"),
    ("[قرصان]", 1, "singular"),
    ("[سجين]", 1, "singular"),
    ("[جنين]", 1, "singular"),
    ("[لواء متقاعد]", 1, "singular"),
    ("[وزير]", 1, "singular"),
    ("[عامل آخر]", 1, "singular"),
    ("[عامل ثالث]", 1, "singular"),
    ("[آخر]", 1, "another"),
    ("[وأخرى]", 1, "another"),
    ("[رابع]", 1, "ordinal"),
    ("[والرابعة]", 1, "ordinal"),
    ("[أحد عناصر الحراسة]", 1, "one_of"),
    ("[واحد من الحراس]", 1, "number_words"),
    ("[إحدى العاملات]", 1, "one_of"),
    ("[أحد العمال الثلاثة]", 1, "one_of"),
    ("[وأحدهم]", 1, "one_of"),
    # Two.
    ("[اثنان]", 2, "number_words"),
    ("[عاملين]", 2, "dual"),
    ("[قتيلان]", 2, "dual"),
    ("[وجريحان]", 2, "dual"),
    ("[الطفلتين]", 2, "dual"),
    ("[مدنيين]", 2, "dual"),
    ("[إسرائيليان]", 2, "dual"),
    ("[رجلي إطفاء]", 2, "dual"),
    ("[ضابطا شرطة]", 2, "dual"),
    ("[سائقا الشاحنتين]", 2, "dual"),
    ("[جثتي عاملين]", 2, "dual"),
    ("[وطفليهما]", 2, "dual"),
    ("[ولداه]", 2, "dual"),
    ("[شقيقتاه]", 2, "dual"),
    ("[عاملين آخرين]", 2, "dual"),
]


@pytest.mark.parametrize(("marked", "expected", "rule"), EXACT)
def test_exact_numbers(marked: str, expected: int, rule: str) -> None:
    assert bounds(marked) == (expected, expected, False, rule)


BOUNDED = [
    # About.
    ("[نحو 150 عاملا]", 150, 150, True, "about+digits"),
    ("[حوالى عشرين عاملا]", 20, 20, True, "about+number_words"),
    ("[زهاء ألف عامل]", 1000, 1000, True, "about+number_words"),
    ("[قرابة مئتين]", 200, 200, True, "about+number_words"),
    ("[ما يقارب 30 عاملا]", 30, 30, True, "about+digits"),
    ("[ما يقرب من 30 عاملا]", 30, 30, True, "about+digits"),
    ("[ما يقدر بنحو 700 ألف عامل]", 700_000, 700_000, True, "about+digits"),
    ("[وبنحو 30 عاملا]", 30, 30, True, "about+digits"),
    ("[30 عاملا تقريبا]", 30, 30, True, "about+digits"),
    ("[30 عاملا] تقريباً.", 30, 30, True, "about+digits"),
    ("أصيب نحو [30 عاملا]", 30, 30, True, "about+digits"),
    # At least.
    ("[أكثر من مئة عامل]", 100, None, False, "at_least+number_words"),
    ("[لأكثر من 3 آلاف]", 3000, None, False, "at_least+digits"),
    ("[ما لا يقل عن 23 عاملا]", 23, None, False, "at_least+digits"),
    ("[ما لا يقل عن عاملين]", 2, None, False, "at_least+dual"),
    ("[ما لا يقل عن نحو 30]", 30, None, True, "at_least+about+digits"),
    ("[عشرة عمال على الأقل]", 10, None, False, "at_least+number_words"),
    ("[عشرة على الأقل من العمال]", 10, None, False, "at_least+number_words"),
    ("[عامل على الاقل]", 1, None, False, "at_least+singular"),
    ("[ما يزيد على 40 عاملا]", 40, None, False, "at_least+digits"),
    ("[نيف وعشرون عاملا]", 20, None, False, "at_least+number_words"),
    ("[عشرون ونيف]", 20, None, False, "at_least+number_words"),
    ("[30 عاملا أو يزيد]", 30, None, False, "at_least+digits"),
    ("قتل على الأقل [15 عاملا]", 15, None, False, "at_least+digits"),
    ("فاق [500]", 500, None, False, "at_least+digits"),
    ("ما يزيد على [40 عاملا]", 40, None, False, "at_least+digits"),
    ("لا يقل عددهم عن [40]", 40, None, False, "at_least+digits"),
    ("يزيد عددهم على [40]", 40, None, False, "at_least+digits"),
    ("تجاوز عدد القتلى [40]", 40, None, False, "at_least+digits"),
    ("[سبعة عمال] قتلوا على الأقل", 7, None, False, "at_least+number_words"),
    ("[سبعة عمال] على الأقل", 7, None, False, "at_least+number_words"),
    # At most, and up to.
    ("[أقل من 20 عاملا]", 0, 20, False, "at_most+digits"),
    ("[ما لا يزيد عن 20 عاملا]", 0, 20, False, "at_most+digits"),
    ("[20 عاملا على الأكثر]", 0, 20, False, "at_most+digits"),
    ("لا يزيد عددهم على [20]", 0, 20, False, "at_most+digits"),
    ("[حتى 20 عاملا]", 0, 20, True, "up_to+digits"),
    ("[ما يصل إلى 60 عاملا]", 0, 60, True, "up_to+digits"),
    ("قد يصل إلى [ألفي عامل]", 0, 2000, True, "up_to+number_words"),
    ("قد يصل عددهم إلى [ألفي عامل]", 0, 2000, True, "up_to+number_words"),
    # Ranges.
    ("[بين 10 و15 عاملا]", 10, 15, False, "range"),
    ("[ما بين عشرة وخمسة عشر عاملا]", 10, 15, False, "range"),
    ("[بين 10 عمال و15 عاملا]", 10, 15, False, "range"),
    ("[بين خمسة وعشرين عاملا]", 5, 20, False, "range"),
    ("[بين ألف وألفي عامل]", 1000, 2000, False, "range"),
    ("[بين 3 و4 آلاف]", 3000, 4000, False, "range"),
    ("بين [10 و15 عاملا]", 10, 15, False, "range"),
    ("[من 10 إلى 15 عاملا]", 10, 15, False, "range"),
    ("[عشرة إلى خمسة عشر ألف عامل]", 10_000, 15_000, False, "range"),
    ("[خمسة أو ستة عمال]", 5, 6, False, "range"),
    ("[عامل أو عاملين]", 1, 2, False, "range"),
    ("[عاملان أو ثلاثة]", 2, 3, False, "range"),
    ("[10 - 15 عاملا]", 10, 15, False, "range"),
    ("[10–15 عاملا]", 10, 15, False, "range"),
    ("[15-10 عاملا]", 10, 15, False, "range"),
    ("[نحو 10 إلى 15 عاملا]", 10, 15, True, "about+range"),
    # Vague words.
    ("[بضعة عمال]", 3, 9, True, "vague:بضعة"),
    ("[بضع عاملات]", 3, 9, True, "vague:بضع"),
    ("[بضع عشرات]", 30, 99, True, "vague:بضع عشرات"),
    ("[بضع مئات]", 300, 999, True, "vague:بضع مئات"),
    ("[بضعة آلاف]", 3000, 9999, True, "vague:بضعة آلاف"),
    ("[عشرات العمال]", 20, 99, True, "vague:عشرات"),
    ("[والعشرات من العمال]", 20, 99, True, "vague:عشرات"),
    ("[بالعشرات]", 20, 99, True, "vague:عشرات"),
    ("[القتلى بالعشرات]", 20, 99, True, "vague:عشرات"),
    ("[المئات]", 200, 999, True, "vague:مئات"),
    ("[الاف العمال]", 2000, 9999, True, "vague:آلاف"),
    ("[عشرات الآلاف]", 20_000, 99_999, True, "vague:عشرات الآلاف"),
    ("[مئات الالاف من العمال]", 200_000, 999_999, True, "vague:مئات الآلاف"),
    ("[ملايين]", 2_000_000, 9_999_999, True, "vague:ملايين"),
    ("[عدد من العمال]", 2, None, True, "vague:عدد"),
    ("[عدداً كبيراً من العمال]", 2, None, True, "vague:عدد"),
    ("[عدد آخر]", 2, None, True, "vague:عدد"),
    ("[لعدة عمال]", 2, None, True, "vague:عدة"),
    ("[عمال عدة]", 2, None, True, "vague:عدة"),
    ("[عمال كثيرون]", 2, None, True, "vague:كثير"),
    ("[الكثير]", 2, None, True, "vague:كثير"),
    ("[دورية]", 2, None, True, "vague:دورية"),
    ("[العديد من العمال]", 2, None, True, "vague:عديد"),
    ("[جميع العمال]", 2, None, True, "vague:جميع"),
    ("[لا يقل عن مئات العمال]", 200, None, True, "at_least+vague:مئات"),
    ("[عشرات أو مئات العمال]", 20, 999, True, "range"),
]


@pytest.mark.parametrize(("marked", "least", "most", "rough", "rule"), BOUNDED)
def test_bounds(marked: str, least: int, most: int | None, rough: bool, rule: str) -> None:
    assert bounds(marked) == (least, most, rough, rule)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        # A bound belongs to the number that it stands by.
        ("قتل 7 على الأقل [و5 جرحى]", 5),
        ("نحو 10 قتلى [و5 جرحى]", 5),
        ("قتل 15 عاملا على الأقل [ثلاثة منهم] هنود", 3),
        ("أصيب عشرون عاملا تقريبا [ثلاثة منهم] هنود", 3),
        ("قتل [5] وأصيب 7 على الأقل", 5),
        ("[5 قتلى] وأكثر من سبعة جرحى", 5),
        ("أكثر من. [5 قتلى]", 5),
        ("ارتفعت الحصيلة إلى [40]", 40),
        ("من بين [خمسة وعشرين مصابا]", 25),
        ("لم ينج حتى [طفل]", 1),
        ("[9 عمال]، على الأقل واحد منهم هندي", 9),
        # Only the first of two numbers.
        ("[ثلاثة عمال وأربعة حراس]", 3),
        ("[عامل وحارسان]", 1),
        # A number that is no count.
        ("[الطفل (5 سنوات)]", 1),
        ("[عامل من اللواء 101]", 1),
    ],
)
def test_what_does_not_bound(marked: str, expected: int) -> None:
    number = read(marked)
    assert isinstance(number, Number)
    assert (number.min, number.max, number.approximate) == (expected, expected, False)


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("[]", "no words"),
        ("[«»]", "no words"),
        ("[\u200f\u0640]", "no words"),
        ("[من]", "no number"),
        ("[أكثر من]", "no number"),
        ("[جنود]", "plural"),
        ("[القتلى]", "plural"),
        ("[آخرون]", "plural"),
        ("[آخرين]", "plural"),
        ("[مسلحون]", "plural"),
        ("[الشرطة]", "group"),
        ("[فيها]", "no noun"),
        ("[" + "عامل" * 500 + "]", "no"),
        ("[عاملات]", "plural"),
        ("[خبراء]", "plural"),
        ("[أطفال]", "plural"),
        ("[وأبنائه]", "plural"),
        ("[مسلحي التنظيم]", "plural"),
        ("[المقاتلين الأجانب]", "plural"),
        ("[الذين]", "no noun"),
        ("[20% من العمال]", "share"),
        ("[20] %", "share"),
        ("[%20 من العمال]", "share"),
        ("[10-15% من العمال]", "share"),
        ("[نصف العمال]", "no noun"),
        ("[20 بالمئة من العمال]", "share"),
        ("[عشرين] في المئة", "share"),
        ("[3.5]", "decimal"),
        ("[15 ستة عشر عاملا]", "side by side"),
        ("[مئة وألف ألف عامل]", "order"),
        ("[99999999999999999999 عامل]", "too large"),
        ("[" + "9" * 200 + "]", "no count"),
        ("[" + "9" * 3000 + "]", "no words"),
    ],
)
def test_what_is_left_unread(marked: str, reason: str) -> None:
    read_as = read(marked)
    assert isinstance(read_as, Unread), read_as
    assert reason in read_as.reason


@pytest.mark.parametrize(
    ("marked", "noun"),
    [
        ("[ثلاثة جنود]", "جنود"),
        ("[18 شخصاً على الأقل]", "شخصا"),
        ("[أربعة من رجال الإطفاء]", "رجال"),
        ("[نحو 20]", None),
        ("[خمسة على الأقل]", None),
        ("[وعاملان]", "عاملان"),
        ("[بالعمال الخمسة]", "عمال"),
        ("[عدد كبير من المصلين]", "المصلين"),
        ("[عشرات الجرحى]", "الجرحي"),
        ("[وزير]", "وزير"),
    ],
)
def test_the_noun(marked: str, noun: str | None) -> None:
    number = read(marked)
    assert isinstance(number, Number)
    assert number.noun == noun


def test_every_rule_is_listed() -> None:
    seen = {part.partition(":")[0] for *_, rule in EXACT + BOUNDED for part in rule.split("+")}
    assert seen == set(RULES)


ARABIC = st.text("ابتثجحدرسشصعفقكلمنهويةىءئؤ و  ـًَُّ\u200f\u202b0123456789٣٫٬.,-()«»%،\n")


@given(st.text() | ARABIC, st.integers(-5, 60), st.integers(-5, 60))
@settings(max_examples=500)
def test_any_text_and_any_span_is_read_or_refused(text: str, start: int, end: int) -> None:
    number = read_number(text, start, end, CONVENTIONS)
    if isinstance(number, Unread):
        assert number.reason
        return
    assert number.min >= 0
    assert number.max is None or number.max >= number.min
    assert {part.partition(":")[0] for part in number.rule.split("+")} <= set(RULES)
    assert number.noun is None or number.noun == fold(number.noun) != ""


WORD_LIST = (
    "بين ما من إلى أو و حتى نحو أكثر على الأقل 15 و200 3.5 % أحد واحد ثلاثة عشر عشرون مئة وألف ألف"
    " نصف عشرات الآلاف عدد عدة بضع آخر آخرين ثالث لا جنود جنديان شخصا رجلي - ( ) ، ²"
)
WORDS = st.sampled_from(WORD_LIST.split())


@given(st.lists(WORDS, max_size=10), st.lists(WORDS, max_size=14), st.lists(WORDS, max_size=6))
@settings(max_examples=500)
def test_any_order_of_words_is_read_or_refused(
    before: list[str], span: list[str], after: list[str]
) -> None:
    read(" ".join(before) + " [" + " ".join(span) + "] " + " ".join(after))


@given(st.integers(0, 10**6), st.text("ابتثجحدرس "))
def test_text_that_is_far_away_changes_nothing(number: int, far: str) -> None:
    near = f" قالوا إن القصف أدى اليوم إلى إصابة [{number} عاملا] في المدينة القديمة مساء أمس "
    assert read("كلا." * 20 + far + near + far) == read("كلا." * 20 + near)


class Watched(str):
    """A text that counts how many of its characters are taken out of it."""

    taken = 0

    def __getitem__(self, key: Any) -> str:
        found = super().__getitem__(key)
        self.taken += len(found)
        return found


def test_a_long_text_is_looked_at_no_more_than_a_short_one() -> None:
    span = "نحو ثلاثة عشر عاملا"
    text = Watched("قتل رجل. " * 20_000 + f"قتل {span} هنا" + " كلام" * 20_000)
    start = text.index(span)
    assert isinstance(read_number(text, start, start + len(span), CONVENTIONS), Number)
    assert 0 < text.taken < 500


def test_a_span_of_a_whole_article_is_cut() -> None:
    text = "ثلاثة عمال " + "في المدينة القديمة " * 100_000
    number = read_number(text, 0, len(text), CONVENTIONS)
    assert isinstance(number, Number)
    assert number.min == 3


def test_a_number_is_never_cut() -> None:
    for spaces in range(230, 245):
        text = " " * spaces + "12345 عاملا"
        number = read_number(text, 0, len(text), CONVENTIONS)
        assert isinstance(number, Unread) or number.min == 12345


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_file_changes_and_adds(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "vague:\n  عشرات: [10, 90]\n  جمع غفير: [50, null]\n"
        "before:\n  about: [ما ينيف على]\n  at_least: [نحو]\nafter:\n  at_least: [لا أقل]\n",
    )
    mine = Conventions.load(path)
    assert read("[العشرات]", mine)[:3] == (10, 90, True)
    assert read("[وجمع غفير من الناس]", mine)[:3] == (50, None, True)
    assert read("[ما ينيف على 20]", mine)[:3] == (20, 20, True)
    assert read("[نحو 20]", mine)[:3] == (20, None, False)
    assert read("[20 عاملا لا أقل]", mine)[:3] == (20, None, False)
    assert read("[المئات]", mine)[:3] == (200, 999, True)


def test_another_spelling_of_a_shipped_word_replaces_it(tmp_path: Path) -> None:
    mine = Conventions.load(write(tmp_path, "vague:\n  بضعه آلاف: [4000, 5000]\n"))
    assert read("[بضعة آلاف]", mine)[:3] == (4000, 5000, True)
    assert "بضعة آلاف" not in mine.vague


def test_a_file_that_says_the_same_changes_nothing(tmp_path: Path) -> None:
    text = "vague:\n  عشرات: [20, 99]\nbefore:\n  about: [نحو]\n"
    mine = Conventions.load(write(tmp_path, text))
    assert mine == CONVENTIONS
    assert hash(mine) == hash(CONVENTIONS)
    assert mine.to_dict() == CONVENTIONS.to_dict()


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert Conventions.load(write(tmp_path, "# nothing\n")) == CONVENTIONS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vage:\n  عشرات: [1, 2]\n", "did you mean vague?"),
        ("before:\n  at_leest: [نحو]\n", "did you mean at_least?"),
        ("vague:\n  عشرات: 20\n", "expected [least, most]"),
        ("vague:\n  عشرات: [20, 10]\n", "expected [least, most]"),
        ("vague:\n  عشرات: [-1, 10]\n", "expected [least, most]"),
        ("vague:\n  عشرات: [true, 10]\n", "expected [least, most]"),
        ("vague:\n  عشرات: [1, 99999999999999]\n", "expected [least, most]"),
        ("vague:\n  20: [1, 2]\n", "expected a phrase of letters"),
        ("vague:\n  '': [1, 2]\n", "expected a phrase of letters"),
        ("vague: [1, 2]\n", "expected a mapping"),
        ("before:\n  about: نحو\n", "expected a list of phrases"),
        ("- vague\n", "expected a mapping"),
        ("vague: {\n", "is not YAML"),
        ("vague: " + "[" * 5_000, "nested too deep"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as error:
        Conventions.load(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml"):
        Conventions.load(tmp_path / "none.yaml")


def test_conventions_can_be_kept_sent_and_written(tmp_path: Path) -> None:
    again = sent(CONVENTIONS)
    assert again == CONVENTIONS
    assert hash(again) == hash(CONVENTIONS)
    assert read("[عشرات العمال]", again) == read("[عشرات العمال]")
    tables = CONVENTIONS.to_dict()
    assert tables["vague"]["عشرات"] == [20, 99]
    assert "نحو" in tables["before"]["about"]
