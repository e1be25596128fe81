from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import LABELS
from train.errors import ModelError
from train.model_folder import INT8_FILES, INT8_GRAPH, REQUIRED, open_model, seal
from train.runtime import OnnxRuntime


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    copy = tmp_path / "model"
    copy.mkdir()
    for name in (*REQUIRED, *INT8_FILES, "marsad.json"):
        shutil.copy(tiny_model / name, copy / name)
    return copy


def test_a_whole_folder_opens(model: Path) -> None:
    assert open_model(model).labels == LABELS


@pytest.mark.parametrize("name", [*REQUIRED, *INT8_FILES])
def test_a_missing_or_cut_file_is_named(model: Path, name: str) -> None:
    content = (model / name).read_bytes()
    (model / name).write_bytes(content[:-1])
    with pytest.raises(ModelError, match=rf"{name} has {len(content) - 1} bytes"):
        open_model(model)
    (model / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        open_model(model)


def test_a_folder_without_an_int8_graph_is_whole(model: Path) -> None:
    folder = open_model(model)
    assert folder.int8_graph == model / INT8_GRAPH
    (model / INT8_GRAPH).unlink()
    seal(model, folder.labels, folder.preprocessor)
    without = open_model(model)
    assert without.int8_graph is None
    assert without.fingerprint != folder.fingerprint


def test_an_unfinished_folder(model: Path) -> None:
    (model / "marsad.json").unlink()
    with pytest.raises(ModelError, match=r"not a finished Marsad model.*--resume"):
        open_model(model)


def test_pickled_weights_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin, which is pickled"):
        open_model(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "not a JSON object"),
        ('{"format": 99}', "format 99; this version reads 1"),
        ('{"format": 1}', "does not describe config.json"),
    ],
)
def test_damaged_settings(model: Path, content: str, message: str) -> None:
    (model / "marsad.json").write_text(content)
    with pytest.raises(ModelError, match=message):
        open_model(model)


def test_unknown_settings_are_refused(model: Path) -> None:
    settings = json.loads((model / "marsad.json").read_text())
    settings["preprocessor"]["normalizer"]["colour"] = True
    (model / "marsad.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="cannot be used"):
        open_model(model)


@pytest.mark.parametrize("name", [*REQUIRED, *INT8_FILES])
def test_a_file_of_the_right_size_and_other_content_is_refused(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[-1] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} is not the file that was saved"):
        open_model(model)


def test_a_graph_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxRuntime(tmp_path / "model.onnx")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        open_model(tmp_path / "none")
