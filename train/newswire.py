"""The sentences of the newswire layer, found again in the public repositories they come from.

Each source has its own way of naming a sentence; all of them cut sentences with the same regular
expression, and the checksum of a standoff record decides whether a sentence is the right one.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from train.errors import InputError
from train.standoff import checksum

_SENTENCE = re.compile(r"[^.!؟?]+[.!؟?]+(?=\s|$)|[^.!؟?]+$")
_SPACE = re.compile(r"\s+")
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_TEXT = re.compile(r"<TEXT>(.*?)</TEXT>", re.DOTALL)

Files = Iterator[tuple[str, bytes]]
"""Names (with / between folders) and contents of a source's files."""
Wanted = Mapping[str, str]
"""The SHA-256 of each sentence to find, by its id."""
Found = Iterator[tuple[str, str]]
"""Ids and sentences."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public repository that sentences come from."""

    name: str
    """The stem of its standoff file in seeds/newswire."""
    prefix: str
    """What the ids of its sentences begin with."""
    repository: str
    """Owner and name on GitHub."""
    commit: str
    """The commit that is fetched; a branch where no commit is known."""
    licence: str
    find: Callable[[Files, Wanted], Found]
    """Yields those of the wanted ids that the files hold."""

    @property
    def archive(self) -> str:
        """The address of the repository as a .zip file."""
        return f"https://codeload.github.com/{self.repository}/zip/{self.commit}"


def find_gsr(files: Files, wanted: Wanted) -> Found:
    """Sentences of the Arabic event GSR: rows of ``assault_gsr.csv`` by their id."""
    for name, content in files:
        if name.endswith("assault_gsr.csv"):
            for row in csv.DictReader(io.StringIO(content.decode("utf-8"))):
                identifier = row["id"]
                if identifier in wanted:
                    yield identifier, (row["text"] or "").strip()


def find_saudinewsnet(files: Files, wanted: Wanted) -> Found:
    """Sentences of SaudiNewsNet: ``SNN_<date>_<article>_<offset>``.

    The article is an index into the day's list. Of its sentences those are taken whose checksum is
    wanted, so that it does not matter how the offset was counted.
    """
    by_day: dict[str, dict[int, dict[str, str]]] = {}
    for identifier, digest in wanted.items():
        _, day, article, _ = identifier.split("_")
        by_day.setdefault(day, {}).setdefault(int(article), {})[digest] = identifier
    for name, content in files:
        day = Path(name).stem
        if day not in by_day or not name.endswith((".zip", ".json")):
            continue
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inner = next(n for n in archive.namelist() if n.endswith(".json"))
                content = archive.read(inner)
        articles = json.loads(content.decode("utf-8-sig"))
        for number, identifiers in by_day[day].items():
            if number < len(articles):
                text = _SPACE.sub(" ", articles[number].get("content") or "").strip()
                for sentence in cut_sentences(text):
                    digest = checksum(sentence)
                    if digest in identifiers:
                        yield identifiers[digest], sentence


def find_ant(files: Files, wanted: Wanted) -> Found:
    """Sentences of the ANT corpus: ``ANT_`` and 16 hex digits of the sentence's SHA-256."""
    for name, content in files:
        if not name.endswith(".txt"):
            continue
        for text in _TEXT.findall(content.decode("utf-8", "replace")):
            plain = _SPACE.sub(" ", _ZERO_WIDTH.sub("", html.unescape(text))).strip()
            for sentence in cut_sentences(plain):
                identifier = f"ANT_{checksum(sentence)[:16]}"
                if identifier in wanted:
                    yield identifier, sentence


def cut_sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, stripped."""
    return (sentence for part in _SENTENCE.findall(text) if (sentence := part.strip()))


SOURCES = (
    Source(
        "arabic-event-gsr", "AAW_", "openeventdata/arabic_event_gsr",
        "cef20d13d4a8a1bdbd19640eade1ede99295c15d", "MIT", find_gsr,
    ),
    # No commit of this repository is on record here; the checksums are the pin.
    Source(
        "saudinewsnet", "SNN_", "ParallelMazen/SaudiNewsNet", "master", "CC BY-NC-SA 4.0",
        find_saudinewsnet,
    ),
    Source(
        "antcorpus", "ANT_", "antcorpus/antcorpus.multisource.data",
        "32de7dc20ffe1379ba762afdd6c9b427d313a355", "Apache-2.0 (badge), citation asked", find_ant,
    ),
)  # fmt: skip


def files_of(path: Path) -> Files:
    """Yield the files of a local copy: a folder, or the .zip that GitHub gives.

    Raises:
        InputError: it is neither.
    """
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file() and ".git" not in p.parts):
            yield file.relative_to(path).as_posix(), file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield name, archive.read(name)
    else:
        raise InputError(f"{path}: found neither a folder nor a .zip file; give a copy of a source")
