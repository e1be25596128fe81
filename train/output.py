"""The output folder: part files, what is known of each, and how a stopped run goes on.

``manifest.json`` is written first and says what the run is: Marsad's version, model, runtime,
options and inputs. While the run goes, each finished part has a record in ``.marsad/``. At the end
the manifest takes the records in and says ``"complete": true``, and they are removed. None of these
files holds a time or a date, so that a run that was stopped and went on leaves the same bytes as
one that was not.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

from train import storage
from train.engine import Coverage
from train.errors import Fault, InputError
from train.jobs import RECORDS, PartResult, record_name
from train.jsonl import dump_record
from train.parts import Part, PartId
from train.totals import Totals

MANIFEST = "manifest.json"
ERRORS = "errors.jsonl"
_LEFTOVER = re.compile(r"\.(?:manifest\.json|errors\.jsonl|part-\d+-\d+\.[a-z.]+)\.[^/]+")
"""A temporary file that a run left behind when it was killed while it wrote."""


class OutputFolder:
    """A folder with the result of a run, or with the finished parts of one that is not done.

    Args:
        name: a path or a URI.
        header: what the run is; the manifest's keys but ``complete``, ``parts`` and ``totals``.
    """

    def __init__(self, name: str, header: Mapping[str, Any]):
        self.name = name
        self.header = dict(header)
        self.results: dict[PartId, PartResult] = {}
        """The finished parts, of this run and of the one that it goes on with; their faults stay
        in the records."""
        self.complete = False
        """Whether there was nothing to do: the folder holds the finished run already."""
        self._seen: set[PartId] = set()
        self._found: dict[str, Any] = {}

    @classmethod
    def begin(cls, name: str, header: Mapping[str, Any], resume: bool) -> OutputFolder:
        """Make the folder, or take it up where ``resume`` is set.

        Raises:
            InputError: the folder holds another run or other things, or cannot be used.
        """
        folder = cls(name, json.loads(json.dumps(header)))  # as the manifest gives it back
        if storage.exists(name) and not storage.is_folder(name):
            raise InputError(f"{name}: is a file; name a folder for the parts")
        manifest = folder._read_manifest()
        sizes = storage.file_sizes(name) if storage.exists(name) else {}
        names = list(sizes)
        if manifest is None:
            others = [file for file in names if not _is_leftover(name, file)]
            if others:
                raise InputError(
                    f"{name}: holds other files ({_last(others[0])}) and no {MANIFEST} of a run; "
                    "name a folder that is empty or not there yet"
                )
        elif not resume:
            if manifest.get("complete"):
                raise InputError(f"{name}: holds a finished run; name another folder")
            raise InputError(
                f"{name}: holds an unfinished run; go on with --resume, name another output, "
                "or remove the folder"
            )
        else:
            folder._compare(manifest)
        for file in names:
            if _is_leftover(name, file):
                storage.remove(file)
        if manifest is not None and manifest.get("complete"):
            folder.complete = True
            folder._found = manifest
            folder._remove_records(names)
            return folder
        if manifest is None:
            folder._write(MANIFEST, {**folder.header, "complete": False})
        else:
            folder._read_records(sizes)
        return folder

    def done(self, part: Part) -> bool:
        """Return whether a part was finished by the run that this one goes on with.

        Raises:
            InputError: it was, and the input is not what it was then.
        """
        if part.id not in self.results:
            return False
        self.check(part.id, part.digest())
        return True

    def check(self, part: PartId, digest: str) -> None:
        """Check that a finished part was made of input that has this digest.

        Raises:
            InputError: the input is not what it was.
        """
        self._seen.add(part)
        if self.results[part].digest != digest:
            raise self._changed(part)

    def add(self, result: PartResult) -> None:
        """Take note of a part that is finished now."""
        self.results[result.id] = result.without_faults()
        self._seen.add(result.id)

    def has_parts(self) -> bool:
        """Return whether a part is finished, be it one that no process has lived to report."""
        return bool(self.results) or any(
            _is_record(self.name, name) for name in storage.list_files(self.name)
        )

    def files(self) -> list[str]:
        """Return the names of the part files, in input order."""
        return [
            storage.join(self.name, result.file)
            for result in self.ordered()
            if result.file is not None
        ]

    def ordered(self) -> list[PartResult]:
        """Return what became of each part, in input order."""
        return [self.results[part] for part in sorted(self.results)]

    def totals(self) -> dict[str, Any]:
        """Return the counts of all parts, or those of the finished run that was found."""
        if self.complete:
            return dict(self._found["totals"])
        results = list(self.results.values())
        left_out = sum((Counter(result.left_out) for result in results), Counter[str]())
        return {
            "documents": sum(result.documents for result in results),
            "spans": sum(result.spans for result in results),
            "skipped": sum(result.skipped for result in results),
            **asdict(sum((result.coverage for result in results), Coverage())),
            "left_out": dict(sorted(left_out.items())),
            "sums": sum((result.totals for result in results), Totals()).to_dict(),
        }

    def faults(self) -> Iterator[Fault]:
        """Yield all records that were skipped, in input order, until the run is finished."""
        for result in self.ordered():
            if result.skipped:
                yield from self.faults_of(result.id)

    def faults_of(self, part: PartId) -> list[Fault]:
        """Return the records of a finished part that were skipped."""
        return self._read_record(record_name(self.name, part)).faults

    def check_all_seen(self) -> None:
        """Check that no part is there that the input does not have.

        Raises:
            InputError: the input is shorter than it was.
        """
        for part in sorted(self.results):
            if part not in self._seen:
                raise self._changed(part)

    def finish(self, write_errors: bool = True) -> None:
        """Write ``errors.jsonl``, if anything was skipped, and the whole manifest.

        What other processes left behind when they were killed while they wrote is removed.
        """
        for file in storage.list_files(self.name):
            if _is_leftover(self.name, file):
                storage.remove(file)
        if write_errors and any(result.skipped for result in self.results.values()):
            write_faults(storage.join(self.name, ERRORS), self.faults())
        parts = [
            {
                "file": result.file,
                "size": result.size,
                "documents": result.documents,
                "spans": result.spans,
                "skipped": result.skipped,
                "digest": result.digest,
            }
            for result in self.ordered()
        ]
        whole = {**self.header, "complete": True, "totals": self.totals(), "parts": parts}
        self._write(MANIFEST, whole)
        self._remove_records(
            [record_name(self.name, result.id) for result in self.results.values()]
        )

    def remove(self) -> None:
        """Remove the folder with all that the run put there; the manifest goes last."""
        for result in self.results.values():
            storage.remove(record_name(self.name, result.id))
        for file in self.files():
            storage.remove(file)
        names = storage.list_files(self.name) if storage.exists(self.name) else []
        for file in sorted(names, key=lambda file: _last(file) == MANIFEST):
            storage.remove(file)
        self._remove_records([])
        _remove_folder(self.name)

    def _read_manifest(self) -> dict[str, Any] | None:
        name = storage.join(self.name, MANIFEST)
        if not storage.exists(name):
            return None
        try:
            manifest = json.loads(storage.read_bytes(name))
        except ValueError:
            manifest = None
        if not isinstance(manifest, dict) or "marsad_version" not in manifest:
            raise InputError(f"{name}: is no manifest of Marsad; name another folder")
        return manifest

    def _read_records(self, sizes: Mapping[str, int]) -> None:
        """Take up the parts that have a record, and a data file of the recorded size."""
        for name in sizes:
            if not _is_record(self.name, name):
                continue
            result = self._read_record(name)
            file = storage.join(self.name, str(result.file))
            if sizes.get(file) == result.size:
                self.results[result.id] = result.without_faults()

    def _read_record(self, name: str) -> PartResult:
        try:
            return PartResult.from_dict(json.loads(storage.read_bytes(name)))
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{name}: is no record of a part; remove it, and its part is tagged again"
            ) from None

    def _compare(self, manifest: Mapping[str, Any]) -> None:
        changes = list(differences(manifest, self.header))
        if changes:
            raise InputError(
                f"{self.name}: --resume must go on with the same run; changed: "
                + "; ".join(changes)
                + ". Give the same command, or name another folder"
            )

    def _changed(self, part: PartId) -> InputError:
        file = self.results[part].file or part.stem
        return InputError(
            f"{storage.join(self.name, file)}: the input of this part is not what it was when the "
            "part was tagged; tag the changed input to another folder"
        )

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        text = json.dumps(value, ensure_ascii=True, indent=1) + "\n"
        storage.write_whole_bytes(storage.join(self.name, name), text.encode("ascii"))

    def _remove_records(self, names: Sequence[str]) -> None:
        for name in names:
            if _is_record(self.name, name):
                storage.remove(name)
        _remove_folder(storage.join(self.name, RECORDS))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs between the headers of two runs, in words: what it was, what it is."""
    if before.get("marsad_version") != now["marsad_version"]:
        yield f"Marsad {before.get('marsad_version')}, now {now['marsad_version']}"
    model = before.get("model", {})
    if model.get("fingerprint") != now["model"]["fingerprint"]:
        yield (
            f"the model (was {model.get('name')}, {str(model.get('fingerprint'))[:12]}; "
            f"now {now['model']['name']}, {now['model']['fingerprint'][:12]})"
        )
    if before.get("runtime") != now["runtime"]:
        yield f"the runtime (was {before.get('runtime')}, now {now['runtime']})"
    options = before.get("options", {})
    for key in [*now["options"], *(key for key in options if key not in now["options"])]:
        was, is_now = options.get(key), now["options"].get(key)
        if was != is_now:
            yield f"{key} (was {was!r}, now {is_now!r})"
    for old, new in zip_longest(before.get("inputs", []), now["inputs"]):
        if old == new:
            continue
        if old is None or new is None or old["name"] != new["name"]:
            yield f"the inputs (was {_input(old)}, now {_input(new)})"
            return
        yield f"{new['name']} (was {old['size']:,} bytes, now {new['size']:,})"


