"""One training run: an encoder, a corpus and a seed become a model folder.

The loop is that of the Hugging Face Trainer. What differs: validation is scored on documents,
through the same tagger that predicts, and batches are padded to few widths, because every new
width costs memory and time on a CPU.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from safetensors.torch import load_file
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from train.averaging import AVERAGE, WeightAverage, put
from train.config import TrainConfig
from train.dataset import IGNORED
from train.document import Document
from train.encoder import load_encoder
from train.export import save_model
from train.memory import peak_memory
from train.metrics import Scores, score
from train.model_folder import WEIGHTS
from train.optimizer import parameter_groups
from train.preprocessor import Preprocessor
from train.progress import TrainingProgress
from train.tagger import Tagger
from train.tags import TagSet
from train.torch_runtime import TorchRuntime

WIDTH_STEP = 16
"""Batches are padded to a multiple of this: few widths for little waste."""
CHECKPOINTS = "checkpoints"
"""The folder of a seed's checkpoints; they hold pickles and are no part of the model."""
STATE = "trainer_state.json"
METRIC = "f1"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one seed gave."""

    seed: int
    best_epoch: float
    validation_f1: float
    history: list[dict[str, Any]]
    seconds: float
    """Since the run was last started or resumed."""
    peak_memory: int
    """Bytes, of the whole process."""


class DocumentTrainer(Trainer):
    """A Trainer that chooses its best checkpoint by strict span F1 on validation documents."""

    control: Any
    optimizer: Any

    def __init__(
        self,
        *,
        validation: Sequence[Document],
        preprocessor: Preprocessor,
        config: TrainConfig,
        average: WeightAverage | None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._validation = validation
        self._preprocessor = preprocessor
        self._config = config
        self._average = average

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Give each layer its learning rate."""
        optimizer: torch.optim.Optimizer | None = self.optimizer
        if optimizer is None:
            kind, settings = self.get_optimizer_cls_and_kwargs(self.args)
            config = self._config
            groups = parameter_groups(
                self.model, config.learning_rate, config.weight_decay, config.layer_decay
            )
            optimizer = kind(groups, **settings)
            self.optimizer = optimizer
        return optimizer

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Tag the validation documents and score them against their gold spans."""
        scores = self.score_documents(self._validation)
        metrics = {
            f"{metric_key_prefix}_{METRIC}": scores.micro.f1,
            f"{metric_key_prefix}_precision": scores.micro.precision,
            f"{metric_key_prefix}_recall": scores.micro.recall,
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def score_documents(self, documents: Sequence[Document]) -> Scores:
        """Score the model as it is now."""
        model = self.accelerator.unwrap_model(self.model)
        labels = self._config.labels
        tagger = Tagger(self._preprocessor, TorchRuntime(model), labels, threads=1)
        with self._average.applied_to(model) if self._average else nullcontext():
            return score(documents, list(tagger.tag(documents)), labels)


class TagLoss:
    """Cross-entropy over the tags with a weight for each, for the Trainer's ``compute_loss_func``.

    Divides by the number of tagged words in the whole accumulated batch, so that accumulation and
    several GPUs change nothing. (The models' own loss divides by those of each part, although the
    Trainer takes it to do otherwise.)
    """

    def __init__(self, weights: Sequence[float], label_smoothing: float):
        self.weights = torch.tensor(weights)
        self.label_smoothing = label_smoothing

    def __call__(
        self, outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor | int | None
    ) -> torch.Tensor:
        """Return the loss of ``outputs.logits``, ``[batch, length, tags]``."""
        total = torch.nn.functional.cross_entropy(
            outputs.logits.flatten(0, 1).float(),
            labels.flatten(),
            weight=self.weights.to(labels.device),
            ignore_index=IGNORED,
            label_smoothing=self.label_smoothing,
            reduction="sum",
        )
        words = (labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        return total / words


class Collator:
    """Pads windows to a common width."""

    def __init__(self, pad: int, limit: int, width_step: int = WIDTH_STEP):
        self.pad = pad
        self.limit = limit
        self.width_step = width_step

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, each ``[batch, width]``."""
        longest = max(len(row["input_ids"]) for row in rows)
        width = min(-(-longest // self.width_step) * self.width_step, self.limit)
        input_ids = torch.full((len(rows), width), self.pad)
        attention_mask = torch.zeros((len(rows), width), dtype=torch.int64)
        labels = torch.full((len(rows), width), IGNORED)
        for index, row in enumerate(rows):
            length = len(row["input_ids"])
            input_ids[index, :length] = torch.tensor(row["input_ids"])
            attention_mask[index, :length] = 1
            labels[index, :length] = torch.tensor(row["labels"])
        return {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model, not yet exported, and how it came about."""

    model: PreTrainedModel
    state: TrainerState
    is_main: bool
    """False on the processes of a distributed run that do not write."""


def fit(
    config: TrainConfig,
    seed: int,
    folder: Path,
    rows: Dataset,
    validation: Sequence[Document],
    preprocessor: Preprocessor,
    checkpoint: Path | None,
) -> Fitted:
    """Train with one seed, checkpoints in ``folder``; go on from ``checkpoint`` where given.

    Raises:
        ConfigError: the encoder cannot be loaded.
    """
    set_seed(seed)
    use_cpu = config.device == "cpu" or not torch.cuda.is_available()
    # On short sentences a CPU is faster with plain matrix products than with fused attention.
    attention = "eager" if use_cpu else "sdpa"
    model = load_encoder(config.encoder, config.labels, attention, config.dropout)
    progress = TrainingProgress(f"seed {seed}")
    average = WeightAverage(config.ema_decay) if config.ema_decay else None
    trainer = DocumentTrainer(
        model=model,
        args=training_arguments(config, seed, folder / CHECKPOINTS, use_cpu),
        train_dataset=rows,
        eval_dataset=rows,  # only says that there is one; evaluate() scores documents
        data_collator=Collator(preprocessor.special.pad, preprocessor.max_length),
        compute_loss_func=TagLoss(tag_weights(config), config.label_smoothing_factor),
        callbacks=[
            EarlyStoppingCallback(config.early_stopping_patience),
            progress,
            *([average] if average else []),
        ],
        validation=validation,
        preprocessor=preprocessor,
        config=config,
        average=average,
    )
    # These print to stdout, which carries data only.
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    state = TrainerState.load_from_json(str(checkpoint / STATE)) if checkpoint else None
    if state and stopped_early(state, config.early_stopping_patience):
        # Nothing is left to train; a resumed Trainer would go on for an epoch all the same.
        trainer.state = state
        model.load_state_dict(load_file(_best_checkpoint(state, folder) / WEIGHTS))
    else:
        if average and checkpoint:
            average.restore(checkpoint, trainer.args.device)
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        finally:
            progress.close()
    trained: PreTrainedModel = trainer.accelerator.unwrap_model(trainer.model)
    if average:
        put(trained, load_file(_best_checkpoint(trainer.state, folder) / AVERAGE))
    return Fitted(trained, trainer.state, trainer.is_world_process_zero())


def train_seed(
    config: TrainConfig,
    seed: int,
    folder: Path,
    rows: Dataset,
    validation: Sequence[Document],
    tokenizer: PreTrainedTokenizerBase,
    preprocessor: Preprocessor,
    checkpoint: Path | None,
) -> RunResult | None:
    """Train with one seed and write a model folder; go on from ``checkpoint`` where given.

    Returns None on the processes of a distributed run that do not write.

    Raises:
        ConfigError: the encoder cannot be loaded.
        ModelError: the exported model does not tag like the trained one.
    """
    started = time.monotonic()
    fitted = fit(config, seed, folder, rows, validation, preprocessor, checkpoint)
    if not fitted.is_main:
        return None
    history = epoch_history(fitted.state.log_history)
    best = max(history, key=lambda row: row.get("validation_f1", -1.0))
    texts = [d.text for d in validation]
    save_model(fitted.model.cpu(), tokenizer, preprocessor, config.labels, folder, texts)
    return RunResult(
        seed=seed,
        best_epoch=best["epoch"],
        validation_f1=best["validation_f1"],
        history=history,
        seconds=time.monotonic() - started,
        peak_memory=peak_memory(),
    )


def _best_checkpoint(state: TrainerState, folder: Path) -> Path:
    """Where the best checkpoint is, also when the run folder has been moved since."""
    return folder / CHECKPOINTS / Path(str(state.best_model_checkpoint)).name


def training_arguments(
    config: TrainConfig, seed: int, folder: Path, use_cpu: bool
) -> TrainingArguments:
    """Return the Trainer's arguments for a config."""
    return TrainingArguments(
        output_dir=str(folder),
        seed=seed,
        num_train_epochs=config.num_train_epochs,
        max_steps=config.max_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.lr_scheduler_type,
        warmup_steps=config.warmup_ratio,  # below 1, the Trainer reads a share of all steps
        weight_decay=config.weight_decay,
        label_smoothing_factor=config.label_smoothing_factor,
        per_device_train_batch_size=config.per_device_train_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        max_grad_norm=config.max_grad_norm,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        bf16=config.bf16 if config.bf16 != "auto" else computes_in_bfloat16(use_cpu),
        use_cpu=use_cpu,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        restore_callback_states_from_checkpoint=True,  # how long early stopping has waited
        load_best_model_at_end=True,
        metric_for_best_model=METRIC,
        greater_is_better=True,
        label_names=["labels"],
        remove_unused_columns=False,
        dataloader_pin_memory=not use_cpu,
        logging_nan_inf_filter=False,  # it would make a GPU wait for the CPU at every step
        disable_tqdm=True,
        log_level="error",
        ddp_find_unused_parameters=False,
        report_to=list(config.report_to) or "none",
    )


def computes_in_bfloat16(use_cpu: bool) -> bool:
    """Return whether the processor has bfloat16 arithmetic, so that mixed precision is faster."""
    if not use_cpu:
        return bool(torch.cuda.is_bf16_supported())
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, check, lambda: False)() for check in checks)


def tag_weights(config: TrainConfig) -> list[float]:
    """Return the weight of each tag; both tags of a label share that of the label."""
    names = TagSet(config.labels).names
    return [config.class_weights.get(name.split("-", 1)[-1], 1.0) for name in names]


def last_checkpoint(folder: Path, averaged: bool = False) -> Path | None:
    """Return the newest complete checkpoint of a seed's folder, or None.

    The Trainer writes ``trainer_state.json`` last, and behind it comes the average of the weights
    where there is one (``averaged``); a checkpoint without them was interrupted and is passed over.
    """
    complete: dict[int, Path] = {}
    for path in (folder / CHECKPOINTS).glob("checkpoint-*"):
        if averaged and not (path / AVERAGE).exists():
            continue
        try:
            state = json.loads((path / STATE).read_text(encoding="utf-8"))
            complete[int(state["global_step"])] = path
        except (OSError, ValueError, KeyError):
            continue
    return complete[max(complete)] if complete else None


def stopped_early(state: TrainerState, patience: int) -> bool:
    """Return whether the run of a checkpoint had waited for a better score long enough."""
    callback = state.stateful_callbacks.get(EarlyStoppingCallback.__name__, {})
    waited = callback.get("attributes", {}).get("early_stopping_patience_counter", 0)
    return int(waited) >= patience


def epoch_history(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each epoch: loss, and the validation scores."""
    rows: dict[float, dict[str, Any]] = {}
    for entry in log:
        row = rows.setdefault(entry["epoch"], {"epoch": entry["epoch"]})
        for key, value in entry.items():
            if key.startswith("eval_") and key != "eval_runtime":
                row[key.replace("eval_", "validation_")] = value
            elif key in ("loss", "learning_rate", "grad_norm"):
                row[key] = value
    return [rows[epoch] for epoch in sorted(rows) if "validation_f1" in rows[epoch]]
