"""Rows of numbers, checked against sums worked out by hand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.count import OUTCOMES, Count
from train.document import Document, Span
from train.incidents import COLUMNS, has_casualties, incident
from train.name import Name
from train.ranges import Range
from train.tolls import is_former_toll, is_running_total
from train.totals import Totals
from train.victims import read_victims

_MARK = re.compile(r"\{([^|}]*)\|([^}]*)\}")
_NUMBER = re.compile(r"(\d+)(\+|-(\d+))?(~)?")
_SHORT = {"k": "killed", "i": "injured", "ki": "killed_or_injured", "a": "abducted"}
_SHORT |= {"m": "missing", "u": "unknown"}


def document(marked: str, identifier: str = "a") -> Document:
    """Return a document of a notation: ``{5 جنود|5 k}`` is a count, ``{داعش|ACTOR}`` a mention.

    A number is ``5``, ``5+`` (no upper end), ``3-9``, with ``~`` rough; ``?`` is unread, ``s`` at
    the end a sub-count; ``{لغم|WEAPON=explosive device}`` gives a type or a name.
    """
    text, spans, last = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[last : match.start()]
        start, last = len(text), match.end()
        text += match[1]
        label, _, name = match[2].partition("=")
        if label in ("ACTOR", "WEAPON", "BASE"):
            spans.append(Span(start, len(text), label, name=_name(match[1], label, name)))
        else:
            rule = "digits" if _count(match[2]) else "no number"
            spans.append(
                Span(start, len(text), "CASUALTY", count=_count(match[2]), count_rule=rule)
            )
    return Document(identifier, text + marked[last:], tuple(spans))


def _name(mention: str, label: str, name: str) -> Name | None:
    if not name:
        return None
    if label == "ACTOR":
        return Name(name, type="armed group", known=True)
    return Name(mention, type=None if name == "?" else name)


def _count(code: str) -> Count | None:
    if code == "?":
        return None
    number, outcome, *flags = code.split()
    match = _NUMBER.fullmatch(number)
    assert match, code
    least = int(match[1])
    most = None if match[2] == "+" else int(match[3] or least)
    return Count(least, most, bool(match[4]), _SHORT[outcome], flags == ["s"])


def sums(row: dict[str, object]) -> str:
    """Return what a row sums up, such as ``killed 5, injured 3-9``."""
    parts = []
    for outcome in OUTCOMES:
        least, most = row[f"{outcome}_min"], row[f"{outcome}_max"]
        if least is None:
            assert most is None
        elif most is None:
            parts.append(f"{outcome} {least}+")
        else:
            parts.append(f"{outcome} {least}" + (f"-{most}" if most != least else ""))
    return ", ".join(parts)


def verdicts(row: dict[str, object]) -> str:
    return " ".join(span["added"] for span in row["spans"] if span["label"] == "CASUALTY")


TABLE = [
    # One count, or several of different outcomes.
    ("قُتل {جنديان|2 k} قرب السد.", "killed 2", "yes"),
    ("لم يصب {أحد|0 i} في الحريق.", "injured 0", "yes"),
    (
        "مقتل {5|5 k} وإصابة {7|7 i} وفقدان {واحد|1 m}.",
        "killed 5, injured 7, missing 1",
        "yes " * 3,
    ),
    ("سقوط {30 شخصا|30 ki} بين قتيل وجريح.", "killed_or_injured 30", "yes"),
    ("خطف {3 صيادين|3 a} ولا يعرف مصير {عاملين|2 u}.", "abducted 3, unknown 2", "yes yes"),
    # Adding: bounds to bounds, and no upper end where one has none.
    ("قتل {5 جنود|5 k} و{ثلاثة مدنيين|3 k}.", "killed 8", "yes yes"),
    ("قتل {بضعة جنود|3-9~ k} و{عشرات المدنيين|20-99~ k}.", "killed 23-108", "yes yes"),
    ("قتل {5 جنود|5 k} و{أكثر من 10 مدنيين|10+ k}.", "killed 15+", "yes yes"),
    ("قتل {أقل من 5 جنود|0-5 k} و{7 رعاة|7 k}.", "killed 7-12", "yes yes"),
    # Unread.
    ("قتل {مدنيون|?} وأصيب {4|4 i}.", "injured 4", "unread yes"),
    ("سقط {ضحايا|?}.", "", "unread"),
    # Sub-counts.
    ("قتل {12 شخصا|12 k} بينهم {3 أطفال|3 k s}.", "killed 12", "yes subset"),
    ("قتل {12 شخصا|12 k} بينهم {3 أطفال|3 u s}.", "killed 12", "yes subset"),
    ("أصيب {10|10 i} توفي منهم {2|2 k s}.", "killed 2, injured 10", "yes yes"),
    (
        "أصيب {10|10 i} توفي منهم {2|2 k s} بينهم {طفل|1 k s}.",
        "killed 2, injured 10",
        "yes yes subset",
    ),
    (
        "أصيب {10|10 i} توفي منهم {2|2 k s}، وبينهم {3 نساء|3 i s}.",
        "killed 2, injured 10",
        "yes yes subset",
    ),
    ("قتل {4|4 k} وأصيب {10|10 i} بينهم {طفل|1 i s}.", "killed 4, injured 10", "yes yes subset"),
    ("قتل {4|4 k} وأصيب {10|10 i} توفي منهم {2|2 k s}.", "killed 6, injured 10", "yes yes yes"),
    ("قتل {مدنيون|?} بينهم {3 أطفال|3 k s}.", "killed 3", "unread yes"),
    ("كان بينهم {3 أطفال|3 k s} قتلوا.", "killed 3", "yes"),
    ("قتل {6 عمال|6 k}. ومن بينهم {شقيقان|2 k s}.", "killed 6", "yes subset"),
    # Lists of parts that make the whole.
    ("مقتل {4 عسكريين|4 k} ({ضابط|1 k} و{3 جنود|3 k}).", "killed 4", "yes subset subset"),
    (
        "قتل {أربعة عسكريين|4 k} هم {ضابط|1 k} و{3 جنود|3 k}، و{راع|1 k}.",
        "killed 5",
        "yes subset subset yes",
    ),
    ("قتل {شخصان|2 k} (هما {مدنيان|2 k}).", "killed 2", "yes subset"),
    ("قتل {شخصان|2 k} ({مدنيان|2 k}).", "killed 2", "yes subset"),
    ("قتل {5 جنود|5 k} - {ضابط|1 k} و{3 حراس|3 k}.", "killed 9", "yes yes yes"),
    ("قتل {5 جنود|5 k}، {ضابط|1 k}، {4 حراس|4 k}.", "killed 10", "yes yes yes"),
    # Repeats in another sentence.
    ("قتل {5 جنود|5 k}. ودفن {الجنود الخمسة|5 k} أمس.", "killed 5", "yes repeat"),
    ("مقتل {18 شخصا|18 k}\nقتل {18 مدنيا|18 k} في القصف.", "killed 18", "yes repeat"),
    ("مقتل {18|18 k}\nقتل {أكثر من 18 مدنيا|18+ k}.", "killed 18+", "yes repeat"),
    ("مقتل {نحو 20 مدنيا|20~ k}\nقتل {20 مدنيا|20 k}.", "killed 20", "yes repeat"),
    ("مقتل {20 مدنيا|20 k}\nقتل {عشرات المدنيين|20-99~ k}.", "killed 20-99", "yes repeat"),
    ("قتل {5 جنود|5 k}. وقتل {5 مدنيين|5 k}.", "killed 10", "yes yes"),
    ("قتل {5 جنود|5 k}. وأصيب {5 جنود|5 i}.", "killed 5, injured 5", "yes yes"),
    ("قتل {5 جنود|5 k}. وقتل {6 جنود|6 k}.", "killed 11", "yes yes"),
    ("قتل {أقل من 5|0-5 k}. وقتل {أقل من 9|0-9 k}.", "killed 0-14", "yes yes"),
    ("قتل {جندي عراقي|1 k}. وقتل {مدني عراقي|1 k}.", "killed 2", "yes yes"),
    ("قتل {3 مدنيين سوريين|3 k}. ودفن {3 سوريين|3 k}.", "killed 3", "yes repeat"),
    ("قتل {5 من عناصر الشرطة|5 k}. ونعت الوزارة {5 شرطيين|5 k}.", "killed 5", "yes repeat"),
    # Equal counts in one sentence.
    ("قتل {جنديان|2 k} و{مدنيان|2 k}.", "killed 4", "yes yes"),
    ("قتل {جندي|1 k} في تل و{جندي|1 k} في واد.", "killed 2", "yes yes"),
    ("قتل {جندي|1 k} في تل و{جندي|1 k} في واد. ونعي {جندي|1 k}.", "killed 2", "yes yes repeat"),
    ("قتل {5 جنود|5 k} وكان {الجنود الخمسة|5 k} في دورية.", "killed 5", "yes repeat"),
    ("دفن {الجنود الخمسة|5 k} بعد مقتل {5 جنود|5 k} في حادث.", "killed 10", "yes yes"),
    ("قتل {5 جنود|5 k} وكان {القتلى الخمسة|5 k} في دورية.", "killed 5", "yes repeat"),
    # Others are no repeats, unless they are others than those in their own sentence.
    ("قتل {3 عمال|3 k}. وقتل {3 آخرون|3 k} بعد ساعة.", "killed 6", "yes yes"),
    ("قتل {شرطي|1 k}. وتوفي {شرطي ثان|1 k} مساء.", "killed 2", "yes yes"),
    (
        "قتل {2|2 k} وأصيب {11 آخرون|11 i}.\nكان {11 عاملا|11 i} قد أصيبوا.",
        "killed 2, injured 11",
        "yes yes repeat",
    ),
    ("قتل {جندي|1 k} في كمين. وفي هجوم منفصل قتل {جندي|1 k}.", "killed 2", "yes yes"),
    ("قتل {جندي|1 k} في كمين. من جهة أخرى قتل {جندي|1 k}.", "killed 2", "yes yes"),
    ("قتل {5 جنود|5 k}. وفي آخر حصيلة قتل {5 جنود|5 k}.", "killed 5", "yes repeat"),
    # Running totals.
    ("قتل {9 عمال|9 k}. وارتفع عدد القتلى إلى {12|12 k}.", "killed 12", "superseded yes"),
    ("قتل {40 عاملا|40 k}. وارتفع عدد القتلى إلى {12|12 k}.", "killed 52", "yes yes"),
    (
        "قتل {9|9 k} وأصيب {4|4 i}. وارتفعت الحصيلة إلى {12 قتيلا|12 k} و{30 جريحا|30 i}.",
        "killed 12, injured 30",
        "superseded superseded yes yes",
    ),
    (
        "قتل {9|9 k} وأصيب {40|40 i}. وبلغت حصيلة القتلى {12|12 k}.",
        "killed 12, injured 40",
        "superseded yes yes",
    ),
    ("وصل عدد القتلى إلى {12|12 k} بعد وفاة {جريحين|2 k}.", "killed 12", "yes superseded"),
    ("وصل عدد القتلى إلى {12|12 k}. وقتل {جنديان|2 k}.", "killed 14", "yes yes"),
    (
        "قتل {5|5 k}. بلغ عدد القتلى {8|8 k}. ارتفع عدد القتلى إلى {11|11 k}.",
        "killed 11",
        "superseded superseded yes",
    ),
    (
        "ارتفع عدد القتلى إلى {8 رعاة|8 k}. بلغ عدد القتلى {8 عمال|8 k}.",
        "killed 8",
        "superseded yes",
    ),
    ("قتل {5|5 k}. بلغ عدد السيارات 9، وقتل {6 رعاة|6 k}.", "killed 11", "yes yes"),
    (
        "قتل {5 رعاة|5 k}. ارتفع العدد إلى {9|9 k}. وقتل {خمسة رعاة|5 k} فجرا.",
        "killed 9",
        "superseded yes superseded",
    ),
    # Former tolls.
    ("قتل {7|7 k}. وكانت الحصيلة السابقة {4 قتلى|4 k}.", "killed 7", "yes superseded"),
    ("وكانت الحصيلة السابقة {4 قتلى|4 k}.", "killed 4", "yes"),
    ("أصيب {7|7 i}. وكانت الحصيلة السابقة {4 قتلى|4 k}.", "killed 4, injured 7", "yes yes"),
]


@pytest.mark.parametrize(("marked", "expected", "added"), TABLE)
def test_sums_are_those_worked_out_by_hand(marked: str, expected: str, added: str) -> None:
    row = incident(document(marked))
    assert (sums(row), verdicts(row)) == (expected, added.strip())


def test_a_row_has_all_keys_in_order_and_all_that_a_reader_needs() -> None:
    row = incident(
        document(
            "قصف {الجيش|ACTOR=الجيش السوداني} و{قوات مجهولة|ACTOR} "
            "{معسكرا|BASE=camp} و{كوخا|BASE=?} بـ{صاروخ|WEAPON=rocket/missile} "
            "و{مقلاع|WEAPON=?} و{قذيفة|WEAPON=rocket/missile}، "
            "فقتل {نحو 5 جنود|5~ k} بينهم {ضابط|1 k s} وأصيب {رعاة|?}، "
            "وقال {الجيش|ACTOR=الجيش السوداني} نعم."
        )
    )
    assert tuple(row) == COLUMNS
    assert COLUMNS[:4] == ("id", "text", "killed_min", "killed_max")
    assert row["approximate"] is True
    assert row["unread"] == 1
    assert row["actors"] == ["الجيش السوداني", "قوات مجهولة"]
    assert row["weapons"] == ["rocket/missile", "مقلاع"]
    assert row["bases"] == ["camp", "كوخا"]
    assert row["counts"] == ["نحو 5 جنود", "ضابط", "رعاة"]
    assert [span["label"] for span in row["spans"]].count("CASUALTY") == 3
    assert all(row["text"][s["start"] : s["end"]] == s["text"] for s in row["spans"])
    assert [s.get("added") for s in row["spans"] if s["label"] != "CASUALTY"] == [None] * 8
    counted = next(span for span in row["spans"] if span["text"] == "ضابط")
    assert counted["added"] == "subset"
    assert counted["count"] == {
        "min": 1, "max": 1, "approximate": False, "outcome": "killed", "subset": True,
    }  # fmt: skip


def test_approximate_is_of_what_is_added_only() -> None:
    row = incident(document("قتل {12|12 k} بينهم {نحو 3 أطفال|3~ k s}."))
    assert row["approximate"] is False
    row = incident(document("قتل {12 عاملا|12 k}. وقتل {نحو 12|12~ k}."))
    assert row["approximate"] is True


def test_a_document_without_counts_has_an_empty_row_and_is_told_apart() -> None:
    quiet = document("اجتمع {الجيش|ACTOR} أمس.")
    assert not has_casualties(quiet)
    assert sums(incident(quiet)) == ""
    assert has_casualties(document("سقط {ضحايا|?}."))
    assert incident(Document("e", ""))["spans"] == []


@pytest.mark.parametrize(
    ("before", "behind", "expected"),
    [
        ("ارتفع عدد القتلي الي ", "", True),
        ("ليرتفع بذلك عدد ضحايا الانهيار، وفق البلديه، الي اكثر من ", "", True),
        ("ارتفعت الي ", " حصيله الفيضان", True),
        ("وبلغت الحصيله ", "", True),
        ("وقال ان عدد الجرحي بلغ ", "", True),
        ("وصل عدد من الجنود الي القريه فقتل ", "", False),
        ("وصل الي القريه ", " جنود", False),
        ("بلغ عدد السيارات 7، وقتل ", "", False),
        ("بلغ عدد الغارات سبعا ادت الي مقتل ", "", False),
        ("قتل ", "", False),
        ("", "", False),
    ],
)
def test_running_totals_are_told_by_their_words(before: str, behind: str, expected: bool) -> None:
    assert is_running_total(before, behind) is expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("وكانت حصيله سابقه افادت بمقتل ", True),
        ("وكانت الحصيله الاوليه تشير الي ", True),
        ("ارتفع العدد بعد ان كان ", True),
        ("وفي حصيله اوليه قتل ", False),
        ("وبلغت الحصيله ", False),
    ],
)
def test_former_tolls_are_told_by_their_words(before: str, expected: bool) -> None:
    assert is_former_toll(before) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("جندي", "جنديان", True),
        ("12 جنديًا", "الجنود الـ12", True),
        ("امرأتين", "نساء", True),
        ("ألفي لاجئ", "2000 لاجئ", True),
        ("مئة وخمسون عاملا", "150 عاملا", True),
        ("ثلاثمائة عامل", "300 راع", False),
        ("أحد رجال الشرطة", "شرطي", True),
        ("بـ35 طالبا", "طالبات", True),
        ("والجنود الخمسة", "5 جنود", True),
        ("3 رجال", "3 نساء", False),
        ("3 قتلى", "3 نساء", True),
        ("آلاف الأشخاص", "آلاف المهجرين", True),
    ],
)
def test_nouns_are_told_apart(left: str, right: str, expected: bool) -> None:
    assert read_victims(left).may_be(read_victims(right)) is expected
    assert read_victims(right).may_be(read_victims(left)) is expected


def test_who_is_definite_and_who_is_another() -> None:
    assert read_victims("الجنود الخمسة").definite
    assert not read_victims("العشرات").definite
    assert not read_victims("ألفي جندي").definite
    assert read_victims("3 آخرين").others
    assert not read_victims("ثلاثة جنود").others


# What a sentence can say, without words that put one count in the place of another.
_NOUNS = ("جنود", "مدنيين", "أشخاص", "جنود عراقيين", "عراقيين", "", "آخرين", "من الشرطة")
_NUMBERS = st.sampled_from(["1", "2", "5", "5+", "5-8", "20", "20-99~", "0-5", "0-20", "0"])
_COUNTS = st.builds(
    lambda number, noun, outcome, article: (
        f"{{{'ال' * (article and bool(noun))}{noun}"
        f"{'' if noun and article else ' '}|{number} {outcome}}}"
    ),
    _NUMBERS,
    st.sampled_from(_NOUNS),
    st.sampled_from(["k", "i", "ki"]),
    st.booleans(),
)
_UNREAD = st.just("{رعاة|?}")
_SENTENCES = st.lists(
    st.lists(st.one_of(_COUNTS, _UNREAD), min_size=1, max_size=4).map(
        lambda counts: "سقط " + " و ".join(counts) + " هناك"
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(_SENTENCES, st.randoms(use_true_random=False))
def test_the_order_of_sentences_changes_no_sum(sentences: list[str], random: object) -> None:
    row = incident(document(". ".join(sentences)))
    random.shuffle(sentences)
    other = incident(document(". ".join(sentences)))
    assert sums(other) == sums(row)
    assert (other["approximate"], other["unread"]) == (row["approximate"], row["unread"])


@settings(deadline=None)
@given(_SENTENCES)
def test_bounds_are_in_order_and_no_more_than_all_counts_together(sentences: list[str]) -> None:
    tagged = document("\n".join(sentences))
    row = incident(tagged)
    for outcome in OUTCOMES:
        counts = [s.count for s in tagged.spans if s.count and s.count.outcome == outcome]
        least, most = row[f"{outcome}_min"], row[f"{outcome}_max"]
        if not counts:
            assert least is None
            assert most is None
            continue
        assert max(count.min for count in counts) <= least <= sum(count.min for count in counts)
        if most is None:
            assert any(count.max is None for count in counts)
        else:
            assert least <= most <= sum(count.max or 0 for count in counts)


@settings(deadline=None)
@given(_SENTENCES, st.integers(0, 4), _NUMBERS, st.sampled_from(["كبار", "جنود", "أشخاص"]))
def test_a_subcount_changes_no_total(
    sentences: list[str], place: int, number: str, noun: str
) -> None:
    place %= len(sentences)
    last = list(_MARK.finditer(sentences[place]))[-1]
    if last[2] == "?":
        return
    outcome = last[2].split()[1]
    plain = incident(document("\n".join(sentences)))
    sentences[place] += f" بينهم {{{noun}|{number} {outcome} s}} فقط"
    row = incident(document("\n".join(sentences)))
    assert sums(row) == sums(plain)
    assert verdicts(row).split().count("subset") == 1


def test_thousands_of_tolls_and_nouns() -> None:
    """Comparing each with each would take minutes here."""
    tolls = (f"ارتفعت حصيلة القتلى إلى {{{n} قتيلا|{n} k}}" for n in range(1_500, 0, -1))
    letters = "بتثجحخدذرزسشصض"
    nouns = (a + b + c + "ر" for a in letters for b in letters for c in letters)
    for tagged in (
        document("، ثم ".join(tolls)),
        document(". ".join(f"قتل {{5 {noun}|5 k}}" for noun in nouns)),
    ):
        assert verdicts(incident(tagged)).split().count("yes") == len(tagged.spans)


# Totals.


def test_totals_are_the_sums_of_rows() -> None:
    totals = Totals()
    assert totals.told() == "no count was read"
    totals.add(incident(document("قتل {5|5 k} وأصيب {أكثر من 20|20+ i}.")))
    totals.add(incident(document("قتل {عشرات|20-99~ k} وأصيب {3|3 i} وفقد {رعاة|?}.")))
    assert totals.to_dict() == {
        "rows": 2,
        "killed_min": 25, "killed_max": 104,
        "injured_min": 23, "injured_max": None,
        "killed_or_injured_min": None, "killed_or_injured_max": None,
        "abducted_min": None, "abducted_max": None,
        "missing_min": None, "missing_max": None,
        "unknown_min": None, "unknown_max": None,
        "approximate": True,
        "unread": 1,
    }  # fmt: skip
    assert totals.told() == (
        "killed 25 to 104, injured at least 23 (rough: some of the counts are); "
        "1 count could not be read and is in no sum"
    )


def test_totals_that_say_nothing_of_an_outcome_differ_from_zero() -> None:
    totals = Totals()
    totals.add(incident(document("لم يقتل {أحد|0 k}.")))
    assert totals.sums == {"killed": Range(0, 0)}
    assert totals.told() == "killed 0"


@settings(deadline=None)
@given(st.lists(_SENTENCES, max_size=6), st.integers(0, 6))
def test_totals_merge(documents: list[list[str]], cut: int) -> None:
    rows = [incident(document(". ".join(sentences))) for sentences in documents]
    whole, left, right = Totals(), Totals(), Totals()
    for index, row in enumerate(rows):
        whole.add(row)
        (left if index < cut else right).add(row)
    assert (left + right).to_dict() == whole.to_dict()
    assert Totals.from_dict(whole.to_dict()).to_dict() == whole.to_dict()
    assert (left + Totals()).to_dict() == left.to_dict()
