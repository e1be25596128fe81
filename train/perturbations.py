"""The same text as another keyboard, typist, scanner or web page would have given it.

A perturbation says for every code point of a text what becomes of it: nothing, itself, another
letter, or several characters. The spans move by the same list, so they stay exact whatever it is.
What a reader would still mark is marked: no perturbation joins a mention to a word outside it.

Spelling habits are those of :data:`train.augmentation.HABITS`. Noise is drawn per document from
its text and a seed; neither other documents nor their order play a part. After the checklist tests
of Ribeiro et al. (ACL 2020) and the synthetic noise of Belinkov and Bisk (ICLR 2018).
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from train.augmentation import FINAL_YA, HABITS
from train.document import Document, Span, check_spans
from train.words import CONTROLS, split_words

Pieces = list[str]
"""What becomes of each code point of a text, in text order."""

SEED = 13
GAPS = 0.05
"""Share of the gaps between words that are lost, and of long words that are cut in two."""
NOISE = 0.02
"""Share of the letters that a scanner takes for another."""
VOWELLED = 0.5
"""Share of the letters that get a vowel sign."""
STRETCHED = 0.1
"""Share of the joined letters that are drawn out."""
HIDDEN = 0.05
"""Share of the places inside and between words that get an invisible character."""
HEADLINE_WORDS = 12
"""Words of the text that make a headline."""

_ALEF, _TA_MARBUTA, _MAQSURA, _SEATS, _DIGITS = HABITS
_VOWELS = ("\u064e", "\u064f", "\u0650", "\u0652", "\u0651\u064e", "\u0651\u0650")
_TASHKEEL = re.compile("[\u064b-\u0652\u0670]")
_LETTER = re.compile("[\u0621-\u063a\u0641-\u064a]")
_BREAKING = frozenset("اأإآٱدذرزوؤةىء")
"""Letters that do not join to the next one, so that a space behind them is hardly seen."""
_LOOKALIKES = ("بتث", "جحخ", "دذ", "رز", "سش", "صض", "طظ", "عغ", "فق")
_INNER_LOOKALIKES = ("بتثني", *_LOOKALIKES[1:])
"""Where another letter follows, ن and ي differ from ب by their dots alone."""
_QUOTES = frozenset("«»\"'“”„‘’‹›")
_PUNCTUATION = _QUOTES | frozenset(".,،؛;:!?؟…۔()[]{}-–—")
_STOPS = frozenset(".!…۔،؛:")
_JOINERS = ("\u200c", "\u200d", "\u00ad", "\u2060")
"""What is found between letters: zero-width non-joiner and joiner, soft hyphen, word joiner."""
_DIRECTIONS = ("\u200e", "\u200f", "\u061c", "\u200b")
"""What is found between words: the three directional marks, zero-width space."""
_INVISIBLE = re.compile(rf"[\s{CONTROLS}]+")


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A way in which texts differ from those that a tagger was trained on."""

    name: str
    about: str
    """What it does, in one line."""
    pieces: Callable[[Document, random.Random], Pieces]
    kept: Callable[[Document], int] | None = None
    """How many code points of the text are used; all of them where it is None."""

    def __call__(self, document: Document, draw: random.Random) -> Document:
        """Return the document with another text and its spans moved; its id stays.

        A text in which a mention would no longer end where a word ends comes back as it was.
        """
        pieces = self.pieces(document, draw)
        text = "".join(pieces)
        ends = [0, *accumulate(map(len, pieces))]
        spans = tuple(
            _trimmed(text, replace(span, start=ends[span.start], end=ends[span.end]))
            for span in self.clean(document).spans
        )
        broken = any(check_spans(text, spans, None, ""))
        return document if broken else replace(document, text=text, spans=spans)

    def copy(self, document: Document, seed: int = SEED) -> Document:
        """Return the document as the seed has it."""
        return self(document, random.Random(f"{seed}:{self.name}:{document.text}"))  # noqa: S311

    def clean(self, document: Document) -> Document:
        """Return the document with only those spans that stand in the part that is used."""
        if self.kept is None:
            return document
        kept = self.kept(document)
        return replace(document, spans=tuple(s for s in document.spans if s.start < kept))


