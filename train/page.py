"""The page of a report: one HTML file that needs no network, with every text of the data as text.

Texts of the data reach the page in two ways only: through the template, which escapes them, and
as JSON inside a ``script`` element that is no script, from which the page's script makes text
nodes. In both, characters that are invisible or that reorder others are shown as their code
points: a text can neither become markup nor disguise itself. The page itself forbids every
request and every script but its own (Content Security Policy).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from train import plots
from train.errors import InputError
from train.lines import write_whole
from train.mistakes import NOTHING
from train.slices import NEW, SEEN, SEEN_OTHERWISE
from train.terminal import needs_extra

TEMPLATES = Path(__file__).parent / "templates"
SMALL = 30
"""A part of the data with fewer spans is greyed: its F1 says little."""
KIND_NAMES = {
    "correct": "correct",
    "wrong_border": "wrong border",
    "wrong_label": "wrong label",
    "missed": "missed",
    "spurious": "invented",
}
GROUP_NAMES = {
    "by_source": "source",
    "by_length": "words of the sentence",
    "by_spelling": "spelling of the text",
    "by_span_length": "words of the mention",
    "by_position": "place in the text",
    "by_known": "mention in training data",
    "by_other_side": "what the other side has there",
    "advice": "what would help most",
    "suspects": "suspected gold errors",
    **{kind: f"often {name}" for kind, name in KIND_NAMES.items()},
}
SUSPECTS = 20
"""How many suspected gold errors are told one by one; the others are among the errors."""
EXAMPLE = 70
"""How many characters of the sentence are told on each side of an example."""
_ORDER = {SEEN: 0, SEEN_OTHERWISE: 1, NEW: 2}
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\uffff\U000e0000-\U000e01ef]"
)
_CODE = re.compile("(<U\\+[0-9A-F]{4,6}>)")
_MARKUP = re.compile("[<>&\u007f-\u009f]")


def check_extra() -> None:
    """Refuse to begin where a report could not be written in the end.

    Raises:
        InputError: a package is missing; the message names the extra that it comes with.
    """
    with needs_extra("report"):
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401


def check_name(path: Path) -> None:
    """Refuse a name that does not tell what to write.

    Raises:
        InputError: it ends neither in ``.html`` nor in ``.json``.
    """
    if path.suffix not in (".html", ".json"):
        raise InputError(f"{path}: a report is written to a .html file, or to .json as data")


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write what :func:`train.report.build_report` returned: one HTML file, or JSON.

    Raises:
        InputError: the name ends otherwise, it cannot be written, or a package is missing.
    """
    check_name(path)
    text = render(report) if path.suffix == ".html" else f"{json.dumps(report, indent=1)}\n"
    with write_whole(path) as file:
        file.write(text)


