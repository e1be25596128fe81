"""Tagging on Ray: shards are read and parts are tagged by the processes of one machine or of many.

Ray Data runs two stages. A few readers cut shards into parts; each tagging process holds one
model, writes each part that it tags, and sends back what became of it. When a process or a whole
machine dies, Ray gives what it had in hand to another. That is safe, because a part that is tagged
again is written to the same file with the same bytes. This process trusts none of it: it counts
the parts of each shard, and an answer that comes twice is passed over.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from train.errors import InputError, MarsadError
from train.jobs import Job, PartResult, Streams, load_tagger, tag_parts
from train.parts import Part, PartId, cut
from train.ray_cluster import capacity, first_line, import_ray, joined, settings
from train.sources import STDIN, Source

IN_FLIGHT = 2
"""Parts that are with each tagging process: the one in hand, and one so that it need not wait."""
TAGGERS_PER_READER = 8
"""How many tagging processes one reader can keep at work; reading is much faster than tagging."""
ATTEMPTS = 5
"""How often a part is begun, or a shard, until it is given up. One that kills every process that
takes it, as what is too large for the memory does, must not go round for ever."""
_ROW = "row"


class ReadPast(NamedTuple):
    """A part that an earlier run finished: it was read to see whether it is still the same."""

    id: PartId
    digest: str
    """:meth:`Part.digest` of what the input holds now."""


class _ShardEnd(NamedTuple):
    """A shard was read to its end."""

    shard: int
    parts: int


class Attempts:
    """Counts, in a process of its own that outlives the others, how often a thing was begun."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def begin(self, name: str) -> int:
        """Return how often ``name`` was begun, now included."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]


class _Shard(NamedTuple):
    """What a reader must know of a shard."""

    number: int
    sources: list[Source]
    done: frozenset[int]
    """Indices of the parts that are not to be tagged again."""


def tag_on_ray(
    job: Job,
    shards: Sequence[list[Source]],
    done: Collection[PartId] = (),
    address: str | None = None,
    workers: int | None = None,
    load: Callable[[Job], Any] = load_tagger,
) -> Iterator[PartResult | ReadPast]:
    """Tag shards on Ray and yield what became of each part, each exactly once.

    Parts come in no order, unless the job has no folder: then their data comes back with them, and
    they come in input order. Closing the iterator stops the run; what was in hand is lost, what
    was yielded is done. An unfinished run leaves finished parts and their records behind that were
    not yielded yet.

    Args:
        job: what to do; ``threads`` of each tagging process is 1 where it is None.
        shards: what :func:`train.sources.plan_shards` made of the inputs.
        done: parts that are not to be tagged again; a :class:`ReadPast` comes for each.
        address: a running cluster, such as ``auto`` or ``10.0.0.1:6379``. Where it is None, the
            one that the environment variable RAY_ADDRESS names or that this process is joined to
            already; else a cluster is started on this machine and ended with the run.
        workers: how many tagging processes; as many as the cluster has cores for where it is None.
        load: makes a process's tagger; a function that can be sent to a process.

    Raises:
        InputError: Ray is missing, the cluster is not there, or an input or output has a fault.
        MarsadError: parts were lost; no part that was yielded is affected.
    """
    for source in (source for shard in shards for source in shard):
        if source.path == STDIN and source.kind != "text":
            raise InputError(
                "standard input can be read with --engine local only; other machines do not see it"
            )
    if not shards:
        return
    ray = import_ray()
    job = replace(job, threads=job.threads or 1)
    in_order = job.folder is None
    with settings(ray, in_order, ATTEMPTS), joined(ray, job, address, workers):
        size = workers or capacity(ray, job)
        rows = _dataset(ray, job, _plan(shards, done), size, load)
        try:
            yield from _each_once(rows, len(shards))
        except ray.exceptions.RayTaskError:
            raise  # an error of the program, with the trace that it had in the other process
        except ray.exceptions.RayError as error:
            raise MarsadError(
                f"Ray gave up: {first_line(error)}; what is done is kept: go on with --resume"
            ) from None
        finally:
            rows.close()


def _each_once(rows: Iterator[bytes], shards: int) -> Iterator[PartResult | ReadPast]:
    """Yield each part once, and see at the end that none is missing.

    Raises:
        MarsadError: a process sent it instead of a part; or parts are missing.
    """
    seen: set[PartId] = set()
    ends: dict[int, int] = {}
    for row in rows:
        item = pickle.loads(row)  # noqa: S301 - from our own processes
        if isinstance(item, MarsadError):
            raise item
        if isinstance(item, _ShardEnd):
            ends[item.shard] = item.parts
        elif item.id not in seen:
            seen.add(item.id)
            yield item
    wanted = {PartId(shard, index) for shard, parts in ends.items() for index in range(parts)}
    if len(ends) != shards or wanted != seen:
        raise MarsadError(
            f"Ray lost {len(wanted - seen)} parts and the end of {shards - len(ends)} shards; "
            "what is done is kept: go on with --resume"
        )


def _plan(shards: Sequence[list[Source]], done: Collection[PartId]) -> list[_Shard]:
    finished: dict[int, set[int]] = {}
    for part in done:
        finished.setdefault(part.shard, set()).add(part.index)
    return [
        _Shard(number, list(sources), frozenset(finished.get(number, ())))
        for number, sources in enumerate(shards)
    ]


def _dataset(
    ray: Any, job: Job, shards: Sequence[_Shard], size: int, load: Callable[[Job], Any]
) -> _Rows:
    """Return the answers of the two stages, which begin to work when the first is asked for."""
    readers = 1 if job.folder is None else -(-size // TAGGERS_PER_READER)
    here = str(Path.cwd())
    attempts = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Attempts).remote()
    data = ray.data.from_items(
        [{_ROW: pickle.dumps(shard)} for shard in shards], override_num_blocks=len(shards)
    )
    data = data.map_batches(
        ShardReader,
        fn_constructor_args=(here, job.part_documents, attempts),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0,  # readers must find a place where the taggers have taken all cores
        compute=ray.data.ActorPoolStrategy(
            size=min(readers, len(shards)), max_tasks_in_flight_per_actor=1
        ),
    )
    data = data.map_batches(
        PartTagger,
        fn_constructor_args=(job, here, load, attempts),
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=job.threads,
        num_gpus=1 if job.runtime == "cuda" else None,
        compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=IN_FLIGHT),
    )
    return _Rows(data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))


class _Rows:
    """The rows of a data set; closing it ends the stages that make them."""

    def __init__(self, batches: Any):
        self._batches = iter(batches)
        self._rows: Iterator[bytes] = iter(())

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while True:
            for row in self._rows:
                return row
            self._rows = iter(next(self._batches)[_ROW].to_pylist())

    def close(self) -> None:
        close: Callable[[], None] | None = getattr(self._batches, "close", None)
        if close is not None:
            close()


class ShardReader:
    """A reading process of Ray."""

    def __init__(self, here: str, part_documents: int, attempts: Any):
        _enter(here)
        self.part_documents = part_documents
        self.attempts = attempts

    def __call__(self, batch: Any) -> Iterator[Any]:
        """Yield the parts of a shard, and whatever is to pass the taggers by."""
        for row in batch[_ROW].to_pylist():
            for item in self._read(pickle.loads(row)):  # noqa: S301
                yield _table([item])

    def _read(self, shard: _Shard) -> Iterator[Part | ReadPast | _ShardEnd | MarsadError]:
        parts = 0
        try:
            _begin(self.attempts, f"reading {_span([source.name for source in shard.sources])}")
            items = (item for source in shard.sources for item in source.read())
            for part in cut(shard.number, items, self.part_documents):
                parts += 1
                yield ReadPast(part.id, part.digest()) if part.id.index in shard.done else part
        except MarsadError as error:
            yield error
        else:
            yield _ShardEnd(shard.number, parts)


class PartTagger:
    """A tagging process of Ray; it loads the model when the first part comes."""

    def __init__(self, job: Job, here: str, load: Callable[[Job], Any], attempts: Any):
        _enter(here)
        self.job = job
        self.load = load
        self.attempts = attempts
        self.tagger: Streams | None = None

    def __call__(self, batch: Any) -> Any:
        """Answer each part with its result, or with the error that it met; let the rest pass."""
        items = [pickle.loads(row) for row in batch[_ROW].to_pylist()]  # noqa: S301
        return _table([self._tag(item) if isinstance(item, Part) else item for item in items])

    def _tag(self, part: Part) -> PartResult | MarsadError:
        try:
            ids = [document.id for document in part.documents]
            _begin(self.attempts, f"tagging {part.id.stem}" + (f" ({_span(ids)})" if ids else ""))
            if self.tagger is None:
                self.tagger = self.load(self.job)
            [result] = tag_parts(self.tagger, self.job, [part])
        except MarsadError as error:
            return error
        return result


def _begin(attempts: Any, name: str) -> None:
    """Take note that a thing is begun.

    Raises:
        MarsadError: it was begun before, too often, and no process has lived to end it.
    """
    ray = importlib.import_module("ray")
    if ray.get(attempts.begin.remote(name)) > ATTEMPTS:
        raise MarsadError(
            f"{name}: {ATTEMPTS} processes died of it, one after the other (is memory short? take "
            "fewer --workers, or a smaller --part-documents); what is done is kept: go on with "
            "--resume"
        )


def _span(names: Sequence[str]) -> str:
    """Return names in words: the first and the last."""
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _table(items: list[Any]) -> Any:
    """Return a block of pickled items; a column of bytes is all that Ray Data must understand."""
    pyarrow: Any = importlib.import_module("pyarrow")
    rows = [pickle.dumps(item, pickle.HIGHEST_PROTOCOL) for item in items]
    return pyarrow.table({_ROW: pyarrow.array(rows, pyarrow.large_binary())})


def _enter(folder: str) -> None:
    """Make relative paths mean what they mean to the command, where the machine has its folder."""
    with contextlib.suppress(OSError):
        os.chdir(folder)
