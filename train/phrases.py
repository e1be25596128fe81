"""Phrases as a lexicon looks them up: one key for all the ways in which a phrase is written.

On top of :func:`train.folding.fold` (tashkeel, tatweel, hamza, ى, ة, digits) a key drops quotes,
brackets and hyphens, joins عبد and أبو to the word behind them, and holds one case of the sound
plural (مسلحون, مسلحين) and of أبو, since Arabic inflects them inside a sentence. Keys are for
look-ups only: nobody is shown one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from train.folding import fold

_BREAKS = re.compile(r"[^\w \n]+")
# These begin with plain letters, and look back from behind them, since that is several times as
# fast as looking at each border of a word.
_ABD = re.compile(r"عبد (?=\w)(?:(?<=\bعبد )|(?<=\b[وفبلك]عبد ))")
_ABU = re.compile(  # not Ethiopia's آبي أحمد
    r"اب(?:[او]|ي(?! احمد\b)) (?=\w)(?:(?<=\bاب[اوي] )|(?<=\b[وفبلك]اب[اوي] ))"
)
_IBN = re.compile(r"ابن\b(?<=\bابن)")
_PLURAL = re.compile(r"ون\b(?<=\w\w\wون)(?<!هاون)")  # not الهاون, the mortar
_ARTICLE = re.compile(r"ال(?=[^ \n]{2})(?<![^ \n]ال)")


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
    while "  " in key:
        key = key.replace("  ", " ")
    if "عبد " in key:
        key = _ABD.sub("عبد", key)
    if "اب" in key:
        key = _IBN.sub("بن", _ABU.sub("ابو", key))
    if "ون" in key:
        key = _PLURAL.sub("ين", key)
    return key


def bare(word: str) -> str:
    """Return a word of a key without its article, where two letters stay."""
    return word[2:] if len(word) > 3 and word.startswith("ال") else word


def bare_key(key: str) -> str:
    """Return a key without the articles of its words."""
    return _ARTICLE.sub("", key) if "ال" in key else key


def bare_keys(keys: Collection[str]) -> list[str]:
    """Return the :func:`bare_key` of each key, in less time than one by one."""
    return bare_key("\n".join(keys)).split("\n") if keys else []
