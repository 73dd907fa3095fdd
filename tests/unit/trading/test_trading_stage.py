# SPDX-License-Identifier: Apache-2.0
"""The trading stage where things go wrong: refusals, contradictions, venues that refuse, memory that stays flat."""

from collections.abc import Callable

import pytest

from bot4.domain.event import APPROVED, CANCEL, MODE, READINESS, REPORTS
from bot4.domain.filters import Filters
from bot4.domain.order import EXIT, LIMIT, PROTECT_STOP, OrderWord, accepted
from bot4.domain.readiness import ALL_INSTRUMENTS, MARKET_STALE, RECONCILING, VENUE_UNREACHABLE, Readiness
from bot4.domain.values import BUY, SELL, Nanos
from bot4.domain.verdict import NORMAL, PAUSED, REDUCED, Intent, Mode
from bot4.trading.book import CLOSED_MAX, CLOSED_MIN, CLOSED_NS
from bot4.trading.conditions import Conditions
from bot4.trading.execution import Trading
from tests.simulation.driver import instrument
from tests.unit.trading.walk import NOW, Walk, approved, execution, line, request


def holding(lots: int = 10, **prices: int) -> Walk:
    """A walk that has bought: order 1 filled, its stop is order 2, its target (if any) order 3."""
    walk = Walk()
    walk.enter(1, BUY, lots, **prices)
    walk.fill(1, lots, 100)
    return walk


def anything() -> Conditions:
    """The conditions of a venue that takes whatever it is sent."""
    return Conditions([instrument()], [Filters()])


def one_trade(walk: Walk, intent_id: int) -> None:
    """An entry and the stop that ends it, in full, under whatever ids they have."""
    entry = int(walk.trading.table.next_id)
    walk.enter(intent_id, BUY, 10)
    walk.fill(entry, 10, 100)
    walk.fill(entry + 1, 10, 90)


@pytest.mark.requirement("ORDER_001")
def test_it_consumes_verdicts_modes_and_reports_and_nothing_else() -> None:
    """A wish that risk has not approved moves nothing."""
    walk = Walk()
    assert walk.trading.consumes == (APPROVED, MODE, READINESS, *REPORTS)
    before = walk.state()
    assert walk.hear(Intent(NOW, request(1, BUY, 10, stop=90), [])) == []
    assert walk.state() == before


@pytest.mark.requirement("EXEC_001")
def test_an_entry_keeps_its_type_and_prices() -> None:
    """A limit entry reaches the venue as it was approved."""
    assert Walk().enter(1, BUY, 10, order_type=LIMIT, limit=99) == ["submit 1: enter limit buy 10 at 99"]


@pytest.mark.requirement("EXEC_001", "P2-1")
def test_one_entry_at_a_time() -> None:
    """A second entry is refused while the first works, and nothing is sent for it."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    assert walk.enter(2, BUY, 10) == ["refused 2: trading.busy (2 against 1)"]


@pytest.mark.requirement("EXEC_001", "P2-1")
def test_one_exit_at_a_time_and_no_entry_beside_it() -> None:
    """While an exit waits or works, everything else is refused."""
    walk = holding()
    walk.exit(2, SELL, 10)
    assert walk.exit(3, SELL, 10) == ["refused 3: trading.busy (2 against 1)"]
    walk.cancel(2)
    assert walk.exit(4, SELL, 10) == ["refused 4: trading.busy (2 against 1)"]
    assert walk.enter(5, BUY, 10) == ["refused 5: trading.busy (2 against 1)"]


@pytest.mark.requirement("EXEC_001", "P-03", "P2-1", "I-2")
def test_an_intent_is_carried_out_once() -> None:
    """The same approval again is refused, while its order works and after it ended."""
    walk = holding()
    assert walk.enter(1, BUY, 10) == ["refused 1: trading.intent_repeated (1 against 0)"]
    assert walk.held() == 10


@pytest.mark.requirement("EXEC_001")
def test_an_entry_against_the_position_is_refused() -> None:
    """A position is left by an exit; an entry the other way would cross its stop."""
    assert holding().enter(2, SELL, 5) == ["refused 2: trading.opposite (10 against 0)"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_an_entry_without_a_stop_is_refused() -> None:
    """What could not be protected is not opened."""
    assert Walk().enter(1, BUY, 10, stop=0) == ["refused 1: trading.stop_missing (0 against 1)"]


@pytest.mark.requirement("EXEC_001")
def test_protection_cannot_be_requested_from_outside() -> None:
    """Stops are trading's own; an approval for one is refused."""
    walk = Walk()
    said = walk.hear(approved(request(1, SELL, 10, purpose=PROTECT_STOP)))
    assert [line(e) for e in said] == ["refused 1: trading.purpose (2 against 1)"]


