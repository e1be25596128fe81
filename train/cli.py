"""The command line. Bad input ends with one clear message on stderr and exit code 2."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from train import __version__
from train.errors import InputError, MarsadError

if TYPE_CHECKING:
    from train.document import Document
    from train.tagger import Coverage

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


TextsOption = Annotated[
    list[Path] | None,
    typer.Option("--texts", help="Where the texts of standoff annotation are (repeat it)."),
]


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
    _refuse_overwriting(output, inputs or [])
    documents = read_inputs(inputs or [STDIN], text_field, stdin_format)
    tagger = Tagger.load(model, threads)
    tagged = tagger.tag(documents)
    if pretty:
        from rich.console import Console

        from train.display import render_document

        if output:
            raise InputError("--pretty is for reading on the terminal; leave out -o or --pretty")
        _utf8_output()
        console = Console(soft_wrap=True, highlight=False)
        for document in tagged:
            if document.text.strip():  # a view for reading: blank lines have nothing to show
                console.print(render_document(document, tagger.tags.labels))
    else:
        with _output(output) as write:
            for document in _counted(tagged, output):
                write(dumps(document) + "\n")
    _say_coverage(tagger.coverage)


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
    with _needs_extra():
        from train.quiet import quiet_libraries
        from train.run import train as run

    quiet_libraries()
    try:
        metrics = run(settings, resume, _say)
    except KeyboardInterrupt:
        _say("stopped; go on from the last finished epoch with --resume")
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

    _refuse_overwriting(json_file, data)
    tagger = Tagger.load(model)
    gold = read_corpus(data, tagger.tags.labels)
    scores = score(gold, list(_counted(tagger.tag(gold), json_file)), tagger.tags.labels)
    if json_file:
        with write_whole(json_file) as file:
            json.dump(scores.to_dict(), file, ensure_ascii=False, indent=2)
            file.write("\n")
    if not scores.micro.gold:
        _say("note: the gold data marks nothing at all; is it annotated?")
    _utf8_output()
    Console(highlight=False).print(render_scores(scores))
    _say_coverage(tagger.coverage)


@app.command()
def convert(
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .txt or .jsonl file.")],
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="A label that may occur (repeat it); any may if left out."),
    ] = None,
    texts: TextsOption = None,
) -> None:
    """Check annotated data and write it as inline text (.txt) or JSONL."""
    from train.corpus import write_corpus

    _refuse_overwriting(output, [*data, *(texts or [])])
    documents = _annotated(data, texts, labels)
    write_corpus(documents, output)
    counts = Counter(span.label for document in documents for span in document.spans)
    spans = ", ".join(f"{count} {label}" for label, count in counts.most_common()) or "no spans"
    _say(f"{output}: {len(documents)} documents; {spans}")


@app.command()
def check(
    data: Annotated[list[Path], typer.Argument(help="Annotated files or folders.")],
    texts: TextsOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the findings here as JSON.")
    ] = None,
) -> None:
    """List what looks inconsistent in annotated data: a question each, not a fault."""
    import json
    from dataclasses import asdict

    from train.check import check as find
    from train.lines import write_whole

    _refuse_overwriting(json_file, [*data, *(texts or [])])
    documents = _annotated(data, texts)
    findings = find(documents)
    if json_file:
        with write_whole(json_file) as file:
            json.dump([asdict(f) for f in findings], file, ensure_ascii=False, indent=1)
            file.write("\n")
    _utf8_output()
    for finding in findings:
        print(finding)
    counts = Counter(finding.kind for finding in findings)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    _say(f"{len(documents)} documents, {len(findings)} findings" + (f": {kinds}" if kinds else ""))


@app.command()
def agreement(
    first: Annotated[Path, typer.Argument(help="An annotated file or folder.")],
    second: Annotated[Path, typer.Argument(help="Another annotation of the same texts.")],
    texts: TextsOption = None,
    differences: Annotated[
        bool, typer.Option("--differences", help="Also print the sentences marked otherwise.")
    ] = False,
) -> None:
    """Compare two annotations of the same texts: strict span F1, by label."""
    from rich.console import Console

    from train.agreement import compare
    from train.display import render_scores
    from train.inline import format_line

    ours, theirs = _annotated([first], texts), _annotated([second], texts)
    labels = sorted({span.label for d in [*ours, *theirs] for span in d.spans}) or ["O"]
    result = compare(ours, theirs, labels)
    _utf8_output()
    if differences:
        for one, other in result.differing:
            print(f"{one.id}\n  {format_line(one)}\n  {format_line(other)}")
    Console(highlight=False).print(render_scores(result.scores))
    _say(
        f"{len(result.first)} texts in both, {len(result.differing)} of them marked otherwise; "
        f"{result.only_first} only in {first}, {result.only_second} only in {second}"
    )


def _annotated(
    data: list[Path], texts: list[Path] | None, labels: list[str] | None = None
) -> list[Document]:
    from train.standoff import read_annotated

    documents, standoff = read_annotated(data, texts or [], labels or None)
    if standoff.missing or standoff.changed:
        _say(
            f"note: {len(standoff.missing)} standoff sentences have no text here and "
            f"{len(standoff.changed)} have another one; name their texts with --texts "
            "(scripts/fetch_newswire.py fetches them)"
        )
        if not documents:
            raise InputError("no sentence has its text here; there is nothing to do")
    return documents


@app.command()
def dataset(
    config: Annotated[Path, typer.Argument(help="A YAML config; its data and labels are used.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Such as data.train=[mine.jsonl]."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Save the DatasetDict and its data card in this folder."),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(metavar="USER/NAME", help="Push both to the Hugging Face hub, private."),
    ] = None,
) -> None:
    """Build the Hugging Face dataset of a config, to save, push or look at."""
    from train.config import load_config

    settings = load_config(config, overrides or [])
    with _needs_extra():
        from train.dataset import build_dataset, read_splits
        from train.dataset_card import dataset_card, push_dataset, save_dataset

    splits = read_splits(settings.data, settings.labels)
    for note in splits.notes:
        _say(f"note: {note}")
    built = build_dataset(splits, settings.labels)
    card = dataset_card(settings, splits)
    if save:
        save_dataset(built, card, save)
        _say(f"saved in {save}")
    if push:
        push_dataset(built, card, push)
        _say(f"pushed to {push}")
    print(built)


@contextlib.contextmanager
def _needs_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"this command needs {error.name}, which comes with the extra: "
            "pip install 'marsad[train]'"
        ) from None


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[Callable[[str], Any]]:
    if path is None:
        _utf8_output()
        yield sys.stdout.write
        sys.stdout.flush()
    else:
        from train.lines import write_whole

        with write_whole(path) as file:
            yield file.write


def _refuse_overwriting(output: Path | None, inputs: Iterable[str | Path]) -> None:
    """Refuse to write a result over the file that it is made from."""
    if output is None or not output.is_file():
        return
    for item in inputs:
        with contextlib.suppress(OSError, ValueError):  # a text is no path
            if output.samefile(item):
                raise InputError(f"{output}: is also an input; name another output file")


def _counted(items: Iterable[Any], output: Path | None) -> Iterator[Any]:
    """Show how many documents are done, unless the output itself is on the screen."""
    if not sys.stderr.isatty() or (output is None and sys.stdout.isatty()):
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.completed} documents"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        for item in items:
            yield item
            progress.advance(task)


def _utf8_output() -> None:
    """Write UTF-8 whatever the locale says; Arabic has no place in most others."""
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]


def _say_coverage(seen: Coverage) -> None:
    if seen.clipped or seen.substituted:
        _say(
            f"note: {seen.clipped} of {seen.words} words were longer than half a window and seen "
            f"only in part; {seen.substituted} had no sub-word and were seen as unknown"
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
