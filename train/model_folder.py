"""The model folder: which files make a model, and whether they are whole and safe to open.

``marsad.json`` is written last. It holds how texts are prepared, and size and SHA-256 of the
files that must not change, so a half-written or mixed-up folder is refused before it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from train import __version__
from train.calibration import Calibration, read_calibration
from train.errors import ModelError
from train.lines import write_whole
from train.preprocessor import Preprocessor

FORMAT = 1
SETTINGS = "marsad.json"
WEIGHTS = "model.safetensors"
GRAPH = "model.onnx"
INT8_GRAPH = "model.int8.onnx"
INT8_RECIPES = "int8.json"
TOKENIZER = "tokenizer.json"
CONFIG = "config.json"
REQUIRED = (CONFIG, TOKENIZER, WEIGHTS, GRAPH)
CALIBRATION = "calibration.json"
INT8_FILES = (INT8_GRAPH, INT8_RECIPES)
OPTIONAL = (*INT8_FILES, CALIBRATION)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.pickle")
_HERE = Path(__file__).resolve().parent
SHIPPED = (_HERE / "models" / "tagger", _HERE.parent / "models" / "tagger")
"""Where the shipped tagger lies: inside an installed package, or beside it in a checkout."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A checked model folder."""

    path: Path
    labels: tuple[str, ...]
    preprocessor: Preprocessor
    fingerprint: str
    """SHA-256 over all that decides what the model finds, and with what scores."""
    optional: tuple[str, ...]
    """The files of ``OPTIONAL`` that are part of it."""
    config: dict[str, Any]
    """The encoder's ``config.json``."""
    calibration: Calibration
    """How the scores of spans are made; as the model gives them where nothing is stored."""

    @property
    def has_int8(self) -> bool:
        """Whether it has a graph that computes with 8-bit integers."""
        return all(name in self.optional for name in INT8_FILES)

    @property
    def graph(self) -> Path:
        """The ONNX graph; its weights are read from the safetensors file beside it."""
        return self.path / GRAPH

    @property
    def int8_graph(self) -> Path | None:
        """The graph that computes with 8-bit integers, where the model has one."""
        return self.path / INT8_GRAPH if self.has_int8 else None


def shipped_tagger() -> Path:
    """Return the folder of the tagger that comes with Marsad.

    Raises:
        ModelError: this installation holds none.
    """
    for path in SHIPPED:
        if path.is_dir():
            return path
    raise ModelError(
        "no tagger is shipped with this installation; train one with "
        "`marsad train configs/default.yaml` and name it with -m FOLDER"
    )


def open_model(path: Path, calibrated: bool = True) -> ModelFolder:
    """Check a model folder and read all but its weights.

    Args:
        path: the folder.
        calibrated: whether its calibration is read. Where it is to be written anew it need not be
            sound, nor even there.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, of another format, or holds
            pickled weights only.
    """
    if not path.is_dir():
        raise ModelError(
            f"{path}: no such model folder; train one with `marsad train CONFIG`, "
            "or leave -m out to use the shipped tagger"
        )
    settings = _read_settings(path)
    if settings.get("format") != FORMAT:
        raise ModelError(
            f"{path / SETTINGS}: format {settings.get('format')!r}; this version reads {FORMAT}. "
            "Train the model again, or install the version of Marsad that made it "
            f"({settings.get('marsad_version', 'not stated')})"
        )
    _check_files(path, settings, passed_over=() if calibrated else (CALIBRATION,))
    try:
        tokenizer = Tokenizer.from_file(str(path / TOKENIZER))
        preprocessor = Preprocessor.from_settings(tokenizer, settings["preprocessor"])
        labels = tuple(settings["labels"])
        config = json.loads((path / CONFIG).read_text(encoding="utf-8"))
    except Exception as error:  # tokenizers raises bare Exception for a file it cannot read
        raise ModelError(
            f"{path}: {SETTINGS} or {TOKENIZER} cannot be used "
            f"({type(error).__name__}: {error}); copy or train the model again"
        ) from None
    deciding = [settings["files"], settings["preprocessor"], settings["labels"]]
    fingerprint = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    optional = tuple(name for name in OPTIONAL if name in settings["files"])
    calibration = Calibration()
    if calibrated and CALIBRATION in optional:
        calibration = read_calibration(path / CALIBRATION, labels)
    return ModelFolder(path, labels, preprocessor, fingerprint, optional, config, calibration)


def seal(
    path: Path,
    labels: Sequence[str],
    preprocessor: Preprocessor,
    optional: Collection[str] = (),
) -> None:
    """Write ``marsad.json``, which makes the files in ``path`` a complete model folder.

    Args:
        path: the folder.
        labels: what the model marks.
        preprocessor: how texts are prepared for it.
        optional: which files of ``OPTIONAL`` are part of it. Others of these that lie there, such
            as those of older weights, are not.
    """
    settings = {
        "format": FORMAT,
        "marsad_version": __version__,
        "labels": list(labels),
        "preprocessor": preprocessor.settings(),
        "files": {name: _describe(path / name) for name in (*REQUIRED, *optional)},
    }
    with write_whole(path / SETTINGS) as file:
        json.dump(settings, file, ensure_ascii=False, indent=2)
        file.write("\n")


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        pickles = sorted(file.name for kind in _PICKLES for file in path.glob(kind))
        if pickles and not (path / WEIGHTS).exists():
            raise ModelError(
                f"{path}: holds {', '.join(pickles)}, which is pickled and can run code when it is "
                f"opened; Marsad reads {WEIGHTS} only. Convert it where you trust it: "
                "AutoModelForTokenClassification.from_pretrained(...).save_pretrained(...)"
            ) from None
        raise ModelError(
            f"{path}: no {SETTINGS}; this is not a finished Marsad model. If a training was "
            "interrupted, finish it with `marsad train CONFIG --resume`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path / SETTINGS}: cannot be read ({error}); copy or train the model again"
        ) from None
    if not isinstance(settings, dict):
        raise ModelError(f"{path / SETTINGS}: not a JSON object; copy or train the model again")
    return settings


def _check_files(path: Path, settings: dict[str, Any], passed_over: Collection[str]) -> None:
    faults: dict[str, str] = {}
    described = settings.get("files")
    optional = [name for name in OPTIONAL if isinstance(described, dict) and name in described]
    for name in (*REQUIRED, *optional):
        if name in passed_over:
            continue
        file = path / name
        try:
            expected = settings["files"][name]
            size, digest = expected["size"], expected["sha256"]
        except (KeyError, TypeError):
            faults[name] = f"{SETTINGS} does not describe {name}"
            continue
        if not file.is_file():
            faults[name] = f"{name} is missing"
        elif file.stat().st_size != size:
            faults[name] = f"{name} has {file.stat().st_size} bytes, expected {size}"
        elif _describe(file)["sha256"] != digest:
            faults[name] = f"{name} is not the file that was saved (its SHA-256 differs)"
    if faults:
        remedy = "Copy it again, or finish its training with `marsad train CONFIG --resume`"
        if set(faults) == {CALIBRATION}:
            remedy = f"Copy it again, or write it again with `marsad calibrate {path} DATA`"
        raise ModelError(
            f"{path}: the model is incomplete or damaged: {'; '.join(faults.values())}. {remedy}"
        )


def _describe(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256") if hasattr(hashlib, "file_digest") else None
        if digest is None:  # Python 3.10
            digest = hashlib.sha256(stream.read())
    return {"size": file.stat().st_size, "sha256": digest.hexdigest()}
