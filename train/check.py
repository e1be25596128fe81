"""Likely slips in annotated data: what a second reader should look at.

A finding is a question, not a fault: the same phrase can rightly be marked in one sentence and
not in another. Rule numbers are those of seeds/GUIDELINES.md.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from train.count import LABEL
from train.document import Document, Span
from train.normalizer import Normalizer
from train.words import Word, split_words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PLAIN = Normalizer(alef=True, ya=True)
_CLITICS = re.compile(r"^(?:[وف]?(?:لل|[بك]?ال|[بلك](?=\w{3}))|[وف](?=\w{3}))")
_DIGIT = re.compile(r"\d")
_UNITS = (
    "واحد واحده اثنان اثنين اثنتين اثنتان ثلاث ثلاثه اربع اربعه خمس خمسه ست سته سبع سبعه ثماني "
    "ثمانيه ثمان تسع تسعه عشر عشره عشرون عشرين ثلاثون ثلاثين اربعون اربعين خمسون خمسين ستون ستين "
    "سبعون سبعين ثمانون ثمانين تسعون تسعين مئه مائه مئتان مئتين مائتي مائتين مئات الف الاف الفان "
    "الفين مليون ملايين عشرات العشرات المئات الالاف بضع بضعه"
)
_NUMBERS = _set(_UNITS)
_QUANTIFIERS = _set(
    "عدد عددا احد احدي بعض عده كثير كثيرون كثيرين العديد عديد مجموعه جميع كل كافه "
    "غالبيه معظم نصف ربع ثلث ما نحو حوالي قرابه زهاء اكثر اقل"
)
_COLLECTIVE = _set("عدد عددا بعض احد احدي عده عشرات مئات الاف مجموعه العديد")
_DEMONSTRATIVES = _set("هذا هذه هذان هذين هاتان هاتين هؤلاء هولاء ذلك تلك اولئك")
_RELATIVES = _set("الذي التي الذين اللذان اللتان اللذين اللتين اللواتي")
_TITLES = _set(
    "العميد اللواء العقيد المقدم الرائد النقيب الملازم الفريق المشير الجنرال الرقيب "
    "العريف الشيخ السيد الدكتور الرييس الرئيس السفير المهندس القيادي الناطق المتحدث"
)
_DANGLING = _set("في من الي عن مع بين ضد قرب عند")
MARKED_SHARE = 0.8
"""A phrase is expected to be marked where at least this share of its occurrences is."""
FEWEST = 4
"""Marks below which a phrase says nothing about its other occurrences."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    kind: str
    document: str
    """The id of the document."""
    phrase: str
    reason: str

    def __str__(self) -> str:
        return f"{self.document}: {self.kind}: «{self.phrase}»; {self.reason}"


def check(documents: Sequence[Document]) -> list[Finding]:
    """Return everything in ``documents`` that looks like a slip."""
    words = [split_words(document.text) for document in documents]
    findings = [
        *_unmarked(documents, words),
        *_other_labels(documents),
    ]
    for document in documents:
        for span in document.spans:
            for rule in RULES:
                if reason := rule(document.text, span):
                    phrase = document.text[span.start : span.end]
                    kind = rule.__name__.strip("_").replace("_", " ")
                    findings.append(Finding(kind, document.id, phrase, reason))
    return findings


def plain(phrase: str) -> str:
    """Return a phrase without attached particles, article and spelling habits of its words."""
    return _joined(_plain_words(split_words(phrase)))


def _plain_words(words: Sequence[Word]) -> list[str]:
    return [_PLAIN(word.text).replace("ة", "ه") for word in words]


def _joined(words: Sequence[str]) -> str:
    return " ".join([_CLITICS.sub("", words[0]) or words[0], *words[1:]]) if words else ""


