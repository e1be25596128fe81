"""Sinks: the exact bytes of each format, what comes back from them, and what they cannot hold."""

from __future__ import annotations

import csv
import datetime
import errno
import io
import itertools
import json
import math
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.conftest import sent
from tests.test_words import MIXED
from train.compression import COMPRESSIONS, decompress
from train.count import Count
from train.document import Document, Span
from train.errors import Fault, InputError
from train.inline import read_inline
from train.jsonl import read_jsonl
from train.name import Name
from train.sinks import COLUMNS, FORMATS, Sink, join
from train.tables import plain, text_of
from train.tags import TagSet
from train.words import split_words

LABELS = ("ACTOR", "BASE")
TAGS = TagSet(LABELS)
A = Document("a,1", "قصف الجيش", (Span(4, 9, "ACTOR", 0.98765),), {"day": 3, "بلد": "سوريا"})
B = Document("b", "«لا\nشيء»", (), {"بلد": None, "day": [1, "x"]})
C = Document(
    "c",
    "قتل جنديان في قصف لداعش على عشرات",
    (
        Span(4, 10, "CASUALTY", 0.5, Count(2, None, False, "killed", False), "dual; verb:قتل"),
        Span(18, 23, "ACTOR", 0.25, None, None, Name("د", "IS", "armed group", "Q1", True)),
        Span(28, 33, "CASUALTY", None, None, "unread: why"),
    ),
    {"day": 3},
)
TABLES = ("csv", "tsv", "parquet")
SPAN_HEADER = (
    "id,start,end,label,text,score,count_min,count_max,count_approximate,count_outcome,"
    "count_subset,count_rule,canonical,english,type,wikidata,known"
)
NOTHING_READ = dict.fromkeys(SPAN_HEADER.split(",")[6:])


def encode(sink: Sink, documents: list[Document], **options: Any) -> bytes:
    data, faults, _ = sink.encode(documents, **options)
    assert faults == []
    return data


BY_HAND = [
    (
        Sink("jsonl"),
        '{"id": "a,1", "text": "قصف الجيش", "spans": [{"start": 4, "end": 9, "label": "ACTOR", '
        '"text": "الجيش", "score": 0.9877}], "day": 3, "بلد": "سوريا"}\n'
        '{"id": "b", "text": "«لا\\nشيء»", "spans": [], "بلد": null, "day": [1, "x"]}\n',
    ),
    (
        Sink("jsonl", "spans"),
        '{"id": "a,1", "start": 4, "end": 9, "label": "ACTOR", "text": "الجيش", "score": 0.9877, '
        '"day": 3, "بلد": "سوريا"}\n',
    ),
    (
        Sink("csv"),
        "id,text,spans,day,بلد\n"
        '"a,1",قصف الجيش,"[{""start"": 4, ""end"": 9, ""label"": ""ACTOR"", ""text"": ""الجيش"", '
        '""score"": 0.9877}]",3,سوريا\n'
        'b,"«لا\nشيء»",[],"[1, ""x""]",\n',
    ),
    (
        Sink("tsv"),
        "id\ttext\tspans\tday\tبلد\n"
        'a,1\tقصف الجيش\t"[{""start"": 4, ""end"": 9, ""label"": ""ACTOR"", ""text"": ""الجيش"", '
        '""score"": 0.9877}]"\t3\tسوريا\n'
        'b\t"«لا\nشيء»"\t[]\t"[1, ""x""]"\t\n',
    ),
    (
        Sink("csv", "spans"),
        f'{SPAN_HEADER},day,بلد\n"a,1",4,9,ACTOR,الجيش,0.9877{"," * 11},3,سوريا\n',
    ),
    (
        Sink("tsv", "spans"),
        SPAN_HEADER.replace(",", "\t")
        + "\tday\tبلد\na,1\t4\t9\tACTOR\tالجيش\t0.9877"
        + "\t" * 11
        + "\t3\tسوريا\n",
    ),
    (
        Sink("conll"),
        "# id = a,1\nقصف\tO\nالجيش\tB-ACTOR\n\n# id = b\n«\tO\nلا\tO\nشيء\tO\n»\tO\n\n",
    ),
    (Sink("txt"), "قصف [الجيش](ACTOR)\n«لا\\nشيء»\n"),
]


@pytest.mark.parametrize(("sink", "expected"), BY_HAND, ids=lambda value: str(value)[:40])
def test_bytes_by_hand(sink: Sink, expected: str) -> None:
    assert encode(sink, [A, B]).decode() == expected


READ = (
    '"count": {"min": 2, "max": null, "approximate": false, "outcome": "killed", '
    '"subset": false}, "count_rule": "dual; verb:قتل"'
)
NAMED = '"canonical": "د", "english": "IS", "type": "armed group", "wikidata": "Q1", "known": true'
RESOLVED = [
    (
        Sink("jsonl"),
        '{"id": "c", "text": "قتل جنديان في قصف لداعش على عشرات", "spans": ['
        f'{{"start": 4, "end": 10, "label": "CASUALTY", "text": "جنديان", "score": 0.5, {READ}}}, '
        f'{{"start": 18, "end": 23, "label": "ACTOR", "text": "لداعش", "score": 0.25, {NAMED}}}, '
        '{"start": 28, "end": 33, "label": "CASUALTY", "text": "عشرات", "count": null, '
        '"count_rule": "unread: why"}], "day": 3}\n',
    ),
    (
        Sink("jsonl", "spans"),
        '{"id": "c", "start": 4, "end": 10, "label": "CASUALTY", "text": "جنديان", "score": 0.5, '
        f'{READ}, "day": 3}}\n'
        '{"id": "c", "start": 18, "end": 23, "label": "ACTOR", "text": "لداعش", "score": 0.25, '
        f'{NAMED}, "day": 3}}\n'
        '{"id": "c", "start": 28, "end": 33, "label": "CASUALTY", "text": "عشرات", "count": null, '
        '"count_rule": "unread: why", "day": 3}\n',
    ),
    (
        Sink("csv", "spans"),
        f"{SPAN_HEADER},day\n"
        "c,4,10,CASUALTY,جنديان,0.5,2,,false,killed,false,dual; verb:قتل,,,,,,3\n"
        "c,18,23,ACTOR,لداعش,0.25,,,,,,,د,IS,armed group,Q1,true,3\n"
        "c,28,33,CASUALTY,عشرات,,,,,,,unread: why,,,,,,3\n",
    ),
    (Sink("txt"), "قتل [جنديان](CASUALTY) في قصف [لداعش](ACTOR) على [عشرات](CASUALTY)\n"),
]


