# SPDX-License-Identifier: Apache-2.0
"""The account's books: fills and bars worked by hand, the day's close, and reconciliation."""

from decimal import Decimal
from typing import Any

import pytest
from librt.strings import BytesWriter

from bot4.account.ledger import Ledger
from bot4.account.portfolio import Portfolio
from bot4.account.reconciliation import reconcile
from bot4.domain.event import BAR, FILL, Event
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, Execution, Fill
from bot4.domain.position import DayClosed, Position
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, DAY_NS, HOUR_NS, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.simulation.ledger import VenueStatement
from tests.simulation.driver import instrument

MIDNIGHT = 20_000 * DAY_NS
PENNY = MONEY_ONE // 100


class Books:
    """A portfolio of one or more instruments with 1,000.00, and what it emitted."""

    def __init__(self, *instruments: Any, capital: int = 1_000) -> None:
        self.instruments = list(instruments) or [instrument()]
        self.portfolio = Portfolio(self.instruments, capital=Money(capital * MONEY_ONE))
        self.out = Outbox(64)
        self.trades = 0

    def take(self, event: Event) -> list[Event]:
        """Hand an event over and return what follows."""
        self.portfolio.handle(event, event.ts_known_ns, self.out)
        emitted = [cell.event for cell in self.out.cells[: self.out.tail]]
        self.out.tail = 0
        return emitted

    def fill(self, side: int, lots: int, price: int, *, fee: int = 0, index: int = 0, at: int = MIDNIGHT + 1) -> Any:
        """Apply one fill."""
        self.trades += 1
        execution = Execution(
            Nanos(at),
            Nanos(at),
            order_id=self.trades,
            trade_id=self.trades,
            instrument=index,
            side=side,
            lots=Lots(lots),
            price=Ticks(price),
            fee=Money(fee),
            is_maker=False,
        )
        return self.take(Fill(execution, intent_id=self.trades, slot=0, purpose=ENTER))

    def close(self, price: int, *, index: int = 0, at: int = MIDNIGHT + HOUR_NS) -> Any:
        """Take a bar that closes at a price and is known at a moment."""
        p = Ticks(price)
        return self.take(Bar(Nanos(at), index, Nanos(at - HOUR_NS), p, p, p, p, Lots(1)))

    def position(self) -> tuple[int, int, int, int]:
        """Lots, cost, realised and fees of the first instrument."""
        held = self.portfolio.positions.holdings[0]
        return int(held.lots), int(held.cost), int(held.realised), int(held.fees)


def test_it_consumes_fills_and_bars() -> None:
    """What the routing table is built from."""
    assert Books().portfolio.consumes == (FILL, BAR)


@pytest.mark.requirement("PORTFOLIO_001", "P-28")
def test_a_round_trip_by_hand() -> None:
    """Buy 10 at 100.00 and 10 at 110.00, sell 5 at 120.00, then 15 at 90.00, with a fee of 0.01 each."""
    books = Books()
    one = MONEY_ONE
    books.fill(BUY, 10, 10_000, fee=PENNY)
    assert books.position() == (10, 10 * one, 0, PENNY)
    books.fill(BUY, 10, 11_000, fee=PENNY)
    assert books.position() == (20, 21 * one, 0, 2 * PENNY)
    books.fill(SELL, 5, 12_000, fee=PENNY)
    assert books.position() == (15, 1_575 * PENNY, 75 * PENNY, 3 * PENNY)
    assert books.portfolio.unrealised == 15 * 120 * PENNY - 1_575 * PENNY
    books.fill(SELL, 15, 9_000, fee=PENNY)
    assert books.position() == (0, 0, 75 * PENNY - 225 * PENNY, 4 * PENNY)
    assert books.portfolio.ledger.balances() == {
        "cash": 1_000 * one - 150 * PENNY - 4 * PENNY,
        "inventory": 0,
        "fees": 4 * PENNY,
        "realised": -150 * PENNY,
        "capital": 1_000 * one,
    }
    assert books.portfolio.equity == books.portfolio.cash


