"""The model runtime: which graph runs on what, without torch.

Batches hold sequences of one length, so there is no padding and no attention mask. A session runs
one batch on one core; the engine keeps as many batches in flight as it has cores, which on two
cores tags a quarter more texts a second than giving every batch to all cores.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from train.errors import ModelError
from train.int8 import integer_weights, load_recipes
from train.model_folder import INT8_GRAPH, INT8_RECIPES, WEIGHTS, ModelFolder
from train.tags import Logits

Ids = npt.NDArray[np.int64]

RUNTIMES = ("auto", "int8", "fp32", "cuda")
_DOT_PRODUCT = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
"""CPU features (as Linux names them) that multiply 8-bit integers without saturating in 16 bits.
Elsewhere int8 sums can overflow in silence, so it is not chosen there."""


class Runtime(Protocol):
    """Anything that scores a batch; several threads may call it at once."""

    def __call__(self, input_ids: Ids) -> Logits:
        """Return logits ``[batch, length, tags]`` for ids of ``[batch, length]``."""
        ...


def available_cores() -> int:
    """Return how many cores this process may use, by its affinity and its container's quota."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # not Linux, or no quota ("max")
        pass
    return cores


def load_runtime(folder: ModelFolder, wanted: str = "auto") -> tuple[str, OnnxRuntime]:
    """Load what runs a model here; return which it is, and the runtime.

    ``auto`` takes CUDA where ONNX Runtime has it and finds a GPU; then int8 where the model has
    such a graph and the CPU multiplies 8-bit integers exactly; then fp32.

    Raises:
        ModelError: the wanted runtime is unknown or not to be had, or the model cannot be loaded.
    """
    if wanted not in RUNTIMES:
        raise ModelError(f"--runtime: {wanted!r} is none of {', '.join(RUNTIMES)}")
    has_int8 = folder.int8_graph is not None
    if wanted == "int8" and not has_int8:
        raise ModelError(
            f"{folder.path}: has no int8 graph; make one with "
            f"`marsad quantize {folder.path} GOLD --calibrate DATA`, or take --runtime fp32"
        )
    if wanted == "cuda" and not _has_cuda():
        raise ModelError(
            "--runtime cuda: this ONNX Runtime has no CUDA; install onnxruntime-gpu in place "
            "of onnxruntime, or leave --runtime out"
        )
    if wanted == "cuda" or (wanted == "auto" and _has_cuda()):
        try:
            return "cuda", OnnxRuntime(folder.graph, "cuda")
        except ModelError:
            if wanted == "cuda":
                raise
    if wanted == "int8" or (wanted == "auto" and has_int8 and multiplies_int8()):
        return "int8", int8_runtime(folder)
    return "fp32", OnnxRuntime(folder.graph)


def multiplies_int8() -> bool:
    """Return whether this CPU has dot products of 8-bit integers that do not saturate."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return not _DOT_PRODUCT.isdisjoint(text.split())


def _has_cuda() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


class OnnxRuntime:
    """Runs an exported graph with ONNX Runtime, one batch on one core (or on the GPU).

    Args:
        graph: the graph; the weights lie beside it.
        device: ``cpu`` or ``cuda``.
        recipes: how the weights of an int8 graph are made.

    Raises:
        ModelError: the graph or the weights beside it cannot be loaded.
    """

    def __init__(self, graph: Path, device: str = "cpu", recipes: Path | None = None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # errors only; warnings would mix with the output
        providers = ["CPUExecutionProvider"]
        if device == "cuda":
            # Without a usable GPU this is an error, not a slow run that calls itself CUDA.
            providers = ["CUDAExecutionProvider", *providers]
        try:
            if recipes is not None:
                made = integer_weights(graph.parent / WEIGHTS, load_recipes(recipes))
                values = [onnxruntime.OrtValue.ortvalue_from_numpy(v) for v in made.values()]
                options.add_external_initializers(list(made), values)
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=providers, enable_fallback=0
            )
        except Exception as error:  # onnxruntime's exceptions share no public base class
            remedy = "copy or train the model again"
            if device == "cuda":
                remedy = "mend the GPU's driver and libraries, or leave --runtime cuda out"
            raise ModelError(
                f"{graph}: cannot be loaded ({_first_line(error)}); {remedy}"
            ) from None
        if device == "cuda" and self._session.get_providers()[0] != providers[0]:
            raise ModelError("--runtime cuda: ONNX Runtime found no usable GPU; leave it out")
        self._masked = any(i.name == "attention_mask" for i in self._session.get_inputs())

    def __call__(self, input_ids: Ids) -> Logits:
        feed = {"input_ids": input_ids}
        if self._masked:
            feed["attention_mask"] = np.ones_like(input_ids)
        logits: Logits = self._session.run(["logits"], feed)[0]
        return logits


def int8_runtime(folder: ModelFolder) -> OnnxRuntime:
    """Load the int8 graph of a folder that has one."""
    return OnnxRuntime(folder.path / INT8_GRAPH, recipes=folder.path / INT8_RECIPES)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
