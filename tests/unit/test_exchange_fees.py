# SPDX-License-Identifier: Apache-2.0
"""Commissions at the exchange: which rates, of what, rounded how, and when in BNB."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission, Rates, commission_in_bnb, commission_of
from bot4.simulation.exchange.orders import Fill
from bot4.simulation.exchange.requests import PlaceOrder
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import units, wish

pytestmark = pytest.mark.requirement("FEE_001", "P2-3", "prod_003")

THREE_PARTS = Commission(
    Rates(maker=10, taker=20, buyer=30, seller=40),
    Rates(maker=1_000_000, taker=2_000_000, buyer=3_000_000, seller=4_000_000),
    Rates(maker=112, taker=114, buyer=118, seller=116),
    discount=25_000_000,
    pays_in_bnb=True,
)
"""The rates of the example that the venue's page on commissions works out."""


def test_the_venues_own_example_is_met() -> None:
    """0.49975 sold at 35,000 as taker: 1,049.52572463 in the quote, 4.036607129 BNB at 260, each rounded up."""
    notional = units("17491.25")
    assert commission_of(THREE_PARTS, notional, is_maker=False, is_buyer=False) == units("1049.52572463")
    in_bnb = commission_in_bnb(THREE_PARTS, notional, units(260), is_maker=False, is_buyer=False)
    exact = (Fraction("0.01049475") / 4 + Fraction("0.040229875") + Fraction("1049.475")) / 260
    assert in_bnb == ceil(exact * ONE)


@given(st.integers(0, 10**15), st.integers(0, 10**7), st.integers(1, 10**13), st.booleans(), st.booleans())
def test_a_commission_is_the_exact_product_rounded_against_the_account(
    received: int, rate: int, price: int, is_maker: bool, is_buyer: bool
) -> None:
    """Never under the exact amount, never a whole unit over it."""
    terms = Commission(Rates(rate, rate + 1, 2, 3), Rates(1), Rates(0, 0, 0, 5))
    total = rate + 1 + (2 if is_buyer else 3) + (0 if is_buyer else 5)
    amount = commission_of(terms, received, is_maker=is_maker, is_buyer=is_buyer)
    assert 0 <= amount * ONE - received * total < ONE
    standard = (rate if is_maker else rate + 1) + (2 if is_buyer else 3)
    other = (1 if is_maker else 0) + (0 if is_buyer else 5)
    bnb = commission_in_bnb(terms, received, price, is_maker=is_maker, is_buyer=is_buyer)
    assert 0 <= bnb * price * ONE - received * (standard * 75_000_000 + other * ONE) < price * ONE


def trading(bnb: str, *, pays: bool = True, bnb_price: int = 0) -> Exchange:
    """An exchange where ann pays 0.1 % and has some BNB, and bob offers 10 BTC at 100."""
    exchange = Exchange([rules_of(), rules_of("BNB")])
    exchange.open_account("bob", Terms(Commission(Rates())), {"BTC": 10 * ONE, "BNB": ONE, "USDT": 10**12}, 1)
    terms = Terms(Commission(pays_in_bnb=pays))
    exchange.open_account("ann", terms, {"USDT": 10**12, "BTC": 10 * ONE, "BNB": units(bnb)}, 1)
    if bnb_price:
        price = bnb_price * ONE
        exchange.open_account("eve", Terms(Commission(Rates())), {"USDT": 10**12}, 1)
        exchange.place("bob", wish_bnb("SELL", price), 2)
        exchange.place("eve", wish_bnb("BUY", price), 2)
    exchange.place("bob", wish("SELL", "LIMIT", price=100, quantity=10), 3)
    return exchange


def wish_bnb(side: str, price: int) -> PlaceOrder:
    """A thousandth of a BNB at a price."""
    order = wish(side, "LIMIT", price=1, quantity="0.001")
    return PlaceOrder("BNBUSDT", side, "LIMIT", order.quantity, price=price, time_in_force="GTC")


