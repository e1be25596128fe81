"""The learning curve: how a score grows with the number of training sentences, and goes on.

The curve is the power law ``F1(n) = a - b * n ** -c`` (Cortes et al. 1993, "Learning curves:
asymptotic values and rate of convergence"; Viering and Loog 2022, "The shape of learning curves",
compare it with others): ``a`` is what endless data of the same kind would give, ``b`` and ``c``
say how far off it few sentences are and how fast that shrinks. ``b`` is never negative, ``c`` is
positive and ``a`` is at most 1, so the curve never falls and never passes a perfect score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from train.document import Document
from train.errors import InputError

MIN_SIZES = 3
"""A curve of three unknowns needs so many sizes."""
RESAMPLES = 2000
EXPONENTS = (0.05, 3.0)
"""Between these ``c`` is looked for. Below them the curve is a logarithm, which has no limit."""
_GRID = 40
_GOLDEN = 30  # steps of golden section; each leaves 0.618 of the bracket
_RATIO = (5**0.5 - 1) / 2

Array = npt.NDArray[np.float64]


class Point(NamedTuple):
    """One finished run."""

    size: int
    """Sentences that it trained on."""
    score: float
    """Between 0 and 1."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``a - b * n ** -c``."""

    a: float
    b: float
    c: float

    def __call__(self, size: float) -> float:
        """Return the score that is expected of ``size`` sentences."""
        return float(self.a - self.b * size**-self.c)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the curve says of a number of sentences."""

    size: int
    score: float
    """On the curve."""
    low: float | None
    high: float | None
    """Between these a single run of that size is expected, with the chance ``level``; None where
    three runs are all there is, through which a curve always goes."""
    level: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the forecast as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """A curve, the runs that it was fitted to, and what it says of more data."""

    points: tuple[Point, ...]
    curve: PowerLaw
    residual: float | None
    """Standard deviation of the runs about the curve; None where there are only three."""
    forecasts: tuple[Forecast, ...]

    @property
    def largest(self) -> int:
        """The most sentences that a run had."""
        return max(point.size for point in self.points)

    def told(self) -> str:
        """Return in words what the last forecast says."""
        last = self.forecasts[-1]
        now = self.curve(self.largest)
        gain = 100 * (last.score - now)
        words = (
            f"with {last.size:,} sentences in place of {self.largest:,} the curve gives F1 "
            f"{last.score:.3f} in place of {now:.3f} ({gain:+.1f} points)"
        )
        if self.curve.c < 1.01 * EXPONENTS[0] or self.curve.a > 0.9999:  # only the bounds held it
            words += (
                ", but the runs do not level off, so this is a guess (were the small shares "
                "trained for too few steps?)"
            )
        if last.low is None or last.high is None:
            return f"{words}; three runs are too few to say how sure that is"
        words += (
            f"; {last.level:.0%} of single runs are expected between {last.low:.3f} and "
            f"{last.high:.3f}"
        )
        if last.low <= now:
            words += ", so it is not sure that a single run would show the gain"
        return words

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain values."""
        return {
            "formula": "f1(n) = a - b * n ** -c",
            "a": self.curve.a,
            "b": self.curve.b,
            "c": self.curve.c,
            "residual": self.residual,
            "points": [point._asdict() for point in self.points],
            "forecasts": [forecast.to_dict() for forecast in self.forecasts],
        }


def subset(documents: Sequence[Document], size: int, seed: int) -> list[Document]:
    """Return ``size`` documents, which hold those of every smaller size of the same seed.

    Which ones depends on the seed and the texts, and not on their order: the smallest hashes of
    both are taken. Another seed has other subsets, so runs of several seeds differ by what
    sentences they happened to get as well.
    """

    def key(document: Document) -> tuple[bytes, str]:
        text = f"{seed}\n{document.text}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).digest(), document.id

    return sorted(documents, key=key)[:size]


def fit_power_law(points: Sequence[Point]) -> PowerLaw:
    """Return the curve with the least squared distance from all points.

    Raises:
        InputError: fewer than three sizes, or a size or score that cannot be.
    """
    sizes, scores = _checked(points)
    a, b, c = _fit(sizes, scores[None, :])
    return PowerLaw(float(a[0]), float(b[0]), float(c[0]))


