"""Windows: the stretches of words that the encoder reads at once.

A sentence that fits is one window. A longer one is covered by windows that overlap by about
``stride`` sub-words, and each word is read from the window that gives it the most context, so a
span in an overlap comes out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Window:
    """Words ``first`` to ``last`` (half-open); ``owned_first`` to ``owned_last`` are read from it.

    The owned ranges of a text's windows follow each other without gap or overlap.
    """

    first: int
    last: int
    owned_first: int
    owned_last: int


def plan_windows(
    costs: Sequence[int], sentence_ends: Sequence[int], capacity: int, stride: int
) -> list[Window]:
    """Cover all words with windows of at most ``capacity`` sub-words.

    Args:
        costs: the number of sub-words of each word, each from 1 to ``capacity``.
        sentence_ends: the word index behind each sentence, ascending, the last ``len(costs)``.
        capacity: sub-words in a window, special tokens not counted.
        stride: sub-words that two windows of one sentence share, at least as far as whole words
            allow, below ``capacity`` (the name is that of Hugging Face tokenizers).

    Raises:
        ValueError: a word costs more than ``capacity``, or ``stride`` is not below it.
    """
    if not 0 <= stride < capacity:
        raise ValueError(f"stride {stride} is not between 0 and the capacity {capacity}")
    if costs and max(costs) > capacity:
        raise ValueError(f"a word of {max(costs)} sub-words is over the capacity {capacity}")
    total = [0, *accumulate(costs)]
    windows: list[Window] = []
    begin = 0
    for end in sentence_ends:
        ranges = _ranges(total, begin, end, capacity, stride)
        # Two windows meet in the middle of what they share: there, both lack as little context.
        borders = [begin, *((a[1] + b[0] + 1) // 2 for a, b in pairwise(ranges)), end]
        windows.extend(
            Window(first, last, owned_first, owned_last)
            for (first, last), (owned_first, owned_last) in zip(
                ranges, pairwise(borders), strict=True
            )
        )
        begin = end
    return windows


def _ranges(
    total: Sequence[int], begin: int, end: int, capacity: int, stride: int
) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    first = last = begin
    while last < end:
        while last < end and total[last + 1] - total[first] <= capacity:
            last += 1
        ranges.append((first, last))
        if last < end:
            # Step back until the overlap would outgrow the stride or leave no room to go on.
            room = min(stride, capacity - (total[last + 1] - total[last]))
            first = last
            while total[last] - total[first - 1] <= room:
                first -= 1
    return ranges
