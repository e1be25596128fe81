"""A run of ``marsad predict``: inputs, parts, tagged parts, and the file or folder made of them.

Parts are the unit of everything: they are tagged, written and recorded one by one, so a run that
is stopped, however it is stopped, goes on behind what was finished.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from train import __version__, storage
from train.document import Document
from train.errors import DataError, Fault, InputError
from train.interrupts import Interrupts
from train.jobs import STRICT_REMEDY, Job, PartResult, load_tagger, tag_parts
from train.output import ERRORS, OutputFolder, error_lines
from train.parts import Part
from train.reading import Reading
from train.request import Outcome, Request, refuse_own_input
from train.sentences import COLUMNS as SENTENCE_COLUMNS
from train.sinks import join
from train.sources import Source, find_sources, plan_shards


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
        sources = find_sources(request.inputs, request.read)
        refuse_own_input(request, sources)
        tagger: Any = load_tagger(job)
    model = {"name": _model_name(job), "fingerprint": tagger.fingerprint}
    runtime = tagger.runtime_name
    if request.workers > 1 or request.engine != "local":
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
    if not held and not reading.ended:
        raise reading.fault or KeyboardInterrupt
    # What "auto" means here it must mean in every process, on machines of another kind as well.
    job = replace(_settle(request, held), runtime=runtime)

    def say_stopping() -> Iterator[Part]:
        if interrupts.asked:
            tell("stopping when the parts in hand are done; at once if you ask again")
        yield from ()

    parts = chain(held, stream, say_stopping())

    def tag(parts: Iterable[Part]) -> Iterator[PartResult]:
        if tagger is not None:
            return tag_parts(tagger, job, parts)
        from train.workers import tag_in_processes

        return tag_in_processes(job, parts, request.workers)

    if job.folder is None:
        _to_stream(request, tag(parts), count, tell)
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
            for result in tag(_left(folder, parts, job.strict, count)):
                folder.add(result)
                count(result)
    finally:
        if request.target is not None and not folder.results:
            folder.remove()  # there is nothing to go on from
    _end(reading, outcome)
    if not outcome.interrupted:
        folder.check_all_seen()
        _finish(request, job, folder)


def _end(reading: Reading, outcome: Outcome) -> None:
    """Raise the fault that ended the reading, or note what did."""
    outcome.seconds = {"read": reading.seconds, **outcome.seconds}
    if reading.fault is not None:
        raise reading.fault
    outcome.interrupted = not reading.ended


def _model_name(job: Job) -> str:
    return Path(job.model).resolve().name if job.model is not None else "shipped"


def _settle(request: Request, held: Sequence[Part]) -> Job:
    """Return the job with what the beginning of the input decides."""
    job = request.job
    sink = job.sink
    if sink.has_columns:
        first = next((part.documents[0] for part in held if part.documents), Document("", ""))
        if job.sentences:
            sink = replace(sink, integers=SENTENCE_COLUMNS[1:])
            first = replace(first, meta={**first.meta, **dict.fromkeys(SENTENCE_COLUMNS)})
        sink = sink.with_columns_of(first)
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
        if strict and result.faults:
            raise DataError(result.faults[:1], STRICT_REMEDY)
        count(result)


def _to_stream(
    request: Request,
    results: Iterable[PartResult],
    count: Callable[[PartResult], None],
    tell: Callable[[str], Any],
) -> None:
    """Write results to standard output, or to what is no plain file, such as a pipe."""
    faults: list[Fault] = []
    try:
        with _opened(request.target) as file:
            for result in results:
                with _written(request.target):
                    file.write(result.data or b"")
                    file.flush()
                count(result)
                if request.errors is not None:
                    faults += result.faults
                else:
                    for fault in result.faults:
                        tell(f"skipped: {fault}")
    finally:
        if request.errors is not None:
            storage.write_whole_bytes(request.errors, error_lines(faults))


@contextlib.contextmanager
def _opened(target: str | None) -> Iterator[IO[bytes]]:
    if target is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
    else:
        with _written(target), Path(target).open("wb") as file:
            yield file


@contextlib.contextmanager
def _written(target: str | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has seen enough, as with `| head`
    except OSError as error:
        name = target or "standard output"
        raise InputError(f"{name}: cannot be written ({error.strerror or error})") from None


def _finish(request: Request, job: Job, folder: OutputFolder) -> None:
    """Make the result of finished parts."""
    errors = str(request.errors_file)
    if request.target is None:
        if request.errors is not None:
            storage.write_whole_bytes(request.errors, error_lines(list(folder.faults())))
        folder.finish(write_errors=request.errors is None)
        return
    target = Path(request.target).resolve()
    # Made inside the folder, so that nothing is left beside the target where this is killed.
    joined = Path(folder.name, f"joined{job.sink.suffix}")
    join(job.sink, [Path(name) for name in folder.files()], joined)
    faults = list(folder.faults())
    if request.errors is not None:
        storage.write_whole_bytes(request.errors, error_lines(faults))
    elif faults:
        listed = Path(folder.name, ERRORS)
        storage.write_whole_bytes(str(listed), error_lines(faults))
        with storage.told(errors, "cannot be written"):
            listed.replace(Path(errors).resolve())
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

    fingerprint = folder.header["model"]["fingerprint"]
    workers = request.workers if request.workers > 1 else None
    results = tag_on_ray(job, shards, set(folder.results), None, workers, fingerprint)
    with contextlib.closing(cast(Generator[PartResult | ReadPast], results)):
        for result in results:
            if isinstance(result, ReadPast):
                folder.check(result.id, result.digest)
                result = folder.results[result.id]
            else:
                folder.add(result)
            if job.strict and result.faults:
                raise DataError(result.faults[:1], STRICT_REMEDY)
            count(result)
            if interrupts.asked:
                return False
    return True
