"""What ``marsad predict`` was asked for, and what came of it."""

from __future__ import annotations

import contextlib
import glob
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from train import storage
from train.engine import Coverage
from train.errors import InputError
from train.jobs import STRICT_REMEDY, Job, PartResult
from train.output import ERRORS
from train.parts import PartId
from train.sources import STDIN, ReadOptions, Source
from train.terminal import is_below
from train.totals import Totals

ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tagged, how, and where the result goes.

    Raises:
        InputError: the result cannot go there.
    """

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
    workers: int | None = None
    """One where it is None; on Ray, as many as there is room for."""
    engine: str = "local"

    def __post_init__(self) -> None:
        format_ = self.job.sink.format
        if self.job.folder is None and format_ in ("parquet", "xlsx"):
            raise InputError(
                f"{self.target or 'standard output'}: {format_} cannot be written part by part to "
                "a stream; name a file with -o"
            )
        if self.target is None and format_ == "xlsx":
            raise InputError(
                f"{self.job.folder}: an Excel file is one file, not a folder of parts; name it, "
                "such as -o incidents.xlsx"
            )
        if self.errors is None:
            return
        for output in (self.target, self.job.folder):
            if output is not None and _place(output) == _place(self.errors):
                raise InputError(
                    f"--errors {self.errors}: is where the result goes; name another file"
                )
        if not storage.is_uri(self.errors) and storage.is_folder(self.errors):
            raise InputError(f"--errors {self.errors}: is a folder; name a file")

    @property
    def errors_file(self) -> str | None:
        """Where skipped records are listed; None where they are told at once."""
        if self.errors is not None or self.job.folder is None:
            return self.errors
        if self.target is not None:
            return f"{self.target}.{ERRORS}"
        return storage.join(self.job.folder, ERRORS)

    @property
    def strict_remedy(self) -> str:
        """What to do about a record that has ended a strict run."""
        folder = self.job.folder
        if folder is None or not storage.exists(folder):
            return STRICT_REMEDY
        return (
            "go on with --resume and without --strict, which skips such records; or mend the "
            f"input and start again, with another output or after removing {folder}"
        )


@dataclass(slots=True)
class Outcome:
    """What a run came to, with what an earlier run had finished of it."""

    documents: int = 0
    spans: int = 0
    skipped: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    totals: Totals = field(default_factory=Totals)
    """The sums of the rows, where these are incidents."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many spans were left out for a low score, by label."""
    labels: set[str] = field(default_factory=set)
    """See :class:`train.jobs.PartResult`; none are known of a run that was complete."""
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
        self.skipped += result.skipped
        self.coverage += result.coverage
        self.totals += result.totals
        self.left_out.update(result.left_out)
        self.labels.update(result.labels)
        for stage, seconds in result.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def take(self, totals: Mapping[str, Any]) -> None:
        """Take the counts of a run that was finished earlier."""
        self.totals = Totals.from_dict(totals["sums"])
        self.left_out = Counter(totals["left_out"])
        self.documents = totals["documents"]
        self.spans = totals["spans"]
        self.skipped = totals["skipped"]


def told_skipped(count: int, listed: str | None) -> str:
    """Say how many records were skipped, and where they are listed: in a file, or on stderr."""
    where = "told above" if listed is None else f"see {listed}"
    return f"{count:,} record{'s' if count != 1 else ''} skipped, {where}"


def hidden_folder(target: Path) -> str:
    """Return the folder beside a file in which the parts are of which it is made."""
    target = Path(os.path.realpath(target))
    return str(target.parent / f".{target.name}.marsad")


def refuse_own_input(request: Request, sources: Sequence[Source]) -> None:
    """Refuse to write over an input, or to where a resumed run would take results for input."""
    paths = [storage.local_path(source.path) for source in sources if source.kind != "text"]
    files = [path for path in paths if path is not None]
    if request.job.resolver is not None:
        files += request.job.resolver.files
    for name in (request.target, request.errors_file):
        if name is None or storage.is_uri(name) or not storage.exists(name):
            continue
        for file in files:
            with contextlib.suppress(OSError, ValueError):  # standard input has no path
                if Path(name).samefile(file):
                    raise InputError(f"{name}: is also an input; name another output file")
        for folder in _model_folders(request.job):
            if is_below(Path(name), folder):
                raise InputError(
                    f"{name}: is there already, in the model folder {folder}; name a file outside "
                    "of it"
                )
    if request.target is None and request.job.folder is not None:
        texts = {source.path for source in sources if source.kind == "text"}
        for item in dict.fromkeys(request.inputs):
            if item != STDIN and item not in texts:
                _refuse_inside(request.job.folder, request.job.sink.suffix, item)


def _model_folders(job: Job) -> Sequence[str | Path]:
    """Return the folder of the model that a job runs, or where the shipped tagger may lie."""
    if job.takes_spans:
        return ()
    from train.model_folder import SHIPPED

    return SHIPPED if job.model is None else (job.model,)


def _refuse_inside(folder: str, suffix: str, item: str) -> None:
    """Refuse an output folder whose parts an input folder or pattern would find."""
    store, parts = _place(folder)
    if store != _place(item)[0]:
        return
    if storage.is_folder(item):
        above = _place(item)[1]
        if parts[: len(above)] == above:
            raise InputError(
                f"{folder}: is inside the input folder {item}, so its parts would be read as "
                "input; name a folder that is not"
            )
    elif glob.has_magic(item) and not storage.exists(item):
        pattern = _place(item, is_pattern=True)[1]
        if _fits((*parts, PartId(0, 0).stem + suffix), pattern):
            raise InputError(
                f"{folder}: its parts fit the pattern {item}, so they would be read as input; "
                "name a folder that it does not look into"
            )


def _place(name: str, is_pattern: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return where a file or folder is: the store, nothing for this machine, and the path's parts.

    Links are followed, in a pattern up to the first wildcard.
    """
    if storage.is_uri(name):
        path = storage.uri_path(name)
        if not name.startswith("file://"):
            scheme, _, rest = name.partition("://")
            return f"{scheme}://{rest.partition('/')[0]}", tuple(filter(None, path.split("/")))
        name = f"/{path}"
    parts = Path(name).parts
    fixed = len(parts)
    if is_pattern:
        fixed = next((i for i, part in enumerate(parts) if glob.has_magic(part)), fixed)
    return "", (*Path(os.path.realpath(Path(*parts[:fixed]))).parts, *parts[fixed:])


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether a path may fit a pattern; what stands between two ``**`` is taken to fit."""
    if "**" not in pattern:
        return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))
    before = pattern[: pattern.index("**")]
    behind = pattern[::-1][: pattern[::-1].index("**")]
    return (
        len(parts) >= len(before) + len(behind)
        and all(map(fnmatchcase, parts, before))
        and all(map(fnmatchcase, parts[::-1], behind))
    )
