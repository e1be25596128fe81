"""The int8 graph: the exported graph with its matrix products in 8-bit integers.

Weights are symmetric with one scale for each output channel; activations have one fixed scale,
measured on texts beforehand, so what a sentence gets does not depend on its neighbours in a batch.
Transformers have a few activation channels that are many times larger than the rest and would take
all of the 8 bits for themselves. They are handled apart: where the input is narrow, large
channels are divided by a constant that the weights are multiplied with (SmoothQuant, Xiao et al.
2023); where it is wide, the largest channels stay in floating point (the decomposition of
LLM.int8(), Dettmers et al. 2022).

Like the exported graph, this one holds no weights. The integers are made when the model is loaded;
see :mod:`train.int8`. Attention is replaced by the fused operator of ONNX Runtime where the
architecture is one of BERT's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from train.batches import plan_batches
from train.engine import MAX_BATCH_TOKENS
from train.errors import ModelError
from train.int8 import Floats, Recipe, safetensors_header
from train.model_folder import GRAPH, WEIGHTS, ModelFolder
from train.runtime import available_cores

LARGE = 2.0
"""A channel of a narrow input is smoothed down to this many times the median channel..."""
EXTREME = 8.0
"""... where the largest channel exceeds the median this many times."""
OUTLIER = 2.0
"""A channel of a wide input is an outlier where it exceeds the 99th percentile this many times."""
MOST_OUTLIERS = 8
_CONTRIB = "com.microsoft"
_ATTENTION = re.compile(r"(.+\.attention\.)(?:self\.(query|key|value)|(output)\.dense)\.weight")
_BERTS = ("bert", "roberta", "xlm-roberta", "electra", "camembert")


@dataclass(slots=True)
class Range:
    """The least and the largest value of each channel of an activation, ``[channels]``."""

    low: Floats
    high: Floats

    @property
    def magnitude(self) -> Floats:
        result: Floats = np.maximum(np.abs(self.low), np.abs(self.high))
        return result


@dataclass(frozen=True, slots=True)
class _Product:
    """A product with a weight matrix: where it stands in the graph."""

    node: Any
    transpose: Any
    add: Any | None
    """Adds the bias, where there is one."""
    bias: str | None
    weight: str

    @property
    def input(self) -> str:
        name: str = self.node.input[0]
        return name

    @property
    def output(self) -> str:
        name: str = (self.add or self.node).output[0]
        return name


def calibrate(folder: ModelFolder, texts: Sequence[str]) -> dict[str, Range]:
    """Return the range of each input of a product, seen while the model reads ``texts``.

    Raises:
        ModelError: there is no text, or the graph has no product of the expected form.
    """
    import onnxruntime

    graph = onnx.load(folder.graph, load_external_data=False)
    names = list(dict.fromkeys(product.input for product in _products(graph)))
    windows = [w.input_ids for text in texts for w in folder.preprocessor(text).windows]
    if not names or not windows:
        raise ModelError(
            f"{folder.path}: cannot be calibrated; expected texts with words, and a graph that "
            "`marsad train` exported"
        )
    for name in names:
        graph.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = available_cores()
    # Loaded from a file, because the weights are found relative to it.
    temporary = folder.path / f".calibration.{GRAPH}"
    try:
        onnx.save(graph, temporary)
        session = onnxruntime.InferenceSession(
            str(temporary), options, providers=["CPUExecutionProvider"]
        )
    finally:
        temporary.unlink(missing_ok=True)
    ranges: dict[str, Range] = {}
    for batch in plan_batches([len(ids) for ids in windows], MAX_BATCH_TOKENS):
        ids = np.array([windows[index] for index in batch], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        for name, values in zip(names, session.run(names, feed), strict=True):
            rows = values.reshape(-1, values.shape[-1])
            low, high = rows.min(axis=0), rows.max(axis=0)
            if name in ranges:
                low, high = np.minimum(low, ranges[name].low), np.maximum(high, ranges[name].high)
            ranges[name] = Range(low, high)
    return ranges


def quantize_graph(
    folder: ModelFolder, ranges: Mapping[str, Range]
) -> tuple[onnx.ModelProto, dict[str, Recipe]]:
    """Return the int8 graph of a model folder, and how its weights are made."""
    model = onnx.load(folder.graph, load_external_data=False)
    graph = model.graph
    _, header = safetensors_header(folder.path / WEIGHTS)
    products = _products(model)
    if unknown := [p.weight for p in products if _stored(p.weight) not in header]:
        raise ModelError(
            f"{folder.path}: {WEIGHTS} has no {_stored(unknown[0])}, so no int8 graph can be made"
        )
    recipes: dict[str, Recipe] = {}
    inserted: dict[int, list[Any]] = {}
    replaced: set[int] = set()
    by_input: dict[str, list[_Product]] = {}
    for product in products:
        by_input.setdefault(product.input, []).append(product)
    for name, group in by_input.items():
        shapes = [header[_stored(product.weight)]["shape"] for product in group]
        plan = _plan(ranges[name], wide=shapes[0][1] > shapes[0][0])
        nodes = _quantize_input(graph, name, plan)
        for product, shape in zip(group, shapes, strict=True):
            recipes[product.weight] = plan.recipe(_stored(product.weight))
            nodes += _integer_product(graph, product, plan, shape)
            inserted[id(product.node)] = nodes
            replaced |= {id(product.node), id(product.transpose), id(product.add)}
            nodes = []
    nodes = []
    for node in graph.node:
        nodes += inserted.get(id(node), [])
        if id(node) not in replaced:
            nodes.append(node)
    _gather_before_casting(nodes)
    nodes = _fuse_attention(nodes, products, folder)
    _replace_nodes(graph, nodes)
    model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))
    return model, recipes


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one activation becomes integers."""

    scale: Floats
    zero: npt.NDArray[np.uint8]
    divisor: Floats | None
    """What each channel is divided by beforehand, ``[channels]``."""
    outliers: npt.NDArray[np.int64]
    """Channels that stay in floating point."""

    def recipe(self, tensor: str) -> Recipe:
        """Return how a weight that takes this input becomes integers."""
        divisor = np.zeros(0) if self.divisor is None else self.divisor
        factors = {i: float(value) for i, value in enumerate(divisor) if value != 1}
        return Recipe(tensor, factors, tuple(self.outliers.tolist()))


