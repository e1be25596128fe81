"""The commands that judge a tagger, as a user types them: what they write, tell and refuse.

Their figures are tested with the modules that make them; here it is asked whether the commands are
wired to these, whether their tables fit a terminal, and what becomes of wrong input.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, LABELS, WIDTH, Run
from tests.test_cli import marsad
from train.bootstrap import intervals
from train.corpus import read_corpus
from train.document import Span
from train.model_folder import open_model, shipped_tagger
from train.perturbations import PERTURBATIONS
from train.tagger import Tagger


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus many times, each a text of its own, with marks that the tiny model lacks."""
    path = tmp_path_factory.mktemp("judging") / "data.txt"
    lines = [f"{i} {line}" for i in range(6) for line in CORPUS.splitlines()]
    wrong = [line.replace("معرض", "[معرض](BASE)") for line in lines]
    path.write_text("\n".join(wrong) + "\n", encoding="utf-8")
    return path


def rows_of(table: str, *names: str) -> dict[str, list[str]]:
    """Return the cells of the rows with these names; each row must be one line that fits."""
    lines = [line.translate({ord(bar): " " for bar in "│┃"}).split() for line in table.splitlines()]
    assert max(map(len, table.splitlines())) <= WIDTH
    found = {}
    for name in names:
        cells = [line[1:] for line in lines if line[:1] == [name]]
        assert cells, (name, table)
        found[name] = cells[0]
    return found


