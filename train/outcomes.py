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

People who were arrested, displaced or rescued are no victims: after such words the outcome is
``unknown``. Hostages are ``abducted``, held or freed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from train.folding import fold
from train.harm import CUES, EITHER, Cue

BEFORE = 500
"""How many characters before a count are read at most."""
BEHIND = 300
"""How many characters behind a count are read at most."""
_REACH = 60  # words from a span to a word of harm before it
_TOPIC_REACH = 40  # words from a span that its clause begins with to its verb
_NEAR = 4  # words from any other span to a verb or a noun behind it

_TOKEN = re.compile(r"[^\W\d_]+|\d+|\n|[^\w\s]|_")
_STOPS = frozenset(".!?؟…۔\n")
_CLOSING = frozenset("\"'»”’)]}›")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to the people of one count, and why we think so."""

    outcome: str
    """One of :data:`train.count.OUTCOMES`."""
    subset: bool
    """Whether the count is a part of a count that was named before it."""
    rule: str
    """``verb:``, ``noun:`` or ``inside:`` and the word of harm, ``pair``, ``inherited``, ``none``."""


Reading = tuple[str, str]
"""An outcome and its rule."""


def _words(line: str) -> frozenset[str]:
    return frozenset(fold(line).split())


_SUBSET = _words(
    "بينهم وبينهم بينهن وبينهن ضمنهم وضمنهم ضمنهن منهم ومنهم منهن ومنهن بينهما فيهم فيهن بينها ضمنها "
    "هم وهم هما وهما"
)
_OF_THEM = _words("منهم منهن منهما")
_AMONG = _words("بين وبين ضمن وضمن")
_CLAUSE = _words(
    "أن إن بأن وأن وإن فإن لأن كأن كان وكان كانت وكانت أنه إنه بأنه لكن ولكن أنهم إنهم"
)
# Words that may stand between a word of harm and the count it takes, and take nothing away.
_LIGHT = _words(
    "على عن إلى الي في من ب ل ك و أيضا نحو حوالي حوالى زهاء قرابة أكثر أمس كل ما فيه فيها فيهم معه "
    "معها بـ على الأقل قد اليوم حياة أرواح خلالها خلاله إثرها جراءها لاحقا كذلك بها به"
) | frozenset("«»\"'“”‘’()[]:،,-–—*")
_AFTER_LIGHT = _words(
    "على الأقل آخرين آخرون أخرى آخر أخريات أيضا منهم منهن من بينهم تقريبا كانوا كانا كان قد جميعهم "
    "كلهم جميعا في الأكثر وقد"
) | frozenset("«»\"'“”()،,")
_COUNTED = _words("إلى الى ب عند بلغ نحو وصل تجاوز فاق حوالي على عن من عددهم وعددهم عدد")
_HURT = _words(
    "بجروح بجراح بجروحهم بحروق بالاختناق باختناق بإصابات بالجراح بالجروح إصاباتهم إصاباتهما إصابتهم"
)
_DEATH = _words("مصرعهم مصرعه مصرعها مصرعهما حتفهم حتفه حتفها حتفهما نحبهم نحبه نحبها حياتهم حياته")
_ON = fold("على")
_OVER = _words("القضاء قضى قضت وقضى وقضت بالقضاء والقضاء يقضي قضوا")
_PAIR_LIGHT = _words("بين ما من آخرين آخرون شخصا شخص منهم سقطوا سقط وقعوا")
_BARE = _words(
    "اثنان اثنين اثنتان اثنتين ثلاثة ثلاث أربعة أربع خمسة خمس ستة ست سبعة سبع ثمانية ثماني تسعة تسع "
    "عشرة عشر عشرون عشرين ثلاثون ثلاثين واحد واحدة عدد عددا عشرات العشرات كثير الكثير العديد"
)
_OTHER = ("اخر", "غير")
_THREAT = ("هدد", "تهدد", "تهديد", "يهدد", "بتهديد", "مهدد")
_GRAVE = ("خط", "حرج")
_PRONOUNS = ("هم", "هما", "هن", "ها")
_DIED = _words("توفي توفى استشهد مات")
_SOME = ("احد", "بعض", "منه", "اثن", "ثلاث")
_QUOTES = frozenset("«»\"'“”():-–—*،,")
_ONE_DEAD = _words("قتيل قتيلا شهيد شهيدا")
_ONE_HURT = _words("جريح جريحا مصاب مصابا")
_SUFFERED = ("تعرض", "يتعرض")
_PLAIN_FALL = _words("سقوط سقط سقطوا وسقط وسقوط بسقوط يسقط سقطت")


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
        before, inside = fold(text[at:start]), fold(text[start:end])
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
                outcomes += _Sentence(words[sentence_at:stop], pending).read()
                pending = []
            sentence_at, stop = stop, next(stops)
        last = token
        while last < stop and last < len(words) and ends[last] - len(words[last]) < end:
            last += 1
        pending.append((token - sentence_at, last - sentence_at))
    return outcomes + _Sentence(words[sentence_at:stop], pending).read()


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


class _Sentence:
    """The words of one sentence, and what the counts in it were found to be so far."""

    __slots__ = ("cues", "inside", "outcomes", "predicates", "spans", "words")

    def __init__(self, words: list[str], spans: list[tuple[int, int]]) -> None:
        self.words = words
        self.spans = spans
        self.cues: list[Cue | None] = list(map(CUES.get, words))
        self.outcomes: list[Outcome] = []
        self.inside: list[bool] = []  # whether the span itself names the harm
        self.predicates: set[int] = set()  # words that belong to a count before them

    def read(self) -> list[Outcome]:
        for index, (first, last) in enumerate(self.spans):
            floor = self.spans[index - 1][1] if index else 0
            named = self._inside(first, last)
            self.inside.append(named is not None)
            harm, rule = self._outcome(index, first, last, floor, named)
            subset = self._is_subset(index, first, last, floor)
            self.outcomes.append(Outcome(harm, subset, rule))
        return self.outcomes

    def _outcome(
        self, index: int, first: int, last: int, floor: int, named: Reading | None
    ) -> Reading:
        governor = self._governor(first, floor)
        if named is not None and named[0] in ("killed", "killed_or_injured"):
            return self._pair(first, last, named) or named
        predicate = self._predicate(index, last, governor)
        if named is not None:
            taken = governor or self._taker(first, floor)
            for reading in (predicate, taken):
                if reading is not None and _overrides(reading, named[0]):
                    return reading
            return self._ended(index, last, named)
        pair = self._pair(first, last, None)
        if pair is not None:
            return pair
        near = predicate or governor
        if near is not None:
            return self._ended(index, last, near)
        suffered = self._suffered(first, last, floor)
        if suffered is not None:
            return suffered
        is_topic = self._is_topic(first)
        told = self._behind(index, last, is_topic)
        if told is None and not is_topic:
            told = self._far_before(first, floor)
        if told is not None:
            return self._ended(index, last, told)
        return self._inherited(index) or self._anywhere(index, last) or ("unknown", "none")

    def _inside(self, first: int, last: int) -> Reading | None:
        """Return the harm that the span itself names."""
        found: Reading | None = None
        for at in range(first, last):
            cue = self.cues[at]
            if cue is None or (cue.loose and cue.kind != "person"):
                continue
            reading = cue.harm, f"inside:{cue.lemma}"
            found = reading if found is None else _both(found, reading)
        return found

    def _pair(self, first: int, last: int, named: Reading | None) -> Reading | None:
        """Return ``killed_or_injured`` for ``[30] بين قتيل وجريح`` and ``[30 قتيلا] وجريحا``."""
        at = last
        if named is None or "ضحي" in named[1] or "ضحا" in named[1]:
            while at < len(self.words) and at < last + 4 and self.words[at] in _PAIR_LIGHT:
                at += 1
            one = self._cue(at)
            if one is None or one.kind == "verb" or one.loose or one.joined:
                return None
            at += 1
        else:
            one = self._cue(last - 1)
            if one is None or one.lemma not in _ONE_DEAD:
                return None
        at += self._cue(at) is None and at < len(self.words) and self.words[at] in ("و", "او")
        other = self._cue(at)
        if other is None or other.kind != one.kind or other.harm == one.harm:
            return None
        if at < len(self.words) and self._span_at(at) is not None:
            return None
        if named is not None and other.lemma not in _ONE_HURT and one.lemma in _ONE_DEAD:
            return None
        return "killed_or_injured", "pair"

    def _cue(self, at: int) -> Cue | None:
        return self.cues[at] if 0 <= at < len(self.cues) else None

    def _span_at(self, at: int) -> int | None:
        """Return the index of the span that the word lies in."""
        index = bisect_right(self.spans, (at, len(self.words))) - 1
        return index if index >= 0 and at < self.spans[index][1] else None

    def _governor(self, first: int, floor: int) -> Reading | None:
        """Return the word of harm right before the span, or the two that share it."""
        at = first - 1
        while at >= floor:
            cue = self.cues[at]
            word = self.words[at]
            if cue is not None:
                if at in self.predicates:
                    return None
                return self._joined_with(at, cue, floor)
            if word in _PLAIN_FALL:
                return "killed", "verb:سقط"
            if word in _OVER and (at + 1 == first or self.words[at + 1] == _ON):
                return "killed", "verb:قضى"
            if word not in _LIGHT:
                return None
            at -= 1
        return None

    def _joined_with(self, at: int, cue: Cue, floor: int) -> Reading:
        """Return the harm of a word, together with one that is joined before it."""
        reading = self._reading(at, cue)
        before = at - 1
        linked = cue.joined
        if before >= floor and self.words[before] in ("و", "او"):
            before -= 1
            linked = True
        other = self.cues[before] if before >= floor else None
        if (
            linked
            and other is not None
            and (other.kind == cue.kind or EITHER & {cue.lemma, other.lemma})
            and not (other.follows or other.loose)
            and before not in self.predicates
            and not (before == floor > 0 or self.words[before].endswith(_PRONOUNS))
        ):
            return _both(self._reading(before, other), reading)
        return reading

    def _reading(self, at: int, cue: Cue) -> Reading:
        """Return what a word of harm says where it stands."""
        if cue.lemma in ("فقد", "لقي") and any(w in _DEATH for w in self.words[at : at + 5]):
            return "killed", "verb:" + cue.lemma + " حياته" * (cue.lemma == "فقد")
        name = "verb" if cue.kind == "verb" else "noun"
        return cue.harm, f"{name}:{cue.lemma}"

    def _predicate(self, index: int, last: int, governor: Reading | None) -> Reading | None:
        """Return the verb right behind the span that has it for its subject."""
        at = last
        while at < len(self.words) and at < last + _NEAR and self.words[at] in _AFTER_LIGHT:
            at += 1
        cue = self._cue(at)
        if cue is None or cue.kind != "verb" or cue.joined:
            return None
        if governor is not None:
            # «قتل [فتى] طعنا»: how, not who; «قتل [جندي] قتل» does not happen.
            if not cue.follows or self.words[at].endswith("ا"):
                return None
        elif not cue.follows and at - last > 1:
            return None
        if index + 1 < len(self.spans) and self.spans[index + 1][0] == at + 1:
            return None  # the next count is its object
        self.predicates.add(at)
        reading = self._reading(at, cue)
        other = self._cue(at + 1)
        if other is not None and other.joined and other.kind == "verb" and other.follows:
            reading = _both(reading, self._reading(at + 1, other))
        return reading

    def _is_topic(self, first: int) -> bool:
        """Whether the span begins a clause of its own, so that its verb stands behind it."""
        at = first - 1
        while at >= 0 and self.words[at] in _QUOTES:
            at -= 1
        return at < 0 or self.words[at] in _CLAUSE

    def _behind(self, index: int, last: int, is_topic: bool) -> Reading | None:
        """Return the harm that is told behind the span: its verb, its adjective, ``بجروح``."""
        at = last
        reach = _TOPIC_REACH if is_topic else _NEAR
        while at < len(self.words) and at < last + reach:
            span = self._span_at(at)
            if span is not None:
                if not (is_topic and self._passes(at, last)):
                    return None
                at = max(self.spans[span][1], at + 1)
                continue
            word, cue = self.words[at], self.cues[at]
            if word in _HURT and at < last + _NEAR:
                return "injured", "noun:بجروح"
            if cue is not None:
                if cue.joined:
                    if cue.kind == "verb":
                        return None
                elif (
                    (cue.kind == "verb" and is_topic and not cue.loose)
                    or (cue.kind == "verb" and cue.follows)
                    or (cue.kind == "person" and at < last + _NEAR)
                    or (cue.kind == "act" and self.words[at - 1].startswith(_SUFFERED))
                ):
                    if cue.kind == "verb":
                        self.predicates.add(at)
                    return self._reading(at, cue)
            elif word in _DEATH:
                return "killed", "noun:حتف"
            elif word in ("حال", "حاله") and at < last + _NEAR and at + 1 < len(self.words):
                if self.words[at + 1].startswith(_GRAVE):
                    return "injured", "noun:حالة خطيرة"
            at += 1
        return None

    def _passes(self, at: int, last: int) -> bool:
        """Whether a clause goes on behind the count at ``at``, which is no subject of its own."""
        before = self.cues[at - 1]
        return (
            at == last
            or self.words[at][0] == "و"
            or self.words[at - 1] in _SUBSET
            or self._span_at(at - 1) is not None
            or (before is not None and before.kind != "person" and not before.joined)
        )

    def _suffered(self, first: int, last: int, floor: int) -> Reading | None:
        """Return the harm of ``تعرض [سبعة] للإصابة``."""
        if any(
            w.lstrip("و").startswith(_SUFFERED) for w in self.words[max(floor, first - 5) : first]
        ):
            for at in range(last, min(last + _NEAR, len(self.words))):
                cue = self.cues[at]
                if cue is not None and cue.kind == "act":
                    return self._reading(at, cue)
        return None

    def _taker(self, first: int, floor: int) -> Reading | None:
        """Return the verb whose subject stands between it and the span (``قتل خاطفون [رهينة]``)."""
        if first < len(self.words) and self.words[first].startswith("و"):
            return None
        for at in range(first - 1, max(floor, first - _NEAR) - 1, -1):
            cue = self.cues[at]
            if cue is not None:
                return self._reading(at, cue) if cue.kind == "verb" and not cue.loose else None
        return None

    def _ended(self, index: int, last: int, reading: Reading) -> Reading:
        """Return ``killed`` where the people were abducted, or wounded, and died of it."""
        if reading[0] not in ("abducted", "injured"):
            return reading
        until = self.spans[index + 1][0] if index + 1 < len(self.spans) else len(self.words)
        if reading[0] == "injured":
            until = min(until - 1, last + 2)
        for at in range(last, min(until, last + 15)):
            cue, word = self.cues[at], self.words[at]
            if word.startswith(_THREAT):
                break
            if cue is None or cue.harm != "killed":
                continue
            if reading[0] == "injured":
                if cue.lemma in _DIED and not self.words[at + 1].startswith(_SOME):
                    return self._reading(at, cue)
            elif not cue.loose and (cue.follows or word.endswith(("هم", "هما"))):
                return self._reading(at, cue)
        return reading

    def _anywhere(self, index: int, last: int) -> Reading | None:
        """Return the first verb of harm behind that takes no other count."""
        until = self.spans[index + 1][0] - 3 if index + 1 < len(self.spans) else len(self.words)
        for at in range(last, min(until, last + _TOPIC_REACH)):
            cue = self.cues[at]
            if cue is None or cue.kind != "verb" or cue.loose:
                continue
            if cue.follows or cue.joined or cue.lemma not in EITHER:
                return self._reading(at, cue)
        return None

    def _far_before(self, first: int, floor: int) -> Reading | None:
        """Return the nearest word of harm before the span and behind the count before it."""
        weak: Reading | None = None
        for at in range(first - 1, max(floor, first - _REACH) - 1, -1):
            cue = self.cues[at]
            if cue is None or cue.loose:
                continue
            if cue.kind == "person":
                if first - at <= _NEAR or self.words[first - 1] in _COUNTED:
                    return self._joined_with(at, cue, floor)
                weak = weak or self._reading(at, cue)
            elif cue.harm != "unknown" or first - at <= _NEAR:
                return self._joined_with(at, cue, floor)
        return weak if floor == 0 else None

    def _inherited(self, index: int) -> Reading | None:
        if not index:
            return None
        return self.outcomes[index - 1].outcome, "inherited"

    def _is_subset(self, index: int, first: int, last: int, floor: int) -> bool:
        at = first - 1
        while at >= floor and self.words[at] in _LIGHT:
            at -= 1
        if at >= floor and self.words[at] in _SUBSET:
            return True
        if not index:
            return False
        if at > floor and self._among(at - 1) or self._among(last) or self._of_them(first, last):
            return True
        if first == last or not self.words[first].startswith("و"):
            return False
        if any(word.startswith(_OTHER) for word in self.words[first:last]):
            return False
        gap = range(floor, first)
        if self.inside[index] != self.inside[index - 1] or any(self.cues[i] for i in gap):
            return False
        if self.outcomes[index - 1].subset:
            return len(gap) <= _NEAR
        return len(gap) <= 10 and any(self.words[i] in _SUBSET for i in gap)

    def _among(self, at: int) -> bool:
        """Whether ``بين القتلى`` begins at a word."""
        for ahead in range(at, min(at + 3, len(self.words) - 1)):
            if self.words[ahead] in _AMONG:
                cue = self.cues[ahead + 1]
                return (
                    cue is not None and cue.kind == "person" and "ال" in self.words[ahead + 1][:3]
                )
            if self.words[ahead] not in _AFTER_LIGHT:
                return False
        return False

    def _of_them(self, first: int, last: int) -> bool:
        """Whether the span is ``[20] منهم`` or ``[20 منهم]``, and not ``[20] منهم 3 نساء``."""
        if first == last:
            return False
        if self.words[last - 1] in _OF_THEM:
            return True
        if last >= len(self.words) or self.words[last] not in _OF_THEM:
            return False
        bare = self.words[last - 1]
        if not (bare.isdigit() or bare in _BARE or bare.lstrip("وبفل") in _BARE):
            return False
        return not (self.words[last + 1 : last + 2] or "x")[0].isdigit() and (
            self._span_at(last + 1) is None
        )


def _both(one: Reading, other: Reading) -> Reading:
    """Return the outcome of one number that two words of harm share."""
    harms = {one[0], other[0]} - {"unknown"}
    if len(harms) < 2:
        return one if one[0] in harms else other
    if one[0] == "abducted" and other[0] == "killed":
        return other
    return "killed_or_injured", f"{one[1]}+{other[1]}"


def _overrides(governor: Reading, named: str) -> bool:
    """Whether the harm that takes the count beats what its own noun says of it."""
    if governor[1] == "verb:سقط":
        return False
    return governor[0] == "killed" or (governor[0] == "injured" and named == "abducted")
