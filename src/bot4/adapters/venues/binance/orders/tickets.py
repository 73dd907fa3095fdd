# SPDX-License-Identifier: Apache-2.0
"""Orders in Binance spot's words: from a durable ``Submit`` to the parameters of one order or of an order list.

Whole ticks and lots become exact decimals here and nowhere else on the way out. What an order may not be
is judged before, in :mod:`bot4.trading.filters`; nothing here rounds.
"""

from typing import Final

from bot4.adapters.venues.binance.wire.requests import Pairs, present
from bot4.domain.instrument import Instrument
from bot4.domain.order import (
    ENTER,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    POST_ONLY,
    STOP,
    STOP_LIMIT,
    Submit,
)
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.values import BUY

TYPES: Final = {
    MARKET: "MARKET",
    LIMIT: "LIMIT",
    STOP: "STOP_LOSS",
    STOP_LIMIT: "STOP_LOSS_LIMIT",
    POST_ONLY: "LIMIT_MAKER",
    IMMEDIATE_OR_CANCEL: "LIMIT",
    FILL_OR_KILL: "LIMIT",
}
GTC: Final = "GTC"
TIMES: Final = {LIMIT: GTC, STOP_LIMIT: GTC, IMMEDIATE_OR_CANCEL: "IOC", FILL_OR_KILL: "FOK"}
"""How long an order works, of the types that say so."""


def ticket(submit: Submit, instrument: Instrument, client_id: str) -> Pairs:
    """Return the parameters of one order."""
    order_type = int(submit.order_type)
    return present(
        symbol=instrument.symbol,
        side=side_text(submit.side),
        type=TYPES[order_type],
        timeInForce=TIMES.get(order_type, ""),
        quantity=instrument.quantity_text(submit.lots),
        price=instrument.price_text(submit.limit) if names_limit(order_type) else "",
        stopPrice=instrument.price_text(submit.trigger) if names_trigger(order_type) else "",
        newClientOrderId=client_id,
        newOrderRespType="FULL",
        selfTradePreventionMode=own_trade_mode(submit),
    )


def own_trade_mode(submit: Submit) -> str:
    """Return what the venue does where an order would take one of ours: what opens gives way, all else goes through."""
    return "EXPIRE_TAKER" if submit.purpose == ENTER else "EXPIRE_MAKER"


def oco_ticket(
    target: Submit, stop: Submit, instrument: Instrument, *, list_id: str, target_id: str, stop_id: str
) -> Pairs:
    """Return the parameters of a one-cancels-the-other pair: a target that makes, and a stop.

    A sale has its target above and its stop below the market, a purchase the reverse.
    """
    stop_name, target_name = ("below", "above") if target.side != BUY else ("above", "below")
    legs = {
        "above": leg("above", target if target_name == "above" else stop, instrument),
        "below": leg("below", target if target_name == "below" else stop, instrument),
    }
    ids = {target_name: target_id, stop_name: stop_id}
    return (
        *present(
            symbol=instrument.symbol,
            side=side_text(target.side),
            quantity=instrument.quantity_text(target.lots),
            listClientOrderId=list_id,
        ),
        *legs["above"],
        ("aboveClientOrderId", ids["above"]),
        *legs["below"],
        ("belowClientOrderId", ids["below"]),
        ("newOrderRespType", "RESULT"),
    )


def bracket_ticket(
    entry: Submit, target: Submit, stop: Submit, instrument: Instrument, *, list_id: str, ids: tuple[str, str, str]
) -> Pairs:
    """Return the parameters of a bracket: an entry that works, and a pair that waits for it to be filled whole.

    Parameters
    ----------
    entry, target, stop : Submit
        The entry is a limit order; the pair may ask for less, where the fee is taken out of what was bought.
    ids : tuple of str
        The client order ids of entry, target and stop.
    """
    above, below = ((target, ids[1]), (stop, ids[2])) if target.side != BUY else ((stop, ids[2]), (target, ids[1]))
    return (
        *working(entry, instrument, list_id=list_id, client_id=ids[0]),
        ("pendingSide", side_text(target.side)),
        ("pendingQuantity", instrument.quantity_text(target.lots)),
        *leg("pendingAbove", above[0], instrument),
        ("pendingAboveClientOrderId", above[1]),
        *leg("pendingBelow", below[0], instrument),
        ("pendingBelowClientOrderId", below[1]),
        ("newOrderRespType", "RESULT"),
    )


def guarded_ticket(entry: Submit, stop: Submit, instrument: Instrument, *, list_id: str, ids: tuple[str, str]) -> Pairs:
    """Return the parameters of an entry with one order that waits for it to be filled whole: its stop."""
    return (
        *working(entry, instrument, list_id=list_id, client_id=ids[0]),
        ("pendingSide", side_text(stop.side)),
        ("pendingQuantity", instrument.quantity_text(stop.lots)),
        *leg("pending", stop, instrument),
        ("pendingClientOrderId", ids[1]),
        ("newOrderRespType", "RESULT"),
    )


def working(entry: Submit, instrument: Instrument, *, list_id: str, client_id: str) -> Pairs:
    """Return what a list says of the order that works at once."""
    return (
        ("symbol", instrument.symbol),
        ("listClientOrderId", list_id),
        ("workingType", TYPES[LIMIT]),
        ("workingSide", side_text(entry.side)),
        ("workingClientOrderId", client_id),
        ("workingPrice", instrument.price_text(entry.limit)),
        ("workingQuantity", instrument.quantity_text(entry.lots)),
        ("workingTimeInForce", GTC),
    )


def leg(name: str, submit: Submit, instrument: Instrument) -> Pairs:
    """Return one leg of a pair: a limit order of it only makes, a stop with a limit works until canceled."""
    limit_text, trigger_text = instrument.price_text(submit.limit), instrument.price_text(submit.trigger)
    if submit.order_type == LIMIT:
        return ((f"{name}Type", TYPES[POST_ONLY]), (f"{name}Price", limit_text))
    if submit.order_type == STOP:
        return ((f"{name}Type", TYPES[STOP]), (f"{name}StopPrice", trigger_text))
    return (
        (f"{name}Type", TYPES[STOP_LIMIT]),
        (f"{name}Price", limit_text),
        (f"{name}StopPrice", trigger_text),
        (f"{name}TimeInForce", GTC),
    )


def side_text(side: int) -> str:
    """Return the venue's word for a side."""
    return "BUY" if side == BUY else "SELL"
