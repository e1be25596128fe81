"""What a report tells, worked out by hand, and that texts of the data stay texts in the page."""

from __future__ import annotations

import builtins
import json
import random
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.test_cli import marsad
from train import page, plots
from train.advice import advise
from train.document import Document, Span
from train.error_table import ErrorTable
from train.errors import InputError
from train.inline import parse_line
from train.metrics import score
from train.page import embedded, render, visible, write_report
from train.report import build_report
from train.slices import known_mentions, slices

LABELS = ("ACTOR", "WEAPON", "BASE", "CASUALTY")
HOSTILE = (
    "</script><script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 2'>",
    "\"'&amp;]]><!-- {{ 7 * 7 }} ${1} `",
    "\u202eقلب\u2066\x00\x1b[31m\ud800 \u2028 \U0001f600",
)


def doc(identifier: str, line: str, *scores: float, **meta: Any) -> Document:
    text, spans = parse_line(line)
    if scores:
        spans = tuple(replace(s, score=v) for s, v in zip(spans, scores, strict=True))
    return Document(identifier, text, spans, meta)


# Gold 6, predicted 6, right 2: two missed, two invented, a wrong border and a wrong label.
GOLD = [
    doc("s_2", "هاجم [الثوار](ACTOR) [ثكنة الحدود](BASE) أمس. ثم قتل [جنديان](CASUALTY)."),
    doc("s_1", "قصفت [طائرة](WEAPON) القرية ليلا."),
    doc("t_3", "قال [الثوار](ACTOR) إن [المدفعية](WEAPON) ردت."),
]
TAGGED = [
    doc(
        "s_2",
        "هاجم [الثوار](ACTOR) [ثكنة](BASE) الحدود أمس. ثم قتل [جنديان](ACTOR).",
        0.9,
        0.5,
        0.7,
    ),
    doc("s_1", "قصفت طائرة [القرية](BASE) ليلا.", 0.95),
    doc("t_3", "قال [الثوار](ACTOR) إن المدفعية [ردت](BASE).", 0.8, 0.3),
]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return build_report(GOLD, TAGGED, LABELS, about={"model": "m"})


def hostile_report() -> dict[str, Any]:
    gold, tagged = [], []
    for number, words in enumerate(HOSTILE):
        text = f"\U0001f600 {words} قرب {words}"
        start = text.index("قرب")
        identifier = f"{words}_{number}"
        meta = {"source": words}
        gold.append(Document(identifier, text, (Span(2, 2 + len(words), "ACTOR"),), meta))
        spans = (Span(start, start + 3, "BASE", 0.99), Span(start + 4, len(text), "ACTOR", 0.5))
        tagged.append(Document(identifier, text, spans, meta))
    return build_report(gold, tagged, LABELS, about={"model": HOSTILE[0], HOSTILE[1]: HOSTILE[3]})


def test_errors_by_hand(report: dict[str, Any]) -> None:
    told = [
        (e["kind"], e["label"], e["tagged_as"], e["gold"], e["predicted"], e["score"])
        for e in report["errors"]
    ]
    assert told == [
        ("missed", "WEAPON", None, 0, None, None),
        ("spurious", "BASE", None, None, 0, 0.95),
        ("wrong_border", "BASE", None, 1, 1, 0.5),
        ("wrong_label", "CASUALTY", "ACTOR", 0, 0, 0.7),
        ("missed", "WEAPON", None, 1, None, None),
        ("spurious", "BASE", None, None, 1, 0.3),
    ]
    sentences = report["sentences"]
    assert [sentences[e["sentence"]]["document"] for e in report["errors"]] == (
        ["s_1", "s_1", "s_2", "s_2", "t_3", "t_3"]
    )
    assert sentences[1] == {
        "document": "s_2",
        "text": "هاجم الثوار ثكنة الحدود أمس.",
        "start": 0,
        "gold": [
            {"start": 5, "end": 11, "label": "ACTOR"},
            {"start": 12, "end": 23, "label": "BASE"},
        ],
        "predicted": [
            {"start": 5, "end": 11, "label": "ACTOR", "score": 0.9},
            {"start": 12, "end": 16, "label": "BASE", "score": 0.5},
        ],
    }
    # Another sentence of the same document: offsets count from its own start.
    assert sentences[2]["text"] == "ثم قتل جنديان."
    assert sentences[2]["start"] == 29
    assert sentences[2]["gold"] == [{"start": 7, "end": 13, "label": "CASUALTY"}]


