"""The script of the learning curve: what runs, what is refused, and what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import CORPUS, ROOT
from train.config import TrainConfig

SCRIPT = ROOT / "scripts" / "learning_curve.py"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture
def config(make_config: Callable[..., TrainConfig], corpus_file: Path, tmp_path: Path) -> Path:
    data = {"train": [str(tmp_path / "many.txt")], "validation": [str(corpus_file)]}
    lines = [line for line in CORPUS.splitlines() if line]
    many = "".join(f"{line} {i}\n" for i in range(2) for line in lines)
    (tmp_path / "many.txt").write_text(many, encoding="utf-8")
    path = tmp_path / "c.yaml"
    values = make_config(data=data, num_train_epochs=1, early_stopping_patience=1).model_dump(
        mode="json"
    )
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_runs_are_done_once_and_give_a_curve(
    config: Path, corpus_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "curve"
    options = [
        str(config), f"--data={corpus_file}", f"--output={output}", "--seeds=1,2",
        "--shares=1,1/4,1/2", "--least-steps=12",
    ]  # fmt: skip
    early = run(*options, "--runs=1")
    assert early.returncode == 2
    assert "3 sizes or more, and there are 1" in early.stderr
    with (output / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"of": {"con')  # killed while it wrote
    done = run(*options)
    assert done.returncode == 0, done.stderr
    lines = (output / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    runs = [json.loads(line) for line in lines]
    assert [(r["size"], r["seed"]) for r in runs] == [
        (size, seed) for seed in (1, 2) for size in (3, 6, 12)
    ]
    # Few sentences are gone through more often than once, so that none has fewer steps than asked.
    epochs = [r["epochs"] for r in runs[:3]]
    assert epochs[0] > epochs[1] > epochs[2] == 1
    assert all(r["steps"] >= 12 for r in runs)
    assert runs[0]["of"]["least_steps"] == 12
    assert runs[0]["steps"] < 12 + runs[0]["steps"] / epochs[0]  # and not an epoch more
    assert "| 3 | " in done.stdout
    assert f"- {corpus_file}: with 24 sentences in place of 12" in done.stdout
    assert (output / "curve.md").read_text(encoding="utf-8") == done.stdout.removesuffix("\n")
    curve = json.loads((output / "curve.json").read_text(encoding="utf-8"))
    assert len(curve[str(corpus_file)]["points"]) == 6
    assert (output / "curve.png").read_bytes().startswith(b"\x89PNG")
    drawn = (output / "curve.svg").read_bytes()
    again = run(*options)
    assert again.stdout == done.stdout
    assert (output / "runs.jsonl").read_text(encoding="utf-8").count("\n") == 6  # nothing anew
    assert (output / "curve.svg").read_bytes() == drawn
    far = run(*options, "--runs=0", "--forecast=24,48")
    assert f"- {corpus_file}: with 48 sentences in place of 12" in far.stdout
    assert "| 24 | " in far.stdout
    other = run(*options, "--set=learning_rate=1e-8")
    assert other.returncode == 2
    assert "holds runs with other values of changes" in other.stderr
    assert "Traceback" not in other.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shares=0,1"], "expected numbers above 0 and up to 1"),
        (["--shares=1/2,2"], "expected numbers above 0 and up to 1"),
        (["--shares=half"], "expected numbers such as 1/8"),
        (["--seeds=13;14"], "--seeds '13;14': expected whole numbers"),
        (["--forecast=many"], "--forecast 'many': expected whole numbers"),
        (["--forecast=0", "--runs=0"], "no run is finished"),
        (["--set=learning_rat=1"], "did you mean 'learning_rate'?"),
        (["--data=nowhere.jsonl"], "nowhere.jsonl: no such file or folder"),
    ],
)
def test_slips_show_before_anything_runs(
    config: Path, corpus_file: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    done = run(str(config), f"--data={corpus_file}", f"--output={tmp_path / 'o'}", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
