"""Training end to end on a tiny encoder: it learns, saves, resumes, and loads everywhere."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    pipeline,
)

from tests.conftest import LABELS
from train.config import TrainConfig, load_config
from train.dataset import IGNORED
from train.document import Document
from train.errors import ConfigError, ModelError
from train.export import check_equal, export_graph, save_weights
from train.metrics import score
from train.model_folder import open_model
from train.run import train
from train.runtime import OnnxRuntime
from train.tagger import Tagger
from train.torch_runtime import TorchRuntime
from train.training import TagLoss, epoch_history, last_checkpoint, tag_weights

Make = Callable[..., TrainConfig]


def test_it_learns_and_its_files_say_how(tiny_model: Path, corpus: list[Document]) -> None:
    metrics = json.loads((tiny_model / "metrics.json").read_text(encoding="utf-8"))
    history = metrics["seeds"][0]["history"]
    assert history[-1]["loss"] < history[0]["loss"] / 10
    assert history[-1]["validation_f1"] >= history[0]["validation_f1"]
    tagger = Tagger.load(tiny_model)
    scores = score(corpus, list(tagger.tag(corpus)), LABELS)
    assert scores.micro.f1 == pytest.approx(metrics["validation_f1"]["mean"])
    assert scores.micro.f1 > 0.9
    for name in ("config.yaml", "config.json", "tokenizer.json", "model.onnx", "marsad.json"):
        assert (tiny_model / name).stat().st_size
    assert (tiny_model / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    card = (tiny_model / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlanguage: ar\n")
    assert f"{scores.micro.f1:.3f}" in card
    assert metrics["data"]["fingerprint"] in card
    # Pickles of the training are gone, and nothing else is pickled.
    assert not [p for p in tiny_model.rglob("*") if p.suffix in {".pt", ".pth", ".bin", ".pkl"}]


@pytest.mark.filterwarnings("ignore:Tokenizer does not support real words")
def test_the_weights_are_half_and_load_in_transformers(tiny_model: Path) -> None:
    weights = load_file(tiny_model / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    model = AutoModelForTokenClassification.from_pretrained(tiny_model)
    assert model.dtype == torch.float32
    assert model.config.id2label[1] == "B-ACTOR"
    tagger = pipeline("token-classification", str(tiny_model), aggregation_strategy="first")
    found = tagger("قصفت طائرات حربية")
    assert {item["entity_group"] for item in found} == {"WEAPON"}


def test_torch_and_onnx_give_the_same(tiny_model: Path, corpus: list[Document]) -> None:
    folder = open_model(tiny_model)
    model = AutoModelForTokenClassification.from_pretrained(tiny_model).eval()
    rng = np.random.default_rng(3)
    for batch, length in ((1, 1), (1, 48), (7, 13), (32, 5)):
        ids = rng.integers(5, model.config.vocab_size, (batch, length))
        ours = OnnxRuntime(folder.graph)(ids)
        theirs = TorchRuntime(model)(ids)
        assert ours.shape == theirs.shape == (batch, length, 9)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    texts = [d.text for d in corpus]
    check_equal(model, folder.preprocessor, LABELS, tiny_model, texts)


def test_an_export_that_tags_otherwise_is_refused(
    tiny_model: Path, corpus: list[Document], tmp_path: Path
) -> None:
    folder = open_model(tiny_model)
    model = AutoModelForTokenClassification.from_pretrained(tiny_model).eval()
    save_weights(model, tmp_path)
    export_graph(model, tmp_path)
    with torch.no_grad():
        model.classifier.bias += torch.arange(9.0) * 3  # now it is another model
    with pytest.raises(ModelError, match="otherwise than the torch model"):
        check_equal(model, folder.preprocessor, LABELS, tmp_path, [d.text for d in corpus])


class _Stop(TrainerCallback):
    """Stands for a kill: the process is gone right behind a checkpoint, or amid an epoch."""

    def __init__(self, step: int):
        self.step = step

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


def interrupt(monkeypatch: pytest.MonkeyPatch, config: TrainConfig, step: int) -> None:
    original = Trainer.train

    def stopped(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        self.add_callback(_Stop(step))
        return original(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(config)


def test_resumed_equals_uninterrupted(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"num_train_epochs": 4, "early_stopping_patience": 9}
    whole = train(make_config(output_dir=str(tmp_path / "whole"), **settings))
    config = make_config(output_dir=str(tmp_path / "cut"), **settings)
    interrupt(monkeypatch, config, step=8)  # amid the third epoch of three steps each
    said: list[str] = []
    cut = train(config, resume=True, say=said.append)
    assert any("resuming from" in line and "checkpoint-6" in line for line in said)
    keys = ("epoch", "loss", "validation_f1", "learning_rate")
    assert [[row[k] for k in keys] for row in cut["seeds"][0]["history"]] == [
        [row[k] for k in keys] for row in whole["seeds"][0]["history"]
    ]
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("whole", "cut")]
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name


def test_resume_skips_what_is_finished_and_passes_over_broken_checkpoints(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(seeds=(1, 2), num_train_epochs=2)
    run = tmp_path / "run"
    interrupt(monkeypatch, make_config(seeds=(1, 2), num_train_epochs=2), step=5)
    # The newest checkpoint was being written when the power failed.
    broken = run / "seed-1" / "checkpoints" / "checkpoint-5"
    shutil.copytree(run / "seed-1" / "checkpoints" / "checkpoint-3", broken)
    (broken / "trainer_state.json").write_text("{")
    assert last_checkpoint(run / "seed-1") == broken.with_name("checkpoint-3")
    said: list[str] = []
    metrics = train(config, resume=True, say=said.append)
    assert any("seed 1: resuming from" in line for line in said)
    assert any("seed 2: no complete checkpoint; starting afresh" in line for line in said)
    values = metrics["validation_f1"]["values"]
    assert len(values) == 2
    assert metrics["validation_f1"]["mean"] == pytest.approx(sum(values) / 2)
    assert metrics["validation_f1"]["standard_deviation"] == pytest.approx(
        abs(values[0] - values[1]) / 2**0.5
    )
    best = run / f"seed-{metrics['best_seed']}" / "model.safetensors"
    assert (run / "model.safetensors").read_bytes() == best.read_bytes()
    said.clear()
    again = train(config, resume=True, say=said.append)
    assert said.count("seed 1: finished already") == said.count("seed 2: finished already") == 1
    assert again["validation_f1"] == metrics["validation_f1"]


def test_resume_behind_early_stopping_trains_no_further(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the last epoch and before the model was saved; patience had run out."""
    settings = {"num_train_epochs": 9, "early_stopping_patience": 1, "learning_rate": 1e-6}
    whole = train(make_config(output_dir=str(tmp_path / "whole"), **settings))
    assert len(whole["seeds"][0]["history"]) == 2
    config = make_config(output_dir=str(tmp_path / "cut"), **settings)

    def power_cut(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("train.training.save_model", power_cut)
        with pytest.raises(KeyboardInterrupt):
            train(config)
    cut = train(config, resume=True)
    assert len(cut["seeds"][0]["history"]) == 2
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == (
        tmp_path / "whole" / "model.safetensors"
    ).read_bytes()


def test_a_failed_start_leaves_the_folder_free(make_config: Make) -> None:
    with pytest.raises(ConfigError, match="at most 64"):
        train(make_config(max_length=65))
    train(make_config(max_steps=1))


def test_accumulated_batches_are_one_batch(make_config: Make, tmp_path: Path) -> None:
    """Same rows, same seed: one batch of six, or six of one that are added up."""

    def first_epoch(name: str, size: int, parts: int) -> dict[str, Any]:
        metrics = train(
            make_config(
                output_dir=str(tmp_path / name),
                per_device_train_batch_size=size,
                gradient_accumulation_steps=parts,
                max_steps=1,
            )
        )
        row: dict[str, Any] = metrics["seeds"][0]["history"][0]
        return row

    # Dropout differs between the two, so they agree only roughly; a wrong divisor is off by six.
    one, six = first_epoch("one", 6, 1), first_epoch("six", 1, 6)
    assert six["loss"] == pytest.approx(one["loss"], rel=0.1)
    assert six["grad_norm"] == pytest.approx(one["grad_norm"], rel=0.5)


def test_a_taken_run_folder_is_refused(make_config: Make, tmp_path: Path) -> None:
    config = make_config(max_steps=1)
    train(config)
    with pytest.raises(ConfigError, match="go on with --resume"):
        train(config)
    with pytest.raises(ConfigError, match="other values of max_steps"):
        train(make_config(max_steps=2), resume=True)
    # What does not shape the model may change.
    train(make_config(max_steps=1, card={"title": "Renamed"}), resume=True)
    # A finished model that was copied without its seeds, such as the shipped one, is no run either.
    copied = tmp_path / "copied"
    shutil.copytree(tmp_path / "run", copied, ignore=shutil.ignore_patterns("seed-*"))
    for resume in (False, True):
        with pytest.raises(ConfigError, match="holds other files"):
            train(make_config(max_steps=1, output_dir=str(copied)), resume=resume)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("x")
    with pytest.raises(ConfigError, match="holds other files"):
        train(make_config(output_dir=str(tmp_path / "foreign")))


def test_stored_config_trains_the_same_again(make_config: Make, tmp_path: Path) -> None:
    first = train(make_config(max_steps=2))
    stored = load_config(tmp_path / "run" / "config.yaml", [f"output_dir={tmp_path / 'again'}"])
    second = train(stored)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == (
        tmp_path / "again" / "model.safetensors"
    ).read_bytes()
    assert first["validation_f1"] == second["validation_f1"]


@pytest.mark.parametrize("kind", ["wordpiece", "byte_level"])
def test_other_tokenizers_train_save_load_predict(
    make_config: Make,
    encoders: Callable[[str, str], Path],
    corpus: list[Document],
    tmp_path: Path,
    kind: str,
) -> None:
    architecture = "bert" if kind == "wordpiece" else "xlm-roberta"
    metrics = train(make_config(encoder=str(encoders(architecture, kind))))
    tagged = Tagger.load(tmp_path / "run")([d.text for d in corpus])
    predicted = [Document(d.id, d.text, t.spans) for d, t in zip(corpus, tagged, strict=True)]
    assert score(corpus, predicted, LABELS).micro.f1 == pytest.approx(
        metrics["validation_f1"]["mean"]
    )


def test_labels_are_the_configs(make_config: Make, tmp_path: Path) -> None:
    file = tmp_path / "people.txt"
    file.write_text("زار [سامي](PERSON) [المدينة](PLACE) أمس\nهدوء حذر\n", encoding="utf-8")
    data = {"train": [str(file)], "validation": [str(file)]}
    train(make_config(labels=("PERSON", "PLACE"), data=data, max_steps=1))
    assert open_model(tmp_path / "run").labels == ("PERSON", "PLACE")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_length": 65}, "at most 64"),
        ({"encoder": "./nowhere"}, "no such folder"),
        ({"encoder": "nobody/nothing-here"}, "cannot be loaded"),
    ],
)
def test_encoders_that_do_not_fit(make_config: Make, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train(make_config(**values))


def test_weighted_loss_by_hand_and_in_training(make_config: Make, tmp_path: Path) -> None:
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]]))
    labels = torch.tensor([[0, 1, IGNORED]])
    loss = TagLoss([1.0, 3.0, 3.0], 0.0)(SimpleNamespace(logits=logits), labels, 2)
    assert loss.item() == pytest.approx(-(math.log(0.5) + 3 * math.log(0.6)) / 2)
    assert tag_weights(make_config(class_weights={"BASE": 2, "O": 0.5})) == [
        *(0.5, 1, 1, 1, 1),
        *(2, 2, 1, 1),
    ]
    plain = train(make_config(output_dir=str(tmp_path / "a"), max_steps=3))
    heavy = train(
        make_config(output_dir=str(tmp_path / "b"), max_steps=3, class_weights={"BASE": 50})
    )
    losses = [m["seeds"][0]["history"][0]["loss"] for m in (plain, heavy)]
    assert losses[1] > 2 * losses[0]


def test_history_keeps_one_row_an_epoch() -> None:
    log = [
        {"epoch": 1.0, "step": 3, "loss": 2.0, "learning_rate": 0.1, "grad_norm": 1.0},
        {"epoch": 1.0, "step": 3, "eval_f1": 0.5, "eval_precision": 0.4},
        {"epoch": 2.0, "step": 6, "loss": 1.0},
        {"epoch": 2.0, "step": 6, "eval_f1": 0.6},
        {"epoch": 2.0, "step": 6, "train_runtime": 9.0},
    ]
    assert epoch_history(log) == [
        {
            "epoch": 1.0,
            "loss": 2.0,
            "learning_rate": 0.1,
            "grad_norm": 1.0,
            "validation_f1": 0.5,
            "validation_precision": 0.4,
        },
        {"epoch": 2.0, "loss": 1.0, "validation_f1": 0.6},
    ]
