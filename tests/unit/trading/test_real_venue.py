# SPDX-License-Identifier: Apache-2.0
"""The trading stage under a real venue's conditions: filters before the wire, waits, orphans, dust, cost."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot4.domain.event import Event
from bot4.domain.filters import RATIO_ONE, Filters
from bot4.domain.marketdata import Quote, Trade
from bot4.domain.order import (
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    POST_ONLY,
    Inquire,
    OrderWord,
    absent,
    found,
    inquiry_lost,
    rejected,
)
from bot4.domain.values import BUY, RATE_ONE, SELL, Lots, Nanos, Ticks
from bot4.trading.conditions import Conditions
from bot4.trading.desk import Desk
from tests.simulation.driver import instrument
from tests.simulation.ticks import delta, snapshot
from tests.unit.trading.walk import NOW, Walk, execution, line

pytestmark = pytest.mark.requirement("EXEC_001", "ORDER_001")

SECOND = 1_000_000_000
ALL_TYPES = (0, 1, 2, 3, POST_ONLY, IMMEDIATE_OR_CANCEL, FILL_OR_KILL)


def live(price: int = 100, *, slippage_max: int = 0, **filters: Any) -> Walk:
    """A walk under conditions; the market has traded once."""
    filters.setdefault("order_types", ALL_TYPES)
    conditions = Conditions([instrument()], [Filters(**filters)], slippage_max=slippage_max)
    walk = Walk(conditions=conditions)
    trade(walk, price)
    return walk


def trade(walk: Walk, price: int) -> list[str]:
    """The market trades."""
    return [line(e) for e in walk.hear(Trade(walk.now, walk.now, 0, 0, BUY, Ticks(price), Lots(1)))]


def tell(walk: Walk, events: Sequence[Event]) -> list[str]:
    """What trading says to several events."""
    return [line(said) for event in events for said in walk.hear(event)]


def never_left(walk: Walk, order_id: int) -> list[str]:
    """The gateway says that it did not send an order."""
    return tell(walk, [rejected(walk.now, walk.now, order_id, 0, "not sent: venue.orders_10s")])


def asked(walk: Walk, order_id: int) -> list[str]:
    """The venue, asked about an order, knows nothing of it."""
    return tell(walk, [absent(walk.now, walk.now, order_id, 0, "unknown")])


def desk(walk: Walk) -> Desk:
    """The only desk."""
    return walk.trading.desks[0]


@pytest.mark.requirement("P-12", "P2-5")
def test_an_entry_that_a_filter_refuses_does_not_leave() -> None:
    """Told with the rule, what was measured and the limit; nobody numbers it."""
    assert live(lots_min=20).enter(1, BUY, 10) == ["refused 1: filters.lots_min (10 against 20)"]
    assert live(market_min=20).enter(1, BUY, 10) == ["refused 1: filters.market_min (10 against 20)"]
    assert live(price_max=99).enter(1, BUY, 10, order_type=LIMIT, limit=100) == [
        "refused 1: filters.price_max (100 against 99)"
    ]
    assert live(order_types=(MARKET, 2)).enter(1, BUY, 10, order_type=LIMIT, limit=100) == [
        "refused 1: filters.order_type (1 against 2)"
    ]
    assert live(position_max=9).enter(1, BUY, 10) == ["refused 1: filters.position_max (10 against 9)"]


@pytest.mark.requirement("P-12", "P2-5")
def test_a_quantity_is_cut_and_never_grows() -> None:
    """To a whole step, and to the most that one order may have."""
    assert live(market_step=4).enter(1, BUY, 11) == ["submit 1: enter market buy 8"]
    assert live(lots_max=7).enter(1, BUY, 11) == ["submit 1: enter market buy 7"]


@pytest.mark.requirement("P-12", "P-10")
def test_an_entry_whose_exit_would_be_too_small_is_refused() -> None:
    """Ten lots are worth a thousand units at 100, and too little at the stop of 90, less one per cent."""
    walk = live(notional_min=1000 * 10_000, min_at_market=True)
    assert walk.enter(1, BUY, 10, stop=90)[0].startswith("refused 1: filters.notional_min")
    assert walk.enter(2, BUY, 11, stop=90)[0].startswith("refused 2: filters.notional_min")
    assert walk.enter(3, BUY, 12, stop=90) == ["submit 1: enter market buy 12"]
    patient = live(notional_min=1000 * 10_000)
    assert patient.enter(1, BUY, 11, stop=91)[0].startswith("refused 1: filters.exit_notional")


@pytest.mark.requirement("P-12", "P-10")
def test_an_entry_whose_stop_could_not_be_placed_is_refused() -> None:
    """Its trigger is below the venue's range; or there are stops enough."""
    assert live(price_min=95).enter(1, BUY, 10, stop=90) == ["refused 1: filters.price_min (90 against 95)"]
    assert live(stops_max=0).enter(1, BUY, 10, stop=90) == ["refused 1: filters.stops_max (1 against 0)"]


@pytest.mark.requirement("P-12", "P-10", "ORDER_001")
def test_an_entry_whose_pair_could_not_be_placed_is_refused() -> None:
    """Entry, target and stop may all be open at once; the pair is a list of its own, a lone stop is none."""
    assert live(orders_max=2).enter(1, BUY, 10) == ["submit 1: enter market buy 10"]
    assert live(orders_max=2).enter(1, BUY, 10, target=120) == ["refused 1: filters.orders_max (3 against 2)"]
    assert live(orders_max=3).enter(1, BUY, 10, target=120) == ["submit 1: enter market buy 10"]
    assert live(lists_max=0).enter(1, BUY, 10) == ["submit 1: enter market buy 10"]
    assert live(lists_max=0).enter(1, BUY, 10, target=120) == ["refused 1: filters.lists_max (1 against 0)"]
    walk = live(lists_max=1)
    assert walk.enter(1, BUY, 10, target=120) == ["submit 1: enter market buy 10"]
    walk.fill(1, 10, 100)
    assert walk.enter(2, BUY, 10, target=120) == ["refused 2: filters.lists_max (2 against 1)"]


@pytest.mark.requirement("P-12", "P-10", "P-11")
def test_a_part_too_small_for_a_stop_waits_for_more_and_is_dust_in_the_end() -> None:
    """Three lots cannot be protected while seven more may come; they never do: told once, and traded around."""
    walk = live(lots_min=5)
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=100)
    assert walk.fill(1, 3, 100) == ["fill 1: enter buy 3 at 100", "order 1: part_filled, filled 3, open 7"]
    assert walk.cancel(1) == ["order 1: canceled, filled 3, open 0", "refused -1: trading.dust (3 against 5)"]
    assert desk(walk).stuck == 3
    assert walk.exit(2, SELL, 3) == ["refused 2: filters.lots_min (3 against 5)"]
    assert walk.enter(3, BUY, 10, order_type=LIMIT, limit=100) == ["submit 2: enter limit buy 10 at 100"]
    assert walk.fill(2, 10, 100)[-1] == "submit 3: stop stop sell 13 at 90 reduce-only"
    assert desk(walk).stuck == 0


@pytest.mark.requirement("P-12")
def test_what_a_step_leaves_over_is_dust() -> None:
    """An exit sells whole steps; the rest is too small for anything."""
    walk = live(market_step=4, lots_min=4)
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=100)
    walk.fill(1, 10, 100)
    walk.exit(2, SELL, 10)
    assert walk.cancel(2)[-1] == "submit 3: exit market sell 8 reduce-only"
    assert walk.fill(3, 8, 100)[-1] == "refused -1: trading.dust (2 against 4)"
    assert walk.held() == desk(walk).stuck == 2