def learning_curve(
    points: Sequence[Point],
    sizes: Sequence[int] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 13,
    level: float = 0.95,
) -> LearningCurve:
    """Fit the curve and say what it expects of more data.

    The interval is from a parametric bootstrap over the runs (Davison and Hinkley 1997, chapter 7):
    every run is drawn anew about the curve, the curve is fitted again, and a run of the size in
    question is drawn about that. How far runs lie from the curve is itself known from few runs, so
    it is drawn as well, as far off as so few can be (a scaled inverse chi-squared). Runs that are
    only drawn again from those that there are would leave one of two or three at a size too often,
    and their intervals hold far less than they say. What no interval can know is that the law may
    end beyond the data, or that further sentences may be of another kind.

    Args:
        points: the runs, in any order.
        sizes: for how many sentences to forecast; twice the most of all runs where left out.
        resamples: how many curves are fitted.
        seed: of the drawing.
        level: the chance that the interval is meant to have.

    Raises:
        InputError: as :func:`fit_power_law`, or a size to forecast that cannot be.
    """
    points = tuple(sorted(points))
    curve = fit_power_law(points)
    known, scores = _checked(points)
    wanted = sorted(sizes or [2 * int(known.max())])
    if wanted[0] < 1:
        raise InputError(f"{wanted[0]} sentences: nothing can be said of them; name 1 or more")
    freedom = len(points) - MIN_SIZES
    if not freedom:  # three unknowns fit three runs, whatever they are
        forecasts = tuple(Forecast(size, curve(size), None, None, level) for size in wanted)
        return LearningCurve(points, curve, None, forecasts)
    fitted = np.array([curve(size) for size in known])
    residual = float(np.sqrt(((scores - fitted) ** 2).sum() / freedom))
    draw = np.random.default_rng(seed)
    spread = residual * np.sqrt(freedom / draw.chisquare(freedom, resamples))
    drawn = fitted + spread[:, None] * draw.standard_normal((resamples, len(points)))
    a, b, c = _fit(known, drawn)
    tails = 100 * np.array([(1 - level) / 2, (1 + level) / 2])
    found = []
    for size in wanted:
        runs = a - b * float(size) ** -c + spread * draw.standard_normal(resamples)
        low, high = np.percentile(np.clip(runs, 0.0, 1.0), tails)
        found.append(Forecast(size, curve(size), float(low), float(high), level))
    forecasts = tuple(found)
    return LearningCurve(points, curve, residual, forecasts)


def table(curves: Mapping[str, LearningCurve]) -> str:
    """Return the runs and forecasts of several data sets as a Markdown table.

    One row for each size: mean and standard deviation of its runs, and the curve.
    """
    lines = [
        "| sentences | " + " | ".join(f"{name} | curve" for name in curves) + " |",
        "| ---: " + "| --- | ---: " * len(curves) + "|",
    ]
    for size in sorted({p.size for curve in curves.values() for p in curve.points}):
        cells = []
        for curve in curves.values():
            values = [point.score for point in curve.points if point.size == size]
            spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
            mean = f"{np.mean(values):.3f}{spread} ({len(values)})" if values else ""
            cells += [mean, f"{curve.curve(size):.3f}"]
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    for size in sorted({f.size for curve in curves.values() for f in curve.forecasts}):
        cells = []
        for curve in curves.values():
            found = [f for f in curve.forecasts if f.size == size]
            told = [f"{f.low:.3f} to {f.high:.3f} expected" for f in found if f.low is not None]
            cells += told or ["expected" if found else ""]
            cells.append(f"{curve.curve(size):.3f}")
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _checked(points: Sequence[Point]) -> tuple[Array, Array]:
    for point in points:
        if point.size < 1 or not 0 <= point.score <= 1:
            raise InputError(
                f"a run of {point.size} sentences with F1 {point.score}: "
                "expected 1 or more, and F1 between 0 and 1"
            )
    if (found := len({point.size for point in points})) < MIN_SIZES:
        raise InputError(
            f"a learning curve needs runs of {MIN_SIZES} sizes or more, and there are {found}; "
            "add shares of the data"
        )
    sizes, scores = zip(*points, strict=True)
    return np.array(sizes, float), np.array(scores, float)


def _fit(sizes: Array, scores: Array) -> tuple[Array, Array, Array]:
    """Return a, b and c for each row of ``scores``, ``[rows, runs]``.

    For a given c the best a and b are known, so only c is searched: on a grid, then by golden
    section between the neighbours of its best.
    """
    unit = float(sizes.max())
    relative = sizes / unit  # the powers of large numbers are all alike
    grid = np.geomspace(*EXPONENTS, _GRID)
    rows = len(scores)
    losses = np.stack([_solve(relative, scores, np.full(rows, c))[2] for c in grid])
    best = losses.argmin(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, _GRID - 1)]
    for _ in range(_GOLDEN):
        left, right = high - _RATIO * (high - low), low + _RATIO * (high - low)
        smaller = _solve(relative, scores, left)[2] <= _solve(relative, scores, right)[2]
        low, high = np.where(smaller, low, left), np.where(smaller, right, high)
    c = (low + high) / 2
    # The ends of the range are found by the grid alone.
    worse = _solve(relative, scores, c)[2] > losses.min(axis=0)
    c = np.where(worse, grid[best], c)
    a, b, _ = _solve(relative, scores, c)
    return a, b * unit**c, c


def _solve(sizes: Array, scores: Array, c: Array) -> tuple[Array, Array, Array]:
    """Return the best a <= 1 and b >= 0 for each row's c, and what is left of the squares."""
    x = sizes[None, :] ** -c[:, None]
    mean_x, mean_y = x.mean(axis=1), scores.mean(axis=1)
    moved = x - mean_x[:, None]
    # The squares are convex in a and b: where a bound is crossed, the best lies on that bound.
    b = -(moved * scores).sum(axis=1) / (moved**2).sum(axis=1)
    b = np.maximum(b, 0.0)
    a = mean_y + b * mean_x
    over = a > 1.0
    b = np.where(over, ((1.0 - scores) * x).sum(axis=1) / (x**2).sum(axis=1), b)
    a = np.where(over, 1.0, a)
    left = ((a[:, None] - b[:, None] * x - scores) ** 2).sum(axis=1)
    return a, b, left
