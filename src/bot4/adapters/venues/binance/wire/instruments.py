# SPDX-License-Identifier: Apache-2.0
"""Binance's symbols as instruments with filters: ticks and lots from the filters, never from the precision fields.

The precision fields say how many decimals an asset has, not which prices the venue takes. A symbol whose tick or lot
cannot be had, or does not fit the bounds of the integers, is left out under a reason, never guessed. Bounds
become whole ticks and lots inwards, so that what we allow the venue allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final

from bot4.adapters.venues.binance.wire.replies import ExchangeInfo, RateLimit, SymbolInfo
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.domain.errors import BadInput
from bot4.domain.filters import CANCEL_ONLY, CLOSED, COUNT_MAX, RATIO_MAX, RATIO_ONE, TRADING, Filters
from bot4.domain.instrument import Instrument
from bot4.domain.order import FILL_OR_KILL, IMMEDIATE_OR_CANCEL, LIMIT, MARKET, POST_ONLY, STOP, STOP_LIMIT
from bot4.domain.values import LOTS_MAX, MONEY_ONE, PRODUCT_MAX, TICKS_MAX, VALUE_MAX

TYPES: Final = {
    "MARKET": (MARKET,),
    "LIMIT": (LIMIT, IMMEDIATE_OR_CANCEL, FILL_OR_KILL),
    "STOP_LOSS": (STOP,),
    "STOP_LOSS_LIMIT": (STOP_LIMIT,),
    "LIMIT_MAKER": (POST_ONLY,),
}
"""The venue's types by ours; a limit order that is over at once is one of its times in force."""

STATES: Final = {"TRADING": TRADING, "CANCEL_ONLY": CANCEL_ONLY}
UNITS: Final = {"REQUEST_WEIGHT": Unit.WEIGHT, "ORDERS": Unit.ORDERS, "RAW_REQUESTS": Unit.REQUESTS}
INTERVALS_MS: Final = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
KNOWN_FILTERS: Final = (
    "PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "MIN_NOTIONAL", "PERCENT_PRICE",
    "PERCENT_PRICE_BY_SIDE", "MAX_NUM_ORDERS", "MAX_NUM_ALGO_ORDERS", "MAX_NUM_ICEBERG_ORDERS", "ICEBERG_PARTS",
    "MAX_POSITION", "TRAILING_DELTA", "MAX_NUM_ORDER_LISTS", "MAX_NUM_ORDER_AMENDS",
)  # fmt: skip
NO_FILTER: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Listing:
    """Hold one symbol as bot4 may trade it."""

    instrument: Instrument
    filters: Filters
    oco: bool
    oto: bool
    default_self_trade: str


