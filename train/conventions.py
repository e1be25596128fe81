"""What vague words of number are worth, and which words bound a number.

The shipped conventions are ``conventions.yaml`` beside this file; they follow docs/counts.md.
A user's file needs to hold only what it changes or adds.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from train.errors import InputError
from train.folding import fold_words
from train.number_words import ARTICLES, PARTICLES
from train.numerals import LARGEST

BOUNDS = ("about", "at_least", "at_most", "up_to", "nothing")
"""What a word before or behind a number can do to it."""
_SECTIONS = ("vague", "before", "after")
_SHIPPED = Path(__file__).with_name("conventions.yaml")


class Phrase(NamedTuple):
    """A phrase that a number reader may meet; the first word is the key it is found under."""

    rest: tuple[str, ...]
    """The folded words that follow the first one."""
    bound: str
    """One of :data:`BOUNDS`; empty for a vague word."""
    least: int
    most: int | None
    name: str
    """The phrase as the conventions write it, for the rule."""


Index = dict[str, tuple[Phrase, ...]]


@dataclass(frozen=True, slots=True)
class Conventions:
    """The words of vague and of bounded numbers, ready for look-up."""

    vague: dict[str, tuple[int, int | None]]
    """Phrase to its least and largest number; None where there is no upper end."""
    before: dict[str, str]
    """Phrase to one of :data:`BOUNDS`."""
    after: dict[str, str]
    """As ``before``."""
    leading: Index = field(init=False, repr=False, compare=False)
    """Every phrase that may begin a count, by its folded first word with any particle."""
    trailing: Index = field(init=False, repr=False, compare=False)
    """Every phrase that may follow a number."""
    closing: frozenset[str] = field(init=False, repr=False, compare=False)
    """The last words of the phrases of ``before``: no other word can end a bound."""

    def __post_init__(self) -> None:
        vague = [
            (fold_words(name), Phrase((), "", least, most, name))
            for name, (least, most) in self.vague.items()
        ]
        before = [(fold_words(n), Phrase((), b, 0, None, n)) for n, b in self.before.items()]
        after = [(fold_words(n), Phrase((), b, 0, None, n)) for n, b in self.after.items()]
        object.__setattr__(self, "leading", _index(vague, before))
        object.__setattr__(self, "trailing", _index((), after))
        closing = {p + w[-1] if len(w) == 1 else w[-1] for w, _ in before for p in PARTICLES}
        object.__setattr__(self, "closing", frozenset(closing))

    def __hash__(self) -> int:
        tables = (self.vague, self.before, self.after)
        return hash(tuple(frozenset(table.items()) for table in tables))

    def to_dict(self) -> dict[str, Any]:
        """Return the conventions as plain values, in the form of their YAML file."""
        tables: dict[str, Any] = {"vague": {name: list(pair) for name, pair in self.vague.items()}}
        for section, table in (("before", self.before), ("after", self.after)):
            tables[section] = {
                bound: sorted(name for name, other in table.items() if other == bound)
                for bound in BOUNDS
                if bound in table.values()
            }
        return tables

    @classmethod
    def load(cls, path: Path | None = None) -> Conventions:
        """Return the shipped conventions, changed by the user's YAML file where one is given.

        Raises:
            InputError: The file cannot be read, or holds an unknown key or an impossible value.
        """
        vague: dict[str, tuple[int, int | None]] = {}
        bounds: dict[str, dict[str, str]] = {"before": {}, "after": {}}
        spelled: dict[tuple[str, tuple[str, ...]], str] = {}
        for file in (_SHIPPED, path):
            if file is None:
                continue
            for section, name, value in _entries(file):
                # A user may spell a word otherwise than the shipped file does.
                key = (section, tuple(fold_words(name)))
                table: dict[str, Any] = vague if section == "vague" else bounds[section]
                table.pop(spelled.get(key, name), None)
                table[name] = value
                spelled[key] = name
        return cls(vague, bounds["before"], bounds["after"])


def _entries(path: Path) -> Iterable[tuple[str, str, Any]]:
    """Yield section, phrase and value of a file, checked."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a YAML file") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).replace("\n", " ")
        raise InputError(f"{path}: is not YAML in UTF-8 ({reason})") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deep; expected words and [least, most]") from None
    if data is None:
        return
    for section, table in _mapping(data, f"{path}", _SECTIONS).items():
        where = f"{path}: {section}"
        if section == "vague":
            for name, value in _mapping(table, where).items():
                yield section, _phrase(name, where), _worth(value, f"{where}.{name}")
            continue
        for bound, names in _mapping(table, where, BOUNDS).items():
            if not isinstance(names, list):
                raise InputError(f"{where}.{bound}: found {names!r}; expected a list of phrases")
            for name in names:
                yield section, _phrase(name, f"{where}.{bound}"), bound


def _mapping(data: Any, where: str, known: tuple[str, ...] = ()) -> dict[Any, Any]:
    if not isinstance(data, dict):
        expected = " and ".join(known) if known else "words and [least, most]"
        raise InputError(f"{where}: found {data!r}; expected a mapping of {expected}")
    for key in data:
        if known and key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
            raise InputError(f"{where}: unknown key {key!r}; {hint}")
    return data


def _phrase(name: Any, where: str) -> str:
    words = fold_words(name) if isinstance(name, str) else []
    if not words or not all(word.isalpha() for word in words):
        raise InputError(f"{where}: found {name!r}; expected a phrase of letters")
    return str(name)


def _worth(value: Any, where: str) -> tuple[int, int | None]:
    expected = f"[least, most], whole numbers from 0 to {LARGEST}, most may be null"
    if not isinstance(value, list) or len(value) != 2:
        raise InputError(f"{where}: found {value!r}; expected {expected}")
    least, most = value
    if not _is_whole(least) or not (most is None or (_is_whole(most) and most >= least)):
        raise InputError(f"{where}: found {value!r}; expected {expected}")
    return least, most


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _index(
    vague: Iterable[tuple[list[str], Phrase]], bounds: Iterable[tuple[list[str], Phrase]]
) -> Index:
    """Return the phrases by first word, the longest first, a vague word before a bound."""
    found: dict[str, list[Phrase]] = {}
    for prefixes, phrases in ((PARTICLES + ARTICLES, vague), (PARTICLES, bounds)):
        for (first, *rest), phrase in phrases:
            forms = [prefix + first for prefix in prefixes]
            if not phrase.bound and len(first) > 2:  # the accusative: عددا من; but كلا is "both"
                forms += [first + "ا", "و" + first + "ا"]
            for form in forms:
                found.setdefault(form, []).append(phrase._replace(rest=tuple(rest)))
    return {
        first: tuple(sorted(phrases, key=lambda phrase: -len(phrase.rest)))
        for first, phrases in found.items()
    }
