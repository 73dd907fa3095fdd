# SPDX-License-Identifier: Apache-2.0
"""The order's life: every pair of state and event, told a second time as rules, and the order that lives by them."""

import pytest
from librt.strings import BytesWriter

from bot4.domain.event import ACCEPTED, CANCEL_REJECTED, EXPIRED, REJECTED
from bot4.domain.event import CANCELED as CANCELED_REPORT
from bot4.domain.order import (
    CANCEL_PENDING,
    CANCEL_UNKNOWN,
    FILLED,
    NEW,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    ORDER_STATES,
    PART_FILLED,
    SUBMIT_UNKNOWN,
    SUBMITTED,
    WORKING,
)
from bot4.domain.values import BUY, Lots, Ticks
from bot4.trading.orders import (
    ACCEPT,
    APPLIED,
    ASK_CANCEL,
    CANCEL_REJECT,
    CANCELED,
    EVENT_NAMES,
    EVENTS,
    EXPIRE,
    IGNORED,
    IMPOSSIBLE,
    LAST_FILL,
    LOSE_CANCEL,
    LOSE_SUBMIT,
    PART_FILL,
    REJECT,
    SEND,
    TABLE,
    Order,
    is_closed,
)
from tests.unit.trading.walk import request

SAME = -1
NEVER = -2
OPEN = (SUBMITTED, WORKING, PART_FILLED, CANCEL_PENDING, SUBMIT_UNKNOWN, CANCEL_UNKNOWN)
ENDED = (FILLED, ORDER_CANCELED, ORDER_REJECTED, ORDER_EXPIRED)


def by_rule_of_fills(state: int, event: int) -> int:
    """Executions: facts, believed in every state that still has lots to fill."""
    if state == FILLED:
        return NEVER
    if event == LAST_FILL:
        return FILLED
    if state == ORDER_REJECTED:
        return ORDER_CANCELED
    keeps = state in (CANCEL_PENDING, CANCEL_UNKNOWN, ORDER_CANCELED, ORDER_EXPIRED)
    return state if keeps else PART_FILLED


def by_rule_of_ends(state: int, event: int) -> int:
    """Reject, cancel, expiry: they end what is open; after an end they are late, or contradict a reject."""
    if state in OPEN:
        end = {REJECT: ORDER_REJECTED, CANCELED: ORDER_CANCELED, EXPIRE: ORDER_EXPIRED}[event]
        return ORDER_CANCELED if state == PART_FILLED and event == REJECT else end
    contradicts = (state == ORDER_REJECTED) != (event == REJECT)
    return NEVER if contradicts else SAME


def by_rule_of_cancels(state: int, event: int) -> int:
    """Our cancels and what becomes of them."""
    if event == ASK_CANCEL:
        return CANCEL_PENDING if state in (SUBMITTED, WORKING, PART_FILLED) else SAME
    if state == SUBMITTED:
        return NEVER
    if event == CANCEL_REJECT:
        return WORKING if state in (CANCEL_PENDING, CANCEL_UNKNOWN) else SAME
    return CANCEL_UNKNOWN if state == CANCEL_PENDING else SAME


def by_rule(state: int, event: int) -> int:
    """The whole table, told as rules."""
    if state == NEW or event == SEND:
        return SUBMITTED if (state, event) == (NEW, SEND) else NEVER
    if event in (PART_FILL, LAST_FILL):
        return by_rule_of_fills(state, event)
    if event in (REJECT, CANCELED, EXPIRE):
        return by_rule_of_ends(state, event)
    if event in (ASK_CANCEL, CANCEL_REJECT, LOSE_CANCEL):
        return by_rule_of_cancels(state, event)
    if event == ACCEPT:
        fresh = state in (SUBMITTED, SUBMIT_UNKNOWN)
        return WORKING if fresh else NEVER if state == ORDER_REJECTED else SAME
    assert event == LOSE_SUBMIT
    return SUBMIT_UNKNOWN if state in (SUBMITTED, CANCEL_PENDING) else SAME


def order(lots: int = 10) -> Order:
    """A fresh order."""
    return Order(1, request(1, BUY, lots), Lots(lots), sibling_id=0, reduce_only=False)


def summary(it: Order) -> tuple[int, int, int]:
    """State, filled, open."""
    return int(it.state), int(it.filled), int(it.leaves)


@pytest.mark.requirement("ORDER_001", "PATTERN_001")
@pytest.mark.parametrize("state", range(len(ORDER_STATES)), ids=ORDER_STATES)
@pytest.mark.parametrize("event", range(EVENTS), ids=EVENT_NAMES)
def test_every_pair_of_state_and_event_has_the_outcome_the_rules_give(state: int, event: int) -> None:
    """The compiled table and a second telling of it agree on every pair."""
    cell = TABLE[state * EVENTS + event]
    expected = by_rule(state, event)
    assert (expected if expected >= 0 else {SAME: 254, NEVER: 255}[expected]) == cell


