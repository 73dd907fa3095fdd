# SPDX-License-Identifier: Apache-2.0
"""Real crashes, shown to a live feed print by print: none of them is filtered."""

from pathlib import Path

import duckdb
import pytest

from bot4.domain.marketdata import Trade
from bot4.domain.values import SECOND_NS
from bot4.market.live.outliers import HOLD_NS
from tests.unit.market.live_feeds import MS, Watched

pytestmark = [pytest.mark.requirement("DATA_001/outlier_detection", "DATA_001"), pytest.mark.slow]

DAYS = {"2018-02-05": 2018, "2020-03-12": 2020, "2021-05-19": 2021}
"""Days of Bitcoin on which single minutes moved by several per cent."""


def minutes(path: Path, day: str) -> list[tuple[int, float, float, float, float]]:
    """The bars of a day: open time in ms, open, high, low, close."""
    query = """
        SELECT ts, open, high, low, close FROM read_parquet(?)
        WHERE ts >= epoch_ms(?::TIMESTAMP) AND ts < epoch_ms(?::TIMESTAMP) + 86400000 ORDER BY ts
    """
    with duckdb.connect() as connection:
        return connection.execute(query, [str(path), day, day]).fetchall()


@pytest.mark.parametrize("gap_s", [0.05, 5.0])
@pytest.mark.parametrize("day", DAYS)
def test_every_print_of_a_crash_comes_out(shared_data: Path, day: str, gap_s: float) -> None:
    """Each price of a minute is printed by three trades; the widest moves of years are believed, and in their order."""
    watched = Watched()
    bars = minutes(shared_data / "ohlcv" / f"binance_BTCUSDT_1m_{DAYS[day]}.parquet", day)
    assert len(bars) > 1_000
    given: list[int] = []
    widest = 0.0
    for ts, first, high, low, last in bars:
        widest = max(widest, high / low - 1)
        path = (first, low, high, last) if last >= first else (first, high, low, last)
        for n, price in enumerate(one for value in path for one in (value,) * 3):
            ticks = round(price * 100)
            at_ns = ts * MS + int(n * gap_s * SECOND_NS)
            watched.check.trade(0, at_ns, at_ns + MS, trade_id=len(given), side=1, price=ticks, lots=1)
            given.append(ticks)
    watched.check.settle(bars[-1][0] * MS + 60 * SECOND_NS + HOLD_NS)
    assert widest > 0.03
    assert [int(one.price) for one in watched.events if isinstance(one, Trade)] == given
    assert watched.fates() == {"trade": {"applied": len(given)}}
    assert watched.quality.faults["confirmed"] > 0
