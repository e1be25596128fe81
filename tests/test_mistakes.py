from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_metrics import LABELS, document, random_tags
from train.document import Document, Span
from train.errors import InputError
from train.inline import parse_line
from train.metrics import score
from train.mistakes import MISTAKES, NOTHING, Mistake, confusion, frequent, mention_key, mistakes


def doc(identifier: str, line: str) -> Document:
    text, spans = parse_line(line)
    return Document(identifier, text, spans)


def sure(found: Document, *scores: float) -> Document:
    spans = (replace(s, score=v) for s, v in zip(found.spans, scores, strict=True))
    return replace(found, spans=tuple(spans))


GOLD = [
    doc("b", "هاجم [الثوار](ACTOR) [ثكنة الحدود](BASE) أمس. ثم قتل [جنديان](CASUALTY)."),
    doc("a", "قصفت [طائرة](WEAPON) القرية ليلا."),
]
TAGGED = [
    sure(
        doc("b", "هاجم [الثوار](ACTOR) [ثكنة](BASE) الحدود أمس. ثم قتل [جنديان](ACTOR)."),
        0.99,
        0.5,
        0.75,
    ),
    sure(doc("a", "قصفت طائرة [القرية](BASE) ليلا."), 0.25),
]


def test_mistakes_by_hand() -> None:
    found = mistakes(GOLD, TAGGED)
    assert [(m.document, m.kind, m.score) for m in found] == [
        ("a", "missed", None),
        ("a", "spurious", 0.25),
        ("b", "wrong_border", 0.5),
        ("b", "wrong_label", 0.75),
    ]
    assert found[2].to_dict() == {
        "kind": "wrong_border",
        "document": "b",
        "gold": {"start": 12, "end": 23, "label": "BASE", "text": "ثكنة الحدود"},
        "predicted": {"start": 12, "end": 16, "label": "BASE", "text": "ثكنة", "score": 0.5},
        "text": "هاجم الثوار ثكنة الحدود أمس.",
        "start": 0,
        "taken_in": [],
        "left_out": ["الحدود"],
    }
    # The second sentence stands alone, and offsets still count from the document's start.
    assert (found[3].text, found[3].start) == ("ثم قتل جنديان.", 29)
    assert found[3].mention(found[3].span) == "جنديان" == GOLD[0].text[36:42]
    assert found[3].to_dict()["predicted"]["label"] == "ACTOR"
    assert found[0].to_dict()["predicted"] is None
    assert found[1].to_dict()["gold"] is None
    json.dumps([m.to_dict() for m in found])


def test_borders_that_reach_beyond_both_sides() -> None:
    gold = doc("1", "أعلنت قيادة [الجيش الوطني](ACTOR) الباسل النصر")
    (one,) = mistakes([gold], [doc("1", "أعلنت [قيادة الجيش الوطني الباسل](ACTOR) النصر")])
    assert (one.taken_in, one.left_out) == (("قيادة", "الباسل"), ())
    (other,) = mistakes([gold], [doc("1", "أعلنت [قيادة الجيش](ACTOR) الوطني الباسل النصر")])
    assert (other.taken_in, other.left_out) == (("قيادة",), ("الوطني",))
    (missed,) = mistakes([gold], [replace(gold, spans=())])
    assert (missed.taken_in, missed.left_out) == ((), ())


def test_a_span_over_a_sentence_border_comes_with_both_sentences() -> None:
    text = "وصل الوفد.\nغادر الوفد.\nعاد الوفد."
    (one,) = mistakes([Document("1", text, (Span(4, 15, "ACTOR"),))], [Document("1", text)])
    assert one.text == "وصل الوفد.\nغادر الوفد."


def test_confusion_by_hand() -> None:
    found = confusion(GOLD, TAGGED, ("ACTOR", "WEAPON"))
    assert list(found) == ["ACTOR", "WEAPON", "BASE", "CASUALTY", NOTHING]
    assert found == {
        row: dict.fromkeys(found, 0) | told
        for row, told in {
            "ACTOR": {"ACTOR": 1},
            "WEAPON": {NOTHING: 1},
            "BASE": {"BASE": 1},
            "CASUALTY": {"ACTOR": 1},
            NOTHING: {"BASE": 1},
        }.items()
    }


@given(st.integers(0, 2**32))
def test_as_many_as_the_account_and_in_no_order_of_files(seed: int) -> None:
    rng = random.Random(seed)
    gold = [document(i, random_tags(rng, 9)) for i in range(4)]
    tagged = [replace(d, spans=document(0, random_tags(rng, 9)).spans) for d in gold]
    found = mistakes(gold, tagged)
    scores = score(gold, tagged, LABELS)
    kinds = Counter(m.kind for m in found)
    assert {kind: kinds[kind] for kind in MISTAKES} == {
        kind: count for kind, count in asdict(scores.account).items() if kind != "correct"
    }
    table = confusion(gold, tagged, LABELS)
    for label in LABELS:
        assert sum(table[label].values()) == scores.labels[label].gold
        assert sum(row[label] for row in table.values()) == scores.labels[label].predicted
    for mistake in found:
        whole = gold[int(mistake.document)].text
        assert whole[mistake.start :].startswith(mistake.text)
        assert mistake.mention(mistake.span) == whole[mistake.span.start : mistake.span.end] != ""
    order = rng.sample(range(4), 4)
    again = mistakes([gold[i] for i in order], [tagged[i] for i in order])
    assert again == found
    assert all(frequent(again, k, 3) == frequent(found, k, 3) for k in MISTAKES)


