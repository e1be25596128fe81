"""The seeds are what their card says, and the held-out part is held out."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import LABELS, ROOT
from train.corpus import read_corpus
from train.document import Document
from train.normalizer import Normalizer
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


@pytest.mark.parametrize("part", ["train", "heldout"])
def test_counts_are_those_of_the_card(part: str) -> None:
    documents = read(part)
    counts = Counter(span.label for d in documents for span in d.spans)
    bare = sum(not d.spans for d in documents)
    cells = [len(documents), bare, *(counts[label] for label in LABELS)]
    card = (ROOT / "seeds" / "README.md").read_text(encoding="utf-8")
    assert f"| {part} | {' | '.join(map(str, cells))} |" in card
    assert all({"theatre", "register"} <= set(d.meta) for d in documents)


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
