"""``marsad predict`` as a process: interrupted, out of space, and gone on with.

The shipped tagger tags here. Runs are stopped when a number of their parts are finished, which is
seen from their records, not from the clock; ``test_kill.py`` stops them at any moment.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.test_output import contents, lines

ENVIRONMENT = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
PREDICT = [sys.executable, "-m", "train.cli", "predict"]
SENTENCE = "قتل {} جنود في قصف بطائرة مسيرة على قاعدة عسكرية شمال المدينة."
DOCUMENTS = 40
SMALL = ("--part-documents", "3", "--runtime", "fp32")
"""Parts of three documents, so that there are fourteen of them."""


def predict(*args: str | Path, text: str | None = None, **options: Any) -> Any:
    return subprocess.run(
        [*PREDICT, *map(str, args)],
        input=text if text is not None else "",
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=ENVIRONMENT,
        **options,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records, of which two are faulty."""
    path = tmp_path_factory.mktemp("source") / "news.jsonl"
    rows = [
        json.dumps(
            {"id": f"n{i}", "text": " ".join([SENTENCE.format(i)] * (1 + i % 3)), "day": i},
            ensure_ascii=False,
        )
        for i in range(DOCUMENTS)
    ]
    rows[10:10] = ['{"id": "broken"']
    rows[30:30] = ['{"id": "none"}']
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return a function from a target's name to what an uninterrupted run leaves."""
    made: dict[str, Any] = {}

    def get(target: str) -> Any:
        if target not in made:
            place = tmp_path_factory.mktemp("whole")
            done = predict(source, *SMALL, "-o", f"{place}/{target}")
            assert done.returncode == 1, done.stderr
            made[target] = contents(place)
        return made[target]

    return get


def records_in(place: Path) -> int:
    """How many parts of a run are finished."""
    return len(list(place.glob("*/.marsad/part-*.json")))


