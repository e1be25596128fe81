from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_metrics import LABELS, document, random_tags
from tests.test_mistakes import doc
from train.bootstrap import Interval, intervals
from train.document import Document, Span
from train.errors import InputError
from train.jsonl import write_jsonl
from train.metrics import Score, score
from train.slices import Slice, known_mentions, report, slices
from train.spelling import spelling_of

LONG = " ".join(["كلمة"] * 15)
GOLD = [
    # Two sentences, of 4 and of 17 words; the spans are of 1, 2 and 1 words.
    doc("x_1", f"هاجم [الثوار](ACTOR) المدينة. {LONG} [قاعدة الأسد](BASE)."),
    doc("x_2", "انسحب [الثوار](ACTOR) مساء"),
    replace(doc("3", "هدوء"), meta={"source": "y"}),
]
TAGGED = [
    doc("x_1", f"هاجم [الثوار](ACTOR) المدينة. {LONG} [قاعدة](BASE) الأسد."),
    doc("x_2", "[انسحب](WEAPON) [الثوار](ACTOR) مساء"),
    GOLD[2],
]


def test_parts_by_hand() -> None:
    known = known_mentions([doc("t", "[للثوار](ACTOR) قرب [قاعدة](WEAPON)")])
    found = {
        kind: {name: (part.documents, part.score) for name, part in parts.items()}
        for kind, parts in slices(GOLD, TAGGED, known).items()
    }
    assert found["by_source"] == {
        "x": (2, Score(3, 2, 4, 2)),
        "y": (1, Score()),
    }
    assert found["by_length"] == {
        "1 to 15": (3, Score(2, 2, 3, 2)),
        "16 to 30": (1, Score(1, 0, 1, 0)),
    }
    assert found["by_span_length"] == {
        "1": (2, Score(2, 2, 4, 2)),
        "2": (1, Score(1, 0, 0, 0)),
    }
    assert found["by_position"] == {
        "1st third": (2, Score(1, 1, 2, 1)),
        "2nd third": (1, Score(1, 1, 1, 1)),
        "3rd third": (1, Score(1, 0, 1, 0)),
    }
    assert found["by_known"] == {
        "new": (2, Score(1, 0, 1, 0)),
        "seen": (2, Score(2, 2, 2, 2)),
        "seen under another label only": (1, Score(0, 0, 1, 0)),
    }
    assert slices(GOLD, TAGGED)["by_source"]["x"].to_dict() == {
        "documents": 2,
        "f1": pytest.approx(4 / 7),
        "precision": 2 / 4,
        "recall": 2 / 3,
        "gold": 3,
        "found": 2,
        "predicted": 4,
        "right": 2,
        # The draw of three documents has x_1 alone, 1/2; x_2 alone, 2/3; both; or none, 0.
        "interval": {"value": pytest.approx(4 / 7), "low": 0.0, "high": pytest.approx(2 / 3)},
    }
    assert "by_known" not in slices(GOLD, TAGGED)


@pytest.mark.parametrize(
    ("words", "name"),
    [(1, "1"), (2, "2"), (3, "3"), (4, "4 to 5"), (5, "4 to 5"), (6, "6 or more")],
)
def test_classes_of_span_length(words: int, name: str) -> None:
    text = " ".join(["لواء"] * words)
    gold = [Document("1", text, (Span(0, len(text), "ACTOR"),))]
    assert list(slices(gold, gold)["by_span_length"]) == [name]


def test_parts_stand_in_reading_order() -> None:
    texts = [" ".join(["كلمة"] * n) for n in (51, 50, 31, 15, 1)]
    gold = [Document(str(i), text) for i, text in enumerate(texts)]
    assert {n: s.documents for n, s in slices(gold, gold)["by_length"].items()} == {
        "1 to 15": 2,
        "31 to 50": 2,
        "51 or more": 1,
    }
    assert list(slices(gold, gold)["by_length"])[-1] == "51 or more"


@given(st.integers(0, 2**32))
def test_every_span_is_in_one_part_of_each_kind(seed: int) -> None:
    rng = random.Random(seed)
    gold = [document(i, random_tags(rng, 9)) for i in range(4)]
    tagged = [replace(d, spans=document(0, random_tags(rng, 9)).spans) for d in gold]
    whole = score(gold, tagged, LABELS).micro
    found = slices(gold, tagged, known_mentions(gold[:1]))
    for parts in found.values():
        assert sum((part.score for part in parts.values()), Score()) == whole
    order = rng.sample(range(4), 4)
    again = slices([gold[i] for i in order], [tagged[i] for i in order], known_mentions(gold[:1]))
    assert {n: list(p.items()) for n, p in again.items()} == {
        n: list(p.items()) for n, p in found.items()
    }