@pytest.mark.requirement("PORTFOLIO_001")
def test_a_short_by_hand() -> None:
    """Sell 10 at 100.00, buy back 4 at 90.00: 0.40 earned on a cost of minus 6."""
    books = Books()
    books.fill(SELL, 10, 10_000)
    assert books.position() == (-10, -10 * MONEY_ONE, 0, 0)
    books.fill(BUY, 4, 9_000)
    assert books.position() == (-6, -6 * MONEY_ONE, 40 * PENNY, 0)
    assert books.portfolio.unrealised == 60 * PENNY


@pytest.mark.requirement("PORTFOLIO_001")
@pytest.mark.parametrize(("first", "then"), [(BUY, SELL), (SELL, BUY)])
def test_a_fill_through_zero_closes_and_opens(first: int, then: int) -> None:
    """10 at 100.00 against 25 at 110.00: all cost released, fifteen opened at the new price."""
    books = Books()
    books.fill(first, 10, 10_000)
    books.fill(then, 25, 11_000)
    assert books.position() == (then * 15, then * 1_650 * PENNY, first * 100 * PENNY, 0)


@pytest.mark.requirement("PORTFOLIO_001")
def test_cost_released_rounds_half_to_even_and_ends_at_zero() -> None:
    """3 lots cost 5 units (5/3 each): one releases 2 (1.67), of the other two one releases 2 (1.5), the last 1."""
    books = Books(instrument(tick_size=Decimal("0.00000001"), lot_size=Decimal(1)))
    books.fill(BUY, 1, 1)
    books.fill(BUY, 2, 2)
    costs = [books.position()[1]]
    for _ in range(3):
        books.fill(SELL, 1, 7)
        costs.append(books.position()[1])
    assert costs == [5, 3, 1, 0]


def test_a_fill_says_position_and_equity() -> None:
    """In this order, stamped with the fill's moment."""
    books = Books()
    position, equity = books.fill(BUY, 10, 10_000, fee=PENNY)
    assert isinstance(position, Position)
    assert [position.instrument, position.lots, position.cost, position.fees] == [0, 10, 10 * MONEY_ONE, PENNY]
    assert isinstance(equity, Equity)
    assert [equity.equity, equity.cash] == [1_000 * MONEY_ONE - PENNY, 990 * MONEY_ONE - PENNY]
    assert equity.ts_known_ns == MIDNIGHT + 1


def test_a_bar_says_equity_only_while_held() -> None:
    """Flat: silence. Held: its worth at the close."""
    books = Books()
    assert books.close(10_000) == []
    books.fill(BUY, 10, 10_000)
    (equity,) = books.close(10_500)
    assert (equity.equity, equity.cash) == (1_000 * MONEY_ONE + 50 * PENNY, 990 * MONEY_ONE)
    books.fill(SELL, 10, 10_500)
    assert books.close(1) == []


def test_two_instruments_are_valued_together() -> None:
    """Marking one leaves the other at its last price."""
    books = Books(instrument(0), instrument(1, "ETHUSDT"))
    books.fill(BUY, 10, 10_000)
    books.fill(BUY, 20, 1_000, index=1)
    books.close(11_000)
    (equity,) = books.close(900, index=1)
    assert equity.equity == 1_000 * MONEY_ONE + 100 * PENNY - 20 * PENNY
    assert books.portfolio.lots(1) == 20


def test_the_first_bar_of_a_day_closes_the_day_before_at_its_marks() -> None:
    """The bar known at midnight still belongs to the old day; the next one closes it before it marks anything."""
    books = Books()
    books.fill(BUY, 10, 10_000)
    assert [type(event) for event in books.close(10_200, at=MIDNIGHT + DAY_NS)] == [Equity]
    closed, equity = books.close(9_000, at=MIDNIGHT + DAY_NS + HOUR_NS)
    assert isinstance(closed, DayClosed)
    assert [closed.day, closed.equity, closed.cash, closed.exposure] == [
        20_000,
        1_000 * MONEY_ONE + 20 * PENNY,
        990 * MONEY_ONE,
        1_020 * PENNY,
    ]
    assert isinstance(equity, Equity)


def test_a_fill_of_a_new_day_closes_the_day_before() -> None:
    """It must not be counted in a day that was over."""
    books = Books()
    books.close(10_000)
    closed, _, _ = books.fill(BUY, 10, 10_000, fee=PENNY, at=MIDNIGHT + DAY_NS + 1)
    assert (closed.day, closed.equity, closed.exposure) == (20_000, 1_000 * MONEY_ONE, 0)


