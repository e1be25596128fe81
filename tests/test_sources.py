"""Inputs: what is found, what is read from every kind of file, and what is said of bad records."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import lzma
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import sent
from tests.test_words import MIXED
from train import readers, storage
from train.compression import COMPRESSIONS, compress, decompress, split_suffix
from train.document import Document
from train.errors import Fault, InputError
from train.readers import Origin, RecordReader
from train.sinks import Sink
from train.sources import SHARD_BYTES, ReadOptions, Source, find_sources, plan_shards

TEXT = "قصفت طائرات حربية مواقع «الجيش»"
BIDI = "\u202eقَصَفَ\u202c \u200fطـــائرة\u200e\u2028 \x85 \x0b \ufeff"


def read(*inputs: str | Path, **options: str) -> list[Document | Fault]:
    sources = find_sources([str(item) for item in inputs], ReadOptions(**options))
    return [item for source in sources for item, _ in source.read()]


def pairs(*inputs: str | Path, **options: str) -> list[tuple[str, str]]:
    documents = read(*inputs, **options)
    assert not any(isinstance(item, Fault) for item in documents), documents
    return [(d.id, d.text) for d in documents if isinstance(d, Document)]


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def csv_bytes(rows: Iterable[Iterable[Any]], **how: Any) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **how).writerows(rows)
    return file.getvalue().encode()


def write_parquet(path: Path, columns: dict[str, Any], **how: Any) -> Path:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), path, **how)
    return path


def test_every_kind_of_file_by_hand(tmp_path: Path) -> None:
    put(tmp_path / "a.txt", f"{TEXT}\n\n{BIDI}\r\n")
    put(
        tmp_path / "b.jsonl",
        '{"text": "هدوء", "id": 7, "n": [1, null], "spans": []}\n\n{"text": ""}',
    )
    put(tmp_path / "c.csv", 'id,text,day\n٣,"س1\n""س2""\r\n",1\n,هدوء,\n')
    put(tmp_path / "d.tsv", f'text\tid\n{TEXT}, 5\tx\n"a\tb"\ty\n')
    found = read(*(tmp_path / name for name in ("a.txt", "b.jsonl", "c.csv", "d.tsv")), "نص حر")
    assert found == [
        Document("a.txt:1", TEXT),
        Document("a.txt:2", ""),
        Document("a.txt:3", BIDI),
        Document("7", "هدوء", meta={"n": [1, None]}),
        Document("b.jsonl:3", ""),
        Document("٣", 'س1\n"س2"\r\n', meta={"day": "1"}),
        Document("c.csv:5", "هدوء", meta={"day": ""}),
        Document("x", f"{TEXT}, 5"),
        Document("y", "a\tb"),
        Document("5", "نص حر"),
    ]


def test_columns_by_other_names(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "id,key,body,text\n1,k,هدوء,t\n")
    put(tmp_path / "a.jsonl", '{"id": 1, "key": true, "body": "هدوء"}\n')
    columns = {"text_column": "body", "id_column": "key"}
    assert read(tmp_path / "a.csv", tmp_path / "a.jsonl", **columns) == [
        Document("k", "هدوء", meta={"id": "1", "text": "t"}),
        Document("true", "هدوء", meta={"id": 1}),
    ]


def test_bad_records_are_faults_and_the_others_are_read(tmp_path: Path) -> None:
    bad = "قتل".encode("cp1256")
    lines = [
        b'{"text": "1"}',
        b"{", b"[1]", b'{"body": "x"}', b'{"text": null}', b"\xd9", b'{"text": "2"}',
    ]  # fmt: skip
    rows = [
        b"id,text", b"a,1", b"b", b"c,2,3", b'd,"x"y', b"e," + bad, b'f,"two', b'lines",4', b"g,5",
        b'h,"open', b"i,6",
    ]  # fmt: skip
    jsonl = put(tmp_path / "a.jsonl", b"\n".join(lines))
    table = put(tmp_path / "a.csv", b"\n".join(rows))
    text = put(tmp_path / "a.txt", b"1\n" + bad + b"\n2")
    found = read(jsonl, table, text)
    assert [d.text for d in found if isinstance(d, Document)] == ["1", "2", "1", "5", "1", "2"]
    faults = {f.where: f for f in found if isinstance(f, Fault)}
    assert list(faults) == [
        f"{jsonl}:2:2", f"{jsonl}:3", f"{jsonl}:4", f"{jsonl}:5", f"{jsonl}:6",
        f"{table}:3", f"{table}:4", f"{table}:5", f"{table}:6: text", f"{table}:7", f"{table}:10",
        f"{text}:2",
    ]  # fmt: skip
    assert faults[f"{table}:3"].found == "1 cells"
    assert faults[f"{table}:7"].found == "3 cells"
    assert "WINDOWS-1256" in faults[f"{table}:6: text"].expected
    assert "WINDOWS-1256" in faults[f"{text}:2"].expected
    assert faults[f"{jsonl}:4"].found == "no key 'text'"
    assert faults[f"{jsonl}:5"].found == "no string under 'text'"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            *[st.one_of(MIXED, st.text(st.sampled_from('",\n\r\tـ\u202e\0 ا'), max_size=8))] * 2
        )
    ),
    delimiter=st.sampled_from(",\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_csv_is_read_as_it_was_written(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str, end: str, bom: bool
) -> None:
    rows = [(a, b) for a, b in rows if storable(a) and storable(b)]
    # With \n as the end of lines, the csv module before 3.13 leaves a lone \r without quotes.
    quoting = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
    written = csv_bytes(
        [("text", "more"), *rows], delimiter=delimiter, lineterminator=end, quoting=quoting
    )
    path = put(
        tmp_path / ("a.csv" if delimiter == "," else "a.tsv"), b"\xef\xbb\xbf" * bom + written
    )
    if not rows:
        with pytest.raises(InputError, match="is empty"):
            read(path)
        return
    found = read(path)
    assert [(d.text, d.meta["more"]) for d in found if isinstance(d, Document)] == rows
    assert len(found) == len(rows)


def storable(text: str) -> bool:
    """Return whether the csv module of this Python can write and read a text."""
    return not any("\ud800" <= c <= "\udfff" for c in text) and (
        "\0" not in text or sys.version_info >= (3, 11)
    )


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(MIXED, min_size=1), ascii_only=st.booleans())
def test_jsonl_is_read_as_it_was_written(
    tmp_path: Path, texts: list[str], ascii_only: bool
) -> None:
    lines = []
    for text in texts:
        line = json.dumps({"text": text, "n": {"k": text}}, ensure_ascii=ascii_only)
        lines.append(
            line
            if line.isascii() or storable(line)
            else json.dumps({"text": text, "n": {"k": text}})
        )
    found = read(put(tmp_path / "a.jsonl", "\n".join(lines)))
    assert found == [
        Document(f"a.jsonl:{i}", text, meta={"n": {"k": text}}) for i, text in enumerate(texts, 1)
    ]


@given(st.lists(st.binary(max_size=40)), st.binary(max_size=40))
def test_any_bytes_give_documents_faults_or_a_clear_error(lines: list[bytes], junk: bytes) -> None:
    """Nothing but InputError is raised, and each line of text is a document or a fault."""
    reader = RecordReader("f", "f")
    data = b"\n".join(lines)
    assert len(list(reader.read_txt(io.BytesIO(data)))) == (data + b"\n").count(b"\n") - (
        data.endswith(b"\n") or not data
    )
    for read_kind in (reader.read_jsonl, reader.read_csv):
        for head in (b"", b'{"text": ""}\n', b"text,b\n"):
            try:
                list(read_kind(io.BytesIO(head + data + junk)))
            except InputError as error:
                assert str(error).startswith("f:")  # noqa: PT017


def test_a_cell_of_a_megabyte_and_nul_bytes(tmp_path: Path) -> None:
    long = "قصف\n" * 250_000
    path = put(tmp_path / "a.csv", csv_bytes([["text", "id"], [long, "1"], ["b", "2"]]))
    assert pairs(path) == [("1", long), ("2", "b")]
    assert pairs(put(tmp_path / "a.txt", "ا\0ب\n")) == [("a.txt:1", "ا\0ب")]
    assert pairs(put(tmp_path / "a.jsonl", '{"text": "ا\\u0000ب"}')) == [("a.jsonl:1", "ا\0ب")]


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_compressed_members_one_behind_the_other(tmp_path: Path, suffix: str) -> None:
    if suffix == ".zst":
        pytest.importorskip("pyarrow")
    first, second = f"{TEXT}\n" * 20_000, "هدوء\n"
    data = compress(first.encode(), suffix) + compress(second.encode(), suffix)
    assert data == compress(first.encode(), suffix) + compress(second.encode(), suffix)
    found = pairs(put(tmp_path / f"a.TXT{suffix}", data))
    assert [text for _, text in found] == [TEXT] * 20_000 + ["هدوء"]
    assert found[-1][0] == f"a.TXT{suffix}:20001"
    member = len(compress(first.encode(), suffix))
    for broken in (data[:-1], data[: member - 5], data[: member + 3], data + b"junk", b"junk" * 9):
        path = put(tmp_path / f"b.txt{suffix}", broken)
        with pytest.raises(InputError, match="broken or cut short") as error:
            read(path)
        assert str(error.value).startswith(f"{path}: ")
    with pytest.raises(InputError, match=r"broken or cut short \(it is empty\)"):
        read(put(tmp_path / f"c.txt{suffix}", b""))
    with pytest.raises(InputError, match="is empty; expected at least one document"):
        read(put(tmp_path / f"c.txt{suffix}", compress(b"", suffix)))


@given(st.lists(st.binary(max_size=200), max_size=4), st.sampled_from([".gz", ".xz"]), st.data())
def test_compression_against_the_standard_library(
    members: list[bytes], suffix: str, data: st.DataObject
) -> None:
    other = gzip if suffix == ".gz" else lzma
    for member in members:
        assert other.decompress(compress(member, suffix)) == member
    written = b"".join(other.compress(member) for member in members)
    padded = written + b"\0" * 4 * data.draw(st.integers(0, 3)) if members else written
    if not members:
        with pytest.raises(InputError, match="it is empty"):
            decompress(io.BytesIO(padded), suffix).read()
    else:
        assert decompress(io.BytesIO(padded), suffix).read() == b"".join(members)
        last = len(other.compress(members[-1]))
        cut = written[: len(written) - data.draw(st.integers(1, last - 1))]
        with pytest.raises(InputError, match="cut short"):
            decompress(io.BytesIO(cut), suffix, "n").read()


def test_suffixes() -> None:
    assert split_suffix("a.b/x") == ("", "")
    assert split_suffix("a/b.JSONL.GZ") == (".jsonl", ".gz")
    assert split_suffix("b.zst") == ("", ".zst")
    assert split_suffix(".gz") == ("", "")


def test_parquet_keeps_types_and_schema(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    when = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
    columns = {
        "id": pa.array([1, None, 3], pa.int64()),
        "text": pa.array([TEXT, "", None]).dictionary_encode(),
        "when": pa.array([when, None, when], pa.timestamp("us", "UTC")),
        "nested": pa.array([{"a": [1, 2]}, None, {"a": []}]),
        "nano": pa.array([1, 2, 1_000], pa.timestamp("ns")),
    }
    path = write_parquet(tmp_path / "a.parquet", columns, row_group_size=2)
    [source] = find_sources([str(path)])
    found = list(source.read())
    first, second, third = (item for item, _ in found)
    assert [origin.place for _, origin in found] == [f"{path}:row {n}" for n in (1, 2, 3)]
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.id, first.text) == ("1", TEXT)
    assert (first.meta["when"], first.meta["nested"]) == (when, {"a": [1, 2]})
    assert (second.id, second.text, second.meta["nested"]) == ("a.parquet:2", "", None)
    assert third == Fault(f"{path}:row 3", "no string under 'text'", "a text")
    [names] = {tuple(origin.schema.names) for _, origin in found}
    assert names == ("when", "nested", "nano")
    for _, origin in found:
        assert all(origin.schema.field(n).type.equals(columns[n].type) for n in names)
    # What was carried can be stored again, to the nanosecond.
    assert first.meta["nano"] == "1970-01-01T00:00:00.000000001"
    data, faults, _ = Sink("parquet").encode([first, second], found[0][1].schema)
    assert not faults
    back = pq.read_table(io.BytesIO(data)).column("nano")
    assert back.cast(pa.int64()).to_pylist() == [1, 2]


def test_parquet_that_cannot_be_read(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    other = write_parquet(tmp_path / "other.parquet", {"body": ["x"], "n": [1]})
    with pytest.raises(InputError, match=r"--text-column \(columns here: body, n\)"):
        read(other)
    number = write_parquet(tmp_path / "number.parquet", {"text": [1]})
    with pytest.raises(InputError, match="'text' holds int64, not strings"):
        read(number)
    whole = other.read_bytes()
    cut = put(tmp_path / "cut.parquet", whole[:-9])
    with pytest.raises(InputError, match=r"cut\.parquet: "):
        read(cut)
    broken = pa.array([b"ok", b"\xc7\xe1"], pa.binary()).view(pa.string())
    path = write_parquet(tmp_path / "encoding.parquet", {"text": broken})
    good, fault = read(path)
    assert good == Document("encoding.parquet:1", "ok")
    assert fault == Fault(f"{path}:row 2", "a string that is not UTF-8", "UTF-8")


def test_parquet_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = put(tmp_path / "a.parquet", b"")
    with pytest.raises(InputError, match=r"pip install 'marsad\[arrow\]'"):
        find_sources([str(path)])


def test_a_folder_of_mixed_files(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    put(folder / "b.txt", "س1\nس2\n")
    put(folder / "a" / "z.TXT.gz", gzip.compress("س3".encode()))
    put(folder / "c.csv", "text\nس4\n")
    put(folder / "d.jsonl.xz", lzma.compress('{"text": "س5"}'.encode()))
    put(folder / "empty.csv", "text\n")
    put(folder / "empty.txt", "")
    for name in ("README.md", "z/a.pdf", ".hidden.txt", ".marsad/p.jsonl"):
        put(folder / name, "no document")
    put(folder / "c.csv.errors.jsonl", '{"where": 1}')
    put(folder / "ocr.errors.jsonl", '{"text": "س8"}')  # nor this one: there is no "ocr"
    put(folder / "done" / "manifest.json", '{"marsad_version": "1"}')
    put(folder / "done" / "errors.jsonl", '{"where": 1}')
    put(folder / "done" / "part.jsonl", '{"text": "س6", "id": "p"}')
    put(folder / "errors.jsonl", '{"text": "س7"}')  # no run has written this one
    assert pairs(folder) == [
        ("news/a/z.TXT.gz", "س3"),
        ("news/b.txt", "س1\nس2\n"),
        ("news/c.csv:2", "س4"),
        ("news/d.jsonl.xz:1", "س5"),
        ("p", "س6"),
        ("news/empty.txt", ""),
        ("news/errors.jsonl:1", "س7"),
        ("news/ocr.errors.jsonl:1", "س8"),
    ]
    for item in (folder, f"{folder}/**"):
        notes: list[str] = []
        find_sources([str(item), "نص"], notes=notes)
        readme = folder / "README.md"
        assert notes == [f"{item}: passed over 2 files of other kinds, such as {readme}"]
    notes = []
    find_sources([str(folder / "done"), str(folder / "b.txt")], notes=notes)
    assert notes == []
    put(folder / "done" / "manifest.json", "{}")  # not of Marsad
    find_sources([str(folder / "done")], notes=notes)
    [note] = notes
    assert note.endswith(
        f"passed over one file of other kinds, such as {folder / 'done' / 'manifest.json'}"
    )
    put(folder / "bad.txt", "قتل".encode("cp1256"))
    [fault] = [item for item in read(folder) if isinstance(item, Fault)]
    assert fault.where == str(folder / "bad.txt")


def test_two_folders_and_files_of_one_name_keep_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        put(tmp_path / folder / "w" / "x.txt", folder)
    inputs = [tmp_path / "a/w", tmp_path / "b/w", tmp_path / "a/w/x.txt", tmp_path / "b/w/x.txt"]
    assert [identifier for identifier, _ in pairs(*inputs)] == [
        "a/w/x.txt", "b/w/x.txt", "a/w/x.txt:1", "b/w/x.txt:1",
    ]  # fmt: skip


def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("n/2.txt", "n/1.txt", "n/deep/3.txt", "n/4.csv", "n/README.md", "n/.5.txt"):
        put(tmp_path / name, "text\nx\n")
    put(tmp_path / "[x].txt", "bracket\n")
    put(tmp_path / "أخبار 1" / "a.txt", "y\n")
    monkeypatch.chdir(tmp_path)

    def names(*inputs: str) -> list[str]:
        return [source.name for source in find_sources(inputs)]

    assert names("n/*.txt") == ["1.txt", "2.txt"]
    assert names("n/**/*.txt") == ["1.txt", "2.txt", "3.txt"]
    assert names("n/**") == ["1.txt", "2.txt", "4.csv", "3.txt"]
    assert names("n/[12].txt", "n/?.csv") == ["1.txt", "2.txt", "4.csv"]
    assert names("[x].txt") == ["[x].txt"]  # a file of that very name
    assert names("أخبار 1/*") == ["a.txt"]
    for pattern in ("n/*.jsonl", "nowhere/*", "n/*.md"):
        with pytest.raises(InputError, match="fits this pattern"):
            find_sources([pattern])
    for text in ("ما هذا?", "[طائرات](WEAPON)", "*هدوء*", "5 * 4 / [2]", "?"):
        assert [(s.kind, s.path) for s in find_sources([text])] == [("text", text)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "body,id\nx,1\n", "no column 'text'; name the text's column with --text-column "
         "(columns here: body, id)"),
        ("a.csv", "text,a,a\nx,1,2\n", "more than one column is named 'a'"),
        ("a.csv", b"text,\xc7\nx,1\n", "the header must be whole"),
        ("a.csv", 'text,"a\n', "the header must be whole"),
        ("a.csv", "text,a\n", "is empty"),
        ("a.csv", "", "is empty"),
        ("a.txt", "", "is empty"),
        ("a.jsonl", "\n \n", "is empty"),
        ("a.jsonl", '{"body": 1}\n{"b": 2}\n', "--text-column (keys here: body, b)"),
        ("a.jsonl", '{"body": 1}\n' * 100 + '{"text": ""}', "no key 'text'"),
        ("a.csv", "text\nقتل".encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
        ("a.txt", "قتل".encode("utf-16-be").join([b"\xfe\xff", b""]), "iconv -f UTF-16"),
        ("a.yaml", "x", "texts are read from .txt, .jsonl, .csv, .tsv and .parquet files"),
        ("a.parquet.gz", "x", "texts are read from"),
        ("a.gz", "x", "texts are read from"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = put(tmp_path / name, content)
    with pytest.raises(InputError) as error:
        read(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}:")


def test_a_few_records_without_the_text_are_bad_records(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", '{"b": 1}\n' * 99 + '{"text": ""}\n' + '{"b": 1}\n' * 200)
    found = read(path)
    where = [int(item.where.rpartition(":")[2]) for item in found if isinstance(item, Fault)]
    assert where == [*range(1, 100), *range(101, 301)]
    assert found[99] == Document("a.jsonl:100", "")


def test_missing_inputs(tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    for item, message in [
        (str(tmp_path / "void"), "no .txt, .jsonl, .csv, .tsv or .parquet file in this folder"),
        ("gone.csv.zst", "no such file"),
        ("لا يوجد.txt", "no such file"),
        ("articles/jan", "no such file"),
        ("https://example.org/news", "not fetched"),
    ]:
        with pytest.raises(InputError, match=message):
            find_sources([item])
    for text in ("", " ", "قتل 3/4 جنود", "انظر https://example.org قتل", "ا\0ب", "س" * 5_000):
        assert read(text) == [Document("1", text)]
    with pytest.raises(InputError, match="--format"):
        find_sources(["-"], ReadOptions(stdin_format="parquet"))


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("txt", "\ufeffا\r\nب", [("stdin:1", "ا"), ("stdin:2", "ب")]),
        ("jsonl", '{"text": "ا"}', [("stdin:1", "ا")]),
        ("csv", 'text,id\n"ا\nب",9\n', [("9", "ا\nب")]),
        ("tsv", "text\tid\nا\t9\n", [("9", "ا")]),
    ],
)
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, kind: str, data: str, expected: list[tuple[str, str]]
) -> None:
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data.encode())))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert pairs("-", stdin_format=kind) == expected
    assert not stdin.buffer.closed
    with pytest.raises(InputError, match="standard input: is empty"):
        read("-", stdin_format=kind)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="is closed"):
        read("-", stdin_format=kind)


def test_uris_go_through_pyarrow(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    put(tmp_path / "أخبار 1" / "a%b.csv", "text,n\nس1,x\n")
    put(tmp_path / "أخبار 1" / "b.txt.gz", gzip.compress("س2".encode()))
    put(tmp_path / "أخبار 1" / ".c.txt", "hidden")
    write_parquet(tmp_path / "c.parquet", {"text": ["س3"]})
    base = tmp_path.as_uri()
    folder = storage.join(base, "أخبار 1")
    assert " " not in folder
    assert read(folder) == [
        Document("أخبار 1/a%b.csv:2", "س1", meta={"n": "x"}),
        Document("أخبار 1/b.txt.gz", "س2"),
    ]
    assert [text for _, text in pairs(f"{base}/**/*.gz", f"{base}/c.parquet")] == ["س2", "س3"]
    for item in (f"{base}/gone", f"{base}/*.jsonl", "nosuch://a/b"):
        with pytest.raises(InputError) as error:
            find_sources([item])
        assert str(error.value).startswith(item)


def test_a_store_through_storage() -> None:
    """Arrow's store in memory stands for one that is no folder of this machine."""
    pytest.importorskip("pyarrow")
    name = storage.join("mock:///runs", "a?#é/x.txt")
    storage.write_whole_bytes(name, b"1")
    storage.write_whole_bytes(name, b"22")
    assert storage.read_bytes(name) == b"22"
    assert (storage.size(name), storage.exists(name)) == (2, True)
    assert storage.list_files("mock:///runs") == [name]
    assert storage.is_folder("mock:///runs/")
    storage.remove(name)
    storage.remove(name)
    assert not storage.exists(name)
    with pytest.raises(InputError, match=r"x\.txt"):
        storage.read_bytes(name)


