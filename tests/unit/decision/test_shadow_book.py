# SPDX-License-Identifier: Apache-2.0
"""The shadow book against figures worked by hand: fills at the next open, costs, days, gaps, spot, freeze."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.decision.evidence import ShadowBook
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
from bot4.domain.values import DAY_NS, HOUR_NS, Nanos, Ticks
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, bar

DAY = MIDNIGHT // DAY_NS
COST = 0.01
AT_ONCE = Nanos(0)


def book(
    *, freeze: Sequence[int] = (0,), instruments: int = 1, kind: int = LINEAR_PERPETUAL, cost: float = COST
) -> ShadowBook:
    """A book of some strategies; by default one that may be short."""
    names = [f"{chr(65 + i) * 3}USDT" for i in range(instruments)]
    listed = [coin(i, symbol=name, instrument_type=kind) for i, name in enumerate(names)]
    return ShadowBook(listed, freeze, cost)


def daily(held: ShadowBook, slot: int = 0) -> list[float]:
    """The record's daily returns."""
    return [float(number) for number in held.records[slot].daily()]


def close_at(held: ShadowBook, price: float, *, instrument: int = 0) -> None:
    """Note a bar's close, in quote units."""
    held.last[instrument] = Ticks(round(price * 100))


@pytest.mark.requirement("EMOTION_001-B")
def test_a_day_by_hand_with_costs() -> None:
    """Bought 1 at 1,000, closed the day at 1,050: 5 % less 1 % cost; sold next day at 1,100: the rest less its cost."""
    held = book()
    held.wish(0, 0, 1.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    close_at(held, 1050.0)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(0.05 - 0.01)]
    held.wish(0, 0, 0.0, AT_ONCE)
    held.fill(bar(24, 110_000))
    close_at(held, 900.0)
    held.close_day(DAY + 1, 0)
    assert daily(held)[1] == pytest.approx(0.05 - 0.011)
    assert held.records[0].closed_trades == 1


def test_a_bar_that_opened_before_the_signal_does_not_fill_it() -> None:
    """A bar of ticks is told when it is over: a signal given inside it waits for the next open."""
    held = book()
    held.wish(0, 0, 1.0, Nanos(MIDNIGHT + HOUR_NS // 2))
    held.fill(bar(0, 100_000))
    assert held.waiting == [1]
    held.fill(bar(1, 200_000))
    assert held.waiting == [0]
    close_at(held, 2000.0)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(-COST)]


def test_a_short_earns_what_the_price_loses() -> None:
    """Half the notional sold at 1,000 and bought back at 800: 10 %, less both costs."""
    held = book()
    held.wish(0, 0, -0.5, AT_ONCE)
    held.fill(bar(0, 100_000))
    held.wish(0, 0, 0.0, AT_ONCE)
    held.fill(bar(1, 80_000))
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(0.10 - 0.005 - 0.004)]


@pytest.mark.requirement("EMOTION_001-B")
def test_a_signal_is_filled_at_the_next_open_and_nothing_before() -> None:
    """The bar that gave the signal earns nothing by it, however far its close went."""
    held = book(cost=0.0)
    close_at(held, 5000.0)
    held.wish(0, 0, 1.0, AT_ONCE)
    held.close_day(DAY, 0)
    held.fill(bar(24, (100_000, 300_000, 50_000, 200_000)))
    close_at(held, 2000.0)
    held.close_day(DAY + 1, 0)
    assert daily(held) == [0.0, pytest.approx(1.0)]


def test_the_last_wish_before_an_open_is_the_one_filled() -> None:
    """Changing one's mind before the open costs nothing."""
    held = book()
    held.wish(0, 0, 1.0, AT_ONCE)
    held.wish(0, 0, 0.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    held.close_day(DAY, 0)
    assert daily(held) == [0.0]
    assert held.records[0].closed_trades == 0


def test_a_flip_pays_twice_and_closes_one_trade() -> None:
    """From long to short: two notionals traded, one trade closed."""
    held = book()
    held.wish(0, 0, 1.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    held.wish(0, 0, -1.0, AT_ONCE)
    held.fill(bar(1, 100_000))
    close_at(held, 1000.0)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(-0.01 - 0.02)]
    assert held.records[0].closed_trades == 1


def test_adding_to_a_position_closes_nothing() -> None:
    """From half to whole: half a notional traded at cost."""
    held = book()
    held.wish(0, 0, 0.5, AT_ONCE)
    held.fill(bar(0, 100_000))
    held.wish(0, 0, 1.0, AT_ONCE)
    held.fill(bar(1, 100_000))
    close_at(held, 1000.0)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(-0.005 - 0.005)]
    assert held.records[0].closed_trades == 0


