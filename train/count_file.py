"""Files of counts: gold counts that stand beside the sentences that they belong to.

``{"id": "a1", "start": 4, "end": 10, "text": "جنديان", "count": {"min": 2, "max": 2, …}}``, a line
for each CASUALTY span; ``id`` is that of the document, the offsets are the span's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.count import LABEL, Count, parse_count
from train.document import Document, Span
from train.errors import DataError, Fault, InputError
from train.jsonl import load_object
from train.lines import read_lines


@dataclass(frozen=True, slots=True)
class Line:
    """A count of a file, and where it stands."""

    where: str
    text: str | None
    count: Count


def attach_counts(documents: Sequence[Document], paths: Iterable[Path]) -> list[Document]:
    """Return ``documents`` with the counts of ``paths`` on their CASUALTY spans.

    Raises:
        InputError: a file is missing or cannot be read.
        DataError: with every fault: a line that is no count, one whose span is not in the
            documents or reads otherwise there, and a span that has two counts.
    """
    lines: dict[tuple[str, int, int], Line] = {}
    faults: list[Fault] = []
    for path in paths:
        for key, line in _read(path, faults):
            if key in lines:
                faults.append(
                    Fault(line.where, f"a second count; {lines[key].where} has one", "one")
                )
            lines[key] = line
    known = {document.id for document in documents}
    attached = [_attach(document, lines, faults) for document in documents]
    for (identifier, start, end), line in lines.items():
        found = f"a count of [{start}, {end}) in {identifier!r}"
        expected = f"a {LABEL} span with these offsets in the data"
        if identifier not in known:
            expected = "the id of a document in the data"
        faults.append(Fault(line.where, found, expected))
    if faults:
        raise DataError(faults)
    return attached


def holds_counts(path: Path) -> bool:
    """Return whether a file is a list of counts, as its first record shows.

    Raises:
        InputError: it cannot be read.
    """
    if path.suffix != ".jsonl":
        return False
    for _, line in read_lines(path):
        if isinstance(line, str) and line.strip():
            record = load_object(line, "")
            return isinstance(record, dict) and "count" in record and "spans" not in record
    return False


def _attach(
    document: Document, lines: dict[tuple[str, int, int], Line], faults: list[Fault]
) -> Document:
    """Take the counts of one document out of ``lines``."""
    spans: list[Span] = []
    for span in document.spans:
        line = None
        if span.label == LABEL:
            line = lines.pop((document.id, span.start, span.end), None)
        if line is None:
            spans.append(span)
            continue
        surface = document.text[span.start : span.end]
        if line.text not in (None, surface):
            faults.append(
                Fault(f"{line.where}: text", f"{line.text!r}", f"{surface!r}, as in the data")
            )
        spans.append(replace(span, count=line.count, count_rule=None))
    return replace(document, spans=tuple(spans))


def _read(path: Path, faults: list[Fault]) -> Iterable[tuple[tuple[str, int, int], Line]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file (looked in {Path.cwd()})")
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if isinstance(line, str) and not line.strip():
            continue
        record = line if isinstance(line, Fault) else load_object(line, where)
        parsed = record if isinstance(record, Fault) else _parse(record, where)
        if isinstance(parsed, Fault):
            faults.append(parsed)
        else:
            yield parsed


def _parse(record: dict[str, Any], where: str) -> tuple[tuple[str, int, int], Line] | Fault:
    for name, kind, noun in (
        ("id", str, "the id of a document, a string"),
        ("start", int, "a whole number of code points"),
        ("end", int, "a whole number of code points"),
        ("text", str | None, "a string"),
    ):
        value = record.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            return Fault(f"{where}: {name}", f"{value!r}" if name in record else "nothing", noun)
    count = parse_count(record.get("count"), f"{where}: count")
    if isinstance(count, Fault):
        return count
    return (record["id"], record["start"], record["end"]), Line(where, record.get("text"), count)