@pytest.mark.requirement("ORDER_001")
def test_the_table_has_no_pair_too_many() -> None:
    """States times events, no more and no less."""
    assert len(TABLE) == len(ORDER_STATES) * EVENTS == 121


@pytest.mark.requirement("ORDER_001")
def test_the_venues_reports_are_the_first_events_in_the_order_of_their_kinds() -> None:
    """The stage turns a report's kind into an event by subtraction."""
    kinds = (ACCEPTED, REJECTED, CANCELED_REPORT, EXPIRED, CANCEL_REJECTED)
    assert [kind - ACCEPTED for kind in kinds] == [ACCEPT, REJECT, CANCELED, EXPIRE, CANCEL_REJECT]


@pytest.mark.requirement("ORDER_001")
@pytest.mark.parametrize("state", ENDED)
def test_an_ended_order_never_opens_again(state: int) -> None:
    """Whatever is reported after an end, the order stays at an end."""
    cells = [TABLE[state * EVENTS + event] for event in range(EVENTS)]
    assert all(cell >= 254 or is_closed(cell) for cell in cells)


@pytest.mark.requirement("ORDER_001", "P-11")
def test_working_with_fills_reads_part_filled_after_a_refused_cancel() -> None:
    """State follows from cumulative fills: a refused cancel leads back to what the order was."""
    it = order()
    for event in (SEND, ACCEPT):
        assert it.step(event) == APPLIED
    assert it.fill(7, Lots(4), Ticks(100)) == APPLIED
    it.step(ASK_CANCEL)
    assert it.step(CANCEL_REJECT) == APPLIED
    assert summary(it) == (PART_FILLED, 4, 6)


@pytest.mark.requirement("ORDER_001", "P-11")
def test_a_reject_after_a_fill_ends_the_rest_and_keeps_the_fill() -> None:
    """A reject while a cancel is pending cannot undo what has traded."""
    it = order()
    it.step(SEND)
    it.fill(7, Lots(4), Ticks(100))
    it.step(ASK_CANCEL)
    assert it.step(REJECT) == APPLIED
    assert summary(it) == (ORDER_CANCELED, 4, 0)


@pytest.mark.requirement("ORDER_001", "P-05")
def test_an_execution_counts_once_however_often_it_is_reported() -> None:
    """The venue's trade id makes the second report a repetition."""
    it = order()
    it.step(SEND)
    assert it.fill(7, Lots(4), Ticks(100)) == APPLIED
    assert it.fill(7, Lots(4), Ticks(100)) == IGNORED
    assert it.filled == 4


@pytest.mark.requirement("ORDER_001", "P-11")
@pytest.mark.parametrize("lots", [-1, 0, 7, 1 << 40])
def test_no_execution_makes_more_of_an_order_than_was_asked(lots: int) -> None:
    """What does not fit into what is left is told and not applied."""
    it = order()
    it.step(SEND)
    it.fill(7, Lots(4), Ticks(100))
    before = BytesWriter()
    it.write(before)
    assert it.fill(8, Lots(lots), Ticks(100)) == IMPOSSIBLE
    after = BytesWriter()
    it.write(after)
    assert before.getvalue() == after.getvalue()


@pytest.mark.requirement("ORDER_001")
def test_the_average_price_is_the_mean_over_lots_rounded_half_to_even() -> None:
    """Three lots at 100 and three at 101 are 100.5: 100 by the rule of the house."""
    it = order()
    it.step(SEND)
    assert it.average() == 0
    it.fill(1, Lots(3), Ticks(100))
    it.fill(2, Lots(3), Ticks(101))
    assert it.average() == 100
    it.fill(3, Lots(1), Ticks(103))
    assert it.average() == 101


@pytest.mark.requirement("ORDER_001", "P-04")
def test_a_fill_proves_that_an_order_of_unknown_fate_lives() -> None:
    """After a lost answer a fill, not a guess, decides; a cancel is not sent before that."""
    it = order()
    it.step(SEND)
    assert it.step(LOSE_SUBMIT) == APPLIED
    assert it.state == SUBMIT_UNKNOWN
    assert it.step(ASK_CANCEL) == IGNORED
    assert it.step(CANCEL_REJECT) == IGNORED
    assert it.fill(1, Lots(3), Ticks(100)) == APPLIED
    assert it.state == PART_FILLED


@pytest.mark.requirement("ORDER_001")
def test_what_was_never_sent_cannot_fill() -> None:
    """A fill of an unsent order is a contradiction."""
    it = order()
    assert it.fill(1, Lots(3), Ticks(100)) == IMPOSSIBLE
    assert summary(it) == (NEW, 0, 10)
