# SPDX-License-Identifier: Apache-2.0
"""The page of a sweep: what the best is worth behind everything that was tried, losing trials as plain as winning ones.

Built like the report of a run (`page`): one HTML text that holds everything and can load nothing. The same sweep gives
the same page: no time of day and no duration stands on it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import BadInput
from bot4.record.counts import count_text
from bot4.record.reports import looks, sweep_looks
from bot4.record.reports.markup import Markup, definitions, element, figure, join, paragraph, section, table
from bot4.record.reports.page import policy
from bot4.record.reports.sweep_figures import (
    LINES_MAX,
    Axis,
    lines_figure,
    luck_figure,
    pair_figures,
    single_figure,
)
from bot4.record.reports.wording import number_text, percent_text, signed_percent_text

Floats = NDArray[np.float64]

HEAT_HEIGHT: Final = 460
LINES_HEIGHT: Final = 380
LUCK_HEIGHT: Final = 320


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BestRow:
    """One of the best as its table tells it; Sharpe ratios are annual, returns and drawdowns fractions.

    ``engine_sharpe`` and ``engine_trades`` are those of the engine's shadow record, ``account_return`` and
    ``account_drawdown`` those of its account, behind sizing, risk, orders and stops.
    """

    parameters: str
    screen_sharpe: float
    screen_return: float
    screen_drawdown: float
    screen_trades: int
    engine_sharpe: float
    engine_trades: int
    agrees: bool
    probabilistic: float
    deflated: float
    p_value: float
    account_return: float
    account_drawdown: float
    orders: int
    fills: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPage:
    """What the page of a sweep shows.

    ``sharpe`` holds one ratio for each trial, NaN where nothing was traded; ``counted`` is the number of lines in the
    ledger, the sweeps before this one included; ``luck`` what the best of so many shows without skill, ``deviation``
    that of one ratio by chance, ``holding`` what simply holding the instruments showed.
    """

    title: str
    command: str
    name: str
    verdict: str
    survives: bool
    trials: int
    left_out: Sequence[tuple[str, int]]
    counted: int
    ledger: str
    days: int
    cost: float
    luck: float
    deviation: float
    holding: float
    axes: Sequence[Axis]
    sharpe: Floats
    best: Sequence[BestRow]
    data: Sequence[tuple[str, str]]
    was_screened: bool


def render_sweep(data: SweepPage, plotly_js: str) -> str:
    """Return the page as one HTML text.

    Parameters
    ----------
    data : SweepPage
        What it shows.
    plotly_js : str
        The plotly library itself: the caller reads it, for nothing here reads a file.

    Raises
    ------
    BadInput
        If ``plotly_js`` cannot stand inside a page.
    """
    if "</script" in plotly_js.lower() or "<!--" in plotly_js:
        raise BadInput(
            "plotly's script", "it would end its own element", "a script without </script", "Reinstall plotly."
        )
    sections = [_best(data), _heat(data), _lines(data), _luck(data), _data(data)]
    body = join([_header(data), element("main", join(sections, "\n")), _footer()], "\n")
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy(plotly_js, sweep_looks.SCRIPT)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">',
        element("title", data.title),
        f"<style>{looks.STYLE}{sweep_looks.STYLE}</style>",
    ]
    scripts = [
        f'<script type="application/json" id="drawings">{drawings_json(data)}</script>',
        f"<script>{plotly_js}</script>",
        f"<script>{sweep_looks.SCRIPT}</script>",
    ]
    parts = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", body, *scripts]
    return "\n".join([*parts, "</body>", "</html>", ""])


def drawings_json(data: SweepPage) -> str:
    """Return every drawing as JSON that can stand inside a script element."""
    figures = {"luck": luck_figure(data.sharpe, data.deviation, data.luck, data.counted)}
    figures["lines"] = lines_figure(data.axes, data.sharpe)
    if len(data.axes) == 1:
        figures["heat"] = single_figure(data.axes[0], data.sharpe)
    pairs = pair_figures(data.axes, data.sharpe)
    text = json.dumps({"figures": figures, "pairs": pairs}, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _header(data: SweepPage) -> Markup:
    """Return the title, the verdict and what it rests on."""
    known = data.sharpe[np.isfinite(data.sharpe)]
    losing = int((known < 0.0).sum())
    parts = [
        paragraph(f"bot4 · {data.name}", class_="kicker"),
        element("h1", data.title),
        element("div", paragraph(data.verdict), class_="headline"),
        _banner(data),
        definitions_of(data, losing, len(known)),
    ]
    return element("header", join(parts, "\n"))


def _banner(data: SweepPage) -> Markup:
    """Return the warning that belongs to every search."""
    if data.survives:
        title = "Chosen on the days it is judged by"
        text = "The best of a search is chosen on its data. Freeze it, and let days it has not seen be its evidence."
    else:
        title = "No proof of skill"
        text = "The best of so many trials cannot be told from luck's best. To trade it is to bet on chance, at a cost."
    content = join([element("strong", title), paragraph(text)])
    return element("div", content, class_=f"banner {'warning' if data.survives else 'danger'}", role="note")


def definitions_of(data: SweepPage, losing: int, known: int) -> Markup:
    """Return the four first figures as tiles."""
    best = data.best[0] if data.best else None
    sharpe = number_text(best.engine_sharpe) if best else "–"
    deflated = number_text(best.deflated, 3) if best else "–"
    tiles = (
        ("trials", f"{data.trials:,}", f"{data.counted:,} in the ledger"),
        ("best Sharpe ratio", sharpe, f"luck alone {number_text(data.luck)}, holding {number_text(data.holding)}"),
        ("deflated", deflated, "probability that it is more than luck's best"),
        ("lost money", f"{losing:,} of {known:,}", "trials that traded, net of costs"),
    )
    drawn = [
        element(
            "div",
            join(
                [
                    element("dt", name),
                    element("dd", value, class_="value"),
                    element("dd", note, class_="note"),
                ]
            ),
            class_="tile",
        )
        for name, value, note in tiles
    ]
    return element("dl", join(drawn, "\n"), class_="tiles")


def _best(data: SweepPage) -> Markup:
    """Return the table of the best: what the screen said beside the engine's word."""
    screened = ("parameters", "Sharpe, screen", "Sharpe, engine", "return", "drawdown", "trades")
    heads = (*screened, "PSR", "deflated", "p", "account", "its drawdown", "orders", "fills")
    rows = [
        (
            one.parameters,
            number_text(one.screen_sharpe, 3),
            number_text(one.engine_sharpe, 3) + ("" if one.agrees else " differs"),
            signed_percent_text(one.screen_return),
            percent_text(one.screen_drawdown),
            f"{one.screen_trades:,}",
            number_text(one.probabilistic, 3),
            number_text(one.deflated, 3),
            number_text(one.p_value, 3),
            signed_percent_text(one.account_return),
            percent_text(one.account_drawdown),
            f"{one.orders:,}",
            f"{one.fills:,}",
        )
        for one in data.best
    ]
    said = (
        "Screen and engine judge the opinion on a constant notional, net of taker fee and slippage: the shadow book. "
        "The account is what the engine made of it behind sizing, risk limits, orders and stops. PSR is the chance "
        "of a Sharpe ratio above 0, deflated that of one above luck's best of all trials in the ledger."
    )
    if not data.was_screened:
        said = "This strategy has no screening kernel: the engine ran every trial. " + said
    return section("best", "The best", table("Best by the screen", heads, rows), paragraph(said, class_="small"))


