"""Perturbed texts, worked out by hand, and what holds for any text."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.document import Document, Span, check_spans
from train.inline import format_line, parse_line
from train.normalizer import Normalizer
from train.perturbations import PERTURBATIONS
from train.words import split_words

T = TypeVar("T")


class Everywhere(random.Random):
    """A draw that takes every chance, and the first of every choice."""

    def random(self) -> float:
        return 0.0

    def choice(self, seq: Any) -> Any:
        return seq[0]

    def randint(self, a: int, b: int) -> int:
        return a


def document(line: str, name: str = "d") -> Document:
    text, spans = parse_line(line)[:2]
    return Document(name, text, tuple(spans), {"source": "own"})


# What comes of an inline line where every chance is taken.
BY_HAND = {
    "no-hamza": [
        ("أُصيب [مؤيدو الرئيس](ACTOR) في إب وآمد.", "اُصيب [مويدو الرييس](ACTOR) في اب وامد."),
        ("[\u0627\u0654مير](ACTOR) الجزء", "[امير](ACTOR) الجزء"),
    ],
    "ya-as-maqsura": [
        (
            "قصف [الجيش السوري](ACTOR) حي النور في يبرود",
            "قصف [الجيش السورى](ACTOR) حى النور فى يبرود",
        ),
        ("[عليّ](ACTOR)، علىّ ومصطفى", "[علىّ](ACTOR)، علىّ ومصطفى"),
    ],
    "maqsura-as-ya": [("سقط [قتلى](CASUALTY) على الطريق", "سقط [قتلي](CASUALTY) علي الطريق")],
    "ta-marbuta-as-ha": [("[خمسة](CASUALTY) في غارة، ثانية", "[خمسه](CASUALTY) في غاره، ثانيه")],
    "tashkeel": [("[قد](ACTOR)، 5 km شّ", "[قَدَ](ACTOR)، 5 km شّ")],
    "no-tashkeel": [("قُتِلَ [جنديٌّ](CASUALTY) هُنا", "قتل [جندي](CASUALTY) هنا")],
    # ا and د and و do not join to what follows, nothing joins to ء, and the last letter has
    # nothing to join to.
    "tatweel": [("[جدار](BASE) شيء عن", "[جـدار](BASE) شـيء عـن")],
    "arabic-digits": [("[12,500](CASUALTY) عام 2019", "[١٢,٥٠٠](CASUALTY) عام ٢٠١٩")],
    "western-digits": [("[١٢٬٥٠٠](CASUALTY) عام ۲۰۱۹", "[12٬500](CASUALTY) عام 2019")],
    "glued-words": [
        # Not beside a mention, not between numbers, not over a line break or a comma.
        (
            "قال [قائد الجيش](ACTOR) هنا في عام 20 30 و،لا",
            "قال [قائدالجيش](ACTOR) هنافيعام20 30و،لا",
        ),
        ("[الجيش](ACTOR) [قاعدة](BASE) يا ابن", "[الجيش](ACTOR) [قاعدة](BASE) ياابن"),
    ],
    "split-words": [
        # Behind a letter that does not join, where there is one; two letters stay on either side.
        ("دمر [الطيران](WEAPON) بيت محمد", "دمر [الطير ان](WEAPON) بيت مح مد"),
    ],
    "scanned": [
        # A final nun and a final ya have no letter that differs by dots alone.
        ("[جنود](CASUALTY) بين علي", "[حبوذ](CASUALTY) تبن غلي"),
    ],
    "hidden": [
        (
            "[قد](ACTOR) 5",
            "\ufeff\u202b[ق\u200cد](ACTOR) \u200e5\u202c",
        )
    ],
    "no-punctuation": [
        ("قال: «[داعش](ACTOR)»، ثم... 3.5%", "قال [داعش](ACTOR) ثم 3.5%"),
        ("[كتائب «النور»](ACTOR)-[الوادي](BASE)!", "[كتائب النور](ACTOR) [الوادي](BASE)"),
        ("([الجيش](ACTOR))و(الشرطة)", "[الجيش](ACTOR) و الشرطة"),
        ("[«الجيش»](ACTOR) [، قوة](BASE)", "[الجيش](ACTOR)  [قوة](BASE)"),
    ],
    "headline": [
        ("قتل «[قائد](ACTOR)» كبير. ", "قتل [قائد](ACTOR) كبير"),
        (
            "واحد 2 3 4 5 6 7 8 9 10 11 [12 من 14](CASUALTY)، و[القاعدة](ACTOR).",
            "واحد 2 3 4 5 6 7 8 9 10 11 [12 من 14](CASUALTY)",
        ),
        (
            "واحد 2 3 4 5 6 7 8 9 10 «[القاعدة](ACTOR)» 13 [الجيش](ACTOR)",
            "واحد 2 3 4 5 6 7 8 9 10 [القاعدة](ACTOR)",
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [(name, before, after) for name, rows in BY_HAND.items() for before, after in rows],
)
def test_by_hand(name: str, before: str, after: str) -> None:
    found = PERTURBATIONS[name](document(before), Everywhere())
    assert format_line(found) == after
    assert (found.id, found.meta) == ("d", {"source": "own"})


def test_every_perturbation_is_worked_out_by_hand() -> None:
    assert set(BY_HAND) == set(PERTURBATIONS)


def test_a_headline_is_compared_with_the_part_that_it_keeps() -> None:
    line = "1 2 3 4 5 6 7 8 9 [10](CASUALTY) 11 12 13 [14](CASUALTY)"
    kept = PERTURBATIONS["headline"].clean(document(line))
    assert (kept.text, [s.start for s in kept.spans]) == (document(line).text, [18])


def test_a_text_whose_mention_would_be_lost_or_cut_stays() -> None:
    # The span is nothing but a stop; and a number that grows together with the one beside it.
    stop = document("قال [.](ACTOR) ثم")
    assert PERTURBATIONS["no-punctuation"](stop, Everywhere()) is stop
    number = document("[5](CASUALTY)\u064b.3")
    assert PERTURBATIONS["no-tashkeel"](number, Everywhere()) is number


def test_the_share_of_noise_is_what_it_says() -> None:
    text = "كتب " * 20_000
    found = PERTURBATIONS["scanned"].copy(Document("d", text)).text
    changed = sum(a != b for a, b in zip(text, found, strict=True))
    # ب and ت may be misread, ك may not: 800 are expected, 28 is a standard deviation.
    assert 680 < changed < 920
    glued = PERTURBATIONS["glued-words"].copy(Document("d", text)).text
    assert 870 < len(text) - len(glued) < 1130  # 1,000 and 31


def test_what_the_model_does_not_see_costs_nothing() -> None:
    text = document("أعلن [الجيش](ACTOR) مقتل [12 مسلحا](CASUALTY) في الجبهة.").text
    normalizer = Normalizer()
    for name in ("tashkeel", "tatweel", "arabic-digits", "hidden"):
        copy = PERTURBATIONS[name].copy(Document("d", text)).text
        assert copy != text
        assert normalizer(copy) == normalizer(text), name


PIECES = st.one_of(
    st.sampled_from(
        [
            "الجيش",
            "قاعدة",
            "على",
            "السوري",
            "مؤيدو",
            "إلى",
            "وَقُتِلَ",
            "جـندي",
            "١٢٬٥٠٠",
            "12.5",
            "NATO",
        ]
    ),
    st.text(alphabet="ابتثنيىةهءأؤئسشرزو", min_size=1, max_size=7),
    st.sampled_from(list(" \n\u00a0\u200f\u200d\ufeff\u064b\u0651\u0654.،-«»()%/_🚀") + [" "] * 12),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = "".join(draw(st.lists(PIECES, max_size=40)))
    words = split_words(text)
    marked = draw(st.lists(st.integers(0, max(0, len(words) - 1)), unique=True, max_size=8))
    spans = []
    borders = sorted(marked)
    for first, last in zip(borders[::2], borders[1::2], strict=False):
        label = draw(st.sampled_from(["ACTOR", "BASE"]))
        spans.append(Span(words[first].start, words[last - 1].end, label))
    assert not list(check_spans(text, spans, None, ""))
    return Document("d", text, tuple(spans))


def mapped(*groups: str) -> Callable[[str], str]:
    table = str.maketrans({letter: group[0] for group in groups for letter in group})
    return lambda text: text.translate(table)


def without(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text)


def no_punctuation(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c)[0] not in "PC")


def digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


SAME = {
    "no-hamza": lambda text: mapped("اأإآ", "وؤ", "يئ")(without("[\u0653-\u0655]")(text)),
    "ya-as-maqsura": mapped("يى"),
    "maqsura-as-ya": mapped("يى"),
    "ta-marbuta-as-ha": mapped("هة"),
    "tashkeel": without("[\u064b-\u0652]"),
    "no-tashkeel": without("[\u064b-\u0652\u0670]"),
    "tatweel": without("\u0640"),
    "arabic-digits": digits,
    "western-digits": digits,
    "glued-words": without(r"\s"),
    "split-words": without(r"\s"),
    "scanned": mapped("بتثني", "جحخ", "دذ", "رز", "سش", "صض", "طظ", "عغ", "فق"),
    "hidden": without("[\u061c\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]"),
    "no-punctuation": no_punctuation,
    "headline": no_punctuation,
}
"""What a perturbation leaves as it was."""


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("everywhere", [True, False])
@settings(max_examples=60, deadline=None)
@given(before=documents())
def test_mentions_cover_the_same_letters(name: str, everywhere: bool, before: Document) -> None:
    perturbation = PERTURBATIONS[name]
    after = perturbation(before, Everywhere()) if everywhere else perturbation.copy(before)
    assert after.id == before.id
    assert not list(check_spans(after.text, after.spans, None, ""))
    if after is before:
        return

    def mentions(found: Document) -> Sequence[tuple[str, str]]:
        return [(s.label, SAME[name](found.text[s.start : s.end])) for s in found.spans]

    assert mentions(after) == mentions(perturbation.clean(before))
    ours, theirs = SAME[name](before.text), SAME[name](after.text)
    assert ours.startswith(theirs) if name == "headline" else ours == theirs
    if not everywhere:
        assert perturbation.copy(before) == after


def test_noise_depends_on_text_seed_and_name_alone() -> None:
    text = " ".join(["قصفت طائرات حربية مواقع المسلحين"] * 20)
    copies = {PERTURBATIONS["scanned"].copy(Document("d", text), seed).text for seed in range(9)}
    assert len(copies) == 9
    other = PERTURBATIONS["scanned"].copy(Document("e", text), 3)
    assert (other.id, other.text in copies) == ("e", True)
