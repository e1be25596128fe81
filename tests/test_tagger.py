"""Prediction: the same spans whatever the batch, the window or the folder it runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import LABELS, ROOT, TOKENIZERS
from tests.test_words import MIXED
from train.document import Document
from train.engine import IN_FLIGHT, MAX_BATCH_TOKENS
from train.errors import ModelError
from train.model_folder import SHIPPED, open_model
from train.normalizer import Normalizer
from train.preprocessor import Preprocessor, SpecialTokens
from train.runtime import Ids
from train.tagger import LOOK_AHEAD_CHARACTERS, Tagger
from train.tags import Logits, TagSet


class Oracle:
    """A runtime that knows the tag of a token by its id, and sees nothing else."""

    def __init__(self, tag_of: dict[int, int], tags: int):
        self.tag_of, self.tags = tag_of, tags
        self.batches: list[tuple[int, ...]] = []

    def __call__(self, input_ids: Ids) -> Logits:
        self.batches.append(input_ids.shape)
        logits = np.zeros((*input_ids.shape, self.tags), np.float32)
        for position, token in np.ndenumerate(input_ids):
            logits[(*position, self.tag_of.get(int(token), 0))] = 9.0
        return logits


def make(max_length: int, stride: int) -> tuple[Tagger, Oracle]:
    """A tagger for which every word «صواريخ» begins and every «حربية» continues a WEAPON."""
    tokenizer = TOKENIZERS["unigram"]()
    special = SpecialTokens.of(tokenizer, 0, 3)
    preprocessor = Preprocessor(tokenizer, Normalizer(), max_length, stride, special)
    tags = TagSet(LABELS)
    begin, go_on = (preprocessor.sub_words([word])[0] for word in ("صواريخ", "حربية"))
    # Only the first sub-word decides, so only it has to be known.
    tag_of = {begin[0]: tags.names.index("B-WEAPON"), go_on[0]: tags.names.index("I-WEAPON")}
    assert len(tag_of) == 2
    oracle = Oracle(tag_of, len(tags.names))
    return Tagger(preprocessor, oracle, LABELS), oracle


TEXT = "أطلق الجيش صواريخ حربية على البلدة "


@pytest.mark.parametrize(("max_length", "stride"), [(1000, 100), (30, 10), (24, 0), (12, 5)])
def test_a_span_in_an_overlap_comes_out_once(max_length: int, stride: int) -> None:
    text = TEXT * 30
    tagger, _ = make(max_length, stride)
    [document] = tagger([text])
    found = [(s.start, s.end) for s in document.spans]
    expected = [
        (len(TEXT) * i + TEXT.index("صواريخ"), len(TEXT) * i + TEXT.index(" على"))
        for i in range(30)
    ]
    assert found == expected


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(
    st.lists(st.one_of(MIXED, st.integers(0, 40).map(lambda n: TEXT * n), st.just("")), max_size=12)
)
def test_batched_equals_one_by_one(texts: list[str]) -> None:
    tagger, _ = make(30, 10)
    together = tagger(texts)
    assert [d.text for d in together] == texts
    alone = [tagger([text])[0].spans for text in texts]
    assert [d.spans for d in together] == alone
    for document in together:
        for span in document.spans:
            assert document.text[span.start : span.end].strip()


def test_the_trained_model_tags_alike_in_any_batch(
    tiny_model: Path, corpus: list[Document]
) -> None:
    tagger = Tagger.load(tiny_model)
    texts = [d.text for d in corpus] * 3 + ["", " ", " ".join(d.text for d in corpus) * 5]
    together = tagger(texts)
    assert [d.spans for d in together] == [tagger([text])[0].spans for text in texts]
    assert together[18].spans == together[19].spans == ()
    assert all(0 < s.score <= 1 for d in together for s in d.spans if s.score is not None)
    # Sentences are read one by one, so here an article's spans are those of its sentences.
    first = corpus[0]
    joined = tagger([first.text + "\n" + first.text])[0].spans
    [single] = tagger([first.text])
    shift = len(first.text) + 1
    assert [(s.start, s.end) for s in joined] == [
        *((s.start, s.end) for s in single.spans),
        *((s.start + shift, s.end + shift) for s in single.spans),
    ]


def test_documents_stream_in_bounded_stretches() -> None:
    tagger, _ = make(30, 10)
    read = 0

    def endless() -> object:
        nonlocal read
        while True:
            read += 1
            yield Document(str(read), TEXT * 100)

    stream = tagger.tag(endless())  # type: ignore[arg-type]
    assert [next(stream).id for _ in range(3)] == ["1", "2", "3"]
    per_stretch = -(-LOOK_AHEAD_CHARACTERS // len(TEXT * 100))
    assert read == (IN_FLIGHT + 1) * per_stretch


def test_batches_stay_within_the_token_budget() -> None:
    tagger, oracle = make(1000, 0)
    tagger([TEXT * (n % 7 + 1) + str(1_000 + n) for n in range(600)])
    assert max(rows * width for rows, width in oracle.batches if rows > 1) <= MAX_BATCH_TOKENS
    assert any(rows > 1 for rows, _ in oracle.batches)


def test_a_window_that_comes_again_is_read_once() -> None:
    tagger, oracle = make(30, 10)
    once = tagger([TEXT])[0].spans
    assert once
    oracle.batches.clear()
    documents = tagger([TEXT, "هدوء", TEXT, TEXT])
    assert [d.spans for d in documents] == [once, (), once, once]
    assert sum(rows for rows, _ in oracle.batches) == 2


def test_nothing_is_computed_for_a_stream_that_is_given_up() -> None:
    tagger, oracle = make(30, 10)
    stream = tagger.stream((n, [f"{TEXT} {n} {m}" for m in range(40)]) for n in range(100))
    assert next(stream)[0] == 0
    stream.close()  # type: ignore[attr-defined]
    tagger.engine._pool.shutdown(wait=True)
    assert sum(rows for rows, _ in oracle.batches) <= 40 * (IN_FLIGHT + 1)


def test_what_the_model_saw_only_in_part_is_counted() -> None:
    tagger, _ = make(30, 10)
    tagger(["قتل " + "ابت" * 500, "هدوء"])
    assert tagger.coverage.words == 3
    assert tagger.coverage.clipped == 1


def test_misuse_is_refused() -> None:
    tagger, _ = make(30, 10)
    with pytest.raises(TypeError, match=r"tagger\(\[text\]\)"):
        tagger("نص واحد")
    with pytest.raises(TypeError, match="must be a string, not int"):
        tagger([5])  # type: ignore[list-item]


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_shipped_tagger_runs_from_any_folder_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from train import Tagger; d = Tagger.load()(['قتل جنديان أمس'])[0];"
        "print([d.text[s.start:s.end] + ' ' + s.label for s in d.spans]);"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pydantic') if m in sys.modules])"
    )
    assert run(code, tmp_path).splitlines() == ["['جنديان CASUALTY']", "[]"]


def test_shipped_tagger_lies_beside_the_package_and_is_whole() -> None:
    folder = open_model(ROOT / "models" / "tagger")
    assert folder.path in SHIPPED
    assert folder.labels == LABELS


def test_no_shipped_tagger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("train.model_folder.SHIPPED", (tmp_path / "none",))
    with pytest.raises(ModelError, match="no tagger is shipped"):
        Tagger.load()
