# SPDX-License-Identifier: Apache-2.0
"""What an event costs does not grow with the orders that cannot meet it: calls counted, not time."""

import sys
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import pytest

from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.order import LIMIT, STOP, cancel_command
from bot4.domain.values import BUY, MONEY_ONE, SELL, Money, Nanos
from bot4.simulation.book.venue import NEVER, TickVenue
from bot4.simulation.venue import SimulatedVenue
from tests.simulation.driver import START, bar, instrument, submit
from tests.simulation.ticks import delta, snapshot, trade


def calls_of(action: Callable[..., Any], *words: Any) -> int:
    """How many functions an action calls, written in Python or in C; 0 where it is compiled itself."""
    count = 0

    def note(_frame: Any, what: str, _argument: Any) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(note)
    try:
        action(*words)
    finally:
        sys.setprofile(None)
    return count


def resting(count: int) -> list[Any]:
    """Orders far from 10,000, half of them stops, spread over prices and piled on one."""
    orders = []
    for number in range(1, count + 1):
        side = BUY if number % 2 else SELL
        away = 3_000 + (number % 97 if number % 3 else 0)
        if number % 4 < 2:
            orders.append(submit(number, side, 1, order_type=LIMIT, limit=10_000 - side * away))
        else:
            orders.append(submit(number, side, 1, order_type=STOP, trigger=10_000 + side * away))
    return orders


def tick_costs(count: int) -> list[int]:
    """Calls for a delta, a trade, a new order and its cancel at a tick venue with so many orders open."""
    table = [instrument(instrument_type=LINEAR_PERPETUAL)]
    venue = TickVenue(table, cash=Money(10**6 * MONEY_ONE))
    venue.observe(snapshot(START, [(9_990, 5), (6_900, 5)], [(10_010, 5), (13_100, 5)]))
    for order in resting(count):
        venue.send(order, Nanos(START + 1))
    venue.advance(Nanos(START + 1))
    while venue.next_report(Nanos(NEVER)) is not None:
        pass
    events = [delta(START + 2, [(9_990, 4)], [(10_010, 7)]), trade(START + 3, 10_000, 5, SELL)]
    costs = [calls_of(venue.observe, event) for event in events]
    return costs + [calls_of(sent, venue, command) for command in commands_of(count)]


def bar_costs(count: int) -> list[int]:
    """Calls for a quiet bar, a bar that fills one order, a new order and its cancel at the bar venue."""
    venue = SimulatedVenue([instrument()], cash=Money(10**9 * MONEY_ONE))
    near = submit(2 * count + 5, BUY, 1, order_type=LIMIT, limit=9_995)
    for order in [order for order in resting(2 * count) if order.side == BUY] + [near]:
        venue.send(order, Nanos(START))
    venue.advance(Nanos(START))
    while venue.next_report() is not None:
        pass
    bars = bar(1, (10_000, 10_001, 9_999, 10_000)), bar(2, (10_000, 10_001, 9_990, 10_000))
    costs = [calls_of(step, each) for each in bars for step in (venue.open_bar, venue.trade_bar)]
    assert venue.ledger.executions == 1
    return costs + [calls_of(sent, venue, command) for command in commands_of(count)]


def sent(venue: TickVenue | SimulatedVenue, command: Any) -> None:
    """Send a command and let it arrive."""
    at = Nanos(START + 3_600 * 10**9)
    venue.send(command, at)
    venue.advance(at)


def commands_of(number: int) -> Sequence[Any]:
    """A new order far away, beside others, and its cancel."""
    order = submit(3 * number + 7, BUY, 1, order_type=LIMIT, limit=7_000)
    return order, cancel_command(Nanos(START), order.order_id, 0, "asked")


@pytest.mark.parametrize("costs", [tick_costs, bar_costs])
def test_an_event_costs_the_same_with_a_hundred_orders_open_or_four_thousand(
    costs: Callable[[int], list[int]],
) -> None:
    """Every one of them: market events, an order taken, an order canceled."""
    if not isinstance(SimulatedVenue.send, FunctionType):
        pytest.skip("compiled code calls what no profiler sees; the pure run counts")
    few, many = costs(100), costs(4_000)
    assert min(few) > 0
    assert many == few
