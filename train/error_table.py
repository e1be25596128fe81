"""The errors of a tagger as rows that can be filtered, with the sentences that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from train.document import Document, Span
from train.mistakes import Frequent, Mistake, mistakes, sameness
from train.pairing import WRONG_BORDER, WRONG_LABEL, shared
from train.slices import Known, parts

SCORE_DIGITS = 4
TAKEN, LEFT = "taken in:", "left out:"
OVERLAPS, APART = "it overlaps a mention", "nothing is marked"
"""What the other side has where a span is wrong; every error of a pair overlaps."""


class ErrorTable:
    """Every error once, with what it has in common with others; see :mod:`train.report`.

    Args:
        gold: the documents as annotated, in the order that the errors are to have.
        predicted: the same documents, as tagged.
        known: the mentions of the training data.
    """

    def __init__(
        self,
        gold: Sequence[Document],
        predicted: Sequence[Document],
        known: Known | None = None,
    ):
        self.mistakes: list[Mistake] = []
        self.errors: list[dict[str, Any]] = []
        self.sentences: list[dict[str, Any]] = []
        self.tags: list[dict[str, str]] = []
        self._tag_places: dict[tuple[str, str], int] = {}
        kinds = parts(known)
        for ours, theirs in zip(gold, predicted, strict=True):
            # Document by document, since ids may repeat and errors are told by them.
            found = mistakes([ours], [theirs])
            if not found:
                continue
            part_of = {kind: part(ours)[1] for kind, part in kinds.items()}
            sentences: dict[tuple[int, int], int] = {}
            for mistake in found:
                stretch = (mistake.start, mistake.start + len(mistake.text))
                if stretch not in sentences:
                    sentences[stretch] = len(self.sentences)
                    self.sentences.append(_sentence(ours, theirs, mistake))
                tags = [self._tag(kind, of(mistake.span)) for kind, of in part_of.items()]
                tags.append(self._tag("by_other_side", _other_side(mistake, ours, theirs)))
                place = sentences[stretch]
                self.errors.append(_row(mistake, place, self.sentences[place], tags))
                self.mistakes.append(mistake)
        self._places = {id(mistake): place for place, mistake in enumerate(self.mistakes)}
        self._alike: dict[tuple[str, str, str, tuple[str, ...]], list[int]] = {}
        for place, mistake in enumerate(self.mistakes):
            self._alike.setdefault(_likeness(mistake), []).append(place)

    def place(self, mistake: Mistake) -> int:
        """Return the place of one of ``mistakes`` among the errors."""
        return self._places[id(mistake)]

    def places(self, **wanted: Any) -> list[int]:
        """Return the places of the errors with these values; ``tag`` is one of their tags."""
        tag = wanted.pop("tag", None)
        return [
            place
            for place, row in enumerate(self.errors)
            if (tag is None or tag in row["tags"])
            and all(row[key] == value for key, value in wanted.items())
        ]

    def tag(self, group: str, name: str) -> int | None:
        """Return the place of a tag, or None where no error has it."""
        return self._tag_places.get((group, name))

    def tag_of(self, found: Frequent, kind: str) -> int:
        """Return the tag of all errors that a frequent one stands for, given to them if need be."""
        name = _name_of(found, kind)
        tag = self.tag(kind, name)
        if tag is None:
            tag = self._tag(kind, name)
            for place in self._alike[_likeness(found.example)]:
                self.errors[place]["tags"].append(tag)
        return tag

    def count_of(self, found: Frequent) -> int:
        """Return how many errors a frequent one stands for, those of other advice among them."""
        return len(self._alike[_likeness(found.example)])

    def tag_together(self, group: str, name: str, places: Iterable[int]) -> int:
        """Give errors a tag of their own, by which they are found together, and return it."""
        tag = self._tag(group, name)
        for place in places:
            self.errors[place]["tags"].append(tag)
        return tag

    def suspects(self, min_score: float) -> dict[str, Any]:
        """Return the places of the errors that the tagger was so sure of, and their tag."""
        sure = [place for place, m in enumerate(self.mistakes) if m.score and m.score >= min_score]
        name = f"the tagger is sure: {min_score:g} or more"
        tag = self.tag_together("suspects", name, sure) if sure else None
        sure.sort(key=lambda place: (-(self.mistakes[place].score or 0.0), place))
        return {"tag": tag, "errors": sure}

    def _tag(self, group: str, name: str) -> int:
        place = self._tag_places.setdefault((group, name), len(self.tags))
        if place == len(self.tags):
            self.tags.append({"group": group, "name": name})
        return place


def words_of(found: Frequent, kind: str) -> str:
    """Return the mention; of a wrong border what the tagger took in or left out."""
    border = border_of(found, kind)
    if border is None:
        return found.mention
    sides = ((TAKEN, border["taken_in"]), (LEFT, border["left_out"]))
    return ", ".join(f"{what} {' … '.join(words)}" for what, words in sides if words)


def border_of(found: Frequent, kind: str) -> dict[str, list[str]] | None:
    """Return what the tagger took in and left out at a wrong border; None of another kind."""
    if kind != WRONG_BORDER:
        return None
    taken, left = found.example.taken_in, found.example.left_out
    return {"taken_in": list(taken), "left_out": list(left)}


def _name_of(found: Frequent, kind: str) -> str:
    told = f"{found.label}, tagged {found.other}" if kind == WRONG_LABEL else found.label
    return f"{words_of(found, kind)} ({told})"


def _other_side(mistake: Mistake, ours: Document, theirs: Document) -> str:
    span = mistake.span
    others = theirs.spans if mistake.gold else ours.spans
    return OVERLAPS if any(shared(span, other) for other in others) else APART


def _likeness(mistake: Mistake) -> tuple[str, str, str, tuple[str, ...]]:
    """Return what is the same in all errors that :func:`train.mistakes.frequent` counts as one."""
    return mistake.kind, mistake.span.label, _tagged_as(mistake) or "", sameness(mistake)


def _tagged_as(mistake: Mistake) -> str | None:
    is_label = mistake.kind == WRONG_LABEL and mistake.predicted is not None
    return mistake.predicted.label if is_label and mistake.predicted else None


def _row(
    mistake: Mistake, place: int, sentence: Mapping[str, Any], tags: Iterable[int]
) -> dict[str, Any]:
    return {
        "kind": mistake.kind,
        "label": mistake.span.label,
        "tagged_as": _tagged_as(mistake),
        "sentence": place,
        "gold": _index(sentence["gold"], mistake.gold, mistake.start),
        "predicted": _index(sentence["predicted"], mistake.predicted, mistake.start),
        "score": None if mistake.score is None else round(mistake.score, SCORE_DIGITS),
        "tags": list(tags),
    }


def _index(spans: Sequence[Mapping[str, Any]], span: Span | None, start: int) -> int | None:
    if span is None:
        return None
    wanted = (span.start - start, span.end - start, span.label)
    return next(i for i, s in enumerate(spans) if (s["start"], s["end"], s["label"]) == wanted)


def _sentence(ours: Document, theirs: Document, mistake: Mistake) -> dict[str, Any]:
    start, end = mistake.start, mistake.start + len(mistake.text)
    return {
        "document": mistake.document,
        "text": mistake.text,
        "start": start,
        "gold": _within(ours.spans, start, end),
        "predicted": _within(theirs.spans, start, end),
    }


def _within(spans: Iterable[Span], start: int, end: int) -> list[dict[str, Any]]:
    """Return the spans of a stretch by its own offsets; what reaches beyond it is cut off."""
    return [
        {"start": max(span.start, start) - start, "end": min(span.end, end) - start}
        | {"label": span.label}
        | ({} if span.score is None else {"score": round(span.score, SCORE_DIGITS)})
        for span in sorted(spans)
        if span.start < end and start < span.end
    ]
