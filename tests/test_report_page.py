"""The page of a report in a real browser: no console message, no request, no overflow; it works.

The page stands in a frame of a second page, which measures it, clicks in it and writes down what
it found; Chromium prints that page when its script has ended.
"""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.test_report import LABELS, doc, hostile_report
from train.page import render
from train.report import build_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt install chromium")

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
    "--window-size=1400,1000",
)
FRAME = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<body style="margin:0"><iframe id="frame" src="report.html"
style="width:{width}px;height:900px;border:0"></iframe><pre id="told"></pre><script>
const told = (value) => (document.getElementById("told").textContent = JSON.stringify(value));
document.getElementById("frame").addEventListener("load", async () => {{
  const view = document.getElementById("frame").contentWindow;
  const page = view.document;
  const all = (selector) => [...page.querySelectorAll(selector)];
  const text = (selector) => page.querySelector(selector).textContent;
  const wait = (ms = 300) => new Promise((done) => setTimeout(done, ms));
  try {{ told(await (async () => {{ {script} }})()); }} catch (error) {{ told(String(error)); }}
}}, {{ once: true }});
</script>"""

Drive = Callable[..., Any]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and keeps what was asked for."""

    asked: list[str]

    def log_message(self, *args: Any) -> None:
        self.asked.append(self.path)

    def end_headers(self) -> None:
        # Two pages of one second have one date; the browser would take the second for the first.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """Return a function that runs a script beside a page and returns what the script returns."""
    site = tmp_path / "site"
    site.mkdir()
    asked: list[str] = []
    handler = type("Handler", (Quiet,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(site))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(page: str, script: str, width: int = 1280) -> Any:
        (site / "report.html").write_text(page, encoding="utf-8")
        frame = FRAME.format(width=width, script=script)
        (site / "index.html").write_text(frame, encoding="utf-8")
        asked.clear()
        done = subprocess.run(
            [
                str(CHROMIUM),
                *SWITCHES,
                f"--user-data-dir={tmp_path / 'profile'}",
                "--dump-dom",
                f"http://127.0.0.1:{server.server_port}/index.html",
            ],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert console == []
        assert asked == ["/index.html", "/report.html"]
        found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.S)
        assert found is not None
        assert found[1], done.stderr
        return json.loads(unescape(found[1]))

    yield run
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def many() -> dict[str, Any]:
    """A hundred and thirty errors: 70 WEAPON missed, 40 ACTOR invented, 20 BASE tagged ACTOR."""
    gold = [doc(f"a_{i:03}", f"رد [المدفع{'ا' * (i % 7)}](WEAPON) أمس") for i in range(70)]
    tagged = [doc(d.id, "رد المدفع" + "ا" * (i % 7) + " أمس") for i, d in enumerate(gold)]
    for i in range(40):
        gold.append(doc(f"b_{i:03}", "عاد الناس إلى المدينة"))
        tagged.append(doc(f"b_{i:03}", "عاد [الناس](ACTOR) إلى المدينة", 0.5 + i / 100))
    for i in range(20):
        gold.append(doc(f"c_{i:03}", "سقط [مُعسكر الأحرار](BASE) و[جنديان](CASUALTY)"))
        tagged.append(doc(f"c_{i:03}", "سقط [مُعسكر الأحرار](ACTOR) و[جنديان](CASUALTY)", 0.99, 0.9))
    return build_report(gold, tagged, LABELS, about={"model": "m" * 300, "data": "d" * 300})


MEASURE = """
await wait();
all("details").forEach((one) => (one.open = true));
const edge = page.documentElement.clientWidth;
const scrolls = (one) => one.closest(".box") !== null;
const wide = all("body *").filter((one) => !scrolls(one) && !one.closest("svg") &&
  (one.getBoundingClientRect().right > edge + 1 || one.getBoundingClientRect().left < -1));
return {
  overflow: page.documentElement.scrollWidth - edge,
  wide: wide.map((one) => one.tagName + "." + one.className),
  cards: all(".error").length,
  plots: all("figure svg").filter((one) => one.getBoundingClientRect().height > 50).length,
};
"""


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_overflow_at_any_width(drive: Drive, many: dict[str, Any], width: int) -> None:
    for report, cards in ((many, 50), (hostile_report(), 12)):
        found = drive(render(report), MEASURE, width)
        assert found == {"overflow": 0, "wide": [], "cards": cards, "plots": 3}


def test_on_paper_no_table_is_cut_off(drive: Drive, many: dict[str, Any]) -> None:
    # The rules for paper, at the width of A4 between its margins: 186 mm, 96 dots an inch.
    page = render(many).replace("@media print", "@media all")
    found = drive(
        page,
        """
        await wait();
        all("details").forEach((one) => (one.open = true));
        return {
          cut: all(".box").filter((one) => one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.textContent.trim().slice(0, 60)),
          overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
          controls: all("nav, #filters, .pages").filter((one) => one.offsetHeight > 0).length,
        };
        """,
        703,
    )
    assert found == {"cut": [], "overflow": 0, "controls": 0}


def test_hostile_texts_are_shown_and_not_run(drive: Drive) -> None:
    found = drive(
        render(hostile_report()),
        """
        await wait();
        return {
          broken: view.broken ?? null,
          scripts: all("script").length,
          strange: all("img, main iframe, main object, [onerror]").length,
          lines: all("#list .line").map((one) => one.textContent),
          marks: all("#list mark.own").map((one) => one.firstChild.textContent),
          codes: all("#list .code").map((one) => one.textContent).slice(0, 4),
          isolated: all("#list .tag").every((one) =>
            one.dir === "ltr" && view.getComputedStyle(one).unicodeBidi === "isolate"),
          rtl: all("#list .line").every((one) => one.dir === "rtl" && one.lang === "ar"),
        };
        """,
    )
    assert found["broken"] is None
    assert found["scripts"] == 2
    assert found["strange"] == 0
    assert found["isolated"]
    assert found["rtl"]
    assert found["codes"] == ["U+202E", "U+2066", "U+0000", "U+001B"]
    assert any("</script><script>window.broken = 1</script>" in line for line in found["lines"])
    assert any("<img src=x onerror='window.broken = 2'>" in line for line in found["lines"])
    # The marks cut at the very characters, behind an emoji that takes two units.
    assert found["marks"].count("قرب") == 4


def test_filters_pages_and_links(drive: Drive, many: dict[str, Any]) -> None:
    found = drive(
        render(many),
        """
        const seen = {};
        const note = (name) => (seen[name] = [text("#found"), text("#page"), all(".error").length]);
        const form = page.getElementById("filters");
        const set = async (values) => {
          form.reset();
          Object.assign(form, {});
          Object.entries(values).forEach(([name, value]) => (form[name].value = value));
          form.dispatchEvent(new view.Event("input", { bubbles: true }));
          await wait();
        };
        await wait();
        note("all");
        page.getElementById("after").click();
        page.getElementById("after").click();
        note("third page");
        seen.last = page.getElementById("after").disabled;
        page.getElementById("before").click();
        note("second page");
        await set({ kind: "spurious" });
        note("invented");
        await set({ label: "BASE", tagged_as: "ACTOR" });
        note("label");
        seen.hash = view.location.hash;
        await set({ text: "معسكر الاحرار" });
        note("spelling aside");
        await set({ text: "b_00" });
        note("id");
        await set({ text: "لا يوجد" });
        note("none");
        await set({ order: "score", kind: "spurious" });
        seen.surest = all(".error .times")[0].textContent;
        view.location.hash = "#errors?kind=missed&label=WEAPON";
        await wait();
        note("link");
        seen.chosen = [form.kind.value, form.label.value, form.text.value];
        const advice = all("#help .gain a")[0];
        seen.told = advice.textContent;
        advice.click();
        await wait();
        note("advice");
        all("#frequent .number a")[0].click();
        await wait();
        note("mention");
        form.querySelector("button[type=reset]").click();
        await wait();
        note("cleared");
        return seen;
        """,
    )
    assert found["all"] == ["130 errors", "1 to 50", 50]
    assert found["third page"] == ["130 errors", "101 to 130", 30]
    assert found["last"] is True
    assert found["second page"] == ["130 errors", "51 to 100", 50]
    assert found["invented"] == ["40 of 130 errors", "1 to 40", 40]
    assert found["label"] == ["20 of 130 errors", "1 to 20", 20]
    assert found["hash"] == "#errors?label=BASE&tagged_as=ACTOR"
    assert found["spelling aside"] == ["20 of 130 errors", "1 to 20", 20]
    assert found["id"] == ["10 of 130 errors", "1 to 10", 10]
    assert found["none"] == ["0 of 130 errors", "none", 0]
    assert found["surest"] == "score 0.890"
    assert found["link"] == ["70 of 130 errors", "1 to 50", 50]
    assert found["chosen"] == ["missed", "WEAPON", ""]
    assert found["told"] == "Show the 70 errors that this touches"
    assert found["advice"][0] == "70 of 130 errors"
    assert found["mention"] == ["10 of 130 errors", "1 to 10", 10]
    assert found["cleared"] == ["130 errors", "1 to 50", 50]


def test_every_link_sets_a_filter_that_finds_as_many_as_it_says(
    drive: Drive, many: dict[str, Any]
) -> None:
    found = drive(
        render(many),
        """
        const seen = [];
        for (const link of all("a[href^='#errors?']")) {
          const said = link.textContent.match(/^\\d+$|the (\\d+) errors|×(\\d+)$/);
          if (!said) continue;
          link.click();
          await wait(20);
          seen.push([said[1] || said[2] || said[0], text("#found").split(" ")[0]]);
        }
        return seen;
        """,
    )
    assert len(found) > 30
    assert [said for said, _ in found] == [shown for _, shown in found]


def test_gold_and_predicted_stand_side_by_side(drive: Drive, many: dict[str, Any]) -> None:
    found = drive(
        render(many),
        """
        view.location.hash = "#errors?kind=wrong_label";
        await wait();
        const card = all(".error")[0];
        return [...card.querySelectorAll(".sides")].map((side) => [
          side.querySelector(".side").textContent,
          [...side.querySelectorAll("mark")].map((mark) => mark.textContent),
          [...side.querySelectorAll("mark.own")].map((mark) => mark.textContent),
        ]);
        """,
    )
    assert found == [
        ["data", ["مُعسكر الأحرارBASE", "جنديانCASUALTY"], ["مُعسكر الأحرارBASE"]],
        ["tagger", ["مُعسكر الأحرارACTOR", "جنديانCASUALTY"], ["مُعسكر الأحرارACTOR"]],
    ]


def test_tables_sort(drive: Drive, many: dict[str, Any]) -> None:
    found = drive(
        render(many),
        """
        const rows = () => all("#account table.sort tbody th").map((one) => one.textContent);
        const heads = all("#account table.sort thead th");
        const press = (i) => heads[i].querySelector("button").click();
        const seen = [rows()];
        press(4);
        seen.push([rows()[0], heads[4].getAttribute("aria-sort")]);
        press(4);
        seen.push([rows()[3], heads[4].getAttribute("aria-sort")]);
        press(0);
        seen.push([rows(), heads[0].getAttribute("aria-sort"), heads[4].getAttribute("aria-sort")]);
        return seen;
        """,
    )
    assert found == [
        ["ACTOR", "WEAPON", "BASE", "CASUALTY"],
        ["WEAPON", "descending"],
        ["WEAPON", "ascending"],
        [["ACTOR", "BASE", "CASUALTY", "WEAPON"], "ascending", None],
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(drive: Drive, scheme: str) -> None:
    """Contrast by WCAG 2.2: at least 4.5 to 1 for every text, 7 to 1 for sentences."""
    # Eight labels, as many as there are colours; each is missed, and invented beside another's.
    labels = [f"L{i}" for i in range(8)]
    gold = [doc(label, f"رد [المدفع]({label}) أمس هنا") for label in labels]
    tagged = [doc(label, f"رد المدفع أمس [هنا]({label})", 0.95) for label in labels]
    page = render(build_report(gold, tagged, labels))
    if scheme == "dark":
        page = page.replace("@media screen and (prefers-color-scheme: dark)", "@media screen")
    found = drive(
        page,
        """
        await wait();
        const often = { willReadFrequently: true };
        const canvas = document.createElement("canvas").getContext("2d", often);
        const over = (colours) => {
          canvas.clearRect(0, 0, 1, 1);
          colours.forEach((colour) => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); });
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        const light = (rgb) => {
          const [r, g, b] = rgb.map((c) => c / 255).map((c) =>
            c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (one) => {
          const behind = [];
          for (let e = one; e; e = e.parentElement) {
            behind.unshift(view.getComputedStyle(e).backgroundColor);
          }
          const a = light(over(behind));
          const b = light(over([...behind, view.getComputedStyle(one).color]));
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        };
        const faint = (selector, least) => all(selector).map((one) => [contrast(one), one])
          .filter(([value, one]) => value < least && one.textContent.trim())
          .map(([value, one]) => [value, one.tagName, one.className, one.textContent]);
        return [
          ...faint("main p, main td, main th, main a, main bdi, main span, caption, dt, dd", 4.5),
          ...faint(".line, mark", 7),
        ];
        """,
    )
    assert found == [], json.dumps(found, ensure_ascii=False)
