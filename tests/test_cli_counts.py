"""``marsad counts`` as a process, and how rightly it reads what people have read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, SHARED
from tests.test_cli import marsad, records

LINES = """\
# id = n1
قتل [جنديان](CASUALTY) وأصيب [نحو 12 مدنيا](CASUALTY) في قصف [لداعش](ACTOR).
هدوء في المدينة.
شمل الحصار [15%](CASUALTY) من السكان.
"""
DEAD = {"min": 2, "max": 2, "approximate": False, "outcome": "killed", "subset": False}
HURT = {"min": 12, "max": 12, "approximate": True, "outcome": "injured", "subset": False}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "news.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def gold(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_line_for_each_count(data: Path) -> None:
    done = marsad("counts", data)
    assert (done.returncode, done.stderr) == (0, "3 counts, of which 1 could not be read\n")
    dead, hurt, share = records(done.stdout)
    rules = [dead.pop("count_rule"), hurt.pop("count_rule"), share.pop("count_rule")]
    assert dead == {"id": "news:2", "start": 4, "end": 10, "text": "جنديان", "count": DEAD}
    assert hurt == {"id": "news:2", "start": 17, "end": 29, "text": "نحو 12 مدنيا", "count": HURT}
    assert share == {"id": "news:4", "start": 11, "end": 14, "text": "15%", "count": None}
    assert rules[0].startswith("dual; ")
    assert rules[1].startswith("about+digits; ")
    assert rules[2].startswith("unread: ")
    assert "داعش" not in done.stdout


def test_json_holds_the_same_and_scores(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    lines = records(marsad("counts", data).stdout)
    done = marsad("counts", data, "--json", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(out.read_bytes()) == {"spans": lines, "unread": 1}
    first = gold(
        tmp_path / "1.jsonl",
        {"id": "news:2", "start": 4, "end": 10, "text": "جنديان", "count": DEAD},
        {"id": "news:4", "start": 11, "end": 14, "count": {**DEAD, "outcome": "unknown"}},
    )
    other = {**HURT, "outcome": "killed"}
    second = gold(tmp_path / "2.jsonl", {"id": "news:2", "start": 17, "end": 29, "count": other})
    done = marsad("counts", data, "--counts", first, "--counts", second, "--json", out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "3 counts, of which 1 could not be read\n"
        "against 3 gold counts: numbers 0.667, outcome 0.333, subset 0.667, all of it 0.333\n"
    )
    result = json.loads(out.read_bytes())
    assert list(result) == ["spans", "unread", "scores"]
    # What differs from the gold count stands beside it; what is right needs no second record.
    assert result["spans"] == [
        lines[0],
        {**lines[1], "gold": other},
        {**lines[2], "gold": {**DEAD, "outcome": "unknown"}},
    ]
    scores = result["scores"]
    assert (scores["gold"], scores["found"], scores["unread"]) == (3, 3, 1)
    assert (scores["numbers"], scores["outcome"], scores["subset"], scores["whole"]) == (2, 1, 2, 1)
    assert scores["numbers_accuracy"] == pytest.approx(2 / 3)


def test_gold_counts_may_stand_in_the_data(data: Path, tmp_path: Path) -> None:
    """Those that a machine has read, which have a rule, are no gold: predict's own output."""
    assert marsad("convert", data, "-o", tmp_path / "a.jsonl").returncode == 0
    documents = records((tmp_path / "a.jsonl").read_text(encoding="utf-8"))
    spans = documents[0]["spans"]
    spans[0]["count"] = {**DEAD, "min": 1}
    spans[1] |= {"count": {**HURT, "min": 1}, "count_rule": "digits"}
    done = marsad("counts", gold(tmp_path / "b.jsonl", *documents))
    assert "against 1 gold counts: numbers 0.000, outcome 1.000" in done.stderr
    dead, hurt, _ = records(done.stdout)
    assert (dead["count"], dead["gold"]) == (DEAD, {**DEAD, "min": 1})
    assert hurt["count"] == HURT
    assert "gold" not in hurt


