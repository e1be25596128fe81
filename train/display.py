"""Tagged texts and scores on a terminal.

Arabic runs right to left and labels left to right. Every text is wrapped in a right-to-left
isolate and every label in a left-to-right one (Unicode UAX 9), so that neither reorders the
other. Control characters of the text are shown as their code points: they can neither steer the
terminal nor break out of the isolate.
"""

from __future__ import annotations

import re

from rich.console import Group, JustifyMethod
from rich.table import Table
from rich.text import Text

from train.document import Document
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
        out.append(f"{_LRI}({span.label}){_PDI}", f"dim {style}")
        position = span.end
    out.append(_visible(document.text[position:]) + _PDI)
    return Text.assemble((f"{_visible(document.id)}\n", "dim"), out, "\n")


def render_scores(scores: Scores) -> Group:
    """Return the scores as tables for a terminal."""
    table = Table(title="Strict span scores (start, end and label right)", title_justify="left")
    for name in ("label", "F1", "precision", "recall", "gold", "predicted", "overlap F1"):
        justify: JustifyMethod = "left" if name == "label" else "right"
        table.add_column(name, justify=justify, overflow="fold")
    for label, row in scores.labels.items():
        table.add_row(label, *_cells(row, scores.overlap_labels[label]))
    table.add_section()
    table.add_row("micro", *_cells(scores.micro, scores.overlap), style="bold")
    table.add_row("macro", *(f"{rate:.4f}" for rate in scores.macro.values()))
    errors = Table(title="What became of each span", title_justify="left")
    columns = ("correct", "wrong border", "wrong label", "missed", "spurious")
    for name in ("label", *columns):
        justify = "left" if name == "label" else "right"
        errors.add_column(name, justify=justify, overflow="fold")
    for label, account in (*scores.accounts.items(), ("all", scores.account)):
        counts = (getattr(account, name.replace(" ", "_")) for name in columns)
        errors.add_row(label, *(str(count) for count in counts))
    return Group(table, errors, f"{scores.documents} documents")


def _cells(strict: Score, overlap: Score) -> tuple[str, ...]:
    rates = (f"{value:.4f}" for value in (strict.f1, strict.precision, strict.recall))
    return (*rates, str(strict.gold), str(strict.predicted), f"{overlap.f1:.4f}")


def _visible(text: str) -> str:
    return _UNSAFE.sub(
        lambda match: "\n" if match[0] == "\n" else f"<U+{ord(match[0]):04X}>", text
    ).replace("\n", f"{_PDI}\n{_RLI}")
