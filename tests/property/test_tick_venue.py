# SPDX-License-Identifier: Apache-2.0
"""Conservation: random orders over random ticks, and what the tick venue may never give, whatever happens."""

from array import array
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.event import ACCEPTED, CANCEL_REJECTED, CANCELED, REJECTED
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.marketdata import BookDelta, BookSnapshot, Quote, Trade
from bot4.domain.order import LIMIT, MARKET, STOP, STOP_LIMIT, Execution, OrderWord, cancel_command
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import BUY, MONEY_ONE, SELL, Money, Nanos, Ticks
from bot4.simulation.book.draws import LognormalMilliseconds, Recorded
from bot4.simulation.book.fills import FillModel, poisson_beta_fills
from bot4.simulation.book.latency import Latency
from bot4.simulation.book.queues import LogQueue, PowerQueue, RiskAverse
from bot4.simulation.book.venue import NEVER, TickVenue
from tests.simulation.driver import instrument, submit
from tests.simulation.ticks import delta, quote, snapshot, trade

LOW, HIGH = 95, 106
SIZES = st.integers(1, 40)
PRICES = st.integers(LOW, HIGH)
Levels = dict[int, int]


@st.composite
def levels_of(draw: st.DrawFn, side: int, *, empty: bool) -> list[tuple[int, int]]:
    """Some levels of one side, mostly on their own side of 100."""
    prices = st.integers(LOW, 100) if side == BUY else st.integers(101, HIGH)
    chosen = draw(st.lists(st.one_of(prices, prices, PRICES), unique=True, max_size=4))
    return [(price, draw(st.integers(0 if empty else 1, 40))) for price in chosen]


@st.composite
def steps(draw: st.DrawFn) -> list[Any]:
    """Market events (a function of time) and commands (an order, or the number of one to cancel), mixed."""
    found: list[Any] = []
    order_id = 0
    kinds = draw(st.sampled_from([("book", "trade"), ("quote", "trade"), ("trade",), ("book", "quote", "trade")]))
    for _ in range(draw(st.integers(1, 25))):
        choice = draw(st.sampled_from(["order", "order", "cancel", *kinds, *kinds]))
        if choice == "order":
            order_id += 1
            found.append(draw(orders_of(order_id)))
        elif choice == "cancel":
            found.append(draw(st.integers(1, order_id + 1)))
        elif choice == "trade":
            found.append((trade, draw(PRICES), draw(SIZES), draw(st.sampled_from([1, -1, 0]))))
        elif choice == "quote":
            bid = draw(PRICES)
            found.append((quote, bid, draw(SIZES), bid + draw(st.integers(1, 4)), draw(SIZES)))
        elif draw(st.integers(0, 5)) == 0:
            found.append((snapshot, draw(levels_of(BUY, empty=False)), draw(levels_of(SELL, empty=False))))
        else:
            found.append((delta, draw(levels_of(BUY, empty=True)), draw(levels_of(SELL, empty=True))))
    return found


@st.composite
def orders_of(draw: st.DrawFn, order_id: int) -> Any:
    """One order of any kind, some tied to the one before."""
    return submit(
        order_id,
        draw(st.sampled_from([BUY, SELL])),
        draw(st.integers(1, 60)),
        instrument=draw(st.sampled_from([0, 1, 1])),
        order_type=draw(st.sampled_from([MARKET, LIMIT, LIMIT, STOP, STOP_LIMIT])),
        limit=Ticks(draw(PRICES)),
        trigger=Ticks(draw(PRICES)),
        sibling_id=draw(st.sampled_from([0, 0, order_id - 1])),
        reduce_only=draw(st.sampled_from([False, False, True])),
    )


settings_of_a_venue = st.fixed_dictionaries(
    {
        "queue": st.sampled_from([RiskAverse(), PowerQueue(2.0), LogQueue()]),
        "fill": st.sampled_from([FillModel(), poisson_beta_fills()]),
        "latency": st.sampled_from(
            [Latency(), Latency(entry=Recorded([0, 3, 9])), Latency(None, LognormalMilliseconds(-14.0), Recorded([5]))]
        ),
        "slippage": st.sampled_from([0, 10_000]),
        "seed": st.integers(0, 3),
    }
)


