# SPDX-License-Identifier: Apache-2.0
"""The venue's filters, applied before the wire: how a wish becomes whole, and why an order would be refused.

Rounding never raises risk: quantities go down, an entry's price away from the market, an exit's towards it, a
trigger to where it fires sooner. An objection is a measured value and its limit, None where there is none; an
entry is also refused where what it buys could not be sold again. Where the venue compares with an average that
only it knows, both ends of what it may be are tried.
"""

from typing import Final, final

from mypy_extensions import i64

from bot4.domain.filters import RATIO_MAX, RATIO_ONE, TRADING, Filters
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, MARKET, STOP, Submit
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.values import BUY, RATE_ONE, Lots, Ticks
from bot4.domain.verdict import Check

PREFIX: Final = "filters."


@final
class Surroundings:
    """Hold what the venue compares an order with.

    Parameters
    ----------
    reference_low, reference_high : Ticks
        Between these is the venue's average price; both 0 while nobody knows.
    open_orders, open_stops : int
        Our open orders of the instrument, triggered ones included, and the triggered ones alone.
    held : Lots
        Free, locked, and what open purchases may bring.
    """

    __slots__ = ("reference_low", "reference_high", "open_orders", "open_stops", "held")

    def __init__(
        self, *, reference_low: Ticks, reference_high: Ticks, open_orders: i64 = 0, open_stops: i64 = 0, held: i64 = 0
    ) -> None:
        self.reference_low = reference_low
        self.reference_high = reference_high
        self.open_orders = open_orders
        self.open_stops = open_stops
        self.held = held


