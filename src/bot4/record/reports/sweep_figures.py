# SPDX-License-Identifier: Apache-2.0
"""The drawings of a sweep: Sharpe ratios over two parameters, over all of them, and against what luck alone would show.

Every trial is in each of them; where there are too many to draw, cells take their median and best, lines every so
many'th by rank, and the words below say so. Nothing is drawn that needs code made at run time: the page allows none.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import exp, isfinite, pi, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot4.record.reports.figures import HOLD, LIMIT, RUN, Drawing, Json, values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELLS_MAX: Final = 24
"""More different values of a parameter than these are put together by quantiles."""

QUANTILES: Final = 12
LINES_MAX: Final = 300
BINS: Final = 50
SHADES: Final = 7
DIVERGING: Final = ("#8c510a", "#c08a3e", "#dfc27d", "#b9bec4", "#80b1d3", "#3f83c4", "#1f4f9f")


class Axis(NamedTuple):
    """One parameter as it is drawn: its values, and for each trial which cell it falls into, by the cells' labels."""

    name: str
    values: Floats
    labels: list[str]
    codes: Ints


def axis_of(name: str, given: Floats) -> Axis:
    """Return a parameter's values in cells: each value its own, or quantiles where there are many."""
    known = np.unique(given)
    if len(known) <= CELLS_MAX:
        return Axis(name, given, [f"{value:g}" for value in known], np.searchsorted(known, given).astype(np.int64))
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, QUANTILES + 1)))
    codes = np.clip(np.searchsorted(edges, given, side="right") - 1, 0, len(edges) - 2)
    labels = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    return Axis(name, given, labels, codes.astype(np.int64))


def pair_figures(axes: Sequence[Axis], sharpe: Floats) -> list[Json]:
    """Return for each two parameters the median and the best Sharpe ratio of each cell, over all the others."""
    pairs: list[Json] = []
    for one, other in combinations(axes, 2):
        shape = (len(other.labels), len(one.labels))
        median, best = np.full(shape, np.nan), np.full(shape, np.nan)
        cells = other.codes * shape[1] + one.codes
        known = np.isfinite(sharpe)
        order = np.argsort(cells[known], kind="stable")
        sorted_cells, ratios = cells[known][order], sharpe[known][order]
        begins = np.flatnonzero(np.diff(sorted_cells, prepend=-1))
        for begin, end in zip(begins, [*begins[1:], len(ratios)], strict=True):
            at = divmod(int(sorted_cells[begin]), shape[1])
            median[at] = np.median(ratios[begin:end])
            best[at] = np.max(ratios[begin:end])
        drawn = {"median": [values(row, 4) for row in median], "best": [values(row, 4) for row in best]}
        pairs.append({"x": one.name, "y": other.name, "xs": one.labels, "ys": other.labels, **drawn})
    return pairs


def single_figure(axis: Axis, sharpe: Floats) -> Drawing:
    """Draw the Sharpe ratio over the one parameter that was searched."""
    order = np.argsort(axis.values, kind="stable")
    trace: Json = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Sharpe ratio",
        "x": values(axis.values[order], 8),
        "y": values(sharpe[order], 4),
        "line": {"color": RUN, "width": 1.4},
        "marker": {"color": RUN, "size": 5},
    }
    axes: Json = {"xaxis": {"title": {"text": axis.name}}, "yaxis": {"title": {"text": "Sharpe ratio"}}}
    return {"data": [trace], "layout": _calm(**axes)}


