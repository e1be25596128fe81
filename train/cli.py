"""The command line. Bad input ends with one clear message on stderr and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from train import __version__, cli_data
from train.errors import InputError, MarsadError
from train.terminal import (
    counted,
    needs_extra,
    refuse_overwriting,
    say,
    say_coverage,
    utf8_output,
    writer,
)

app = typer.Typer(
    help="Records of who acted, with what, from where and with how many hurt, out of Arabic news.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ModelOption = Annotated[
    Path | None,
    typer.Option("-m", "--model", help="A model folder; the shipped tagger where left out."),
]


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


@app.command()
def predict(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT|FILE|FOLDER|-]...",
            help="Texts, .txt files (a document a line), .jsonl files, folders of .txt (a document "
            "a file), or - for standard input, which is also read where nothing is given.",
            show_default=False,
        ),
    ] = None,
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write here instead of standard output."),
    ] = None,
    text_field: Annotated[str, typer.Option(help="The key of the text in .jsonl input.")] = "text",
    stdin_format: Annotated[
        str, typer.Option("--format", help="What standard input holds: txt or jsonl.")
    ] = "txt",
    pretty: Annotated[
        bool,
        typer.Option(
            "--pretty", help="Show coloured text instead of JSON lines; blank texts are left out."
        ),
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Cores for the model; all that are free to use if left out."),
    ] = None,
) -> None:
    """Tag texts: one JSON record a document, in input order, nothing cut."""
    from train.inputs import FORMATS, STDIN, read_inputs
    from train.jsonl import dumps
    from train.tagger import Tagger

    if stdin_format not in FORMATS:
        raise InputError(f"--format: {stdin_format!r} is none of {', '.join(FORMATS)}")
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError('nothing to tag; try: marsad predict "قتل جنديان في قصف بطائرة مسيرة"')
    refuse_overwriting(output, inputs or [])
    documents = read_inputs(inputs or [STDIN], text_field, stdin_format)
    tagger = Tagger.load(model, threads)
    tagged = tagger.tag(documents)
    if pretty:
        from rich.console import Console

        from train.display import render_document

        if output:
            raise InputError("--pretty is for reading on the terminal; leave out -o or --pretty")
        utf8_output()
        console = Console(soft_wrap=True, highlight=False)
        for document in tagged:
            if document.text.strip():  # a view for reading: blank lines have nothing to show
                console.print(render_document(document, tagger.tags.labels))
    else:
        with writer(output) as write:
            for document in counted(tagged, output):
                write(dumps(document) + "\n")
    say_coverage(tagger.coverage)


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
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Also write the scores here as JSON."),
    ] = None,
) -> None:
    """Score a tagger on annotated data: strict span F1, by label, and what went wrong."""
    import json

    from rich.console import Console

    from train.corpus import read_corpus
    from train.display import render_scores
    from train.lines import write_whole
    from train.metrics import score
    from train.tagger import Tagger

    refuse_overwriting(json_file, data)
    tagger = Tagger.load(model)
    gold = read_corpus(data, tagger.tags.labels)
    scores = score(gold, list(counted(tagger.tag(gold), json_file)), tagger.tags.labels)
    if json_file:
        with write_whole(json_file) as file:
            json.dump(scores.to_dict(), file, ensure_ascii=False, indent=2)
            file.write("\n")
    if not scores.micro.gold:
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    Console(highlight=False).print(render_scores(scores))
    say_coverage(tagger.coverage)


for command in (cli_data.convert, cli_data.check, cli_data.agreement, cli_data.dataset):
    app.command()(command)


if __name__ == "__main__":
    main()
