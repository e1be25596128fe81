#!/usr/bin/env python3
"""Train variants of a config over several seeds and compare them on annotated files.

A variant is a name and the values that it changes; the config as it stands is the variant "base".
Runs go side by side in --jobs processes; each finished one is a line of the --output file. A run
whose name and seed are there already is not repeated. Nothing is exported.

    python scripts/experiments.py configs/default.yaml \\
        --variant "smooth: label_smoothing_factor=0.1" --variant "slow: learning_rate=1e-4" \\
        --data ../shared/newswire/dev.jsonl --data ../shared/newswire/dev-almayadeen.jsonl \\
        --output runs/experiments.jsonl
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from train.errors import ConfigError, MarsadError

# Asks the driver for GPUs without opening one, which forked processes could not use.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")

Variant = tuple[str, list[str]]


def main(
    config: Annotated[Path, typer.Argument(help="The config that variants change.")],
    data: Annotated[list[Path], typer.Option(help="Annotated file to score on (repeat it).")],
    output: Annotated[Path, typer.Option(help="A .jsonl file; finished runs are added to it.")],
    variant: Annotated[
        list[str] | None, typer.Option(help='"name: key=value key=value" (repeat it).')
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds of each variant, by commas.")] = "13,14,15",
    jobs: Annotated[int, typer.Option(min=1, help="Runs side by side.")] = 1,
    base: Annotated[bool, typer.Option(help="Also run the config as it stands.")] = True,
) -> None:
    """Run what is not yet in the output, then print a table in Markdown."""
    try:
        variants = [("base", list[str]())] if base else []
        variants += [parse_variant(text) for text in variant or []]
        numbers = [int(seed) for seed in seeds.split(",")]
        run_all(config, variants, numbers, data, output, jobs)
    except (MarsadError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(table(read_results(output), [name for name, _ in variants]))


def parse_variant(text: str) -> Variant:
    """Return name and overrides of ``name: key=value key=value``."""
    name, colon, changes = text.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f"--variant {text!r}: expected «name: key=value key=value»")
    return name.strip(), changes.split()


def run_all(
    config: Path,
    variants: Sequence[Variant],
    seeds: Sequence[int],
    data: Sequence[Path],
    output: Path,
    jobs: int,
) -> None:
    """Train every variant with every seed that the output does not hold yet."""
    from train.config import load_config
    from train.corpus import read_corpus
    from train.quiet import quiet_libraries

    if not variants:
        raise ConfigError("nothing to run: give --variant, or leave out --no-base")
    if len({name for name, _ in variants}) < len(variants):
        raise ConfigError("--variant: the same name twice")
    for _, changes in variants:  # a slip shows before hours are spent
        read_corpus(data, load_config(config, changes).labels)
    quiet_libraries()
    results = read_results(output)
    check_results(results, config, dict(variants), data, output)
    done = {(result["variant"], result["seed"]) for result in results}
    # Seed by seed, so that every variant has a first figure early.
    queue = [
        (config, name, changes, seed, data)
        for seed in seeds
        for name, changes in variants
        if (name, seed) not in done
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    data_of(load_config(config, variants[0][1]))  # read once, before processes part
    # A fork has what was read already; elsewhere than on Linux it is not safe.
    method = "fork" if sys.platform.startswith("linux") else "spawn"
    with multiprocessing.get_context(method).Pool(jobs, maxtasksperchild=1) as pool:
        for result in pool.imap_unordered(run_one, queue, chunksize=1):
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            scores = ", ".join(f"{name} {s['micro']:.4f}" for name, s in result["scores"].items())
            print(
                f"{result['variant']}, seed {result['seed']}: {scores} "
                f"({result['seconds']:.0f} s)",
                file=sys.stderr, flush=True,
            )  # fmt: skip


def run_one(job: tuple[Path, str, list[str], int, Sequence[Path]]) -> dict[str, Any]:
    """Train one variant with one seed and score it."""
    path, name, changes, seed, data = job
    import torch

    from train.config import load_config
    from train.corpus import read_corpus
    from train.metrics import score
    from train.tagger import Tagger
    from train.torch_runtime import TorchRuntime
    from train.training import epoch_history, fit

    started = time.monotonic()
    if torch.cuda.is_available():
        torch.set_num_threads(1)
    config = load_config(path, changes)
    prepared = data_of(config)
    folder = Path(tempfile.mkdtemp(prefix="marsad-experiment-"))
    try:
        fitted = fit(
            config, seed, folder, prepared.rows, prepared.validation, prepared.preprocessor, None
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tagger = Tagger(prepared.preprocessor, TorchRuntime(fitted.model), config.labels, threads=1)
    history = epoch_history(fitted.state.log_history)
    scores = {}
    for file in data:
        gold = read_corpus([file], config.labels)
        found = score(gold, list(tagger.tag(gold)), config.labels)
        scores[str(file)] = {"micro": found.micro.f1} | {
            label: counts.f1 for label, counts in found.labels.items()
        }
    best = max(row["validation_f1"] for row in history)
    return {
        "config": str(path),
        "variant": name,
        "changes": changes,
        "seed": seed,
        "scores": {"validation": {"micro": best}} | scores,
        "epochs": [round(row["validation_f1"], 4) for row in history],
        "sentences": prepared.sentences,
        "seconds": round(time.monotonic() - started, 1),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a config trains on."""

    rows: Any
    validation: Any
    preprocessor: Any
    sentences: int


