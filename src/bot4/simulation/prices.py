# SPDX-License-Identifier: Apache-2.0
"""At what price an order trades in a bar, and whether it does: the fill rules, pure.

Prices come in and a price goes out; 0 means that the order does not trade. What
is unknown about the path inside a bar is decided against us each time.
"""

from typing import Final

from mypy_extensions import i64

from bot4.domain.marketdata import Bar
from bot4.domain.order import LIMIT, STOP
from bot4.domain.values import BUY, Ticks
from bot4.simulation.orders import VenueOrder
from bot4.simulation.rounding import slipped

NO_TRADE: Final = Ticks(0)


def reaches(order: VenueOrder, price: Ticks) -> bool:
    """Say whether a price sets off a stop: at or above the trigger for a buy, at or under it for a sale."""
    return order.side * (price - order.trigger) >= 0


def reached_in(order: VenueOrder, bar: Bar) -> bool:
    """Say whether a bar's extreme sets off a stop."""
    return reaches(order, bar.high if order.side == BUY else bar.low)


def price_at_open(order: VenueOrder, price: Ticks, slippage: i64) -> Ticks:
    """Return the price at which a market or limit order takes the open.

    A limit order takes it only if the open is strictly better than its limit,
    and slippage never carries it beyond the limit.
    """
    moved = slipped(price, order.side, slippage)
    if order.order_type != LIMIT:
        return moved
    if order.side * (order.limit - price) <= 0:
        return NO_TRADE
    if order.side == BUY:
        return min(moved, order.limit)
    return max(moved, order.limit)


def stop_price_in(order: VenueOrder, bar: Bar, slippage: i64) -> Ticks:
    """Return the price of a stop that this bar's range set off.

    A plain stop trades at its trigger, or at the open where that was already
    worse. After the trigger only the close has surely traded: a stop-limit
    trades in this bar only if the close is strictly better than its limit, and
    then at the limit.
    """
    if order.order_type == STOP:
        worse = bar.open if order.side * (bar.open - order.trigger) > 0 else order.trigger
        return slipped(worse, order.side, slippage)
    return order.limit if order.side * (order.limit - bar.close) > 0 else NO_TRADE


def limit_price_in(order: VenueOrder, bar: Bar) -> Ticks:
    """Return the limit if the bar traded *through* it; a touch is no fill, for others may have been first."""
    through = bar.low if order.side == BUY else bar.high
    return order.limit if order.side * (order.limit - through) > 0 else NO_TRADE


def rested_at(order: VenueOrder, price: Ticks) -> bool:
    """Say whether a limit order was no better for the market than this price: what trades later trades as maker."""
    return order.side * (price - order.limit) >= 0