def stop(
    place: Path, args: list[str | Path], number: int, after: int, group: bool = False
) -> tuple[int, str]:
    """Start a run, send it a signal when ``after`` of its parts are finished, and wait for it."""
    with subprocess.Popen(
        [*PREDICT, *map(str, args)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        while records_in(place) < after and process.poll() is None:
            time.sleep(0.001)
        assert process.poll() is None, "it was done before it could be stopped"
        (os.killpg if group else os.kill)(process.pid, number)
        told = process.communicate(timeout=60)[1]
    wait_for_workers(process.pid)
    return process.returncode, told


def wait_for_workers(group: int) -> None:
    """Wait until no process of a killed run is left; workers end as soon as they see it."""
    deadline = time.monotonic() + 60
    while group in running_groups():
        assert time.monotonic() < deadline, "workers outlive a killed run"
        time.sleep(0.01)


def running_groups() -> Iterator[int]:
    """Yield the process group of each process that is running, as Linux tells it."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            state, _, group = file.read_text().rpartition(")")[2].split()[:3]
            if state not in "ZX":
                yield int(group)


@pytest.mark.parametrize(
    ("number", "workers", "target", "group"),
    [
        (signal.SIGINT, 1, "out/", True),
        (signal.SIGTERM, 1, "out.jsonl", False),
        (signal.SIGINT, 2, "out/", True),  # as a terminal does it
        (signal.SIGINT, 2, "out.jsonl", True),
        (signal.SIGTERM, 2, "out.jsonl", False),
        (signal.SIGTERM, 2, "out/", True),  # as batch systems do it
    ],
)
def test_an_interrupted_run_goes_on(
    source: Path,
    whole: Callable[[str], Any],
    tmp_path: Path,
    number: int,
    workers: int,
    target: str,
    group: bool,
) -> None:
    args = [source, *SMALL, "--workers", str(workers), "-o", f"{tmp_path}/{target}"]
    code, told = stop(tmp_path, args, number, 2, group)
    assert code == 130, told
    assert "go on with the same command and --resume" in told
    assert "Traceback" not in told
    last = told.strip().splitlines()[-1]
    [counted] = [int(word) for word in last.split() if word.isdigit()]
    parts = records_in(tmp_path)
    assert parts >= 2
    assert counted <= min(3 * parts, DOCUMENTS - 1)
    if number == signal.SIGINT or not group:  # else workers die, with what they have not reported
        assert counted >= 3 * parts - 2  # no more than two records were skipped
    done = predict(*args, "--resume")
    assert done.returncode == 1, done.stderr
    assert contents(tmp_path) == whole(target)


@pytest.mark.skipif(shutil.which("timeout") is None, reason="no timeout(1) here")
def test_a_run_that_is_out_of_time_goes_on(
    source: Path, whole: Callable[[str], Any], tmp_path: Path
) -> None:
    args = [source, *SMALL, "--workers", "2", "-o", f"{tmp_path}/out/"]
    command = [*PREDICT, *map(str, args)]
    seconds = 0.5
    while True:  # until it is stopped behind its first part
        done = subprocess.run(
            ["timeout", "--preserve-status", f"{seconds}", *command],  # noqa: S607
            capture_output=True,
            encoding="utf-8",
            check=False,
            env=ENVIRONMENT,
        )
        assert done.returncode in (130, -signal.SIGTERM, 128 + signal.SIGTERM, 1), done.stderr
        assert "Traceback" not in done.stderr
        assert "error:" not in done.stderr
        if records_in(tmp_path) or done.returncode == 1:
            break
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        seconds += 0.5
    if done.returncode == 130:
        done = predict(*args, "--resume")
    assert done.returncode == 1, done.stderr
    assert contents(tmp_path) == whole("out/")


@pytest.mark.parametrize("options", [[], ["--workers", "2"], ["--pretty"], ["--errors", "e"]])
def test_a_reader_that_has_seen_enough_ends_a_run(
    source: Path, tmp_path: Path, options: list[str]
) -> None:
    many = tmp_path / "many.jsonl"
    many.write_bytes(source.read_bytes() * 40)
    with subprocess.Popen(
        [*PREDICT, str(many), *SMALL, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read().decode()
    assert process.returncode == 141, told
    assert "Traceback" not in told
    assert "BrokenPipe" not in told
    lines_told = told.splitlines()
    assert all(line.startswith("skipped: ") for line in lines_told[:-1])
    assert not lines_told or " skipped, " in lines_told[-1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_ends_a_run_that_waits_for_its_input(tmp_path: Path, workers: str) -> None:
    with subprocess.Popen(
        [*PREDICT, "-", "--workers", workers, "--part-documents", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(10):
            process.stdin.write((SENTENCE + "\n").encode())
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)  # closes stdin only when it has ended
    assert process.returncode == 130, told
    assert b"interrupted after" in told
    assert b"--resume" not in told.splitlines()[-1]


@pytest.fixture
def stopped(source: Path, tmp_path: Path) -> list[str | Path]:
    """The command of a run that was interrupted, on an input of its own."""
    own = tmp_path / "own.jsonl"
    shutil.copyfile(source, own)
    args: list[str | Path] = [own, *SMALL, "-o", f"{tmp_path}/out/"]
    assert stop(tmp_path, args, signal.SIGINT, 2)[0] == 130
    return args


def test_what_changed_is_named_and_refused(
    stopped: list[str | Path], tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    own = tmp_path / "own.jsonl"
    original = own.read_bytes()
    before = contents(tmp_path / "out")
    copy = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "tagger", copy)
    settings = json.loads((copy / "marsad.json").read_bytes())
    settings["labels"][:2] = settings["labels"][1::-1]  # another model: labels changed places
    (copy / "marsad.json").write_text(json.dumps(settings))

    def refused(*args: str | Path) -> str:
        done = predict(*args, "--resume")
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
        assert contents(tmp_path / "out") == before
        return str(done.stderr)

    assert "the model (was shipped, " in refused(*stopped, "-m", copy)
    assert "part_documents (was 3, now 4)" in refused(*stopped, "--part-documents", "4")
    assert "sentences (was False, now True)" in refused(*stopped, "--sentences")
    assert "format (was 'jsonl', now 'jsonl.gz')" in refused(*stopped, "--to", "jsonl.gz")
    assert "stdin_format (was 'txt', now 'csv')" in refused(*stopped, "--format", "csv")
    assert "the inputs (was none, now " in refused(*stopped, own)
    own.write_bytes(original + b"{}\n")
    size = f"{len(original):,} bytes, now {len(original) + 3:,}"
    assert f"{own} (was {size})" in refused(*stopped)
    own.write_bytes(original.replace("قصف".encode(), "قصص".encode(), 1))
    told = refused(*stopped)
    assert "part-00000-00000000.jsonl: the input of this part is not what it was" in told
    own.write_bytes(original)
    shutil.rmtree(copy)
    # Other changes do not matter: how many processes there are, nor what is said meanwhile.
    assert predict(*stopped, "--resume", "--workers", "2", "--timings").returncode == 1
    found = contents(tmp_path / "out")
    expected = {k.removeprefix("out/"): v for k, v in whole("out/").items() if k != "out"}
    for name in ("manifest.json", "errors.jsonl"):  # they name the input, which is a copy
        found.pop(name)
        expected.pop(name)
    assert found == expected


def test_resume_is_asked_for_and_a_finished_run_is_left_alone(
    stopped: list[str | Path], tmp_path: Path
) -> None:
    done = predict(*stopped)
    assert done.returncode == 2
    assert "unfinished run; go on with --resume" in done.stderr
    assert predict(*stopped, "--resume").returncode == 1
    before = contents(tmp_path / "out")
    done = predict(*stopped, "--resume")
    assert done.returncode == 1  # records were skipped, then as now
    assert done.stderr.startswith("finished already: 40 documents, ")
    assert contents(tmp_path / "out") == before
    assert "a finished run" in predict(*stopped).stderr


def test_one_file_is_written_over_but_not_an_unfinished_run_of_it(
    source: Path, tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    args = [source, *SMALL, "-o", f"{tmp_path}/out.jsonl"]
    (tmp_path / "out.jsonl").write_text("old")
    (tmp_path / "out.jsonl.errors.jsonl").write_text("old")
    assert stop(tmp_path, args, signal.SIGINT, 2)[0] == 130
    assert (tmp_path / "out.jsonl").read_text() == "old"
    done = predict(*args)
    assert done.returncode == 2
    assert "go on with --resume" in done.stderr
    assert predict(*args, "--resume").returncode == 1
    assert contents(tmp_path) == whole("out.jsonl")
    done = predict(*args, "--resume")
    assert "there is no unfinished run of it" in done.stderr
    assert contents(tmp_path) == whole("out.jsonl")
    good = tmp_path / "good.txt"
    good.write_text("هدوء\n", encoding="utf-8")
    assert predict(good, "-o", tmp_path / "out.jsonl").returncode == 0
    assert not (tmp_path / "out.jsonl.errors.jsonl").exists()  # it told of another run


def test_a_full_file_system(source: Path, tmp_path: Path, whole: Callable[[str], Any]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    tried = subprocess.run(mount, capture_output=True, encoding="utf-8", check=False)
    if tried.returncode:
        pytest.skip(f"mounting is not permitted here: {tried.stderr.strip()}")
    try:
        args = [source, *SMALL, "-o", f"{disk}/out/"]
        done = predict(*args)
        assert done.returncode == 2, done.stderr
        assert "No space left on device" in done.stderr
        assert "free space and go on with --resume" in done.stderr
        assert "Traceback" not in done.stderr
        finished = records_in(disk)
        assert finished > 0
        subprocess.run([*mount[:4], "remount,size=4m", str(disk)], check=True)
        done = predict(*args, "--resume")
        assert done.returncode == 1, done.stderr
        assert contents(disk) == whole("out/")
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def limit_files(size: int) -> Callable[[], None]:
    """Return what makes a process unable to write more than ``size`` bytes to a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("target", ["out/", "out.jsonl"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_files_that_cannot_grow(tmp_path: Path, target: str, workers: str) -> None:
    rows = [{"text": "هدوء", "more": "x" * (9_000 if i == 12 else 1)} for i in range(19)]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    args = [source, *SMALL, "--workers", workers, "-o", f"{tmp_path}/{target}"]
    done = predict(*args, preexec_fn=limit_files(8_000))
    assert done.returncode == 2, done.stderr
    assert "cannot be written (File too large)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert records_in(tmp_path) >= 4
    assert predict(*args, "--resume").returncode == 0
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    before = contents(tmp_path)
    assert predict(*args).returncode == 0
    if target == "out.jsonl":
        assert contents(tmp_path) == before
        assert set(before) == {"in.jsonl", "out.jsonl"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_standard_output_that_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PREDICT, "هدوء"], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: standard output: cannot be written (No space left")


def test_an_unreadable_file_ends_the_run_behind_what_was_read(tmp_path: Path) -> None:
    rows = [{"text": "x", "noise": random.randbytes(400).hex()} for _ in range(400)]
    data = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "y"}\n' * 4))
    (tmp_path / "b.jsonl.gz").write_bytes(data[:-20])
    to_folder = predict(tmp_path / "*.gz", *SMALL, "-o", f"{tmp_path}/out/")
    assert to_folder.returncode == 2
    assert "b.jsonl.gz: " in to_folder.stderr
    assert "broken or cut short" in to_folder.stderr
    assert records_in(tmp_path) > 1
    to_screen = predict(tmp_path / "*.gz", *SMALL)
    assert to_screen.returncode == 2
    assert len(to_screen.stdout.splitlines()) > 4
    if os.geteuid() != 0:  # root may read everything
        (tmp_path / "a.jsonl.gz").chmod(0)
        assert "Permission denied" in predict(tmp_path / "a.jsonl.gz").stderr


def test_skipped_records_are_told_and_listed(source: Path, tmp_path: Path) -> None:
    on_screen = predict(source, *SMALL)
    assert on_screen.returncode == 1
    assert len(on_screen.stdout.splitlines()) == DOCUMENTS
    *told, last = on_screen.stderr.splitlines()
    assert [line.startswith("skipped: ") for line in told] == [True, True]
    assert [f"{source}:{number}" in line for line, number in zip(told, (11, 31), strict=True)]
    assert last == "2 records skipped, told above"
    pretty = predict(source, *SMALL, "--pretty", "--timings")
    assert pretty.returncode == 1
    assert pretty.stderr.splitlines()[:3] == [*told, last]
    timed = {line.split()[0] for line in pretty.stderr.splitlines()[3:]}
    assert {"read", "forward", "decode"} <= timed
    listed = predict(source, *SMALL, "--errors", tmp_path / "faults.jsonl")
    assert (listed.returncode, listed.stdout) == (1, on_screen.stdout)
    assert listed.stderr == f"2 records skipped, see {tmp_path}/faults.jsonl\n"
    faults = lines((tmp_path / "faults.jsonl").read_bytes())
    assert [fault["where"].split(":")[1] for fault in faults] == ["11", "31"]
    for target in ("out/", "out.jsonl"):
        done = predict(source, *SMALL, "-o", f"{tmp_path}/{target}")
        errors = f"{tmp_path}/{target}" + ("errors.jsonl" if target == "out/" else ".errors.jsonl")
        assert done.returncode == 1
        assert lines(Path(errors).read_bytes()) == faults
        assert done.stderr.startswith(f"{DOCUMENTS} documents, ")
        assert "(2 records skipped, see " in done.stderr
        Path(errors).unlink()
        elsewhere = predict(
            source, *SMALL, "-o", f"{tmp_path}/2{target}", "--errors", tmp_path / "f.jsonl"
        )
        assert elsewhere.returncode == 1
        assert lines((tmp_path / "f.jsonl").read_bytes()) == faults
        assert not list(tmp_path.glob("2*errors.jsonl"))
        assert not list(tmp_path.glob("2*/errors.jsonl"))


def test_strict_ends_at_the_first_faulty_record(
    source: Path, tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    on_screen = predict(source, *SMALL, "--strict")
    assert on_screen.returncode == 2
    assert f"error: {source}:11" in on_screen.stderr
    assert "leave --strict out to skip such records, or mend the input" in on_screen.stderr
    assert [record["id"] for record in lines(on_screen.stdout.encode())] == [
        f"n{number}" for number in range(10)
    ]
    args = [source, *SMALL, "-o", f"{tmp_path}/out/"]
    done = predict(*args, "--strict")
    assert done.returncode == 2
    assert f"after removing {tmp_path}/out/" in done.stderr
    assert records_in(tmp_path) == 3  # of ten records before it; only whole parts are kept
    assert predict(*args, "--strict", "--resume").returncode == 2
    assert predict(*args, "--resume").returncode == 1
    assert contents(tmp_path) == whole("out/")


def test_screen_file_folder_and_workers_say_the_same(
    source: Path, whole: Callable[[str], Any]
) -> None:
    one = predict(source, *SMALL)
    two = predict(source, *SMALL, "--workers", "2")
    assert one.stdout == two.stdout
    assert one.stderr == two.stderr
    assert whole("out.jsonl")["out.jsonl"].decode() == one.stdout
    folder = whole("out/")
    names = sorted(name for name in folder if name.startswith("out/part-"))
    assert len(names) == 14
    assert b"".join(folder[name] for name in names).decode() == one.stdout
    rows = list(csv.DictReader(whole("out.csv")["out.csv"].decode().splitlines()))
    records = lines(one.stdout.encode())
    assert [(r["id"], r["text"], json.loads(r["spans"]), r["day"]) for r in rows] == [
        (r["id"], r["text"], r["spans"], str(r["day"])) for r in records
    ]


def test_sentences_point_into_their_documents(source: Path, tmp_path: Path) -> None:
    texts = {r["id"]: r["text"] for r in lines(predict(source).stdout.encode())}
    sentences = lines(predict(source, "--sentences").stdout.encode())
    assert len(sentences) == sum(1 + i % 3 for i in range(DOCUMENTS))
    for record in sentences:
        text, start = texts[record["document"]], record["document_start"]
        assert text[start : record["document_end"]] == record["text"]
        assert record["day"] == int(record["document"][1:])
        for span in record["spans"]:
            assert text[start + span["start"] : start + span["end"]] == span["text"]
    done = predict(source, "--sentences", "--rows", "spans", "-o", tmp_path / "spans.parquet")
    assert done.returncode == 1, done.stderr
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(tmp_path / "spans.parquet").to_pylist()
    assert [(row["document"], row["document_start"], row["text"]) for row in table] == [
        (record["document"], record["document_start"], span["text"])
        for record in sentences
        for span in record["spans"]
    ]


def test_where_a_result_goes(tmp_path: Path) -> None:
    def wrote(*args: str) -> set[str]:
        place = tmp_path / "place"
        shutil.rmtree(place, ignore_errors=True)
        (place / "there").mkdir(parents=True)
        done = predict("هدوء", "-o", *args, cwd=place)
        assert done.returncode == 0, done.stderr
        return {name for name in contents(place) if name != "there"}

    def folder(name: str, suffix: str) -> set[str]:
        return {f"{name}/manifest.json", f"{name}/part-00000-00000000{suffix}"}

    assert wrote("new/") == {"new", *folder("new", ".jsonl")}
    assert wrote("new") == {"new", *folder("new", ".jsonl")}
    assert wrote("there", "--to", "csv.gz") == folder("there", ".csv.gz")
    assert wrote("a.b/", "--to", "conll") == {"a.b", *folder("a.b", ".conll")}
    assert wrote("deep/out.tsv.xz") == {"deep", "deep/out.tsv.xz"}
    assert wrote("out.json", "--to", "jsonl") == {"out.json"}
    for args, message in (
        (["out.json"], "the name does not say what to write"),
        (["out.csv", "--to", "jsonl"], "another format than the name says"),
        (["out.csv", "--to", "xlsx"], "--to"),
        (["s3://bucket/out.csv"], "end the name with /"),
        (["notes.docx"], "the name does not say what to write"),
        (["there.docx"], "the name does not say what to write"),
        (["plain"], "the name does not say what to write"),
        (["there.docx/"], "is a file"),
        (["out.gz", "--to", "jsonl"], "another compression than the name says"),
        (["out.json", "--to", "jsonl.gz"], "another compression than the name says"),
        (["out.gz"], "the name does not say what to write"),
        (["out.jsonl", "--errors", "./out.jsonl"], "is where the result goes"),
        (["/dev/stdout", "--to", "parquet"], "name a file with -o"),
        (["x" * 300], "File name too long"),
        (["x" * 300 + ".jsonl"], "File name too long"),
        (["out.jsonl", "--errors", "x" * 300], "File name too long"),
    ):
        (tmp_path / "there.docx").write_text("mine")
        (tmp_path / "plain").write_text("mine")
        done = predict("هدوء", "-o", *args, cwd=tmp_path)
        assert done.returncode == 2, args
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert (tmp_path / "there.docx").read_text() == (tmp_path / "plain").read_text() == "mine"
    zipped = predict("هدوء", "-o", tmp_path / "out.gz", "--to", "jsonl.gz")
    assert zipped.returncode == 0, zipped.stderr
    assert lines(gzip.decompress((tmp_path / "out.gz").read_bytes()))[0]["text"] == "هدوء"
    to_stdout = predict("هدوء", "-o", "/dev/stdout", "--to", "csv")
    assert to_stdout.stdout.splitlines() == ["id,text,spans", "1,هدوء,[]"]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("هدوء", encoding="utf-8")
    done = predict(tmp_path / "texts", "-o", tmp_path / "texts" / "out")
    assert done.returncode == 2
    assert "inside the input folder" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--resume", "x"], "name it with -o"),
        (["--engine", "spark", "x"], "--engine"),
        (["--engine", "ray", "x"], "name it with -o"),
        (["--pretty", "--to", "csv", "x"], "--pretty"),
        (["--to", "parquet", "x"], "name a file with -o"),
        (["--rows", "words", "x"], "--rows"),
        (["--runtime", "tpu", "x"], "--runtime"),
    ],
)
def test_options_that_do_not_go_together(args: list[str], message: str) -> None:
    done = predict(*args)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr


def test_timings_are_told_and_not_written(
    source: Path, tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    done = predict(source, *SMALL, "--timings", "-o", f"{tmp_path}/out/")
    told = {line.split()[0] for line in done.stderr.splitlines() if line.endswith(" s")}
    assert {"read", "forward", "decode", "resolve", "encode", "write"} <= told
    assert contents(tmp_path) == whole("out/")
