"""Outcome and subset of counts: what happened to the people, read from the sentence.

The sentences of the tables were made up for the tests. A count stands in brackets with its answer
behind it: ``k`` killed, ``i`` injured, ``ki`` killed or injured, ``a`` abducted, ``m`` missing,
``u`` unknown; ``+`` for a part of a count named before.
"""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import train.outcomes
from train.count import OUTCOMES
from train.outcomes import BEFORE, BEHIND, Outcome, read_outcomes
from train.words import sentence_ends, split_words

LETTERS = {
    "k": "killed",
    "i": "injured",
    "ki": "killed_or_injured",
    "a": "abducted",
    "m": "missing",
    "u": "unknown",
}
MARK = re.compile(r"\[([^\[\]]*)\]([a-z]+\+?)")

BEFORE_THE_COUNT = [
    "مقتل [خمسة]k وإصابة [7]i",
    "قتل [ثلاثة بحارة]k وأصيب [بحار رابع]i على رصيف الميناء",
    "وقُتِلَ [حدّاد]k في السوق القديم وجُرِحَ [اثنان من زبائنه]i",
    "أدى انهيار الجسر إلى مصرع [عشرة عمال]k وجرح [تسعة]i",
    "انتهى الهجوم بمقتل [سائق]k وخطف [راكبين]a وفقدان [ثالث]m",
    "أودت القذيفة بحياة [طبيبين]k في المستوصف",
    "راح ضحية الكمين [أربعة رعاة]k",
    "كمين راح ضحيته [أربعة رعاة]k",
    "حصدت الألغام أرواح [ستين مزارعا]k خلال عام",
    "استشهاد [شاب]k عند الحاجز",
    "استشهد [مسعف]k وأصيبت [ممرضتان]i",
    "توفي [نزيل]k في العيادة",
    "لقي [سبعة صيادين]k حتفهم",
    "لقيت [عجوز]k مصرعها تحت الركام",
    "ذبح المهاجمون [راعيا]k وحرقوا خيمته",
    "أعدم التنظيم [ستة من حراسه]k بتهمة الفرار",
    "اغتال ملثمون [ضابطا متقاعدا]k أمام داره",
    "عثر الأهالي على جثث [تسعة رجال]k في بئر",
    "تمكنت الوحدة من القضاء على [أربعة مسلحين]k",
    "قضت الدورية فجر أمس على [مهربين]k قرب الحدود",
    "قضى [عشرون نازحا]k اختناقا في الشاحنة",
    "سقط [ثلاثون مدنيا]k في يومين",
    "سقوط [قتيلين]k و[جريح]i في شجار",
    "سقوط [ستة جرحى]i",
    "خسر الفوج في معركة الجسر، كما قال قائده، [أربعين مقاتلا]k",
    "فقدنا [خمسة من رفاقنا]k",
    "فُقد [أربعة صيادين]m قبالة الساحل",
    "فقدان [طيار]m بعد تحطم طائرته",
    "لا يزال البحث جاريا عن ناجين بينما يتواصل البحث عن [ستة عمال]m",
    "خطف مجهولون، بعد صلاة العشاء، [تاجرين]a",
    "اختطفت العصابة [طالبة]a من أمام مدرستها",
    "احتجز المتمردون [تسعة من عمال الإغاثة]a",
    "أسرت الكتيبة [جنديين]a وقتلت [ثالثا]k",
    "أسر مقاتلو الجبل [عقيدا]a",
    "الإفراج عن [ثلاث ممرضات]a بعد شهر من الخطف",
    "تحرير [عشرة بحارة]a في عملية ليلية",
    "أطلق الخاطفون سراح [امرأتين]a",
    "أصاب الرصاص [بائعا]i وطار الزجاج",
    "أصابت الشظايا [تلميذين]i",
    "وأصابوا [العشرات]i",
    "طعن ملثم [حارسا]i عند البوابة",
    "طعن ملثم [حارسا]i ولاذ بالفرار",
    "طعن [رجل]k حتى الموت",
    "هاجموا المركز ليقتلوا [أربعة من حراسه]k",
    "ارتفاع عدد القتلى إلى [90]k",
    "حصيلة القتلى [90]k والجرحى [300]i",
    "بلغ عدد الجرحى [44]i",
    "أصيب [ثلاثة]i وارتفعت حصيلة القتلى منذ مطلع الأسبوع الحالي إلى [90]k",
    "كان بين القتلى الذين نقلوا ليلا من أطراف الوادي إلى المشرحة [ثلاثة أطفال]k",
    "فقد شهدت القرية عرضا حضره [ستة حراس]u",
    "وقدر طبيب القتلى [بأكثر من مئة]k",
    "ارتفع عدد الضحايا بعد انتشال الجثث إلى [71 شخصا]k",
    "هجوم خلّف [قتيلا]k [وأربعة جرحى]i",
    "اعتقلت الشرطة [خمسة طلاب]u",
    "قتل [جندي]k واعتقلت الشرطة [خمسة طلاب]u",
    "أدى القتال إلى نزوح [ألفي عائلة]u",
    "أوقعت الغارة [سبعة]u",
    "شارك في العرض [مئة جندي]u",
    "تعرض [ستة عمال]i لإصابات بسيطة",
    "تعرض [ثلاثة أطباء]a للخطف",
    "نقل [أربعة ركاب]i إلى المستشفى",
    "قصف عنيف يقتل [أما]k [وطفليها]k",
    "محاولة اغتيال وزير تنتهي بإصابة [مرافقه]i",
    "قال إن القائد نجا من كمين أدى إلى مقتل [سائقه]k",
    "مقتل[تسعة]k وإصابة[عشرة]i",
    "وصل إلى المشرحة [12 جثة]k",
]

