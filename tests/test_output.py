"""Parts in a folder: what is written when, and what a stopped run leaves to go on from.

The tagger here is a fake one, which marks the word «صاروخ»; the one that is shipped tags in
``test_predict.py``.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train import interrupts as interrupts_module
from train import output, prediction, ray_engine, storage, tagger
from train.calibration import Calibration
from train.count import Count
from train.document import Document, Span
from train.engine import Coverage, Found
from train.errors import DataError, Fault, InputError, MarsadError, ModelError
from train.interrupts import Interrupts
from train.jobs import Job, PartResult, load_tagger, record_name, tag_parts
from train.output import OutputFolder, differences
from train.parts import Part, PartId, cut
from train.reading import Reading
from train.request import Outcome, Request, hidden_folder, refuse_own_input
from train.resolver import Resolver
from train.sentences import split_sentences
from train.sinks import Sink
from train.sources import ReadOptions, find_sources, plan_shards
from train.tags import TagSet
from train.threshold import MinScores, Wanted
from train.totals import Totals
from train.words import split_words
from train.workers import tag_in_processes

TEXTS = ["أطلق صاروخ على قاعدة", "هدوء", "", "سقط صاروخ. ثم سقط صاروخ آخر!", "صاروخ صاروخ"]


class FakeTagger:
    """Marks a word wherever it stands."""

    fingerprint = "f" * 64
    runtime_name = "fake"
    tags = TagSet(["WEAPON"])
    calibration = Calibration()

    def stream(self, stretches: Iterable[tuple[Any, Sequence[str]]]) -> Iterator[tuple[Any, Found]]:
        for key, texts in stretches:
            spans = [
                tuple(Span(m.start(), m.end(), "WEAPON", 0.5) for m in re.finditer("صاروخ", text))
                for text in texts
            ]
            words = sum(len(split_words(text)) for text in texts)
            yield key, Found(spans, Coverage(words=words))


def load_fake(job: Job) -> FakeTagger:
    return FakeTagger()


def load_none(job: Job) -> FakeTagger:
    raise InputError("no such model")


def load_mortal(job: Job) -> FakeTagger:
    class Mortal(FakeTagger):
        def stream(self, stretches: Any) -> Any:
            for key, texts in stretches:
                if "مات" in texts:
                    os._exit(9)
                yield from FakeTagger.stream(self, [(key, texts)])

    return Mortal()


def documents(*texts: str) -> list[Document]:
    return [Document(str(number), text) for number, text in enumerate(texts, start=1)]


def parts_of(texts: Iterable[str], size: int = 2) -> list[Part]:
    return list(cut(0, ((document, None) for document in documents(*texts)), size))


def lines(data: bytes | None) -> list[Any]:
    return [json.loads(line) for line in (data or b"").decode().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, and every folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"folder"
        for path in folder.rglob("*")
    }


# --- sentences


def test_sentences_by_hand() -> None:
    text = " «هدوء.»  قال د. محمد: ٣٫٥\nانتهى"
    [first, second, third] = split_sentences(Document("a", text, meta={"day": 3}))
    assert (first.id, first.text) == ("a:1", "«هدوء.»")
    assert (second.id, second.text) == ("a:2", "قال د. محمد: ٣٫٥")
    assert (third.id, third.text) == ("a:3", "انتهى")
    assert second.meta == {"day": 3, "document": "a", "document_start": 10, "document_end": 26}


@given(st.text(st.sampled_from("اب .!\n\u200f؟(»1\u064e,\r"), max_size=60))
def test_sentences_hold_every_word_once(text: str) -> None:
    sentences = list(split_sentences(Document("d", text)))
    found = []
    for number, sentence in enumerate(sentences, start=1):
        start, end = sentence.meta["document_start"], sentence.meta["document_end"]
        assert sentence.id == f"d:{number}"
        assert sentence.text == text[start:end]
        words = split_words(sentence.text)
        assert words[0].start == 0
        assert words[-1].end == len(sentence.text)
        found += [(word.text, word.start + start, word.end + start) for word in words]
    assert found == [tuple(word) for word in split_words(text)]


def test_spans_go_with_their_sentences() -> None:
    text = "أولى. ثانية حلب! صاروخ"
    count = Count(2, 2, False, "killed", False)
    read = Span(17, 22, "CASUALTY", count=count, count_rule="r")
    spans = (Span(0, 4, "BASE", 0.5), Span(12, 15, "ACTOR"), read)
    found = list(split_sentences(Document("d", text, spans)))
    assert [sentence.text for sentence in found] == ["أولى.", "ثانية حلب!", "صاروخ"]
    assert [sentence.spans for sentence in found] == [
        (Span(0, 4, "BASE"),),
        (Span(6, 9, "ACTOR"),),
        (Span(0, 5, "CASUALTY"),),
    ]
    assert (found[0].spans[0].score, found[2].spans[0].count) == (0.5, count)
    assert found[2].spans[0].count_rule == "r"


def test_no_sentence_ends_inside_a_span() -> None:
    text = "قصف. قتل جندي! هدوء"
    [one, two] = split_sentences(Document("d", text, (Span(0, 8, "CASUALTY"),)))
    assert (one.text, two.text) == ("قصف. قتل جندي!", "هدوء")
    assert one.spans == (Span(0, 8, "CASUALTY"),)
    [whole] = split_sentences(Document("d", text, (Span(0, 19, "CASUALTY"),)))
    assert whole.text == text


@given(st.data())
def test_every_span_is_in_one_sentence(data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from("اب .!\n؟»1"), max_size=40))
    words = split_words(text)
    borders = sorted(data.draw(st.sets(st.integers(0, len(words)), max_size=8)))
    pairs = itertools.pairwise(borders)
    spans = [Span(words[a].start, words[b - 1].end, "ACTOR") for a, b in pairs]
    found = [
        (span.start + sentence.meta["document_start"], span.end + sentence.meta["document_start"])
        for sentence in split_sentences(Document("d", text, tuple(spans)))
        for span in sentence.spans
    ]
    assert found == [(span.start, span.end) for span in spans]


def test_sentences_do_not_hide_a_column() -> None:
    with pytest.raises(InputError, match=r"'document_end'.*rename"):
        list(split_sentences(Document("d", "هدوء", meta={"document_end": 1})))


# --- jobs


def test_tagged_parts_by_hand() -> None:
    faults = [Fault("a.txt:9", "x", "y")]
    part = Part(PartId(0, 3), documents(*TEXTS[:2]), faults)
    [result] = tag_parts(FakeTagger(), Job(Sink("jsonl")), [part])
    assert lines(result.data) == [
        {
            "id": "1",
            "text": TEXTS[0],
            "spans": [{"start": 5, "end": 10, "label": "WEAPON", "text": "صاروخ", "score": 0.5}],
        },
        {"id": "2", "text": TEXTS[1], "spans": []},
    ]
    assert (result.file, result.documents, result.spans) == (None, 2, 1)
    assert result.size == len(result.data or b"")
    assert result.faults == faults
    assert result.coverage == Coverage(words=5)
    again = PartResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again == replace(result, data=None, seconds={})


def test_spans_of_a_low_score_are_left_out_and_counted() -> None:
    part = parts_of([TEXTS[3], TEXTS[4], TEXTS[0]], 9)
    for lowest, spans, left_out in ((0.5, 5, {}), (0.51, 0, {"WEAPON": 5})):
        job = Job(Sink("jsonl"), min_scores=MinScores({"WEAPON": lowest}))
        [result] = tag_parts(FakeTagger(), job, part)
        assert [len(record["spans"]) for record in lines(result.data)] == (
            [2, 2, 1] if spans else [0, 0, 0]
        )
        assert (result.spans, result.left_out) == (spans, left_out)
        assert result.coverage == Coverage(words=14)  # the words were seen all the same
        again = PartResult.from_dict(json.loads(json.dumps(result.to_dict())))
        assert again.left_out == left_out


def test_what_was_left_out_is_summed_in_whatever_order_parts_are_done(tmp_path: Path) -> None:
    counts = ({"WEAPON": 1, "ACTOR": 2}, {"ACTOR": 1, "BASE": 4})
    for number, order in enumerate(((0, 1), (1, 0))):
        out = OutputFolder.begin(f"{tmp_path}/{number}", HEADER, resume=False)
        for index in order:
            out.add(
                PartResult(
                    PartId(0, index), None, 0, "", 1, 0, [], Coverage(), left_out=counts[index]
                )
            )
        assert list(out.totals()["left_out"].items()) == [("ACTOR", 3), ("BASE", 4), ("WEAPON", 1)]


def test_sentences_are_tagged_and_documents_counted() -> None:
    [result] = tag_parts(FakeTagger(), Job(Sink("jsonl"), sentences=True), parts_of(TEXTS, 9))
    assert [(r["id"], r["document_start"], len(r["spans"])) for r in lines(result.data)] == [
        ("1:1", 0, 1), ("2:1", 0, 0), ("4:1", 0, 1), ("4:2", 11, 1), ("5:1", 0, 2)
    ]  # fmt: skip
    assert (result.documents, result.spans) == (5, 5)


def test_sums_of_incidents_are_those_of_the_rows_that_were_written() -> None:
    """A document that the format cannot hold is in no row, and so in no sum."""

    def killed(number: int, text: str) -> Document:
        count = Count(number, number, False, "killed", False)
        return Document(str(number), text, (Span(0, 4, "CASUALTY", None, count, "digits"),))

    told = [killed(3, "جندي"), killed(40, "جندي \ud800"), killed(500, "جندي"), Document("n", "x")]
    job = Job(Sink("csv", "incidents"), takes_spans=True)
    [result] = tag_parts(load_tagger(job), job, [Part(PartId(0, 0), told)])
    assert (result.totals.rows, result.documents, len(result.faults)) == (2, 3, 1)
    assert result.totals.told() == "killed 503"
    [header, *rows] = csv.reader((result.data or b"").decode().splitlines())
    assert [row[header.index("killed_max")] for row in rows] == ["3", "500"]
    again = PartResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.totals == result.totals


def test_what_a_format_cannot_hold_is_reported_and_not_counted() -> None:
    part = Part(PartId(0, 0), documents("صاروخ", "صاروخ \ud800"))
    [result] = tag_parts(FakeTagger(), Job(Sink("csv")), [part])
    assert (result.documents, result.spans, len(result.faults)) == (1, 1, 1)
    assert "'2'" in result.faults[0].where
    with pytest.raises(DataError, match="surrogate"):
        list(tag_parts(FakeTagger(), Job(Sink("csv"), strict=True), [part]))


def test_headers_stand_in_every_part_or_in_one() -> None:
    def first_lines(job: Job) -> list[str]:
        results = tag_parts(FakeTagger(), job, parts_of(TEXTS))
        return [(result.data or b"").decode().partition("\n")[0] for result in results]

    assert [line == "id,text,spans" for line in first_lines(Job(Sink("csv")))] == [True] * 3
    once = Job(Sink("csv"), only_header=PartId(0, 0))
    assert [line == "id,text,spans" for line in first_lines(once)] == [True, False, False]


def test_the_record_is_written_behind_the_data(tmp_path: Path, monkeypatch: Any) -> None:
    written: list[str] = []
    real = storage.write_whole_bytes

    def write(name: str, data: bytes) -> None:
        written.append(Path(name).name)
        real(name, data)

    monkeypatch.setattr(storage, "write_whole_bytes", write)
    job = Job(Sink("jsonl"), folder=str(tmp_path))
    [result] = tag_parts(FakeTagger(), job, parts_of(TEXTS, 9))
    assert written == ["part-00000-00000000.jsonl", "part-00000-00000000.json"]
    record = json.loads((tmp_path / ".marsad" / "part-00000-00000000.json").read_bytes())
    assert PartResult.from_dict(record) == replace(result, seconds={})
    assert record["size"] == (tmp_path / "part-00000-00000000.jsonl").stat().st_size
    assert not {"seconds", "data"} & set(record)


def test_the_stages_of_a_part_are_told_apart(tmp_path: Path, monkeypatch: Any) -> None:
    clock = 0.0

    def taking(seconds: float, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            nonlocal clock
            clock += seconds
            return real(*args)

        return call

    monkeypatch.setattr("time.perf_counter", lambda: clock)
    monkeypatch.setattr(Sink, "encode", taking(1, Sink.encode))
    monkeypatch.setattr(Part, "digest", taking(10, Part.digest))
    monkeypatch.setattr(storage, "write_whole_bytes", taking(100, storage.write_whole_bytes))
    [result] = tag_parts(FakeTagger(), Job(Sink("jsonl"), folder=str(tmp_path)), parts_of(TEXTS, 9))
    expected = {"resolve": 0, "encode": 1, "digest": 10, "write": 200}  # data and record
    assert result.seconds == expected
    resolver = taking(1_000, lambda document: document)  # once for each of the five texts
    job = Job(Sink("jsonl"), resolver=cast(Resolver, resolver))
    [result] = tag_parts(FakeTagger(), job, parts_of(TEXTS, 9))
    assert result.seconds == {**expected, "resolve": 5_000, "write": 0}


# --- interrupts


def interrupt() -> None:
    """Send this process the signal of Ctrl-C, and have it arrive."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)


