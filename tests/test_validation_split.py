from __future__ import annotations

from pathlib import Path

import pytest

from scripts.validation_split import write_validation_split
from train.config import TrainConfig
from train.corpus import fingerprint, read_corpus
from train.dataset import read_splits
from train.document import Document
from train.errors import InputError
from train.run import CONFIG, DATA


def run_folder(tmp_path: Path, corpus_file: Path) -> Path:
    """What a training on many copies of the corpus leaves of its data: config and fingerprint."""
    lines = corpus_file.read_text(encoding="utf-8").splitlines()
    data = tmp_path / "data.txt"
    data.write_text("".join(f"{line} {n}\n" for n in range(8) for line in lines), encoding="utf-8")
    config = TrainConfig.model_validate(
        {"encoder": "e", "output_dir": "o", "data": {"train": [str(data)]}}
    )
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / CONFIG).write_text(config.to_yaml(), encoding="utf-8")
    digest = read_splits(config.data, config.labels).fingerprint
    (folder / DATA).write_text(digest + "\n", encoding="utf-8")
    return folder


def test_the_split_of_the_training_is_drawn_again(tmp_path: Path, corpus_file: Path) -> None:
    folder = run_folder(tmp_path, corpus_file)
    out = tmp_path / "validation.jsonl"
    count = write_validation_split(folder, out, [])
    written = read_corpus([out])
    everything: list[Document] = read_corpus([tmp_path / "data.txt"])
    assert 0 < count == len(written) < len(everything)
    texts = {document.text: document.spans for document in everything}
    assert all(texts[document.text] == document.spans for document in written)
    again = tmp_path / "again.jsonl"
    write_validation_split(folder, again, [])
    assert fingerprint(read_corpus([again])) == fingerprint(written)


def test_other_data_is_refused(tmp_path: Path, corpus_file: Path) -> None:
    folder = run_folder(tmp_path, corpus_file)
    out = tmp_path / "validation.jsonl"
    with pytest.raises(InputError, match="is not what it was trained on"):
        write_validation_split(folder, out, ["data.validation_share=0.4"])
    with (tmp_path / "data.txt").open("a", encoding="utf-8") as file:
        file.write("وصل الوفد صباحا.\n")
    with pytest.raises(InputError, match="is not what it was trained on"):
        write_validation_split(folder, out, [])
    assert not out.exists()
    (folder / DATA).unlink()
    with pytest.raises(InputError, match=r"no data\.sha256"):
        write_validation_split(folder, out, [])
