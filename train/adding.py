"""Adding: which counts of a document are of different people, and so are added to one another.

Counts of one outcome are added, smallest to smallest and largest to largest; where one has no
upper end, neither has the sum. Nothing is claimed of who did what to whom. Not added is

``unread``
    A count that could not be read as a number.

``subset``
    A part of a count that stands before it. Such is a sub-count (``بينهم``) with the outcome of
    the whole, or with none of its own; the whole is the nearest count before it that is no
    sub-count. A sub-count with *another* outcome (``أصيب 10 توفي منهم 2``) is in no sum of that
    outcome yet, so it is added there: 10 injured, 2 killed. These two are in both sums, as the text
    says of them; sums of different outcomes are not to be added to one another. Sub-counts of what
    could not be read, or of nothing, are added too. Also parts are the numbers of a list that is in
    brackets, or behind a colon, a dash or ``هم``, where they make the number before it together:
    ``مقتل 4 (ضابط و3 جنود)``.

``repeat``
    The same number said again: the outcome is the same, so is the smallest number (where that is
    0, the largest), and the nouns do not contradict each other (``5 جنود``, ``الجنود الخمسة``,
    ``5 قتلى``, ``5``; but not ``5 مدنيين``). The widest of their ranges is added, once. Equal
    counts of one sentence are of different people, unless the later is definite. Those who are
    expressly others (``3 آخرون`` with no count before it in its sentence, ``شرطي ثالث``, a
    sentence that begins with ``في هجوم منفصل``) repeat none but such.

``superseded``
    A count that a toll holds. A running total (``ارتفع عدد القتلى إلى 12``, ``بلغت الحصيلة 12``)
    takes the place of the counts of its outcome before it that are not larger, and of those behind
    it in its sentence that say why it rose (``بعد وفاة 2``). A toll that is said to be a former one
    (``وكانت حصيلة سابقة``) gives way to any other count of its outcome.

Everything else is ``yes``. The order of sentences matters to running totals, and to sub-counts,
which need their whole before them; to the sum of other counts it does not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from train.count import LABEL
from train.document import Document, Span
from train.folding import fold
from train.people import Mention, People, gather
from train.ranges import Range
from train.tolls import WINDOW, goes_on, is_former_toll, is_reason, is_running_total
from train.victims import read_victims
from train.words import sentence_ends, split_words

_LIST = re.compile(r"(?=.)[(\[{:\-–—]?\s*(?:و?ه(?:م|ما|ن|و|ي))?")
_SEPARATE = re.compile(
    r"(?<=\w{3}\W)(?<!الي\W)(?<!علي\W)(?:ال)?(?:اخري?|منفصله?|مستقله?|ثان|ثاني|ثانيه|مماثله?)"
    r"(?!\w|\W+(?:ال)?(?:حصيله|احصائيه|ارقام|معلومات|تحديث))"
)
_OPENING = 60
"""Characters at the beginning of a sentence that can say that it is about another event."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of one CASUALTY span."""

    added: str
    """``yes``, ``subset``, ``repeat``, ``superseded`` or ``unread``."""
    range: Range | None = None
    """What is added for it and its repeats; None where nothing is."""
    approximate: bool = False
    """Whether what is added is rough by the text of it or of a repeat."""


def judge(document: Document) -> dict[Span, Judged]:
    """Return what becomes of each CASUALTY span of a document, in text order."""
    casualties = [span for span in document.spans if span.label == LABEL]
    judged = {span: Judged("unread") for span in casualties}
    counted = [(span, span.count) for span in casualties if span.count is not None]
    if len(counted) == 1:  # most often; there is nothing to compare it with
        span, count = counted[0]
        judged[span] = Judged("yes", Range(count.min, count.max), count.approximate)
    if len(counted) < 2:
        return judged
    mentions = list(_mentions(document.text, casualties))
    parts = _subsets(mentions, casualties)
    parts |= _listed(document.text, [item for item in mentions if item.span not in parts])
    judged |= dict.fromkeys(parts, Judged("subset"))
    left = [mention for mention in mentions if mention.span not in parts]
    _mark_running(document.text, left)
    people = list(gather(left))
    _supersede(document.text, people)
    for same in people:
        how = "superseded" if same.is_superseded else "repeat"
        judged |= {member.span: Judged(how) for member in same.members}
        if not same.is_superseded:
            rough = any(member.count.approximate for member in same.members)
            judged[same.first.span] = Judged("yes", same.range, rough)
    return judged


