"""What change of the data would help a tagger most, worked out from its errors.

Each piece of advice stands for a set of errors with one remedy. It is weighed by what strict micro
F1 would be if exactly those were right: the most that the change can bring, not a promise. What is
missed or invented beside a mention that it overlaps is an error of borders, whatever the account
of pairs says. The parts of a data set (its long sentences, a source) hold errors of every sort; of
those, only what they have beyond the rest of the data counts, and only where chance hardly explains
it: F1 is taken for a share of (gold + predicted) / 2 spans, and two shares that lie within ``Z``
standard errors of one another for equal. After each choice the errors that it touches are taken
out, so that the next is chosen by what is left.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from train.error_table import APART, OVERLAPS, ErrorTable, border_of, words_of
from train.metrics import Score, Scores
from train.mistakes import Frequent, frequent
from train.pairing import MISSED, SPURIOUS, WRONG_BORDER, WRONG_LABEL
from train.slices import NEW, SEEN, SEEN_OTHERWISE, Slice
from train.spelling import CAREFUL

CHOICES = 3
EXAMPLES = 4
MIN_SPANS = 30
"""Fewest gold spans of a part of the data that advice is given on."""
Z = 1.96
FEWEST = 2
"""Fewest errors that are worth a piece of advice."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One change of the data, and the errors that it would touch."""

    title: str
    """What to do."""
    why: str
    errors: frozenset[int]
    """Their places in the table of errors."""
    kind: str | None = None
    """Of which kind the errors are that examples are made of; None for a part of the data."""
    share: float = 1.0
    """How many of them the change may be expected to mend, if it mends all that it can."""
    f1: float = 0.0
    """Strict micro F1 if it did."""
    tag: int = 0
    """That of exactly these errors."""
    examples: tuple[Frequent, ...] = ()
    """What is most often wrong so."""

    def to_dict(self, table: ErrorTable) -> dict[str, Any]:
        """Return the advice as plain values, for the errors of ``table``."""
        kind = self.kind or ""
        return {
            "title": self.title,
            "why": self.why,
            "tag": self.tag,
            "errors": len(self.errors),
            "f1": self.f1,
            "is_part": self.kind is None,
            "examples": [
                {"words": words_of(found, kind), "label": found.label}
                | {"count": table.count_of(found), "border": border_of(found, kind)}
                | {"tag": table.tag_of(found, kind), "error": table.place(found.example)}
                for found in self.examples
            ],
        }


def advise(
    table: ErrorTable,
    scores: Scores,
    parts: Mapping[str, Mapping[str, Slice]],
    choices: int = CHOICES,
) -> list[Advice]:
    """Return the changes that would help most, the best first; fewer where there is less to say.

    Args:
        table: the errors.
        scores: those of the whole data.
        parts: what :func:`train.slices.slices` returns.
        choices: the most to return.
    """
    offers = [
        offer
        for offer in (*_by_label(table, scores), *_by_part(table, scores, parts))
        if len(offer.errors) >= FEWEST
    ]
    chosen: list[Advice] = []
    touched: set[int] = set()
    while offers and len(chosen) < choices:
        best = max(offers, key=lambda o: _gain(table, scores.micro, o.errors - touched) * o.share)
        gain = _gain(table, scores.micro, best.errors - touched) * best.share
        if gain <= 0:
            break
        chosen.append(_told(table, scores, best, len(chosen) + 1))
        touched |= best.errors
        offers.remove(best)
    return chosen


def _by_label(table: ErrorTable, scores: Scores) -> Iterator[Advice]:
    for label in scores.labels:
        yield from _missed(table, label)
        yield from _spurious(table, label)
        overlapping = _tagged(table, "by_other_side", OVERLAPS)
        borders = [
            place
            for kind in (WRONG_BORDER, MISSED, SPURIOUS)
            for place in table.places(kind=kind, label=label)
            if place in overlapping
        ]
        yield Advice(
            f"Settle where {label} mentions begin and end",
            "The right mention is found with a word too many or too few, or cut in two. Decide for "
            "each of these words whether it belongs to the mention, and mark it alike in this data "
            "and in the training data.",
            frozenset(borders),
            WRONG_BORDER,
        )
        for other in scores.labels:
            yield Advice(
                f"Tell {label} from {other}",
                f"This data says {label}, and the tagger {other}. Write down what decides between "
                "the two, mend what is marked against it, and add training sentences with both.",
                frozenset(table.places(kind=WRONG_LABEL, label=label, tagged_as=other)),
                WRONG_LABEL,
            )