def test_figures_by_hand(report: dict[str, Any]) -> None:
    assert report["documents"] == 3
    micro = report["scores"]["micro"]
    assert (micro["gold"], micro["predicted"], micro["right"]) == (6, 6, 2)
    assert micro["f1"] == pytest.approx(1 / 3)
    assert report["intervals"]["micro"]["f1"]["value"] == pytest.approx(1 / 3)
    assert report["confusion"]["CASUALTY"]["ACTOR"] == 1
    assert report["confusion"]["BASE"]["BASE"] == 1
    # Six spans of six scores, two of them right; a bin each.
    assert report["calibration"]["all"]["spans"] == 6
    off = (0.3 + 0.5 + 0.7 + 0.95) + (1 - 0.8) + (1 - 0.9)
    assert report["calibration"]["all"]["ece"] == pytest.approx(off / 6)
    assert report["calibration"]["all"]["curve"][-1]["recall"] == pytest.approx(2 / 6)
    assert set(report["calibration"]) == {"all", "ACTOR", "BASE"}
    kept = report["calibration"]["all"]["kept"]
    # Scores 0.3, 0.5, 0.7, 0.95 wrong; 0.8, 0.9 right; six spans in the data.
    assert [(p["threshold"], p["kept"], p["precision"], p["recall"]) for p in kept] == [
        (0.0, 6, pytest.approx(2 / 6), pytest.approx(2 / 6)),
        (0.5, 5, pytest.approx(2 / 5), pytest.approx(2 / 6)),
        (0.6, 4, pytest.approx(2 / 4), pytest.approx(2 / 6)),
        (0.7, 4, pytest.approx(2 / 4), pytest.approx(2 / 6)),
        (0.8, 3, pytest.approx(2 / 3), pytest.approx(2 / 6)),
        (0.9, 2, pytest.approx(1 / 2), pytest.approx(1 / 6)),
        (0.95, 1, 0.0, 0.0),
    ]
    assert report["suspects"]["errors"] == [1]
    assert (report["counts"], report["robustness"]) == (None, None)


def test_tags_lead_to_their_errors(report: dict[str, Any]) -> None:
    def errors_of(group: str, name: str) -> list[int]:
        tag = report["tags"].index({"group": group, "name": name})
        return [i for i, error in enumerate(report["errors"]) if tag in error["tags"]]

    assert errors_of("by_source", "s") == [0, 1, 2, 3]
    assert errors_of("by_position", "3rd third") == [3, 5]
    assert errors_of("suspects", "the tagger is sure: 0.9 or more") == [1]
    assert errors_of("wrong_border", "left out: الحدود (BASE)") == [2]
    assert errors_of("by_other_side", "it overlaps a mention") == [2, 3]
    assert errors_of("by_other_side", "nothing is marked") == [0, 1, 4, 5]
    assert errors_of("wrong_label", "جنديان (CASUALTY, tagged ACTOR)") == [3]
    [border] = report["frequent"]["wrong_border"]
    assert border["border"] == {"taken_in": [], "left_out": ["الحدود"]}
    for rows in report["frequent"].values():
        for row in rows:
            assert row["in_training"] is None
            of_tag = [e for e in report["errors"] if row["tag"] in e["tags"]]
            assert len(of_tag) == row["count"]
            assert report["errors"][row["error"]] in of_tag