def test_the_first_interrupt_asks_and_the_second_stops(monkeypatch: Any) -> None:
    monkeypatch.setattr(interrupts_module, "ECHO_SECONDS", 0)
    handler = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        interrupt()
        assert interrupts.asked
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_signal_that_comes_twice_at_once_is_one_wish(monkeypatch: Any) -> None:
    monkeypatch.setattr(interrupts_module, "ECHO_SECONDS", 1_000)
    with Interrupts() as interrupts:
        interrupt()
        interrupt()
        assert interrupts.asked


def test_an_interrupt_stops_at_once_what_may_wait_for_long() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.at_once():
            interrupt()
        with pytest.raises(KeyboardInterrupt), interrupts.at_once():
            pytest.fail("it was asked to stop before")


def test_an_interrupt_that_a_library_takes_for_its_own_error_is_one() -> None:
    """As an import that is interrupted ends in an ImportError."""

    def load() -> None:
        try:
            interrupt()
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    with Interrupts() as interrupts:
        with pytest.raises(ImportError), interrupts.at_once():
            raise ImportError("not there at all")
        with pytest.raises(KeyboardInterrupt), interrupts.at_once():
            load()


def test_reading_ends_with_an_interrupt_and_says_so(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("هدوء\n" * 6, encoding="utf-8")
    shards = plan_shards(find_sources([str(source)], ReadOptions()))
    with Interrupts() as interrupts:
        reading = Reading(shards, 2, interrupts=interrupts)
        parts = iter(reading)
        assert len(next(parts).documents) == 2
        interrupt()
        assert list(parts) == []
    assert not reading.ended
    whole = Reading(shards, 2)
    assert [len(part.documents) for part in whole] == [2, 2, 2]
    assert whole.ended


# --- worker processes


def test_workers_give_what_one_process_gives_in_order() -> None:
    job = Job(Sink("jsonl"))
    parts = parts_of([f"صاروخ {number}" for number in range(30)], 2)
    alone = [(r.id, r.data, r.digest) for r in tag_parts(FakeTagger(), job, parts)]
    several = tag_in_processes(job, parts, 2, load_fake)
    assert [(r.id, r.data, r.digest) for r in several] == alone


def test_workers_read_no_more_than_they_need() -> None:
    read = 0

    def counted() -> Iterator[Part]:
        nonlocal read
        for part in parts_of(["هدوء"] * 40, 1):
            read += 1
            yield part

    for done, _ in enumerate(tag_in_processes(Job(Sink("jsonl")), counted(), 2, load_fake), 1):
        assert read <= done + 4


def test_an_error_of_the_input_comes_behind_what_was_read() -> None:
    def faulty() -> Iterator[Part]:
        yield from parts_of(TEXTS, 1)
        raise InputError("broken")

    results = tag_in_processes(Job(Sink("jsonl")), faulty(), 2, load_fake)
    found = [next(results).id.index for _ in TEXTS]
    assert found == [0, 1, 2, 3, 4]
    with pytest.raises(InputError, match="broken"):
        next(results)


def test_a_model_that_cannot_be_loaded_is_told_as_such() -> None:
    with pytest.raises(InputError, match="no such model"):
        list(tag_in_processes(Job(Sink("jsonl")), parts_of(TEXTS), 2, load_none))


def test_a_killed_worker_is_told_with_what_to_do(tmp_path: Path) -> None:
    parts = parts_of(["هدوء", "مات", "هدوء"], 1)
    with pytest.raises(MarsadError, match=r"killed.*--workers") as caught:
        list(tag_in_processes(Job(Sink("jsonl")), parts, 1, load_mortal))
    assert "--resume" not in str(caught.value)  # of a stream nothing is kept
    job = Job(Sink("jsonl"), folder=str(tmp_path))
    with pytest.raises(MarsadError, match=r"killed.*--workers.*go on with --resume"):
        list(tag_in_processes(job, parts, 1, load_mortal))


def test_a_worker_that_dies_of_the_wish_to_stop_is_no_error() -> None:
    interrupts = Interrupts()
    interrupts.asked = True
    parts = parts_of(["هدوء", "مات", "هدوء"], 1)
    job = Job(Sink("jsonl"))
    with pytest.raises(KeyboardInterrupt):
        list(tag_in_processes(job, parts, 1, load_mortal, interrupts))


def test_another_model_than_the_run_began_with_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(tagger.Tagger, "load", lambda *args: FakeTagger())
    assert isinstance(load_tagger(Job(Sink("jsonl"), fingerprint="f" * 64)), FakeTagger)
    with pytest.raises(ModelError, match=r"ffffffffffff.*eeeeeeeeeeee.*give all machines the same"):
        load_tagger(Job(Sink("jsonl"), fingerprint="e" * 64))


def test_workers_look_at_their_model() -> None:
    job = Job(Sink("jsonl"), fingerprint="e" * 64)  # the tagger that is shipped has another one
    with pytest.raises(ModelError, match="than the run began with"):
        list(tag_in_processes(job, parts_of(TEXTS), 1))


# --- the output folder

HEADER: dict[str, Any] = {
    "marsad_version": "1",
    "model": {"name": "m", "fingerprint": "a" * 64},
    "runtime": "int8",
    "options": {"format": "jsonl", "rows": "documents"},
    "inputs": [{"name": "a.txt", "size": 10}, {"name": "b.txt", "size": 20}],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**HEADER, **values}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (HEADER, []),
        (changed(marsad_version="2"), ["Marsad 1, now 2"]),
        (changed(model={"name": "moved", "fingerprint": "a" * 64}), []),
        (
            changed(model={"name": "m", "fingerprint": "b" * 64}),
            [f"the model (was m, {'a' * 12}; now m, {'b' * 12})"],
        ),
        (changed(runtime="fp32"), ["the runtime (was int8, now fp32)"]),
        (
            changed(options={"format": "csv", "rows": "documents"}),
            ["format (was 'jsonl', now 'csv')"],
        ),
        (
            changed(inputs=[{"name": "a.txt", "size": 10}, {"name": "b.txt", "size": 2_000}]),
            ["b.txt (was 20 bytes, now 2,000)"],
        ),
        (changed(inputs=HEADER["inputs"][:1]), ["the inputs (was b.txt, now none)"]),
        (
            changed(inputs=[{"name": "c.txt", "size": 10}, *HEADER["inputs"]]),
            ["the inputs (was a.txt, now c.txt)"],
        ),
    ],
)
def test_what_changed_between_two_runs(now: dict[str, Any], told: list[str]) -> None:
    assert list(differences(HEADER, now)) == told


