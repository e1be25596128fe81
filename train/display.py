"""Tagged texts and scores on a terminal.

Arabic runs right to left and labels left to right. Every text is wrapped in a right-to-left
isolate and every label in a left-to-right one (Unicode UAX 9), so that neither reorders the
other. Control characters of the text are shown as their code points: they can neither steer the
terminal nor break out of the isolate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE
from rich.console import Group, JustifyMethod
from rich.table import Table
from rich.text import Text

from train.bootstrap import Interval, Intervals
from train.count_scores import CountScores
from train.document import Document, Span
from train.metrics import Score, Scores

_RLI, _LRI, _PDI = "\u2067", "\u2066", "\u2069"
_STYLES = ("bold cyan", "bold red", "bold green", "bold yellow", "bold magenta", "bold blue")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def render_document(document: Document, labels: tuple[str, ...]) -> Text:
    """Return the text with its mentions coloured and named, much as in the inline format."""
    out = Text(_RLI)
    position = 0
    for span in document.spans:
        style = _STYLES[labels.index(span.label) % len(_STYLES)]
        out.append(_visible(document.text[position : span.start]))
        mention = _visible(document.text[span.start : span.end])
        out.append(f"[{mention}]", style)
        out.append(f"{_LRI}({_told(span)}){_PDI}", f"dim {style}")
        position = span.end
    out.append(_visible(document.text[position:]) + _PDI)
    return Text.assemble((f"{_visible(document.id)}\n", "dim"), out, "\n")


def _told(span: Span) -> str:
    """Return the label of a span with what it was read as: CASUALTY: killed ~150."""
    note = ""
    if span.count is not None:
        count = span.count
        top = "+" if count.max is None else "" if count.max == count.min else f"-{count.max}"
        note = f"{count.outcome} {'~' if count.approximate else ''}{count.min}{top}"
    elif span.count_rule is not None:
        note = "not read"
    elif span.name is not None and span.name.known:
        note = span.name.english or span.name.type or ""
    return f"{span.label}: {_visible(note)}" if note else span.label


def render_scores(scores: Scores, spread: Intervals | None = None) -> Group:
    """Return the scores as tables for a terminal, with the intervals of F1 where they are given."""
    table = tight_table("Strict span scores (start, end and label right)")
    names = ["label", "F1", "precision", "recall", "gold", "predicted", "overlap F1"]
    if spread is not None:
        names.insert(2, f"{100 * spread.level:g}% interval")
    for name in names:
        justify: JustifyMethod = "left" if name == "label" else "right"
        table.add_column(name, justify=justify, overflow="fold")

    def add(
        name: str, cells: Sequence[str], rates: Mapping[str, Interval], style: str = ""
    ) -> None:
        around = [] if spread is None else [f"{rates['f1'].low:.2f}-{rates['f1'].high:.2f}"]
        table.add_row(name, cells[0], *around, *cells[1:], style=style)

    for label, row in scores.labels.items():
        rates = spread.labels[label] if spread is not None else {}
        add(label, _cells(row, scores.overlap_labels[label]), rates)
    table.add_section()
    add("micro", _cells(scores.micro, scores.overlap), spread.micro if spread else {}, "bold")
    macro = [f"{rate:.4f}" for rate in scores.macro.values()]
    add("macro", macro, spread.macro if spread else {})
    errors = tight_table("What became of each span")
    columns = ("correct", "wrong border", "wrong label", "missed", "spurious")
    for name in ("label", *columns):
        justify = "left" if name == "label" else "right"
        errors.add_column(name, justify=justify, overflow="fold")
    for label, account in (*scores.accounts.items(), ("all", scores.account)):
        counts = (getattr(account, name.replace(" ", "_")) for name in columns)
        errors.add_row(label, *(str(count) for count in counts))
    return Group(table, "", errors, "", f"{scores.documents} documents")


def tight_table(title: str) -> Table:
    """Return a table without frame, of which more fits the 80 columns that terminals have."""
    return Table(
        title=title, title_justify="left", box=SIMPLE, show_edge=False, padding=(0, 1, 0, 0)
    )


def render_count_scores(given: CountScores, found: CountScores) -> Group:
    """Return how counts were read: those of the gold spans, and those of the spans found."""
    table = tight_table("Counts read as numbers")
    columns = ("spans", "counts", "unread", "min, max, rough", "outcome", "subset", "all of it")
    for name in columns:
        table.add_column(name, justify="left" if name == "spans" else "right", overflow="fold")
    for spans, scores in (("gold", given), ("found", found)):
        shares = (scores.share(name) for name in ("numbers", "outcome", "subset", "whole"))
        numbers = (str(scores.found), str(scores.unread))
        table.add_row(spans, *numbers, *(f"{share:.4f}" for share in shares))
    missed = found.gold - found.found
    return Group(table, f"{found.gold} gold counts, {missed} of them on spans that were not found")


def _cells(strict: Score, overlap: Score) -> tuple[str, ...]:
    rates = (f"{value:.4f}" for value in (strict.f1, strict.precision, strict.recall))
    return (*rates, str(strict.gold), str(strict.predicted), f"{overlap.f1:.4f}")


def _visible(text: str) -> str:
    return _UNSAFE.sub(
        lambda match: "\n" if match[0] == "\n" else f"<U+{ord(match[0]):04X}>", text
    ).replace("\n", f"{_PDI}\n{_RLI}")
