"""Words: the units that are tagged, and the only places where a span may begin or end.

A word is a run of letters, marks and digits; a number with separators (``1.5``, ``12,000``,
``٣٫٥``) is one word; every other visible character is a word of its own, the Arabic comma ``،``
among them, which lists numbers more often than it groups digits. Tashkeel and tatweel stay inside
the word they decorate. Invisible controls (bidi marks, zero-width characters, the
byte order mark, C0 and C1 controls) neither break a word nor make one: between two letters they
are part of the word, anywhere else they belong to no word, like space.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARKS = (
    "\u0300-\u036f"  # combining diacritical marks
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff"  # Arabic tashkeel and Quranic marks
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Combining marks, as the inside of a regular-expression class."""

CONTROLS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f"
)
"""Invisible characters that are not space, as the inside of a regular-expression class."""

_LETTER = r"[^\W_]"
_WORD = re.compile(
    rf"{_LETTER}+"
    rf"(?:(?:[{MARKS}]+|(?<=\d)[{CONTROLS}]*[.,٫٬][{CONTROLS}]*(?=\d)|[{CONTROLS}]+(?=[^\W_]|[{MARKS}])){_LETTER}*)*"
    rf"|[^\s{CONTROLS}]"
)
_STOPS = frozenset(".!?؟…۔")
_CLOSING = frozenset("\"'»”’)]}›")


class Word(NamedTuple):
    """A word and its half-open code-point offsets in the text."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Split ``text`` into words in text order; ``text[word.start:word.end] == word.text``.

    >>> [word.text for word in split_words("قتل ١٢٬٠٠٠ مدنيّ، و3.5%")]
    ['قتل', '١٢٬٠٠٠', 'مدنيّ', '،', 'و3.5', '%']
    """
    return [Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]


def sentence_ends(text: str, words: list[Word]) -> list[int]:
    """Return the half-open word index at which each sentence of ``text`` ends.

    A sentence ends at a line break, and at ``. ! ? ؟ … ۔`` (with the closing marks that follow)
    where space or the text's end comes next; not at the stop of an initial or title of one
    letter (``د. محمد``). The last value is ``len(words)``; the list is empty for a text without
    words.
    """
    ends = []
    after_stop = False
    for index, word in enumerate(words):
        is_last = index + 1 == len(words)
        if word.text in _STOPS:
            after_stop = index == 0 or not _is_initial(words[index - 1].text)
        else:
            after_stop = after_stop and word.text in _CLOSING
        gap = "\n" if is_last else text[word.end : words[index + 1].start]
        if is_last or "\n" in gap or (after_stop and any(c.isspace() for c in gap)):
            ends.append(index + 1)
            after_stop = False
    return ends


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isalpha()
