"""Annotated documents as a Hugging Face ``DatasetDict``, and what training would lose of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from train.config import DataConfig
from train.corpus import fingerprint, read_corpus
from train.document import Document, check_ids
from train.errors import ConfigError, DataError
from train.preprocessor import Prepared, Preprocessor
from train.standoff import Standoff, read_standoff
from train.tags import TagSet
from train.words import split_words

IGNORED = -100
"""The label of positions that do not count in the loss, as in torch and transformers."""


@dataclass(frozen=True, slots=True)
class Splits:
    """The documents of each split, and what is worth knowing about how they came about."""

    train: list[Document]
    validation: list[Document]
    test: list[Document]
    notes: tuple[str, ...]

    def items(self) -> list[tuple[str, list[Document]]]:
        """Return the splits that are not empty, by their Hugging Face names."""
        named = [("train", self.train), ("validation", self.validation), ("test", self.test)]
        return [(name, documents) for name, documents in named if documents]

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of all splits."""
        digests = [fingerprint(part) for part in (self.train, self.validation, self.test)]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def read_splits(config: DataConfig, labels: Sequence[str]) -> Splits:
    """Read the files that a config names.

    Raises:
        ConfigError: no training file is there, or nothing is left to train or validate on.
        DataError, InputError: a file is faulty or missing.
    """
    present = [path for path in config.train_if_present if Path(path).exists()]
    notes = [
        f"{path} is not here; this run trains without it"
        for path in config.train_if_present
        if path not in present
    ]
    train = read_corpus([*config.train, *present], labels)
    if config.standoff:
        standoff = read_standoff(config.standoff, config.texts_if_present, labels)
        faults = check_ids(
            [
                *(("data.train", d.id) for d in train),
                *((", ".join(config.standoff), d.id) for d in standoff.documents),
            ]
        )
        train += standoff.documents
        notes.extend(_standoff_notes(config, standoff))
        if again := list(faults):
            raise DataError(again)
    if not train:
        raise ConfigError(
            "data: no training file is here, of "
            + ", ".join([*config.train_if_present, *config.texts_if_present])
        )
    if config.validation:
        validation = read_corpus(config.validation, labels)
    else:
        held_out = {d.id for d in train if _draw(d.text) < config.validation_share}
        validation = [d for d in train if d.id in held_out]
        train = [d for d in train if d.id not in held_out]
        if not train or not validation:
            raise ConfigError(
                f"data: {len(train) + len(validation)} documents are too few to hold "
                f"{config.validation_share:.0%} out; name files in data.validation"
            )
    test = read_corpus(config.test, labels) if config.test else []
    seen = {_normal(d.text) for d in train}
    for name, documents in (("validation", validation), ("test", test)):
        shared = sum(_normal(d.text) in seen for d in documents)
        if shared:
            notes.append(
                f"{shared} of {len(documents)} {name} texts also stand in the training data; "
                f"the {name} score flatters"
            )
    for path in config.report_if_present:
        if Path(path).exists():  # read now, so that a fault shows before hours are spent
            documents = read_corpus([path], labels)
            if shared := sum(_normal(d.text) in seen for d in documents):
                notes.append(
                    f"{shared} of {len(documents)} texts of {path} also stand in the training "
                    "data; its score flatters"
                )
    return Splits(train, validation, test, tuple(notes))


def _standoff_notes(config: DataConfig, standoff: Standoff) -> Iterator[str]:
    if standoff.missing:
        yield (
            f"{len(standoff.missing)} of the {standoff.total} sentences of "
            f"{', '.join(config.standoff)} have no text here (looked in "
            f"{', '.join(config.texts_if_present)}); this run trains without them. "
            "scripts/fetch_newswire.py fetches them"
        )
    if standoff.changed:
        yield (
            f"{len(standoff.changed)} sentences of {', '.join(config.standoff)} have another text "
            f"here than the annotated one, such as {standoff.changed[0]}; this run trains "
            "without them"
        )


