"""Parts: where they are cut, what they know of their documents, and what is counted of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.test_output import FakeTagger
from train import parts
from train.document import Document
from train.errors import DataError, Fault, InputError
from train.jobs import Job, tag_parts
from train.parts import Part, PartId, cut
from train.readers import Origin
from train.sentences import refuse_taken, split_part
from train.sinks import Sink


def test_a_sentence_column_is_a_fault_of_its_document_only() -> None:
    taken = Document("d", "صاروخ. صاروخ", meta={"document": 1})
    fine = Document("e", "صاروخ. هدوء")
    part = Part(PartId(0, 0), [taken, fine], [Fault("f:1", "x", "y")], None, ["f:2", "f:3"])
    split = split_part(part)
    assert [document.id for document in split.documents] == ["e:1", "e:2"]
    assert split.places == ["f:3", "f:3"]
    assert [fault.where for fault in split.faults] == ["f:1", "f:2: document 'd'"]
    [result] = tag_parts(FakeTagger(), Job(Sink("jsonl"), sentences=True), [part])
    assert (result.documents, result.spans, result.faults) == (1, 1, split.faults)
    with pytest.raises(DataError, match="f:2: document 'd'"):
        list(tag_parts(FakeTagger(), Job(Sink("jsonl"), sentences=True, strict=True), [part]))
    with pytest.raises(InputError, match=r"'document'.*rename"):
        refuse_taken(taken)
    refuse_taken(fine)


def test_parts_are_named_in_input_order() -> None:
    ids = [PartId(0, n) for n in (0, 99_999, 100_000, 99_999_999)] + [PartId(1, 0)]
    assert sorted(part.stem for part in ids) == [part.stem for part in ids]


def test_carried_columns_count_where_a_part_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_CHARACTERS", 100)

    def sizes(meta: Any, text: str = "") -> list[int]:
        items = [(Document(str(n), text, meta={"k": meta}), None) for n in range(40)]
        return [len(part.documents) for part in cut(0, items)]

    assert sizes(1, "x" * 48) == [2] * 20  # 48, and 2 of the column
    assert sizes("x" * 49) == [2] * 20
    assert sizes(b"x" * 49) == [2] * 20
    assert sizes(["x" * 40, {"y": "z" * 8}]) == [2] * 20
    assert sizes([0.5] * 49) == [2] * 20
    deep: Any = "x" * 99
    for _ in range(10_000):
        deep = [deep]
    assert sizes(deep) == [1] * 40


def test_parts_know_where_documents_stand() -> None:
    fault = Fault("f:2", "x", "y")
    items = [
        (Document("1", "a"), Origin("f:1")),
        (fault, Origin("f:2")),
        (Document("3", "b"), Origin("f:3")),
        (Document("4", "c"), None),
    ]
    first, second = cut(0, items, 3)
    assert (first.places, first.faults, second.places) == (["f:1", "f:3"], [fault], [""])
    moved = replace(first, places=["g:1", "g:3"])
    assert moved.digest() == first.digest()


def test_what_is_kept_is_counted_by_document_not_by_id() -> None:
    two = [Document("same", "صاروخ"), Document("same", "صاروخ \ud800 صاروخ")]
    part = Part(PartId(0, 0), two, places=["a.txt:1", "a.txt:2"])
    [result] = tag_parts(FakeTagger(), Job(Sink("csv")), [part])
    assert (result.documents, result.spans) == (1, 1)
    assert [fault.where for fault in result.faults] == ["a.txt:2: document 'same'"]
