#!/usr/bin/env python3
"""How fast Marsad tags beside the Hugging Face pipeline, and how fast it reads counts and names.

    python scripts/benchmark.py compare TEXTS [--sentences 2000] [--rounds 3] [--json FILE]
    python scripts/benchmark.py latency TEXTS
    python scripts/benchmark.py memory [1000 1000000]
    python scripts/benchmark.py counts DATA

TEXTS is any one file that ``marsad predict`` reads, a sentence a record. All contestants read the
same sentences with the same weights. They run as processes of their own, in turn, several times
over, so that a drift of the machine's speed meets them all. The seconds of the pipeline and of the
plain loop leave out start and loading; those of ``marsad predict`` are the whole process, file in,
file out.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from train.corpus import read_corpus
from train.count import LABEL
from train.counts import read_number
from train.model_folder import open_model, shipped_tagger
from train.naming import Namer
from train.outcomes import read_outcomes
from train.resolver import Resolver
from train.runtime import available_cores
from train.sources import ReadOptions, find_sources

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ONE = "قتل جنديان وأصيب خمسة آخرون في قصف بطائرة مسيرة على قاعدة عسكرية"
SHORT = "قتل جنديان في قصف"

PIPELINE = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from transformers import logging, pipeline
logging.set_verbosity_error()
tagger = pipeline("token-classification", sys.argv[1], aggregation_strategy="first")
texts = open(sys.argv[2], encoding="utf-8").read().splitlines()
tagger(texts[:8], batch_size=8)
started = time.perf_counter()
tagger(texts, batch_size=int(sys.argv[3]))
print(json.dumps({"seconds": time.perf_counter() - started}))
"""
PLAIN_LOOP = """
import json, sys, time
from pathlib import Path
import numpy as np, onnxruntime
from tokenizers import Tokenizer
folder, batch = Path(sys.argv[1]), 32
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
texts = open(sys.argv[2], encoding="utf-8").read().splitlines()
started = time.perf_counter()
ids = sorted((e.ids[:256] for e in tokenizer.encode_batch(texts)), key=len)
for first in range(0, len(ids), batch):
    rows = ids[first : first + batch]
    width = max(map(len, rows))
    table = np.array([row + [1] * (width - len(row)) for row in rows])
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    session.run(None, {"input_ids": table, "attention_mask": mask})[0].argmax(-1)
print(json.dumps({"seconds": time.perf_counter() - started}))
"""
COLD_PIPELINE = """
import sys
from transformers import pipeline
print(pipeline("token-classification", sys.argv[1], aggregation_strategy="first")(sys.argv[2]))
"""
PEAK = """
import json, time, warnings
warnings.simplefilter("ignore")
import torch
torch.backends.quantized.engine = "onednn"
size = 2048
def rate(product):
    product()
    best = min(_timed(product) for _ in range(5))
    return 2 * size**3 / best / 1e9
def _timed(product):
    started = time.perf_counter()
    product()
    return time.perf_counter() - started
a = torch.randn(size, size).bfloat16()
linear = torch.nn.Linear(size, size)
weight = torch.quantize_per_tensor(linear.weight.detach(), 0.01, 0, torch.qint8)
packed = torch.ops.quantized.linear_prepack(weight, linear.bias.detach())
x = torch.quantize_per_tensor(torch.randn(size, size), 0.03, 128, torch.quint8)
print(json.dumps({
    "bf16": rate(lambda: a @ a),
    "int8": rate(lambda: torch.ops.quantized.linear(x, packed, 0.1, 128)),
}))
"""


