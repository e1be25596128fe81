"""A run of ``marsad predict``: inputs, parts, tagged parts, and the file or folder made of them.

Parts are the unit of everything: they are tagged, written and recorded one by one, so a run that
is stopped, however it is stopped, goes on behind what was finished.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, cast

from train import __version__, storage
from train.document import Document
from train.errors import DataError
from train.interrupts import Interrupts
from train.jobs import Job, PartResult, load_tagger, tag_parts
from train.output import ERRORS, OutputFolder, write_faults
from train.parts import Part
from train.reading import Reading
from train.request import Outcome, Request, refuse_own_input
from train.sentences import COLUMNS as SENTENCE_COLUMNS
from train.sentences import refuse_taken
from train.sinks import join
from train.sources import Source, find_sources, plan_shards, refuse_spanless
from train.stream import to_stream


def predict(request: Request, done: Callable[[int], Any], tell: Callable[[str], Any]) -> Outcome:
    """Tag the inputs of a request and write the result.

    Args:
        request: what to tag, how, and where to.
        done: called with the number of documents of each part that is done.
        tell: called with each line that the user should read meanwhile.

    Raises:
        MarsadError: the input, the model or the output cannot be used, or the request is strict
            and a record is faulty. What was finished by then is kept.
    """
    outcome = Outcome()

    def count(result: PartResult) -> None:
        outcome.add(result)
        done(result.documents)

    with Interrupts() as interrupts:
        try:
            _run(request, interrupts, outcome, count, tell)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except DataError as error:
            raise DataError(error.faults, request.strict_remedy) from None
    return outcome


def _run(
    request: Request,
    interrupts: Interrupts,
    outcome: Outcome,
    count: Callable[[PartResult], None],
    tell: Callable[[str], Any],
) -> None:
    job = request.job
    with interrupts.at_once():
        job.sink.check()
        notes: list[str] = []
        sources = find_sources(request.inputs, request.read, notes)
        for note in notes:
            tell(note)
        refuse_own_input(request, sources)
        if job.takes_spans:
            refuse_spanless(sources)
        tagger: Any = load_tagger(job)
    model = {"name": _model_name(job), "fingerprint": tagger.fingerprint}
    runtime = tagger.runtime_name
    if job.takes_spans:
        min_scores = job.wanted.settle_unknown()
    else:
        min_scores = job.wanted.settle(tagger.tags.labels, tagger.calibration)
    workers = request.workers or 1
    if workers > 1 or request.engine != "local":
        tagger = None  # others load it; its memory is not needed here
    shards = plan_shards(sources)
    reading = Reading(
        shards, job.part_documents, job.strict, whole=job.folder is not None, interrupts=interrupts
    )
    stream = iter(reading)
    held: list[Part] = []
    for part in stream:  # the first document says which columns there are
        held.append(part)
        if part.documents:
            break
    else:
        # Columns that are fixed without a document would not be those of the run that goes on.
        if not reading.ended and (not held or job.folder is not None):
            raise reading.fault or KeyboardInterrupt
    # What "auto" means here it must mean in every process, on machines of another kind as well.
    job = replace(
        _settle(request, held),
        runtime=runtime,
        fingerprint=model["fingerprint"],
        min_scores=min_scores,
    )

    def say_stopping() -> Iterator[Part]:
        if interrupts.asked:
            tell("stopping when the parts in hand are done; at once if you ask again")
        yield from ()

    parts = chain(held, stream, say_stopping())

    def tag(parts: Iterable[Part]) -> Iterator[PartResult]:
        if tagger is not None:
            return tag_parts(tagger, job, parts)
        from train.workers import tag_in_processes

        return tag_in_processes(job, parts, workers, interrupts=interrupts)

    if job.folder is None:
        with _closing(tag(parts)) as results:
            to_stream(request, results, count, tell)
        _end(reading, outcome)
        return
    is_new = not storage.exists(job.folder)
    header = _header(request, job, sources, model, runtime)
    folder = OutputFolder.begin(job.folder, header, request.resume)
    if folder.complete:
        outcome.was_complete = True
        outcome.take(folder.totals())
        return
    if request.resume and request.target is not None and is_new:
        tell(f"{request.target}: there is no unfinished run of it, so all of it is tagged")
    try:
        if request.engine == "ray":
            reading.ended = _on_ray(request, job, shards, folder, interrupts, count)
        else:
            with _closing(tag(_left(folder, parts, job.strict, count))) as results:
                for result in results:
                    folder.add(result)
                    count(result)
    finally:
        if request.target is not None and not folder.has_parts():
            folder.remove()  # there is nothing to go on from
    _end(reading, outcome)
    if not outcome.interrupted:
        folder.check_all_seen()
        _finish(request, job, folder, tell)


def _end(reading: Reading, outcome: Outcome) -> None:
    """Raise the fault that ended the reading, or note what did."""
    outcome.seconds = {"read": reading.seconds, **outcome.seconds}
    if reading.fault is not None:
        raise reading.fault
    outcome.interrupted = not reading.ended


def _model_name(job: Job) -> str:
    if job.takes_spans:
        return "none"
    return Path(job.model).resolve().name if job.model is not None else "shipped"


def _settle(request: Request, held: Sequence[Part]) -> Job:
    """Return the job with what the beginning of the input decides."""
    job = request.job
    sink = job.sink
    part = next((part for part in held if part.documents), None)
    first = Document("", "") if part is None else part.documents[0]
    if job.sentences:
        refuse_taken(first)
        sink = replace(sink, integers=SENTENCE_COLUMNS[1:])
        first = replace(first, meta={**first.meta, **dict.fromkeys(SENTENCE_COLUMNS)})
    sink = sink.with_columns_of(first).with_types_of(None if part is None else part.schema)
    is_one_file = job.folder is None or request.target is not None
    only_header = held[0].id if is_one_file and held else None
    return replace(job, sink=sink, only_header=only_header)


def _header(
    request: Request,
    job: Job,
    sources: Sequence[Source],
    model: Mapping[str, str],
    runtime: str,
) -> dict[str, Any]:
    """Return what decides the bytes of a result, as the manifest says it."""
    sink, read = job.sink, request.read
    return {
        "marsad_version": __version__,
        "model": dict(model),
        "runtime": runtime,
        "options": {
            "format": sink.suffix[1:],
            "rows": sink.rows,
            "columns": None if sink.columns is None else list(sink.columns),
            "sentences": job.sentences,
            "text_column": read.text_column,
            "id_column": read.id_column,
            "stdin_format": read.stdin_format,
            "part_documents": job.part_documents,
            "min_scores": job.min_scores.to_dict() if job.min_scores else None,
            "takes_spans": job.takes_spans,
            "conventions_and_lexicons": None if job.resolver is None else job.resolver.digest(),
        },
        "inputs": [
            {"name": s.name if s.kind == "text" else s.path, "size": s.size} for s in sources
        ],
    }


def _left(
    folder: OutputFolder,
    parts: Iterable[Part],
    strict: bool,
    count: Callable[[PartResult], None],
) -> Iterator[Part]:
    """Yield the parts that are not done, and count the others."""
    for part in parts:
        if not folder.done(part):
            yield part
            continue
        result = folder.results[part.id]
        if strict and result.skipped:
            raise DataError(folder.faults_of(part.id)[:1])
        count(result)


@contextlib.contextmanager
def _closing(results: Iterator[PartResult]) -> Iterator[Iterator[PartResult]]:
    """Have processes end where nobody waits for their results any more."""
    with contextlib.closing(cast(Generator[PartResult], results)):
        yield results


def _finish(request: Request, job: Job, folder: OutputFolder, tell: Callable[[str], Any]) -> None:
    """Make the result of finished parts."""
    errors = str(request.errors_file)
    if request.target is None:
        if request.errors is not None:
            write_faults(request.errors, folder.faults())
        folder.finish(write_errors=request.errors is None)
        return
    target = Path(os.path.realpath(request.target))
    # Made inside the folder, so that nothing is left beside the target where this is killed.
    joined = Path(folder.name, f"joined{job.sink.suffix}")
    for note in join(job.sink, [Path(name) for name in folder.files()], joined):
        tell(f"note: {note}")
    if request.errors is not None:
        write_faults(request.errors, folder.faults())
    elif folder.totals()["skipped"]:
        listed = Path(folder.name, ERRORS)
        write_faults(str(listed), folder.faults())
        with storage.told(errors, "cannot be written"):
            listed.replace(os.path.realpath(errors))
    else:
        storage.remove(errors)  # of an earlier run; it would be taken for this one's
    with storage.told(str(target), "cannot be written"):
        joined.replace(target)
    folder.remove()


def _on_ray(
    request: Request,
    job: Job,
    shards: Sequence[list[Source]],
    folder: OutputFolder,
    interrupts: Interrupts,
    count: Callable[[PartResult], None],
) -> bool:
    """Tag on Ray, whose processes read the input as well; return whether it came to the end."""
    from train.ray_engine import ReadPast, tag_on_ray

    results = tag_on_ray(job, shards, set(folder.results), workers=request.workers)
    with contextlib.closing(cast(Generator[PartResult | ReadPast], results)):
        for result in results:
            if isinstance(result, ReadPast):
                folder.check(result.id, result.digest)
                result = folder.results[result.id]
            else:
                folder.add(result)
            if job.strict and result.skipped:
                raise DataError(folder.faults_of(result.id)[:1])
            count(result)
            if interrupts.asked:
                return False
    return True
