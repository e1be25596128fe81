"""The weights of the int8 graph, made from the half-precision ones when the model is loaded.

So a model keeps one copy of its weights on disk. ``int8.json`` says which tensors become integers
and by which factor each of their input channels is multiplied first; all the rest follows from the
weights: one symmetric scale for each output channel, and rounding to the nearest integer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_DTYPES = {"F16": np.float16, "F32": np.float32}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one weight matrix becomes integers."""

    tensor: str
    """Its name in the safetensors file, where it is ``[out, in]``."""
    factors: dict[int, float]
    """What an input channel is multiplied with, where that is not 1."""
    outliers: tuple[int, ...]
    """Input channels that stay in floating point."""


def load_recipes(path: Path) -> dict[str, Recipe]:
    """Read ``int8.json``: the recipe of each weight, under its name in the graph."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Recipe(
            entry["tensor"],
            {int(channel): factor for channel, factor in entry["factors"].items()},
            tuple(entry["outliers"]),
        )
        for name, entry in held.items()
    }


def dump_recipes(recipes: dict[str, Recipe]) -> str:
    """Return what :func:`load_recipes` reads."""
    entries = {
        name: {"tensor": r.tensor, "factors": r.factors, "outliers": list(r.outliers)}
        for name, r in recipes.items()
    }
    return json.dumps(entries, indent=1) + "\n"


def integer_weights(weights: Path, recipes: dict[str, Recipe]) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors that the int8 graph leaves open, by name.

    For each recipe ``NAME``: ``NAME.int8`` ``[in, out]``, ``NAME.scale`` ``[out]``, and
    ``NAME.exact`` ``[outliers, out]`` where there are outliers. One matrix at a time is held in
    full precision.
    """
    offset, header = safetensors_header(weights)
    found: dict[str, npt.NDArray[Any]] = {}
    with weights.open("rb") as file:
        for name, recipe in recipes.items():
            entry = header[recipe.tensor]
            begin, end = entry["data_offsets"]
            file.seek(offset + begin)
            raw = np.frombuffer(file.read(end - begin), dtype=_DTYPES[entry["dtype"]])
            weight = raw.reshape(entry["shape"]).astype(np.float32)
            exact = weight[:, list(recipe.outliers)].T
            found[f"{name}.int8"], found[f"{name}.scale"] = quantize_weight(weight, recipe)
            if recipe.outliers:
                found[f"{name}.exact"] = np.ascontiguousarray(exact)
    return found


def quantize_weight(weight: Floats, recipe: Recipe) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return ``weight`` as integers ``[in, out]``, and what each output channel is worth."""
    scaled = weight * factors_of(recipe, weight.shape[1])
    scales = np.abs(scaled).max(axis=1) / np.float32(127)
    scales[scales == 0] = 1
    scaled /= scales[:, None]
    integers = np.rint(scaled, out=scaled).astype(np.int8)
    return np.ascontiguousarray(integers.T), scales


def factors_of(recipe: Recipe, channels: int) -> Floats:
    """Return the factor of every input channel; 0 takes an outlier out of the integer part."""
    factors = np.ones(channels, np.float32)
    for channel, factor in recipe.factors.items():
        factors[channel] = factor
    outliers: Sequence[int] = recipe.outliers
    factors[list(outliers)] = 0
    return factors


def safetensors_header(path: Path) -> tuple[int, dict[str, Any]]:
    """Return where the tensors begin, and what and where each is relative to that."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return 8 + length, json.loads(file.read(length))
