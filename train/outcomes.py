"""What happened to the people of a CASUALTY count, read from the sentence around it.

The words of harm are those of :mod:`train.harm`; the reading follows docs/counts.md. In the order
in which they win:

1. a noun for the victims inside the span (``[3 جرحى]``), unless a word of killing takes the count
   itself (``مقتل [3 رهائن]``);
2. a pair of harms right behind the span (``[30] بين قتيل وجريح``);
3. a verb right behind the span that has it for its subject (``[18 شخصا] قتلوا``);
4. the word of harm right before the span (``مقتل [5]``);
5. any verb behind that the count can be the subject of, ``بجروح`` behind it, and the nearest word
   of harm before it, up to the count that stands before;
6. the outcome of that count (``بينهم [3 نساء]``, ``[5] و[7]``).

Abducted people whose killing the clause goes on to tell (``خطفوا وقتلوا``) are ``killed``.
``فقد`` is death with a loser (``فقدنا [5]``) and ``missing`` without (``فقد [5]``); ``سقط [5]`` is
death unless the words say otherwise. People who were arrested, displaced, rescued or "neutralised"
are no victims by the guideline: where one is marked, its outcome is ``unknown``. Prisoners of war
and hostages are ``abducted``, held or freed.

===================  ==========================================================================
rule                 meaning
===================  ==========================================================================
``verb:قتل``         a verb, in either voice, takes the count
``noun:مقتل``        a noun or a fixed phrase takes the count
``inside:جرحى``      the span itself names the harm
``a+b``              the two words of harm that share one number
``pair``             ``بين قتيل وجريح`` or the like behind the span
``inherited``        nothing is said but what was said of the count before
``none``             no word of harm was found
===================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from train.clause import OF_THEM, Clause, Reading, both
from train.folding import fold
from train.governors import far_before, governor, taker
from train.predicates import anywhere, behind, ended, pair, predicate, suffered
from train.subsets import is_subset

BEFORE = 500
"""How many characters before a count are read at most."""
BEHIND = 300
"""How many characters behind a count are read at most."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|\n|[^\w\s]|_")
_STOPS = frozenset(".!?؟…۔")
_CLOSING = frozenset("\"'»”’)]}›")
_QUOTES = frozenset("«»\"'“”():-–—*،,")
# Words behind which a clause begins, with its subject.
_CLAUSE = frozenset(
    fold(
        "أن إن بأن وأن وإن فإن لأن كأن كان وكان كانت وكانت أنه إنه بأنه لكن ولكن أنهم إنهم"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to the people of one count, and why we think so."""

    outcome: str
    """One of :data:`train.count.OUTCOMES`."""
    subset: bool
    """Whether the count is a part of a count that was named before it."""
    rule: str
    """What decided the outcome, for a reader who asks why; see the table of the module."""


def read_outcomes(text: str, spans: Sequence[tuple[int, int]]) -> list[Outcome]:
    """Return what happened to each of ``spans``, all CASUALTY spans of ``text`` in text order.

    ``spans`` are half-open code-point offsets. Only the words around a span are read, however
    long the text. Never raises for spans with odd borders: they may begin or end inside a word,
    lie on each other or reach beyond the text.

    >>> text = "مقتل 5 جنود وإصابة 7"
    >>> [(o.outcome, o.rule) for o in read_outcomes(text, [(5, 11), (19, 20)])]
    [('killed', 'noun:مقتل'), ('injured', 'noun:إصابة')]
    """
    outcomes: list[Outcome] = []
    at = 0
    while at < len(spans):
        until = at + 1
        while until < len(spans) and spans[until][0] - spans[until - 1][1] < BEFORE:
            until += 1
        outcomes += _read_passage(text, spans[at:until])
        at = until
    return outcomes


def _read_passage(text: str, spans: Sequence[tuple[int, int]]) -> list[Outcome]:
    """Read spans that stand close to each other, sentence by sentence."""
    begin = max(0, min(spans[0][0], len(text)) - BEFORE)
    if begin:  # half a word may look like another word
        begin = _space(text, begin)
    parts: list[str] = []
    borders: list[tuple[int, int]] = []
    length, at = 0, begin
    for start, end in spans:
        start = min(max(start, at), len(text))
        end = min(max(end, start), len(text))
        # A border inside a word parts it: «مقتل[تسعة]».
        before, inside = _apart(fold(text[at:start])), _apart(fold(text[start:end]))
        parts += (before, inside)
        borders.append((length + len(before), length + len(before) + len(inside)))
        length, at = borders[-1][1], end
    parts.append(fold(text[at : at + BEHIND]))
    folded = "".join(parts)
    words: list[str] = []
    ends: list[int] = []
    for match in _TOKEN.finditer(folded):
        words.append(match.group())
        ends.append(match.end())
    outcomes: list[Outcome] = []
    sentence_at = token = 0
    pending: list[tuple[int, int]] = []
    stops = _sentence_ends(folded, words, ends)
    stop = next(stops)
    for start, end in borders:
        while token < len(words) and ends[token] <= start:
            token += 1
        while token >= stop < len(words):
            if pending:
                outcomes += _read_sentence(Clause(words[sentence_at:stop], pending))
                pending = []
            sentence_at, stop = stop, next(stops)
        last = token
        while last < stop and last < len(words) and ends[last] - len(words[last]) < end:
            last += 1
        pending.append((token - sentence_at, last - sentence_at))
    return outcomes + _read_sentence(Clause(words[sentence_at:stop], pending))


def _apart(folded: str) -> str:
    return folded + " " if folded[-1:].isalpha() else folded


def _space(text: str, at: int) -> int:
    """Return where the first white space from ``at`` is, or ``at`` where none is near."""
    for index in range(at, min(at + 40, len(text))):
        if text[index].isspace():
            return index
    return at


def _sentence_ends(folded: str, words: list[str], ends: list[int]) -> Iterator[int]:
    """Yield the half-open word index at which each sentence ends; the last is ``len(words)``.

    The borders are those of :func:`train.words.sentence_ends`.
    """
    after_stop = False
    for index, word in enumerate(words):
        if word == "\n":
            yield index + 1
            after_stop = False
        elif word in _STOPS:
            after_stop = index == 0 or not (
                len(words[index - 1]) == 1 and words[index - 1].isalpha()
            )
        elif after_stop:
            after_stop = word in _CLOSING
        if after_stop and folded[ends[index] : ends[index] + 1].isspace():
            yield index + 1
            after_stop = False
    while True:
        yield len(words)


def _read_sentence(clause: Clause) -> list[Outcome]:
    readings: list[Reading] = []
    named: list[bool] = []
    subsets: list[bool] = []
    for index, (first, last) in enumerate(clause.spans):
        floor = clause.spans[index - 1][1] if index else 0
        inside = _inside(clause, first, last)
        reading = _told(clause, index, floor, inside)
        if reading is None and index and readings[-1][0] != "unknown":
            reading = readings[-1][0], "inherited"
        named.append(inside is not None)
        readings.append(reading or anywhere(clause, index, last) or ("unknown", "none"))
        subsets.append(is_subset(clause, index, floor, named, subsets, readings))
    for index in range(len(readings) - 1):
        # «بينهم [ضابطان]، مقتل [13]» names the part first; «[27]، بينهم [8] قتلوا» the harm last.
        is_listed = subsets[index + 1] and clause.word(clause.spans[index + 1][1]) not in OF_THEM
        is_part = subsets[index] and not subsets[index + 1]
        if readings[index][1] == "none" != readings[index + 1][1] and (is_listed or is_part):
            readings[index] = readings[index + 1][0], "inherited"
    return [
        Outcome(harm, subset, rule) for (harm, rule), subset in zip(readings, subsets, strict=True)
    ]


def _told(clause: Clause, index: int, floor: int, inside: Reading | None) -> Reading | None:
    """Return the harm that the sentence tells of count ``index`` itself."""
    first, last = clause.spans[index]
    before = governor(clause, first, floor)
    if inside is not None and inside[0] in ("killed", "killed_or_injured"):
        return pair(clause, first, last, inside) or inside
    subject_of = predicate(clause, index, before is not None)
    if inside is not None:
        for reading in (subject_of, before or taker(clause, first, floor)):
            if reading is not None and _overrides(reading, inside[0]):
                return reading
        return ended(clause, index, last, inside)
    shared = pair(clause, first, last, None)
    if shared is not None:
        return shared
    near = subject_of or before
    if near is not None:
        return ended(clause, index, last, near)
    is_topic = _is_topic(clause, first)
    told = suffered(clause, first, last, floor)
    if told is None and not is_topic:
        told = taker(clause, first, floor)
    told = told or behind(clause, first, last, is_topic)
    if told is None and not is_topic:
        told = far_before(clause, first, floor)
    return told and ended(clause, index, last, told)


def _inside(clause: Clause, first: int, last: int) -> Reading | None:
    """Return the harm that the span itself names."""
    found: Reading | None = None
    for cue in clause.cues[first:last]:
        if cue is None or (cue.loose and cue.kind != "person"):
            continue
        reading = cue.harm, f"inside:{cue.lemma}"
        found = reading if found is None else both(found, reading)
    return found


def _is_topic(clause: Clause, first: int) -> bool:
    """Whether the span begins a clause of its own, so that its verb stands behind it."""
    at = first - 1
    while at >= 0 and clause.words[at] in _QUOTES:
        at -= 1
    return at < 0 or clause.words[at] in _CLAUSE


def _overrides(reading: Reading, named: str) -> bool:
    """Whether the harm that takes the count beats what its own noun says of it."""
    if reading[1].endswith((":سقط", ":سقوط")):
        return False  # «سقوط [10 جرحى]»: to fall is to die only where nothing else is said
    return reading[0] == "killed" or (reading[0] == "injured" and named == "abducted")
