"""Which sentences to annotate next: what is chosen, why, and that it can be corrected."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from typer.testing import CliRunner

from tests.conftest import CORPUS
from train.cli import app
from train.cli_suggest import suggest as command
from train.corpus import read_corpus
from train.document import Document, Span
from train.doubt import Doubt, DoubtfulTags
from train.errors import InputError
from train.inline import parse_line
from train.suggestions import Seen, Suggestion, suggest, write_suggestions
from train.tagger import Tagger
from train.tags import TagSet
from train.words import split_words

TEXT = "قصفت طائرة المعسكر"
if "suggest" not in [
    c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands
]:
    app.command("suggest")(command)


def logits(rows: list[list[float]]) -> np.ndarray:
    """Logits of which the softmax is ``rows``."""
    return np.log(np.maximum(np.array(rows, np.float32), 1e-30))


def doubt(rows: list[list[float]], temperature: float = 1.0) -> Doubt:
    tags = DoubtfulTags(["A", "B"], temperature)
    tags.decode(split_words(TEXT), logits(rows))
    [found] = tags.doubts
    return found


def test_the_doubt_of_a_mention() -> None:
    # O, B-A, I-A, B-B, I-B. The mention of the second word has the score 0.6 (0.6 for its tag, 0.95
    # for not going on); the first word begins one with 0.05, the third with 0.1.
    found = doubt(
        [
            [0.93, 0.03, 0.01, 0.02, 0.01],
            [0.3, 0.6, 0.05, 0.03, 0.02],
            [0.84, 0.04, 0.05, 0.06, 0.01],
        ]
    )
    assert found.surprise == pytest.approx(-math.log(0.6 * 0.95 * 0.9), abs=1e-5)
    assert found.chance == pytest.approx(1 - 0.6 * 0.95 * 0.9, abs=1e-5)
    assert found.is_marked
    assert found.place == Span(5, 10, "A")
    assert found.told(TEXT) == "49% chance of a mistake; least sure of [طائرة](A) 0.60"


def test_the_doubt_of_a_word_that_was_nearly_marked() -> None:
    found = doubt(
        [
            [0.97, 0.01, 0.01, 0.005, 0.005],
            [0.6, 0.1, 0.0, 0.3, 0.0],
            [0.0, 0.99, 0.0, 0.01, 0.0],
        ]
    )
    assert found.surprise == pytest.approx(-math.log(0.985 * 0.6 * 0.99), abs=1e-5)
    assert not found.is_marked
    assert found.place == Span(5, 10, "B")
    assert found.told(TEXT) == "41% chance of a mistake; nearly marked [طائرة](B) 0.30"


def test_a_sure_text_has_no_doubt() -> None:
    found = doubt([[1.0, 1e-9, 1e-9, 1e-9, 1e-9]] * 3)
    assert found.chance == pytest.approx(0.0, abs=1e-5)
    tags = DoubtfulTags(["A"])
    tags.decode([], np.zeros((0, 3), np.float32))
    assert tags.doubts == [Doubt(0.0, None, False)]
    assert tags.doubts[0].told("") == "no word"


def test_a_mention_of_many_words_is_doubted_once() -> None:
    rows = [[0.5, 0.5 - 3e-7, 1e-7, 1e-7, 1e-7], *[[0.3, 0.1, 0.5, 0.05, 0.05]] * 2]
    assert doubt([[0.4, 0.6, 0, 0, 0], *rows[1:]]).chance == pytest.approx(0.5, abs=1e-5)


@given(
    arrays.arrays(np.float32, (3, 5), elements=st.floats(-20, 20, width=32)),
    st.floats(0.25, 4),
)
@settings(deadline=None)
def test_doubting_changes_no_span(values: np.ndarray, temperature: float) -> None:
    words = split_words(TEXT)
    plain, doubtful = TagSet(["A", "B"], temperature), DoubtfulTags(["A", "B"], temperature)
    assert doubtful.decode(words, values) == plain.decode(words, values)
    [found] = doubtful.doubts
    assert 0 <= found.chance <= 1
    assert found.place is not None
    assert 0 <= (found.place.score or 0.0) <= 1


@pytest.fixture(scope="module")
def tagger(tiny_model: Path) -> Tagger:
    return Tagger.load(tiny_model, threads=1)


POOL = [parse_line(line)[0] for line in CORPUS.splitlines()] + [
    "هبطت سفينة غريبة بين جبلين ثم مضت شمالا نحو البحر البعيد",
    "هبطت سفينة غريبة بين جبلين ثم مضت شمالا نحو البحر القريب",
    "وصل [1] صديقي # بعد\\ظهر اليوم إلى بيت جدتي القديم",
    "زرع الفلاح قمحا وشعيرا وعدسا في حقله الواسع هذا العام",
]


def documents(texts: list[str]) -> list[Document]:
    return [Document(f"s{i}", text, meta={"url": i}) for i, text in enumerate(texts)]


def test_near_duplicates_are_left_out(tagger: Tagger) -> None:
    seen = Seen()
    blank, again = Document("blank", " \u200f"), Document("s6", "نص آخر تماما")
    pool = [*documents(POOL), blank, again]
    training = read_corpus_of(CORPUS.splitlines()[:2])
    chosen = suggest(pool, tagger, 100, training, seen)
    texts = {suggestion.document.text for suggestion in chosen}
    assert not texts & set(POOL[:2])
    assert len(texts & set(POOL[6:8])) == 1
    assert len(chosen) == len(POOL) - 3
    assert seen == Seen(sentences=len(POOL) + 2, blank=1, same_id=1, known=2, alike=1)


def read_corpus_of(lines: list[str]) -> list[Document]:
    return [Document(str(i), *parse_line(line)) for i, line in enumerate(lines)]


def test_a_sentence_that_fills_the_pool_does_not_fill_the_short_list(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.suggestions.SHORT_LIST_LEAST", 4)
    monkeypatch.setattr("train.suggestions.SHORT_LIST", 2)
    seen = Seen()
    copies = [f"{'!' * i} {POOL[8]}" for i in range(50)]
    pool = documents([*copies, *POOL[6:]])
    assert len(suggest(pool, tagger, 2, seen=seen)) == 2
    assert seen.alike >= 50


def test_the_doubtful_go_before_the_sure(tagger: Tagger) -> None:
    learnt, strange = set(POOL[:6]), set(POOL[6:])
    chosen = suggest(documents(POOL), tagger, 3)
    assert {s.document.text for s in chosen} <= strange
    assert not {s.document.text for s in chosen} & learnt
    assert chosen[0].doubt.surprise == max(
        s.doubt.surprise for s in suggest(documents(POOL), tagger, 100)
    )


def test_the_marks_are_those_of_the_tagger(tagger: Tagger) -> None:
    for suggestion in suggest(documents(POOL), tagger, 100):
        [expected] = tagger([suggestion.document.text])
        assert suggestion.document.spans == expected.spans


def test_order_and_stretches_make_no_difference(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = documents([text for text in POOL if "القريب" not in text])
    chosen = suggest(pool, tagger, 5)
    shuffled = random.Random(2).sample(pool, len(pool))
    monkeypatch.setattr("train.suggestions.STRETCH", 2)
    assert [s.document for s in suggest(shuffled, tagger, 5)] == [s.document for s in chosen]


def test_the_short_list_is_as_short_as_it_says(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = suggest(documents(POOL), tagger, 100)
    monkeypatch.setattr("train.suggestions.SHORT_LIST", 2)
    monkeypatch.setattr("train.suggestions.SHORT_LIST_LEAST", 1)
    monkeypatch.setattr("train.suggestions.STRETCH", 3)
    doubtful = sorted((s.doubt.surprise for s in everything), reverse=True)
    [only] = suggest(documents(POOL), tagger, 1)
    assert only.doubt.surprise == pytest.approx(doubtful[0], abs=1e-4)


def test_nothing_to_choose_is_refused(tagger: Tagger) -> None:
    with pytest.raises(InputError, match="ask for 1 or more"):
        suggest([], tagger, 0)
    assert suggest([], tagger, 5) == []


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_what_is_written_comes_back(tagger: Tagger, tmp_path: Path, suffix: str) -> None:
    chosen = suggest(documents(POOL), tagger, 100)
    path = tmp_path / f"next{suffix}"
    write_suggestions(chosen, path)
    back = read_corpus([path])
    assert [(d.text, d.spans) for d in back] == [
        (s.document.text, s.document.spans) for s in chosen
    ]
    told = path.read_text(encoding="utf-8")
    if suffix == ".txt":
        assert f"# id: {chosen[0].document.id}\n# 1 of {len(chosen)}: " in told
        assert "chance of a mistake" in told
    else:
        assert [d.id for d in back] == [s.document.id for s in chosen]
        assert back[0].meta["url"] == chosen[0].document.meta["url"]
        assert back[0].meta["suggestion"]["why"] == chosen[0].doubt.told(back[0].text)


def test_texts_and_ids_cannot_break_the_file(tmp_path: Path) -> None:
    document = Document("theatre: X\n[a](B)", "كلمة\nأخرى", meta={"source": "a\nb"})
    nasty = Suggestion(document, Doubt(1.0, Span(0, 9, "A", 0.5), True))
    path = tmp_path / "next.txt"
    write_suggestions([nasty], path)
    [back] = read_corpus([path])
    assert back.text == document.text
    assert back.meta == {"source": "a b"}


def test_what_no_format_tells_is_left_out(tagger: Tagger) -> None:
    seen = Seen()
    pool = [Document("a", "نص \ud800 غريب جدا"), Document("b", "\ufeffنص بعلامة"), *documents(POOL)]
    pool.append(Document("c", "عبر القطار الجسر القديم فجرا\r"))
    ids = {s.document.id for s in suggest(pool, tagger, 100, seen=seen)}
    assert not ids & {"a", "b", "c"}
    assert seen.unreadable == 3


def test_the_command(tiny_model: Path, corpus_file: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool.txt"
    pool.write_text("\n".join([*POOL[4:6], *(t.replace("\n", " ") for t in POOL[6:]), ""]), "utf-8")
    output = tmp_path / "next.txt"
    options = ["suggest", str(pool), "-m", str(tiny_model), "-n", "5", "-o", str(output)]
    done = CliRunner().invoke(app, [*options, "--training", str(corpus_file)])
    assert done.exit_code == 0, done.output
    assert "6 sentences read; left out: 2 like a training sentence, 1 like a chosen" in done.stderr
    assert f"{output}: 3 sentences to correct, fewer than the 5 asked for" in done.stderr
    assert done.stdout == ""
    first = output.read_bytes()
    assert CliRunner().invoke(app, [*options, "--training", str(corpus_file)]).exit_code == 0
    assert output.read_bytes() == first
    converted = tmp_path / "back.jsonl"
    assert CliRunner().invoke(app, ["convert", str(output), "-o", str(converted)]).exit_code == 0
    assert len(read_corpus([converted])) == 3


def test_articles_are_cut_where_asked(tiny_model: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    article = " ".join(f"{text}." for text in POOL[6:]) * 3
    pool.write_text(json.dumps({"id": "a", "text": article}) + "\n", encoding="utf-8")
    options = ["suggest", str(pool), "-m", str(tiny_model), "-o", str(tmp_path / "next.jsonl")]
    whole = CliRunner().invoke(app, options)
    assert "1 records are as long as articles; --sentences cuts them" in whole.stderr
    cut = CliRunner().invoke(app, [*options, "--sentences"])
    assert "--sentences" not in cut.stderr
    found = read_corpus([tmp_path / "next.jsonl"])
    assert len(found) > 1
    assert all(d.meta["document"] == "a" for d in found)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "next.csv"], "written to .txt or .jsonl"),
        (["-o", "next.txt", "--texts", "x"], "none is named"),
        (["-o", "next.txt", "--training", "nowhere.txt"], "no such file"),
    ],
)
def test_slips_are_told(tmp_path: Path, options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["suggest", "نص قصير", *options])
    assert done.exit_code != 0
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)
