from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.words import sentence_ends, split_words

# Text as it comes: letters, marks, controls, digits, punctuation, lone surrogates, emoji.
MIXED = st.text(
    st.one_of(
        st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآءؤئ"),
        st.sampled_from("\u064b\u064c\u064e\u0650\u0651\u0652\u0670\u0640\u0653\u0654"),
        st.sampled_from("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202e\u2066\u2069\ufeff"),
        st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩.,٫٬%"),
        st.sampled_from(" \n\t\u00a0،؛؟«»\"'()[]-_/\\"),
        st.characters(),
    ),
    max_size=80,
)

WORDS = [
    # text, words
    ("قصفت طائراتٌ العدوِّ", ["قصفت", "طائراتٌ", "العدوِّ"]),
    ("الـعـدو", ["الـعـدو"]),
    ("قتل ١٢٬٠٠٠ و12,000 و٣٫٥ و1.5", ["قتل", "١٢٬٠٠٠", "و12,000", "و٣٫٥", "و1.5"]),
    ("قتل 12.", ["قتل", "12", "."]),
    ("12,قتل", ["12", ",", "قتل"]),
    ("المجموعة.5", ["المجموعة", ".", "5"]),
    ("«داعش»،", ["«", "داعش", "»", "،"]),
    ("(سوخوي-34)", ["(", "سوخوي", "-", "34", ")"]),
    ("a_b", ["a", "_", "b"]),
    ("12\u200f,000 ١٢\u200c٬\u200c٠٠٠", ["12\u200f,000", "١٢\u200c٬\u200c٠٠٠"]),
    ("١٢،١٣", ["١٢", "،", "١٣"]),
    ("دا\u200fعش", ["دا\u200fعش"]),
    ("\u202bداعش\u202c.", ["داعش", "."]),
    ("داعش\u200f، قتل", ["داعش", "،", "قتل"]),
    ("می\u200cخواهم", ["می\u200cخواهم"]),
    ("\u200f\u202b\ufeff", []),
    ("", []),
    (" \n\t", []),
    ("\u064e", ["\u064e"]),
    ("قتل 🚀", ["قتل", "🚀"]),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words_of_table(text: str, words: list[str]) -> None:
    assert [word.text for word in split_words(text)] == words


@given(MIXED)
def test_offsets_cut_the_original_in_order(text: str) -> None:
    position = 0
    for word in split_words(text):
        assert text[word.start : word.end] == word.text
        assert position <= word.start < word.end
        position = word.end


@given(MIXED)
def test_nothing_visible_is_lost(text: str) -> None:
    covered = {i for word in split_words(text) for i in range(word.start, word.end)}
    for index, character in enumerate(text):
        if index not in covered:
            # Space, a control, or an invisible format character: nothing that a reader sees.
            assert character.isspace() or unicodedata.category(character) in {"Cc", "Cf", "Cn"}


@given(MIXED, st.sampled_from("\u200e\u200f\u202b\u202c\u2067\u2069\u200b\ufeff"), st.data())
def test_an_invisible_control_never_changes_the_words(
    text: str, control: str, data: st.DataObject
) -> None:
    words = split_words(text)
    inside = [w for w in words if len(w.text) > 1]
    if not inside:
        return
    word = data.draw(st.sampled_from(inside))
    cut = data.draw(st.integers(word.start + 1, word.end - 1))
    after = split_words(text[:cut] + control + text[cut:])
    assert [w.text.replace(control, "") for w in after] == [
        w.text.replace(control, "") for w in words
    ]


def test_every_gold_border_of_the_newswire_is_a_word_border(newswire: Path) -> None:
    checked = 0
    for file in ("train.jsonl", "dev.jsonl", "dev-almayadeen.jsonl"):
        for line in (newswire / file).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            words = split_words(record["text"])
            starts, ends = {w.start for w in words}, {w.end for w in words}
            for span in record["spans"]:
                assert span["start"] in starts
                assert span["end"] in ends
                checked += 1
    assert checked > 10_000


def test_words_agree_with_the_pattern_of_the_newswire(newswire: Path) -> None:
    """The annotators' pattern joins «كلمة.5»; apart from that the two split alike."""
    pattern = re.compile(r"[^\W_]+(?:[\u064B-\u0652\u0670\u0640][^\W_]*)*(?:[.,٫٬][0-9٠-٩]+)*|\S")
    texts = [
        json.loads(line)["text"]
        for line in (newswire / "train.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    differing = [
        text for text in texts if [w.text for w in split_words(text)] != pattern.findall(text)
    ]
    assert len(differing) < len(texts) / 100


SENTENCES = [
    ("قتل جندي. أصيب آخر!", ["قتل جندي .", "أصيب آخر !"]),
    ("هل قتل؟ نعم", ["هل قتل ؟", "نعم"]),
    ("بلغ 3.5 مليون", ["بلغ 3.5 مليون"]),
    ("قال «قتل.» ثم مضى", ["قال « قتل . »", "ثم مضى"]),
    ("عنوان\nنص", ["عنوان", "نص"]),
    ("قال د. سامي", ["قال د . سامي"]),
    ("انتهى... ثم", ["انتهى . . .", "ثم"]),
    ("marsad.org هنا", ["marsad . org هنا"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "sentences"), SENTENCES)
def test_sentences_of_table(text: str, sentences: list[str]) -> None:
    words = split_words(text)
    ends = sentence_ends(text, words)
    starts = [0, *ends[:-1]] if ends else []
    cut = [" ".join(w.text for w in words[a:b]) for a, b in zip(starts, ends, strict=True)]
    assert cut == sentences


@given(MIXED)
def test_sentences_cover_all_words(text: str) -> None:
    words = split_words(text)
    ends = sentence_ends(text, words)
    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(words)
