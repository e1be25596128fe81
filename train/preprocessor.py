"""From text to what the encoder reads; the same code in training and in prediction.

text -> words -> normalised words -> sub-words -> windows. Words go to the tokenizer one by one,
so a word's sub-words never depend on its neighbours, and every word has at least one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tokenizers import Tokenizer

from train.normalizer import Normalizer
from train.windows import Window, plan_windows
from train.words import Word, sentence_ends, split_words

LONGEST_WORD = 1_000
"""Characters of one word that the tokenizer is given; some tokenizers need quadratic time."""
CACHE_SIZE = 200_000
"""Distinct words whose sub-words are remembered; one costs a few hundred bytes."""
CACHED_WORD = 50
"""Characters up to which a word is remembered; longer ones are rare, and could be megabytes."""


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids that the encoder expects around and beside the sub-words."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    pad: int
    unknown: int
    """Stands for a word that the tokenizer turns into nothing, such as a lone vowel mark."""

    @classmethod
    def of(cls, tokenizer: Tokenizer, pad: int, unknown: int) -> SpecialTokens:
        """Read prefix and suffix from the tokenizer's own template for one sequence.

        Raises:
            ValueError: the tokenizer turns even a common Arabic word into nothing.
        """
        probe = tokenizer.encode(["في"], is_pretokenized=True, add_special_tokens=True)
        inner = [i for i, word in enumerate(probe.word_ids) if word is not None]
        if not inner:
            raise ValueError("the tokenizer has no sub-words for Arabic")
        return cls(tuple(probe.ids[: inner[0]]), tuple(probe.ids[inner[-1] + 1 :]), pad, unknown)


@dataclass(frozen=True, slots=True)
class EncodedWindow:
    """One row for the encoder: ``input_ids``, and where in it each word's first sub-word is."""

    window: Window
    input_ids: list[int]
    heads: list[int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text, ready for the encoder."""

    words: list[Word]
    windows: list[EncodedWindow]
    substituted: int
    """Words that had no sub-word and are shown as the unknown token."""
    clipped: int
    """Words too long for a window, of which the model sees only the first sub-words."""


class Preprocessor:
    """Turns texts into windows of sub-word ids.

    Args:
        tokenizer: a fast tokenizer; truncation and padding are switched off.
        normalizer: what the model does not get to see.
        max_length: the most tokens in a window, special tokens included.
        stride: how many sub-words two windows of one sentence share.
        special: ids around and beside the sub-words.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        normalizer: Normalizer,
        max_length: int,
        stride: int,
        special: SpecialTokens,
    ):
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer = tokenizer
        self.normalizer = normalizer
        self.max_length = max_length
        self.stride = stride
        self.special = special
        self.capacity = max_length - len(special.prefix) - len(special.suffix)
        self._cache: dict[str, list[int]] = {}

    def __call__(self, text: str) -> Prepared:
        """Prepare one text of any length."""
        [prepared] = self.prepare([text], self.split([text]))
        return prepared

    def split(self, texts: Sequence[str]) -> list[list[Word]]:
        """Return the words of each text."""
        return [split_words(text) for text in texts]

    def prepare(self, texts: Sequence[str], words: Sequence[list[Word]]) -> list[Prepared]:
        """Prepare texts whose words are split already.

        All words go to the tokenizer in one call, which spreads them over the cores.
        """
        pieces = iter(self.sub_words([word.text for split in words for word in split]))
        return [
            self._prepare(text, split, list(islice(pieces, len(split))))
            for text, split in zip(texts, words, strict=True)
        ]

    def _prepare(self, text: str, words: list[Word], pieces: list[list[int]]) -> Prepared:
        substituted = sum(1 for ids in pieces if not ids)
        clipped = sum(
            1
            for word, ids in zip(words, pieces, strict=True)
            if len(ids) > self.most_sub_words or len(word.text) > LONGEST_WORD
        )
        pieces = [ids[: self.most_sub_words] or [self.special.unknown] for ids in pieces]
        plan = plan_windows(
            [len(ids) for ids in pieces], sentence_ends(text, words), self.capacity, self.stride
        )
        windows = [self._encode(window, pieces) for window in plan]
        return Prepared(words, windows, substituted, clipped)

    @property
    def most_sub_words(self) -> int:
        """The most sub-words of one word that the model sees: half a window."""
        return max(1, self.capacity // 2)

    def sub_words(self, words: Sequence[str]) -> list[list[int]]:
        """Return the sub-word ids of each word, none where the tokenizer finds nothing."""
        known = {word: self._cache[word] for word in words if word in self._cache}
        missing = [word for word in dict.fromkeys(words) if word not in known]
        if missing:
            # Of a lone tatweel or vowel mark nothing is left; the model is shown the word as it is.
            shown = [self.normalizer(w).strip() or w for w in (m[:LONGEST_WORD] for m in missing)]
            encodings = self.tokenizer.encode_batch_fast(
                [[word] for word in shown], is_pretokenized=True, add_special_tokens=False
            )
            found = {word: e.ids for word, e in zip(missing, encodings, strict=True)}
            known |= found
            if len(self._cache) + len(found) > CACHE_SIZE:
                self._cache.clear()
            self._cache.update((w, ids) for w, ids in found.items() if len(w) <= CACHED_WORD)
        return [known[word] for word in words]

    def settings(self) -> dict[str, Any]:
        """Return what, beside the tokenizer, decides how a text is prepared."""
        return {
            "normalizer": self.normalizer.to_dict(),
            "max_length": self.max_length,
            "stride": self.stride,
            "special_tokens": {
                "prefix": list(self.special.prefix),
                "suffix": list(self.special.suffix),
                "pad": self.special.pad,
                "unknown": self.special.unknown,
            },
        }

    @classmethod
    def from_settings(cls, tokenizer: Tokenizer, settings: dict[str, Any]) -> Preprocessor:
        """Build the preprocessor that :meth:`settings` describes.

        Raises:
            KeyError, TypeError: a setting is missing or unknown.
        """
        special = settings["special_tokens"]
        return cls(
            tokenizer,
            Normalizer(**settings["normalizer"]),
            settings["max_length"],
            settings["stride"],
            SpecialTokens(
                tuple(special["prefix"]),
                tuple(special["suffix"]),
                special["pad"],
                special["unknown"],
            ),
        )

    def _encode(self, window: Window, pieces: Sequence[Sequence[int]]) -> EncodedWindow:
        input_ids = list(self.special.prefix)
        heads = []
        for ids in pieces[window.first : window.last]:
            heads.append(len(input_ids))
            input_ids.extend(ids)
        input_ids.extend(self.special.suffix)
        return EncodedWindow(window, input_ids, heads)