def _missed(table: ErrorTable, label: str) -> Iterator[Advice]:
    apart = _apart(table, MISSED, label)
    if not any(tag["group"] == "by_known" for tag in table.tags):
        yield Advice(
            f"Annotate more sentences with {label} mentions",
            "The tagger passes these over. Add training sentences that hold such mentions, and "
            "look whether the training data marks them everywhere.",
            apart,
            MISSED,
        )
        return
    yield Advice(
        f"Annotate more {label} mentions that the training data lacks",
        "The tagger passes these over, and the training data marks none of them. Add training "
        "sentences with many different mentions rather than many sentences with the same.",
        apart & _known(table, NEW),
        MISSED,
    )
    yield Advice(
        f"Mark {label} mentions of the training data alike everywhere",
        "The training data marks these, and yet the tagger passes them over here. Look for places "
        "where the training data leaves them unmarked, and add other sentences with them.",
        apart & _known(table, SEEN),
        MISSED,
    )
    yield Advice(
        f"Settle whether these are {label} mentions",
        "The training data knows these under another label alone. Decide when they are "
        f"{label}, and mark them alike in this data and in the training data.",
        apart & _known(table, SEEN_OTHERWISE),
        MISSED,
    )


def _spurious(table: ErrorTable, label: str) -> Iterator[Advice]:
    apart = _apart(table, SPURIOUS, label)
    yield Advice(
        f"Show the tagger what is not {label}",
        "The tagger marks these, and the data does not. Where the tagger is right, correct this "
        "data; where it is wrong, add training sentences that use such words without a mark.",
        apart - _known(table, SEEN),
        SPURIOUS,
    )
    yield Advice(
        f"Settle whether these are {label}: the two data sets disagree",
        "The training data marks these words so, and this data leaves them unmarked. Write down "
        "the rule, and mark both data sets by it: more sentences alone would not help.",
        apart & _known(table, SEEN),
        SPURIOUS,
    )


def _apart(table: ErrorTable, kind: str, label: str) -> frozenset[int]:
    alone = _tagged(table, "by_other_side", APART)
    return alone & frozenset(table.places(kind=kind, label=label))


def _known(table: ErrorTable, name: str) -> frozenset[int]:
    return _tagged(table, "by_known", name)


def _tagged(table: ErrorTable, group: str, name: str) -> frozenset[int]:
    tag = table.tag(group, name)
    return frozenset() if tag is None else frozenset(table.places(tag=tag))


_PARTS = {
    "by_source": ("Annotate more texts from {}", "texts of this source"),
    "by_length": ("Annotate more sentences of {} words", "sentences of this length"),
    "by_spelling": ("Annotate more texts with {} spelling", "texts spelled so"),
    "by_span_length": ("Annotate more mentions of {} words", "mentions of this length"),
}


def _by_part(
    table: ErrorTable, scores: Scores, parts: Mapping[str, Mapping[str, Slice]]
) -> Iterator[Advice]:
    whole = scores.micro
    for kind, (title, what) in _PARTS.items():
        for name, part in parts.get(kind, {}).items():
            own = part.score
            rest = Score(
                whole.gold - own.gold,
                whole.found - own.found,
                whole.predicted - own.predicted,
                whole.right - own.right,
            )
            tag = table.tag(kind, name)
            if tag is None or name == CAREFUL or not _worse(own, rest):
                continue
            offer = Advice(
                title.format(name),
                f"In {what} F1 is {own.f1:.3f}, and {rest.f1:.3f} in the rest of the data. Read "
                "their errors first: texts that are broken, or marked by another rule, are better "
                "mended than added to.",
                frozenset(table.places(tag=tag)),
            )
            gain = (rest.f1 - own.f1) * (own.gold + own.predicted) / (whole.gold + whole.predicted)
            most = _gain(table, whole, offer.errors)
            yield replace(offer, share=min(1.0, gain / most) if most else 0.0)


def _worse(own: Score, rest: Score) -> bool:
    if min(own.gold, rest.gold) < MIN_SPANS:
        return False
    sizes = [(score.gold + score.predicted) / 2 for score in (own, rest)]
    mean = (own.f1 * sizes[0] + rest.f1 * sizes[1]) / sum(sizes)
    error = math.sqrt(mean * (1 - mean) * sum(1 / size for size in sizes))
    return rest.f1 - own.f1 > Z * error


def _told(table: ErrorTable, scores: Scores, advice: Advice, number: int) -> Advice:
    """Return advice with its tag, its examples and what it may bring by itself."""
    examples: list[Frequent] = []
    if advice.kind is not None:
        wrong = [table.mistakes[place] for place in sorted(advice.errors)]
        examples = frequent(wrong, advice.kind, EXAMPLES)
    f1 = scores.micro.f1 + _gain(table, scores.micro, advice.errors) * advice.share
    tag = table.tag_together("advice", f"{number}. {advice.title}", sorted(advice.errors))
    return replace(advice, f1=f1, tag=tag, examples=tuple(examples))


def _gain(table: ErrorTable, score: Score, errors: Collection[int]) -> float:
    """Return by how much F1 would rise if these errors were right."""
    kinds: Sequence[str] = [table.errors[place]["kind"] for place in errors]
    missed, spurious = kinds.count(MISSED), kinds.count(SPURIOUS)
    right = score.right + len(kinds) - spurious
    total = score.gold + score.predicted + missed - spurious
    return 2 * right / total - score.f1 if total else 0.0
