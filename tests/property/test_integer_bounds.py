# SPDX-License-Identifier: Apache-2.0
"""Every bound of the integers at it, just inside and just outside: the exact value or a refusal, never a wrapped one.

Compiled, these are C integers that wrap without a word; here each is held against Python's own. The file runs in both
builds, and must say the same in both.
"""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.account.ledger import Ledger
from bot4.account.positions import Positions
from bot4.account.proportion import Part, apportion, part_of
from bot4.decision.sizing import lots_for_fraction, smallest_lots
from bot4.decision.strategies import Strategy, View
from bot4.domain.errors import BadInput
from bot4.domain.instrument import FACTOR_DEN_MAX, FACTOR_NUM_MAX, Instrument
from bot4.domain.marketdata import Bar, Features
from bot4.domain.signal import NEVER, Signal
from bot4.domain.values import (
    BUY,
    DAY_NS,
    HOUR_NS,
    LOTS_MAX,
    MONEY_ONE,
    PRODUCT_MAX,
    RATE_ONE,
    TICKS_MAX,
    VALUE_MAX,
    Lots,
    Money,
    Nanos,
    Ticks,
    divide_half_even,
    fee_on,
)
from bot4.market.rows import MICRO_RANGE, MILLI_RANGE, stamps_to_ns
from bot4.risk.drawdown import Ladder
from bot4.risk.exposure import Exposure
from bot4.risk.limits import Limits, cash, gross_cap, position_cap, share_of
from bot4.runtime.settings import DecisionSettings, StrategySettings
from bot4.runtime.strategy_loader import Recruit
from bot4.trading.orders import APPLIED, IMPOSSIBLE, SEND, Order
from tests.simulation.engine_run import START_NS, coin, lively, run
from tests.unit.asking import position, request

pytestmark = pytest.mark.requirement("I-3", "P-28")

INT64_MAX = (1 << 63) - 1
NEAR = 1 << 12
"""How near to ``VALUE_MAX`` a float64 can still tell a number from it."""


def thing(numerator: int = 1, denominator: int = 1, **changes: object) -> Instrument:
    """An instrument with this money factor; the denominator is a power of two."""
    return Instrument(
        0,
        "AAAUSDT",
        base="AAA",
        quote="USDT",
        tick_size=Decimal(numerator) / MONEY_ONE,
        lot_size=Decimal(1) / denominator,
        **changes,  # type: ignore[arg-type]
    )


def held_entry(instrument: Instrument, *, lots: int, price: int) -> Exposure:
    """An exposure of one instrument, so much of it held."""
    exposure = Exposure([instrument])
    exposure.moved(position(lots))
    exposure.priced(0, Ticks(price))
    return exposure


def edges(bound: int, low: int = 0) -> st.SearchStrategy[int]:
    """Numbers from a low one up to a bound, most of them near either end."""
    return st.one_of(
        st.integers(low, bound), st.integers(max(low, bound - NEAR), bound), st.integers(low, min(bound, low + 9))
    )


FACTORS = st.tuples(
    st.sampled_from([1, 3, 1000, FACTOR_NUM_MAX - 1, FACTOR_NUM_MAX]), st.sampled_from([1, 2, 1024, FACTOR_DEN_MAX])
)


@pytest.mark.parametrize(
    ("fits", "changes"),
    [
        (True, {"numerator": FACTOR_NUM_MAX}),
        (False, {"numerator": FACTOR_NUM_MAX + 1}),
        (True, {"denominator": FACTOR_DEN_MAX}),
        (False, {"denominator": 2 * FACTOR_DEN_MAX}),
        (True, {"max_lots": LOTS_MAX}),
        (False, {"max_lots": LOTS_MAX + 1}),
        (False, {"max_lots": 1 << 70}),
        (False, {"min_lots": 1 << 70, "max_lots": 1 << 70}),
        (True, {"min_notional": Decimal(PRODUCT_MAX) / MONEY_ONE}),
        (False, {"min_notional": Decimal(PRODUCT_MAX + 1) / MONEY_ONE}),
        (False, {"min_notional": Decimal("1e40")}),
    ],
)
def test_an_instrument_is_taken_at_its_bounds_and_refused_beyond(fits: bool, changes: dict[str, int]) -> None:
    """Factor, quantity filter and notional filter: the bound passes, the next number is refused in words."""
    if fits:
        made = thing(**changes)
        assert int(made.max_lots) <= LOTS_MAX
        return
    with pytest.raises(BadInput, match="AAAUSDT"):
        thing(**changes)


