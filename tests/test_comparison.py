from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.test_bootstrap import LABELS, corpus, noisy
from train import comparison
from train.bootstrap import Interval
from train.cli_compare import align
from train.cli_compare import compare as command
from train.comparison import Comparison, Difference, compare
from train.corpus import write_corpus
from train.document import Document, Span
from train.errors import InputError
from train.metrics import score
from train.model_folder import shipped_tagger


def three(
    rng: random.Random, documents: int, least: int = 0
) -> tuple[list[Document], list[Document], list[Document]]:
    gold, a = corpus(rng, documents, least)
    return gold, a, [Document(d.id, d.text, noisy(rng, d.spans)) for d in gold]


def f1s(gold: list[Document], tagged: list[Document]) -> list[float]:
    scores = score(gold, tagged, LABELS)
    return [scores.micro.f1, *(scores.labels[label].f1 for label in LABELS)]


def differences(
    gold: list[Document], a: list[Document], b: list[Document]
) -> dict[str, Difference]:
    found = compare(gold, a, b, LABELS)
    return {"micro": found.micro, **found.labels}


def marked(count: int, right: int, wrong: int = 0) -> tuple[Span, ...]:
    return tuple(Span(2 * i, 2 * i + 1, "A") for i in range(right)) + tuple(
        Span(2 * i, 2 * i + 1, "W") for i in range(count, count + wrong)
    )


LETTERS = "ا ب ج د ه و ز ح"


def made(rows: list[tuple[int, int]]) -> tuple[list[Document], list[Document], list[Document]]:
    """Documents with one gold span; each row says whether A has it, and B."""
    gold = [Document(str(i), f"{LETTERS} {i}", marked(1, 1)) for i in range(len(rows))]
    a, b = (
        [replace(d, spans=marked(1, row[one])) for d, row in zip(gold, rows, strict=True)]
        for one in (0, 1)
    )
    return gold, a, b


@pytest.mark.parametrize("documents", [2, 4, 7])
def test_shuffling_by_hand(documents: int) -> None:
    """A has everything and B nothing: of 2**n swaps, only none and all are as far apart."""
    result = compare(*made([(1, 0)] * documents), ["A"])
    assert result.micro.difference == (1, 1, 1)
    assert result.micro.randomisation_p == pytest.approx(2 / 2**documents, abs=0.012)
    # No draw of the documents has a difference of 0 or less.
    assert result.micro.bootstrap_p == pytest.approx(2 / 10_001)
    assert result.differing == documents
    assert result.micro.trusted == (documents == 7)


def test_the_correction_counts_the_data_as_one_shuffling() -> None:
    result = compare(*made([(1, 0)] * 40), ["A"], resamples=99)
    assert result.micro.randomisation_p == 1 / 100
    assert result.labels["A"].randomisation_p == 1 / 100
    assert result.micro.bootstrap_p == 2 / 100


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_every_swap_of_eight_documents(seed: int) -> None:
    """The exact randomisation test, with every swap scored by the scorer itself."""
    gold, a, b = three(random.Random(seed), 8, least=1)
    observed = np.subtract(f1s(gold, a), f1s(gold, b))
    as_large = np.zeros(3)
    for swaps in product((False, True), repeat=8):
        ours = [y if swap else x for x, y, swap in zip(a, b, swaps, strict=True)]
        theirs = [x if swap else y for x, y, swap in zip(a, b, swaps, strict=True)]
        swapped = np.subtract(f1s(gold, ours), f1s(gold, theirs))
        as_large += np.abs(swapped) >= np.abs(observed) - 1e-9
    found = differences(gold, a, b)
    for exact, value, row in zip(as_large / 2**8, observed, found.values(), strict=True):
        assert row.difference.value == pytest.approx(value)
        assert row.randomisation_p == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_every_paired_draw_of_four_documents(seed: int) -> None:
    gold, a, b = three(random.Random(seed + 10), 4, least=3)
    exact = np.array(
        [
            np.subtract(*(f1s([gold[i] for i in d], [one[i] for i in d]) for one in (a, b)))
            for d in product(range(4), repeat=4)
        ]
    )
    for values, row in zip(exact.T, differences(gold, a, b).values(), strict=True):
        _, low, high = row.difference
        if (low, high) == (-1, 1):
            continue
        for bound, share in ((low, 0.025), (high, 0.975)):
            assert (values < bound - 1e-9).mean() <= share + 0.005
            assert (values <= bound + 1e-9).mean() >= share - 0.005
        tails = (values <= 1e-9).mean(), (values >= -1e-9).mean()
        assert row.bootstrap_p == pytest.approx(min(1, 2 * min(tails)), abs=0.02)


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_turned_round_and_in_any_order_it_is_the_same(seed: int) -> None:
    rng = random.Random(seed)
    gold, a, b = three(rng, 8)
    first = compare(gold, a, b, LABELS, 100)
    turned = compare(gold, b, a, LABELS, 100)
    for ours, theirs in zip(
        (first.micro, *first.labels.values()), (turned.micro, *turned.labels.values()), strict=True
    ):
        value, low, high = theirs.difference
        assert ours == replace(theirs, a=theirs.b, b=theirs.a, difference=(-value, -high, -low))
    if first.documents_needed is not None:  # one of the two leads, and is named first
        assert turned.told("B", "A") == first.told("A", "B")
    order = rng.sample(range(8), 8)
    moved = [
        [Document(f"line:{n}", one[i].text, one[i].spans) for n, i in enumerate(order)]
        for one in (gold, a, b)
    ]
    assert compare(moved[0], moved[1], moved[2], LABELS, 100) == first