def test_different_texts_are_not_compared() -> None:
    for compare in (mistakes, lambda a, b: confusion(a, b, LABELS)):
        with pytest.raises(InputError, match="same texts"):
            compare([Document("1", "هدوء")], [Document("1", "هدوء حذر")])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("وللجيش السوريّ", "الجيش السوري"),
        ("٣٠ شهيدة", "30 شهيده"),
        ("بالأسلحة", "اسلحة"),
        ("إيـران", "ايران"),
    ],
)
def test_spellings_of_one_mention(one: str, other: str) -> None:
    assert mention_key(one) == mention_key(other)


def test_other_words_are_other_mentions() -> None:
    assert len({mention_key(m) for m in ("الجيش", "الجيش الحر", "الجيوش", "جيش لبنان")}) == 4


def test_frequent_mentions_by_hand() -> None:
    lines = ["اتهم [{}](ACTOR) خصومه", "رد {} بالنفي"]
    names = ["النظام", "النظام", "والنظام", "المعارضة"]
    gold = [doc(str(i), lines[0].format(name)) for i, name in enumerate(names)]
    found = mistakes(gold, [replace(d, spans=()) for d in gold])
    first, second = frequent(found, "missed", 5)
    assert (first.mention, first.label, first.other, first.count) == ("النظام", "ACTOR", None, 3)
    assert first.example.document == "0"
    assert (second.mention, second.count) == ("المعارضة", 1)
    assert frequent(found, "missed", 1) == [first]
    assert frequent(found, "spurious", 5) == []
    # The other way round they are invented, and the surest is the example.
    invented = [sure(d, 0.5 + i / 10) for i, d in enumerate(gold)]
    found = mistakes([replace(d, spans=()) for d in gold], invented)
    assert frequent(found, "spurious", 1)[0].example.document == "2"
    assert first.to_dict()["example"]["document"] == "0"


def test_how_often_gold_marks_a_mention_at_all() -> None:
    gold = [doc(str(i), f"{verb} [النظام](ACTOR)") for i, verb in enumerate(["رد", "اتهم", "قال"])]
    tagged = [replace(gold[0], spans=()), *gold[1:]]
    (missed,) = frequent(mistakes(gold, tagged), "missed", 5, gold)
    assert (missed.count, missed.in_gold) == (1, 3)
    (invented,) = frequent(mistakes(tagged, gold), "spurious", 5, tagged)
    assert (invented.count, invented.in_gold) == (1, 2)
    other = [replace(d, spans=(replace(d.spans[0], label="BASE"),)) for d in gold]
    (wrong,) = frequent(mistakes(gold, other), "wrong_label", 5, gold)
    assert (wrong.label, wrong.other, wrong.count, wrong.in_gold) == ("ACTOR", "BASE", 3, 3)
    (unknown,) = frequent(mistakes(gold, tagged), "missed", 5)
    assert unknown.in_gold is None


def test_labels_are_told_apart_and_wrong_ones_named() -> None:
    text = "مدرعات"
    gold = [Document(str(i), text, (Span(0, 6, "WEAPON"),)) for i in range(3)]
    labels = ("ACTOR", "ACTOR", "BASE")
    tagged = [replace(d, spans=(Span(0, 6, x),)) for d, x in zip(gold, labels, strict=True)]
    found = frequent(mistakes(gold, tagged), "wrong_label", 9)
    assert [(f.label, f.other, f.count) for f in found] == [
        ("WEAPON", "ACTOR", 2),
        ("WEAPON", "BASE", 1),
    ]


def test_wrong_borders_are_grouped_by_what_is_taken_in_or_left_out() -> None:
    gold = [
        doc("1", "قتل [خمسة رجال على الأقل](CASUALTY)"),
        doc("2", "جرح [طفلان على الاقل](CASUALTY)"),
        doc("3", "جرح [طفلان](CASUALTY) على الأقل"),
    ]
    tagged = [
        doc("1", "قتل [خمسة رجال](CASUALTY) على الأقل"),
        doc("2", "جرح [طفلان](CASUALTY) على الاقل"),
        doc("3", "جرح [طفلان على الأقل](CASUALTY)"),
    ]
    found = frequent(mistakes(gold, tagged), "wrong_border", 9)
    assert [(f.count, f.example.taken_in, f.example.left_out) for f in found] == [
        (2, (), ("على الأقل",)),
        (1, ("على الأقل",), ()),
    ]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="wrong_border, wrong_label, missed, spurious"):
        frequent([], "correct", 3)


def test_a_mistake_has_a_span() -> None:
    with pytest.raises(ValueError, match="without a span"):
        Mistake("missed", "1", None, None, "", 0).span  # noqa: B018
