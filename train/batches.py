"""Batches: which windows go through the model together."""

from __future__ import annotations

from collections.abc import Sequence


def plan_batches(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group sequences of similar length into batches; return the indices of each.

    A padded batch costs its longest sequence times its size. No batch costs more than
    ``max_tokens`` unless it is a single sequence. Every index comes back exactly once.

    >>> plan_batches([3, 10, 4, 9], max_tokens=20)
    [[1, 3], [2, 0]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        # Longest first, so that the first of a batch sets its width.
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
