# SPDX-License-Identifier: Apache-2.0
"""The page: whole, escaped, closed to the network, and drawn from figures that plotly itself accepts."""

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from bot4.domain.errors import BadInput
from bot4.record.counts import count_text
from bot4.record.reports.collect import collect
from bot4.record.reports.data import DataSetFacts, FaultCount, JournalFacts, ReportData
from bot4.record.reports.markup import Markup, element, join, safe, table, venue_text
from bot4.record.reports.page import figures_json, render
from bot4.record.reports.sections.gate import gate_figures
from bot4.record.reports.sections.market import market_figures
from bot4.record.reports.wording import (
    MINUS,
    NBSP,
    day_text,
    moment_text,
    money_text,
    number_text,
    percent_text,
    signed_money_text,
    signed_percent_text,
    small_text,
)
from tests.unit.record.runs import MadeUpRun, made_up_facts, made_up_journal

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
LIBRARY = "/* a library */"


@lru_cache
def made_up(days: int = 100, symbols: int = 2, *, trades: bool = True, gate: str = "observe") -> ReportData:
    """Return the data of a made-up run."""
    run = MadeUpRun(days, symbols=symbols, trades=trades)
    return collect(
        run.recorder,
        made_up_journal(days),
        made_up_facts(run, gate=gate),
        generator=np.random.Generator(np.random.PCG64(0)),
        resamples=50,
    )


class Outline(HTMLParser):
    """Collect what a browser would see of a page's structure."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.addresses: list[str] = []
        self.events: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"src", "href"}:
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.events.append(name)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the last opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the text of headings."""
        if self.open and self.open[-1] in {"h1", "h2", "h3"}:
            self.headings.append((self.open[-1], data))


def test_the_page_is_whole_and_asks_for_nothing() -> None:
    """Every element closes, no id stands twice, no address leaves the page, no handler stands in the markup."""
    outline = Outline(render(made_up(), LIBRARY))
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.events == []
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    assert {address[1:] for address in outline.addresses if address.startswith("#")} <= set(outline.ids)
    assert outline.tags["h1"] == 1
    assert outline.tags["table"] >= 8


def test_the_sections_come_in_the_order_of_a_readers_questions() -> None:
    """What happened, what it compares with, where and when, why not more, what it cost, and how to check."""
    titles = [text for level, text in Outline(render(made_up(), LIBRARY)).headings if level == "h2"]
    assert titles == [
        "Key figures",
        "Equity",
        "Prices, entries, exits and stops",
        "What the gate let through and what it refused",
        "Refusals",
        "Months",
        "Costs",
        "Profit by strategy",
        "Data",
        "What the simulated venue assumes",
        "How to reproduce this",
    ]


def test_only_the_two_scripts_of_the_page_may_run() -> None:
    """The policy names the hash of each script and no source else; a change of a byte would stop it."""
    page = render(made_up(), LIBRARY)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts[0] == LIBRARY
    for script in scripts:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy[1]
    assert policy[1].count("sha256-") == len(scripts) == 2
    assert "http:" not in policy[1]


def test_text_from_outside_cannot_become_markup() -> None:
    """Symbols, files, reasons, rules, strategies and settings full of markup stay text, in tables and drawings."""
    data = made_up()
    evil_set = DataSetFacts(EVIL, (EVIL,), EVIL, 1, 1, 0, 1, EVIL, (FaultCount(EVIL, 3, EVIL),))
    strategies = tuple(replace(one, facts=replace(one.facts, name=EVIL, halted=EVIL)) for one in data.strategies)
    counts = tuple((EVIL, column) for _, column in data.refusals.counts[:1])
    poisoned = replace(
        data,
        facts=replace(
            data.facts,
            title=EVIL,
            command=EVIL,
            settings={EVIL: EVIL},
            data_sets=(evil_set,),
            assumptions=f"- *{EVIL}* and ``{EVIL}``",
            data_note=EVIL,
            journal=EVIL,
        ),
        instruments=tuple(replace(one, symbol=EVIL) for one in data.instruments),
        strategies=strategies,
        refusals=replace(data.refusals, counts=counts),
        headline=(EVIL,),
    )
    page = render(poisoned, LIBRARY)
    clean, dirty = Outline(render(data, LIBRARY)), Outline(page)
    assert dirty.tags["script"] == clean.tags["script"] == 3
    assert dirty.tags["img"] == 0
    assert dirty.events == []
    assert "<script>alert" not in page
    drawn = json.loads(figures_json(poisoned))["figures"]
    assert "&lt;script" in drawn["refusals"]["data"][0]["name"]
    assert "<" not in figures_json(poisoned)


