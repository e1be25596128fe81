"""The lexicon: reading, faults, a user's files, and the shipped data."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import sent
from train.entries import TYPES
from train.errors import DataError, InputError
from train.lexicon import FOLDER, Lexicon, load_lexicon, main
from train.naming import Namer
from train.phrases import bare_key, phrase_key, phrase_keys

RIVER = {"name": "جبهة النهر", "english": "River Front", "type": "armed group"}


def write(path: Path, *records: Any) -> Path:
    lines = [
        record if isinstance(record, str) else json.dumps(record, ensure_ascii=False)
        for record in records
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def named(lexicon: Lexicon, mention: str) -> tuple[str, str | None]:
    name = Namer(lexicon).name(mention, 0, len(mention), "ACTOR")
    assert name is not None
    return name.canonical, name.english


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الحوثيون", "الحوثيين"),
        ("المسلحون المجهولون", "المسلحين المجهولين"),
        ("عبدالرحمن", "عبد الرحمن"),
        ("وعبدالرحمن", "وعبد الرحمن"),
        ("أبو علي الوادي", "أبي علي الوادي"),
        ("أبا علي الوادي", "أبو علي الوادي"),
        ("أبوعلي الوادي", "أبي علي الوادي"),
        ("بأبي علي", "بأبوعلي"),
        ("خالد ابن سعيد", "خالد بن سعيد"),
        ("سي.آي.ايه", "سي آي إيه"),
        ("«الجبهة» الشرقية", "الجبهة الشرقية"),
        ("كتائب_النهر", "كتائب النهر"),
        ("منظّمة حماية", "منظمه حمايه"),
        ("PKK", "pkk"),
    ],
)
def test_one_key_for_many_spellings(one: str, other: str) -> None:
    assert phrase_key(one) == phrase_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("آبي أحمد", "أبو أحمد"),
        ("الهاون", "الهاين"),
        ("بكين", "بكان"),
        ("مسلح", "مسلحون"),
        ("حماس", "حماسة"),
    ],
)
def test_other_words_have_other_keys(one: str, other: str) -> None:
    assert phrase_key(one) != phrase_key(other)


@given(st.lists(st.text(st.characters(max_codepoint=0x6FF), max_size=12), max_size=5))
@example(["عبد", "الله", "أبا\nعلي", "_", ""])
@example(["أبو", "علي", "عبد", " الله"])
@example([])
def test_keys_of_many_phrases_are_the_keys_of_each(texts: list[str]) -> None:
    assert phrase_keys(texts) == [phrase_key(text) for text in texts]


def test_keys_without_articles() -> None:
    assert bare_key(phrase_key("الجيش الوطني")) == "جيش وطني"
    assert bare_key(phrase_key("سلاح الجو")) == "سلاح جو"
    assert bare_key(phrase_key("ال")) == "ال"


@pytest.mark.parametrize(
    ("line", "found", "expected"),
    [
        ("[]", "a JSON array", "a JSON object"),
        ("{", "invalid JSON", "one JSON object"),
        ({"type": "state"}, "''", "a phrase with a letter"),
        ({**RIVER, "name": " "}, "' '", "a phrase with a letter"),
        ({**RIVER, "name": "«»"}, "'«»'", "a phrase with a letter or a digit"),
        ({**RIVER, "type": "armed grup"}, "'armed grup'", "'armed group'?"),
        ({**RIVER, "type": None}, "None", "one of state, "),
        ({**RIVER, "alises": []}, "the unknown key 'alises'", "'aliases'?"),
        ({**RIVER, "aliases": "النهر"}, "'النهر'", "a list of phrases"),
        ({**RIVER, "aliases": ["، !"]}, "'، !'", "a phrase with a letter or a digit"),
        ({**RIVER, "aliases": [7]}, "7", "a phrase with a letter or a digit"),
        ({**RIVER, "wikidata": "2429253"}, "'2429253'", "an item such as Q2429253, or null"),
        ({**RIVER, "wikidata": "Q007"}, "'Q007'", "an item such as Q2429253, or null"),
        ({**RIVER, "english": 5}, "5", "some text"),
        ({**RIVER, "label": "WEAPONS"}, "'WEAPONS'", "one of ACTOR, WEAPON, BASE"),
        ({**RIVER, "label": ["ACTOR"]}, "['ACTOR']", "one of ACTOR, WEAPON, BASE"),
        ({**RIVER, "label": "BASE"}, "'armed group'", "one of base, "),
        ({**RIVER, "type": ["state"]}, "['state']", "one of state, "),
        ({**RIVER, "type": "state", "demonym": "نهري"}, "nothing", "the English adjective"),
        ({**RIVER, "demonym": [""]}, "''", "a phrase with a letter or a digit"),
        ({**RIVER, "heads": ["جيش"], "aliases": []}, "the unknown key 'aliases'", "one of heads"),
        (
            {"heads": [], "name": "ا {demonym}", "english": "{adjective}", "type": "state force"},
            "an empty list",
            "at least one head",
        ),
        (
            {"heads": ["جيش"], "name": "الجيش", "english": "{adjective}", "type": "state force"},
            "'الجيش'",
            "{demonym} or {demonym_f}",
        ),
        (
            {"heads": ["جيش"], "name": "ا {demonym}", "english": "army", "type": "state force"},
            "'army'",
            "{adjective} in it",
        ),
    ],
)
def test_a_wrong_line_is_a_fault_with_its_place(
    tmp_path: Path, line: Any, found: str, expected: str
) -> None:
    path = write(tmp_path / "mine.jsonl", RIVER | {"name": "جبهة أخرى"}, line)
    with pytest.raises(DataError) as caught:
        load_lexicon([path])
    fault = caught.value.faults[0]
    assert fault.where.startswith(f"{path}:2")
    assert found in fault.found
    assert expected in fault.expected


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.jsonl", "{", {**RIVER, "wikidata": 1, "type": "x"})
    other = write(tmp_path / "other.jsonl", {**RIVER, "colour": "red"})
    with pytest.raises(DataError) as caught:
        load_lexicon([mine], [other])
    places = [fault.where for fault in caught.value.faults]
    assert [place.rsplit("/", 1)[1].split(":")[0] for place in places] == [
        "mine.jsonl",
        "mine.jsonl",
        "mine.jsonl",
        "other.jsonl",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.jsonl: no such file .*; name a lexicon"):
        Lexicon.load([tmp_path / "absent.jsonl"])
    with pytest.raises(InputError, match=r": is a folder; name a lexicon"):
        Lexicon.load([tmp_path])


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(json.dumps(RIVER, ensure_ascii=False).encode("cp1256"))
    with pytest.raises(DataError, match="UTF-8"):
        load_lexicon([path])


def test_two_entries_with_one_phrase_name_both_places(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", {**RIVER, "aliases": ["جند النهر"]})
    second = write(
        tmp_path / "b.jsonl",
        {**RIVER, "name": "لواء الضفة", "aliases": ["جُند النهر"]},
        {**RIVER, "name": "جبهه النهر"},
    )
    for shipped, extra in (([first, second], []), ([], [first, second])):
        with pytest.raises(DataError) as caught:
            load_lexicon(shipped, extra)
        faults = list(map(str, caught.value.faults))
        assert len(faults) == 2
        assert f"{second}:1" in faults[0]
        assert f"{first}:1" in faults[0]
        assert f"{second}:2" in faults[1]
        assert f"{first}:1" in faults[1]


def test_one_phrase_under_two_labels_is_no_fault(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {**RIVER, "aliases": ["الصقر"]},
        {"name": "صاروخ الصقر", "type": "drone", "label": "WEAPON", "aliases": ["الصقر"]},
    )
    lexicon = load_lexicon([path])
    assert lexicon.exact["ACTOR"]["الصقر"].type == "armed group"
    assert lexicon.exact["WEAPON"]["الصقر"].type == "drone"


def test_a_users_file_extends_and_overrides(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "a.jsonl",
        {**RIVER, "wikidata": "Q5", "aliases": ["جند النهر", "الضفاف"]},
        {**RIVER, "name": "لواء الضفة", "english": "Bank Brigade"},
    )
    extra = write(
        tmp_path / "b.jsonl",
        # More aliases and another English name for a shipped party, ...
        {**RIVER, "english": "Front of the River", "aliases": ["أبناء النهر"]},
        # ... a new one that takes an alias from it, and one that takes another's name.
        {**RIVER, "name": "حركة الضفاف", "english": "Shores", "aliases": ["الضفاف", "لواء الضفة"]},
    )
    lexicon = load_lexicon([shipped], [extra])
    assert named(lexicon, "أبناء النهر") == ("جبهة النهر", "Front of the River")
    assert named(lexicon, "وجند النهر") == ("جبهة النهر", "Front of the River")
    assert named(lexicon, "الضفاف") == ("حركة الضفاف", "Shores")
    assert named(lexicon, "لواء الضفة") == ("حركة الضفاف", "Shores")
    assert lexicon.exact["ACTOR"]["جند النهر"].wikidata == "Q5"
    assert named(load_lexicon([shipped]), "الضفاف") == ("جبهة النهر", "River Front")


def test_a_users_state_and_institution(tmp_path: Path) -> None:
    extra = write(
        tmp_path / "b.jsonl",
        {
            "name": "زنبقيا",
            "english": "Zanbaqia",
            "type": "state",
            "demonym": "زنبقي",
            "adjective": "Zanbaqian",
        },
        {
            "heads": ["فيلق الهجانة"],
            "name": "فيلق الهجانة {demonym}",
            "english": "{adjective} Camel Corps",
            "type": "state force",
        },
    )
    lexicon = Lexicon.load([extra])
    assert named(lexicon, "ولجيش زنبقيا")[1] == "Zanbaqian armed forces"
    assert named(lexicon, "الشرطة الزنبقية") == ("الشرطة الزنبقية", "Zanbaqian police")
    assert named(lexicon, "فيلق الهجانة المصري")[0] == "فيلق الهجانة المصري"
    assert named(lexicon, "لفيلق هجانة زنبقيا")[1] == "Zanbaqian Camel Corps"


def test_the_digest_tells_lexicons_apart(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", RIVER)
    second = write(tmp_path / "b.jsonl", {**RIVER, "aliases": ["جند النهر"]})
    digests = [load_lexicon([first], extra).digest() for extra in ([], [second])]
    digests.append(load_lexicon([second]).digest())
    assert len(set(digests)) == 3
    assert digests[0] == load_lexicon([first]).digest()
    assert all(len(digest) == 64 for digest in digests)
    # The same lines under another name, with other line ends, are the same lexicon.
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(first.read_bytes() + b"\r\n")
    assert load_lexicon([copy]).digest() == digests[0]


def test_pickling() -> None:
    lexicon = Lexicon.load()
    copy = sent(lexicon)
    assert copy == lexicon
    assert copy.digest() == lexicon.digest()
    assert named(copy, "الجيش العراقي") == named(lexicon, "الجيش العراقي")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "a.jsonl", RIVER)
    assert main([str(good)]) == 0
    assert "entries" in capsys.readouterr().out
    bad = write(tmp_path / "b.jsonl", {**RIVER, "type": "x"})
    assert main([str(bad)]) == 2
    assert f"{bad}:1: type" in capsys.readouterr().err


# The shipped data. That it loads at all says that no phrase is claimed twice and all types are
# known.


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def test_the_shipped_files_hold_what_they_promise(lexicon: Lexicon) -> None:
    counts = Counter(entry.type for entry in lexicon.entries if entry.label == "ACTOR")
    assert sum(counts.values()) - counts["generic"] - counts["person"] >= 600
    assert counts["state"] >= 190
    assert counts["person"] >= 100
    kinds = {(entry.label, entry.type) for entry in lexicon.entries}
    for label in ("WEAPON", "BASE"):
        assert {type_ for of, type_ in kinds if of == label} == set(TYPES[label])


def test_no_wikidata_item_is_given_twice(lexicon: Lexicon) -> None:
    items = Counter(entry.wikidata for entry in lexicon.entries if entry.wikidata)
    assert [item for item, count in items.items() if count > 1] == []


def test_every_entry_has_an_english_name(lexicon: Lexicon) -> None:
    assert [entry.where for entry in lexicon.entries if not entry.english] == []


def test_every_shipped_phrase_names_its_entry(lexicon: Lexicon) -> None:
    namer = Namer(lexicon)
    for entry in lexicon.entries:
        for phrase in (entry.name, *entry.aliases):
            name = namer.name(phrase, 0, len(phrase), entry.label)
            assert name is not None
            assert name.known
            if entry.label == "ACTOR":
                assert name.canonical == entry.name, f"{phrase} in {entry.where}"
            else:
                assert name.type == entry.type, f"{phrase} in {entry.where}"


def test_the_folder_holds_only_lexicons() -> None:
    others = [path.name for path in FOLDER.iterdir() if path.suffix != ".jsonl"]
    assert others in ([], ["README.md"])