@given(FACTORS, edges(TICKS_MAX, 1), edges(LOTS_MAX), st.sampled_from([1, -1]))
def test_a_notional_is_exact_or_refused(factor: tuple[int, int], price: int, lots: int, sign: int) -> None:
    """Whatever price, quantity and factor: half to even of the true quotient, or BadInput; never a wrapped number."""
    instrument = thing(*factor)
    num, den = int(instrument.factor_num), int(instrument.factor_den)
    product = price * lots * num * sign
    if abs(product) < VALUE_MAX - NEAR:
        assert int(instrument.notional(Ticks(price), Lots(sign * lots))) == round(Fraction(product, den))
    elif abs(product) > VALUE_MAX + NEAR:
        with pytest.raises(BadInput, match=r"below 2\*\*61"):
            instrument.notional(Ticks(price), Lots(sign * lots))


def test_a_notional_at_the_bound() -> None:
    """2**61 - 2**21 is counted, 2**61 is refused, and 2**64, which would wrap to nothing, as well."""
    assert int(thing().notional(Ticks(TICKS_MAX - 1), Lots(1 << 21))) == VALUE_MAX - (1 << 21)
    for lots in (1 << 21, -(1 << 21), 1 << 24, 1 << 52):
        with pytest.raises(BadInput) as caught:
            thing().notional(Ticks(TICKS_MAX), Lots(lots))
        assert caught.value.code == "value_bounds"


@given(FACTORS, edges(TICKS_MAX + 5), edges(1 << 62))
def test_what_fits_is_what_fits_exactly(factor: tuple[int, int], price: int, lots: int) -> None:
    """Price below 2**40 and the product at most 2**55, to the unit, for any quantity of int64."""
    instrument = thing(*factor)
    expected = 0 < price < TICKS_MAX and price * lots * int(instrument.factor_num) <= PRODUCT_MAX
    assert instrument.fits(Ticks(price), Lots(lots)) is expected


