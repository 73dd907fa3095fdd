# SPDX-License-Identifier: Apache-2.0
"""Each limit at its edge, and exposure with everything open counted at worst."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.order import (
    EXIT,
    FILLED,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    PART_FILLED,
    PROTECT_STOP,
    SUBMIT_UNKNOWN,
    WORKING,
)
from bot4.domain.values import BUY, MONEY_ONE, SELL, Lots, Money, Ticks
from bot4.risk.exposure import Exposure
from bot4.risk.limits import Limits, cash, gross_cap, mandatory_stop, position_cap, share_of
from tests.simulation.engine_run import coin
from tests.unit.asking import position, request, update

EQUITY = Money(100_000 * MONEY_ONE)
FULL = 20_000
"""Lots worth exactly 2 % of the equity at 1,000.00."""

LIMITS = Limits(20, 50, 2)


def exposure(instruments: int = 1, **changes: int) -> Exposure:
    """Nothing held, nothing open."""
    return Exposure([coin(i, symbol=f"{chr(65 + i) * 3}USDT", **changes) for i in range(instruments)])


def holds(lots: int, held: Exposure, **changes: int) -> bool:
    """Whether the position cap lets a wish pass."""
    return position_cap(request(lots=lots, **changes), held, EQUITY, LIMITS).holds


@pytest.mark.requirement("RISK_001", "RISK_002", "RISK_002/position_size_limit", "BIAS_001/overconfidence")
def test_two_percent_of_equity_passes_and_one_lot_more_does_not() -> None:
    """The cap is exact, and says what was measured against what."""
    assert holds(FULL, exposure())
    over = position_cap(request(lots=FULL + 1), exposure(), EQUITY, LIMITS)
    assert not over.holds
    assert (over.check.rule, over.check.limit) == ("risk.position_cap", 2000.0)
    assert over.check.measured == pytest.approx(2000.1)


@pytest.mark.requirement("RISK_001", "I-6", "RISK_002/with_portfolio")
def test_what_is_held_and_what_is_open_count_together() -> None:
    """A quarter held and a half working leave room for a quarter."""
    held = exposure()
    held.moved(position(FULL // 4))
    held.approved(request(intent_id=5, lots=FULL // 2))
    assert holds(FULL // 4, held)
    assert not holds(FULL // 4 + 1, held)


def test_an_open_entry_counts_less_as_it_fills_and_nothing_when_it_has_ended() -> None:
    """What has filled counts as held instead; a working or unknown order counts in full."""
    held = exposure()
    [one] = held.holdings
    held.approved(request(intent_id=5, lots=1000))
    for state in (WORKING, SUBMIT_UNKNOWN):
        held.updated(update(5, state, leaves=1000))
        assert one.worst_lots() == 1000
    held.updated(update(5, PART_FILLED, filled=400, leaves=600))
    held.moved(position(400))
    assert one.worst_lots() == 1000
    held.updated(update(5, ORDER_CANCELED, filled=400, leaves=600))
    assert one.worst_lots() == 400


@pytest.mark.parametrize("state", [FILLED, ORDER_CANCELED, ORDER_REJECTED, ORDER_EXPIRED])
def test_every_end_of_an_entry_frees_its_room(state: int) -> None:
    """However the order ended, it cannot fill any more."""
    held = exposure()
    held.approved(request(intent_id=5, lots=1000))
    held.updated(update(5, state, leaves=1000))
    assert held.holdings[0].worst_lots() == 0


def test_other_orders_free_nothing() -> None:
    """The end of an exit, a stop or an older entry says nothing about the open one."""
    held = exposure()
    held.approved(request(intent_id=5, lots=1000))
    held.updated(update(5, FILLED, purpose=EXIT))
    held.updated(update(5, FILLED, purpose=PROTECT_STOP))
    held.updated(update(4, FILLED))
    held.denied(0, 4)
    assert held.holdings[0].worst_lots() == 1000
    held.denied(0, 5)
    assert held.holdings[0].worst_lots() == 0


def test_an_approved_exit_opens_nothing() -> None:
    """Only entries raise risk."""
    held = exposure()
    held.approved(request(lots=1000, purpose=EXIT, side=SELL))
    assert held.holdings[0].worst_lots() == 0


@given(st.integers(-5_000, 5_000), st.integers(0, 5_000), st.sampled_from([BUY, SELL]))
def test_the_worst_is_the_largest_that_any_part_of_the_open_entry_can_make(held: int, opened: int, side: int) -> None:
    """It equals the maximum of |held + side * filled| over every possible fill."""
    one = exposure(instrument_type=LINEAR_PERPETUAL)
    one.moved(position(held))
    one.approved(request(lots=opened, side=side))
    assert one.holdings[0].worst_lots() == max(abs(held), abs(held + side * opened))


@pytest.mark.requirement("RISK_001", "I-6", "RISK_002/with_portfolio")
def test_the_sum_over_instruments_has_its_own_limit() -> None:
    """With 5 % in all, two full positions leave room for a half."""
    held = exposure(3)
    for i in (0, 1):
        held.moved(position(FULL, instrument=i))
        held.priced(i, Ticks(100_000))
    assert gross_cap(request(lots=FULL // 2, instrument=2), held, EQUITY, LIMITS).holds
    over = gross_cap(request(lots=FULL // 2 + 1, instrument=2), held, EQUITY, LIMITS)
    assert not over.holds
    assert (over.check.rule, over.check.limit) == ("risk.gross_cap", 5000.0)


@pytest.mark.requirement("RISK_001", "stop_loss_manager", "BIAS_001/loss_aversion")
@pytest.mark.parametrize(
    ("side", "stop", "passes"),
    [
        (BUY, 0, False),
        (BUY, 1, True),
        (BUY, 99_999, True),
        (BUY, 100_000, False),
        (BUY, 100_001, False),
        (SELL, 0, False),
        (SELL, 99_999, False),
        (SELL, 100_000, False),
        (SELL, 100_001, True),
    ],
)
def test_an_entry_needs_a_stop_on_the_losing_side(side: int, stop: int, passes: bool) -> None:
    """Missing, at the price or on the winning side is refused; one tick away is enough."""
    measured = mandatory_stop(request(side=side, stop=stop))
    assert measured.holds == passes
    assert measured.check.rule == "risk.stop"


@pytest.mark.requirement("RISK_001")
def test_a_spot_purchase_must_be_paid_with_its_fees() -> None:
    """1,000 of notional needs 1,002 of cash where two per mille are kept for costs."""
    assert cash(request(lots=10_000), exposure(), Money(1002 * MONEY_ONE), LIMITS).holds
    short = cash(request(lots=10_000), exposure(), Money(1002 * MONEY_ONE - 1), LIMITS)
    assert not short.holds
    assert short.check.rule == "risk.cash"
    assert short.check.measured == 1002.0


def test_purchases_still_open_elsewhere_have_claimed_their_cash() -> None:
    """The cash of another instrument's working entry is spoken for."""
    held = exposure(2)
    held.approved(request(intent_id=9, lots=10_000, instrument=1))
    held.priced(1, Ticks(100_000))
    assert cash(request(lots=10_000), held, Money(2004 * MONEY_ONE), LIMITS).holds
    assert not cash(request(lots=10_000), held, Money(2004 * MONEY_ONE - 1), LIMITS).holds


