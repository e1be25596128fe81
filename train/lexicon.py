"""The lexicon: what is known of names, from the shipped files and the user's own.

The shipped files lie in ``train/lexicons/``; :mod:`train.entries` gives their format, which is also
the user's. ``python -m train.lexicon FILE...`` checks files together with the shipped ones.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from train.entries import TYPES, Entry, Institution, parse_entry
from train.errors import DataError, Fault, InputError, MarsadError
from train.jsonl import load_object
from train.lines import read_lines
from train.phrases import bare_key, phrase_key

FOLDER = Path(__file__).resolve().parent / "lexicons"


@dataclass(frozen=True)
class Lexicon:
    """Entries by the keys of :func:`train.phrases.phrase_key`; see :meth:`load`."""

    entries: tuple[Entry, ...]
    """Every entry in force, in file order; a user's stand in the place of those they replace."""
    exact: dict[str, dict[str, Entry]] = field(repr=False)
    """Label to key to entry."""
    heads: dict[str, Institution] = field(repr=False)
    """The heads of institutions, as keys without articles."""
    sha256: str

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> Lexicon:
        """Load the shipped files, then the user's ``extra`` ones.

        An entry of a user's file adds to the shipped entry of the same name and label, and its
        type, English name and Wikidata item hold; a phrase that both a shipped entry and a
        user's one claim goes to the user's. Between two shipped entries, or two of the user's,
        such a phrase is a fault.

        Raises:
            InputError: a file cannot be read.
            DataError: lines are wrong, with every fault.
        """
        for path in extra:
            if not path.exists() or path.is_dir():
                found = "is a folder" if path.is_dir() else f"no such file (looked in {Path.cwd()})"
                raise InputError(f"{path}: {found}; name a lexicon, a JSONL file of entries")
        return load_lexicon(sorted(FOLDER.glob("*.jsonl")), extra)

    def digest(self) -> str:
        """Return the SHA-256 of all files that were loaded, in their order."""
        return self.sha256


def load_lexicon(shipped: Sequence[Path], extra: Sequence[Path] = ()) -> Lexicon:
    """Load a lexicon whose shipped files are others than Marsad's; see :meth:`Lexicon.load`."""
    faults: list[Fault] = []
    sha256 = hashlib.sha256()
    base = _layer(_read(shipped, sha256, faults), faults)
    user = _layer(_read(extra, sha256, faults), faults)
    if faults:
        raise DataError(faults)
    for mark, item in user.entries.items():
        shipped_item = base.entries.get(mark)
        if shipped_item:
            item = _merge(shipped_item, item)
            table = base.claims[item.label]
            for key, owner in table.items():
                if owner is shipped_item:
                    table[key] = item
        base.entries[mark] = item
    for label, claims in user.claims.items():
        # The merged entry, where the user's entry of that name has become one.
        mine = {key: base.entries[_mark(item)] for key, item in claims.items()}
        base.claims[label].update(mine)
    heads = base.heads | user.heads
    return Lexicon(tuple(base.entries.values()), base.claims, heads, sha256.hexdigest())


@dataclass(frozen=True, slots=True)
class _Layer:
    """Files that may not contradict one another."""

    entries: dict[tuple[str, str], Entry]
    claims: dict[str, dict[str, Entry]]
    heads: dict[str, Institution]


def _layer(items: Iterable[Entry | Institution], faults: list[Fault]) -> _Layer:
    layer = _Layer({}, {label: {} for label in TYPES}, {})
    for item in items:
        if isinstance(item, Institution):
            for key in dict.fromkeys(bare_key(phrase_key(head)) for head in item.heads):
                rival = layer.heads.setdefault(key, item)
                if rival is not item:
                    faults.append(_twice(f"the head {key!r}", item.where, rival.where))
            continue
        first = layer.entries.setdefault(_mark(item), item)
        if first is not item:
            faults.append(_twice(f"the name {item.name!r}", item.where, first.where))
            continue
        claims = layer.claims[item.label]
        for key in item.keys:
            owner = claims.setdefault(key, item)
            if owner is not item:
                found, first_at = f"{key!r} of {item.name!r}", f"{owner.where} {owner.name!r}"
                faults.append(_twice(found, item.where, first_at))
    return layer


def _read(
    paths: Iterable[Path], sha256: hashlib._Hash, faults: list[Fault]
) -> Iterator[Entry | Institution]:
    for path in paths:
        for number, line in read_lines(path):
            where = f"{path}:{number}"
            if isinstance(line, Fault):
                faults.append(line)
                continue
            sha256.update(line.encode("utf-8") + b"\n")
            if not line.strip():
                continue
            record = load_object(line, where)
            item = record if isinstance(record, Fault) else parse_entry(record, where)
            if isinstance(item, Fault):
                faults.append(item)
            elif isinstance(item, list):
                faults += item
            else:
                yield item


def _mark(item: Entry) -> tuple[str, str]:
    return item.label, item.keys[0]


def _merge(shipped: Entry, user: Entry) -> Entry:
    """Return the user's entry with the aliases of the shipped one, and what else it leaves out."""
    return replace(
        user,
        english=user.english or shipped.english,
        wikidata=user.wikidata or shipped.wikidata,
        aliases=tuple(dict.fromkeys(shipped.aliases + user.aliases)),
        keys=tuple(dict.fromkeys(user.keys + shipped.keys)),
        demonym=user.demonym or shipped.demonym,
        adjective=user.adjective or shipped.adjective,
        capitals=tuple(dict.fromkeys(shipped.capitals + user.capitals)),
    )


def _twice(found: str, where: str, first: str) -> Fault:
    return Fault(where, f"{found}, which {first} has already", "each phrase with one entry only")


def main(arguments: Sequence[str]) -> int:
    """Check the shipped files and those named; return the exit code."""
    try:
        lexicon = Lexicon.load([Path(argument) for argument in arguments])
    except MarsadError as error:
        print(error, file=sys.stderr)
        return 2
    aliases = sum(map(len, lexicon.exact.values()))
    print(f"{len(lexicon.entries)} entries with {aliases} phrases, {len(lexicon.heads)} heads")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
