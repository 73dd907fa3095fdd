# SPDX-License-Identifier: Apache-2.0
"""Reads and pages: every execution once and in order, balances to the unit, bars and listings in integers."""

from typing import Any

import pytest

from bot4.adapters.venues.kit.order_entry import TradeSeen
from bot4.domain.order import MARKET
from bot4.domain.values import Lots
from tests.contract.venues.under_test import NEVER_PLACED, VenueUnderTest, at, every_adapter, order

pytestmark = [pytest.mark.requirement("ORDER_001"), every_adapter]


@pytest.mark.parametrize(("count", "limit"), [(0, 2), (1, 2), (2, 2), (5, 2), (4, 2), (3, 1), (3, 1_000)])
def test_pages_tell_every_execution_once_and_in_order(adapter: str, count: int, limit: int) -> None:
    """Id, price, quantity and fee of each are the ledger's."""

    async def case(venue: VenueUnderTest) -> None:
        venue.other("SELL", 50_000, "1")
        for number in range(1, count + 1):
            await venue.entry.place(order(number, order_type=MARKET, limit=0, lots=Lots(100 * number)))
        read: list[TradeSeen] = []
        while True:
            page = await venue.reads.trades_after(0, read[-1].trade_id if read else -1, limit)
            assert isinstance(page, tuple) and len(page) <= limit
            if not page:
                break
            read.extend(page)
        told = [(one.trade_id, one.price * 10**6, one.lots * 1_000, one.fee, one.fee_asset) for one in read]
        held = [(one.trade_id, one.price, one.quantity, one.commission, one.commission_asset) for one in venue.fills()]
        assert told == held and len(told) == count

    at(adapter, case)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_open_orders_are_all_that_is_open(adapter: str, count: int) -> None:
    """None left out, none twice, none that ended."""

    async def case(venue: VenueUnderTest) -> None:
        for number in range(1, count + 2):
            await venue.entry.place(order(number))
        await venue.entry.cancel(count + 1, 0)
        found = await venue.entry.open_orders(0)
        assert isinstance(found, tuple)
        assert sorted(one.order_id for one in found) == list(range(1, count + 1))

    at(adapter, case)


def test_an_order_that_never_was_is_none(adapter: str) -> None:
    """Not an error, and not an order."""

    async def case(venue: VenueUnderTest) -> None:
        assert await venue.entry.query(NEVER_PLACED, 0) is None

    at(adapter, case)


@pytest.mark.parametrize("trades", [False, True])
def test_balances_are_the_ledgers_to_the_unit(adapter: str, trades: bool) -> None:
    """With a lock, and after a trade and its fee."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        if trades:
            venue.other("SELL", 50_000, "0.00777")
            await venue.entry.place(order(2, order_type=MARKET, limit=0, lots=Lots(777)))
        told: Any = await venue.reads.balances()
        for asset in ("USDT", "BTC"):
            held = venue.held(asset)
            assert (told[asset].free, told[asset].locked) == (held.free, held.locked)

    at(adapter, case)


def test_bars_hold_the_trades_of_the_market(adapter: str) -> None:
    """Prices and quantity of what traded, in ticks and lots."""

    async def case(venue: VenueUnderTest) -> None:
        bars: Any = await venue.reads.klines(0, "1d", 10)
        assert (bars[-1].close, sum(one.lots for one in bars)) == (5_000_000, 1_000)

    at(adapter, case)


def test_listings_tell_steps_and_bounds(adapter: str) -> None:
    """As the venue's own rules have them."""

    async def case(venue: VenueUnderTest) -> None:
        told: Any = await venue.reads.listings()
        one = told["BTCUSDT"]
        assert (one.tick_units, one.lot_units, one.min_lots, one.min_notional) == (10**6, 1_000, 1, 5 * 10**8)

    at(adapter, case)
