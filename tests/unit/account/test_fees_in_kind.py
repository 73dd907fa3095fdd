# SPDX-License-Identifier: Apache-2.0
"""Fees that cash does not pay, in the account's books: worked by hand."""

from decimal import Decimal
from typing import Any

import pytest
from librt.strings import BytesWriter

from bot4.account.attribution import Attribution
from bot4.account.portfolio import Portfolio
from bot4.account.residue import Residue
from bot4.domain.calm import Calm
from bot4.domain.event import Event
from bot4.domain.fee import NO_PAYER, FeeTaken, PaidInKind
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, EXIT, Execution, Fill
from bot4.domain.position import Position
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, HOUR_NS, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.record.curve import Turnover
from tests.simulation.driver import instrument
from tests.unit.account.test_attribution import wish

pytestmark = pytest.mark.requirement("FEE_001", "PORTFOLIO_001", "P-12")

NOW = Nanos(1)
CAPITAL = 1_000 * MONEY_ONE
COINS = [
    instrument(0, tick_size=Decimal(1), lot_size=Decimal("0.001")),
    instrument(1, "BNBUSDT", tick_size=Decimal(1), lot_size=Decimal("0.01")),
]
"""One lot of the first is 100,000 units of 1e-8, of the second a million; a price of 100 ticks is 100 of money."""


def filled(
    side: int, lots: int, price: int, *, index: int = 0, amount: int = 0, worth: int = 0, given: int = 0, payer: int = 0
) -> Fill:
    """A fill whose fee, if there is one, was taken in kind and took so many lots with it."""
    execution = Execution(
        NOW, NOW, order_id=1, trade_id=1, instrument=index, side=side, lots=Lots(lots), price=Ticks(price),
        fee=Money(0), is_maker=False,
    )  # fmt: skip
    taken = FeeTaken(
        NOW, NOW, order_id=1, trade_id=1, instrument=index, payer=payer, amount=amount, worth=Money(worth), asset="XYZ"
    )
    paid = PaidInKind(taken, Lots(given)) if amount else None
    return Fill(execution, intent_id=1, slot=0, purpose=ENTER if side == BUY else EXIT, in_kind=paid)


class Books:
    """An account of 1,000.00 and what it said last."""

    def __init__(self) -> None:
        self.portfolio = Portfolio(COINS, capital=Money(CAPITAL))

    def take(self, event: Event) -> list[Event]:
        """Hand an event over and return what follows."""
        out = Outbox(16)
        self.portfolio.handle(event, event.ts_known_ns, out)
        return [cell.event for cell in out.cells[: out.tail]]

    def close(self, price: int, index: int = 0) -> list[Event]:
        """A bar that closes at a price."""
        p = Ticks(price)
        return self.take(Bar(Nanos(HOUR_NS), index, NOW, p, p, p, p, Lots(1)))

    def held(self, index: int = 0) -> list[int]:
        """Lots, cost, realised, fees, and units and cost of the dust."""
        one = self.portfolio.positions.holdings[index]
        dust = one.dust or Residue()
        return [int(one.lots), int(one.cost), int(one.realised), int(one.fees), dust.units, dust.cost]

    def state(self) -> bytes:
        """As it enters the state hash."""
        out = BytesWriter()
        self.portfolio.write_state(out)
        return out.getvalue()


def test_a_purchase_that_pays_out_of_what_it_brought() -> None:
    """1 BTC for 100; 0.0013 of it, worth 0.13, is the fee: 998 lots and 70,000 units are left, cash paid no fee."""
    books = Books()
    position, equity = books.take(filled(BUY, 1_000, 100, amount=130_000, worth=13_000_000, given=2))
    lot = MONEY_ONE // 10
    assert books.held() == [998, 998 * lot, 0, 13_000_000, 70_000, 7_000_000]
    assert isinstance(position, Position) and isinstance(equity, Equity)
    assert (int(position.lots), int(position.fees)) == (998, 13_000_000)
    assert books.portfolio.cash == CAPITAL - 100 * MONEY_ONE
    assert equity.equity == books.portfolio.equity == CAPITAL - 13_000_000
    assert books.portfolio.units(0) == 99_870_000
    assert (books.portfolio.dust(0), int(books.portfolio.unrealised)) == (70_000, 0)


def test_a_fee_is_a_sale_of_what_paid_it() -> None:
    """What cost 100 pays at 200: half of the fee's worth is gained, and equity falls by the worth alone."""
    books = Books()
    books.take(filled(BUY, 10, 100))
    books.take(filled(SELL, 5, 200, amount=50_000, worth=10_000_000, given=1))
    lot = MONEY_ONE // 10
    assert books.held() == [4, 4 * lot, 5 * lot + 5_000_000, 10_000_000, 50_000, 5_000_000]
    assert books.portfolio.equity == CAPITAL + 10 * lot - 10_000_000
    assert books.portfolio.ledger.balances() == {
        "cash": CAPITAL, "inventory": 4 * lot + 5_000_000, "fees": 10_000_000, "realised": 5 * lot + 5_000_000,
        "capital": CAPITAL,
    }  # fmt: skip


def test_dust_alone_is_marked_and_never_calm() -> None:
    """Half a lot at 100, then at 300: equity follows, bar by bar, and no bar may be passed over."""
    books = Books()
    books.take(filled(BUY, 1, 100, amount=50_000, worth=5_000_000, given=1))
    assert (books.held()[0], books.portfolio.dust(0)) == (0, 50_000)
    (equity,) = books.close(300)
    assert isinstance(equity, Equity)
    assert equity.equity == CAPITAL + 10_000_000 - 5_000_000 == books.portfolio.equity
    assert books.portfolio.unrealised == 10_000_000
    assert not books.portfolio.stays_calm(0, Calm())
    assert books.portfolio.stays_calm(1, Calm())