@pytest.mark.parametrize(("sink", "expected"), RESOLVED, ids=lambda value: str(value)[:40])
def test_counts_and_names_by_hand(sink: Sink, expected: str) -> None:
    assert encode(sink, [C]).decode() == expected


def test_counts_and_names_in_parquet() -> None:
    [document] = pq.read_table(io.BytesIO(encode(Sink("parquet"), [C]))).to_pylist()
    count = {"min": 2, "max": None, "approximate": False, "outcome": "killed", "subset": False}
    name = {"canonical": "د", "english": "IS", "type": "armed group", "wikidata": "Q1"}
    nameless = dict.fromkeys([*name, "known"])
    places: list[dict[str, Any]] = [
        {"start": 4, "end": 10, "label": "CASUALTY", "text": "جنديان", "score": 0.5},
        {"start": 18, "end": 23, "label": "ACTOR", "text": "لداعش", "score": 0.25},
        {"start": 28, "end": 33, "label": "CASUALTY", "text": "عشرات", "score": None},
    ]
    assert document["spans"] == [
        {**places[0], "count": count, "count_rule": "dual; verb:قتل", **nameless},
        {**places[1], "count": None, "count_rule": None, **name, "known": True},
        {**places[2], "count": None, "count_rule": "unread: why", **nameless},
    ]
    rows = pq.read_table(io.BytesIO(encode(Sink("parquet", "spans"), [C]))).to_pylist()
    flat = {f"count_{key}": value for key, value in count.items()}
    assert rows == [
        {"id": "c", **places[0], **NOTHING_READ, **flat, "count_rule": "dual; verb:قتل"}
        | {"day": "3"},
        {"id": "c", **places[1], **NOTHING_READ, **name, "known": True, "day": "3"},
        {"id": "c", **places[2], **NOTHING_READ, "count_rule": "unread: why", "day": "3"},
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "documents",
            [
                {
                    "id": "a,1",
                    "text": "قصف الجيش",
                    "spans": [
                        {"start": 4, "end": 9, "label": "ACTOR", "text": "الجيش", "score": 0.9877}
                        | dict.fromkeys(("count", "count_rule", "canonical", "english"))
                        | dict.fromkeys(("type", "wikidata", "known"))
                    ],
                    "day": "3",
                    "بلد": "سوريا",
                },
                {"id": "b", "text": "«لا\nشيء»", "spans": [], "day": '[1, "x"]', "بلد": None},
            ],
        ),
        (
            "spans",
            [
                {
                    "id": "a,1",
                    "start": 4,
                    "end": 9,
                    "label": "ACTOR",
                    "text": "الجيش",
                    "score": 0.9877,
                    **NOTHING_READ,
                    "day": "3",
                    "بلد": "سوريا",
                }
            ],
        ),
    ],
)
def test_parquet_by_hand(rows: str, expected: list[dict[str, Any]]) -> None:
    table = pq.read_table(io.BytesIO(encode(Sink("parquet", rows), [A, B])))
    assert table.to_pylist() == expected
    assert table.column_names == [*COLUMNS[rows], "day", "بلد"]


def test_parquet_types() -> None:
    place = [
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("label", pa.string()),
        pa.field("text", pa.string()),
        pa.field("score", pa.float64()),
    ]
    count = [
        pa.field("min", pa.int64()),
        pa.field("max", pa.int64()),
        pa.field("approximate", pa.bool_()),
        pa.field("outcome", pa.string()),
        pa.field("subset", pa.bool_()),
    ]
    names = ("count_rule", "canonical", "english", "type", "wikidata")
    known = [*(pa.field(name, pa.string()) for name in names), pa.field("known", pa.bool_())]
    span = [*place, pa.field("count", pa.struct(count)), *known]
    documents = pq.read_schema(io.BytesIO(encode(Sink("parquet"), [])))
    assert documents.field("spans").type.value_type == pa.struct(span)
    assert documents.field("id").type == documents.field("text").type == pa.string()
    rows = pq.read_schema(io.BytesIO(encode(Sink("parquet", "spans"), [])))
    flat = [field.with_name(f"count_{field.name}") for field in count]
    assert list(rows) == [pa.field("id", pa.string()), *place, *flat, *known]


@pytest.mark.parametrize(
    ("sink", "expected"),
    [
        (Sink("jsonl"), ""),
        (Sink("conll"), ""),
        (Sink("txt"), ""),
        (Sink("csv"), "id,text,spans\n"),
        (Sink("csv", columns=("b", "a")), "id,text,spans,b,a\n"),
        (Sink("tsv", "spans"), SPAN_HEADER.replace(",", "\t") + "\n"),
    ],
)
def test_nothing_by_hand(sink: Sink, expected: str) -> None:
    assert encode(sink, []).decode() == expected
    assert encode(sink, [], header=False) == b"" or sink.format not in ("csv", "tsv")


