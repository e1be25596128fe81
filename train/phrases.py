"""Phrases as a lexicon looks them up: one key for all the ways in which a phrase is written.

On top of :func:`train.folding.fold` (tashkeel, tatweel, hamza, ى, ة, digits) a key drops quotes,
brackets and hyphens, joins عبد and أبو to the word behind them, and holds one case of the sound
plural (مسلحون, مسلحين) and of أبو, since Arabic inflects them inside a sentence. Keys are for
look-ups only: nobody is shown one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.folding import fold

_BREAKS = re.compile(r"[^\w \n]+")
_SPACES = re.compile(" {2,}")
_ABD = re.compile(r"\b([وفبلك]?عبد) (?=\w)")
_ABU = re.compile(r"\b([وفبلك]?)اب(?:[او]|ي(?! احمد\b)) (?=\w)")  # not Ethiopia's آبي أحمد
_IBN = re.compile(r"\bابن\b")
_PLURAL = re.compile(r"(?<=\w\w\w)(?<!ها)ون\b")  # not الهاون, the mortar


def phrase_key(text: str) -> str:
    """Return the look-up key of ``text``: its words, parted by single spaces; may be empty.

    >>> phrase_key("«الحوثيّون»") == phrase_key("الحوثيين")
    True
    >>> phrase_key("عبدالله صالح") == phrase_key("عبد الله صالح")
    True
    """
    return _key(text.replace("\n", " ")).strip()


def phrase_keys(texts: Sequence[str]) -> list[str]:
    """Return the :func:`phrase_key` of each text, in less time than one by one."""
    lines = "\n".join(texts)
    if lines.count("\n") != len(texts) - 1:
        return list(map(phrase_key, texts))
    return [line.strip() for line in _key(lines).split("\n")]


def _key(text: str) -> str:
    """Return the keys of the lines of ``text``, with a space before and behind some of them."""
    key = _BREAKS.sub(" ", fold(text).replace("_", " ")).lower()
    if "  " in key:
        key = _SPACES.sub(" ", key)
    if "عبد " in key:
        key = _ABD.sub(r"\1", key)
    if "اب" in key:
        key = _IBN.sub("بن", _ABU.sub(r"\1ابو", key))
    if "ون" in key:
        key = _PLURAL.sub("ين", key)
    return key


def bare(word: str) -> str:
    """Return a word of a key without its article, where two letters stay."""
    return word[2:] if len(word) > 3 and word.startswith("ال") else word


def bare_key(key: str) -> str:
    """Return a key without the articles of its words."""
    return " ".join(map(bare, key.split(" "))) if "ال" in key else key
