# SPDX-License-Identifier: Apache-2.0
"""Drawings as plain plotly JSON: traces and layouts, built without plotly.

Colours are those of the light page; the page's script swaps them by its table for
the dark one. Every text that came from outside is escaped, for plotly reads some
markup in texts. The same hues carry the same meaning in every drawing.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, TypedDict

import numpy as np

from bot4.record.counts import count_text
from bot4.record.reports.data import Floats, InstrumentData, Ints, RefusalData, ReportData, StrategyData

Json = dict[str, object]


class Drawing(TypedDict):
    """Hold one drawing: its traces and its layout, as plotly's JSON has them."""

    data: list[Json]
    layout: Json


RUN: Final = "#1f5fbf"
RUN_FILL: Final = "rgba(31,95,191,0.13)"
HOLD: Final = "#b4690e"
MATCHED: Final = "#23806b"
CASH: Final = "#7b818a"
DOWN: Final = "#a33b5e"
PRICE: Final = "#59636f"
LIMIT: Final = "#2c3138"
HUES: Final = (RUN, HOLD, MATCHED, "#7d4cb5", DOWN, "#4f7d1f", "#1d7f9c", "#8a5a44", CASH)
REST: Final = "#9aa1ab"

RULES_MAX: Final = 8
EXPOSURE_POINTS_MAX: Final = 500
MILLI_NS: Final = 1_000_000
DAY_MS: Final = 86_400_000


