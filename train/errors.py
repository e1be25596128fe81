"""Errors that a person can act on.

Every error that bad input can cause is a :class:`MarsadError`. The command line prints its text
without a traceback and ends with exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class MarsadError(Exception):
    """Base of all errors that are the input's fault, not the program's."""


class ConfigError(MarsadError):
    """A config file or an override is wrong."""


class InputError(MarsadError):
    """A path, a file or a text given to a command cannot be used."""


class ModelError(MarsadError):
    """A model folder is missing, incomplete, unsafe or does not fit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a data file."""

    where: str
    """``file:line``, and the field where there is one."""
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; expected {self.expected}"


class DataError(MarsadError):
    """Annotated data is wrong; carries every fault, not only the first."""

    def __init__(self, faults: Iterable[Fault], remedy: str = "mend the lines above and run again"):
        self.faults = tuple(faults)
        self.remedy = remedy
        count = len(self.faults)
        lines = [str(fault) for fault in self.faults]
        lines.append(f"{count} fault{'s' if count != 1 else ''}; {remedy}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Fault, ...], str]]:
        """Pass the faults on, not the text, where an error crosses processes."""
        return type(self), (self.faults, self.remedy)
