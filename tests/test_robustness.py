"""The loss of a tagger that finds what it learnt letter by letter, worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.conftest import CORPUS
from train.bootstrap import Interval
from train.cli_robustness import robustness
from train.corpus import read_corpus
from train.document import Document, Span
from train.errors import InputError
from train.inline import parse_line
from train.perturbations import PERTURBATIONS, SEED
from train.robustness import chosen, measure, told
from train.tagger import Tagger
from train.words import split_words

LINES = (
    "قصفت [مدفعية](WEAPON) [الجيش](ACTOR) القرية",  # ta marbuta in one of two mentions
    "أعلن [الجيش](ACTOR) ذلك",  # no ta marbuta
    "وصلت [دبابة](WEAPON)، [دبابة](WEAPON)",  # both mentions
    "في المدينة هدوء",  # ta marbuta and no mention
)
KNOWN = {"مدفعية": "WEAPON", "الجيش": "ACTOR", "دبابة": "WEAPON", "قتلى": "CASUALTY"}


def documents() -> list[Document]:
    parsed = [parse_line(line)[:2] for line in LINES]
    return [Document(str(i), text, tuple(spans)) for i, (text, spans) in enumerate(parsed)]


def tag(given: Sequence[Document]) -> list[Document]:
    return [
        replace(
            document,
            spans=tuple(
                Span(word.start, word.end, KNOWN[word.text])
                for word in split_words(document.text)
                if word.text in KNOWN
            ),
        )
        for document in given
    ]


def test_the_loss_is_that_of_the_changed_documents() -> None:
    clean, [effect] = measure(documents(), tag, ("WEAPON", "ACTOR"), chosen(["ta-marbuta-as-ha"]))
    assert (clean.documents, clean.micro.f1) == (4, 1.0)
    # Three texts change; of their four mentions the tagger still finds one, and nothing else.
    assert effect.documents == 3
    assert (effect.clean.micro.gold, effect.clean.micro.f1) == (4, 1.0)
    after = effect.perturbed.micro
    assert (after.gold, after.right, after.predicted) == (4, 1, 1)
    assert effect.loss.value == pytest.approx(100 * (1 - 2 * 1 * 0.25 / 1.25))
    assert effect.losses() == {"WEAPON": pytest.approx(100.0), "ACTOR": pytest.approx(0.0)}
    assert json.loads(json.dumps(effect.to_dict()))["loss"]["value"] == pytest.approx(60.0)


def test_a_headline_is_measured_on_the_part_that_it_keeps() -> None:
    text, spans = parse_line("1 2 3 4 5 6 7 8 9 10 11 [دبابة](WEAPON) 13 [الجيش](ACTOR)")[:2]

    def half(given: Sequence[Document]) -> list[Document]:
        return [replace(d, spans=d.spans[:1]) for d in tag(given)]

    gold = [Document("1", text, tuple(spans))]
    clean, [effect] = measure(gold, half, ("WEAPON", "ACTOR"), chosen(["headline"]))
    assert clean.micro.recall == 0.5
    assert (effect.clean.micro.f1, effect.perturbed.micro.f1) == (1.0, 1.0)
    _, [effect] = measure(gold, tag, ("WEAPON", "ACTOR"), chosen(["headline"]))
    for scores in (effect.clean, effect.perturbed):  # what is found behind it is left out too
        assert (scores.micro.gold, scores.micro.right, scores.micro.predicted) == (1, 1, 1)


def test_the_interval_is_of_documents_drawn_in_pairs() -> None:
    # Ten documents of one mention each, found where it has no ta marbuta; three have one.
    # A draw holds n of those, n binomial of 10 and 0.3, and F1 falls from 1 to 2r / (1 + r) of
    # r = 1 - n / 10: percentiles 2.5 and 97.5 of n are 0 and 6 (P(n = 0) = 0.028, P(n <= 5) =
    # 0.953, P(n <= 6) = 0.989).
    gold = [
        Document(str(i), f"{mention} {i} قرية", (Span(0, len(mention), KNOWN[mention]),))
        for i, mention in enumerate(["دبابة"] * 3 + ["الجيش"] * 7)
    ]
    _, [effect] = measure(gold, tag, (), chosen(["ta-marbuta-as-ha"]))
    assert effect.documents == 10
    value, low, high = effect.loss
    assert value == pytest.approx(100 * (1 - 2 * 0.7 / 1.7))
    assert low == 0.0
    assert high == pytest.approx(100 * (1 - 2 * 0.4 / 1.4))


def test_one_document_tells_nothing_of_others() -> None:
    _, [effect] = measure(documents()[:1], tag, (), chosen(["ta-marbuta-as-ha"]))
    assert effect.loss[1:] == (-100.0, 100.0)
    assert told([effect]) == "None of them is shown to cost anything: no interval lies above 0."


def test_documents_without_a_span_tell_nothing() -> None:
    quiet = [Document(f"q{i}", f"في المدينة هدوء {i}") for i in range(9)]
    alone, another = documents()[0], replace(documents()[0], id="2", text=documents()[0].text + ".")
    spurious = Document("s", "وصلت دبابة إلى المدينة")  # found and not annotated: it bears on F1
    names = chosen(["ta-marbuta-as-ha"])
    for given, is_known in (
        (quiet, False),
        ([*quiet, alone], False),
        ([*quiet, alone, another], True),
        ([*quiet, alone, spurious], True),
    ):
        _, [effect] = measure(given, tag, (), names)
        assert effect.documents == len(given)
        assert (effect.loss[1:] == (-100.0, 100.0)) is not is_known


def test_a_score_that_rises_is_no_loss() -> None:
    def other(given: Sequence[Document]) -> list[Document]:
        return [replace(d, spans=d.spans if "ة" not in d.text else ()) for d in tag(given)]

    gold = [
        Document(str(i), f"أعلن الجيش ذلك في مدينة {i}", (Span(5, 10, "ACTOR"),)) for i in "abc"
    ]
    _, [effect] = measure(gold, other, (), chosen(["ta-marbuta-as-ha"]))
    assert effect.loss == (-100.0, -100.0, -100.0)
    assert told([effect]) == "None of them is shown to cost anything: no interval lies above 0."


def test_what_is_shown_to_cost_is_told_worst_first() -> None:
    many = [replace(d, id=f"{d.id}-{i}", text=f"{d.text} {i}") for d in documents() for i in "abcd"]
    # The hamza stands outside of all mentions and costs nothing; the ta marbuta in three of four
    # mentions of the texts that have one; the alef maqsura in the one mention of its texts.
    dead = [Document(f"dead-{i}", f"إن قتلى {i}", (Span(3, 7, "CASUALTY"),)) for i in range(8)]
    names = ["no-hamza", "maqsura-as-ya", "ta-marbuta-as-ha"]
    hamza = [replace(d, text=f"{d.text} إن") for d in many]
    _, effects = measure([*hamza, *dead], tag, (), chosen(names))
    assert told(effects) == (
        "Shown to cost something (interval above 0), the worst first: "
        "maqsura-as-ya (100.0 points), ta-marbuta-as-ha (60.0 points)."
    )


def test_nothing_to_change_is_no_loss() -> None:
    _, [effect] = measure(documents(), tag, ("WEAPON",), chosen(["western-digits"]))
    assert (effect.documents, effect.to_dict()["loss"]) == (0, None)


def test_order_of_documents_plays_no_part() -> None:
    def losses(given: Sequence[Document]) -> list[Interval]:
        return [e.loss for e in measure(given, tag, (), list(PERTURBATIONS.values()))[1]]

    many = [
        replace(d, id=f"{d.id}-{i}", text=f"{d.text} {i}") for i in range(9) for d in documents()
    ]
    assert losses(many) == losses(many[::-1])


def test_names() -> None:
    assert [p.name for p in chosen(["tatweel", "no-hamza"])] == ["no-hamza", "tatweel"]
    assert len(chosen([])) == len(PERTURBATIONS)
    with pytest.raises(InputError, match="no perturbation 'hamza'; there are no-hamza, "):
        chosen(["hamza", "tatweel"])


def test_command(tiny_model: Path, corpus_file: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(robustness)
    out = tmp_path / "out.json"
    done = CliRunner().invoke(
        app, [str(tiny_model), str(corpus_file), "--only", "tatweel", "--json", str(out)]
    )
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text(encoding="utf-8"))
    [row] = result["perturbations"]
    assert result["clean"]["documents"] == len(CORPUS.splitlines())
    assert row["loss"] == {"value": 0.0, "low": 0.0, "high": 0.0}  # the normaliser drops it
    assert "tatweel" in done.output


def test_the_command_takes_the_seed(tiny_model: Path, corpus_file: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(robustness)
    tagger = Tagger.load(tiny_model)
    gold = read_corpus([corpus_file])

    def effects(seed: int) -> list[dict[str, Any]]:
        found = measure(
            gold, lambda texts: list(tagger.tag(texts)), tagger.tags.labels, chosen([]), seed
        )[1]
        return [effect.to_dict() for effect in found]

    assert effects(1) != effects(SEED)
    for options, seed in ((["--seed", "1"], 1), ([], SEED)):
        out = tmp_path / f"{seed}.json"
        arguments = [str(tiny_model), str(corpus_file), "--json", str(out), *options]
        assert CliRunner().invoke(app, arguments).exit_code == 0
        result = json.loads(out.read_text(encoding="utf-8"))
        assert (result["seed"], result["perturbations"]) == (seed, effects(seed))
