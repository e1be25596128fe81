"""Near-duplicates: texts that share most of their runs of three words.

News repeats itself with a word changed here and there. Two texts are near-duplicates if more than
half of the runs of three words of the shorter one stand in the other as well, in whatever spelling
(shingles of words, Broder 1997, with the containment of the smaller set). Texts of fewer than
:data:`FEW_WORDS` words, of which a shared run says nothing, must be the same word for word.
"""

from __future__ import annotations

from collections import Counter

from train.folding import fold_words

RUN = 3
FEW_WORDS = 5
SHARE = 0.5


class NearDuplicates:
    """Texts that are remembered, and whether another is a near-duplicate of one of them."""

    def __init__(self) -> None:
        self._holders: dict[str, list[int]] = {}
        """By run, the numbers of the texts that have it."""
        self._runs: list[int] = []
        """How many runs each text has."""
        self._short: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, text: str) -> None:
        """Remember a text; it has the next number, from 0."""
        number, words = len(self._runs), fold_words(text)
        runs = _runs(words)
        self._runs.append(len(runs))
        if len(words) < FEW_WORDS:
            self._short.setdefault(" ".join(words), number)
        for run in runs:
            self._holders.setdefault(run, []).append(number)

    def find(self, text: str) -> int | None:
        """Return the number of a remembered text that is nearest to ``text``, if one is near."""
        words = fold_words(text)
        if len(words) < FEW_WORDS:
            return self._short.get(" ".join(words))
        runs = _runs(words)
        shared = Counter(number for run in runs for number in self._holders.get(run, ()))
        best: tuple[float, int] | None = None
        for number, count in shared.items():
            share = count / min(len(runs), self._runs[number])
            if share > SHARE and (best is None or (-share, number) < best):
                best = (-share, number)
        return None if best is None else best[1]


def _runs(words: list[str]) -> set[str]:
    """Return the runs of a text; one of too few words has none."""
    if len(words) < FEW_WORDS:
        return set()
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