def test_repeated_mentions_share_a_tag() -> None:
    gold = [doc(str(i), "رد [الجيش](ACTOR) أمس") for i in range(3)]
    gold.append(doc("3", "رد [للجيش](ACTOR) أمس"))
    gold.append(doc("4", "رد [الجيش](BASE) أمس"))
    bare = [replace(document, spans=()) for document in gold]
    found = build_report(gold, bare, LABELS)
    first, second = found["frequent"]["missed"]
    assert (first["mention"], first["count"], first["label"]) == ("الجيش", 4, "ACTOR")
    assert [first["tag"] in e["tags"] for e in found["errors"]] == [True] * 4 + [False]
    assert (second["count"], second["label"]) == (1, "BASE")
    assert (first["in_gold"], second["in_gold"]) == (4, 1)
    assert found["different"] == {"wrong_border": 0, "wrong_label": 0, "missed": 2, "spurious": 0}
    with_training = build_report(gold, bare, LABELS, training=gold[3:] + bare[:1])
    usage = {"marked": 1, "otherwise": 1, "unmarked": 1}
    assert [row["in_training"] for row in with_training["frequent"]["missed"]] == [usage, usage]
    assert with_training["help"][0]["examples"][0]["in_training"] == usage
    assert found["calibration"] == {}
    assert found["suspects"] == {"min_score": 0.9, "tag": None, "errors": []}


def test_the_order_of_documents_changes_no_byte(report: dict[str, Any]) -> None:
    order = [2, 0, 1]
    other = build_report(
        [GOLD[i] for i in order], [TAGGED[i] for i in order], LABELS, about={"model": "m"}
    )
    assert json.dumps(other) == json.dumps(report)
    assert render(other) == render(report)


def test_equal_ids_are_told_apart() -> None:
    gold = [doc("1", "[قاعدة](BASE) هنا"), doc("1", "[مدفع](WEAPON) هناك")]
    bare = [replace(document, spans=()) for document in gold]
    found = build_report(gold, bare, LABELS)
    assert [found["sentences"][e["sentence"]]["text"] for e in found["errors"]] == (
        ["قاعدة هنا", "مدفع هناك"]
    )


def test_other_texts_are_refused() -> None:
    with pytest.raises(InputError, match="same texts"):
        build_report(GOLD, TAGGED[:2], LABELS)


@pytest.mark.parametrize("documents", [0, 1])
def test_little_data(documents: int) -> None:
    bare = [doc("1", "لا شيء هنا")][:documents]
    found = build_report(bare, bare, LABELS)
    assert found["help"] == []
    assert "The data marks nothing at all" in render(found)


# Advice


def advice_for(
    gold: list[Document], tagged: list[Document], known: list[Document] | None = None
) -> list[dict[str, Any]]:
    """Return the advice, each with the kinds and labels of its errors."""
    mentions = None if known is None else known_mentions(known)
    table = ErrorTable(gold, tagged, mentions)
    parts = slices(gold, tagged, mentions)
    found = []
    for advice in advise(table, score(gold, tagged, LABELS), parts):
        errors = [e for e in table.errors if advice.tag in e["tags"]]
        assert {id(e) for e in errors} == {id(table.errors[place]) for place in advice.errors}
        found.append(
            advice.to_dict(table) | {"of": sorted({(e["kind"], e["label"]) for e in errors})}
        )
    return found


