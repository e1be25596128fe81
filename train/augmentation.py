"""More training sentences from those that are there: other mentions, other spelling habits.

Copies are added to the training split alone; what they are made of is annotated, so the copies
need no annotation. Every choice depends on the seed and the text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from train.config import AugmentationConfig
from train.document import Document, Span, check_spans

CLITICS = "وفبلك"
"""Letters that may be attached particles. A replacement opens with the same one, or with none."""
HABITS = (
    {"أ": "ا", "إ": "ا", "آ": "ا"},
    {"ة": "ه"},
    {"ى": "ي"},
    {"ؤ": "و", "ئ": "ي"},
    dict(zip("0123456789", "٠١٢٣٤٥٦٧٨٩", strict=True)),
)
"""What hasty writers put for a letter; each is one code point, so offsets stay."""
FINAL_YA = ("ي", "ى")


SEED = 13
"""Copies are part of the data, which the seeds of a run share."""


def augment(documents: Sequence[Document], config: AugmentationConfig) -> list[Document]:
    """Return the copies that a config asks for."""
    return [
        *replace_mentions(documents, config.mentions, SEED),
        *misspell(documents, config.spelling, SEED),
    ]


def replace_mentions(documents: Sequence[Document], share: float, seed: int) -> list[Document]:
    """Return copies of a ``share`` of the documents with half of their mentions exchanged.

    A mention is exchanged for another of its label that opens with the same particle, if any
    (Dai and Adel, arXiv 2010.11683).
    """
    pool: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        for span in document.spans:
            mention = document.text[span.start : span.end]
            pool.setdefault((span.label, _clitic(mention)), []).append(mention)
    copies = []
    for document in documents:
        draw = random.Random(f"{seed}:{document.text}")  # noqa: S311
        if not document.spans or draw.random() >= share:
            continue
        text: list[str] = []
        spans: list[Span] = []
        end = length = 0
        for span in document.spans:
            mention = document.text[span.start : span.end]
            if draw.random() < 0.5:
                mention = draw.choice(pool[span.label, _clitic(mention)])
            between = document.text[end : span.start]
            text += [between, mention]
            length += len(between)
            spans.append(Span(length, length + len(mention), span.label))
            length += len(mention)
            end = span.end
        text.append(document.text[end:])
        copy = replace(
            document, id=f"{document.id}+mentions", text="".join(text), spans=tuple(spans)
        )
        # Where a word is glued to a mention, another mention could grow together with it.
        if copy.text != document.text and not any(check_spans(copy.text, copy.spans, None, "")):
            copies.append(copy)
    return copies


def misspell(documents: Sequence[Document], share: float, seed: int) -> list[Document]:
    """Return copies of a ``share`` of the documents with the habits of hasty spelling.

    A copy has one to all of the habits: letters without hamza, final ta marbuta as ha, ya and
    alef maqsura mixed up, Arabic-Indic digits. Offsets stay as they are.
    """
    copies = []
    for document in documents:
        draw = random.Random(f"{seed}:{document.text}")  # noqa: S311
        if draw.random() >= share:
            continue
        habits: dict[str, str] = {}
        for habit in HABITS:
            habits |= habit if draw.random() < 0.7 else {}
        swap = draw.random() < 0.3
        letters = [habits.get(letter, letter) for letter in document.text]
        for index, letter in enumerate(document.text):
            last = index + 1 == len(letters) or not document.text[index + 1].isalpha()
            if swap and last and letter in FINAL_YA:
                letters[index] = FINAL_YA[letter == FINAL_YA[0]]
        text = "".join(letters)
        if text != document.text:
            copies.append(replace(document, id=f"{document.id}+spelling", text=text))
    return copies


def _clitic(mention: str) -> str:
    return mention[0] if mention[0] in CLITICS else ""
