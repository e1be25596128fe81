"""The fast path finds what the slow path finds.

The slow path is written out here: one sentence at a time goes through the full-precision graph,
in one thread, in a window that holds all of it. Everything that makes Marsad fast (batches,
threads, processes, parts, a cache, a run that goes on, windows for long sentences, integers) is
held to it.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train import engine, tagger
from train.corpus import read_corpus
from train.document import Document, Span
from train.jobs import Job
from train.metrics import score
from train.model_folder import ModelFolder, open_model, shipped_tagger
from train.parity import MAX_LOSS
from train.prediction import predict
from train.request import Outcome, Request, hidden_folder
from train.runtime import OnnxRuntime, int8_runtime, multiplies_int8
from train.sinks import Sink
from train.sources import ReadOptions
from train.tagger import Tagger
from train.tags import TagSet
from train.words import sentence_ends, split_words

CLOSE = 1e-4
PART_DOCUMENTS = 4
HUGE = 510
"""Tokens of a window that the encoder can still read; the longest sentence here fits."""


@pytest.fixture(scope="module")
def folder() -> ModelFolder:
    return open_model(shipped_tagger())


@pytest.fixture(scope="module")
def runtime(folder: ModelFolder) -> OnnxRuntime:
    return OnnxRuntime(folder.graph)


@pytest.fixture(scope="module")
def texts(corpus: list[Document]) -> list[str]:
    """Short texts, articles of many sentences, and some of few long ones."""
    short = [document.text for document in corpus]
    chance = random.Random(4)
    articles = []
    for length in (2, 12, 5, 3, 9, 4, 30, 6):
        sentences = []
        for _ in range(length):
            words = chance.choice(short).rstrip(".").split()
            for _ in range(chance.randrange(4)):
                words.insert(chance.randrange(len(words)), chance.choice(words))
            if length % 4 == 0:  # long sentences
                words += [w for t in chance.choices(short, k=3) for w in t.rstrip(".").split()]
            sentences.append(" ".join(words) + chance.choice([".", "!", "؟", " ...", "\n", "،\n"]))
        articles.append(chance.choice([" ", "\n", "\n\n"]).join(sentences))
    made = [*short, "", *articles, " \n", *short[::-1], "هدوء"]
    assert max(map(len, made)) > 1_500
    return made


def find_slowly(folder: ModelFolder, runtime: OnnxRuntime, text: str) -> tuple[Span, ...]:
    """Find the spans of a text without any of what is under test but the words and the tags."""
    shown, special = folder.preprocessor.normalizer, folder.preprocessor.special
    words = split_words(text)
    rows = []
    for first, last in itertools.pairwise([0, *sentence_ends(text, words)]):
        ids, heads = list(special.prefix), []
        for word in words[first:last]:
            seen = shown(word.text).strip() or word.text
            found = folder.preprocessor.tokenizer.encode(
                [seen], is_pretokenized=True, add_special_tokens=False
            )
            heads.append(len(ids))
            ids += found.ids or [special.unknown]
        ids += special.suffix
        assert len(ids) <= HUGE
        rows.append(runtime(np.array([ids]))[0][heads])
    tags = TagSet(folder.labels, folder.calibration.temperature)
    return tags.decode(words, np.concatenate(rows)) if rows else ()


def make(
    folder: ModelFolder,
    runtime: OnnxRuntime,
    window: tuple[int, int],
    threads: int = 1,
    max_batch_tokens: int = engine.MAX_BATCH_TOKENS,
) -> Tagger:
    """A fresh tagger, with nothing in its cache."""
    preprocessor = open_model(folder.path).preprocessor
    preprocessor.max_length, preprocessor.stride = window
    special = preprocessor.special
    preprocessor.capacity = window[0] - len(special.prefix) - len(special.suffix)
    return Tagger(
        preprocessor,
        runtime,
        folder.labels,
        threads,
        max_batch_tokens,
        calibration=folder.calibration,
    )


@pytest.fixture(scope="module")
def slow(folder: ModelFolder, runtime: OnnxRuntime, texts: list[str]) -> list[tuple[Span, ...]]:
    found = [find_slowly(folder, runtime, text) for text in texts]
    assert sum(map(len, found)) > 200
    assert {span.label for spans in found for span in spans} == set(folder.labels)
    return found


def assert_same(found: Sequence[Sequence[Span]], slow: Sequence[Sequence[Span]]) -> None:
    assert [tuple(spans) for spans in found] == [tuple(spans) for spans in slow]
    for ours, theirs in zip(itertools.chain(*found), itertools.chain(*slow), strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=CLOSE)


@pytest.mark.parametrize(
    ("threads", "max_batch_tokens"),
    [(1, engine.MAX_BATCH_TOKENS), (3, engine.MAX_BATCH_TOKENS), (4, 100), (2, 30_000)],
)
def test_batches_and_threads(
    folder: ModelFolder,
    runtime: OnnxRuntime,
    texts: list[str],
    slow: list[tuple[Span, ...]],
    threads: int,
    max_batch_tokens: int,
) -> None:
    fast = make(folder, runtime, (HUGE, 64), threads, max_batch_tokens)
    assert_same(fast.find(texts), slow)
    if threads == 3:
        assert_same(fast.find(texts[::-1]), slow[::-1])  # from the cache, and in other batches


def test_stretches(
    texts: list[str], slow: list[tuple[Span, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user calls it; no sentence is longer than the shipped window."""
    monkeypatch.setattr(tagger, "LOOK_AHEAD_DOCUMENTS", 3)
    fast = Tagger.load(runtime="fp32")
    assert_same([document.spans for document in fast(texts)], slow)
    stretches = [(number, texts[number::7]) for number in range(7)]
    for number, found in fast.stream(iter(stretches)):
        assert_same(found.spans, slow[number::7])


