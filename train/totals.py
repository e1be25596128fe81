"""Totals: the sums over the rows of a file of incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from train.count import OUTCOMES
from train.ranges import Range


@dataclass(slots=True)
class Totals:
    """How many people each outcome counts in all rows, added up as they come.

    Nothing is compared across documents: where two of them tell of the same people, these are in
    the sums twice. The outcomes overlap too (who was injured and then died is in both), so sums of
    different outcomes are not to be added to one another.
    """

    rows: int = 0
    sums: dict[str, Range] = field(default_factory=dict)
    """The sum of each outcome that a row says something of, which may be zero."""
    approximate: bool = False
    """Whether any number that was added is one that its text itself marks as rough."""
    unread: int = 0
    """How many counts could not be read and are in no sum."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row of :func:`train.incidents.incident`."""
        self.rows += 1
        self.approximate = self.approximate or row["approximate"]
        self.unread += row["unread"]
        for outcome in OUTCOMES:
            least = row[f"{outcome}_min"]
            if least is not None:
                self._add(outcome, Range(least, row[f"{outcome}_max"]))

    def __add__(self, other: Totals) -> Totals:
        """Return the totals of the rows of both."""
        both = Totals(
            self.rows + other.rows,
            dict(self.sums),
            self.approximate or other.approximate,
            self.unread + other.unread,
        )
        for outcome, total in other.sums.items():
            both._add(outcome, total)
        return both

    def to_dict(self) -> dict[str, Any]:
        """Return the sums as a flat object: a bound is null as it is in a row."""
        record: dict[str, Any] = {"rows": self.rows}
        for outcome in OUTCOMES:
            total = self.sums.get(outcome)
            record[f"{outcome}_min"] = None if total is None else total.min
            record[f"{outcome}_max"] = None if total is None else total.max
        return {**record, "approximate": self.approximate, "unread": self.unread}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Totals:
        """Return the totals that :meth:`to_dict` made an object of."""
        totals = cls()
        totals.add(record)
        totals.rows = record["rows"]
        return totals

    def told(self) -> str:
        """Return one line for people.

        >>> totals = Totals(2, {"killed": Range(150, 150), "injured": Range(20, None)}, unread=2)
        >>> totals.told()
        'killed 150, injured at least 20; 2 counts could not be read and are in no sum'
        """
        parts = [
            f"{outcome.replace('_', ' ')} {self.sums[outcome]}"
            for outcome in OUTCOMES
            if outcome in self.sums
        ]
        line = ", ".join(parts) or "no count was read"
        if parts and self.approximate:
            line += " (rough: some of the counts are)"
        if self.unread:
            are = "count could not be read and is" if self.unread == 1 else None
            line += f"; {self.unread:,} {are or 'counts could not be read and are'} in no sum"
        return line

    def _add(self, outcome: str, number: Range) -> None:
        total = self.sums.get(outcome)
        self.sums[outcome] = number if total is None else total + number
