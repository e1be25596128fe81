"""The count of a CASUALTY span: what the text says of how many were hurt, as numbers.

The fields follow docs/counts.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from train.errors import Fault

LABEL = "CASUALTY"
"""The label whose spans are counts."""
OUTCOMES = ("killed", "injured", "killed_or_injured", "abducted", "missing", "unknown")


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, and what happened to them."""

    min: int
    """The smallest number that the expression allows."""
    max: int | None
    """The largest; None where the expression has no upper end."""
    approximate: bool
    """Whether the text itself marks the number as rough."""
    outcome: str
    """One of :data:`OUTCOMES`."""
    subset: bool
    """Whether it is a part of a count that was named before it."""

    def to_dict(self) -> dict[str, Any]:
        """Return the count as the object that JSONL holds."""
        return asdict(self)


def parse_count(item: Any, where: str) -> Count | Fault:
    """Return the count of a JSON object, or what is wrong with it."""
    names = ("min", "max", "approximate", "outcome", "subset")
    if not isinstance(item, dict) or sorted(item) != sorted(names):
        found = (
            "keys " + ", ".join(sorted(map(str, item))) if isinstance(item, dict) else f"{item!r}"
        )
        return Fault(where, found, "an object with " + ", ".join(names))
    least, most = item["min"], item["max"]
    if not _is_whole(least):
        return Fault(f"{where}.min", f"{least!r}", "a whole number of people")
    if most is not None and (not _is_whole(most) or most < least):
        return Fault(f"{where}.max", f"{most!r}", f"null, or a whole number from {least}")
    for name in ("approximate", "subset"):
        if not isinstance(item[name], bool):
            return Fault(f"{where}.{name}", f"{item[name]!r}", "true or false")
    if item["outcome"] not in OUTCOMES:
        return Fault(f"{where}.outcome", f"{item['outcome']!r}", "one of " + ", ".join(OUTCOMES))
    return Count(**item)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
