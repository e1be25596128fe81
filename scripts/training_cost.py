#!/usr/bin/env python3
"""What `marsad train` costs against a plain training loop: seconds and peak memory of some batches.

The plain loop is the usual one: random batches padded to their longest sentence, bfloat16 autocast
where the processor has it, AdamW, a linear schedule, no checkpoints. Each runs in a process of its
own, on the same encoder, sentences, batch size and seed.

    python scripts/training_cost.py [CONFIG] [--steps 200]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from train.config import TrainConfig, load_config


def main(
    config: Annotated[Path, typer.Argument(help="A training config.")] = Path(
        "configs/default.yaml"
    ),
    steps: Annotated[int, typer.Option(min=1, help="Batches to time, after 5 of warm-up.")] = 200,
    loop: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Print seconds and peak memory of both, and their ratios."""
    if loop:
        settings = load_config(config)
        cost = {"plain": plain_loop, "marsad": marsad_loop}[loop](settings, steps)
        print(json.dumps(cost))
        return
    costs = {}
    for name in ("plain", "marsad"):
        command = [sys.executable, __file__, str(config), "--steps", str(steps), "--loop", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        costs[name] = json.loads(done.stdout.splitlines()[-1])
        seconds, memory = costs[name]
        print(f"{name}: {steps / seconds:.2f} steps a second, peak {memory / 1e9:.2f} GB")
    print(
        f"marsad / plain: time {costs['marsad'][0] / costs['plain'][0]:.2f}, "
        f"memory {costs['marsad'][1] / costs['plain'][1]:.2f}"
    )


WARM_UP = 5


def plain_loop(config: TrainConfig, steps: int) -> tuple[float, int]:
    """Return the seconds of ``steps`` batches and the peak memory of the process in bytes."""
    import torch
    from transformers import get_linear_schedule_with_warmup

    from train.encoder import load_encoder
    from train.memory import peak_memory
    from train.training import Collator, computes_in_bfloat16

    rows, pad = _rows(config)
    torch.manual_seed(config.seeds[0])
    model = load_encoder(config.encoder, config.labels, "sdpa", config.dropout).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, steps + WARM_UP)
    collate = Collator(pad, config.max_length, width_step=1)
    size = config.per_device_train_batch_size
    order: list[int] = []
    while len(order) < (steps + WARM_UP) * size:
        order.extend(torch.randperm(len(rows)).tolist())
    started = 0.0
    for step in range(steps + WARM_UP):
        if step == WARM_UP:
            started = time.perf_counter()
        batch = collate([rows[i] for i in order[step * size : (step + 1) * size]])
        with torch.autocast("cpu", torch.bfloat16, enabled=computes_in_bfloat16(use_cpu=True)):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return time.perf_counter() - started, peak_memory()


def marsad_loop(config: TrainConfig, steps: int) -> tuple[float, int]:
    """As :func:`plain_loop`, for the Trainer with Marsad's arguments, batches and attention."""
    from transformers import PrinterCallback, Trainer, TrainerCallback

    from train.encoder import load_encoder
    from train.memory import peak_memory
    from train.training import Collator, training_arguments

    class Clock(TrainerCallback):
        started = stopped = 0.0

        def on_step_end(self, args, state, control, **kwargs):  # type: ignore[no-untyped-def]
            if state.global_step == WARM_UP:
                self.started = time.perf_counter()
            self.stopped = time.perf_counter()

    rows, pad = _rows(config)
    settings = config.model_copy(update={"max_steps": steps + WARM_UP})
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(settings, config.seeds[0], Path(folder), use_cpu=True)
        arguments.eval_strategy = arguments.save_strategy = "no"  # neither has the plain loop
        trainer = Trainer(
            model=load_encoder(config.encoder, config.labels, "eager", config.dropout),
            args=arguments,
            train_dataset=rows,
            data_collator=Collator(pad, config.max_length),
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return clock.stopped - clock.started, peak_memory()


def _rows(config: TrainConfig):  # type: ignore[no-untyped-def]
    """Return the training windows of a config, and the padding id."""
    from train.dataset import Losses, build_dataset, read_splits, training_rows
    from train.encoder import build_preprocessor, load_tokenizer
    from train.quiet import quiet_libraries

    quiet_libraries()
    preprocessor = build_preprocessor(load_tokenizer(config.encoder), config)
    dataset = build_dataset(read_splits(config.data, config.labels), config.labels)
    rows = training_rows(dataset["train"], preprocessor, Losses())
    return rows, preprocessor.special.pad


if __name__ == "__main__":
    typer.run(main)