def test_without_score_or_spans() -> None:
    document = Document("x", "الجيش", (Span(0, 5, "ACTOR"),))
    line = encode(Sink("csv", "spans"), [document], header=False).decode()
    assert line == "x,0,5,ACTOR,الجيش" + "," * 12 + "\n"
    assert json.loads(encode(Sink("jsonl"), [document]))["spans"] == [
        {"start": 0, "end": 5, "label": "ACTOR", "text": "الجيش"}
    ]
    [row] = pq.read_table(io.BytesIO(encode(Sink("parquet", "spans"), [document]))).to_pylist()
    assert row["score"] is None
    assert encode(Sink("jsonl", "spans"), [Document("x", "لا شيء")]) == b""


@pytest.mark.parametrize(
    ("cell", "as_csv", "as_tsv"),
    [
        ("a b ", "a b ", "a b "),
        ("a,b", '"a,b"', "a,b"),
        ("a\tb", "a\tb", '"a\tb"'),
        ("a\rb", '"a\rb"', '"a\rb"'),
        ("a\nb", '"a\nb"', '"a\nb"'),
        ('"', '""""', '""""'),
        ("a\u2028'b", "a\u2028'b", "a\u2028'b"),
        ("\ufeffa", "\ufeffa", "\ufeffa"),
    ],
)
def test_quotes(cell: str, as_csv: str, as_tsv: str) -> None:
    document = Document(cell, cell)
    assert encode(Sink("csv"), [document], header=False).decode() == f"{as_csv},{as_csv},[]\n"
    assert encode(Sink("tsv"), [document], header=False).decode() == f"{as_tsv}\t{as_tsv}\t[]\n"


# What a name asks for


@pytest.mark.parametrize(
    ("name", "sink"),
    [
        ("out.jsonl", Sink("jsonl")),
        ("a.b/out.v2.csv.gz", Sink("csv", compression=".gz")),
        ("OUT.TSV.XZ", Sink("tsv", compression=".xz")),
        ("out.parquet", Sink("parquet")),
        ("out.conll.zst", Sink("conll", compression=".zst")),
        ("out.txt", Sink("txt")),
    ],
)
def test_sink_of_a_path(name: str, sink: Sink) -> None:
    assert Sink.for_path(name) == sink
    assert name.lower().endswith(sink.suffix)
    assert Sink.parse(sink.suffix[1:]) == sink
    assert sent(sink) == sink


@pytest.mark.parametrize("name", ["out", "out.gz", "out.json", "out.csv.zip", "jsonl", ".jsonl"])
def test_path_without_a_format(name: str) -> None:
    with pytest.raises(InputError, match=r"\.jsonl.*\.parquet.*\.gz.*--to"):
        Sink.for_path(name)


@pytest.mark.parametrize("value", ["", "json", "gz", ".csv", "csv.zip", "a.csv", "csv.", "x/csv"])
def test_to_without_a_format(value: str) -> None:
    with pytest.raises(InputError, match=r"--to: .* none of jsonl"):
        Sink.parse(value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("xml",), "jsonl, csv"),
        (("csv", "words"), "--rows: 'words' is none of documents, spans"),
        (("conll", "spans"), "conll cannot hold rows of spans; use jsonl"),
        (("txt", "spans"), "txt cannot hold rows of spans"),
        (("csv", "documents", ".zip"), ".gz, .xz, .zst"),
        (("parquet", "documents", ".gz"), "leave .gz out"),
    ],
)
def test_sinks_that_cannot_be(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        Sink(*arguments)


# Round trips

CARRIED = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name not in ("id", "text", "spans", "meta")),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    ),
    max_size=3,
)


@st.composite
def tagged(draw: st.DrawFn, carried: st.SearchStrategy[dict[str, Any]] = CARRIED) -> Document:
    text = draw(MIXED)
    words = split_words(text)
    borders = draw(
        st.lists(st.integers(0, max(0, len(words) - 1)), unique=True, max_size=6).map(sorted)
    )
    if draw(st.booleans()):  # mentions that touch: each begins where the one before it ends
        pairs = list(itertools.pairwise(borders))
    else:
        pairs = list(zip(borders[::2], borders[1::2], strict=False))
    spans = [
        Span(words[a].start, words[b - 1].end, draw(st.sampled_from(LABELS)), draw(SCORES))
        for a, b in pairs
    ]
    return Document(draw(st.text(max_size=5)), text, tuple(spans), draw(carried))


SCORES = st.none() | st.floats(0, 1)
MANY = st.lists(tagged(), max_size=4)
SAME_COLUMNS = st.lists(st.text(max_size=4), unique=True, max_size=3).flatmap(
    lambda names: st.lists(
        tagged(
            st.fixed_dictionaries(
                {f"c{name}": st.none() | st.text(max_size=9) | st.integers() for name in names}
            )
        ),
        max_size=4,
    )
)


def has_surrogate(*texts: Any) -> bool:
    return any(isinstance(t, str) and re.search("[\ud800-\udfff]", t) is not None for t in texts)


