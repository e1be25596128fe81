"""``marsad incidents`` as a process. Spans are given, so that no model decides what is asked here;
what becomes of counts in a row is tested in ``test_incidents.py``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.test_cli import marsad, records
from train.count import OUTCOMES
from train.incidents import COLUMNS

ATTACK = "قتل جنديان وأصيب نحو 12 مدنيا في غارة شنها تنظيم داعش. هدوء. ثم قتل ثلاثة جنود بصاروخ."
SHARE = "أصيب 15% من السكان بقصف لداعش"
BOUNDS = [f"{outcome}_{end}" for outcome in OUTCOMES for end in ("min", "max")]
NOTHING = dict.fromkeys(BOUNDS)
ATTACKED = {
    **NOTHING,
    "killed_min": 5,
    "killed_max": 5,
    "injured_min": 12,
    "injured_max": 12,
    "approximate": True,
    "unread": 0,
    "actors": ["تنظيم الدولة الإسلامية"],
    "weapons": ["rocket/missile"],
    "bases": [],
    "counts": ["جنديان", "نحو 12 مدنيا", "ثلاثة جنود"],
}
SHARED_OUT = {
    **NOTHING,
    "approximate": False,
    "unread": 1,
    "actors": ["تنظيم الدولة الإسلامية"],
    "weapons": [],
    "bases": [],
    "counts": ["15%"],
}
TOTALS = (
    "2 rows; in all: killed 5, injured 12 (rough: some of the counts are); "
    "1 count could not be read and is in no sum\n"
)


def tagged(identifier: str, text: str, *marked: tuple[str, str], **carried: Any) -> dict[str, Any]:
    """Return a record with a span for each phrase, found behind the one before it."""
    spans, position = [], 0
    for phrase, label in marked:
        start = text.index(phrase, position)
        position = start + len(phrase)
        spans.append({"start": start, "end": position, "label": label})
    return {"id": identifier, "text": text, "spans": spans, **carried}


RECORDS = [
    tagged(
        "a",
        ATTACK,
        ("جنديان", "CASUALTY"),
        ("نحو 12 مدنيا", "CASUALTY"),
        ("تنظيم داعش", "ACTOR"),
        ("ثلاثة جنود", "CASUALTY"),
        ("بصاروخ", "WEAPON"),
        day=3,
        source="و1",
    ),
    tagged("calm", "هدوء في المدينة", day=4, source=None),
    tagged("b", SHARE, ("15%", "CASUALTY"), ("لداعش", "ACTOR"), day=5, source="=1+1"),
    tagged("named", "قصف داعش المدينة", ("داعش", "ACTOR"), day=6, source="x"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return written(tmp_path / "news.jsonl", *RECORDS)


def written(path: Path, *items: dict[str, Any]) -> Path:
    lines = [json.dumps(item, ensure_ascii=False) + "\n" for item in items]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def without_spans(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "spans"}


ROWS = [
    {"id": "a", "text": ATTACK, **ATTACKED, "day": 3, "source": "و1"},
    {"id": "b", "text": SHARE, **SHARED_OUT, "day": 5, "source": "=1+1"},
]


def test_jsonl_by_hand(data: Path) -> None:
    """A row for each document that counts people; what it carried stands behind what is written."""
    done = marsad("incidents", "--tagged", data)
    assert (done.returncode, done.stderr) == (0, TOTALS)
    rows = records(done.stdout)
    assert [without_spans(row) for row in rows] == ROWS
    assert [list(row) for row in rows] == [[*COLUMNS, "day", "source"]] * 2
    added = [span.get("added") for span in rows[0]["spans"]]
    assert added == ["yes", "yes", None, "yes", None]
    assert rows[0]["spans"][0]["count"]["outcome"] == "killed"
    assert rows[0]["spans"][2]["english"] == "Islamic State"
    assert [span.get("added") for span in rows[1]["spans"]] == ["unread", None]
    for row in rows:
        for span in row["spans"]:
            assert span["text"] == row["text"][span["start"] : span["end"]]
            assert "score" not in span  # none was given


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_csv_and_tsv(data: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"out.{kind}"
    done = marsad("incidents", "--tagged", data, "-o", out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"4 documents, 8 spans in {out}\n{TOTALS}"
    text = out.read_bytes().decode()
    rows = list(
        csv.DictReader(io.StringIO(text, newline=""), delimiter="," if kind == "csv" else "\t")
    )
    assert list(rows[0]) == [*COLUMNS, "day", "source"]
    spans = [span for row in rows for span in json.loads(row.pop("spans"))]
    assert [span["added"] for span in spans if span["label"] == "CASUALTY"] == [
        *["yes"] * 3, "unread"
    ]  # fmt: skip
    assert rows == [{key: cell(value) for key, value in row.items()} for row in ROWS]


def cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def test_parquet(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = marsad("incidents", "--tagged", data, "-o", out)
    assert done.returncode == 0, done.stderr
    table = pq.read_table(out)
    assert table.column_names == [*COLUMNS, "day", "source"]
    types = {name: str(table.schema.field(name).type) for name in COLUMNS}
    assert {types[name] for name in [*BOUNDS, "unread"]} == {"int64"}
    assert types["approximate"] == "bool"
    assert {types[n] for n in ("actors", "weapons", "bases", "counts")} == {"list<element: string>"}
    rows = table.to_pylist()
    assert [span["added"] for span in rows[0]["spans"]] == ["yes", "yes", None, "yes", None]
    # Carried columns of JSONL are text in Parquet, whose columns have one type in all of a run.
    assert [without_spans(row) for row in rows] == [{**row, "day": str(row["day"])} for row in ROWS]
    calm = written(tmp_path / "calm.jsonl", RECORDS[1])
    done = marsad("incidents", "--tagged", calm, "-o", tmp_path / "calm.parquet")
    assert done.stderr.endswith("0 rows; in all: no count was read\n")
    empty = pq.read_table(tmp_path / "calm.parquet")
    assert (empty.num_rows, empty.schema.equals(table.schema)) == (0, True)


def test_xlsx(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    done = marsad("incidents", "--tagged", data, "-o", out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"4 documents, 8 spans in {out}\n{TOTALS}"
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["incidents", "totals"]
    header, *rows = [list(row) for row in book["incidents"].iter_rows(values_only=True)]
    assert header == [*COLUMNS, "day", "source"]
    found = [dict(zip(header, row, strict=True)) for row in rows]
    for row in found:
        counts = [s["text"] for s in json.loads(row.pop("spans")) if s["label"] == "CASUALTY"]
        assert counts == row["counts"].split("؛ ")
    assert found == [
        {
            key: ("؛ ".join(value) or None) if isinstance(value, list) else value
            for key, value in row.items()
        }
        for row in ROWS
    ]
    [source] = [c for c in book["incidents"][3] if c.value == "=1+1"]
    assert source.data_type == "s"  # text, and no formula
    totals = {row[0]: row[1:] for row in book["totals"].iter_rows(values_only=True)}
    assert totals["killed"] == (5, 5)
    assert totals["injured"] == (12, 12)
    assert totals["abducted"] == (None, None)
    assert (totals["rows"][0], totals["unread"][0], totals["approximate"][0]) == (2, 1, True)
    assert all(sheet.sheet_view.rightToLeft for sheet in book)


def test_a_row_a_sentence(data: Path) -> None:
    """Sums are those of the sentence, and its offsets lead back to the document."""
    done = marsad("incidents", "--tagged", data, "--sentences")
    assert done.returncode == 0, done.stderr
    rows = records(done.stdout)
    assert [
        (row["id"], row["document"], row["killed_min"], row["injured_min"]) for row in rows
    ] == [
        ("a:1", "a", 2, 12),
        ("a:3", "a", 3, None),
        ("b:1", "b", None, None),
    ]
    texts = {record["id"]: record["text"] for record in RECORDS}
    for row in rows:
        text, start = texts[row["document"]], row["document_start"]
        assert text[start : row["document_end"]] == row["text"]
        for span in row["spans"]:
            assert text[start + span["start"] : start + span["end"]] == span["text"]
    assert [row["day"] for row in rows] == [3, 3, 5]
    assert [row["actors"] for row in rows] == [
        ["تنظيم الدولة الإسلامية"],
        [],
        ["تنظيم الدولة الإسلامية"],
    ]
    assert done.stderr.startswith("3 rows; in all: killed 5, injured 12 ")


def test_conventions_and_lexicon(data: Path, tmp_path: Path) -> None:
    conventions = tmp_path / "c.yaml"
    conventions.write_text("before: {at_least: [نحو]}\n", encoding="utf-8")
    lexicon = tmp_path / "l.jsonl"
    written(lexicon, {"name": "خلافتهم", "type": "armed group", "aliases": ["داعش"]})
    done = marsad("incidents", "--tagged", data, "--conventions", conventions, "--lexicon", lexicon)
    assert done.returncode == 0, done.stderr
    first, second = records(done.stdout)
    assert (first["injured_min"], first["injured_max"], first["approximate"]) == (12, None, False)
    assert second["actors"] == ["خلافتهم"]
    assert "injured at least 12;" in done.stderr


def test_a_folder_and_what_its_manifest_says(data: Path, tmp_path: Path) -> None:
    """A finished run is not made again, and tells the same sums."""
    folder = tmp_path / "out"
    args = ("incidents", "--tagged", data, "-o", f"{folder}/")
    done = marsad(*args)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"4 documents, 8 spans in {folder}/\n{TOTALS}"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["model"] == {"name": "none", "fingerprint": ""}
    assert manifest["options"]["rows"] == "incidents"
    assert manifest["options"]["takes_spans"] is True
    assert manifest["totals"]["sums"] == {
        "rows": 2,
        **NOTHING,
        "killed_min": 5,
        "killed_max": 5,
        "injured_min": 12,
        "injured_max": 12,
        "approximate": True,
        "unread": 1,
    }
    [part] = manifest["parts"]
    lines = (folder / part["file"]).read_text(encoding="utf-8")
    assert [without_spans(row) for row in records(lines)] == ROWS
    again = marsad(*args, "--resume")
    assert again.returncode == 0
    assert again.stderr == f"finished already: 4 documents, 8 spans in {folder}/\n{TOTALS}"
    conventions = tmp_path / "c.yaml"
    conventions.write_text("vague: {عشرات: [21, 99]}\n", encoding="utf-8")
    for changes in (["--conventions", conventions], ["--sentences"]):
        refused = marsad(*args, "--resume", *changes)
        assert refused.returncode == 2
        assert "--resume must go on with the same run; changed: " in refused.stderr
    stdin = marsad("incidents", "--tagged", "--format", "jsonl", text=data.read_text("utf-8"))
    assert (stdin.returncode, stdin.stdout) == (0, lines)


def test_faulty_records_are_told_and_in_no_sum(tmp_path: Path) -> None:
    overlap = tagged("o", ATTACK, ("جنديان", "CASUALTY"))
    overlap["spans"] *= 2
    half = tagged("h", ATTACK, ("جندي", "CASUALTY"))
    bare = {"id": "n", "text": ATTACK}
    outside = {"id": "x", "text": "x", "spans": [{"start": 0, "end": 9, "label": "CASUALTY"}]}
    count = tagged("c", ATTACK, ("جنديان", "CASUALTY"))
    count["spans"][0]["count"] = {"min": 3}
    data = written(tmp_path / "a.jsonl", RECORDS[2], overlap, half, bare, outside, count)
    done = marsad("incidents", "--tagged", data)
    assert done.returncode == 1
    assert [row["id"] for row in records(done.stdout)] == ["b"]
    *told, last, totals = done.stderr.splitlines()
    assert [re.match(rf"skipped: {data}:(\d)", line)[1] for line in told] == list("23456")  # type: ignore[index]
    for line, part in zip(
        told, ("an overlap", "cuts a word", "no --tagged", "offsets outside", ".count"), strict=True
    ):
        assert part in line
    assert last == "5 records skipped, told above"
    assert totals.startswith("1 row; ")


def test_what_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("هدوء\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("id,text\n1,هدوء\n", encoding="utf-8")
    taken = written(tmp_path / "taken.jsonl", {**RECORDS[0], "actors": "x"})
    place = written(tmp_path / "place.jsonl", {**RECORDS[0], "document": "x"})
    other = written(tmp_path / "other.jsonl", {"id": "x", "body": "x", "spans": []})
    tagged_data = ("--tagged", data)
    cases: list[tuple[list[str | Path], str]] = [
        (["--tagged", tmp_path / "a.txt"], "spans are taken from .jsonl alone"),
        (["--tagged", tmp_path / "a.csv"], "spans are taken from .jsonl alone"),
        (["--tagged", "قتل جنديان"], "spans are taken from .jsonl alone"),
        ([*tagged_data, "-m", tmp_path], "leave out --tagged or --model"),
        ([*tagged_data, "--to", "xlsx"], "name a file with -o"),
        ([*tagged_data, "--to", "xlsx", "-o", f"{tmp_path}/out/"], "one file, not a folder"),
        (
            [*tagged_data, "-o", tmp_path / "out.conll"],
            "conll cannot hold rows of incidents; use jsonl",
        ),
        ([*tagged_data, "-o", tmp_path / "out.txt"], "txt cannot hold rows of incidents"),
        ([*tagged_data, "--to", "xlsx.gz", "-o", tmp_path / "x.gz"], "compressed as it is"),
        ([*tagged_data, "--resume"], "name it with -o"),
        ([*tagged_data, "-o", data], "is also an input"),
        (["--tagged", taken], "the input has a column 'actors'"),
        (["--tagged", place, "--sentences"], "the column 'document' is in the input"),
        (["--tagged", other], "--text-column"),
        (["--tagged", tmp_path / "none.jsonl"], "no such file"),
        ([*tagged_data, "--lexicon", data], f"{data}:1"),
    ]
    before = sorted(tmp_path.iterdir())
    for args, message in cases:
        done = marsad("incidents", *args)
        assert done.returncode == 2, (args, done.stderr)
        assert message in done.stderr, (args, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert sorted(tmp_path.iterdir()) == before


def test_from_text_with_the_shipped_tagger(tmp_path: Path) -> None:
    """The same whether a tagger marks the spans now or had marked them before, in any processes."""
    texts = tmp_path / "news.txt"
    lines = [
        "قتل ثلاثة جنود وأصيب خمسة مدنيين في قصف بطائرة مسيرة على قاعدة عسكرية شمال المدينة.",
        "افتتح الوزير معرض الكتاب في العاصمة أمس.",
        "أعلن الجيش مقتل عشرات المسلحين في غارة جوية.",
    ]
    texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = marsad("incidents", texts, "--runtime", "fp32")
    assert done.returncode == 0, done.stderr
    first, second = records(done.stdout)
    assert (first["id"], second["id"]) == ("news.txt:1", "news.txt:3")
    assert (first["killed_min"], first["killed_max"]) == (3, 3)
    assert (first["injured_min"], first["injured_max"]) == (5, 5)
    assert first["weapons"] == ["drone"]
    assert (second["killed_min"], second["killed_max"], second["approximate"]) == (20, 99, True)
    assert done.stderr == (
        "2 rows; in all: killed 23 to 102, injured 5 (rough: some of the counts are)\n"
    )
    out = tmp_path / "out.jsonl"
    by_two = marsad(
        "predict", texts, "--rows", "incidents", "--runtime", "fp32", "--workers", "2",
        "--part-documents", "1", "-o", out,
    )  # fmt: skip
    assert by_two.returncode == 0, by_two.stderr
    assert out.read_text(encoding="utf-8") == done.stdout
    assert by_two.stderr.endswith(f"\n{done.stderr}")
    spans = marsad("predict", texts, "--runtime", "fp32")
    again = marsad("incidents", "--tagged", "--format", "jsonl", text=spans.stdout)
    assert (again.returncode, again.stderr) == (0, done.stderr)
    assert again.stdout == done.stdout
