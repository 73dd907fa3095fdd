# SPDX-License-Identifier: Apache-2.0
"""Orders in ccxt's words, both ways: exact decimal texts out, whole ticks and lots back.

ccxt rounds what is off a venue's step; here a step that would change a number is found first, and the order refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bot4.adapters.venues.ccxt.offered import CcxtVenue
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.order_entry import Capability, OrderSeen
from bot4.domain.instrument import Instrument
from bot4.domain.order import (
    ENTER,
    FILL_OR_KILL,
    FILLED,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    PART_FILLED,
    POST_ONLY,
    STOP,
    STOP_LIMIT,
    WORKING,
    Submit,
)
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.values import BUY, SELL

NEEDS: Final = {
    STOP: Capability.STOPS,
    STOP_LIMIT: Capability.STOPS,
    POST_ONLY: Capability.POST_ONLY,
    IMMEDIATE_OR_CANCEL: Capability.IMMEDIATE_OR_CANCEL,
    FILL_OR_KILL: Capability.FILL_OR_KILL,
}
"""What a venue must have for a type of order."""

TIMES: Final = {LIMIT: "GTC", STOP_LIMIT: "GTC", IMMEDIATE_OR_CANCEL: "IOC", FILL_OR_KILL: "FOK"}
ENDED: Final = {"canceled": ORDER_CANCELED, "expired": ORDER_EXPIRED, "rejected": ORDER_REJECTED}
OPEN: Final = ("open", "canceling")
SIDES: Final = {"buy": BUY, "sell": SELL}
NOTHING: Final = "0"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold the arguments of ccxt's ``create_order``."""

    symbol: str
    kind: str
    side: str
    amount: str
    price: str | None
    params: Mapping[str, object]

    def words(self) -> tuple[object, ...]:
        """Return them in their order."""
        return self.symbol, self.kind, self.side, self.amount, self.price, dict(self.params)


def wanted(submit: Submit, instrument: Instrument, symbol: str, name: str, venue: CcxtVenue) -> Wanted:
    """Return an order in ccxt's words.

    Parameters
    ----------
    submit : Submit
        Of a type that the venue has.
    instrument : Instrument
        What is traded.
    symbol : str
        ccxt's word for it.
    name : str
        The order's name at the venue.
    venue : CcxtVenue
        What is spoken to.
    """
    order_type = int(submit.order_type)
    has_limit = names_limit(order_type)
    params: dict[str, object] = {"clientOrderId": name}
    if order_type in TIMES:
        params["timeInForce"] = TIMES[order_type]
    if order_type == POST_ONLY:
        params["postOnly"] = True
    if names_trigger(order_type):
        params["stopLossPrice"] = instrument.price_text(submit.trigger)
    if Capability.SELF_TRADE_PREVENTION in venue.supports:
        params["selfTradePreventionMode"] = "EXPIRE_TAKER" if submit.purpose == ENTER else "EXPIRE_MAKER"
    return Wanted(
        symbol,
        "limit" if has_limit else "market",
        "buy" if submit.side == BUY else "sell",
        instrument.quantity_text(submit.lots),
        instrument.price_text(submit.limit) if has_limit else None,
        params,
    )


def rounded(exchange: Any, order: Wanted) -> Answer | None:
    """Return why an order must not leave: ccxt would round one of its numbers to the venue's step; None if it may."""
    prices = (order.price, order.params.get("stopLossPrice"))
    given = [(exchange.amount_to_precision, order.amount)]
    given += [(exchange.price_to_precision, price) for price in prices if isinstance(price, str)]
    for rounding, text in given:
        sent = rounding(order.symbol, text)
        if Decimal(sent) != Decimal(text):
            words = f"{text} would leave as {sent}"
            mend = "The venue's steps have changed: take its listings anew."
            return Answer(Outcome.REJECTED, Remedy.CORRECT, "step", text=words, mend=mend, alert=True)
    return None


def own_name(order: Mapping[str, Any], venue: CcxtVenue) -> str:
    """Return the name that the venue says we gave an order, empty where it says none."""
    info = order.get("info")
    if isinstance(info, Mapping):
        for key in venue.name_keys:
            if info.get(key):
                return str(info[key])
    return str(order.get("clientOrderId") or "")


def seen(
    order: Mapping[str, Any], instrument: Instrument, symbol: str, *, order_id: int, name: str
) -> OrderSeen | None:
    """Return an order in integers, None where it cannot be read.

    Parameters
    ----------
    order : mapping
        In ccxt's shape.
    instrument : Instrument
        What it must be of.
    symbol : str
        ccxt's word for that.
    order_id : int
        Our number, 0 for an order of other hands.
    name : str
        The name it has at the venue.
    """
    lots, filled = (exact(digits(order.get(key)), instrument.lot_size) for key in ("amount", "filled"))
    # of a market order ccxt tells the mean price as its price
    price = None if order.get("type") == "market" else order.get("price")
    limit, trigger = (exact(digits(one or NOTHING), instrument.tick_size) for one in (price, order.get("triggerPrice")))
    spent, side = eighths(digits(order.get("cost"))), SIDES.get(str(order.get("side")))
    if lots is None or filled is None or spent is None or limit is None or trigger is None or side is None:
        return None
    state = state_of(str(order.get("status")), lots, filled)
    if state is None or order.get("symbol") != symbol:
        return None
    return OrderSeen(order_id, name, int(instrument.index), int(side), lots, filled, spent, limit, trigger, state)


def digits(value: object) -> str:
    """Return a number of ccxt's as its text; what was ever a binary fraction has none, and is not read."""
    return value if isinstance(value, str) else str(value) if type(value) is int else ""


def state_of(status: str, lots: int, filled: int) -> int | None:
    """Return our state of an order by ccxt's status; None for one that no table knows, or a whole fill with a rest."""
    if status in OPEN:
        return PART_FILLED if filled else WORKING
    if status == "closed":
        return FILLED if filled == lots else None
    return ENDED.get(status)