def test_writing_here_is_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.bin"
    storage.write_whole_bytes(str(target), b"1\r\n\0")
    assert target.read_bytes() == b"1\r\n\0"
    assert storage.list_files(str(tmp_path)) == [str(target)]
    assert oct(target.stat().st_mode & 0o600) == "0o600"
    for name in (target / "x", tmp_path):
        with pytest.raises(InputError, match="cannot be written"):
            storage.write_whole_bytes(str(name), b"")
    assert storage.list_files(str(tmp_path)) == [str(target)]
    if Path("/dev/full").exists():
        with pytest.raises(InputError, match=r"No space left.*go on with --resume"):
            storage.write_whole_bytes("/dev/full", b"1")


def test_an_id_of_any_type_is_kept(tmp_path: Path) -> None:
    ids = ['{"$oid": "6f"}', "1.0", "[1, 2]", "1e999", "false", "0", '"x"', "null", "NaN", '""']
    lines = [f'{{"id": {value}, "text": ""}}' for value in ids]
    found = read(put(tmp_path / "a.jsonl", "\n".join(lines)))
    assert [getattr(item, "id", item) for item in found] == [
        '{"$oid": "6f"}', "1.0", "[1, 2]", "inf", "false", "0", "x",
        "a.jsonl:8", "a.jsonl:9", "a.jsonl:10",
    ]  # fmt: skip
    deep = '{"id": ' + "[" * 900 + "]" * 900 + ', "text": ""}'
    [item] = read(put(tmp_path / "deep.jsonl", deep))
    assert isinstance(item, Fault) or item.id.startswith("[[")