BEHIND_THE_COUNT = [
    "[18 عاملا]k قتلوا في المنجم",
    "إن [تسعة حجاج]k لقوا حتفهم وأصيب [عشرون]i",
    "أعلن المستشفى أن [رضيعا]k من سكان المخيم توفي فجرا",
    "وقال إن [حارسا]k قتل وأصيب [ثلاثة زوار]i",
    "[أربعة فلاحين]k قضوا بلغم قديم",
    "[أربعة فلاحين]k سقطوا بلغم قديم",
    "ذكر أن [ستة مهندسين]a خطفوا من ورشتهم",
    "أكد أن [فتاتين]i أصيبتا برصاص طائش",
    "مقتل [حارس]k و[11 آخرين]i بجروح",
    "قتل [حارس]k فيما أصيب [ستة]i",
    "[ثلاثة عمال]k لقوا مصرعهم فيما أصيب [رابع]i",
    "إن [ثمانية طلاب]k [ومدرسين]k قتلوا",
    "قال إن [عشرة بحارة]k بينهم [قبطانان]k+ قتلوا",
    "أضاف أن [خمسين شخصا]m ما زالوا في عداد المفقودين",
    "بقي [تسعة صيادين]m مفقودين",
    "قال إن [طيارين]a وقعا في الأسر",
    "وقع [ستة جنود]a في قبضة المتمردين",
    "نداء لإطلاق [البحارة العشرة]a المحتجزين في الميناء",
    "خطف [ثلاثة سائقين]k وقتلوا بعد ساعات",
    "خطفت المجموعة [قاضيين]a وهددت بقتلهما",
    "قال إن [ثلاثة ملثمين]u خطفوا [مهندسا]a",
    "إن [تسعة]k قتلوا [و30]i أصيبوا",
    "بقي [تسعة صيادين]m [وبحار]m مفقودين",
    "اختطفوا [حارسين]k ثم أعدموهما",
    "إن [تاجرين]k خطفا وقتلا",
    "أصيب [حارس]k توفي متأثرا بجراحه",
    "أصيب [حارسان]i توفي أحدهما لاحقا",
    "إن [خمسة متظاهرين]i فقدوا البصر",
    "إن [خمسة متسلقين]k فقدوا حياتهم",
    "قتل [فتى]k طعنا بسكين",
    "[قتيلان]k و[خمسة جرحى]i في حريق",
    "[3 شهداء]k برصاص قناص",
    "قال إن [سائحين]k كانا يصوران الوادي قبل أن ينهار ويقتلا",
    "ذكر أن [مهربين]a من أهل القرية تم أسرهم",
    "نفذت المحكمة حكم الإعدام في [ثلاثة قراصنة]k",
    "أحرقوا [حارسا]k حتى الموت",
    "اقتاد المسلحون [عشرين رجلا]k إلى الوادي ثم ذبحوهم",
]