class Trail:
    """One run: after each step, what the venue said; and beside it the public market, kept by plain dicts."""

    def __init__(self, stream: list[Any], settings: dict[str, Any]) -> None:
        table = [instrument(0), instrument(1, "BTCPERP", instrument_type=LINEAR_PERPETUAL)]
        self.venue = TickVenue(table, cash=Money(100 * MONEY_ONE), window=128, **settings)
        self.orders: dict[int, Any] = {}
        self.reports: list[Any] = []
        self.steps: list[tuple[Any, list[Execution]]] = []
        for number, step in enumerate(stream):
            at = 10 * (number + 1)
            if isinstance(step, tuple):
                make, *words = step
                for index in (0, 1):
                    event = make(at + index, *words, index)
                    self.venue.observe(event)
                    self.note(event)
            elif isinstance(step, int):
                self.venue.send(cancel_command(Nanos(at), step, 0, "asked"), Nanos(at))
            else:
                self.orders[int(step.order_id)] = step
                self.venue.send(step, Nanos(at))
            self.venue.advance(Nanos(at + 5))
            self.note(None)
        self.venue.advance(Nanos(10**9))
        self.note(None)

    def note(self, event: Any) -> None:
        """Keep what the venue said since the last step, and what it could have seen."""
        said = []
        while (report := self.venue.next_report(Nanos(NEVER))) is not None:
            said.append(report)
        self.reports += said
        self.steps.append((event, [report for report in said if isinstance(report, Execution)]))


def levels_in(event: BookSnapshot | BookDelta) -> list[tuple[int, int, int]]:
    """Side, price and lots of each level."""
    columns = [memoryview(column).cast("q").tolist() for column in (event.sides, event.prices, event.lots)]
    return list(zip(*columns, strict=True))


class Liquidity:
    """What one instrument's market has ever offered, counted without asking the venue.

    Per price and side: the lots displayed now, and the largest number that can
    have been taken since the level last was empty: what it showed at first and
    all that the feed added.
    """

    def __init__(self) -> None:
        self.shown: dict[int, Levels] = {BUY: {}, SELL: {}}
        self.added: dict[int, Counter[int]] = {BUY: Counter(), SELL: Counter()}
        self.taken: dict[int, Counter[int]] = {BUY: Counter(), SELL: Counter()}
        # Lots that resting orders of ours had of levels that came to their limit, whichever level it was.
        self.met: Counter[int] = Counter()
        self.has_book = self.has_quote = False
        self.last = self.volume = 0

    def see(self, event: Any) -> None:
        """Count what an event shows."""
        if isinstance(event, Trade):
            self.last, self.volume = int(event.price), int(event.lots)
        elif isinstance(event, Quote) and not self.has_book:
            self.has_quote = True
            bid, ask = (int(event.bid), int(event.bid_lots)), (int(event.ask), int(event.ask_lots))
            for side, price, lots in ((BUY, *bid), (SELL, *ask)):
                self.shown[side] = {price: self.shown[side].get(price, 0)}
                self.show(side, price, lots)
        elif isinstance(event, BookSnapshot | BookDelta):
            told = levels_in(event)
            if isinstance(event, BookSnapshot) or not self.has_book:
                named = {(side, price) for side, price, _ in told}
                for side in (BUY, SELL):
                    gone = [price for price in self.shown[side] if (side, price) not in named]
                    told += [(side, price, 0) for price in gone]
            self.has_book = True
            for side, price, lots in told:
                self.show(side, price, lots)

    def show(self, side: int, price: int, lots: int) -> None:
        """What a level adds can be taken; when it falls, no more than it shows was ever there."""
        before = self.shown[side].get(price, 0)
        self.added[side][price] += max(0, lots - before)
        self.shown[side][price] = lots
        if not lots:
            del self.shown[side][price]


@pytest.mark.requirement("P-02", "P-11")
@given(steps(), settings_of_a_venue)
def test_passive_fills_come_from_the_print_and_never_exceed_it(stream: list[Any], settings: dict[str, Any]) -> None:
    """As maker on a trade: at our limit, at or better than the print, together at most its volume."""
    trail = Trail(stream, settings)
    for event, executions in trail.steps:
        if not isinstance(event, Trade):
            continue
        # A stop that the print set off is a taker, and so is what arrived before it.
        makers = [e for e in executions if e.is_maker and e.ts_event_ns == event.ts_event_ns]
        assert sum(int(e.lots) for e in makers) <= event.lots
        for execution in makers:
            assert execution.instrument == event.instrument
            assert execution.price == trail.orders[execution.order_id].limit
            assert execution.side * (execution.price - event.price) >= 0
            assert execution.side != event.side


