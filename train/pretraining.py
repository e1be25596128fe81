"""Masked-language-model training: raw text adapts an encoder to the language it will read.

The text goes through the tagger's own preprocessing (normalised words, sub-words word by word), so
that the encoder meets in pre-training what it will meet in fine-tuning. Every random draw depends
on the seed and the step alone, so a resumed run goes the way that the interrupted one would have
gone.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedModel

from train.blocks import Blocks
from train.checkpoint import Progress, load_checkpoint, save_checkpoint
from train.dataset import IGNORED
from train.encoder import dropouts, resolve
from train.errors import ConfigError
from train.masking import WordMasker
from train.optimizer import parameter_groups

HEADS = ("cls", "lm_head", "predictions")
"""What models call the part that turns hidden states into vocabulary logits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train; a resumed run must have the same plan."""

    block_size: int = 128
    """Tokens in a row, special tokens included."""
    batch_size: int = 32
    """Rows in a step."""
    epochs: float | None = 1.0
    """Passes over the text; None where ``minutes`` decides."""
    minutes: float | None = None
    """Time to train; the learning rate falls with the clock, as in Cramming (arXiv 2212.14034)."""
    learning_rate: float = 3e-4
    warmup: float = 0.06
    """Share of the training in which the learning rate rises to its peak; then it falls to 0."""
    weight_decay: float = 0.01
    mask_share: float = 0.15
    """Share of the words that are to be predicted."""
    dropout: float = 0.0
    """Not needed where no text is seen often, and it costs time."""
    seed: int = 13


class MaskedLanguageModel(torch.nn.Module):
    """An encoder with its vocabulary head, which is run only where something is predicted."""

    def __init__(self, model: PreTrainedModel, dropout: dict[str, float]):
        super().__init__()
        self.model = model
        self.dropout = dropout
        """The settings that the encoder came with, for those who fine-tune it."""
        self.encoder = model.base_model
        heads = [getattr(model, name) for name in HEADS if hasattr(model, name)]
        if len(heads) != 1:
            raise ConfigError(
                f"encoder: a {type(model).__name__} keeps its vocabulary head elsewhere than "
                f"under {', '.join(HEADS)}; choose a BERT or RoBERTa model"
            )
        self.head = heads[0]

    def forward(
        self, input_ids: torch.Tensor, positions: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean cross-entropy of the predictions (nats)."""
        states = self.encoder(input_ids=input_ids).last_hidden_state
        picked = states.gather(1, positions.unsqueeze(-1).expand(-1, -1, states.shape[-1]))
        logits = self.head(picked)
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED
        )


def load_masked_language_model(name: str, dropout: float, seed: int) -> MaskedLanguageModel:
    """Load an encoder in float32; where it has no vocabulary head, one starts at random.

    Raises:
        ConfigError: there is no such encoder with safetensors weights.
    """
    torch.manual_seed(seed)
    name = resolve(name)
    try:
        config = AutoConfig.from_pretrained(name)
        changes = dropouts(config, dropout)
        before = {setting: getattr(config, setting) for setting in changes}
        model: PreTrainedModel = AutoModelForMaskedLM.from_pretrained(
            name,
            dtype=torch.float32,
            attn_implementation="sdpa",
            use_safetensors=True,
            **changes,
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"encoder: {name} cannot be loaded ({error})") from None
    return MaskedLanguageModel(model, before)


Report = Callable[[dict[str, Any]], None]