def test_an_id_of_parquet_is_kept(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    identifier = UUID(int=5)
    for values, expected in (
        (pa.array([1.0, None, float("nan")]), ["1.0", "a.parquet:2", "a.parquet:3"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([b"\xff\x00"]), ["/wA="]),
        (pa.array([identifier.bytes], pa.uuid()), [str(identifier)]),
        (pa.array([1_001], pa.timestamp("ns")), ["1970-01-01T00:00:00.000001001"]),
    ):
        columns = {"text": ["نص"] * len(values), "id": values}
        found = read(write_parquet(tmp_path / "a.parquet", columns))
        assert [getattr(item, "id", item) for item in found] == expected


def test_an_id_column_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    table = put(tmp_path / "a.csv", "text,nr\nx,1\n")
    assert pairs(table) == [("a.csv:2", "x")]
    message = r"no column 'key'; name the id's column with --id-column \(columns here: text, nr\)"
    with pytest.raises(InputError, match=message):
        read(table, id_column="key")
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match=message):
        read(write_parquet(tmp_path / "a.parquet", {"text": ["x"], "nr": [1]}), id_column="key")


def test_files_without_texts_behind_the_first_are_faults(tmp_path: Path) -> None:
    good = put(tmp_path / "0.jsonl", '{"text": "1"}\n')
    bad = put(tmp_path / "1.jsonl", '{"body": 1}\n{\n{"body": 2}\n')
    found = read(good, bad, good)
    assert [getattr(item, "where", "document") for item in found] == [
        "document", f"{bad}:1", f"{bad}:2:2", f"{bad}:3", "document"
    ]  # fmt: skip
    with pytest.raises(InputError, match="no key 'text'"):
        read(bad, good)
    put(tmp_path / "1.jsonl", '{"body": 1}\n' * 100)
    with pytest.raises(InputError, match="no key 'text'"):
        read(good, bad)


def test_faults_stand_in_input_order(tmp_path: Path) -> None:
    """Those before the first text as well; and not all of a file is held back for it."""
    path = put(tmp_path / "a.jsonl", '{"b": 1}\n{\n' * 60 + '{"text": ""}\n[]\n{"b": 1}\n')
    numbers = [int(origin.place.rpartition(":")[2]) for _, origin in read_records(path)]
    assert numbers == list(range(1, 124))
    junk = itertools.chain([b'{"b": 1}\n'], itertools.repeat(b"{\n"))
    first, _ = next(RecordReader("f", "f").read_jsonl(junk))  # type: ignore[arg-type]
    assert first == Fault("f:1", "no key 'text'", "a text under it")


def read_records(path: Path) -> list[tuple[Document | Fault, Origin]]:
    return [record for source in find_sources([str(path)]) for record in source.read()]


def test_every_document_says_where_it_stands(tmp_path: Path) -> None:
    for name, content, places in [
        ("a.txt", "1\n2\n", [":1", ":2"]),
        ("a.jsonl", '\n{"text": "1"}\n{"text": "2"}', [":2", ":3"]),
        ("a.csv", 'text\n"1\n"\n2\n', [":2", ":4"]),
        ("d/a.txt", "1\n2\n", [""]),
    ]:
        path = put(tmp_path / name, content)
        given = path.parent if name.startswith("d/") else path
        origins = [origin for _, origin in read_records(given)]
        assert origins == [Origin(f"{path}{place}") for place in places]
    [(_, origin)] = find_sources(["نص"])[0].read()
    assert origin == Origin("text 1")


def test_a_quote_that_nothing_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "ROW_CHARACTERS", 40)
    rows = "id,text\n1,a\n" + '2,"b\n' + "3,cccc\n" * 9 + "4,d\n"
    path = put(tmp_path / "a.csv", rows)
    one, fault, *more = read(path)
    assert one == Document("1", "a")
    assert isinstance(fault, Fault)
    assert fault.where == f"{path}:3"
    assert "no end within 40 characters, to line 8; a quote that nothing closes?" in fault.found
    assert more == [Document("3", "cccc")] * 4 + [Document("4", "d")]
    # One line that is too long costs itself, and the lines behind it keep their numbers.
    path = put(tmp_path / "b.csv", "text\n" + "x" * 99 + '\ny\n"' + "\n" * 50 + '"\nz\n')
    first, second, third, *_ = read(path)
    assert isinstance(first, Fault)
    assert isinstance(third, Fault)
    assert (first.where, second, third.where) == (
        f"{path}:2",
        Document("b.csv:3", "y"),
        f"{path}:4",
    )
    with pytest.raises(InputError, match=r"no end within 40.*the header must be whole"):
        read(put(tmp_path / "c.csv", "t" * 50 + "\n1\n"))


