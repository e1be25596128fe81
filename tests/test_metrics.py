from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from train.document import Document, Span
from train.errors import InputError
from train.metrics import Account, account_for, score
from train.tags import TagSet
from train.words import split_words

LABELS = ("A", "W", "C")
TAGS = TagSet(LABELS)


def random_tags(rng: random.Random, length: int) -> list[str]:
    tags: list[str] = []
    for _ in range(length):
        before = tags[-1] if tags else "O"
        choices = ["O", "O", "O", *(f"B-{label}" for label in LABELS)]
        if before != "O":
            choices += ["I-" + before[2:]] * 4
        tags.append(rng.choice(choices))
    return tags


def document(number: int, tags: list[str]) -> Document:
    text = " ".join("كلمة" for _ in tags)
    words = split_words(text)
    runs = TAGS.runs([TAGS.names.index(tag) for tag in tags])
    spans = tuple(Span(words[a].start, words[b - 1].end, label) for a, b, label in runs)
    return Document(str(number), text, spans)


def noisy(rng: random.Random, tags: list[str]) -> list[str]:
    """A prediction that is often right and never an illegal sequence."""
    cut = rng.randrange(len(tags) + 1)
    tail = random_tags(rng, len(tags) - cut)
    joined = tags[:cut] + tail
    if (
        cut < len(joined)
        and joined[cut].startswith("I-")
        and (cut == 0 or joined[cut - 1][2:] != joined[cut][2:])
    ):
        joined[cut] = "B" + joined[cut][1:]
    return joined


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_equal_to_seqeval_strict_on_random_corpora() -> None:
    rng = random.Random(20)
    for _ in range(2_000):
        gold = [random_tags(rng, rng.randrange(1, 12)) for _ in range(rng.randrange(1, 5))]
        predicted = [noisy(rng, tags) for tags in gold]
        ours = score(
            [document(i, tags) for i, tags in enumerate(gold)],
            [document(i, tags) for i, tags in enumerate(predicted)],
            LABELS,
        )
        options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
        assert ours.micro.f1 == pytest.approx(f1_score(gold, predicted, **options))
        assert ours.micro.precision == pytest.approx(precision_score(gold, predicted, **options))
        assert ours.micro.recall == pytest.approx(recall_score(gold, predicted, **options))
        if not any(tag != "O" for tags in (*gold, *predicted) for tag in tags):
            continue  # seqeval's report fails on a corpus without entities
        report = classification_report(gold, predicted, output_dict=True, **options)
        for label in LABELS:
            if label in report:
                assert ours.labels[label].f1 == pytest.approx(report[label]["f1-score"])
                assert ours.labels[label].gold == report[label]["support"]
        assert ours.macro["f1"] == pytest.approx(report["macro avg"]["f1-score"])
        assert ours.macro["recall"] == pytest.approx(report["macro avg"]["recall"])


# gold spans, predicted spans, the account; a span is (start, end, label)
ACCOUNTS = [
    ([], [], Account()),
    ([(0, 3, "A")], [(0, 3, "A")], Account(correct=1)),
    ([(0, 3, "A")], [], Account(missed=1)),
    ([], [(0, 3, "A")], Account(spurious=1)),
    ([(0, 3, "A")], [(0, 3, "W")], Account(wrong_label=1)),
    ([(0, 3, "A")], [(0, 5, "A")], Account(wrong_border=1)),
    ([(0, 3, "A")], [(2, 5, "W")], Account(wrong_label=1)),
    # The end is exclusive: touching is not overlapping.
    ([(0, 3, "A")], [(3, 5, "A")], Account(missed=1, spurious=1)),
    # One long gold span cut in two: one border mistake, one invention.
    ([(0, 9, "A")], [(0, 4, "A"), (5, 9, "A")], Account(wrong_border=1, spurious=1)),
    # Two gold spans joined: one border mistake, one miss.
    ([(0, 4, "A"), (5, 9, "A")], [(0, 9, "A")], Account(wrong_border=1, missed=1)),
    # The exact span beside an overlapping one: the exact one is paired first.
    ([(0, 4, "A")], [(0, 4, "A"), (3, 6, "W")], Account(correct=1, spurious=1)),
    # The same stretch with another label goes before an overlap with the right one.
    ([(0, 4, "A")], [(0, 4, "W"), (5, 6, "A")], Account(wrong_label=1, spurious=1)),
]


@pytest.mark.parametrize(("gold", "predicted", "account"), ACCOUNTS)
def test_account_by_hand(
    gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], account: Account
) -> None:
    outcomes = account_for([Span(*s) for s in gold], [Span(*s) for s in predicted])
    assert sum((outcome for _, outcome in outcomes), Account()) == account


def test_scores_by_hand() -> None:
    text = "ا ب ج د ه و ز ح ط ي"
    gold = Document("1", text, (Span(0, 3, "A"), Span(4, 5, "W"), Span(8, 11, "A")))
    predicted = Document("1", text, (Span(0, 3, "A"), Span(4, 7, "W"), Span(12, 13, "C")))
    scores = score([gold], [predicted], LABELS)
    assert scores.micro.precision == pytest.approx(1 / 3)
    assert scores.micro.recall == pytest.approx(1 / 3)
    assert scores.labels["A"].f1 == pytest.approx(2 / 3)
    assert scores.labels["W"].f1 == 0
    assert scores.macro["f1"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores.macro["precision"] == pytest.approx((1 + 0 + 0) / 3)
    assert scores.overlap.f1 == pytest.approx(2 / 3)
    assert scores.account == Account(correct=1, wrong_border=1, missed=1, spurious=1)
    exported = scores.to_dict()
    assert exported["micro"]["f1"] == pytest.approx(1 / 3)
    assert exported["labels"]["A"]["recall"] == pytest.approx(1 / 2)


@given(st.integers(0, 2**32))
def test_account_adds_up_and_order_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)
    gold = [document(i, random_tags(rng, 9)) for i in range(4)]
    predicted = [
        Document(d.id, d.text, document(i, random_tags(rng, 9)).spans) for i, d in enumerate(gold)
    ]
    scores = score(gold, predicted, LABELS)
    total = scores.account
    paired = total.correct + total.wrong_border + total.wrong_label
    assert paired + total.missed == scores.micro.gold
    assert paired + total.spurious == scores.micro.predicted
    assert total.correct == scores.micro.found
    order = rng.sample(range(4), 4)
    shuffled = score([gold[i] for i in order], [predicted[i] for i in order], LABELS)
    assert shuffled.to_dict() == scores.to_dict()


def test_a_corpus_without_entities_scores_zero() -> None:
    empty = Document("1", "هدوء")
    scores = score([empty], [empty], LABELS)
    assert (scores.micro.f1, scores.macro["f1"], scores.overlap.f1) == (0, 0, 0)


def test_different_texts_are_not_compared() -> None:
    with pytest.raises(InputError, match="same texts"):
        score([Document("1", "هدوء")], [Document("1", "هدوء حذر")], LABELS)
