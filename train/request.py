"""What ``marsad predict`` was asked for, and what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from train import storage
from train.engine import Coverage
from train.errors import InputError
from train.jobs import Job, PartResult
from train.output import ERRORS
from train.sources import ReadOptions, Source

ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tagged, how, and where the result goes."""

    inputs: Sequence[str]
    read: ReadOptions
    job: Job
    """Its ``folder`` is where the parts go."""
    target: str | None = None
    """The file that is made of the parts or, where there is no such folder, written as a stream;
    standard output where it is None."""
    errors: str | None = None
    """The file that lists the records that were skipped; where it is None, they stand in
    ``errors.jsonl`` of a folder, in ``TARGET.errors.jsonl``, or are told at once."""
    resume: bool = False
    workers: int = 1
    engine: str = "local"

    @property
    def errors_file(self) -> str | None:
        """Where skipped records are listed; None where they are told at once."""
        if self.errors is not None or self.job.folder is None:
            return self.errors
        if self.target is not None:
            return f"{self.target}.{ERRORS}"
        return storage.join(self.job.folder, ERRORS)


@dataclass(slots=True)
class Outcome:
    """What a run came to, with what an earlier run had finished of it."""

    documents: int = 0
    spans: int = 0
    skipped: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each stage took, summed over processes."""
    interrupted: bool = False
    """Whether it stopped before the end of the input, since someone asked for it."""
    was_complete: bool = False
    """Whether an earlier run had finished all of it."""

    def add(self, result: PartResult) -> None:
        """Count what became of a part."""
        self.documents += result.documents
        self.spans += result.spans
        self.skipped += len(result.faults)
        self.coverage += result.coverage
        for stage, seconds in result.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def take(self, totals: Mapping[str, int]) -> None:
        """Take the counts of a run that was finished earlier."""
        self.documents = totals["documents"]
        self.spans = totals["spans"]
        self.skipped = totals["skipped"]


def hidden_folder(target: Path) -> str:
    """Return the folder beside a file in which the parts are of which it is made."""
    target = target.resolve()
    return str(target.parent / f".{target.name}.marsad")


def refuse_own_input(request: Request, sources: Sequence[Source]) -> None:
    """Refuse to write over an input, or to where a resumed run would take results for input."""
    files = [s.path for s in sources if s.kind != "text" and not storage.is_uri(s.path)]
    for name in (request.target, request.errors_file):
        if name is None or not Path(name).is_file():
            continue
        for file in files:
            with contextlib.suppress(OSError, ValueError):  # standard input has no path
                if Path(name).samefile(file):
                    raise InputError(f"{name}: is also an input; name another output file")
    if request.target is None and request.job.folder is not None:
        folder = request.job.folder
        for item in request.inputs:
            if storage.is_uri(folder) != storage.is_uri(item) or not storage.is_folder(item):
                continue
            inside = (
                f"{folder}/".startswith(f"{item.rstrip('/')}/")
                if storage.is_uri(folder)
                else Path(folder).resolve().is_relative_to(Path(item).resolve())
            )
            if inside:
                raise InputError(
                    f"{folder}: is inside the input folder {item}, so its parts would be read as "
                    "input; name a folder that is not"
                )
