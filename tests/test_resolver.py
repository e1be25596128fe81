"""From spans to records: what is read of each, and what decides it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import sent
from train import resolver as resolver_module
from train.count import Count
from train.document import Document, Span
from train.errors import DataError, InputError
from train.jobs import Job
from train.jsonl import read_jsonl
from train.resolver import Resolver
from train.sinks import Sink

TEXT = "قتل جنديان وأصيب نحو 12 مدنيا في غارة بطائرة مسيرة شنها تنظيم داعش على قاعدة جوية"


def mark(text: str, **phrases: str) -> tuple[Span, ...]:
    """Return a span for each phrase, in text order; the label stands before its number."""
    spans = []
    for label, phrase in phrases.items():
        start = text.index(phrase)
        spans.append(Span(start, start + len(phrase), label.rstrip("0123456789"), 0.5))
    return tuple(sorted(spans))


SPANS = mark(
    TEXT,
    CASUALTY1="جنديان",
    CASUALTY2="نحو 12 مدنيا",
    WEAPON="بطائرة مسيرة",
    ACTOR="تنظيم داعش",
    BASE="قاعدة جوية",
)


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver.load()


def test_a_document_by_hand(resolver: Resolver) -> None:
    document = resolver(Document("a", TEXT, SPANS, {"day": 3}))
    assert (document.id, document.text, document.meta) == ("a", TEXT, {"day": 3})
    assert document.spans == SPANS
    dead, hurt, drone, party, base = (span.to_dict(TEXT) for span in document.spans)
    assert dead == {
        "start": 4, "end": 10, "label": "CASUALTY", "text": "جنديان", "score": 0.5,
        "count": {"min": 2, "max": 2, "approximate": False, "outcome": "killed", "subset": False},
        "count_rule": dead["count_rule"],
    }  # fmt: skip
    assert dead["count_rule"].startswith("dual; ")
    assert hurt["count"] == {
        "min": 12, "max": 12, "approximate": True, "outcome": "injured", "subset": False
    }  # fmt: skip
    assert hurt["count_rule"].startswith("about+digits; ")
    assert party == {
        "start": 56, "end": 66, "label": "ACTOR", "text": "تنظيم داعش", "score": 0.5,
        "canonical": "تنظيم الدولة الإسلامية", "english": "Islamic State", "type": "armed group",
        "wikidata": "Q2429253", "known": True,
    }  # fmt: skip
    assert (drone["type"], drone["known"]) == ("drone", True)
    assert (base["type"], base["known"]) == ("air base", True)
    assert not {"count", "count_rule"} & (drone.keys() | party.keys() | base.keys())


def test_what_cannot_be_read_says_why(resolver: Resolver) -> None:
    text = "أصيب 15% من الجنود في هجوم لجماعة الصنوبر البعيد"
    spans = mark(text, CASUALTY="15%", ACTOR="لجماعة الصنوبر البعيد")
    [share, party] = resolver.spans(text, spans)
    assert share.count is None
    assert share.count_rule is not None
    assert share.count_rule.startswith("unread: ")
    assert share.to_dict(text)["count"] is None
    assert party.name is not None
    assert party.name.known is False
    assert party.name.canonical == "جماعة الصنوبر البعيد"
    assert (party.name.english, party.name.type, party.name.wikidata) == (None, None, None)


def test_other_labels_are_left_alone(resolver: Resolver) -> None:
    """A tagger may have labels of its own; counts and names are those of Marsad's."""
    spans = (Span(0, 3, "EVENT", 0.5), Span(4, 10, "VICTIMS"), Span(56, 66, "ORG"))
    for span, resolved in zip(spans, resolver.spans(TEXT, spans), strict=True):
        assert resolved.to_dict(TEXT) == span.to_dict(TEXT)
    assert resolver.spans(TEXT, ()) == resolver.spans("", ()) == ()


def test_what_was_there_is_read_again(resolver: Resolver) -> None:
    stale = Count(99, 99, False, "missing", True)
    before = replace(SPANS[0], count=stale, count_rule="another rule")
    [after] = resolver.spans(TEXT, [before])
    assert after.count == Count(2, 2, False, "killed", False)


def test_a_users_files_decide(tmp_path: Path, resolver: Resolver) -> None:
    conventions = tmp_path / "c.yaml"
    conventions.write_text("vague: {عشرات: [24, 80]}\n", encoding="utf-8")
    lexicon = tmp_path / "l.jsonl"
    entry = {"name": "جماعة الصنوبر", "english": "Pine", "type": "armed group", "wikidata": None}
    lexicon.write_text(json.dumps({**entry, "aliases": ["الصنوبريون"]}), encoding="utf-8")
    own = Resolver.load(conventions, [lexicon])
    text = "مقتل عشرات المدنيين بنيران الصنوبريون"
    spans = mark(text, CASUALTY="عشرات المدنيين", ACTOR="الصنوبريون")
    dead, party = own.spans(text, spans)
    assert dead.count == Count(24, 80, True, "killed", False)
    assert party.name is not None
    assert (party.name.canonical, party.name.english) == ("جماعة الصنوبر", "Pine")
    dead, party = resolver.spans(text, spans)
    assert dead.count == Count(20, 99, True, "killed", False)
    assert party.name is not None
    assert not party.name.known


