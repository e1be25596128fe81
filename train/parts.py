"""Parts: the stretches of input that are tagged, written and resumed as one.

A part holds what was read between two cuts: the documents, and the records that could not be
read. Cuts depend on the input alone, never on timing or on the number of workers, so a part that
is tagged again gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from train.document import Document
from train.errors import Fault
from train.readers import Origin

PART_DOCUMENTS = 1_000
PART_CHARACTERS = 500_000
"""A part is cut when it holds as many records, or at least as many characters (code points) of
texts and carried columns. So a part holds less than this and its last document, however large that
one is; a few parts are held at a time."""


class PartId(NamedTuple):
    """Where a part stands: in which shard of the input, and as which of its parts."""

    shard: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs

    @property
    def stem(self) -> str:
        """The name of the part's files; names sort in input order."""
        return f"part-{self.shard:05d}-{self.index:08d}"


@dataclass(slots=True)
class Part:
    """What was read between two cuts."""

    id: PartId
    documents: list[Document] = field(default_factory=list)
    """Without spans, unless the run takes those of the input; ``meta`` holds the columns that are
    carried through."""
    faults: list[Fault] = field(default_factory=list)
    """Records that could not be read."""
    schema: Any = None
    """The ``pyarrow.Schema`` of the carried columns where the input has one (Parquet)."""
    places: list[str] = field(default_factory=list)
    """Where each document stands, such as ``file:line``, for what is told of it; "" where that is
    not known. Not part of the digest: a file may be moved."""

    def digest(self) -> str:
        """Return the SHA-256 of all that was read, by which a resumed run knows its input."""
        digest = hashlib.sha256()
        for document in self.documents:
            record: list[Any] = [document.id, document.text, dict(document.meta)]
            record += [span.to_dict(document.text) for span in document.spans]
            digest.update(json.dumps(record, default=str).encode())
        for fault in self.faults:
            digest.update(str(fault).encode("utf-8", "surrogatepass"))
        if self.schema is not None:
            digest.update(str(self.schema).encode())
        return digest.hexdigest()


def cut(
    shard: int,
    items: Iterable[tuple[Document | Fault, Origin | None]],
    part_documents: int = PART_DOCUMENTS,
) -> Iterator[Part]:
    """Cut the ``(document or fault, origin)`` pairs of a shard into parts, in order.

    A part never holds documents of two schemas, nor more than ``part_documents``.
    """
    part = Part(PartId(shard, 0))
    characters = 0
    for item, origin in items:
        place, schema = origin or Origin("")
        held = len(part.documents) + len(part.faults)
        full = held >= part_documents or characters >= PART_CHARACTERS
        if held and (full or schema != part.schema):
            yield part
            part = Part(PartId(shard, part.id.index + 1))
            characters = 0
        part.schema = schema
        if isinstance(item, Fault):
            part.faults.append(item)
        else:
            part.documents.append(item)
            part.places.append(place)
            characters += len(item.text) + _extent(item.meta)
    if part.documents or part.faults:
        yield part


def _extent(value: Any) -> int:
    """Return how many characters and bytes a value holds; what is neither counts as one."""
    total = 0
    left = [value]  # no recursion: values may be nested as deep as JSON can be read
    while left:
        item = left.pop()
        if isinstance(item, str | bytes):
            total += len(item)
        elif isinstance(item, Mapping):
            left += item.keys()
            left += item.values()
        elif isinstance(item, list | tuple):
            left += item
        else:
            total += 1
    return total