ONE_NUMBER_FOR_TWO = [
    "مقتل وإصابة [عشرين جنديا]ki",
    "قتل أو جرح [العشرات]ki",
    "مقتل أو إصابة [أربعين]ki",
    "إلى قتل وجرح [ألف]ki",
    "سقط [خمسون]ki بين قتيل وجريح",
    "[مئة]ki شخص بين قتيل وجريح",
    "أكثر من [ثلاثين ضحية]ki بين قتيل وجريح",
    "سقوط [عشرات القتلى والجرحى]ki",
    "[40 قتيلا وجريحا]ki",
    "[40 قتيلا]ki وجريحا",
    "إن [سبعة حراس]ki سقطوا ما بين قتيل وجريح",
    "إن [سبعة حراس]i سقطوا جرحى",
    "بلغت الخسائر [ستين شخصا]ki، بين قتيل وجريح",
    "[ثلاثة قتلى]k وجرحى كثر",
    "خلّف الحريق [ثلاثين ضحية]k",
    "إن [عشرة]ki قتلوا وجرحوا",
    "عدد القتلى والجرحى إلى [ثمانين]ki",
    "[خمسة]k قتلوا وأصيب [ستة]i",
    "لقي [خمسة]k مصرعهم وجرح [ستة]i",
    "خطف وقتل [صحافي]k",
    "قتل واعتقال [عشرة]k",
    "مقتل الضابط وإصابة [عشرة]i",
]

VICTIMS_BY_NAME = [
    "مقتل [ثلاث رهائن]k",
    "قتلت العصابة [أربع رهائن]k",
    "إصابة [رهينتين]i في تبادل نار",
    "تحرير [رهينتين]a",
    "[ثلاث رهائن]k قتلوا في الغارة",
    "إعدام [أسيرين]k",
    "احتجاز [60 رهينة]a",
    "مقتل [حارس]k [وخمسة جرحى]i",
    "توفي [جريح]k في المستشفى",
    "[عشرة مفقودين]m جراء السيل",
    "[آلاف المخطوفين]a ما زالوا في السجون",
]

PARTS = [
    "قتل [عشرة]k بينهم [ثلاث نساء]k+ وأصيب [خمسة]i",
    "قتل [عشرة]k، من بينهم [ثلاث نساء]k+ [وطفلان]k+، وجرح [خمسة]i بينهم [شرطيان]i+",
    "خطف [مئة تلميذ]a أفلت [عشرون]a+ منهم",
    "خطفوا [خمسين عاملا]a لا يزال [ثلاثون]a+ منهم مخطوفين",
    "أصيب [ستة]i بجروح توفي [اثنان]k+ منهم",
    "جرح [ستة]i بينهم [اثنان]i+ في حالة خطيرة",
    "قتل [خمسة]k ضمنهم [ضابطان]k+",
    "قتل [خمسة]k منهم [ضابطان]k+",
    "قتل [خمسة]k هم [ثلاثة جنود]k+ [ومدنيان]k+",
    "قتل [عشرة]k بينهم امرأة [وثلاثة أطفال]k+",
    "قتل [عشرة]k بينهم امرأة، وجرح [ثلاثة أطفال]i",
    "قتل [عشرة]k بينهم [جنديان]k+ [وخمسة جرحى]i",
    "[عشرة قتلى]k بينهم [جنديان]k+ [وأربعة جرحى]i",
    "قتل [عشرة]k بينهم [جنديان]k+ وأصيب [تسعة آخرون]i",
    "قتل [عشرة]k منهم 3 نساء",
    "قتل [عشرة]k وأصيب [مئة شخص]i بينهم نساء",
    "قتل [عشرة]k، وبين القتلى [أربعة أطفال]k+",
    "وبين القتلى [أربعة أطفال]k+",
    "ومن بين هؤلاء الضحايا [تسعون طفلا]k+",
    "أصيب [6 رعاة]i بجروح قرب الوادي بينهم حارس [وثلاثة صبية]i+",
    "أدت الغارة إلىإصابة [سبعة رعاة]i",
    "أعلن المركز عناستشهاد [مسعفين]k",
    "طالب خاطفو [3 مهندسين]a بفدية",
    "سلم قتلة [شرطيين]k أنفسهم",
    "تحاول القوة إنقاذ [16 بحارا]a خطفوا أمس",
    "قتل [3 رعاة]k ولا يزال مصير [5 آخرين]m مجهولا",
    "إصابة [اثنين]i منهم",
    "مقتل آخرين بينهم [ثلاثة أطفال]k+",
    "قتل [أربعة]k منهم [وخمسة آخرين]k من قبيلة أخرى",
    "قتل [سبعة]k في المدينة [وثلاثة]k في ريفها",
    "قتل [عشرة]k وأصيب [ستة]i منهم",
    "قتل [عشرة]k، بينهم [طفلان]k+، [وامرأة]k+",
    "سقط [مئة ضحية]k، بينهم [40 قتيلا]k+ [و60 مصابا]i+",
    "استقبل المستشفى [ستة جرحى]i، بينهم [طفلان]i+ [وامرأتان]i+، سقطوا في قصف ليلي",
    "القتلى هم [ستة جنود]k",
    "بلغ [31]k عدد الحراس، ضمنهم [9 رقباء]k+ ممن قتلوا عند الجسر",
    "قتل [عشرة]k بينهم [طفلان]k+ [وخمسة آخرون]k في بلدة مجاورة",
    "قتل [عشرة]k بينهم امرأة، ثم قتل القائد [ومرافقاه]k",
    "بينهم [ضابطان]k+، مقتل [تسعة]k في كمين",
]

