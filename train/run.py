"""A run: one config, one or more seeds, and a folder that holds all that came of it.

The folder is itself a model folder, that of the best seed, with the config, the metrics, the
learning curve and a model card beside it. ``seed-N/`` holds the model of each seed.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets

from train import __version__
from train.augmentation import augment
from train.calibrator import FEW_SPANS, calibrate
from train.card import model_card
from train.config import TrainConfig, load_config
from train.curve import draw_learning_curve
from train.dataset import Losses, Splits, build_dataset, read_splits, training_rows
from train.document import Document
from train.encoder import build_preprocessor, load_tokenizer
from train.errors import ConfigError, InputError, ModelError
from train.lines import write_whole
from train.metrics import score
from train.model_folder import SETTINGS
from train.parity import add_int8
from train.preprocessor import Preprocessor
from train.slices import report
from train.tagger import Tagger
from train.training import CHECKPOINTS, last_checkpoint, train_seed

CONFIG = "config.yaml"
DATA = "data.sha256"
METRICS = "metrics.json"
CURVE = "learning_curve.png"
CARD = "README.md"
_PACKAGES = ("torch", "transformers", "datasets", "accelerate", "tokenizers", "onnxruntime")

Say = Callable[[str], None]


def _silent(line: str) -> None:
    """Say nothing."""


def train(config: TrainConfig, resume: bool = False, say: Say = _silent) -> dict[str, Any]:
    """Train with every seed of ``config`` and return what ``metrics.json`` holds.

    In a distributed run the processes other than the first return an empty dict.

    Args:
        config: what to train, on what, and where to put it.
        resume: go on where an interrupted run of the same config and data stopped.
        say: is given a line for each thing that a user should know as it happens.

    Raises:
        ConfigError: the run folder is taken, or the config does not fit data or encoder.
        DataError, InputError: annotated data is faulty or missing.
        ModelError: an exported model does not tag like the trained one.
    """
    folder = Path(config.output_dir)
    splits = read_splits(config.data, config.labels)
    # accelerate and torchrun start one process a GPU; the first one speaks and writes for all.
    is_main = os.environ.get("RANK", "0") == "0"
    say = say if is_main else _silent
    for note in splits.notes:
        say(f"note: {note}")
    tokenizer = load_tokenizer(config.encoder)
    preprocessor = build_preprocessor(tokenizer, config)
    rows, losses = prepare(config, splits, preprocessor)
    for name, loss in losses.items():
        say(f"{name}: {loss}")
    if len(rows) > losses["train"].windows:
        say(f"augmentation: {len(rows) - losses['train'].windows} more windows")
    if is_main:
        _claim(folder, config, splits, resume)
    results = []
    for seed in config.seeds:
        seed_folder = folder / f"seed-{seed}"
        result_file = seed_folder / METRICS
        if result_file.exists():
            say(f"seed {seed}: finished already")
            shutil.rmtree(seed_folder / CHECKPOINTS, ignore_errors=True)
        else:
            checkpoint = last_checkpoint(seed_folder, config.ema_decay > 0) if resume else None
            if checkpoint:
                say(f"seed {seed}: resuming from {checkpoint}")
            elif resume:
                say(f"seed {seed}: no complete checkpoint; starting afresh")
            result = train_seed(
                config, seed, seed_folder, rows, splits.validation, tokenizer,
                preprocessor, checkpoint,
            )  # fmt: skip
            if result is None:
                continue
            outcome = asdict(result) | evaluate(seed_folder, splits, config)
            _write_json(outcome, result_file)
            # Only now is nothing of them needed any more; optimizer states are large.
            shutil.rmtree(seed_folder / CHECKPOINTS)
        results.append(json.loads(result_file.read_text(encoding="utf-8")))
    if not is_main:
        return {}
    metrics = _summary(config, splits, losses, results)
    if config.quantize:
        metrics["int8"] = _quantize(folder / f"seed-{metrics['best_seed']}", splits, say)
    metrics["calibration"] = _calibrate(folder / f"seed-{metrics['best_seed']}", splits, say)
    _publish(folder, config, metrics)
    return metrics


def prepare(
    config: TrainConfig, splits: Splits, preprocessor: Preprocessor
) -> tuple[Dataset, dict[str, Losses]]:
    """Return the rows to train on, and for each split what preprocessing lost of it."""
    losses = {}
    parts = []
    for name, split in build_dataset(splits, config.labels).items():
        losses[name] = Losses()
        rows = training_rows(split, preprocessor, losses[name], config.label_all_sub_words)
        if name == "train":
            parts.append(rows)
    copies = augment(splits.train, config.augmentation)
    if copies:
        extra = build_dataset(Splits(copies, [], [], ()), config.labels)["train"]
        parts.append(training_rows(extra, preprocessor, Losses(), config.label_all_sub_words))
    return concatenate_datasets(parts), losses


def _claim(folder: Path, config: TrainConfig, splits: Splits, resume: bool) -> None:
    """Make the run folder this run's, or refuse."""
    stored, digest = folder / CONFIG, folder / DATA
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"output_dir: {folder} is a file; name a folder")
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    # A start that failed before its first seed leaves these two, and nothing that is worth keeping.
    held -= {CONFIG, DATA}
    if held and not (stored.exists() and any(folder.glob("seed-*"))):
        raise ConfigError(
            f"output_dir: {folder} holds other files; choose another, for example "
            f"output_dir={folder}-2"
        )
    if held:
        if not resume:
            raise ConfigError(
                f"output_dir: {folder} holds a run already; go on with --resume, or choose "
                f"another, for example output_dir={folder}-2"
            )
        if changed := _changes(stored, digest, config, splits):
            raise ConfigError(
                f"output_dir: the run in {folder} was started with other values of "
                f"{', '.join(changed)}; restore them to resume, or choose another output_dir"
            )
        return
    with write_whole(stored) as file:
        file.write(config.to_yaml())
    with write_whole(digest) as file:
        file.write(splits.fingerprint + "\n")


