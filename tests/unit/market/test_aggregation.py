# SPDX-License-Identifier: Apache-2.0
"""Larger bars from smaller ones, and bars from trades, against a plain reading of the rule."""

import numpy as np
import pytest

from bot4.domain.errors import BadInput
from bot4.domain.marketdata import Trade
from bot4.domain.values import HOUR_NS, MINUTE_NS, Lots, Nanos, Ticks
from bot4.market.aggregation import VOLUME_MAX, BarAggregator, TradeAggregator
from bot4.market.bars import CLOSE, HIGH, LOW, OPEN, STAMP, VOLUME, Ints, join_rows
from bot4.market.faults import FaultLog
from tests.unit.market.recorded import pieces
from tests.unit.market.test_continuity import series

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/format_normalization")

FIVE = 5 * MINUTE_NS
Bars = list[tuple[int, ...]]


def naive_bars(rows: Ints, interval_ns: int) -> Bars:
    """Return the bars of every bucket that has a row, built one row at a time."""
    buckets: dict[int, list[int]] = {}
    for stamp, first, high, low, close, volume in rows[:6].T.tolist():
        begin = stamp - stamp % interval_ns
        if begin not in buckets:
            buckets[begin] = [first, high, low, close, volume]
            continue
        bar = buckets[begin]
        bar[1], bar[2], bar[3], bar[4] = max(bar[1], high), min(bar[2], low), close, bar[4] + volume
    return [(begin, *bar) for begin, bar in buckets.items()]


def as_bars(rows: Ints) -> Bars:
    """Return a table as tuples."""
    return [tuple(row) for row in rows[:6].T.tolist()]


def aggregated(rows: Ints, interval_ns: int, sizes: list[int]) -> tuple[Bars, dict[str, int]]:
    """Return what an aggregator makes of rows in pieces, and its counts."""
    log = FaultLog(["f"])
    aggregator = BarAggregator(MINUTE_NS, interval_ns, log)
    parts = [aggregator.push(piece) for piece in pieces(rows, sizes)]
    return as_bars(join_rows([*parts, aggregator.finish()])), log.report().counts


def whole_buckets(count: int) -> Ints:
    """Return minutes that begin on a full hour."""
    rows = series(count)
    rows[STAMP] += -rows[STAMP, 0] % HOUR_NS
    return rows


@pytest.mark.parametrize("sizes", [[10_000], [1], [7, 60, 2]])
@pytest.mark.parametrize("interval_ns", [FIVE, 15 * MINUTE_NS, HOUR_NS])
def test_bars_are_those_of_the_plain_rule(interval_ns: int, sizes: list[int]) -> None:
    """Missing minutes and missing hours included, however the rows come."""
    rows = np.delete(whole_buckets(600), [3, *range(100, 260), 301], axis=1)
    bars, counts = aggregated(rows, interval_ns, sizes)
    assert bars == naive_bars(rows, interval_ns)
    assert "unfinished_bar" not in counts


def test_a_bucket_with_missing_minutes_gives_a_bar_and_is_counted() -> None:
    """An empty bucket gives none; both are plain from the report."""
    rows = np.delete(whole_buckets(60), [7, 20, 21, 22, 23, 24], axis=1)
    bars, counts = aggregated(rows, FIVE, [60])
    assert len(bars) == 11
    assert counts == {"partial_bar": 1}


@pytest.mark.parametrize("left", [1, 3, 4])
def test_the_last_bar_is_left_out_if_its_end_is_not_reached(left: int) -> None:
    """It is counted, and no bar is made of the first minutes of an hour."""
    bars, counts = aggregated(whole_buckets(20 + left), FIVE, [6])
    assert len(bars) == 4
    assert counts == {"unfinished_bar": 1}


def test_the_last_bar_stays_if_its_last_minute_is_there() -> None:
    """A minute missing in its middle makes it partial, not unfinished."""
    bars, counts = aggregated(np.delete(whole_buckets(20), [17], axis=1), FIVE, [20])
    assert len(bars) == 4
    assert counts == {"partial_bar": 1}


