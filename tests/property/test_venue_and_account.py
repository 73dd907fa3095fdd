# SPDX-License-Identifier: Apache-2.0
"""Random streams of orders and bars through the venue and the account: what must hold whatever happens."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.account.attribution import Attribution
from bot4.account.reconciliation import reconcile
from bot4.domain.event import ACCEPTED, CANCELED, REJECTED, Event
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, LIMIT, MARKET, STOP, STOP_LIMIT, Execution, Fill, OrderRequest, OrderWord, Submit
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MONEY_ONE, RATE_ONE, SECOND_NS, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import Intent, Share
from tests.simulation.driver import Desk, bar, instrument, submit

ODD_STEPS: dict[str, Any] = {"tick_size": Decimal("0.01"), "lot_size": Decimal("0.00000037")}
"""One lot at 100 ticks is worth 37 units of 1e-8 / 100: every notional has something to round."""


@st.composite
def bars_of(draw: st.DrawFn, number: int, index: int) -> Bar:
    """One coherent bar around 100 ticks, some without volume."""
    low = draw(st.integers(80, 110))
    high = low + draw(st.integers(0, 15))
    inside = st.integers(low, high)
    volume = draw(st.sampled_from([0, 9, 100, 777, 5_000]))
    return bar(number, (draw(inside), high, low, draw(inside)), volume, index=index)


@st.composite
def orders_of(draw: st.DrawFn, order_id: int) -> Any:
    """One order of any kind near 100 ticks, some tied to the one before."""
    price = st.integers(78, 128)
    return submit(
        order_id,
        draw(st.sampled_from([BUY, SELL])),
        draw(st.integers(1, 120)),
        instrument=draw(st.integers(0, 1)),
        order_type=draw(st.sampled_from([MARKET, LIMIT, STOP, STOP_LIMIT])),
        limit=Ticks(draw(price)),
        trigger=Ticks(draw(price)),
        sibling_id=draw(st.sampled_from([0, 0, order_id - 1])),
        reduce_only=draw(st.booleans()),
    )


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[list[Any], list[Bar]]]:
    """Some minutes; in each, commands first (a number is an order to cancel), then a bar of both instruments."""
    minutes = []
    order_id = 0
    for number in range(draw(st.integers(1, 12))):
        commands: list[Any] = []
        for _ in range(draw(st.integers(0, 3))):
            if order_id and draw(st.integers(0, 4)) == 0:
                commands.append(draw(st.integers(1, order_id)))
            else:
                order_id += 1
                commands.append(draw(orders_of(order_id)))
        minutes.append((commands, [draw(bars_of(number, 0)), draw(bars_of(number, 1))]))
    return minutes


settings_of_a_venue = st.fixed_dictionaries(
    {
        "cash": st.sampled_from([0, 1, 100_000]),
        "slippage": st.sampled_from([0, 10_000, 3_000_000]),
        "latency_ns": st.sampled_from([0, SECOND_NS, 60 * SECOND_NS, 61 * SECOND_NS]),
        "participation": st.sampled_from([RATE_ONE // 10, RATE_ONE]),
    }
)


def played(stream: list[tuple[list[Any], list[Bar]]], settings: dict[str, Any]) -> Desk:
    """A desk with a spot and a perpetual instrument after the stream."""
    return traced(stream, settings)[0]


def traced(
    stream: list[tuple[list[Any], list[Bar]]], settings: dict[str, Any]
) -> tuple[Desk, list[tuple[Bar, list[Execution]]]]:
    """The same desk, and for every bar the executions it brought."""
    spot = instrument(0, **ODD_STEPS)
    perpetual = instrument(1, "BTCPERP", instrument_type=LINEAR_PERPETUAL, **ODD_STEPS)
    desk = Desk([spot, perpetual], **settings)
    trace = []
    for commands, bars in stream:
        for command in commands:
            if isinstance(command, int):
                desk.cancel(command)
            else:
                desk.send(command)
        for each in bars:
            executions = [report for report in desk.play(each) if isinstance(report, Execution)]
            trace.append((each, executions))
    return desk, trace


def executions_of(desk: Desk) -> list[Execution]:
    """Every execution, in order."""
    return [report for report in desk.reports if isinstance(report, Execution)]


def orders_by_id(stream: list[tuple[list[Any], list[Bar]]]) -> dict[int, Any]:
    """The orders sent."""
    return {command.order_id: command for commands, _ in stream for command in commands if not isinstance(command, int)}


@pytest.mark.requirement("P-02")
@given(streams(), settings_of_a_venue)
def test_no_price_is_better_than_the_bar_allows(stream: Any, settings: dict[str, Any]) -> None:
    """At the open no better than the open, inside no better than the range, never beyond the limit, never too early."""
    orders = orders_by_id(stream)
    desk, trace = traced(stream, settings)
    taken_at = {
        report.order_id: int(report.ts_event_ns)
        for report in desk.reports
        if isinstance(report, OrderWord) and report.kind == ACCEPTED
    }
    for each, executions in trace:
        for execution in executions:
            order = orders[execution.order_id]
            edge = each.low if execution.side == BUY else each.high
            best = each.open if execution.ts_event_ns == each.open_ns else edge
            assert execution.side * (execution.price - best) >= 0
            if order.order_type in (LIMIT, STOP_LIMIT):
                assert execution.side * (order.limit - execution.price) >= 0
            if execution.is_maker:
                assert execution.price == order.limit
                assert execution.side * (order.limit - edge) > 0
            assert execution.ts_event_ns in (each.open_ns, each.ts_known_ns)
            assert taken_at[execution.order_id] <= each.open_ns


@pytest.mark.requirement("P-02", "P-11")
@given(streams(), settings_of_a_venue)
def test_fills_never_exceed_the_share_of_the_volume_nor_the_order(stream: Any, settings: dict[str, Any]) -> None:
    """Added up bar by bar, and order by order; each trade id is new and the next number."""
    orders = orders_by_id(stream)
    desk, trace = traced(stream, settings)
    filled: Counter[int] = Counter()
    for each, executions in trace:
        share = int(each.volume) * settings["participation"] // RATE_ONE
        assert sum(int(execution.lots) for execution in executions) <= share
        for execution in executions:
            assert execution.instrument == each.instrument
            assert execution.lots > 0
            filled[int(execution.order_id)] += int(execution.lots)
    assert all(lots <= orders[order_id].lots for order_id, lots in filled.items())
    assert [int(e.trade_id) for e in executions_of(desk)] == list(range(1, len(executions_of(desk)) + 1))


@pytest.mark.requirement("PORTFOLIO_001", "P-28", "FEE_001")
@given(streams(), settings_of_a_venue)
def test_the_account_equals_the_venue_to_the_unit(stream: Any, settings: dict[str, Any]) -> None:
    """Two implementations of every rounding agree, and the account's identity held at each event on the way."""
    desk = played(stream, settings)
    assert reconcile(desk.portfolio, desk.venue.statement(), desk.instruments) == []
    balances = desk.portfolio.ledger.balances()
    assert balances["cash"] + balances["inventory"] + balances["fees"] - balances["realised"] == balances["capital"]
    holdings = desk.portfolio.positions.holdings
    assert balances["inventory"] == sum(held.cost for held in holdings)
    assert balances["realised"] == sum(held.realised for held in holdings)
    assert balances["fees"] == sum(held.fees for held in holdings)
    worth = sum(held.instrument.notional(held.mark, held.lots) for held in holdings)
    assert desk.portfolio.equity == balances["cash"] + worth
    assert desk.portfolio.unrealised == worth - balances["inventory"]
    last = [event for event in desk.account_events if isinstance(event, Equity)]
    assert not last or last[-1].equity == desk.portfolio.equity


