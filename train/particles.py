"""Particles that Arabic writes onto the next word: و ف ب ل ك, and ل with the article as لل."""

from __future__ import annotations

from collections.abc import Iterator


def without_particles(word: str) -> Iterator[str]:
    """Yield what may be left of ``word`` without its particles, the likelier first.

    ``word`` may as well begin with these letters by itself (واشنطن, بكين, لبنان), so a reader
    first tries it whole. A single ف or ك is rare, and only taken off where a longer word stays.

    >>> list(without_particles("وللجيش"))
    ['للجيش', 'الجيش', 'اللجيش', 'لجيش']
    """
    if (word[:1] == "و" and len(word) > 2) or (word[:1] == "ف" and len(word) > 4):
        yield word[1:]
        yield from _without_preposition(word[1:])
    else:
        yield from _without_preposition(word)


def _without_preposition(word: str) -> Iterator[str]:
    if word[:2] == "لل" and len(word) > 3:
        yield "ال" + word[2:]
        yield "ا" + word  # للجنة is ل and اللجنة
        yield word[1:]
    elif (word[:1] in ("ب", "ل") and len(word) > 3) or (word[:1] == "ك" and len(word) > 5):
        yield word[1:]


def without_sure_particles(word: str) -> str:
    """Return ``word`` without the particles that can be nothing else.

    That is where the article shows behind them: والجنود, للجنود, بالجنود. Names that begin with
    these letters by nature (والد, بالمر) are short.
    """
    if (word[:3] == "وال" and len(word) > 6) or (word[:3] == "ولل" and len(word) > 5):
        word = word[1:]
    elif word[:4] == "وبال" and len(word) > 7:
        return word[2:]
    if word[:2] == "لل" and len(word) > 4:
        return "ال" + word[2:]
    if word[:3] == "بال" and len(word) > 7:
        return word[1:]
    return word
