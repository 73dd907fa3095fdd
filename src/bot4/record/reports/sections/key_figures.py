# SPDX-License-Identifier: Apache-2.0
"""The first tables of the page: the run beside what doing nothing clever would have made, and its months.

Losses and gains have the same weight of type and the same strength of tint.
"""

import numpy as np

from bot4.record.counts import count_text
from bot4.record.reports.data import ReportData
from bot4.record.reports.markup import Markup, element, join, paragraph, section, table
from bot4.record.reports.statistics import Estimate, Performance, months
from bot4.record.reports.wording import (
    DASH,
    NBSP,
    moment_text,
    money_text,
    number_text,
    percent_text,
    signed_money_text,
    signed_percent_text,
)
from bot4.record.reports.words import against_sentence

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROWS = (
    ("total_return", "Total return", "signed"),
    ("annual_return", "Return a year, compounded", "signed"),
    ("mean_year", "Mean return, times 365 days", "signed"),
    ("volatility", "Volatility a year", "percent"),
    ("sharpe", "Sharpe ratio", "number"),
    ("sortino", "Sortino ratio", "number"),
    ("drawdown_max", "Deepest drawdown, day closes", "percent"),
    ("underwater_days", "Longest time below a high, days", "count"),
    ("hit_rate", "Days won, of days that moved", "percent"),
    ("profit_factor", "Profit factor, by days", "number"),
)


def tiles(data: ReportData) -> Markup:
    """Return the four figures one looks for first."""
    change = data.final - data.start
    fall = data.drawdown
    when = f"from {moment_text(fall.from_ns)}" if fall.from_ns else "from the start"
    ended = f"{when} to {moment_text(fall.to_ns)}" if fall.to_ns else "never below its highest"
    facts = data.facts
    shown = (
        (f"Final equity, {facts.currency}", money_text(data.final), f"{signed_money_text(change)} since the start"),
        ("Total return", signed_percent_text(data.final / data.start - 1.0), "after fees and slippage"),
        ("Deepest drawdown", percent_text(fall.fraction), ended),
        (
            "Orders",
            f"{facts.orders:,}",
            f"{count_text(facts.fills, 'fill')}, {count_text(data.refusals.total, 'refusal')}",
        ),
    )
    cells = [
        element(
            "div",
            join([element("dt", name), element("dd", value, class_="value"), element("dd", note, class_="note")]),
            class_="tile",
        )
        for name, value, note in shown
    ]
    return element("dl", join(cells, "\n"), class_="tiles")


def figures_section(data: ReportData) -> Markup:
    """Return the key figures of the run and its benchmarks, each with its interval."""
    columns = (data.performance, data.buy_and_hold, data.matched)
    rows: list[list[str | Markup]] = []
    for key, label, form in ROWS:
        rows.append([label, *(estimate_cell(getattr(one, key), form) for one in columns), cash_cell(key)])
    turnover = turnover_year(data)
    rows.append(
        [
            "Mean exposure, of equity",
            percent_text(data.mean_exposure),
            percent_text(1.0),
            percent_text(data.mean_exposure),
            percent_text(0.0),
        ]
    )
    rows.append(["Turnover a year, times equity", number_text(turnover), "0.00", "not counted", "0.00"])
    head = ("", "This run", "Buy and hold", "Same exposure, held", "Cash")
    notes = [
        ("Against buy and hold", data.against_hold, "buy and hold"),
        ("Against the same exposure, held", data.against_matched, "holding the same exposure"),
    ]
    compared = [
        [name, against_sentence(one, benchmark), estimate_cell(one, "signed")] for name, one, benchmark in notes
    ]
    parts = [table("Beside what doing nothing clever would have made; 90 % intervals below", head, rows)]
    if data.facts.orders:
        title = "Mean return a year, this run less the benchmark"
        parts.append(table(title, ("", "In words", "Difference"), compared, text_columns=2))
    parts.append(paragraph(method_text(data.performance), class_="small"))
    return section("figures", "Key figures", *parts)


