"""A ``DatasetDict`` on disk or on the hub, with its data card."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml
from datasets import DatasetDict
from huggingface_hub import DatasetCard

from train.config import TrainConfig
from train.dataset import Splits
from train.errors import InputError
from train.lines import write_whole
from train.words import split_words

_TEXT = """---
{front}---

# {title}: annotated sentences

Arabic sentences with flat spans, as one IOB2 tag for each word. Half-open offsets (`starts`,
`ends`) count Unicode code points of `text`.

| split | documents | words | {labels} |
| --- | --- | --- | {rule} |
{rows}

Fingerprint of all splits: `{fingerprint}`.

{statement}
"""


def dataset_card(config: TrainConfig, splits: Splits) -> str:
    """Return the card in Hugging Face format: Markdown behind YAML front matter."""
    rows = []
    for name, documents in splits.items():
        counts = Counter(span.label for document in documents for span in document.spans)
        words = sum(len(split_words(document.text)) for document in documents)
        cells = " | ".join(str(counts[label]) for label in config.labels)
        rows.append(f"| {name} | {len(documents)} | {words} | {cells} |")
    front = {
        "language": "ar",
        "license": config.card.license,
        "task_categories": ["token-classification"],
        "tags": ["named-entity-recognition", "armed-conflict", "marsad"],
    }
    return _TEXT.format(
        front=yaml.safe_dump(front, sort_keys=False),
        title=config.card.title,
        labels=" | ".join(config.labels),
        rule=" | ".join("---" for _ in config.labels),
        rows="\n".join(rows),
        fingerprint=splits.fingerprint,
        statement=config.card.data or "Where the texts come from and on what terms is not stated.",
    )


def save_dataset(dataset: DatasetDict, card: str, folder: Path) -> None:
    """Save for ``datasets.load_from_disk``, the card beside it.

    Raises:
        InputError: the folder holds something already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not an empty folder; name a new one")
    try:
        dataset.save_to_disk(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
    with write_whole(folder / "README.md") as file:
        file.write(card)


def push_dataset(dataset: DatasetDict, card: str, name: str) -> None:
    """Push to the hub as a private dataset; needs a network and a login (``hf auth login``).

    Raises:
        InputError: the hub cannot be reached or refuses.
    """
    try:
        dataset.push_to_hub(name, private=True)
        DatasetCard(card).push_to_hub(name)
    except Exception as error:  # the hub's client raises from several libraries
        raise InputError(
            f"{name}: cannot be pushed ({type(error).__name__}: {error}); log in with "
            "`hf auth login`, or save a copy with --save FOLDER"
        ) from None
