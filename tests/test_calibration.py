from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.conftest import LABELS
from train.calibration import Calibration, FittedOn, read_calibration, write_calibration
from train.calibrator import calibrate
from train.cli_calibrate import calibrate as command
from train.corpus import fingerprint, write_corpus
from train.document import Document
from train.errors import InputError, ModelError
from train.evidence import Evidence, fit_temperature, gather
from train.model_folder import CALIBRATION, open_model, seal
from train.parity import add_int8
from train.tagger import Tagger
from train.tags import TagSet
from train.threshold import Wanted
from train.words import split_words

WORDS = split_words("واحد اثنان ثلاثة أربعة خمسة")


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may calibrate."""
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy, ignore=shutil.ignore_patterns("seed-*"))
    return copy


@pytest.fixture
def gold(corpus: list[Document]) -> list[Document]:
    """The tiny corpus with annotation left out here and there.

    The tiny model knows it by heart, so that this makes some of what it finds wrong.
    """
    return [
        replace(document, id=f"{document.id}-{copy}", spans=document.spans[copy % 2 :])
        for copy in range(4)
        for document in corpus
    ]


# --- the temperature does not touch decoding ---


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
    st.floats(0.1, 10),
    st.sampled_from([0.5, 3.0, 20.0]),
)
def test_a_temperature_moves_scores_and_no_span(
    length: int, seed: int, temperature: float, spread: float
) -> None:
    logits = np.random.default_rng(seed).normal(0, spread, (length, 5)).astype(np.float32)
    plain = TagSet(["A", "W"]).decode(WORDS[:length], logits)
    scaled = TagSet(["A", "W"], temperature).decode(WORDS[:length], logits)
    assert scaled == plain  # scores are no part of equality
    # The same path is also the best of the scaled logits.
    again = TagSet(["A", "W"]).decode(WORDS[:length], (logits / temperature).astype(np.float32))
    assert again == plain
    for ours, theirs in zip(scaled, again, strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-5)


def test_scores_at_a_temperature_by_hand() -> None:
    tags = TagSet(["A"], 2.0)  # O, B-A, I-A
    # Halved, the first row gives exp(0), exp(ln 9 / 2) = 3 and exp(0): B-A has 3 / 5. The second
    # gives 4, 1 and 1 of 6 to O, B-A and I-A: that A goes on has 1 / 6, that it does not 5 / 6.
    logits = np.log(np.array([[1, 9, 1], [16, 1, 1]], np.float32))
    [span] = tags.decode(WORDS[:2], logits)
    assert span.score == pytest.approx(0.6)
    [span] = TagSet(["A"]).decode(WORDS[:2], logits)
    assert span.score == pytest.approx(9 / 11)


# --- fitting ---


def one_word_spans(odds: float, right: int, wrong: int) -> Evidence:
    """Spans of one last word each, with ``odds`` to 1 for their tag against one other."""
    count = right + wrong
    return Evidence(
        labels=np.array(["A"] * count),
        right=np.array([True] * right + [False] * wrong),
        first=np.arange(count),
        logits=np.tile([0.0, math.log(odds), -1e9], (count, 1)),
        columns=np.ones(count, np.intp),
        behind=np.zeros(count, bool),
    )


@pytest.mark.parametrize(
    ("odds", "right", "wrong", "temperature"),
    [
        (9, 75, 25, 2.0),  # 0.9 is said, 3 to 1 comes true: ln 9 / ln 3
        (3, 90, 10, 0.5),  # too modest
        (4, 80, 20, 1.0),  # true as it is
        (1000, 10, 1, 3.0),  # ln 1000 / ln 10
    ],
)
def test_temperature_by_hand(odds: float, right: int, wrong: int, temperature: float) -> None:
    evidence = one_word_spans(odds, right, wrong)
    assert evidence.scores(1.0) == pytest.approx(odds / (odds + 1))
    assert fit_temperature(evidence) == pytest.approx(temperature, abs=1e-4)
    assert evidence.scores(temperature) == pytest.approx(right / (right + wrong))


def test_temperature_of_scores_that_were_made_too_high_on_purpose() -> None:
    chance = np.random.default_rng(3)
    true = chance.uniform(0.3, 6, 20_000)
    right = chance.random(20_000) < 1 / (1 + np.exp(-true))
    evidence = replace(
        one_word_spans(2, 20_000, 0),
        right=right,
        logits=np.stack([np.zeros(20_000), 2.5 * true, np.full(20_000, -1e9)], axis=1),
    )
    assert fit_temperature(evidence) == pytest.approx(2.5, rel=0.03)


@pytest.mark.parametrize(("right", "wrong"), [(0, 0), (5, 0), (0, 5)])
def test_nothing_to_fit_on(right: int, wrong: int) -> None:
    with pytest.raises(InputError, match=f"of {right + wrong} spans .* {right} are right"):
        fit_temperature(one_word_spans(9, right, wrong))


def test_evidence_gives_the_scores_of_the_tagger(model: Path, gold: list[Document]) -> None:
    for temperature in (1.0, 0.3, 4.0):
        tagger = Tagger.load(model, runtime="fp32")
        evidence = gather(tagger, gold)
        tagger.engine.tags = TagSet(LABELS, temperature)
        ordered = sorted(gold, key=lambda document: (document.id, document.text))
        spans = [span for document in tagger.tag(ordered) for span in document.spans]
        assert len(spans) > 40
        assert evidence.labels.tolist() == [span.label for span in spans]
        assert evidence.scores(temperature) == pytest.approx(
            [span.score for span in spans], abs=1e-5
        )


def test_evidence_does_not_depend_on_order(model: Path, gold: list[Document]) -> None:
    tagger = Tagger.load(model, runtime="fp32")
    ours, theirs = gather(tagger, gold), gather(tagger, gold[::-1])
    assert ours.right.tolist() == theirs.right.tolist()
    assert fit_temperature(ours) == fit_temperature(theirs)


# --- the model folder ---


def test_calibrating_a_folder(model: Path, gold: list[Document]) -> None:
    before = open_model(model)
    plain = Tagger.load(model)
    assert plain.calibration == Calibration()
    result = calibrate(model, gold, [0.5, 0.6])
    after = open_model(model)
    assert after.calibration == result.calibration
    assert after.fingerprint != before.fingerprint
    assert after.has_int8 == before.has_int8
    found = [span for d in plain.tag(gold) for span in d.spans]
    known = [
        span in g.spans for g, d in zip(gold, plain.tag(gold), strict=True) for span in d.spans
    ]
    assert after.calibration.fitted_on == FittedOn(
        len(gold), len(found), sum(known), fingerprint(gold)
    )
    tagger = Tagger.load(model)
    assert tagger.tags.temperature == result.calibration.temperature != 1
    scored = [span for document in tagger.tag(gold) for span in document.spans]
    assert scored == found
    mean = sum(span.score or 0 for span in scored) / len(scored)
    assert mean == pytest.approx(result.fitted.after["all"].score, abs=1e-4)
    assert result.fitted.after["all"].nll < result.fitted.before["all"].nll
    share = sum(known) / len(known)
    assert abs(mean - share) < abs(result.fitted.before["all"].score - share)
    assert set(result.calibration.thresholds) == {"0.5", "0.6"}


def test_calibrating_again_gives_the_same(model: Path, gold: list[Document]) -> None:
    first = calibrate(model, gold)
    stored = (model / CALIBRATION).read_bytes()
    print_first = open_model(model).fingerprint
    second = calibrate(model, gold[::-1])
    assert second.calibration == first.calibration
    assert second.fitted.before == first.fitted.before  # not what the first left behind
    assert (model / CALIBRATION).read_bytes() == stored
    assert open_model(model).fingerprint == print_first


def test_a_folder_that_cannot_be_calibrated_stays_as_it_was(
    model: Path, corpus: list[Document]
) -> None:
    before = open_model(model).fingerprint
    found = Tagger.load(model)([document.text for document in corpus])
    perfect = [
        replace(document, spans=tagged.spans)
        for document, tagged in zip(corpus, found, strict=True)
    ]
    with pytest.raises(InputError, match="some are right and some are wrong"):
        calibrate(model, perfect)
    with pytest.raises(InputError, match=r"precision 1: .* below 1"):
        calibrate(model, corpus, [1.0])
    assert open_model(model).fingerprint == before
    assert not (model / CALIBRATION).exists()


def test_a_calibration_belongs_to_its_weights(model: Path, gold: list[Document]) -> None:
    result = calibrate(model, gold)
    sealed = open_model(model)
    add_int8(model, [d.text for d in gold], {"gold": gold}, max_loss=1.0)
    assert open_model(model).calibration == result.calibration  # the same weights
    assert open_model(model).has_int8
    seal(model, sealed.labels, sealed.preprocessor)  # as for weights that are new
    assert open_model(model).calibration == Calibration()


def test_precisions_are_told_apart_by_all_of_their_digits(
    model: Path, gold: list[Document]
) -> None:
    asked = [0.9999999, 0.95, 0.9500001, 0.950, 1 - 2**-53]
    result = calibrate(model, gold, asked)
    keys = ["0.95", "0.9500001", "0.9999999", "0.9999999999999999"]
    assert list(result.calibration.thresholds) == keys
    assert open_model(model).calibration == result.calibration
    assert [row.precision_wanted for row in result.fitted.kept[:: len(LABELS)]] == sorted(
        set(asked)
    )
    told = [line for line in result.warnings if line.startswith("ACTOR")]
    assert "precision of 0.9999999 on this data while 1000000" in told[-2]
    wanted = Wanted(precision=0.9999998)
    with pytest.raises(InputError, match=r"^--precision 0\.9999998: .* --precision 0\.9999998`"):
        wanted.settle(LABELS, result.calibration)


def test_a_kill_between_leaves_a_whole_folder(
    model: Path, gold: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = calibrate(model, gold).calibration

    def killed(calibration: Calibration, path: Path) -> None:
        write_calibration(replace(first, temperature=9.0), path)
        raise KeyboardInterrupt

    monkeypatch.setattr("train.calibrator.write_calibration", killed)
    with pytest.raises(KeyboardInterrupt):
        calibrate(model, gold[:12])
    assert open_model(model).calibration == Calibration()


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("{"),
        lambda file: file.write_text(file.read_text().replace('"temperature": ', '"temp": ')),
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_calibration_that_cannot_be_used_is_written_again(
    model: Path,
    gold: list[Document],
    change: Callable[[Path], Any],
    sealed: bool,
    tmp_path: Path,
) -> None:
    """As the message about it says; so `marsad calibrate` itself must not open it."""
    folder = open_model(model)
    first = calibrate(model, gold).calibration
    change(model / CALIBRATION)
    if sealed and (model / CALIBRATION).exists():
        seal(model, folder.labels, folder.preprocessor, [*folder.optional, CALIBRATION])
    with pytest.raises(ModelError, match=r"write it again with `marsad calibrate \S+model DATA`"):
        open_model(model)
    data = tmp_path / "gold.jsonl"
    write_corpus(gold, data)
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, [str(model), str(data)])
    assert done.exit_code == 0, done.exception
    assert open_model(model).calibration == first
    (model / "model.onnx").write_bytes(b"")
    refused = CliRunner().invoke(app, [str(model), str(data)])
    assert isinstance(refused.exception, ModelError)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text.replace("0.", "1.")])
def test_a_damaged_calibration_is_refused(model: Path, gold: list[Document], change) -> None:  # type: ignore[no-untyped-def]
    calibrate(model, gold)
    file = model / CALIBRATION
    file.write_text(change(file.read_text()))
    with pytest.raises(ModelError, match=r"calibration\.json"):
        open_model(model)


GOOD = Calibration(1.25, FittedOn(3, 9, 7, "ab"), {"0.95": {"A": 0.5, "W": None}})


def test_a_calibration_is_stored_as_plain_data(tmp_path: Path) -> None:
    write_calibration(GOOD, tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text()) == {
        "temperature": 1.25,
        "fitted_on": {"documents": 3, "spans": 9, "right": 7, "sha256": "ab"},
        "thresholds": {"0.95": {"A": 0.5, "W": None}},
    }
    assert read_calibration(tmp_path / "c.json", ("A", "W")) == GOOD
    assert GOOD.thresholds_for(0.950) == {"A": 0.5, "W": None}
    assert GOOD.thresholds_for(0.951) is None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("temperature", 0, "temperature 0.0, expected a number above 0"),
        ("temperature", -1, "expected a number above 0"),
        ("temperature", float("nan"), "expected a number above 0"),
        ("temperature", "hot", "ValueError"),
        pytest.param("temperature", 10**400, "OverflowError", id="400 digits"),
        ("fitted_on", {"documents": 1}, "TypeError"),
        *(
            ("fitted_on", {"documents": 3, "spans": 9, "right": 7, "sha256": "ab"} | wrong, "whole")
            for wrong in (
                {"documents": "3"},
                {"spans": 9.5},
                {"spans": True, "right": 0},
                {"right": -1},
                {"right": 10},
                {"sha256": None},
            )
        ),
        ("thresholds", {"0.9": {"A": 0.5}}, r"thresholds 0\.9 are for A"),
        ("thresholds", {"0.9": {"A": 0.5, "W": 1.5}}, "not all between 0 and 1"),
        ("thresholds", {"often": {"A": 0.5, "W": 1.5}}, "ValueError"),
        ("thresholds", [], "AttributeError"),
    ],
)
def test_a_calibration_that_makes_no_sense(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    (tmp_path / "c.json").write_text(json.dumps(GOOD.to_dict() | {key: value}))
    with pytest.raises(ModelError, match=f"{message}.*write it again with `marsad calibrate"):
        read_calibration(tmp_path / "c.json", ("A", "W"))


def test_nesting_without_end_is_no_calibration(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match=r"RecursionError.*write it again"):
        read_calibration(tmp_path / "c.json", ("A", "W"))


# --- the command ---


def test_the_command(model: Path, gold: list[Document], tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    data, other, out = tmp_path / "gold.jsonl", tmp_path / "other.jsonl", tmp_path / "out.json"
    write_corpus(gold, data)
    write_corpus(gold[:8], other)
    arguments = [model, data, "--precision", 0.6, "--precision", 0.99, "--check", other]
    done = CliRunner().invoke(app, [str(a) for a in (*arguments, "--json", out)])
    assert done.exit_code == 0, done.output
    stored = open_model(model).calibration
    assert f"temperature {stored.temperature:g}, fitted on {len(gold)} documents" in done.stdout
    assert "other.jsonl: 8 documents; not fitted on this" in done.stdout
    assert "ACTOR: no score shows a precision of 0.99 on this data while 100" in done.stderr
    assert "spans only; 500 or more" in done.stderr
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["calibration"] == stored.to_dict()
    assert [check["documents"] for check in result["checked"]] == [8]
    assert result["fitted"]["after"]["all"]["spans"] == stored.fitted_on.spans  # type: ignore[union-attr]
    assert stored.thresholds["0.99"] == dict.fromkeys(LABELS)
    refused = CliRunner().invoke(app, [str(a) for a in (model, data, "--json", data)])
    assert isinstance(refused.exception, InputError)
    refused = CliRunner().invoke(app, [str(a) for a in (model, data, "--runtime", "quick")])
    assert isinstance(refused.exception, ModelError)
    assert "'quick' is none of" in str(refused.exception)
