"""Variants side by side: what runs, what is refused, and what the table says."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from train.config import TrainConfig

SCRIPT = ROOT / "scripts" / "experiments.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("experiments", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["experiments"] = module
    spec.loader.exec_module(module)
    return module


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_variants_run_once_and_are_compared(
    make_config: Callable[..., TrainConfig], corpus_file: Path, tmp_path: Path
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump(make_config().model_dump(mode="json")), encoding="utf-8")
    output = tmp_path / "results.jsonl"
    options = [
        str(config), f"--data={corpus_file}", f"--output={output}", "--seeds=1,2",
        "--variant=still: learning_rate=1e-9", "--jobs=2",
    ]  # fmt: skip
    done = run(*options)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert {(r["variant"], r["seed"]) for r in results} == {
        (name, seed) for name in ("base", "still") for seed in (1, 2)
    }
    assert "| base |  | 2 |" in done.stdout
    assert "| still | `learning_rate=1e-9` | 2 |" in done.stdout
    again = run(*options)
    assert again.stdout == done.stdout
    assert output.read_text(encoding="utf-8").count("\n") == 4  # nothing was run twice
    other = run(*options[:4], "--variant=still: learning_rate=1e-8")
    assert other.returncode == 2
    assert "holds 'still' with another config, other changes or other --data" in other.stderr
    assert "Traceback" not in other.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--no-base"], "nothing to run"),
        (["--variant=a: seeds=[1]", "--variant=a: seeds=[2]"], "the same name twice"),
        (["--variant=a"], "expected «name: key=value key=value»"),
        (["--variant=a: learning_rat=1"], "did you mean 'learning_rate'?"),
        (["--data=nowhere.jsonl"], "nowhere.jsonl: no such file or folder"),
    ],
)
def test_slips_show_before_anything_runs(
    make_config: Callable[..., TrainConfig],
    corpus_file: Path,
    tmp_path: Path,
    options: list[str],
    said: str,
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump(make_config().model_dump(mode="json")), encoding="utf-8")
    done = run(str(config), f"--data={corpus_file}", f"--output={tmp_path / 'o'}", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_gives_mean_and_spread(script: Any) -> None:
    results = [
        {"variant": "base", "changes": [], "scores": {"dev": {"micro": f1}}} for f1 in (0.8, 0.9)
    ]
    assert "| base |  | 2 | 0.850 ± 0.071 |" in script.table(results, ["base", "missing"])