def _trimmed(text: str, span: Span) -> Span:
    """Return the span without space and controls at its borders, which belong to no word."""
    mention = text[span.start : span.end]
    if head := _INVISIBLE.match(mention):
        span = replace(span, start=span.start + head.end())
        mention = mention[head.end() :]
    tail = len(mention)
    while tail and _INVISIBLE.match(mention[tail - 1]):
        tail -= 1
    return replace(span, end=span.start + tail)


def _letters(habits: Mapping[str, str]) -> Callable[[Document, random.Random], Pieces]:
    """Return a perturbation that writes some characters as others, wherever they stand."""

    def pieces(document: Document, draw: random.Random) -> Pieces:
        return [habits.get(letter, letter) for letter in document.text]

    return pieces


def _ya_as_maqsura(document: Document, draw: random.Random) -> Pieces:
    text = document.text
    return [
        FINAL_YA[1] if letter == FINAL_YA[0] and not _inside(text, index) else letter
        for index, letter in enumerate(text)
    ]


def _inside(text: str, index: int) -> bool:
    """Return whether the word goes on behind this character with a letter, marks set aside."""
    rest = index + 1
    while rest < len(text) and unicodedata.category(text[rest]) in ("Mn", "Cf", "Lm"):
        rest += 1
    return rest < len(text) and text[rest].isalpha()


def _tashkeel(document: Document, draw: random.Random) -> Pieces:
    return [
        letter + draw.choice(_VOWELS)
        if _LETTER.match(letter) and not _TASHKEEL.match(after) and draw.random() < VOWELLED
        else letter
        for letter, after in _pairs(document.text)
    ]


def _tatweel(document: Document, draw: random.Random) -> Pieces:
    return [
        letter + "\u0640" * draw.randint(1, 3)
        if _joined(letter, after) and draw.random() < STRETCHED
        else letter
        for letter, after in _pairs(document.text)
    ]


def _joined(letter: str, after: str) -> bool:
    both = bool(_LETTER.match(letter) and _LETTER.match(after))
    return both and letter not in _BREAKING and after != "ء"


def _western(document: Document, draw: random.Random) -> Pieces:
    return [str(unicodedata.decimal(c)) if c.isdecimal() else c for c in document.text]


def _glued(document: Document, draw: random.Random) -> Pieces:
    text = document.text
    pieces = list(text)
    borders = {border for span in document.spans for border in (span.start, span.end)}
    words = split_words(text)
    for left, right in pairwise(words):
        gap = text[left.end : right.start]
        ends, begins = left.text[-1], right.text[0]
        if (
            gap.isspace()
            and "\n" not in gap
            and not borders & {left.end, right.start}
            and left.text[0].isalnum()
            and begins.isalnum()
            and not (ends.isdecimal() and begins.isdecimal())  # that would be another number
            and draw.random() < GAPS
        ):
            pieces[left.end : right.start] = [""] * len(gap)
    return pieces


def _split(document: Document, draw: random.Random) -> Pieces:
    pieces = list(document.text)
    for word in split_words(document.text):
        if not word.text.isalpha() or len(word.text) < 4 or draw.random() >= GAPS:
            continue
        places = range(1, len(word.text) - 2)  # two letters stay on either side
        hardly_seen = [place for place in places if word.text[place] in _BREAKING]
        pieces[word.start + draw.choice(hardly_seen or places)] += " "
    return pieces


def _scanned(document: Document, draw: random.Random) -> Pieces:
    text = document.text
    pieces = list(text)
    for index, letter in enumerate(text):
        groups = _INNER_LOOKALIKES if _inside(text, index) else _LOOKALIKES
        group = next((group for group in groups if letter in group), "")
        if group and draw.random() < NOISE:
            pieces[index] = draw.choice(group.replace(letter, ""))
    return pieces


