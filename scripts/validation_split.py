"""Write the documents that a model was validated on, for `marsad calibrate`.

    python scripts/validation_split.py models/tagger runs/validation.jsonl
    marsad calibrate models/tagger runs/validation.jsonl

The split is drawn again from the data that the model's config names, as its training drew it, and
refused where what comes out is not the data of that training (`data.sha256` in the model folder).
Run it in the folder that the training was started in; `KEY=VALUE` changes the config, such as
`data.texts_if_present=[../shared/newswire]` where texts lie elsewhere now.
"""

from __future__ import annotations

import sys
from pathlib import Path

from train.cli import main
from train.config import load_config
from train.corpus import write_corpus
from train.dataset import read_splits
from train.errors import InputError
from train.run import CONFIG, DATA


def write_validation_split(model: Path, output: Path, overrides: list[str]) -> int:
    """Write the validation documents of a model's training and return how many there are.

    Raises:
        MarsadError: the data is missing, faulty or not that of the training.
    """
    for name in (CONFIG, DATA):
        if not (model / name).is_file():
            raise InputError(f"{model}: no {name}; name the folder of a run, or models/tagger")
    config = load_config(model / CONFIG, overrides)
    splits = read_splits(config.data, config.labels)
    trained_on = (model / DATA).read_text(encoding="utf-8").strip()
    if splits.fingerprint != trained_on:
        notes = "".join(f"\n{note}" for note in splits.notes)
        raise InputError(
            f"{model}: the data that {CONFIG} names is not what it was trained on "
            f"(fingerprint {splits.fingerprint[:12]}, of the training {trained_on[:12]}), so "
            f"its validation split cannot be told from its training data{notes}"
        )
    write_corpus(splits.validation, output)
    return len(splits.validation)


def _run() -> None:
    if len(sys.argv) < 3:
        raise InputError("usage: validation_split.py MODEL OUT.jsonl [KEY=VALUE]...")
    model, output = map(Path, sys.argv[1:3])
    print(f"{write_validation_split(model, output, sys.argv[3:])} documents written to {output}")


if __name__ == "__main__":
    main(_run)