@given(MANY)
def test_jsonl_comes_back(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document]
) -> None:
    path = tmp_path_factory.getbasetemp() / "back.jsonl"
    path.write_bytes(encode(Sink("jsonl"), documents))
    back = [document for _, document in read_jsonl(path, "")]
    assert back == [Document(d.id, d.text, d.spans) for d in documents]
    for document, line in zip(documents, path.read_bytes().split(b"\n")[:-1], strict=True):
        record = json.loads(line)
        for name, value in document.meta.items():
            assert record[name] == (None if value in (math.inf, -math.inf) else plain(value))
        for span, entry in zip(document.spans, record["spans"], strict=True):
            assert entry.get("score") == (None if span.score is None else round(span.score, 4))
            assert entry["text"] == document.text[span.start : span.end]


@given(SAME_COLUMNS, st.sampled_from(["csv", "tsv"]), st.sampled_from(["documents", "spans"]))
def test_tables_come_back_from_the_standard_library(
    documents: list[Document], kind: str, rows: str
) -> None:
    sink = Sink(kind, rows)
    names = list(documents[0].meta) if documents else []
    if has_surrogate(*names):
        with pytest.raises(InputError, match="in its name"):
            sink.encode(documents)
        return
    data, faults, _ = sink.encode(documents)
    expected = [[*COLUMNS[rows], *names]]
    bad = []
    for document in documents:
        carried = [text_of(document.meta[name]) or "" for name in names]
        lines = []
        for span in document.spans:
            surface = document.text[span.start : span.end]
            score = "" if span.score is None else str(round(span.score, 4))
            place = [str(span.start), str(span.end), span.label, surface, score]
            lines.append([document.id, *place, *[""] * len(NOTHING_READ)])
        if rows == "documents":
            entries = [
                {"start": s.start, "end": s.end, "label": s.label}
                | {"text": document.text[s.start : s.end]}
                | ({} if s.score is None else {"score": round(s.score, 4)})
                for s in document.spans
            ]
            lines = [[document.id, document.text, json.dumps(entries, ensure_ascii=False)]]
        lines = [[*line, *carried] for line in lines]
        if has_surrogate(*(cell for line in lines for cell in line)):
            bad.append(f"document {document.id!r}")
        else:
            expected += lines
    assume(sys.version_info >= (3, 11) or b"\0" not in data)  # older readers refuse a NUL
    reader = csv.reader(
        io.StringIO(data.decode(), newline=""), delimiter="\t" if kind == "tsv" else ","
    )
    assert list(reader) == expected
    assert [fault.where for fault in faults] == bad
    assert all("surrogate" in f.found and "jsonl" in f.expected for f in faults)


@given(SAME_COLUMNS)
def test_parquet_comes_back(documents: list[Document]) -> None:
    names = list(documents[0].meta) if documents else []
    if has_surrogate(*names):
        with pytest.raises(InputError, match="in its name"):
            Sink("parquet").encode(documents)
        return
    data, faults, _ = Sink("parquet").encode(documents)
    rows = pq.read_table(io.BytesIO(data)).to_pylist()
    good = [d for d in documents if not has_surrogate(d.id, d.text, *d.meta.values())]
    assert len(faults) == len(documents) - len(good)
    for document, row in zip(good, rows, strict=True):
        assert (row["id"], row["text"]) == (document.id, document.text)
        back = tuple(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
        assert back == document.spans
        for name in names:
            value = document.meta[name]
            assert row[name] == (value if value is None else str(value))


@given(MANY)
def test_words_and_tags_give_the_same_spans(documents: list[Document]) -> None:
    data, faults, _ = Sink("conll").encode(documents)
    good = [d for d in documents if not has_surrogate(d.id, d.text) and len(d.id.splitlines()) < 2]
    good = [d for d in good if d.id == "".join(d.id.splitlines())]
    assert len(faults) == len(documents) - len(good)
    blocks = data.decode().split("\n\n")
    assert blocks.pop() == ""
    for document, block in zip(good, blocks, strict=True):
        comment, *lines = block.split("\n")
        assert comment == f"# id = {document.id}"
        assert not any(line.startswith("# ") for line in lines)
        pairs = [line.split("\t") for line in lines]
        words = split_words(document.text)
        assert [word for word, _ in pairs] == [word.text for word in words]
        told = TAGS.runs([TAGS.names.index(tag) for _, tag in pairs])
        back = tuple(Span(words[a].start, words[b - 1].end, label) for a, b, label in told)
        assert back == document.spans


@given(MANY)
def test_inline_comes_back(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document]
) -> None:
    path = tmp_path_factory.getbasetemp() / "back.txt"
    data, faults, _ = Sink("txt").encode(documents)
    path.write_bytes(data)
    faulty = [d.text.strip() and untellable(d) for d in documents]
    assert [fault.where for fault in faults] == [
        f"document {d.id!r}" for d, bad in zip(documents, faulty, strict=True) if bad
    ]
    kept = [d for d, bad in zip(documents, faulty, strict=True) if not bad]
    assert data.count(b"\n") == len(kept)  # the line says which document it is
    assert [document for _, document in read_inline(path, path.name)] == [
        Document(f"back:{number}", d.text, d.spans)
        for number, d in enumerate(kept, start=1)
        if d.text.strip()
    ]


def untellable(document: Document) -> bool:
    opens = document.spans[:1] and document.spans[0].start == 0
    closes = document.spans and document.spans[-1].end == len(document.text)
    return (
        has_surrogate(document.text)
        or (document.text.startswith("\ufeff") and not opens)
        or (document.text.endswith("\r") and not closes)
    )


# What a format cannot hold


