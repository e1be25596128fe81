"""Whole-word masking: which words of a row are hidden, and what is to be predicted.

As in BERT (https://github.com/google-research/bert, whole-word masking): of the words chosen, 80%
become mask tokens, 10% random sub-words, and 10% stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from train.blocks import Blocks
from train.dataset import IGNORED


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked batch: ``input_ids`` ``[batch, length]``; ``positions`` and ``labels``
    ``[batch, predictions]``, labels ``IGNORED`` where a row has fewer predictions than others."""

    input_ids: torch.Tensor
    positions: torch.Tensor
    labels: torch.Tensor


class WordMasker:
    """Chooses whole words and hides them.

    Args:
        mask_id: the mask token.
        special_ids: tokens that are never chosen and never stand in for others.
        vocabulary: the number of ids.
        share: the share of words to choose.
    """

    def __init__(self, mask_id: int, special_ids: list[int], vocabulary: int, share: float):
        self.mask_id = mask_id
        self.share = share
        self.is_special = torch.zeros(vocabulary, dtype=torch.bool)
        self.is_special[special_ids] = True
        self.ordinary = (~self.is_special).nonzero().flatten()

    def to(self, device: str) -> WordMasker:
        """Move the tables to a device."""
        self.is_special, self.ordinary = self.is_special.to(device), self.ordinary.to(device)
        return self

    def __call__(self, blocks: Blocks, generator: torch.Generator) -> Masked:
        """Mask the words of ``blocks`` by the draws of ``generator`` (on the same device)."""
        input_ids = blocks.input_ids.long()
        rows, length = input_ids.shape
        device = input_ids.device
        # All sub-words of a word share one draw; a row may begin inside a word, hence word 0.
        words = blocks.starts.long().cumsum(1)
        draws = torch.rand((rows, length + 1), generator=generator, device=device).gather(1, words)
        draws = draws.masked_fill(self.is_special[input_ids], 1.0)
        chosen = draws < self.share
        # A draw below the share is uniform below it: the same draw says what becomes of the word.
        random_ids = self.ordinary[
            torch.randint(len(self.ordinary), (rows, length), generator=generator, device=device)
        ]
        hidden = input_ids.masked_fill(draws < 0.8 * self.share, self.mask_id)
        replaced = (draws >= 0.8 * self.share) & (draws < 0.9 * self.share)
        hidden = torch.where(replaced, random_ids, hidden)
        # As many predictions in every row keep shapes fixed; half as many again as are expected
        # leaves out next to none.
        predictions = min(length, math.ceil(1.5 * self.share * length) + 4)
        positions = draws.topk(predictions, dim=1, largest=False).indices
        labels = input_ids.gather(1, positions).masked_fill(~chosen.gather(1, positions), IGNORED)
        return Masked(hidden, positions, labels)