def test_a_library_that_would_end_its_element_is_refused() -> None:
    """A script that holds the end of a script cannot stand in the page."""
    with pytest.raises(BadInput, match="plotly"):
        render(made_up(), "var a = '</SCRIPT>';")


@pytest.mark.parametrize(("days", "symbols", "trades"), [(100, 2, True), (40, 8, True), (100, 1, False)])
def test_plotly_accepts_every_figure(days: int, symbols: int, trades: bool) -> None:
    """plotly's own schema finds nothing to refuse, every trace has as many x as y, and every place its drawing."""
    data = made_up(days, symbols, trades=trades)
    drawn: dict[str, Any] = {**market_figures(data), **gate_figures(data)}
    for one in drawn.values():
        go.Figure(one)
        for trace in one["data"]:
            assert len(trace["x"]) == len(trace["y"])
    page = render(data, LIBRARY)
    assert set(re.findall(r'data-figure="([^"]*)"', page)) == set(drawn)
    always = {"equity", "shadow", "evidence", "refusals", *(f"price-{i}" for i in range(min(6, symbols)))}
    assert set(drawn) == always | ({"closeup", "drawdown", "exposure"} if trades else set())


def test_shared_columns_give_back_the_same_figures() -> None:
    """The page writes each column of times once; put back, the drawings are those that were built."""
    data = made_up()
    page = json.loads(figures_json(data))
    for one in page["figures"].values():
        for trace in one["data"]:
            trace["x"] = page["columns"][trace["x"]]
    built = json.loads(json.dumps({**market_figures(data), **gate_figures(data)}))
    assert page["figures"] == built
    assert len(page["columns"]) < sum(len(one["data"]) for one in built.values()) / 2


def test_many_instruments_are_drawn_up_to_six_and_the_rest_said() -> None:
    """Eight instruments: six drawings, eight rows, and a sentence."""
    page = render(made_up(40, 8), LIBRARY)
    assert len(set(re.findall(r'data-figure="price-\d+"', page))) == 6
    assert "the 6 instruments with the largest turnover of 8" in page
    assert all(symbol in page for symbol in ("LTCUSDT", "TRXUSDT"))


def test_thinned_fills_are_said() -> None:
    """Where not all fills are drawn, the page says how many are, and that the tables count all."""
    data = made_up()
    page = render(replace(data, marks_shown=50, facts=replace(data.facts, fills=7_000)), LIBRARY)
    assert "50 of 7,000 fills are drawn, taken evenly" in page


def test_an_idle_account_shows_shadow_records_and_no_empty_drawings() -> None:
    """Refused throughout: the shadow table and drawing are there, drawdown and exposure are not."""
    page = render(made_up(100, 1, trades=False, gate="enforce"), LIBRARY)
    assert "The gate refused 3 of 3 strategies; no order was sent" in page
    assert 'data-figure="shadow"' in page
    assert 'data-figure="exposure"' not in page


def test_a_passing_strategy_a_halt_and_the_safety_mode_are_told() -> None:
    """Since when a strategy passes and that it still does, who was halted and why, and each change of mode."""
    run = MadeUpRun(150)
    run.change_mode()
    facts = made_up_facts(run)
    strategies = (*facts.strategies[:2], replace(facts.strategies[2], halted="ValueError: no"))
    data = collect(
        run.recorder,
        made_up_journal(150, passing=1),
        replace(facts, strategies=strategies, data_note="Generated; momentum is planted."),
        generator=np.random.Generator(np.random.PCG64(0)),
        resamples=20,
    )
    page = unescape(render(replace(data, modes_seen=99), LIBRARY))
    assert "1 strategy of 3 passed on at least one day" in page
    assert re.search(r"passed first on 2018-0\d-\d\d; passes at the end", page)
    assert "halted: ValueError: no" in page
    assert "normal → reduced" in page
    assert "The first 1 of 99 changes." in page
    assert "momentum is planted" in page


def test_faults_are_summed_by_kind_and_kept_by_symbol() -> None:
    """Two data sets with two duplicates each: four in the table, two and two below it; other kinds are absent."""
    page = render(made_up(), LIBRARY)
    faults = page[page.index("Faults found") :]
    assert re.search(r'duplicate</th><td class="text">later arrival kept</td><td class="number">2</td>.*?>4<', faults)
    assert faults.count(">duplicate<") == 3
    assert "not filled" not in faults


