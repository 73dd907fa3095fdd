# SPDX-License-Identifier: Apache-2.0
"""What the simulated venue charges, and its arithmetic against exact fractions."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import BadInput
from bot4.domain.order import LIMIT
from bot4.domain.values import BUY, DAY_NS, MINUTE_NS, MONEY_ONE, RATE_ONE, SELL, Lots, Money, Ticks, fee_on
from bot4.simulation.fees import FeeSchedule, FeeTier
from bot4.simulation.rounding import affordable, cost_of, fee_of, notional_of, slipped
from tests.simulation.driver import Desk, bar, flat, instrument, submit

STEPS = [("0.01", "0.00000001"), ("0.01", "0.00001"), ("0.0001", "0.1"), ("0.00000001", "1"), ("0.5", "0.0025")]
MINUTES_A_DAY = DAY_NS // MINUTE_NS

prices = st.integers(1, 10_000_000)
sizes = st.integers(0, 1_000_000)
rates = st.integers(0, RATE_ONE // 10)
steps = st.sampled_from(STEPS)


def made_of(step: tuple[str, str]) -> Any:
    """An instrument with the given steps of price and quantity."""
    return instrument(tick_size=Decimal(step[0]), lot_size=Decimal(step[1]))


@given(steps, prices, sizes)
@pytest.mark.requirement("FEE_001")
def test_a_notional_rounds_half_to_even_as_the_domain_does(step: tuple[str, str], price: int, lots: int) -> None:
    """Against exact fractions, and against the other implementation."""
    traded = made_of(step)
    exact = Fraction(step[0]) * Fraction(step[1]) * price * lots * MONEY_ONE
    assert notional_of(traded, Ticks(price), Lots(lots)) == round(exact)
    assert traded.notional(Ticks(price), Lots(lots)) == round(exact)


@given(st.integers(0, 10**15), st.integers(-RATE_ONE // 10, RATE_ONE // 10))
@pytest.mark.requirement("FEE_001")
def test_a_fee_rounds_up_against_us(notional: int, rate: int) -> None:
    """A rebate shrinks by the same rule; where the domain has the rule the two agree."""
    assert fee_of(notional, rate) == math.ceil(Fraction(notional * rate, RATE_ONE))
    if rate >= 0:
        assert fee_of(notional, rate) == fee_on(Money(notional), rate)


@given(st.integers(1, 10**9), rates)
def test_slippage_is_at_least_the_rate_and_less_than_a_tick_more(price: int, rate: int) -> None:
    """Against exact fractions, for both sides."""
    exact = Fraction(price * rate, RATE_ONE)
    assert slipped(Ticks(price), BUY, rate) == math.ceil(price + exact)
    assert slipped(Ticks(price), SELL, rate) == max(1, math.floor(price - exact))


@given(steps, prices, st.integers(0, 10**14), rates)
def test_what_is_affordable_is_paid_for_and_hardly_more_would_be(
    step: tuple[str, str], price: int, cash: int, rate: int
) -> None:
    """Never above the cash; and what two units more of money could not buy is not left behind."""
    traded = made_of(step)
    lots = affordable(traded, Ticks(price), lots=1 << 200, cash=cash, rate=rate)
    assert lots == 0 or cost_of(traded, Ticks(price), lots=Lots(lots), rate=rate) <= cash
    worth_of_one = Fraction(step[0]) * Fraction(step[1]) * price * MONEY_ONE * (RATE_ONE + rate) / RATE_ONE
    assert (lots + 1) * worth_of_one > cash - 3
    for wanted in (0, 1, lots - 1, lots, lots + 1):
        assert affordable(traded, Ticks(price), lots=wanted, cash=cash, rate=rate) == min(wanted, lots)


@pytest.mark.requirement("FEE_001")
def test_maker_and_taker_pay_their_own_rates() -> None:
    """Ten lots at 100.00 are worth 10: taker 0.2 % is 0.02, maker 0.05 % of 9.95 is 0.004975."""
    desk = Desk(fees=FeeSchedule([FeeTier(Money(0), maker=50_000, taker=200_000)]))
    desk.send(submit(1), submit(2, order_type=LIMIT, limit=9_950))
    desk.play(bar(0, (10_000, 10_000, 9_900, 10_000)))
    fees = [report.fee for report in desk.reports if report.kind == 21]  # type: ignore[attr-defined]
    assert fees == [2_000_000, 497_500]
    assert desk.venue.statement().fees == 2_497_500


@pytest.mark.requirement("FEE_001")
def test_a_rebate_is_paid_out() -> None:
    """A negative maker rate adds to cash, and the account follows."""
    desk = Desk(fees=FeeSchedule([FeeTier(Money(0), maker=-20_000, taker=100_000)]))
    desk.send(submit(1, order_type=LIMIT, limit=10_000))
    desk.play(bar(0, (10_010, 10_010, 9_900, 10_000)))
    assert desk.venue.statement().fees == -200_000
    assert desk.portfolio.cash == desk.venue.statement().cash


@pytest.mark.requirement("FEE_001")
def test_the_tier_follows_the_thirty_days_before_today() -> None:
    """Volume counts from the next UTC day on, for thirty days, and then no longer."""
    tiers = [FeeTier(Money(0), maker=0, taker=100_000), FeeTier(Money(1_000 * MONEY_ONE), maker=0, taker=50_000)]
    desk = Desk(fees=FeeSchedule(tiers))
    rates_paid = []
    for number, day in enumerate([0, 0, 1, 30, 31]):
        desk.send(submit(number + 1, BUY if number % 2 == 0 else SELL, 1_000 if number == 0 else 10))
        desk.play(flat(day * MINUTES_A_DAY + number, 10_000, 100_000))
    for report in desk.reports:
        if report.kind == 21:
            notional = report.price * report.lots * 10_000  # type: ignore[attr-defined]
            rates_paid.append(report.fee * RATE_ONE // notional)  # type: ignore[attr-defined]
    assert rates_paid == [100_000, 100_000, 50_000, 50_000, 100_000]


@pytest.mark.parametrize(
    "tiers",
    [
        [FeeTier(Money(5), maker=0, taker=0)],
        [FeeTier(Money(0), maker=0, taker=0), FeeTier(Money(0), maker=0, taker=0)],
        [FeeTier(Money(0), maker=0, taker=-1)],
        [FeeTier(Money(0), maker=RATE_ONE, taker=0)],
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(tiers: list[FeeTier]) -> None:
    """No tier from 0, not ascending, a taker that is paid, a rate of everything."""
    with pytest.raises(BadInput, match="fee tier"):
        FeeSchedule(tiers)


def test_without_tiers_both_pay_a_tenth_of_a_percent() -> None:
    """The default schedule."""
    tier = FeeSchedule().tier_at(10**18)
    assert (tier.maker, tier.taker) == (100_000, 100_000)