def _mentions(text: str, casualties: Sequence[Span]) -> Iterator[Mention]:
    """Yield the counts that were read, each with its sentence around it."""
    words = split_words(text)
    ends = [words[last - 1].end for last in sentence_ends(text, words)] or [len(text)]
    sentences = list(zip([0, *ends], ends, strict=False))
    number = 0
    earlier = -1  # where the count before begins
    for span in casualties:
        while number + 1 < len(sentences) and span.start >= sentences[number][1]:
            number += 1
        start, end = sentences[number]
        if span.count is not None:
            victims = read_victims(text[span.start : span.end])
            opening = fold(text[start : min(start + _OPENING, span.start)])
            is_first = earlier < start
            is_other = (is_first and victims.others) or _SEPARATE.search(opening) is not None
            before = fold(text[max(start, span.start - WINDOW) : span.start])
            behind = fold(text[span.end : min(end, span.end + WINDOW)])
            yield Mention(span, span.count, number, before, behind, victims, is_other)
        earlier = span.start


def _subsets(mentions: Sequence[Mention], casualties: Sequence[Span]) -> set[Span]:
    """Return the sub-counts that are in the sum of their outcome already."""
    parts: set[Span] = set()
    family: set[str] = set()  # the outcomes of a whole, and of its sub-counts that are added
    by_span = {mention.span: mention.count for mention in mentions}
    for span in casualties:
        count = by_span.get(span)
        if count is None:
            family = set()
        elif not count.subset:
            family = {count.outcome}
        elif family and (count.outcome == "unknown" or count.outcome in family):
            parts.add(span)
        else:
            family.add(count.outcome)
    return parts


def _listed(text: str, mentions: Sequence[Mention]) -> set[Span]:
    """Return the counts that are a list of the parts of the count right before them."""
    parts: set[Span] = set()
    for index, whole in enumerate(mentions[:-1]):
        between = text[whole.span.end : mentions[index + 1].span.start][:WINDOW]
        if whole.span in parts or not _LIST.fullmatch(fold(between).strip(" ،,.\"'«»“”")):
            continue
        total = 0
        listed: list[Span] = []
        for part in mentions[index + 1 :]:
            is_alike = (part.sentence, part.count.outcome) == (whole.sentence, whole.count.outcome)
            if not is_alike or part.count.min != part.count.max or total >= whole.count.min:
                break
            total += part.count.min
            listed.append(part.span)
        if total == whole.count.min:
            parts.update(listed)
    return parts


def _mark_running(text: str, mentions: Sequence[Mention]) -> None:
    earlier: Mention | None = None
    for mention in mentions:
        mention.is_running = is_running_total(mention.before, mention.behind)
        if earlier is not None and earlier.is_running and earlier.sentence == mention.sentence:
            between = fold(text[earlier.span.end : mention.span.start])
            mention.is_running = mention.is_running or goes_on(between)
        earlier = mention


def _supersede(text: str, people: Sequence[People]) -> None:
    """Mark those whose counts are in a running total, or were given up for another toll."""
    tolls = [(member, same) for same in people for member in same.members if member.is_running]
    ranked: dict[str, list[People]] = defaultdict(list)
    for same in sorted(people, key=lambda same: same.first.count.min):
        ranked[same.first.count.outcome].append(same)
    for toll, same in sorted(tolls, key=lambda pair: pair[0].span, reverse=True):
        if same.is_superseded:  # of two equal totals, the later one
            continue
        has_reason = is_reason(toll.behind)
        for others in ranked[toll.count.outcome]:
            if others.first.count.min > toll.count.min:
                break
            if others is not same and not others.is_superseded:
                others.is_superseded = others.first.span < toll.span or (
                    has_reason and any(_is_reason(text, toll, item) for item in others.members)
                )
    former = {
        id(same) for same in people if all(is_former_toll(item.before) for item in same.members)
    }
    held = {
        same.first.count.outcome
        for same in people
        if id(same) not in former and not same.is_superseded
    }
    for same in people:
        if id(same) in former and same.first.count.outcome in held:
            same.is_superseded = True


def _is_reason(text: str, toll: Mention, mention: Mention) -> bool:
    """Return whether a count behind a running total says why that rose."""
    return mention.sentence == toll.sentence and is_reason(
        fold(text[toll.span.end : min(mention.span.start, toll.span.end + WINDOW)])
    )