@pytest.mark.parametrize("kind", FORMATS)
def test_lone_surrogates(kind: str) -> None:
    documents = [Document("x", "قبل"), Document("\udc00y", "نصف \ud83d هنا"), Document("z", "بعد")]
    data, faults, _ = Sink(kind).encode(documents)
    if kind in ("jsonl", "xlsx"):  # in a workbook it is shown as �, which is told when it is made
        assert not faults
        second = data.splitlines()[1]
        assert second.isascii()
        assert json.loads(second)["text"] == "نصف \ud83d هنا"
        assert json.loads(second)["id"] == "\udc00y"
        return
    assert faults == [
        Fault(
            "document '\\udc00y'",
            "half of a surrogate pair",
            "whole characters, or --to jsonl, which can hold it",
        )
    ]
    # What is left is as if the document had never been there.
    assert data == encode(Sink(kind), [documents[0], documents[2]])


@pytest.mark.parametrize("kind", TABLES)
def test_lone_surrogate_in_a_carried_column(kind: str) -> None:
    documents = [
        Document("x", "نص", (), {"c": "\ud83d"}),
        Document("y", "نص", (), {"c": ["\ud83d"]}),
    ]
    data, faults, _ = Sink(kind).encode(documents)
    assert [fault.where for fault in faults] == ["document 'x'"]
    assert b"\\ud83d" in data or kind == "parquet"
    documents = [Document("x", "نص", (), {"\ud83d": 1})]
    with pytest.raises(InputError, match=rf"column '\\ud83d'.*{kind} cannot hold.*--to jsonl"):
        Sink(kind).encode(documents)
    assert json.loads(encode(Sink("jsonl"), documents))["\ud83d"] == 1


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (Document("a\nb", "نص"), "an id with a line break"),
        (Document("a\u2028", "نص"), "an id with a line break"),
        (Document("a", "الجيش", (Span(0, 2, "ACTOR"),)), "covers no whole word"),
        (Document("a", "قصف الجيش", (Span(0, 6, "ACTOR"),)), "cuts a word or overlaps"),
        (Document("a", "قصف الجيش", (Span(0, 9, "ACTOR"), Span(4, 9, "BASE"))), ""),
    ],
)
def test_what_conll_cannot_hold(document: Document, found: str) -> None:
    data, faults, _ = Sink("conll").encode([document])
    assert data == b""
    [fault] = faults
    assert fault.where == f"document {document.id!r}"
    assert found in fault.found
    assert "--to jsonl" in fault.expected


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (Document("a", "نص\r"), "carriage return"),
        (Document("a", "\ufeffنص"), "byte order mark"),
        (Document("a", "قصف الجيش", (Span(0, 9, "ACTOR"), Span(4, 6, "BASE"))), "cannot tell"),
        (Document("a", "قصف الجيش", (Span(0, 9, "ACTOR"), Span(0, 9, "BASE"))), "overlap"),
    ],
)
def test_what_inline_cannot_hold(document: Document, found: str) -> None:
    data, faults, _ = Sink("txt").encode([document])
    assert data == b""
    [fault] = faults
    assert found in fault.found
    assert "--to jsonl" in fault.expected


def test_spans_in_any_order() -> None:
    spans = (Span(4, 9, "ACTOR"), Span(0, 3, "BASE"))
    document = Document("a", "قصف الجيش", spans)
    assert encode(Sink("conll"), [document]).decode() == "# id = a\nقصف\tB-BASE\nالجيش\tB-ACTOR\n\n"
    assert encode(Sink("txt"), [document]).decode() == "[قصف](BASE) [الجيش](ACTOR)\n"


def test_conll_word_that_looks_like_a_comment() -> None:
    data = encode(Sink("conll"), [Document("x\ty", "# id = z")])
    assert data == b"# id = x\ty\n#\tO\nid\tO\n=\tO\nz\tO\n\n"


def test_blank_texts_keep_the_lines_of_inline_text() -> None:
    documents = [Document("1", "أول"), Document("2", ""), Document("3", " \n"), Document("4", "#4")]
    assert encode(Sink("txt"), documents).decode() == "أول\n\n\n\\#4\n"


# Carried columns


SPAN_KEYS = "id start end label text score count count_rule canonical english type wikidata known"
TAKEN = [
    (kind, rows, name)
    for kind in ("jsonl", *TABLES, "xlsx")
    for rows, names in COLUMNS.items()
    for name in (SPAN_KEYS.split() if (kind, rows) == ("jsonl", "spans") else names)
]


@pytest.mark.parametrize(("kind", "rows", "name"), TAKEN)
def test_names_that_are_taken(kind: str, rows: str, name: str) -> None:
    documents = [Document("x", "نص"), Document("y", "نص", (), {"a": 1, name: 2})]
    # In a later record it is a fault of the record; in the first, or in a table, of the input.
    sink = Sink(kind, rows).with_columns_of(Document("x", "", (), {"a": 1}))
    data, faults, kept = sink.encode(documents, places=["f:1", "f:2"])
    assert [(f.where, f.found) for f in faults] == [
        ("f:2: document 'y'", f"the column {name!r}, which the output has besides")
    ]
    assert kept == documents[:1]
    assert data == encode(sink, documents[:1])
    with pytest.raises(InputError, match=rf"column '{name}'.*rename it in the input"):
        Sink(kind, rows).with_columns_of(documents[1])
    if kind != "jsonl":
        with pytest.raises(InputError, match=rf"column '{name}'.*rename it in the input"):
            Sink(kind, rows, columns=("a", name)).encode(documents)
    if kind == "parquet":
        with pytest.raises(InputError, match=rf"column '{name}'.*rename it in the input"):
            Sink(kind, rows).encode([], schema=pa.schema([(name, pa.string())]))


