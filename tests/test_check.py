"""What a second reader is shown: likely slips, and where two annotations differ."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LABELS, ROOT
from tests.test_cli import marsad
from tests.test_formats import documents
from train.agreement import compare
from train.check import check, plain
from train.document import Document, Span
from train.errors import InputError
from train.inline import parse_line
from train.metrics import Account
from train.standoff import write_standoff


def read(*lines: str) -> list[Document]:
    """Inline sentences as documents 1, 2 and so on."""
    return [Document(str(n), *parse_line(line)) for n, line in enumerate(lines, start=1)]


NUMBER = "number in front"
COUNT = "casualty without a count"
TITLE = "title in front"
DEMONSTRATIVE = "demonstrative in front"
CLAUSE = "clause inside"
PUNCTUATION = "punctuation at the border"

# One sentence a row, and the kinds of its findings by the rules of seeds/GUIDELINES.md.
SENTENCES: list[tuple[str, list[str]]] = [
    # R5: numbers and quantifiers stay outside, but for casualties.
    ("دمر الجيش [خمس دبابات](WEAPON)", [NUMBER]),
    ("دمر الجيش خمس [دبابات](WEAPON)", []),
    ("أطلقوا [٣ صواريخ](WEAPON)", [NUMBER]),
    ("أطلقوا [صواريخ غراد 122](WEAPON)", []),
    ("هاجم [عشرات المسلحين](ACTOR) البلدة", [NUMBER]),
    ("وصلت الدبابات [وثلاثة صواريخ](WEAPON)", [NUMBER]),
    ("هدد [بالعشرات](ACTOR)", [NUMBER]),
    ("قُتل [خمسة جنود](CASUALTY)", []),
    ("قُتل [15](CASUALTY)", []),
    ("هاجم [عدد من المقاتلين](ACTOR) البلدة", [NUMBER]),
    ("هاجم عدد من [المقاتلين](ACTOR) البلدة", []),
    ("هاجمت [مجموعة من المسلحين](ACTOR) البلدة", [NUMBER]),
    ("هاجمت [مجموعة فاغنر](ACTOR) البلدة", []),
    ("قُتل [عدد من المدنيين](CASUALTY)", []),
    # C1, C4, C5, C8: a casualty has a number, or is a dual, one of a group, or an indefinite one.
    ("شيع الأهالي [القتلى](CASUALTY)", [COUNT]),
    ("نُقل [الجنود](CASUALTY) إلى المستشفى", [COUNT]),
    ("أُصيب [المستوطنون](CASUALTY)", [COUNT]),
    ("سقط [مدنيون](CASUALTY)", [COUNT]),
    ("أُصيبت [طالبات](CASUALTY)", [COUNT]),
    ("نُقل [الجريحان](CASUALTY)", []),
    ("أُسر [الجنديين](CASUALTY)", []),
    ("وقُتل [ضابطين](CASUALTY)", []),
    ("قُتل [والداه](CASUALTY)", []),
    ("قُتل [والدا الطفل](CASUALTY)", []),
    ("خُطف [أحد الحراس](CASUALTY)", []),
    ("خُطفت [إحدى الممرضات](CASUALTY)", []),
    ("قُتل [أحد عشر جندياً](CASUALTY)", []),
    ("قُتل [المسلحون الثلاثة](CASUALTY)", []),
    ("قُتل [الثلاثة](CASUALTY)", []),
    ("قُتل [ثلاثمئة شخص](CASUALTY)", []),
    ("قُتل [نحو عشرين شخصاً](CASUALTY)", []),
    ("أُصيب [العشرات](CASUALTY)", []),
    ("أُصيبت [طفلة](CASUALTY)", []),
    ("قُتل [ألماني](CASUALTY)", []),
    # A6: the name without title or rank; a unit keeps its head noun.
    ("قال [العميد سامي الدرسي](ACTOR)", [TITLE]),
    ("قال العميد [سامي الدرسي](ACTOR)", []),
    ("حضر الوالي [والشيخ حمدان](ACTOR)", [TITLE]),
    ("قال [اللواء سامي الدرسي](ACTOR)", [TITLE]),
    ("انسحب [اللواء الخامس](ACTOR)", []),
    ("انسحب [اللواء 35](ACTOR)", []),
    # R8: a demonstrative stays outside.
    ("دمر الجيش [تلك الدبابات](WEAPON)", [DEMONSTRATIVE]),
    ("دمر الجيش تلك [الدبابات](WEAPON)", []),
    ("انسحبت [وهذه القوات](ACTOR)", [DEMONSTRATIVE]),
    ("فر [هؤلاء المسلحون](ACTOR)", [DEMONSTRATIVE]),
    # R4: no clause, no dangling preposition.
    ("قُتل [المتمردون الذين اقتحموا البلدة](ACTOR)", [CLAUSE]),
    ("قُتل [المتمردون](ACTOR) الذين اقتحموا البلدة", []),
    ("قصف [حاجز قرب](BASE) الجسر", [CLAUSE]),
    ("قصف [مخفراً للشرطة](BASE)", []),
    # R3: no punctuation but what closes a pair that was opened inside.
    ("أعلنت [«أنصار الله»](ACTOR) الهدنة", [PUNCTUATION]),
    ("أعلنت «[أنصار الله»](ACTOR) الهدنة", [PUNCTUATION]),
    ("أعلنت «[أنصار الله](ACTOR)» الهدنة", []),
    ("قال [الجيش،](ACTOR) في بيان", [PUNCTUATION]),
    ("أطلقوا [صواريخ من نوع «غراد»](WEAPON)", []),
    ("سقطت [قذيفةٌ](WEAPON)", []),
]


@pytest.mark.parametrize(("sentence", "kinds"), SENTENCES)
def test_findings_of_one_sentence(sentence: str, kinds: list[str]) -> None:
    [document] = read(sentence)
    findings = check([document])
    assert [f.kind for f in findings] == kinds
    for finding in findings:
        [span] = document.spans
        assert (finding.document, finding.phrase) == ("1", document.text[span.start : span.end])
        assert str(finding).startswith(f"1: {kinds[0]}: «{finding.phrase}»; ")


def test_several_slips_in_one_mention_are_several_findings() -> None:
    [document] = read("فر [هؤلاء المسلحون الذين](ACTOR) هاجموا [«خمس](BASE) قواعد")
    assert [f.kind for f in check([document])] == [DEMONSTRATIVE, CLAUSE, PUNCTUATION]


def guidelines() -> str:
    return (ROOT / "seeds" / "GUIDELINES.md").read_text(encoding="utf-8")


def test_the_examples_of_the_guidelines_raise_no_question() -> None:
    blocks = re.findall(r"^```text\n(.*?)^```$", guidelines(), re.DOTALL | re.MULTILINE)
    examples = [row for block in blocks for row in block.splitlines() if not row.startswith("#")]
    assert len(examples) > 10
    assert check(read(*examples)) == []


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ("[«أنصار الله»](ACTOR)", PUNCTUATION),
        ("[خمس دبابات](WEAPON)", NUMBER),
        ("[تلك الدبابات](WEAPON)", DEMONSTRATIVE),
        ("[العميد سامي الدرسي](ACTOR)", TITLE),
    ],
)
def test_what_the_guidelines_call_wrong_is_found(wrong: str, kind: str) -> None:
    assert re.search(rf"Not\s+`{re.escape(wrong)}`|not\s+`{re.escape(wrong)}`", guidelines())
    assert [f.kind for f in check(read(wrong))] == [kind]


MARKED = [
    "انسحب [الجيش](ACTOR) من التل",
    "تقدمت الشرطة [والجيش](ACTOR) ليلاً",
    "سلمت المدينة [للجيش](ACTOR)",
    "استعانت البلدة [بالجيش](ACTOR)",
]


@pytest.mark.parametrize("phrase", ["الجيش", "جيش", "والجيش", "للجيش", "بالجيش", "وَالجَيشِ"])
def test_a_phrase_marked_elsewhere_is_missed_here(phrase: str) -> None:
    """Four marks of five, with whatever article and particles: 0.8, just enough."""
    [finding] = check(read(*MARKED, f"انتشر {phrase} أمس"))
    assert (finding.kind, finding.document, finding.phrase) == ("unmarked here", "5", phrase)
    assert finding.reason == "ACTOR in 4 other places, not marked here"


@pytest.mark.parametrize(
    "lines",
    [
        [*MARKED[:3], "انتشر الجيش أمس"],  # three marks say nothing
        [*MARKED, "انتشر الجيش أمس", "وصل الجيش"],  # four of six are too few
        [*MARKED, "انتشر [جنود الجيش](ACTOR) أمس"],  # marked, inside another mention
        [*MARKED, "انتشرت الجيوش أمس"],
        [f"قُتل [7](CASUALTY) في {place}" for place in "أبجد"] + ["وصلت 7 حافلات"],
    ],
)
def test_what_is_no_missed_phrase(lines: list[str]) -> None:
    assert check(read(*lines)) == []


def test_phrases_of_several_words_are_found_whole() -> None:
    lines = [f"قصفت [قاعدة الوادي](BASE) في {place}" for place in "أبجد"]
    lines += ["زار الوفد قاعدة الوادي، ثم غادر الوادي", "زار قاعدة [الوادي](ACTOR)"]
    [finding] = check(read(*lines))
    assert (finding.document, finding.phrase) == ("5", "قاعدة الوادي")


def test_another_label_than_elsewhere() -> None:
    lines = [f"[{'و' * (n % 2)}قاعدة الوادي](BASE) أمس" for n in range(4)]
    odd = "قالت [قاعدة الوادي](ACTOR) أمس"
    [finding] = check(read(odd, *lines))
    assert (finding.kind, finding.document, finding.phrase) == (
        "another label",
        "1",
        "قاعدة الوادي",
    )
    assert finding.reason == "ACTOR here, BASE in 4 other places"
    assert check(read(odd, odd, *lines)) == []  # four of six
    assert check(read(odd, *lines[:3])) == []  # three are too few


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("الجيش", "وَللجَيـش", True),
        ("القوات الأميركية", "قوات الاميركيه", True),
        ("مستشفى", "مستشفي", True),
        ("القوات الأميركية", "القوات أميركية", False),  # the article of the first word alone
        ("بنك", "نك", False),  # of a short word nothing is taken
        ("فرقة", "رقة", True),  # a letter of the root may go too, alike in both
    ],
)
def test_spellings_of_one_phrase(one: str, other: str, same: bool) -> None:
    assert (plain(one) == plain(other)) is same


# Agreement.

GOLD = read(
    "قصف [الجيش](ACTOR) [بصواريخ](WEAPON) [معسكر النخيل](BASE)",
    "أعلنت [الحكومة](ACTOR) مقتل [جنديين](CASUALTY)",
    "هدوء حذر في العاصمة",
    "وصل [الوفد](ACTOR)",
)
OTHER = read(
    "هدوء حذر في العاصمة",
    "أعلنت [الحكومة](ACTOR) مقتل جنديين",
    "لا يعرفه الأول",
    "قصف [الجيش](ACTOR) [بصواريخ](ACTOR) [معسكر](BASE) النخيل",
)


def test_agreement_by_hand() -> None:
    result = compare(GOLD, OTHER, LABELS)
    # In the three texts that both have: 5 marks against 4, of which 2 are the same.
    micro = result.scores.micro
    assert (micro.gold, micro.predicted, micro.right) == (5, 4, 2)
    assert micro.f1 == pytest.approx(4 / 9)
    f1 = {label: score.f1 for label, score in result.scores.labels.items()}
    assert f1 == pytest.approx({"ACTOR": 4 / 5, "WEAPON": 0, "BASE": 0, "CASUALTY": 0})
    assert result.scores.account == Account(correct=2, wrong_border=1, wrong_label=1, missed=1)
    assert [d.id for d in result.first] == ["1", "2", "3"]
    assert [(a.id, a.text) for a in result.first] == [(b.id, b.text) for b in result.second]
    assert [(a.id, b.spans) for a, b in result.differing] == [
        ("1", OTHER[3].spans),
        ("2", OTHER[1].spans),
    ]
    assert (result.only_first, result.only_second) == (1, 1)


@given(st.lists(st.tuples(documents(), documents()), min_size=1, max_size=5), st.randoms())
def test_agreement_does_not_depend_on_order_ids_or_which_comes_first(
    pairs: list[tuple[Document, Document]], draw: random.Random
) -> None:
    """The second annotation of each text has those spans of another drawing that fit on it."""
    texts = {one.text: (one, other) for one, other in pairs}
    first, second = [], []
    for number, (text, (one, other)) in enumerate(texts.items()):
        spans = tuple(s for s in other.spans if s.end <= len(text))
        kept = tuple(s for s in one.spans if draw.random() < 0.5)
        first.append(replace(one, id=f"a{number}"))
        second.append(Document(f"b{number}", text, spans if draw.random() < 0.3 else kept))
    draw.shuffle(second)
    there, back = compare(first, second, LABELS), compare(second, first, LABELS)
    by_text = {d.text: d for d in second}
    same = sum(len(set(d.spans) & set(by_text[d.text].spans)) for d in first)
    marks = sum(len(d.spans) for d in [*first, *second])
    assert there.scores.micro.f1 == pytest.approx(2 * same / marks if marks else 0)
    for label in LABELS:
        assert there.scores.labels[label].f1 == pytest.approx(back.scores.labels[label].f1)
    assert len(there.differing) == len(back.differing)
    assert compare(first, first, LABELS).differing == []


def test_what_cannot_be_compared() -> None:
    twice = [GOLD[0], replace(GOLD[0], id="again", spans=())]
    with pytest.raises(InputError, match="no text in common"):
        compare(GOLD, [OTHER[2]], LABELS)
    with pytest.raises(InputError, match="the first annotation has a text twice"):
        compare(twice, GOLD, LABELS)
    with pytest.raises(InputError, match="the second annotation has a text twice"):
        compare(GOLD, twice, LABELS)


# The commands.


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_check_command(tmp_path: Path) -> None:
    data = write_lines(
        tmp_path / "data.txt", "قال [العميد سامي](ACTOR) إن [خمس دبابات](WEAPON) عبرت", "هدوء حذر"
    )
    done = marsad("check", data, "--json", tmp_path / "findings.json")
    assert done.returncode == 0, done.stderr
    title, number = done.stdout.splitlines()
    assert title.startswith("data:1: title in front: «العميد سامي»; ")
    assert number.startswith("data:1: number in front: «خمس دبابات»; ")
    assert done.stderr == "2 documents, 2 findings: 1 title in front, 1 number in front\n"
    written = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert [(f["document"], f["kind"], f["phrase"]) for f in written] == [
        ("data:1", "title in front", "العميد سامي"),
        ("data:1", "number in front", "خمس دبابات"),
    ]
    assert all(f["reason"] in line for f, line in zip(written, (title, number), strict=True))
    done = marsad("check", write_lines(tmp_path / "quiet.txt", "وصل [الجيش](ACTOR)"))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "1 documents, 0 findings\n"


def test_check_command_reads_standoff(tmp_path: Path) -> None:
    write_standoff(read("دمر الجيش [خمس دبابات](WEAPON)", "هدوء"), tmp_path / "spans.jsonl")
    row = {"id": "1", "text": "دمر الجيش خمس دبابات"}
    texts = write_lines(tmp_path / "texts.jsonl", json.dumps(row))
    done = marsad("check", tmp_path / "spans.jsonl", "--texts", texts)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1: number in front: «خمس دبابات»")
    assert "1 standoff sentences have no text here" in done.stderr
    done = marsad("check", tmp_path / "spans.jsonl", "--texts", texts, "--json", texts)
    assert done.returncode == 2
    assert "is also an input" in done.stderr
    assert json.loads(texts.read_text()) == row


def test_agreement_command(tmp_path: Path) -> None:
    one = write_lines(
        tmp_path / "one.txt", "قصف [الجيش](ACTOR) [المعسكر](BASE)", "هدوء حذر", "وصل [الوفد](ACTOR)"
    )
    other = tmp_path / "other.jsonl"
    write_standoff(read("هدوء حذر", "قصف [الجيش](ACTOR) المعسكر"), other)
    texts = write_lines(
        tmp_path / "texts.jsonl",
        *(json.dumps({"id": d.id, "text": d.text}) for d in read("هدوء حذر", "قصف الجيش المعسكر")),
    )
    done = marsad("agreement", one, other, "--texts", texts, "--differences")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "one:1\n  قصف [الجيش](ACTOR) [المعسكر](BASE)\n  قصف [الجيش](ACTOR) المعسكر\n"
    )
    assert "هدوء" not in done.stdout
    # One mark of two is found again, and nothing else is marked: 2 * 1 / 3.
    [micro] = [line for line in done.stdout.splitlines() if "micro" in line]
    assert re.findall(r"\d\.\d+", micro) == ["0.6667", "1.0000", "0.5000", "0.6667"]
    assert done.stderr == (
        f"2 texts in both, 1 of them marked otherwise; 1 only in {one}, 0 only in {other}\n"
    )
    done = marsad("agreement", one, other, "--texts", texts)
    assert "one:1" not in done.stdout


def test_agreement_command_refuses(tmp_path: Path) -> None:
    one = write_lines(tmp_path / "one.txt", "قصف [الجيش](ACTOR) المعسكر")
    other = write_lines(tmp_path / "other.txt", "هدوء حذر")
    twice = write_lines(tmp_path / "twice.txt", "هدوء حذر", "هدوء حذر")
    for args, said in (((one, other), "no text in common"), ((other, twice), "a text twice")):
        done = marsad("agreement", *args)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unmarked_text_that_both_have_counts_as_alike() -> None:
    [bare] = read("هدوء حذر")
    result = compare([bare], [replace(bare, id="z")], LABELS)
    assert (result.scores.micro.f1, result.differing) == (0.0, [])
    assert compare([bare], [replace(bare, spans=(Span(0, 4, "ACTOR"),))], LABELS).differing
