"""Jobs: what a process must know to tag parts, and what it reports of each part.

A part's result is written in two steps, data first and then its record, each of which appears
whole or not at all. So a part whose record is there is done, and any other is tagged again.
"""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from train import storage
from train.engine import Coverage, Found
from train.errors import DataError, Fault, ModelError
from train.incidents import has_casualties, incident
from train.parts import PART_DOCUMENTS, Part, PartId
from train.resolver import Resolver
from train.sentences import split_part
from train.sinks import Sink
from train.threshold import MinScores, Wanted
from train.totals import Totals

RECORDS = ".marsad"
"""The folder, inside the output folder, of the records of finished parts."""
STRICT_REMEDY = "leave --strict out to skip such records, or mend the input and run again"

K = TypeVar("K")


class Streams(Protocol):
    """A tagger, as far as jobs need one."""

    def stream(self, stretches: Iterable[tuple[K, Sequence[str]]]) -> Iterator[tuple[K, Found]]:
        """Yield what is found in each stretch of texts, in order, with its key."""
        ...


class GivenSpans:
    """In the place of a tagger: the spans that the documents have already."""

    fingerprint = ""
    runtime_name = "none"

    def stream(
        self, stretches: Iterable[tuple[tuple[Part, Part], Sequence[str]]]
    ) -> Iterator[tuple[tuple[Part, Part], Found]]:
        """Yield the spans of each stretch's documents, in order, with its key."""
        for key, _ in stretches:
            yield key, Found([document.spans for document in key[1].documents], Coverage())


@dataclass(frozen=True, slots=True)
class Job:
    """All that a process needs to tag parts of one run; it can be sent to another process."""

    sink: Sink
    model: str | None = None
    """A model folder; the shipped tagger where it is None."""
    runtime: str = "auto"
    threads: int | None = None
    sentences: bool = False
    """Whether each sentence is a document of its own in the result."""
    folder: str | None = None
    """Where parts are written; where it is None, their bytes come back in the result."""
    strict: bool = False
    """Whether a document that the format cannot hold ends the run."""
    only_header: PartId | None = None
    """The only part that opens with a header, where the parts are joined to one file."""
    part_documents: int = PART_DOCUMENTS
    """See :func:`train.parts.cut`."""
    fingerprint: str | None = None
    """What the model's must be; any will do where it is None."""
    wanted: Wanted = field(default_factory=Wanted)
    """Which spans are kept, as the user says it; settled when the model is known."""
    min_scores: MinScores = field(default_factory=MinScores)
    """Which spans are kept, by the scores of a model; all where it is empty."""
    takes_spans: bool = False
    """Whether the spans that the input has are taken, and no model is run."""
    resolver: Resolver | None = None
    """What reads counts and names; spans stay as the tagger gives them where it is None."""