def write_faults(name: str, faults: Iterable[Fault]) -> None:
    """Write skipped records as JSON lines to a file, which appears whole."""
    lines = ((dump_record(asdict(fault)) + "\n").encode() for fault in faults)
    if storage.is_uri(name):
        storage.write_whole_bytes(name, b"".join(lines))
    else:
        with storage.open_whole(name) as file:
            file.writelines(lines)


def _input(item: Mapping[str, Any] | None) -> str:
    return "none" if item is None else str(item["name"])


def _last(name: str) -> str:
    return re.split(r"[/\\]", name.split("?", 1)[0])[-1]


def _is_record(folder: str, name: str) -> bool:
    return _last(name).startswith("part-") and name == storage.join(
        storage.join(folder, RECORDS), _last(name)
    )


def _is_leftover(folder: str, name: str) -> bool:
    last = _last(name)
    places = (folder, storage.join(folder, RECORDS))
    return bool(_LEFTOVER.fullmatch(last)) and any(
        name == storage.join(place, last) for place in places
    )


def _remove_folder(name: str) -> None:
    """Remove an empty folder; in a store there are none."""
    if storage.is_uri(name) or not storage.is_folder(name):
        return
    with storage.told(name, "cannot be removed"):
        if not any(Path(name).iterdir()):
            Path(name).rmdir()
