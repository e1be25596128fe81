"""Tables of tagged documents: CSV, TSV and Parquet; and values that have to become text.

A table has the same columns in every row, so the columns that are carried through have to be known
before the first row. JSON has no such need, but it shares how a value is told that it lacks.
"""

from __future__ import annotations

import base64
import datetime
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from train.count import OUTCOMES
from train.errors import InputError
from train.jsonl import dump_record
from train.storage import import_arrow, told

DELIMITERS = {"csv": ",", "tsv": "\t"}
SPAN_KEYS = (
    "start",
    "end",
    "label",
    "text",
    "score",
    "count",
    "count_rule",
    "canonical",
    "english",
    "type",
    "wikidata",
    "known",
)
"""The keys of a span in JSONL; ``count`` is an object."""
SPAN_COLUMNS = (
    *SPAN_KEYS[:5],
    "count_min",
    "count_max",
    "count_approximate",
    "count_outcome",
    "count_subset",
    *SPAN_KEYS[6:],
)
"""The same as the columns of a table."""
_QUOTED = {name: re.compile(f'["\r\n{mark}]') for name, mark in DELIMITERS.items()}
_PURPOSE = "writing .parquet"
_ROW_GROUP_BYTES = 64 << 20
"""Row groups of parts are put together up to this size; readers are slow on many small ones."""


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can tell it.

    Dates and times are told as ISO 8601, bytes as base64, and other types as their text. Numbers
    that JSON cannot tell are null: NaN, infinity, and what is too large for a float, such as 1e999.

    >>> plain({"day": datetime.date(2016, 8, 16), "rate": float("nan"), "tags": ("أ", 1)})
    {'day': '2016-08-16', 'rate': None, 'tags': ['أ', 1]}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def text_of(value: Any) -> str | None:
    """Return a value as the text of a cell: strings as they are, others as JSON, None for null.

    None stands for NaN and infinity as well; see :func:`plain`.
    """
    value = plain(value)
    return value if value is None or isinstance(value, str) else dump_record(value)


def row(values: Sequence[Any], kind: str) -> str:
    """Return one line of CSV or TSV; cells are quoted where they have to be, null is empty.

    The module ``csv`` would quote line breaks differently from one Python to the next.

    >>> row(["a1", "نعم، لا", None, 3, "1,5"], "csv")
    'a1,نعم، لا,,3,"1,5"\\n'
    """
    cells = (text_of(value) or "" for value in values)
    return DELIMITERS[kind].join(_quoted(cell, kind) for cell in cells) + "\n"


