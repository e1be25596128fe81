"""Excel files, read back by another library."""

from __future__ import annotations

import datetime
import gc
import io
import os
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from train import spreadsheet
from train.errors import InputError
from train.ranges import Range
from train.spreadsheet import write_book, write_xlsx
from train.totals import Totals

COLUMNS = ("id", "text", "killed_min", "killed_max", "approximate", "actors", "spans")
SPAN = {"start": 0, "end": 3, "label": "CASUALTY", "text": "قتل"}
ROWS = [
    {
        "id": "0017",
        "text": "قُتل 5 جنود.\nثم هدوء\tتام ",
        "killed_min": 5,
        "killed_max": None,
        "approximate": True,
        "actors": ["الجيش السوداني", "قوات مجهولة"],
        "spans": [SPAN],
    },
    {"id": "b", "text": "", "killed_min": 0, "killed_max": 0, "approximate": False, "actors": []},
]
TOTALS = Totals(2, {"killed": Range(5, None)}, approximate=True, unread=3)


def read(path: Path, sheet: str = "incidents") -> list[list[object]]:
    return [list(row) for row in load_workbook(path)[sheet].iter_rows(values_only=True)]


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    written = write_xlsx(iter(ROWS), COLUMNS, TOTALS, path)
    header, first, second = read(path)
    assert header == list(COLUMNS)
    assert first == [
        "0017",
        "قُتل 5 جنود.\nثم هدوء\tتام ",
        5,
        None,
        True,
        "الجيش السوداني؛ قوات مجهولة",
        '[{"start": 0, "end": 3, "label": "CASUALTY", "text": "قتل"}]',
    ]
    assert second == ["b", None, 0, 0, False, None, None]
    assert (written.rows, written.notes()) == (2, [])
    assert list(tmp_path.iterdir()) == [tmp_path / "a.xlsx"]


