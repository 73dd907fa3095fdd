# SPDX-License-Identifier: Apache-2.0
"""The filters before the wire against the venue's own rule book, in decimals: what passes here passes there."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.wire.instruments import Listing, listing
from bot4.adapters.venues.binance.wire.replies import SymbolInfo
from bot4.domain.order import ENTER, EXIT, LIMIT, MARKET, PROTECT_STOP, STOP, STOP_LIMIT, Submit
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.trading.filters import (
    Surroundings,
    dust,
    exit_objection,
    objection,
    received,
    whole_limit,
    whole_lots,
    whole_trigger,
)

TYPES = {"LIMIT": LIMIT, "MARKET": MARKET, "STOP_LOSS": STOP, "STOP_LOSS_LIMIT": STOP_LIMIT}
STEPS = st.sampled_from(["0.01", "0.02", "0.025", "0.05", "0.1"])
D = Decimal
PRICE_KEYS = ("minPrice", "maxPrice", "tickSize")
QUANTITY_KEYS = ("minQty", "maxQty", "stepSize")


@st.composite
def symbols(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a symbol with filters small enough that random orders meet every one of them; 0 switches a bound off."""
    tick, step = draw(STEPS), draw(STEPS)
    some = st.integers(0, 12)
    market_step = D(step) * draw(some)
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": tick, "minPrice": str(D(tick) * draw(some)),
         "maxPrice": str(draw(st.sampled_from([0, 30, 60])))},
        {"filterType": "LOT_SIZE", "stepSize": step, "minQty": str(D(step) * draw(some)),
         "maxQty": str(draw(st.sampled_from([0, 30, 60])))},
        {"filterType": "MARKET_LOT_SIZE", "stepSize": str(market_step), "minQty": str(D(step) * draw(some)),
         "maxQty": str(draw(st.sampled_from([0, 20, 33])))},
        {"filterType": "NOTIONAL", "minNotional": str(draw(st.integers(0, 200))),
         "applyMinToMarket": draw(st.booleans()),
         "maxNotional": str(draw(st.sampled_from([500, 3000]))), "applyMaxToMarket": draw(st.booleans())},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "1.2", "bidMultiplierDown": "0.2",
         "askMultiplierUp": "5", "askMultiplierDown": "0.8"},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": draw(st.integers(1, 5))},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": draw(st.integers(1, 5))},
        {"filterType": "MAX_POSITION", "maxPosition": str(draw(st.sampled_from([0, 40])))},
    ]  # fmt: skip
    return {
        "symbol": "AB", "status": "TRADING", "baseAsset": "A", "quoteAsset": "B", "baseAssetPrecision": 8,
        "quoteAssetPrecision": 8, "orderTypes": draw(st.permutations(list(TYPES)))[draw(st.integers(0, 1)) :],
        "filters": filters,
    }  # fmt: skip


def outside(value: Decimal, filter_: dict[str, Any], keys: tuple[str, str, str]) -> bool:
    """Say whether a value breaks a range and step of which each part may be switched off by a zero."""
    least, most, step = (D(filter_[key]) for key in keys)
    return bool((least and value < least) or (most and value > most) or (step and value % step != 0))


def quantity_breaks(quantity: Decimal, of: dict[str, dict[str, Any]], *, at_market: bool) -> bool:
    """Say whether a quantity breaks a quantity filter; a market order has two of them."""
    kinds = ("LOT_SIZE", "MARKET_LOT_SIZE") if at_market else ("LOT_SIZE",)
    return any(outside(quantity, of[kind], QUANTITY_KEYS) for kind in kinds)


