from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.document import Span
from train.tags import TagSet
from train.words import split_words

TAGS = TagSet(["A", "W"])
TEXT = "واحد اثنان ثلاثة أربعة خمسة"
WORDS = split_words(TEXT)

# spans as word ranges, tags
TABLE = [
    ([], "O O O O O"),
    ([(0, 1, "A")], "B-A O O O O"),
    ([(1, 3, "W")], "O B-W I-W O O"),
    ([(0, 2, "A"), (2, 4, "A")], "B-A I-A B-A I-A O"),
    ([(0, 1, "A"), (1, 2, "W"), (4, 5, "A")], "B-A B-W O O B-A"),
    ([(0, 5, "W")], "B-W I-W I-W I-W I-W"),
]


def to_spans(ranges: list[tuple[int, int, str]]) -> tuple[Span, ...]:
    return tuple(Span(WORDS[a].start, WORDS[b - 1].end, label) for a, b, label in ranges)


@pytest.mark.parametrize(("ranges", "tags"), TABLE)
def test_encode_and_runs_by_table(ranges: list[tuple[int, int, str]], tags: str) -> None:
    encoded = TAGS.encode(WORDS, to_spans(ranges))
    assert [TAGS.names[tag] for tag in encoded] == tags.split()
    assert TAGS.runs(encoded) == ranges


def test_legal_transitions_by_hand() -> None:
    # rows: before; columns: O B-A I-A B-W I-W
    assert TAGS.names == ("O", "B-A", "I-A", "B-W", "I-W")
    assert TAGS.transitions.astype(int).tolist() == [
        [1, 1, 0, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
    ]
    assert TAGS.starts.astype(int).tolist() == [1, 1, 0, 1, 0]


def legal(path: tuple[int, ...]) -> bool:
    return bool(TAGS.starts[path[0]]) and all(
        TAGS.transitions[a, b] for a, b in itertools.pairwise(path)
    )


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_best_path_is_the_best_of_all_legal_paths(length: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(length, 5)).astype(np.float32)
    path = TAGS.best_path(scores)
    every = [p for p in itertools.product(range(5), repeat=length) if legal(p)]
    best = max(sum(scores[i, t] for i, t in enumerate(p)) for p in every)
    assert legal(tuple(path))
    assert sum(scores[i, t] for i, t in enumerate(path)) == pytest.approx(best, abs=1e-5)


def test_decode_repairs_what_argmax_breaks() -> None:
    # The largest scores say O I-A, which is illegal; B-A I-A sums higher than O B-A.
    logits = np.full((2, 5), -9.0, dtype=np.float32)
    logits[0, [0, 1]] = [2.0, 1.9]
    logits[1, [2, 1]] = [3.0, 0.0]
    [span] = TAGS.decode(WORDS[:2], logits)
    assert (span.start, span.end, span.label) == (0, WORDS[1].end, "A")


def test_score_is_the_weakest_decision() -> None:
    """Two words marked, the third not; every probability is set by hand."""
    probabilities = np.array(
        [
            [0.05, 0.90, 0.01, 0.02, 0.02],
            [0.10, 0.05, 0.80, 0.03, 0.02],
            [0.70, 0.02, 0.25, 0.02, 0.01],
        ]
    )
    [span] = TAGS.decode(WORDS[:3], np.log(probabilities).astype(np.float32))
    assert span.score == pytest.approx(0.75)  # the third word not being I-A


def test_faults_are_loud() -> None:
    with pytest.raises(ValueError, match="label 'X'"):
        TAGS.encode(WORDS, [Span(0, 4, "X")])
    with pytest.raises(ValueError, match="covers no whole word"):
        TAGS.encode(WORDS, [Span(1, 3, "A")])
    with pytest.raises(ValueError, match="5 words but 2 rows"):
        TAGS.decode(WORDS, np.zeros((2, 5), np.float32))


def test_no_words_no_spans() -> None:
    assert TAGS.decode([], np.zeros((0, 5), np.float32)) == ()