def times_ms(times_ns: Ints) -> list[int]:
    """Return moments in milliseconds since 1970, as plotly's date axis takes them."""
    return [int(t) for t in times_ns // MILLI_NS]


def days_ms(days: Ints) -> list[int]:
    """Return the ends of days in milliseconds since 1970: a day's figure is known at its end."""
    return [(int(day) + 1) * DAY_MS for day in days]


def values(column: Floats, digits: int = 6) -> list[float | None]:
    """Return numbers in so many significant digits; what is not finite becomes a gap."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in column]


def line(name: str, xs: list[int], ys: list[float | None], colour: str, **more: object) -> Json:
    """Return one line; ``more`` are further attributes of the trace."""
    style: Json = {"color": colour, "width": more.pop("width", 1.6), "dash": more.pop("dash", "solid")}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(name),
        "meta": name,
        "x": xs,
        "y": ys,
        "line": style,
        **more,
    }


def layout(xs: list[int], **more: object) -> Json:
    """Return a calm layout: a date axis, no title and no legend (the page has both)."""
    axis: Json = {"type": "date", "showgrid": False, "zeroline": False, "hoverformat": "%Y-%m-%d %H:%M"}
    if xs:
        axis["range"] = [xs[0], xs[-1]]
    return {
        "autosize": True,
        "margin": {"l": 58, "r": 14, "t": 8, "b": 42},
        "hovermode": "x unified",
        "showlegend": False,
        "xaxis": axis,
        **more,
    }


def y_axis(**more: object) -> Json:
    """Return a value axis."""
    return {"zeroline": False, "automargin": True, **more}


def equity_figure(data: ReportData, *, is_close_up: bool) -> Drawing:
    """Draw equity beside its benchmarks; the close-up leaves buy-and-hold out so that the rest can be seen."""
    curve = data.curve
    xs = times_ms(curve.times_ns)
    start = float(data.start) / 1e8
    form: Json = {"hovertemplate": "%{y:,.2f}"}
    ends = [xs[0], xs[-1]] if xs else []
    traces = [
        line("cash", ends, [start for _ in ends], CASH, dash="dot", width=1.3, hoverinfo="skip"),
        line("same exposure, held", xs, values(curve.matched, 9), MATCHED, **form),
        line("this run", xs, values(curve.equity, 9), RUN, width=2.2, **form),
    ]
    if not is_close_up:
        traces.insert(0, line("buy and hold", xs, values(curve.buy_and_hold, 9), HOLD, **form))
    return {"data": traces[::-1], "layout": layout(xs, yaxis=y_axis(tickformat=",.7~r" if is_close_up else "~s"))}


def drawdown_figure(data: ReportData) -> Drawing:
    """Draw the fall from the highest so far, of the run and of its benchmarks."""
    curve = data.curve
    xs = times_ms(curve.times_ns)
    form: Json = {"hovertemplate": "%{y:.2%}"}
    traces = [
        line("this run", xs, values(curve.drawdown), RUN, fill="tozeroy", fillcolor=RUN_FILL, width=1.6, **form),
        line("same exposure, held", xs, values(fall_of(curve.matched)), MATCHED, **form),
        line("buy and hold", xs, values(fall_of(curve.buy_and_hold)), HOLD, visible="legendonly", **form),
    ]
    return {"data": traces, "layout": layout(xs, yaxis=y_axis(tickformat=".2~%", rangemode="tozero"))}


def fall_of(worth: Floats) -> Floats:
    """Return the fall from the highest so far, as a fraction, not positive."""
    if not len(worth):
        return worth
    return np.asarray(worth / np.maximum.accumulate(worth) - 1.0, dtype=np.float64)


def exposure_figure(data: ReportData) -> Drawing:
    """Draw gross exposure over equity, each point the mean of a few samples where there are many; and its mean."""
    xs = times_ms(data.curve.times_ns)
    ends = [xs[0], xs[-1]] if xs else []
    form: Json = {"hovertemplate": "%{y:.3%}"}
    width = -(-len(xs) // EXPOSURE_POINTS_MAX) if xs else 1
    begins = np.arange(0, len(xs), width)
    means = np.add.reduceat(data.curve.exposure, begins) / np.diff([*begins, len(xs)]) if xs else data.curve.exposure
    shown = line("gross exposure", xs[::width], values(means), RUN, fill="tozeroy", fillcolor=RUN_FILL, width=1.2)
    traces = [
        shown | form,
        line("mean", ends, [data.mean_exposure for _ in ends], LIMIT, dash="dash", width=1.2, hoverinfo="skip"),
    ]
    return {"data": traces, "layout": layout(xs, yaxis=y_axis(tickformat=".2~%", rangemode="tozero"))}


def price_figure(data: ReportData, instrument: InstrumentData) -> Drawing:
    """Draw one instrument's price with the fills: entries, exits, stops and targets told apart by shape."""
    xs = times_ms(data.curve.times_ns)
    traces = [line("close", xs, values(instrument.closes, 8), PRICE, width=1.2, hovertemplate="%{y}")]
    shapes = (
        ("enter", 1, "bought to open", "triangle-up", RUN),
        ("enter", -1, "sold to open", "triangle-down", RUN),
        ("exit", 0, "exit", "circle-open", HOLD),
        ("stop", 0, "stop", "x-thin-open", DOWN),
        ("target", 0, "target", "diamond-open", MATCHED),
    )
    size = 8.0 if len(instrument.marks) < 150 else 6.0 if len(instrument.marks) < 500 else 4.5
    for kind, side, name, symbol, colour in shapes:
        marks = [mark for mark in instrument.marks if mark.kind == kind and side in (0, mark.side)]
        if not marks:
            continue
        style: Json = {"symbol": symbol, "size": size, "color": colour, "line": {"width": size / 5.0, "color": colour}}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "meta": name,
                "x": [mark.ts_ns // MILLI_NS for mark in marks],
                "y": [float(f"{mark.price:.8g}") for mark in marks],
                "marker": style,
                "hovertemplate": "%{y}",
            }
        )
    return {
        "data": traces,
        "layout": layout(xs, hovermode="closest", yaxis=y_axis(tickformat="~g", exponentformat="none")),
    }


def refusals_figure(refusals: RefusalData) -> Drawing:
    """Draw refusals by rule over time as stacked bars, the rarer rules together."""
    xs = [int(day) * DAY_MS for day in refusals.buckets]
    shown = [*refusals.counts[:RULES_MAX]]
    rest = refusals.counts[RULES_MAX:]
    if rest:
        shown.append((count_text(len(rest), "rarer rule"), np.sum([column for _, column in rest], axis=0)))
    traces: list[Json] = [
        {
            "type": "bar",
            "name": escape(rule),
            "meta": rule,
            "x": xs,
            "y": [int(count) for count in column],
            "marker": {"color": HUES[i] if i < RULES_MAX else REST},
            "hovertemplate": "%{y:,}",
        }
        for i, (rule, column) in enumerate(shown)
    ]
    more: Json = {"barmode": "stack", "bargap": 0.15, "yaxis": y_axis(tickformat="~s", rangemode="tozero")}
    drawn = layout([], **more)
    form = "%Y-%m" if refusals.is_monthly else "%Y-%m-%d"
    drawn["xaxis"] = {"type": "date", "showgrid": False, "zeroline": False, "hoverformat": form}
    return {"data": traces, "layout": drawn}


