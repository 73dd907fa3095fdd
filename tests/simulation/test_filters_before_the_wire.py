# SPDX-License-Identifier: Apache-2.0
"""Random intents against the simulated venue: what our filters let through, the venue's never refuse."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from bot4.adapters.venues.binance.wire.instruments import Listing, listing
from bot4.adapters.venues.binance.wire.replies import SymbolInfo
from bot4.domain.order import ENTER, LIMIT, MARKET, STOP, STOP_LIMIT, Submit
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.simulation.exchange import Exchange, PlaceOrder, Refusal, SymbolRules, Terms
from bot4.simulation.exchange.rules import ALGO_TYPES, ONE, LotSize, Notional, PercentPriceBySide, PriceFilter
from bot4.trading.filters import Surroundings, objection

TYPES = {MARKET: "MARKET", LIMIT: "LIMIT", STOP: "STOP_LOSS", STOP_LIMIT: "STOP_LOSS_LIMIT"}
SIDES = {BUY: "BUY", SELL: "SELL"}
FILTER_CODE = -1013
START_MS = 1_700_000_000_000
TICK, LOT = ONE // 100, 1_000
RULES = SymbolRules(
    "AB",
    "A",
    "B",
    PriceFilter(TICK, 100_000 * ONE, TICK),
    LotSize(20 * LOT, 50 * ONE, LOT),
    LotSize(50 * LOT, 20 * ONE, 10 * LOT),
    Notional(10 * ONE, 90_000 * ONE),
    PercentPriceBySide(ONE * 6 // 5, ONE // 5, ONE * 5, ONE * 4 // 5),
    max_orders=8,
    max_algo_orders=5,
    max_position=5_000 * ONE,
)


def as_listed() -> Listing:
    """Return the same rules as the venue's exchangeInfo would tell them, read by bot4."""

    def text(units: int) -> str:
        """Return 1e-8 units as a decimal text."""
        return f"{Decimal(units) / ONE:f}"

    lots, market, percent = RULES.lot_size, RULES.market_lot_size, RULES.percent_price
    assert market is not None and percent is not None
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": text(RULES.price.lowest), "maxPrice": text(RULES.price.highest),
         "tickSize": text(RULES.price.tick)},
        {"filterType": "LOT_SIZE", "minQty": text(lots.lowest), "maxQty": text(lots.highest),
         "stepSize": text(lots.step)},
        {"filterType": "MARKET_LOT_SIZE", "minQty": text(market.lowest), "maxQty": text(market.highest),
         "stepSize": text(market.step)},
        {"filterType": "NOTIONAL", "minNotional": text(RULES.notional.lowest), "applyMinToMarket": True,
         "maxNotional": text(RULES.notional.highest), "applyMaxToMarket": False},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": text(percent.bid_up),
         "bidMultiplierDown": text(percent.bid_down), "askMultiplierUp": text(percent.ask_up),
         "askMultiplierDown": text(percent.ask_down)},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": RULES.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": RULES.max_algo_orders},
        {"filterType": "MAX_POSITION", "maxPosition": text(RULES.max_position)},
    ]  # fmt: skip
    info = {"symbol": "AB", "status": "TRADING", "baseAsset": "A", "quoteAsset": "B", "baseAssetPrecision": 8,
            "quoteAssetPrecision": 8, "orderTypes": [*TYPES.values(), "LIMIT_MAKER"], "filters": filters}  # fmt: skip
    return listing(msgspec.convert(info, SymbolInfo), 0, as_of="test")


