"""People: which counts of a document may be of the same ones. The rule is in train.adding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from train.count import Count
from train.document import Span
from train.ranges import Range
from train.victims import Victims


@dataclass(eq=False, slots=True)
class Mention:
    """A count that was read, in its place."""

    span: Span
    count: Count
    sentence: int
    """The number of its sentence in the document."""
    before: str
    """The folded text of its sentence before it, or the end of that."""
    behind: str
    """The folded beginning of the text of its sentence behind it."""
    victims: Victims
    is_other: bool = False
    """Whether the text says that they are others than some who were counted before."""
    is_running: bool = False
    """Whether it is where a toll has got to."""

    @property
    def range(self) -> Range:
        """The number without the rest."""
        return Range(self.count.min, self.count.max)


@dataclass(eq=False, slots=True)
class People:
    """All the counts that are taken for counts of the same people."""

    members: list[Mention] = field(default_factory=list)
    """In text order, when all are there."""
    sentences: dict[int, int] = field(default_factory=dict)
    """The sentences that tell of them, and where the first count of each begins."""
    is_superseded: bool = False

    @property
    def first(self) -> Mention:
        """The one that is added."""
        return self.members[0]

    @property
    def range(self) -> Range:
        """The range that holds the numbers of all."""
        total = self.first.range
        for member in self.members:
            total |= member.range
        return total


def gather(mentions: Iterable[Mention]) -> Iterator[People]:
    """Yield those who are counted, each with all the counts of them.

    The order of sentences decides nothing but which of the counts of the same people is the first:
    counts whose nouns may be said of the same people come together, the first of a sentence with
    the first of any other, its second with the second. Then counts with a noun that fits anybody
    go where their sentence has none yet.
    """
    equal: dict[tuple[str, bool, int, int | None], list[Mention]] = defaultdict(list)
    for mention in mentions:
        count = mention.count
        upper = None if count.min else count.max  # what tells «up to 5» from «up to 20»
        equal[count.outcome, mention.is_other, count.min, upper].append(mention)
    for alike in equal.values():
        people: list[People] = []
        for kind in _kinds(mention for mention in alike if mention.victims.noun is not None):
            people += _align(kind, [])
        people.sort(key=_widest_first)
        people = _align((mention for mention in alike if mention.victims.noun is None), people)
        for same in people:
            same.members.sort(key=lambda member: member.span)
        yield from people


def _widest_first(people: People) -> tuple[bool, int]:
    most = people.range.max
    return most is not None, -(most or 0)


def _kinds(mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Return the mentions, those together whose nouns may be said of the same people."""
    by_victims: dict[Victims, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_victims[mention.victims].append(mention)
    above = {victims.noun: victims.noun for victims in by_victims}  # a forest of the nouns

    def top(noun: str | None) -> str | None:
        while above[noun] != noun:
            above[noun] = above[above[noun]]
            noun = above[noun]
        return noun

    for victims in by_victims:
        for word in victims.words & above.keys():  # those with this noun may be these; see may_be
            above[top(word)] = top(victims.noun)
    kinds: dict[str | None, list[Mention]] = {}
    for victims, alike in by_victims.items():
        kind = kinds.pop(top(victims.noun), [])  # those that end last stand last
        kind += alike
        kinds[top(victims.noun)] = kind
    return list(kinds.values())


def _align(mentions: Iterable[Mention], people: list[People]) -> list[People]:
    """Give each mention its place among ``people``, new ones where its sentence needs them."""
    tried: dict[int, int] = defaultdict(int)  # by sentence: places that are known to be taken
    for mention in sorted(mentions, key=lambda mention: mention.span):
        sentence, start = mention.sentence, mention.span.start
        same = None
        if mention.victims.definite:  # it may speak of those whom its sentence spoke of before
            same = next((one for one in people if one.sentences.get(sentence, start) < start), None)
        if same is None:
            place = tried[sentence]
            while place < len(people) and sentence in people[place].sentences:
                place += 1
            tried[sentence] = place
            if place == len(people):
                people.append(People())
            same = people[place]
        same.members.append(mention)
        same.sentences.setdefault(sentence, start)
    return people