def test_a_third_asset_pays_and_cash_and_position_stay() -> None:
    """0.05 of it, worth 2.50: an expense, owed to what the account had before; its units are counted by name."""
    books = Books()
    for number in (1, 2):
        books.take(filled(BUY, 10, 100, amount=5_000_000, worth=250_000_000, payer=NO_PAYER))
        assert books.held()[:4] == [10 * number, number * MONEY_ONE, 0, number * 250_000_000]
    assert (books.portfolio.paid_in("XYZ"), books.portfolio.paid_in("ABC")) == (10_000_000, 0)
    assert books.portfolio.equity == CAPITAL - 500_000_000
    assert (int(books.portfolio.cash), int(books.portfolio.unrealised)) == (CAPITAL - 2 * MONEY_ONE, 0)


def test_another_instrument_pays_and_says_so() -> None:
    """What is held of the second lessens by a lot; the expense is the first's."""
    books = Books()
    books.take(filled(BUY, 10, 50, index=1))
    said = books.take(filled(BUY, 10, 100, amount=300_000, worth=15_000_000, given=1, payer=1))
    assert [(int(one.instrument), int(one.lots)) for one in said if isinstance(one, Position)] == [(1, 9), (0, 10)]
    assert books.held(0) == [10, MONEY_ONE, 0, 15_000_000, 0, 0]
    assert books.held(1) == [9, 450_000_000, 0, 0, 700_000, 35_000_000]
    said = books.take(filled(BUY, 10, 100, amount=300_000, worth=15_000_000, payer=1))
    assert [int(one.instrument) for one in said if isinstance(one, Position)] == [0], "dust alone moves no position"


def test_what_is_left_of_fees_is_state_and_nothing_else_is() -> None:
    """Without such fees the state has the bytes it always had; with them dust, debts and their names tell apart."""
    plain, paid, third = Books(), Books(), Books()
    for books, fill in (
        (plain, filled(BUY, 10, 100)),
        (paid, filled(BUY, 11, 100, amount=100_000, worth=1, given=1)),
        (third, filled(BUY, 10, 100, amount=1, worth=1, payer=NO_PAYER)),
    ):
        books.take(fill)
    assert len(plain.state()) == 8 * (5 + 2 * 5 + 2)
    assert len({plain.state(), paid.state(), third.state()}) == 3
    assert len(paid.state()) == len(plain.state()) + 24
    assert len(third.state()) == len(plain.state()) + 24 + 2 + 3


def test_the_report_counts_the_whole_fee() -> None:
    """Fees paid are what they were worth, however they were paid."""
    turnover = Turnover()
    turnover.add(filled(BUY, 10, 100, amount=5, worth=77), 1)
    assert turnover.fees == 77


def shares(fill: Fill, *before: Any) -> list[tuple[int, int, int, int]]:
    """Lots, cost, realised and fees of two strategies and nobody, after what was before and one more fill."""
    attribution = Attribution(COINS, slots=2)
    for event in (*before, fill):
        attribution.handle(event, NOW, Outbox(1))
    return [(p.lots, p.cost, p.realised, p.fees) for p in attribution.holdings[0]]


def test_lots_leave_all_who_hold_and_the_fee_falls_on_whose_fill_it_was() -> None:
    """Both hold; the second alone buys more: two lots of the fee leave by what each holds, it bears the expense."""
    lot = MONEY_ONE // 10
    bought = filled(BUY, 10, 100)
    more = filled(BUY, 10, 100, amount=150_000, worth=15_000_000, given=2)
    more.intent_id = 2
    assert shares(more, wish(1, 0.5, 0.5), wish(2, 0.0, 1.0), bought) == [
        (4, 4 * lot, 0, 0),
        (14, 14 * lot, 0, 15_000_000),
        (0, 0, 0, 0),
    ]


def test_the_gain_of_paying_falls_on_whose_fill_it_was() -> None:
    """A sale of the one holder at twice the cost, the fee taken out of the rest."""
    lot = MONEY_ONE // 10
    sold = filled(SELL, 5, 200, amount=50_000, worth=10_000_000, given=1)
    assert shares(sold, wish(1, 1.0, 0.0), filled(BUY, 10, 100))[0] == (4, 4 * lot, 5 * lot + 5_000_000, 10_000_000)


@pytest.mark.parametrize(
    ("held", "moved", "gain", "left"),
    [
        ((0, 0), (-10, -70), 0, (-10, -70)),
        ((10, 50), (5, 50), 0, (15, 100)),
        ((10, 50), (-4, -40), 20, (6, 30)),
        ((10, 50), (-10, -40), -10, (0, 0)),
        ((10, 50), (-30, -300), 50, (-20, -200)),
        ((-10, -50), (4, 40), -20, (-6, -30)),
        ((-10, -50), (20, 60), 20, (10, 30)),
        ((7, 9), (0, 0), 0, (7, 9)),
    ],
)
def test_what_is_beside_the_lots_is_kept_at_average_cost(
    held: tuple[int, int], moved: tuple[int, int], gain: int, left: tuple[int, int]
) -> None:
    """Taken in, given, through nothing and back: the gain is what was closed, the cost what is left."""
    residue = Residue()
    residue.move(*held)
    assert residue.move(*moved) == gain
    assert (residue.units, residue.cost) == left
