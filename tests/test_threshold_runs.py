"""``--min-score`` and ``--precision`` from the command line to the result and what is told of it.

The model is the tiny one, with thresholds that are written here by hand. What is expected is made
of the result of a run that leaves nothing out, by the rule that users are told: a span is kept
where the score that is written is not lower than what was asked for.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, run
from tests.test_cli import marsad, records
from train.calibration import Calibration, write_calibration
from train.document import Document, Span
from train.inline import parse_line
from train.jobs import GivenSpans, Job, PartResult, tag_parts
from train.model_folder import CALIBRATION, open_model, seal
from train.parts import Part, PartId
from train.request import Outcome
from train.sinks import Sink
from train.threshold import MinScores, Wanted

Record = dict[str, Any]
TEXTS = [parse_line(line)[0] for line in CORPUS.splitlines()] * 3


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "news.jsonl"
    lines = (json.dumps({"id": f"n{i}", "text": text}) for i, text in enumerate(TEXTS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def uncut(tiny_model: Path, source: Path) -> list[Record]:
    """The result without any option: every span with its score."""
    done = marsad("predict", "-m", tiny_model, source)
    assert (done.returncode, done.stderr) == (0, "")
    return records(done.stdout)


@pytest.fixture(scope="module")
def lowest(uncut: list[Record]) -> dict[str, float]:
    """For ACTOR and BASE, a score that some of their spans have and others fall short of."""
    return {label: middle_score(uncut, label) for label in ("ACTOR", "BASE")}


@pytest.fixture(scope="module")
def model(
    tiny_model: Path, lowest: dict[str, float], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tiny model with thresholds for two precisions, one out of reach for CASUALTY."""
    copy = tmp_path_factory.mktemp("calibrated") / "model"
    shutil.copytree(tiny_model, copy)
    thresholds = {"WEAPON": 0.0, "CASUALTY": 0.0} | lowest
    stored = {"0.9": thresholds, "0.95": thresholds | {"CASUALTY": None}}
    write_calibration(Calibration(1.0, thresholds=stored), copy / CALIBRATION)
    folder = open_model(tiny_model)
    seal(copy, folder.labels, folder.preprocessor, [*folder.optional, CALIBRATION])
    return copy


def scores_of(rows: Iterable[Record], label: str) -> list[float]:
    return sorted(s["score"] for row in rows for s in row["spans"] if s["label"] == label)


def middle_score(rows: Iterable[Record], label: str) -> float:
    scores = scores_of(rows, label)
    middle = next(score for score in scores if score > scores[0])
    assert 0 < scores.index(middle) < len(scores)
    return middle


def cut(rows: Sequence[Record], lowest: dict[str, float]) -> tuple[list[Record], dict[str, int]]:
    """Return the records without the spans that score lower, and how many those are."""
    kept, left_out = [], Counter[str]()
    for row in rows:
        low = [s for s in row["spans"] if s["score"] < lowest.get(s["label"], 0)]
        left_out.update(span["label"] for span in low)
        kept.append({**row, "spans": [span for span in row["spans"] if span not in low]})
    return kept, dict(left_out)


def told(left_out: dict[str, int]) -> str:
    total = sum(left_out.values())
    if not total:
        return "no span scored lower than asked for"
    parts = ", ".join(f"{label} {count}" for label, count in sorted(left_out.items()))
    return f"{total} span{'' if total == 1 else 's'} left out for a low score ({parts})"


def plain(rows: Iterable[Record]) -> list[Any]:
    """Records without what is read of the spans, which can hang on the spans beside them."""
    keys = ("start", "end", "label", "score")
    return [[row["id"], [{key: s[key] for key in keys} for s in row["spans"]]] for row in rows]