def test_advice_by_hand() -> None:
    # Ten mentions are right, three WEAPON are missed, two ACTOR invented, two BASE cut short.
    right = [doc(f"a{i}", "رد [الجيش](ACTOR) أمس") for i in range(10)]
    missed = [doc(f"b{i}", "رد [المدفع](WEAPON) أمس") for i in range(3)]
    spurious = [doc(f"c{i}", "رد [الناس](ACTOR) أمس") for i in range(2)]
    border = [doc(f"d{i}", "قرب [مطار الوادي](BASE) أمس") for i in range(2)]
    short = [doc(f"d{i}", "قرب [مطار](BASE) الوادي أمس") for i in range(2)]
    bare = [replace(document, spans=()) for document in missed]
    gold = [*right, *missed, *(replace(d, spans=()) for d in spurious), *border]
    found = advice_for(gold, [*right, *bare, *spurious, *short])
    # Gold 15, predicted 14, right 10: F1 20/29. With the three found 26/32; with the borders
    # right 24/29; without the invented ones 20/27.
    assert [(a["of"], a["errors"]) for a in found] == [
        ([("wrong_border", "BASE")], 2),
        ([("missed", "WEAPON")], 3),
        ([("spurious", "ACTOR")], 2),
    ]
    assert [a["f1"] for a in found] == pytest.approx([24 / 29, 26 / 32, 20 / 27])
    assert [(e["words"], e["count"]) for a in found for e in a["examples"]] == (
        [("left out: الوادي", 2), ("المدفع", 3), ("الناس", 2)]
    )


def test_a_mention_cut_in_two_is_an_error_of_borders() -> None:
    # Two are cut in two: each is a wrong border and an invented ACTOR, and neither is passed over.
    gold = [doc(f"a{i}", "رد [جيش الفتح وجند الشام](ACTOR) أمس") for i in range(2)]
    tagged = [doc(f"a{i}", "رد [جيش الفتح](ACTOR) و[جند الشام](ACTOR) أمس") for i in range(2)]
    [advice] = advice_for(gold, tagged)
    assert advice["of"] == [("spurious", "ACTOR"), ("wrong_border", "ACTOR")]
    assert (advice["errors"], advice["f1"]) == (4, 1.0)
    # The other way round one of the two is missed.
    [advice] = advice_for(tagged, gold)
    assert advice["of"] == [("missed", "ACTOR"), ("wrong_border", "ACTOR")]


def test_advice_parts_new_mentions_from_known_ones() -> None:
    gold = [doc(f"a{i}", "رد [المدفع](WEAPON) أمس") for i in range(3)]
    gold += [doc(f"b{i}", "رد [الصاروخ](WEAPON) أمس") for i in range(2)]
    gold += [doc(f"c{i}", "رد [الهاون](WEAPON) أمس") for i in range(4)]
    bare = [replace(document, spans=()) for document in gold]
    training = [doc("t", "[مدفع](WEAPON) و[صاروخ](BASE)")]
    found = advice_for(gold, bare, training)
    assert [(a["errors"], a["examples"][0]["words"]) for a in found] == (
        [(4, "الهاون"), (3, "المدفع"), (2, "الصاروخ")]
    )
    assert "lacks" in found[0]["title"]
    assert "alike everywhere" in found[1]["title"]
    assert "whether" in found[2]["title"]


def test_what_the_training_data_marks_is_no_mistake_of_the_tagger() -> None:
    tagged = [doc(f"a{i}", "عادت [القافلة](ACTOR) أمس") for i in range(3)]
    tagged += [doc(f"b{i}", "عاد [الناس](ACTOR) أمس") for i in range(2)]
    tagged += [doc(f"c{i}", "عاد [الجيش](ACTOR) أمس") for i in range(9)]
    gold = [replace(document, spans=()) for document in tagged[:5]] + tagged[5:]
    found = advice_for(gold, tagged, [doc("t", "عادت [قافلة](ACTOR)"), doc("u", "[الناس](BASE)")])
    assert [(a["errors"], a["examples"][0]["words"]) for a in found] == [
        (3, "القافلة"),
        (2, "الناس"),
    ]
    assert "two data sets disagree" in found[0]["title"]
    assert "what is not ACTOR" in found[1]["title"]
    [whole] = advice_for(gold, tagged)  # without training data nobody can tell
    assert whole["errors"] == 5