def test_how_much_fits_in_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gold, a, b = three(random.Random(2), 20)
    whole = compare(gold, a, b, LABELS, 200)
    monkeypatch.setattr(comparison, "_SWAPS", 50)
    assert compare(gold, a, b, LABELS, 200) == whole
    assert compare(gold, a, b, LABELS, 200, seed=14) != whole


def test_two_that_are_alike_seldom_seem_different() -> None:
    """Under the null a p below 0.05 comes about in 5% of corpora, and is trusted in no more."""
    rng = random.Random(8)
    corpora = 300
    results = [compare(*three(rng, 40), LABELS, 400) for _ in range(corpora)]
    small = sum(result.micro.randomisation_p < 0.05 for result in results)
    assert 0.02 <= small / corpora <= 0.08
    assert sum(result.micro.trusted for result in results) <= small
    covered = sum(r.micro.difference.low <= 0 <= r.micro.difference.high for r in results)
    assert 0.91 <= covered / corpora <= 0.98
    labels = sum(any(row.trusted for row in result.labels.values()) for result in results)
    assert labels / corpora <= 0.08  # any of two labels, thanks to the stricter bars


def test_holm_by_hand() -> None:
    p = np.array([0.015, 0.04, 0.03, 0.005])
    # 0.005 x 4 and 0.015 x 3 pass; 0.03 x 2 does not, nor does what comes after it.
    assert comparison._holm(p, 0.05).tolist() == [True, False, False, True]
    assert comparison._holm(np.array([]), 0.05).tolist() == []


def test_the_number_of_documents_that_would_be_needed() -> None:
    drawn = np.array([0.01, 0.03])  # a deviation of 0.014142
    # 100 x (2.80159 x 0.014142 / 0.02)**2 = 392.4
    assert comparison._needed(100, 0.02, drawn, 0.95) == 400
    assert comparison._needed(100, -0.02, drawn, 0.95) == 400
    assert comparison._needed(1_000, 0.02, drawn, 0.95) == 4_000
    assert comparison._needed(100, 0.0, drawn, 0.95) is None


def test_the_number_needed_is_about_enough() -> None:
    """With it, four of five comparisons of taggers that truly differ as much are trusted."""
    rng = random.Random(4)

    def drawn(documents: int) -> Comparison:
        rows = [(int(rng.random() < 0.75), int(rng.random() < 0.65)) for _ in range(documents)]
        return compare(*made(rows), ["A"], 400)

    # F1 2x/(1 + x) of recalls of 0.75 and 0.65: 0.857 and 0.788. A large corpus tells how many.
    needed = drawn(2_000).documents_needed
    assert needed is not None
    trusted = sum(drawn(needed).micro.trusted for _ in range(40))
    assert 0.65 <= trusted / 40 <= 0.95


def told(difference: Interval, p: float, trusted: bool, needed: int | None = 900) -> str:
    row = Difference(0.8, 0.8 - difference.value, difference, p, p, trusted)
    return Comparison(300, 50, 10_000, 13, 0.95, row, {}, needed).told("old", "new")


def test_told_in_words() -> None:
    better = "by 2.1 points of F1 (95% interval 0.4 to 3.9)"
    up, down = Interval(0.021, 0.004, 0.039), Interval(-0.021, -0.039, -0.004)
    chance = "by chance alone, a difference as large comes about in 1 of 90 shufflings"
    expected = f"old is better than new {better}; {chance}: trust it."
    assert told(up, 1 / 90, True) == expected
    assert told(down, 1 / 90, True).startswith(f"new is better than old {better}")
    assert "in fewer than 1 of 10,000 shufflings: trust it." in told(up, 1 / 10_001, True)
    doubtful = told(Interval(0.01, -0.01, 0.031), 0.34, False)
    assert doubtful == (
        "old and new cannot be told apart on this data. old leads by 1.0 points of F1 (95% "
        "interval -1.0 to 3.1); by chance alone, a difference as large comes about in 34 of 100 "
        "shufflings. If it is truly that much better, about 900 documents would be needed to show "
        "it; here are 300."
    )
    assert "more documents would be needed" in told(up, 0.06, False, needed=250)
    same = told(Interval(0.0, -0.01, 0.01), 1.0, False, needed=None)
    assert same == "old and new have the same F1: this data does not tell them apart."