def _unmarked(documents: Sequence[Document], words: Sequence[list[Word]]) -> Iterator[Finding]:
    """Phrases that are marked nearly everywhere, where they are not."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for span in document.spans:
            if span.label != LABEL:  # counts are told from each other by their sentence
                labels[plain(document.text[span.start : span.end])][span.label] += 1
    frequent = {phrase for phrase, counts in labels.items() if counts.total() >= FEWEST}
    longest = max((phrase.count(" ") + 1 for phrase in frequent), default=0)
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for document, found in zip(documents, words, strict=True):
        simple = _plain_words(found)
        taken = {
            index
            for span in document.spans
            for index, word in enumerate(found)
            if span.start < word.end and word.start < span.end
        }
        for first in range(len(found)):
            for last in range(first, min(first + longest, len(found))):
                if last in taken:
                    break
                phrase = _joined(simple[first : last + 1])
                if phrase in frequent:
                    surface = document.text[found[first].start : found[last].end]
                    places[phrase].append((document.id, surface))
    for phrase, found_places in sorted(places.items(), key=lambda item: -labels[item[0]].total()):
        marked = labels[phrase].total()
        if marked / (marked + len(found_places)) >= MARKED_SHARE:
            label = labels[phrase].most_common(1)[0][0]
            for identifier, surface in found_places:
                reason = f"{label} in {marked} other places, not marked here"
                yield Finding("unmarked here", identifier, surface, reason)


def _other_labels(documents: Sequence[Document]) -> Iterator[Finding]:
    """Phrases that nearly always carry another label."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for span in document.spans:
            labels[plain(document.text[span.start : span.end])][span.label] += 1
    for document in documents:
        for span in document.spans:
            phrase = document.text[span.start : span.end]
            counts = labels[plain(phrase)]
            usual, most = counts.most_common(1)[0]
            if usual != span.label and most >= FEWEST and most / counts.total() >= MARKED_SHARE:
                reason = f"{span.label} here, {usual} in {most} other places"
                yield Finding("another label", document.id, phrase, reason)


Rule = Callable[[str, Span], str | None]


def _number_in_front(text: str, span: Span) -> str | None:
    first = _words(text, span)[0]
    bare = _CLITICS.sub("", first)
    if span.label == LABEL:
        return None
    if _DIGIT.search(first[:1]) or first in _NUMBERS or bare in _NUMBERS - {"الف"}:
        return f"a number opens a {span.label} (R5: it stays outside)"
    if {first, bare} & _COLLECTIVE and "من" in _words(text, span):
        return f"a quantifier opens a {span.label} (R5: it stays outside)"
    return None


def _casualty_without_a_count(text: str, span: Span) -> str | None:
    if span.label != LABEL:
        return None
    found = _words(text, span)
    bare = [_CLITICS.sub("", word) for word in found]
    if any(_DIGIT.search(w) or w in _NUMBERS or w in _QUANTIFIERS for w in [*found, *bare]):
        return None
    compound = re.compile(
        "(?:[وفبلك]|ال)*(?:مئ|مائ|عشر|ثلاث|ارب|خمس|ست|سبع|ثما|تسع|اثن|احد|الاف|مليون)"
    )
    if any(compound.match(word) for word in found):
        return None
    first = found[0]
    dual = re.search(r"(?:ان|ين)$", first)  # the endings that go with an article
    if not dual and re.match(r"(?!والد[ايته])[وفبلك]?ال|لل", text[span.start :]):
        return "definite, with neither a number nor a dual (C4, C8)"
    if re.search(r"(?:ون|ات)$", first):
        return "a plural without a number (C8)"
    return None


def _title_in_front(text: str, span: Span) -> str | None:
    found = _words(text, span)
    is_unit = len(found) > 1 and (found[1].startswith("ال") or _DIGIT.search(found[1]))
    is_title = len(found) > 1 and found[0].lstrip("وفبك") in _TITLES
    if span.label == "ACTOR" and is_title and not is_unit:
        return "a title or rank opens an ACTOR (A6: the name alone)"
    return None


def _demonstrative_in_front(text: str, span: Span) -> str | None:
    found = _words(text, span)
    if len(found) > 1 and found[0].lstrip("وفبلك") in _DEMONSTRATIVES:
        return "a demonstrative opens the span (R8: it stays outside)"
    return None


def _clause_inside(text: str, span: Span) -> str | None:
    found = _words(text, span)
    if any(word in _RELATIVES for word in found[1:]):
        return "a relative pronoun stands inside (R4: the clause stays outside)"
    if found[-1] in _DANGLING:
        return "the span ends in a preposition (R4)"
    return None


def _punctuation_at_the_border(text: str, span: Span) -> str | None:
    phrase = text[span.start : span.end]
    if not phrase[0].isalnum():
        return "the span opens with punctuation (R3)"
    opened = any(mark in phrase[:-1] for mark in "([«\"'“")
    if not (phrase[-1].isalnum() or opened or "\u064b" <= phrase[-1] <= "\u0652"):
        return "the span ends with punctuation (R3)"
    return None


RULES: tuple[Rule, ...] = (
    _number_in_front,
    _casualty_without_a_count,
    _title_in_front,
    _demonstrative_in_front,
    _clause_inside,
    _punctuation_at_the_border,
)


def _words(text: str, span: Span) -> list[str]:
    return _plain_words(split_words(text[span.start : span.end]))
