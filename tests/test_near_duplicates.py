"""Near-duplicates, against the plain search of the test of the seeds."""

from __future__ import annotations

import random

import pytest

from tests.conftest import ROOT
from tests.test_seeds import near_duplicates
from train.corpus import read_corpus
from train.near_duplicates import NearDuplicates

ONE = "أعلنت وزارة الدفاع مقتل عشرة جنود في هجوم على قاعدة الوادي"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (ONE, True),
        (ONE.replace("عشرة", "سبعة"), True),
        (ONE.replace("أ", "ا").replace("ة", "ه") + "!", True),
        ("وكالات: " + ONE + " أمس بحسب مصدر", True),
        ("أعلنت وزارة الدفاع مقتل قائد بارز في غارة ليلية على المدينة", False),
        ("أعلنت وزارة الدفاع", False),  # of so few words nothing can be said
        ("", False),
    ],
)
def test_what_is_near(text: str, near: bool) -> None:
    known = NearDuplicates()
    known.add("قال متحدث إن الهدوء عاد إلى المدينة مساء أمس")
    known.add(ONE)
    assert known.find(text) == (1 if near else None)


def test_half_of_the_runs_is_not_enough() -> None:
    known = NearDuplicates()
    known.add("ا ب ت ث ج ح")  # four runs of three
    assert known.find("ا ب ت ث س ش") is None  # two of four
    assert known.find("ا ب ت ث ج ش") == 0  # three of four


def test_short_texts_must_be_the_same() -> None:
    known = NearDuplicates()
    known.add("قال الجيش أمس")
    assert known.find("قال الجيش، أمس.") == 0
    assert known.find("قال الجيش أمس إن الهدوء عاد إلى المدينة") is None
    assert known.find("قال الجيش") is None


def test_the_nearest_is_told() -> None:
    known = NearDuplicates()
    known.add("ا ب ت ث ج ح خ د")
    known.add("ا ب ت ث ج ح خ ر")
    assert known.find("ا ب ت ث ج ح خ ر") == 1
    assert len(known) == 2


def test_the_plain_search_finds_the_same() -> None:
    draw = random.Random(3)
    texts = [d.text for d in read_corpus([ROOT / "seeds" / "heldout"])]
    left = [text for text in texts if len(text.split()) > 8][:80]
    changed = []
    for text in left:
        words = text.split()
        for _ in range(draw.randrange(1, 6)):
            words[draw.randrange(len(words))] = "كلمة"
        changed.append(" ".join(words[draw.randrange(3) :]))
    known = NearDuplicates()
    for text in changed:
        known.add(text)
    found = [text for text in left if known.find(text) is not None]
    expected = {text for text, _ in near_duplicates(left, changed)}
    assert set(found) == expected
    assert 10 < len(found) < 80
