"""One key for the many spellings of a word, for look-ups.

A folded word is never shown to anybody, and folding does not keep offsets: whoever needs the
place of a word in a text finds it in the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from train.words import CONTROLS, MARKS

_DROPPED = re.compile(f"[{MARKS}{CONTROLS}\u0640]")
_SAME = str.maketrans(
    {
        **dict.fromkeys("أإآٱٲٳٵ", "ا"),
        **dict.fromkeys("ىیۍېے", "ي"),
        **dict.fromkeys("ةۀہۂۃەھ", "ه"),
        "ک": "ك",
        "ڪ": "ك",
    }
)
# Where decimal digits, marks, spaces, controls and Arabic forms live; walking all of Unicode would
# cost a quarter of a second at each start.
_BLOCKS = (
    range(0x3001),
    range(0xA620, 0xAC00),
    range(0xFB50, 0x10000),
    range(0x104A0, 0x12000),
    range(0x16A60, 0x16E00),
    range(0x1CCF0, 0x1CD00),
    range(0x1D7CE, 0x1D800),
    range(0x1E140, 0x1E960),
    range(0x1FBF0, 0x1FC00),
    range(0xE0000, 0xE0080),
)
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.,٫٬](?=\d)[^\W_]+)*")


def fold(text: str) -> str:
    """Return ``text`` in the spelling that look-ups use.

    Tashkeel, tatweel, combining marks (a hamza or madda among them) and invisible controls are
    dropped. Every alef becomes ``ا``, alef maqsura and Persian ya ``ي``, taa marbuta ``ه``, every
    decimal digit of any script 0-9, an ASCII capital its small letter, every space but the line
    break U+0020; presentation forms become plain letters. The hamza of ``ء``, ``ؤ`` and ``ئ``
    stays, since it tells words apart; where a newspaper leaves it out, the word list says so.

    >>> fold("إصابةُ ١٥ جنديـاً")
    'اصابه 15 جنديا'
    """
    return text.translate(FOLDED)


def fold_words(text: str) -> list[str]:
    """Return the folded words of ``text``; a number with separators is one word.

    >>> fold_words("«الدولة الإسلامية» (12,000)")
    ['الدوله', 'الاسلاميه', '12,000']
    """
    return _WORD.findall(text.translate(FOLDED))


def _table() -> dict[int, str]:
    """Return what each character becomes, for one call of ``str.translate``.

    Plain ASCII and Arabic letters are listed too: a miss costs ``translate`` more than a hit.
    """
    table = {}
    for character in map(chr, chain.from_iterable(_BLOCKS)):
        folded = character
        if _DROPPED.match(character):
            folded = ""
        elif character.isdecimal():
            folded = str(unicodedata.decimal(character))
        elif character.isspace():
            folded = character if character in "\n\r\t" else " "
        elif "\ufb50" <= character <= "\ufeff":
            folded = _DROPPED.sub("", unicodedata.normalize("NFKC", character)).translate(_SAME)
        else:
            folded = character.lower() if character.isascii() else character.translate(_SAME)
        if folded != character or character.isascii() or "\u0600" <= character < "\u0700":
            table[ord(character)] = folded
    return table


FOLDED = _table()
"""What each character becomes, for ``str.translate`` where a call more is one too many."""
