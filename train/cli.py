"""The command line. Bad input ends with one clear message on stderr and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from train import __version__, cli_data
from train.cli_counts import counts
from train.cli_incidents import incidents
from train.cli_options import ConventionsOption, CountsOption, RuntimeOption
from train.cli_predict import predict
from train.errors import MarsadError
from train.terminal import (
    counted,
    needs_extra,
    refuse_overwriting,
    say,
    say_coverage,
    utf8_output,
)

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
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    gold_counts: CountsOption = None,
    conventions: ConventionsOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Also write the scores here as JSON."),
    ] = None,
    runtime: RuntimeOption = "auto",
) -> None:
    """Score a tagger on annotated data: strict span F1, by label, and what went wrong.

    Where the data carries counts, tell how many of them are read rightly as well.
    """
    import json

    from rich.console import Console

    from train.corpus import read_corpus
    from train.count_file import attach_counts
    from train.count_scores import has_counts, score_counts
    from train.display import render_count_scores, render_scores
    from train.lines import write_whole
    from train.metrics import score
    from train.resolver import Resolver
    from train.tagger import Tagger

    own = [] if conventions is None else [conventions]
    refuse_overwriting(json_file, [*data, *(gold_counts or []), *own])
    tagger = Tagger.load(model, runtime=runtime)
    gold = attach_counts(read_corpus(data, tagger.tags.labels), gold_counts or [])
    resolver = Resolver.load(conventions) if has_counts(gold) else None
    tagged = list(counted(tagger.tag(gold), json_file))
    scores = score(gold, tagged, tagger.tags.labels)
    result = scores.to_dict()
    tables = [render_scores(scores)]
    if resolver is not None:
        given = score_counts(gold, [resolver(document) for document in gold])
        found = score_counts(gold, [resolver(document) for document in tagged])
        result["counts"] = {"gold_spans": given.to_dict(), "found_spans": found.to_dict()}
        tables.append(render_count_scores(given, found))
    if json_file:
        with write_whole(json_file) as file:
            json.dump(result, file, ensure_ascii=False, indent=2)
            file.write("\n")
    if not scores.micro.gold:
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    for table in tables:
        Console(highlight=False).print(table)
    say_coverage(tagger.coverage)


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


for command in (
    incidents,
    counts,
    cli_data.convert,
    cli_data.check,
    cli_data.agreement,
    cli_data.dataset,
):
    app.command()(command)


if __name__ == "__main__":
    main()
