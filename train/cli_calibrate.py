"""The command that makes the scores of a model mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.terminal import refuse_overwriting, say, utf8_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from train.calibrator import Kept, Measured


def calibrate(
    model: Annotated[Path, typer.Argument(help="A model folder; it gets a calibration.json.")],
    data: Annotated[
        list[Path], typer.Argument(help="Annotated files or folders that it never trained on.")
    ],
    precision: Annotated[
        list[float] | None,
        typer.Option(
            metavar="SHARE",
            help="Find and store, for each label, the lowest score with which spans are so precise "
            "(repeat it); 0.9, 0.95, 0.97, 0.98 and 0.99 where left out.",
        ),
    ] = None,
    check: Annotated[
        list[Path] | None,
        typer.Option(
            "--check",
            metavar="DATA",
            help="Tell how far scores can be believed on this other data as well (repeat it).",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here as JSON.")
    ] = None,
    runtime: Annotated[str, typer.Option(help="auto, int8, fp32 or cuda.")] = "auto",
) -> None:
    """Fit a model's scores to annotated data, so that a score is the chance to be right.

    A temperature is fitted and stored in the model folder, with the thresholds that
    `marsad predict --precision` takes. What the model finds stays the same.
    """
    import json

    from rich.console import Console

    from train.calibrator import PRECISIONS
    from train.calibrator import calibrate as run
    from train.corpus import read_corpus
    from train.lines import write_whole
    from train.model_folder import open_model

    refuse_overwriting(json_file, [*data, *(check or [])])
    labels = open_model(model).labels
    gold = read_corpus(data, labels)
    result = run(
        model,
        gold,
        precision or PRECISIONS,
        {str(path): read_corpus([path], labels) for path in check or []},
        ", ".join(map(str, data)),
        runtime,
    )
    if json_file:
        with write_whole(json_file) as file:
            json.dump(result.to_dict(), file, ensure_ascii=False, indent=2)
            file.write("\n")
    utf8_output()
    console = Console(highlight=False)
    calibration = result.calibration
    console.print(
        f"temperature {calibration.temperature:g}, fitted on {len(gold)} documents, "
        f"{result.fitted.after['all'].spans} spans found",
        soft_wrap=True,
    )
    for measured, note in (
        (result.fitted, "it was fitted on this"),
        *((other, "not fitted on this") for other in result.checked),
    ):
        console.print(
            f"\n{measured.name}: {measured.documents} documents; {note}",
            soft_wrap=True,
            markup=False,
        )
        console.print(_quality_table(measured))
        console.print(_threshold_table(measured.kept))
    for warning in result.warnings:
        say(f"note: {warning}")


def _quality_table(measured: Measured) -> Table:
    table = _table("How far scores can be believed, before -> after")
    for column in ("spans", "right", "mean score", "ECE", "by chance", "NLL"):
        table.add_column(column, justify="right")
    for label, after in measured.after.items():
        before = measured.before[label]
        table.add_row(
            label,
            str(after.spans),
            f"{after.right:.4f}",
            f"{before.score:.4f} -> {after.score:.4f}",
            f"{before.ece:.4f} -> {after.ece:.4f}",
            f"{after.ece_by_chance:.4f}",
            f"{before.nll:.4f} -> {after.nll:.4f}",
            style="bold" if label == "all" else None,
        )
    return table


def _threshold_table(rows: Sequence[Kept]) -> Table:
    table = _table("What --precision leaves")
    for column in ("wanted", "lowest score", "spans kept", "precision", "recall"):
        table.add_column(column, justify="right")
    for index, row in enumerate(rows):
        if index and rows[index - 1].precision_wanted != row.precision_wanted:
            table.add_section()
        cells = ["none", "", "", ""]
        if row.threshold is not None:
            rates = (f"{row.threshold:.4f}", str(row.kept), f"{row.precision:.4f}")
            cells = [*rates, f"{row.recall:.4f}"]
        table.add_row(row.label, f"{row.precision_wanted:g}", *cells)
    return table


def _table(title: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("label", justify="left")
    return table