def _changes(stored: Path, digest: Path, config: TrainConfig, splits: Splits) -> list[str]:
    """Return which settings that shape the model are not those of the run in a folder."""
    before = load_config(stored)
    changed = [
        f"{key} (it was {getattr(before, key)!r})"
        for key in TrainConfig.model_fields
        if key not in ("output_dir", "card", "report_to")
        and getattr(before, key) != getattr(config, key)
    ]
    if not digest.exists() or digest.read_text(encoding="utf-8").strip() != splits.fingerprint:
        changed.append("the annotated data")
    return changed


def _quantize(folder: Path, splits: Splits, say: Say) -> dict[str, Any]:
    """Give the best model an int8 graph if it holds its score; return what came of it."""
    texts = [document.text for document in splits.train]
    try:
        [parity] = add_int8(folder, texts, {"validation": splits.validation})
    except ModelError as error:
        say(f"note: {error}")
        return {"refused": str(error)}
    say(f"int8: {parity}")
    return asdict(parity)


def _calibrate(folder: Path, splits: Splits, say: Say) -> dict[str, Any]:
    """Fit the scores of the best model to the validation split; return what came of it."""
    spans = sum(len(document.spans) for document in splits.validation)
    if spans < FEW_SPANS:
        return {"refused": f"{spans} spans are too few; {FEW_SPANS} or more are needed"}
    try:
        calibrated = calibrate(folder, splits.validation, name="validation")
    except InputError as error:
        say(f"note: scores stay as they are: {error}")
        return {"refused": str(error)}
    say(f"scores: temperature {calibrated.calibration.temperature:g}")
    return calibrated.to_dict()


def evaluate(folder: Path, splits: Splits, config: TrainConfig) -> dict[str, Any]:
    """Score a finished model folder as it was saved: half-precision weights, fp32 arithmetic."""
    tagger = Tagger.load(folder, runtime="fp32")

    def tag(documents: Sequence[Document]) -> list[Document]:
        return list(tagger.tag(documents))

    def scored(documents: Sequence[Document]) -> dict[str, Any]:
        return score(documents, tag(documents), config.labels).to_dict()

    present = [path for path in config.data.report_if_present if Path(path).exists()]
    return {
        "validation": scored(splits.validation),
        "test": scored(splits.test) if splits.test else None,
        "reports": {
            path: report(path, tag, config.labels) for path in (*config.data.test, *present)
        },
    }


def _summary(
    config: TrainConfig,
    splits: Splits,
    losses: dict[str, Losses],
    results: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    best = max(results, key=lambda result: result["validation"]["micro"]["f1"])
    summary: dict[str, Any] = {
        "best_seed": best["seed"],
        "validation_f1": _spread([r["validation"]["micro"]["f1"] for r in results]),
        "test_f1": _spread([r["test"]["micro"]["f1"] for r in results]) if splits.test else None,
        "data": {
            "fingerprint": splits.fingerprint,
            "notes": list(splits.notes),
            "preprocessing": {name: loss.to_dict() for name, loss in losses.items()},
        },
        "seeds": list(results),
        "versions": {"marsad": __version__, "python": platform.python_version()}
        | {name: _version(name) for name in _PACKAGES},
    }
    return summary


def _publish(folder: Path, config: TrainConfig, metrics: dict[str, Any]) -> None:
    """Put the best seed's model and the run's papers into the run folder."""
    best = folder / f"seed-{metrics['best_seed']}"
    for part in sorted(best.iterdir(), key=lambda f: f.name == SETTINGS):  # the seal comes last
        if part.is_file() and part.name != METRICS:
            _link(part, folder / part.name)
    _write_json(metrics, folder / METRICS)
    draw_learning_curve(metrics["seeds"], folder / CURVE)
    with write_whole(folder / CARD) as file:
        file.write(model_card(config, metrics))


def _link(source: Path, target: Path) -> None:
    """Make ``target`` the same file as ``source``, or a copy where links are not to be had."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "mean": statistics.fmean(values),
        "standard_deviation": statistics.stdev(values) if len(values) > 1 else None,
        "values": list(values),
    }


def _write_json(value: Any, path: Path) -> None:
    with write_whole(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