def test_advice_names_a_source_only_where_chance_does_not_explain_it() -> None:
    def corpus(bad: int) -> tuple[list[Document], list[Document]]:
        """Forty mentions of each of two sources; some of one's are wrong, each in its own way."""
        gold, tagged = [], []
        for i in range(80):
            line = "رد [{}](ACTOR) أمس"
            document = doc(
                f"{'xy'[i % 2]}_{i}", line.format(f"فصيل{'ابتثجحخدذر'[i % 10] * (1 + i // 10)}")
            )
            wrong = i % 2 == 0 and i < 2 * bad
            label = LABELS[1 + i // 2 % 3]
            spans = tuple(replace(s, label=label) for s in document.spans)
            gold.append(document)
            tagged.append(replace(document, spans=spans) if wrong else document)
        return gold, tagged

    # Thirty of forty wrong against none; then two of forty, which chance explains.
    first = advice_for(*corpus(30))[0]
    assert first["title"] == "Annotate more texts from x"
    assert (first["errors"], first["is_part"], first["examples"]) == (30, True, [])
    assert first["f1"] == pytest.approx(1.0)  # as good as the rest, which is perfect
    assert not any("texts from" in advice["title"] for advice in advice_for(*corpus(2)))


@pytest.mark.parametrize("worse", ["أن", "ان"])
def test_more_texts_are_asked_for_of_hasty_spelling_alone(worse: str) -> None:
    """Careful texts are plenty everywhere; that they are the worse ones says something else."""
    gold, tagged = [], []
    for i in range(160):
        word = "أن" if i % 2 else "ان"
        document = doc(f"{i}", f"قيل {word} [فصيل{'اب' * (i // 2)}](ACTOR) رد")
        wrong = word == worse and i % 4 < 2
        spans = tuple(replace(s, label=LABELS[1 + i // 4 % 3]) for s in document.spans)
        gold.append(document)
        tagged.append(replace(document, spans=spans) if wrong else document)
    titles = [advice["title"] for advice in advice_for(gold, tagged)]
    assert titles
    assert ("Annotate more texts with hasty spelling" in titles) == (worse == "ان")
    assert not any("careful" in title for title in titles)


def test_advice_on_a_part_promises_no_more_than_the_rest_has() -> None:
    """Of each ten of x eight are wrong, of each ten of y one is, in eleven ways."""
    gold, tagged = [], []
    for i in range(200):
        document = doc(f"{'xy'[i % 2]}_{i}", f"رد [فصيل{'اب' * (i // 2)}](ACTOR) أمس")
        wrong = (i // 2 % 10 < 8) if i % 2 == 0 else (i // 2 % 10 == 9)
        spans = tuple(replace(s, label=LABELS[1 + i // 2 % 3]) for s in document.spans)
        gold.append(document)
        tagged.append(replace(document, spans=spans) if wrong else document)
    first = advice_for(gold, tagged)[0]
    assert (first["title"], first["errors"]) == ("Annotate more texts from x", 80)
    assert first["f1"] == pytest.approx(0.9)  # that of y, 90 of 100; not (190 + 0) / 200


def test_advice_does_not_count_an_error_twice() -> None:
    gold = [doc(f"x_{i}", "رد [الجيش](ACTOR) أمس") for i in range(40)]
    gold += [doc(f"y_{i}", "رد [الجيش](ACTOR) أمس") for i in range(40)]
    tagged = [replace(document, spans=()) for document in gold[:20]] + gold[20:]
    # All twenty are ACTOR missed in source x: the label's advice leaves nothing for the source.
    assert len(advice_for(gold, tagged)) == 1


# The page


class Tags(HTMLParser):
    """Collects what an HTML parser takes for elements, and the text of the data block."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.data = ""
        self.text = ""
        self._is_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [v or "" for name, v in attrs if name in ("href", "src", "xlink:href")]
        self._is_data = ("id", "data") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._is_data = False

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data += data
        else:
            self.text += data


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    tags.close()
    return tags


@pytest.mark.parametrize(
    "character",
    [
        *"\x00\x08\x0b\x1b\x7f\x85\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200f\u2028\u202a\u202e",
        *"\u2060\u2066\u2069\u206f\u2800\u3164\ud800\udfff\ufeff\uffa0\ufff9\uffff",
        *"\U000e0001\U000e007f\U000e0100\U000e01ef",
    ],
)
def test_what_nobody_sees_is_shown_as_its_code_point(character: str) -> None:
    """Controls, bidirectional ones, blanks without a width or with one, halves of a pair, tags."""
    assert visible(f"ا{character}ب") == f"ا<U+{ord(character):04X}>ب"


@pytest.mark.parametrize(
    "character", ["\n", "\t", " ", "\u00a0", "ـ", "\u064b", "\ufe0f", "\U0001f600"]
)
def test_what_can_be_seen_stays(character: str) -> None:
    assert visible(f"ا{character}ب") == f"ا{character}ب"


def test_parts_and_their_filters_stand_in_reading_order() -> None:
    names = ["new", "seen under another label only", "seen"]
    report = {
        "slices": {"by_known": dict.fromkeys(names), "by_length": {"1 to 15": 0, "16 to 30": 0}},
        "tags": [
            {"group": "by_length", "name": "16 to 30"},
            {"group": "by_known", "name": "new"},
            {"group": "by_length", "name": "1 to 15"},
            {"group": "by_known", "name": "seen"},
            {"group": "missed", "name": "x"},
        ],
    }
    shown = [name for name, _ in page._in_order(report["slices"]["by_known"])]
    assert shown == ["seen", "seen under another label only", "new"]
    order = page._tag_order(report)
    assert [i for i in order if i in (0, 2)] == [2, 0]
    assert [i for i in order if i in (1, 3)] == [3, 1]
    assert sorted(order) == [0, 1, 2, 3, 4]


def test_hostile_texts_stay_texts() -> None:
    found = hostile_report()
    text = render(found)
    tags = parsed(text)
    assert tags.names.count("script") == 2
    assert "img" not in tags.names
    assert not {name for name in tags.attributes if name.startswith("on")}
    assert page.UNSAFE.search(text) is None
    text.encode()  # no half of a surrogate pair
    for words in HOSTILE[:3]:
        assert words in tags.text
    # The code points stand in elements of their own.
    assert "U+202EقلبU+2066U+0000U+001B[31mU+D800 U+2028 \U0001f600" in tags.text
    assert (
        visible(HOSTILE[3]) == "<U+202E>قلب<U+2066><U+0000><U+001B>[31m<U+D800> <U+2028> \U0001f600"
    )
    shown = json.loads(tags.data)
    assert len(shown["sentences"]) == len(HOSTILE)
    for identifier, sentence, gold, predicted in shown["sentences"]:
        words = visible(HOSTILE[int(identifier[-1])])
        units = sentence.encode("utf-16-le")

        def at(mark: list[Any], units: bytes = units) -> str:
            return units[2 * mark[0] : 2 * mark[1]].decode("utf-16-le")

        assert at(gold[0]) == words
        assert [at(mark) for mark in predicted] == ["قرب", words]


@given(st.text(st.characters(), max_size=30), st.data())
def test_offsets_as_a_script_counts_them(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = {"start": start, "end": end, "label": "ACTOR"}
    sentence = {"document": "1", "text": text, "start": 0, "gold": [span], "predicted": []}
    told = {"labels": [], "tags": [], "errors": [], "sentences": [sentence]}
    written = embedded(told)
    assert not set(written) & set("<>&")
    [[_, shown, [[first, last, _, _]], _]] = json.loads(written)["sentences"]
    units = shown.encode("utf-16-le")
    assert units[2 * first : 2 * last].decode("utf-16-le") == visible(text[start:end])


def test_the_page_asks_for_nothing(report: dict[str, Any]) -> None:
    tags = parsed(render(report))
    assert all(a.startswith("#") or a == "data:," for a in tags.addresses)
    assert not {"img", "iframe", "object"} & set(tags.names)
    assert "url(http" not in render(report)


def test_all_sections_are_there(report: dict[str, Any]) -> None:
    counts = {"gold": 4, "found": 3, "unread": 1, "numbers_accuracy": 0.5}
    counts |= {"outcome_accuracy": 0.25, "subset_accuracy": 1.0, "whole_accuracy": 0.25}
    micro = {"micro": {"f1": 0.5}}
    robust = {
        "perturbations": [
            {"name": "tatweel", "about": "a <b>", "documents": 2, "clean": micro}
            | {"perturbed": micro, "loss": {"value": 1.25, "low": -0.5, "high": 2.0}},
            {"name": "none", "about": "", "documents": 0, "loss": None}
            | {"clean": micro, "perturbed": micro},
        ]
    }
    full = report | {
        "counts": {"gold_spans": counts, "found_spans": counts},
        "robustness": robust,
    }
    text = parsed(render(full)).text
    for told in ("tatweel", "a <b>", "-0.5 to 2.0", "3 of 4", "Counts read as numbers"):
        assert told in text
    plain = parsed(render(report)).text
    assert "Robustness" not in plain
    assert "Counts read as numbers" not in plain
    assert "95% interval" in plain


def test_without_scores_nothing_is_told_of_them() -> None:
    bare = [replace(d, spans=tuple(replace(s, score=None) for s in d.spans)) for d in TAGGED]
    text = parsed(render(build_report(GOLD, bare, LABELS))).text
    assert "Whether its scores can be believed" not in text
    assert "no scores to tell by" in text


def test_json_and_html(report: dict[str, Any], tmp_path: Path) -> None:
    write_report(report, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == json.loads(json.dumps(report))
    write_report(hostile_report(), tmp_path / "hostile.json")
    assert "\\ud800" in (tmp_path / "hostile.json").read_text()
    write_report(report, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == render(report)
    with pytest.raises(InputError, match="html"):
        write_report(report, tmp_path / "r.pdf")


def test_a_missing_extra_is_named(
    report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_import = builtins.__import__

    def refuse(name: str, *args: Any) -> Any:
        if name.partition(".")[0] == "jinja2":
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return plain_import(name, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"jinja2.*marsad\[report\]"):
        write_report(report, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


# Plots


def test_plots_are_the_same_every_time_and_take_the_colours_of_the_page() -> None:
    rate = {"f1": {"value": 0.5, "low": 0.25, "high": 0.75}}
    names = {f"L{i}": rate for i in range(10)} | {"$a_1$": rate, "<b>&": rate}
    told = {"level": 0.9, "micro": rate, "labels": names}
    svg = plots.draw_label_scores(told)
    assert svg == plots.draw_label_scores(told)
    assert "$a_1$" in svg
    assert "&lt;b&gt;&amp;" in svg
    assert "90% interval" in svg
    assert "var(--label-7)" in svg
    assert "#01" not in svg
    assert "metadata" not in svg
    points = [{"recall": 0.25, "precision": 1.0}, {"recall": 0.5, "precision": 0.5}]
    curves = plots.draw_precision_recall({"ACTOR": points})
    bins = plots.draw_reliability([{"score": 0.5, "right": 0.25}, {"score": 0.75, "right": 1.0}])
    ids = [set(_ids(one)) for one in (svg, curves, bins)]
    assert not (ids[0] & ids[1] | ids[0] & ids[2] | ids[1] & ids[2])


def _ids(svg: str) -> list[str]:
    return [part.partition('"')[0] for part in svg.split(' id="')[1:]]


def test_a_random_corpus_holds_together() -> None:
    rng = random.Random(5)
    gold, tagged = [], []
    for number in range(60):
        words = [f"كلمة{'ابتثج'[rng.randrange(5)]}" for _ in range(12)]
        text = " ".join(words)
        starts = [sum(len(w) + 1 for w in words[:i]) for i in range(12)]

        def spans(scored: bool, starts: list[int] = starts, words: list[str] = words) -> Any:
            chosen = sorted(rng.sample(range(12), 3))
            return tuple(
                Span(
                    starts[i],
                    starts[i] + len(words[i]),
                    rng.choice(LABELS),
                    0.5 if scored else None,
                )
                for i in chosen
            )

        gold.append(Document(f"r_{number}", text, spans(False)))
        tagged.append(Document(f"r_{number}", text, spans(True)))
    found = build_report(gold, tagged, LABELS, training=gold[:10])
    counts = found["scores"]["errors"]
    kinds = [error["kind"] for error in found["errors"]]
    assert {k: kinds.count(k) for k in counts if k != "correct"} == (
        {k: v for k, v in counts.items() if k != "correct"}
    )
    for group, parts in found["slices"].items():
        of_group = {i for i, tag in enumerate(found["tags"]) if tag["group"] == group}
        assert all(len(of_group & set(e["tags"])) == 1 for e in found["errors"])
        assert {found["tags"][i]["name"] for i in of_group} <= set(parts)
    assert len(found["help"]) == 3
    for advice in found["help"]:
        of_tag = [i for i, e in enumerate(found["errors"]) if advice["tag"] in e["tags"]]
        assert len(of_tag) == advice["errors"]
        assert len(set(of_tag) & set(found["suspects"]["errors"])) == advice["suspected"]


# The command


def test_evaluate_writes_a_report(tiny_model: Path, corpus_file: Path, tmp_path: Path) -> None:
    # The corpus with a mark too few and one too many, so that there is something to tell.
    text = corpus_file.read_text(encoding="utf-8").replace("[معسكر النخيل](BASE)", "معسكر النخيل")
    data = tmp_path / "data.txt"
    data.write_text(text.replace("معرض الكتاب", "[معرض الكتاب](BASE)"), encoding="utf-8")
    micro = {"micro": {"f1": 0.5}}
    row = {"name": "tatweel", "about": "letters drawn out", "documents": 2, "clean": micro}
    row |= {"perturbed": micro, "loss": {"value": 1.0, "low": 0.0, "high": 2.0}}
    robust = tmp_path / "robust.json"
    robust.write_text(json.dumps({"perturbations": [row]}), encoding="utf-8")
    given = ("--training", corpus_file, "--robustness", robust)
    html, facts = tmp_path / "r.html", tmp_path / "r.json"
    for path in (html, facts):
        done = marsad("evaluate", tiny_model, data, "--report", path, *given)
        assert done.returncode == 0, done.stderr
    suspects = tmp_path / "s.txt"
    done = marsad("evaluate", tiny_model, data, "--report", html, *given, "--suspects", suspects)
    assert done.returncode == 0, done.stderr
    told = json.loads(facts.read_text())
    kinds = [(e["kind"], e["label"]) for e in told["errors"]]
    assert ("spurious", "BASE") in kinds
    assert ("missed", "BASE") in kinds
    assert set(told["slices"]["by_known"]) == {"seen", "new"}
    assert told["about"]["data"] == str(data)
    page_text = html.read_text(encoding="utf-8")
    assert page_text == render(told)
    assert "letters drawn out" in page_text
    assert suspects.read_text(encoding="utf-8").startswith("# Suspected errors")


def test_evaluate_refuses_what_it_cannot_report(corpus_file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"perturbations": [{}]}', encoding="utf-8")
    for told, args in (
        (".html", ("--report", tmp_path / "r.pdf")),
        ("is also an input", ("--report", corpus_file)),
        ("marsad robustness --json", ("--report", tmp_path / "r.html", "--robustness", wrong)),
    ):
        done = marsad("evaluate", ROOT / "models" / "tagger", corpus_file, *args)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr
