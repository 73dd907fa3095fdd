# SPDX-License-Identifier: Apache-2.0
"""What may follow the name of a feature, and how the tracks of a program are laid out.

``rsi_14@1h`` is the feature of the last *finished* bar of an hour, whatever shorter bars come in: NaN until it is warm,
unchanged until the next hour is finished. ``beta_60~BTCUSDT`` compares with the last known close of a reference. A
plain name is of the bars themselves. Hours and days begin at multiples of their length since 1970 in UTC.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bot4.kernels.catalog import FeatureInfo
from bot4.kernels.indicators import tracks
from bot4.kernels.indicators.graph import Blocks, Graph, Value
from bot4.kernels.jit import Floats, Ints

UNITS_NS: Final = {"s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": 86_400 * 10**9}
BARS_TRACK: Final = 0
PERIOD_MAX_NS: Final = 366 * UNITS_NS["d"]
_PERIOD: Final = re.compile(r"([1-9][0-9]{0,7})([smhd])")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/_-]*")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature as asked for: its name, its entry in the catalogue, the numbers in its name.

    `period_ns` is the length of the larger bars it is of, 0 for the bars themselves; `reference` the symbol it is
    compared with, empty for none.
    """

    name: str
    info: FeatureInfo
    numbers: tuple[float, ...]
    period_ns: int = 0
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A program laid out: what the kernels of `indicators.tracks` take, and what its maker wants to know of it."""

    tracks: Ints
    program: Ints
    gather: Ints
    first: Floats
    blocks: Blocks
    ready: tuple[int, ...]
    references: tuple[str, ...]


def read_period(name: str, text: str) -> int:
    """Return the nanoseconds of a feature's timeframe, such as ``1h`` in ``rsi_14@1h``.

    Raises
    ------
    ValueError
        If it is no whole number and a unit.
    """
    found = _PERIOD.fullmatch(text)
    period_ns = int(found[1]) * UNITS_NS[found[2]] if found else 0
    if not 0 < period_ns <= PERIOD_MAX_NS:
        raise ValueError(
            f"feature {name!r}: its timeframe was {text!r}, allowed is a whole number and s, m, h or d, such as 1h"
        )
    return period_ns


def read_reference(name: str, text: str) -> str:
    """Return the symbol of a feature's reference, such as ``BTCUSDT`` in ``beta_60~BTCUSDT``.

    Raises
    ------
    ValueError
        If it is no symbol.
    """
    if not _REFERENCE.fullmatch(text):
        raise ValueError(f"feature {name!r}: its reference was {text!r}, allowed is a symbol such as BTCUSDT")
    return text


def check_clock(specs: Sequence[FeatureSpec], interval_ns: int) -> None:
    """Refuse bars of a length that does not divide a timeframe; 0, a length that is not told, divides any.

    Raises
    ------
    ValueError
        With the first feature whose larger bars cannot be built.
    """
    for spec in specs:
        if interval_ns and spec.period_ns % interval_ns:
            raise ValueError(
                f"feature {spec.name!r}: its bars cannot be built from bars of {interval_ns / 1e9:g} s; allowed is a "
                "multiple of their length"
            )


def lay_out(specs: Sequence[FeatureSpec]) -> Layout:
    """Lay out the tracks that features need: the bars, then each timeframe and reference in the order of asking.

    The state is: the bars' own part, then for each timeframe its head and its part, for each reference its part, and
    at the very end the references' closes.
    """
    wishes: dict[tuple[int, str], list[int]] = {(0, ""): []}
    for place, spec in enumerate(specs):
        wishes.setdefault((spec.period_ns, spec.reference), []).append(place)
    references = tuple(reference for _, reference in wishes if reference)
    table = np.zeros((len(wishes), tracks.COLUMNS), dtype=np.int64)
    gather = np.zeros((2, len(specs)), dtype=np.int64)
    values: dict[int, Value] = {}
    programs: list[Ints] = []
    blocks = []
    states: list[Floats] = []
    rows, end = 0, 0
    for number, ((period_ns, reference), places) in enumerate(wishes.items()):
        graph = Graph()
        built = tuple(specs[place].info.build(graph, specs[place].numbers) for place in places)
        values.update(zip(places, built, strict=True))
        program, inner, state = graph.lay_out(built)
        if number == BARS_TRACK:
            blocks.append(graph.lay_out_blocks(built, places))
        head = end
        if period_ns:
            states.append(_frame_head())
            end += tracks.FRAME_HEAD
        table[number] = (end, end + len(state), rows, rows + len(program), period_ns, head)
        gather[tracks.PLACE, places] = inner + end
        gather[tracks.OWNER, places] = number
        programs.append(program)
        states.append(state)
        rows += len(program)
        end += len(state)
        if reference:
            table[number, tracks.HEAD] = references.index(reference)
    for number, (_, reference) in enumerate(wishes):
        if reference:
            table[number, tracks.HEAD] += end
    states.append(np.full(len(references), np.nan))
    return Layout(
        tracks=table,
        program=np.concatenate(programs),
        gather=gather,
        blocks=blocks[0],
        first=np.concatenate(states),
        ready=tuple(values[place].ready for place in range(len(specs))),
        references=references,
    )


def narrow(layout: Layout, places: Sequence[int]) -> Layout:
    """Return a layout that computes the same and tells only the outputs at `places`, in this order."""
    told = {int(place): int(column) for column, place in layout.blocks.gather.T}
    alone = [(told[place], to) for to, place in enumerate(places) if place in told]
    gather = np.array(alone, dtype=np.int64).reshape(-1, 2).T.copy()
    return replace(
        layout,
        gather=np.ascontiguousarray(layout.gather[:, places]),
        blocks=replace(layout.blocks, gather=gather),
        ready=tuple(layout.ready[place] for place in places),
    )


def _frame_head() -> Floats:
    """Return the head of a frame that holds no bar and was told no length."""
    head = np.zeros(tracks.FRAME_HEAD)
    head[tracks.BUCKET] = np.nan
    return head
