"""The int8 graph: by hand, against numpy, and against the full-precision graph."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from typer.testing import CliRunner

from tests.conftest import LABELS
from train.cli import app
from train.document import Document
from train.errors import ModelError
from train.int8 import dump_recipes, integer_weights, load_recipes
from train.model_folder import GRAPH, INT8_GRAPH, open_model
from train.parity import add_int8
from train.quantization import (
    Range,
    _integer_product,
    _plan,
    _Product,
    _quantize_input,
    calibrate,
    quantize_graph,
)
from train.runtime import OnnxRuntime, load_runtime, multiplies_int8
from train.tagger import Tagger


def ranges(low: list[float], high: list[float]) -> Range:
    return Range(np.array(low, np.float32), np.array(high, np.float32))


def test_a_narrow_input_is_smoothed_by_hand() -> None:
    # Magnitudes 1, 1, 2, 16; the median is 1.5, so 3 is large: only the last is divided, by 16/3.
    plan = _plan(ranges([-1, 0, -2, -16], [1, 1, 0, 4]), wide=False)
    assert plan.divisor is not None
    np.testing.assert_allclose(plan.divisor, [1, 1, 1, 16 / 3], rtol=1e-6)
    # What is left lies in [-3, 1]: 4 in 255 steps, and 0 at 3 / 4 of them.
    assert float(plan.scale) == pytest.approx(4 / 255)
    assert int(plan.zero) == 191
    assert not len(plan.outliers)


def test_a_wide_input_keeps_its_outliers_by_hand() -> None:
    low, high = [-0.2] * 1000, [3.0] * 1000
    high[7], low[500] = 45.0, -9.0
    plan = _plan(ranges(low, high), wide=True)
    assert plan.divisor is None
    assert plan.outliers.tolist() == [7, 500]
    assert float(plan.scale) == pytest.approx(3.2 / 255)


def test_an_input_that_is_always_nought_has_a_scale() -> None:
    plan = _plan(ranges([0, 0], [0, 0]), wide=False)
    assert float(plan.scale) > 0
    assert int(plan.zero) == 0


@pytest.mark.parametrize(("inner", "outer"), [(64, 16), (16, 64)])
def test_the_product_is_that_of_numpy(inner: int, outer: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(outer, inner)).astype(np.float32)
    bias = rng.normal(size=outer).astype(np.float32)
    x = rng.normal(size=(3, 5, inner)).astype(np.float32)
    x[..., 2] *= 60  # a channel that is many times larger than the rest
    plan = _plan(Range(x.min(axis=(0, 1)), x.max(axis=(0, 1))), wide=inner > outer)

    graph = helper.make_graph([], "product", [], [])
    node = helper.make_node("MatMul", ["x", "w.transposed"], ["y"])
    product = _Product(node, None, None, "bias", "w")
    nodes = [
        *_quantize_input(graph, "x", plan),
        *_integer_product(graph, product, plan, (outer, inner)),
    ]
    graph.node.extend(nodes)
    graph.initializer.append(numpy_helper.from_array(bias, "bias"))
    graph.input.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape))
    graph.output.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, None))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), tmp_path / "y.onnx")
    save_file({"weight": weight}, tmp_path / "weights")
    made = integer_weights(tmp_path / "weights", {"w": plan.recipe("weight")})
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in made.values()]
    options.add_external_initializers(list(made), values)
    session = onnxruntime.InferenceSession(
        str(tmp_path / "y.onnx"), options, providers=["CPUExecutionProvider"]
    )
    [found] = session.run(["y"], {"x": x})

    exact = x @ weight.T + bias
    # The same arithmetic in numpy: integers, then one scale an output channel.
    divisor = np.ones(inner) if plan.divisor is None else plan.divisor
    factor = divisor.copy()
    factor[plan.outliers] = 0
    scaled = weight * factor
    scales = np.abs(scaled).max(axis=1) / 127
    integers = np.round(scaled / scales[:, None]) * scales[:, None]
    steps = np.clip(np.round(x / divisor / plan.scale) + plan.zero, 0, 255)
    expected = (steps - float(plan.zero)) * float(plan.scale) @ integers.T + bias
    expected += x[..., plan.outliers] @ weight[:, plan.outliers].T
    if multiplies_int8():
        np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-4)
    # Plain 8 bits, with one scale for all channels, are off by more.
    step = (x.max() - x.min()) / 255
    plain_scales = np.abs(weight).max(axis=1) / 127
    plain = np.round(x / step) * step
    plain = plain @ (np.round(weight / plain_scales[:, None]) * plain_scales[:, None]).T + bias
    assert np.abs(found - exact).mean() < 0.6 * np.abs(plain - exact).mean()


def test_attention_is_fused_and_says_the_same(tiny_model: Path, tmp_path: Path) -> None:
    folder = open_model(tiny_model)
    texts = ["قصفت طائرات حربية قاعدة عسكرية"] * 3
    graph, recipes = quantize_graph(folder, calibrate(folder, texts))
    (tmp_path / "int8.json").write_text(dump_recipes(recipes))
    assert load_recipes(tmp_path / "int8.json") == recipes
    kinds = [node.op_type for node in graph.graph.node]
    layers = folder.config["num_hidden_layers"]
    assert kinds.count("MultiHeadAttention") == layers
    assert "Softmax" not in kinds
    assert kinds.count("MatMulIntegerToFloat") == 6 * layers
    # With products in full precision again, only the attention differs: it must not.
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    plain = onnx.load(folder.graph, load_external_data=False)
    from train.quantization import _fuse_attention, _products, _replace_nodes

    products = _products(plain)
    _replace_nodes(plain.graph, _fuse_attention(list(plain.graph.node), products, folder))
    plain.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(plain, copy / "fused.onnx")
    ids = np.random.default_rng(1).integers(5, folder.config["vocab_size"], (4, 17))
    np.testing.assert_allclose(
        OnnxRuntime(copy / "fused.onnx")(ids), OnnxRuntime(copy / GRAPH)(ids), atol=1e-4
    )


def test_a_training_leaves_an_int8_graph_that_tags_alike(
    tiny_model: Path, corpus: list[Document]
) -> None:
    texts = [document.text for document in corpus]
    full = Tagger.load(tiny_model, runtime="fp32").find(texts)
    small = Tagger.load(tiny_model, runtime="int8").find(texts)
    same = sum(a == b for a, b in zip(full, small, strict=True))  # scores are not compared
    assert same >= 0.9 * len(texts)
    # What a sentence gets does not depend on the sentences beside it.
    tagger = Tagger.load(tiny_model, runtime="int8")
    assert [tagger.find([text])[0] for text in texts] == small


def test_a_loss_that_is_too_large_is_refused(
    tiny_model: Path, corpus: list[Document], tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    texts = [document.text for document in corpus]
    tagger = Tagger.load(copy, runtime="fp32")
    gold = [replace(d, spans=tagger.find([d.text])[0]) for d in corpus]
    assert any(document.spans for document in gold)
    results = add_int8(copy, texts, {"gold": gold}, max_loss=1.0)
    assert results[0].fp32 == 1.0
    assert (copy / INT8_GRAPH).exists()
    with pytest.raises(ModelError, match=r"refused.*\n.*gold: strict F1 1\.0000 in fp32"):
        add_int8(copy, ["."], {"gold": gold}, max_loss=-0.01)
    assert not (copy / INT8_GRAPH).exists()
    assert open_model(copy).int8_graph is None
    assert load_runtime(open_model(copy))[0] == "fp32"
    with pytest.raises(ModelError, match="marsad quantize"):
        load_runtime(open_model(copy), "int8")
    assert not list(copy.glob(".*"))


def test_the_command_says_what_it_costs(
    tiny_model: Path, corpus_file: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    (copy / INT8_GRAPH).unlink()
    arguments = ["quantize", str(copy), str(corpus_file), "--calibrate", str(corpus_file)]
    result = CliRunner().invoke(app, [*arguments, "--max-loss", "100"])
    assert result.exit_code == 1  # the folder lacks a file that its seal names
    assert isinstance(result.exception, ModelError)
    shutil.copy(tiny_model / INT8_GRAPH, copy)
    result = CliRunner().invoke(app, [*arguments, "--max-loss", "100"])
    assert result.exit_code == 0
    assert "in fp32" in result.output
    assert open_model(copy).labels == LABELS


def test_cuda_that_is_not_there_is_said(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = open_model(tiny_model)
    with pytest.raises(ModelError, match="onnxruntime-gpu"):
        load_runtime(folder, "cuda")
    # A build with CUDA on a machine without a GPU: auto goes on without, cuda is refused.
    monkeypatch.setattr("train.runtime._has_cuda", lambda: True)
    assert load_runtime(folder, "auto")[0] in ("int8", "fp32")
    with pytest.raises(ModelError, match="leave"):
        load_runtime(folder, "cuda")
    assert capsys.readouterr().out == ""
