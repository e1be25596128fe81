"""A choice that is good and varied: maximal marginal relevance over hashed character n-grams.

Carbonell and Goldstein 1998, "The use of MMR": what is chosen next is the best of half its own
worth less half its likeness to the most similar one that is chosen already.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from train.folding import fold_words

DIMENSIONS = 2048
N_GRAM = 4
WEIGHT = 0.5
"""How much worth counts; likeness has the rest."""

Vectors = npt.NDArray[np.float32]


def vectors(texts: Sequence[str]) -> Vectors:
    """Return a vector of length 1 for each text, ``[texts, DIMENSIONS]``, the same in every run.

    Its dimensions are the hashes of character 4-grams of folded words with their borders: of an
    Arabic word they hold the stem, whatever particle is joined to it. Each counts once a text, and
    the less the more texts have it (idf). A text without words has zeros.
    """
    rows = []
    frequency = np.zeros(DIMENSIONS)
    for text in texts:
        grams = {gram for word in fold_words(text) for gram in _grams(f" {word} ")}
        row = np.array(
            sorted({zlib.crc32(gram.encode("utf-8", "replace")) % DIMENSIONS for gram in grams}),
            np.intp,
        )
        frequency[row] += 1
        rows.append(row)
    weights = np.log((1 + len(rows)) / (1 + frequency)) + 1
    result = np.zeros((len(rows), DIMENSIONS), np.float32)
    for index, row in enumerate(rows):
        if len(row):
            result[index, row] = weights[row] / math.sqrt(float((weights[row] ** 2).sum()))
    return result


def choose(
    worth: Sequence[float], of: Vectors, wanted: int, accept: Callable[[int], bool]
) -> list[int]:
    """Return up to ``wanted`` indices in the order of their maximal marginal relevance.

    Args:
        worth: what each is worth. Only the order counts; of equals the first goes first.
        of: their vectors.
        wanted: how many.
        accept: is asked of each that is about to be chosen; one that it refuses is left out.
    """
    count = len(worth)
    order = np.argsort(-np.asarray(worth, float), kind="stable")
    rank = np.empty(count)
    rank[order] = np.arange(count, 0, -1) / max(1, count)
    value = WEIGHT * rank
    likeness = np.zeros(count, np.float32)
    chosen: list[int] = []
    left = count
    while left and len(chosen) < wanted:
        index = int(value.argmax())
        value[index] = -np.inf
        left -= 1
        if accept(index):
            chosen.append(index)
            likeness = np.maximum(likeness, of @ of[index])
            open_ = np.isfinite(value)
            value[open_] = WEIGHT * rank[open_] - (1 - WEIGHT) * likeness[open_]
    return chosen


def _grams(word: str) -> Iterator[str]:
    for start in range(max(1, len(word) - N_GRAM + 1)):
        yield word[start : start + N_GRAM]
