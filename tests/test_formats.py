"""The inline format and JSONL: what is read, what is written back, and every kind of fault."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_words import MIXED
from train.corpus import fingerprint, read_corpus, write_corpus
from train.document import Document, Span
from train.errors import DataError, InputError, MarsadError
from train.inline import InlineError, format_line, parse_line
from train.jsonl import dumps
from train.words import split_words

LABELS = ("ACTOR", "WEAPON", "BASE", "CASUALTY")


def test_inline_line_by_hand() -> None:
    text, spans = parse_line(r"قصفت [طائرات](WEAPON) [للجيش](ACTOR) بلدة\[1\] (أمس)\\.")
    assert text == "قصفت طائرات للجيش بلدة[1] (أمس)\\."
    assert [(s.start, s.end, s.label) for s in spans] == [(5, 11, "WEAPON"), (12, 17, "ACTOR")]


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        ("قصفت [طائرات الجيش", 6, "nothing closes"),
        ("قصفت طائرات](WEAPON)", 12, "without its «[»"),
        ("[طائرات] الجيش", 8, "without «(LABEL)»"),
        ("[طائرات [الجيش](ACTOR)](WEAPON)", 9, "inside a mention"),
        ("خط\\مائل", 3, "escape"),
        ("قتل [](ACTOR)", 5, "an empty mention"),
        ("آخر\\", 4, "escape"),
    ],
)
def test_inline_faults_name_the_column(line: str, column: int, found: str) -> None:
    with pytest.raises(InlineError) as error:
        parse_line(line)
    assert error.value.column == column
    assert found in error.value.found


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(MIXED.filter(lambda t: t.strip() and not re.search("[\r\ud800-\udfff]", t)))
    words = split_words(text)
    borders = draw(
        st.lists(st.integers(0, max(0, len(words) - 1)), unique=True, max_size=6).map(sorted)
    )
    spans = [
        Span(words[a].start, words[b - 1].end, draw(st.sampled_from(LABELS)))
        for a, b in zip(borders[::2], borders[1::2], strict=False)
    ]
    return Document("x", text, tuple(spans))


@given(documents())
def test_inline_round_trip(document: Document) -> None:
    line = format_line(document)
    assert "\n" not in line
    assert not line.startswith("#")
    assert parse_line(line) == (document.text, document.spans)


@given(st.lists(documents(), min_size=1, max_size=4))
def test_jsonl_round_trip(tmp_path_factory: pytest.TempPathFactory, parts: list[Document]) -> None:
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    written = [Document(f"d{i}", d.text, d.spans, {"year": "2015"}) for i, d in enumerate(parts)]
    write_corpus(written, path)
    assert read_corpus([path], LABELS) == written


def test_inline_file_carries_description_and_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "syria.txt"
    path.write_text(
        "# a note\n# theatre: Syria\n# register: agency\nقتل [جنديان](CASUALTY)\n\n"
        "# register: ticker\nهدوء حذر\n",
        encoding="utf-8",
    )
    first, second = read_corpus([path], LABELS)
    assert first.id == "syria:4"
    assert first.meta == {"theatre": "Syria", "register": "agency"}
    assert second.id == "syria:7"
    assert second.meta == {"theatre": "Syria", "register": "ticker"}
    again = tmp_path / "again.txt"
    write_corpus([first, second], again)
    assert [(d.text, d.spans, d.meta) for d in read_corpus([again])] == [
        (d.text, d.spans, d.meta) for d in (first, second)
    ]


def test_line_ends_and_byte_order_mark_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes("\ufeffقتل [جنديان](CASUALTY)\r\nسطر\u2028واحد\r\n".encode())
    first, second = read_corpus([path], LABELS)
    assert first.text == "قتل جنديان"
    assert second.text == "سطر\u2028واحد"


# One fault a line; each row is what stands in the file, and what the message must say of it.
FAULTS = [
    ('{"id": "a", "text": "قتل", "spans": [', "invalid JSON"),
    ('["a"]', "JSON array"),
    ('{"text": "قتل", "spans": []}', "id: found nothing"),
    ('{"id": "", "text": "قتل", "spans": []}', "an empty id"),
    ('{"id": "same", "text": "قتل", "spans": []}', None),
    ('{"id": "same", "text": "جرح", "spans": []}', "id 'same'"),
    ('{"id": "b", "text": 5, "spans": []}', "text: found a JSON number"),
    ('{"id": "c", "text": "قتل"}', "spans: found nothing"),
    ('{"id": "d", "text": "قتل", "spans": {}}', "spans: found a JSON object"),
    ('{"id": "e", "text": "قتل جندي", "spans": [{"start": 4, "end": 8}]}', ".label: found None"),
    (
        '{"id": "f", "text": "قتل جندي", "spans": [{"start": 4, "end": 7, "label": "CASUALTY"}]}',
        "such as [4, 8) «جندي»",
    ),
    (
        '{"id": "g", "text": "قتل جندي", "spans": [{"start": 3, "end": 8, "label": "CASUALTY"}]}',
        "takes in space",
    ),
    (
        '{"id": "h", "text": "قتل جندي", "spans": [{"start": 4, "end": 9, "label": "CASUALTY"}]}',
        "offsets outside the text",
    ),
    (
        '{"id": "i", "text": "قتل جندي", "spans": [{"start": 4, "end": 8, "label": "PERSON"}]}',
        "label 'PERSON'",
    ),
    (
        '{"id": "j", "text": "قتل جندي", "spans": [{"start": 0, "end": 8, "label": "ACTOR"},'
        ' {"start": 4, "end": 8, "label": "CASUALTY"}]}',
        "an overlap",
    ),
    (
        '{"id": "m", "text": "قتل \\ud800", "spans": []}',
        "surrogate",
    ),
    (
        '{"id": "n", "text": "قتل", "spans": [{"start": 0, "end": 3, "label": "A(B)"}]}',
        "label: found 'A(B)'",
    ),
    ('{"id": ' + "9" * 5000 + "}", "cannot be read"),
    (
        '{"id": "k", "text": "قتل جندي", "spans": [{"start": 4, "end": 8, "label": "CASUALTY",'
        ' "text": "قتل"}]}',
        "cuts 'جندي'",
    ),
    (
        '{"id": "l", "text": "قتل جندي", "spans": [{"start": "4", "end": 8, "label": "ACTOR"}]}',
        "start: found '4'",
    ),
]


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "faulty.jsonl"
    path.write_text("\n".join(line for line, _ in FAULTS), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_corpus([path], LABELS)
    faults = error.value.faults
    expected = [(n, text) for n, (_, text) in enumerate(FAULTS, start=1) if text]
    assert len(faults) == len(expected)
    for number, text in expected:
        of_line = [str(f) for f in faults if f"{path}:{number}:" in f.where + ":"]
        assert any(text in message for message in of_line), (number, text, of_line)
        assert all("expected" in message for message in of_line)
    assert str(error.value).endswith(f"{len(expected)} faults; mend the lines above and run again")


def test_faults_of_several_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("قتل [جندي\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("هدوء\nقتل جندي]\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "d.txt").write_bytes(b"\xff\n" + "#عاجل [قتل](ACTOR)\n[قتل]()\n".encode())
    with pytest.raises(DataError) as error:
        read_corpus([tmp_path], LABELS)
    assert [fault.where.rsplit("/", 1)[1] for fault in error.value.faults] == [
        "a.txt:1:5",
        "b.txt:2:9",
        "c.txt",
        "d.txt:1",
        "d.txt:2",
        "d.txt:3:5",
    ]


def test_wrong_encoding_names_line_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes("هدوء\n".encode() + "قتل".encode("cp1256") + b"\n")
    with pytest.raises(DataError, match=r"old\.txt:2: found byte 0x") as error:
        list(read_corpus([path]))
    assert "UTF-8" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", "", "no sentence"),
        ("comments.txt", "# only a comment\n", "no sentence"),
        ("empty.jsonl", "\n", "no sentence"),
        ("data.csv", "a,b", r"read from \.txt or \.jsonl"),
    ],
)
def test_unusable_files(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(MarsadError, match=message):
        read_corpus([tmp_path / name])


def test_missing_files_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_corpus([tmp_path / "nowhere.txt"])
    with pytest.raises(InputError, match=r"no \.txt or \.jsonl file"):
        read_corpus([tmp_path])


def test_a_long_span_overlaps_all_that_it_holds(tmp_path: Path) -> None:
    spans = [(0, 15), (0, 3), (9, 15)]
    rows = [{"start": a, "end": b, "label": "ACTOR"} for a, b in spans]
    path = tmp_path / "nested.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "قتل جند في أمسس", "spans": rows}))
    with pytest.raises(DataError) as error:
        read_corpus([path])
    assert [f.found for f in error.value.faults].count("an overlap") == 2


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Document("a", " "), "a blank text"),
        (Document("a", "قتل\r"), "a carriage return"),
        (Document("a", "\ufeffقتل"), "a byte order mark"),
        (Document("a", "قتل", (), {"desk": "Gulf"}), "the description desk"),
    ],
)
def test_inline_refuses_what_it_cannot_tell(
    tmp_path: Path, document: Document, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_corpus([document], tmp_path / "out.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_description_cannot_become_a_sentence(tmp_path: Path) -> None:
    document = Document("a", "هدوء", (), {"source": "وكالة\nقصف [الجيش](ACTOR) المدينة"})
    write_corpus([document], tmp_path / "out.txt")
    [again] = read_corpus([tmp_path / "out.txt"])
    assert (again.text, again.spans) == ("هدوء", ())


def test_fingerprint_follows_content_not_order() -> None:
    a, b = Document("a", "قتل جندي", (Span(4, 8, "CASUALTY"),)), Document("b", "هدوء")
    assert fingerprint([a, b]) == fingerprint([b, a])
    assert fingerprint([a]) != fingerprint([Document("a", "قتل جندي")])


def test_predictions_are_data(tmp_path: Path) -> None:
    """What predict writes can be read as annotations, scores and span texts included."""
    path = tmp_path / "predicted.jsonl"
    document = Document("a", "قتل جندي", (Span(4, 8, "CASUALTY", 0.98765),))
    path.write_text(dumps(document) + "\n", encoding="utf-8")
    assert json.loads(dumps(document))["spans"] == [
        {"start": 4, "end": 8, "label": "CASUALTY", "text": "جندي", "score": 0.9877}
    ]
    assert read_corpus([path]) == [document]
