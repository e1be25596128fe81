"""The command that scores a tagger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from train.cli_options import ConventionsOption, CountsOption, RuntimeOption, TextsOption
from train.errors import InputError
from train.terminal import counted, refuse_overwriting, say, say_coverage, utf8_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from train.document import Document


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
            "ones, and how it marks the words of an error (repeat it).",
        ),
    ] = None,
    texts: TextsOption = None,
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
    from train.cli_data import annotated
    from train.corpus import read_corpus
    from train.count_file import attach_counts
    from train.count_scores import has_counts, score_counts
    from train.display import render_count_scores, render_scores
    from train.lines import write_whole
    from train.metrics import score
    from train.page import check_extra, check_name, write_report
    from train.report import build_report
    from train.resolver import Resolver
    from train.suspects import check_suffix
    from train.tagger import Tagger

    own = [path for path in (conventions, robustness) if path is not None]
    inputs = [model, *data, *(gold_counts or []), *(training or []), *(texts or []), *own]
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
    if texts and not training:
        raise InputError("--texts: are those of standoff --training data, and none is named")
    if suspects:
        check_suffix(suspects)
    perturbed = _read_robustness(robustness)
    tagger = Tagger.load(model, runtime=runtime)
    gold = attach_counts(read_corpus(data, tagger.tags.labels), gold_counts or [])
    known = annotated(training, texts, list(tagger.tags.labels)) if training else None
    if perturbed and perturbed.get("model") != tagger.fingerprint:
        say(f"note: {robustness} was measured on another model, or on this one before a change")
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
    if not scores.micro.gold:
        say("note: the gold data marks nothing at all; is it annotated?")
    utf8_output()
    for table in tables:
        Console(highlight=False).print(table)
    say_coverage(tagger.coverage)
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
            "training data": ", ".join(map(str, training or [])) or "not given",
            "runtime": tagger.runtime_name,
            "fingerprint": tagger.fingerprint[:12],
        }
        extra = {"counts": result.get("counts"), "robustness": perturbed, "training": known}
        write_report(build_report(gold, tagged, tagger.tags.labels, about=about, **extra), report)
        say(f"report: {report}")


def _write_suspects(gold: Sequence[Document], tagged: Sequence[Document], path: Path) -> None:
    from train.mistakes import mistakes
    from train.suspects import suspected_gold_errors, suspects, write_suspects

    found = suspects(gold, suspected_gold_errors(mistakes(gold, tagged)))
    try:
        write_suspects(found, path)
    except InputError as error:
        raise InputError(f"--suspects {path}: {error}") from None
    say(f"suspected errors of the data: {len(found)} texts in {path}")


def _read_robustness(path: Path | None) -> Any:
    import json

    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
        sound = all(map(_can_be_shown, content["perturbations"]))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        sound = False
    if not sound:
        raise InputError(f"{path}: is not what `marsad robustness --json` writes")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


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
