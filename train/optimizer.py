"""Parameter groups with a learning rate for each layer."""

from __future__ import annotations

import re
from typing import Any

import torch

_LAYER = re.compile(r"\.(?:\w+_)?layers?\.(\d+)\.")
_NO_DECAY = re.compile(r"bias$|norm", re.IGNORECASE)


def parameter_groups(
    model: torch.nn.Module, learning_rate: float, weight_decay: float, layer_decay: float
) -> list[dict[str, Any]]:
    """Return groups for an optimizer, the rate falling by ``layer_decay`` a layer from the top.

    The head learns at ``learning_rate``, the uppermost layer at ``learning_rate * layer_decay``,
    and so on down to the embeddings (layer-wise decay as in ELECTRA, arXiv 2003.10555). Biases and
    norms do not decay.
    """
    depths = {name: _depth(name) for name, _ in model.named_parameters()}
    top = max((depth for depth in depths.values() if depth is not None), default=0) + 1
    groups: dict[tuple[int, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        depth = depths[name]
        key = (top if depth is None else depth, bool(_NO_DECAY.search(name)))
        groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": learning_rate * layer_decay ** (top - depth),
            "weight_decay": 0.0 if plain else weight_decay,
        }
        for (depth, plain), parameters in sorted(groups.items())
    ]


def _depth(name: str) -> int | None:
    """Return 0 for embeddings, 1 for the lowest layer and so on; None for what stands on top."""
    if layer := _LAYER.search(name):
        return int(layer[1]) + 1
    return 0 if "embeddings" in name else None
