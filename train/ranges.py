"""From how many to how many: the numbers that counts are added and compared as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """A number of people that is known to lie between two bounds, both of them possible."""

    min: int
    max: int | None
    """None where there is no upper end."""

    def __add__(self, other: Range) -> Range:
        """Return the range of the sum of two numbers.

        >>> Range(3, 9) + Range(10, None)
        Range(min=13, max=None)
        """
        open_end = self.max is None or other.max is None
        return Range(self.min + other.min, None if open_end else _sum(self.max, other.max))

    def __or__(self, other: Range) -> Range:
        """Return the smallest range that holds both.

        >>> Range(20, 20) | Range(20, 99)
        Range(min=20, max=99)
        """
        open_end = self.max is None or other.max is None
        top = None if open_end else max(self.max or 0, other.max or 0)
        return Range(min(self.min, other.min), top)

    def __str__(self) -> str:
        """Return it for people, such as ``at least 20``, ``3 to 9`` or ``1,500``."""
        if self.max is None:
            return f"at least {self.min:,}"
        return f"{self.min:,}" if self.min == self.max else f"{self.min:,} to {self.max:,}"


def _sum(left: int | None, right: int | None) -> int:
    return (left or 0) + (right or 0)
