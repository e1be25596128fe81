"""Which unannotated sentences to annotate next: those that would teach the tagger most.

Chosen are sentences that the tagger is unsure of (:mod:`train.doubt`) and that are unlike each
other (:mod:`train.diversity`). Near-duplicates of the training data and of each other are left out
(:mod:`train.near_duplicates`), since they teach the same thing twice. The least sure sentences of
the pool are a short list, of which the varied ones are chosen; so of a large pool only ids and
digests are kept. The result depends on the sentences and not on the order of the pool, but where
two have the same id or the same words, of which the first is taken.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from train.diversity import choose, vectors
from train.document import Document, check_spans
from train.doubt import Doubt, DoubtfulTags
from train.engine import Engine
from train.errors import InputError
from train.folding import fold_words
from train.inline import META_KEYS, format_line, parse_line, write_inline
from train.jsonl import write_jsonl
from train.near_duplicates import NearDuplicates
from train.runtime import available_cores
from train.tagger import Tagger
from train.words import split_words

SHORT_LIST = 20
"""So many sentences are on the short list for each that is wanted,"""
SHORT_LIST_LEAST = 2_000
"""at least so many in all,"""
SHORT_LIST_MOST = 20_000
"""and no more than these (each has a vector of 8 KiB), or twice as many as are wanted."""
STRETCH = 1_000
LONG = 100
"""Words from which a record is rather an article than a sentence."""

HEADER = (
    "Sentences to annotate next, the most useful first, marked as the tagger would mark them.",
    "Correct the marks. The comment above each sentence tells its id, and why it was chosen.",
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sentence to annotate, with the marks of the tagger to correct."""

    document: Document
    doubt: Doubt

    def to_dict(self) -> dict[str, Any]:
        """Return why the sentence was chosen, as plain values."""
        place = self.doubt.place
        return {
            "chance_of_a_mistake": round(self.doubt.chance, 4),
            "why": self.doubt.told(self.document.text),
            "place": None if place is None else place.to_dict(self.document.text),
            "marked": self.doubt.is_marked,
        }


@dataclass(slots=True)
class Seen:
    """What became of the records of a pool."""

    sentences: int = 0
    blank: int = 0
    same_id: int = 0
    """Left out: an earlier record that was kept has the id."""
    known: int = 0
    """Left out: near-duplicates of the training data."""
    alike: int = 0
    """Left out: the words of an earlier one, or a near-duplicate of one that was chosen."""
    unreadable: int = 0
    """Left out: what they hold could not be read back."""
    long: int = 0
    """Taken, though as long as articles."""

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def suggest(
    pool: Iterable[Document],
    tagger: Tagger,
    wanted: int,
    training: Iterable[Document] = (),
    seen: Seen | None = None,
) -> list[Suggestion]:
    """Return up to ``wanted`` sentences of ``pool``, the most useful first.

    Args:
        pool: unannotated sentences; spans that they have are not looked at.
        tagger: what is to learn; its doubts are asked for.
        wanted: how many sentences.
        training: what the tagger learnt from, or will: sentences like these are left out.
        seen: is added to.

    Raises:
        InputError: fewer than one is wanted.
    """
    if wanted < 1:
        raise InputError(f"{wanted} sentences: nothing to choose; ask for 1 or more")
    seen = Seen() if seen is None else seen
    known = NearDuplicates()
    for document in training:
        known.add(document.text)
    room = max(SHORT_LIST_LEAST, min(SHORT_LIST * wanted, SHORT_LIST_MOST), 2 * wanted)
    listed: list[Suggestion] = []
    for suggestions in _doubted(_worth_tagging(pool, known, seen), tagger):
        listed = heapq.nsmallest(room, [*listed, *suggestions], key=_order)
    taken = NearDuplicates()

    def accept(index: int) -> bool:
        document = listed[index].document
        if taken.find(document.text) is not None:
            seen.alike += 1
            return False
        if not _comes_back(document):
            seen.unreadable += 1
            return False
        taken.add(document.text)
        return True

    worth = [suggestion.doubt.surprise for suggestion in listed]
    of = vectors([suggestion.document.text for suggestion in listed])
    return [listed[index] for index in choose(worth, of, wanted, accept)]


