"""How unsure a tagger is of a text: the chance that something in it is marked wrongly.

Least confidence (Culotta and McCallum 2005, "Reducing labeling effort for structured prediction
tasks"): one less the probability of the best sequence. Here it is made of what can go wrong once
each: every mention that is marked, which holds with its score, and every word outside of mentions,
which begins none with one less the chance of its ``B`` tags. That counts a mention of five words
once and not five times, and where the model is calibrated its score is the chance to be right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.document import Span
from train.tags import Logits, TagSet
from train.words import Word

_LEAST = 1e-6
"""A certainty of nothing at all would outweigh a whole text."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """How unsure the tagger is of one text, and of which place the most."""

    surprise: float
    """The negative logarithm of the chance that all is right; unlike the chance, it also tells
    texts apart of which hardly one is all right."""
    place: Span | None
    """The least sure mention, with its score; or the word that was nearly one, with the chance
    that a mention of its label begins there. None where the text has no word."""
    is_marked: bool
    """Whether the place is marked by the tagger."""

    @property
    def chance(self) -> float:
        """The chance that something is wrong, between 0 and 1."""
        return 1.0 - math.exp(-self.surprise)

    def told(self, text: str) -> str:
        """Return in words why a person should look at the text."""
        if self.place is None:
            return "no word"
        surface = text[self.place.start : self.place.end]
        score = self.place.score or 0.0
        if self.is_marked:
            least = f"least sure of [{surface}]({self.place.label}) {score:.2f}"
        else:
            least = f"nearly marked [{surface}]({self.place.label}) {score:.2f}"
        return f"{self.chance:.0%} chance of a mistake; {least}"


class DoubtfulTags(TagSet):
    """A tag set that also notes the doubt of each text it decodes, in their order."""

    def __init__(self, labels: Sequence[str], temperature: float = 1.0):
        super().__init__(labels, temperature)
        self.doubts: list[Doubt] = []
        self._begins = [index for index, name in enumerate(self.names) if name[0] == "B"]

    def decode(self, words: Sequence[Word], logits: Logits) -> tuple[Span, ...]:
        """Return the spans as :meth:`TagSet.decode` does, and note the doubt."""
        spans = super().decode(words, logits)
        self.doubts.append(self._doubt(words, logits, spans))
        return spans

    def _doubt(self, words: Sequence[Word], logits: Logits, spans: Sequence[Span]) -> Doubt:
        if not len(words):
            return Doubt(0.0, None, False)
        scaled = logits / np.float32(self.temperature)
        chances = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        begins = chances[:, self._begins] / chances.sum(axis=1, keepdims=True)
        free = np.ones(len(words), bool)
        starts = np.array([word.start for word in words])
        for span in spans:
            free[np.searchsorted(starts, span.start) : np.searchsorted(starts, span.end)] = False
        begun = np.where(free, begins.sum(axis=1), 0.0)
        sure = [max(_LEAST, span.score or 0.0) for span in spans]
        surprise = -float(np.log(np.maximum(1.0 - begun, _LEAST)).sum()) - sum(map(math.log, sure))
        word = int(begun.argmax())
        if spans and min(sure) <= 1.0 - begun[word]:
            return Doubt(surprise, spans[sure.index(min(sure))], True)
        label = self.labels[int(begins[word].argmax())]
        nearly = Span(words[word].start, words[word].end, label, float(begins[word].max()))
        return Doubt(surprise, nearly, False)
