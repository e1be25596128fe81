"""Hostile texts: more than 10,000 of them, none of which may raise, shift an offset or get lost.

Most are tagged by a runtime that knows two words by their first letters and nothing else, so what
must be found can be told from the text by a plain rule. What stands around those words is the
worst that text files, phones and scrapers hold.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import LABELS, TOKENIZERS
from tests.test_predict import predict
from train.document import Document, Span
from train.errors import Fault
from train.jobs import Job, PartResult, tag_parts
from train.jsonl import read_jsonl
from train.normalizer import Normalizer
from train.parts import cut
from train.preprocessor import Preprocessor, SpecialTokens
from train.runtime import Ids
from train.sinks import Sink
from train.tagger import Tagger
from train.tags import Logits, TagSet
from train.words import split_words

BEGIN, GO_ON = "صواريخ", "حربية"
"""The word with which a WEAPON begins, and that with which it goes on."""
BATCH = 10
"""Texts of one example."""
MEGABYTE = 1 << 20

EMOJI = [
    "🚀", "👩\u200d👩\u200d👧\u200d👦", "❤\ufe0f", "☠\ufe0e", "🏳\ufe0f\u200d🌈", "👍🏽", "🇵🇸", "🇵",
    "1\ufe0f\u20e3", "\u200d", "\ufe0f", "\U000e0067\U000e007f",
]  # fmt: skip
SCRIPTS = [
    "NATO", "Ёж", "שלום", "बम", "爆弾", "ระเบิด", "Ǆ", "ﬁ", "ﷺ", "ﻻ", "ß", "İ", "ａｂ", "𝟛", "Ⅷ"
]  # fmt: skip
MARKS = "\u064b\u064e\u0651\u0652\u0653\u0654\u0670\u06d6\u06e5\u0300\u0360\u0489\u20dd\u08f0"


def some(characters: str | list[str], most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(characters), min_size=1, max_size=most).map("".join)


def code_points(*ranges: tuple[int, int]) -> list[str]:
    return [chr(code) for first, last in ranges for code in range(first, last + 1)]


KNOWN = st.sampled_from(
    [BEGIN, GO_ON, f"{BEGIN} {GO_ON}", f" {BEGIN} ", f" {GO_ON} ", "صوا\u0640ريخ"]
)
PIECES = [
    st.sampled_from(["قصف", "الجيش", "د.", "قُتل", "«", "»", "،", ".", "!", " ", "  "]),
    some(code_points((0x00, 0x1F), (0x7F, 0x9F))),
    some("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    some(code_points((0xD800, 0xD803), (0xDBFF, 0xDC03), (0xDFFF, 0xDFFF))),
    st.binary(min_size=1, max_size=5).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.integers(1, 400).map(lambda count: "9" * count),
    some(["1", "٢", "۳", ",", ".", "٫", "٬", "\u200f", "%", "-", "e", "٠٠٠"], 12),
    some(EMOJI),
    some(SCRIPTS),
    st.builds(str.__add__, st.sampled_from(["", "ا", "ص", "x", "1", " "]), some(MARKS, 12)),
    st.integers(1, 60).map(lambda count: "ا" + "\u064e\u0651\u0300"[count % 3] * count),
    st.integers(1, 60).map(lambda count: "\u0640" * count),
    some("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\t"),
    some("\u00a0\u2003\u3000\u1680\u200b\u2060\u180e\xad"),
    some(["\ufeff", "\ufffe", "\uffff", "\ufffd", "\ufdd0", "\U0010ffff", "\ufff9", "\ufffb"]),
    some(["\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "▁", "##", "<s>", "<pad>", "[UNK]"]),
    st.text(st.characters(), min_size=1, max_size=3),
]
BLANK = st.sampled_from(["", " ", "\n", " \u200f\t\ufeff", "\r\n" * 9, "\u2028\u00a0"])
HOSTILE = st.one_of(
    st.lists(st.one_of(KNOWN, KNOWN, *PIECES), min_size=1, max_size=8).map("".join),
    st.lists(st.one_of(*[KNOWN] * 5, *PIECES), min_size=3, max_size=9).map(" ".join),
    BLANK,
)
BATCHES = st.lists(HOSTILE, min_size=BATCH, max_size=BATCH)
LINES = st.lists(st.one_of(PIECES), max_size=6).map("".join)

quietly = functools.partial(
    settings,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)


class Oracle:
    """A runtime that scores a token by its id alone."""

    def __init__(self, scores: Logits):
        self.scores = scores

    def __call__(self, input_ids: Ids) -> Logits:
        return self.scores[input_ids]


@functools.cache
def tagger(max_length: int = 30, stride: int = 10) -> Tagger:
    """A tagger for which words like BEGIN begin a WEAPON, and such like GO_ON go on with it.

    Where there is nothing to go on with, the latter begin one. No two ways to tag a text are
    equally good, so nothing is left to rounding.
    """
    tokenizer = TOKENIZERS["unigram"]()
    special = SpecialTokens.of(tokenizer, 0, 3)
    preprocessor = Preprocessor(tokenizer, Normalizer(), max_length, stride, special)
    names = TagSet(LABELS).names
    scores = np.zeros((tokenizer.get_vocab_size(), len(names)), np.float32)
    scores[:, 0] = 9
    [[begin, *_], [go_on, *_]] = preprocessor.sub_words([BEGIN, GO_ON])
    scores[[begin, go_on]] = 0
    scores[begin, names.index("B-WEAPON")] = 9
    scores[go_on, names.index("I-WEAPON")] = 9
    scores[go_on, names.index("B-WEAPON")] = 6
    return Tagger(preprocessor, Oracle(scores), LABELS, threads=1)


def expected(text: str) -> list[tuple[int, int]]:
    """What the tagger of :func:`tagger` must find, by a rule that knows no tags and no windows."""
    spans: list[tuple[int, int]] = []
    goes_on = False
    for word in split_words(text):
        shown = Normalizer()(word.text)
        if shown.startswith(GO_ON[:3]) and goes_on:
            spans[-1] = (spans[-1][0], word.end)
        elif shown.startswith((BEGIN[:3], GO_ON[:3])):
            spans.append((word.start, word.end))
        goes_on = shown.startswith((BEGIN[:3], GO_ON[:3]))
    return spans


def borders(spans: Sequence[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def check(text: str, spans: Sequence[Span]) -> None:
    """Check all that holds of the spans of any text, whatever the model."""
    words = split_words(text)
    starts = {word.start for word in words}
    ends = {word.end for word in words}
    behind = 0
    for span in spans:
        assert behind <= span.start < span.end <= len(text)
        assert span.start in starts
        assert span.end in ends
        assert span.label in LABELS
        assert span.score is not None
        assert 0 <= span.score <= 1
        behind = span.end


@quietly(max_examples=700)
@given(BATCHES)
def test_nothing_raises_or_shifts(texts: list[str]) -> None:
    together = tagger()(texts)
    assert [document.text for document in together] == texts
    assert [document.id for document in together] == [str(n + 1) for n in range(BATCH)]
    for text, document in zip(texts, together, strict=True):
        check(text, document.spans)
        assert borders(document.spans) == expected(text)


@quietly(max_examples=150)
@given(BATCHES, st.sampled_from([(12, 5), (24, 0), (1000, 100)]))
def test_alone_as_in_a_batch(texts: list[str], window: tuple[int, int]) -> None:
    together = tagger(*window).find(texts)
    alone = [tagger(*window).find([text])[0] for text in texts]
    assert together == alone
    assert [[s.score for s in spans] for spans in together] == [
        [s.score for s in spans] for spans in alone
    ]


@quietly(max_examples=150)
@given(BATCHES, LINES)
def test_a_line_before_a_text_shifts_it_by_its_length(texts: list[str], line: str) -> None:
    before = f"{line}\n"
    found = tagger().find([before + text for text in texts])
    for text, alone, shifted in zip(texts, tagger().find(texts), found, strict=True):
        assert split_words(before + text) == [
            *split_words(before),
            *(w._replace(start=w.start + len(before), end=w.end + len(before))
              for w in split_words(text)),
        ]  # fmt: skip
        assert [span for span in shifted if span.end > len(before)] == [
            replace(span, start=span.start + len(before), end=span.end + len(before))
            for span in alone
        ]


def as_json(text: str) -> str:
    """The text as JSON can hold it, where two halves of a surrogate pair side by side are one."""
    return str(json.loads(json.dumps(text)))


def records(results: Sequence[PartResult]) -> list[dict[str, object]]:
    """The records of JSONL parts; only a line feed ends a line of them."""
    lines = b"".join(result.data or b"" for result in results).split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


@quietly(max_examples=150)
@given(BATCHES, st.integers(1, BATCH + 1))
def test_parts_lose_and_shift_nothing(texts: list[str], part_documents: int) -> None:
    texts = [as_json(text) for text in texts]
    documents = [
        Document(f"{number}{text}", text, meta={"note": text, f"{text}!": [text]})
        for number, text in enumerate(texts)
    ]
    parts = cut(0, ((document, None) for document in documents), part_documents)
    results = list(tag_parts(tagger(), Job(Sink("jsonl")), parts))
    assert len(results) == -(-BATCH // part_documents)
    assert not any(result.faults for result in results)
    found = records(results)
    assert sum(result.documents for result in results) == len(found) == BATCH
    for record, document in zip(found, documents, strict=True):
        text = document.text
        assert record == {
            "id": document.id,
            "text": text,
            "spans": [
                {"start": a, "end": b, "label": "WEAPON", "text": text[a:b], "score": s["score"]}
                for (a, b), s in zip(expected(text), record["spans"], strict=True)  # type: ignore[call-overload]
            ],
            **document.meta,
        }


LARGE = {
    "letters": "ا" * MEGABYTE,
    "tatweel": "\u0640" * MEGABYTE,
    "marks": "ا" + "\u064e" * MEGABYTE,
    "marks alone": "\u0300" * 100_000,
    "stacks": "ا\u0651\u0300" * (MEGABYTE // 3),
    "digits": "9" * MEGABYTE,
    "grouped digits": "1," * (MEGABYTE // 2) + "1",
    "a digit and controls": "1" + "\u200f" * MEGABYTE,
    "digits and controls": "1\u200f\u202b,\u200f" * 100_000,
    "letters and joiners": "ا\u200c" * (MEGABYTE // 2) + "ا",
    "joined emoji": "👩\u200d" * 50_000,
    "variations": "❤\ufe0f" * 50_000,
    "NULs": "\x00" * MEGABYTE,
    "space": " " * MEGABYTE,
    "line ends": "\r\n\u2028" * 100_000,
    "surrogates": "\udc80" * 50_000,
    "stops": "." * 50_000,
    "sentences": "د. " * 30_000,
    "private use": "\ue000" * 50_000,
    "ligatures": "ﷺ" * MEGABYTE,
}
"""Each is one word of a megabyte, or as many words as make a text of a kind that nobody writes."""


@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_moves_nothing(name: str) -> None:
    text = f"{BEGIN} {LARGE[name]} {BEGIN}"
    [document] = tagger()([text])
    assert document.text == text
    end = len(text)
    assert borders(document.spans) == [(0, len(BEGIN)), (end - len(BEGIN), end)]
    if name != "surrogates":  # as escapes they would take their time
        [result] = tag_parts(tagger(), Job(Sink("jsonl")), cut(0, [(Document("a", text), None)]))
        [record] = records([result])
        assert record["text"] == text


@pytest.fixture(scope="module", params=["fp32", "auto"])
def trained(request: pytest.FixtureRequest, tiny_model: Path) -> Tagger:
    return Tagger.load(tiny_model, threads=1, runtime=request.param)


@quietly(max_examples=20)
@given(texts=BATCHES)
def test_a_trained_model_keeps_to_the_text(trained: Tagger, texts: list[str]) -> None:
    together = trained(texts)
    assert [document.text for document in together] == texts
    for text, document in zip(texts, together, strict=True):
        check(text, document.spans)
        assert trained.find([text]) == [document.spans]


@pytest.mark.parametrize("name", ["letters", "stacks", "grouped digits", "NULs", "line ends"])
def test_a_trained_model_and_a_megabyte(trained: Tagger, name: str, corpus: list[Document]) -> None:
    before, behind = corpus[0].text, corpus[1].text
    text = f"{before}\n{LARGE[name]}\n{behind}"
    [spans] = trained.find([text])
    check(text, spans)
    [alone] = trained.find([behind])
    shift = len(text) - len(behind)
    assert [span for span in spans if span.start > shift] == [
        replace(span, start=span.start + shift, end=span.end + shift)
        for span in alone
        if span.start > 0
    ]


ATOMS = [
    "", " ", "قصف", BEGIN, "\x00", "\x1b[31m", "\x85", "\x1c", "\n", "\r", "\r\n", "\u2028",
    "\u200f", "\u202e", "\u2066", "\ud83d", "\udc80", "\ude80", "👩\u200d👩\u200d👧", "☠\ufe0e",
    "\ufe0f", "ا" + "\u064e" * 40, "\u0640" * 30, "\ufeff", "\uffff", "\ue000", "9" * 500,
    "1,000,000٫5", "NATO", "שלום", "爆弾", '"', "\\", "\\u0000", "<s>", "▁", "ﷺ", "\U0010ffff",
]  # fmt: skip


def test_hostile_lines_through_the_command(tiny_model: Path, tmp_path: Path) -> None:
    sentence = "قصفت طائرات حربية معسكر النخيل"
    texts = [as_json(f"{a}{b}") for a, b in product(ATOMS, repeat=2)]
    texts += [as_json(f"{a}{sentence}{b} {sentence}") for a, b in product(ATOMS, repeat=2)]
    texts.append("ا" * MEGABYTE)
    source = tmp_path / "hostile.jsonl"
    with source.open("w", encoding="utf-8", newline="\n") as file:
        for number, text in enumerate(texts):
            record = {"id": f"{number}", "text": text, "note": text}
            # Raw where UTF-8 can hold it, and as escapes.
            can_be_raw = not any("\ud800" <= character <= "\udfff" for character in text)
            file.write(json.dumps(record, ensure_ascii=number % 2 == 0 or not can_be_raw) + "\n")
    target = tmp_path / "out.jsonl"
    args = ["-m", tiny_model, "-o", target, "--part-documents", "700", "--runtime", "fp32"]
    done = predict(source, *args)
    assert done.returncode == 0, done.stderr
    assert f"{len(texts):,} documents, " in done.stderr
    found = [json.loads(line) for line in target.read_bytes().split(b"\n")[:-1]]
    assert [record["id"] for record in found] == [str(number) for number in range(len(texts))]
    assert [record["text"] for record in found] == texts
    assert [record["note"] for record in found] == texts
    tagged = Tagger.load(tiny_model, threads=1, runtime="fp32").find(texts)
    assert sum(map(len, tagged)) > len(ATOMS) ** 2
    for (where, document), text, spans in zip(
        read_jsonl(target, "out"), texts, tagged, strict=True
    ):
        assert not isinstance(document, Fault), where
        check(text, document.spans)
        assert document.spans == spans
    for record in found:
        for span in record["spans"]:
            assert record["text"][span["start"] : span["end"]] == span["text"]
