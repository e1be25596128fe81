"""Progress on stderr, so that stdout carries data only."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


def progress_bar() -> Progress:
    """Return a progress bar on stderr that shows steps, elapsed and remaining time."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


class TrainingProgress(TrainerCallback):
    """A bar over the steps of a training, and a line for each epoch."""

    def __init__(self, description: str):
        self.description = description
        self.progress: Progress | None = None
        self.loss = float("nan")

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.is_world_process_zero:
            self.progress = progress_bar()
            self.task = self.progress.add_task(
                self.description, total=state.max_steps, completed=state.global_step
            )
            self.progress.start()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.progress:
            self.progress.update(self.task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if self.progress and logs:
            self.loss = logs.get("loss", self.loss)
            if "eval_f1" in logs:
                self.progress.print(
                    f"{self.description}, epoch {state.epoch:.4g}: loss {self.loss:.4f}, "
                    f"validation F1 {logs['eval_f1']:.4f}"
                )

    def close(self) -> None:
        """Take the bar off the screen, whatever ended the training, and give the cursor back."""
        if self.progress:
            self.progress.stop()
            self.progress = None
