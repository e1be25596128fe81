"""A running average of the weights: less noise from the last batches, for one copy in memory.

The average is an exponential one (Polyak averaging), corrected for its start as Adam's moments
are, so that the first steps do not weigh for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

AVERAGE = "average.safetensors"


class WeightAverage(TrainerCallback):
    """Keeps the average while a Trainer trains, and saves it with each checkpoint."""

    def __init__(self, decay: float):
        self.decay = decay
        self.weights: dict[str, torch.Tensor] = {}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        current = dict(kwargs["model"].named_parameters())
        if not self.weights:
            self.weights = {name: p.detach().clone() for name, p in current.items()}
            return
        step = state.global_step
        decay = self.decay * (1 - self.decay ** (step - 1)) / (1 - self.decay**step)
        torch._foreach_lerp_(
            list(self.weights.values()),  # restored ones are in another order than the model's
            [current[name].detach() for name in self.weights],
            1 - decay,
        )

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.weights and state.is_world_process_zero:
            folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
            unfinished = folder / f".{AVERAGE}"
            save_file({n: w.cpu().contiguous() for n, w in self.weights.items()}, unfinished)
            unfinished.replace(folder / AVERAGE)

    @contextmanager
    def applied_to(self, model: torch.nn.Module) -> Iterator[None]:
        """Put the average into ``model`` for a while."""
        own = {name: p.detach().clone() for name, p in model.named_parameters()}
        put(model, self.weights or own)
        try:
            yield
        finally:
            put(model, own)

    def restore(self, folder: Path, device: torch.device) -> None:
        """Go on with the average of a checkpoint."""
        self.weights = {n: w.to(device) for n, w in load_file(folder / AVERAGE).items()}


def put(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Set the parameters of ``model``."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