def write_suggestions(chosen: Sequence[Suggestion], path: Path) -> None:
    """Write sentences to annotate, ``.txt`` (inline format) or ``.jsonl``.

    In the inline format, comments above each sentence tell its id and why it was chosen. In JSONL
    the same stands in ``meta``, under ``suggestion``. Both are read as annotated data.

    Raises:
        InputError: another suffix, or a file that cannot be written.
    """
    check_suffix(path)
    if path.suffix == ".jsonl":
        write_jsonl((_with_meta(suggestion) for suggestion in chosen), path)
        return
    comments = {}
    for number, suggestion in enumerate(chosen, start=1):
        document = suggestion.document
        why = suggestion.doubt.told(document.text)
        comments[document.id] = (f"id: {document.id}", f"{number} of {len(chosen)}: {why}")
    write_inline([_told_inline(s.document) for s in chosen], path, comments, HEADER)


def check_suffix(path: Path) -> None:
    """Refuse a file that suggestions are not written to.

    Raises:
        InputError: its suffix is another.
    """
    if path.suffix not in (".txt", ".jsonl"):
        raise InputError(f"{path}: sentences to annotate are written to .txt or .jsonl files")


def _order(suggestion: Suggestion) -> tuple[float, str, str]:
    return -suggestion.doubt.surprise, suggestion.document.text, suggestion.document.id


def _worth_tagging(
    pool: Iterable[Document], known: NearDuplicates, seen: Seen
) -> Iterator[Document]:
    ids: set[str] = set()
    digests: set[bytes] = set()  # a footer that stands a thousand times would fill the short list
    for document in pool:
        seen.sentences += 1
        words = len(split_words(document.text))
        if not words:
            seen.blank += 1
        elif document.id in ids:
            seen.same_id += 1
        elif (digest := _digest(document.text)) in digests:
            seen.alike += 1
        elif known.find(document.text) is not None:
            seen.known += 1
        else:
            seen.long += words >= LONG
            ids.add(document.id)
            digests.add(digest)
            yield document


def _digest(text: str) -> bytes:
    """Return what two texts of the same words share; of punctuation alone, each has its own."""
    words = " ".join(fold_words(text)) or text
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _doubted(documents: Iterable[Document], tagger: Tagger) -> Iterator[list[Suggestion]]:
    """Yield the documents with the tagger's marks and doubts, stretch by stretch."""
    tags = DoubtfulTags(tagger.tags.labels, tagger.tags.temperature)
    old = tagger.engine
    threads = 1 if tagger.runtime_name == "cuda" else available_cores()
    engine = Engine(old.preprocessor, old.runtime, tags, threads, old.max_batch_tokens)
    stretches = ((held, [d.text for d in held]) for held in _stretches(documents))
    for held, found in engine.stream(stretches):
        doubts, tags.doubts = tags.doubts, []
        yield [
            Suggestion(replace(document, spans=spans), doubt)
            for document, spans, doubt in zip(held, found.spans, doubts, strict=True)
        ]


def _stretches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    held: list[Document] = []
    for document in documents:
        held.append(document)
        if len(held) >= STRETCH:
            yield held
            held = []
    if held:
        yield held


def _comes_back(document: Document) -> bool:
    """Whether a document can be written and read in either format."""
    text = document.text
    if text.startswith("\ufeff") or text.endswith("\r"):
        return False
    if any(check_spans(text, document.spans, None, "")):
        return False
    return parse_line(format_line(document)) == (text, document.spans)


def _told_inline(document: Document) -> Document:
    meta = {key: value for key, value in document.meta.items() if key in META_KEYS}
    return replace(document, meta=meta)


def _with_meta(suggestion: Suggestion) -> Document:
    document = suggestion.document
    return replace(document, meta={**document.meta, "suggestion": suggestion.to_dict()})