def test_names_that_are_free() -> None:
    document = Document("x", "نص", (), {"spans": 1, "score": 2})
    assert (
        json.loads(
            encode(
                Sink("jsonl", "spans"), [Document("x", "نص", (Span(0, 2, "ACTOR"),), {"spans": 1})]
            )
        )["spans"]
        == 1
    )
    for kind in ("conll", "txt"):  # they carry nothing
        assert encode(Sink(kind), [document]) == encode(Sink(kind), [Document("x", "نص")])


@pytest.mark.parametrize("kind", TABLES)
def test_columns_are_those_of_the_first_document(kind: str) -> None:
    first = Document("x", "نص", (), {"b": "1", "a": "2"})
    more = [Document("y", "نص", (), {"a": "3"}), Document("z", "نص", (), {"a": "4", "c": "5"})]
    data, faults, _ = Sink(kind).encode([first, *more])
    assert [(fault.where, fault.found) for fault in faults] == [
        ("document 'z'", "the column 'c', which the first document does not have")
    ]
    assert "b, a" in faults[0].expected
    if kind == "parquet":
        rows = pq.read_table(io.BytesIO(data)).to_pylist()
        assert [(row["b"], row["a"]) for row in rows] == [("1", "2"), (None, "3")]
    else:
        mark = "," if kind == "csv" else "\t"
        assert data.decode().replace(mark, "|") == "id|text|spans|b|a\nx|نص|[]|1|2\ny|نص|[]||3\n"
    # A part further on has the same columns, whatever its own first document has.
    sink = Sink(kind).with_columns_of(first)
    assert sink.columns == ("b", "a")
    assert sink.has_columns
    again, faults, _ = sink.encode([more[0]], header=False)
    assert not faults
    if kind == "parquet":
        assert pq.read_table(io.BytesIO(again)).column_names == ["id", "text", "spans", "b", "a"]
    else:
        assert again.decode().replace(mark, "|") == "y|نص|[]||3\n"


def test_records_of_jsonl_may_differ() -> None:
    documents = [Document("x", "نص", (), {"a": 1}), Document("y", "نص", (), {"b": 2})]
    records = [json.loads(line) for line in encode(Sink("jsonl"), documents).splitlines()]
    assert [set(record) - {"id", "text", "spans"} for record in records] == [{"a"}, {"b"}]
    assert Sink("jsonl").with_columns_of(documents[0]) == Sink("jsonl")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (math.nan, None),
        (-math.inf, None),
        ([1.5, math.nan, ("x",)], [1.5, None, ["x"]]),
        ({"a": datetime.date(2016, 8, 16)}, {"a": "2016-08-16"}),
        (
            datetime.datetime(2016, 8, 16, 9, 5, tzinfo=datetime.timezone.utc),
            "2016-08-16T09:05:00+00:00",
        ),
        (datetime.time(9, 5), "09:05:00"),
        (Decimal("1.50"), "1.50"),
        (b"\xff\x00", "/wA="),
    ],
)
def test_values_that_json_cannot_tell(value: Any, expected: Any) -> None:
    line = encode(Sink("jsonl"), [Document("x", "نص", (), {"v": value})])
    assert "NaN" not in line.decode()
    assert "Infinity" not in line.decode()
    assert json.loads(line)["v"] == expected


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (3, "3"),
        (0.1, "0.1"),
        (math.nan, ""),
        ("نص", "نص"),
        ([None, "ع"], '[null, "ع"]'),
        (Decimal("1.50"), "1.50"),
        (datetime.date(2016, 8, 16), "2016-08-16"),
    ],
)
def test_values_as_cells(value: Any, cell: str) -> None:
    data = encode(Sink("csv"), [Document("x", "نص", (), {"v": value})]).decode()
    assert list(csv.reader(io.StringIO(data, newline="")))[1][3] == cell


@pytest.mark.parametrize("kind", ["jsonl", *TABLES])
def test_a_value_that_is_nested_too_deep(kind: str) -> None:
    value: Any = 1
    for _ in range(sys.getrecursionlimit()):
        value = [value]
    documents = [Document("x", "نص", (), {"v": value}), Document("y", "نص", (), {"v": 1})]
    data, faults, _ = Sink(kind).encode(documents)
    assert [(f.where, f.found) for f in faults] == [
        ("document 'x'", "a value that is nested too deep")
    ]
    assert data == encode(Sink(kind), documents[1:])


SCHEMA = pa.schema(
    [
        pa.field("when", pa.timestamp("us", tz="UTC")),
        pa.field("count", pa.int16(), metadata={b"unit": b"people"}),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("place", pa.struct([("lat", pa.float32()), ("lon", pa.float32())])),
        pa.field("cost", pa.decimal128(10, 2)),
        pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
        pa.field("raw", pa.binary()),
        pa.field("map", pa.map_(pa.string(), pa.int64())),
    ],
    metadata={b"pandas": b"{}"},
)
TYPED = {
    "when": datetime.datetime(2016, 8, 16, 9, 5, tzinfo=datetime.timezone.utc),
    "count": 7,
    "tags": ["أ", None],
    "place": {"lat": 36.5, "lon": None},
    "cost": Decimal("1.50"),
    "kind": "غارة",
    "raw": b"\x00\xff",
    "map": [("k", 1)],
}


