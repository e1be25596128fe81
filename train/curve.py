"""The learning curve of a run, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw_learning_curve(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw training loss and validation F1 against epochs, one line for each seed, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (loss, f1) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for result in results:
        epochs = [row["epoch"] for row in result["history"]]
        label = f"seed {result['seed']}"
        loss.plot(epochs, [row.get("loss") for row in result["history"]], marker="o", label=label)
        f1.plot(
            epochs, [row["validation_f1"] for row in result["history"]], marker="o", label=label
        )
    loss.set(xlabel="epoch", ylabel="training loss")
    f1.set(xlabel="epoch", ylabel="validation F1 (strict, micro)")
    for axes in (loss, f1):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
