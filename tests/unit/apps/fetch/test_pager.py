# SPDX-License-Identifier: Apache-2.0
"""The pagers beside a venue of a few lines: every row of the span once, whatever is missing and wherever it was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.wire.replies import AggTrade, Kline
from bot4.adapters.venues.binance.wire.requests import Request
from bot4.apps.fetch.pager import SETTLE_MS, BarPager, TradePager
from bot4.domain.errors import OutsideFault

STEP = 60_000
START = 1_700_000_040_000


def bar(open_ms: int) -> Kline:
    """Return a bar."""
    return Kline(open_ms, "1.5", "2", "1", "1.25", "3", open_ms + STEP - 1, "0", 0, "0", "0")


def trade(number: int, at_ms: int) -> AggTrade:
    """Return a trade."""
    return AggTrade(number, "1.5", "0.1", number, number, at_ms, True)


def answer_bars(opens: list[int], request: Request) -> list[Kline]:
    """Answer as the venue does: those that open within both ends, the first thousand."""
    asked = dict(request.params)
    inside = [one for one in opens if int(asked["startTime"]) <= one <= int(asked["endTime"])]
    return [bar(one) for one in inside[: int(asked["limit"])]]


def answer_trades(trades: list[AggTrade], request: Request) -> list[AggTrade]:
    """Answer as the venue does: from a number or from a moment on, the first thousand."""
    asked = dict(request.params)
    if "fromId" in asked:
        return [one for one in trades if one.a >= int(asked["fromId"])][:1000]
    return [one for one in trades if int(asked["startTime"]) <= one.T][:1000]


@pytest.mark.requirement("DATA_001/backfill")
@given(
    missing=st.sets(st.integers(0, 2_499), max_size=40),
    begin=st.integers(0, 1_500),
    length=st.integers(1, 1_500),
    now=st.integers(1_000, 2_600),
    cut=st.integers(0, 3),
)
def test_each_finished_bar_of_the_span_comes_once(
    missing: set[int], begin: int, length: int, now: int, cut: int
) -> None:
    """Holes do not stop it, a cut repeats and loses nothing, and what is not finished stays out."""
    opens = [START + i * STEP for i in range(2_500) if i not in missing]
    span = (START + begin * STEP - 7, START + (begin + length) * STEP)
    now_ms = START + now * STEP
    found: list[int] = []
    last: int | None = None
    pager = None
    for pages in (cut, 99):
        pager = BarPager("BTCUSDT", "1m", step_ms=STEP, span_ms=span, now_ms=now_ms, last_ms=last)
        while pages and (request := pager.wanted()) is not None:
            found += pager.take(answer_bars(opens, request))["ts"]
            pages -= 1
        last = found[-1] if found else None
    assert found == [one for one in opens if span[0] <= one < span[1] and one + STEP + SETTLE_MS <= now_ms]
    assert pager is not None
    assert (pager.left_out_ms is not None) == (span[1] + SETTLE_MS > now_ms)


@pytest.mark.requirement("DATA_001/backfill")
@given(
    pattern=st.lists(st.sampled_from([0, 0, 0, 1, 900]), min_size=1, max_size=30),
    span=st.tuples(st.integers(0, 100_000), st.integers(1, 200_000)),
    cut=st.integers(0, 3),
)
def test_each_trade_of_the_span_comes_once(pattern: list[int], span: tuple[int, int], cut: int) -> None:
    """Many of one millisecond at the end of a page are no reason to lose or repeat one."""
    at, trades = START, []
    for number in range(2_200):
        at += pattern[number % len(pattern)]
        trades.append(trade(number, at))
    ends = (START + span[0], START + span[0] + span[1])
    found: list[int] = []
    last: int | None = None
    for pages in (cut, 99):
        pager = TradePager("BTCUSDT", span_ms=ends, now_ms=at + SETTLE_MS, last_id=last)
        while pages and (request := pager.wanted()) is not None:
            found += pager.take(answer_trades(trades, request))["agg_id"]
            pages -= 1
        last = found[-1] if found else None
    assert found == [one.a for one in trades if ends[0] <= one.T < min(ends[1], at)]


@pytest.mark.parametrize("opens", [[0, 0], [1, 0], [-1], [5], [0.5]])
def test_a_page_of_bars_that_is_not_what_was_asked_for_is_refused(opens: list[float]) -> None:
    """Twice, backward, before the begin, behind the end, between two bars."""
    pager = BarPager("X", "1m", step_ms=STEP, span_ms=(START, START + 5 * STEP), now_ms=START + 99 * STEP)
    with pytest.raises(OutsideFault, match="reply"):
        pager.take([bar(START + int(one * STEP)) for one in opens])


@pytest.mark.parametrize("price", ["", "NaN", "1e3", "-1", "0.123456789", "1.2.3"])
def test_a_number_that_the_file_would_not_keep_is_refused(price: str) -> None:
    """Nothing is rounded and nothing is guessed."""
    pager = TradePager("X", span_ms=(START, START + STEP), now_ms=START + STEP * 2)
    with pytest.raises(OutsideFault, match="number"):
        pager.take([AggTrade(1, price, "1", 1, 1, START, True)])