@pytest.mark.parametrize("rows", ["documents", "spans"])
def test_parquet_keeps_the_types_of_its_input(rows: str) -> None:
    span = (Span(0, 2, "ACTOR", 0.5),)
    documents = [
        Document("x", "نص", span, TYPED),
        Document("y", "نص", span, dict.fromkeys(TYPED)),
        Document("z", "نص", span),
    ]
    data = encode(Sink("parquet", rows), documents, schema=SCHEMA)
    table = pq.read_table(io.BytesIO(data))
    carried = table.select(SCHEMA.names)
    assert carried.schema.equals(SCHEMA.remove_metadata(), check_metadata=False)
    assert carried.to_pylist() == [TYPED, dict.fromkeys(TYPED), dict.fromkeys(TYPED)]
    assert carried.schema.field("count").metadata[b"unit"] == b"people"
    assert b"pandas" not in (table.schema.metadata or {})  # it spoke of other columns


def test_parquet_with_a_schema_and_more_columns() -> None:
    meta = {"n": 1, "document": "x", "document_start": 12, "document_end": 20}
    schema = pa.schema([("n", pa.int8())])
    sink = Sink("parquet", integers=("document_start", "document_end"))
    table = pq.read_table(
        io.BytesIO(encode(sink, [Document("x:1", "نص", (), meta)], schema=schema))
    )
    assert [(f.name, str(f.type)) for f in table.schema][3:] == [
        ("n", "int8"),
        ("document", "string"),
        ("document_start", "int64"),
        ("document_end", "int64"),
    ]
    assert {name: table.to_pylist()[0][name] for name in meta} == meta
    _, [fault], _ = sink.encode(
        [Document("x", "نص", (), {"n": 1}), Document("y", "نص", (), {"n": 2, "m": 3})], schema
    )
    assert (fault.where, fault.expected.split(",")[0]) == ("document 'y'", "the columns n")


@pytest.mark.parametrize(
    ("held", "good", "bad"),
    [
        (pa.int8(), 3, 300),
        (pa.int64(), 3, "x"),
        (pa.int64(), 3, 1.5),  # pyarrow alone would write 1
        (pa.int64(), 0, True),
        (pa.date32(), datetime.date(2016, 8, 16), 3),
        (pa.timestamp("us"), "2016-08-16T09:05:00", "no time"),
        (pa.list_(pa.string()), ["x"], 7),
    ],
    ids=str,
)
def test_parquet_value_that_is_not_of_its_type(held: Any, good: Any, bad: Any) -> None:
    """Such records are left out, as in a JSONL file behind a Parquet file; others are kept."""
    documents = [
        Document(str(number), "نص", (), {"n": value})
        for number, value in enumerate([good, bad, None, good])
    ]
    sink = Sink("parquet", columns=("n",)).with_types_of(pa.schema([("n", held)]))
    data, [fault], kept = sink.encode(documents)
    assert fault.where == "document '1'"
    assert f"a value of the column 'n' that is no {held}" in fault.found
    assert "--to jsonl" in fault.expected
    assert [document.id for document in kept] == ["0", "2", "3"]
    table = pq.read_table(io.BytesIO(data))
    assert table.column("id").to_pylist() == ["0", "2", "3"]
    assert table.schema.field("n").type == held


def test_parquet_columns_and_types_are_those_of_the_run() -> None:
    """Whatever a later part's own schema is; parts that differ could not become one file."""
    first = pa.schema([("b", pa.int64()), ("a", pa.string())])
    sink = Sink("parquet", integers=("at",), columns=("b", "a", "at")).with_types_of(first)
    assert sent(sink) == sink
    expected = ["id", "text", "spans", "b", "a", "at"]

    def names_and_types(documents: list[Document], schema: Any) -> Any:
        read = pq.read_schema(io.BytesIO(encode(sink, documents, schema=schema)))
        return read.names, [str(read.field(name).type) for name in ("b", "a", "at")]

    types = ["int64", "string", "int64"]
    assert names_and_types([], first) == (expected, types)
    other = pa.schema([("a", pa.string()), ("b", pa.int64())])
    document = Document("x", "نص", (), {"a": "1", "b": 2, "at": 3})
    assert names_and_types([document], other) == (expected, types)
    assert names_and_types([document], None) == (expected, types)
    assert names_and_types([Document("x", "نص", (), {"a": 5})], None) == (expected, types)
    # A column more is a fault at once, as in CSV; a type that differs cannot be mended.
    more = pa.schema([*other, ("c", pa.int8())])
    _, [fault], kept = sink.encode([Document("x", "", (), {"a": "1", "b": 2, "c": 3})], more)
    assert "the column 'c', which the first document does not have" in fault.found
    assert kept == []
    narrow = pa.schema([("b", pa.int8())])
    with pytest.raises(
        InputError, match=r"^f:row 1: the column 'b' holds int8, .*began it holds int64.*--to jsonl"
    ):
        sink.encode([Document("x", "", (), {"b": 1})], narrow, places=["f:row 1"])
    # Where the run began with JSONL, carried columns are text.
    text = Sink("parquet", columns=("b",)).with_types_of(None)
    data = encode(text, [Document("x", "", (), {"b": 1})], schema=narrow)
    assert pq.read_table(io.BytesIO(data)).column("b").to_pylist() == ["1"]


def test_faults_name_the_place_and_say_which_are_kept() -> None:
    documents = [Document("same", "نص"), Document("same", "\ud800"), Document("b", "نص")]
    _, faults, kept = Sink("csv").encode(documents, places=["f:1", "f:2", ""])
    assert [fault.where for fault in faults] == ["f:2: document 'same'"]
    assert kept == [documents[0], documents[2]]
    with pytest.raises(ValueError, match="zip"):
        Sink("csv").encode(documents, places=["f:1"])


