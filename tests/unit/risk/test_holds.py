# SPDX-License-Identifier: Apache-2.0
"""Not ready: no entry passes while any reason stands, everything that lowers risk does, and no trace is left after."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.event import Event
from bot4.domain.order import EXIT, PROTECT_STOP
from bot4.domain.readiness import MARKET_STALE, RECONCILING, VENUE_UNREACHABLE, WARMING, Readiness
from bot4.domain.values import SELL, Nanos
from bot4.domain.verdict import Approved, Intent, Refused
from bot4.risk.judge import Judge
from tests.unit.asking import MIDNIGHT, answers, position, request
from tests.unit.risk.test_judge import NOW, judge

Told = tuple[int, int, bool]


def tell(stage: Judge, reason: int, *, ready: bool, instrument: int = -1) -> None:
    """Tell of a reason; nothing is answered."""
    at = Nanos(MIDNIGHT)
    assert not answers(stage, Readiness(at, at, reason=reason, instrument=instrument, ready=ready, note="why"))


def state(stage: Judge) -> bytes:
    """Return the state that is hashed."""
    out = BytesWriter()
    stage.write_state(out)
    return out.getvalue()


def wish(stage: Judge, *, instrument: int = 0) -> Event:
    """Ask for an entry."""
    [answer] = answers(stage, Intent(NOW, request(lots=100, instrument=instrument), []))
    return answer


@pytest.mark.requirement("I-11", "RISK_001")
def test_an_entry_is_refused_while_a_reason_stands_and_passes_after() -> None:
    """The first reason is named, and how many stand; one ending is not enough."""
    stage = judge()
    tell(stage, VENUE_UNREACHABLE, ready=False)
    tell(stage, RECONCILING, ready=False)
    no = wish(stage)
    assert isinstance(no, Refused)
    assert (no.rule, no.measured, no.limit) == ("risk.not_ready.reconciling", 2.0, 0.0)
    tell(stage, RECONCILING, ready=True)
    no = wish(stage)
    assert isinstance(no, Refused)
    assert no.rule == "risk.not_ready.venue_unreachable"
    tell(stage, VENUE_UNREACHABLE, ready=True)
    assert isinstance(wish(stage), Approved)


@pytest.mark.requirement("I-11")
def test_what_lowers_risk_passes_whatever_stands() -> None:
    """Exits and stops are never held."""
    stage = judge()
    answers(stage, position(50))
    for reason in (WARMING, RECONCILING, MARKET_STALE, VENUE_UNREACHABLE):
        tell(stage, reason, ready=False)
    for purpose in (EXIT, PROTECT_STOP):
        [yes] = answers(stage, Intent(NOW, request(purpose=purpose, side=SELL, lots=50), []))
        assert isinstance(yes, Approved)


@pytest.mark.requirement("I-11")
def test_a_hold_on_one_instrument_leaves_the_others() -> None:
    """And what is over for all is over for each."""
    stage = judge(2)
    tell(stage, MARKET_STALE, ready=False, instrument=1)
    assert isinstance(wish(stage, instrument=0), Approved)
    assert isinstance(wish(stage, instrument=1), Refused)
    tell(stage, WARMING, ready=True)
    assert isinstance(wish(stage, instrument=1), Refused)
    tell(stage, MARKET_STALE, ready=True)
    assert isinstance(wish(stage, instrument=1), Approved)


def test_a_reason_of_a_later_bot4_holds_too() -> None:
    """Its number stands for its word."""
    stage = judge()
    tell(stage, 17, ready=False)
    no = wish(stage)
    assert isinstance(no, Refused)
    assert no.rule == "risk.not_ready.17"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1), st.booleans()), max_size=12))
def test_holds_are_those_of_a_plain_set_and_their_state_tells_them_apart(story: list[Told]) -> None:
    """Against a set of pairs: who is refused, and that the state is a function of what stands and of nothing else."""
    stage = judge(2)
    standing: set[tuple[int, int]] = set()
    for reason, instrument, ready in story:
        tell(stage, reason, ready=ready, instrument=instrument)
        if not ready:
            standing.add((reason, instrument))
        elif instrument == -1:
            standing -= {each for each in standing if each[0] == reason}
        else:
            standing.discard((reason, instrument))
    for instrument in (0, 1):
        held = sum(each in (-1, instrument) for _, each in standing)
        check = stage.holds.refusing(instrument)
        assert (0.0 if check is None else check.measured) == held
    fresh = judge(2)
    assert (state(stage) == state(fresh)) == (not standing)
    for reason, instrument in sorted(standing, reverse=True):
        tell(fresh, reason, ready=False, instrument=instrument)
    assert state(stage) == state(fresh)
