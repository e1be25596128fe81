"""Words and sub-words, for the three kinds of tokenizers that encoders come with."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests.conftest import TOKENIZERS
from tests.test_words import MIXED
from train.normalizer import Normalizer
from train.preprocessor import LONGEST_WORD, Prepared, Preprocessor, SpecialTokens

PLAIN = Normalizer(tashkeel=False, tatweel=False, digits=False)


def make(kind: str, max_length: int = 32, stride: int = 8) -> Preprocessor:
    tokenizer = TOKENIZERS[kind]()
    pad, unknown = tokenizer.token_to_id("<pad>"), tokenizer.token_to_id("<unk>")
    special = SpecialTokens.of(tokenizer, pad, unknown)
    return Preprocessor(tokenizer, Normalizer(), max_length, stride, special)


MADE = {kind: make(kind) for kind in TOKENIZERS}


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_alignment_is_that_of_transformers(kind: str) -> None:
    """The oracle: ``word_ids`` of a fast tokenizer on words that were split before."""
    text = "قصفت طائرات حربية تابعة للجيش معسكر النخيل، فقتل 15 جنديا (أمس)."
    preprocessor = make(kind, max_length=128)
    preprocessor.normalizer = PLAIN
    prepared = preprocessor(text)
    oracle = PreTrainedTokenizerFast(
        tokenizer_object=TOKENIZERS[kind](), pad_token="<pad>", unk_token="<unk>"
    )
    encoding = oracle([w.text for w in prepared.words], is_split_into_words=True)
    [window] = prepared.windows
    assert window.input_ids == encoding["input_ids"]
    firsts = [encoding.word_ids().index(i) for i in range(len(prepared.words))]
    assert window.heads == firsts


@pytest.mark.parametrize("kind", TOKENIZERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=MIXED)
def test_every_word_has_one_place(kind: str, text: str) -> None:
    prepared = MADE[kind](text)
    owned = [
        word
        for encoded in prepared.windows
        for word in range(encoded.window.owned_first, encoded.window.owned_last)
    ]
    assert owned == list(range(len(prepared.words)))
    for encoded in prepared.windows:
        assert len(encoded.input_ids) <= 32
        assert len(encoded.heads) == encoded.window.last - encoded.window.first
        assert len(set(encoded.heads)) == len(encoded.heads)
        first = len(MADE[kind].special.prefix)
        last = len(encoded.input_ids) - len(MADE[kind].special.suffix)
        assert all(first <= head < last for head in encoded.heads)


def test_tashkeel_tatweel_and_digits_do_not_change_what_the_model_sees() -> None:
    for kind in TOKENIZERS:
        bare = MADE[kind]("قصفت طائرات 12 موقعا")
        dressed = MADE[kind]("قَصَفَتْ طائـــرات ١٢ موقعًا\u200f")
        assert [w.input_ids for w in bare.windows] == [w.input_ids for w in dressed.windows]
        assert [w.text for w in dressed.words] == ["قَصَفَتْ", "طائـــرات", "١٢", "موقعًا"]


def counts(prepared: Prepared) -> tuple[int, int]:
    return prepared.substituted, prepared.clipped


def test_words_without_sub_words_are_counted_and_kept() -> None:
    # WordPiece strips accents, so of a lone vowel mark nothing is left.
    prepared = MADE["wordpiece"]("قصفت \u064e طائرات")
    assert counts(prepared) == (1, 0)
    assert len(prepared.words) == 3
    [window] = prepared.windows
    assert window.input_ids[window.heads[1]] == MADE["wordpiece"].special.unknown


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_huge_word_is_seen_in_part_and_counted(kind: str) -> None:
    prepared = MADE[kind]("قتل " + "ابت" * LONGEST_WORD + " جندي")
    assert counts(prepared) == (0, 1)
    assert [len(w.text) for w in prepared.words] == [3, 3 * LONGEST_WORD, 4]
    assert all(len(w.input_ids) <= 32 for w in prepared.windows)


def test_long_sentences_overlap_by_the_stride() -> None:
    prepared = make("unigram", max_length=20, stride=6)("قصفت طائرات حربية " * 20)
    assert len(prepared.windows) > 3
    for a, b in zip(prepared.windows, prepared.windows[1:], strict=False):
        assert b.window.first < a.window.last  # they share words


def test_settings_rebuild_the_same_preprocessor() -> None:
    first = MADE["unigram"]
    second = Preprocessor.from_settings(TOKENIZERS["unigram"](), first.settings())
    assert second.settings() == first.settings()
    assert second("قصفت طائرات") == first("قصفت طائرات")


@given(st.lists(st.sampled_from(["قصفت", "طائرات", "الجيش", "،", "15"]), min_size=1, max_size=8))
def test_a_words_sub_words_do_not_depend_on_its_neighbours(words: list[str]) -> None:
    alone = [MADE["unigram"].sub_words([word])[0] for word in words]
    fresh = make("unigram")
    assert fresh.sub_words(words) == alone


def test_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.preprocessor.CACHE_SIZE", 10)
    preprocessor = make("unigram")
    expected = MADE["unigram"].sub_words([f"قصف{n}" for n in range(100)])
    assert [preprocessor.sub_words([f"قصف{n}"])[0] for n in range(100)] == expected
    preprocessor.sub_words(["ا" * 10_000])
    assert len(preprocessor._cache) <= 10
    assert all(len(word) < 100 for word in preprocessor._cache)
