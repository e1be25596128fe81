#!/usr/bin/env python3
"""Rebuild the sentences that seeds/newswire annotates, from the public repositories they stand in.

Their texts belong to their publishers and are not in this repository. What is fetched is checked
against the SHA-256 of every annotated sentence; what cannot be found is counted, and listed with
--missing FILE; the exit code is then 1. The result is a file of texts, which every config but
quick.yaml reads where it is there.

    python scripts/fetch_newswire.py
    python scripts/fetch_newswire.py --local antcorpus=~/antcorpus.multisource.data-master.zip

A local copy is a folder (a clone) or the .zip file that GitHub offers. Without --local a source is
downloaded whole.
"""

from __future__ import annotations

import csv
import http.client
import json
import sys
import tempfile
import urllib.request
import zipfile
import zlib
from pathlib import Path
from typing import Annotated

import typer

from train.errors import InputError, MarsadError
from train.lines import write_whole
from train.newswire import SOURCES, Source, files_of
from train.standoff import checksum, read_digests, read_texts
from train.terminal import say


def main(
    annotation: Annotated[Path, typer.Option(help="The standoff annotation.")] = Path(
        "seeds/newswire"
    ),
    output: Annotated[Path, typer.Option(help="Where the texts go.")] = Path(
        "runs/newswire/texts.jsonl"
    ),
    local: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=PATH", help="A copy that is here already (repeat it)."),
    ] = None,
    missing: Annotated[
        Path | None, typer.Option(help="Also write the ids that were not found here.")
    ] = None,
) -> None:
    """Fetch, verify and write the texts; exit code 1 where some are missing."""
    try:
        absent = fetch(annotation, output, parse_local(local or []))
        if missing:
            with write_whole(missing) as file:
                file.writelines(f"{identifier}\n" for identifier in absent)
    except MarsadError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if absent:
        raise typer.Exit(1)


def parse_local(items: list[str]) -> dict[str, Path]:
    """Return local copies by the name of their source.

    Raises:
        InputError: a source is unknown, or its copy is not there.
    """
    names = [source.name for source in SOURCES]
    copies = {}
    for item in items:
        name, equals, path = item.partition("=")
        if not equals or name not in names:
            raise InputError(f"--local {item}: expected SOURCE=PATH with one of {', '.join(names)}")
        copies[name] = Path(path).expanduser()
        if not copies[name].exists():
            raise InputError(f"--local {item}: no such file or folder")
    return copies


def fetch(annotation: Path, output: Path, copies: dict[str, Path]) -> list[str]:
    """Write the texts of all annotated sentences that can be found; return the other ids.

    Raises:
        MarsadError: the annotation cannot be read, or a local copy is none.
    """
    digests = read_digests([annotation])
    texts = earlier_texts(output, digests)
    for source in SOURCES:
        wanted = {k: v for k, v in digests.items() if k.startswith(source.prefix)}
        if wanted.keys() <= texts.keys():
            continue  # none asked for, or all found by an earlier run
        found, other = {}, 0
        try:
            for identifier, text in find(source, wanted, copies.get(source.name)):
                if checksum(text) == digests[identifier]:
                    found[identifier] = text
                else:
                    other += 1
        except (OSError, http.client.HTTPException) as error:
            say(
                f"{source.name}: cannot be downloaded ({error}); get {source.archive} by other "
                f"means and give it with --local {source.name}=FILE"
            )
        except (
            LookupError,
            ValueError,
            RuntimeError,
            zipfile.BadZipFile,
            zlib.error,
            csv.Error,
        ) as error:
            raise InputError(
                f"{source.name}: no sound copy of {source.repository} ({error!r}); get "
                f"{source.archive} again"
            ) from None
        texts |= found
        say(
            f"{source.name} ({source.licence}): {len(found):,} of {len(wanted):,} sentences, "
            f"{other:,} with another text than the annotated one"
        )
    absent = sorted(digests.keys() - texts.keys())
    if texts:
        with write_whole(output) as file:
            for identifier in sorted(texts):
                record = {"id": identifier, "text": texts[identifier]}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        say(f"{output}: {len(texts):,} sentences; {len(absent):,} not found")
    else:
        say("nothing was found; nothing was written")
    return absent


def earlier_texts(output: Path, digests: dict[str, str]) -> dict[str, str]:
    """Return those texts of an earlier run that are annotated; the rest of the file is let go.

    Raises:
        MarsadError: the file is there and cannot be read.
    """
    if not output.exists():
        return {}
    return {
        identifier: text
        for identifier, texts in read_texts([output]).items()
        for text in texts
        if checksum(text) == digests.get(identifier)
    }


def find(source: Source, wanted: dict[str, str], copy: Path | None) -> list[tuple[str, str]]:
    """Return the wanted sentences of a source, from a local copy or from GitHub."""
    if copy:
        return list(source.find(files_of(copy), wanted))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        archive = Path(folder) / "source.zip"
        say(f"{source.name}: downloading {source.archive}")
        with (
            urllib.request.urlopen(source.archive, timeout=60) as stream,  # noqa: S310 (https)
            archive.open("wb") as file,
        ):
            while block := stream.read(1 << 20):
                file.write(block)
        if not zipfile.is_zipfile(archive):
            raise ConnectionError("what came is no whole .zip file")
        return list(source.find(files_of(archive), wanted))


if __name__ == "__main__":
    typer.run(main)
