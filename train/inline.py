"""The inline format: annotated sentences that people read, write and diff.

One sentence a line; a mention stands in square brackets with its label behind it::

    # theatre: Syria
    أقلعت [القاذفات](WEAPON) من [قاعدة همدان](BASE)\\[1\\].

Lines that begin with ``#`` are comments. ``# theatre: X``, ``# register: X``, ``# year: X`` and
``# source: X`` describe the sentences below them until the next line of the same key. Blank lines
mean nothing. A backslash makes ``[ ] \\`` and an opening ``#`` literal; ``\\n`` is a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from train.document import LABEL, LABEL_RULE, SURROGATE, Document, Span
from train.errors import Fault, InputError
from train.lines import read_lines, write_whole

META_KEYS = ("theatre", "register", "year", "source")
_DIRECTIVE = re.compile(rf"#\s*({'|'.join(META_KEYS)})\s*:\s*(.*?)\s*$")
_TOLD_ID = re.compile(r"#\s*id\s*:\s*(.*?)\s*$")
_HASHTAG = re.compile(r"#\S")
_CLOSE = re.compile(r"\]\(([^()\[\]]*)\)")
_ESCAPES = {"[": "[", "]": "]", "\\": "\\", "#": "#", "n": "\n"}


class InlineError(ValueError):
    """A line that is not in the inline format; ``column`` counts from 1."""

    def __init__(self, column: int, found: str, expected: str):
        super().__init__(f"column {column}: found {found}; expected {expected}")
        self.column, self.found, self.expected = column, found, expected


def parse_line(line: str) -> tuple[str, tuple[Span, ...]]:
    """Return the text of one line and its spans.

    Raises:
        InlineError: an unclosed or nested mention, a missing label, or an unknown escape.

    >>> parse_line("قتل [جنديان](CASUALTY).")
    ('قتل جنديان.', (Span(start=4, end=10, label='CASUALTY', score=None),))
    """
    text: list[str] = []
    spans: list[Span] = []
    opened: tuple[int, int] | None = None  # where in the text, and in which column
    position = 0
    while position < len(line):
        character = line[position]
        if character == "\\":
            escaped = line[position + 1 : position + 2]
            if escaped not in _ESCAPES:
                raise InlineError(
                    position + 1, f"the escape «\\{escaped}»", "\\[ \\] \\\\ \\# or \\n"
                )
            text.append(_ESCAPES[escaped])
            position += 2
        elif character == "[":
            if opened:
                raise InlineError(
                    position + 1,
                    "a mention inside a mention",
                    f"«](LABEL)» for the mention of column {opened[1]}, or «\\[» for a bracket",
                )
            opened = (len(text), position + 1)
            position += 1
        elif character == "]":
            close = _CLOSE.match(line, position)
            if not opened or not close:
                raise InlineError(
                    position + 1,
                    "«]» without " + ("its «[»" if not opened else "«(LABEL)» behind it"),
                    "[mention](LABEL), or «\\]» for a bracket",
                )
            if opened[0] == len(text):
                raise InlineError(opened[1], "an empty mention", "[mention](LABEL)")
            label = close[1].strip()
            if not LABEL.fullmatch(label):
                raise InlineError(position + 1, f"the label {label!r}", LABEL_RULE)
            spans.append(Span(opened[0], len(text), label))
            opened = None
            position = close.end()
        else:
            text.append(character)
            position += 1
    if opened:
        raise InlineError(opened[1], "«[» that nothing closes", "[mention](LABEL), or «\\[»")
    return "".join(text), tuple(spans)


def format_line(document: Document) -> str:
    """Return ``document`` as one line; :func:`parse_line` reads it back to the same."""
    out = []
    opens = {span.start: span for span in document.spans}
    closes = {span.end: span for span in document.spans}
    for index in range(len(document.text) + 1):
        if index in closes:
            out.append(f"]({closes[index].label})")
        if index in opens:
            out.append("[")
        if index < len(document.text):
            character = document.text[index]
            if character == "\n":
                out.append("\\n")
            elif character in "[]\\" or (character == "#" and index == 0):
                out.append("\\" + character)
            else:
                out.append(character)
    return "".join(out)


def read_inline(path: Path, name: str) -> Iterator[tuple[str, Document | Fault]]:
    """Yield ``(file:line, document)`` for each sentence, or a fault in a document's place.

    A document's id is ``name`` without its suffix and the line number, such as ``syria:12``.
    """
    stem = name.removesuffix(path.suffix)
    meta: dict[str, str] = {}
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if isinstance(line, Fault):
            yield where, line
        elif directive := _DIRECTIVE.match(line):
            meta = {key: value for key, value in meta.items() if key != directive[1]}
            if directive[2]:
                meta[directive[1]] = directive[2]
        elif line.startswith("#"):
            if _HASHTAG.match(line) and _CLOSE.search(line):
                expected = "«\\#» for a sentence, or «# » with a space for a comment"
                yield where, Fault(where, "a hashtag line with a mention", expected)
        elif line.strip():
            try:
                text, spans = parse_line(line)
            except InlineError as error:
                yield where, Fault(f"{where}:{error.column}", error.found, error.expected)
            else:
                yield where, Document(f"{stem}:{number}", text, spans, meta)


def told_ids(path: Path) -> dict[str, str]:
    """Return the ids that comments such as ``# id: a1`` tell of the sentences below them.

    The key is the sentence's ``file:line``. Marsad writes such comments above sentences to correct,
    with ids as :func:`on_one_line` has them; they are no part of the format.
    """
    ids: dict[str, str] = {}
    told = ""
    for number, line in read_lines(path):
        if isinstance(line, Fault):
            continue
        if comment := _TOLD_ID.match(line):
            told = comment[1]
        elif line.strip() and not line.startswith("#"):
            if told:
                ids[f"{path}:{number}"] = told
            told = ""
    return ids


def on_one_line(text: str) -> str:
    """Return a text as a comment can hold it: without line breaks, lone surrogates as escapes."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())


