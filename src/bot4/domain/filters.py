# SPDX-License-Identifier: Apache-2.0
"""What a venue demands of an order besides whole ticks and lots: ranges, notionals, distances, counts.

A value in integers, made once for each instrument by a venue's dialect. A bound that does not exist is written as
one that nothing reaches, so that no check asks whether it is there. Who applies them: :mod:`bot4.trading.filters`.
"""

from typing import Final, final

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.values import LOTS_MAX, TICKS_MAX, VALUE_MAX, Lots, Money, Ticks

RATIO_ONE: Final = 100_000_000
"""Units of a price multiplier in 1.0."""

RATIO_MAX: Final = RATIO_ONE * 1_000_000
COUNT_MAX: Final = 1 << 31

TRADING: Final = 0
CANCEL_ONLY: Final = 1
CLOSED: Final = 2
SYMBOL_STATES: Final = ("trading", "cancel_only", "closed")


@final
class Filters:
    """Hold what a venue demands of orders for one instrument.

    Parameters
    ----------
    order_types : tuple of int
        The types of ``domain.order`` that it takes.
    state : int
        Of ``SYMBOL_STATES``.
    price_min, price_max : Ticks
        For limits and triggers.
    lots_min, lots_max : Lots
        For any order.
    market_min, market_max, market_step : Lots
        For market orders, besides.
    notional_min, notional_max : Money
        Price times quantity, with ``min_at_market`` and ``max_at_market`` saying whether market orders count.
    buy_up, buy_down, sell_up, sell_down : int
        How far a price may be from the reference, in units of 1 / ``RATIO_ONE`` of it.
    orders_max, stops_max, lists_max : int
        How many may be open: orders of any kind, triggered ones, lists.
    position_max : Lots
        Free, locked and on its way in.
    """

    __slots__ = (
        "order_types",
        "state",
        "price_min",
        "price_max",
        "lots_min",
        "lots_max",
        "market_min",
        "market_max",
        "market_step",
        "notional_min",
        "notional_max",
        "min_at_market",
        "max_at_market",
        "buy_up",
        "buy_down",
        "sell_up",
        "sell_down",
        "orders_max",
        "stops_max",
        "lists_max",
        "position_max",
    )

    def __init__(
        self,
        *,
        order_types: tuple[int, ...] = (0, 1, 2, 3),
        state: i64 = TRADING,
        price_min: int = 1,
        price_max: int = TICKS_MAX - 1,
        lots_min: int = 1,
        lots_max: int = LOTS_MAX,
        market_min: int = 1,
        market_max: int = LOTS_MAX,
        market_step: int = 1,
        notional_min: int = 0,
        notional_max: int = VALUE_MAX,
        min_at_market: bool = False,
        max_at_market: bool = False,
        buy_up: i64 = RATIO_MAX,
        buy_down: i64 = 0,
        sell_up: i64 = RATIO_MAX,
        sell_down: i64 = 0,
        orders_max: i64 = COUNT_MAX,
        stops_max: i64 = COUNT_MAX,
        lists_max: i64 = COUNT_MAX,
        position_max: int = LOTS_MAX,
    ) -> None:
        self.order_types = order_types
        self.state = state
        self.price_min = Ticks(price_min)
        self.price_max = Ticks(price_max)
        self.lots_min = Lots(lots_min)
        self.lots_max = Lots(lots_max)
        self.market_min = Lots(market_min)
        self.market_max = Lots(market_max)
        self.market_step = Lots(market_step)
        self.notional_min = Money(notional_min)
        self.notional_max = Money(notional_max)
        self.min_at_market = min_at_market
        self.max_at_market = max_at_market
        self.buy_up = buy_up
        self.buy_down = buy_down
        self.sell_up = sell_up
        self.sell_down = sell_down
        self.orders_max = orders_max
        self.stops_max = stops_max
        self.lists_max = lists_max
        self.position_max = Lots(position_max)

    def fields(self) -> dict[str, object]:
        """Return every bound by its name, for comparing and for telling."""
        return {
            "order_types": self.order_types,
            "state": SYMBOL_STATES[int(self.state)],
            "price_min": int(self.price_min),
            "price_max": int(self.price_max),
            "lots_min": int(self.lots_min),
            "lots_max": int(self.lots_max),
            "market_min": int(self.market_min),
            "market_max": int(self.market_max),
            "market_step": int(self.market_step),
            "notional_min": int(self.notional_min),
            "notional_max": int(self.notional_max),
            "min_at_market": self.min_at_market,
            "max_at_market": self.max_at_market,
            "buy_up": int(self.buy_up),
            "buy_down": int(self.buy_down),
            "sell_up": int(self.sell_up),
            "sell_down": int(self.sell_down),
            "orders_max": int(self.orders_max),
            "stops_max": int(self.stops_max),
            "lists_max": int(self.lists_max),
            "position_max": int(self.position_max),
        }


def filters_of(instrument: Instrument) -> Filters:
    """Return the filters of an instrument of which nothing more is known than its own bounds."""
    return Filters(
        lots_min=int(instrument.min_lots),
        lots_max=int(instrument.max_lots),
        notional_min=int(instrument.min_notional),
        min_at_market=True,
    )
