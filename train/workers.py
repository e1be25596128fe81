"""Worker processes: parts are tagged by several copies of the model, and come back in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait

from train.errors import MarsadError
from train.interrupts import Interrupts
from train.jobs import Job, PartResult, Streams, load_tagger, tag_parts
from train.parts import Part
from train.runtime import available_cores

IN_FLIGHT = 2
"""Parts that are with each worker: the one in hand, and one so that it need not wait."""

_tagger: Streams | None = None
_trouble: MarsadError | None = None


def tag_in_processes(
    job: Job,
    parts: Iterable[Part],
    workers: int,
    load: Callable[[Job], Streams] = load_tagger,
    interrupts: Interrupts | None = None,
) -> Iterator[PartResult]:
    """Tag parts in ``workers`` processes and yield what became of each, in order.

    At most ``IN_FLIGHT`` parts a worker are held at a time. The error of a part is raised behind
    the results of the parts before it; an error of the input behind all that was read before it.
    Workers leave SIGINT to this process, and end with it however it ends.

    Args:
        job: what to do; ``threads`` of each worker is its share of the cores where it is None.
        parts: the parts, which are read in this process.
        workers: how many processes.
        load: makes a worker's tagger; a function that can be sent to a process.
        interrupts: who may ask to stop.

    Raises:
        MarsadError: a worker was killed.
        KeyboardInterrupt: a worker was killed when someone had asked to stop: the signal went to
            the workers as well.
    """
    if job.threads is None:
        job = replace(job, threads=max(1, available_cores() // workers))
    ours = set(multiprocessing.active_children())
    # "spawn" starts clean processes; a fork would copy the threads' locks in whatever state.
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(job, load)
    )
    running: deque[Future[PartResult]] = deque()
    stream = iter(parts)
    fault: MarsadError | None = None
    try:
        while True:
            try:
                part = next(stream)
            except StopIteration:
                break
            except MarsadError as error:
                fault = error
                break
            with _without_interrupts():
                running.append(pool.submit(_tag, job, part))
            if len(running) >= IN_FLIGHT * workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    except BrokenProcessPool:
        # They cannot shut their ears to SIGTERM, with which the pool itself ends them.
        if interrupts is not None and interrupts.asked:
            raise KeyboardInterrupt from None
        kept = "; what is done is kept: go on with --resume" if job.folder is not None else ""
        raise MarsadError(
            "a worker process was killed (is memory short? take fewer --workers, or a smaller "
            f"--part-documents){kept}"
        ) from None
    except KeyboardInterrupt:
        for process in set(multiprocessing.active_children()) - ours:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    if fault is not None:
        raise fault


def _begin(job: Job, load: Callable[[Job], Streams]) -> None:
    """Make this process a worker."""
    global _tagger, _trouble
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _tagger = load(job)
    except MarsadError as error:
        _trouble = error  # raised by the first part; a pool would only say that it is broken


def _end_with_parent() -> None:
    """End this process where the one that started it is killed; a pool's worker would wait on."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _tag(job: Job, part: Part) -> PartResult:
    if _tagger is None:
        raise _trouble or MarsadError("a worker process has no tagger")
    [result] = tag_parts(_tagger, job, [part])
    return result


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold SIGINT back: a process started here is born so, and cannot die of one before it works.

    A signal that comes in meanwhile arrives when this ends.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
