"""Annotation without texts: it joins the text that it was made on or none, and finds it again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import LABELS, ROOT
from tests.test_cli import marsad, records
from tests.test_formats import documents
from train.config import DataConfig
from train.dataset import read_splits
from train.document import Document, Span
from train.errors import ConfigError, DataError, InputError
from train.newswire import cut_sentences, files_of, find_ant, find_gsr, find_saudinewsnet
from train.standoff import (
    Standoff,
    read_annotated,
    read_digests,
    read_standoff,
    read_texts,
    write_standoff,
)

TEXT = "قتل جندي في قصف"
# Annotated data never holds half of a surrogate pair: it is refused when it is read.
sound_documents = documents().filter(lambda d: not re.search("[\ud800-\udfff]", d.text))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_records(path: Path, rows: Iterable[Any]) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_texts(path: Path, texts: Iterable[Document]) -> Path:
    return write_records(path, [{"id": d.id, "text": d.text} for d in texts])


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """The text with one character put in, taken out or exchanged."""
    place = draw(st.integers(0, len(text) - 1))
    letter = draw(st.sampled_from("ايى ة\u064e\u200f.ا\n0").filter(lambda c: c != text[place]))
    return text[:place] + draw(
        st.sampled_from([letter + text[place:], text[place + 1 :], letter + text[place + 1 :]])
    )


@given(
    st.lists(
        st.tuples(sound_documents, st.sampled_from(["there", "changed", "gone"])),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
@settings(max_examples=80, deadline=None)
def test_spans_come_back_on_the_same_text_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[tuple[Document, str]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    annotated, texts = [], [Document("other", TEXT)]
    expected = Standoff([], [], [])
    for number, (drawn, fate) in enumerate(parts):
        document = replace(drawn, id=f"d{number}")
        annotated.append(document)
        if fate == "there":
            expected.documents.append(document)
            texts.append(document)
        elif fate == "changed":
            expected.changed.append(document.id)
            texts.append(replace(document, text=data.draw(edited(document.text))))
        else:
            expected.missing.append(document.id)
    write_standoff(annotated, folder / "spans.jsonl")
    write_texts(folder / "texts.jsonl", data.draw(st.permutations(texts)))
    found = read_standoff([folder / "spans.jsonl"], [folder / "texts.jsonl"], LABELS)
    assert found == expected
    assert found.total == len(parts)
    assert read_digests([folder / "spans.jsonl"]) == {d.id: sha256(d.text) for d in annotated}


@pytest.mark.parametrize(
    "look_alike",
    [
        "قتل ا\u0654حد الجنود",  # the hamza as a mark of its own
        "قتل احد الجنود",
        "قتل أحد الجنود ",
        "قتل أحد\u00a0الجنود",
        "قتل أحد الجنود\u200f",
        "قتل أحـد الجنود",
    ],
)
def test_what_looks_alike_is_another_text(tmp_path: Path, look_alike: str) -> None:
    own = Document("a", "قتل أحد الجنود", (Span(4, 14, "CASUALTY"),))
    write_standoff([own], tmp_path / "spans.jsonl")
    write_texts(tmp_path / "texts.jsonl", [Document("a", look_alike)])
    found = read_standoff([tmp_path / "spans.jsonl"], [tmp_path / "texts.jsonl"])
    assert found == Standoff([], [], ["a"])


def test_a_record_proves_its_text_and_does_not_tell_it(tmp_path: Path) -> None:
    write_standoff([Document("x1", "abc", (Span(0, 3, "ACTOR"),))], tmp_path / "spans.jsonl")
    # The digest is the example of FIPS 180-2, B.1.
    assert (tmp_path / "spans.jsonl").read_text() == (
        '{"id": "x1", "sha256": '
        '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", '
        '"spans": [{"start": 0, "end": 3, "label": "ACTOR"}]}\n'
    )


def test_texts_come_from_several_places_some_of_which_may_be_absent(tmp_path: Path) -> None:
    parts = [Document(name, f"{TEXT} {name}", (Span(4, 8, "CASUALTY"),)) for name in "abc"]
    (tmp_path / "spans").mkdir()
    write_standoff(parts[:2], tmp_path / "spans" / "one.jsonl")
    write_standoff(parts[2:], tmp_path / "spans" / "two.jsonl")
    (tmp_path / "texts").mkdir()
    write_texts(tmp_path / "texts" / "c.jsonl", parts[2:])
    # Whatever else a record carries, and records without a text, do no harm.
    rows = [{"id": "b"}, {"text": "x"}, {"id": "a", "text": parts[0].text, "spans": "x"}, {}]
    write_records(tmp_path / "a.jsonl", rows)
    places = [tmp_path / "texts", tmp_path / "a.jsonl", tmp_path / "nowhere.jsonl"]
    found = read_standoff([tmp_path / "spans"], places)
    assert found == Standoff([parts[0], parts[2]], ["b"], [])
    with pytest.raises(InputError, match="no such file"):
        read_standoff([tmp_path / "nowhere.jsonl"], places)


def line(**values: Any) -> str:
    row = {"id": "a", "sha256": sha256(TEXT), "spans": []} | values
    return json.dumps({key: value for key, value in row.items() if value is not None})


def marked(start: Any, end: int, label: str = "CASUALTY") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


# One fault a line; each row is what stands in the file, and what the message must say of it.
FAULTS = [
    (line()[:-9], "invalid JSON"),
    ("[]", "a JSON array"),
    ("", None),
    (line(id=None), "id: found nothing"),
    (line(id=7), "id: found 7"),
    (line(id=""), "an empty id"),
    (line(sha256=None), "sha256: found nothing"),
    (line(spans=None), "spans: found nothing"),
    (line(spans={}), "spans: found {}"),
    (line(id="same"), None),
    (line(id="same"), "id 'same'"),
    (line(id="b", spans=[marked(12, 16)]), "offsets outside the text"),
    (line(id="c", spans=[marked(4, 7)]), "such as [4, 8) «جندي»"),
    (line(id="d", spans=[marked(3, 8)]), "takes in space"),
    (line(id="e", spans=[marked(0, 8), marked(4, 8)]), "an overlap"),
    (line(id="f", spans=[marked(4, 8, "PERSON")]), "label 'PERSON'"),
    (line(id="g", spans=[marked("4", 8)]), "spans[0].start: found '4'"),
    (line(id="h", spans=[5]), "spans[0]: found a JSON number"),
]


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    rows = [row.encode() for row, _ in FAULTS] + ["قتل".encode("cp1256")]
    path.write_bytes(b"\n".join(rows))
    write_texts(tmp_path / "texts.jsonl", [Document(i, TEXT) for i in ["same", *"abcdefgh"]])
    with pytest.raises(DataError) as error:
        read_standoff([path], [tmp_path / "texts.jsonl"], LABELS)
    expected = [(n, said) for n, (_, said) in enumerate(FAULTS, start=1) if said]
    expected.append((len(rows), "byte 0x"))
    assert len(error.value.faults) == len(expected)
    for number, said in expected:
        [message] = [str(f) for f in error.value.faults if f"{path}:{number}:" in f.where + ":"]
        assert said in message
        assert "expected" in message
    assert f"id 'same', which {path}:10 has" in str(error.value)


def test_faults_of_the_texts_carry_their_line_too(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(f'{{"id": "a", "text": "{TEXT}"}}\n{{"id": "b",\n[1]\n', encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_texts([path])
    assert [f.where for f in error.value.faults] == [f"{path}:2:12", f"{path}:3"]


INLINE = Document("mixed:1", "أعلنت الحكومة الهدنة", (Span(6, 13, "ACTOR"),))
WHOLE = Document("w", "قصف الطيران المدينة", (Span(4, 11, "WEAPON"),))
APART = (
    Document("s1", TEXT, (Span(4, 8, "CASUALTY"),)),
    Document("s2", "هدوء حذر في الثكنة", (Span(12, 18, "BASE"),)),
    Document("s3", "انسحب المسلحون", (Span(6, 14, "ACTOR"),)),
)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with annotation of every kind; the text of s3 is another one, that of s2 absent."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "mixed.txt").write_text("أعلنت [الحكومة](ACTOR) الهدنة\n", encoding="utf-8")
    row = {"id": "w", "sha256": "kept, and of no meaning here", "text": WHOLE.text}
    write_records(folder / "whole.jsonl", [row | {"spans": [marked(4, 11, "WEAPON")]}])
    write_standoff(APART, folder / "apart.jsonl")
    changed = replace(APART[2], text=APART[2].text + ".")
    write_texts(tmp_path / "texts.jsonl", [APART[0], changed])
    write_texts(tmp_path / "all.jsonl", APART)
    return folder


def test_files_of_every_kind_are_read_together(mixed: Path, tmp_path: Path) -> None:
    found, standoff = read_annotated([mixed], [tmp_path / "texts.jsonl"], LABELS)
    assert sorted(found, key=lambda d: d.id) == [INLINE, APART[0], WHOLE]
    assert (standoff.missing, standoff.changed) == (["s2"], ["s3"])
    found, standoff = read_annotated([mixed / "apart.jsonl"], [tmp_path / "all.jsonl"], LABELS)
    assert found == list(APART)
    assert not standoff.missing
    found, standoff = read_annotated([mixed / "whole.jsonl"], [], LABELS)
    assert (found, standoff.total) == ([WHOLE], 0)


def test_an_id_stands_in_one_file_alone(mixed: Path, tmp_path: Path) -> None:
    write_records(mixed / "again.jsonl", [{"id": "s1", "text": "نص آخر", "spans": []}])
    with pytest.raises(DataError, match="id 's1'"):
        read_annotated([mixed], [tmp_path / "texts.jsonl"])
    config = DataConfig(
        train=(str(mixed / "again.jsonl"),),
        standoff=(str(mixed / "apart.jsonl"),),
        texts_if_present=(str(tmp_path / "texts.jsonl"),),
    )
    with pytest.raises(DataError, match="id 's1'"):
        read_splits(config, LABELS)


def test_training_says_what_is_missing_and_goes_on_without(mixed: Path, tmp_path: Path) -> None:
    def config(texts: str, *train: str) -> DataConfig:
        return DataConfig(
            train=train,
            standoff=(str(mixed / "apart.jsonl"),),
            texts_if_present=(str(tmp_path / texts), str(tmp_path / "nowhere.jsonl")),
            validation=(str(mixed / "whole.jsonl"),),
        )

    splits = read_splits(config("texts.jsonl", str(mixed / "mixed.txt")), LABELS)
    assert splits.train == [INLINE, APART[0]]
    missing, changed = splits.notes
    assert "1 of the 3 sentences of" in missing
    assert "nowhere.jsonl" in missing
    assert "scripts/fetch_newswire.py" in missing
    assert changed.startswith("1 sentences of")
    assert "such as s3" in changed
    splits = read_splits(config("all.jsonl"), LABELS)
    assert (splits.train, splits.notes) == (list(APART), ())
    with pytest.raises(ConfigError, match=r"no training file is here.*nowhere\.jsonl"):
        read_splits(config("none.jsonl"), LABELS)


def test_convert_joins_texts(mixed: Path, tmp_path: Path) -> None:
    apart, out = mixed / "apart.jsonl", tmp_path / "out.jsonl"
    done = marsad("convert", apart, "--texts", tmp_path / "texts.jsonl", "-o", out)
    assert done.returncode == 0, done.stderr
    spans = [{"start": 4, "end": 8, "label": "CASUALTY", "text": "جندي"}]
    assert records(out.read_text(encoding="utf-8")) == [{"id": "s1", "text": TEXT, "spans": spans}]
    assert "1 standoff sentences have no text here and 1 have another one" in done.stderr
    assert "1 documents; 1 CASUALTY" in done.stderr
    # The texts of two files; what was joined is whole, and needs no texts.
    done = marsad(
        "convert", apart, "--texts", tmp_path / "nowhere.jsonl", "--texts", tmp_path / "all.jsonl",
        "-o", out,
    )  # fmt: skip
    assert "note:" not in done.stderr
    assert read_annotated([out], [])[0] == list(APART)


def test_convert_refuses_bad_labels_and_never_writes_over_the_texts(
    mixed: Path, tmp_path: Path
) -> None:
    apart, texts = mixed / "apart.jsonl", tmp_path / "all.jsonl"
    before = texts.read_bytes()
    for args, said in (
        (("-o", tmp_path / "out.jsonl", "--label", "ACTOR"), f"{apart}:2: span [12, 18) BASE"),
        (("-o", texts), "is also an input"),
    ):
        done = marsad("convert", apart, "--texts", texts, *args)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert texts.read_bytes() == before
    assert not (tmp_path / "out.jsonl").exists()


SENTENCES = [
    # text, sentences
    (
        "أعلن الجيش مقتل جنديين. وسقطت قذيفة! هل انتهى القصف؟ نعم",
        ["أعلن الجيش مقتل جنديين.", "وسقطت قذيفة!", "هل انتهى القصف؟", "نعم"],
    ),
    ("انتهى... ثم عاد?!", ["انتهى...", "ثم عاد?!"]),
    # Checksums rest on the slips of the expression too: what stands before 3.5 is lost.
    ("بلغ العدد 3.5 آلاف. ثم", ["5 آلاف.", "ثم"]),
    ("", []),
    ("...", []),
]


@pytest.mark.parametrize(("text", "sentences"), SENTENCES)
def test_sentences_are_cut_as_the_annotators_cut_them(text: str, sentences: list[str]) -> None:
    assert list(cut_sentences(text)) == sentences


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unpack(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


QUOTED = 'قُتل جنديان، وقال شاهد: "سمعنا انفجارين".'
GSR = {
    "gsr-1/README.md": b"id,text\nAAW_1,x\n",
    "gsr-1/data/assault_gsr.csv": (
        ",id,text,label\r\n"
        '0,AAW_1," قُتل جنديان، وقال شاهد: ""سمعنا انفجارين"". ",1\r\n'
        "1,AAW_2,هدوء حذر,0\r\n"
        '2,AAW_3,"سطر أول\nوسطر ثان",0\r\n'
    ).encode(),
}


def test_rows_of_the_gsr(tmp_path: Path) -> None:
    (tmp_path / "gsr.zip").write_bytes(zipped(GSR))
    wanted = dict.fromkeys(["AAW_1", "AAW_3", "AAW_4"], "")
    expected = [("AAW_1", QUOTED), ("AAW_3", "سطر أول\nوسطر ثان")]
    assert list(find_gsr(files_of(tmp_path / "gsr.zip"), wanted)) == expected
    assert list(find_gsr(files_of(unpack(tmp_path / "clone", GSR)), wanted)) == expected


FIRST, THIRD = "أعلن الجيش مقتل جنديين.", "هل انتهى القصف؟"
ARTICLES = [
    {"title": FIRST, "content": None},
    {"content": " أعلن  الجيش\tمقتل\r\n\r\nجنديين.\u00a0وسقطت قذيفة! \u2003هل انتهى القصف؟ نعم "},
    {"title": "بلا نص"},
    {"content": "قال: هل انتهى القصف؟"},
]
DAY = json.dumps(ARTICLES, ensure_ascii=False).encode("utf-8")
SAUDI = {
    "SaudiNewsNet-master/README.md": b"2015-07-21",
    "SaudiNewsNet-master/dataset/2015-07-21.zip": zipped({"2015-07-21.json": DAY}),
    "SaudiNewsNet-master/dataset/2015-07-22.json": b"\xef\xbb\xbf" + DAY,
    "SaudiNewsNet-master/dataset/2015-07-23.zip": b"a day that nothing is wanted of",
}


def test_sentences_of_saudinewsnet_from_a_zip_of_zips(tmp_path: Path) -> None:
    wanted = {
        "SNN_2015-07-21_1_0": sha256(FIRST),
        "SNN_2015-07-21_1_37": sha256(THIRD),
        "SNN_2015-07-22_1_0": sha256(FIRST),
        # Not in an article without content, nor in another one, nor behind the last of the day.
        "SNN_2015-07-21_0_0": sha256(FIRST),
        "SNN_2015-07-21_2_0": sha256(FIRST),
        "SNN_2015-07-21_3_5": sha256(THIRD),
        "SNN_2015-07-21_4_0": sha256(FIRST),
        "SNN_2015-07-24_1_0": sha256(FIRST),
    }
    (tmp_path / "saudi.zip").write_bytes(zipped(SAUDI))
    expected = [
        ("SNN_2015-07-21_1_0", FIRST),
        ("SNN_2015-07-21_1_37", THIRD),
        ("SNN_2015-07-22_1_0", FIRST),
    ]
    assert sorted(find_saudinewsnet(files_of(tmp_path / "saudi.zip"), wanted)) == expected
    clone = unpack(tmp_path / "clone", SAUDI)
    assert sorted(find_saudinewsnet(files_of(clone), wanted)) == expected


ANT_TEXTS = ['قال ناطق إن "الجيش" قصف المعسكر.', "وأُصيب خمسة جنود & ضابط.", "انتهى الهجوم"]
ANT_FILE = (
    "<DOC>\n<TITLE>عنوان لا يؤخذ.</TITLE>\n<TEXT>\nقال ناطق&nbsp;إن &quot;الجيش&quot; \u200fقصف "
    "\u200bال\u200fمعسكر&#46; وأُصيب\nخمسة   جنود &amp; ضابط.\n</TEXT>\n</DOC>\n"
    "<DOC><TEXT>\ufeffانتهى\u202c الهجوم\n</TEXT></DOC>\n"
).encode()
ANT = {"ant/bbc/1.txt": b"<TEXT>\xff\xfe</TEXT>\n" + ANT_FILE, "ant/README.md": b"<TEXT></TEXT>"}


def ant_id(text: str) -> str:
    return f"ANT_{sha256(text)[:16]}"


def test_sentences_of_the_ant_corpus_from_a_folder_and_from_a_zip(tmp_path: Path) -> None:
    elsewhere = {"ant/notes.html": "<TEXT>ليس نصاً.</TEXT>".encode(), "ant/.git/x.txt": ANT_FILE}
    (tmp_path / "ant.zip").write_bytes(zipped(ANT | elsewhere))
    unpack(tmp_path / "clone", ANT | elsewhere)
    texts = [ANT_TEXTS[0], ANT_TEXTS[2], "عنوان لا يؤخذ.", "ليس نصاً."]
    wanted = {ant_id(text): sha256(text) for text in texts}
    expected = {(ant_id(text), text) for text in (ANT_TEXTS[0], ANT_TEXTS[2])}
    assert set(find_ant(files_of(tmp_path / "ant.zip"), wanted)) == expected
    in_clone = list(find_ant(files_of(tmp_path / "clone"), wanted))
    assert set(in_clone) == expected
    assert len(in_clone) == 2  # what git keeps for itself is not read
    with pytest.raises(InputError, match=r"neither a folder nor a \.zip"):
        list(files_of(tmp_path / "clone" / "ant" / "README.md"))


NEWS = [
    Document("AAW_1", QUOTED, (Span(5, 11, "CASUALTY"),)),
    Document("AAW_2", "هدوء حذر"),
    Document("SNN_2015-07-21_1_0", FIRST, (Span(5, 10, "ACTOR"), Span(16, 22, "CASUALTY"))),
    Document(ant_id(ANT_TEXTS[1]), ANT_TEXTS[1], (Span(7, 16, "CASUALTY"),)),
]


@pytest.fixture
def copies(tmp_path: Path) -> list[str]:
    """Copies of the three sources, as options."""
    (tmp_path / "gsr.zip").write_bytes(zipped(GSR))
    (tmp_path / "saudi.zip").write_bytes(zipped(SAUDI))
    unpack(tmp_path / "ant", ANT)
    names = {"arabic-event-gsr": "gsr.zip", "saudinewsnet": "saudi.zip", "antcorpus": "ant"}
    return [f"--local={name}={tmp_path / path}" for name, path in names.items()]


def fetch(folder: Path, annotated: Iterable[Document], *options: str) -> Any:
    """Run the script on an annotation; what it would download is refused at once."""
    (folder / "seeds").mkdir(exist_ok=True)
    write_standoff(list(annotated), folder / "seeds" / "all.jsonl")
    closed = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    command = [
        sys.executable, str(ROOT / "scripts" / "fetch_newswire.py"), *options,
        f"--annotation={folder / 'seeds'}", f"--output={folder / 'texts.jsonl'}",
    ]  # fmt: skip
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **closed, "no_proxy": "", "NO_PROXY": "", "PYTHONPATH": str(ROOT)},
    )


def test_fetched_texts_complete_the_annotation(tmp_path: Path, copies: list[str]) -> None:
    done = fetch(tmp_path, NEWS, *copies, f"--missing={tmp_path / 'missing'}")
    assert done.returncode == 0, done.stderr
    found = read_standoff([tmp_path / "seeds"], [tmp_path / "texts.jsonl"], LABELS)
    assert found == Standoff(NEWS, [], [])
    assert (tmp_path / "missing").read_text() == ""
    assert "arabic-event-gsr (MIT): 2 of 2 sentences" in done.stderr
    assert "4 sentences; 0 not found" in done.stderr


def test_what_is_not_found_is_listed_and_another_text_is_not_written(
    tmp_path: Path, copies: list[str]
) -> None:
    absent = [
        Document("AAW_2", "هدوء حذر."),  # the row has no stop
        Document("AAW_7", "لا صف له"),
        Document(ant_id("لم يُنشر."), "لم يُنشر."),
        Document("XYZ_1", "من مصدر مجهول"),
    ]
    kept = [NEWS[0], *NEWS[2:]]
    done = fetch(tmp_path, [*kept, *absent], *copies, f"--missing={tmp_path / 'missing'}")
    assert done.returncode == 1, done.stderr
    listed = (tmp_path / "missing").read_text(encoding="utf-8").splitlines()
    assert sorted(listed) == sorted(d.id for d in absent)
    assert read_texts([tmp_path / "texts.jsonl"]) == {d.id: [d.text] for d in kept}
    assert "1 of 3 sentences, 1 with another text" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_downloaded_does_not_stop_the_rest(
    tmp_path: Path, copies: list[str]
) -> None:
    done = fetch(tmp_path, [NEWS[0], NEWS[3]], copies[2])
    assert done.returncode == 1, done.stderr
    assert "arabic-event-gsr: cannot be downloaded" in done.stderr
    assert "--local arabic-event-gsr=FILE" in done.stderr
    assert "Traceback" not in done.stderr
    assert read_texts([tmp_path / "texts.jsonl"]) == {NEWS[3].id: [NEWS[3].text]}


def test_a_second_run_adds_to_what_the_first_found(tmp_path: Path, copies: list[str]) -> None:
    assert fetch(tmp_path, NEWS, copies[0]).returncode == 1
    first = read_texts([tmp_path / "texts.jsonl"])
    assert 0 < len(first) < len(NEWS)
    assert fetch(tmp_path, NEWS, *copies[1:]).returncode == 0
    assert read_texts([tmp_path / "texts.jsonl"]) == {d.id: [d.text] for d in NEWS}


def damaged(content: bytes) -> bytes:
    """A zip with one byte of its first file turned over."""
    place = content.index(b"PK", 4) - 8
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


KEPT = """{"id": "kept", "text": "kept"}\n"""


def test_bad_input_ends_with_a_message(tmp_path: Path) -> None:
    zip_of_gsr = zipped({"data/assault_gsr.csv": GSR["gsr-1/data/assault_gsr.csv"]})
    headless = zipped({"assault_gsr.csv": "1,AAW_1,نص\n2,AAW_2,نص\n".encode()})
    wrong_day = zipped({"dataset/2015-07-21.json": b'{"content": '})
    for name, content in {
        "plain.txt": b"id,text\n",
        "half.zip": zip_of_gsr[: len(zip_of_gsr) // 2],
        "damaged.zip": damaged(zip_of_gsr),
        "headless.zip": headless,
        "day.zip": wrong_day,
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "texts.jsonl").write_text(KEPT)
    gsr, saudi = "--local=arabic-event-gsr=", "--local=saudinewsnet="
    for option, news, said in (
        ("--local=arabic-event-gsr", NEWS[0], "expected SOURCE=PATH"),
        ("--local=gsr=plain.txt", NEWS[0], "arabic-event-gsr, saudinewsnet, antcorpus"),
        (f"{gsr}{tmp_path / 'nowhere'}", NEWS[0], "no such file or folder"),
        (f"{gsr}{tmp_path / 'plain.txt'}", NEWS[0], "neither a folder nor a .zip file"),
        (f"{gsr}{tmp_path / 'half.zip'}", NEWS[0], "neither a folder nor a .zip file"),
        (f"{gsr}{tmp_path / 'damaged.zip'}", NEWS[0], "arabic-event-gsr"),
        (f"{gsr}{tmp_path / 'headless.zip'}", NEWS[0], "arabic-event-gsr"),
        (f"{saudi}{tmp_path / 'day.zip'}", NEWS[2], "saudinewsnet"),
    ):
        done = fetch(tmp_path, [news], option)
        assert done.returncode == 2, (option, done.stderr)
        assert "error: " in done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr, option
    (tmp_path / "seeds" / "more.jsonl").write_text("{}\n")
    done = fetch(tmp_path, [])
    assert done.returncode == 2
    assert "more.jsonl:1: id: found nothing" in done.stderr
    assert (tmp_path / "texts.jsonl").read_text() == KEPT
