"""Interrupts: Ctrl-C and the wish to terminate, so taken that what is done is never lost."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO_SECONDS = 0.25
"""A signal that comes so soon behind the first is the same wish: ``timeout`` sends each twice, to
the process and to its group."""


class Interrupts:
    """While entered, SIGINT and SIGTERM ask first and stop at once when they come again.

    The first sets :attr:`asked`, unless there is nothing in hand to be lost (see
    :meth:`at_once`); then, as with every further one, KeyboardInterrupt is raised.
    """

    def __init__(self) -> None:
        self.asked = False
        self._asked_at = 0.0
        self._at_once = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Let the first signal raise as well: the code in here may wait for long, as for input."""
        before, self._at_once = self._at_once, True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        except Exception as error:
            # A library that is interrupted while it is imported tells of it as an ImportError.
            if self.asked:
                raise KeyboardInterrupt from error
            raise
        finally:
            self._at_once = before

    def _take(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if not again:
            self._asked_at = time.monotonic()
        elif time.monotonic() - self._asked_at < ECHO_SECONDS:
            return
        if again or (self._at_once and threading.current_thread() is threading.main_thread()):
            raise KeyboardInterrupt
