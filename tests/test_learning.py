"""The learning curve: known curves are found again, and what it promises of more data holds."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.document import Document
from train.errors import InputError
from train.learning import (
    LearningCurve,
    Point,
    PowerLaw,
    fit_power_law,
    learning_curve,
    subset,
    table,
)

SIZES = (176, 352, 704, 1408)


def points(curve: PowerLaw, sizes: tuple[int, ...] = SIZES) -> list[Point]:
    return [Point(size, curve(size)) for size in sizes]


@pytest.mark.parametrize(
    "curve",
    [
        PowerLaw(0.95, 3.0, 0.5),
        PowerLaw(0.9, 40.0, 1.0),
        PowerLaw(0.99, 1.5, 0.3),
        PowerLaw(0.8, 500.0, 1.5),
    ],
)
def test_known_curves_are_found_again(curve: PowerLaw) -> None:
    found = fit_power_law(points(curve))
    assert found.a == pytest.approx(curve.a, abs=1e-4)
    assert found.b == pytest.approx(curve.b, rel=1e-2)
    assert found.c == pytest.approx(curve.c, abs=1e-3)
    assert found(2816) == pytest.approx(curve(2816), abs=1e-5)


def test_a_curve_by_hand() -> None:
    # From 0.5 to 0.7 to 0.8: each doubling gains half of what the one before did, so c is 1, the
    # limit lies as far off as the last gain, and the next doubling gives 0.85.
    found = learning_curve([Point(100, 0.5), Point(200, 0.7), Point(400, 0.8)], [800])
    assert found.curve.c == pytest.approx(1.0, abs=1e-4)
    assert found.curve.a == pytest.approx(0.9, abs=1e-4)
    assert found.forecasts[0].score == pytest.approx(0.85, abs=1e-4)
    # Three unknowns go through three runs, whatever they are: nothing says how sure that is.
    assert found.forecasts[0].low is found.forecasts[0].high is found.residual is None
    assert "three runs are too few" in found.told()
    assert "| 800 | expected | 0.850 |" in table({"dev": found})


def test_runs_that_do_not_grow_give_a_flat_curve() -> None:
    found = fit_power_law([Point(100, 0.8), Point(200, 0.7), Point(400, 0.6)])
    assert found(100) == pytest.approx(0.7)
    assert found(10_000) == pytest.approx(0.7)


def test_the_limit_is_never_above_one() -> None:
    # A straight line over the logarithm would pass 1 at 1,600.
    found = fit_power_law([Point(100, 0.5), Point(200, 0.65), Point(400, 0.8)])
    assert found.a <= 1.0
    assert found(10**9) <= 1.0


def test_a_grid_of_all_three_unknowns_finds_nothing_better() -> None:
    runs = [Point(100, 0.61), Point(100, 0.58), Point(300, 0.71), Point(900, 0.74), Point(900, 0.8)]
    found = fit_power_law(runs)

    def squares(curve: PowerLaw) -> float:
        return sum((curve(run.size) - run.score) ** 2 for run in runs)

    best = squares(found)
    for a in np.linspace(0.6, 1.0, 41):
        for c in np.geomspace(0.05, 3.0, 40):
            for gap in np.linspace(0.0, 0.6, 61):  # how far off 100 sentences are
                assert best <= squares(PowerLaw(a, gap * 100**c, c)) + 1e-9


@given(st.lists(st.tuples(st.integers(1, 100_000), st.floats(0, 1)), min_size=3, max_size=12))
@settings(max_examples=100, deadline=None)
def test_every_curve_grows_and_stays_below_one(runs: list[tuple[int, float]]) -> None:
    if len({size for size, _ in runs}) < 3:
        return
    curve = fit_power_law([Point(*run) for run in runs])
    scores = [curve(size) for size in (1, 10, 100, 10_000, 10**6, 10**9)]
    assert all(b >= a - 1e-9 for a, b in pairwise(scores))
    assert scores[-1] <= 1 + 1e-9
    # No constant does better than the curve.
    found = np.array([score for _, score in runs])
    left = sum((curve(size) - score) ** 2 for size, score in runs)
    assert left <= ((found - found.mean()) ** 2).sum() + 1e-9


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "3 sizes or more, and there are 0"),
        ([(100, 0.5), (100, 0.6), (200, 0.7), (200, 0.7)], "3 sizes or more, and there are 2"),
        ([(0, 0.5), (100, 0.6), (200, 0.7)], "a run of 0 sentences"),
        ([(50, 0.5), (100, 60.0), (200, 0.7)], "F1 between 0 and 1"),
        ([(50, 0.5), (100, float("nan")), (200, 0.7)], "F1 between 0 and 1"),
    ],
)
def test_what_gives_no_curve_is_refused(runs: list[tuple[int, float]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        learning_curve([Point(*run) for run in runs])


def test_no_forecast_of_no_sentences() -> None:
    with pytest.raises(InputError, match="nothing can be said"):
        learning_curve(points(PowerLaw(0.9, 3.0, 0.5)), [0])


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_the_interval_holds_a_new_run_about_as_often_as_it_says(seeds: int) -> None:
    truth, noise = PowerLaw(0.92, 6.0, 0.6), 0.01
    draw = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        runs = [Point(size, truth(size) + draw.normal(0, noise)) for size in SIZES * seeds]
        [found] = learning_curve(runs, resamples=200).forecasts
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= truth(2816) + draw.normal(0, noise) <= found.high
    assert 0.9 <= inside / 200 <= 0.995


def test_order_makes_no_difference() -> None:
    runs = [Point(size, 0.9 - 3 / size + i / 100) for size in SIZES for i in range(2)]
    shuffled = random.Random(1).sample(runs, len(runs))
    assert learning_curve(shuffled) == learning_curve(runs)


def documents(count: int) -> list[Document]:
    return [Document(str(i), f"جملة رقم {i}") for i in range(count)]


def test_subsets_are_nested_and_do_not_depend_on_order() -> None:
    some = documents(50)
    small, large = subset(some, 10, 13), subset(some, 30, 13)
    assert large[:10] == small
    assert subset(some[::-1], 10, 13) == small
    assert subset(some, 10, 14) != small
    assert sorted(subset(some, 50, 13), key=lambda d: int(d.id)) == some


def test_the_table_and_the_words() -> None:
    runs = [Point(100, 0.5), Point(100, 0.5), Point(200, 0.7), Point(400, 0.8)]
    curve = learning_curve(runs, [800])
    assert "| sentences | dev | curve |" in table({"dev": curve})
    assert "| 100 | 0.500 ± 0.000 (2) | 0.500 |" in table({"dev": curve})
    assert "| 800 | 0.850 to 0.850 expected | 0.850 |" in table({"dev": curve})
    assert "with 800 sentences in place of 400 the curve gives F1 0.850 in place of 0.800" in (
        curve.told()
    )
    assert "(+5.0 points)" in curve.told()
    assert "not sure" not in curve.told()


def test_a_gain_that_noise_may_hide_is_told() -> None:
    rows = zip(SIZES * 2, (0.78, 0.86, 0.8, 0.86, 0.84, 0.8, 0.87, 0.82), strict=True)
    curve: LearningCurve = learning_curve([Point(*row) for row in rows])
    assert "it is not sure that a single run would show the gain" in curve.told()


def test_runs_that_do_not_level_off_are_told() -> None:
    runs = [Point(100, 0.3), Point(200, 0.3), Point(400, 0.5), Point(800, 0.8)]
    assert "the runs do not level off" in learning_curve(runs).told()
    assert "level off" not in learning_curve(points(PowerLaw(0.95, 3.0, 0.5))).told()


def test_the_curve_as_plain_values() -> None:
    found = learning_curve(points(PowerLaw(0.95, 3.0, 0.5))).to_dict()
    assert found["formula"] == "f1(n) = a - b * n ** -c"
    assert found["points"][0]["size"] == 176
    [forecast] = found["forecasts"]
    assert forecast["size"] == 2816
    assert forecast["level"] == 0.95