def test_days_without_bars_are_passed_over() -> None:
    """A gap of a week closes one day: the last that had a bar."""
    books = Books()
    books.close(10_000)
    emitted = books.close(10_000, at=MIDNIGHT + 7 * DAY_NS + HOUR_NS)
    assert [event.day for event in emitted] == [20_000]
    assert [event.day for event in books.close(10_000, at=MIDNIGHT + 8 * DAY_NS + HOUR_NS)] == [20_007]


def test_exposure_is_gross() -> None:
    """A short adds to it."""
    books = Books(instrument(0), instrument(1, "ETHUSDT"))
    books.fill(BUY, 10, 10_000)
    books.fill(SELL, 20, 1_000, index=1)
    assert books.portfolio.positions.exposure() == 12 * MONEY_ONE


@pytest.mark.requirement("PORTFOLIO_001")
def test_an_entry_that_does_not_balance_is_a_bug() -> None:
    """The assertion stays on, and nothing is posted."""
    ledger = Ledger(Money(100))
    with pytest.raises(AssertionError, match="balance"):
        ledger.post_fill(cash=Money(-10), inventory=Money(9), fee=Money(0), realised=Money(0))
    assert ledger.balances()["cash"] == 100


@pytest.mark.requirement("PORTFOLIO_001")
def test_an_entry_into_books_that_do_not_balance_is_refused() -> None:
    """The entry is right and the books are not: the ledger says so by itself."""
    ledger = Ledger(Money(100))
    ledger.fees = Money(1)
    with pytest.raises(AssertionError, match="do not balance"):
        ledger.post_fill(cash=Money(-10), inventory=Money(10), fee=Money(0), realised=Money(0))


@pytest.mark.requirement("PORTFOLIO_001")
def test_books_that_were_tampered_with_are_found_at_the_next_event() -> None:
    """One unit of cash from nowhere stops the next mark."""
    books = Books()
    books.fill(BUY, 10, 10_000)
    books.portfolio.ledger.cash = Money(books.portfolio.ledger.cash + 1)
    with pytest.raises(AssertionError, match="do not balance"):
        books.close(10_000)


def statement(**changes: Any) -> VenueStatement:
    """What an honest venue says after one purchase of ten at 100.00 with a fee of 0.01."""
    fields: dict[str, Any] = {
        "cash": Money(990 * MONEY_ONE - PENNY),
        "lots": [Lots(10)],
        "fees": Money(PENNY),
        "executions": 1,
        "open_orders": [],
    }
    return VenueStatement(**(fields | changes))


@pytest.mark.requirement("P-28")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"cash": 99_000_000_001 - PENNY}, [("cash", 99_000_000_000 - PENNY, 99_000_000_001 - PENNY)]),
        ({"fees": PENNY - 1}, [("fees", PENNY, PENNY - 1)]),
        ({"executions": 2}, [("executions", 1, 2)]),
        ({"lots": [9]}, [("lots of BTCUSDT", 10, 9)]),
    ],
)
def test_reconciliation_names_each_difference_to_the_unit(changes: Any, expected: list[tuple[str, int, int]]) -> None:
    """Equal: an empty list. Otherwise what differs, ours and theirs."""
    books = Books()
    books.fill(BUY, 10, 10_000, fee=PENNY)
    found = reconcile(books.portfolio, statement(**changes), books.instruments)
    assert [(d.what, d.ours, d.theirs) for d in found] == expected
    assert all(d.what in repr(d) and str(d.theirs) in repr(d) for d in found)


def state_of(portfolio: Portfolio) -> bytes:
    """The bytes of a portfolio's state."""
    out = BytesWriter()
    portfolio.write_state(out)
    return out.getvalue()


def test_the_state_tells_different_accounts_apart() -> None:
    """A fill, a mark and a day each change the bytes; the same history gives the same bytes."""
    histories = []
    for steps in (0, 1, 2, 3, 3):
        books = Books()
        if steps > 0:
            books.fill(BUY, 10, 10_000)
        if steps > 1:
            books.close(10_100)
        if steps > 2:
            books.close(10_100, at=MIDNIGHT + DAY_NS + HOUR_NS)
        histories.append(state_of(books.portfolio))
    assert len(set(histories[:4])) == 4
    assert histories[3] == histories[4]