_PREPARED: dict[str, Prepared] = {}
"""By what they depend on; the parent's are there in every process."""


def data_of(config: Any) -> Prepared:
    """Return the data of a config, prepared at most once in a process and its parents."""
    from train import training  # noqa: F401 (imported once, for all processes)
    from train.dataset import read_splits
    from train.encoder import build_preprocessor, load_tokenizer
    from train.run import prepare

    relevant = [
        "encoder", "labels", "data", "normalizer", "augmentation", "max_length", "stride",
        "label_all_sub_words",
    ]  # fmt: skip
    key = repr([getattr(config, name) for name in relevant])
    if key not in _PREPARED:
        splits = read_splits(config.data, config.labels)
        preprocessor = build_preprocessor(load_tokenizer(config.encoder), config)
        rows, _ = prepare(config, splits, preprocessor)
        _PREPARED[key] = Prepared(rows, splits.validation, preprocessor, len(splits.train))
    return _PREPARED[key]


def check_results(
    results: Sequence[dict[str, Any]],
    config: Path,
    variants: dict[str, list[str]],
    data: Sequence[Path],
    output: Path,
) -> None:
    """Refuse to mix runs of other configs, changes or data with those to come.

    Raises:
        ConfigError: the output holds a run of the same name that is not the same run.
    """
    files = ["validation", *map(str, data)]
    for result in results:
        name = result["variant"]
        same = result["config"] == str(config) and list(result["scores"]) == files
        if name in variants and not (same and result["changes"] == variants[name]):
            raise ConfigError(
                f"{output}: holds {name!r} with another config, other changes or other --data; "
                "choose another name or another --output"
            )


def read_results(output: Path) -> list[dict[str, Any]]:
    """Return the finished runs of an output file."""
    if not output.exists():
        return []
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines() if line]


def table(results: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    """Return mean and standard deviation of each variant as a Markdown table."""
    kinds = list(results[0]["scores"]) if results else []
    lines = [
        f"| variant | changes | seeds | {' | '.join(kinds)} |",
        "| --- " * (3 + len(kinds)) + "|",
    ]
    for name in names:
        runs = [result for result in results if result["variant"] == name]
        if not runs:
            continue
        cells = []
        for kind in kinds:
            values = [run["scores"][kind]["micro"] for run in runs]
            spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
            cells.append(f"{statistics.fmean(values):.3f}{spread}")
        changes = " ".join(f"`{change}`" for change in runs[0]["changes"])
        lines.append(f"| {name} | {changes} | {len(runs)} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