@dataclass(frozen=True, slots=True)
class Listings:
    """Hold a venue's symbols: those that can be traded, those left out and why, and filters that nobody knows."""

    of: Mapping[str, Listing]
    left_out: Mapping[str, str] = field(default_factory=dict)
    unknown_filters: Mapping[str, int] = field(default_factory=dict)

    def find(self, symbol: str) -> Listing:
        """Return one symbol's listing.

        Raises
        ------
        BadInput
            If the venue has no such symbol, or it was left out.
        """
        found = self.of.get(symbol)
        if found is not None:
            return found
        if symbol in self.left_out:
            why, mend = self.left_out[symbol], "Choose another symbol."
            raise BadInput(f"symbol {symbol}", why, "a symbol that bot4 can count", mend, "symbol_left_out")
        near = get_close_matches(symbol.upper().replace("-", "").replace("/", ""), list(self.of), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Take the symbol from the venue's list."
        raise BadInput(f"symbol {symbol}", "unknown to the venue", "a spot symbol", hint, "symbol_unknown")


def listings(info: ExchangeInfo, *, wanted: Sequence[str] = (), as_of: str = "venue") -> Listings:
    """Return the venue's symbols; with ``wanted`` those alone, indexed in that order."""
    order = {symbol: index for index, symbol in enumerate(wanted)}
    found: dict[str, Listing] = {}
    left_out: dict[str, str] = {}
    unknown: dict[str, int] = {}
    for position, symbol in enumerate(info.symbols):
        if wanted and symbol.symbol not in order:
            continue
        for kind in (str(each.get("filterType")) for each in symbol.filters):
            if kind not in KNOWN_FILTERS:
                unknown[kind] = unknown.get(kind, 0) + 1
        try:
            found[symbol.symbol] = listing(symbol, order.get(symbol.symbol, position), as_of=as_of)
        except (BadInput, InvalidOperation, KeyError, TypeError) as error:
            left_out[symbol.symbol] = f"{type(error).__name__}: {error}"
    return Listings(found, left_out, unknown)


def listing(symbol: SymbolInfo, index: int, *, as_of: str) -> Listing:
    """Return one symbol's instrument and filters.

    Raises
    ------
    BadInput
        If the symbol has no tick or lot, or one that does not fit the integers.
    """
    named = {str(each.get("filterType")): each for each in symbol.filters}
    price, lot = named.get("PRICE_FILTER", NO_FILTER), named.get("LOT_SIZE", NO_FILTER)
    tick_size, lot_size = step_of(price, "tickSize"), step_of(lot, "stepSize")
    if not tick_size or not lot_size:
        raise BadInput(f"symbol {symbol.symbol}", "no tick or no lot", "both filters", "Choose another symbol.")
    lots_min, lots_max = lots_range(lot, lot_size)
    notional = named.get("NOTIONAL", named.get("MIN_NOTIONAL", NO_FILTER))
    least = Decimal(notional.get("minNotional", "0"))
    instrument = Instrument(
        index,
        symbol.symbol,
        base=symbol.base_asset,
        quote=symbol.quote_asset,
        tick_size=tick_size,
        lot_size=lot_size,
        min_lots=lots_min,
        max_lots=lots_max,
        min_notional=min(least, Decimal(PRODUCT_MAX) / MONEY_ONE),
        as_of=as_of,
    )
    filters = Filters(
        order_types=tuple(sorted(ours for theirs in symbol.order_types for ours in TYPES.get(theirs, ()))),
        state=STATES.get(symbol.status, CLOSED) if symbol.is_spot_trading_allowed else CLOSED,
        price_min=max(whole(price.get("minPrice", "0"), tick_size, ROUND_CEILING), 1),
        price_max=top(whole(price.get("maxPrice", "0"), tick_size, ROUND_FLOOR), TICKS_MAX - 1),
        lots_min=lots_min,
        lots_max=lots_max,
        **_market_lots(named.get("MARKET_LOT_SIZE", NO_FILTER), lot_size),
        **_notionals(notional),
        **_distances(named),
        orders_max=count_of(named, "MAX_NUM_ORDERS", "maxNumOrders"),
        stops_max=count_of(named, "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
        lists_max=count_of(named, "MAX_NUM_ORDER_LISTS", "maxNumOrderLists"),
        position_max=top(
            whole(named.get("MAX_POSITION", NO_FILTER).get("maxPosition", "0"), lot_size, ROUND_FLOOR), LOTS_MAX
        ),
    )
    return Listing(
        instrument, filters, symbol.oco_allowed, symbol.oto_allowed, symbol.default_self_trade_prevention_mode
    )


def _market_lots(market: Mapping[str, Any], lot_size: Decimal) -> dict[str, Any]:
    """Return the bounds of market orders; their step is a whole number of lots, or the lot."""
    lots_min, lots_max = lots_range(market, lot_size)
    return {
        "market_min": lots_min,
        "market_max": lots_max,
        "market_step": max(whole(market.get("stepSize", "0"), lot_size, ROUND_CEILING), 1),
    }


def _notionals(notional: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bounds of price times quantity, of the newer and of the older filter."""
    most = Decimal(notional.get("maxNotional", "0"))
    return {
        "notional_min": min(whole(notional.get("minNotional", "0"), Decimal("1e-8"), ROUND_CEILING), PRODUCT_MAX),
        "notional_max": min(int(most * MONEY_ONE), VALUE_MAX) if most else VALUE_MAX,
        "min_at_market": bool(notional.get("applyMinToMarket", notional.get("applyToMarket", False))),
        "max_at_market": bool(notional.get("applyMaxToMarket", False)),
    }


def _distances(named: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return how far prices may be from the reference; where both filters stand the tighter bound counts."""
    either, sided = named.get("PERCENT_PRICE", NO_FILTER), named.get("PERCENT_PRICE_BY_SIDE", NO_FILTER)
    up, down = ratio(either.get("multiplierUp"), RATIO_MAX), ratio(either.get("multiplierDown"), 0)
    return {
        "buy_up": min(up, ratio(sided.get("bidMultiplierUp"), RATIO_MAX)),
        "buy_down": max(down, ratio(sided.get("bidMultiplierDown"), 0)),
        "sell_up": min(up, ratio(sided.get("askMultiplierUp"), RATIO_MAX)),
        "sell_down": max(down, ratio(sided.get("askMultiplierDown"), 0)),
    }


def step_of(filter_: Mapping[str, Any], key: str) -> Decimal:
    """Return a step without its trailing zeros, 0 where it is missing or switched off."""
    return Decimal(filter_.get(key, "0")).normalize()


def whole(text: str, step: Decimal, rounding: str) -> int:
    """Return a decimal text in whole steps."""
    return int((Decimal(text) / step).to_integral_value(rounding))


def top(value: int, most: int) -> int:
    """Return an upper bound: what nothing reaches where it is switched off, and never above that."""
    return min(value, most) if value > 0 else most


def lots_range(filter_: Mapping[str, Any], lot_size: Decimal) -> tuple[int, int]:
    """Return the least and the greatest quantity of a filter in lots."""
    least = whole(filter_.get("minQty", "0"), lot_size, ROUND_CEILING)
    return max(least, 1), top(whole(filter_.get("maxQty", "0"), lot_size, ROUND_FLOOR), LOTS_MAX)


def ratio(text: str | None, missing: int) -> int:
    """Return a multiplier in units of 1 / ``RATIO_ONE``."""
    return missing if text is None else min(int(Decimal(text) * RATIO_ONE), RATIO_MAX)


def count_of(named: Mapping[str, Mapping[str, Any]], kind: str, key: str) -> int:
    """Return how many a filter allows, what nothing reaches without it."""
    return int(named[kind][key]) if kind in named else COUNT_MAX


def changes(before: Listings, after: Listings) -> dict[str, list[str]]:
    """Return what is different of each symbol after a refresh: fields with both values, or that it came or went.

    A changed tick or lot makes every price and quantity kept so far mean something else: the symbol has to stop.
    """
    found: dict[str, list[str]] = {}
    for symbol in dict.fromkeys((*before.of, *after.of)):
        old, now = before.of.get(symbol), after.of.get(symbol)
        if old is None or now is None:
            found[symbol] = ["listed" if old is None else after.left_out.get(symbol, "gone")]
            continue
        was, is_ = told(old), told(now)
        different = [f"{name}: {was[name]} to {is_[name]}" for name in was if was[name] != is_[name]]
        if different:
            found[symbol] = different
    return found


def told(one: Listing) -> dict[str, object]:
    """Return everything about a listing by name."""
    own = {"tick_size": str(one.instrument.tick_size), "lot_size": str(one.instrument.lot_size)}
    return {**own, **one.filters.fields(), "oco": one.oco, "oto": one.oto, "self_trade": one.default_self_trade}


def limits(rate_limits: Sequence[RateLimit]) -> tuple[Limit, ...]:
    """Return the venue's limits; one of an unknown kind or interval is left out, the documented ones remain."""
    return tuple(
        Limit(UNITS[each.rate_limit_type], INTERVALS_MS[each.interval] * each.interval_num, each.limit)
        for each in rate_limits
        if each.rate_limit_type in UNITS and each.interval in INTERVALS_MS
    )