def test_a_run_without_bars_verdicts_or_refusals_still_renders() -> None:
    """Nothing to show is shown as nothing."""
    run = MadeUpRun(1)
    data = collect(
        MadeUpRun(0).recorder,
        JournalFacts(),
        replace(made_up_facts(run), orders=0, fills=0, assumptions="", elapsed_s=0.0, data_sets=()),
        generator=np.random.Generator(np.random.PCG64(0)),
        resamples=5,
    )
    page = render(data, LIBRARY)
    assert Outline(page).open == []
    assert "The run saw no bar" in page
    assert "Nothing was refused by any rule." in page
    assert "No fault was found in the data." in page
    assert 'id="assumptions"' not in page


def test_a_live_run_says_where_its_fills_came_from_and_that_it_does_not_come_again() -> None:
    """Traded at a venue nothing was imagined; on a live market with imagined fills the venue's assumptions stand."""
    data = made_up()
    pages = {
        (live, traded): render(replace(data, facts=replace(data.facts, is_live=live, is_traded=traded)), LIBRARY)
        for live, traded in ((False, False), (True, False), (True, True))
    }
    for (live, traded), page in pages.items():
        assert ("Where the fills came from" in page) == traded
        assert ("What the simulated venue assumes" in page) != traded
        assert ("does not come again" in page) == live
        assert ("The same command over the same data gives the same run" in page) != live


def test_the_page_stays_below_six_megabytes_with_the_real_library() -> None:
    """Two thousand days of two instruments, the library included."""
    data = made_up(1000)
    assert len(render(data, get_plotlyjs()).encode()) < 6_000_000


def test_gains_and_losses_of_a_month_are_tinted_equally() -> None:
    """The strongest gain and an equal loss get tints of one strength, and only the hue differs."""
    days = np.arange(19723, 19723 + 60)
    returns = np.where(np.arange(60) == 3, 0.05, np.where(np.arange(60) == 40, -0.05, 0.0))
    data = made_up()
    page = render(replace(data, days=replace(data.days, days=days, strategy=returns, buy_and_hold=returns)), LIBRARY)
    assert 'color-mix(in srgb, var(--gain) 45%, transparent)">+5.00<' in unescape(page)
    assert f'color-mix(in srgb, var(--loss) 45%, transparent)">{MINUS}5.00<' in unescape(page)


def test_the_venues_own_words_become_points_with_emphasis() -> None:
    """Paragraphs, points, emphasis and code are marked; what is markup in them is not; odd marks stay."""
    text = "First *a*.\n\nThen:\n\n- *No <b>.* Use ``x < y``\n  on.\n- 2 * 3 stays.\n"
    assert venue_text(text) == (
        "<p>First <em>a</em>.</p>\n<p>Then:</p>\n"
        "<ul><li><em>No &lt;b&gt;.</em> Use <code>x &lt; y</code> on.</li>\n<li>2 * 3 stays.</li></ul>"
    )


def test_markup_is_escaped_once_and_only_once() -> None:
    """Plain text is escaped wherever it enters; what is markup already is not escaped again."""
    assert safe("<&>") == "&lt;&amp;&gt;"
    assert safe(safe("<")) == "&lt;"
    assert join(["<", Markup("<br>")], "|") == "&lt;|<br>"
    assert element("p", "x", class_='a"b', data_log="k") == '<p class="a&quot;b" data-log="k">x</p>'
    assert '<th scope="row" class="text">&lt;</th>' in table("t", ("a", "b"), [["<", "1"]])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (money_text(123_456_789_012, "USDT"), f"1,234.57{NBSP}USDT"),
        (money_text(-50_000_000), f"{MINUS}0.50"),
        (money_text(-100), "0.00"),
        (signed_money_text(100_000_000), "+1.00"),
        (signed_money_text(0), "0.00"),
        (percent_text(-0.012), f"{MINUS}1.20{NBSP}%"),
        (signed_percent_text(0.012), f"+1.20{NBSP}%"),
        (signed_percent_text(0.00001), f"0.00{NBSP}%"),
        (signed_percent_text(-0.00001), f"0.00{NBSP}%"),
        (percent_text(float("nan")), "–"),
        (number_text(float("inf")), "∞"),
        (number_text(float("-inf")), f"{MINUS}∞"),
        (number_text(-1234.5, 1), f"{MINUS}1,234.5"),
        (small_text(90.0), "90"),
        (small_text(-0.00050413), f"{MINUS}0.0005041"),
        (small_text(float("nan")), "–"),
        (day_text(19723), "2024-01-01"),
        (moment_text(19723 * 86_400 * 10**9), "2024-01-01 00:00 UTC"),
        (count_text(1, "day"), "1 day"),
        (count_text(1200, "strategy", "strategies"), "1,200 strategies"),
    ],
)  # fmt: skip
def test_numbers_are_written_one_way(said: str, expected: str) -> None:
    """True minus signs, thousands apart, no break before a unit, no signed nought, a dash for what is not known."""
    assert said == expected