def test_zst_without_pyarrow_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.txt.zst", b"x")
    monkeypatch.setattr("train.compression._standard_zstd", lambda: None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"a\.txt\.zst: reading \.zst needs the extra arrow"):
        find_sources([str(path)])
    monkeypatch.setattr("train.compression._standard_zstd", lambda: gzip)
    find_sources([str(path)])


WITHOUT_PANDAS = """
import importlib.abc, sys
from multiprocessing import Pipe

class NoPandas(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("hidden", name="pandas")

if sys.argv[2] == "hidden":
    sys.meta_path.insert(0, NoPandas())
from train.parts import cut
from train.sources import find_sources

[source] = find_sources([sys.argv[1]])
[part] = cut(0, source.read())
here, there = Pipe()
here.send(part)
part = there.recv()
print(part.digest())
for document in part.documents:
    print(sorted(document.meta.items()))
print([str(field.type) for field in part.schema])
"""


def test_pandas_makes_no_difference(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    numbers = [1, 86_400_000_000_000, None]
    day = pa.array([0, 3_000_000, None], pa.int32())
    columns = {
        "text": ["1", "2", "3"],
        "day": day.cast(pa.date32()),
        "in": pa.array([[{"a": 1}], None, []], pa.list_(pa.struct([("a", pa.timestamp("ns"))]))),
        "long": pa.array(numbers, pa.duration("ns")),
        "time": pa.array([1, 1_000, None], pa.time64("ns")),
        "when": pa.array(numbers, pa.timestamp("ns", "UTC")),
    }
    path = write_parquet(tmp_path / "a.parquet", columns)
    told = [
        subprocess.run(
            [sys.executable, "-c", WITHOUT_PANDAS, str(path), how],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
        ).stdout.splitlines()
        for how in ("hidden", "as it is")
    ]  # fmt: skip
    assert told[0] == told[1]
    _, first, second, third, types = told[0]
    assert "('day', datetime.date(1970, 1, 1))" in first
    assert "('in', [{'a': '1970-01-01T00:00:00.000000001'}])" in first
    assert "('long', '1 ns'), ('time', '00:00:00.000000001'), ('when', '1970-01-01T" in first
    assert "000000001+00:00" in first
    assert "('day', '10183-09-21'), ('in', None), ('long', datetime.timedelta(days=1))" in second
    assert "('day', None), ('in', []), ('long', None)" in third
    assert types == "['date32[day]', 'string', 'string', 'string', 'timestamp[ns, tz=UTC]']"


def test_shards() -> None:
    def source(size: int, path: str = "a.txt") -> Source:
        return Source(path, "a", "txt", size)

    def sizes(*items: Source) -> list[list[int]]:
        return [[s.size for s in shard] for shard in plan_shards(items)]

    half = SHARD_BYTES // 2
    assert sizes() == []
    assert sizes(source(half), source(half), source(1)) == [[half, half], [1]]
    assert sizes(source(SHARD_BYTES + 1), source(0)) == [[SHARD_BYTES + 1], [0]]
    assert sizes(source(1), source(0, "-"), source(0, "-"), source(2)) == [[1], [0], [0], [2]]
    assert sizes(source(0), source(SHARD_BYTES)) == [[0, SHARD_BYTES]]


@given(st.lists(st.tuples(st.integers(0, SHARD_BYTES * 2), st.sampled_from(["-", "a"]))))
def test_shards_hold_every_source_once_in_order(items: list[tuple[int, str]]) -> None:
    sources = [Source(path, str(i), "txt", size) for i, (size, path) in enumerate(items)]
    shards = plan_shards(sources)
    assert [source for shard in shards for source in shard] == sources
    for shard in shards:
        assert len(shard) == 1 or sum(s.size for s in shard) <= SHARD_BYTES
        assert len(shard) == 1 or all(s.path != "-" for s in shard)
    for left, right in itertools.pairwise(shards):
        fits = sum(s.size for s in left) + right[0].size <= SHARD_BYTES
        assert not fits or "-" in (left[0].path, right[0].path)


def test_sources_cross_processes(tmp_path: Path) -> None:
    put(tmp_path / "a.txt", "x\n")
    sources = find_sources([str(tmp_path), "نص"], ReadOptions(id_column="key"))
    assert sent(sources) == sources