def test_a_short_sale_and_a_perpetual_need_no_cash_to_buy_with() -> None:
    """Margin is not this limit's."""
    perpetual = exposure(instrument_type=LINEAR_PERPETUAL)
    assert cash(request(lots=10_000), perpetual, Money(0), LIMITS).holds
    assert cash(request(lots=10_000, side=SELL), exposure(), Money(-1), LIMITS).holds


def test_what_cannot_be_counted_is_above_the_cap() -> None:
    """A quantity whose money leaves int64 is refused, not wrapped."""
    assert not holds(1 << 45, exposure(), reference=(1 << 39))


@given(st.integers(-(10**18), 5 * 10**15), st.integers(1, 1000))
def test_a_share_of_equity_is_never_rounded_up(equity: int, mille: int) -> None:
    """So many thousandths, rounded down; nothing of an equity that is gone."""
    exact = Fraction(equity * mille, 1000) if equity > 0 else Fraction(0)
    assert 0 <= exact - int(share_of(Money(equity), mille)) < 1


@pytest.mark.requirement("RISK_001", "RISK_002/position_size_limit")
@given(
    st.integers(1, 50_000_000 * MONEY_ONE).map(Money),
    st.integers(1, 1 << 30),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)
def test_nothing_passes_whose_exact_worth_is_above_two_percent(
    equity: Money, price: int, held_lots: int, opened: int, lots: int
) -> None:
    """Against fractions: what the cap lets pass is worth at most 2 %, to the unit that a notional rounds by."""
    held = exposure()
    held.moved(position(held_lots))
    held.approved(request(intent_id=5, lots=opened))
    asked = request(intent_id=6, lots=lots, reference=price)
    if position_cap(asked, held, equity, LIMITS).holds:
        instrument = held.holdings[0].instrument
        factor = Fraction(int(instrument.factor_num), int(instrument.factor_den))
        assert (held_lots + opened + lots) * price * factor <= Fraction(int(equity), 50) + Fraction(1, 2)


def test_exposure_enters_the_state() -> None:
    """What is open, and whose intent it is, changes the hash."""

    def state(held: Exposure) -> bytes:
        out = BytesWriter()
        held.write_state(out)
        return out.getvalue()

    seen = [state(exposure())]
    for intent_id, lots in ((5, 100), (5, 101), (6, 100)):
        held = exposure()
        held.approved(request(intent_id=intent_id, lots=lots))
        seen.append(state(held))
    assert len(set(seen)) == len(seen)
    assert Lots(0) == exposure().holdings[0].lots
