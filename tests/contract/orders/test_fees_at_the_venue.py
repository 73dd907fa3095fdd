# SPDX-License-Identifier: Apache-2.0
"""Fees in kind at the venue over real sockets: what was bought can be protected and sold, and the books are equal."""

import asyncio

import pytest

from bot4.account.portfolio import Portfolio
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.event import CANCEL, FEE_TAKEN, FILL, INQUIRE, SUBMIT
from bot4.domain.order import ENTER, EXIT, MARKET, PROTECT_STOP, WORKING, Fill, OrderRequest
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Money, Ticks
from bot4.domain.verdict import NORMAL, Approved
from tests.contract.orders.life import BTCUSDT
from tests.contract.orders.test_orders_at_a_troubled_venue import agreed
from tests.contract.orders.trader import Trader
from tests.contract.venue_server.running import ONE, asked

pytestmark = pytest.mark.requirement("FEE_001", "EXEC_001", "P-12")

CASH = 1_000_000 * ONE
LOTS = 1_234
"""A fee of 0.1 % is 1.234 lots: one lot more than whole ones leave."""


async def ask(trader: Trader, purpose: int, lots: int) -> None:
    """Have a market order approved, and wait for all that comes of it."""
    trader.intents += 1
    price = trader.price()
    side = BUY if purpose == ENTER else SELL
    none = Ticks(0)
    request = OrderRequest(
        intent_id=trader.intents, instrument=0, slot=0, purpose=purpose, order_type=MARKET, side=side, lots=Lots(lots),
        reference=Ticks(price), limit=none, trigger=none, stop=Ticks(price * 9 // 10 if purpose == ENTER else 0),
        target=none,
    )  # fmt: skip
    now = trader.now()
    trader.engine.process(Approved(now, request, NORMAL, []), now)
    for _ in range(200):
        await trader.life.gateway.drained()
        await asyncio.sleep(0.01)
        fills = [event for event in trader.journal.events if isinstance(event, Fill)]
        if fills and int(fills[-1].purpose) == purpose and trader.life.gateway.sent == told(trader):
            return
    raise AssertionError("the order did not trade")


def told(trader: Trader) -> int:
    """How many commands the engine has put."""
    return sum(event.kind in (SUBMIT, CANCEL, INQUIRE) for event in trader.journal.events)


def booked(trader: Trader) -> Portfolio:
    """An account that has taken every fill of the journal."""
    portfolio, out = Portfolio([BTCUSDT], capital=Money(CASH)), Outbox(64)
    for event in trader.journal.events:
        if event.kind == FILL:
            out.tail = 0
            portfolio.handle(event, event.ts_known_ns, out)
    return portfolio


async def bought_and_sold() -> None:
    """Buy, be protected, sell all; then the dust is what the venue has left of it."""
    server = VenueServer(asked("BTCUSDT", balances={"USDT": CASH, "BTC": 0}, has_flow=True, seed=3))
    ready = await server.open()
    try:
        trader = Trader(server, ready, 3, late_s=0.0, compares=True)
        await trader.is_heard(lambda: trader.life.feed.is_ready)
        await ask(trader, ENTER, LOTS)
        fees = [event for event in trader.journal.events if event.kind == FEE_TAKEN]
        assert fees, "the venue took its fee out of what was bought"
        assert int(trader.trading.position(0)) < LOTS
        (stop,) = [order for order in trader.trading.open_orders() if order.purpose == PROTECT_STOP]
        assert (int(stop.state), int(stop.lots)) == (WORKING, int(trader.trading.position(0))), (
            "it works, for all there is"
        )
        assert trader.ours().position == trader.theirs().position == booked(trader).units(0)

        await ask(trader, EXIT, LOTS)
        await agreed(trader, asks=True)
        assert trader.trading.open_orders() == []
        assert int(trader.trading.position(0)) == 0
        assert 0 < trader.trading.dust(0) < BTCUSDT.lot_units
        assert trader.trading.dust(0) == trader.theirs().position == booked(trader).dust(0)
        ledger = server.exchange.ledger(MEMBER)
        cash = ledger.balances["USDT"].free + ledger.balances["USDT"].locked - CASH
        assert int(booked(trader).cash) - CASH == cash
        assert trader.life.gateway.faults == []
        assert trader.trading.contradictions == 0
        await trader.life.end()
    finally:
        await server.close()


def test_what_a_fee_has_lessened_is_protected_and_sold_and_leaves_dust() -> None:
    """The stop for what is left after the fee is taken; after the sale less than a lot is left, here and there."""
    asyncio.run(bought_and_sold())
