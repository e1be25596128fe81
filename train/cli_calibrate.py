"""The command that makes the scores of a model mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train.cli_options import RuntimeOption
from train.errors import InputError
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
    runtime: RuntimeOption = "auto",
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
    from train.model_folder import CALIBRATION, open_model

    refuse_overwriting(json_file, [model, *data, *(check or [])])
    if json_file and json_file.resolve() == (model / CALIBRATION).resolve():
        raise InputError(
            f"{json_file}: is where the model's calibration goes; name another file with --json"
        )
    labels = open_model(model, calibrated=False).labels  # the calibration may be what is broken
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
        console.print(_quality_table(measured), "", sep="\n")
        console.print(_threshold_table(measured.kept))
    for warning in result.warnings:
        say(f"note: {warning}")


def _quality_table(measured: Measured) -> Table:
    table = _table("How far scores can be believed, before -> after")
    for column in ("spans", "right", "mean score", "ECE", "by\nchance", "NLL"):
        table.add_column(column, justify="right")
    for label, after in measured.after.items():
        before = measured.before[label]
        table.add_row(
            label,
            str(after.spans),
            f"{after.right:.3f}",
            f"{before.score:.3f} -> {after.score:.3f}",
            f"{before.ece:.3f} -> {after.ece:.3f}",
            f"{after.ece_by_chance:.3f}",
            f"{before.nll:.3f} -> {after.nll:.3f}",
            style="bold" if label == "all" else None,
        )
    return table


def _threshold_table(rows: Sequence[Kept]) -> Table:
    from train.calibration import precision_key

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
        table.add_row(row.label, precision_key(row.precision_wanted), *cells)
    return table


def _table(title: str) -> Table:
    from train.display import tight_table

    table = tight_table(title)
    table.add_column("label", justify="left")
    return table
