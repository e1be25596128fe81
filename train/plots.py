"""The plots of a report: SVG that takes its colours from the page, the same bytes every time.

matplotlib draws in stand-in colours, and each is replaced by a property of the style sheet
(``var(--ink)``), so that one picture serves light, dark and print. Letters stay letters.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, MAIN = "#010101", "#020202", "#030303"
PALETTE = 8
"""How many colours there are for labels; a ninth label has that of the first."""
_LABELS = [f"#0404{i:02x}" for i in range(PALETTE)]
_PROPERTIES = {INK: "var(--ink)", FAINT: "var(--line)", MAIN: "var(--main)"} | {
    colour: f"var(--label-{i})" for i, colour in enumerate(_LABELS)
}
_STYLE = {
    "svg.hashsalt": "marsad",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "legend.frameon": False,
}
_WIDTH = 4.8
"""Inches; what a phone shows at about its own size."""


def draw_label_scores(intervals: Mapping[str, Any]) -> str:
    """Return F1 of every label, and of all, with its interval.

    Args:
        intervals: what :meth:`train.bootstrap.Intervals.to_dict` returns.
    """
    rows = {"all (micro)": intervals["micro"], **intervals["labels"]}
    with _axes(0.9 + 0.34 * len(rows)) as (figure, axes):
        for place, rates in enumerate(rows.values()):
            f1 = rates["f1"]
            colour = MAIN if place == 0 else _LABELS[(place - 1) % PALETTE]
            axes.plot([f1["low"], f1["high"]], [place, place], color=colour, linewidth=3, alpha=0.6)
            axes.plot([f1["value"]], [place], "o", color=colour, markersize=7)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        lowest = min(rates["f1"]["low"] for rates in rows.values())
        axes.set_xlim(min(0.8, int(lowest * 10) / 10), 1.005)
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(f"F1 with its {100 * intervals['level']:g}% interval")
        axes.grid(axis="x")
        return _svg(figure, "label-scores", "F1 by label with intervals")


def draw_reliability(bins: Sequence[Mapping[str, float]]) -> str:
    """Return the reliability diagram of :func:`train.reliability.reliability`'s bins."""
    with _axes(3.6) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 4)))
        scores, right = [b["score"] for b in bins], [b["right"] for b in bins]
        axes.plot(scores, right, "o-", color=MAIN, linewidth=2, markersize=5)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("score (mean of each tenth)")
        axes.set_ylabel("share that is right")
        axes.grid()
        return _svg(figure, "reliability", "Share of right spans against their score")


def draw_precision_recall(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return precision against recall, a line for each label.

    Args:
        curves: points by label, in the order of the labels' colours.
    """
    with _axes(3.6) as (figure, axes):
        lowest = 0.5
        for place, (label, points) in enumerate(curves.items()):
            recall = [point["recall"] for point in points]
            precision = [point["precision"] for point in points]
            axes.plot(recall, precision, color=_LABELS[place % PALETTE], linewidth=2, label=label)
            lowest = min([lowest, *precision])
        axes.set_xlim(0, 1.01)
        axes.set_ylim(int(lowest * 10) / 10, 1.02)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        axes.grid()
        if curves:
            axes.legend(loc="lower left")
        return _svg(figure, "precision-recall", "Precision against recall, by label")


@contextmanager
def _axes(height: float) -> Iterator[tuple[Figure, Axes]]:
    # A figure of its own, without pyplot: nothing global is touched, and no screen is needed.
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure, figure.add_subplot()


def _svg(figure: Figure, name: str, told: str) -> str:
    """Return a figure as an element to put into a page, with ids that no other figure has."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", text)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', _opening(told), text, count=1, flags=re.S)
    text = re.sub(r"(font: \d+(?:\.\d+)?px) [^;\"]*", r"\1 system-ui, sans-serif", text)
    for colour, value in _PROPERTIES.items():
        text = text.replace(colour, value)
    return re.sub(r"[ \t]+$", "", text, flags=re.M)


def _opening(told: str) -> str:
    width = r'viewBox="\1"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{width} role="img" aria-label="{told}">'
    )
