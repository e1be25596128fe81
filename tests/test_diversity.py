"""What is chosen is good and varied."""

from __future__ import annotations

import numpy as np
import pytest

from train.diversity import choose, vectors

TEXTS = [
    "قصفت طائرات حربية معسكرا قرب المدينة",
    "قصفت الطائرات الحربية المعسكر قرب مدينة أخرى",
    "افتتح الوزير معرض الكتاب في العاصمة",
    "",
]


def everything(index: int) -> bool:
    return True


def test_likeness_is_that_of_the_words() -> None:
    of = vectors(TEXTS)
    likeness = of @ of.T
    assert np.diag(likeness)[:3] == pytest.approx([1, 1, 1], abs=1e-5)
    assert likeness[0, 1] > 0.3 > 0.1 > likeness[0, 2]
    assert not likeness[3].any()
    assert np.array_equal(of, vectors(TEXTS))


def test_spelling_makes_no_difference() -> None:
    [one, other] = vectors(["أُصيب جنديٌّ في القاعدة", "اصيب جندي في القاعده"])
    assert one @ other == pytest.approx(1.0, abs=1e-5)


def test_the_best_goes_first_and_what_is_like_it_waits() -> None:
    # Ranks are 4/4, 3/4, 2/4, 1/4, and halves of them count. Behind the first, the second (its
    # very twin) is worth 3/8 - 1/2, the third 2/8, the fourth 1/8.
    of = np.eye(4, dtype=np.float32)
    of[1] = of[0]
    assert choose([9, 8, 7, 6], of, 4, everything) == [0, 2, 3, 1]
    assert choose([9, 8, 7, 6], np.eye(4, dtype=np.float32), 4, everything) == [0, 1, 2, 3]
    assert choose([6, 7, 8, 9], np.eye(4, dtype=np.float32), 2, everything) == [3, 2]


def test_what_is_refused_holds_nothing_back() -> None:
    of = np.eye(4, dtype=np.float32)
    of[1] = of[0]
    asked: list[int] = []

    def all_but_the_first(index: int) -> bool:
        asked.append(index)
        return index != 0

    assert choose([9, 8, 7, 6], of, 2, all_but_the_first) == [1, 2]
    assert asked == [0, 1, 2]


def test_ends() -> None:
    assert choose([], np.zeros((0, 4), np.float32), 3, everything) == []
    assert choose([1, 1], np.eye(2, dtype=np.float32), 9, everything) == [0, 1]
    assert choose([1, 1], np.eye(2, dtype=np.float32), 9, lambda index: False) == []
    assert vectors([]).shape[0] == 0