def method_text(shown: Performance) -> str:
    """Return how the figures were made."""
    return (
        f"From {count_text(shown.days, 'daily return')} at 00:00 UTC, a year being 365 days; days without data count "
        "as days without change. Intervals: circular block bootstrap, 90 %, block length by the dependence found; none "
        "below 20 days, no compounded yearly return below 90. Buy and hold: equal parts at the close of each "
        "instrument's first bar, held to the end; where data end early, the last close stays. Same exposure, held: of "
        "each instrument the run's own mean gross exposure (mean over evenly spaced moments), brought back to it at "
        "each day's close. Neither pays a cost, and cash earns nothing: the benchmarks are flattered, the run is not."
    )


def estimate_cell(estimate: Estimate, form: str) -> Markup:
    """Return a figure with its interval below it."""
    value = figure_text(estimate.value, form)
    if not estimate.has_interval or value == DASH or estimate.low == estimate.value == estimate.high:
        return element("span", value)
    bounds = f"{figure_text(estimate.low, form)} to{NBSP}{figure_text(estimate.high, form)}"
    return join([element("span", value), element("span", bounds, class_="interval")])


def figure_text(value: float, form: str) -> str:
    """Return a figure in the form of its row."""
    if form == "signed":
        return signed_percent_text(value)
    if form == "percent":
        return percent_text(value)
    return number_text(value, 0 if form == "count" else 2)


def cash_cell(key: str) -> str:
    """Return the figure of cash that earns nothing."""
    if key in {"sharpe", "sortino", "hit_rate", "profit_factor"}:
        return DASH
    return "0" if key == "underwater_days" else percent_text(0.0)


def turnover_year(data: ReportData) -> float:
    """Return what was traded a year, over the mean of start and final equity; NaN for less than a day."""
    worth = (data.start + data.final) / 2.0
    years = data.performance.days / 365.0
    return data.costs.notional / worth / years if years > 0.0 and worth > 0.0 else float("nan")


def months_section(data: ReportData) -> Markup:
    """Return the table of monthly returns, one row a year."""
    by_month = months(data.days.days, data.days.strategy)
    hold = months(data.days.days, data.days.buy_and_hold)
    scale = max((abs(value) for value in by_month.values()), default=0.0)
    rows: list[list[str | Markup]] = []
    for year in sorted({month // 12 for month in by_month}):
        cells = [tinted(by_month.get(year * 12 + i), scale) for i in range(12)]
        rows.append([str(1970 + year), *cells, year_text(by_month, year), year_text(hold, year)])
    return section(
        "months",
        "Months",
        table("Net return of each month, percent", ("Year", *MONTH_NAMES, "Year", "Buy and hold"), rows),
        paragraph(
            "Tint shows size: blue above zero, ochre below, equally strong for equal amounts. First and last month may "
            "be partial.",
            class_="small",
        ),
    )


def tinted(value: float | None, scale: float) -> Markup:
    """Return a month's return on a tint as strong as its size."""
    if value is None:
        return element("span", DASH, class_="month")
    share = abs(value) / scale if scale > 0.0 else 0.0
    colour = "var(--gain)" if value > 0.0 else "var(--loss)"
    style = f"background:color-mix(in srgb, {colour} {5 + 40 * share:.0f}%, transparent)" if value else ""
    return element("span", bare_text(value), class_="month", style=style)


def year_text(by_month: dict[int, float], year: int) -> str:
    """Return the compounded return of the months of one year."""
    known = [1.0 + by_month[month] for month in by_month if month // 12 == year]
    return bare_text(float(np.prod(known)) - 1.0)


def bare_text(fraction: float) -> str:
    """Return a fraction in percent with its sign, without the word: the table says it once."""
    return signed_percent_text(fraction).removesuffix(NBSP + "%")
