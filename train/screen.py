"""Tagged documents on the terminal, to be read by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.console import Console

from train.display import render_document
from train.interrupts import Interrupts
from train.jobs import load_tagger
from train.reading import Reading
from train.request import Outcome, Request, told_skipped
from train.sentences import split_part
from train.sources import find_sources, plan_shards


class Screen(Console):
    """A console that ends as every other output does when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        """Do not end the program here, with the exit code of skipped records."""
        raise BrokenPipeError


def show(request: Request, tell: Callable[[str], Any]) -> Outcome:
    """Tag the inputs of a request and show them; ``tell`` is called with each line about them.

    Raises:
        MarsadError: the input or the model cannot be used, or the request is strict and a record
            is faulty.
        BrokenPipeError: nobody reads it any more, as with ``| head``.
    """
    outcome = Outcome()
    with Interrupts() as interrupts:
        try:
            _show(request, interrupts, outcome, tell)
        except KeyboardInterrupt:
            outcome.interrupted = True
        finally:
            if outcome.skipped:
                tell(told_skipped(outcome.skipped, None))
    return outcome


def _show(
    request: Request, interrupts: Interrupts, outcome: Outcome, tell: Callable[[str], Any]
) -> None:
    job = request.job
    with interrupts.at_once():
        notes: list[str] = []
        shards = plan_shards(find_sources(request.inputs, request.read, notes))
        for note in notes:
            tell(note)
        tagger: Any = load_tagger(job)
    min_scores = job.wanted.settle(tagger.tags.labels, tagger.calibration)
    console = Screen(soft_wrap=True, highlight=False)
    reading = Reading(shards, job.part_documents, job.strict, False, interrupts)
    for part in reading:
        shown = split_part(part) if job.sentences else part
        for document in tagger.tag(shown.documents):
            if document.text.strip():  # blank lines have nothing to show
                told = replace(document, spans=min_scores.keep(document.spans, outcome.left_out))
                if job.resolver is not None:
                    told = job.resolver(told)
                console.print(render_document(told, tagger.tags.labels))
        for fault in shown.faults:
            tell(f"skipped: {fault}")
        outcome.documents += len(part.documents)
        outcome.skipped += len(shown.faults)
        outcome.coverage = tagger.coverage
        outcome.seconds = {"read": reading.seconds, **tagger.timings}
    if reading.fault is not None:
        raise reading.fault
    outcome.interrupted = not reading.ended