def test_the_digest_is_of_all_that_decides(tmp_path: Path, resolver: Resolver) -> None:
    conventions = tmp_path / "c.yaml"
    conventions.write_text("vague: {عشرات: [20, 99]}\n", encoding="utf-8")
    lexicon = tmp_path / "l.jsonl"
    entry = {"name": "جماعة الصنوبر", "english": "Pine", "type": "armed group", "wikidata": None}
    lexicon.write_text(json.dumps({**entry, "aliases": []}), encoding="utf-8")
    same = Resolver.load(conventions)
    assert Resolver.load().digest() == resolver.digest() == same.digest()  # what it says anyway
    conventions.write_text("vague: {عشرات: [20, 98]}\n", encoding="utf-8")
    bounds = tmp_path / "b.yaml"
    bounds.write_text("before: {at_least: [نحو]}\n", encoding="utf-8")
    others = [
        Resolver.load(conventions),
        Resolver.load(bounds),
        Resolver.load(None, [lexicon]),
        Resolver.load(conventions, [lexicon]),
    ]
    assert len({resolver.digest(), *(other.digest() for other in others)}) == 5


@pytest.mark.parametrize(
    ("conventions", "lexicon", "error", "message"),
    [
        ("vague: {عشرات: 5}", None, InputError, "c.yaml: vague.عشرات: found 5"),
        ("vage: {}", None, InputError, "did you mean vague"),
        (None, "{", DataError, "l.jsonl:1"),
        (None, '{"name": "x"}', DataError, "l.jsonl:1"),
    ],
)
def test_faulty_files_are_told(
    tmp_path: Path, conventions: str | None, lexicon: str | None, error: Any, message: str
) -> None:
    (tmp_path / "c.yaml").write_text(conventions or "", encoding="utf-8")
    (tmp_path / "l.jsonl").write_text(lexicon or "", encoding="utf-8")
    with pytest.raises(error, match=message):
        Resolver.load(tmp_path / "c.yaml", [tmp_path / "l.jsonl"])
    with pytest.raises(InputError, match="none"):
        Resolver.load(tmp_path / "none")
    with pytest.raises(InputError, match="none"):
        Resolver.load(None, [tmp_path / "none"])


# Other processes


def test_it_travels_as_the_names_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolver: Resolver
) -> None:
    """What is sent to a process that starts must fit a pipe, or its death stops the sender."""
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("vague: {عشرات: [24, 80]}\n", encoding="utf-8")
    own = Resolver.load(Path("c.yaml"))
    job = Job(Sink("jsonl"), resolver=own)
    assert len(pickle.dumps(job)) < 4_096
    monkeypatch.chdir("/")
    there = sent(job).resolver
    assert there == own != resolver
    text = "مقتل عشرات"
    [dead] = there.spans(text, [Span(5, 10, "CASUALTY")])
    assert dead.count == Count(24, 80, True, "killed", False)
    again = sent(there)
    assert again.digest() == own.digest()
    assert again.lexicon is there.lexicon  # a process that is sent it twice has the tables once


def test_files_that_change_meanwhile_are_told(tmp_path: Path) -> None:
    conventions = tmp_path / "c.yaml"
    conventions.write_text("vague: {عشرات: [24, 80]}\n", encoding="utf-8")
    own = Resolver.load(conventions)
    first, second = sent(own), sent(own)
    conventions.write_text("vague: {عشرات: [25, 80]}\n", encoding="utf-8")
    resolver_module._load_again.cache_clear()
    with pytest.raises(InputError, match=r"are others now, on .* give all machines the same"):
        first.spans(TEXT, SPANS)
    conventions.unlink()
    with pytest.raises(InputError, match=r"c\.yaml: cannot be read"):
        second.spans(TEXT, SPANS)
    assert own.spans(TEXT, SPANS[:1])[0].count is not None  # it has what it was loaded with


def test_another_process_reads_the_same(resolver: Resolver) -> None:
    document = Document("a", TEXT, SPANS)
    with get_context("spawn").Pool(1) as pool:
        there = pool.apply(resolver, (document,))
    here = resolver(document)
    assert [span.to_dict(TEXT) for span in there.spans] == [s.to_dict(TEXT) for s in here.spans]


# What is written comes back


def test_resolved_spans_come_back_from_jsonl(tmp_path: Path, resolver: Resolver) -> None:
    """Counts with their rules, so that nobody takes a machine's reading for gold."""
    document = resolver(Document("a", TEXT, SPANS))
    data, _, _ = Sink("jsonl").encode([document])
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    [(_, back)] = read_jsonl(path, "")
    assert isinstance(back, Document)
    assert back == document
    assert [(s.count, s.count_rule) for s in back.spans] == [
        (s.count, s.count_rule) for s in document.spans
    ]


def test_what_a_person_has_read_stays_only_where_it_is_asked_for(resolver: Resolver) -> None:
    corrected = Count(3, 3, False, "missing", True)
    machine = Count(9, 9, False, "unknown", False)
    first, second, *others = SPANS
    given = (
        replace(first, count=corrected),
        replace(second, count=machine, count_rule="digits; none"),
        *others,
    )
    document = Document("a", TEXT, given)
    kept = resolver.complete(document).spans
    assert (kept[0].count, kept[0].count_rule) == (corrected, None)
    assert kept[1].count == Count(12, 12, True, "injured", False)
    assert resolver(document).spans[0].count == Count(2, 2, False, "killed", False)
