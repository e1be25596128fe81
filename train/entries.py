"""The lines of a lexicon: parties, states, classes of weapons and bases, institutions of states.

A lexicon file is JSONL, one object a line, of two kinds. An **entry** names a thing::

    {"name": "تنظيم الدولة الإسلامية", "english": "Islamic State", "type": "armed group",
     "wikidata": "Q2429253", "aliases": ["داعش"]}

``wikidata`` may be null or absent, ``label`` (ACTOR where it is absent) may be WEAPON or BASE. A
state has besides a ``demonym`` (masculine singular, without the article: ``"عراقي"``; or a list
that opens with it and goes on with other spellings and irregular plurals), an ``adjective`` in
English (``"Iraqi"``), and may say in ``capitals`` which of its aliases stand for the state only
where it acts, so that the police of a capital is not taken for the police of the state. An
armed group may have a demonym too (``"حوثي"``).

An **institution** is what many states have, as a pattern::

    {"heads": ["جيش", "قوات مسلحة"], "name": "الجيش {demonym}",
     "english": "{adjective} armed forces", "type": "state force"}

``{demonym}`` stands for the adjective with its article, ``{demonym_f}`` for its feminine.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from train.errors import Fault
from train.phrases import phrase_keys

ACTOR_TYPES = (
    "state",
    "state force",
    "armed group",
    "alliance",
    "organisation",
    "person",
    "generic",
)
WEAPON_TYPES = (
    "small arms",
    "explosive device",
    "vehicle bomb",
    "rocket/missile",
    "artillery/mortar",
    "aircraft bomb",
    "drone",
    "armour",
    "aircraft",
    "naval",
    "chemical",
    "other",
)
BASE_TYPES = (
    "base",
    "air base",
    "camp",
    "barracks",
    "headquarters",
    "checkpoint",
    "police station",
    "position",
    "depot",
    "port",
    "command centre",
    "other",
)
TYPES: Mapping[str, tuple[str, ...]] = {
    "ACTOR": ACTOR_TYPES,
    "WEAPON": WEAPON_TYPES,
    "BASE": BASE_TYPES,
}
"""The types that each label knows. ``other`` is a known thing of none of the named kinds."""

_ENTRY_KEYS = (
    "name",
    "english",
    "type",
    "wikidata",
    "aliases",
    "label",
    "demonym",
    "adjective",
    "capitals",
)
_INSTITUTION_KEYS = ("heads", "name", "english", "type")
_WIKIDATA = re.compile(r"Q[1-9][0-9]*")
_FIELDS = ("{demonym}", "{demonym_f}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that has a name."""

    name: str
    english: str | None
    type: str
    wikidata: str | None
    aliases: tuple[str, ...]
    keys: tuple[str, ...]
    """The look-up keys of the name and the aliases, each once, the name's first."""
    where: str
    """``file:line``."""
    label: str = "ACTOR"
    demonym: tuple[str, ...] = ()
    adjective: str | None = None
    capitals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Institution:
    """What many states have: heads, and how it is named with a state."""

    heads: tuple[str, ...]
    name: str
    english: str
    type: str
    where: str


