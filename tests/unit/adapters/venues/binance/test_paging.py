# SPDX-License-Identifier: Apache-2.0
"""Paging through executions: against a venue that tells pages from an id on, while new ones come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.orders.paging import TradesCursor
from bot4.adapters.venues.binance.wire.replies import MyTrade


def trade(trade_id: int, symbol: str = "BTCUSDT") -> MyTrade:
    """Return an execution."""
    return MyTrade(
        symbol=symbol, id=trade_id, order_id=1, price="1", qty="1", quote_qty="1", commission="0",
        commission_asset="USDT", time=1, is_buyer=True, is_maker=False,
    )  # fmt: skip


@pytest.mark.requirement("P-05", "P-06")
@given(
    ids=st.lists(st.integers(0, 200), unique=True, max_size=60),
    later=st.lists(st.integers(201, 300), unique=True, max_size=20),
    known=st.integers(-1, 200),
    limit=st.integers(1, 7),
    when=st.integers(0, 5),
)
def test_every_execution_behind_the_last_known_comes_once(
    ids: list[int], later: list[int], known: int, limit: int, when: int
) -> None:
    """Whatever the page's size and whatever trades while we walk; the walk ends."""
    at_venue = sorted(ids)
    cursor = TradesCursor("BTCUSDT", last_id=known, limit=limit)
    found: list[int] = []
    pages = 0
    while not cursor.is_done:
        if pages == when:
            at_venue = sorted(at_venue + later)
        asked = dict(cursor.request().params)
        page = [trade(each) for each in at_venue if each >= int(asked["fromId"])][: int(asked["limit"])]
        found += [each.id for each in cursor.take(list(reversed(page)))]
        pages += 1
        assert pages < 200
    assert found == [each for each in at_venue if each > known]


def test_a_venue_that_repeats_itself_or_tells_of_others_ends_the_walk() -> None:
    """A full page without anything new is the end."""
    cursor = TradesCursor("BTCUSDT", last_id=9, limit=2)
    assert cursor.take([trade(8), trade(9)]) == []
    assert cursor.is_done
    cursor = TradesCursor("BTCUSDT", limit=2)
    assert [each.id for each in cursor.take([trade(1), trade(2, "ETHUSDT")])] == [1]
    assert cursor.last_id == 1