def test_evaluate_tells_intervals(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    out = tmp_path / "scores.json"
    code, shown, err = marsad_here("evaluate", tiny_model, data, "--json", out)
    assert (code, err) == (0, "")
    result = json.loads(out.read_text(encoding="utf-8"))
    gold = read_corpus([data], LABELS)
    tagged = list(Tagger.load(tiny_model).tag(gold))
    assert result["intervals"] == intervals(gold, tagged, LABELS).to_dict()
    micro = result["intervals"]["micro"]["f1"]
    assert micro["low"] < micro["value"] == result["micro"]["f1"] < micro["high"]
    rows = rows_of(shown, *LABELS, "micro", "macro")
    assert {len(rows[name]) for name in (*LABELS, "micro")} == {7}
    expected = [f"{micro['value']:.4f}", f"{micro['low']:.2f}-{micro['high']:.2f}"]
    assert rows["micro"][:2] == expected


def test_compare_a_model_with_its_predictions(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    tagged, out = tmp_path / "tagged.jsonl", tmp_path / "comparison.json"
    texts = tmp_path / "texts.jsonl"
    gold = read_corpus([data], LABELS)
    texts.write_text(
        "".join(json.dumps({"id": d.id, "text": d.text}) + "\n" for d in gold), encoding="utf-8"
    )
    assert marsad_here("predict", "-m", tiny_model, texts, "-o", tagged)[0] == 0
    code, shown, _ = marsad_here("compare", tiny_model, tagged, data, "--json", out)
    assert code == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert (result["a"], result["b"]) == (str(tiny_model), str(tagged))
    assert (result["documents"], result["differing"]) == (len(gold), 0)
    assert "nothing tells them apart on this data" in " ".join(shown.split())
    table = shown.split("\n", 2)[2].rpartition("A and B have")[0]
    rows_of(table, *LABELS, "micro")
    # Without any of its spans, the file is worse, and that is said.
    empty = tmp_path / "empty.jsonl"
    empty.write_text(
        "".join(json.dumps({"id": d.id, "text": d.text, "spans": []}) + "\n" for d in gold),
        encoding="utf-8",
    )
    code, shown, _ = marsad_here("compare", empty, tiny_model, data)
    assert code == 0
    assert "B is better than A by " in shown
    assert "trust it." in shown


def test_compare_tells_what_a_model_could_not_see(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    strange = tmp_path / "strange.txt"
    strange.write_text(f"قصفت [{'ظ' * 200}](WEAPON) القرية\n", encoding="utf-8")
    code, _, err = marsad_here("compare", tiny_model, tiny_model, strange)
    note = "note: 1 of 3 words were longer than half a window and seen only in part"
    assert (code, err.count(note)) == (0, 2)  # once for each
    assert note not in marsad_here("compare", tiny_model, tiny_model, data)[2]


def test_ids_of_half_a_surrogate_pair_end_no_command(
    tiny_model: Path, tmp_path: Path, marsad_here: Run
) -> None:
    data, other = tmp_path / "data.jsonl", tmp_path / "other.jsonl"
    text = "قصف الجيش القرية"
    record = {"id": "a\ud800", "text": text, "spans": [], "meta": {"source": "b\udfff"}}
    data.write_text(json.dumps(record) + "\n", encoding="utf-8")
    casualty = {"start": 4, "end": 9, "label": "CASUALTY"}
    other.write_text(json.dumps({**record, "spans": [casualty]}) + "\n", encoding="utf-8")
    inline, found, numbers = (tmp_path / name for name in ("i.txt", "f.json", "n.json"))
    commands: list[tuple[str | Path, ...]] = [
        ("convert", data, "-o", inline),
        ("convert", data, "-o", tmp_path / "again.jsonl"),
        ("convert", data, "--corrections", other, "-o", tmp_path / "mended.jsonl"),
        ("suggest", data, "-m", tiny_model, "-o", tmp_path / "next.txt"),
        ("suggest", data, "-m", tiny_model, "-o", tmp_path / "next.jsonl"),
        ("evaluate", tiny_model, data, "--suspects", tmp_path / "s.txt"),
        ("check", data, "--json", found),
        ("counts", other, "--json", numbers),
        ("counts", other),
        ("agreement", data, other, "--differences"),
    ]
    for command in commands:
        code, _, err = marsad_here(*command)
        assert code == 0, (command, err)
    assert inline.read_text(encoding="utf-8") == f"# source: b\\udfff\n{text}\n"
    assert "# id: a\\ud800\n" in (tmp_path / "next.txt").read_text(encoding="utf-8")
    assert [d.id for d in read_corpus([tmp_path / "again.jsonl"])] == [record["id"]]
    assert json.loads(numbers.read_text(encoding="utf-8"))["spans"][0]["id"] == record["id"]


def test_robustness_of_every_kind_fits_a_terminal(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    out, page = tmp_path / "robustness.json", tmp_path / "page.json"
    code, shown, _ = marsad_here("robustness", tiny_model, data, "--json", out)
    assert code == 0
    rows = rows_of(shown, *PERTURBATIONS)
    result = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in result["perturbations"]] == list(PERTURBATIONS)
    for row in result["perturbations"]:
        assert rows[row["name"]][0] == str(row["documents"])
    # The page takes what this command writes.
    given = ("--report", page, "--robustness", out)
    assert marsad_here("evaluate", tiny_model, data, *given)[0] == 0
    assert json.loads(page.read_text(encoding="utf-8"))["robustness"] == result


def test_calibrate_stores_what_predict_takes(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    command = ("predict", "-m", model, "--precision", "0.6", "قصفت طائرات حربية معسكر النخيل")
    code, _, err = marsad_here(*command)
    assert (code, "stores no thresholds" in err) == (2, True)
    code, shown, err = marsad_here("calibrate", model, data, "--precision", "0.6", "--check", data)
    assert code == 0
    assert f"{data}: 36 documents; not fitted on this" in shown.replace("\n", " ")
    assert "spans only; 500 or more" in err
    table = shown.split("\n", 3)[3]
    tables = [part for part in table.split("\n\n") if "label" in part]
    assert len(tables) == 4
    assert len(rows_of(tables[0], *LABELS, "all")["all"]) == 2 + 3 + 1 + 3 + 3
    stored = open_model(model).calibration
    assert set(stored.thresholds) == {"0.6"}
    code, _, err = marsad_here(*command)
    reached = [label for label, score in stored.thresholds["0.6"].items() if score is not None]
    assert code == (0 if reached == list(LABELS) else 2)
    # What a model finds stays the same, and its scores are told apart from the earlier ones.
    assert open_model(model).fingerprint != open_model(tiny_model).fingerprint


def test_suspects_are_corrected_and_fed_back(tmp_path: Path, marsad_here: Run) -> None:
    """With the shipped tagger, which is sure that a government acts and is no base."""
    data, suspects, mended = (tmp_path / f"{name}.txt" for name in ("data", "suspects", "mended"))
    data.write_text(CORPUS.replace("[الحكومة](ACTOR)", "[الحكومة](BASE)"), encoding="utf-8")
    code, _, err = marsad_here("evaluate", shipped_tagger(), data, "--suspects", suspects)
    assert code == 0
    listed = read_corpus([suspects], LABELS)
    assert f"suspected errors of the data: {len(listed)} texts in {suspects}" in err
    [proposed] = [document for document in listed if "الحكومة" in document.text]
    assert Span(6, 13, "ACTOR") in proposed.spans
    code, _, err = marsad_here("convert", data, "--corrections", suspects, "-o", mended)
    assert code == 0
    assert err.startswith(f"corrected: {len(listed)} of 6 documents\n")
    spans = {document.text: document.spans for document in read_corpus([data], LABELS)}
    spans |= {document.text: document.spans for document in listed}
    assert [d.spans for d in read_corpus([mended], LABELS)] == list(spans.values())
    code, _, err = marsad_here("convert", data, "--corrections", data, "-o", mended)
    assert (code, err.splitlines()[0]) == (0, "corrected: 0 of 6 documents")
    other = tmp_path / "other.txt"
    other.write_text("[الحكومة](ACTOR) أعلنت\n", encoding="utf-8")
    before = mended.read_bytes()
    code, _, err = marsad_here("convert", data, "--corrections", other, "-o", mended)
    assert code == 2
    assert "no document has this text; correct the marks and leave the text as it is" in err
    assert mended.read_bytes() == before
    assert marsad_here("convert", data, "--corrections", suspects, "-o", suspects)[0] == 2


def test_suggest_reads_standard_input(tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "next.txt"
    text = "قصفت طائرات حربية معسكر النخيل\n\nأعلنت الحكومة مقتل عشرة مدنيين\n"
    done = marsad("suggest", "-", "-m", tiny_model, "-n", "1", "-o", out, text=text)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "3 sentences read; left out: 1 without a word",
        f"{out}: 1 sentence to correct",
    ]
    assert len(read_corpus([out], LABELS)) == 1


def robustness_file(path: Path, **row: Any) -> Path:
    rates = {"micro": {"f1": 0.5}}
    sound = {"name": "n", "about": "a", "documents": 1, "clean": rates, "perturbed": rates}
    loss = {"loss": {"value": 1.0, "low": 0.0, "high": 2.0}}
    path.write_text(json.dumps({"perturbations": [sound | loss | row]}), encoding="utf-8")
    return path


def test_wrong_input_ends_with_a_message(
    tiny_model: Path, data: Path, tmp_path: Path, marsad_here: Run
) -> None:
    plain, none, page = tmp_path / "plain.txt", tmp_path / "none.txt", tmp_path / "page.html"
    plain.write_text("هدوء في المدينة\n", encoding="utf-8")
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "1", "text": "هدوء", "spans": []}\n', encoding="utf-8")
    listed = tmp_path / "list.json"
    listed.write_text("[]", encoding="utf-8")
    nameless = robustness_file(tmp_path / "nameless.json", name=None)
    lossless = robustness_file(tmp_path / "lossless.json", loss={"value": 1.0})
    worded = robustness_file(tmp_path / "worded.json", clean={"micro": {"f1": "high"}})
    before = sorted(tmp_path.iterdir())
    evaluate = ("evaluate", tiny_model, data)
    not_written = "is not what `marsad robustness --json` writes"
    cases: list[tuple[tuple[str | Path, ...], str]] = [
        (("evaluate", tiny_model, none), "no such file or folder"),
        (("evaluate", none, data), "no such model folder"),
        ((*evaluate, "--json", data), "is also an input"),
        ((*evaluate, "--report", tmp_path / "page.pdf"), "to a .html file, or to .json as data"),
        ((*evaluate, "--suspects", tmp_path / "s.csv"), "written to .txt or .jsonl files"),
        ((*evaluate, "--training", data), "--training: is for the report; name its file with"),
        ((*evaluate, "--robustness", listed), "--robustness: is for the report"),
        ((*evaluate, "--report", page, "--suspects", page), "is named twice as an output"),
        ((*evaluate, "--report", page, "--training", none), "no such file or folder"),
        ((*evaluate, "--report", page, "--robustness", none), "none.txt: cannot be read: No such"),
        *(
            ((*evaluate, "--report", page, "--robustness", file), f"{file}: {not_written}")
            for file in (listed, nameless, lossless, worded, plain)
        ),
        (("compare", tiny_model, none, data), "neither a model folder nor a .jsonl file of pre"),
        (("compare", tiny_model, plain, data), "neither a model folder nor a .jsonl file of pre"),
        (("compare", tiny_model, other, data), "holds no prediction for the texts of 36 of 36"),
        (("compare", tiny_model, tmp_path, data), "not a finished Marsad model"),
        (("compare", tiny_model, tiny_model, none), "no such file or folder"),
        (("compare", tiny_model, tiny_model, data, "--runtime", "quick"), "'quick' is none of"),
        (("robustness", tiny_model, data, "--only", "hamza"), "no perturbation 'hamza'; there are"),
        (("robustness", tiny_model, none), "no such file or folder"),
        (("robustness", tiny_model, data, "--json", data), "is also an input"),
        (("calibrate", none, data), "no such model folder"),
        (("calibrate", tiny_model, none), "no such file or folder"),
        (("calibrate", tiny_model, plain), "only where some are right and some are wrong"),
        (("calibrate", tiny_model, data, "--precision", "95"), "above 0 and below 1"),
        (("calibrate", tiny_model, data, "--check", none), "no such file or folder"),
        (("suggest", plain, "-o", plain), "is also an input"),
        (("suggest", plain, "-o", tmp_path / "next.csv"), "written to .txt or .jsonl files"),
        (("suggest", none, "-o", tmp_path / "next.txt"), "no such file or folder"),
        (("suggest", plain, "-o", tmp_path / "next.txt", "--texts", data), "none is named"),
        (("suggest", plain, "-o", tmp_path / "next.txt", "-m", none), "no such model folder"),
    ]
    model = {path: path.read_bytes() for path in tiny_model.iterdir() if path.is_file()}
    for args, message in cases:
        code, shown, err = marsad_here(*args)
        assert (code, shown) == (2, ""), (args, err)
        assert err.startswith("error: "), (args, err)
        assert message in err, (args, err)
    assert sorted(tmp_path.iterdir()) == before
    assert {path: path.read_bytes() for path in tiny_model.iterdir() if path.is_file()} == model