def _plan(seen: Range, wide: bool) -> _Plan:
    magnitude = seen.magnitude
    divisor = None
    outliers = np.zeros(0, dtype=np.int64)
    low, high = seen.low, seen.high
    if wide:
        bound = OUTLIER * float(np.percentile(magnitude, 99))
        largest = np.argsort(-magnitude, kind="stable")[:MOST_OUTLIERS]
        outliers = np.sort(largest[magnitude[largest] > bound]).astype(np.int64)
        low, high = np.delete(low, outliers), np.delete(high, outliers)
    elif magnitude.max() > EXTREME * (median := float(np.median(magnitude))):
        bound = max(LARGE * median, 1e-6)
        divisor = np.maximum(1.0, magnitude / bound).astype(np.float32)
        low, high = low / divisor, high / divisor
    least, most = min(0.0, float(low.min())), max(0.0, float(high.max()), 1e-6)
    scale = np.float32((most - least) / 255)
    zero = np.uint8(np.clip(round(-least / float(scale)), 0, 255))
    return _Plan(np.array(scale), np.array(zero), divisor, outliers)


def _quantize_input(graph: Any, name: str, plan: _Plan) -> list[Any]:
    """Return the nodes that make ``NAME.int8``, and ``NAME.outliers`` where there are any."""
    nodes = []
    source = name
    if plan.divisor is not None:
        source = f"{name}.smooth"
        factor = _constant(graph, f"{name}.factor", 1 / plan.divisor)
        nodes.append(helper.make_node("Mul", [name, factor], [source]))
    scale = _constant(graph, f"{name}.scale", plan.scale)
    zero = _constant(graph, f"{name}.zero", plan.zero)
    nodes.append(helper.make_node("QuantizeLinear", [source, scale, zero], [f"{name}.int8"]))
    if len(plan.outliers):
        channels = _constant(graph, f"{name}.channels", plan.outliers)
        nodes.append(helper.make_node("Gather", [name, channels], [f"{name}.outliers"], axis=-1))
    return nodes


def _integer_product(graph: Any, product: _Product, plan: _Plan, shape: Sequence[int]) -> list[Any]:
    """Return the nodes that compute ``product`` from ``INPUT.int8``; ``shape`` is [out, in]."""
    name, x = product.weight, product.input
    _open(graph, f"{name}.int8", TensorProto.INT8, [shape[1], shape[0]])
    _open(graph, f"{name}.scale", TensorProto.FLOAT, [shape[0]])
    exact = len(plan.outliers)
    output = f"{product.output}.integer" if exact else product.output
    # No zero point: the weights are symmetric.
    inputs = [f"{x}.int8", f"{name}.int8", f"{x}.scale", f"{name}.scale", f"{x}.zero", ""]
    inputs += [product.bias] if product.bias else []
    nodes = [helper.make_node("MatMulIntegerToFloat", inputs, [output], domain=_CONTRIB)]
    if exact:
        _open(graph, f"{name}.exact", TensorProto.FLOAT, [exact, shape[0]])
        part = f"{product.output}.exact"
        nodes += [
            helper.make_node("MatMul", [f"{x}.outliers", f"{name}.exact"], [part]),
            helper.make_node("Add", [output, part], [product.output]),
        ]
    return nodes


