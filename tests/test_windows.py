from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.batches import plan_batches
from train.windows import plan_windows

# costs, sentence ends, capacity, stride, windows as (first, last, owned first, owned last)
TABLE = [
    ([], [], 4, 2, []),
    ([1, 1, 1], [3], 4, 2, [(0, 3, 0, 3)]),
    ([1, 1, 1, 1], [2, 4], 4, 2, [(0, 2, 0, 2), (2, 4, 2, 4)]),
    ([1] * 6, [6], 4, 2, [(0, 4, 0, 3), (2, 6, 3, 6)]),
    ([1] * 5, [5], 4, 0, [(0, 4, 0, 4), (4, 5, 4, 5)]),
    ([1] * 8, [8], 4, 2, [(0, 4, 0, 3), (2, 6, 3, 5), (4, 8, 5, 8)]),
    # The next word is too big to share a window with anything before it.
    ([1, 1, 4, 1], [4], 4, 2, [(0, 2, 0, 2), (2, 3, 2, 3), (3, 4, 3, 4)]),
    ([2, 2, 2], [3], 4, 2, [(0, 2, 0, 2), (1, 3, 2, 3)]),
]


@pytest.mark.parametrize(("costs", "ends", "capacity", "stride", "windows"), TABLE)
def test_windows_by_hand(
    costs: list[int], ends: list[int], capacity: int, stride: int, windows: list[tuple[int, ...]]
) -> None:
    planned = plan_windows(costs, ends, capacity, stride)
    assert [(w.first, w.last, w.owned_first, w.owned_last) for w in planned] == windows


@st.composite
def tasks(draw: st.DrawFn) -> tuple[list[int], list[int], int, int]:
    capacity = draw(st.integers(1, 12))
    costs = draw(st.lists(st.integers(1, capacity), max_size=40))
    ends = sorted(draw(st.sets(st.integers(1, max(1, len(costs))), max_size=5)))
    ends = [*(e for e in ends if e < len(costs)), len(costs)] if costs else []
    return costs, ends, capacity, draw(st.integers(0, capacity - 1))


@given(tasks())
def test_every_word_is_owned_once_and_fits(task: tuple[list[int], list[int], int, int]) -> None:
    costs, ends, capacity, stride = task
    windows = plan_windows(costs, ends, capacity, stride)
    owned = [word for w in windows for word in range(w.owned_first, w.owned_last)]
    assert owned == list(range(len(costs)))
    for window in windows:
        assert window.first <= window.owned_first < window.owned_last <= window.last
        assert sum(costs[window.first : window.last]) <= capacity
        # No window reaches over a sentence border.
        assert not any(window.first < end < window.last for end in ends)


@given(tasks())
def test_neighbours_share_at_most_the_stride(task: tuple[list[int], list[int], int, int]) -> None:
    costs, ends, capacity, stride = task
    windows = plan_windows(costs, ends, capacity, stride)
    for a, b in itertools.pairwise(windows):
        assert b.first > a.first
        assert b.last > a.last
        assert sum(costs[b.first : a.last]) <= stride


def test_impossible_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="over the capacity"):
        plan_windows([5], [1], 4, 1)
    with pytest.raises(ValueError, match="stride"):
        plan_windows([1], [1], 4, 4)


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_batches_hold_every_index_once_within_budget(lengths: list[int], budget: int) -> None:
    batches = plan_batches(lengths, budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len({lengths[i] for i in batch}) == 1
        assert len(batch) == 1 or lengths[batch[0]] * len(batch) <= budget
    # No two batches of one length could have been one.
    joinable = [
        (a, b)
        for i, a in enumerate(batches)
        for b in batches[i + 1 :]
        if lengths[a[0]] == lengths[b[0]] and lengths[a[0]] * (len(a) + len(b)) <= budget
    ]
    assert not joinable
