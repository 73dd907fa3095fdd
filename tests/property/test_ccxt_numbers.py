# SPDX-License-Identifier: Apache-2.0
"""No number changes on its way through ccxt: ticks and lots out, ticks, lots and money back, or a refusal."""

import json
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.ccxt.courier import decoded
from bot4.adapters.venues.ccxt.library import exchange_of, library
from bot4.adapters.venues.ccxt.offered import BINANCE
from bot4.adapters.venues.ccxt.orders import digits, rounded, seen, wanted
from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, LIMIT, ORDER_CANCELED, STOP_LIMIT, Submit
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks

pytest.importorskip("ccxt", reason="the extra venues is not installed")
SYMBOL = "AAA/BBB"
COUNTS = st.integers(1, 2**40 - 1)
KINDS = ["LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT"]


@cache
def exchange() -> Any:
    """Return ccxt's object as bot4 sets it up."""
    made = exchange_of(library(BINANCE), BINANCE, "key", Secret(b"secret"))
    made.options |= {"crossMarginPairsData": [], "isolatedMarginPairsData": []}  # what its loading of markets would set
    return made


def listing(tick: Decimal, lot: Decimal) -> Any:
    """Return ccxt's object with one market of these steps, as its own parser reads them from the venue."""
    known = exchange()
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": f"{tick:f}", "minPrice": f"{tick:f}", "maxPrice": "0"},
        {"filterType": "LOT_SIZE", "stepSize": f"{lot:f}", "minQty": f"{lot:f}", "maxQty": "0"},
    ]
    told = {
        "symbol": "AAABBB", "status": "TRADING", "baseAsset": "AAA", "quoteAsset": "BBB", "baseAssetPrecision": 8,
        "quotePrecision": 8, "quoteAssetPrecision": 8, "orderTypes": KINDS, "isSpotTradingAllowed": True,
        "permissions": ["SPOT"], "filters": filters,
    }  # fmt: skip
    known.set_markets([known.parse_market(told)])
    return known


def instrument(tick: Decimal, lot: Decimal) -> Instrument:
    """Return bot4's own description of the market."""
    return Instrument(0, "AAABBB", base="AAA", quote="BBB", tick_size=tick, lot_size=lot)


def is_countable(steps: tuple[Decimal, Decimal]) -> bool:
    """Say whether bot4 takes an instrument of these steps at all."""
    try:
        return bool(instrument(*steps).symbol)
    except BadInput:
        return False


STEP = st.tuples(st.sampled_from([1, 2, 5, 25]), st.integers(0, 8)).map(lambda of: Decimal(of[0]).scaleb(-of[1]))
STEPS = st.tuples(STEP, STEP).filter(is_countable)


def submit(lots: int, limit: int, trigger: int) -> Submit:
    """Return an order; with a trigger it waits for it."""
    return Submit(
        Nanos(0), order_id=1, intent_id=1, slot=0, instrument=0, purpose=ENTER,
        order_type=STOP_LIMIT if trigger else LIMIT, side=BUY, lots=Lots(lots), limit=Ticks(limit),
        trigger=Ticks(trigger), sibling_id=0, reduce_only=False,
    )  # fmt: skip


@given(STEPS, COUNTS, COUNTS, st.one_of(st.just(0), COUNTS))
def test_what_leaves_is_what_was_decided(steps: tuple[Decimal, Decimal], lots: int, limit: int, trigger: int) -> None:
    """Quantity, price and trigger of the request are lots and ticks times their steps, to the last digit."""
    tick, lot = steps
    known = listing(tick, lot)
    order = wanted(submit(lots, limit, trigger), instrument(tick, lot), SYMBOL, "the-name", BINANCE)
    assert rounded(known, order) is None
    request = known.create_order_request(*order.words())
    assert Decimal(request["quantity"]) == lots * lot
    assert Decimal(request["price"]) == limit * tick
    assert Decimal(request.get("stopPrice", 0)) == trigger * tick
    assert request["newClientOrderId"] == "the-name"
    assert not any(isinstance(value, float) for value in request.values())


@given(STEPS, STEPS, COUNTS, COUNTS)
def test_what_a_step_would_change_is_refused(
    steps: tuple[Decimal, Decimal], venue_steps: tuple[Decimal, Decimal], lots: int, limit: int
) -> None:
    """The venue's steps are others than ours: an order leaves if and only if each number is whole in them."""
    (tick, lot), (venue_tick, venue_lot) = steps, venue_steps
    known = listing(venue_tick, venue_lot)
    order = wanted(submit(lots, limit, 0), instrument(tick, lot), SYMBOL, "the-name", BINANCE)
    is_whole = lots * lot % venue_lot == 0 and limit * tick % venue_tick == 0
    try:
        answer = rounded(known, order)
    except library(BINANCE).errors:
        answer = None
        assert lots * lot < venue_lot or limit * tick < venue_tick  # ccxt's own no: it would leave nothing of it
        return
    assert (answer is None) == is_whole


@given(STEPS, COUNTS, COUNTS, st.data())
def test_what_comes_back_is_what_the_venue_said(
    steps: tuple[Decimal, Decimal], lots: int, limit: int, data: st.DataObject
) -> None:
    """Through JSON and ccxt's own parser; what was spent to 1e-8."""
    tick, lot = steps
    known = listing(tick, lot)
    filled = data.draw(st.integers(0, lots - 1))
    spent = data.draw(st.integers(0, 2**60))
    reply = {
        "symbol": "AAABBB", "orderId": 7, "clientOrderId": "n", "price": f"{limit * tick:f}", "side": "SELL",
        "origQty": f"{lots * lot:f}", "executedQty": f"{filled * lot:f}", "status": "CANCELED", "type": "LIMIT",
        "cummulativeQuoteQty": f"{Decimal(spent).scaleb(-8):f}", "timeInForce": "GTC", "stopPrice": "0.00000000",
        "time": 1, "updateTime": 2,
    }  # fmt: skip
    order = known.parse_order(decoded(json.dumps(reply)), known.market(SYMBOL))
    told = seen(order, instrument(tick, lot), SYMBOL, order_id=1, name="n")
    assert told is not None
    assert (told.lots, told.filled, told.limit, told.spent) == (lots, filled, limit, spent)
    assert (told.trigger, told.side, told.state) == (0, int(SELL), ORDER_CANCELED)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**12), max_value=10**12))
def test_a_fraction_in_json_is_never_a_binary_number(value: Decimal) -> None:
    """Its text is kept as it came; a binary number from anywhere has no digits to read."""
    text = f"{value:f}"
    assert decoded(f'{{"price":{text}}}') == {"price": text}
    assert digits(float(value)) == "" and digits(text) == text and digits(7) == "7" and digits(True) == ""
