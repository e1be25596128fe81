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
    Correction,
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
    written(tmp_path / f"s{suffix}", 0.6)
    result, changed = corrected(GOLD, read_corrections([tmp_path / f"s{suffix}"]))
    assert changed == 1
    assert format_line(result[0]) == (
        "هاجم [الثوار](ACTOR) [ثكنة الحدود](BASE) أمس. ثم قتل [جنديان](ACTOR)."
    )
    assert result[1] == GOLD[1]
    assert [d.id for d in result] == ["b", "a"]


def test_what_the_tagger_says_stands_in_the_description(tmp_path: Path) -> None:
    b, a = written(tmp_path / "s.jsonl")
    assert b.meta["suspect"]["score"] == 0.75
    assert [m["kind"] for m in b.meta["suspect"]["mistakes"]] == ["wrong_border", "wrong_label"]
    assert a.meta["suspect"]["mistakes"][0]["predicted"]["score"] == 0.25


def test_a_correction_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    written(tmp_path / "s.txt", 0.6)
    text = (tmp_path / "s.txt").read_text("utf-8")
    (tmp_path / "s.txt").write_text(
        text.replace("[جنديان](ACTOR).", "[جنديان](CASUALTY)."), "utf-8"
    )
    assert corrected(GOLD, read_corrections([tmp_path / "s.txt"])) == (GOLD, 0)


def test_counts_and_descriptions_stay_with_the_data(tmp_path: Path) -> None:
    count = Count(2, 2, False, "killed", False)
    spans = (*GOLD[0].spans[:2], replace(GOLD[0].spans[2], count=count))
    gold = replace(GOLD[0], spans=spans, meta={"source": "x", "page": 3})
    tagged = sure(replace(gold, spans=(Span(0, 4, "BASE"), *gold.spans)), 0.99, 1, 1, 1)
    for suffix in (".txt", ".jsonl"):
        path = tmp_path / f"s{suffix}"
        write_suspects(suspects([gold], suspected_gold_errors(mistakes([gold], [tagged]))), path)
        ((result,), changed) = corrected([gold], read_corrections([path]))
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
    with pytest.raises(InputError, match=r"dir/s\.txt:9: .* leave the text as it is"):
        corrected(GOLD, [Correction("dir/s.txt:9", "b", "نص آخر", ())])
    twice = [
        Correction("s.txt:1", None, GOLD[0].text, GOLD[0].spans),
        Correction("t.txt:2", "b", GOLD[0].text, ()),
    ]
    with pytest.raises(InputError, match=r"^t\.txt:2: document 'b' is .* in s\.txt:1: leave"):
        corrected(GOLD, twice)


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_a_list_without_a_suspect_corrects_nothing(tmp_path: Path, suffix: str) -> None:
    none, one, broken = (tmp_path / f"{name}{suffix}" for name in ("none", "one", "broken"))
    write_suspects([], none)
    write_corpus([doc("1", "هاجم [الثوار](ACTOR) المدينة")], one)
    broken.write_text("[الثوار\n", encoding="utf-8")
    assert read_corrections([none]) == []
    assert [d.where for d in read_corrections([none, one, one])] == [f"{one}:1"]
    assert [d.spans for d in read_corrections([none, one])] == [(Span(5, 11, "ACTOR"),)]
    with pytest.raises(DataError, match="broken"):
        read_corrections([none, broken])


# --- several documents of one text ---

TEXT = "قصف الجيش القرية"
ACTOR, BASE = Span(4, 9, "ACTOR"), Span(10, 16, "BASE")


def several() -> list[Document]:
    """The same text three times, marked in three ways."""
    marked = {"x\u2028\ud800 1": (ACTOR,), "x2": (), "x3": (ACTOR, BASE)}
    return [Document(name, TEXT, spans) for name, spans in marked.items()]


def listed(gold: list[Document], tagged: Span, path: Path) -> Path:
    """The suspects of a tagger that finds one and the same in all of them."""
    answers = [replace(document, spans=(replace(tagged, score=0.99),)) for document in gold]
    write_suspects(suspects(gold, suspected_gold_errors(mistakes(gold, answers))), path)
    return path


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_corrections_go_to_the_documents_with_their_ids(tmp_path: Path, suffix: str) -> None:
    gold = several()
    # An actor of another label: in the first it takes the place of one, in the second of nothing.
    path = listed(gold, Span(4, 9, "BASE"), tmp_path / f"s{suffix}")
    result, changed = corrected(gold, read_corrections([path]))
    expected = [(Span(4, 9, "BASE"),), (Span(4, 9, "BASE"),), (Span(4, 9, "BASE"), BASE)]
    assert (changed, [d.spans for d in result]) == (3, expected)
    assert [d.id for d in result] == [d.id for d in gold]


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_a_document_that_was_never_suspected_stays(tmp_path: Path, suffix: str) -> None:
    gold = several()
    path = listed(gold, ACTOR, tmp_path / f"s{suffix}")  # of the second alone
    result, changed = corrected(gold, read_corrections([path]))
    assert (changed, [d.spans for d in result]) == (1, [(ACTOR,), (ACTOR,), (ACTOR, BASE)])


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_a_text_alone_is_enough_where_all_are_marked_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"s{suffix}"
    write_corpus([Document("other", TEXT, (ACTOR,))], path)
    alike = [Document("x1", TEXT), Document("x2", TEXT), Document("y", "نص آخر")]
    result, changed = corrected(alike, read_corrections([path]))
    assert (changed, [d.spans for d in result]) == (2, [(ACTOR,), (ACTOR,), ()])
    with pytest.raises(InputError) as caught:
        corrected([*several(), *alike], read_corrections([path]))
    assert str(caught.value).startswith(f"{path}:1: the documents x\u2028\ud800 1, x2, x3, x1, x2")
    assert "have this text and are not marked alike" in str(caught.value)


def test_the_id_of_a_sentence_is_told_by_the_comment_nearest_above_it(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text(
        "# id: a\n# id: x2\n# tagger: [x](A) 0.9\n\n# theatre: Syria\nقصف\nهدوء\n#id:b \nقتل\n",
        encoding="utf-8",
    )
    found = [(c.where, c.id, c.text) for c in read_corrections([path])]
    assert found == [
        (f"{path}:6", "x2", "قصف"),
        (f"{path}:7", None, "هدوء"),
        (f"{path}:9", "b", "قتل"),
    ]


def test_errors_of_a_repeated_id_are_not_mixed() -> None:
    gold = [replace(d, id="x") for d in several()]
    errors = mistakes(gold, [replace(d, spans=(replace(BASE, score=1.0),)) for d in gold])
    with pytest.raises(InputError, match="two documents have the id 'x'"):
        suspects(gold, suspected_gold_errors(errors))
    fine = [*gold[:1], Document("y", "نص"), Document("y", "نص")]
    assert len(suspects(fine, suspected_gold_errors(errors))) == 1


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path: Path) -> None:
    gold = [Document("a\ud800", TEXT, (), {"source": "b\udfff"})]
    path = listed(gold, ACTOR, tmp_path / "s.txt")
    told = path.read_text(encoding="utf-8")
    assert "# source: b\\udfff\n" in told
    assert "# id: a\\ud800\n" in told
    assert corrected(gold, read_corrections([path]))[0][0].spans == (ACTOR,)
    with pytest.raises(InputError, match="holds half of a surrogate pair"):
        write_corpus([Document("a", "قصف \ud800")], tmp_path / "t.txt")
    assert not (tmp_path / "t.txt").exists()