def venue_refuses(symbol: dict[str, Any], order: Submit, one: Listing, around: Surroundings) -> bool:
    """Say whether the venue's rule book refuses an order; decimals, field by field as documented, nothing of ours."""
    of = {each["filterType"]: each for each in symbol["filters"]}
    kind = next(name for name, number in TYPES.items() if number == order.order_type)
    quantity, limit, trigger, average = (
        D(one.instrument.quantity_text(order.lots)),
        D(one.instrument.price_text(order.limit)),
        D(one.instrument.price_text(order.trigger)),
        D(one.instrument.price_text(around.reference_low)),
    )
    named = {"LIMIT": [limit], "MARKET": [], "STOP_LOSS": [trigger], "STOP_LOSS_LIMIT": [limit, trigger]}[kind]

    if kind not in symbol["orderTypes"] or any(outside(each, of["PRICE_FILTER"], PRICE_KEYS) for each in named):
        return True
    takes = kind in ("MARKET", "STOP_LOSS")
    if quantity_breaks(quantity, of, at_market=kind == "MARKET"):
        return True
    percent, side = of["PERCENT_PRICE_BY_SIDE"], "bid" if order.side == BUY else "ask"
    if not takes and not average * D(percent[side + "MultiplierDown"]) <= limit <= average * D(
        percent[side + "MultiplierUp"]
    ):
        return True
    notional = of["NOTIONAL"]
    prices = [limit] if not takes else [average] if kind == "MARKET" else [average, trigger]
    if (not takes or notional["applyMinToMarket"]) and any(p * quantity < D(notional["minNotional"]) for p in prices):
        return True
    if (not takes or notional["applyMaxToMarket"]) and any(p * quantity > D(notional["maxNotional"]) for p in prices):
        return True
    if around.open_orders >= of["MAX_NUM_ORDERS"]["maxNumOrders"]:
        return True
    if kind.startswith("STOP") and around.open_stops >= of["MAX_NUM_ALGO_ORDERS"]["maxNumAlgoOrders"]:
        return True
    most = D(of["MAX_POSITION"]["maxPosition"])
    held = D(one.instrument.quantity_text(Lots(around.held)))
    return bool(most) and order.side == BUY and held + quantity > most


def order(order_type: int, side: int, lots: int, limit: int, trigger: int, purpose: int = ENTER) -> Submit:
    """Return a command as it would be sent."""
    return Submit(
        Nanos(0), order_id=1, intent_id=1, slot=0, instrument=0, purpose=purpose, order_type=order_type, side=side,
        lots=Lots(lots), limit=Ticks(limit), trigger=Ticks(trigger), sibling_id=0, reduce_only=False,
    )  # fmt: skip


def made(symbol: dict[str, Any]) -> Listing:
    """Return a drawn symbol as bot4 reads it."""
    return listing(msgspec.convert(symbol, SymbolInfo), 0, as_of="test")


@pytest.mark.requirement("P-12", "P2-5")
@given(
    symbol=symbols(),
    order_type=st.sampled_from(list(TYPES.values())),
    side=st.sampled_from([BUY, SELL]),
    lots=st.integers(1, 400),
    limit=st.integers(1, 4_000),
    trigger=st.integers(1, 4_000),
    average=st.integers(1, 3_000),
    open_orders=st.integers(0, 5),
    held=st.integers(0, 200),
)
def test_we_refuse_exactly_what_the_venue_refuses(
    symbol: dict[str, Any], order_type: int, side: int, lots: int, limit: int, trigger: int, average: int,
    open_orders: int, held: int,
) -> None:  # fmt: skip
    """Against the rule book in decimals: never a refusal on the wire, and no order kept back without cause."""
    one = made(symbol)
    submit = order(order_type, side, lots, limit, trigger)
    around = Surroundings(
        reference_low=Ticks(average), reference_high=Ticks(average), open_orders=open_orders,
        open_stops=open_orders // 2, held=held,
    )  # fmt: skip
    found = objection(submit, one.instrument, one.filters, around)
    assert (found is not None) == venue_refuses(symbol, submit, one, around)
    if found is not None:
        assert found.rule.startswith("filters.")


@pytest.mark.requirement("P-12", "P2-5")
@given(symbol=symbols(), order_type=st.sampled_from(list(TYPES.values())), lots=st.integers(0, 5_000))
def test_a_quantity_becomes_the_most_that_one_order_may_have(
    symbol: dict[str, Any], order_type: int, lots: int
) -> None:
    """Never more than was asked; what comes out breaks no quantity filter, and one step more would."""
    one = made(symbol)
    fitting = int(whole_lots(Lots(lots), order_type, one.filters))
    assert 0 <= fitting <= lots

    of = {each["filterType"]: each for each in symbol["filters"]}

    def passes(quantity: int) -> bool:
        """Say whether the rule book takes a quantity."""
        asked = D(one.instrument.quantity_text(Lots(quantity)))
        return quantity > 0 and not quantity_breaks(asked, of, at_market=order_type == MARKET)

    if fitting:
        assert passes(fitting)
    assert not any(passes(more) for more in range(fitting + 1, min(lots, fitting + 20) + 1))


