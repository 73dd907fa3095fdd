# SPDX-License-Identifier: Apache-2.0
"""Fees of every kind in random order: the books equal a ledger that knows nothing of ours, to the last unit.

The ledger below keeps what a venue keeps: free units of assets. The engine's stages are given what the venue's words
become: fees and executions of two instruments, told once, twice or again much later, interleaved at random.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.account.attribution import Attribution
from bot4.account.portfolio import Portfolio
from bot4.domain.event import Event
from bot4.domain.fee import NO_PAYER, FeeTaken
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Equity
from bot4.domain.order import ENTER, EXIT, MARKET, Execution, Fill, OrderRequest
from bot4.domain.position import Position
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Intent, Share
from bot4.trading.execution import Trading
from bot4.trading.orders import Order

pytestmark = pytest.mark.requirement("FEE_001", "P2-3", "prod_003")

NOW = Nanos(1)
CAPITAL = 10**15
LOTS = 1_000_000
QUOTE, BASE, OTHER, SIBLING = range(4)
TABLE = (
    Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001")),
    Instrument(1, "BNBUSDT", base="BNB", quote="USDT", tick_size=Decimal("0.1"), lot_size=Decimal("0.001")),
)


@dataclass(frozen=True)
class Told:
    """One trade as the venue tells it: which order, for how much, and what its fee was."""

    instrument: int
    trade_id: int
    side: int
    lots: int
    price: int
    pays: int
    amount: int
    worth: int

    @property
    def order(self) -> int:
        """Each instrument has an order to buy and one to sell."""
        return 1 + 2 * self.instrument + (self.side == SELL)

    def events(self) -> list[Event]:
        """The reports that it becomes, the fee first."""
        told: list[Event] = []
        if self.pays != QUOTE and self.amount:
            payer = {BASE: self.instrument, OTHER: NO_PAYER, SIBLING: 1}[self.pays]
            told.append(
                FeeTaken(
                    NOW,
                    NOW,
                    order_id=self.order,
                    trade_id=self.trade_id,
                    instrument=self.instrument,
                    payer=payer,
                    amount=self.amount,
                    worth=Money(self.worth),
                    asset="XYZ" if payer < 0 else TABLE[payer].base,
                )
            )
        told.append(
            Execution(
                NOW,
                NOW,
                order_id=self.order,
                trade_id=self.trade_id,
                instrument=self.instrument,
                side=self.side,
                lots=Lots(self.lots),
                price=Ticks(self.price),
                fee=Money(self.amount if self.pays == QUOTE else 0),
                is_maker=False,
            )
        )
        return told


@dataclass
class Venue:
    """What a venue keeps: units of each asset by which it has changed, and the fees by asset and by worth."""

    units: dict[str, Fraction] = field(default_factory=dict)
    fees: int = 0

    def move(self, asset: str, units: Fraction | int) -> None:
        """Add to what there is of an asset."""
        self.units[asset] = self.units.get(asset, Fraction(0)) + units

    def trade(self, told: Told) -> None:
        """Exchange base for quote, and take the fee."""
        instrument = TABLE[told.instrument]
        base = Fraction(instrument.lot_size) * told.lots * 10**8
        self.move(instrument.base, told.side * base)
        self.move("USDT", -told.side * base * told.price * Fraction(instrument.tick_size))
        asset = ("USDT", instrument.base, "XYZ", "BNB")[told.pays]
        self.move(asset, -told.amount)
        if told.amount:
            self.fees += told.amount if told.pays == QUOTE else told.worth

    def of(self, asset: str) -> int:
        """The units of an asset, which are whole for these instruments."""
        found = self.units.get(asset, Fraction(0))
        assert found.denominator == 1
        return int(found)


@dataclass
class House:
    """The stages that a report goes through, and what they said last of each instrument."""

    trading: Trading = field(
        default_factory=lambda: Trading(len(TABLE), lot_units=[int(one.lot_units) for one in TABLE])
    )
    portfolio: Portfolio = field(default_factory=lambda: Portfolio(TABLE, capital=Money(CAPITAL)))
    attribution: Attribution = field(default_factory=lambda: Attribution(TABLE, slots=2))
    positions: dict[int, int] = field(default_factory=dict)
    owes: list[bool] = field(default_factory=lambda: [False] * len(TABLE))
    equity: int = CAPITAL
    fills: int = 0

    def __post_init__(self) -> None:
        """Send an order to buy and one to sell of each instrument, larger than all that will trade."""
        for number in range(1, 5):
            instrument, side = (number - 1) // 2, BUY if number % 2 else SELL
            none = Ticks(0)
            request = OrderRequest(
                intent_id=number, instrument=instrument, slot=0, purpose=ENTER if side == BUY else EXIT,
                order_type=MARKET, side=side, lots=Lots(LOTS), reference=Ticks(1), limit=none, trigger=none,
                stop=Ticks(1), target=none,
            )  # fmt: skip
            self.attribution.handle(Intent(NOW, request, [Share(0, 1, 0.7), Share(1, 2, 0.3)]), NOW, Outbox(1))
            table = self.trading.table
            order = Order(table.take_id(), request, Lots(LOTS), sibling_id=0, reduce_only=False)
            table.submit(order, NOW, Outbox(1))

    def hear(self, event: Event) -> None:
        """Give trading a report, and the account what follows from it."""
        out, booked = Outbox(64), Outbox(64)
        self.trading.handle(event, NOW, out)
        for cell in out.cells[: out.tail]:
            if isinstance(cell.event, Fill):
                self.fills += 1
                self.portfolio.handle(cell.event, NOW, booked)
                self.attribution.handle(cell.event, NOW, booked)
        for cell in booked.cells[: booked.tail]:
            if isinstance(cell.event, Position):
                self.positions[int(cell.event.instrument)] = int(cell.event.lots)
            elif isinstance(cell.event, Equity):
                self.equity = int(cell.event.equity)

    def note_debts(self) -> None:
        """Remember where a fee was paid out of nothing held: until the next fee in that asset it is owed."""
        for i in range(len(TABLE)):
            if self.trading.position(i) <= 0 or self.trading.dust(i) >= 0:
                self.owes[i] = self.trading.dust(i) < 0

    def state(self) -> bytes:
        """All of it, as it enters the state hash."""
        out = BytesWriter()
        for stage in (self.trading, self.portfolio, self.attribution):
            stage.write_state(out)
        return out.getvalue()


trades = st.builds(
    Told,
    instrument=st.integers(0, 1),
    trade_id=st.just(0),
    side=st.sampled_from([BUY, BUY, SELL]),
    lots=st.integers(1, 3_000),
    price=st.integers(1, 10**6),
    pays=st.sampled_from([QUOTE, BASE, BASE, OTHER, SIBLING]),
    amount=st.integers(0, 500_000) | st.sampled_from([1, 999, 1_000, 1_001, 100_000, 3 * 10**8]),
    worth=st.integers(0, 10**9),
)
"""More is sold at times than was bought: then fees are owed."""


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[Told, Event]]:
    """The venue's words, each with its trade: a few at a time, fees first, each kind in any order, some again."""
    told = [replace(one, trade_id=number + 1) for number, one in enumerate(draw(st.lists(trades, max_size=20)))]
    story: list[tuple[Told, Event]] = []
    while told:
        size = draw(st.integers(1, 3))
        group, told = told[:size], told[size:]
        words = [(one, event) for one in draw(st.permutations(group)) for event in one.events()[:-1]]
        words += [(one, one.events()[-1]) for one in draw(st.permutations(group))]
        again = draw(st.lists(st.sampled_from([*story, *words]), max_size=3))
        story += [*words, *again]
    return story