@pytest.mark.requirement("EMOTION_001-B")
def test_days_without_a_bar_are_days_of_nothing() -> None:
    """The calendar does not stop: three silent days are three returns of zero."""
    held = book()
    held.close_day(DAY, 3)
    assert daily(held) == [0.0] * 4
    assert held.records[0].days == 4


def test_spot_is_never_short() -> None:
    """A negative opinion on spot holds nothing and earns nothing while the price falls."""
    held = book(kind=SPOT)
    held.wish(0, 0, -1.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    close_at(held, 500.0)
    held.close_day(DAY, 0)
    assert daily(held) == [0.0]


def test_a_negative_opinion_on_spot_closes_what_is_held() -> None:
    """Out at the open, as if it had said 0."""
    held = book(kind=SPOT, cost=0.0)
    held.wish(0, 0, 1.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    held.wish(0, 0, -1.0, AT_ONCE)
    held.fill(bar(1, 110_000))
    close_at(held, 500.0)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(0.10)]
    assert held.records[0].closed_trades == 1


@pytest.mark.requirement("EMOTION_001-B", "P-17")
def test_only_days_after_the_freeze_are_evidence() -> None:
    """Two strategies with the same trades; the one frozen later has the later days only, and only their trades."""
    held = book(freeze=(0, DAY + 1), cost=0.0)
    for slot in (0, 1):
        held.wish(0, slot, 1.0, AT_ONCE)
    held.fill(bar(0, 100_000))
    for slot in (0, 1):
        held.wish(0, slot, 0.0, AT_ONCE)
    held.fill(bar(1, 110_000))
    held.close_day(DAY, 0)
    for slot in (0, 1):
        held.wish(0, slot, 1.0, AT_ONCE)
    held.fill(bar(24, 100_000))
    for slot in (0, 1):
        held.wish(0, slot, 0.0, AT_ONCE)
    held.fill(bar(25, 120_000))
    held.close_day(DAY + 1, 0)
    assert daily(held, 0) == [pytest.approx(0.1), pytest.approx(0.2)]
    assert daily(held, 1) == [pytest.approx(0.2)]
    assert held.records[0].closed_trades == 2
    assert held.records[1].closed_trades == 1


def test_silent_days_count_from_the_freeze_on() -> None:
    """A gap that spans the freeze is worth only its later days."""
    held = book(freeze=(DAY + 3,))
    held.close_day(DAY, 4)
    assert daily(held) == [0.0, 0.0]


def test_several_instruments_share_one_notional() -> None:
    """10 % on one of two instruments is 5 % of the whole."""
    held = book(instruments=2, cost=0.0)
    held.wish(1, 0, 1.0, AT_ONCE)
    held.fill(bar(0, 100_000, instrument=1))
    close_at(held, 1100.0, instrument=1)
    held.close_day(DAY, 0)
    assert daily(held) == [pytest.approx(0.05)]


def test_a_record_grows_beyond_its_first_array() -> None:
    """Two thousand days are all kept, in order."""
    held = book()
    for day in range(2_000):
        held.records[0].append(float(day))
    assert daily(held) == [float(day) for day in range(2_000)]


moves = st.lists(st.tuples(st.integers(50_000, 200_000), st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])), min_size=1)


@given(moves, st.integers(1, 5))
def test_profit_telescopes_however_often_a_day_ends(path: list[tuple[int, float]], every: int) -> None:
    """Marking at more days changes no total: it is what each quantity earned, less costs."""
    often, once = book(), book()
    expected, quantity, last = 0.0, 0.0, 0.0
    for hour, (ticks, wish) in enumerate(path):
        price = ticks * 0.01
        for held in (often, once):
            held.wish(0, 0, wish, AT_ONCE)
            held.fill(bar(hour, ticks))
            close_at(held, price)
        expected += quantity * (price - last) - abs(wish / price - quantity) * price * COST
        quantity, last = wish / price, price
        if hour % every == 0:
            often.close_day(DAY + hour, 0)
    often.close_day(DAY + len(path), 0)
    once.close_day(DAY + len(path), 0)
    assert sum(daily(often)) == pytest.approx(expected, abs=1e-9)
    assert sum(daily(once)) == pytest.approx(expected, abs=1e-9)


def test_the_state_tells_of_prices_that_the_next_mark_needs() -> None:
    """Two books that would close their day differently do not hash alike."""

    def state(price: float) -> bytes:
        held = book()
        held.wish(0, 0, 1.0, AT_ONCE)
        held.fill(bar(0, 100_000))
        close_at(held, price)
        out = BytesWriter()
        held.write_state(out)
        return out.getvalue()

    assert state(1000.0) == state(1000.0)
    assert state(1000.0) != state(1001.0)
