# SPDX-License-Identifier: Apache-2.0
"""Recorded bars as the past of the simulated venue: the same prices, moved in time, on the venue's grid."""

from pathlib import Path

import pytest

from bot4.apps.venue_server.listing import listed
from bot4.apps.venue_server.past import Past, candle, open_past
from bot4.domain.errors import BadInput
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange

HOUR_MS = 3_600_000
FIRST_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS
BARS = "ts,open,high,low,close,volume\n" + "".join(
    f"{FIRST_MS + hour * HOUR_MS},{100 + hour},{102 + hour},{99 + hour},{101 + hour},{hour + 1}.5\n"
    for hour in range(5)
)
NOW_MS = 1_700_000_123_456


def past(tmp_path: Path, text: str = BARS, name: str = "BTCUSDT=") -> Past:
    """Write bars and open them."""
    path = tmp_path / "bars.csv"
    path.write_text(text)
    (found,) = open_past([f"{name}{path}"], [listed("BTCUSDT")])
    return found


def test_klines_show_the_bars_up_to_the_beginning(tmp_path: Path) -> None:
    """Every bar is a kline of its interval, the last one ends at the last full hour, and shorter ones add up."""
    exchange = Exchange([listed("BTCUSDT").rules])
    exchange.market.remember("BTCUSDT", past(tmp_path).ending(NOW_MS))
    klines = exchange.market.klines("BTCUSDT", "1h", NOW_MS, limit=6)
    assert [one.open_ms for one in klines[:5]] == [
        NOW_MS // HOUR_MS * HOUR_MS - back * HOUR_MS for back in range(5, 0, -1)
    ]
    assert [(one.open, one.high, one.low, one.close) for one in klines[:5]] == [
        tuple(price * ONE for price in (100 + hour, 102 + hour, 99 + hour, 101 + hour)) for hour in range(5)
    ]
    assert [one.volume for one in klines[:5]] == [hour * ONE + ONE * 3 // 2 for hour in range(5)]
    assert exchange.market.last_price("BTCUSDT") == 105 * ONE
    assert exchange.market.klines("BTCUSDT", "1s", NOW_MS) == []


def test_a_past_that_the_venue_cannot_show_is_refused(tmp_path: Path) -> None:
    """A symbol that is not listed, and bars of seconds."""
    with pytest.raises(BadInput, match="ETHUSDT"):
        past(tmp_path, name="ETHUSDT=")
    seconds = "ts,open,high,low,close,volume\n1600000000000,1,1,1,1,1\n1600000001000,1,1,1,1,1\n"
    with pytest.raises(BadInput, match="whole minutes"):
        past(tmp_path, seconds)


def test_nothing_ends_at_no_time() -> None:
    """An empty past stays empty; one candle ends before now by less than its length."""
    assert Past("BTCUSDT", HOUR_MS, ()).ending(NOW_MS) == []
    (moved,) = Past("BTCUSDT", HOUR_MS, (candle(0, (1, 1, 1, 1), ONE),)).ending(NOW_MS)
    assert 0 <= NOW_MS - moved.open_ms - HOUR_MS < HOUR_MS