def build_dataset(splits: Splits, labels: Sequence[str]) -> DatasetDict:
    """Return the splits as a ``DatasetDict`` with a ``ClassLabel`` tag for each word.

    Columns: ``id``, ``text``, ``words``, the words' half-open offsets ``starts`` and ``ends``
    (code points), and ``tags`` (IOB2).
    """
    tags = TagSet(labels)
    features = Features(
        {
            "id": Value("string"),
            "text": Value("string"),
            "words": List(Value("string")),
            "starts": List(Value("int32")),
            "ends": List(Value("int32")),
            "tags": List(ClassLabel(names=list(tags.names))),
        }
    )
    return DatasetDict(
        {
            name: Dataset.from_list([_row(d, tags) for d in documents], features=features)
            for name, documents in splits.items()
        }
    )


@dataclass(slots=True)
class Losses:
    """What of a corpus the encoder cannot see as it stands; all zero is the aim."""

    documents: int = 0
    spans: int = 0
    windows: int = 0
    spans_cut_by_windows: int = 0
    """Spans that no single window holds whole; their words are still trained on."""
    words_without_sub_words: int = 0
    words_clipped: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.documents} documents, {self.spans} spans, {self.windows} windows; lost: "
            f"{self.spans_cut_by_windows} spans cut by windows, "
            f"{self.words_without_sub_words} words without sub-words, "
            f"{self.words_clipped} words longer than half a window"
        )


def training_rows(
    dataset: Dataset, preprocessor: Preprocessor, losses: Losses, all_sub_words: bool = False
) -> Dataset:
    """Return one row for each window of a split: ``input_ids``, ``labels`` and ``length``.

    A word's tag stands at its first sub-word, and with ``all_sub_words`` at the others too (I
    behind B); every other position is ``IGNORED``, as are the words that another window owns, so
    that every word is learnt once. ``losses`` is added to.
    """
    return Dataset.from_list(list(_windows(dataset, preprocessor, losses, all_sub_words)))


def _windows(
    dataset: Dataset, preprocessor: Preprocessor, losses: Losses, all_sub_words: bool
) -> Iterator[dict[str, Any]]:
    names = dataset.features["tags"].feature.names
    tags = TagSet([name[2:] for name in names[1::2]])  # behind O, each label stands as B and as I
    for row in dataset:
        prepared = preprocessor(row["text"])
        if [word.start for word in prepared.words] != row["starts"]:
            raise ValueError(f"document {row['id']!r}: its words are not those of its text")
        _account(prepared, tags.runs(row["tags"]), losses)
        for encoded in prepared.windows:
            window = encoded.window
            labels = [IGNORED] * len(encoded.input_ids)
            ends = [*encoded.heads[1:], len(encoded.input_ids) - len(preprocessor.special.suffix)]
            for word in range(window.owned_first, window.owned_last):
                head, tag = encoded.heads[word - window.first], row["tags"][word]
                labels[head] = tag
                if all_sub_words:
                    rest = range(head + 1, ends[word - window.first])
                    inside = tag + tag % 2  # in the order O, B, I, B, I a B is odd, its I the next
                    for position in rest:
                        labels[position] = inside
            yield {
                "input_ids": encoded.input_ids,
                "labels": labels,
                "length": len(encoded.input_ids),
            }


def _account(prepared: Prepared, runs: list[tuple[int, int, str]], losses: Losses) -> None:
    windows = [encoded.window for encoded in prepared.windows]
    losses.documents += 1
    losses.spans += len(runs)
    losses.windows += len(windows)
    losses.spans_cut_by_windows += sum(
        not any(w.first <= first and last <= w.last for w in windows) for first, last, _ in runs
    )
    losses.words_without_sub_words += prepared.substituted
    losses.words_clipped += prepared.clipped


def _row(document: Document, tags: TagSet) -> dict[str, Any]:
    words = split_words(document.text)
    return {
        "id": document.id,
        "text": document.text,
        "words": [word.text for word in words],
        "starts": [word.start for word in words],
        "ends": [word.end for word in words],
        "tags": tags.encode(words, document.spans),
    }


def _draw(text: str) -> float:
    """A number in [0, 1) that depends on the text alone, so that a split is stable."""
    return (
        int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big") / 2**32
    )


def _normal(text: str) -> str:
    return " ".join(word.text for word in split_words(text))
