"""Batches: which windows go through the model together."""

from __future__ import annotations

from collections.abc import Sequence


def plan_batches(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group sequences of equal length into batches; return the indices of each.

    Nothing is padded: a batch costs its length times its size. No batch costs more than
    ``max_tokens`` unless it is a single sequence. Every index comes back exactly once; the longest
    come first, so that the last batches, which some cores wait for, are short.

    >>> plan_batches([3, 9, 3, 9, 3], max_tokens=20)
    [[1, 3], [0, 2, 4]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        length = lengths[index]
        if (
            batches
            and lengths[batches[-1][0]] == length
            and length * (len(batches[-1]) + 1) <= max_tokens
        ):
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
