# SPDX-License-Identifier: Apache-2.0
"""The sections about the account over time, the prices it traded, its data, and how to do it again."""

import json
from collections.abc import Sequence

from bot4.record.counts import count_text
from bot4.record.reports.data import DataSetFacts, ReportData
from bot4.record.reports.figures import Drawing, drawdown_figure, equity_figure, exposure_figure, price_figure
from bot4.record.reports.markup import (
    Markup,
    definitions,
    element,
    figure,
    folded,
    join,
    paragraph,
    section,
    table,
    venue_text,
)
from bot4.record.reports.wording import (
    moment_text,
    money_text,
    number_text,
    percent_text,
    signed_percent_text,
)

PRICES_MAX = 6
"""How many instruments are drawn; the others are in the table."""


def equity_section(data: ReportData) -> Markup:
    """Return equity beside its benchmarks, drawdown and exposure."""
    ended = (
        f"It ended at {signed_percent_text(data.performance.total_return.value)}; buy and hold at "
        f"{signed_percent_text(data.buy_and_hold.total_return.value)}, the same exposure held at "
        f"{signed_percent_text(data.matched.total_return.value)}, cash at 0 %."
    )
    toggle = element(
        "button", "Logarithmic scale", type="button", class_="toggle", data_log="equity", aria_pressed="false"
    )
    shown = [
        toggle,
        figure("equity", f"Equity, {data.facts.currency}", f"Equity and benchmarks over time. {ended}", height=380),
    ]
    if not data.facts.orders:
        flat = "The account never held anything: no drawdown, no exposure, and nothing to see closer."
        return section("equity", "Equity", *shown, paragraph(flat))
    return section("equity", "Equity", *shown, *_held_figures(data, ended))


def _held_figures(data: ReportData, ended: str) -> list[Markup]:
    """Return the drawings that say something only where something was held."""
    return [
        figure(
            "closeup",
            "The same without buy and hold, closer",
            f"Equity, the same exposure held, and cash over time. {ended}",
            height=300,
        ),
        figure(
            "drawdown",
            "Drawdown",
            f"Fall from the highest so far. Deepest over every mark: {percent_text(data.drawdown.fraction)}.",
            height=240,
            note="Drawn from the samples; the deepest fall in the text is over every mark of the account. Buy and hold "
            "can be switched on in the legend.",
        ),
        figure(
            "exposure",
            "Exposure",
            f"Gross exposure over equity. Mean {percent_text(data.mean_exposure)}.",
            height=220,
        ),
    ]


def prices_section(data: ReportData) -> Markup:
    """Return the prices with entries, exits and stops of the most traded instruments, and a table of all."""
    shown = data.instruments[:PRICES_MAX]
    parts = [
        figure(
            f"price-{i}",
            one.symbol,
            f"Price of {one.symbol}, {signed_percent_text(one.price_change)} over the run, with "
            f"{count_text(len(one.marks), 'fill')} drawn.",
            height=300,
        )
        for i, one in enumerate(shown)
    ]
    notes = []
    if len(data.instruments) > len(shown):
        notes.append(f"Drawn: the {len(shown)} instruments with the largest turnover of {len(data.instruments)}.")
    if data.marks_shown < data.facts.fills:
        notes.append(
            f"{data.marks_shown:,} of {data.facts.fills:,} fills are drawn, taken evenly; figures and tables count all."
        )
    if notes:
        parts.insert(0, paragraph(" ".join(notes)))
    currency = data.facts.currency
    rows: list[list[str | Markup]] = [
        [
            one.symbol,
            signed_percent_text(one.price_change),
            f"{one.fills:,}",
            money_text(one.notional),
            money_text(one.fees),
        ]
        for one in data.instruments
    ]
    head = ("Instrument", "Price change", "Fills", f"Traded, {currency}", f"Fees, {currency}")
    return section("prices", "Prices, entries, exits and stops", *parts, table("Instruments", head, rows))


