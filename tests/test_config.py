from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from train.config import TrainConfig, load_config
from train.errors import ConfigError

CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
# The architecture and the kind of tokenizer of each config's encoder.
KINDS = {
    "arabertv2": ("bert", "wordpiece"),
    "camelbert-mix": ("bert", "wordpiece"),
    "conflibert-arabic": ("bert", "wordpiece"),
    "default": ("bert", "unigram"),
    "marbertv2": ("bert", "wordpiece"),
    "multilingual-e5-base": ("xlm-roberta", "unigram"),
    "quick": ("bert", "unigram"),
    "xlm-roberta-base": ("xlm-roberta", "unigram"),
}


def test_every_config_is_known_here() -> None:
    assert [path.stem for path in CONFIGS] == sorted(KINDS)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_loads_and_its_head_tells_the_truth(path: Path) -> None:
    config = load_config(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# What:")
    assert f"marsad train configs/{path.name}" in text
    assert "Needs:" in text
    for file in config.data.train:
        assert (ROOT / file).exists()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_trains_two_steps(
    path: Path,
    encoders: Callable[[str, str], Path],
    corpus_file: Path,
    tmp_path: Path,
) -> None:
    """With its own settings, on a tiny random model of its architecture and tokenizer kind."""
    from train.run import train

    config = load_config(
        path,
        [
            f"encoder={encoders(*KINDS[path.stem])}",
            f"output_dir={tmp_path / 'run'}",
            f"data.train=[{corpus_file}]",
            "data.standoff=[]",
            f"data.validation=[{corpus_file}]",
            f"data.test=[{corpus_file}]",
            "seeds=[1]",
            "max_steps=2",
            "max_length=64",
            "stride=16",
        ],
    )
    metrics = train(config)
    assert metrics["seeds"][0]["history"]
    assert (tmp_path / "run" / "marsad.json").exists()


def write(tmp_path: Path, values: object) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


SOUND = {"encoder": "models/encoder", "output_dir": "runs/x", "data": {"train": ["seeds/train"]}}

FAULTS = [
    ({**SOUND, "learning_rat": 1e-4}, "learning_rat: unknown key; did you mean 'learning_rate'?"),
    ({**SOUND, "zzz": 1}, "zzz: unknown key; known: encoder, output_dir"),
    (
        {**SOUND, "data": {"trian": ["x"], "train": ["x"]}},
        "data.trian: unknown key; did you mean 'train'?",
    ),
    ({**SOUND, "learning_rate": "fast"}, "learning_rate: Input should be a valid number"),
    ({**SOUND, "learning_rate": -1}, "learning_rate: Input should be greater than 0"),
    ({"encoder": "x", "data": {"train": ["x"]}}, "output_dir: missing"),
    ({**SOUND, "data": {}}, "data.train: names no file"),
    ({**SOUND, "labels": ["A", "A"]}, "labels: the same value twice"),
    ({**SOUND, "labels": ["two words"]}, "labels.0: String should match pattern"),
    ({**SOUND, "seeds": [1, 1]}, "seeds: the same value twice"),
    ({**SOUND, "max_length": 32, "stride": 20}, "stride: 20 is over half of max_length"),
    (
        {**SOUND, "class_weights": {"BASS": 2}},
        "class_weights.BASS: no such label; did you mean 'BASE'?",
    ),
    ({**SOUND, "seeds": [-1]}, "seeds.0: Input should be greater than or equal to 0"),
    ({**SOUND, "seeds": 13}, "seeds: expected a list, such as [13], found 13"),
    ({**SOUND, "learning_rate": float("inf")}, "learning_rate: Input should be a finite number"),
    ({**SOUND, "labels": ["A", "A"], "seeds": [1, 1]}, "seeds: the same value twice"),
    ({**SOUND, "lr_scheduler_type": "step"}, "lr_scheduler_type: Input should be 'linear'"),
]


@pytest.mark.parametrize(("values", "message"), FAULTS)
def test_faults_name_the_path_and_the_remedy(tmp_path: Path, values: object, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, values))
    assert message in str(error.value)


def test_all_faults_come_together(tmp_path: Path) -> None:
    values = {**SOUND, "learning_rat": 1, "num_train_epochs": 0, "data": {"train": 5}}
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, values), ["per_device_train_batch_size"])
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert all(line.startswith(f"{tmp_path}/config.yaml: ") for line in lines)


def test_overrides(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND)
    config = load_config(
        path,
        ["learning_rate=1e-4", "data.train=[a.txt, b.txt]", "seeds=[1,2]", "normalizer.ya=true"],
    )
    assert config.learning_rate == pytest.approx(1e-4)
    assert config.data.train == ("a.txt", "b.txt")
    assert config.seeds == (1, 2)
    assert config.normalizer.build().ya
    with pytest.raises(ConfigError, match="did you mean 'learning_rate'"):
        load_config(path, ["learning_rte=1"])
    with pytest.raises(ConfigError, match="expected key=value"):
        load_config(path, ["learning_rate"])
    with pytest.raises(ConfigError, match="encoder has no keys"):
        load_config(path, ["encoder.name=x"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "not valid YAML"),
        ("a: 1\na: 2", "'a' stands twice"),
        ("a: 2024-13-45", "not valid YAML"),
        ("- a", "expected keys and values"),
        ("", "expected keys"),
    ],
)
def test_not_a_config(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_missing_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such config"):
        load_config(tmp_path / "none.yaml")


def test_config_is_frozen_and_survives_yaml(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, SOUND))
    with pytest.raises(ValueError, match="frozen"):
        config.learning_rate = 1.0  # type: ignore[misc]
    assert TrainConfig.model_validate(yaml.safe_load(config.to_yaml())) == config


def test_standoff_needs_texts(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "encoder: models/encoder\noutput_dir: runs/x\ndata: {standoff: [seeds/newswire]}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="texts_if_present: names nothing"):
        load_config(path)