def _gather_before_casting(nodes: list[Any]) -> None:
    """Let embeddings be looked up in half precision, so that no full-precision table is held."""
    casts = {node.output[0]: node for node in nodes if node.op_type == "Cast"}
    for position in range(len(nodes) - 1, -1, -1):
        node = nodes[position]
        cast = casts.get(node.input[0]) if node.op_type == "Gather" else None
        if cast is not None and cast.input[0].endswith(".stored"):
            half = f"{node.output[0]}.half"
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            nodes[position : position + 1] = [
                helper.make_node("Gather", [cast.input[0], node.input[1]], [half], **attributes),
                helper.make_node("Cast", [half], [node.output[0]], to=TensorProto.FLOAT),
            ]


def _fuse_attention(
    nodes: list[Any], products: Sequence[_Product], folder: ModelFolder
) -> list[Any]:
    """Put one fused operator in the place of each layer's attention, where its form is known."""
    heads = folder.config.get("num_attention_heads")
    if folder.config.get("model_type") not in _BERTS or heads is None:
        return nodes
    layers: dict[str, dict[str, _Product]] = {}
    for product in products:
        if match := _ATTENTION.fullmatch(product.weight):
            layers.setdefault(match[1], {})[match[2] or match[3]] = product
    before: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    for layer in layers.values():
        if layer.keys() != {"query", "key", "value", "output"}:
            return nodes
        context = f"{layer['output'].input}.fused"
        renamed[layer["output"].input] = context
        before[layer["output"].input] = helper.make_node(
            "MultiHeadAttention",
            [layer[part].output for part in ("query", "key", "value")],
            [context],
            domain=_CONTRIB,
            num_heads=heads,
        )
    fused = []
    for node in nodes:
        for position, name in enumerate(node.input):
            if name in renamed:
                if name in before:
                    fused.append(before.pop(name))
                node.input[position] = renamed[name]
        fused.append(node)
    return fused


def _replace_nodes(graph: Any, nodes: Iterable[Any]) -> None:
    """Make ``nodes`` the graph's, without those that nothing needs, and their constants."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(list(nodes)):  # topological order: users come behind
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(_copy(node))
    constants = [_copy(item) for item in graph.initializer if item.name in needed]
    inputs = [_copy(item) for item in graph.input if item.name in needed]
    del graph.node[:], graph.initializer[:], graph.input[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)
    graph.input.extend(inputs)


def _products(model: onnx.ModelProto) -> list[_Product]:
    """Return the products with a stored weight in graph order, without the last, the classifier."""
    makers = {output: node for node in model.graph.node for output in node.output}
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    outputs = {output.name for output in model.graph.output}
    products = []
    for node in model.graph.node:
        transpose = makers.get(node.input[1]) if node.op_type == "MatMul" else None
        if transpose is None or transpose.op_type != "Transpose":
            continue
        cast = makers.get(transpose.input[0])
        if cast is None or cast.op_type != "Cast" or not cast.input[0].endswith(".stored"):
            continue
        add, bias = None, None
        if [user.op_type for user in users.get(node.output[0], [])] == ["Add"]:
            [candidate] = users[node.output[0]]
            [other] = [name for name in candidate.input if name != node.output[0]] or [None]
            maker = makers.get(other)
            if maker is not None and maker.op_type == "Cast":
                add, bias = candidate, other
        product = _Product(node, transpose, add, bias, transpose.input[0])
        if product.output not in outputs:
            products.append(product)
    # A weight that is used more than once (ALBERT's layers) has inputs of several ranges.
    uses = Counter(product.weight for product in products)
    return [product for product in products if uses[product.weight] == 1]


def _stored(weight: str) -> str:
    """Return the name that a weight of the graph has in the safetensors file."""
    return weight.removeprefix("model.")


def _constant(graph: Any, name: str, value: npt.NDArray[Any]) -> str:
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    if value.ndim == 0:  # ascontiguousarray makes a scalar a vector
        del graph.initializer[-1].dims[:]
    return name


def _open(graph: Any, name: str, kind: int, shape: Sequence[int]) -> None:
    """Declare a tensor that is handed over when the model is loaded."""
    tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=WEIGHTS)
    graph.initializer.append(tensor)


def _copy(message: Any) -> Any:
    """Return a copy of a protobuf message that survives the clearing of its list."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
