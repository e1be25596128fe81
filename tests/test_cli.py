"""The command line as a user types it: a process, its two streams and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, ROOT
from train.document import Document
from train.metrics import score


def marsad(*args: str | Path, text: str | None = None, cwd: Path = ROOT) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "train.cli", *map(str, args)],
        cwd=cwd,
        input=text if text is not None else "",
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)},
    )


def records(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="module")
def texts(corpus: list[Document]) -> list[str]:
    return [d.text for d in corpus]


def test_predict_texts(tiny_model: Path, texts: list[str]) -> None:
    done = marsad("predict", "-m", tiny_model, texts[0], texts[1])
    assert (done.returncode, done.stderr) == (0, "")
    first, second = records(done.stdout)
    assert (first["id"], second["id"]) == ("1", "2")
    assert first["text"] == texts[0]
    count = {"count", "count_rule"}
    name = {"canonical", "english", "type", "wikidata", "known"}
    for span in first["spans"]:
        resolved = count if span["label"] == "CASUALTY" else name
        assert set(span) == {"start", "end", "label", "text", "score", *resolved}
        assert first["text"][span["start"] : span["end"]] == span["text"]
    assert {"text": "طائرات حربية", "label": "WEAPON"} in [
        {"text": s["text"], "label": s["label"]} for s in first["spans"]
    ]
    [dead] = [span for span in first["spans"] if span["label"] == "CASUALTY"]
    killed = {"min": 2, "max": 2, "approximate": False, "outcome": "killed", "subset": False}
    assert (dead["text"], dead["count"]) == ("جنديان", killed)
    assert dead["count_rule"].startswith("dual; ")


def test_empty_texts_keep_their_place(tiny_model: Path, texts: list[str]) -> None:
    done = marsad("predict", "-m", tiny_model, "", " ", texts[0])
    assert [(r["id"], r["text"]) for r in records(done.stdout)] == [
        ("1", ""),
        ("2", " "),
        ("3", texts[0]),
    ]


def test_predict_reads_every_kind_of_input_in_order(
    tiny_model: Path, texts: list[str], tmp_path: Path
) -> None:
    (tmp_path / "lines.txt").write_text(f"{texts[0]}\n\n{texts[1]}\n", encoding="utf-8")
    rows = [{"id": 7, "body": texts[2]}, {"body": ""}]
    (tmp_path / "rows.jsonl").write_text(
        "\n".join(json.dumps(row) for row in rows), encoding="utf-8"
    )
    folder = tmp_path / "articles" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "articles" / "b.txt").write_text(texts[3] + "\n" + texts[4], encoding="utf-8")
    (folder / "a.txt").write_text("\n", encoding="utf-8")
    done = marsad(
        "predict", "-m", tiny_model, "--text-field", "body",
        tmp_path / "lines.txt", tmp_path / "rows.jsonl", tmp_path / "articles", "-", texts[5],
        text=texts[0] + "\r\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [(r["id"], r["text"]) for r in records(done.stdout)] == [
        ("lines.txt:1", texts[0]),
        ("lines.txt:2", ""),
        ("lines.txt:3", texts[1]),
        ("7", texts[2]),
        ("rows.jsonl:2", ""),
        ("articles/b.txt", texts[3] + "\n" + texts[4]),
        ("articles/deep/a.txt", "\n"),
        ("stdin:1", texts[0]),
        ("5", texts[5]),
    ]
    assert records(done.stdout)[1]["spans"] == []


def test_predict_reads_standard_input_where_nothing_is_named(
    tiny_model: Path, texts: list[str]
) -> None:
    plain = marsad("predict", "-m", tiny_model, text=texts[0])
    rows = marsad(
        "predict", "-m", tiny_model, "--format", "jsonl", text=json.dumps({"text": texts[0]})
    )
    assert records(plain.stdout)[0]["spans"] == records(rows.stdout)[0]["spans"] != []


def test_predict_to_a_file_and_the_script_are_the_same(
    tiny_model: Path, texts: list[str], tmp_path: Path
) -> None:
    to_screen = marsad("predict", "-m", tiny_model, *texts)
    to_file = marsad("predict", "-m", tiny_model, "-o", tmp_path / "out.jsonl", *texts)
    assert to_file.stdout == ""
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == to_screen.stdout
    script = subprocess.run(
        [sys.executable, ROOT / "scripts" / "predict.py", "-m", tiny_model, *texts],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert script.stdout == to_screen.stdout


def test_hostile_text_keeps_its_offsets(tiny_model: Path) -> None:
    text = "\u202eقَصَفَت طا\u200fئرات\u202c ـ \u064e \x1b[31m ١٢٬٠٠٠\u2028 \ud800 🚀 " + "ا" * 50_000
    done = marsad("predict", "-m", tiny_model, "--format", "jsonl", text=json.dumps({"text": text}))
    assert done.returncode == 0, done.stderr
    [record] = records(done.stdout)
    assert record["text"] == text
    assert all(text[s["start"] : s["end"]] == s["text"] for s in record["spans"])
    assert "1 of" in done.stderr  # the long word was seen only in part, and that is said


def test_pretty_is_isolated_and_cannot_steer_the_terminal(
    tiny_model: Path, texts: list[str]
) -> None:
    done = marsad("predict", "-m", tiny_model, "--pretty", texts[0] + " \x1b[2J\u202e")
    assert done.returncode == 0, done.stderr
    assert "\u2067قصفت [طائرات حربية]\u2066(WEAPON: warplane)\u2069 تابعة" in done.stdout
    assert "[جنديان]\u2066(CASUALTY: killed 2)\u2069" in done.stdout
    assert "<U+001B>[" in done.stdout
    assert "<U+202E>\u2069" in done.stdout
    assert "\x1b" not in done.stdout


def test_evaluate_json_and_table(
    tiny_model: Path, corpus: list[Document], corpus_file: Path, tmp_path: Path
) -> None:
    done = marsad("evaluate", tiny_model, corpus_file, "--json", tmp_path / "scores.json")
    assert done.returncode == 0, done.stderr
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    predicted = records(marsad("predict", "-m", tiny_model, *[d.text for d in corpus]).stdout)
    right = sum(
        (s["start"], s["end"], s["label"]) in {(g.start, g.end, g.label) for g in d.spans}
        for d, record in zip(corpus, predicted, strict=True)
        for s in record["spans"]
    )
    assert scores["micro"]["right"] == right
    assert scores["micro"]["f1"] == pytest.approx(
        2 * right / (scores["micro"]["gold"] + scores["micro"]["predicted"])
    )
    assert scores["labels"]["ACTOR"]["gold"] == 5
    assert f"{scores['micro']['f1']:.4f}" in done.stdout
    assert "wrong border" in done.stdout
    assert "6 documents" in done.stdout
    assert score(corpus, corpus, ()).micro.f1 == 1


def test_evaluate_counts(tiny_model: Path, corpus_file: Path, tmp_path: Path) -> None:
    """Gold counts in a file beside the data, or in it: one is wrong on purpose in its outcome."""
    told = tmp_path / "told.jsonl"
    assert marsad("convert", corpus_file, "-o", told).returncode == 0
    documents = records(told.read_text(encoding="utf-8"))
    gold = [
        ("جنديان", 2, False, "killed"),
        ("عشرة مدنيين", 10, False, "killed"),
        ("15 آخرين", 15, False, "missing"),
        ("نحو ١٢ مسلحاً", 12, True, "killed"),
    ]
    lines = []
    for document in documents:
        for span in document["spans"]:
            if span["label"] != "CASUALTY":
                continue
            text, number, rough, outcome = gold[len(lines)]
            span["count"] = {"min": number, "max": number, "approximate": rough}
            span["count"] |= {"outcome": outcome, "subset": False}
            place = {key: span[key] for key in ("start", "end", "count")}
            lines.append(json.dumps({"id": document["id"], "text": text, **place}))
    apart = bad(tmp_path, "counts.jsonl", "\n".join(lines).encode())
    within = bad(tmp_path, "within.jsonl", "\n".join(map(json.dumps, documents)).encode())
    results = []
    for args in ([told, "--counts", apart], [within]):
        done = marsad("evaluate", tiny_model, *args, "--json", tmp_path / "scores.json")
        assert done.returncode == 0, done.stderr
        assert "Counts read as numbers" in done.stdout
        assert "4 gold counts, 0 of them on spans that were not found" in done.stdout
        results.append(json.loads((tmp_path / "scores.json").read_text(encoding="utf-8")))
    assert results[0] == results[1]
    scores = {"gold": 4, "found": 4, "unread": 0, "numbers": 4, "outcome": 3, "subset": 4}
    scores |= {"whole": 3, "numbers_accuracy": 1, "outcome_accuracy": 0.75}
    scores |= {"subset_accuracy": 1, "whole_accuracy": 0.75}
    # The tagger has learnt these sentences by heart.
    assert results[0]["counts"] == {"gold_spans": scores, "found_spans": scores}
    plain = marsad("evaluate", tiny_model, corpus_file, "--json", tmp_path / "scores.json")
    assert "Counts" not in plain.stdout
    without = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert without == {key: value for key, value in results[0].items() if key != "counts"}
    other = bad(tmp_path, "other.yaml", "before: {at_least: [نحو]}\n".encode())
    done = marsad("evaluate", tiny_model, within, "--conventions", other, "--json", apart)
    assert done.returncode == 0, done.stderr
    assert json.loads(apart.read_bytes())["counts"]["gold_spans"]["numbers"] == 3


def test_convert_there_and_back(corpus_file: Path, corpus: list[Document], tmp_path: Path) -> None:
    assert marsad("convert", corpus_file, "-o", tmp_path / "a.jsonl").returncode == 0
    assert marsad("convert", tmp_path / "a.jsonl", "-o", tmp_path / "b.txt").returncode == 0
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == CORPUS


def test_train_command_and_dataset(make_config: Any, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(make_config().to_yaml(), encoding="utf-8")
    done = marsad("train", config, "max_steps=2", "seeds=[1,2]")
    assert done.returncode == 0, done.stderr
    assert "lost: 0 spans cut by windows, 0 words without sub-words" in done.stderr
    assert "seed 1, epoch" in done.stderr
    assert done.stdout.startswith("validation F1 ")
    assert "(seeds 2)" in done.stdout
    assert marsad("predict", "-m", tmp_path / "run", "هدوء").returncode == 0
    built = marsad("dataset", config, "--save", tmp_path / "dataset")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "dataset" / "README.md").exists()
    assert "num_rows: 6" in built.stdout


def bad(tmp_path: Path, name: str, content: bytes) -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_bad_input_ends_with_one_clear_message_and_code_2(
    tiny_model: Path, corpus_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "void").mkdir()
    (tmp_path / "pickled").mkdir()
    bad(tmp_path / "pickled", "pytorch_model.bin", b"\x80")
    (tmp_path / "half").mkdir()
    bad(tmp_path / "half", "config.json", b"{}")
    label = bad(tmp_path, "label.txt", "قتل [جندي](VICTIM)\n".encode())
    typo = bad(tmp_path, "typo.yaml", b"encoder: x\noutput_dir: y\nlerning_rate: 1\n")
    broken = bad(tmp_path, "broken.jsonl", '{"text": "هدوء"}\n{"text": \n'.encode())
    other = bad(tmp_path, "other.jsonl", b'{"body": "x"}\n')
    encoding = bad(tmp_path, "encoding.txt", "قتل".encode("cp1256"))
    empty = bad(tmp_path, "empty.txt", b"")
    wide = bad(tmp_path, "wide.txt", "قتل".encode("utf-16"))
    number = bad(tmp_path, "number.jsonl", b'{"text": 5}\n')
    names = bad(tmp_path, "names.jsonl", '{"name": "لواء", "type": "generic"}\n'.encode())
    words = bad(tmp_path, "words.yaml", "vague: {عشرات: [20, 90]}\n".encode())
    model = ("-m", tiny_model)
    cases: list[tuple[list[str | Path], str]] = [
        (["predict", "-m", tmp_path / "void" / "x", "نص"], "no such model folder"),
        (["predict", "-m", tmp_path / "half", "نص"], "not a finished Marsad model"),
        (["predict", "-m", tmp_path / "pickled", "نص"], "pickled"),
        (["predict", *model, "--strict", broken], f"{broken}:2:"),
        (["predict", *model, "--strict", other], "--text-column"),
        (["predict", *model, "--strict", encoding], "UTF-8"),
        (["predict", *model, empty], "is empty"),
        (["predict", *model, tmp_path / "void"], "file in this folder"),
        (["predict", *model, "gone.txt"], "no such file"),
        (["predict", *model, "لا يوجد.txt"], "no such file"),
        (["predict", *model, "articles/jan"], "no such file"),
        (["predict", *model, typo], ".jsonl"),
        (["predict", *model, corpus_file, "-o", corpus_file], "is also an input"),
        (["incidents", "نص", "--lexicon", names, "-o", names], "is also an input"),
        (["counts", corpus_file, "--conventions", words, "--json", words], "is also an input"),
        (["evaluate", tiny_model, corpus_file, "--conventions", words, "--json", words], "also"),
        (["convert", corpus_file, "-o", corpus_file], "is also an input"),
        (["evaluate", tiny_model, corpus_file, "--json", corpus_file], "is also an input"),
        (["predict", *model, wide], "iconv -f UTF-16"),
        (["predict", *model, "--strict", number], "'text'"),
        (["predict", *model, "--format", "xml", "-"], "--format"),
        (["predict", *model, "--pretty", "-o", tmp_path / "o", "نص"], "--pretty"),
        (["predict", *model, "-o", tiny_model / "config.json" / "x", "نص"], "cannot be written"),
        (["evaluate", tiny_model, label], "label 'VICTIM'"),
        (["evaluate", tiny_model, empty], "no sentence"),
        (["evaluate", tmp_path, corpus_file], "not a finished Marsad model"),
        (["train", typo], "did you mean 'learning_rate'"),
        (["train", tmp_path / "none.yaml"], "no such config"),
        (["convert", corpus_file, "-o", tmp_path / "x.csv"], "written to .txt or .jsonl"),
        (["convert", label, "-o", tmp_path / "x.txt", "--label", "ACTOR"], "label 'VICTIM'"),
    ]
    for args, message in cases:
        done = marsad(*args)
        assert done.returncode == 2, (args, done.stderr)
        assert message in done.stderr, (args, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("error: ")


def test_commands_and_options_that_do_not_exist() -> None:
    for args in (["tag"], ["predict", "--colour"], ["evaluate"]):
        done = marsad(*args)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_faulty_record_is_skipped_and_told(tiny_model: Path, tmp_path: Path) -> None:
    path = bad(tmp_path, "b.jsonl", '{"text": "هدوء"}\n{\n{"text": "قصف"}\n'.encode())
    done = marsad("predict", "-m", tiny_model, path)
    assert done.returncode == 1
    assert [record["text"] for record in records(done.stdout)] == ["هدوء", "قصف"]
    assert done.stderr.startswith(f"skipped: {path}:2")
    assert done.stderr.endswith("\n1 record skipped, told above\n")
    assert done.stderr.count("\n") == 2


def test_records_before_a_fault_are_not_lost(tiny_model: Path, tmp_path: Path) -> None:
    """A stream has given what it has read; a file appears whole or not at all."""
    path = bad(tmp_path, "b.jsonl", ('{"text": "هدوء"}\n' * 300 + "{\n").encode())
    done = marsad("predict", "-m", tiny_model, "--strict", path)
    assert done.returncode == 2
    assert len(records(done.stdout)) == 300
    done = marsad("predict", "-m", tiny_model, "--strict", path, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert not (tmp_path / "out.jsonl").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["b.jsonl"]


def test_carried_columns_are_kept(tiny_model: Path) -> None:
    row = {"id": 5, "day": "2016-08-16", "text": "هدوء", "tags": ["a", None], "spans": "old"}
    done = marsad("predict", "-m", tiny_model, "--format", "jsonl", text=json.dumps(row))
    assert records(done.stdout) == [
        {"id": "5", "text": "هدوء", "spans": [], "day": "2016-08-16", "tags": ["a", None]}
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_output_to_a_pipe_and_through_a_link(tiny_model: Path, tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.jsonl", tmp_path / "target.jsonl"
    os.mkfifo(pipe)
    link.symlink_to(target)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, encoding="utf-8") as reader:  # noqa: S607
        assert marsad("predict", "-m", tiny_model, "-o", pipe, "هدوء").returncode == 0
        assert records(reader.communicate(timeout=30)[0])[0]["text"] == "هدوء"
    assert pipe.is_fifo()
    assert marsad("predict", "-m", tiny_model, "-o", link, "هدوء").returncode == 0
    assert link.is_symlink()
    assert records(target.read_text(encoding="utf-8"))[0]["text"] == "هدوء"


def test_two_files_of_one_name_keep_apart(tiny_model: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "w.txt").write_text("هدوء\n", encoding="utf-8")
    done = marsad("predict", "-m", tiny_model, tmp_path / "a" / "w.txt", tmp_path / "b" / "w.txt")
    assert [r["id"] for r in records(done.stdout)] == ["a/w.txt:1", "b/w.txt:1"]
    done = marsad("convert", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    written = records((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert [r["id"] for r in written] == ["a/w:1", "b/w:1"]


def test_version_and_help() -> None:
    assert marsad("--version").stdout.strip() == "0.1.0"
    commands = ("train", "predict", "incidents", "counts", "evaluate", "convert", "dataset")
    for command in commands:
        done = marsad(command, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout
