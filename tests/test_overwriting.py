"""No command writes its result over what it reads: a file, one in a folder, or a model's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import CORPUS, Run
from train.corpus import read_corpus, write_corpus
from train.errors import InputError
from train.storage import local_path
from train.terminal import refuse_overwriting


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a failing test may damage."""
    return Path(
        shutil.copytree(tiny_model, tmp_path / "model", ignore=shutil.ignore_patterns("seed-*"))
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of annotated data, with a file in a folder of its own."""
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(CORPUS, encoding="utf-8")
    lines = "".join(f"{number} {line}\n" for number, line in enumerate(CORPUS.splitlines()))
    (folder / "b.txt").write_text(lines, encoding="utf-8")
    write_corpus(read_corpus([folder / "b.txt"]), folder / "deep" / "b.jsonl")
    (folder / "b.txt").unlink()
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_there_in_an_input_folder_is_not_written_over(
    model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    shutil.copytree(data, tmp_path / "more")
    tagged, new = tmp_path / "tagged.jsonl", tmp_path / "new.jsonl"
    assert marsad_here("predict", "-m", model, data / "a.txt", "-o", tagged)[0] == 0
    (tmp_path / "link").symlink_to(data / "a.txt")
    (tmp_path / "linked").symlink_to(data)
    deep, more = data / "deep" / "b.jsonl", tmp_path / "more"
    before = contents(tmp_path)
    # Some inputs repeat ids, or what a model marks; but the output is looked at first.
    commands: list[tuple[str | Path, ...]] = [
        ("convert", data, "-o", deep),
        ("convert", data, "-o", data / "a.txt"),
        ("convert", tmp_path / "linked", "-o", deep),
        ("convert", data, "-o", tmp_path / "linked" / "deep" / "b.jsonl"),
        ("convert", data, "-o", more / ".." / "data" / "a.txt"),
        ("convert", more, "--corrections", data, "-o", deep),
        ("convert", more, "--texts", data, "-o", deep),
        ("check", data, "--json", deep),
        ("counts", data, "--json", deep),
        ("compare", model, model, data, "--json", deep),
        ("robustness", model, data, "--json", deep),
        ("calibrate", model, data, "--json", deep),
        ("calibrate", model, more, "--check", data, "--json", deep),
        ("evaluate", model, data, "--json", deep),
        ("evaluate", model, data, "--suspects", deep),
        ("suggest", data, "-m", model, "-o", deep),
        ("suggest", data / "*" / "*.jsonl", "-m", model, "-o", deep),
        ("suggest", data.as_uri(), "-m", model, "-o", deep),
        ("suggest", "نص", "--training", data, "-m", model, "-o", deep),
        ("predict", data, "-m", model, "-o", deep),
        ("predict", deep.as_uri(), "-m", model, "-o", deep),
        # The model's own files.
        ("compare", model, tagged, data, "--json", model / "config.json"),
        ("compare", tagged, model, data, "--json", model / "config.json"),
        ("robustness", model, data, "--json", model / "marsad.json"),
        ("calibrate", model, data, "--json", model / "marsad.json"),
        ("calibrate", model, data, "--json", model / "calibration.json"),
        ("predict", "نص", "-m", model, "-o", model / "config.json", "--to", "jsonl"),
        ("predict", "نص", "-m", model, "-o", new, "--errors", model / "config.json"),
        ("incidents", "نص", "-m", model, "-o", model / "config.json", "--to", "jsonl"),
    ]
    for command in commands:
        code, shown, err = marsad_here(*command)
        assert (code, shown) == (2, ""), (command, err)
        assert err.startswith("error: "), (command, err)
        assert "name " in err, (command, err)  # what to do
        assert contents(tmp_path) == before, command


def test_a_new_file_in_an_input_folder_is_written(
    model: Path, data: Path, marsad_here: Run
) -> None:
    assert marsad_here("check", data, "--json", data / "findings.json")[0] == 0
    assert marsad_here("convert", data / "a.txt", "-o", data / "deep" / "a.jsonl")[0] == 0
    suggest = ("suggest", data / "deep", "-m", model)
    assert marsad_here(*suggest, "-o", data / "deep" / "next.txt")[0] == 0
    assert marsad_here(*suggest, "-o", data / "next.txt")[0] == 0
    assert marsad_here(*suggest, "-o", data / "next.txt")[0] == 0  # it is above the input
    assert marsad_here("predict", data, "-m", model, "-o", data / "deep" / "out.jsonl")[0] == 0
    assert marsad_here("robustness", model, data / "a.txt", "--json", model / "r.json")[0] == 0


def test_links_out_of_a_folder_are_inputs_too(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside.jsonl", tmp_path / "data"
    inside.mkdir()
    outside.write_text("{}\n", encoding="utf-8")
    (inside / "broken.jsonl").symlink_to(tmp_path / "nowhere")
    refuse_overwriting(outside, [inside, "x" * 5000, "\0", "نص"])
    (inside / "link.jsonl").symlink_to(outside)
    for output in (outside, inside / "link.jsonl"):
        with pytest.raises(InputError, match="outside"):
            refuse_overwriting(output, ["\0", inside])
    refuse_overwriting(inside / "broken.jsonl", [inside])


def test_where_files_of_this_machine_are() -> None:
    assert local_path("news/a b.csv") == Path("news/a b.csv")
    assert local_path("file:///news/a%20b.csv") == Path("/news/a b.csv")
    assert local_path("s3://bucket/c.csv") is None
