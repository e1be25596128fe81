"""The model runtime: ONNX on the CPU, without torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from train.errors import ModelError
from train.tags import Logits

Ids = npt.NDArray[np.int64]


class Runtime(Protocol):
    """Anything that scores a padded batch."""

    def __call__(self, input_ids: Ids, attention_mask: Ids) -> Logits:
        """Return logits ``[batch, length, tags]`` for two inputs of ``[batch, length]``."""
        ...


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxRuntime:
    """Runs an exported graph with ONNX Runtime on the CPU.

    Raises:
        ModelError: the graph or the weights beside it cannot be loaded.
    """

    def __init__(self, graph: Path, threads: int | None = None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.log_severity_level = 3  # errors only; warnings would mix with the output
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise ModelError(
                f"{graph}: cannot be loaded ({_first_line(error)}); copy or train the model again"
            ) from None

    def __call__(self, input_ids: Ids, attention_mask: Ids) -> Logits:
        feed = {"input_ids": input_ids, "attention_mask": attention_mask}
        logits: Logits = self._session.run(["logits"], feed)[0]
        return logits


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