def test_conventions(data: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("before: {at_least: [نحو]}\n", encoding="utf-8")
    done = marsad("counts", data, "--conventions", own)
    assert records(done.stdout)[1]["count"] == {**HURT, "max": None, "approximate": False}


def test_nothing_to_count(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("هدوء\n", encoding="utf-8")
    done = marsad("counts", tmp_path / "a.txt")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 counts, of which 0 could not be read\n"


def test_bad_input_is_told(data: Path, tmp_path: Path) -> None:
    listed = gold(tmp_path / "c.jsonl", {"id": "news:2", "start": 4, "end": 10, "count": DEAD})
    wrong = gold(tmp_path / "w.jsonl", {"id": "news:2", "start": 4, "end": 9, "count": DEAD})
    (tmp_path / "c.yaml").write_text("vage: {}\n", encoding="utf-8")
    (tmp_path / "label.txt").write_text("قتل [جندي](CASUALTY\n", encoding="utf-8")
    cases: list[tuple[list[str | Path], str]] = [
        ([tmp_path / "none.txt"], "no such file or folder"),
        ([tmp_path / "label.txt"], f"{tmp_path}/label.txt:1"),
        ([tmp_path / "c.yaml"], ".txt or .jsonl"),
        ([listed], "name it with --counts"),
        ([data, "--counts", tmp_path / "none.jsonl"], "no such file"),
        ([data, "--counts", data], f"{data}:1"),
        ([data, "--counts", wrong], f"{wrong}:1: found a count of [4, 9)"),
        ([data, "--counts", listed, "--counts", listed], "a second count"),
        ([data, "--conventions", tmp_path / "c.yaml"], "did you mean vague"),
        ([data, "--conventions", tmp_path / "none.yaml"], "cannot be read"),
        ([data, "--json", data], "is also an input"),
        ([data, "--counts", listed, "--json", listed], "is also an input"),
        ([data, "--json", listed / "x.json"], "cannot be written"),
        ([], "Missing argument"),
    ]
    for args, message in cases:
        done = marsad("counts", *args)
        assert done.returncode == 2, (args, done.stderr)
        assert message in done.stderr, (args, done.stderr)
        assert "Traceback" not in done.stderr
    assert data.read_text(encoding="utf-8") == LINES


# Held-out data. Fewer right than this would be a step back; what is wrong is in the JSON of --json.


@pytest.mark.parametrize(
    ("data", "listed", "count", "least"),
    [
        (
            ROOT / "seeds" / "heldout",
            ROOT / "seeds" / "counts" / "heldout.jsonl",
            163,
            {"numbers": 0.97, "outcome": 0.93, "subset": 0.97},
        ),
        (
            SHARED / "newswire" / "dev.jsonl",
            SHARED / "newswire" / "counts-dev.jsonl",
            107,
            {"numbers": 0.97, "outcome": 0.93, "subset": 0.97},
        ),
        (
            SHARED / "newswire" / "dev-almayadeen.jsonl",
            ROOT / "seeds" / "counts" / "almayadeen.jsonl",
            87,
            {"numbers": 0.97, "outcome": 0.93, "subset": 0.97},
        ),
    ],
    ids=["seeds", "newswire", "almayadeen"],
)
def test_held_out_counts(
    data: Path, listed: Path, count: int, least: dict[str, float], tmp_path: Path
) -> None:
    if not data.exists() or not listed.exists():
        pytest.skip("../shared/newswire is not here; its sentences cannot be redistributed")
    out = tmp_path / "out.json"
    done = marsad("counts", data, "--counts", listed, "--json", out)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_bytes())
    scores = result["scores"]
    assert scores["gold"] == scores["found"] == count
    wrong = [span for span in result["spans"] if "gold" in span]
    for name, share in least.items():
        assert scores[f"{name}_accuracy"] >= share, (name, wrong)


def test_lists_of_counts_do_not_upset_the_folder_that_they_stand_in() -> None:
    done = marsad("counts", ROOT / "seeds")
    assert done.returncode == 0, done.stderr
    assert len(records(done.stdout)) > 1_000