def test_the_sheet_is_laid_out_for_arabic(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(ROWS, COLUMNS, TOTALS, path)
    book = load_workbook(path)
    assert book.sheetnames == ["incidents", "totals"]
    for sheet in book:
        assert sheet.sheet_view.rightToLeft is True
        assert sheet.freeze_panes == "A2"
    sheet = book["incidents"]
    assert sheet.auto_filter.ref == "A1:G3"
    text, number, spans = sheet["B2"], sheet["C2"], sheet["G2"]
    assert text.alignment.horizontal == "right"
    assert text.alignment.readingOrder == 2  # right to left
    assert text.alignment.wrap_text
    assert number.data_type == "n"
    assert not spans.alignment.wrap_text
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["C"].width


def test_the_second_sheet_holds_the_totals(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    totals = Totals()

    def rows() -> object:
        for least in (5, 7):
            totals.rows += 1  # added up while the rows are read
            totals.sums["killed"] = Range(least, None)
            yield {"id": "a"}

    write_xlsx(rows(), ("id",), totals, path)
    lines = read(path, "totals")
    assert lines[0] == ["outcome", "min", "max"]
    assert lines[1] == ["killed", 7, None]
    assert lines[2] == ["injured", None, None]
    assert ["rows", 2, None] in lines
    assert ["unread", 0, None] in lines
    assert lines[-1][0] == "killed at least 7"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+7",
        "-7",
        "@SUM(A1)",
        "=HYPERLINK(\"http://example.org\")",
        "http://example.org/ب",
        "mailto:a@example.org",
        "internal:'totals'!A1",
        "1.50",
        "TRUE",
        "<b>&amp;</b>",
        "_x0041_",
        "a\rb",
        "a\r\nb",
        "'قوس",
        " فراغ ",
        "\u202bمحرف\u200f خفي\u202c",
        "نص 😀",
    ],
)  # fmt: skip
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    written = write_xlsx([{"id": text, "actors": [text]}], ("id", "actors"), Totals(), path)
    assert written.notes() == []
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not any("sheet1.xml.rels" in name for name in archive.namelist())
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    for cell in load_workbook(path)["incidents"][2]:
        assert cell.data_type != "f"
        assert cell.hyperlink is None
        # The escapes of ISO/IEC 29500-1, 22.9.2.19, which openpyxl leaves in inline strings.
        value = str(cell.value).replace("_x000D_", "\r").replace("_x005F_", "_")
        assert value == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("قبل\x00بعد", "قبل�بعد"),
        ("\x01\x08\x0b\x0c\x0e\x1f", "�" * 6),
        ("نصف \ud83d فقط", "نصف � فقط"),
        ("\ufffe\uffff", "��"),
        ("<r><t>x</t></r>", "�<r><t>x</t></r>"),
        ("<r></x><!-- </r>", "�<r></x><!-- </r>"),
    ],
)
def test_what_a_cell_cannot_hold_is_shown_and_told(text: str, shown: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    written = write_xlsx([{"id": text}, {"id": "سليم"}], ("id",), Totals(), path)
    assert read(path)[1:] == [[shown], ["سليم"]]
    assert written.replaced == 1
    (note,) = written.notes()
    assert note.startswith("1 cell had characters that Excel cannot hold")
    assert read(path, "totals")[-1][0] == note


def test_a_text_that_is_too_long_is_cut_where_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    longest = "م" * 32_767
    wide = "😀" * 16_383 + "م"  # 32,767 units of UTF-16
    rows = [{"id": longest}, {"id": wide}, {"id": longest + "ن"}, {"id": "😀" * 16_384}]
    written = write_xlsx(rows, ("id",), Totals(), path)
    _, (first,), (second,), (third,), (fourth,) = read(path)
    assert first == longest
    assert second == wide
    for cell, start in ((third, "م"), (fourth, "😀")):
        assert cell.endswith(f"{start} … [cut: 32,768 characters]")
        assert 32_760 < len(cell.encode("utf-16-le")) / 2 <= 32_767
    assert written.cut == 2
    (note,) = written.notes()
    assert note.startswith("2 cells had more than 32,767 characters")


def test_other_values_are_told_as_json_tells_them(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    values = [
        datetime.date(2016, 8, 16), 2.5, float("nan"), float("inf"), -3, 10**15 - 1, 10**15,
        10**400, {"أ": [1]}, [1, None, "ب"], b"ab",
    ]  # fmt: skip
    write_xlsx([{"v": value} for value in values], ("v",), Totals(), path)
    assert [row[0] for row in read(path)[1:]] == [
        "2016-08-16", 2.5, None, None, -3, 10**15 - 1, str(10**15),
        str(10**400), '{"أ": [1]}', "1؛ null؛ ب", "YWI=",
    ]  # fmt: skip


def test_the_same_rows_give_the_same_bytes_in_any_place_and_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "a.xlsx", tmp_path / "deeper" / "b.xlsx"]
    for path, zone in zip(paths, ("Asia/Khartoum", "America/Lima"), strict=True):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        write_xlsx(ROWS, COLUMNS, TOTALS, path)
    monkeypatch.undo()
    time.tzset()
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_full_sheet_is_an_error_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS", 4)
    path = tmp_path / "a.xlsx"
    assert write_xlsx([{"id": "a"}] * 3, ("id",), Totals(), path).rows == 3
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"a\.xlsx: more than 3 rows.*\.csv"):
        write_xlsx([{"id": "a"}] * 4, ("id",), Totals(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / "a.xlsx"]
    with pytest.raises(InputError, match="16,385 columns"):
        write_xlsx([], [str(n) for n in range(16_385)], Totals(), path)


def test_an_error_among_the_rows_leaves_nothing_behind(tmp_path: Path) -> None:
    def rows() -> object:
        yield {"id": "a"}
        raise InputError("part 2 is gone")

    with pytest.raises(InputError, match="part 2 is gone"):
        write_xlsx(rows(), ("id",), Totals(), tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write_xlsx(ROWS, COLUMNS, TOTALS, tmp_path / "file" / "a.xlsx")


@pytest.mark.filterwarnings("error")
def test_a_disk_that_fills_up_is_an_error_for_people(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(InputError, match=r"/dev/full: cannot be written \(No space left"):
        write_xlsx(ROWS, COLUMNS, TOTALS, Path("/dev/full"))
    gc.collect()


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *args: object) -> object:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(spreadsheet.importlib, "import_module", refuse)
    with pytest.raises(InputError, match=r"pip install 'marsad\[excel\]'"):
        write_xlsx(ROWS, COLUMNS, TOTALS, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert write_xlsx([], COLUMNS, Totals(), path).rows == 0
    assert read(path) == [list(COLUMNS)]


def test_a_large_table_needs_little_memory() -> None:
    import tracemalloc

    def peak(rows: int) -> int:
        tracemalloc.start()
        texts = ({"id": f"{n}", "text": "خبر طويل " * 50 + str(n)} for n in range(rows))
        with Path(os.devnull).open("wb") as file:
            write_book(texts, ("id", "text"), Totals(), file, "x")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(4_000) < 1.5 * peak(400) + (1 << 20)


def test_every_part_is_sound_xml_whatever_the_text_holds(tmp_path: Path) -> None:
    everything = "".join(map(chr, [*range(0x100), *range(0xD7F0, 0xE010), 0xFFFD, 0xFFFE, 0xFFFF]))
    file = io.BytesIO()
    rows = [{"id": everything, "k": [everything, everything[::-1]], "spans": {everything: 1}}]
    written = write_book(rows, ("id", "k", "spans", everything), Totals(), file, "x")
    assert written.replaced == 3  # not in JSON, which has escapes
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))  # noqa: S314