def shadow_figure(strategies: Sequence[StrategyData]) -> Drawing:
    """Draw what each strategy's shadow book earned after costs."""
    traces = [
        line(
            one.facts.name,
            days_ms(one.evidence.days),
            values(one.evidence.total_return),
            hue(slot),
            hovertemplate="%{y:.2%}",
        )
        for slot, one in enumerate(strategies)
    ]
    axis = y_axis(tickformat=".2~%", zeroline=True)
    return {"data": traces, "layout": layout([], yaxis=axis)}


def evidence_figure(strategies: Sequence[StrategyData], thresholds: dict[str, float]) -> Drawing:
    """Draw four figures of the gate over time, one above the other, each with its threshold.

    Parameters
    ----------
    strategies : sequence of StrategyData
        In the order of their slots.
    thresholds : dict
        ``p_value_max``, ``sharpe_excess_min``, ``deflated_min``, ``confidence_min``.
    """
    rows = (
        ("p_value", "p-value: below the line", thresholds["p_value_max"]),
        ("sharpe_excess", "Sharpe less luck's best: above", thresholds["sharpe_excess_min"]),
        ("deflated", "deflated Sharpe: above", thresholds["deflated_min"]),
        ("confidence", "P(mean &gt; 0): above", thresholds["confidence_min"]),
    )
    traces: list[Json] = []
    drawn = layout([])
    shapes: list[Json] = []
    notes: list[Json] = []
    for number, (key, title, limit) in enumerate(rows):
        top = 1.0 - number * 0.255
        axis = f"y{number + 1}" if number else "y"
        limits = {"range": [0, 1.02]} if key != "sharpe_excess" else {"range": sharpe_range(strategies, limit)}
        drawn[f"yaxis{number + 1}" if number else "yaxis"] = y_axis(
            domain=[max(0.0, top - 0.2), top], nticks=4, **limits
        )
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "yref": axis,
                "y0": limit,
                "y1": limit,
                "line": {"color": LIMIT, "width": 1.2, "dash": "dash"},
            }
        )
        notes.append(
            {
                "text": f"{title} {limit:g}",
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": top,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
        for slot, one in enumerate(strategies):
            column = getattr(one.evidence, key)
            more: Json = {"yaxis": axis, "legendgroup": str(slot)}
            form = "%{y:.3f}"
            xs = days_ms(one.evidence.days)
            traces.append(line(one.facts.name, xs, values(column, 4), hue(slot), hovertemplate=form, **more))
    drawn["shapes"] = shapes
    drawn["annotations"] = notes
    drawn["margin"] = {"l": 58, "r": 14, "t": 26, "b": 42}
    drawn["xaxis"] = {"type": "date", "showgrid": False, "zeroline": False, "anchor": "y4", "hoverformat": "%Y-%m-%d"}
    return {"data": traces, "layout": drawn}


def sharpe_range(strategies: Sequence[StrategyData], limit: float) -> list[float]:
    """Return a range that shows the threshold and all but the first wild weeks of the ratios."""
    columns = [one.evidence.sharpe_excess for one in strategies]
    known = np.concatenate([column[np.isfinite(column)] for column in columns] or [np.zeros(0)])
    low, high = (float(bound) for bound in np.percentile(known, [2, 98])) if len(known) else (0.0, 0.0)
    low, high = min(low, limit), max(high, limit)
    pad = 0.08 * (high - low) + 0.2
    return [round(low - pad, 3), round(high + pad, 3)]


def hue(slot: int) -> str:
    """Return a strategy's colour."""
    return HUES[slot % len(HUES)]