def parse_entry(record: dict[str, Any], where: str) -> Entry | Institution | list[Fault]:
    """Return the entry or the institution of a line's object, or everything wrong with it."""
    if "heads" in record:
        return _institution(record, where)
    faults = [*_unknown(record, _ENTRY_KEYS, where)]
    label = record.get("label", "ACTOR")
    if label not in tuple(TYPES):  # anything that JSON holds may stand here
        faults.append(Fault(f"{where}: label", f"{label!r}", "one of " + ", ".join(TYPES)))
        return faults
    keys = _keys(record.get("name", ""), record.get("aliases", []), where, faults)
    faults += _choice(record.get("type"), TYPES[label], where)
    for field in ("english", "adjective"):
        if record.get(field) is not None:
            faults += _texts(record, (field,), where)
    wikidata = record.get("wikidata")
    if wikidata is not None and not (isinstance(wikidata, str) and _WIKIDATA.fullmatch(wikidata)):
        faults.append(
            Fault(f"{where}: wikidata", f"{wikidata!r}", "an item such as Q2429253, or null")
        )
    demonym = record.get("demonym")
    if not isinstance(demonym, list):
        demonym = [] if demonym is None else [demonym]
    if demonym:
        _phrases(demonym, f"{where}: demonym", faults)
    capitals = record.get("capitals", [])
    if capitals:
        _phrases(capitals, f"{where}: capitals", faults)
    if record.get("type") == "state" and demonym and not record.get("adjective"):
        faults.append(Fault(f"{where}: adjective", "nothing", "the English adjective of demonym"))
    if faults:
        return faults
    return Entry(
        record["name"],
        record.get("english"),
        record["type"],
        wikidata,
        tuple(record.get("aliases", ())),
        tuple(dict.fromkeys(keys)),
        where,
        label,
        tuple(demonym),
        record.get("adjective"),
        tuple(capitals),
    )


def _institution(record: dict[str, Any], where: str) -> Institution | list[Fault]:
    faults = [*_unknown(record, _INSTITUTION_KEYS, where)]
    faults += _texts(record, ("name", "english"), where)
    faults += _choice(record.get("type"), ACTOR_TYPES, where)
    _phrases(record["heads"], f"{where}: heads", faults)
    if not faults and not record["heads"]:
        faults.append(Fault(f"{where}: heads", "an empty list", "at least one head noun"))
    if not faults and sum(record["name"].count(field) for field in _FIELDS) != 1:
        faults.append(Fault(f"{where}: name", f"{record['name']!r}", " or ".join(_FIELDS)))
    if not faults and "{adjective}" not in record["english"]:
        faults.append(Fault(f"{where}: english", f"{record['english']!r}", "{adjective} in it"))
    if faults:
        return faults
    heads = tuple(record["heads"])
    return Institution(heads, record["name"], record["english"], record["type"], where)


def _unknown(record: dict[str, Any], known: tuple[str, ...], where: str) -> list[Fault]:
    faults = []
    for key in record:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"{near[0]!r}?" if near else "one of " + ", ".join(known)
            faults.append(Fault(where, f"the unknown key {key!r}", hint))
    return faults


def _texts(record: dict[str, Any], fields: tuple[str, ...], where: str) -> list[Fault]:
    faults = []
    for field in fields:
        value = record.get(field)
        if not isinstance(value, str) or not value.strip():
            found = f"{value!r}" if field in record else "nothing"
            faults.append(Fault(f"{where}: {field}", found, "some text"))
    return faults


def _choice(value: Any, types: tuple[str, ...], where: str) -> list[Fault]:
    if value in types:
        return []
    near = difflib.get_close_matches(value, types, n=1) if isinstance(value, str) else []
    hint = f"{near[0]!r}?" if near else "one of " + ", ".join(types)
    return [Fault(f"{where}: type", f"{value!r}", hint)]


def _keys(name: Any, aliases: Any, where: str, faults: list[Fault]) -> list[str]:
    """Return the keys of a name and its aliases, or add what is wrong to ``faults``."""
    if isinstance(aliases, list):
        texts = [name, *aliases]
        if all(type(text) is str for text in texts):
            keys = phrase_keys(texts)  # at once, since a lexicon is read at each start
            if all(keys):
                return keys
    return [
        *_phrases([name], f"{where}: name", faults),
        *_phrases(aliases, f"{where}: aliases", faults),
    ]


def _phrases(items: Any, where: str, faults: list[Fault]) -> list[str]:
    """Return the keys of ``items``, or none and add what is wrong to ``faults``."""
    if not isinstance(items, list):
        faults.append(Fault(where, f"{items!r}", "a list of phrases"))
        return []
    texts = [item if isinstance(item, str) else "" for item in items]
    keys = phrase_keys(texts)
    if all(keys):
        return keys
    for item, key in zip(items, keys, strict=True):
        if not key:
            faults.append(Fault(where, f"{item!r}", "a phrase with a letter or a digit in it"))
    return []