def whole_limit(side: i64, purpose: i64, numerator: int, denominator: int) -> Ticks:
    """Return a limit that lies between ticks as a whole one: an entry's is never worse, an exit's fills no later.

    Parameters
    ----------
    side, purpose : int
        Of the order.
    numerator, denominator : int
        The price in ticks as a fraction; the denominator is positive.
    """
    down = numerator // denominator
    up = -(-numerator // denominator)
    is_patient = purpose == ENTER
    return Ticks(down if (side == BUY) == is_patient else up)


def whole_trigger(side: i64, numerator: int, denominator: int) -> Ticks:
    """Return a stop's trigger that lies between ticks as the whole one that is reached sooner."""
    return Ticks(numerator // denominator if side == BUY else -(-numerator // denominator))


def whole_lots(lots: Lots, order_type: i64, filters: Filters) -> Lots:
    """Return the most of a quantity that one order may have, 0 where even that is below the least."""
    most, least, step = filters.lots_max, filters.lots_min, Lots(1)
    if order_type == MARKET:
        most = filters.market_max if filters.market_max < most else most
        least = filters.market_min if filters.market_min > least else least
        step = filters.market_step
    fitting = (lots if lots < most else most) // step * step
    return Lots(fitting) if fitting >= least else Lots(0)


def objection(submit: Submit, instrument: Instrument, filters: Filters, around: Surroundings) -> Check | None:
    """Return why the venue would refuse an order, None where no filter does."""
    if filters.state != TRADING:
        return refused("state", int(filters.state), TRADING)
    if int(submit.order_type) not in filters.order_types:
        return refused("order_type", int(submit.order_type), len(filters.order_types))
    found = lots_objection(submit, filters)
    if found is None:
        found = price_objection(submit, filters, around)
    if found is None:
        found = notional_objection(submit, instrument, filters, around)
    if found is None:
        found = count_objection(submit, filters, around)
    return found


def lots_objection(submit: Submit, filters: Filters) -> Check | None:
    """Return what is wrong with the quantity."""
    lots = submit.lots
    if lots < filters.lots_min:
        return refused("lots_min", int(lots), int(filters.lots_min))
    if lots > filters.lots_max:
        return refused("lots_max", int(lots), int(filters.lots_max))
    if submit.order_type != MARKET:
        return None
    if lots < filters.market_min:
        return refused("market_min", int(lots), int(filters.market_min))
    if lots > filters.market_max:
        return refused("market_max", int(lots), int(filters.market_max))
    if lots % filters.market_step:
        return refused("market_step", int(lots), int(filters.market_step))
    return None


def price_objection(submit: Submit, filters: Filters, around: Surroundings) -> Check | None:
    """Return what is wrong with the prices an order names: their range, and the distance of its limit."""
    has_limit = names_limit(submit.order_type)
    has_trigger = names_trigger(submit.order_type)
    for is_named, price in ((has_limit, submit.limit), (has_trigger, submit.trigger)):
        if is_named and price < filters.price_min:
            return refused("price_min", int(price), int(filters.price_min))
        if is_named and price > filters.price_max:
            return refused("price_max", int(price), int(filters.price_max))
    return distance_objection(submit, filters, around) if has_limit else None


def distance_objection(submit: Submit, filters: Filters, around: Surroundings) -> Check | None:
    """Return whether the limit may be too far from the venue's average price.

    While nobody knows that average an entry waits; what protects or ends a position is tried.
    """
    up = filters.buy_up if submit.side == BUY else filters.sell_up
    down = filters.buy_down if submit.side == BUY else filters.sell_down
    if up >= RATIO_MAX and down == 0:
        return None
    if around.reference_low <= 0:
        return refused("reference", 0, 1) if submit.purpose == ENTER else None
    scaled = int(submit.limit) * RATIO_ONE
    if scaled > int(around.reference_low) * int(up):
        return refused("percent_up", int(submit.limit), int(around.reference_low) * int(up) // RATIO_ONE)
    if scaled < int(around.reference_high) * int(down):
        return refused("percent_down", int(submit.limit), int(around.reference_high) * int(down) // RATIO_ONE)
    return None


def notional_objection(submit: Submit, instrument: Instrument, filters: Filters, around: Surroundings) -> Check | None:
    """Return whether price times quantity may be too little or too much."""
    low, high = submit.limit, submit.limit
    if not names_limit(submit.order_type):
        low, high = around.reference_low, around.reference_high
        if submit.order_type == STOP:
            low = submit.trigger if low <= 0 or submit.trigger < low else low
            high = submit.trigger if submit.trigger > high else high
        needs_min, needs_max = filters.min_at_market, filters.max_at_market
        if low <= 0 and (needs_min or needs_max):
            return refused("reference", 0, 1) if submit.purpose == ENTER else None
    else:
        needs_min, needs_max = True, True
    scale = int(instrument.factor_den)
    if needs_min and worth(instrument, low, submit.lots) < int(filters.notional_min) * scale:
        return refused("notional_min", worth(instrument, low, submit.lots) // scale, int(filters.notional_min))
    if needs_max and worth(instrument, high, submit.lots) > int(filters.notional_max) * scale:
        return refused("notional_max", worth(instrument, high, submit.lots) // scale, int(filters.notional_max))
    return None


def worth(instrument: Instrument, price: Ticks, lots: Lots) -> int:
    """Return price times quantity in money times ``factor_den``: exact, since a filter is not asked after rounding."""
    return int(price) * int(lots) * int(instrument.factor_num)


def count_objection(submit: Submit, filters: Filters, around: Surroundings) -> Check | None:
    """Return whether there would be too many orders, or too much held."""
    if around.open_orders + 1 > filters.orders_max:
        return refused("orders_max", int(around.open_orders + 1), int(filters.orders_max))
    if names_trigger(submit.order_type) and around.open_stops + 1 > filters.stops_max:
        return refused("stops_max", int(around.open_stops + 1), int(filters.stops_max))
    if submit.side == BUY and around.held + submit.lots > filters.position_max:
        return refused("position_max", int(around.held + submit.lots), int(filters.position_max))
    return None


def exit_objection(
    lots: Lots, worst: Ticks, instrument: Instrument, filters: Filters, *, fee_rate_in_base: i64 = 0
) -> Check | None:
    """Return why what an entry buys could not be sold again, None where it could.

    Parameters
    ----------
    lots : Lots
        What the entry asks for.
    worst : Ticks
        The lowest price at which the exit must still be allowed: the stop, less what it may slip.
    fee_rate_in_base : int
        The fee that is taken out of what was bought, in units of 1 / ``RATE_ONE``; 0 where it is paid otherwise.
    """
    kept = received(lots, fee_rate_in_base)
    sold = kept // filters.market_step * filters.market_step
    least = filters.lots_min if filters.lots_min > filters.market_min else filters.market_min
    if sold < least:
        return refused("exit_lots", int(sold), int(least))
    scale = int(instrument.factor_den)
    if worth(instrument, worst, Lots(sold)) < int(filters.notional_min) * scale:
        return refused("exit_notional", worth(instrument, worst, Lots(sold)) // scale, int(filters.notional_min))
    return None


def received(lots: Lots, fee_rate_in_base: i64) -> Lots:
    """Return the whole lots that are left of a purchase after a fee in the bought asset."""
    return Lots(int(lots) * (RATE_ONE - int(fee_rate_in_base)) // RATE_ONE)


def dust(held: Lots, price: Ticks, instrument: Instrument, filters: Filters) -> Lots:
    """Return what of a holding no order could sell at a price: all of it, or what is left of the last step."""
    if held <= 0:
        return Lots(0)
    if exit_objection(held, price, instrument, filters) is not None:
        return held
    return Lots(held % filters.market_step)


def refused(rule: str, measured: int, limit: int) -> Check:
    """Return an objection."""
    return Check(PREFIX + rule, float(measured), float(limit))