def pretrain(
    model: MaskedLanguageModel,
    train: Blocks,
    validation: Blocks,
    masker: WordMasker,
    plan: Plan,
    folder: Path,
    report: Report,
    *,
    resume: bool,
    compiled: bool,
    save_every: float,
) -> dict[str, Any]:
    """Train ``model`` in place and return the last report.

    Args:
        model: as :func:`load_masked_language_model` returns it.
        train: the rows to learn from.
        validation: rows to report a loss on.
        masker: hides words.
        plan: how to train.
        folder: where checkpoints go.
        report: is given a row of figures at every checkpoint and at the end.
        resume: go on from the newest checkpoint in ``folder``.
        compiled: let torch.compile fuse the model first; worth it on a GPU.
        save_every: minutes between checkpoints.

    Raises:
        ModelError: a checkpoint was made with another plan or other text.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    text = hashlib.sha256(train.input_ids.contiguous().numpy().tobytes()).hexdigest()
    encoder = str(model.model.config.name_or_path)
    identity = asdict(plan) | {"text": text, "encoder": encoder}
    model.to(device).train()
    train, validation, masker = train.to(device), validation.to(device), masker.to(device)
    optimizer = torch.optim.AdamW(
        parameter_groups(model, plan.learning_rate, plan.weight_decay, 1.0), betas=(0.9, 0.98),
        fused=device == "cuda",
    )  # fmt: skip
    steps_an_epoch = len(train) // plan.batch_size
    if not steps_an_epoch:
        raise ConfigError(
            f"{len(train)} rows of text are fewer than one batch of {plan.batch_size}; "
            "give more text or a smaller --batch-size"
        )
    steps = math.ceil(steps_an_epoch * plan.epochs) if plan.epochs else None
    progress = load_checkpoint(folder, optimizer, identity) if resume else Progress()
    forward = torch.compile(model) if compiled else model
    generator = torch.Generator(device)
    losses: list[torch.Tensor] = []
    saved = time.monotonic()
    first = True
    while True:
        done = progress.step / steps if steps else progress.seconds / (60 * (plan.minutes or 1))
        if done >= 1:
            break
        started = time.monotonic()
        rising = done / plan.warmup if plan.warmup else 1.0
        rate = plan.learning_rate * min(rising, (1 - done) / (1 - plan.warmup))
        for group in optimizer.param_groups:
            # Never quite 0, or the first step of a warm-up would be lost.
            group["lr"] = max(rate, plan.learning_rate * 1e-3)
        epoch, place = divmod(progress.step, steps_an_epoch)
        rows = _order(len(train), plan.seed, epoch)[
            place * plan.batch_size : (place + 1) * plan.batch_size
        ]
        generator.manual_seed(plan.seed * 1_000_003 + progress.step)
        torch.manual_seed(plan.seed * 1_000_003 + progress.step)  # what dropout draws from
        batch = masker(train[rows.to(device)], generator)
        with _autocast(device):
            loss = forward(batch.input_ids, batch.positions, batch.labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.detach())
        progress.step += 1
        progress.tokens += rows.numel() * plan.block_size
        if device == "cuda" and progress.step % 20 == 0:
            torch.cuda.synchronize()  # or the clock would run ahead of the work
        if not first:  # the first step of a start also pays for compiling
            progress.seconds += time.monotonic() - started
        first = False
        if time.monotonic() - saved > 60 * save_every:
            report(_figures(model, validation, masker, plan, progress, losses, device))
            losses.clear()
            save_checkpoint(folder, optimizer, identity, progress)
            saved = time.monotonic()
    figures = _figures(model, validation, masker, plan, progress, losses, device)
    report(figures)
    return figures


_ORDERS: dict[tuple[int, int, int], torch.Tensor] = {}


def _order(rows: int, seed: int, epoch: int) -> torch.Tensor:
    """Return the order of the rows in an epoch."""
    key = (rows, seed, epoch)
    if key not in _ORDERS:
        _ORDERS.clear()
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        _ORDERS[key] = torch.randperm(rows, generator=generator)
    return _ORDERS[key]


def _autocast(device: str) -> torch.autocast:
    from train.training import computes_in_bfloat16

    return torch.autocast(device, torch.bfloat16, enabled=computes_in_bfloat16(device == "cpu"))


@torch.no_grad()
def validation_loss(
    model: MaskedLanguageModel, validation: Blocks, masker: WordMasker, plan: Plan, device: str
) -> float:
    """Return the mean loss over the validation rows, masked the same way every time."""
    generator = torch.Generator(device).manual_seed(plan.seed)
    model.eval()
    total, rows = 0.0, 0
    for start in range(0, len(validation), plan.batch_size):
        blocks = validation[slice(start, start + plan.batch_size)]
        batch = masker(blocks, generator)
        with _autocast(device):
            loss = model(batch.input_ids, batch.positions, batch.labels)
        total += float(loss) * len(blocks)
        rows += len(blocks)
    model.train()
    return total / max(rows, 1)


def _figures(
    model: MaskedLanguageModel,
    validation: Blocks,
    masker: WordMasker,
    plan: Plan,
    progress: Progress,
    losses: list[torch.Tensor],
    device: str,
) -> dict[str, Any]:
    return {
        "step": progress.step,
        "tokens": progress.tokens,
        "minutes": round(progress.seconds / 60, 2),
        "train_loss": round(float(torch.stack(losses).mean()), 4) if losses else None,
        "validation_loss": round(validation_loss(model, validation, masker, plan, device), 4),
    }