@pytest.mark.requirement("P-02")
@given(steps(), settings_of_a_venue)
def test_no_lot_is_given_twice_and_no_price_is_better_than_the_book(
    stream: list[Any], settings: dict[str, Any]
) -> None:
    """What all our takers had of a level never exceeds what it ever added; and nobody traded inside the best."""
    trail = Trail(stream, settings)
    markets = [Liquidity(), Liquidity()]
    for event, executions in trail.steps:
        if event is not None:
            # What arrived before the event traded with the market before it.
            check([e for e in executions if e.ts_event_ns < event.ts_event_ns], markets, trail)
            markets[event.instrument].see(event)
            executions = [e for e in executions if e.ts_event_ns >= event.ts_event_ns]
        check([e for e in executions if not (isinstance(event, Trade) and e.is_maker)], markets, trail)
    for market in markets:
        for side in (BUY, SELL):
            for price, lots in market.taken[side].items():
                assert lots <= market.added[side][price]
            assert sum(market.taken[side].values()) + market.met[side] <= sum(market.added[side].values())


def check(executions: list[Execution], markets: list[Liquidity], trail: Trail) -> None:
    """Each execution against the market at its moment: within its limit, not inside the best."""
    for execution in executions:
        order, market, side = trail.orders[execution.order_id], markets[execution.instrument], int(execution.side)
        if order.order_type in (LIMIT, STOP_LIMIT):
            assert side * (order.limit - execution.price) >= 0
        if not market.has_book and not market.has_quote:
            assert side * (execution.price - market.last) >= 0
            continue
        shown = market.shown[-side]
        best = max(shown, key=lambda price: -side * price)
        assert side * (execution.price - best) >= 0
        if execution.is_maker:
            market.met[-side] += int(execution.lots)
        else:
            assert shown.get(int(execution.price), 0) >= execution.lots
            market.taken[-side][int(execution.price)] += int(execution.lots)


@pytest.mark.requirement("ORDER_001", "P-11")
@given(steps(), settings_of_a_venue)
def test_every_order_ends_once_and_reports_come_in_order(stream: list[Any], settings: dict[str, Any]) -> None:
    """One answer each, nothing after the end, fills add up, both clocks of the reports and the trade ids rise."""
    trail = Trail(stream, settings)
    filled: Counter[int] = Counter()
    ended: set[int] = set()
    answered: set[int] = set()
    executions = [report for report in trail.reports if isinstance(report, Execution)]
    for report in trail.reports:
        number = int(report.order_id)
        if isinstance(report, OrderWord) and report.kind == CANCEL_REJECTED:
            assert number in ended or number not in answered
            continue
        if isinstance(report, OrderWord) and report.kind in (ACCEPTED, REJECTED):
            assert number not in answered
            answered.add(number)
        assert number not in ended
        assert number in answered
        if isinstance(report, Execution):
            filled[number] += int(report.lots)
            assert 0 < filled[number] <= trail.orders[number].lots
        if report.kind in (CANCELED, REJECTED) or filled[number] == trail.orders[number].lots:
            ended.add(number)
    assert answered == set(trail.orders)
    assert [int(e.trade_id) for e in executions] == list(range(1, len(executions) + 1))
    for stamps in ([r.ts_event_ns for r in trail.reports], [r.ts_known_ns for r in trail.reports]):
        assert stamps == sorted(stamps)
    still_open = {order_id: leaves for order_id, _, _, leaves in trail.venue.statement().open_orders}
    assert still_open == {
        number: int(order.lots) - filled[number] for number, order in trail.orders.items() if number not in ended
    }


@pytest.mark.requirement("P-02", "FEE_001")
@given(steps(), settings_of_a_venue)
def test_the_ledger_is_the_sum_of_the_executions_and_spot_never_owes(
    stream: list[Any], settings: dict[str, Any]
) -> None:
    """Cash, lots and fees to the unit; the spot instrument is never short and alone never overdraws."""
    spot_only = [step for step in stream if isinstance(step, tuple | int) or step.instrument == 0]
    for played, may_owe in ((stream, True), (spot_only, False)):
        trail = Trail(played, settings)
        cash, fees = 100 * MONEY_ONE, 0
        held: Counter[int] = Counter()
        for execution in (report for report in trail.reports if isinstance(report, Execution)):
            table = trail.venue.matcher.clerk.instruments[execution.instrument]
            before = held[execution.instrument]
            cash -= int(execution.side) * int(table.notional(execution.price, execution.lots)) + int(execution.fee)
            fees += int(execution.fee)
            held[execution.instrument] += int(execution.side) * int(execution.lots)
            assert held[0] >= 0
            assert cash >= 0 or may_owe
            if trail.orders[execution.order_id].reduce_only:
                assert 0 <= held[execution.instrument] * before < before * before
        statement = trail.venue.statement()
        assert (int(statement.cash), int(statement.fees)) == (cash, fees)
        assert [int(lots) for lots in statement.lots] == [held[0], held[1]]


