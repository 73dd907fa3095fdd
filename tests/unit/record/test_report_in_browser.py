# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: it draws itself offline, at both widths, in both colours, and the console stays empty."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from bot4.record.reports.collect import collect
from bot4.record.reports.page import render
from tests.unit.record.runs import MadeUpRun, made_up_facts, made_up_journal

pytestmark = pytest.mark.slow

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
LINES = "document.querySelectorAll('.plot .scatterlayer .trace, .plot .barlayer .trace').length"
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A long run, a short one of many instruments, and one in which nothing passed, written as files."""
    runs = {
        "long": (MadeUpRun(2000, symbols=2), made_up_journal(2000, passing=1), "observe"),
        "short": (MadeUpRun(40, symbols=8), made_up_journal(40), "enforce"),
        "refused": (MadeUpRun(150, trades=False), made_up_journal(150), "enforce"),
    }
    written: dict[str, Path] = {}
    folder = tmp_path_factory.mktemp("reports")
    for name, (run, journal, gate) in runs.items():
        facts = made_up_facts(run, gate=gate)
        if name == "short":
            strategies = tuple(replace(one, name=EVIL + one.name) for one in facts.strategies)
            facts = replace(facts, title=EVIL, strategies=strategies, is_synthetic=True, was_interrupted=True)
        data = collect(run.recorder, journal, facts, generator=np.random.Generator(np.random.PCG64(0)), resamples=100)
        written[name] = folder / f"{name}.html"
        written[name].write_text(render(data, get_plotlyjs()), encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """One Chromium for all tests of this file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


class Visit:
    """Open one page offline and wait until all is drawn, noting every word on the console and every request."""

    def __init__(self, browser: Any, path: Path, *, width: str = "desktop", scheme: str = "light") -> None:
        size = {"width": WIDTHS[width][0], "height": WIDTHS[width][1]}
        phone = width == "phone"
        self.context = browser.new_context(
            viewport=size, color_scheme=scheme, offline=True, is_mobile=phone, has_touch=phone
        )
        self.page = self.context.new_page()
        self.words: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.words.append(message.text))
        self.page.on("pageerror", lambda error: self.words.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: self.words.append(dialog.message))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-drawn=all]", timeout=120_000)

    def count(self, selector: str) -> int:
        """Return how many elements match."""
        return int(self.page.locator(selector).count())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["long", "short", "refused"])
def test_the_page_draws_itself_offline_and_fits_its_width(
    browser: Any, pages: dict[str, Path], name: str, width: str
) -> None:
    """With the network cut: every figure drawn, nothing on the console, nothing asked for, no overflow."""
    visit = Visit(browser, pages[name], width=width)
    places = visit.count("[data-figure]")
    assert places == visit.count("[data-drawn=yes]") == visit.count(".plot .main-svg:first-child")
    assert places >= 5
    assert visit.page.evaluate(LINES) >= places
    assert visit.words == []
    assert [url for url in visit.asked if not url.startswith(("file:", "data:"))] == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    wide = "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, nav, pre, .plot')"
    assert visit.page.evaluate(f"{wide} && e.getBoundingClientRect().right > innerWidth + 1).length") == 0
    visit.context.close()


def test_the_page_follows_the_readers_colours(browser: Any, pages: dict[str, Path]) -> None:
    """Dark: a dark paper and lighter lines than on the light page; a change is followed while it is open."""
    visit = Visit(browser, pages["refused"], scheme="dark")
    line = "getComputedStyle(document.querySelector('#plot-equity .js-line')).stroke"
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = (visit.page.evaluate(paper), visit.page.evaluate(line))
    visit.page.emulate_media(color_scheme="light")
    visit.page.wait_for_timeout(1_500)
    light = (visit.page.evaluate(paper), visit.page.evaluate(line))
    assert dark[0] == "rgb(20, 23, 27)"
    assert light[0] == "rgb(251, 250, 247)"
    assert dark[1] != light[1]
    assert visit.words == []
    visit.context.close()


def test_scale_and_legend_answer_to_a_click(browser: Any, pages: dict[str, Path]) -> None:
    """The logarithmic scale switches and says so; a legend entry hides its line and brings it back."""
    visit = Visit(browser, pages["long"])
    page = visit.page
    page.click("[data-log=equity]")
    page.wait_for_timeout(500)
    assert page.get_attribute("[data-log=equity]", "aria-pressed") == "true"
    assert page.evaluate("document.getElementById('plot-equity').layout.yaxis.type") == "log"
    before = visit.count("#plot-equity .js-line")
    legend = "figure:has(#plot-equity) .legend button:nth-child(1)"
    page.click(legend)
    page.wait_for_timeout(500)
    assert visit.count("#plot-equity .js-line") == before - 1
    assert page.get_attribute(legend, "aria-pressed") == "false"
    page.click(legend)
    page.wait_for_timeout(500)
    assert visit.count("#plot-equity .js-line") == before
    assert visit.words == []
    visit.context.close()


def test_names_that_are_markup_stay_names(browser: Any, pages: dict[str, Path]) -> None:
    """A strategy called like an image is written out in heading and legend, and nothing runs."""
    visit = Visit(browser, pages["short"])
    assert visit.page.inner_text("h1").lower() == EVIL
    legend = visit.page.inner_text("figure:has(#plot-shadow) .legend")
    assert EVIL + "momentum" in legend
    assert visit.count("main img, header img") == 0
    assert visit.words == []
    visit.context.close()