def test_a_volume_beyond_the_limit_is_cut_and_does_not_wrap() -> None:
    """1,440 minutes of the largest volume would wrap an int64."""
    rows = whole_buckets(1440)
    rows[STAMP] += -rows[STAMP, 0] % (24 * HOUR_NS)
    rows[VOLUME] = VOLUME_MAX
    bars, _ = aggregated(rows, 24 * HOUR_NS, [1440])
    assert bars[0][VOLUME] == VOLUME_MAX


def test_no_rows_give_no_bars() -> None:
    """An aggregator that was given nothing finishes with nothing, and no fault."""
    log = FaultLog(["f"])
    assert BarAggregator(MINUTE_NS, HOUR_NS, log).finish().shape[1] == 0
    assert log.report().counts == {}


def test_an_interval_that_is_no_multiple_is_refused() -> None:
    """Five minutes do not build seven."""
    with pytest.raises(BadInput):
        BarAggregator(FIVE, 7 * MINUTE_NS, FaultLog(["f"]))


def trades(count: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """Return times with repeats and pauses, prices and lots."""
    generator = np.random.Generator(np.random.PCG64(seed))
    steps = generator.choice([0, 1_000_000, 7_000_000_000, 200_000_000_000], count, p=[0.3, 0.3, 0.35, 0.05])
    return (
        1_600_000_000_000_000_000 + np.cumsum(steps),
        10_000 + np.cumsum(generator.integers(-5, 6, count)),
        generator.integers(1, 1000, count),
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [10_000, 1, 13])
def test_bars_of_trades_are_those_of_the_plain_rule(seed: int, size: int) -> None:
    """The first price of a minute is its open, the last its close, even among equal times."""
    times, prices, lots = trades(2000, seed)
    flat = np.stack([times, prices, prices, prices, prices, lots])
    aggregator = TradeAggregator(MINUTE_NS)
    parts = [
        aggregator.push(times[i : i + size], prices[i : i + size], lots[i : i + size]) for i in range(0, 2000, size)
    ]
    last = int(times[-1])
    parts.append(aggregator.finish(last - last % MINUTE_NS + MINUTE_NS))
    assert as_bars(join_rows(parts)) == naive_bars(flat, MINUTE_NS)


def test_the_open_minute_of_trades_is_left_out() -> None:
    """Nobody knows yet whether more trades follow."""
    times, prices, lots = trades(500, 3)
    aggregator = TradeAggregator(MINUTE_NS)
    done = aggregator.push(times, prices, lots)
    assert aggregator.finish(int(times[-1])).shape[1] == 0
    assert int(done[STAMP, -1]) + MINUTE_NS <= int(times[-1])
    assert (done[LOW] <= np.minimum(done[OPEN], done[CLOSE])).all()
    assert (done[HIGH] >= np.maximum(done[OPEN], done[CLOSE])).all()


def test_trade_events_give_the_bars_of_their_arrays() -> None:
    """An event's time, price and lots are its row."""
    times, prices, lots = trades(300, 4)
    events = [
        Trade(Nanos(int(t)), Nanos(int(t) + 5), 0, i, 1, Ticks(int(p)), Lots(int(q)))
        for i, (t, p, q) in enumerate(zip(times, prices, lots, strict=True))
    ]
    by_event = TradeAggregator(FIVE)
    assert as_bars(by_event.push_trades(events)) == as_bars(TradeAggregator(FIVE).push(times, prices, lots))
    assert by_event.push_trades([]).shape[1] == 0


def test_trades_out_of_order_are_refused() -> None:
    """Also where the step back lies between two calls."""
    times, prices, lots = trades(10, 5)
    aggregator = TradeAggregator(MINUTE_NS)
    aggregator.push(times, prices, lots)
    with pytest.raises(BadInput) as caught:
        aggregator.push(times[:1] - 1, prices[:1], lots[:1])
    assert caught.value.code == "unsorted"
