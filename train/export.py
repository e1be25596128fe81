"""A trained model as files: half-precision safetensors, and an ONNX graph that reads them.

The graph holds no weights of its own. It points into ``model.safetensors`` by byte offset (ONNX
external data; safetensors is raw little-endian behind a header of known length), so there is one
copy of the weights on disk, and torch and ONNX Runtime cannot drift apart.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file
from transformers import AutoModelForTokenClassification, PreTrainedModel, PreTrainedTokenizerBase

from train.errors import ModelError
from train.int8 import safetensors_header
from train.model_folder import GRAPH, WEIGHTS, seal
from train.preprocessor import Preprocessor
from train.runtime import OnnxRuntime
from train.tagger import Tagger
from train.torch_runtime import TorchRuntime

_HALF_MAX = torch.finfo(torch.float16).max


class _Logits(torch.nn.Module):
    """The model with the two inputs and the one output that the runtime knows."""

    def __init__(self, model: PreTrainedModel):
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def save_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    preprocessor: Preprocessor,
    labels: Sequence[str],
    folder: Path,
    texts: Sequence[str],
) -> None:
    """Write a complete model folder, and prove that torch and ONNX tag ``texts`` alike.

    Raises:
        ModelError: the exported graph finds other spans than the torch model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(model, folder)
    tokenizer.save_pretrained(folder)
    reloaded = AutoModelForTokenClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    export_graph(reloaded, folder)
    check_equal(reloaded, preprocessor, labels, folder, texts)
    seal(folder, labels, preprocessor)


def save_weights(model: PreTrainedModel, folder: Path) -> None:
    """Write ``config.json`` and the weights in float16.

    The config still says float32, so that ``from_pretrained`` computes in full precision.
    """
    tensors = {
        name: _halved(tensor).cpu().contiguous() for name, tensor in model.state_dict().items()
    }
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)
    model.config.dtype = "float32"
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)


def export_graph(model: PreTrainedModel, folder: Path) -> None:
    """Write the ONNX graph of a model whose weights already lie in ``folder``.

    Inputs are ``input_ids`` and ``attention_mask``, int64 ``[batch, length]``; the output is
    ``logits``, float32 ``[batch, length, tags]``.
    """
    example = torch.ones(2, 8, dtype=torch.int64)
    mask = example.clone()
    mask[1, 5:] = 0
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    with _quiet():
        program = torch.onnx.export(
            _Logits(model).eval(),
            (example, mask),
            dynamo=True,
            optimize=False,  # keeps the parameters' names and layouts; the runtime optimises
            verbose=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes=(axes, axes),
        )
    if program is None:
        raise ModelError(f"{folder}: torch exported nothing; the model stays without {GRAPH}")
    graph = program.model_proto
    _point_to_weights(graph, folder)
    for node in graph.graph.node:  # source positions of the exporting machine
        del node.metadata_props[:]
        node.doc_string = ""
    del graph.graph.value_info[:]
    graph.producer_name, graph.producer_version = "marsad", ""
    onnx.save(graph, folder / GRAPH)


def check_equal(
    model: PreTrainedModel,
    preprocessor: Preprocessor,
    labels: Sequence[str],
    folder: Path,
    texts: Sequence[str],
) -> None:
    """Tag ``texts`` with torch and with the exported graph.

    Raises:
        ModelError: the two disagree on any span.
    """
    torch_spans = Tagger(preprocessor, TorchRuntime(model), labels, threads=1).find(texts)
    onnx_spans = Tagger(preprocessor, OnnxRuntime(folder / GRAPH), labels).find(texts)
    differing = sum(a != b for a, b in zip(torch_spans, onnx_spans, strict=True))
    if differing:
        raise ModelError(
            f"{folder / GRAPH}: the exported graph tags {differing} of {len(texts)} texts "
            "otherwise than the torch model; the export is refused"
        )


def _halved(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point() or tensor.abs().max() > _HALF_MAX:
        return tensor
    return tensor.to(torch.float16)


def _point_to_weights(graph: onnx.ModelProto, folder: Path) -> None:
    """Replace each initializer that is a weight by a reference into the safetensors file."""
    offset, header = safetensors_header(folder / WEIGHTS)
    kinds = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}
    initializers, casts = [], []
    for initializer in graph.graph.initializer:
        entry = header.get(initializer.name.removeprefix("model."))
        if entry is None or entry["shape"] != list(initializer.dims) or entry["dtype"] not in kinds:
            initializers.append(initializer)
            continue
        begin, end = entry["data_offsets"]
        stored = TensorProto(
            name=initializer.name + ".stored",
            data_type=kinds[entry["dtype"]],
            dims=entry["shape"],
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": WEIGHTS, "offset": str(offset + begin), "length": str(end - begin)}
        for key, value in place.items():
            stored.external_data.add(key=key, value=value)
        initializers.append(stored)
        casts.append(
            helper.make_node("Cast", [stored.name], [initializer.name], to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.graph.node]
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(initializers)
    graph.graph.node.extend(nodes)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress and warnings about optional packages off the screen."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