@pytest.mark.requirement("P-02", "P-11")
@given(streams(), settings_of_a_venue)
def test_spot_is_never_short_nor_in_debt_and_reduce_only_never_flips(stream: Any, settings: dict[str, Any]) -> None:
    """Followed execution by execution; the spot instrument alone may not overdraw the cash."""
    desk = played([(c, [b for b in bars if b.instrument == 0]) for c, bars in stream], settings)
    orders = orders_by_id(stream)
    held: Counter[int] = Counter()
    for execution in executions_of(desk):
        before = held[int(execution.instrument)]
        held[int(execution.instrument)] += int(execution.side) * int(execution.lots)
        after = held[int(execution.instrument)]
        assert after >= 0
        if orders[execution.order_id].reduce_only:
            assert abs(after) < abs(before)
            assert before * after >= 0
    assert all(event.cash >= 0 for event in desk.account_events if isinstance(event, Equity))


@pytest.mark.requirement("ORDER_001", "P-11")
@given(streams(), settings_of_a_venue)
def test_of_two_siblings_at_most_one_trades(stream: Any, settings: dict[str, Any]) -> None:
    """Whatever the order of triggers, fills and arrivals: the other ends untouched."""
    desk = played(stream, settings)
    traded = {int(execution.order_id) for execution in executions_of(desk)}
    taken = {order_id for kind, order_id, _ in desk.words() if kind != REJECTED}
    for order_id, order in orders_by_id(stream).items():
        if order.sibling_id and order_id in taken and order.sibling_id in taken:
            assert not (order_id in traded and order.sibling_id in traded)


