"""The README is executed: its files are written, its commands run, its output compared.

A fence ``text NAME`` or ``yaml NAME`` is a file that the reader is told to write; in a ``console``
fence, lines behind ``$`` are commands and the others their standard output, where ``...`` stands
for anything. Trainings run for two steps on a tiny random encoder.
"""

from __future__ import annotations

import doctest
import fnmatch
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, SHARED

README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A mention, [text](LABEL), looks like a link; a link leads to a file.
LINKS = re.findall(r"\]\((?!(?:ACTOR|WEAPON|BASE|CASUALTY)\))([\w./-]+)\)", README)
CHEAP = (
    "encoder={encoder} max_length=64 stride=16 max_steps=2 seeds=[13] data.standoff=[]"
    " per_device_train_batch_size=2 bf16=false"
)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Return each command of a console block with the lines of its output."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        else:
            found[-1][1].append(line)
    return found


def tidy(lines: list[str]) -> list[str]:
    """Lines without the space around them and without scores, whose last digit is the machine's."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r'"score": [\d.]+', '"score": ...', text).splitlines()


def test_readme_in_order(
    tmp_path: Path, encoders: Callable[[str, str], Path], corpus_file: Path
) -> None:
    for name in ("seeds", "configs", "models", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "100",
    }
    ran = 0
    for kind, name, block in FENCE.findall(README):
        if name:
            (tmp_path / name).write_text(block, encoding="utf-8")
            continue
        if kind != "console":
            continue
        for command, expected in commands(block):
            if command.startswith(("make", "git", "cd", "python3 -m venv", "pip", "accelerate")):
                continue  # set-up, which is how this test came to run, and what needs GPUs
            if command.startswith("python scripts/"):
                continue  # measurements, which take minutes
            if "../shared" in command:
                continue  # scores on text that is not in the repository; see below
            if command.startswith("marsad train"):
                command += " " + CHEAP.format(encoder=encoders("bert", "unigram"))
            done = subprocess.run(
                ["bash", "-c", command],  # noqa: S607
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
            if not command.startswith("marsad train"):
                found = tidy(done.stdout.splitlines())
                wanted = tidy(expected)
                matches = fnmatch.fnmatchcase("\n".join(found), _pattern("\n".join(wanted)))
                assert matches or not wanted, f"{command}\n{done.stdout}"
            ran += 1
    assert ran >= 8


def _pattern(text: str) -> str:
    escaped = re.sub(r"([*?\[])", r"[\1]", text)
    return escaped.replace("...", "*")


def test_readme_python() -> None:
    blocks = [block for kind, _, block in FENCE.findall(README) if kind == "python"]
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for block in blocks:
        test = parser.get_doctest(block, {}, "README", "README.md", 0)
        assert test.examples
        assert runner.run(test).failed == 0
    assert blocks


@pytest.mark.parametrize(("name", "least"), [("dev", 0.86), ("dev-almayadeen", 0.80)])
def test_readme_score_on_newswire(newswire: Path, name: str, least: float) -> None:
    """The stated score on the shared newswire, from the command beside it."""
    [command] = [
        command
        for kind, _, block in FENCE.findall(README)
        if kind == "console"
        for command, _ in commands(block)
        if command == f"marsad evaluate models/tagger ../shared/newswire/{name}.jsonl"
    ]
    done = subprocess.run(
        [sys.executable, "-m", "train.cli", *command.split()[1:]],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "COLUMNS": "100"},
    )
    [row] = [line for line in done.stdout.splitlines() if "micro" in line]
    f1 = float(re.findall(r"0\.\d+", row)[0])
    # The last digit is the CPU's: one without 8-bit dot products runs in fp32.
    stated = [float(number) for number in re.findall(r"\*\*(0\.\d+)\*\*", README)]
    assert min(abs(f1 - number) for number in stated) < 0.0015
    assert f1 >= least
    assert SHARED.is_dir()


@pytest.mark.parametrize("path", LINKS)
def test_readme_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