def test_what_writes_is_asked_for_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    sinks = [Sink("parquet"), Sink("jsonl", compression=".zst"), Sink("csv", compression=".gz")]
    for sink in sinks:
        sink.check()
    for name in [n for n in sys.modules if n.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("train.compression._standard_zstd", lambda: None)
    for sink, purpose in zip(sinks, ["writing .parquet", "writing .zst"], strict=False):
        with pytest.raises(InputError, match=f"^{re.escape(purpose)} needs the extra arrow"):
            sink.check()
    sinks[2].check()


def test_a_full_disk_while_joining_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    sink = Sink("jsonl")
    files = write_parts(sink, [[A]], tmp_path)
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(InputError, match=r"out\.jsonl: cannot be written.*go on with --resume"):
        join(sink, files, tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == [files[0].name]


def test_parquet_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"parquet needs the extra arrow: pip install"):
        Sink("parquet").encode([A])
    for kind in ("jsonl", "csv", "tsv", "conll", "txt"):
        assert encode(Sink(kind, compression=".gz"), [A])


# Compression and joining


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("kind", ["jsonl", "csv", "conll"])
def test_compressed_bytes(kind: str, compression: str) -> None:
    sink = Sink(kind, compression=compression)
    data = encode(sink, [A, B])
    assert data == encode(sink, [A, B])
    assert data != encode(Sink(kind), [A, B])
    assert decompress(io.BytesIO(data), compression).read() == encode(Sink(kind), [A, B])


def test_parquet_bytes_are_always_the_same() -> None:
    assert encode(Sink("parquet"), [A, B]) == encode(Sink("parquet"), [A, B])


PARTS = [[A, B], [], [Document("c", "قصف", (Span(0, 3, "BASE", 1.0),), {"day": 1})], [B]]
TEXT_SINKS = [
    Sink(kind, rows, compression, columns=("day", "بلد"))
    for kind in ("jsonl", "csv", "tsv", "conll", "txt")
    for rows in ("documents", "spans")
    for compression in ("", *COMPRESSIONS)
    if rows == "documents" or kind not in ("conll", "txt")
]


def write_parts(sink: Sink, parts: list[list[Document]], folder: Path) -> list[Path]:
    files = []
    for index, documents in enumerate(parts):
        files.append(folder / f"part-{index}{sink.suffix}")
        files[-1].write_bytes(encode(sink, documents, header=index == 0))
    return files


@pytest.mark.parametrize("sink", TEXT_SINKS, ids=lambda s: f"{s.format}{s.compression}-{s.rows}")
def test_joined_parts_are_the_whole(sink: Sink, tmp_path: Path) -> None:
    target = tmp_path / "new" / f"out{sink.suffix}"
    join(sink, write_parts(sink, PARTS, tmp_path), target)
    whole = Sink(sink.format, sink.rows, columns=sink.columns)
    joined = decompress(io.BytesIO(target.read_bytes()), sink.compression).read()
    assert joined == encode(whole, [document for part in PARTS for document in part])
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("rows", ["documents", "spans"])
def test_joined_parquet_is_the_whole(
    rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink("parquet", rows, columns=("day", "بلد"))
    files = write_parts(sink, PARTS, tmp_path)
    whole = pq.read_table(
        io.BytesIO(encode(sink, [document for part in PARTS for document in part]))
    )
    target = tmp_path / "out.parquet"
    join(sink, files, target)
    assert pq.read_table(target).equals(whole)
    assert pq.ParquetFile(target).num_row_groups == 1
    first = target.read_bytes()
    join(sink, files, target)
    assert target.read_bytes() == first
    monkeypatch.setattr("train.tables._ROW_GROUP_BYTES", 1)
    join(sink, files, target)
    assert pq.read_table(target).equals(whole)
    assert pq.ParquetFile(target).num_row_groups > 1
    # Groups are put together up to a size, and the count begins anew behind each.
    [one] = write_parts(sink, [[A]], tmp_path)
    size = pq.read_table(one).nbytes
    monkeypatch.setattr("train.tables._ROW_GROUP_BYTES", 2 * size)
    join(sink, [one] * 5, target)
    file = pq.ParquetFile(target)
    rows_of_groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert rows_of_groups == [2, 2, 1]


@pytest.mark.parametrize("sink", [Sink("jsonl"), Sink("csv", compression=".gz"), Sink("parquet")])
def test_joining_nothing(sink: Sink, tmp_path: Path) -> None:
    target = tmp_path / f"out{sink.suffix}"
    join(sink, [], target)
    assert target.read_bytes() == encode(sink, [])


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_join_that_fails_leaves_what_was_there(kind: str, tmp_path: Path) -> None:
    sink = Sink(kind)
    files = [*write_parts(sink, [[A]], tmp_path), tmp_path / "gone"]
    target = tmp_path / f"out{sink.suffix}"
    target.write_bytes(b"before")
    with pytest.raises(InputError, match=r"gone: "):
        join(sink, files, target)
    assert target.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([files[0].name, target.name])


def test_parquet_parts_that_do_not_fit(tmp_path: Path) -> None:
    sink = Sink("parquet")
    files = write_parts(sink, [[Document("x", "نص", (), {"a": "1"})]], tmp_path)
    files.append(tmp_path / "other.parquet")
    schema = pa.schema([("a", pa.int8())])
    files[1].write_bytes(encode(sink, [Document("y", "نص", (), {"a": 1})], schema=schema))
    with pytest.raises(InputError, match=r"other\.parquet.*a int8.*a string.*folder.*--to jsonl"):
        join(sink, files, tmp_path / "out.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"broken\.parquet: "):
        join(sink, [tmp_path / "broken.parquet"], tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
