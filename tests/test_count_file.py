"""Files of counts: joined with their sentences, and every fault told with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import marsad, records
from train.corpus import data_files, read_corpus, write_corpus
from train.count import Count
from train.count_file import attach_counts, holds_counts
from train.document import Document, Span
from train.errors import DataError, InputError
from train.standoff import read_standoff, write_standoff

TEXT = "قتل جنديان وأصيب ثلاثة في قصف لداعش"
TWO = Span(4, 10, "CASUALTY")
THREE = Span(17, 22, "CASUALTY")
ACTOR = Span(30, 35, "ACTOR")
DOCUMENT = Document("a", TEXT, (TWO, THREE, ACTOR), {"day": 3})
KILLED = {"min": 2, "max": 2, "approximate": False, "outcome": "killed", "subset": False}
INJURED = {"min": 3, "max": None, "approximate": True, "outcome": "injured", "subset": True}


def line(start: int = 4, end: int = 10, **changes: Any) -> dict[str, Any]:
    return {"id": "a", "start": start, "end": end, "count": KILLED} | changes


def written(path: Path, *lines: dict[str, Any] | str | bytes) -> Path:
    """Write a file of the given lines, whatever they hold."""
    encoded = [
        item if isinstance(item, bytes) else item.encode()
        for item in (json.dumps(item) if isinstance(item, dict) else item for item in lines)
    ]
    path.write_bytes(b"\n".join(encoded) + b"\n")
    return path


def counts(documents: list[Document]) -> list[list[Count | None]]:
    return [[span.count for span in document.spans] for document in documents]


def test_counts_come_to_their_spans(tmp_path: Path) -> None:
    """From several files, in any order, with or without the text; blank lines mean nothing."""
    other = Document("b", "جنديان", (Span(0, 6, "CASUALTY"),))
    first = written(tmp_path / "1.jsonl", line(17, 22, count=INJURED, text="ثلاثة"), "", "  ")
    second = written(
        tmp_path / "2.jsonl", line(0, 6, id="b", note="extra keys are no matter"), line()
    )
    attached = attach_counts([DOCUMENT, other], [first, second])
    killed = Count(2, 2, False, "killed", False)
    assert counts(attached) == [
        [killed, Count(3, None, True, "injured", True), None],
        [killed],
    ]
    assert attached == [DOCUMENT, other]
    assert attached[0].meta == {"day": 3}
    assert [span.count_rule for span in attached[0].spans] == [None] * 3
    assert counts([DOCUMENT]) == [[None] * 3]  # it was not changed
    assert attach_counts([DOCUMENT], []) == [DOCUMENT]


def test_a_count_of_a_file_is_gold_whatever_a_machine_had_read(tmp_path: Path) -> None:
    read = Span(4, 10, "CASUALTY", 0.5, Count(9, 9, False, "killed", False), "digits")
    kept = Span(17, 22, "CASUALTY", 0.5, Count(3, 3, False, "killed", False), "number_words")
    file = written(tmp_path / "c.jsonl", line())
    [document] = attach_counts([Document("a", TEXT, (read, kept))], [file])
    assert [(span.count_rule, span.count and span.count.min) for span in document.spans] == [
        (None, 2),
        ("number_words", 3),
    ]


BAD: list[tuple[dict[str, Any] | str | bytes, str, str]] = [
    ("{", ":2", "JSON"),  # the column
    ("[1]", "", "object"),
    (b"\xff\xfe", "", "UTF-8"),
    ({}, ": id", "nothing"),
    (line(id=5), ": id", "5"),
    (line(start="4"), ": start", "'4'"),
    (line(start=True), ": start", "True"),
    (line(end=None), ": end", "None"),
    (line(text=7), ": text", "7"),
    (line(text="جندي"), ": text", "'جندي'; expected 'جنديان', as in the data"),
    (line(count=None), ": count", "None"),
    (line(count=2), ": count", "2"),
    (line(count={"min": 2}), ": count", "keys min; expected an object with min, max"),
    (line(count=KILLED | {"rule": "x"}), ": count", "rule"),
    (line(count=KILLED | {"min": -1}), ": count.min", "-1"),
    (line(count=KILLED | {"min": 2.0}), ": count.min", "2.0"),
    (line(count=KILLED | {"min": True}), ": count.min", "True"),
    (line(count=KILLED | {"max": 1}), ": count.max", "1; expected null, or a whole number from 2"),
    (line(count=KILLED | {"approximate": 0}), ": count.approximate", "0; expected true or false"),
    (line(count=KILLED | {"subset": None}), ": count.subset", "None"),
    (line(count=KILLED | {"outcome": "dead"}), ": count.outcome", "'dead'; expected one of killed"),
    (line(id="b"), "", "[4, 10) in 'b'; expected the id of a document in the data"),
    (line(4, 9), "", "[4, 9) in 'a'; expected a CASUALTY span with these offsets"),
    (line(30, 35), "", "[30, 35) in 'a'; expected a CASUALTY span"),
]


@pytest.mark.parametrize(("item", "field", "message"), BAD, ids=lambda value: str(value)[:50])
def test_a_fault_is_told_with_its_line(
    tmp_path: Path, item: dict[str, Any] | str | bytes, field: str, message: str
) -> None:
    path = written(tmp_path / "counts.jsonl", line(17, 22), "", item)
    with pytest.raises(DataError) as caught:
        attach_counts([DOCUMENT], [path])
    [fault] = caught.value.faults
    assert fault.where == f"{path}:3{field}"
    assert message in str(fault)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    items = [item for item, _, _ in BAD]
    first = written(tmp_path / "1.jsonl", *items)
    second = written(tmp_path / "2.jsonl", line(17, 22), line(17, 22), line(17, 22, id="z"))
    with pytest.raises(DataError) as caught:
        attach_counts([DOCUMENT], [first, second])
    places = sorted(fault.where.removeprefix(f"{tmp_path}/") for fault in caught.value.faults)
    expected = [f"1.jsonl:{number}{field}" for number, (_, field, _) in enumerate(BAD, start=1)]
    assert places == sorted([*expected, "2.jsonl:2", "2.jsonl:3"])


def test_a_second_count_names_the_first(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, line()) for name in ("1.jsonl", "2.jsonl"))
    with pytest.raises(DataError, match=r"2\.jsonl:1: found a second count; .*1\.jsonl:1 has one"):
        attach_counts([DOCUMENT], [first, second])
    with pytest.raises(DataError, match=r"1\.jsonl:1: found a second count; .*1\.jsonl:1 has one"):
        attach_counts([DOCUMENT], [first, first])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError, match="no such file"):
            attach_counts([DOCUMENT], [path])


# Counts in the data itself


def test_counts_in_jsonl_come_back(tmp_path: Path) -> None:
    gold = Span(4, 10, "CASUALTY", None, Count(2, None, True, "killed", True))
    read = Span(17, 22, "CASUALTY", None, Count(3, 3, False, "injured", False), "number_words; x")
    unread = Span(30, 35, "CASUALTY", None, None, "unread: y")
    write_corpus([Document("a", TEXT, (gold, read, unread))], tmp_path / "a.jsonl")
    [back] = read_corpus([tmp_path / "a.jsonl"])
    assert [(span.count, span.count_rule) for span in back.spans] == [
        (span.count, span.count_rule) for span in (gold, read, unread)
    ]


def test_counts_in_standoff_come_back(tmp_path: Path) -> None:
    gold = Span(4, 10, "CASUALTY", None, Count(2, None, True, "killed", True))
    document = Document("a", TEXT, (gold, THREE, ACTOR))
    write_standoff([document], tmp_path / "a.jsonl")
    assert "جنديان" not in (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps({"id": "a", "text": TEXT}), encoding="utf-8")
    [back] = read_standoff([tmp_path / "a.jsonl"], [texts]).documents
    assert back == document
    assert counts([back]) == [[gold.count, None, None]]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"count": {"min": 1}}, "count"),
        ({"count": KILLED | {"max": 0}}, "count.max"),
        ({"count": KILLED, "count_rule": 7}, "count_rule"),
    ],
)
def test_faulty_counts_in_data_are_told(tmp_path: Path, changes: Any, place: str) -> None:
    span = {"start": 4, "end": 10, "label": "CASUALTY"}
    record = {"id": "a", "text": TEXT, "spans": [span, {**span, "start": 17, "end": 22, **changes}]}
    path = written(tmp_path / "a.jsonl", record)
    with pytest.raises(DataError) as caught:
        read_corpus([path])
    assert [fault.where for fault in caught.value.faults] == [f"{path}:1: spans[1].{place}"]


def test_convert_keeps_counts_or_says_that_it_does_not(tmp_path: Path) -> None:
    gold = Span(4, 10, "CASUALTY", None, Count(2, 2, False, "killed", False))
    write_corpus([Document("a", TEXT, (gold, THREE, ACTOR))], tmp_path / "a.jsonl")
    done = marsad("convert", tmp_path / "a.jsonl", "-o", tmp_path / "b.jsonl")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    [record] = records((tmp_path / "b.jsonl").read_text(encoding="utf-8"))
    assert [span.get("count") for span in record["spans"]] == [KILLED, None, None]
    done = marsad("convert", tmp_path / "a.jsonl", "-o", tmp_path / "b.txt")
    assert done.returncode == 0
    assert done.stderr.startswith("note: the inline format has no place for counts; they are left")
    again = marsad("convert", tmp_path / "b.txt", "-o", tmp_path / "c.txt")
    assert again.stderr.startswith(str(tmp_path / "c.txt"))  # nothing is lost here, nor said to be
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == (
        "قتل [جنديان](CASUALTY) وأصيب [ثلاثة](CASUALTY) في قصف [لداعش](ACTOR)\n"
    )


# Lists of counts among sentences


def test_a_folder_of_sentences_may_hold_lists_of_counts(tmp_path: Path) -> None:
    write_corpus([DOCUMENT], tmp_path / "a.jsonl")
    (tmp_path / "counts").mkdir()
    listed = written(tmp_path / "counts" / "a.jsonl", "", line())
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert holds_counts(listed)
    assert data_files(tmp_path) == [tmp_path / "a.jsonl", tmp_path / "empty.jsonl"]
    assert data_files(listed) == [listed]  # named itself, it is told that it is no data
    with pytest.raises(DataError, match="name it with --counts"):
        read_corpus([listed])
    with pytest.raises(InputError, match="in this folder"):
        data_files(tmp_path / "counts")


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"id": "a", "text": TEXT, "spans": []}),
        json.dumps({"id": "a", "text": TEXT, "spans": [], "count": 3}),
        "{",
        "[1]",
        "",
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_what_is_no_list_of_counts_is_not_passed_over(tmp_path: Path, content: str | bytes) -> None:
    assert not holds_counts(written(tmp_path / "a.jsonl", content))
    assert not holds_counts(written(tmp_path / "a.txt", line()))