@given(streams(), settings_of_a_venue)
def test_every_order_ends_once_or_is_open(stream: Any, settings: dict[str, Any]) -> None:
    """Rejected, canceled, filled, open or in flight: exactly one of them, and quantities add up."""
    desk = played(stream, settings)
    filled: Counter[int] = Counter()
    for execution in executions_of(desk):
        filled[int(execution.order_id)] += int(execution.lots)
    words = desk.words()
    is_open = {order_id: lots for order_id, _, _, lots in desk.venue.statement().open_orders}
    flying = {item.command.order_id for item in desk.venue.in_flight if isinstance(item.command, Submit)}
    for order_id, order in orders_by_id(stream).items():
        ends: list[Any] = [kind for kind, named, _ in words if named == order_id and kind in (REJECTED, CANCELED)]
        ends += ["filled"] * (filled[order_id] == order.lots)
        ends += ["open"] * (order_id in is_open) + ["flying"] * (order_id in flying)
        assert len(ends) == 1
        if order_id in is_open:
            assert is_open[order_id] + filled[order_id] == order.lots
    assert desk.venue.busy == bool(is_open or desk.venue.in_flight)


@given(streams(), settings_of_a_venue)
def test_the_same_stream_twice_gives_the_same_reports(stream: Any, settings: dict[str, Any]) -> None:
    """Field by field; the venue draws nothing and remembers nothing outside itself."""
    one, two = played(stream, settings), played(stream, settings)
    assert [told(event) for event in one.reports] == [told(event) for event in two.reports]


def told(event: Event) -> list[Any]:
    """Every field of a report."""
    names = [name for kind in type(event).__mro__ for name in getattr(kind, "__slots__", ())]
    return [getattr(event, name) for name in names]


# ---- against every path a price can take inside a bar ----


def walk(points: list[int]) -> list[int]:
    """A price that moves tick by tick through the points."""
    path = [points[0]]
    for target in points[1:]:
        step = 1 if target > path[-1] else -1
        path += list(range(path[-1] + step, target + step, step)) if target != path[-1] else []
    return path


def paths_of(each: Bar) -> list[list[int]]:
    """Both orders in which a bar can have met its extremes."""
    o, h, low, c = (int(price) for price in (each.open, each.high, each.low, each.close))
    return [walk([o, h, low, c]), walk([o, low, h, c])]


def trade_on(path: list[int], order: Any) -> int | None:
    """At what price an order trades on a path that is known tick by tick; None if it does not."""
    start = 0
    if order.order_type in (STOP, STOP_LIMIT):
        reached = [k for k, price in enumerate(path) if order.side * (price - order.trigger) >= 0]
        if not reached:
            return None
        start = reached[0]
    if order.order_type in (MARKET, STOP):
        return path[start]
    through = [k for k in range(start, len(path)) if order.side * (order.limit - path[k]) > 0]
    if not through:
        return None
    return path[start] if through[0] == start else int(order.limit)


@pytest.mark.requirement("P-02")
@given(bars_of(1, 0), st.data())
def test_one_order_never_does_better_than_on_the_worst_path(each: Bar, data: st.DataObject) -> None:
    """Where the venue trades, every path trades, at a price no worse for us; but for stop-limits at that one."""
    order = data.draw(orders_of(2))
    order.instrument, order.reduce_only, order.sibling_id, order.lots = 0, False, 0, Lots(1)
    each.volume = Lots(100)
    desk = Desk([instrument(instrument_type=LINEAR_PERPETUAL)])
    desk.send(order)
    desk.play(each)
    fills = desk.fills
    outcomes = [trade_on(path, order) for path in paths_of(each)]
    if not fills:
        assert order.order_type not in (MARKET, STOP) or outcomes == [None, None]
        return
    price = fills[0][2]
    for outcome in outcomes:
        assert outcome is not None
        assert order.side * (price - outcome) >= 0
    if order.order_type != STOP_LIMIT:
        assert price == outcomes[0] == outcomes[1]


@pytest.mark.requirement("P-02")
@given(bars_of(1, 0), st.integers(70, 99), st.integers(100, 130))
def test_a_bracket_gets_the_worse_of_both_paths(each: Bar, stop: int, target: int) -> None:
    """A long of ten with a stop and a target: the outcome is the worst that the bar's four prices admit."""
    each.volume = Lots(100_000)
    desk = Desk()
    desk.send(submit(1))
    desk.play(bar(0, (100, 100, 100, 100), 100_000))
    tied: dict[str, Any] = {"reduce_only": True}
    desk.send(submit(2, SELL, order_type=STOP, trigger=Ticks(stop), sibling_id=3, **tied))
    desk.send(submit(3, SELL, order_type=LIMIT, limit=Ticks(target), sibling_id=2, **tied))
    desk.play(each)
    outcomes: list[int | None] = []
    for path in paths_of(each):
        first = next(((k, p) for k, p in enumerate(path) if p <= stop or p > target), None)
        outcomes.append(None if first is None else (first[1] if first[1] <= stop or first[0] == 0 else target))
    worst = min((price for price in outcomes if price is not None), default=None)
    assert [price for order_id, _, price, _ in desk.fills if order_id != 1] == ([] if worst is None else [worst])