def _heat(data: SweepPage) -> Markup:
    """Return the heat map over two parameters with its choices, or a line where there is one."""
    if len(data.axes) < 2:
        said = f"Sharpe ratio over {data.axes[0].name}"
        return section("map", "Over the parameter", figure("heat", said, said, height=HEAT_HEIGHT))
    names = [axis.name for axis in data.axes]
    choices = join(
        [
            _choice("heat-x", "across", names, 0),
            _choice("heat-y", "up", names, 1),
            _choice("heat-what", "of each cell", ["median", "best"], 0),
        ]
    )
    note = "A cell takes all trials with its two values, whatever the other parameters. A lone good cell is luck."
    said = f"Heat map of the Sharpe ratio over {names[0]} and {names[1]}"
    drawing = figure("heat", "Sharpe ratio over two parameters", said, height=HEAT_HEIGHT, note=note)
    return section("map", "Over two parameters", element("div", choices, class_="choices"), drawing)


def _choice(key: str, name: str, options: Sequence[str], chosen: int) -> Markup:
    """Return a list to choose from, with its name."""
    items = [
        element("option", option, value=option, **({"selected": "selected"} if i == chosen else {}))
        for i, option in enumerate(options)
    ]
    return element("label", join([name, element("select", join(items), id=key)], " "))


def _lines(data: SweepPage) -> Markup:
    """Return the drawing over all parameters at once."""
    known = int(np.isfinite(data.sharpe).sum())
    note = "Each line is a trial: brown the worst, grey the middle, blue the best."
    if known > LINES_MAX:
        note += f" {LINES_MAX} of {known:,} are drawn, evenly by rank, the worst and the best included."
    drawing = figure("lines", "Parallel coordinates", "Trials over all parameters", height=LINES_HEIGHT, note=note)
    return section("all", "Over all parameters", drawing)


def _luck(data: SweepPage) -> Markup:
    """Return the distribution of all Sharpe ratios beside that of luck."""
    note = (
        "The dashed curve is what trials without any skill, each independent of the others, would show in as many days."
    )
    if isnan(data.luck):
        note = "Too few days to say what luck would show."
    said = "How often each Sharpe ratio was found, against what luck alone would show"
    return section("luck", "Against luck", figure("luck", said, said, height=LUCK_HEIGHT, note=note))


def _data(data: SweepPage) -> Markup:
    """Return what was searched, on what, and how to repeat it."""
    pairs: list[tuple[str, str | Markup]] = [
        ("command", element("code", data.command)),
        ("trials", f"{count_text(data.trials, 'set')}; every one is in results.csv"),
        ("ledger", f"{data.ledger}: {count_text(data.counted, 'trial')}"),
        ("record", f"{count_text(data.days, 'day')} of net returns"),
        ("cost", f"{percent_text(data.cost, 3)} of each fill, fee and slippage"),
        *((f"left out: {count:,}", reason) for reason, count in data.left_out),
        *data.data,
    ]
    return section("reproduce", "What was searched", definitions(pairs))


def _footer() -> Markup:
    """Return the last words."""
    noscript = element("noscript", paragraph("The drawings need JavaScript; every figure is in results.csv too."))
    return element("footer", join([paragraph("Past results promise nothing."), noscript]))
