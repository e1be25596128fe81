from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_mistakes import GOLD, TAGGED, doc, sure
from train.corpus import read_corpus, write_corpus
from train.count import Count
from train.document import Document, Span
from train.errors import DataError, InputError
from train.inline import format_line
from train.mistakes import mistakes
from train.suspects import (
    corrected,
    read_corrections,
    suspected_gold_errors,
    suspects,
    write_suspects,
)


def found(min_score: float = 0.5) -> list[tuple[str, str]]:
    errors = suspected_gold_errors(mistakes(GOLD, TAGGED), min_score)
    return [(e.document, e.kind) for e in errors]


def test_the_surest_disagreements_come_first() -> None:
    assert found() == [("b", "wrong_label"), ("b", "wrong_border")]
    assert found(0.51) == [("b", "wrong_label")]
    assert found(0.0)[-1] == ("a", "spurious")  # what is missed has no score at any least


def test_the_proposal_replaces_what_the_suspect_touches_and_nothing_else() -> None:
    gold = doc("1", "هاجم [الثوار](ACTOR) [ثكنة](BASE) [الحدود](ACTOR) وأصيب [رجلان](CASUALTY)")
    tagged = sure(doc("1", "[هاجم](ACTOR) الثوار [ثكنة الحدود](BASE) وأصيب رجلان"), 0.2, 0.95)
    (suspect,) = suspects([gold], suspected_gold_errors(mistakes([gold], [tagged]), 0.9))
    assert format_line(suspect.proposed) == (
        "هاجم [الثوار](ACTOR) [ثكنة الحدود](BASE) وأصيب [رجلان](CASUALTY)"
    )
    assert suspect.replaced(suspect.mistakes[0]) == list(gold.spans[1:3])
    assert all(span.score is None for span in suspect.proposed.spans)
    told = suspect.to_dict()
    assert (told["document"], told["score"], len(told["mistakes"])) == ("1", 0.95, 1)
    assert [s["label"] for s in told["gold"]] == ["ACTOR", "BASE", "ACTOR", "CASUALTY"]
    assert [s["label"] for s in told["proposed"]] == ["ACTOR", "BASE", "CASUALTY"]


def written(path: Path, min_score: float = 0.0) -> list[Document]:
    errors = suspected_gold_errors(mistakes(GOLD, TAGGED), min_score)
    write_suspects(suspects(GOLD, errors), path)
    return read_corpus([path])


def test_the_text_file_tells_what_both_say(tmp_path: Path) -> None:
    written(tmp_path / "s.txt")
    lines = (tmp_path / "s.txt").read_text("utf-8").splitlines()
    assert lines[2:] == [
        "",
        "# id: b",
        "# tagger: [ثكنة](BASE) 0.50",
        "# data: [ثكنة الحدود](BASE)",
        "# tagger: [جنديان](ACTOR) 0.75",
        "# data: [جنديان](CASUALTY)",
        "هاجم [الثوار](ACTOR) [ثكنة](BASE) الحدود أمس. ثم قتل [جنديان](ACTOR).",
        "",
        "# id: a",
        "# tagger: [القرية](BASE) 0.25",
        "# data: nothing",
        "قصفت [طائرة](WEAPON) [القرية](BASE) ليلا.",
    ]
    assert all(line.startswith("# ") for line in lines[:2])


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_what_is_kept_comes_back_into_the_data(tmp_path: Path, suffix: str) -> None:
    result, changed = corrected(GOLD, written(tmp_path / f"s{suffix}", 0.6))
    assert changed == 1
    assert format_line(result[0]) == (
        "هاجم [الثوار](ACTOR) [ثكنة الحدود](BASE) أمس. ثم قتل [جنديان](ACTOR)."
    )
    assert result[1] == GOLD[1]
    assert [d.id for d in result] == ["b", "a"]


def test_a_correction_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    written(tmp_path / "s.txt", 0.6)
    text = (tmp_path / "s.txt").read_text("utf-8")
    (tmp_path / "s.txt").write_text(
        text.replace("[جنديان](ACTOR).", "[جنديان](CASUALTY)."), "utf-8"
    )
    assert corrected(GOLD, read_corpus([tmp_path / "s.txt"])) == (GOLD, 0)


def test_counts_and_descriptions_stay_with_the_data(tmp_path: Path) -> None:
    count = Count(2, 2, False, "killed", False)
    spans = (*GOLD[0].spans[:2], replace(GOLD[0].spans[2], count=count))
    gold = replace(GOLD[0], spans=spans, meta={"source": "x", "page": 3})
    tagged = sure(replace(gold, spans=(Span(0, 4, "BASE"), *gold.spans)), 0.99, 1, 1, 1)
    for suffix in (".txt", ".jsonl"):
        path = tmp_path / f"s{suffix}"
        write_suspects(suspects([gold], suspected_gold_errors(mistakes([gold], [tagged]))), path)
        ((result,), changed) = corrected([gold], read_corpus([path]))
        assert (changed, len(result.spans), result.meta) == (1, 4, gold.meta)
        assert result.spans[3].count == count


def test_control_characters_of_ids_and_mentions_stay_inside_the_comment(tmp_path: Path) -> None:
    text = "نقل الجيش\nالحر عتاده"
    gold = Document("أ\nsource: ب\n", text)
    tagged = replace(gold, spans=(Span(4, 14, "ACTOR", 1.0),))
    errors = suspected_gold_errors(mistakes([gold], [tagged]))
    write_suspects(suspects([gold], errors), tmp_path / "s.txt")
    (back,) = read_corpus([tmp_path / "s.txt"])
    assert (back.text, back.spans, dict(back.meta)) == (text, tagged.spans, {})


def test_errors_for_people(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.txt or \.jsonl"):
        write_suspects([], tmp_path / "s.csv")
    with pytest.raises(InputError, match="leave the text as it is"):
        corrected(GOLD, [Document("s:9", "نص آخر")])
    twice = [replace(GOLD[0], id="s:1"), replace(GOLD[0], id="s:2", spans=())]
    with pytest.raises(InputError, match="s:2: this text is corrected twice"):
        corrected(GOLD, twice)


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_a_list_without_a_suspect_corrects_nothing(tmp_path: Path, suffix: str) -> None:
    none, one, broken = (tmp_path / f"{name}{suffix}" for name in ("none", "one", "broken"))
    write_suspects([], none)
    write_corpus([doc("1", "هاجم [الثوار](ACTOR) المدينة")], one)
    broken.write_text("[الثوار\n", encoding="utf-8")
    assert read_corrections([none]) == []
    assert [d.spans for d in read_corrections([none, one])] == [(Span(5, 11, "ACTOR"),)]
    with pytest.raises(DataError, match="broken"):
        read_corrections([none, broken])