# ---- attribution ----


fractions = st.lists(st.floats(0, 1, allow_nan=False), min_size=3, max_size=3)


@pytest.mark.requirement("PORTFOLIO_001")
@given(streams(), settings_of_a_venue, st.lists(fractions, min_size=4, max_size=4))
def test_the_parts_of_the_strategies_add_up_to_the_account(
    stream: Any, settings: dict[str, Any], shares: list[list[float]]
) -> None:
    """Lots, cost, realised and fees, per instrument and after every fill; a part without lots has no cost."""
    desk = played(stream, settings)
    attribution = Attribution(desk.instruments, slots=3)
    again = Desk(desk.instruments)
    out = Outbox(64)
    for order_id, order in orders_by_id(stream).items():
        attribution.handle(intent_of(order_id, order, shares[order_id % 4]), Nanos(0), out)
    for execution in executions_of(desk):
        fill = Fill(execution, intent_id=execution.order_id, slot=execution.order_id % 3, purpose=ENTER)
        again.account(fill)
        attribution.handle(fill, fill.ts_known_ns, out)
        for index, held in enumerate(again.portfolio.positions.holdings):
            row = attribution.holdings[index]
            assert sum(part.lots for part in row) == held.lots
            assert sum(part.cost for part in row) == held.cost
            assert sum(part.realised for part in row) == held.realised
            assert sum(part.fees for part in row) == held.fees
            assert all(part.lots * held.lots >= 0 for part in row)
            assert all(part.lots or part.cost == 0 for part in row)
    total = sum(attribution.realised(slot) - attribution.fees(slot) for slot in range(4))
    assert total == again.portfolio.ledger.realised - again.portfolio.ledger.fees


def intent_of(intent_id: int, order: Any, parts: list[float]) -> Intent:
    """The intent an order serves, with a share for each strategy."""
    request = OrderRequest(
        intent_id=intent_id,
        instrument=order.instrument,
        slot=0,
        purpose=ENTER,
        order_type=order.order_type,
        side=order.side,
        lots=order.lots,
        reference=Ticks(100),
        limit=order.limit,
        trigger=order.trigger,
        stop=Ticks(0),
        target=Ticks(0),
    )
    return Intent(Nanos(0), request, [Share(slot, 0, part) for slot, part in enumerate(parts)])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), fractions)
def test_many_fills_are_divided_nearly_as_one(sizes: list[int], parts: list[float]) -> None:
    """After any partition into partial fills each slot is within two lots of its exact share."""
    attribution = Attribution([instrument()], slots=3)
    out = Outbox(1)
    order = submit(1)
    attribution.handle(intent_of(1, order, parts), Nanos(0), out)
    if not attribution.openings:
        return
    for number, lots in enumerate(sizes):
        execution = Execution(
            Nanos(1),
            Nanos(1),
            order_id=1,
            trade_id=number,
            instrument=0,
            side=BUY,
            lots=Lots(lots),
            price=Ticks(100),
            fee=1,  # type: ignore[arg-type]
            is_maker=False,
        )
        attribution.handle(Fill(execution, intent_id=1, slot=0, purpose=ENTER), Nanos(1), out)
    weights = attribution.openings[1].weights
    for part, weight in zip(attribution.holdings[0], weights, strict=True):
        assert abs(part.lots - sum(sizes) * weight / sum(weights)) < 2


def test_the_streams_above_reach_what_they_are_about() -> None:
    """A stream written down here trades as maker and taker, on both instruments, long and short."""
    commands = [
        submit(1, lots=100),
        submit(2, SELL, 50, instrument=1),
        submit(3, order_type=LIMIT, limit=Ticks(95)),
    ]
    bars = [bar(0, (100, 110, 90, 100), 5_000), bar(0, (100, 110, 90, 100), 5_000, index=1)]
    desk = played([(commands, bars)], {"cash": MONEY_ONE})
    assert {(e.order_id, e.is_maker, int(e.instrument)) for e in executions_of(desk)} == {
        (1, False, 0),
        (2, False, 1),
        (3, True, 0),
    }
