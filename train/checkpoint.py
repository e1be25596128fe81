"""Checkpoints of pre-training: weights and optimizer moments as safetensors, progress as JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from train.errors import ModelError

CHECKPOINT = "checkpoint-"
WEIGHTS, STATE = "state.safetensors", "state.json"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What torch's AdamW keeps for each parameter."""


@dataclass(slots=True)
class Progress:
    """Where a training is."""

    step: int = 0
    seconds: float = 0.0
    """Spent on steps so far, over all starts."""
    tokens: int = 0


def save_checkpoint(
    folder: Path, optimizer: torch.optim.Optimizer, identity: dict[str, Any], progress: Progress
) -> None:
    """Write the optimizer's parameters, its moments and the progress.

    The checkpoint appears whole; older ones go when it is there. ``identity`` is what a run must
    share with the checkpoint to go on from it.
    """
    target = folder / f"{CHECKPOINT}{progress.step}"
    unfinished = folder / f".{target.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    tensors: dict[str, torch.Tensor] = {}
    for index, parameter in enumerate(_parameters(optimizer)):
        tensors[f"parameter.{index}"] = parameter.detach()
        if parameter in optimizer.state:  # one that is never used has no moments
            tensors |= {f"{name}.{index}": optimizer.state[parameter][name] for name in MOMENTS}
    save_file({name: t.cpu().contiguous() for name, t in tensors.items()}, unfinished / WEIGHTS)
    state = {"identity": identity, "progress": asdict(progress)}
    (unfinished / STATE).write_text(json.dumps(state), encoding="utf-8")
    older = list(_checkpoints(folder))
    unfinished.replace(target)
    for path in older:
        shutil.rmtree(path)


def load_checkpoint(
    folder: Path, optimizer: torch.optim.Optimizer, identity: dict[str, Any]
) -> Progress:
    """Restore the newest checkpoint of ``folder``; a fresh start where there is none.

    Raises:
        ModelError: it was made with another plan or other text.
    """
    found = max(_checkpoints(folder), key=_step, default=None)
    if found is None:
        return Progress()
    state = json.loads((found / STATE).read_text(encoding="utf-8"))
    changed = sorted(k for k in identity if state["identity"].get(k) != identity[k])
    if changed:
        raise ModelError(
            f"{found}: was made with other values of {', '.join(changed)}; restore them to "
            "resume, or choose another --output-dir"
        )
    tensors = load_file(found / WEIGHTS)
    fused = bool(optimizer.defaults["fused"])
    with torch.no_grad():
        for index, parameter in enumerate(_parameters(optimizer)):
            parameter.copy_(tensors[f"parameter.{index}"])
            if f"{MOMENTS[0]}.{index}" not in tensors:
                continue
            moments = {name: tensors[f"{name}.{index}"] for name in MOMENTS}
            optimizer.state[parameter] = {
                # As torch keeps it, the step stays on the CPU unless the optimizer is fused.
                name: moment if name == "step" and not fused else moment.to(parameter.device)
                for name, moment in moments.items()
            }
    return Progress(**state["progress"])


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _checkpoints(folder: Path) -> Iterator[Path]:
    return (p for p in folder.glob(f"{CHECKPOINT}*") if p.name[len(CHECKPOINT) :].isdigit())


def _step(path: Path) -> int:
    return int(path.name[len(CHECKPOINT) :])