def test_what_cannot_be_compared() -> None:
    nothing = compare([], [], [], LABELS)
    assert nothing.micro.difference == (0, -1, 1)
    assert nothing.told() == "A and B cannot be compared: there is no document."
    gold, a, b = made([(1, 0)])
    alone = compare(gold, a, b, ["A"])
    assert alone.micro.difference == (1, -1, 1)
    assert (alone.micro.randomisation_p, alone.micro.trusted) == (1, False)
    assert compare(gold, gold, gold, []).labels.keys() == {"A"}
    assert compare([gold[0]], [gold[0]], [gold[0]], []).differing == 0
    assert alone.told().endswith("With fewer than 30 documents the interval itself is rough.")
    twin = compare(gold * 40, a * 40, a * 40, ["A"])
    assert twin.told().endswith("nothing tells them apart on this data.")
    assert twin.micro == Difference(1, 1, Interval(0, 0, 0), 1, 1, False)
    assert (twin.differing, twin.documents_needed) == (0, None)
    with pytest.raises(InputError, match="same texts"):
        compare(gold, a, b * 2, LABELS)


def test_everything_is_json() -> None:
    gold, a, b = three(random.Random(1), 12)
    exported = json.loads(json.dumps(compare(gold, a, b, ["A"], 50).to_dict()))
    assert list(exported["labels"]) == ["A", "W"]
    assert set(exported["micro"]["difference"]) == {"value", "low", "high"}
    assert exported["micro"]["a"] == pytest.approx(f1s(gold, a)[0])
    assert exported["resamples"] == 50


def test_predictions_are_matched_by_id_or_text() -> None:
    gold = [Document("f:1", "هدوء"), Document("f:2", "صمت")]
    quiet, still = Document("x", "هدوء", (Span(0, 4, "A"),)), Document("y", "صمت")
    extra = Document("z", "سكون")
    assert align(gold, [extra, still, quiet], "p") == [
        Document("f:1", "هدوء", (Span(0, 4, "A"),)),
        Document("f:2", "صمت"),
    ]
    with pytest.raises(InputError, match=r"p: holds no prediction .* 1 of 2 documents.* f:2"):
        align(gold, [quiet], "p")
    twice = [quiet, replace(quiet, id="w", spans=()), still]
    with pytest.raises(InputError, match="more than once"):
        align(gold, twice, "p")
    named = [quiet, replace(quiet, id="f:1", spans=()), still]
    assert align(gold, named, "p")[0].spans == ()


APP = typer.Typer()
APP.command()(command)


def test_the_command_on_files_of_predictions(tmp_path: Path) -> None:
    gold, a, b = made([(1, 0)] * 30 + [(1, 1)] * 30)
    names = ("gold", "a", "b")
    for name, documents in zip(names, (gold, a, b), strict=True):
        write_corpus(documents[::-1] if name == "b" else documents, tmp_path / f"{name}.jsonl")
    paths = {name: str(tmp_path / f"{name}.jsonl") for name in names}
    report = tmp_path / "report.json"
    done = CliRunner().invoke(
        APP, [paths["a"], paths["b"], paths["gold"], "--json", str(report)], env={"COLUMNS": "100"}
    )
    assert done.exit_code == 0, done.exception
    # F1 1 against 2/3: precision 1, recall 1/2.
    assert "A is better than B by 33.3 points" in done.output
    assert done.output.rstrip().endswith("trust it.")
    assert " 1.0000 " in done.output
    assert " 0.6667 " in done.output
    record = json.loads(report.read_text(encoding="utf-8"))
    assert (record["a"], record["documents"], record["differing"]) == (paths["a"], 60, 30)
    assert record["micro"]["difference"]["value"] == pytest.approx(1 / 3)


def test_the_command_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    gold, a, _ = made([(1, 0)])
    write_corpus(gold, tmp_path / "gold.jsonl")
    write_corpus(a, tmp_path / "a.jsonl")
    path = str(tmp_path / "gold.jsonl")
    for arguments, message in (
        ([str(tmp_path / "none"), path, path], "neither a model folder nor a .jsonl file"),
        ([str(tmp_path / "none.jsonl"), path, path], "neither a model folder nor a .jsonl file"),
        ([path, str(tmp_path / "a.jsonl"), path, "--json", path], "is also an input"),
    ):
        done = CliRunner().invoke(APP, arguments)
        assert isinstance(done.exception, InputError)
        assert message in str(done.exception)


def test_the_command_on_the_shipped_tagger(corpus_file: Path, corpus: list[Document]) -> None:
    perfect = corpus_file.parent / "perfect.jsonl"
    write_corpus([replace(d, id=f"other-{d.id}") for d in corpus], perfect)
    done = CliRunner().invoke(APP, [str(shipped_tagger()), str(perfect), str(corpus_file)])
    assert done.exit_code == 0, done.exception
    rows = [line for line in done.output.splitlines() if "micro" in line]
    assert " 1.0000 " in rows[0]  # B repeats the gold spans
    assert "rough" in done.output