class Market:
    """The venue with our account and two that make its price, and what the filters compare an order with."""

    def __init__(self) -> None:
        self.exchange = Exchange([RULES], 1)
        self.now_ms = START_MS
        ours = {"A": 4_980 * ONE, "B": 10**8 * ONE}
        holdings = {"me": ours, "seller": {"A": 10_000 * ONE}, "buyer": {"B": 10**9 * ONE}}
        for account, balances in holdings.items():
            self.exchange.open_account(account, Terms(), balances, self.now_ms)

    def move(self, price: int) -> None:
        """Clear the book and let one trade happen at another price."""
        for account in ("me", "seller", "buyer"):
            self.exchange.cancel_all(account, "AB", self.now_ms)
        self.quote("seller", "SELL", price, ONE)
        self.quote("buyer", "BUY", price, ONE // 5)
        self.quote("buyer", "BUY", price - TICK, ONE)
        self.exchange.take_events()

    def quote(self, account: str, side: str, price: int, quantity: int) -> None:
        """Place a limit order of one of those who make the price."""
        order = PlaceOrder("AB", side, "LIMIT", quantity=quantity, price=price, time_in_force="GTC")
        self.exchange.place(account, order, self.now_ms)

    def surroundings(self) -> Surroundings:
        """Return what our filters may know: the venue's average between two ticks, and what is open and held."""
        average = self.exchange.market.average_price("AB", self.now_ms)
        open_ = self.exchange.queries.open_orders("me", "AB")
        balance = self.exchange.queries.account("me").balance("A")
        coming = sum(order.quantity - order.executed_quantity for order in open_ if order.side == "BUY")
        return Surroundings(
            reference_low=Ticks(average // TICK),
            reference_high=Ticks(-(-average // TICK)),
            open_orders=len(open_),
            open_stops=sum(order.type in ALGO_TYPES for order in open_),
            held=-(-(balance.free + balance.locked + coming) // LOT),
        )


def intent(chance: np.random.Generator) -> Submit:
    """Draw an order as a strategy out of its mind might wish it."""
    near = int(chance.integers(7_000, 13_000))
    limit = near if chance.random() < 0.7 else int(10 ** chance.uniform(0, 7.5))
    return Submit(
        Nanos(0), order_id=1, intent_id=1, slot=0, instrument=0, purpose=ENTER, order_type=int(chance.integers(0, 4)),
        side=BUY if chance.random() < 0.5 else SELL, lots=Lots(int(10 ** chance.uniform(0.5, 7.0))), limit=Ticks(limit),
        trigger=Ticks(int(chance.integers(3_000, 20_000))), sibling_id=0, reduce_only=False,
    )  # fmt: skip


@pytest.mark.requirement("P-12", "P2-5")
def test_no_intent_that_passes_our_filters_fails_the_venues(rounds: Callable[..., int]) -> None:
    """Not one filter failure on the wire; the venue shares no code with our filters, and each of ours is met."""
    chance = np.random.Generator(np.random.PCG64(7))
    one, market = as_listed(), Market()
    met: Counter[str] = Counter()
    for number in range(rounds(4_000, full=1_000_000)):
        market.now_ms += int(chance.integers(0, 50))
        if number % 200 == 0:
            market.move(int(chance.integers(8_000, 12_000)) * TICK)
        wish = intent(chance)
        refused = objection(wish, one.instrument, one.filters, market.surroundings())
        if refused is not None:
            met[refused.rule] += 1
            continue
        kind = TYPES[int(wish.order_type)]
        named, triggers = "LIMIT" in kind, "STOP" in kind
        said = market.exchange.place(
            "me",
            PlaceOrder(
                "AB", SIDES[int(wish.side)], kind, quantity=int(wish.lots) * LOT,
                price=int(wish.limit) * TICK if named else 0, stop_price=int(wish.trigger) * TICK if triggers else 0,
                time_in_force="GTC" if named else "",
            ),
            market.now_ms,
        )  # fmt: skip
        assert not (isinstance(said, Refusal) and said.code == FILTER_CODE), said
        met["sent"] += 1
    assert met["sent"] > 300
    assert {"filters.lots_min", "filters.market_step", "filters.notional_min", "filters.percent_up"} <= met.keys()
    assert {"filters.orders_max", "filters.stops_max", "filters.position_max"} <= met.keys()
