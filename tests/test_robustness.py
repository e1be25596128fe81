"""The loss of a tagger that finds what it learnt letter by letter, worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.conftest import CORPUS
from train.cli_robustness import robustness
from train.document import Document, Span
from train.errors import InputError
from train.inline import parse_line
from train.perturbations import PERTURBATIONS
from train.robustness import chosen, measure
from train.words import split_words

LINES = (
    "قصفت [مدفعية](WEAPON) [الجيش](ACTOR) القرية",  # ta marbuta in one of two mentions
    "أعلن [الجيش](ACTOR) ذلك",  # no ta marbuta
    "وصلت [دبابة](WEAPON)، [دبابة](WEAPON)",  # both mentions
    "في المدينة هدوء",  # ta marbuta and no mention
)
KNOWN = {"مدفعية": "WEAPON", "الجيش": "ACTOR", "دبابة": "WEAPON"}


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
    assert effect.loss == pytest.approx(100 * (1 - 2 * 1 * 0.25 / 1.25))
    assert effect.losses() == {"WEAPON": pytest.approx(100.0), "ACTOR": pytest.approx(0.0)}
    assert json.loads(json.dumps(effect.to_dict()))["loss"] == pytest.approx(60.0)


def test_a_headline_is_measured_on_the_part_that_it_keeps() -> None:
    text, spans = parse_line("1 2 3 4 5 6 7 8 9 10 11 [دبابة](WEAPON) 13 [الجيش](ACTOR)")[:2]

    def half(given: Sequence[Document]) -> list[Document]:
        return [replace(d, spans=d.spans[:1]) for d in tag(given)]

    gold = [Document("1", text, tuple(spans))]
    clean, [effect] = measure(gold, half, ("WEAPON", "ACTOR"), chosen(["headline"]))
    assert clean.micro.recall == 0.5
    assert (effect.clean.micro.f1, effect.perturbed.micro.f1) == (1.0, 1.0)


def test_nothing_to_change_is_no_loss() -> None:
    _, [effect] = measure(documents(), tag, ("WEAPON",), chosen(["western-digits"]))
    assert (effect.documents, effect.to_dict()["loss"]) == (0, None)


def test_order_of_documents_plays_no_part() -> None:
    def losses(given: Sequence[Document]) -> list[float]:
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
    assert (row["name"], row["loss"]) == ("tatweel", 0.0)  # the normaliser drops it
    assert "tatweel" in done.output
