"""The command that scores a tagger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from train.cli_options import ConventionsOption, CountsOption, RuntimeOption
from train.errors import InputError
from train.terminal import counted, refuse_overwriting, say, say_coverage, utf8_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.document import Document
    from train.tagger import Tagger


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    data: Annotated[list[Path], typer.Argument(help="Annotated .txt or .jsonl files or folders.")],
    gold_counts: CountsOption = None,
    conventions: ConventionsOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Also write the scores here as JSON."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Also write a page to look at here (.html), or what it tells (.json).",
        ),
    ] = None,
    training: Annotated[
        list[Path] | None,
        typer.Option(
            "--training",
            metavar="DATA",
            help="What the tagger was trained on, for the report to tell seen mentions from new "
            "ones (repeat it).",
        ),
    ] = None,
    robustness: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For the report, what `marsad robustness --json` wrote."),
    ] = None,
    suspects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write suspected errors of the data here (.txt or .jsonl), to correct.",
        ),
    ] = None,
    runtime: RuntimeOption = "auto",
) -> None:
    """Score a tagger on annotated data: strict span F1, by label, and what went wrong.

    Where the data carries counts, tell how many of them are read rightly as well.
    """
    import json

    from rich.console import Console

    from train.bootstrap import intervals
    from train.corpus import read_corpus
    from train.count_file import attach_counts
    from train.count_scores import has_counts, score_counts
    from train.display import render_count_scores, render_scores
    from train.lines import write_whole
    from train.metrics import score
    from train.page import check_extra, check_name
    from train.resolver import Resolver
    from train.tagger import Tagger

    own = [path for path in (conventions, robustness) if path is not None]
    inputs = [*data, *(gold_counts or []), *(training or []), *own]
    outputs = [path for path in (json_file, report, suspects) if path is not None]
    for number, output in enumerate(outputs):
        refuse_overwriting(output, inputs)
        if output.resolve() in [other.resolve() for other in outputs[:number]]:
            raise InputError(f"{output}: is named twice as an output; name another file")
    if report is None and (training or robustness):
        option = "--training" if training else "--robustness"
        raise InputError(f"{option}: is for the report; name its file with --report")
    if report:
        check_name(report)
        if report.suffix == ".html":
            check_extra()
    perturbed = _read_robustness(robustness)
    tagger = Tagger.load(model, runtime=runtime)
    gold = attach_counts(read_corpus(data, tagger.tags.labels), gold_counts or [])
    resolver = Resolver.load(conventions) if has_counts(gold) else None
    tagged = list(counted(tagger.tag(gold), json_file))
    scores = score(gold, tagged, tagger.tags.labels)
    spread = intervals(gold, tagged, tagger.tags.labels)
    result = scores.to_dict() | {"intervals": spread.to_dict()}
    tables = [render_scores(scores, spread)]
    if resolver is not None:
        given = score_counts(gold, [resolver(document) for document in gold])
        found = score_counts(gold, [resolver(document) for document in tagged])
        result["counts"] = {"gold_spans": given.to_dict(), "found_spans": found.to_dict()}
        tables.append(render_count_scores(given, found))
    if json_file:
        with write_whole(json_file) as file:
            json.dump(result, file, ensure_ascii=False, indent=2)
            file.write("\n")
    if suspects:
        _write_suspects(gold, tagged, suspects)
    if report:
        about = {
            "model": str(model),
            "data": ", ".join(map(str, data)),
            "runtime": tagger.runtime_name,
            "fingerprint": tagger.fingerprint[:12],
        }
        extra = {"counts": result.get("counts"), "robustness": perturbed}
        _write_report(gold, tagged, tagger, training or [], report, about=about, **extra)
    if not scores.micro.gold:
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    for table in tables:
        Console(highlight=False).print(table)
    say_coverage(tagger.coverage)


def _write_report(
    gold: Sequence[Document],
    tagged: Sequence[Document],
    tagger: Tagger,
    training: Sequence[Path],
    path: Path,
    **given: Any,
) -> None:
    from train.corpus import read_corpus
    from train.page import write_report
    from train.report import build_report
    from train.slices import known_mentions

    known = known_mentions(read_corpus(training, tagger.tags.labels)) if training else None
    write_report(build_report(gold, tagged, tagger.tags.labels, known=known, **given), path)
    say(f"report: {path}")


def _write_suspects(gold: Sequence[Document], tagged: Sequence[Document], path: Path) -> None:
    from train.mistakes import mistakes
    from train.suspects import suspected_gold_errors, suspects, write_suspects

    found = suspects(gold, suspected_gold_errors(mistakes(gold, tagged)))
    write_suspects(found, path)
    say(f"suspected errors of the data: {len(found)} texts in {path}")


def _read_robustness(path: Path | None) -> Any:
    import json

    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        sound = all(map(_can_be_shown, content["perturbations"]))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise InputError(f"{path}: is not what `marsad robustness --json` writes")
    return content


def _can_be_shown(row: Any) -> bool:
    """Return whether a perturbation has all that the page shows of one."""
    figures = [row["documents"], *(row[name]["micro"]["f1"] for name in ("clean", "perturbed"))]
    if row["loss"] is not None:
        figures += [row["loss"][name] for name in ("value", "low", "high")]
    return (
        isinstance(row["name"], str)
        and isinstance(row["about"], str)
        and all(isinstance(figure, int | float) for figure in figures)
    )
