"""``marsad predict`` as a process that is killed at moments drawn by chance, and goes on.

A moment is any time of a run, its start included, or when a part that was drawn by chance, or the
last one, is finished, or shortly behind. What is killed may have gone on from a killed run itself.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_output import contents
from tests.test_predict import ENVIRONMENT, PREDICT, predict, wait_for_workers

PARTS = 300
PART_DOCUMENTS = 4
SENTENCE = "قصفت طائرات حربية معسكر النخيل فقتل {} جنديان."


@dataclass(frozen=True)
class Mode:
    """A way to run the command."""

    target: str
    workers: int
    kills: int
    """How often a run is killed; 20 times in all."""

    def args(self, source: Path, model: Path, place: Path) -> list[str]:
        options = ["-m", model, "--runtime", "fp32", "--part-documents", PART_DOCUMENTS]
        options += ["--workers", self.workers, "-o", f"{place}/{self.target}"]
        return [str(source), *map(str, options)]

    def parts(self, place: Path) -> Path:
        """Return the folder in which the parts of a run are."""
        return place / ("out" if self.target == "out/" else f".{self.target}.marsad")


MODES = {
    "one process": Mode("out/", 1, 7),
    "two workers": Mode("out/", 2, 6),
    "one file": Mode("out.csv", 1, 7),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records, of which two are faulty."""
    path = tmp_path_factory.mktemp("source") / "news.jsonl"
    rows = [
        json.dumps({"id": f"n{i}", "text": " ".join([SENTENCE.format(i)] * (1 + i % 5)), "day": i})
        for i in range(PARTS * PART_DOCUMENTS - 2)
    ]
    rows[40:40] = ['{"id": "broken"']
    rows[900:900] = ['{"id": "none"}']
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


class Whole(NamedTuple):
    """A run that nobody killed."""

    files: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="module")
def whole(
    source: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mode], Whole]:
    """Return a function from a mode to what a run of it leaves, and how long it takes."""
    made: dict[Mode, Whole] = {}

    def get(mode: Mode) -> Whole:
        if mode not in made:
            place = tmp_path_factory.mktemp("whole")
            started = time.monotonic()
            done = predict(*mode.args(source, tiny_model, place))
            seconds = time.monotonic() - started
            assert done.returncode == 1, done.stderr
            made[mode] = Whole(contents(place), seconds)
        return made[mode]

    return get


def run_and_kill(
    mode: Mode, args: list[str], place: Path, seconds: float, chance: random.Random
) -> subprocess.CompletedProcess[str]:
    """Start a run and kill it, alone or with its workers, unless it has ended before."""
    folder = mode.parts(place) / ".marsad"
    names = [f"part-00000-{number:08}.json" for number in range(PARTS)]
    left = [folder / name for name in names if not (folder / name).exists()]
    awaited, pause = None, chance.uniform(0, seconds)
    if left and chance.random() < 0.75:
        soon = left[: len(left) // 2 + 1]
        awaited = left[-1] if chance.random() < 0.3 else chance.choice(soon)
        pause = chance.uniform(0, 0.03)
    group = chance.random() < 0.5
    with subprocess.Popen(
        [*PREDICT, *args],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        while awaited and not awaited.exists() and process.poll() is None:
            time.sleep(0.001)
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        told = process.communicate(timeout=60)[1]
    wait_for_workers(process.pid)
    return subprocess.CompletedProcess(args, process.returncode, "", told)


def finished(folder: Path) -> dict[Path, int]:
    """Return the data files of finished parts, and when each was written."""
    files = [folder / f"{record.stem}.jsonl" for record in folder.glob(".marsad/part-*.json")]
    return {file: file.stat().st_mtime_ns for file in files}


@pytest.mark.parametrize("name", MODES)
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    name: str,
    source: Path,
    tiny_model: Path,
    whole: Callable[[Mode], Whole],
    tmp_path: Path,
) -> None:
    mode = MODES[name]
    files, seconds = whole(mode)
    chance = random.Random(name)
    kills = runs = 0
    while kills < mode.kills:
        runs += 1
        place = tmp_path / f"{runs}"
        place.mkdir()
        args = mode.args(source, tiny_model, place)
        kept: dict[Path, int] = {}
        while True:
            if kills < mode.kills:
                done = run_and_kill(mode, args, place, seconds, chance)
            else:
                done = predict(*args)
            if done.returncode != -signal.SIGKILL:
                break
            kills += 1
            if mode.target == "out/":
                kept = {**finished(place / "out"), **kept}
            if "--resume" not in args:
                args = [*args, "--resume"]
        assert done.returncode == 1, done.stderr
        assert contents(place) == files
        assert {path: path.stat().st_mtime_ns for path in kept} == kept, "done again"


def test_there_are_twenty_kills() -> None:
    assert sum(mode.kills for mode in MODES.values()) == 20


def test_a_killed_worker_costs_nothing_that_is_done(
    source: Path, tiny_model: Path, whole: Callable[[Mode], Whole], tmp_path: Path
) -> None:
    mode = MODES["two workers"]
    args = mode.args(source, tiny_model, tmp_path)
    with subprocess.Popen(
        [*PREDICT, *args],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        while not (tmp_path / "out" / ".marsad" / "part-00000-00000002.json").exists():
            assert process.poll() is None
            time.sleep(0.001)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        # The last child is a worker; the first watches over what is shared.
        os.kill(int(children[-1]), signal.SIGKILL)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 2, told
    assert "error: a worker process was killed" in told
    assert "Traceback" not in told
    kept = finished(tmp_path / "out")
    assert kept
    done = predict(*args, "--resume")
    assert done.returncode == 1, done.stderr
    assert contents(tmp_path) == whole(mode).files
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "done again"
