# SPDX-License-Identifier: Apache-2.0
"""Bars of trades, told one by one, against the bars of the same trades folded as a table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import Event
from bot4.domain.marketdata import Bar, Trade
from bot4.domain.values import SECOND_NS, Lots, Nanos, Ticks
from bot4.market.aggregation import TradeAggregator
from bot4.market.bar_builder import BarBuilder
from tests.unit.asking import MIDNIGHT, answers

FEED_NS = 7_000_000


def trade(at_ns: int, price: int, lots: int, *, instrument: int = 0) -> Trade:
    """A trade that we know of a little later."""
    return Trade(Nanos(at_ns), Nanos(at_ns + FEED_NS), instrument, 1, 1, Ticks(price), Lots(lots))


def row(bar: Event) -> tuple[int, ...]:
    """A bar's open time, prices and volume."""
    assert isinstance(bar, Bar)
    return tuple(int(one) for one in (bar.open_ns, bar.open, bar.high, bar.low, bar.close, bar.volume))


@given(
    st.lists(
        st.tuples(st.integers(0, 3_000_000_000), st.integers(1, 1_000_000), st.integers(1, 1_000)),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([SECOND_NS, 5 * SECOND_NS, 60 * SECOND_NS]),
)
def test_bars_are_those_of_the_folded_table(given_trades: list[tuple[int, int, int]], interval_ns: int) -> None:
    """The same bars but for the one still forming, each handed on with the first trade at or after its end."""
    builder = BarBuilder([Nanos(interval_ns)])
    at_ns = MIDNIGHT
    told: list[Bar] = []
    rows: list[tuple[int, int, int]] = []
    for gap_ns, price, lots in given_trades:
        at_ns += gap_ns
        rows.append((at_ns, price, lots))
        for bar in answers(builder, trade(at_ns, price, lots)):
            assert isinstance(bar, Bar)
            assert bar.ts_known_ns <= at_ns
            told.append(bar)
    table = np.array(rows, dtype=np.int64)
    folded = TradeAggregator(interval_ns).push(table[:, 0], table[:, 1], table[:, 2])
    assert [row(bar) for bar in told] == [tuple(int(x) for x in one[:6]) for one in folded.T]
    assert builder.bars == len(told)


def test_instruments_form_their_bars_apart() -> None:
    """A trade of one instrument ends no bar of another."""
    builder = BarBuilder([Nanos(SECOND_NS), Nanos(2 * SECOND_NS)])
    assert answers(builder, trade(MIDNIGHT, 10, 1)) == []
    assert answers(builder, trade(MIDNIGHT + 3 * SECOND_NS, 20, 1, instrument=1)) == []
    (bar,) = answers(builder, trade(MIDNIGHT + 3 * SECOND_NS, 11, 2))
    assert row(bar) == (MIDNIGHT, 10, 10, 10, 10, 1)
    (other,) = answers(builder, trade(MIDNIGHT + 4 * SECOND_NS, 30, 1, instrument=1))
    assert row(other)[0] == MIDNIGHT + 2 * SECOND_NS