@given(FACTORS, edges(VALUE_MAX - 1), edges(TICKS_MAX - 1, 1), st.floats(0.0, 1.0))
def test_a_size_is_exact_or_the_largest_allowed(
    factor: tuple[int, int], equity: int, price: int, fraction: float
) -> None:
    """Lots for money, lots for a share of equity, and the smallest lots: Python's own quotient, capped."""
    instrument = thing(*factor, min_notional=Decimal(PRODUCT_MAX) / MONEY_ONE)
    num, den, cap = int(instrument.factor_num), int(instrument.factor_den), int(instrument.max_lots)
    assert int(instrument.lots_for(Money(equity), Ticks(price))) == min(equity * den // (price * num), cap)
    money = int(float(equity) * fraction)
    assert int(lots_for_fraction(instrument, Money(equity), fraction, Ticks(price))) == min(
        money * den // (price * num), cap
    )
    assert int(smallest_lots(instrument, Ticks(price))) == min(max(1, -(-PRODUCT_MAX * den // (price * num))), cap + 1)


@given(edges(VALUE_MAX), edges(RATE_ONE))
def test_a_fee_is_the_true_product_rounded_up(notional: int, rate: int) -> None:
    """For any notional that can be counted and any rate up to 1.0."""
    assert int(fee_on(Money(notional), rate)) == -(-notional * rate // RATE_ONE)


@given(st.one_of(edges(VALUE_MAX), edges(VALUE_MAX).map(int.__neg__)), edges(1 << 60, 1))
def test_half_to_even_is_that_of_fractions(numerator: int, denominator: int) -> None:
    """Both signs, up to the largest numerator and denominator."""
    assert int(divide_half_even(numerator, denominator)) == round(Fraction(numerator, denominator))


@given(edges(VALUE_MAX), st.integers(1, 1102))
def test_thousandths_of_the_largest_equity_are_exact(equity: int, mille: int) -> None:
    """Limits and the drawdown ladder's floors, whose products leave int64."""
    assert int(share_of(Money(equity), mille)) == equity * mille // 1000
    step = min(mille, 998)
    ladder = Ladder(Money(equity), step, step + 1, step + 1)
    assert int(ladder.floors[0]) == equity * (1000 - step) // 1000


@given(st.integers(-(1 << 70), 1 << 70), st.integers(0, 1 << 70), st.integers(1, 1 << 70))
def test_parts_and_shares_are_exact_far_beyond_int64(amount: int, part: int, whole: int) -> None:
    """Plain ints on purpose: they stay exact in both builds."""
    part = min(part, whole)
    assert part_of(amount, part, whole) == round(Fraction(amount * part, whole))
    parts = [Part(part), Part(whole)]
    apportion(amount, parts)
    assert sum(each.share for each in parts) == amount
    assert abs(parts[0].share - Fraction(amount * part, part + whole)) < 1


def test_an_order_takes_fills_as_long_as_their_cost_can_be_counted() -> None:
    """Up to 2**61 ticks times lots; what would go beyond is impossible, and leaves the order as it was."""
    order = Order(1, request(lots=1 << 40), Lots(1 << 40), sibling_id=0, reduce_only=False)
    order.step(SEND)
    assert order.fill(1, Lots(1 << 20), Ticks(TICKS_MAX - 1)) == APPLIED
    assert order.fill(2, Lots(1 << 30), Ticks(TICKS_MAX - 1)) == IMPOSSIBLE
    assert order.fill(3, Lots(1 << 24), Ticks(TICKS_MAX - 1)) == IMPOSSIBLE
    assert order.fill(4, Lots((1 << 20) - 1), Ticks(TICKS_MAX - 1)) == APPLIED
    assert (int(order.filled), int(order.average())) == ((1 << 21) - 1, TICKS_MAX - 1)
    assert int(order.cost) == ((1 << 21) - 1) * (TICKS_MAX - 1) < VALUE_MAX


def test_holdings_together_are_counted_or_refused() -> None:
    """Each below the bound, three beyond it: refused at the third, and the gross stays at the bound."""
    instruments = [thing() for _ in range(4)]
    positions = Positions(instruments)
    price, lots = Ticks(TICKS_MAX - 1), Lots(1 << 20)
    one = (1 << 20) * (TICKS_MAX - 1)
    positions.apply(positions.holdings[0], lots=lots, price=price, fee=Money(0))
    positions.apply(positions.holdings[1], lots=Lots(-lots), price=price, fee=Money(0))
    positions.apply(positions.holdings[2], lots=lots, price=price, fee=Money(0))
    assert int(positions.worth) == one
    assert int(positions.exposure()) == VALUE_MAX
    with pytest.raises(BadInput) as caught:
        positions.apply(positions.holdings[3], lots=Lots(lots + (1 << 19)), price=price, fee=Money(0))
    assert caught.value.code == "value_bounds"


def test_balances_are_counted_or_refused_though_the_identity_would_hold_wrapped() -> None:
    """The last countable entry passes; one unit more is refused, as are sums that would come back around."""
    ledger = Ledger(Money(0))
    most = VALUE_MAX - 1
    ledger.post_fill(cash=Money(-most), inventory=Money(most), fee=Money(0), realised=Money(0))
    assert ledger.balances()["inventory"] == most
    for _ in range(2):
        with pytest.raises(BadInput) as caught:
            ledger.post_fill(cash=Money(-1), inventory=Money(1), fee=Money(0), realised=Money(0))
        assert caught.value.code == "value_bounds"


def test_limits_refuse_what_cannot_be_counted() -> None:
    """A wish, or holdings, beyond every bound: position, gross and cash refuse it and none of them wraps to a yes."""
    instrument = thing()
    limits = Limits(20, 1000, 1101)
    equity = Money(VALUE_MAX - 1)
    for lots, price in ((1 << 40, TICKS_MAX - 1), (1 << 24, TICKS_MAX - 1), (1 << 52, (1 << 12) + 1)):
        wish = request(lots=lots, reference=price, stop=price - 1, side=BUY)
        exposure = held_entry(instrument, lots=0, price=price)
        checks = [
            position_cap(wish, exposure, equity, limits),
            gross_cap(wish, exposure, equity, limits),
            cash(wish, exposure, equity, limits),
        ]
        assert [check.holds for check in checks] == [False, False, False], (lots, price)
    many = Exposure([thing() for _ in range(20)])
    for i in range(20):
        many.moved(position(1 << 20, instrument=i))
        many.approved(request(i, lots=1 << 20, side=BUY, instrument=i))
        many.priced(i, Ticks(TICKS_MAX - 1))
    assert int(many.gross()) == VALUE_MAX
    assert not gross_cap(request(lots=1), many, equity, limits).holds
    assert not cash(request(lots=1, side=BUY), many, equity, limits).holds


@pytest.mark.parametrize(("unit", "scale"), [(MILLI_RANGE[1] - 1, 1_000_000), (MICRO_RANGE[1], 1_000)])
def test_stamps_are_taken_up_to_a_bound_with_room_behind_it(unit: int, scale: int) -> None:
    """The last stamp in ms or us is exact in ns and leaves seven years of int64; the next is refused."""
    numbers = np.arange(1, dtype=np.int64)
    [taken] = stamps_to_ns(np.array([unit]), numbers, "f", micro_allowed=True)
    assert int(taken) == unit * scale < INT64_MAX - 7 * 365 * DAY_NS
    with pytest.raises(BadInput) as caught:
        stamps_to_ns(np.array([unit + 1 if scale == 1_000 else MICRO_RANGE[1] + 1]), numbers, "f", micro_allowed=True)
    assert caught.value.code == "stamp_unit"
    with pytest.raises(BadInput):
        stamps_to_ns(np.array([MILLI_RANGE[1]]), numbers, "f", micro_allowed=False)


@pytest.mark.parametrize("bars", [0, 1, 10**6, 10**12, 10**30, -1, -(10**30)])
def test_an_expiry_far_away_is_never_and_not_the_past(bars: int) -> None:
    """``after`` counts exactly, stops at the end of int64, and never comes round to a moment before."""
    bar = Bar(Nanos(START_NS), 0, Nanos(START_NS - HOUR_NS), Ticks(1), Ticks(1), Ticks(1), Ticks(1), Lots(0))
    view = View(Features(bar, b"", 0), {}, position=0.0, tick=0.01, interval_ns=Nanos(HOUR_NS))
    assert int(view.after(bars)) == max(0, min(START_NS + bars * HOUR_NS, int(NEVER)))


class Long(Strategy):
    """A strategy that is long for good."""

    def __init__(self) -> None:
        self.name = "long"
        self.features = ("volatility_20", "atr_14")

    def on_bar(self, view: View) -> Signal | None:
        """Wish to be long as soon as a size can be found."""
        ready = view["volatility_20"] > 0.0 and view["atr_14"] > 0.0
        return Signal(1.0, "up", NEVER) if ready and not view.position else None


@pytest.mark.parametrize("exponent", [30, 40])
def test_a_price_that_rises_beyond_counting_is_refused_in_words(exponent: int) -> None:
    """Bought at a hundred ticks: at 2**30 it is worth what it is worth, at 2**40 - 1 the run is refused."""
    table = np.full((6, 60), 100, dtype=np.int64)
    table[0] = START_NS + HOUR_NS * np.arange(60)
    table[2], table[3], table[5] = 104, 97, 1 << 50
    table[4] += np.arange(60) % 3  # some volatility: without it nothing is bought
    table[1:5, 50:] = (1 << exponent) - 1
    recruits = [Recruit(0, StrategySettings(kind="test.py:Long"), Long, "user")]
    told = lively(decision=DecisionSettings(target_atr=0.0))
    if exponent == 30:
        ran = run(table, told, instruments=[coin()], recruits=recruits)
        held = int(ran.wired.portfolio.lots(0))
        worth = held * ((1 << exponent) - 1) * 100
        assert held > 0
        assert int(ran.wired.portfolio.equity) == int(ran.wired.portfolio.cash) + worth < VALUE_MAX
        return
    with pytest.raises(BadInput) as caught:
        run(table, told, instruments=[coin()], recruits=recruits)
    assert caught.value.code == "value_bounds"
    assert "AAAUSDT" in caught.value.place
