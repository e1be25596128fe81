#!/usr/bin/env python3
"""Train on growing shares of the data, fit the learning curve, and say what more data would give.

Every share is trained with several seeds; a seed also decides which sentences its shares hold, and
each share holds the smaller ones. The sentences held out for validation are the same for all.
Every finished run is a line of OUTPUT/runs.jsonl and is not repeated. At the end, and with
--runs 0 at any time, curve.md, curve.json, curve.svg and curve.png are made of those that are
there.

    python scripts/learning_curve.py configs/quick.yaml --data seeds/heldout \\
        --shares 1/8,1/4,1/2,1 --seeds 13,14 --output runs/curve
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from train.errors import ConfigError, InputError, MarsadError
from train.learning import LearningCurve, Point, learning_curve, subset, table

RUNS = "runs.jsonl"


def main(
    config: Annotated[Path, typer.Argument(help="The config to train with.")],
    output: Annotated[Path, typer.Option(help="A folder; finished runs are kept in it.")],
    data: Annotated[list[Path], typer.Option(help="Annotated data to score on (repeat it).")],
    shares: Annotated[str, typer.Option(help="Of the training sentences.")] = "1/8,1/4,1/2,1",
    seeds: Annotated[str, typer.Option(help="Seeds of each share, by commas.")] = "13,14,15",
    least_steps: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Small shares are gone through more often, for at least so many steps; as many as "
            "all sentences take where left out. With fewer they are behind for want of steps, and "
            "the curve promises too much of more sentences.",
        ),
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE of the config (repeat it).")
    ] = None,
    forecast: Annotated[
        str | None,
        typer.Option(
            metavar="SIZES",
            help="Say what the curve gives for so many sentences, by commas; where left out, for "
            "twice the most that a run had.",
        ),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=0, help="Do so many runs at most; all where left out.")
    ] = None,
) -> None:
    """Do the runs that are not yet in the output, then fit, print and draw the curve."""
    try:
        parts = parse_shares(shares)
        numbers = whole_numbers("--seeds", seeds)
        sizes = None if forecast is None else whole_numbers("--forecast", forecast)
        results = run_all(config, change or [], parts, numbers, data, least_steps, output, runs)
        print(write_curves(results, output, sizes))
    except MarsadError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


def whole_numbers(option: str, text: str) -> list[int]:
    """Return the numbers of ``13,14``.

    Raises:
        InputError: one that is no whole number.
    """
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} {text!r}: expected whole numbers such as 13,14") from None


def parse_shares(text: str) -> list[Fraction]:
    """Return the shares of ``1/8,1/4,1``, the smallest first.

    Raises:
        InputError: one that is no number above 0 and up to 1.
    """
    try:
        shares = sorted({Fraction(part.strip()) for part in text.split(",")})
    except (ValueError, ZeroDivisionError):
        raise InputError(f"--shares {text!r}: expected numbers such as 1/8,1/4,0.5,1") from None
    if not 0 < shares[0] <= shares[-1] <= 1:
        raise InputError(f"--shares {text!r}: expected numbers above 0 and up to 1")
    return shares


def run_all(
    path: Path,
    changes: Sequence[str],
    shares: Sequence[Fraction],
    seeds: Sequence[int],
    data: Sequence[Path],
    least_steps: int | None,
    output: Path,
    most: int | None,
) -> list[dict[str, Any]]:
    """Train what the output does not hold yet, and return the asked-for runs that it holds then.

    Raises:
        ConfigError: the output holds runs of another config, data or least number of steps.
    """
    from train.config import load_config
    from train.corpus import fingerprint, read_corpus
    from train.dataset import read_splits
    from train.quiet import quiet_libraries

    config = load_config(path, changes)
    gold = {str(file): read_corpus([file], config.labels) for file in data}
    splits = read_splits(config.data, config.labels)
    for note in splits.notes:
        say(f"note: {note}")
    quiet_libraries()
    if least_steps is None:
        least_steps = math.ceil(config.num_train_epochs * epoch_steps(config, len(splits.train)))
    same = {
        "config": str(path),
        "changes": list(changes),
        "least_steps": least_steps,
        "training": splits.fingerprint,
        "data": {name: fingerprint(documents) for name, documents in gold.items()},
    }
    output.mkdir(parents=True, exist_ok=True)
    file = output / RUNS
    results = read_results(file)
    for result in results:
        if differing := [key for key, value in same.items() if result["of"][key] != value]:
            raise ConfigError(
                f"{file}: holds runs with other values of {', '.join(differing)}; "
                "choose another --output"
            )
    sizes = {max(1, round(share * len(splits.train))): share for share in shares}
    done = {(result["size"], result["seed"]) for result in results}
    # Seed by seed, so that there is a first curve early.
    queue = [(size, seed) for seed in seeds for size in sizes if (size, seed) not in done]
    for size, seed in queue[:most]:
        result = {"of": same, "size": size, "share": str(sizes[size]), "seed": seed}
        result |= run_one(config, splits, size, seed, gold, least_steps)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(result, ensure_ascii=False) + "\n")
        scores = ", ".join(f"{name} {s['micro']:.4f}" for name, s in result["scores"].items())
        say(f"{size} sentences, seed {seed}: {scores} ({result['seconds']:.0f} s)")
        results.append(result)
    return [r for r in results if r["size"] in sizes and r["seed"] in seeds]


def run_one(
    config: Any,
    splits: Any,
    size: int,
    seed: int,
    gold: Mapping[str, Sequence[Any]],
    least_steps: int,
) -> dict[str, Any]:
    """Train on ``size`` sentences with one seed and score the best epoch."""
    from train.dataset import Splits
    from train.encoder import build_preprocessor, load_tokenizer
    from train.metrics import score
    from train.run import prepare
    from train.tagger import Tagger
    from train.torch_runtime import TorchRuntime
    from train.training import epoch_history, fit

    started = time.monotonic()
    preprocessor = build_preprocessor(load_tokenizer(config.encoder), config)
    chosen = Splits(subset(splits.train, size, seed), splits.validation, [], ())
    rows, _ = prepare(config, chosen, preprocessor)
    epochs = max(config.num_train_epochs, math.ceil(least_steps / epoch_steps(config, len(rows))))
    # To the end: after the first epochs of few sentences nothing is found yet, which would stop it.
    patience = max(config.early_stopping_patience, math.ceil(epochs))
    config = config.model_copy(
        update={"num_train_epochs": epochs, "early_stopping_patience": patience}
    )
    folder = Path(tempfile.mkdtemp(prefix="marsad-curve-"))
    try:
        fitted = fit(config, seed, folder, rows, splits.validation, preprocessor, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tagger = Tagger(preprocessor, TorchRuntime(fitted.model), config.labels, threads=1)
    scores = {}
    for name, documents in gold.items():
        found = score(documents, list(tagger.tag(documents)), config.labels)
        scores[name] = {"micro": found.micro.f1} | {
            label: counts.f1 for label, counts in found.labels.items()
        }
    history = epoch_history(fitted.state.log_history)
    return {
        "epochs": epochs,
        "steps": fitted.state.global_step,
        "validation": [round(row["validation_f1"], 4) for row in history],
        "scores": scores,
        "seconds": round(time.monotonic() - started, 1),
    }


def epoch_steps(config: Any, rows: int) -> int:
    """Return how many steps an epoch of so many rows has."""
    batches: int = math.ceil(rows / config.per_device_train_batch_size)
    steps: int = math.ceil(batches / config.gradient_accumulation_steps)
    return max(1, steps)


def read_results(file: Path) -> list[dict[str, Any]]:
    """Return the finished runs of a file; a last line that was cut off by a kill is none."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        file.write_text("".join(lines[:-1]), encoding="utf-8")
        lines.pop()
    return [json.loads(line) for line in lines]


