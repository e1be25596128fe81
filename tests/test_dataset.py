from __future__ import annotations

from pathlib import Path

import pytest
from datasets import ClassLabel, load_from_disk

from tests.conftest import LABELS, TOKENIZERS
from train.config import DataConfig, TrainConfig
from train.dataset import IGNORED, Losses, build_dataset, read_splits, training_rows
from train.dataset_card import dataset_card, save_dataset
from train.document import Document
from train.errors import ConfigError, InputError
from train.normalizer import Normalizer
from train.preprocessor import Preprocessor, SpecialTokens
from train.tags import TagSet


def preprocessor(max_length: int, stride: int) -> Preprocessor:
    tokenizer = TOKENIZERS["unigram"]()
    return Preprocessor(
        tokenizer, Normalizer(), max_length, stride, SpecialTokens.of(tokenizer, 0, 3)
    )


def test_dataset_features_and_offsets(corpus_file: Path, corpus: list[Document]) -> None:
    file = str(corpus_file)
    splits = read_splits(DataConfig(train=(file,), validation=(file,), test=(file,)), LABELS)
    dataset = build_dataset(splits, LABELS)
    assert list(dataset) == ["train", "validation", "test"]
    tag = dataset["train"].features["tags"].feature
    assert isinstance(tag, ClassLabel)
    assert tag.names == ["O", *(f"{kind}-{label}" for label in LABELS for kind in "BI")]
    for row, document in zip(dataset["train"], corpus, strict=True):
        cut = [row["text"][a:b] for a, b in zip(row["starts"], row["ends"], strict=True)]
        assert cut == row["words"]
        runs = TagSet(LABELS).runs(row["tags"])
        spans = [(row["starts"][a], row["ends"][b - 1], label) for a, b, label in runs]
        assert spans == [(s.start, s.end, s.label) for s in document.spans]


def test_saved_dataset_loads_again_with_its_card(corpus_file: Path, tmp_path: Path) -> None:
    config = TrainConfig.model_validate(
        {"encoder": "x", "output_dir": "x", "data": {"train": [str(corpus_file)],
         "validation": [str(corpus_file)]}}
    )  # fmt: skip
    splits = read_splits(config.data, config.labels)
    built = build_dataset(splits, config.labels)
    save_dataset(built, dataset_card(config, splits), tmp_path / "saved")
    loaded = load_from_disk(str(tmp_path / "saved"))
    assert loaded["train"].to_list() == built["train"].to_list()
    card = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    # Counted by hand in CORPUS: 54 words and 6 stops; 5 actors, 4 of each other label.
    assert "| train | 6 | 60 | 5 | 4 | 4 | 4 |" in card
    assert splits.fingerprint in card
    with pytest.raises(InputError, match="not an empty folder"):
        save_dataset(built, "", tmp_path / "saved")


def test_held_out_share_depends_on_texts_alone(tmp_path: Path) -> None:
    lines = [f"قتل {n} جنود في القصف" for n in range(300)]
    for name, order in (("a.txt", lines), ("b.txt", lines[::-1])):
        (tmp_path / name).write_text("\n".join(order) + "\n", encoding="utf-8")

    def held_out(name: str) -> set[str]:
        config = DataConfig(train=(str(tmp_path / name),), validation_share=0.1)
        splits = read_splits(config, LABELS)
        assert len(splits.train) + len(splits.validation) == 300
        return {d.text for d in splits.validation}

    assert held_out("a.txt") == held_out("b.txt")
    assert 15 <= len(held_out("a.txt")) <= 50


def test_too_little_to_hold_out(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("هدوء\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="too few to hold"):
        read_splits(DataConfig(train=(str(tmp_path / "one.txt"),)), LABELS)


def test_optional_data_is_used_or_reported(corpus_file: Path, tmp_path: Path) -> None:
    config = DataConfig(
        train=(str(corpus_file),),
        train_if_present=(str(tmp_path / "gone.jsonl"),),
        validation=(str(corpus_file),),
    )
    splits = read_splits(config, LABELS)
    assert any("gone.jsonl is not here" in note for note in splits.notes)
    assert any("6 of 6 validation texts also stand in the training" in n for n in splits.notes)
    with pytest.raises(ConfigError, match="no training file is here"):
        read_splits(DataConfig(train_if_present=(str(tmp_path / "gone.jsonl"),)), LABELS)


def rows_of(path: Path, max_length: int, stride: int) -> tuple[list[dict[str, list[int]]], Losses]:
    config = DataConfig(train=(str(path),), validation=(str(path),))
    dataset = build_dataset(read_splits(config, LABELS), LABELS)
    losses = Losses()
    rows = training_rows(dataset["train"], preprocessor(max_length, stride), losses)
    return rows.to_list(), losses


def test_every_tag_is_learnt_once(corpus_file: Path, corpus: list[Document]) -> None:
    for max_length, stride in ((64, 16), (16, 4)):
        rows, losses = rows_of(corpus_file, max_length, stride)
        learnt = [label for row in rows for label in row["labels"] if label != IGNORED]
        words = sum(len(row["tags"]) for row in _dataset_rows(corpus_file))
        assert len(learnt) == words
        assert sorted(learnt) == sorted(
            t for row in _dataset_rows(corpus_file) for t in row["tags"]
        )
        assert losses.documents == len(corpus)
        assert losses.windows == len(rows)


def _dataset_rows(path: Path) -> list[dict[str, list[int]]]:
    config = DataConfig(train=(str(path),), validation=(str(path),))
    rows: list[dict[str, list[int]]] = build_dataset(read_splits(config, LABELS), LABELS)[
        "train"
    ].to_list()
    return rows


def test_losses_are_counted_by_cause(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    mention = " ".join(["صواريخ"] * 12)
    path.write_text(f"أطلق [{mention}](WEAPON) أمس\nهدوء {'ابت' * 900}\n", encoding="utf-8")
    _, losses = rows_of(path, 16, 4)
    assert losses.spans == 1
    assert losses.spans_cut_by_windows == 1
    assert losses.words_clipped == 1
    _, roomy = rows_of(path, 512, 4)
    assert roomy.spans_cut_by_windows == 0