def write_inline(
    documents: Iterable[Document],
    path: Path,
    comments: Mapping[str, Sequence[str]] | None = None,
    header: Sequence[str] = (),
) -> None:
    """Write ``documents`` to ``path``, with a comment line wherever their description changes.

    Ids are not part of the format; they become file and line when it is read.

    Args:
        documents: what to write.
        path: the file, which appears whole or stays as it was.
        comments: lines for people to stand above a document, by its id. A blank line goes before
            each document then.
        header: comment lines that open the file.

    Raises:
        InputError: a document cannot be told in this format without loss.
    """
    meta: dict[str, str] = {}
    with write_whole(path) as file:
        file.writelines(_comment(line) for line in header)
        for document in documents:
            if reason := _untellable(document):
                raise InputError(
                    f"document {document.id!r} holds {reason}, which the inline format cannot "
                    "tell; write .jsonl instead"
                )
            for key in META_KEYS:
                value = on_one_line(str(document.meta.get(key, "")))
                if value != meta.get(key, ""):
                    file.write(f"# {key}: {value}\n")
                    meta[key] = value
            if comments is not None:
                told = comments.get(document.id, ())
                file.writelines(["\n", *(_comment(line) for line in told)])
            file.write(format_line(document) + "\n")


def _comment(line: str) -> str:
    """Return a line that is read as nothing but a comment."""
    told = f"# {on_one_line(line)}"
    if _DIRECTIVE.match(told):
        raise ValueError(f"the comment {line!r} would describe the sentences below it")
    return told + "\n"


def _untellable(document: Document) -> str | None:
    if not document.text.strip():
        return "a blank text"
    if extra := set(document.meta) - set(META_KEYS):
        return f"the description {', '.join(sorted(extra))}"
    if document.text.startswith("\ufeff"):
        return "a byte order mark at its start"
    if SURROGATE.search(document.text):
        return "half of a surrogate pair"
    line = format_line(document)
    if line.endswith("\r") or parse_line(line) != (document.text, document.spans):
        return "a carriage return or a span that does not come back"
    return None
