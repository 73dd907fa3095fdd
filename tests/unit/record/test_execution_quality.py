# SPDX-License-Identifier: Apache-2.0
"""What carrying out decisions cost, and how long positions were without a stop: by hand, through the trading stage."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import Event
from bot4.domain.order import Execution
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.record.exposure_time import SAMPLES_MAX, ExposureTime
from bot4.record.shortfall import Shortfalls, slippage_bp
from tests.simulation.driver import instrument
from tests.unit.trading.walk import NOW, Walk, approved, request

pytestmark = pytest.mark.requirement("EXEC_001")


class Watched(Walk):
    """A walk with both observers behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.costs = Shortfalls([instrument()])
        self.bare = ExposureTime(1)

    def hear(self, event: Event) -> list[Event]:
        """Let the observers see what the engine would show them."""
        said = super().hear(event)
        for each in [event, *said]:
            for observer in (self.costs, self.bare):
                if each.kind in observer.consumes:
                    observer.handle(each, self.now, Outbox(1))
        return said

    def paid(self, order_id: int, side: int, lots: int, price: int, fee: int) -> None:
        """An execution with a fee."""
        self.trades += 1
        self.hear(
            Execution(
                NOW, NOW, order_id=order_id, trade_id=self.trades, instrument=0, side=side, lots=Lots(lots),
                price=Ticks(price), fee=Money(fee), is_maker=False,
            )
        )  # fmt: skip

    def wait(self, ns: int) -> None:
        """Time goes by."""
        self.now = Nanos(self.now + ns)


def test_an_entry_is_measured_against_the_price_it_was_decided_at() -> None:
    """Decided at 100; half at 100, half at 102: one per cent worse, and a fee of 0.1 % of 10 lots at 100."""
    walk = Watched()
    walk.enter(1, BUY, 10)
    walk.fill(1, 5, 100)
    assert walk.costs.mean_slippage_bp() is None
    walk.paid(1, BUY, 5, 102, MONEY_ONE // 1000 // 10)
    assert (walk.costs.orders, walk.costs.mean_slippage_bp()) == (1, 100.0)
    assert walk.costs.mean_shortfall_bp() == 110.0


def test_a_stop_is_measured_against_its_trigger_and_a_target_against_its_limit() -> None:
    """A stop at 90 that fills at 81 is a tenth worse; one per cent above a limit of 120 would be better."""
    walk = Watched()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    walk.fill(2, 10, 81)
    assert (walk.costs.orders, walk.costs.mean_slippage_bp()) == (2, 500.0)


def test_a_forced_exit_has_no_reference() -> None:
    """Nobody decided it: it is not measured, whatever it cost."""
    walk = Watched()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    walk.reject(2)
    walk.fill(3, 10, 50)
    assert (walk.held(), walk.costs.orders) == (0, 1)


def test_what_did_not_trade_is_not_measured() -> None:
    """A refused, a rejected and a canceled order."""
    walk = Watched()
    walk.enter(1, BUY, 10)
    walk.enter(2, BUY, 10)
    walk.reject(1)
    walk.enter(3, BUY, 10)
    walk.cancel(2)
    assert walk.costs.orders == 0


@given(
    side=st.sampled_from((BUY, SELL)),
    reference=st.integers(1, 10**9),
    parts=st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**9)), min_size=1, max_size=5),
)
def test_slippage_is_that_of_the_mean_price(side: int, reference: int, parts: list[tuple[int, int]]) -> None:
    """By fractions; turned round for a sale."""
    lots, cost = sum(n for n, _ in parts), sum(n * price for n, price in parts)
    exact = Fraction(cost, lots) / reference - 1
    assert slippage_bp(side, reference, lots=lots, cost=cost) == pytest.approx(float(side * 10_000 * exact), rel=1e-12)


@pytest.mark.requirement("I-7", "P-10")
def test_the_gap_lasts_from_the_first_fill_to_the_stop_that_covers_all() -> None:
    """A part is filled, its stop accepted; another part, and the old stop gives way to one for both."""
    walk = Watched()
    walk.enter(1, BUY, 10)
    walk.fill(1, 4, 100)
    assert walk.bare.open_ns(walk.now) == 0
    walk.wait(7)
    assert walk.bare.open_ns(walk.now) == 7
    walk.accept(2)
    assert (walk.bare.gaps, list(walk.bare.samples)) == (1, [7])
    walk.wait(100)
    walk.fill(1, 6, 100)
    walk.wait(5)
    walk.cancel(2)
    walk.wait(6)
    walk.accept(3)
    assert (list(walk.bare.samples), walk.bare.longest_ns, walk.bare.open_ns(walk.now)) == ([7, 11], 11, 0)
    assert [walk.bare.quantile_ns(part) for part in (0.0, 0.5, 0.99)] == [7, 11, 11]


@pytest.mark.requirement("I-7", "P-10")
def test_a_gap_also_ends_where_nothing_is_held() -> None:
    """The stop is refused and the exit fills; and a stop that fills bit by bit leaves no gap."""
    walk = Watched()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    walk.wait(3)
    walk.reject(2)
    walk.wait(4)
    walk.fill(3, 10, 99)
    assert list(walk.bare.samples) == [7]
    walk.enter(2, BUY, 10)
    walk.fill(4, 10, 100)
    walk.accept(5)
    walk.wait(50)
    walk.fill(5, 4, 90)
    walk.wait(50)
    walk.fill(5, 6, 90)
    assert list(walk.bare.samples) == [7, 0]


def test_the_samples_are_bounded_and_the_count_is_not() -> None:
    """As many as fit; the longest is kept of all."""
    walk = Watched()
    for number in range(SAMPLES_MAX + 3):
        entry = int(walk.trading.table.next_id)
        walk.hear(approved(request(number + 1, BUY, 1, stop=90)))
        walk.fill(entry, 1, 100)
        walk.wait(3 if number == 0 else 1)
        walk.fill(entry + 1, 1, 90)
    assert (walk.bare.gaps, len(walk.bare.samples)) == (SAMPLES_MAX + 3, SAMPLES_MAX)
    assert (walk.bare.longest_ns, max(walk.bare.samples)) == (3, 1)