@app.command()
def compare(
    texts: Annotated[Path, typer.Argument(help="A file of sentences.")],
    sentences: Annotated[int, typer.Option(min=1, help="How many of them.")] = 2_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Keep every figure.")] = None,
) -> None:
    """Compare speed, peak memory and cold start; print a Markdown table."""
    folder = model or shipped_tagger()
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "texts.txt"
        lines = _lines(texts, sentences)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        lengths = _lengths(folder, lines)
        out = Path(temporary) / "out.jsonl"
        python = [sys.executable, "-c"]
        contestants: dict[str, tuple[list[str], bool]] = {
            f"pipeline, batches of {n}": ([*python, PIPELINE, str(folder), str(file), str(n)], True)
            for n in (1, 8, 32)
        }
        loop = [*python, PLAIN_LOOP, str(folder), str(file)]
        contestants["plain loop, ONNX Runtime fp32, sorted"] = (loop, True)
        for name in ("fp32", "int8"):
            contestants[f"marsad predict, {name}"] = (
                [*_predict(folder), "--runtime", name, "-o", str(out), str(file)],
                False,
            )
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        memory: dict[str, float] = dict.fromkeys(contestants, 0.0)
        cold: dict[str, list[float]] = {"pipeline": [], "marsad predict": []}
        peaks: list[dict[str, float]] = []
        _run([*_predict(folder), ONE])  # fills the file cache
        for turn in range(rounds):
            for name, (command, says_seconds) in contestants.items():
                say(f"round {turn + 1} of {rounds}: {name}")
                wall, used, output = _run(command)
                seconds[name].append(json.loads(output)["seconds"] if says_seconds else wall)
                memory[name] = max(memory[name], used)
            cold["pipeline"].append(_run([*python, COLD_PIPELINE, str(folder), ONE])[0])
            cold["marsad predict"].append(_run([*_predict(folder), ONE])[0])
            peaks.append(json.loads(_run([*python, PEAK])[2]))
    peak = {kind: statistics.median(p[kind] for p in peaks) for kind in peaks[0]}
    work = _operations(folder, lengths)
    best = max(statistics.median(len(lines) / s for s in seconds[n]) for n in list(seconds)[:3])
    print(
        f"{len(lines):,} sentences, {sum(lengths):,} sub-words (mean {np.mean(lengths):.1f}), "
        f"{available_cores()} cores ({_processor()}), {rounds} rounds; measured peak of matrix "
        f"products {peak['bf16']:,.0f} GFLOP/s in bf16, {peak['int8']:,.0f} GOP/s in int8\n"
    )
    print(
        "| | sentences/s, median (range) | sub-words/s | against the best pipeline | "
        "peak memory, MB | share of the bf16 / int8 peak |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, values in seconds.items():
        rates = [len(lines) / value for value in values]
        rate = statistics.median(rates)
        done = work * rate / len(lines) / 1e9
        print(
            f"| {name} | {rate:.0f} ({min(rates):.0f} to {max(rates):.0f}) | "
            f"{rate * np.mean(lengths):,.0f} | {rate / best:.1f} | {memory[name] / 1e6:.0f} | "
            f"{done / peak['bf16']:.0%} / {done / peak['int8']:.0%} |"
        )
    print("\n| cold start, one sentence | seconds, median (range) |\n| --- | --- |")
    for name, values in cold.items():
        print(f"| {name} | {_spread(values)} |")
    if json_file:
        facts = {"seconds": seconds, "memory": memory, "cold": cold, "peaks": peaks}
        facts["sub_words"] = [len(lines), sum(lengths)]
        json_file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


@app.command()
def latency(
    texts: Annotated[Path, typer.Argument(help="A file of sentences.")],
    sentences: Annotated[int, typer.Option(min=1)] = 500,
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
) -> None:
    """Call the tagger from Python with one sentence at a time."""
    started = time.perf_counter()
    from train.tagger import Tagger

    tagger = Tagger.load(model)
    tagger([ONE])
    print(f"import, load and first call: {time.perf_counter() - started:.2f} s")
    milliseconds = []
    for line in _lines(texts, sentences):
        started = time.perf_counter()
        tagger([line])
        milliseconds.append(1_000 * (time.perf_counter() - started))
    p50, p99 = np.percentile(milliseconds, [50, 99])
    print(f"{len(milliseconds)} warm calls: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print("torch was imported" if "torch" in sys.modules else "torch was not imported")


@app.command()
def memory(
    documents: Annotated[list[int] | None, typer.Argument(help="Numbers of documents.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
) -> None:
    """Tag files of few and of many short documents; memory must not grow with their number."""
    folder = model or shipped_tagger()
    print("| documents | seconds | peak memory, MB |\n| --- | --- | --- |")
    for count in documents or [1_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary) / "texts.txt"
            with file.open("w", encoding="utf-8") as stream:
                for number in range(count):
                    stream.write(f"{SHORT} {number}\n")
            wall, used, _ = _run([*_predict(folder), "-o", f"{temporary}/out/", str(file)])
        print(f"| {count:,} | {wall:.0f} | {used / 1e6:.0f} |", flush=True)


@app.command()
def counts(
    data: Annotated[list[Path], typer.Argument(help="Annotated or tagged files or folders.")],
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the median counts.")] = 7,
) -> None:
    """Read the spans of DATA on one core: counts as numbers, outcomes, names, all of it."""
    documents = read_corpus(data)
    resolver = Resolver.load()
    namer = Namer(resolver.lexicon)
    places = [
        (document.text, [(s.start, s.end) for s in document.spans if s.label == LABEL])
        for document in documents
    ]
    casualties = [(text, start, end) for text, spans in places for start, end in spans]
    names = [
        (document.text, span.start, span.end, span.label)
        for document in documents
        for span in document.spans
        if span.label != LABEL
    ]

    def numbers() -> None:
        for text, start, end in casualties:
            read_number(text, start, end, resolver.conventions)

    def outcomes() -> None:
        for text, spans in places:
            if spans:
                read_outcomes(text, spans)

    def naming() -> None:
        for text, start, end, label in names:
            namer.name(text, start, end, label)

    def everything() -> None:
        for document in documents:
            resolver(document)

    spans = sum(len(document.spans) for document in documents)
    tasks = (
        ("number of a count (`read_number`)", numbers, len(casualties)),
        ("outcome and subset (`read_outcomes`)", outcomes, len(casualties)),
        ("name of a party, weapon or base (`Namer`)", naming, len(names)),
        ("all spans of a document (`Resolver`)", everything, spans),
    )
    distinct = len({text[start:end] for text, start, end in casualties})
    print(f"{len(casualties):,} counts ({distinct:,} distinct), {len(names):,} names, one core\n")
    print("| what | spans/s, median (range) |\n| --- | --- |")
    for what, task, count in tasks:
        task()
        rates = []
        for _ in range(rounds):
            started = time.process_time()
            task()
            rates.append(count / (time.process_time() - started))
        shown = f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
        print(f"| {what} | {shown} |", flush=True)


def _predict(folder: Path) -> list[str]:
    return [sys.executable, "-m", "train.cli", "predict", "-m", str(folder)]


def _run(command: Sequence[str]) -> tuple[float, int, str]:
    """Run a process; return its seconds, its peak memory in bytes, and what it printed last."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed with {process.returncode}: {' '.join(command)[:200]}")
    scale = 1 if sys.platform == "darwin" else 1024
    return wall, usage.ru_maxrss * scale, (output.strip().splitlines() or [""])[-1]


def _lines(path: Path, count: int) -> list[str]:
    """Return texts of a file in an order of chance, which is always the same one."""
    [source] = find_sources([str(path)], ReadOptions())
    texts = [getattr(item, "text", "").strip() for item, _ in source.read()]
    texts = [text for text in texts if text and "\n" not in text]
    random.Random(0).shuffle(texts)  # noqa: S311
    return texts[:count]


def _lengths(folder: Path, lines: Sequence[str]) -> list[int]:
    prepare: Callable[[str], Any] = open_model(folder).preprocessor
    return [sum(len(window.input_ids) for window in prepare(line).windows) for line in lines]


def _operations(folder: Path, lengths: Sequence[int]) -> float:
    """Return the operations of the matrix products, attention among them, for all sentences."""
    config = open_model(folder).config
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    products = 2 * layers * (4 * hidden**2 + 2 * hidden * config["intermediate_size"])
    attention = 4 * layers * hidden
    return float(sum(products * n + attention * n**2 for n in lengths))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return "processor unknown"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
