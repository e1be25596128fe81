"""The engine: the stages from texts to spans, overlapped and timed apart.

split -> tokenise -> plan -> forward -> decode. The forward stage runs in threads, one batch on
each core; ONNX Runtime lets go of the interpreter while it computes. The other stages run in the
calling thread: it prepares a stretch of texts while the model works on the stretches before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from train.batches import plan_batches
from train.document import Span
from train.errors import MarsadError
from train.preprocessor import EncodedWindow, Prepared, Preprocessor
from train.runtime import Runtime
from train.tags import Logits, TagSet

MAX_BATCH_TOKENS = 512
"""Sub-words that go through the model at once: enough for fast products, and little memory."""
IN_FLIGHT = 2
"""Stretches of texts whose batches wait for the model while the next one is prepared."""
STAGES = ("split", "tokenise", "plan", "forward", "wait", "decode")

K = TypeVar("K")
_NOTHING: Logits = np.zeros((0, 0), np.float32)


@dataclass(slots=True)
class Coverage:
    """What the model could not see as it stands, counted over texts."""

    words: int = 0
    substituted: int = 0
    """Words without any sub-word, shown to the model as the unknown token."""
    clipped: int = 0
    """Words longer than half a window, of which the model saw only the first sub-words."""

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.words + other.words,
            self.substituted + other.substituted,
            self.clipped + other.clipped,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a stretch of texts."""

    spans: list[tuple[Span, ...]]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class _Started:
    """A stretch whose batches are with the model."""

    prepared: list[Prepared]
    order: list[int]
    """For each window, the row that it is."""
    batches: list[list[int]]
    """The rows of each batch."""
    logits: list[Future[Logits]]


class Engine:
    """Finds the spans of texts, stretch by stretch, in bounded memory.

    Args:
        preprocessor: text to windows of sub-word ids.
        runtime: windows to logits; called by several threads at once.
        tags: logits to spans.
        threads: how many batches are computed at the same time.
        max_batch_tokens: sub-words of one batch.
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        runtime: Runtime,
        tags: TagSet,
        threads: int,
        max_batch_tokens: int = MAX_BATCH_TOKENS,
    ):
        self.preprocessor = preprocessor
        self.runtime = runtime
        self.tags = tags
        self.max_batch_tokens = max_batch_tokens
        self.seconds = dict.fromkeys(STAGES, 0.0)
        """Seconds spent in each stage so far. ``forward`` is summed over its threads; ``wait`` is
        the time for which the calling thread had nothing to do but wait for them."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="forward")

    def stream(self, stretches: Iterable[tuple[K, Sequence[str]]]) -> Iterator[tuple[K, Found]]:
        """Yield what is found in each stretch of texts, in order, with the key that came with it.

        At most ``IN_FLIGHT + 1`` stretches are held at a time. An error of the input is raised
        behind the results of all that was read before it.
        """
        waiting: deque[tuple[K, _Started]] = deque()
        stream = iter(stretches)
        fault: MarsadError | None = None
        try:
            while True:
                try:
                    key, texts = next(stream)
                except StopIteration:
                    break
                except MarsadError as error:
                    fault = error
                    break
                waiting.append((key, self._start(texts)))
                if len(waiting) > IN_FLIGHT:
                    yield self._finish(waiting)
            while waiting:
                yield self._finish(waiting)
        finally:  # where nobody waits for them any more, batches must not keep the process
            for _, started in waiting:
                for future in started.logits:
                    future.cancel()
        if fault is not None:
            raise fault

    def _start(self, texts: Sequence[str]) -> _Started:
        with self._timed("split"):
            words = self.preprocessor.split(texts)
        with self._timed("tokenise"):
            prepared = self.preprocessor.prepare(texts, words)
        with self._timed("plan"):
            # News repeats itself: agency copy, bylines, footers. The same window is read once.
            distinct: dict[tuple[int, ...], int] = {}
            order = [
                distinct.setdefault(tuple(window.input_ids), len(distinct))
                for text in prepared
                for window in text.windows
            ]
            rows = list(distinct)
            batches = plan_batches([len(row) for row in rows], self.max_batch_tokens)
        logits = [
            self._pool.submit(self._forward, [rows[index] for index in batch]) for batch in batches
        ]
        return _Started(prepared, order, batches, logits)

    def _forward(self, rows: Sequence[tuple[int, ...]]) -> Logits:
        started = time.perf_counter()
        logits = self.runtime(np.array(rows, dtype=np.int64))
        # Threads add to one number; a lost update would cost a statistic, never a result.
        self.seconds["forward"] += time.perf_counter() - started
        return logits

    def _finish(self, waiting: deque[tuple[K, _Started]]) -> tuple[K, Found]:
        key, started = waiting[0]
        with self._timed("wait"):
            outputs = [future.result() for future in started.logits]
        with self._timed("decode"):
            rows: list[Logits] = [_NOTHING] * sum(map(len, outputs))
            for batch, logits in zip(started.batches, outputs, strict=True):
                for index, row in zip(batch, logits, strict=True):
                    rows[index] = row
            remaining = iter(started.order)
            coverage = Coverage()
            spans = []
            for text in started.prepared:
                parts = [_owned(window, rows[next(remaining)]) for window in text.windows]
                logits = np.concatenate(parts) if parts else _NOTHING
                spans.append(self.tags.decode(text.words, logits))
                coverage += Coverage(len(text.words), text.substituted, text.clipped)
        waiting.popleft()
        return key, Found(spans, coverage)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - started


def _owned(encoded: EncodedWindow, logits: Logits) -> Logits:
    """Return the logits of the words that are read from this window, ``[words, tags]``."""
    window = encoded.window
    heads = encoded.heads[window.owned_first - window.first : window.owned_last - window.first]
    return logits[heads]
