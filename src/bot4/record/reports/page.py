# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML text that holds everything, opens offline, and can load nothing.

Its content security policy allows the two scripts below by their hashes, its own
styles, and no address at all: what the page does not hold it cannot show, and a
symbol or a file name that carried a script could not run it.
"""

import json
from base64 import b64encode
from hashlib import sha256

from bot4.domain.errors import BadInput
from bot4.record.reports.data import Banner, ReportData
from bot4.record.reports.looks import SCRIPT, STYLE
from bot4.record.reports.markup import Markup, element, join, paragraph
from bot4.record.reports.sections.conduct import conduct_section
from bot4.record.reports.sections.gate import (
    costs_section,
    gate_figures,
    gate_section,
    refusals_section,
    strategies_section,
)
from bot4.record.reports.sections.key_figures import figures_section, months_section, tiles
from bot4.record.reports.sections.market import (
    assumptions_section,
    data_section,
    equity_section,
    market_figures,
    prices_section,
    reproduce_section,
)

CONTENTS = (
    ("figures", "Key figures"),
    ("equity", "Equity"),
    ("prices", "Prices"),
    ("gate", "Gate"),
    ("refusals", "Refusals"),
    ("months", "Months"),
    ("costs", "Costs"),
    ("strategies", "Strategies"),
    ("conduct", "At the venue"),
    ("data", "Data"),
    ("assumptions", "Assumptions"),
    ("reproduce", "Reproduce"),
)


def render(data: ReportData, plotly_js: str) -> str:
    """Return the report as one HTML text.

    Parameters
    ----------
    data : ReportData
        As :func:`bot4.record.reports.collect.collect` returns it.
    plotly_js : str
        The plotly library itself, ``plotly.offline.get_plotlyjs()``: the caller
        reads it, for nothing here reads a file.

    Raises
    ------
    BadInput
        If ``plotly_js`` cannot stand inside a page.
    """
    if "</script" in plotly_js.lower() or "<!--" in plotly_js:
        raise BadInput(
            "plotly's script", "it would end its own element", "a script without </script", "Reinstall plotly."
        )
    sections = [
        figures_section(data),
        equity_section(data),
        prices_section(data),
        gate_section(data),
        refusals_section(data),
        months_section(data),
        costs_section(data),
        strategies_section(data),
        conduct_section(data),
        data_section(data),
        assumptions_section(data),
        reproduce_section(data),
    ]
    body = join([_header(data), _contents(data), element("main", join(sections, "\n")), _footer(data)], "\n")
    scripts = [
        f'<script type="application/json" id="drawings">{figures_json(data)}</script>',
        f"<script>{plotly_js}</script>",
        f"<script>{SCRIPT}</script>",
    ]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy(plotly_js, SCRIPT)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">',
        element("title", data.facts.title),
        f"<style>{STYLE}</style>",
    ]
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        *head,
        "</head>",
        "<body>",
        body,
        *scripts,
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def policy(*scripts: str) -> str:
    """Return a content security policy that lets exactly these scripts run and nothing be fetched."""
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    rest = "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; {rest}"


def figures_json(data: ReportData) -> str:
    """Return every drawing as JSON that can stand inside a script element.

    A column of times that several traces share is written once: ``x`` of a trace
    is its number among ``columns``. A number that is not finite never gets here.
    """
    drawn = {**market_figures(data), **gate_figures(data)}
    columns: list[object] = []
    for one in drawn.values():
        for trace in one["data"]:
            if trace["x"] not in columns:
                columns.append(trace["x"])
            trace["x"] = columns.index(trace["x"])
    text = json.dumps({"columns": columns, "figures": drawn}, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _header(data: ReportData) -> Markup:
    """Return the title, what happened in words, the banners and the four first figures."""
    facts = data.facts
    parts = [
        paragraph(f"bot4 · run {facts.run[:16]} · gate {facts.gate}", class_="kicker"),
        element("h1", facts.title[:1].upper() + facts.title[1:]),
        element("div", join([paragraph(sentence) for sentence in data.headline], "\n"), class_="headline"),
        *(_banner(banner) for banner in data.banners),
        tiles(data),
    ]
    return element("header", join(parts, "\n"))


def _banner(banner: Banner) -> Markup:
    """Return one banner."""
    content = join([element("strong", banner.title), paragraph(banner.text)])
    return element("div", content, class_=f"banner {banner.severity}", role="note")


def _contents(data: ReportData) -> Markup:
    """Return the links to the sections."""
    facts = data.facts
    absent = {"assumptions"} if not facts.assumptions.strip() else set()
    absent |= {"conduct"} if facts.conduct is None else set()
    links = [element("li", element("a", name, href=f"#{key}")) for key, name in CONTENTS if key not in absent]
    return element("nav", element("ul", join(links)), aria_label="Sections")


def _footer(data: ReportData) -> Markup:
    """Return the last words, with a reminder of each banner: a reader may begin at the end."""
    titles = [banner.title for banner in data.banners]
    said = " · ".join(["Past results promise nothing.", *titles])
    noscript = element("noscript", paragraph("The drawings need JavaScript; every figure is in the tables too."))
    return element("footer", join([paragraph(said), noscript]))