def write_curves(
    results: Sequence[Mapping[str, Any]], output: Path, sizes: Sequence[int] | None
) -> str:
    """Fit a curve for each data set, write the files of the output, and return the Markdown.

    Raises:
        InputError: runs of fewer than three sizes.
    """
    names = list(results[0]["scores"]) if results else []
    if not names:
        raise InputError("no run is finished; there is no curve to fit")
    curves = {
        name: learning_curve([Point(r["size"], r["scores"][name]["micro"]) for r in results], sizes)
        for name in names
    }
    told = "".join(f"\n- {name}: {curve.told()}." for name, curve in curves.items())
    text = f"{table(curves)}\n{told}\n"
    (output / "curve.md").write_text(text, encoding="utf-8")
    content = {name: curve.to_dict() for name, curve in curves.items()}
    (output / "curve.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    draw(curves, output)
    return text


def draw(curves: Mapping[str, LearningCurve], output: Path) -> None:
    """Draw runs, curves and forecasts as ``curve.svg`` and ``curve.png``."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "marsad", "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for place, (name, curve) in enumerate(curves.items()):
            colour = f"C{place}"
            sizes, scores = zip(*curve.points, strict=True)
            axes.plot(sizes, scores, "o", color=colour, alpha=0.6, label=name)
            first, last = min(sizes), max(f.size for f in curve.forecasts)
            steps = [first * (last / first) ** (i / 100) for i in range(101)]
            known = [size for size in steps if size <= max(sizes)]
            beyond = [size for size in steps if size >= known[-1]]
            axes.plot(known, [curve.curve(size) for size in known], color=colour)
            axes.plot(beyond, [curve.curve(size) for size in beyond], "--", color=colour)
            for forecast in curve.forecasts:
                errors = None
                if forecast.low is not None and forecast.high is not None:
                    low, high = forecast.score - forecast.low, forecast.high - forecast.score
                    errors = [[max(0.0, low)], [max(0.0, high)]]
                axes.errorbar(
                    [forecast.size], [forecast.score], errors, fmt="D", color=colour, capsize=4
                )
        axes.set_xscale("log", base=2)
        shown = sorted({p.size for c in curves.values() for p in c.points})
        shown += sorted({f.size for c in curves.values() for f in c.forecasts})
        axes.set_xticks(shown, [f"{size:,}" for size in shown])
        axes.minorticks_off()
        axes.set_xlabel("training sentences")
        axes.set_ylabel("F1 (strict, micro)")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(output / "curve.svg", metadata={"Date": None, "Creator": None})
        figure.savefig(output / "curve.png", dpi=120, metadata={"Software": None})


def say(line: str) -> None:
    """Tell how it goes, on stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
