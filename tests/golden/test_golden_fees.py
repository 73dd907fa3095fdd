# SPDX-License-Identifier: Apache-2.0
"""Golden fills: what each costs, worked by hand, as the venue's ledger has it, as its rates say, and in our books.

Hand, venue, rates and books share no arithmetic. Amounts are decimals of the asset; where the exact fee has more than
eight places the row says which, and that it is rounded up.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bot4.account.portfolio import Portfolio
from bot4.adapters.venues.binance.account.fee_terms import FeeTerms, fee_terms
from bot4.adapters.venues.binance.orders.reports import fee_assets, traded
from bot4.adapters.venues.binance.wire.replies import CommissionReply, MyTrade
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, EXIT, MARKET, Fill, OrderRequest
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.requests import PlaceOrder
from bot4.simulation.exchange.rules import ONE, LotSize, PriceFilter
from bot4.simulation.exchange.venue import Exchange
from bot4.trading.execution import Trading
from bot4.trading.orders import Order
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import units

pytestmark = pytest.mark.requirement("FEE_001", "FEE_001/binance_fees", "EXEC_001", "P2-3", "prod_003")

BTCUSDT = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
NOW = Nanos(1)
START = {"USDT": 100_000 * ONE, "BTC": 10 * ONE, "BNB": 10 * ONE}
FREE = Terms(Commission(Rates()))

PLAIN: dict[str, Any] = {"standardCommission": {"maker": "0.00100000", "taker": "0.00100000"}}
"""0.10 % for both: a sale of 1 at 4000 pays 4 USDT, as in the venue's example of a reply to an order."""

SPLIT: dict[str, Any] = {"standardCommission": {"maker": "0.00090000", "taker": "0.00150000"}}

PARTS: dict[str, Any] = {
    "standardCommission": {"maker": "0.00000010", "taker": "0.00000020", "buyer": "0.00000030", "seller": "0.00000040"},
    "specialCommission": {"maker": "0.01000000", "taker": "0.02000000", "buyer": "0.03000000", "seller": "0.04000000"},
    "taxCommission": {"maker": "0.00000112", "taker": "0.00000114", "buyer": "0.00000118", "seller": "0.00000116"},
}
"""The rates of the example that the venue's page on commissions works out."""

OFF_25 = {"discount": "0.75000000"}
OFF_75 = {"discount": "0.25000000"}


@dataclass(frozen=True)
class Row:
    """One fill: what happens, and what of which asset it costs."""

    says: str
    rates: dict[str, Any]
    side: int
    is_maker: bool
    price: str
    quantity: str
    fee: str
    asset: str
    bnb: int = 0
    lots: int = 0
    dust: int = 0


ROWS = (
    Row("the venue's example: 4000 x 0.001", PLAIN, SELL, False, "4000", "1", "4.00000000", "USDT", 0, -100_000),
    Row("out of what was bought: 1 x 0.001", PLAIN, BUY, False, "4000", "1", "0.00100000", "BTC", 0, 99_900),
    Row("0.12345 x 0.0009 = 0.000111105", SPLIT, BUY, True, "3333.33", "0.12345", "0.00011111", "BTC", 0, 12_333, 889),
    Row("0.12345 x 0.0015 = 0.000185175", SPLIT, BUY, False, "3333.33", "0.12345", "0.00018518", "BTC", 0, 12_326, 482),
    Row("411.4995885 x 0.0009 = 0.37034962965", SPLIT, SELL, True, "3333.33", "0.12345", "0.37034963", "USDT", 0,
        -12_345),
    Row("411.4995885 x 0.0015 = 0.61724938275", SPLIT, SELL, False, "3333.33", "0.12345", "0.61724939", "USDT", 0,
        -12_345),
    Row("4000 x 0.001 x 0.75 / 300", PLAIN | OFF_25, BUY, False, "4000", "1", "0.01000000", "BNB", 300, 100_000),
    Row("411.4995885 x 0.001 x 0.75 / 307 = 0.00100529...", PLAIN | OFF_25, SELL, False, "3333.33", "0.12345",
        "0.00100530", "BNB", 307, -12_345),
    Row("4000 x 0.0009 x 0.75 / 300", SPLIT | OFF_25, SELL, True, "4000", "1", "0.00900000", "BNB", 300, -100_000),
    Row("0.00001 x 0.001 is the smallest unit", PLAIN, BUY, False, "4000", "0.00001", "0.00000001", "BTC", 0, 0, 999),
    Row("0.0000001 x 0.001 is less than it", PLAIN, SELL, False, "0.01", "0.00001", "0.00000001", "USDT", 0, -1),
    Row("0.00002 x 0.0009 = 0.000000018", SPLIT, BUY, True, "4000", "0.00002", "0.00000002", "BTC", 0, 1, 998),
    Row("17491.25 x 0.06000290 = 1049.525724625", PARTS, SELL, False, "35000", "0.49975", "1049.52572463", "USDT", 0,
        -49_975),
    Row("(17491.25 x 0.0000006 x 0.25 + 17491.25 x 0.0600023) / 260 = 4.03660712...", PARTS | OFF_75, SELL, False,
        "35000", "0.49975", "4.03660713", "BNB", 260, -49_975),
    Row("0.49975 x 0.05000282 = 0.024988909295", PARTS, BUY, False, "35000", "0.49975", "0.02498891", "BTC", 0,
        47_476, 109),
)  # fmt: skip
"""At the default rates, as maker and taker, bought and sold, in each of three assets, with the discount and without."""


