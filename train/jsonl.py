"""JSONL, the exchange format: one document a line.

``{"id": "a1", "text": "...", "spans": [{"start": 0, "end": 4, "label": "ACTOR"}]}``

A span may also carry ``text``, which must be what the offsets cut, ``score``, and where it is a
CASUALTY ``count``, the numbers of docs/counts.md (null or nothing where they are not known), with
``count_rule`` beside it where it was not a person who read them. A document may carry ``meta``, an
object that is kept. Other keys are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from train.count import parse_count
from train.document import LABEL, LABEL_RULE, Document, Span
from train.errors import Fault
from train.lines import read_lines, write_whole


def read_jsonl(path: Path, name: str) -> Iterator[tuple[str, Document | Fault]]:
    """Yield ``(file:line, document)`` for each line, or a fault in a document's place.

    Documents carry ids of their own, so the file's ``name`` is not needed.
    """
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if isinstance(line, Fault):
            yield where, line
        elif line.strip():
            for result in _parse(line, where):
                yield where, result


def write_jsonl(documents: Iterable[Document], path: Path) -> None:
    """Write ``documents`` to ``path``, which appears whole or stays as it was."""
    with write_whole(path) as file:
        for document in documents:
            file.write(dumps(document) + "\n")


def dumps(document: Document) -> str:
    """Return ``document`` as one JSON line, with the text of each span beside its offsets."""
    spans = [span.to_dict(document.text) for span in document.spans]
    record: dict[str, Any] = {"id": document.id, "text": document.text, "spans": spans}
    if document.meta:
        record["meta"] = dict(document.meta)
    return dump_record(record)


def dump_record(record: Any) -> str:
    """Return ``record`` as JSON in readable Arabic; a lone surrogate is written as an escape."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record)
    return text


def load_object(line: str, where: str) -> dict[str, Any] | Fault:
    """Return the JSON object of ``line``, or the fault that it is none."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        return Fault(
            f"{where}:{error.colno}", f"invalid JSON ({error.msg})", "one JSON object on the line"
        )
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, deep nesting
        return Fault(where, f"JSON that cannot be read ({error})", "one JSON object on the line")
    if not isinstance(record, dict):
        return Fault(where, f"a JSON {_kind(record)}", "a JSON object")
    return record


def _parse(line: str, where: str) -> Iterator[Document | Fault]:
    record = load_object(line, where)
    if isinstance(record, Fault):
        yield record
        return
    identifier: Any = record.get("id")
    text: Any = record.get("text")
    spans: Any = record.get("spans")
    meta: Any = record.get("meta", {})
    faults = []
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    for name, value, kind, noun in (
        ("id", identifier, str, "a string"),
        ("text", text, str, "a string"),
        ("spans", spans, list, "a list (empty where nothing is marked)"),
        ("meta", meta, dict, "an object"),
    ):
        if not isinstance(value, kind):
            found = f"a JSON {_kind(value)}" if name in record else "nothing"
            if name == "spans" and "count" in record:
                noun += "; a list of counts stands beside its sentences: name it with --counts"
            if name == "text" and "sha256" in record:
                noun += "; a standoff record has its text elsewhere: see train.standoff"
            faults.append(Fault(f"{where}: {name}", found, noun))
    if faults:
        yield from faults
        return
    sound = parse_spans(spans, text, where)
    if isinstance(sound, list):
        yield from sound
        return
    yield Document(identifier, text, sound, meta)


def parse_spans(items: list[Any], text: str, where: str) -> tuple[Span, ...] | list[Fault]:
    """Return the spans of a record in text order, or the list of what is wrong with them."""
    parsed = [_parse_span(item, text, f"{where}: spans[{i}]") for i, item in enumerate(items)]
    faults = [item for item in parsed if isinstance(item, Fault)]
    return faults or tuple(sorted(item for item in parsed if isinstance(item, Span)))


def _parse_span(item: Any, text: str, where: str) -> Span | Fault:
    if not isinstance(item, dict):
        return Fault(where, f"a JSON {_kind(item)}", 'an object with "start", "end" and "label"')
    start: Any = item.get("start")
    end: Any = item.get("end")
    label: Any = item.get("label")
    for name, value in (("start", start), ("end", end)):
        if not isinstance(value, int) or isinstance(value, bool):
            return Fault(f"{where}.{name}", f"{value!r}", "a whole number of code points")
    if not isinstance(label, str) or not LABEL.fullmatch(label):
        return Fault(f"{where}.label", f"{label!r}", LABEL_RULE)
    surface = item.get("text")
    if surface is not None and surface != text[start:end]:
        return Fault(
            f"{where}.text",
            f"{surface!r}, where [{start}, {end}) cuts {text[start:end]!r}",
            "the same text (offsets count code points, not bytes or UTF-16 units)",
        )
    score = item.get("score")
    if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
        return Fault(f"{where}.score", f"{score!r}", "a number")
    count = item.get("count")
    if count is not None:
        count = parse_count(count, f"{where}.count")
        if isinstance(count, Fault):
            return count
    rule = item.get("count_rule")
    if rule is not None and not isinstance(rule, str):
        return Fault(f"{where}.count_rule", f"a JSON {_kind(rule)}", "a string")
    return Span(start, end, label, score, count, rule)


def _kind(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
