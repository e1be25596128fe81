"""The command line. Bad input ends with one clear message on stderr and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from train import __version__, cli_data
from train.cli_calibrate import calibrate
from train.cli_compare import compare
from train.cli_counts import counts
from train.cli_evaluate import evaluate
from train.cli_incidents import incidents
from train.cli_predict import predict
from train.cli_robustness import robustness
from train.cli_suggest import suggest
from train.errors import MarsadError
from train.terminal import needs_extra, say

app = typer.Typer(
    help="Records of who acted, with what, from where and with how many hurt, out of Arabic news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(command: Callable[[], Any] = app) -> None:
    """Run the command line."""
    try:
        command()
    except MarsadError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Show the version; the commands do the rest."""
    if show:
        print(__version__)
        raise typer.Exit


app.command()(predict)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A YAML config, such as configs/quick.yaml.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Such as learning_rate=1e-4 seeds=[1,2,3]."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
    ] = False,
) -> None:
    """Train a tagger from a config; the run folder is the model."""
    from train.config import load_config

    settings = load_config(config, overrides or [])
    with needs_extra():
        from train.quiet import quiet_libraries
        from train.run import train as run

    quiet_libraries()
    try:
        metrics = run(settings, resume, say)
    except KeyboardInterrupt:
        say("stopped; go on from the last finished epoch with --resume")
        raise typer.Exit(130) from None
    if not metrics:
        return  # a process of a distributed run that does not write
    for split in ("validation", "test"):
        spread = metrics[f"{split}_f1"]
        if spread:
            many = len(spread["values"]) > 1
            deviation = f" ± {spread['standard_deviation']:.4f}" if many else ""
            print(f"{split} F1 {spread['mean']:.4f}{deviation} (seeds {len(spread['values'])})")
    print(f"model: {settings.output_dir} (seed {metrics['best_seed']})")


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="A model folder; it gets an int8 graph.")],
    gold: Annotated[
        list[Path], typer.Argument(help="Annotated files or folders that it never trained on.")
    ],
    calibrate: Annotated[
        list[Path],
        typer.Option("--calibrate", help="Annotated files or folders to measure on (repeat it)."),
    ],
    max_loss: Annotated[
        float, typer.Option(min=0, help="Points of strict F1 that may be lost on any of GOLD.")
    ] = 0.3,
) -> None:
    """Make a model fast on CPUs: 8-bit arithmetic, refused where it costs too much F1.

    A model that is refused is left without an int8 graph, also without an earlier one.
    """
    from train.corpus import read_corpus
    from train.model_folder import open_model

    labels = open_model(model).labels
    texts = [document.text for document in read_corpus(calibrate)]
    documents = {str(path): read_corpus([path], labels) for path in gold}
    with needs_extra():
        from train.parity import add_int8

        for parity in add_int8(model, texts, documents, max_loss / 100):
            say(str(parity))


COMMANDS: tuple[Callable[..., Any], ...] = (
    incidents,
    counts,
    evaluate,
    compare,
    robustness,
    calibrate,
    suggest,
    cli_data.convert,
    cli_data.check,
    cli_data.agreement,
    cli_data.dataset,
)
for command in COMMANDS:
    app.command()(command)


if __name__ == "__main__":
    main()