def reply(rates: dict[str, Any]) -> CommissionReply:
    """The venue's answer about these rates."""
    nothing = {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"}
    words = {"symbol": "BTCUSDT", "standardCommission": {}, "specialCommission": {}, "taxCommission": {}} | rates
    told = {name: nothing | value if isinstance(value, dict) else value for name, value in words.items()}
    told["discount"] = {
        "enabledForAccount": "discount" in rates, "enabledForSymbol": True, "discountAsset": "BNB",
        "discount": rates.get("discount", "0.75000000"),
    }  # fmt: skip
    return msgspec.json.decode(msgspec.json.encode(told), type=CommissionReply)


def terms_at_the_venue(rates: dict[str, Any]) -> Terms:
    """The same rates as the simulated venue keeps them."""
    kinds = (rates.get(f"{kind}Commission", {}) for kind in ("standard", "special", "tax"))
    standard, special, tax = (Rates(**{name: units(text) for name, text in kind.items()}) for kind in kinds)
    discount = units(rates.get("discount", "0.75"))
    return Terms(Commission(standard, special, tax, discount=discount, pays_in_bnb="discount" in rates))


def filled_at_the_venue(row: Row) -> Exchange:
    """An exchange where ann has made or taken the row's fill against bob."""
    step = BTCUSDT.lot_size * ONE
    fine: dict[str, Any] = {
        "lot_size": LotSize(int(step), 9_000 * ONE, int(step)),
        "price": PriceFilter(1_000_000, 10**6 * ONE, 10**6),
    }
    exchange = Exchange([rules_of(**fine), rules_of("BNB")])
    exchange.open_account("ann", terms_at_the_venue(row.rates), START, 1)
    exchange.open_account("bob", FREE, START, 1)
    exchange.open_account("eve", FREE, START, 1)
    if row.bnb:  # it has traded at this price
        for name, side in (("bob", "SELL"), ("eve", "BUY")):
            bnb = PlaceOrder("BNBUSDT", side, "LIMIT", ONE // 1_000, price=row.bnb * ONE, time_in_force="GTC")
            exchange.place(name, bnb, 2)
    order: dict[str, Any] = {"quantity": units(row.quantity), "price": units(row.price), "time_in_force": "GTC"}
    first, then = ("ann", "bob") if row.is_maker else ("bob", "ann")
    for name in (first, then):
        side = "BUY" if (row.side == BUY) == (name == "ann") else "SELL"
        exchange.place(name, PlaceOrder("BTCUSDT", side, "LIMIT", **order), 3)
    return exchange


def rates_of(row: Row) -> FeeTerms:
    """The account's rates as our adapter reads them."""
    found = fee_terms(reply(row.rates))
    assert found is not None
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_venues_ledger_has_the_fee_of_the_hand(row: Row) -> None:
    """Amount and asset of the fill, and what the account has afterwards."""
    ledger = filled_at_the_venue(row).ledger("ann")
    (fill,) = ledger.fills
    assert (fill.commission, fill.commission_asset, fill.is_maker) == (units(row.fee), row.asset, row.is_maker)
    base, cash = row.side * units(row.quantity), -row.side * units(Decimal(row.price) * Decimal(row.quantity))
    changed = {asset: ledger.balances[asset].free - START[asset] for asset in START}
    wanted = {"BTC": base, "USDT": cash, "BNB": 0}
    wanted[row.asset] -= units(row.fee)
    assert changed == wanted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_accounts_rates_say_the_fee_of_the_hand(row: Row) -> None:
    """What bot4 expects a fill to cost, from the venue's answer about the account."""
    terms, how = rates_of(row), {"is_maker": row.is_maker, "is_buyer": row.side == BUY}
    worth = units(Decimal(row.price) * Decimal(row.quantity))
    if row.asset == "BNB":
        assert terms.discount_asset == "BNB"
        assert terms.discounted(worth, Decimal(row.bnb), **how) == units(row.fee)
    else:
        assert terms.discount_asset == ""
        assert terms.amount(units(row.quantity) if row.side == BUY else worth, **how) == units(row.fee)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_our_books_have_the_fee_of_the_hand(row: Row) -> None:
    """Lots, dust, cash, fees and what a third asset paid, from the venue's words about the fill."""
    ledger = filled_at_the_venue(row).ledger("ann")
    trading, portfolio = booked(row, ledger.fills[0])
    base, cash = row.side * units(row.quantity), -row.side * units(Decimal(row.price) * Decimal(row.quantity))
    fee = units(row.fee)
    assert (int(trading.position(0)), int(trading.dust(0))) == (row.lots, row.dust)
    assert (int(portfolio.lots(0)), portfolio.dust(0)) == (row.lots, row.dust)
    assert portfolio.units(0) == base - (fee if row.asset == "BTC" else 0) == ledger.balances["BTC"].free - START["BTC"]
    assert (
        int(portfolio.cash)
        == ledger.balances["USDT"].free
        == START["USDT"] + cash - (fee if row.asset == "USDT" else 0)
    )
    assert portfolio.paid_in("BNB") == START["BNB"] - ledger.balances["BNB"].free == (fee if row.asset == "BNB" else 0)
    price = {"USDT": Decimal(1), "BTC": Decimal(row.price), "BNB": Decimal(row.bnb)}[row.asset]
    assert 0 <= int(portfolio.ledger.fees) - fee * price < 1, "worth, rounded up"
    assert abs(int(portfolio.equity) - (START["USDT"] - fee * price)) <= 1, "at the fill's price only the fee is lost"


def booked(row: Row, fill: Any) -> tuple[Trading, Portfolio]:
    """Trading and the account after the venue's words about a fill, told twice."""
    trading = Trading(1, lot_units=[int(BTCUSDT.lot_units)])
    portfolio = Portfolio([BTCUSDT], capital=Money(START["USDT"]))
    none = Ticks(0)
    request = OrderRequest(
        intent_id=1, instrument=0, slot=0, purpose=ENTER if row.side == BUY else EXIT, order_type=MARKET,
        side=row.side, lots=Lots(fill.quantity // int(BTCUSDT.lot_units)), reference=Ticks(1), limit=none,
        trigger=none, stop=Ticks(1), target=none,
    )  # fmt: skip
    order = Order(trading.table.take_id(), request, request.lots, sibling_id=0, reduce_only=False)
    trading.table.submit(order, NOW, Outbox(1))
    trade = MyTrade(
        symbol=fill.symbol, id=fill.trade_id, order_id=9, price=text(fill.price), qty=text(fill.quantity),
        quote_qty=text(fill.quote), commission=text(fill.commission), commission_asset=fill.commission_asset, time=1,
        is_buyer=fill.is_buyer, is_maker=fill.is_maker,
    )  # fmt: skip
    told = traded(trade, 1, BTCUSDT, known_ns=NOW, assets=fee_assets([BTCUSDT], {"BNB": Decimal(row.bnb)}))
    assert not isinstance(told, str)
    for event in told.events() * 2:
        out = Outbox(64)
        trading.handle(event, NOW, out)
        for cell in out.cells[: out.tail]:
            if isinstance(cell.event, Fill):
                portfolio.handle(cell.event, NOW, Outbox(8))
    assert trading.contradictions == 0
    return trading, portfolio


def text(amount: int) -> str:
    """An amount as the venue spells it."""
    return f"{Decimal(amount) / ONE:.8f}"


def test_rates_are_exact_and_the_discount_is_off_where_either_switch_is() -> None:
    """Sums of decimals, never rounded; a rate that is no fraction is none at all."""
    terms = fee_terms(reply(PARTS | OFF_75))
    assert terms is not None
    assert terms.rate(is_maker=True, is_buyer=True) == Decimal("0.04000270")
    assert terms.rate(is_maker=False, is_buyer=False) == Decimal("0.06000290")
    assert terms.rate(is_maker=False, is_buyer=False, in_discount_asset=True) == Decimal("0.0600024500")
    assert (terms.highest(is_maker=True), terms.highest(is_maker=False)) == (5_000_278, 6_000_290)
    assert (terms.discount_asset, terms.multiple) == ("BNB", Decimal("0.25"))
    for off in ("enabledForAccount", "enabledForSymbol"):
        told = msgspec.json.decode(msgspec.json.encode(reply(PLAIN | OFF_25)))
        told["discount"][off] = False
        plain = fee_terms(msgspec.convert(told, CommissionReply))
        assert plain is not None and (plain.discount_asset, plain.multiple) == ("", Decimal(1))
    for wrong in ("x", "NaN", "-0.001", "1.1"):
        assert fee_terms(reply({"standardCommission": {"maker": wrong, "taker": "0"}})) is None
        assert fee_terms(reply(PLAIN | {"discount": wrong})) is None
