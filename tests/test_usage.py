"""How training data treats mentions, counted by hand."""

from __future__ import annotations

import random

from tests.test_mistakes import doc
from train.usage import Usage, Usages

DATA = [
    doc("1", "عزّز [الجيشُ السوريّ](ACTOR) مواقعه، ثم انسحب الجيش السوري."),
    doc("2", "قصف [للجيش السورى](ACTOR) و[الجيش السوري](BASE) قرب الجيش"),
    doc("3", "أعلن [قائد الجيش السوري](ACTOR) أن جيشه السوري باق"),
    doc("4", "وبالجيش السوري تعزيزات"),
    doc("5", ""),
]


def test_usage_by_hand() -> None:
    army, alone, never = "والجيشِ السورى", "تعزيزات", "فوج"
    found = Usages(DATA, [army, alone, never])
    # Marked ACTOR in 1 and 2, BASE in 2; unmarked in 1 and 4. In 3 it is part of another mention.
    assert found.of(army, "ACTOR") == Usage(2, 1, 2)
    assert found.of(army, "BASE") == Usage(1, 2, 2)
    assert found.of(army, "WEAPON") == Usage(0, 3, 2)
    assert found.of(alone, "ACTOR") == Usage(0, 0, 1)
    assert found.of(never, "ACTOR") == Usage(0, 0, 0)


def test_a_preposition_is_no_base() -> None:
    found = Usages([doc("1", "وقف عند العند، قرب [العند](BASE) وللعند طريق")], ["العند", "عند"])
    assert found.of("العند", "BASE") == Usage(1, 0, 2)
    assert found.of("عند", "BASE") == Usage(1, 0, 1)


def test_usage_does_not_depend_on_the_order() -> None:
    names = ["الجيش", "الجيش السوري"]
    again = random.Random(1).sample(DATA, len(DATA))
    for name in names:
        assert Usages(DATA, names).of(name, "ACTOR") == Usages(again, names[::-1]).of(name, "ACTOR")
    # One alone in 2, and those of "the army of Syria" that are not marked.
    assert Usages(DATA, names).of("الجيش", "ACTOR") == Usage(0, 0, 3)


def test_a_mention_that_a_text_has_half() -> None:
    found = Usages([doc("1", "هاجم الجيش"), doc("2", "الجيش")], ["الجيش السوري"])
    assert found.of("الجيش السوري", "ACTOR") == Usage(0, 0, 0)