def data_section(data: ReportData) -> Markup:
    """Return the data sets, their faults, and what was done about each."""
    rows = [_data_row(one) for one in data.facts.data_sets]
    head = ("Symbol", "Interval", "From", "To", "Files", "SHA-256", "Rows", "Bars")
    parts = [table("Data sets", head, rows, text_columns=6), *_faults(data.facts.data_sets)]
    if data.facts.data_note:
        parts.insert(0, paragraph(data.facts.data_note))
    return section("data", "Data", *parts)


def _faults(data_sets: Sequence[DataSetFacts]) -> list[Markup]:
    """Return the faults by kind, and folded below them by symbol where there are several."""
    found = [(one.symbol, fault) for one in data_sets for fault in one.faults if fault.count]
    if not found:
        return [paragraph("No fault was found in the data.")]
    kinds = list(dict.fromkeys((fault.kind, fault.done) for _, fault in found))
    rows: list[list[str | Markup]] = []
    for kind, done in kinds:
        counts = [fault.count for _, fault in found if (fault.kind, fault.done) == (kind, done)]
        rows.append([kind, done, f"{len(counts):,}", f"{sum(counts):,}"])
    head = ("Fault", "Done", "Data sets", "Count")
    parts = [table("Faults found, and what was done", head, rows, text_columns=2)]
    if len(data_sets) > 1:
        each: list[list[str | Markup]] = [[symbol, one.kind, one.done, f"{one.count:,}"] for symbol, one in found]
        by_symbol = table("Faults by symbol", ("Symbol", "Fault", "Done", "Count"), each, text_columns=3)
        parts.append(folded("By symbol", by_symbol))
    return parts


def _data_row(one: DataSetFacts) -> list[str | Markup]:
    """Return one data set."""
    return [
        one.symbol,
        one.interval,
        moment_text(one.first_ns),
        moment_text(one.last_ns),
        join([element("span", name.rsplit("/", 1)[-1], class_="path", title=name) for name in one.files], " "),
        element("code", one.sha256[:16], title=one.sha256),
        f"{one.rows:,}",
        f"{one.bars:,}",
    ]


def assumptions_section(data: ReportData) -> Markup:
    """Return what the imagined venue assumes, in its own words, or where fills came from that were not imagined."""
    facts = data.facts
    if not facts.assumptions.strip():
        return join([])
    title = "Where the fills came from" if facts.is_traded else "What the simulated venue assumes"
    return section("assumptions", title, venue_text(facts.assumptions))


def reproduce_section(data: ReportData) -> Markup:
    """Return how to do this run again and check that it is the same."""
    facts = data.facts
    rate = f"{number_text(facts.bars / facts.elapsed_s, 0)} bars a second" if facts.elapsed_s > 0 else "not measured"
    pairs: list[tuple[str, str | Markup]] = [
        ("Command", element("code", facts.command)),
        ("Run", element("code", facts.run)),
        ("State hash", element("code", facts.state_hash)),
        ("Journal", element("code", facts.journal)),
        ("Compare", element("code", f"bot4 replay {facts.journal}")),
        ("Took", f"{number_text(facts.elapsed_s)} s for {count_text(facts.bars, 'bar')} ({rate})"),
    ]
    again = (
        "A market that was heard as it happened does not come again, so the command makes another run. What was heard "
        "is kept beside the journal: fed to the engine again it gives the same journal byte for byte, and the same "
        "state hash."
        if facts.is_live
        else "The same command over the same data gives the same run, the same journal byte for byte, and the same "
        "state hash; the time it took is the one thing that differs."
    )
    settings = json.dumps(facts.settings, indent=2, sort_keys=True, ensure_ascii=False)
    return section(
        "reproduce",
        "How to reproduce this",
        definitions(pairs),
        folded("All settings", element("pre", element("code", settings))),
        paragraph(again, class_="small"),
    )


def market_figures(data: ReportData) -> dict[str, Drawing]:
    """Return the drawings of these sections by the names of their places."""
    drawn = {"equity": equity_figure(data, is_close_up=False)}
    if data.facts.orders:
        drawn["closeup"] = equity_figure(data, is_close_up=True)
        drawn["drawdown"] = drawdown_figure(data)
        drawn["exposure"] = exposure_figure(data)
    for i, one in enumerate(data.instruments[:PRICES_MAX]):
        drawn[f"price-{i}"] = price_figure(data, one)
    return drawn