def _hidden(document: Document, draw: random.Random) -> Pieces:
    pieces = list(document.text)
    for index, (letter, after) in enumerate(_pairs(document.text)):
        if letter.isalpha() and after.isalpha() and draw.random() < HIDDEN:
            pieces[index] += draw.choice(_JOINERS)
        elif letter == " " and draw.random() < HIDDEN:
            pieces[index] += draw.choice(_DIRECTIONS)
    if pieces:
        pieces[0] = "\ufeff\u202b" + pieces[0]
        pieces[-1] += "\u202c"
    return pieces


def _without(document: Document, dropped: Collection[str]) -> Pieces:
    """Return the text without characters that are words of their own.

    A space comes where two words would grow together.
    """
    text = document.text
    pieces = list(text)
    alone = {word.start for word in split_words(text) if word.text in dropped}
    for is_dropped, group in groupby(range(len(text)), key=alone.__contains__):
        run = list(group)
        if not is_dropped:
            continue
        before, after = run[0] - 1, run[-1] + 1
        pieces[run[0] : after] = [""] * len(run)
        inside = before >= 0 and after < len(text)
        if inside and not text[before].isspace() and not text[after].isspace():
            pieces[run[0]] = " "
    return pieces


def _headline(document: Document, draw: random.Random) -> Pieces:
    end = _headline_end(document)
    pieces = _without(document, _QUOTES)[:end]
    while pieces and (not pieces[-1].strip() or pieces[-1] in _STOPS):
        pieces.pop()
    return pieces + [""] * (len(document.text) - len(pieces))


def _headline_end(document: Document) -> int:
    words = split_words(document.text)
    if len(words) <= HEADLINE_WORDS:
        return len(document.text)
    end = words[HEADLINE_WORDS - 1].end
    for span in document.spans:
        if span.start < end < span.end:
            end = span.end
    return end


def _pairs(text: str) -> zip[tuple[str, str]]:
    """Return each character with the next one, the last with a space."""
    return zip(text, text[1:] + " ", strict=False)


_NO_HAMZA = _ALEF | _SEATS | dict.fromkeys("\u0653\u0654\u0655", "")
_NO_TASHKEEL = dict.fromkeys("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670", "")
PERTURBATIONS: dict[str, Perturbation] = {
    perturbation.name: perturbation
    for perturbation in (
        Perturbation(
            "no-hamza", "hamza and madda left off the letters that carry them", _letters(_NO_HAMZA)
        ),
        Perturbation("ya-as-maqsura", "final ya as alef maqsura", _ya_as_maqsura),
        Perturbation("maqsura-as-ya", "alef maqsura as ya", _letters(_MAQSURA)),
        Perturbation("ta-marbuta-as-ha", "ta marbuta as ha", _letters(_TA_MARBUTA)),
        Perturbation("tashkeel", "a random vowel sign on half of the letters", _tashkeel),
        Perturbation("no-tashkeel", "vowel signs dropped", _letters(_NO_TASHKEEL)),
        Perturbation("tatweel", "a tenth of the joined letters drawn out", _tatweel),
        Perturbation("arabic-digits", "Western digits as Arabic-Indic ones", _letters(_DIGITS)),
        Perturbation("western-digits", "all other decimal digits as Western ones", _western),
        Perturbation("glued-words", "1 in 20 spaces lost, none at the border of a mention", _glued),
        Perturbation("split-words", "1 in 20 words of four letters and more cut in two", _split),
        Perturbation("scanned", "2% of the letters taken for another with other dots", _scanned),
        Perturbation(
            "hidden", "directional marks and zero-width characters in and between words", _hidden
        ),
        Perturbation(
            "no-punctuation",
            "stops, commas, quotes, brackets dropped",
            lambda document, _: _without(document, _PUNCTUATION),
        ),
        Perturbation(
            "headline",
            f"the first {HEADLINE_WORDS} words, without quotes and final stop",
            _headline,
            _headline_end,
        ),
    )
}
"""All perturbations by name, in the order of the table."""
