"""The seeds are what their card says, and the held-out part is held out."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import LABELS, ROOT
from train.agreement import compare
from train.corpus import read_corpus
from train.document import Document, Span
from train.normalizer import Normalizer
from train.standoff import read_standoff
from train.words import split_words

NORMAL = Normalizer(alef=True, ya=True)


def read(part: str) -> list[Document]:
    return read_corpus([ROOT / "seeds" / part], LABELS)


def words(text: str) -> list[str]:
    """The words of a text in their plainest spelling, without punctuation."""
    return [NORMAL(w.text) for w in split_words(text) if any(c.isalnum() for c in w.text)]


def near_duplicates(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    """Pairs that share most of their runs of three words."""

    def runs(text: str) -> set[tuple[str, ...]]:
        plain = words(text)
        return {tuple(plain[i : i + 3]) for i in range(max(1, len(plain) - 2))}

    rights = [(text, runs(text)) for text in right]
    holders: dict[tuple[str, ...], list[int]] = {}
    for index, (_, found) in enumerate(rights):
        for run in found:
            holders.setdefault(run, []).append(index)
    pairs = []
    for text in left:
        own = runs(text)
        shared = Counter(i for run in own for i in holders.get(run, ()))
        pairs.extend(
            (text, rights[i][0])
            for i, n in shared.items()
            if n / min(len(own), len(rights[i][1])) > 0.5
        )
    return pairs


CARD = (ROOT / "seeds" / "README.md").read_text(encoding="utf-8")


def row(name: str, documents: list[Document]) -> str:
    """A row of the card's tables."""
    counts = Counter(span.label for d in documents for span in d.spans)
    bare = sum(not d.spans for d in documents)
    cells = [name, len(documents), bare, *(counts[label] for label in LABELS)]
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.parametrize("part", ["train", "heldout"])
def test_counts_are_those_of_the_card(part: str) -> None:
    documents = read(part)
    assert row(part, documents) in CARD
    assert all({"theatre", "register"} <= set(d.meta) for d in documents)


@pytest.mark.parametrize("key", ["theatre", "register"])
def test_kinds_are_those_of_the_card(key: str) -> None:
    groups: dict[str, list[Document]] = {}
    for document in read("train"):
        groups.setdefault(document.meta[key], []).append(document)
    missing = [row(name, found) for name, found in groups.items() if row(name, found) not in CARD]
    assert missing == []


def test_newswire_counts_are_those_of_the_card() -> None:
    for file in sorted((ROOT / "seeds" / "newswire").glob("*.jsonl")):
        records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        documents = [
            Document(r["id"], "", tuple(Span(s["start"], s["end"], s["label"]) for s in r["spans"]))
            for r in records
        ]
        assert row(f"`{file.name}`", documents) in CARD
        assert not any("text" in record for record in records)


def test_agreement_is_that_of_the_card() -> None:
    second = read_corpus([ROOT / "seeds" / "agreement"], LABELS)
    result = compare(read("train"), second, LABELS)
    labels = ", ".join(f"{k} {v.f1:.3f}" for k, v in result.scores.labels.items())
    told = f"{result.scores.micro.f1:.3f} ({labels})"
    assert told in CARD.replace("\n", " ")
    assert f"{len(result.differing)} of the {len(result.first)} sentences" in CARD


def near_development(documents: list[Document], newswire: Path) -> list[tuple[str, str]]:
    development = read_corpus([newswire / "dev.jsonl", newswire / "dev-almayadeen.jsonl"], LABELS)
    # Of very short sentences, such as a bare formula of speech, a shared run of words says nothing.
    texts = [d.text for d in development if len(words(d.text)) > 4]
    return near_duplicates([d.text for d in documents if len(words(d.text)) > 4], texts)


def test_no_development_sentence_is_trained_on(newswire: Path) -> None:
    layer = read_standoff([ROOT / "seeds" / "newswire"], [newswire], LABELS)
    assert layer.total > 10_000
    assert not layer.missing
    assert not layer.changed
    assert near_development([*layer.documents, *read("train")], newswire) == []


def test_a_development_sentence_would_be_found(newswire: Path) -> None:
    [first, *_] = read_corpus([newswire / "dev.jsonl"], LABELS)
    shuffled = Document("x", first.text.replace("ة", "ه").replace("أ", "ا") + " أمس")
    assert near_development([shuffled], newswire)


def test_near_duplicates_are_found() -> None:
    a = "أعلنت وزارة الدفاع مقتل عشرة جنود في هجوم على قاعدة الوادي"
    assert near_duplicates([a], [a.replace("عشرة", "سبعة")])
    assert not near_duplicates([a], ["أعلنت وزارة الدفاع مقتل قائد بارز في غارة ليلية"])


def test_no_held_out_sentence_is_trained_on() -> None:
    assert near_duplicates([d.text for d in read("heldout")], [d.text for d in read("train")]) == []


def test_no_sentence_stands_twice() -> None:
    texts = [" ".join(words(d.text)) for part in ("train", "heldout") for d in read(part)]
    assert [text for text, n in Counter(texts).items() if n > 1] == []


def test_the_article_is_annotated_word_for_word() -> None:
    article = (ROOT / "seeds" / "seed-article.txt").read_text(encoding="utf-8")
    annotated = [d.text for d in read("heldout") if d.id.startswith("seed-article:")]
    squeezed = re.sub(r"\s", "", article).removesuffix("اخترنالك")
    assert re.sub(r"\s", "", "".join(annotated)) == squeezed
    assert all(text in article for text in annotated)


def test_no_newswire_sentence_is_in_the_seeds(newswire: Path) -> None:
    ours = [d.text for part in ("train", "heldout") for d in read(part)]
    for name in ("train.jsonl", "dev.jsonl", "dev-almayadeen.jsonl", "pool.jsonl"):
        lines = (newswire / name).read_text(encoding="utf-8").splitlines()
        theirs = [json.loads(line)["text"] for line in lines]
        assert near_duplicates([t for t in theirs if len(words(t)) > 8], ours) == [], name


def test_examples_of_the_guidelines_are_sound(tmp_path: Path) -> None:
    guidelines = (ROOT / "seeds" / "GUIDELINES.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(.*?)^```$", guidelines, re.DOTALL | re.MULTILINE)
    (tmp_path / "examples.txt").write_text("".join(blocks), encoding="utf-8")
    examples = read_corpus([tmp_path / "examples.txt"], LABELS)
    assert {span.label for d in examples for span in d.spans} == set(LABELS)
