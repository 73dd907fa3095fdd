# SPDX-License-Identifier: Apache-2.0
"""Trading against a venue with right books and bad manners: the truth wins, once, and what is held is protected."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot4.domain.event import Event
from bot4.domain.filters import Filters
from bot4.domain.order import (
    ENTER,
    EXIT,
    LIMIT,
    MARKET,
    PROTECT_STOP,
    PROTECT_TARGET,
    Execution,
    Fill,
    OrderUpdate,
    Submit,
    rejected,
)
from bot4.domain.values import BUY, SELL, Nanos
from bot4.domain.verdict import Refused
from bot4.trading.conditions import Conditions
from bot4.trading.fates import FateRules
from bot4.trading.orders import is_closed
from tests.simulation.driver import instrument
from tests.unit.trading.adversary import Adversary, Resting
from tests.unit.trading.walk import Walk, approved, request

pytestmark = pytest.mark.requirement("ORDER_001", "EXEC_001", "P-03", "P-05", "P-10", "P-11", "P2-1", "P2-2", "P2-7")

PICK = st.integers(0, 1000)
PATIENCE = 1000
WINDOW_NS = FateRules().window_ns


class TradingAgainstAnAdversary(RuleBasedStateMachine):
    """Random requests and random mischief; the checks run after every step and at the end of the mischief."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk()
        self.venue = Adversary()
        self.asked: dict[int, int] = {}
        self.wanted: dict[int, int] = {}
        self.served: dict[int, int] = {}
        self.filled: dict[int, int] = {}
        self.sent: dict[int, Submit] = {}
        self.heard: dict[int, int] = {}
        self.leaving: int | None = None
        self.sent_ns: dict[int, int] = {}

    # --- what is done ------------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """Give trading one event, pass its commands on, and look at each thing it says."""
        if isinstance(event, Execution):
            self.heard[event.trade_id] = event.side * event.lots
        for said in self.walk.hear(event):
            if isinstance(said, Submit):
                self.look_at_submit(said)
            elif isinstance(said, Fill):
                self.filled[said.order_id] = self.filled.get(said.order_id, 0) + said.lots
            elif isinstance(said, OrderUpdate) and is_closed(said.state) and said.intent_id == self.leaving:
                self.leaving = None
            elif isinstance(said, Refused):
                assert not said.rule.startswith("trading.contradiction"), said.rule
                self.leaving = None if said.intent_id == self.leaving else self.leaving
            self.venue.send(said)

    def look_at_submit(self, submit: Submit) -> None:
        """One order an intent; an entry never beside an exit; an exit never beside anything."""
        assert submit.order_id not in self.sent, "an order is sent once"
        self.sent[submit.order_id] = submit
        self.sent_ns[submit.order_id] = int(self.walk.now)
        approved_exit = submit.purpose == EXIT and self.asked[submit.intent_id] == EXIT
        if submit.purpose == ENTER or approved_exit:
            assert submit.intent_id not in self.served, "a second order for one intent"
            self.served[submit.intent_id] = submit.order_id
            assert submit.lots <= self.wanted[submit.intent_id], "more than was approved"
        if submit.purpose == ENTER:
            assert self.leaving is None, "an entry while an exit is under way"
            others = [order for order in self.walk.trading.open_orders() if order.order_id != submit.order_id]
            assert self.walk.held() != 0 or not others, "an entry while the last trade is not over"
        if submit.purpose == EXIT:
            assert [order.order_id for order in self.walk.trading.open_orders()] == [submit.order_id]
            assert submit.lots <= abs(self.walk.held()), "an exit of more than is held"
        assert submit.reduce_only == (submit.purpose != ENTER), "only an entry may open"

    @rule(side=st.sampled_from((BUY, SELL)), lots=st.integers(1, 12), limit=st.booleans(), aims=st.booleans())
    def risk_approves_an_entry(self, side: int, lots: int, limit: bool, aims: bool) -> None:
        """An entry of either direction, with or without a target."""
        intent = len(self.asked) + 1
        self.asked[intent] = ENTER
        self.wanted[intent] = lots
        order_type, price = (LIMIT, 100) if limit else (MARKET, 0)
        target = 100 + 20 * side if aims else 0
        stop = 100 - 10 * side
        self.tell(approved(request(intent, side, lots, order_type=order_type, limit=price, stop=stop, target=target)))

    @rule(lots=st.integers(1, 12))
    def risk_approves_an_exit(self, lots: int) -> None:
        """An exit of what is held, all or a part, or of more."""
        intent = len(self.asked) + 1
        self.asked[intent] = EXIT
        self.wanted[intent] = lots
        if self.leaving is None and not any(o.purpose == EXIT for o in self.walk.trading.open_orders()):
            self.leaving = intent
        side = SELL if self.walk.held() >= 0 else BUY
        self.tell(approved(request(intent, side, lots, purpose=EXIT)))

    @precondition(lambda self: self.venue.alive())
    @rule(
        which=PICK,
        what=st.sampled_from(("accept", "reject", "trade", "trade", "cancel", "expire")),
        lots=st.integers(1, 12),
    )
    def the_venue_acts(self, which: int, what: str, lots: int) -> None:
        """Something happens to one order at the venue."""
        alive = self.venue.alive()
        order = alive[which % len(alive)]
        if what == "trade":
            self.venue.trade(order, lots)
        elif what == "accept":
            self.venue.accept(order)
        elif what == "reject":
            self.venue.reject(order)
        else:
            self.venue.end(order, by_time=what == "expire")

    @precondition(lambda self: self.venue.cancels)
    @rule(which=PICK, refuse=st.booleans())
    def the_venue_looks_at_a_cancel(self, which: int, refuse: bool) -> None:
        """One waiting cancel is answered."""
        self.venue.answer_cancel(which % len(self.venue.cancels), refuse=refuse)

    @precondition(lambda self: self.venue.reports)
    @rule(which=PICK, again=st.booleans())
    def a_report_arrives(self, which: int, again: bool) -> None:
        """Any waiting report, not the oldest; it may come a second time."""
        self.tell(self.venue.report(which % len(self.venue.reports), again=again))

    def unheard(self) -> list[Resting]:
        """Orders of which the venue has said nothing yet."""
        return [order for order in self.venue.alive() if not order.accepted]

    def on_their_way(self) -> list[Resting]:
        """Requests that may still be taken: their time is not over."""
        soonest = self.walk.now - WINDOW_NS
        return [o for o in self.venue.orders.values() if o.in_transit and self.sent_ns[o.command.order_id] > soonest]

    @precondition(lambda self: self.unheard())
    @rule(which=PICK, taken=st.booleans())
    def the_answer_to_a_submit_is_lost(self, which: int, taken: bool) -> None:
        """The request arrived, or is on its way yet."""
        unheard = self.unheard()
        self.venue.lose_submit(unheard[which % len(unheard)], taken=taken)

    @precondition(lambda self: self.on_their_way())
    @rule(which=PICK)
    def a_late_request_arrives(self, which: int) -> None:
        """Within its window, and nobody hears of it."""
        late = self.on_their_way()
        self.venue.arrive(late[which % len(late)])

    @precondition(lambda self: self.venue.cancels)
    @rule(which=PICK, taken=st.booleans())
    def the_answer_to_a_cancel_is_lost(self, which: int, taken: bool) -> None:
        """Whether the cancel was done or not."""
        self.venue.lose_cancel(which % len(self.venue.cancels), taken=taken)

    @precondition(lambda self: self.venue.inquiries)
    @rule(which=PICK, lost=st.booleans())
    def an_inquiry_is_answered(self, which: int, lost: bool) -> None:
        """Not before its time, with the truth or with nothing."""
        number = which % len(self.venue.inquiries)
        self.walk.now = Nanos(max(self.walk.now, self.venue.inquiries[number].due_ns))
        self.venue.answer_inquiry(number, lost=lost)

    # --- what holds --------------------------------------------------------------------------------------------------

    @invariant()
    def the_position_is_the_sum_of_the_executions_heard(self) -> None:
        """Each once, whatever came twice."""
        assert self.walk.held() == sum(self.heard.values())

    @invariant()
    def no_order_fills_beyond_what_was_sent(self) -> None:
        """Children never exceed their parent."""
        assert all(lots <= self.sent[order_id].lots for order_id, lots in self.filled.items())

    @invariant()
    def the_venue_never_holds_two_of_a_kind(self) -> None:
        """One entry, one exit, one stop, one target at most."""
        purposes = [order.command.purpose for order in self.venue.alive()]
        assert len(purposes) == len(set(purposes))

    @invariant()
    def orders_of_ours_that_could_meet_are_never_open_together(self) -> None:
        """Of two that face each other one opens and the other protects it; an exit faces nothing."""
        mine = self.walk.trading.open_orders()
        for one in mine:
            for other in mine:
                if one.side == BUY and other.side == SELL:
                    assert ENTER in (one.purpose, other.purpose)
                    assert {one.purpose, other.purpose} & {PROTECT_STOP, PROTECT_TARGET}

    def settle_down(self) -> None:
        """The venue turns polite: it accepts, trades entries and exits, answers, cancels as asked, reports in order."""
        for _ in range(PATIENCE):
            if self.venue.reports:
                self.tell(self.venue.report(0, again=False))
                continue
            if self.venue.inquiries:
                self.an_inquiry_is_answered(0, lost=False)
                continue
            if self.venue.cancels:
                self.venue.answer_cancel(0, refuse=False)
                continue
            waiting = [o for o in self.venue.alive() if not o.accepted or o.command.purpose in (ENTER, EXIT)]
            if not waiting:
                return
            order = waiting[0]
            if order.command.purpose in (ENTER, EXIT):
                self.venue.trade(order, order.leaves)
            else:
                self.venue.accept(order)
        raise AssertionError("trading and a polite venue never come to rest")

    def teardown(self) -> None:
        """After the mischief everything is protected exactly, or flat with nothing open."""
        self.settle_down()
        trading = self.walk.trading
        held = self.walk.held()
        if held != 0 and trading.desks[0].pair.stop is None:
            # The venue had refused every stop and every exit: a new request makes trading try again.
            self.risk_approves_an_exit(1)
            self.settle_down()
            held = self.walk.held()
        assert held == self.venue.position
        working = {order.purpose: order for order in trading.open_orders()}
        assert {order.command.order_id for order in self.venue.alive()} == {o.order_id for o in working.values()}
        if held == 0:
            assert working == {}
            return
        assert set(working) - {PROTECT_TARGET} == {PROTECT_STOP}
        assert all(order.leaves == abs(held) and order.side * held < 0 for order in working.values())


class TradingUnderConditions(TradingAgainstAnAdversary):
    """The same under a real venue's conditions: orders that never leave besides, and waits for what does not come."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk(conditions=Conditions([instrument()], [Filters()]))

    @precondition(lambda self: self.unheard())
    @rule(which=PICK)
    def an_order_never_leaves(self, which: int) -> None:
        """The gateway says so; the venue has never heard of it."""
        unheard = self.unheard()
        order = unheard[which % len(unheard)]
        order.alive = False
        order.ended = rejected
        self.venue.reports.append(rejected(Nanos(1), Nanos(1), order.command.order_id, 0, "not sent: limit"))


TestTradingAgainstAnAdversary = TradingAgainstAnAdversary.TestCase
TestTradingUnderConditions = TradingUnderConditions.TestCase
