#!/usr/bin/env python3
"""How long one sentence takes from a cold process: ``marsad predict`` against the pipeline.

Both run as whole processes on the same model folder, one after the other, several times over.

    python scripts/cold_start.py [MODEL] [--runs 5]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from train.model_folder import shipped_tagger

SENTENCE = "قتل جنديان وأصيب خمسة آخرون في قصف بطائرة مسيرة على قاعدة عسكرية"
PIPELINE = """
import sys
from transformers import pipeline
print(pipeline("token-classification", sys.argv[1], aggregation_strategy="first")(sys.argv[2]))
"""


def main(
    model: Annotated[Path | None, typer.Argument(help="A model folder.")] = None,
    runs: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Print the median, least and most seconds of each, and the ratio of the medians."""
    folder = str(model or shipped_tagger())
    commands = {
        "marsad predict": [sys.executable, "-m", "train.cli", "predict", "-m", folder, SENTENCE],
        "transformers.pipeline": [sys.executable, "-c", PIPELINE, folder, SENTENCE],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
            if turn:  # the first turn fills the file cache
                seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        print(f"{name}: {medians[name]:.2f} s ({min(values):.2f} to {max(values):.2f})")
    print(f"ratio: {medians['transformers.pipeline'] / medians['marsad predict']:.1f}")


if __name__ == "__main__":
    typer.run(main)