@pytest.mark.parametrize("window", [(24, 8), (40, 0)])
def test_windows(
    folder: ModelFolder, runtime: OnnxRuntime, texts: list[str], window: tuple[int, int]
) -> None:
    """Where sentences do not fit, windows in batches give what windows one by one give."""
    alone = make(folder, runtime, window, max_batch_tokens=1)
    one_by_one = [alone.find([text])[0] for text in texts]
    assert_same(make(folder, runtime, window, threads=3).find(texts), one_by_one)


@pytest.fixture
def source(texts: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    rows = [json.dumps({"id": f"t{number}", "text": text}) for number, text in enumerate(texts)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def run(
    source: Path,
    target: Path,
    runtime: str = "fp32",
    done: Callable[[int], Any] = lambda documents: None,
    part_documents: int = PART_DOCUMENTS,
    **options: Any,
) -> tuple[Outcome, list[dict[str, Any]]]:
    """Run the command's inside; return what came of it, and the records."""
    job = Job(
        Sink("jsonl"),
        runtime=runtime,
        threads=1,
        sentences=options.pop("sentences", False),
        folder=hidden_folder(target),
        part_documents=part_documents,
    )
    request = Request([str(source)], ReadOptions(), job, str(target), **options)
    outcome = predict(request, done, lambda line: None)
    data = target.read_bytes() if target.exists() else b""
    return outcome, [json.loads(line) for line in data.split(b"\n")[:-1]]


def spans_of(records: Sequence[dict[str, Any]]) -> list[tuple[Span, ...]]:
    return [
        tuple(Span(s["start"], s["end"], s["label"], s["score"]) for s in record["spans"])
        for record in records
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_and_processes(
    source: Path, texts: list[str], slow: list[tuple[Span, ...]], workers: int, tmp_path: Path
) -> None:
    _, records = run(source, tmp_path / "out.jsonl", workers=workers)
    assert [record["text"] for record in records] == texts
    assert_same(spans_of(records), slow)


def test_a_run_that_goes_on(
    source: Path, texts: list[str], slow: list[tuple[Span, ...]], tmp_path: Path
) -> None:
    target = tmp_path / "out.jsonl"
    for times in itertools.count(1):
        counted = itertools.count(1)

        def stop(documents: int, number: Iterator[int] = counted, last: int = 3 * times) -> None:
            if next(number) == last:
                raise KeyboardInterrupt

        outcome, records = run(source, target, done=stop, resume=times > 1)
        if not outcome.interrupted:
            break
        assert records == []
    assert times > 2
    assert outcome.documents == len(texts)
    assert_same(spans_of(records), slow)


def test_sentences_one_by_one(
    source: Path,
    folder: ModelFolder,
    runtime: OnnxRuntime,
    slow: list[tuple[Span, ...]],
    tmp_path: Path,
) -> None:
    _, records = run(source, tmp_path / "out.jsonl", sentences=True)
    assert len(records) > 70
    slowly = [find_slowly(folder, runtime, record["text"]) for record in records]
    assert_same(spans_of(records), slowly)
    # They stand where the spans of the whole texts stand, but where a mention runs over an end.
    moved = {
        (record["document"], s["start"] + record["document_start"], s["label"])
        for record in records
        for s in record["spans"]
    }
    of_texts = {(f"t{n}", s.start, s.label) for n, spans in enumerate(slow) for s in spans}
    assert len(moved & of_texts) > 0.95 * len(of_texts)


needs_int8 = pytest.mark.skipif(
    not multiplies_int8(), reason="this CPU's products of 8-bit integers can overflow"
)


@needs_int8
def test_integers_do_not_depend_on_batches_threads_or_parts(
    folder: ModelFolder, source: Path, texts: list[str], tmp_path: Path
) -> None:
    window = folder.preprocessor.max_length, folder.preprocessor.stride
    runtime = int8_runtime(folder)
    alone = make(folder, runtime, window, max_batch_tokens=1)
    one_by_one = [alone.find([text])[0] for text in texts]
    assert make(folder, runtime, window, 1).find(texts) == one_by_one
    assert make(folder, runtime, window, 4, 30_000).find(texts[::-1]) == one_by_one[::-1]
    for size, workers in ((3, 1), (100, 1), (7, 2)):
        target = tmp_path / f"{size}.jsonl"
        _, records = run(source, target, "int8", part_documents=size, workers=workers)
        assert spans_of(records) == one_by_one


@needs_int8
@pytest.mark.parametrize("name", ["dev", "dev-almayadeen"])
def test_integers_score_as_full_precision(folder: ModelFolder, newswire: Path, name: str) -> None:
    gold = read_corpus([newswire / f"{name}.jsonl"], folder.labels)
    texts = [document.text for document in gold]
    full = Tagger.load(runtime="fp32").find(texts)
    fast = Tagger.load(runtime="int8")
    small = fast.find(texts)
    assert fast.find(texts[::-1]) == small[::-1]

    def f1(found: Sequence[tuple[Span, ...]]) -> float:
        tagged = [replace(d, spans=spans) for d, spans in zip(gold, found, strict=True)]
        return score(gold, tagged, folder.labels).micro.f1

    assert f1(small) >= f1(full) - MAX_LOSS