def tag_to(folder: Path, parts: Iterable[Part], resume: bool = False) -> OutputFolder:
    """Tag what is not done yet; leave the run unfinished."""
    out = OutputFolder.begin(str(folder), HEADER, resume)
    job = Job(Sink("jsonl"), folder=str(folder))
    left = [part for part in parts if not out.done(part)]
    for result in tag_parts(FakeTagger(), job, left):
        out.add(result)
    return out


def test_a_folder_by_hand(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    [first, second, third] = parts_of(TEXTS)
    second.faults.append(Fault("a.txt:7", "nothing", "a text"))
    out = tag_to(folder, [first, second, third])
    assert json.loads((folder / "manifest.json").read_bytes()) == {**HEADER, "complete": False}
    assert {path.name for path in (folder / ".marsad").iterdir()} == {
        f"part-00000-0000000{index}.json" for index in range(3)
    }
    out.finish()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert {key: manifest[key] for key in HEADER} == HEADER
    assert manifest["complete"] is True
    assert manifest["totals"] == {
        "documents": 5, "spans": 5, "skipped": 1, "words": 15, "substituted": 0, "clipped": 0,
        "left_out": {},
        "sums": Totals().to_dict(),  # a row is a document here, and no incident
    }  # fmt: skip
    assert [(p["file"], p["documents"], p["spans"], p["skipped"]) for p in manifest["parts"]] == [
        ("part-00000-00000000.jsonl", 2, 1, 0),
        ("part-00000-00000001.jsonl", 2, 2, 1),
        ("part-00000-00000002.jsonl", 1, 2, 0),
    ]
    assert lines((folder / "errors.jsonl").read_bytes()) == [
        {"where": "a.txt:7", "found": "nothing", "expected": "a text"}
    ]
    assert set(contents(folder)) == {
        "manifest.json",
        "errors.jsonl",
        *(f"part-00000-0000000{index}.jsonl" for index in range(3)),
    }


def test_skipped_records_are_not_held_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    parts = parts_of(TEXTS)
    for number, part in enumerate(parts):
        part.faults += [Fault(f"a:{number}", "x \ud800", "y")] * 2
    out = tag_to(folder, parts)
    again = OutputFolder.begin(str(folder), HEADER, resume=True)
    for some in (out, again):
        assert [(r.skipped, r.faults) for r in some.ordered()] == [(2, [])] * 3
        assert [fault.where for fault in some.faults()] == [
            "a:0",
            "a:0",
            "a:1",
            "a:1",
            "a:2",
            "a:2",
        ]
        assert some.totals()["skipped"] == 6
    again.finish()
    listed = lines((folder / "errors.jsonl").read_bytes())
    assert listed == [
        {"where": f"a:{number // 2}", "found": "x \ud800", "expected": "y"} for number in range(6)
    ]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert [part["skipped"] for part in manifest["parts"]] == [2, 2, 2]


def test_a_part_that_was_not_reported_is_not_lost(tmp_path: Path) -> None:
    out = OutputFolder.begin(str(tmp_path / "out"), HEADER, resume=False)
    assert not out.has_parts()
    list(tag_parts(FakeTagger(), Job(Sink("jsonl"), folder=out.name), parts_of(TEXTS)))
    assert out.has_parts()


def test_what_killed_processes_left_behind_is_removed_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    out = tag_to(folder, parts_of(TEXTS))
    stem = PartId(0, 1).stem
    (folder / f".{stem}.jsonl.abc_d123").write_bytes(b"{")
    (folder / ".marsad" / f".{stem}.json.abc_d123").write_bytes(b"{")
    (folder / ".mine").write_bytes(b"x")
    out.finish()
    assert {name for name in contents(folder) if name.startswith(".")} == {".mine"}


def test_a_folder_that_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    out = tag_to(tmp_path / "out", parts_of(TEXTS))
    monkeypatch.setattr(Path, "rmdir", fail)
    with pytest.raises(InputError, match=r"\.marsad: cannot be removed \(Permission denied\)"):
        out.finish()


def test_no_list_of_errors_without_errors(tmp_path: Path) -> None:
    tag_to(tmp_path / "out", parts_of(TEXTS)).finish()
    assert not (tmp_path / "out" / "errors.jsonl").exists()


@pytest.mark.parametrize(
    ("spoil", "again"),
    [
        (lambda f: None, []),
        (lambda f: (f / "part-00000-00000001.jsonl").unlink(), [1]),
        (lambda f: (f / "part-00000-00000001.jsonl").write_bytes(b"{}\n"), [1]),
        (lambda f: (f / ".marsad" / "part-00000-00000000.json").unlink(), [0]),
    ],
)
def test_only_what_is_not_done_is_done_again(
    tmp_path: Path, spoil: Callable[[Path], Any], again: list[int]
) -> None:
    folder = tmp_path / "out"
    parts = parts_of(TEXTS)
    tag_to(folder, parts)
    spoil(folder)
    out = OutputFolder.begin(str(folder), HEADER, resume=True)
    assert [part.id.index for part in parts if not out.done(part)] == again


def test_changed_input_of_a_finished_part_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    tag_to(folder, parts_of(TEXTS))
    other = parts_of([*TEXTS[:2], "", "سقط صاروخ. ثم سقط صاروخ أحد!", TEXTS[4]])
    with pytest.raises(InputError, match=r"part-00000-00000001\.jsonl.*not what it was"):
        tag_to(folder, other, resume=True)
    out = tag_to(folder, parts_of(TEXTS[:4]), resume=True)
    with pytest.raises(InputError, match=r"part-00000-00000002\.jsonl"):
        out.check_all_seen()


def test_a_changed_fault_is_changed_input(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    [part] = parts_of(TEXTS, 9)
    part.faults.append(Fault("a:1", "x", "y"))
    tag_to(folder, [part])
    [part] = parts_of(TEXTS, 9)
    part.faults.append(Fault("a:1", "x", "z"))
    with pytest.raises(InputError, match="not what it was"):
        tag_to(folder, [part], resume=True)


def test_folders_that_are_not_free_are_refused(tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    busy.mkdir()
    (busy / "notes.txt").write_text("x")
    for resume in (False, True):
        with pytest.raises(InputError, match=r"other files \(notes.txt\)"):
            OutputFolder.begin(str(busy), HEADER, resume)
    with pytest.raises(InputError, match="is a file"):
        OutputFolder.begin(str(busy / "notes.txt"), HEADER, resume=False)
    (busy / "manifest.json").write_text('{"name": "an app"}')
    with pytest.raises(InputError, match="no manifest of Marsad"):
        OutputFolder.begin(str(busy), HEADER, resume=True)
    out = tag_to(tmp_path / "out", parts_of(TEXTS))
    with pytest.raises(InputError, match="unfinished run; go on with --resume"):
        OutputFolder.begin(str(tmp_path / "out"), HEADER, resume=False)
    with pytest.raises(InputError, match=r"changed: the runtime \(was int8, now cuda\)"):
        OutputFolder.begin(str(tmp_path / "out"), changed(runtime="cuda"), resume=True)
    out.finish()
    with pytest.raises(InputError, match="a finished run"):
        OutputFolder.begin(str(tmp_path / "out"), HEADER, resume=False)
    before = contents(tmp_path / "out")
    again = OutputFolder.begin(str(tmp_path / "out"), HEADER, resume=True)
    assert again.complete
    assert again.totals()["spans"] == 5
    assert contents(tmp_path / "out") == before
    with pytest.raises(InputError, match="format"):
        OutputFolder.begin(str(tmp_path / "out"), changed(options={"format": "csv"}), resume=True)


def test_an_empty_folder_is_free_with_and_without_resume(tmp_path: Path) -> None:
    for name, resume in (("a", False), ("b", True)):
        (tmp_path / name).mkdir()
        OutputFolder.begin(str(tmp_path / name), HEADER, resume)
        assert (tmp_path / name / "manifest.json").exists()


def test_a_broken_record_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    tag_to(folder, parts_of(TEXTS))
    Path(record_name(str(folder), PartId(0, 1))).write_text("{")
    with pytest.raises(InputError, match="remove it, and its part is tagged again"):
        OutputFolder.begin(str(folder), HEADER, resume=True)


def test_a_folder_by_uri(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for name in ("local", "uri"):
        where = tmp_path / name if name == "local" else (tmp_path / name).as_uri()
        parts = parts_of(TEXTS)
        job = Job(Sink("jsonl"), folder=str(where))
        out = OutputFolder.begin(str(where), HEADER, resume=False)
        for result in tag_parts(FakeTagger(), job, parts[:2]):
            out.add(result)
        out = OutputFolder.begin(str(where), HEADER, resume=True)
        assert [out.done(part) for part in parts] == [True, True, False]
        for result in tag_parts(FakeTagger(), job, parts[2:]):
            out.add(result)
        out.finish()
    found = contents(tmp_path / "uri")
    found.pop(".marsad", None)  # a store has no folders to be removed
    assert found == contents(tmp_path / "local")


# --- a run that stops anywhere


class CrashError(BaseException):
    """The process dies here."""


MOVED = ("joined.jsonl", "joined.csv", "errors.jsonl")
"""What is made in the hidden folder and then moved."""


class Crashing:
    """Storage that dies at one of its operations, in the middle of it."""

    def __init__(self, monkeypatch: Any):
        self.left = -1
        for module, name in (
            (storage, "write_whole_bytes"),
            (storage, "remove"),
            (output, "write_faults"),
            (prediction, "write_faults"),
            (prediction, "join"),
            (Path, "replace"),
            (output, "_remove_folder"),
        ):
            monkeypatch.setattr(module, name, self._wrap(name, getattr(module, name)))

    def _wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            if name == "replace" and Path(args[0]).name not in MOVED:
                return real(*args)  # a part of another operation
            self.left -= 1
            if self.left == 0:
                if name in ("write_whole_bytes", "write_faults"):
                    path = Path(args[0])
                    path.parent.mkdir(parents=True, exist_ok=True)
                    (path.parent / f".{path.name}.abc_d123").write_bytes(b"half a")
                elif name == "join":
                    args[2].write_bytes(b"half")
                raise CrashError
            return real(*args)

        return call


@pytest.mark.parametrize("target", ["out/", "out.jsonl", "out.csv"])
def test_a_run_that_dies_at_any_operation_goes_on_to_the_same_bytes(
    target: str, tmp_path: Path, monkeypatch: Any
) -> None:
    source = tmp_path / "in.jsonl"
    rows = [json.dumps({"text": text, "day": "الاثنين"}) for text in TEXTS]
    source.write_text("\n".join([*rows[:3], "{", *rows[3:], "[]"]), encoding="utf-8")
    monkeypatch.setattr(prediction, "load_tagger", load_fake)

    def run(place: Path, resume: bool = False) -> Outcome:
        one_file = None if target.endswith("/") else str(place / target)
        folder = hidden_folder(Path(one_file)) if one_file else str(place / "out")
        sink = Sink.for_path(target) if one_file else Sink("jsonl")
        job = Job(sink, folder=folder, part_documents=2)
        request = Request([str(source)], ReadOptions(), job, one_file, resume=resume)
        return prediction.predict(request, lambda n: None, lambda line: None)

    crashing = Crashing(monkeypatch)
    whole = tmp_path / "whole"
    whole.mkdir()
    outcome = run(whole)
    assert (outcome.documents, outcome.spans, outcome.skipped) == (5, 5, 2)
    expected = contents(whole)
    operations = 0
    while True:
        operations += 1
        place = tmp_path / f"{operations}"
        place.mkdir()
        crashing.left = operations
        try:
            run(place)
        except CrashError:
            crashing.left = -1
            again = run(place, resume=True)
            assert (again.documents, again.spans, again.skipped) == (5, 5, 2), operations
            assert contents(place) == expected, operations
        else:
            break
    assert operations > 12


def test_a_single_file_leaves_nothing_where_no_part_was_finished(
    tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n{\n')
    monkeypatch.setattr(prediction, "load_tagger", load_fake)
    target = tmp_path / "out.jsonl"
    job = Job(Sink("jsonl"), folder=hidden_folder(target), strict=True)
    request = Request([str(tmp_path / "in.jsonl")], ReadOptions(), job, str(target))
    with pytest.raises(DataError, match=":2"):
        prediction.predict(request, lambda n: None, lambda line: None)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


class Impatient(Interrupts):
    """Asks to stop when a number of parts have been read."""

    left = 0

    def at_once(self) -> Any:
        Impatient.left -= 1
        self.asked = self.asked or Impatient.left < 0
        return super().at_once()


@pytest.mark.parametrize("target", ["out/", "out.csv"])
@pytest.mark.parametrize("left", [1, 2, 3, 4])
def test_interrupted_among_faulty_records_it_goes_on(
    target: str, left: int, tmp_path: Path, monkeypatch: Any
) -> None:
    source = tmp_path / "in.jsonl"
    rows = [json.dumps({"text": text, "day": 1}) for text in TEXTS]
    source.write_text("\n".join([*"{{{{", *rows]), encoding="utf-8")  # two parts of faults first
    monkeypatch.setattr(prediction, "load_tagger", load_fake)
    monkeypatch.setattr(prediction, "Interrupts", Impatient)

    def run(place: Path, resume: bool = False) -> Outcome:
        place.mkdir(exist_ok=True)
        one_file = None if target.endswith("/") else str(place / target)
        folder = hidden_folder(Path(one_file)) if one_file else str(place / "out")
        job = Job(Sink("csv"), folder=folder, part_documents=2)
        request = Request([str(source)], ReadOptions(), job, one_file, resume=resume)
        return prediction.predict(request, lambda n: None, lambda line: None)

    Impatient.left = 1_000
    assert run(tmp_path / "whole").skipped == 4
    Impatient.left = left
    assert run(tmp_path / "stopped").interrupted
    Impatient.left = 1_000
    outcome = run(tmp_path / "stopped", resume=True)
    assert (outcome.documents, outcome.skipped, outcome.interrupted) == (5, 4, False)
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


# --- where a result may go


def request_for(inputs: Sequence[Path | str], folder: Path | str | None, **options: Any) -> Request:
    name = None if folder is None else str(folder)
    job = Job(Sink(options.pop("to", "jsonl")), folder=name)
    return Request([str(item) for item in inputs], ReadOptions(), job, **options)


def test_parquet_is_not_written_to_a_stream() -> None:
    with pytest.raises(InputError, match=r"standard output: .*name a file with -o"):
        request_for(["x"], None, to="parquet")
    with pytest.raises(InputError, match="pipe: "):
        request_for(["x"], None, to="parquet", target="pipe")
    request_for(["x"], "out", to="parquet")


def test_errors_are_not_listed_where_the_result_goes(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "out.jsonl")
    for name in ("out.jsonl", "link", "./a/../out.jsonl"):
        with pytest.raises(InputError, match="is where the result goes"):
            request_for(
                ["x"], ".hidden", target=f"{tmp_path}/out.jsonl", errors=f"{tmp_path}/{name}"
            )
    with pytest.raises(InputError, match="is where the result goes"):
        request_for(["x"], f"{tmp_path}/out", errors=f"{tmp_path}/out/")
    with pytest.raises(InputError, match="is a folder; name a file"):
        request_for(["x"], None, errors=str(tmp_path))
    request_for(["x"], ".hidden", target=f"{tmp_path}/out.jsonl", errors=f"{tmp_path}/e.jsonl")


@pytest.mark.parametrize(
    ("item", "folder", "is_refused"),
    [
        ("news", "out", False),
        ("news", "news2", False),
        ("news", "news/out", True),
        ("news/", "news", True),
        ("link", "news/out", True),
        ("news", "link/out", True),
        ("file:news", "news/out", True),
        ("news", "file:news/out", True),
        ("file:news", "s3://bucket/news/out", False),
        ("*.jsonl", "out", False),
        ("news/*.jsonl", "news/out", False),
        ("news/*.jsonl", "news", True),
        ("news/*.csv", "news", False),
        ("news/*", "news", True),
        ("news/*/*.jsonl", "news/out", True),
        ("link/*/*.jsonl", "news/out", True),
        ("news/*/*.jsonl", "news/deep/out", False),
        ("news/**/*.jsonl", "news/deep/out", True),
        ("news/**/*.jsonl", "news", True),
        ("news/**/b*.jsonl", "news/out", False),
        ("news/**", "news/deep/out", True),
        ("file:news/**/*.jsonl", "news/out", True),
        ("**/*.jsonl", "out", True),
        ("n*/**/out/*.jsonl", "news/deep/out", True),
        ("n*/**/out/*.jsonl", "news/deep/other", False),
    ],
)
def test_an_output_that_would_be_input_is_refused_at_first_and_later(
    item: str, folder: str, is_refused: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "news" / "deep" / "out").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "news")
    for name in ("news/b.jsonl", "news/b.csv", "news/deep/b.jsonl", "news/deep/out/b.jsonl"):
        (tmp_path / name).write_text('{"text": "x"}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "x"}\n')
    monkeypatch.chdir(tmp_path)
    here = tmp_path.as_uri()
    item, folder = (name.replace("file:", f"{here}/") for name in (item, folder))
    if "://" in item:
        pytest.importorskip("pyarrow")
    request = request_for([item], folder)
    sources = find_sources([item], ReadOptions())
    for _ in range(2):
        if is_refused:
            with pytest.raises(InputError, match=r"be read as input"):
                refuse_own_input(request, sources)
        else:
            refuse_own_input(request, sources)
        if "://" not in folder:  # with what an unfinished run leaves there
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / f"{PartId(0, 0).stem}.jsonl").write_text('{"text": "x"}\n')
            if not is_refused:
                assert len(find_sources([item], ReadOptions())) == len(sources)


def test_a_text_is_no_pattern(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = "[**] قصف"
    refuse_own_input(request_for([text], "out"), find_sources([text], ReadOptions()))
    refuse_own_input(request_for(["-"], "out"), find_sources(["-"], ReadOptions()))


def test_what_to_do_about_a_record_that_ended_a_strict_run(
    tmp_path: Path, monkeypatch: Any
) -> None:
    source = tmp_path / "in.jsonl"
    rows = [json.dumps({"text": text}) for text in TEXTS]
    source.write_text("\n".join([*rows[:3], "{", *rows[3:]]), encoding="utf-8")
    monkeypatch.setattr(prediction, "load_tagger", load_fake)
    folder = tmp_path / "out"
    job = Job(Sink("jsonl"), folder=str(folder), part_documents=2, strict=True)
    request = Request([str(source)], ReadOptions(), job)
    with pytest.raises(DataError, match=r"(?s):4.*--resume and without --strict.*removing .*/out$"):
        prediction.predict(request, lambda n: None, lambda line: None)
    # The advice is good: one way or the other.
    lax = replace(request, job=replace(job, strict=False), resume=True)
    assert prediction.predict(lax, lambda n: None, lambda line: None).skipped == 1
    strict = replace(request, resume=True)  # where the whole run is there, nothing is left to do
    assert prediction.predict(strict, lambda n: None, lambda line: None).was_complete
    shutil.rmtree(folder)
    source.write_text("\n".join(rows), encoding="utf-8")
    assert prediction.predict(request, lambda n: None, lambda line: None).skipped == 0


def test_a_strict_run_ends_at_what_a_lax_one_skipped(tmp_path: Path, monkeypatch: Any) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(['{"text": "x"}', "{", '{"text": "x"}', "{"]), encoding="utf-8")
    monkeypatch.setattr(prediction, "load_tagger", load_fake)
    monkeypatch.setattr(prediction, "Interrupts", Impatient)
    job = Job(Sink("jsonl"), folder=str(tmp_path / "out"), part_documents=2)
    request = Request([str(source)], ReadOptions(), job)
    Impatient.left = 2
    assert prediction.predict(request, lambda n: None, lambda line: None).interrupted
    Impatient.left = 1_000
    strict = replace(request, job=replace(job, strict=True), resume=True)
    with pytest.raises(DataError, match=r":2"):
        prediction.predict(strict, lambda n: None, lambda line: None)


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_ray_is_told_what_the_run_began_with(
    workers: int | None, tmp_path: Path, monkeypatch: Any
) -> None:
    told: dict[str, Any] = {}

    def tag_here(job: Job, shards: Any, done: Any, **options: Any) -> Iterator[PartResult]:
        told.update(options, job=job)
        items = (item for source in shards[0] for item in source.read())
        yield from tag_parts(FakeTagger(), job, cut(0, items, job.part_documents))

    monkeypatch.setattr(prediction, "load_tagger", load_fake)
    monkeypatch.setattr(ray_engine, "tag_on_ray", tag_here)
    request = request_for(["هدوء"], tmp_path / "out", workers=workers, engine="ray")
    request = replace(request, job=replace(request.job, wanted=Wanted(0.6)))
    assert prediction.predict(request, lambda n: None, lambda line: None).documents == 1
    assert told["workers"] == workers
    assert (told["job"].runtime, told["job"].fingerprint) == ("fake", "f" * 64)
    assert told["job"].min_scores == MinScores({"WEAPON": 0.6})