def lines_figure(axes: Sequence[Axis], sharpe: Floats) -> Drawing:
    """Draw trials as lines over all parameters, coloured by Sharpe ratio: the better ones above the others."""
    ranked = np.argsort(np.where(np.isfinite(sharpe), sharpe, -np.inf), kind="stable")
    ranked = ranked[np.isfinite(sharpe[ranked])]
    shown = ranked[np.unique(np.linspace(0, len(ranked) - 1, min(LINES_MAX, len(ranked))).astype(int))]
    scales = [(float(axis.values.min()), float(axis.values.max())) for axis in axes]
    ratio = (float(sharpe[shown].min()), float(sharpe[shown].max())) if len(shown) else (0.0, 0.0)
    columns = [_scaled(axis.values[shown], *scale) for axis, scale in zip(axes, scales, strict=True)]
    columns.append(_scaled(sharpe[shown], *ratio))
    shades = np.minimum(np.arange(len(shown)) * SHADES // max(len(shown), 1), SHADES - 1)
    traces = [_lines(columns, shades == shade, DIVERGING[shade], shade) for shade in range(SHADES)]
    names = [*(axis.name for axis in axes), "Sharpe ratio"]
    notes: list[Json] = []
    for at, (low, high) in enumerate([*scales, ratio]):
        for value, y, anchor in ((low, 0.0, "top"), (high, 1.0, "bottom")):
            notes.append({"x": at, "y": y, "text": f"{value:.4g}", "showarrow": False, "yanchor": anchor})
    rails: list[Json] = [
        {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": {"color": LIMIT, "width": 1}}
        for at in range(len(names))
    ]
    ticks: Json = {"tickvals": list(range(len(names))), "ticktext": names, "range": [-0.25, len(names) - 0.75]}
    x_axis: Json = {**ticks, "showgrid": False, "zeroline": False, "side": "top"}
    y_axis: Json = {"visible": False, "range": [-0.1, 1.1]}
    drawn = _calm(xaxis=x_axis, yaxis=y_axis, shapes=rails, annotations=notes, hovermode=False)
    drawn["margin"] = {"l": 30, "r": 30, "t": 34, "b": 10}
    return {"data": traces, "layout": drawn}


def luck_figure(sharpe: Floats, deviation: float, luck: float, counted: int) -> Drawing:
    """Draw how often each Sharpe ratio was found, and how often it would be without any skill in as many trials."""
    known = sharpe[np.isfinite(sharpe)]
    if not len(known):
        return {"data": [], "layout": _calm()}
    low, high = float(known.min()), float(known.max())
    if isfinite(luck):
        low, high = min(low, -3.0 * deviation), max(high, luck, 3.0 * deviation)
    counts, edges = np.histogram(known, bins=BINS, range=(low, high if high > low else low + 1.0))
    centres = (edges[1:] + edges[:-1]) / 2.0
    width = float(edges[1] - edges[0])
    bars: Json = {"type": "bar", "name": "trials", "x": values(centres), "y": counts.tolist(), "marker": {"color": RUN}}
    traces: list[Json] = [bars | {"hovertemplate": "%{x:.2f}: %{y:,}<extra></extra>"}]
    shapes: list[Json] = []
    notes: list[Json] = []
    if isfinite(luck):
        scale = len(known) * width / (deviation * sqrt(2.0 * pi))
        chance = [round(scale * exp(-0.5 * (x / deviation) ** 2), 4) for x in centres.tolist()]
        style: Json = {"color": HOLD, "width": 2, "dash": "dash"}
        traces.append(
            {"type": "scatter", "mode": "lines", "name": "no skill", "x": values(centres), "y": chance, "line": style}
        )
        for at, text, colour in ((luck, f"best of {counted:,} by luck", HOLD), (float(known.max()), "best found", RUN)):
            line: Json = {"color": colour, "width": 1.6}
            shapes.append({"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line})
            place = 1.0 if colour == HOLD else 0.88
            notes.append(
                {
                    "x": at,
                    "yref": "paper",
                    "y": place,
                    "text": text,
                    "showarrow": False,
                    "xanchor": "right",
                    "xshift": -4,
                }
            )
    names: Json = {"xaxis": {"title": {"text": "annual Sharpe ratio"}}, "yaxis": {"title": {"text": "trials"}}}
    return {"data": traces, "layout": _calm(**names, shapes=shapes, annotations=notes, bargap=0.04)}


def _lines(columns: Sequence[Floats], chosen: NDArray[np.bool_], colour: str, shade: int) -> Json:
    """Return lines of one shade as one trace, with gaps between them."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row in np.flatnonzero(chosen):
        xs.extend([*range(len(columns)), None])
        ys.extend([round(float(column[row]), 4) for column in columns] + [None])
    width = 0.6 + 0.25 * shade
    return {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "line": {"color": colour, "width": width},
        "opacity": 0.7,
    }


def _scaled(column: Floats, low: float, high: float) -> Floats:
    """Return values as places between the ends of their axis; in the middle where the ends are one."""
    if not high > low:
        return np.full(len(column), 0.5)
    return np.asarray((column - low) / (high - low), dtype=np.float64)


def _calm(**more: object) -> Json:
    """Return a calm layout without title and legend."""
    return {"autosize": True, "margin": {"l": 58, "r": 14, "t": 14, "b": 46}, "showlegend": False, **more}