def test_the_interval_of_a_part_that_is_the_whole_is_that_of_the_whole() -> None:
    rng = random.Random(5)
    gold = [document(i, random_tags(rng, 9)) for i in range(40)]
    tagged = [replace(d, spans=document(0, random_tags(rng, 9)).spans) for d in gold]
    whole = intervals(gold, tagged, LABELS).micro["f1"]
    [part] = slices(gold, tagged)["by_length"].values()
    assert part.interval == pytest.approx(whole)
    assert whole.low < whole.value < whole.high


def test_the_interval_of_a_part_is_that_of_its_documents_drawn_one_by_one() -> None:
    rng = random.Random(6)
    gold = [document(i, random_tags(rng, 9)) for i in range(20)]
    gold = [replace(d, meta={"source": "ab"[i % 3 == 0]}) for i, d in enumerate(gold)]
    tagged = [replace(d, spans=document(0, random_tags(rng, 9)).spans) for d in gold]
    part = slices(gold, tagged)["by_source"]["b"]
    drawn = []
    for _ in range(2_000):
        places = [i for i in rng.choices(range(20), k=20) if i % 3 == 0]
        ours, theirs = ([some[i] for i in places] for some in (gold, tagged))
        drawn.append(score(ours, theirs, LABELS).micro.f1)
    drawn.sort()
    assert part.interval.low == pytest.approx(drawn[50], abs=0.02)
    assert part.interval.high == pytest.approx(drawn[-51], abs=0.02)


def test_many_parts_are_drawn_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    gold = [document(i, random_tags(rng, 9)) for i in range(12)]
    gold = [replace(d, meta={"source": str(i % 5)}) for i, d in enumerate(gold)]
    tagged = [replace(d, spans=document(0, random_tags(rng, 9)).spans) for d in gold]
    at_once = slices(gold, tagged)
    monkeypatch.setattr("train.slices.CELLS", 1)
    assert slices(gold, tagged) == at_once


def test_an_article_is_parted_by_its_sentences() -> None:
    short = "قصف [الجيش](ACTOR) المواقع. "
    gold = [doc("1", short * 30)]
    found = slices(gold, [replace(gold[0], spans=gold[0].spans[:15])])
    assert found["by_length"] == {
        "1 to 15": Slice(1, Score(30, 15, 15, 15), Interval(2 / 3, 0.0, 1.0))  # of one text only
    }
    assert [s.score.recall for s in found["by_position"].values()] == [1, 0.5, 0]


def test_a_text_without_words_is_a_text_of_none() -> None:
    blank = [Document("1", " ")]
    assert slices(blank, blank)["by_length"]["1 to 15"].score == Score()
    assert slices([], []) == {kind: {} for kind in slices(blank, blank)}


def test_different_texts_are_not_compared() -> None:
    with pytest.raises(InputError, match="same texts"):
        slices([Document("1", "هدوء")], [Document("1", "هدوء حذر")])


def test_the_report_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    write_jsonl(GOLD, path)
    by_id = {d.id: d for d in TAGGED}

    def tag(documents: Sequence[Document]) -> list[Document]:
        return [replace(d, spans=by_id[d.id.split("+")[0]].spans) for d in documents]

    found = report(str(path), tag, ("ACTOR", "WEAPON", "BASE"))
    assert found["documents"] == 3
    assert found["scores"]["micro"]["found"] == 2
    assert found["by_source"]["x"]["documents"] == 2
    assert found["by_source"]["x"]["f1"] == pytest.approx(4 / 7)
    assert set(found["by_length"]) == {"1 to 15", "16 to 30"}
    assert set(found["spelling"]) == {"documents", "clean", "hasty"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("أعلنت القيادة أن الهجوم انتهى", "careful"),
        ("اعلنت القيادة ان الهجوم انتهى", "hasty"),
        ("وصلت القافله الى المدينه", "hasty"),
        ("وصلت القافله إلى المدينة", "mixed"),
        ("وصل الرجل فى المساء", "hasty"),
        ("وصل الرجل في المساء", "no sign"),
        ("", "no sign"),
        ("نقل المياه من الوجه والتزامه بالله", "no sign"),  # a ha by nature, or a pronoun
        ("قال بان كي مون", "no sign"),
        ("قال بأنّه رأى الى", "mixed"),  # two of three
        ("أكّد أنّ أمن أرضه اول", "careful"),  # four of five
        ("هذه مدينته وزوجه", "no sign"),
        ("الـمـديـنـه", "hasty"),
    ],
)
def test_spelling_by_hand(text: str, expected: str) -> None:
    assert spelling_of(text) == expected