@given(steps(), settings_of_a_venue)
def test_equal_input_gives_equal_state_and_claims_are_what_a_full_count_says(
    stream: list[Any], settings: dict[str, Any]
) -> None:
    """Two runs write the same bytes; the sums kept by the way equal a count over all open orders."""
    trails = [Trail(stream, settings) for _ in range(2)]
    states = []
    for trail in trails:
        out = BytesWriter()
        trail.venue.write_state(out)
        states.append(out.getvalue())
    assert states[0] == states[1]
    claims = trails[0].venue.matcher.clerk.claims
    kept = (int(claims.cash), [int(lots) for lots in claims.lots])
    for order in list(claims.open.values()):
        claims.change(order)
    assert (int(claims.cash), [int(lots) for lots in claims.lots]) == kept
    assert all(lots == 0 for lots in kept[1]) or claims.open


def block_of(events: list[Any]) -> TickBlock:
    """Market events as the messages of one block."""
    messages: list[tuple[int, ...]] = []
    rows: list[tuple[int, int, int]] = []
    for event in events:
        if isinstance(event, Trade):
            rows.append((int(event.side), int(event.price), int(event.lots)))
        elif isinstance(event, Quote):
            rows.append((1, int(event.bid), int(event.bid_lots)))
            rows.append((-1, int(event.ask), int(event.ask_lots)))
        else:
            rows += levels_in(event)
        messages.append((event.kind, event.instrument, event.ts_event_ns, event.ts_known_ns, 0, 0, len(rows)))
    names = ("kinds", "instruments", "event_ns", "known_ns", "first_ids", "last_ids", "ends")
    columns = {name: array("q", [one[k] for one in messages]).tobytes() for k, name in enumerate(names)}
    sides, prices, lots = (array("q", [row[k] for row in rows]).tobytes() for k in range(3))
    return TickBlock(**columns, sides=sides, prices=prices, lots=lots)


@given(steps(), settings_of_a_venue)
def test_a_stretch_read_from_its_block_is_what_its_events_are(stream: list[Any], settings: dict[str, Any]) -> None:
    """The same reports at the same times and the same state, whether messages come as events or in a block."""
    table = [instrument(0), instrument(1, "BTCPERP", instrument_type=LINEAR_PERPETUAL)]
    venues = [TickVenue(table, cash=Money(100 * MONEY_ONE), window=128, **settings) for _ in range(2)]
    events: list[Any] = []
    told: list[list[tuple[int, ...]]] = [[], []]

    def drain(number: int) -> None:
        while (report := venues[number].next_report(Nanos(NEVER))) is not None:
            words = (report.kind, report.ts_event_ns, report.ts_known_ns, getattr(report, "order_id", 0))
            told[number].append(tuple(int(word) for word in words))

    def live_through() -> None:
        for event in events:
            venues[0].observe(event)
            drain(0)
        block, k = block_of(events), 0
        while k < len(events):
            if venues[1].busy:
                venues[1].observe(block.event(k, Nanos(0)))
                k += 1
            else:
                k = int(venues[1].read(block, k, through=len(events) // 2, before=Nanos(NEVER)))
            drain(1)
        events.clear()

    for number, step in enumerate(stream):
        at = 10 * (number + 1)
        if isinstance(step, tuple):
            make, *words = step
            events += [make(at + index, *words, index) for index in (0, 1)]
            continue
        live_through()
        for venue in venues:
            venue.send(cancel_command(Nanos(at), step, 0, "asked") if isinstance(step, int) else step, Nanos(at))
            venue.advance(Nanos(at + 5))
        drain(0)
        drain(1)
    live_through()
    assert told[0] == told[1]
    states = []
    for venue in venues:
        out = BytesWriter()
        venue.write_state(out)
        states.append(out.getvalue())
    assert states[0] == states[1]
