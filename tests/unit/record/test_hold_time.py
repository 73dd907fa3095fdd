# SPDX-License-Identifier: Apache-2.0
"""What held new risk back and for how long, and what other hands did: by the run's own clock, causing nothing."""

import pytest

from bot4.domain.event import Event
from bot4.domain.external import MANUAL, External
from bot4.domain.order import submit_lost
from bot4.domain.readiness import ALL_INSTRUMENTS, MARKET_STALE, RECONCILING, WARMING, Readiness
from bot4.domain.stage import Outbox
from bot4.domain.values import SELL, Lots, Nanos, Ticks
from bot4.record.hold_time import HoldTime

pytestmark = pytest.mark.requirement("U-1")


def heard(*told: Event, until: int) -> HoldTime:
    """Return what a stage makes of events at their times, looked at last at a moment; nothing follows from them."""
    watch, out = HoldTime(), Outbox(4)
    for one in told:
        watch.handle(one, one.ts_known_ns, out)
    watch.look(Nanos(until))
    assert int(out.tail) == 0
    return watch


def ready(at: int, reason: int, instrument: int = ALL_INSTRUMENTS) -> Readiness:
    """A hold that is over."""
    return Readiness(Nanos(at), Nanos(at), reason=reason, instrument=instrument, ready=True, note="")


def held(at: int, reason: int, instrument: int = ALL_INSTRUMENTS) -> Readiness:
    """A hold that begins."""
    return Readiness(Nanos(at), Nanos(at), reason=reason, instrument=instrument, ready=False, note="")


def test_holds_are_measured_from_the_end_of_the_warm_up_on() -> None:
    """Stale on two instruments at once counts once; what overlaps counts once in the sum; the past counts nothing."""
    watch = heard(
        held(0, WARMING),
        held(0, MARKET_STALE, 0),
        held(0, MARKET_STALE, 1),
        held(900, RECONCILING),
        ready(1_000, WARMING),
        ready(1_010, MARKET_STALE, 0),
        ready(1_020, MARKET_STALE, 1),
        ready(1_030, RECONCILING),
        held(1_100, RECONCILING),
        ready(1_107, RECONCILING),
        until=1_200,
    )
    assert (watch.live_ns, watch.any_ns) == (200, 37)
    assert (watch.held_ns[MARKET_STALE], watch.held_ns[RECONCILING]) == (20, 37)
    assert (watch.times[MARKET_STALE], watch.times[RECONCILING], watch.reconciled) == (1, 2, 2)


def test_the_time_between_a_cut_and_the_next_warm_up_is_not_counted() -> None:
    """A run that is gone on with says again that it warms up, at the moment at which it was cut."""
    watch = heard(
        held(0, WARMING), ready(100, WARMING), held(150, WARMING), ready(9_000, WARMING), until=9_010
    )  # fmt: skip
    assert (watch.live_ns, watch.any_ns, watch.held_ns) == (60, 0, {})


def test_what_other_hands_did_and_what_was_not_answered_is_counted() -> None:
    """An order of theirs, a trade of it, and an answer that was lost."""
    foreign = [
        External(
            Nanos(1), Nanos(2), instrument=0, venue_order_id=9, trade_id=trade, side=SELL, lots=Lots(3), price=Ticks(4),
            reason=MANUAL,
        )
        for trade in (-1, 5, 6)
    ]  # fmt: skip
    watch = heard(*foreign, submit_lost(Nanos(3), Nanos(3), 1, 0, "reset"), until=4)
    assert (watch.external_orders, watch.external_trades, watch.unanswered) == (1, 2, 1)