@dataclass(slots=True)
class PartResult:
    """What became of a part."""

    id: PartId
    file: str | None
    """The name of its data file in the output folder."""
    size: int
    """Bytes of its data."""
    digest: str
    """:meth:`Part.digest`, by which a resumed run knows its input."""
    documents: int
    """Documents that were read and are in the result; with sentences, those that were read."""
    spans: int
    faults: list[Fault]
    """Records that were skipped: those that could not be read, then those not to be written. They
    can be left out (see :meth:`without_faults`) where the record holds them."""
    coverage: Coverage
    totals: Totals = field(default_factory=Totals)
    """The sums of its rows, where these are incidents."""
    left_out: dict[str, int] = field(default_factory=dict)
    """How many spans were left out for a low score, by label."""
    labels: list[str] = field(default_factory=list)
    """The labels of given spans, where a lowest score was asked for by label."""
    data: bytes | None = None
    """The data, where it was not written to a file."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long the stages took. Neither this nor ``data`` is part of the record."""
    skipped: int = 0
    """How many records were skipped."""

    def __post_init__(self) -> None:
        self.skipped = self.skipped or len(self.faults)

    def without_faults(self) -> PartResult:
        """Return this with no more than the number of the faults, which can be many."""
        return replace(self, faults=[])

    def to_dict(self) -> dict[str, Any]:
        """Return the record: what does not depend on time or machine, as JSON values."""
        return {
            "part": list(self.id),
            "file": self.file,
            "size": self.size,
            "digest": self.digest,
            "documents": self.documents,
            "spans": self.spans,
            "faults": [asdict(fault) for fault in self.faults],
            "coverage": asdict(self.coverage),
            "sums": self.totals.to_dict(),
            "left_out": self.left_out,
            "labels": self.labels,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> PartResult:
        """Return the result that :meth:`to_dict` made a record of."""
        return cls(
            id=PartId(*record["part"]),
            file=record["file"],
            size=record["size"],
            digest=record["digest"],
            documents=record["documents"],
            spans=record["spans"],
            faults=[Fault(**fault) for fault in record["faults"]],
            coverage=Coverage(**record["coverage"]),
            totals=Totals.from_dict(record["sums"]),
            left_out=record["left_out"],
            labels=record["labels"],
        )


def load_tagger(job: Job) -> Any:
    """Load the tagger of a job.

    Raises:
        ModelError: the model folder is missing, incomplete or unsafe, or another one than the
            run began with.
    """
    if job.takes_spans:
        return GivenSpans()
    from train.tagger import Tagger

    tagger = Tagger.load(
        Path(job.model) if job.model is not None else None, job.threads, job.runtime
    )
    if job.fingerprint is not None and tagger.fingerprint != job.fingerprint:
        raise ModelError(
            f"{job.model or 'the shipped tagger'}: is another model now, on {platform.node()} "
            f"({tagger.fingerprint[:12]}), than the run began with ({job.fingerprint[:12]}); leave "
            "it as it is while a run goes, and give all machines the same"
        )
    return tagger


def tag_parts(tagger: Streams, job: Job, parts: Iterable[Part]) -> Iterator[PartResult]:
    """Tag parts, write them where the job says so, and yield what became of each, in order.

    Raises:
        InputError: a part cannot be written, or has a schema that the result cannot have.
        DataError: the job is strict, and the format cannot hold a document; its part is not
            written.
    """
    before = _timings(tagger)
    for (part, split), found in tagger.stream(_stretches(job, parts)):
        started = time.perf_counter()
        left_out: Counter[str] = Counter()
        tagged = [
            replace(document, spans=job.min_scores.keep(spans, left_out))
            for document, spans in zip(split.documents, found.spans, strict=True)
        ]
        if job.resolver is not None:
            resolve = job.resolver.complete if job.takes_spans else job.resolver
            tagged = [resolve(document) for document in tagged]
        asks_labels = job.takes_spans and job.min_scores.by_label
        labels = {span.label for spans in found.spans for span in spans} if asks_labels else set()
        resolved = time.perf_counter()
        has_header = job.only_header is None or job.only_header == part.id
        data, unfit, kept = job.sink.encode(tagged, part.schema, has_header, split.places)
        unsplit = split.faults[len(part.faults) :]
        refused = [*unsplit, *unfit]
        if refused and job.strict:
            raise DataError(refused[:1], STRICT_REMEDY)
        sums = Totals()
        if job.sink.rows == "incidents":
            for document in kept:
                if has_casualties(document):
                    sums.add(incident(document))
        encoded = time.perf_counter()
        digest = part.digest()
        digested = time.perf_counter()
        file = part.id.stem + job.sink.suffix
        result = PartResult(
            id=part.id,
            file=None if job.folder is None else file,
            size=len(data),
            digest=digest,
            documents=len(part.documents) - len(unsplit if job.sentences else unfit),
            spans=sum(len(document.spans) for document in kept),
            faults=[*part.faults, *refused],
            coverage=found.coverage,
            totals=sums,
            left_out=dict(sorted(left_out.items())),
            labels=sorted(labels),
        )
        if job.folder is None:
            result.data = data
        else:
            storage.write_whole_bytes(storage.join(job.folder, file), data)
            record = json.dumps(result.to_dict(), ensure_ascii=True) + "\n"
            storage.write_whole_bytes(record_name(job.folder, part.id), record.encode("ascii"))
        after = _timings(tagger)
        result.seconds = {stage: after[stage] - before.get(stage, 0.0) for stage in after}
        result.seconds["resolve"] = resolved - started
        result.seconds["encode"] = encoded - resolved
        result.seconds["digest"] = digested - encoded
        result.seconds["write"] = time.perf_counter() - digested
        before = after
        yield result


def record_name(folder: str, part: PartId) -> str:
    """Return the name of the file that says that a part is done."""
    return storage.join(storage.join(folder, RECORDS), part.stem + ".json")


def _stretches(job: Job, parts: Iterable[Part]) -> Iterator[tuple[tuple[Part, Part], list[str]]]:
    """Yield each part with what is tagged of it: itself, or its sentences."""
    for part in parts:
        split = split_part(part) if job.sentences else part
        yield (part, split), [document.text for document in split.documents]


def _timings(tagger: Streams) -> dict[str, float]:
    """Return the seconds that a tagger has spent in each stage so far, where it counts them."""
    return dict(getattr(tagger, "timings", {}))