def _quoted(cell: str, kind: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED[kind].search(cell) else cell


def flat_span(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSONL object of a span as the cells of a table, those of its count one by one.

    >>> flat_span({"start": 0, "count": {"min": 2, "max": None}})
    {'start': 0, 'count_min': 2, 'count_max': None}
    """
    count = span.get("count") or {}
    cells = {key: value for key, value in span.items() if key != "count"}
    return cells | {f"count_{key}": value for key, value in count.items()}


def output_types(rows: str) -> dict[str, Any]:
    """Return the Arrow type of each column that Marsad itself writes, for a kind of row."""
    arrow = import_arrow("pyarrow", _PURPOSE)
    string, whole, number, truth = arrow.string(), arrow.int64(), arrow.float64(), arrow.bool_()
    place = {"start": whole, "end": whole, "label": string, "text": string, "score": number}
    count = {"min": whole, "max": whole, "approximate": truth, "outcome": string, "subset": truth}
    known = {
        "count_rule": string,
        "canonical": string,
        "english": string,
        "type": string,
        "wikidata": string,
        "known": truth,
    }
    span = {**place, "count": arrow.struct(list(count.items())), **known}
    if rows == "spans":
        flat = {f"count_{key}": held for key, held in count.items()}
        return {"id": string, **place, **flat, **known}
    if rows == "documents":
        spans = arrow.list_(arrow.struct(list(span.items())))
        return {"id": string, "text": string, "spans": spans}
    span["added"] = string
    names = ("actors", "weapons", "bases", "counts")
    ends = [f"{outcome}_{end}" for outcome in OUTCOMES for end in ("min", "max")]
    return {
        "id": string,
        "text": string,
        **dict.fromkeys(ends, whole),
        "approximate": truth,
        "unread": whole,
        **dict.fromkeys(names, arrow.list_(string)),
        "spans": arrow.list_(arrow.struct(list(span.items()))),
    }


class MisfitError(Exception):
    """A value that is not of the type of its column."""


def arrow_table(
    records: Sequence[Mapping[str, Any]],
    rows: str,
    output: Sequence[str],
    carried: Sequence[str],
    types: Iterable[Any],
    integers: Sequence[str],
) -> Any:
    """Return ``records`` as a table of Arrow, the columns in the order of the arguments.

    Carried columns have the type of the ``pyarrow.Field`` in ``types``. Others are text, whatever
    they hold, since a type that is guessed from one part need not fit the next; ``integers`` are
    64-bit.

    Raises:
        MisfitError: a value is not of the type of its column.
    """
    arrow = import_arrow("pyarrow", _PURPOSE)
    ours = output_types(rows)
    fields = [arrow.field(name, ours[name]) for name in output]
    known = {field.name: field.with_nullable(True) for field in types}
    for name in carried:
        usual = arrow.int64() if name in integers else arrow.string()
        fields.append(known[name] if name in known else arrow.field(name, usual))
    columns = []
    for field in fields:
        values = [record.get(field.name) for record in records]
        try:
            columns.append(_array(values, field.type, arrow))
        except (arrow.ArrowException, OverflowError, TypeError, ValueError) as error:
            raise MisfitError(
                f"a value of the column {field.name!r} that is no {field.type} "
                f"({str(error).splitlines()[0]})"
            ) from None
    return arrow.Table.from_arrays(columns, schema=arrow.schema(fields))


def _array(values: list[Any], held: Any, arrow: Any) -> Any:
    """Return a column; what pyarrow would change to make it fit, such as 1.5 to 1, is refused."""
    types = arrow.types
    if types.is_string(held) or types.is_large_string(held) or types.is_string_view(held):
        return arrow.array([text_of(value) for value in values], type=held)
    kinds = {type(value) for value in values}
    if types.is_integer(held) and kinds & {float, bool}:
        raise TypeError("a number that is not whole")
    if types.is_temporal(held) and kinds & {int, float, bool}:
        raise TypeError("a number")
    if types.is_temporal(held) and str in kinds:  # what Python cannot hold was read as text
        return arrow.array([text_of(value) for value in values], arrow.string()).cast(held)
    return arrow.array(values, type=held)


def parquet(table: Any) -> bytes:
    """Return a table as a Parquet file."""
    file = io.BytesIO()
    import_arrow("pyarrow.parquet", _PURPOSE).write_table(table, file, compression="zstd")
    return file.getvalue()


def join_parquet(part_files: Sequence[Path], target: IO[bytes]) -> None:
    """Write the rows of all parts to ``target`` as one Parquet file.

    Raises:
        InputError: two parts do not have the same columns.
    """
    arrow = import_arrow("pyarrow", _PURPOSE)
    pq = import_arrow("pyarrow.parquet", _PURPOSE)
    with _opened(part_files[0]) as file:
        schema = file.schema_arrow
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        held: list[Any] = []
        size = 0
        for path in part_files:
            with _opened(path) as file:
                if not file.schema_arrow.equals(schema):
                    raise InputError(
                        f"{path}: its columns ({_told(file.schema_arrow)}) are not those of "
                        f"{part_files[0].name} ({_told(schema)}), and one Parquet file cannot "
                        "hold both; write to a folder, or use --to jsonl"
                    )
                for index in range(file.num_row_groups):
                    held.append(file.read_row_group(index))
                    size += held[-1].nbytes
                    if size >= _ROW_GROUP_BYTES:
                        writer.write_table(arrow.concat_tables(held))
                        held, size = [], 0
        if held:
            writer.write_table(arrow.concat_tables(held))


def _opened(path: Path) -> Any:
    with told(str(path)):
        return import_arrow("pyarrow.parquet", _PURPOSE).ParquetFile(path)


def _told(schema: Any) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