@pytest.mark.requirement("P2-5")
@given(numerator=st.integers(1, 10**12), denominator=st.integers(1, 10**6), side=st.sampled_from([BUY, SELL]))
def test_rounding_never_raises_risk(numerator: int, denominator: int, side: int) -> None:
    """An entry pays no more and sells for no less; an exit and a trigger are met no later."""
    price = D(numerator) / D(denominator)
    away = D(side)
    assert (D(int(whole_limit(side, ENTER, numerator, denominator))) - price) * away <= 0
    for purpose in (EXIT, PROTECT_STOP):
        assert (D(int(whole_limit(side, purpose, numerator, denominator))) - price) * away >= 0
    assert (D(int(whole_trigger(side, numerator, denominator))) - price) * away <= 0
    for whole in (whole_limit(side, ENTER, numerator, denominator), whole_trigger(side, numerator, denominator)):
        assert abs(D(int(whole)) - price) < 1


@pytest.mark.requirement("P-12")
@given(
    symbol=symbols(),
    lots=st.integers(1, 400),
    worst=st.integers(1, 3_000),
    fee=st.integers(0, 500_000),
)
def test_what_may_be_bought_can_be_sold_again(symbol: dict[str, Any], lots: int, worst: int, fee: int) -> None:
    """After the fee in the bought asset and at the worst price, an exit passes the least quantity and notional."""
    one = made(symbol)
    if exit_objection(Lots(lots), Ticks(worst), one.instrument, one.filters, fee_rate_in_base=fee) is not None:
        return
    kept = int(received(Lots(lots), fee))
    sold = int(whole_lots(Lots(kept), MARKET, one.filters))
    assert kept == int(D(lots) * (1 - D(fee) / 10**8))
    assert sold > 0 or kept > int(one.filters.market_max)
    least = D(symbol["filters"][3]["minNotional"])
    step = int(one.filters.market_step)
    assert (
        D(one.instrument.quantity_text(Lots(kept // step * step))) * D(one.instrument.price_text(Ticks(worst))) >= least
    )


@pytest.mark.requirement("P-12")
@given(symbol=symbols(), held=st.integers(0, 300), price=st.integers(1, 3_000))
def test_dust_is_what_no_order_can_sell(symbol: dict[str, Any], held: int, price: int) -> None:
    """All of a holding that is too small, else what the last step leaves."""
    one = made(symbol)
    left = int(dust(Lots(held), Ticks(price), one.instrument, one.filters))
    if held and exit_objection(Lots(held), Ticks(price), one.instrument, one.filters) is not None:
        assert left == held
    else:
        assert left == held % int(one.filters.market_step)
    assert 0 <= left <= held


def test_without_a_reference_an_entry_waits_and_an_exit_is_tried() -> None:
    """Nobody knows the venue's average yet: new risk is refused by name, protection goes out."""
    from tests.unit.adapters.venues.binance.test_instruments import btcusdt

    one = made(btcusdt())
    blind = Surroundings(reference_low=Ticks(0), reference_high=Ticks(0))
    for order_type in (LIMIT, MARKET):
        entry = order(order_type, BUY, 100_000, 5_000_000, 0)
        found = objection(entry, one.instrument, one.filters, blind)
        assert found is not None and found.rule == "filters.reference"
    for order_type in (LIMIT, STOP, STOP_LIMIT, MARKET):
        leave = order(order_type, SELL, 100_000, 5_000_000, 5_000_000, EXIT)
        assert objection(leave, one.instrument, one.filters, blind) is None


@pytest.mark.parametrize(("status", "measured"), [("CANCEL_ONLY", 1.0), ("BREAK", 2.0)])
def test_a_symbol_that_does_not_trade_takes_no_order(status: str, measured: float) -> None:
    """The state is the first thing asked."""
    from tests.unit.adapters.venues.binance.test_instruments import btcusdt

    one = made(btcusdt() | {"status": status})
    sure = Surroundings(reference_low=Ticks(5_000_000), reference_high=Ticks(5_000_000))
    found = objection(order(MARKET, BUY, 100_000, 0, 0), one.instrument, one.filters, sure)
    assert found is not None and (found.rule, found.measured) == ("filters.state", measured)