def render(report: Mapping[str, Any]) -> str:
    """Return the page; the same report gives the same bytes.

    Raises:
        InputError: a package is missing.
    """
    check_extra()
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["apart"] = _apart
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = visible(report)
    calibration = report["calibration"]
    curves = {
        label: calibration[label]["curve"] for label in report["labels"] if calibration.get(label)
    }
    drawn = {"label_scores": plots.draw_label_scores(shown["intervals"])}
    if calibration:
        drawn["reliability"] = plots.draw_reliability(calibration["all"]["bins"])
        drawn["precision_recall"] = plots.draw_precision_recall(curves)
    tag_counts = Counter(tag for error in report["errors"] for tag in error["tags"])
    tag_places = {(t["group"], t["name"]): place for place, t in enumerate(shown["tags"])}
    page: str = environment.get_template("report.html.j2").render(
        report=shown,
        colours={label: i % plots.PALETTE for i, label in enumerate(shown["labels"])},
        plots={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704 - our own drawing
        data=Markup(embedded(report)),  # noqa: S704 - see embedded
        script=Markup(script),  # noqa: S704 - a file of ours
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704
        digest=digest,
        kinds=KIND_NAMES,
        groups=GROUP_NAMES,
        nothing=NOTHING,
        small=SMALL,
        most_suspects=SUSPECTS,
        tag_place=lambda group, name: tag_places.get((group, name)),
        tag_count=tag_counts.__getitem__,
        taken_for=partial(_taken_for, shown["confusion"]),
        in_order=_in_order,
        example=partial(_example, report),
    )
    return page


def embedded(report: Mapping[str, Any]) -> str:
    """Return what the page's script needs, as JSON that no HTML parser takes for markup.

    Offsets count UTF-16 units of the texts as they are shown, as the script does.
    """
    data = {
        "labels": visible(report["labels"]),
        "kinds": KIND_NAMES,
        "groups": GROUP_NAMES,
        "tags": [[tag["group"], visible(tag["name"])] for tag in report["tags"]],
        "order": _tag_order(report),
        "sentences": [_sentence(sentence) for sentence in report["sentences"]],
        "errors": [
            [
                visible(error[key])
                for key in ("kind", "label", "tagged_as", "sentence", "gold", "predicted", "score")
            ]
            + [error["tags"]]
            for error in report["errors"]
        ],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _MARKUP.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible(value: Any) -> Any:
    """Return plain values with invisible and reordering characters told as their code points."""
    if isinstance(value, str):
        return UNSAFE.sub(lambda match: f"<U+{ord(match[0]):04X}>", value)
    if isinstance(value, Mapping):
        return {visible(key): visible(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [visible(item) for item in value]
    return value


def _apart(text: str) -> Any:
    """Return a text as markup, with the code points of :func:`visible` set apart from it."""
    from markupsafe import Markup, escape

    pieces = _CODE.split(text)
    return Markup("").join(
        Markup('<bdi class="code">{}</bdi>').format(piece[1:-1]) if i % 2 else escape(piece)
        for i, piece in enumerate(pieces)
    )


def _in_order(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(parts.items(), key=lambda item: _ORDER.get(item[0], 0))


def _tag_order(report: Mapping[str, Any]) -> list[int]:
    """Return the places of the tags, those of parts of the data as its tables have them."""
    parts = report.get("slices", {})
    orders = {group: [name for name, _ in _in_order(found)] for group, found in parts.items()}

    def rank(place: int) -> int:
        tag = report["tags"][place]
        order = orders.get(tag["group"], ())
        return order.index(tag["name"]) if tag["name"] in order else 0

    return sorted(range(len(report["tags"])), key=rank)


def _taken_for(confusion: Mapping[str, Mapping[str, int]], label: str) -> int:
    """Return how many mentions of other labels the tagger gave this one."""
    return sum(row[label] for name, row in confusion.items() if name not in (label, NOTHING))


def _example(
    report: Mapping[str, Any], place: int, both: bool
) -> Iterator[tuple[str, list[tuple[str, str | None, bool]]]]:
    """Yield what each side marks around an error: side, then text, label and whether it is it.

    A side that has no part in the error is left out unless both are asked for.
    """
    error = report["errors"][place]
    sentence = report["sentences"][error["sentence"]]
    text = sentence["text"]
    sides = {"data": "gold", "tagger": "predicted"}
    own = [sentence[side][error[side]] for side in sides.values() if error[side] is not None]
    # Both sides show the same stretch, so that their difference meets the eye.
    start, end = min(span["start"] for span in own), max(span["end"] for span in own)
    first = text.find(" ", start - EXAMPLE, start) + 1 if start > EXAMPLE else 0
    last = text.rfind(" ", end, end + EXAMPLE) if len(text) - end > EXAMPLE else len(text)
    last = end if last < 0 else last
    for name, side in sides.items():
        if error[side] is None and not both:
            continue
        segments: list[tuple[str, str | None, bool]] = [("…" if first else "", None, False)]
        position = first
        for index, span in enumerate(sentence[side]):
            a, b = max(span["start"], position), min(span["end"], last)
            if a < b:
                segments.append((visible(text[position:a]), None, False))
                segments.append((visible(text[a:b]), visible(span["label"]), index == error[side]))
                position = b
        segments.append((visible(text[position:last]), None, False))
        segments.append(("…" if last < len(text) else "", None, False))
        yield name, [segment for segment in segments if segment[0]]


def _sentence(sentence: Mapping[str, Any]) -> list[Any]:
    text = sentence["text"]
    offsets = _offsets(text)
    marks = [
        [
            [offsets[s["start"]], offsets[s["end"]], visible(s["label"]), s.get("score")]
            for s in sentence[side]
        ]
        for side in ("gold", "predicted")
    ]
    return [visible(sentence["document"]), visible(text), *marks]


def _offsets(text: str) -> Sequence[int]:
    """Return where each code point of a text begins once it is shown, in UTF-16 units."""
    if not UNSAFE.search(text) and max(text, default="") <= "\uffff":
        return range(len(text) + 1)
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + len(visible(character).encode("utf-16-le")) // 2)
    return offsets
