"""Reading: the parts of a run's input, as far as it can and may be read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from train.errors import DataError, Fault, MarsadError
from train.interrupts import Interrupts
from train.jobs import STRICT_REMEDY
from train.parts import PART_DOCUMENTS, Part, cut
from train.readers import Record
from train.sources import Source


class Reading:
    """The parts of the input up to its end, a fault that ends the run, or an interrupt.

    Iterating raises neither the fault nor the interrupt: what was read before is worth its
    result, so it is tagged first.

    Args:
        shards: the sources, see :func:`train.sources.plan_shards`.
        part_documents: see :func:`train.parts.cut`.
        strict: whether a record that cannot be read ends the run.
        whole: whether only whole parts count, as where a run may go on behind the last of them;
            otherwise the part in which a fault stands ends before it.
        interrupts: who may ask to stop.
    """

    def __init__(
        self,
        shards: Sequence[Sequence[Source]],
        part_documents: int = PART_DOCUMENTS,
        strict: bool = False,
        whole: bool = True,
        interrupts: Interrupts | None = None,
    ):
        self.shards = shards
        self.part_documents = part_documents
        self.strict = strict
        self.whole = whole
        self.interrupts = interrupts or Interrupts()
        self.fault: MarsadError | None = None
        """What ended the reading; to be raised when what was read before it is done."""
        self.ended = False
        """Whether all of the input was read."""
        self.seconds = 0.0
        """How long reading took."""

    def __iter__(self) -> Iterator[Part]:
        for number, shard in enumerate(self.shards):
            parts = cut(number, self._items(shard), self.part_documents)
            while self.fault is None:
                started = time.perf_counter()
                try:
                    with self.interrupts.at_once():
                        part = next(parts, None)
                except MarsadError as error:
                    self.fault = error
                    return
                except KeyboardInterrupt:
                    return
                finally:
                    self.seconds += time.perf_counter() - started
                if part is None:
                    break
                yield part
        self.ended = self.fault is None

    def _items(self, shard: Sequence[Source]) -> Iterator[Record]:
        try:
            for source in shard:
                for item, origin in source.read():
                    if self.strict and isinstance(item, Fault):
                        raise DataError([item], STRICT_REMEDY)
                    yield item, origin
        except MarsadError as error:
            if self.whole:
                raise
            self.fault = error
