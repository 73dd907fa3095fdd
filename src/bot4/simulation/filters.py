# SPDX-License-Identifier: Apache-2.0
"""Why the venue would not take an order: its filters, and whether it can be paid for.

An objection is a reason in words, empty where there is none. Prices are whole
ticks and quantities whole lots already, so that only sizes are left to judge.
"""

from typing import Final

from mypy_extensions import i64

from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.order import MARKET, ORDER_TYPES, Submit
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.values import BUY, SELL, TICKS_MAX, Lots, Ticks
from bot4.simulation.orders import VenueOrder
from bot4.simulation.rounding import cost_of, notional_of, slipped

TOO_SMALL: Final = "notional below min_notional"
INSUFFICIENT: Final = "insufficient balance"
UNCOUNTABLE: Final = "notional above what can be counted"


def objection(command: Submit, instrument: Instrument) -> str:
    """Return why an order is refused on arrival, whatever the account holds."""
    if command.side not in (BUY, SELL) or not 0 <= command.order_type < len(ORDER_TYPES):
        return "unknown side or order type"
    if command.lots < instrument.min_lots:
        return "lots below min_lots"
    if command.lots > instrument.max_lots:
        return "lots above max_lots"
    if command.order_type == MARKET:
        return ""
    if not prices_named(command):
        return "price out of range"
    price = own_price(command.order_type, limit=command.limit, trigger=command.trigger)
    return size_objection(instrument, price, lots=command.lots, reduce_only=command.reduce_only)


def prices_named(command: Submit) -> bool:
    """Say whether an order names each price that its type needs, within bounds."""
    is_limit_fit = not names_limit(command.order_type) or 0 < command.limit < TICKS_MAX
    return is_limit_fit and (not names_trigger(command.order_type) or 0 < command.trigger < TICKS_MAX)


def size_objection(instrument: Instrument, price: Ticks, *, lots: Lots, reduce_only: bool) -> str:
    """Return why a size is refused at a price; what only reduces may be small."""
    if not (instrument.counts(price, lots) if reduce_only else instrument.fits(price, lots)):
        return UNCOUNTABLE
    if not reduce_only and notional_of(instrument, price, lots) < int(instrument.min_notional):
        return TOO_SMALL
    return ""


def own_price(order_type: i64, *, limit: Ticks, trigger: Ticks) -> Ticks:
    """Return the price an order names for itself: its limit, or the trigger of a plain stop; 0 for a market order."""
    if order_type == MARKET:
        return Ticks(0)
    return limit if names_limit(order_type) else trigger


def cash_claim(order: VenueOrder, instrument: Instrument, *, rate: i64, slippage: i64) -> int:
    """Return the cash a spot purchase may take at worst, as far as its own prices tell.

    A market order names no price and claims nothing here; it is cut to the cash
    when it trades.
    """
    if order.side != BUY or order.reduce_only or instrument.instrument_type != SPOT or order.order_type == MARKET:
        return 0
    price = own_price(order.order_type, limit=order.limit, trigger=order.trigger)
    if not names_limit(order.order_type):
        price = slipped(price, order.side, slippage)
    return cost_of(instrument, price, lots=order.leaves, rate=rate)
