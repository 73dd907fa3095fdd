# SPDX-License-Identifier: Apache-2.0
"""Intervals of trades: where each begins, and what traded in it; one without trades repeats the last close."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from bot4.simulation.exchange.tape import MINUTE_MS, Candle, Tape, candle_of

HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
MONTH: Final = "1M"
WEEK: Final = "1w"
FIRST_MONDAY_MS: Final = 4 * DAY_MS
LENGTHS_MS: Final = {
    "1s": 1_000,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    WEEK: 7 * DAY_MS,
    MONTH: 31 * DAY_MS,
}
"""Length of each interval; a month's is the longest it can be."""


def open_of(interval: str, at_ms: int) -> int:
    """Return where the interval begins that a time lies in: UTC, weeks on Mondays, months on the first."""
    if interval == MONTH:
        day = datetime.fromtimestamp(at_ms // 1000, UTC)
        return round(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * 1000
    offset = FIRST_MONDAY_MS if interval == WEEK else 0
    return at_ms - (at_ms - offset) % LENGTHS_MS[interval]


def next_open(interval: str, open_ms: int) -> int:
    """Return where the interval after the one that begins here begins."""
    if interval == MONTH:
        return open_of(interval, open_ms + LENGTHS_MS[MONTH])
    return open_ms + LENGTHS_MS[interval]


def opens_between(interval: str, start_ms: int, end_ms: int) -> list[int]:
    """Return where intervals begin, from a beginning on, up to and with an end."""
    opens = []
    while start_ms <= end_ms:
        opens.append(start_ms)
        start_ms = next_open(interval, start_ms)
    return opens


def last_opens(interval: str, end_ms: int, *, earliest_ms: int, limit: int) -> list[int]:
    """Return the last ``limit`` beginnings up to an end, none before the earliest."""
    opens: list[int] = []
    place = open_of(interval, end_ms)
    while place >= earliest_ms and len(opens) < limit:
        opens.append(place)
        place = open_of(interval, place - 1)
    return opens[::-1]


def candles(tape: Tape, interval: str, opens: list[int]) -> list[Candle]:
    """Return the candle of each interval; ``opens`` are adjacent, ascending, none before the first trade's."""
    if not opens:
        return []
    end = next_open(interval, opens[-1])
    found: dict[int, Candle] = {}
    for part in parts(tape, interval, opens[0], end):
        place = open_of(interval, part.open_ms)
        if place in found:
            found[place].add(part)
        else:
            found[place] = replace(part, open_ms=place)
    close = close_before(tape, interval, opens[0])
    filled = []
    for place in opens:
        candle = found.get(place) or Candle(place, close, close, close, close, 0, 0, 0, 0, 0, -1, -1)
        close = candle.close
        filled.append(candle)
    return filled


def parts(tape: Tape, interval: str, start_ms: int, end_ms: int) -> Iterable[Candle]:
    """Return what the candles from a start to before an end are made of: seconds or minutes."""
    if LENGTHS_MS[interval] < MINUTE_MS:
        return (candle_of(tape.trades[place], tape.times[place]) for place in tape.span(start_ms, end_ms - 1))
    first = bisect_left(tape.minutes, start_ms, key=opening)
    last = bisect_left(tape.minutes, end_ms, key=opening)
    return tape.minutes[first:last]


def close_before(tape: Tape, interval: str, start_ms: int) -> int:
    """Return the last price before a start, 0 where there is none."""
    if LENGTHS_MS[interval] < MINUTE_MS:
        place = bisect_left(tape.times, start_ms)
        return tape.trades[place - 1].price if place else 0
    place = bisect_left(tape.minutes, start_ms, key=opening)
    return tape.minutes[place - 1].close if place else 0


def opening(candle: Candle) -> int:
    """Return where a candle begins."""
    return candle.open_ms