@pytest.mark.requirement("EXEC_001")
def test_an_exit_of_nothing_is_refused_so_that_its_intent_ends() -> None:
    """Flat, nothing working: there is nothing to exit."""
    assert Walk().exit(1, SELL, 10) == ["refused 1: trading.nothing_to_exit (0 against 1)"]


@pytest.mark.requirement("EXEC_001", "P-11")
def test_an_exit_never_sells_more_than_is_held() -> None:
    """Asked for 99, held 10: the order is for 10, and the approved request is left as it was."""
    walk = holding()
    asked = request(2, SELL, 99, purpose=EXIT)
    walk.hear(approved(asked))
    assert walk.cancel(2)[1:] == ["submit 3: exit market sell 10 reduce-only"]
    assert asked.lots == 99


@pytest.mark.requirement("EXEC_001", "P-10")
def test_an_exit_that_ends_unfilled_leaves_the_position_protected() -> None:
    """A rejected exit is over; the stop comes back."""
    walk = holding()
    walk.exit(2, SELL, 10)
    walk.cancel(2)
    assert walk.reject(3) == ["order 3: rejected, filled 0, open 0", "submit 4: stop stop sell 10 at 90 reduce-only"]


@pytest.mark.requirement("ORDER_001", "P-05")
def test_a_report_that_comes_twice_is_heard_once() -> None:
    """Repeated accepts, executions and cancels are counted and cause nothing."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.accept(1)
    assert walk.accept(1) == []
    walk.fill(1, 10, 100, trade_id=77)
    assert walk.fill(1, 10, 100, trade_id=77) == []
    walk.cancel(2)
    assert walk.cancel(2) == []
    assert (walk.held(), int(walk.trading.ignored)) == (10, 3)


@pytest.mark.requirement("ORDER_001")
def test_a_report_for_an_order_nobody_sent_is_a_contradiction() -> None:
    """It is answered with a value that ends no intent; no position changes."""
    walk = holding()
    said = [*walk.hear(execution(99, 500, BUY, 1, 100)), *walk.hear(accepted(NOW, NOW, 98, 0))]
    assert [line(e) for e in said] == [
        "refused -1: trading.contradiction.unknown_order.fill (99 against 0)",
        "refused -1: trading.contradiction.unknown_order.accept (98 against 0)",
    ]
    assert (walk.held(), int(walk.trading.contradictions)) == (10, 2)


@pytest.mark.requirement("ORDER_001")
def test_a_report_of_another_instrument_or_side_is_a_contradiction() -> None:
    """An order id alone does not make a report ours."""
    walk = Walk(instruments=2)
    walk.enter(1, BUY, 10)
    said = [*walk.hear(execution(1, 1, SELL, 10, 100)), *walk.hear(execution(1, 1, BUY, 10, 100, instrument=1))]
    said += walk.hear(accepted(NOW, NOW, 1, 1))
    assert [line(e) for e in said] == [
        "refused -1: trading.contradiction.wrong_side.fill (1 against 0)",
        "refused -1: trading.contradiction.unknown_order.fill (1 against 0)",
        "refused -1: trading.contradiction.unknown_order.accept (1 against 0)",
    ]
    assert walk.held() == 0


@pytest.mark.requirement("ORDER_001", "P-11")
def test_more_than_was_asked_is_a_contradiction_and_not_booked() -> None:
    """The sum of fills stays within the order; the difference is for reconciliation."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 8, 100)
    assert walk.fill(1, 3, 100) == ["refused -1: trading.contradiction.part_filled.overfill (1 against 0)"]
    assert walk.held() == 8


