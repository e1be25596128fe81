"""The gate of the int8 graph: it stays only where it scores as the full-precision one does."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx

from train.document import Document
from train.errors import ModelError
from train.int8 import dump_recipes
from train.metrics import score
from train.model_folder import (
    INT8_FILES,
    INT8_GRAPH,
    INT8_RECIPES,
    ModelFolder,
    open_model,
    seal,
)
from train.quantization import calibrate, quantize_graph
from train.runtime import OnnxRuntime, Runtime
from train.tagger import Tagger

MAX_LOSS = 0.003
"""Strict micro F1 that the int8 graph may lose on any of the files, as a fraction (0.3 points)."""
CALIBRATION_TEXTS = 600
"""Texts whose activations are measured; chosen by chance with a fixed seed."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Strict micro F1 of both graphs on the same documents."""

    name: str
    fp32: float
    int8: float
    documents: int

    def __str__(self) -> str:
        change = 100 * (self.int8 - self.fp32)
        return (
            f"{self.name}: strict F1 {self.fp32:.4f} in fp32, {self.int8:.4f} in int8 "
            f"({change:+.2f} points, {self.documents} documents)"
        )


def add_int8(
    path: Path,
    texts: Sequence[str],
    gold: Mapping[str, Sequence[Document]],
    max_loss: float = MAX_LOSS,
) -> list[Parity]:
    """Give a model folder an int8 graph, if it holds its score on every set of ``gold``.

    A folder that is refused is left without an int8 graph and stays whole.

    Args:
        path: a complete model folder; its graph is measured on this machine's CPU.
        texts: texts to calibrate on; other ones than ``gold``'s, or the gate is too kind.
        gold: annotated documents by name, never trained on.
        max_loss: strict micro F1 that may be lost on any of them.

    Raises:
        ModelError: the int8 graph loses more, or cannot be made of this model.
    """
    folder = open_model(path)
    for name, documents in gold.items():
        if not any(document.spans for document in documents):
            raise ModelError(f"{name}: marks nothing, so it cannot tell what int8 costs")
    if not gold:
        raise ModelError(f"{path}: there is no annotated data to compare int8 with fp32 on")
    chance = random.Random(0)  # noqa: S311
    chosen = chance.sample(list(texts), min(CALIBRATION_TEXTS, len(texts)))
    temporary, made = path / f".{INT8_GRAPH}", path / f".{INT8_RECIPES}"
    try:
        graph, recipes = quantize_graph(folder, calibrate(folder, chosen))
        onnx.save(graph, temporary)
        made.write_text(dump_recipes(recipes), encoding="utf-8")
        results = [
            Parity(
                name,
                _score(folder, OnnxRuntime(folder.graph), documents),
                _score(folder, OnnxRuntime(temporary, recipes=made), documents),
                len(documents),
            )
            for name, documents in gold.items()
        ]
        worst = [result for result in results if result.fp32 - result.int8 > max_loss]
        if worst:
            _forget(folder)
            raise ModelError(
                f"{path}: the int8 graph is refused, more than {100 * max_loss:g} points of F1 "
                "are lost; the model is left without one and runs in fp32\n"
                + "\n".join(str(result) for result in worst)
            )
        _forget(folder)  # a kill between here and the seal leaves a whole folder
        temporary.replace(path / INT8_GRAPH)
        made.replace(path / INT8_RECIPES)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be written ({error.strerror or error}); copy the model to a folder "
            "of your own and quantize it there"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
        made.unlink(missing_ok=True)
    seal(path, folder.labels, folder.preprocessor, (*INT8_FILES, *_others(folder)))
    return results


def _forget(folder: ModelFolder) -> None:
    """Take the int8 graph out of a folder."""
    seal(folder.path, folder.labels, folder.preprocessor, _others(folder))
    for name in INT8_FILES:
        (folder.path / name).unlink(missing_ok=True)


def _others(folder: ModelFolder) -> list[str]:
    """Return the optional files of a folder that are not those of its int8 graph."""
    return [name for name in folder.optional if name not in INT8_FILES]


def _score(folder: ModelFolder, runtime: Runtime, documents: Sequence[Document]) -> float:
    tagger = Tagger(folder.preprocessor, runtime, folder.labels)
    return score(documents, list(tagger.tag(documents)), folder.labels).micro.f1