def test_a_stream_and_the_screen(
    model: Path,
    source: Path,
    uncut: list[Record],
    lowest: dict[str, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [f"--min-score={label}={score}" for label, score in lowest.items()]
    kept, left_out = cut(uncut, lowest)
    assert set(left_out) == {"ACTOR", "BASE"}
    asked = run(capsys, "predict", "-m", model, source, *options)
    assert (asked[0], plain(records(asked[1]))) == (0, plain(kept))
    assert asked[2] == told(left_out) + "\n"
    assert run(capsys, "predict", "-m", model, source, "--precision", "0.9") == asked
    # What cannot be reached for one label is asked for with a score of its own.
    other = ("--precision", "0.95", "--min-score", "CASUALTY=0")
    assert run(capsys, "predict", "-m", model, source, *other) == asked
    code, shown, err = run(capsys, "predict", "-m", model, source, *options, "--pretty")
    assert (code, err) == (0, told(left_out) + "\n")
    for label in ("ACTOR", "WEAPON", "BASE", "CASUALTY"):
        count = sum(s["label"] == label for row in kept for s in row["spans"])
        assert shown.count(f"{label}: ") + shown.count(f"{label})") == count


def test_nothing_is_told_where_nothing_is_asked_for(
    model: Path, source: Path, uncut: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "predict", "-m", model, source)
    assert (code, records(out), err) == (0, uncut, "")
    code, out, err = run(capsys, "predict", "-m", model, source, "--min-score", "0")
    assert (code, records(out)) == (0, uncut)
    assert err == "no span scored lower than asked for\n"


def test_a_folder_counts_resumes_and_refuses_other_scores(
    model: Path,
    source: Path,
    uncut: list[Record],
    lowest: dict[str, float],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "out"
    command = ["predict", "-m", model, source, "-o", f"{folder}/", "--part-documents", "4"]
    options = [f"--min-score=ACTOR={lowest['ACTOR']}", "--min-score", "0.01"]
    kept, left_out = cut(uncut, lowest | {"BASE": 0})
    spans = sum(len(row["spans"]) for row in kept)
    code, _, err = run(capsys, *command, *options)
    assert code == 0
    assert err == f"18 documents, {spans} spans in {folder}/\n{told(left_out)}\n"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    every = dict.fromkeys(("BASE", "CASUALTY", "WEAPON"), 0.01)
    assert manifest["options"]["min_scores"] == {"ACTOR": lowest["ACTOR"]} | every
    assert manifest["totals"]["left_out"] == left_out
    assert manifest["totals"]["spans"] == spans
    parts = sorted(folder.glob("part-*.jsonl"))
    assert len(parts) == 5
    written = [row for part in parts for row in records(part.read_text(encoding="utf-8"))]
    assert plain(written) == plain(kept)
    code, _, err = run(capsys, *command, *options, "--resume")
    assert code == 0
    assert err.splitlines() == [
        f"finished already: 18 documents, {spans} spans in {folder}/",
        told(left_out),
    ]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for other, is_now in ((["--min-score", "0.5"], "{'ACTOR': 0.5, "), ([], "None")):
        code, _, err = run(capsys, *command, *other, "--resume")
        assert code == 2
        assert "--resume must go on with the same run; changed: min_scores (was {'ACTOR'" in err
        assert f"now {is_now}" in err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_an_unfinished_run_goes_on_with_what_was_left_out(
    model: Path, source: Path, uncut: list[Record], tmp_path: Path
) -> None:
    """Some parts have a record of an earlier run, the others are tagged now: the sums are whole."""
    whole, half = tmp_path / "whole", tmp_path / "half"
    score = middle_score(uncut, "BASE")
    options = ["--part-documents", "4", "--min-score", f"BASE={score}"]
    done = marsad("predict", "-m", model, source, *options, "-o", f"{whole}/")
    assert done.returncode == 0, done.stderr
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    broken = tmp_path / "news.jsonl"
    broken.write_text("".join([*lines[:9], "{\n", *lines[9:]]), encoding="utf-8")
    command = ["predict", "-m", model, broken, *options, "-o", f"{half}/"]
    assert marsad(*command, "--strict").returncode == 2
    assert len(list((half / ".marsad").iterdir())) == 2
    done = marsad(*command, "--resume")
    assert done.returncode == 1, done.stderr
    totals = [json.loads((f / "manifest.json").read_bytes())["totals"] for f in (whole, half)]
    assert totals[0]["left_out"] == totals[1]["left_out"] == cut(uncut, {"BASE": score})[1]
    assert told(totals[0]["left_out"]) in done.stderr


def test_two_processes_leave_what_one_leaves(
    model: Path, source: Path, lowest: dict[str, float], tmp_path: Path
) -> None:
    made = {}
    for workers in ("1", "2"):
        folder = tmp_path / workers
        options = ("--part-documents", "4", "--min-score", f"ACTOR={lowest['ACTOR']}")
        done = marsad(
            "predict", "-m", model, source, *options, "--workers", workers, "-o", f"{folder}/"
        )
        assert done.returncode == 0, done.stderr
        made[workers] = (
            done.stderr.replace(str(folder), ""),
            {path.name: path.read_bytes() for path in folder.iterdir()},
        )
    assert made["1"] == made["2"]
    assert "left out for a low score (ACTOR " in made["1"][0]


def test_incidents_leave_low_scores_out_of_rows_and_sums(
    model: Path, source: Path, uncut: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    score = middle_score(uncut, "CASUALTY")
    kept, left_out = cut(uncut, {"CASUALTY": score})
    options = ("--min-score", f"CASUALTY={score}")
    code, out, err = run(capsys, "incidents", "-m", model, source, *options)
    assert code == 0
    with_counts = [r["id"] for r in kept if any(s["label"] == "CASUALTY" for s in r["spans"])]
    assert [row["id"] for row in records(out)] == with_counts
    low, sums = err.splitlines()
    assert low == told(left_out)
    assert sums.startswith(f"{len(with_counts)} rows; in all: ")


TAGGED: list[Record] = [
    {
        "id": "a",
        "text": "مقتل جنديين وثلاثة مدنيين وطفل",
        "spans": [
            {"start": 5, "end": 11, "label": "CASUALTY", "score": 0.5},
            {"start": 12, "end": 25, "label": "CASUALTY", "score": 0.9},
            {"start": 26, "end": 30, "label": "CASUALTY"},
        ],
    }
]


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    path = tmp_path / "tagged.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TAGGED), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("options", "killed", "left_out"),
    [
        ((), 6, None),
        (("--min-score", "0.6"), 4, {"CASUALTY": 1}),
        (("--min-score", "1"), 1, {"CASUALTY": 2}),  # a span without a score is kept
        (("--min-score", "1", "--min-score", "CASUALTY=0.5"), 6, {}),
        (("--min-score", "ACTOR=1"), 6, {}),
    ],
)
def test_given_spans_are_left_out_by_their_own_scores(
    tagged: Path,
    options: tuple[str, ...],
    killed: int,
    left_out: dict[str, int] | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "incidents", "--tagged", tagged, *options)
    assert code == 0
    [row] = records(out)
    assert (row["killed_min"], row["killed_max"]) == (killed, killed)
    *lines, sums = err.splitlines()
    assert sums == f"1 row; in all: killed {killed}"
    unmet = "note: --min-score ACTOR: no span of the input has this label (it has: CASUALTY)"
    notes = [unmet] if "ACTOR=1" in options else []
    assert lines == ([] if left_out is None else [told(left_out), *notes])
    code, _, _ = run(capsys, "incidents", "--tagged", tagged, *options, "-o", f"{tmp_path}/out/")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["totals"]["left_out"] == (left_out or {})
    scores = manifest["options"]["min_scores"]
    assert (scores is None) == (left_out is None)
    if "1" in options:
        assert scores is not None
        assert scores["others"] == 1


def test_a_label_that_no_given_span_has_is_told(
    tagged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a slip of the fingers would filter nothing in silence."""
    asked = ("incidents", "--tagged", tagged, "--min-score", "CASUALITY=0.99")
    note = "note: --min-score CASUALITY: no span of the input has this label (it has: CASUALTY)"
    folder = f"{tmp_path}/out/"
    for command in (asked, (*asked, "-o", folder), (*asked, "-o", tmp_path / "out.csv")):
        code, _, err = run(capsys, *command)
        assert (code, err.splitlines().count(note)) == (0, 1)
    # Of a finished run the labels are not known any more, and nothing is claimed.
    assert "note" not in run(capsys, *asked, "-o", folder, "--resume")[2]
    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps({**TAGGED[0], "spans": []}) + "\n", encoding="utf-8")
    err = run(capsys, "incidents", "--tagged", bare, "--min-score", "ACTOR=0.5")[2]
    assert "no span of the input has this label (it has: none)" in err


def test_labels_of_parts_that_were_done_are_known(tagged: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    scores = MinScores({"CASUALTY": 0.6, "ACTOR": 0.5})
    job = Job(Sink("jsonl"), folder=str(folder), takes_spans=True, min_scores=scores)
    folder.mkdir()
    documents = [Document("a", TAGGED[0]["text"], (Span(5, 11, "CASUALTY", 0.5),))]
    [result] = tag_parts(GivenSpans(), job, [Part(PartId(0, 0), documents)])
    assert (result.spans, result.labels) == (0, ["CASUALTY"])
    assert PartResult.from_dict(json.loads(json.dumps(result.to_dict()))).labels == ["CASUALTY"]
    outcome = Outcome()
    outcome.add(result)
    assert Wanted(by_label=scores.by_label).unmet(outcome.labels) == ["ACTOR"]


def test_help_says_that_spans_without_a_score_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run(capsys, "incidents", "--help")
    assert "--min-score keeps those without a score" in " ".join(out.split())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--min-score", "actor=0.5"], "--min-score actor: this model marks ACTOR, WEAPON, BASE, "),
        (["--min-score", "actor=0.5"], "did you mean ACTOR?"),
        (["--min-score", "FOO=0.5"], "--min-score FOO: this model marks ACTOR"),
        (["--min-score", "80"], "a score lies between 0 and 1"),
        (["--min-score", "ACTOR"], "'ACTOR' is no number; write --min-score 0.8 for all labels"),
        (["--min-score", "0.5", "--precision", "0.9"], "leave it or --min-score 0.5 out"),
        (["--precision", "0.93"], "stores no thresholds for it (stored: 0.9, 0.95)"),
        (["--precision", "0.95"], "no score of CASUALTY was that precise when the model was"),
        (["--precision", "95"], "expected a number above 0 and below 1"),
    ],
)
def test_what_is_refused(
    model: Path,
    source: Path,
    args: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command, output in (("predict", "out/"), ("incidents", "out.csv")):
        where = f"{tmp_path}/{output}"
        code, out, err = run(capsys, command, "-m", model, source, *args, "-o", where)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert message in err
        assert list(tmp_path.iterdir()) == []


def test_what_is_refused_where_no_model_runs(
    tagged: Path, tiny_model: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "incidents", "--tagged", tagged, "--precision", "0.9")
    assert (code, out) == (2, "")
    assert "no model runs whose scores could be known to be that precise" in err
    # The tiny model was trained on too little to have been calibrated.
    assert open_model(tiny_model).calibration == Calibration()
    code, out, err = run(capsys, "predict", "-m", tiny_model, source, "--precision", "0.9")
    assert (code, out) == (2, "")
    assert "(stored: none); store them with `marsad calibrate MODEL DATA --precision 0.9`" in err