INHERITED = [
    "مقتل [ستة جنود]k [وثلاثة من الحراس]k [ومترجم]k",
    "خطف [مهندسا]a [وسائقه]a",
    "أصيب [سائق]i [وراكبان]i بشظايا",
    "قتل [ستة عمال]k مقابل [تسعة]k، إلى جانب جرحى",
    "قتل [خمسون]k في الشمال مقابل [أربعين]k في العام الماضي",
]

TABLE = [
    *BEFORE_THE_COUNT,
    *BEHIND_THE_COUNT,
    *ONE_NUMBER_FOR_TWO,
    *VICTIMS_BY_NAME,
    *PARTS,
    *INHERITED,
]


def unmark(marked: str) -> tuple[str, list[tuple[int, int]], list[tuple[str, bool]]]:
    """Return the text, its spans and the answers of a line of the tables."""
    text, spans, answers, at = "", [], [], 0
    for match in MARK.finditer(marked):
        text += marked[at : match.start()]
        spans.append((len(text), len(text) + len(match[1])))
        text += match[1]
        answers.append((LETTERS[match[2].rstrip("+")], match[2].endswith("+")))
        at = match.end()
    return text + marked[at:], spans, answers


def found(text: str, spans: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    return [(outcome.outcome, outcome.subset) for outcome in read_outcomes(text, spans)]


@pytest.mark.parametrize("marked", TABLE)
def test_outcome(marked: str) -> None:
    text, spans, answers = unmark(marked)
    assert found(text, spans) == answers


RULES = [
    ("مقتل [خمسة]k وإصابة [7]i", ["noun:مقتل", "noun:إصابة"]),
    ("قتل [خمسة]k بينهم [طفل]k وأصيب [7]i", ["verb:قتل", "inherited", "verb:أصيب"]),
    ("إن [خمسة]k قتلوا منهم [ضابطان]k", ["verb:قتل", "inherited"]),
    ("إن [خمسة]k قتلوا بينهم [ضابطان]k", ["verb:قتل", "inherited"]),
    ("[خمسة جرحى]i", ["inside:جرحى"]),
    ("مقتل وإصابة [خمسة]k", ["noun:مقتل+noun:إصابة"]),
    ("[خمسة]k بين قتيل وجريح", ["pair"]),
    ("وصل [خمسة]k", ["none"]),
]


@pytest.mark.parametrize(("marked", "rules"), RULES)
def test_the_rule_names_the_word_that_decided(marked: str, rules: list[str]) -> None:
    text, spans, _ = unmark(marked)
    assert [outcome.rule for outcome in read_outcomes(text, spans)] == rules


def test_no_spans() -> None:
    assert read_outcomes("مقتل خمسة", []) == []


def test_another_sentence_says_nothing() -> None:
    text, spans, _ = unmark("مقتل [خمسة]k. وحضر العرض [ستة]u")
    assert found(text, spans) == [("killed", False), ("unknown", False)]
    text, spans, _ = unmark("وحضر العرض [ستة]u\nمقتل [خمسة]k")
    assert found(text, spans) == [("unknown", False), ("killed", False)]


@pytest.mark.parametrize("stop", [". ", "؟ ", "!» ", "\n", "… ", ".\n", " د. ", "1.5", "، ", ": "])
def test_sentences_end_where_the_tagger_ends_them(stop: str) -> None:
    """The oracle is :func:`train.words.sentence_ends`: a text reads as its sentences do."""
    text, spans, _ = unmark(f"مقتل [خمسة]k قرب النهر{stop}وبقي [ستة]u في القرية")
    words = split_words(text)
    expected, first = [], 0
    for last in sentence_ends(text, words):
        start, end = words[first].start, words[last - 1].end
        inside = [(a - start, b - start) for a, b in spans if start <= a < end]
        expected += read_outcomes(text[start:end], inside)
        first = last
    assert read_outcomes(text, spans) == expected


@pytest.mark.parametrize("seed", range(5))
def test_an_article_reads_as_its_sentences(seed: int) -> None:
    """Thousands of counts in one text: every sentence keeps its answers."""
    lines = [unmark(line) for line in random.Random(seed).choices(TABLE, k=600)]
    text, spans, answers = "", [], []
    for line, inside, expected in lines:
        spans += [(start + len(text), end + len(text)) for start, end in inside]
        answers += expected
        text += line + "\n"
    assert found(text, spans) == answers


@pytest.mark.parametrize("marked", TABLE)
def test_marks_tatweel_and_hamza_change_nothing(marked: str) -> None:
    """Spellings of one word read alike; what is inserted moves the spans, not the answers."""
    draw = random.Random(marked)
    text, spans, answers = unmark(marked)
    places = [0]
    varied = ""
    for before, letter in zip("\n" + text, text, strict=False):
        letter = {"أ": "ا", "إ": "ا"}.get(letter, letter)
        if before.isalpha() and letter.isalpha():
            varied += draw.choice(["", "", "\u0640", "\u064e", "\u200f"])
        varied += letter
        places.append(len(varied))
    moved = [(places[start], places[end]) for start, end in spans]
    assert found(varied, moved) == answers


def test_only_the_neighbourhood_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost is that of the counts, however long the text without them."""
    read = 0

    def counting(text: str) -> str:
        nonlocal read
        read += len(text)
        return fold(text)

    fold = train.outcomes.fold
    monkeypatch.setattr(train.outcomes, "fold", counting)
    far = "كلام طويل " * 20_000
    text = f"{far} مقتل خمسة {far} وإصابة ستة {far}"
    spans = [(text.index(word), text.index(word) + len(word)) for word in ("خمسة", "ستة")]
    assert [o.outcome for o in read_outcomes(text, spans)] == ["killed", "injured"]
    assert read <= 2 * (BEFORE + BEHIND + 10)


def test_dense_counts_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    fold = train.outcomes.fold

    def counting(text: str) -> str:
        nonlocal read
        read += len(text)
        return fold(text)

    monkeypatch.setattr(train.outcomes, "fold", counting)
    text = "مقتل 5 وإصابة 7 " * 5_000
    spans = [match.span() for match in re.finditer(r"\d", text)]
    outcomes = read_outcomes(text, spans)
    assert [o.outcome for o in outcomes] == ["killed", "injured"] * 5_000
    assert read <= len(text) + BEHIND


WORDS = (
    "قتل مقتل قتلوا وأصيب إصابة بجروح بينهم منهم بين قتيل وجريح جرحى خطف فقد لقي مصرعهم على أن و "
    "، . ( ) 5 ٧ خمسة آخرين سقط رهينة \n ؟ ب35 مقتل56 البحث عن تعرض المستشفى حتى الموت قبضة"
)
SCRAPS = st.sampled_from(re.split(" ", WORDS))
TEXTS = st.one_of(
    st.lists(SCRAPS, max_size=30).map(" ".join),
    st.lists(SCRAPS, max_size=30).map("".join),
    st.text(max_size=60),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=12))
def test_any_text_and_any_sorted_spans_are_read(text: str, borders: list[tuple[int, int]]) -> None:
    """A tagger's spans may be empty, nested, cut words or lie beyond the text."""
    spans = sorted(borders)
    outcomes = read_outcomes(text, spans)
    assert len(outcomes) == len(spans)
    for outcome in outcomes:
        assert isinstance(outcome, Outcome)
        assert outcome.outcome in OUTCOMES
        assert outcome.rule
        assert (outcome.rule == "none") <= (outcome.outcome == "unknown")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TABLE), st.sampled_from(TABLE), st.sampled_from(TABLE))
def test_other_lines_change_nothing(before: str, marked: str, after: str) -> None:
    text, spans, answers = unmark(f"{before}\n{marked}\n{after}")
    first = len(unmark(before)[1])
    expected = unmark(marked)[2]
    assert answers[first : first + len(expected)] == expected
    assert found(text, spans)[first : first + len(expected)] == expected