@pytest.mark.requirement("ORDER_001")
def test_an_accept_after_a_reject_is_a_contradiction_and_changes_nothing() -> None:
    """One of the venue's two words is wrong; the order stays what it was."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.reject(1)
    assert walk.accept(1) == ["refused -1: trading.contradiction.rejected.accept (1 against 0)"]
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_venue_that_refuses_every_stop_and_exit_meets_a_bound() -> None:
    """Tries end in a report; nothing is sent until something changes; a new request tries again."""
    walk = holding()
    said: list[str] = []
    order_id = 2
    while walk.trading.open_orders():
        said += walk.reject(order_id)
        order_id += 1
    assert said[-1] == "refused -1: trading.unprotected (10 against 0)"
    assert sum("exit market sell 10" in s for s in said) == 4
    assert walk.enter(7, BUY, 5)[0] == "refused 7: trading.unprotected (10 against 0)"
    assert walk.trading.open_orders()[0].purpose == PROTECT_STOP


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_venue_that_keeps_canceling_the_stop_ends_in_an_exit() -> None:
    """Two pairs in a row without a fill between them, then out."""
    walk = holding()
    assert walk.expire(2)[1:] == ["submit 3: stop stop sell 10 at 90 reduce-only"]
    assert walk.expire(3)[1:] == ["submit 4: exit market sell 10 reduce-only"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_refused_target_is_dropped_and_the_stop_stays() -> None:
    """The stop protects; a pair placed later comes without the target too."""
    walk = holding(target=120)
    assert walk.reject(3) == ["order 3: rejected, filled 0, open 0"]
    assert [order.order_id for order in walk.trading.open_orders()] == [2]
    assert walk.expire(2)[1:] == ["submit 4: stop stop sell 10 at 90 reduce-only"]


@pytest.mark.requirement("EXEC_001", "P-10", "P2-2")
def test_an_orphan_that_the_venue_forgot_is_canceled_before_the_next_entry() -> None:
    """Flat by the stop, the target still open: no entry until it is gone."""
    walk = holding(target=120)
    assert walk.fill(2, 10, 90) == ["fill 2: stop sell 10 at 90", "order 2: filled, filled 10, open 0"]
    assert walk.enter(2, BUY, 10) == ["refused 2: trading.busy (2 against 1)", "cancel 3: flat"]
    walk.cancel(3)
    assert walk.enter(3, BUY, 10) == ["submit 4: enter market buy 10"]


@pytest.mark.requirement("EXEC_001", "P2-2", "P-10")
def test_both_legs_filled_is_noticed_and_the_excess_flattened() -> None:
    """Stop and target traded both: what was sold too much is bought back at the market."""
    walk = holding(target=120)
    walk.fill(2, 10, 90)
    assert walk.fill(3, 10, 120) == [
        "fill 3: target sell 10 at 120",
        "order 3: filled, filled 10, open 0",
        "refused -1: trading.overfilled (-10 against 0)",
        "submit 4: exit market buy 10 reduce-only",
    ]
    walk.fill(4, 10, 119)
    assert walk.held() == 0
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("EXEC_001", "P-10")
def test_flat_by_a_late_fill_takes_the_pair_away() -> None:
    """Not a leg but a late exit fill made it flat: the orphans are canceled at once."""
    walk = holding(target=120)
    walk.exit(2, SELL, 10)
    walk.cancel(2)
    walk.cancel(3)
    walk.cancel(4)
    assert [order.purpose for order in walk.trading.open_orders()] == [2, 3]
    assert walk.fill(4, 10, 100)[2:] == ["cancel 5: flat", "cancel 6: flat"]


@pytest.mark.requirement("ORDER_001", "EXEC_001")
def test_a_refused_cancel_is_asked_again_a_bounded_number_of_times() -> None:
    """Three times, then a report; a new request is a reason to ask again."""
    walk = holding()
    walk.accept(2)
    assert walk.exit(2, SELL, 10) == ["cancel 2: exit"]
    again = ["order 2: working, filled 0, open 10", "cancel 2: exit"]
    assert [walk.refuse_cancel(2), walk.refuse_cancel(2)] == [again, again]
    assert walk.refuse_cancel(2) == [
        "refused -1: trading.cancel_refused (2 against 0)",
        "order 2: working, filled 0, open 10",
    ]
    assert walk.exit(3, SELL, 10) == ["refused 3: trading.busy (2 against 1)", "cancel 2: exit"]


@pytest.mark.requirement("ORDER_001", "EXEC_001")
def test_a_fill_is_a_reason_to_ask_for_the_cancel_again() -> None:
    """The order has changed, so the venue's refusals count no more."""
    walk = holding()
    walk.exit(2, SELL, 10)
    for _ in range(3):
        walk.refuse_cancel(2)
    assert walk.fill(2, 1, 90)[-1] == "cancel 2: exit"


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_late_fill_of_an_older_entry_does_not_bring_back_its_stop() -> None:
    """The latest request that opened rules, whatever arrives after it."""
    walk = Walk()
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=99, stop=80)
    walk.cancel(1)
    walk.enter(2, BUY, 10, stop=95)
    walk.fill(2, 10, 100)
    walk.fill(1, 5, 99)
    assert walk.cancel(3)[1:] == ["submit 4: stop stop sell 15 at 95 reduce-only"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_after_flat_a_late_fill_of_an_older_entry_has_its_own_stop() -> None:
    """What ruled the position before is over with it."""
    walk = Walk()
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=99, stop=80)
    walk.cancel(1)
    walk.enter(2, BUY, 10, stop=95)
    walk.fill(2, 10, 100)
    walk.fill(3, 10, 95)
    assert walk.fill(1, 5, 99)[2:] == ["submit 4: stop stop sell 5 at 80 reduce-only"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_stop_of_the_right_size_at_a_price_of_the_past_is_replaced() -> None:
    """An increase and a late exit fill cancel out in lots; the increase's stop rules all the same."""
    walk = holding()
    walk.exit(2, SELL, 5)
    walk.cancel(2)
    walk.cancel(3)
    assert walk.enter(3, BUY, 5, stop=95) == ["submit 5: enter market buy 5"]
    assert walk.fill(5, 5, 100)[2:] == ["cancel 4: size"]
    assert walk.fill(3, 5, 100)[2:] == []
    assert walk.refuse_cancel(4) == ["order 4: working, filled 0, open 10", "cancel 4: size"]
    assert walk.cancel(4)[1:] == ["submit 6: stop stop sell 10 at 95 reduce-only"]


@pytest.mark.requirement("EXEC_001", "P-10", "P-11")
def test_many_partial_fills_move_the_stop_as_often_and_force_no_exit() -> None:
    """Each fill is a new situation: tries are counted between fills only."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    stop_id = 2
    for held in range(1, 11):
        walk.fill(1, 1, 100)
        if held > 1:
            assert walk.cancel(stop_id)[1:] == [f"submit {stop_id + 1}: stop stop sell {held} at 90 reduce-only"]
            stop_id += 1


@pytest.mark.requirement("EXEC_001", "P-10")
def test_flat_by_a_late_fill_of_an_older_stop_takes_the_new_one_away() -> None:
    """The venue cancels the sibling of a leg that fills, not the pair that came after it."""
    walk = holding()
    walk.exit(2, SELL, 10)
    walk.cancel(2)
    walk.cancel(3)
    assert walk.fill(2, 10, 90)[2:] == ["cancel 4: flat"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_an_exit_in_the_wrong_direction_leaves_the_stop_alone() -> None:
    """There is nothing to exit, so nothing is canceled for it."""
    walk = holding()
    assert walk.exit(2, BUY, 10) == ["refused 2: trading.nothing_to_exit (-10 against 1)"]
    assert [order.order_id for order in walk.trading.open_orders()] == [2]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_an_exit_that_the_race_turned_pointless_leaves_what_is_held_protected() -> None:
    """The entry to be canceled opened the other way: the exit is over, its opening gets a stop."""
    walk = Walk()
    walk.enter(1, SELL, 10, order_type=LIMIT, limit=101)
    assert walk.exit(2, SELL, 10) == ["cancel 1: exit"]
    walk.fill(1, 4, 101)
    assert walk.cancel(1)[1:] == [
        "refused 2: trading.nothing_to_exit (-4 against 1)",
        "submit 2: stop stop buy 4 at 110 reduce-only",
    ]


@pytest.mark.requirement("ORDER_001", "P2-6")
def test_instruments_do_not_disturb_each_other() -> None:
    """An entry that works on one is no reason to refuse one on the other."""
    walk = Walk(instruments=2)
    walk.enter(1, BUY, 10)
    assert walk.enter(2, SELL, 10, instrument=1) == ["submit 2: enter market sell 10"]
    walk.hear(execution(2, 1, SELL, 10, 100, instrument=1))
    assert (walk.held(0), walk.held(1)) == (0, -10)


@pytest.mark.requirement("ORDER_001", "MEM_001", "prod_001", "I-9")
def test_memory_is_flat_and_a_forgotten_order_cannot_fill_again() -> None:
    """Ended orders are bounded, their digest is not; an old execution is refused, never applied twice."""
    walk = Walk()
    sizes: list[int] = []
    table = walk.trading.table
    assert (table.closed_max, Walk(conditions=anything()).trading.table.closed_max) == (CLOSED_MIN, CLOSED_MAX)
    table.closed_max = 2 * CLOSED_MIN
    for intent_id in range(1, 4 * CLOSED_MIN):
        one_trade(walk, intent_id)
        sizes.append(len(walk.state()))
    assert (len(table.open), len(table.closed), len(table.intents)) == (0, 2 * CLOSED_MIN, CLOSED_MIN)
    assert len(set(sizes)) == 1
    said = walk.hear(execution(1, 1, BUY, 10, 100))
    assert [line(e) for e in said] == ["refused -1: trading.contradiction.unknown_order.fill (1 against 0)"]


@pytest.mark.requirement("ORDER_001", "P2-1", "P-05")
def test_an_order_is_found_for_a_day_after_its_end() -> None:
    """A late fill of it is applied and its intent refused; a day on, once there are enough others, it is unknown."""
    walk = Walk(conditions=anything())
    walk.enter(1, BUY, 10)
    walk.cancel(1)
    for intent_id in range(2, 2 * CLOSED_MIN):
        one_trade(walk, intent_id)
    walk.now = Nanos(NOW + CLOSED_NS - 1)
    one_trade(walk, 2 * CLOSED_MIN)
    assert walk.enter(1, BUY, 10) == ["refused 1: trading.intent_repeated (1 against 0)"]
    assert walk.fill(1, 4, 100)[0] == "fill 1: enter buy 4 at 100"
    assert walk.held() == 4
    walk.exit(2 * CLOSED_MIN + 1, SELL, 4)
    walk.cancel(max(walk.trading.table.open))
    walk.fill(max(walk.trading.table.open), 4, 100)
    walk.now = Nanos(NOW + CLOSED_NS)
    one_trade(walk, 2 * CLOSED_MIN + 2)
    assert walk.trading.table.find(1) is None
    assert len(walk.trading.table.closed) == CLOSED_MIN
    said = walk.hear(execution(1, 99, BUY, 1, 100))
    assert [line(e) for e in said] == ["refused -1: trading.contradiction.unknown_order.fill (1 against 0)"]


@pytest.mark.requirement("ORDER_001", "I-10")
def test_the_state_tells_runs_apart_by_orders_long_ended() -> None:
    """Equal lives give equal bytes; one other fill in an ended order gives others."""
    one, same, other = Walk(), Walk(), Walk()
    for walk in (one, same, other):
        one_trade(walk, 1)
    assert one.state() == same.state()
    other.enter(2, BUY, 3)
    other.reject(3)
    one.enter(2, BUY, 3)
    one.cancel(3)
    assert one.trading.open_orders() == other.trading.open_orders() == []
    assert one.state() != other.state()


@pytest.mark.requirement("ORDER_001", "I-10")
def test_each_open_order_and_desk_shows_in_the_state() -> None:
    """Every step of a life changes the bytes."""
    walk = Walk()
    seen = [walk.state()]
    steps: list[Callable[[], list[str]]] = [
        lambda: walk.enter(1, BUY, 10, target=120),
        lambda: walk.accept(1),
        lambda: walk.fill(1, 10, 100),
        lambda: walk.exit(2, SELL, 5),
        lambda: walk.cancel(2),
        lambda: walk.cancel(3),
        lambda: walk.fill(4, 5, 100),
    ]
    for step in steps:
        step()
        seen.append(walk.state())
    assert len(set(seen)) == len(seen) == 8


@pytest.mark.requirement("ORDER_001")
def test_a_new_stage_holds_nothing() -> None:
    """No order, no position, no count."""
    trading = Trading(3)
    assert [trading.position(i) for i in range(3)] == [0, 0, 0]
    assert (trading.open_orders(), trading.ignored, trading.contradictions) == ([], 0, 0)


def test_a_pause_cancels_what_an_entry_may_still_fill() -> None:
    """Part of an entry is filled when the mode turns to paused: the rest is canceled, what is held stays protected."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 4, 100)
    said = walk.hear(Mode(NOW, PAUSED, NORMAL, rule="risk.drawdown.pause", measured=0.1, limit=0.1))
    assert [event.kind for event in said] == [CANCEL]
    assert walk.hear(Mode(NOW, REDUCED, NORMAL, rule="risk.drawdown.reduce", measured=0.05, limit=0.05)) == []


@pytest.mark.requirement("I-11")
@pytest.mark.parametrize(
    ("reason", "instrument", "ready", "ends"),
    [
        (MARKET_STALE, 0, False, True),
        (MARKET_STALE, ALL_INSTRUMENTS, False, True),
        (MARKET_STALE, 1, False, False),
        (MARKET_STALE, 0, True, False),
        (RECONCILING, ALL_INSTRUMENTS, False, False),
        (VENUE_UNREACHABLE, ALL_INSTRUMENTS, False, False),
    ],
)
def test_only_a_stale_market_ends_what_is_open_of_an_entry(
    reason: int, instrument: int, ready: bool, ends: bool
) -> None:
    """An entry rests on data; where books are in doubt or nobody answers, a cancel is one more thing to doubt."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 4, 100)
    said = walk.hear(Readiness(NOW, NOW, reason=reason, instrument=instrument, ready=ready, note=""))
    assert [event.kind for event in said] == ([CANCEL] if ends else [])
    assert [event.reason for event in said if isinstance(event, OrderWord)] == (["market stale"] if ends else [])