def bought(exchange: Exchange, quantity: str = "2") -> Fill:
    """Let ann buy; return her fill."""
    exchange.place("ann", wish("BUY", "MARKET", quantity=quantity), 4)
    return exchange.ledger("ann").fills[-1]


def test_a_purchase_pays_in_what_it_bought_a_sale_in_what_it_earned() -> None:
    """A buyer of 2 BTC owns 1.998 more; a seller at 100 earns 99.9."""
    exchange = trading("0", pays=False)
    fill = bought(exchange)
    assert (fill.commission, fill.commission_asset) == (units("0.002"), "BTC")
    assert exchange.ledger("ann").balances["BTC"].free == units("11.998")
    exchange.place("bob", wish("BUY", "LIMIT", price=99), 5)
    exchange.place("ann", wish("SELL", "MARKET"), 6)
    fill = exchange.ledger("ann").fills[-1]
    assert (fill.commission, fill.commission_asset) == (units("0.099"), "USDT")
    assert exchange.fees == {"BTC": units("0.002"), "USDT": units("0.099")}


def test_bnb_pays_three_quarters_where_there_is_enough() -> None:
    """200 at 0.1 % is 0.2; at 300 a BNB and a quarter less that is 0.0005 BNB; one unit too few and BTC pays."""
    fill = bought(trading("0.0005", bnb_price=300))
    assert (fill.commission, fill.commission_asset) == (units("0.0005"), "BNB")
    fill = bought(trading("0.00049999", bnb_price=300))
    assert (fill.commission, fill.commission_asset) == (units("0.002"), "BTC")


@pytest.mark.parametrize(("pays", "price"), [(False, 300), (True, 0)])
def test_bnb_does_not_pay_unasked_or_at_an_unknown_price(pays: bool, price: int) -> None:
    """The switch is the account's; before BNB has traded nobody knows what it is worth."""
    assert bought(trading("1", pays=pays, bnb_price=price)).commission_asset == "BTC"


def test_who_rested_pays_as_maker() -> None:
    """Of two rates each side pays its own."""
    exchange = Exchange([rules_of()])
    for name in ("ann", "bob"):
        exchange.open_account(name, Terms(Commission(Rates(100, 900))), {"USDT": 10**12, "BTC": 10**9}, 1)
    exchange.place("ann", wish("BUY", "LIMIT", price=100), 2)
    exchange.place("bob", wish("SELL", "LIMIT", price=99), 3)
    (rested,), (took,) = exchange.ledger("ann").fills, exchange.ledger("bob").fills
    assert (rested.is_maker, rested.commission, took.is_maker, took.commission) == (True, 100, False, 90_000)


@pytest.mark.parametrize(("base", "quote"), [("BNB", "USDT"), ("ETH", "BNB")])
def test_a_market_of_bnb_itself_knows_the_price_and_pays_from_what_it_brings(base: str, quote: str) -> None:
    """Without any BNB before: what the fill brings pays, at the discount."""
    exchange = Exchange([rules_of(base, quote)])
    side, other = ("BUY", "SELL") if base == "BNB" else ("SELL", "BUY")
    exchange.open_account("ann", Terms(Commission(pays_in_bnb=True)), {"USDT": 10**12, "ETH": 10**9}, 1)
    exchange.open_account("bob", Terms(Commission(Rates())), {"USDT": 10**12, "BNB": 10**12}, 1)
    for name, which in (("bob", other), ("ann", side)):
        order = PlaceOrder(base + quote, which, "LIMIT", ONE, price=100 * ONE, time_in_force="GTC")
        exchange.place(name, order, 2)
    (fill,) = exchange.ledger("ann").fills
    worth = ONE if base == "BNB" else 100 * ONE
    assert (fill.commission, fill.commission_asset) == (worth * 75 // 100_000, "BNB")
    assert exchange.ledger("ann").balances["BNB"].free == worth - fill.commission