@pytest.mark.requirement("P-10")
def test_a_target_that_a_filter_refuses_is_left_out() -> None:
    """The stop leaves alone."""
    walk = live(sell_up=RATIO_ONE // 10 * 11)
    walk.enter(1, BUY, 10, target=120)
    assert walk.fill(1, 10, 100)[-1] == "submit 2: stop stop sell 10 at 90 reduce-only"


def test_an_entry_that_would_cost_too_much_is_refused() -> None:
    """Half a spread of one per cent; an order that waits, or that its limit holds back, costs nothing."""
    walk = live(slippage_max=RATE_ONE // 1000)
    assert walk.enter(1, BUY, 10) == ["submit 1: enter market buy 10"], "no quote is known: nothing to refuse by"
    walk = live(slippage_max=RATE_ONE // 1000)
    walk.hear(Quote(NOW, NOW, 0, Ticks(9_950), Lots(5), Ticks(10_050), Lots(5)))
    assert walk.enter(1, BUY, 10) == ["refused 1: execution.slippage (0.005 against 0.001)"]
    assert walk.enter(2, SELL, 10, stop=10_100) == ["refused 2: execution.slippage (0.005 against 0.001)"]
    assert walk.enter(3, BUY, 10, order_type=POST_ONLY, limit=9_990)[0].startswith("submit 1")
    walk.reject(1)
    assert walk.enter(4, BUY, 10, order_type=LIMIT, limit=10_049)[0].startswith("submit 2")
    walk.hear(Quote(NOW, NOW, 0, Ticks(9_999), Lots(5), Ticks(10_001), Lots(5)))
    walk.reject(2)
    assert walk.enter(5, BUY, 10)[0].startswith("submit 3")


def test_the_cost_is_walked_through_the_book() -> None:
    """By hand: 5 at 10001 and 5 at 10040 are 20.5 beyond 10000; more than the book has costs everything."""
    walk = live(slippage_max=RATE_ONE // 1000)
    walk.hear(snapshot(int(NOW), [(9_999, 5)], [(10_001, 5), (10_040, 5)]))
    assert walk.enter(1, BUY, 10) == ["refused 1: execution.slippage (0.00205 against 0.001)"]
    assert walk.enter(2, BUY, 11) == ["refused 2: execution.slippage (1 against 0.001)"]
    walk.hear(delta(int(NOW), asks=[(10_002, 6)]))
    assert walk.enter(3, BUY, 11) == ["submit 1: enter market buy 11"]


def test_an_exit_is_never_refused_for_its_cost() -> None:
    """Whatever it costs."""
    walk = live(slippage_max=1)
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    walk.hear(Quote(NOW, NOW, 0, Ticks(1), Lots(5), Ticks(10_050), Lots(5)))
    walk.exit(2, SELL, 10)
    assert walk.cancel(2)[-1] == "submit 3: exit market sell 10 reduce-only"


@pytest.mark.requirement("P-10", "P-14")
def test_a_stop_that_never_left_is_no_refusal_and_is_sent_again_later() -> None:
    """Each wait is an inquiry, twice as long as the one before; its answer sends the next stop."""
    walk = live()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    said = never_left(walk, 2)
    assert said == ["order 2: rejected, filled 0, open 0", "inquire 2: attempt 1, in 250 ms"]
    walk.now = Nanos(walk.now + SECOND // 4)
    assert asked(walk, 2) == ["submit 3: stop stop sell 10 at 90 reduce-only"]
    assert never_left(walk, 3)[-1] == "inquire 3: attempt 1, in 500 ms"
    walk.now = Nanos(walk.now + SECOND // 2)
    assert asked(walk, 3) == ["submit 4: stop stop sell 10 at 90 reduce-only"]
    walk.accept(4)
    assert not desk(walk).pair.stop_refused


@pytest.mark.requirement("P-10", "P-14", "I-7")
def test_what_cannot_be_sent_ends_in_a_forced_exit_and_a_report() -> None:
    """After five stops an exit at the market is tried, spaced like them, for as long as it takes."""
    walk = live()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    told: list[str] = []
    order_id = 2
    for _ in range(8):
        told += never_left(walk, order_id)
        walk.now = Nanos(walk.now + 5 * SECOND)
        told += asked(walk, order_id)
        order_id += 1
    sent = [each for each in told if each.startswith("submit")]
    assert sum("stop stop" in each for each in sent) == 4, "and the first, which was sent with the fill"
    assert [each for each in sent if "exit" in each] == [
        f"submit {n}: exit market sell 10 reduce-only" for n in (7, 8, 9, 10)
    ]
    assert "refused -1: trading.unsent (5 against 5)" in told
    assert sum(each.startswith("inquire") for each in told) == 8
    walk.fill(10, 10, 99)
    assert walk.held() == 0


@pytest.mark.requirement("P-10")
def test_without_conditions_a_stop_that_never_left_counts_as_refused() -> None:
    """As ever: the position leaves at the market."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    assert never_left(walk, 2)[-1] == "submit 3: exit market sell 10 reduce-only"


@pytest.mark.requirement("P-10", "P2-2")
def test_an_orphan_that_the_venue_leaves_is_canceled() -> None:
    """A second after the stop has filled the venue is asked about the target; it is open still: canceled."""
    walk = live()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    walk.accept(3)
    assert walk.fill(2, 10, 90)[-1] == "inquire 3: attempt 1, in 1000 ms"
    walk.now = Nanos(walk.now + SECOND)
    assert tell(walk, [found(walk.now, walk.now, 3, 0)])[0] == "cancel 3: orphan"
    walk.cancel(3)
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("P-10", "P2-2")
def test_an_orphan_that_the_venue_cancels_is_left_to_it() -> None:
    """Nothing more is sent; the answer to the inquiry finds it ended."""
    walk = live()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    walk.fill(2, 10, 90)
    assert walk.cancel(3) == ["order 3: canceled, filled 0, open 0"]
    walk.now = Nanos(walk.now + SECOND)
    assert walk.cancel(3) == []


@pytest.mark.requirement("P-10", "I-13")
@pytest.mark.parametrize("is_answered", [True, False])
def test_a_cancel_that_the_venue_keeps_refusing_is_asked_for_again_later(is_answered: bool) -> None:
    """Three times at once, then each five seconds once, for both legs: no exit is given up for a key that was lost."""

    def answer() -> OrderWord:
        return found(walk.now, walk.now, 2, 0) if is_answered else inquiry_lost(walk.now, walk.now, 2, 0, "refused")

    walk = live()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    walk.accept(2)
    walk.accept(3)
    walk.exit(2, SELL, 10)
    refused = [said for _ in range(3) for leg in (2, 3) for said in walk.refuse_cancel(leg)]
    assert [each for each in refused if each.startswith("inquire")] == ["inquire 2: attempt 1, in 5000 ms"]
    for _ in range(3):
        walk.now = Nanos(walk.now + 5 * SECOND)
        assert tell(walk, [answer()]) == ["cancel 2: exit", "cancel 3: exit"]
        refused = [said for leg in (2, 3) for said in walk.refuse_cancel(leg)]
        assert [each for each in refused if each.startswith(("inquire", "cancel"))] == [
            "inquire 2: attempt 1, in 5000 ms"
        ]
    walk.now = Nanos(walk.now + 5 * SECOND)
    tell(walk, [answer()])
    walk.cancel(2)
    assert walk.cancel(3)[-1] == "submit 4: exit market sell 10 reduce-only"


@pytest.mark.requirement("P2-2", "P-10")
def test_both_legs_of_an_emulated_pair_fill() -> None:
    """What was sold too much is told and bought back at once, and then everything is over."""
    walk = live()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    walk.fill(2, 10, 90)
    assert walk.fill(3, 4, 120)[2:] == ["refused -1: trading.overfilled (-4 against 0)", "cancel 3: exit"]
    assert walk.fill(3, 2, 120)[-1] == "order 3: cancel_pending, filled 6, open 4"
    assert walk.cancel(3)[-1] == "submit 4: exit market buy 6 reduce-only"
    walk.fill(4, 6, 121)
    assert walk.held() == 0 and walk.trading.open_orders() == []


@pytest.mark.requirement("P-10")
def test_a_stop_that_was_reached_and_does_not_fill_is_given_up() -> None:
    """Two seconds after a trade at its trigger: canceled, and sold within two per cent of the market."""
    walk = live(1_000)
    walk.enter(1, BUY, 10, stop=900)
    walk.fill(1, 10, 1_000)
    walk.accept(2)
    assert trade(walk, 900) == ["inquire 2: attempt 1, in 2000 ms"]
    walk.now = Nanos(walk.now + 2 * SECOND - 1)
    assert trade(walk, 950) == []
    walk.now = Nanos(walk.now + 1)
    assert trade(walk, 890) == ["refused -1: trading.stop_overdue (10 against 0)", "cancel 2: exit"]
    assert walk.cancel(2)[-1] == "submit 3: exit immediate_or_cancel sell 10 at 872 reduce-only"
    assert walk.expire(3)[-1] == "submit 4: exit market sell 10 reduce-only"


@pytest.mark.requirement("P-10")
def test_a_stop_is_overdue_where_nobody_trades_any_more() -> None:
    """The answer to the inquiry is the alarm: no trade has to come, and no later one has to be at its price."""
    walk = live(1_000)
    walk.enter(1, BUY, 10, stop=900)
    walk.fill(1, 10, 1_000)
    walk.accept(2)
    assert trade(walk, 899) == ["inquire 2: attempt 1, in 2000 ms"]
    walk.now = Nanos(walk.now + 2 * SECOND)
    gone = tell(walk, [found(walk.now, walk.now, 2, 0)])
    assert gone == ["refused -1: trading.stop_overdue (10 against 0)", "cancel 2: exit"]
    assert walk.cancel(2)[-1] == "submit 3: exit immediate_or_cancel sell 10 at 881 reduce-only"


@pytest.mark.requirement("P-10")
def test_a_stop_that_fills_in_part_is_asked_about_until_it_is_overdue() -> None:
    """The answer to the first inquiry comes before the wait that the fill began anew is over: another one is put."""
    walk = live(1_000)
    walk.enter(1, BUY, 10, stop=900)
    walk.fill(1, 10, 1_000)
    walk.accept(2)
    trade(walk, 900)
    walk.now = Nanos(walk.now + SECOND)
    walk.fill(2, 4, 900)
    assert trade(walk, 899) == []
    walk.now = Nanos(walk.now + SECOND)
    assert tell(walk, [found(walk.now, walk.now, 2, 0)]) == ["inquire 2: attempt 1, in 1000 ms"]
    walk.now = Nanos(walk.now + SECOND)
    gone = tell(walk, [found(walk.now, walk.now, 2, 0)])
    assert gone == ["refused -1: trading.stop_overdue (6 against 0)", "cancel 2: exit"]


@pytest.mark.requirement("P-10")
def test_a_stop_that_was_not_reached_or_fills_is_not_overdue() -> None:
    """However long it works; and a part of it that fills begins the wait anew."""
    walk = live(1_000)
    walk.enter(1, BUY, 10, stop=900)
    walk.fill(1, 10, 1_000)
    walk.accept(2)
    walk.now = Nanos(walk.now + 100 * SECOND)
    assert trade(walk, 901) == []
    assert trade(walk, 900) == ["inquire 2: attempt 1, in 2000 ms"]
    walk.now = Nanos(walk.now + SECOND)
    walk.fill(2, 5, 900)
    walk.now = Nanos(walk.now + SECOND)
    assert trade(walk, 899) == []


@pytest.mark.requirement("ORDER_001")
def test_an_entry_never_rests_where_its_own_stop_would_meet_it() -> None:
    """At or under the stop it asks for, and under the one that stands."""
    walk = live()
    assert walk.enter(1, BUY, 10, order_type=LIMIT, limit=90, stop=90) == [
        "refused 1: trading.own_price (90 against 90)"
    ]
    walk.enter(2, BUY, 10, order_type=LIMIT, limit=100, stop=95)
    walk.fill(1, 10, 100)
    walk.accept(2)
    assert walk.enter(3, BUY, 10, order_type=LIMIT, limit=94, stop=80)[0] == (
        "refused 3: trading.own_price (94 against 95)"
    )


def test_an_idle_exit_is_tried_again_later_and_not_at_once() -> None:
    """Nobody to trade with: the next try waits for an answer from the venue."""
    walk = live()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    assert walk.reject(2)[-1] == "submit 3: exit market sell 10 reduce-only"
    assert walk.expire(3)[-1] == "inquire 3: attempt 1, in 250 ms"
    walk.now = Nanos(walk.now + SECOND)
    assert asked(walk, 3) == ["submit 4: exit market sell 10 reduce-only"]


def test_the_state_tells_what_is_known_of_the_market() -> None:
    """Under conditions a price is part of the state; without, no market event is asked for."""
    walk = live()
    before = walk.state()
    trade(walk, 101)
    assert walk.state() != before
    walk.hear(execution(1, 1, BUY, 1, 100))
    assert Inquire.__name__ not in {type(e).__name__ for e in walk.hear(rejected(NOW, NOW, 1, 0, "not sent: x"))}
