"""IOB2 tags: from spans to one tag a word, and from scores back to spans.

The scheme is data. ``ALLOWED`` says which kind of tag may follow which, and every decoded
sequence obeys it, so no illegal sequence leaves the tagger.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from train.document import Span
from train.words import Word

Logits = npt.NDArray[np.float32]

ALLOWED = frozenset(
    # (kind before, kind after, whether both carry the same label; None where one is O)
    {
        ("O", "O", None),
        ("O", "B", None),
        ("B", "O", None),
        ("B", "B", True),
        ("B", "B", False),
        ("B", "I", True),
        ("I", "O", None),
        ("I", "B", True),
        ("I", "B", False),
        ("I", "I", True),
    }
)
"""The transitions of IOB2 (Ramshaw and Marcus 1995, in the variant of CoNLL-2002)."""
MAY_START = frozenset({"O", "B"})


class TagSet:
    """The tags of a label set: ``O``, then ``B-X`` and ``I-X`` for each label in order.

    Args:
        labels: what spans are marked with.
        temperature: what logits are divided by for the scores of spans; see
            :class:`train.calibration.Calibration`. It does not change which spans there are.
    """

    def __init__(self, labels: Sequence[str], temperature: float = 1.0):
        self.labels = tuple(labels)
        self.temperature = temperature
        self.names = ("O", *(f"{kind}-{label}" for label in self.labels for kind in "BI"))
        self._index = {name: index for index, name in enumerate(self.names)}

    @cached_property
    def transitions(self) -> npt.NDArray[np.bool_]:
        """Which tag (column) may follow which (row), ``[tags, tags]``."""
        allowed = [[self._may_follow(a, b) for b in self.names] for a in self.names]
        return np.array(allowed, dtype=bool)

    @cached_property
    def starts(self) -> npt.NDArray[np.bool_]:
        """Which tags may open a sequence, ``[tags]``."""
        return np.array([name[0] in MAY_START for name in self.names], dtype=bool)

    def encode(self, words: Sequence[Word], spans: Sequence[Span]) -> list[int]:
        """Return the tag index of each word.

        The spans must lie on word borders and not overlap, as
        :func:`train.document.check_spans` ensures.

        Raises:
            ValueError: a span has an unknown label or covers no whole word.
        """
        tags = [0] * len(words)
        first = 0
        for span in sorted(spans):
            if span.label not in self.labels:
                raise ValueError(f"label {span.label!r} is not one of {', '.join(self.labels)}")
            while first < len(words) and words[first].start < span.start:
                first += 1
            index = first
            while index < len(words) and words[index].end <= span.end:
                tags[index] = self._index[("B-" if index == first else "I-") + span.label]
                index += 1
            if index == first:
                raise ValueError(f"span [{span.start}, {span.end}) covers no whole word")
            first = index
        return tags

    def decode(self, words: Sequence[Word], logits: Logits) -> tuple[Span, ...]:
        """Return the spans of the most probable legal tag sequence.

        ``logits`` is ``[words, tags]``. A span's score is the smallest of the probabilities that
        its border and label rest on: of each of its words' tags, and of the word behind it not
        going on. Of all legal sequences one temperature for all words keeps the order, so the
        sequence is that of the logits as they are.
        """
        if len(words) != len(logits):
            raise ValueError(f"{len(words)} words but {len(logits)} rows of logits")
        if not len(words):
            return ()
        log_probabilities = _log_softmax(logits)
        tags = self.best_path(log_probabilities)
        if self.temperature != 1.0:
            log_probabilities = _log_softmax(logits / np.float32(self.temperature))
        probabilities = np.exp(log_probabilities)
        spans = []
        for first, last, label in self.runs(tags):
            scores = [probabilities[i, tags[i]] for i in range(first, last)]
            if last < len(words):
                scores.append(1.0 - probabilities[last, self._index[f"I-{label}"]])
            score = float(max(0.0, min(scores)))
            spans.append(Span(words[first].start, words[last - 1].end, label, score))
        return tuple(spans)

    def best_path(self, log_probabilities: Logits) -> list[int]:
        """Return the legal tag sequence with the largest sum, by the Viterbi algorithm.

        ``log_probabilities`` is ``[words, tags]``. Ties go to the tag that comes first.
        """
        greedy = log_probabilities.argmax(axis=1)
        if self.starts[greedy[0]] and self.transitions[greedy[:-1], greedy[1:]].all():
            return [int(tag) for tag in greedy]  # the best of all sequences is already legal
        penalty = np.where(self.transitions, 0.0, -np.inf)
        score = np.where(self.starts, log_probabilities[0], -np.inf)
        back = np.zeros(log_probabilities.shape, dtype=np.intp)
        for index in range(1, len(log_probabilities)):
            paths = score[:, None] + penalty
            back[index] = paths.argmax(axis=0)
            score = paths.max(axis=0) + log_probabilities[index]
        path = [int(score.argmax())]
        for index in range(len(log_probabilities) - 1, 0, -1):
            path.append(int(back[index, path[-1]]))
        return path[::-1]

    def runs(self, tags: Sequence[int]) -> list[tuple[int, int, str]]:
        """Return ``(first word, word behind the last, label)`` of each mention of legal tags."""
        runs: list[tuple[int, int, str]] = []
        for index, tag in enumerate(tags):
            name = self.names[tag]
            if name[0] == "B":
                runs.append((index, index + 1, name[2:]))
            elif name[0] == "I":
                first, last, label = runs.pop()
                runs.append((first, last + 1, label))
        return runs

    def _may_follow(self, before: str, after: str) -> bool:
        same = None if "O" in (before, after) else before[2:] == after[2:]
        return (before[0], after[0], same) in ALLOWED


def _log_softmax(logits: Logits) -> Logits:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Logits = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
