"""`marsad evaluate` as a user types it: what it takes in, in which order, and what it protects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, Run
from tests.test_cli_judging import robustness_file
from train.count import Count
from train.document import Document, Span
from train.errors import InputError
from train.jsonl import write_jsonl
from train.standoff import write_standoff


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.txt"
    path.write_text(CORPUS, encoding="utf-8")
    return path


@pytest.mark.parametrize("option", ["--training", "--robustness", "--counts", "--conventions"])
def test_no_input_is_written_over(
    option: str, tiny_model: Path, tmp_path: Path, data: Path, marsad_here: Run
) -> None:
    given = tmp_path / "given.json"
    given.write_text("kept", encoding="utf-8")
    report = tmp_path / "page.json"
    for output in ("--json", "--report"):
        outputs = (output, given) if output == "--report" else (output, given, "--report", report)
        code, shown, err = marsad_here("evaluate", tiny_model, data, option, given, *outputs)
        assert (code, shown) == (2, "")
        assert "is also an input" in err
    assert given.read_text(encoding="utf-8") == "kept"
    assert not report.exists()


def test_a_missing_package_is_told_before_anything_is_read(
    tmp_path: Path, data: Path, marsad_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise InputError("the report extra is missing")

    monkeypatch.setattr("train.page.check_extra", refuse)
    no_model = tmp_path / "nowhere"
    _, _, err = marsad_here("evaluate", no_model, data, "--report", tmp_path / "page.html")
    assert "the report extra is missing" in err
    _, _, err = marsad_here("evaluate", no_model, data, "--report", tmp_path / "page.json")
    assert "no such model folder" in err  # data needs no package


def test_the_report_tells_counts_training_and_what_is_not_as_it_seems(
    tiny_model: Path, tmp_path: Path, marsad_here: Run
) -> None:
    text = "قتل خمسة جنود في معسكر النخيل"
    spans = (Span(4, 13, "CASUALTY", count=Count(5, 5, False, "killed", False)),)
    gold = Document("1", text, (*spans, Span(17, len(text), "BASE")))
    path = tmp_path / "gold.jsonl"
    write_jsonl([gold], path)
    # Of the training data only offsets are here; its text stands elsewhere.
    training = replace(gold, id="t_1", spans=gold.spans[1:])
    write_standoff([training], tmp_path / "spans.jsonl")
    write_jsonl([replace(training, spans=())], tmp_path / "texts.jsonl")
    other = robustness_file(tmp_path / "robust.json")
    report = tmp_path / "report.json"
    code, shown, err = marsad_here(
        *("evaluate", tiny_model, path, "--report", report, "--robustness", other),
        *("--training", tmp_path / "spans.jsonl", "--texts", tmp_path / "texts.jsonl"),
    )
    assert (code, "micro" in shown) == (0, True), err
    assert f"note: {other} was measured on another model" in err
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["counts"]["gold_spans"]["gold"] == 1
    assert told["slices"]["by_known"]["seen"]["gold"] == 1  # the camp, and not the five
    assert told["about"]["training data"] == str(tmp_path / "spans.jsonl")
    assert told["robustness"]["perturbations"][0]["name"] == "n"


def test_wrong_inputs_are_told_before_anything_is_written(
    tiny_model: Path, tmp_path: Path, data: Path, marsad_here: Run
) -> None:
    deep, endless = tmp_path / "deep.json", tmp_path / "endless.json"
    deep.write_text("[" * 100_000, encoding="utf-8")
    sound = robustness_file(endless)
    sound.write_text(sound.read_text(encoding="utf-8").replace("2.0", "NaN"), encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    outputs = ("--json", out / "a.json", "--report", out / "r.html", "--suspects", out / "s.txt")
    nowhere = tmp_path / "nowhere.txt"
    cases: list[tuple[tuple[Any, ...], str]] = [
        (("--robustness", deep), "is not what `marsad robustness --json` writes"),
        (("--robustness", endless), "is not what `marsad robustness --json` writes"),
        (("--training", nowhere), "no such file or folder"),
        (("--texts", nowhere), "none is named"),
    ]
    for args, message in cases:
        code, shown, err = marsad_here("evaluate", tiny_model, data, *outputs, *args)
        assert (code, shown) == (2, ""), err
        assert message in err
        assert list(out.iterdir()) == []


def test_the_scores_are_told_though_the_suspects_cannot_be_written(
    tiny_model: Path, tmp_path: Path, marsad_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that ends in a carriage return would come back from a .txt file as another one."""
    monkeypatch.setattr("train.suspects.suspected_gold_errors.__defaults__", (0.0,))
    path = tmp_path / "data.jsonl"
    text = "قصفت طائرات حربية معسكر النخيل\r"
    write_jsonl([Document("1", text, (Span(0, 4, "CASUALTY"),))], path)
    out = tmp_path / "s.txt"
    code, shown, err = marsad_here("evaluate", tiny_model, path, "--suspects", out)
    assert code == 2
    assert "micro" in shown
    assert f"--suspects {out}: " in err