def compared(house: House, venue: Venue, others: int) -> None:
    """Hold the stages against the venue and against each other."""
    account, split = house.portfolio, house.attribution.holdings
    worth = Fraction(int(account.cash)) - others
    for i, one in enumerate(TABLE):
        lots, dust, units = int(house.trading.position(i)), int(house.trading.dust(i)), int(one.lot_units)
        assert lots * units + dust == venue.of(one.base) == account.units(i)
        assert (lots, dust) == (int(account.lots(i)), account.dust(i))
        assert lots == house.positions.get(i, 0) == sum(slot.lots for slot in split[i])
        assert dust < units and (dust >= 0 or lots <= 0 or house.owes[i]), "dust is less than a lot, and not owed"
        held = account.positions.holdings[i]
        assert sum(slot.cost for slot in split[i]) == held.cost
        assert sum(slot.realised for slot in split[i]) == held.realised
        assert sum(slot.fees for slot in split[i]) == held.fees
        worth += Fraction(venue.of(one.base) * int(held.mark)) * Fraction(one.tick_size)
    assert account.paid_in("XYZ") == -venue.of("XYZ")
    assert int(account.cash) - CAPITAL == venue.of("USDT")
    assert int(account.ledger.fees) == venue.fees
    residues = [one.dust for one in account.positions.holdings if one.dust is not None] + [*account.others.values()]
    costs = sum(int(one.cost) for one in account.positions.holdings) + sum(one.cost for one in residues)
    assert int(account.ledger.inventory) == costs
    assert int(account.ledger.realised) == sum(int(one.realised) for one in account.positions.holdings)
    assert all((one.units > 0) >= (one.cost > 0) and (one.units < 0) >= (one.cost < 0) for one in residues)
    account.ledger.prove()
    assert abs(house.equity - worth) <= len(TABLE), "each instrument is marked with one rounding"


@given(stories())
def test_the_books_equal_the_venues_at_every_word(story: list[tuple[Told, Event]]) -> None:
    """Balances, fees, lots and dust, whatever was told twice, late or in another order; a fee alone changes nothing."""
    house, venue, others = House(), Venue(), 0
    seen: dict[int, bool] = {}
    for told, event in story:
        house.hear(event)
        if isinstance(event, Execution) and told.trade_id not in seen:
            seen[told.trade_id] = True
            venue.trade(told)
            others += told.worth if told.pays == OTHER and told.amount else 0
        house.note_debts()
        compared(house, venue, others)
    assert house.fills == len(seen)
    assert house.trading.contradictions == 0


@given(stories())
def test_the_same_words_make_the_same_state(story: list[tuple[Told, Event]]) -> None:
    """Two houses that heard the same hash the same, after every word."""
    first, second = House(), House()
    for _, event in story:
        first.hear(event)
        second.hear(event)
        assert first.state() == second.state()


@given(st.lists(trades, min_size=1, max_size=8), st.randoms())
def test_fees_in_cash_leave_no_trace_of_the_other_kind(some: list[Told], dice: Random) -> None:
    """A run whose fees cash pays has the state it always had: nothing is written of dust, debts or waiting fees."""
    house, without = House(), House()
    for number, one in enumerate(some):
        told = replace(one, trade_id=number + 1, pays=QUOTE)
        house.hear(told.events()[0])
        without.hear(told.events()[0])
        if dice.random() < 0.5:  # a fee that waits is state, one that was taken out without a trace is none
            fee = replace(told, trade_id=10_000, pays=OTHER, amount=1).events()[0]
            assert isinstance(fee, FeeTaken)
            house.hear(fee)
            assert house.state() != without.state()
            house.trading.fees.take(fee.order_id, fee.trade_id)
        assert house.state() == without.state()
