# SPDX-License-Identifier: Apache-2.0
"""Fees that cash does not pay: they wait for their execution, take what is held, and leave dust that nobody chases."""

import pytest

from bot4.domain.event import Event
from bot4.domain.fee import NO_PAYER, FeeTaken
from bot4.domain.order import Fill, Submit
from bot4.domain.values import BUY, PRODUCT_MAX, SELL, Lots, Money
from bot4.trading.execution import Trading
from bot4.trading.fees import WAITING_MAX, Dust
from tests.unit.trading.walk import NOW, Walk, execution, line

pytestmark = pytest.mark.requirement("FEE_001", "EXEC_001", "P-12")

LOT = 1_000


class Payer(Walk):
    """A trading stage whose lots have 1,000 units of 1e-8 each."""

    def __init__(self, instruments: int = 1, least: int = 1) -> None:
        super().__init__(instruments)
        self.trading = Trading(instruments, lot_units=[LOT] * instruments, least=[least] * instruments)

    def take(self, order_id: int, trade_id: int, amount: int, **changed: int) -> list[str]:
        """The venue takes a fee in the base asset, worth ten times its units, unless something else is said."""
        words = {"instrument": 0, "payer": changed.get("instrument", 0), "worth": amount * 10} | changed
        return [line(event) for event in self.hear(fee(order_id, trade_id, amount, **words))]

    def trade(self, order_id: int, trade_id: int, lots: int, amount: int, **changed: int) -> list[Event]:
        """The venue reports a trade, its fee first."""
        assert self.take(order_id, trade_id, amount, **changed) == []
        order = self.trading.table.find(order_id)
        assert order is not None
        return self.hear(execution(order_id, trade_id, order.side, lots, 100, int(order.instrument)))

    def books(self, instrument: int = 0) -> int:
        """What is held of the base, in 1e-8."""
        return self.held(instrument) * LOT + int(self.trading.dust(instrument))


def fee(order_id: int, trade_id: int, amount: int, *, instrument: int, payer: int, worth: int) -> FeeTaken:
    """The report of a fee."""
    return FeeTaken(
        NOW, NOW, order_id=order_id, trade_id=trade_id, instrument=instrument, payer=payer, amount=amount,
        worth=Money(worth), asset="BTC" if payer >= 0 else "BNB",
    )  # fmt: skip


def test_the_stop_is_for_what_the_fee_has_left() -> None:
    """Of 1,000 lots bought 998.7 are there: the stop is for 998, and no other was sent before."""
    walk = Payer()
    walk.enter(1, BUY, 1_000)
    walk.accept(1)
    said = walk.trade(1, 7, 1_000, 1_300)
    assert [line(event) for event in said] == [
        "fill 1: enter buy 1000 at 100",
        "order 1: filled, filled 1000, open 0",
        "submit 2: stop stop sell 998 at 90 reduce-only",
    ]
    (fill,) = [event for event in said if isinstance(event, Fill)]
    assert fill.in_kind is not None
    paid = fill.in_kind
    assert list(map(int, (fill.fee, paid.lots, paid.taken.amount, fill.expense()))) == [0, 2, 1_300, 13_000]
    assert (walk.held(), walk.trading.dust(0)) == (998, 700)


def test_dust_pays_before_a_lot_is_broken_up() -> None:
    """The rest of the first lot pays the next fees, until it does not suffice."""
    walk = Payer()
    walk.enter(1, BUY, 40)
    walk.accept(1)
    seen = []
    for trade_id in range(1, 5):
        walk.trade(1, trade_id, 10, 400)
        seen.append((walk.held(), int(walk.trading.dust(0))))
    assert seen == [(9, 600), (19, 200), (28, 800), (38, 400)]


def test_an_exit_sells_what_is_left() -> None:
    """Asked for all, it sends what can be sold."""
    walk = Payer()
    walk.enter(1, BUY, 10)
    walk.trade(1, 1, 10, 1)
    walk.accept(2)
    assert walk.exit(2, SELL, 10) == ["cancel 2: exit"]
    assert walk.cancel(2)[-1] == "submit 3: exit market sell 9" + " reduce-only"
    walk.fill(3, 9, 100, trade_id=2)
    assert (walk.held(), walk.trading.dust(0)) == (0, 999)


def test_a_fee_has_no_effect_without_its_execution_and_none_twice() -> None:
    """Told three times and again when it is over: one fee; told alone: none."""
    walk = Payer()
    walk.enter(1, BUY, 20)
    walk.take(1, 1, 500)
    walk.take(1, 1, 700)
    walk.take(1, 9, 100)
    assert walk.books() == 0
    assert walk.trading.ignored == 1
    before = walk.state()
    walk.trade(1, 2, 10, 300)
    assert walk.books() == 9_700
    walk.fill(1, 10, 100, trade_id=1)
    assert walk.books() == 19_200, "the first word about a fee is believed"
    for trade_id in (1, 2):
        walk.take(1, trade_id, 300)
        walk.fill(1, 10, 100, trade_id=trade_id)
    assert walk.books() == 19_200
    assert [key[1] for key in walk.trading.fees.waiting] == [9], "what was told before does not wait again"
    assert walk.trading.contradictions == 0
    assert before != walk.state()


def test_what_waits_is_bounded_and_part_of_the_state() -> None:
    """Fees whose executions never come push each other out, the oldest first."""
    walk = Payer()
    walk.enter(1, BUY, 100)
    empty = walk.state()
    for trade_id in range(WAITING_MAX + 1):
        walk.take(1, trade_id, 500)
    assert len(walk.trading.fees.waiting) == WAITING_MAX
    assert walk.state() != empty
    walk.fill(1, 10, 100, trade_id=WAITING_MAX)
    assert walk.books() == 9_500
    walk.fill(1, 10, 100, trade_id=1)
    assert walk.books() == 19_000


@pytest.mark.parametrize("amount", [1, 999, 1_000, 1_001, 25_000])
def test_a_fee_on_more_than_is_held_is_paid_by_what_was_there_before(amount: int) -> None:
    """A sale to the last lot whose fee is in the base: nothing is left to sell, and the dust is below nothing."""
    walk = Payer()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100, trade_id=1)
    walk.accept(2)
    walk.trade(2, 2, 10, amount)
    assert (walk.held(), walk.trading.dust(0)) == (0, -amount)
    assert walk.enter(3, BUY, 50) == ["submit 3: enter market buy 50"]
    walk.trade(3, 3, 50, 50)
    assert walk.books() == 50_000 - 50 - amount
    assert 0 <= walk.trading.dust(0) < LOT


def test_a_fee_in_a_third_asset_leaves_the_position_alone() -> None:
    """Nothing of the instrument is taken; the fill tells of it."""
    walk = Payer()
    walk.enter(1, BUY, 10)
    said = walk.trade(1, 1, 10, 300, payer=NO_PAYER)
    (fill,) = [event for event in said if isinstance(event, Fill)]
    assert fill.in_kind is not None and (int(fill.in_kind.lots), fill.in_kind.taken.asset) == (0, "BNB")
    assert (walk.held(), walk.trading.dust(0)) == (10, 0)


def test_a_fee_in_the_base_of_another_instrument_lessens_that_one_and_its_stop() -> None:
    """Instrument 1 pays for a purchase of instrument 0: its stop is made smaller at once."""
    walk = Payer(2)
    walk.enter(1, BUY, 10, instrument=1)
    walk.hear(execution(1, 1, BUY, 10, 100, 1))
    walk.enter(2, BUY, 5)
    said = [line(event) for event in walk.trade(3, 2, 5, 1_500, payer=1)]
    assert said == [
        "fill 3: enter buy 5 at 100",
        "order 3: filled, filled 5, open 0",
        "submit 4: stop stop sell 5 at 90 reduce-only",
        "cancel 2: size",
    ]
    assert (walk.books(0), walk.books(1)) == (5_000, 8_500)


def test_what_cannot_be_counted_changes_nothing() -> None:
    """An order nobody sent, another instrument, no amount, too much, a payer that is none, a lot of no units."""
    walk = Payer()
    walk.enter(1, BUY, 10)
    told = [
        walk.take(9, 1, 10),
        walk.take(1, 1, 10, instrument=1, payer=0),
        walk.take(1, 1, 0),
        walk.take(1, 1, -5),
        walk.take(1, 1, PRODUCT_MAX),
        walk.take(1, 1, 5, worth=-1),
        walk.take(1, 1, 5, payer=1),
        walk.take(1, 1, 5, payer=-2),
    ]
    rules = [one.split()[2].removeprefix("trading.contradiction.") for (one,) in told]
    assert rules == ["unknown_order.fee"] * 2 + ["fee.uncountable"] * 6
    plain = Walk()
    plain.enter(1, BUY, 10)
    (refused,) = plain.hear(fee(1, 1, 5, instrument=0, payer=0, worth=50))
    assert "fee.uncountable" in line(refused)
    assert walk.books() == 0


def test_a_fee_of_an_execution_that_cannot_be_true_is_forgotten_with_it() -> None:
    """More than was asked for: neither is applied."""
    walk = Payer()
    walk.enter(1, BUY, 10)
    said = walk.trade(1, 1, 11, 500)
    assert "overfill" in line(said[0])
    assert (walk.books(), len(walk.trading.fees.waiting)) == (0, 0)


@pytest.mark.requirement("P2-5")
def test_less_than_can_be_sold_is_as_good_as_nothing() -> None:
    """Nine lots where ten is the least: no stop, no exit, no try; the next purchase adds to them."""
    walk = Payer(least=10)
    walk.enter(1, BUY, 10)
    assert [line(event) for event in walk.trade(1, 1, 10, 100)] == [
        "fill 1: enter buy 10 at 100",
        "order 1: filled, filled 10, open 0",
    ]
    assert walk.exit(2, SELL, 9) == ["refused 2: trading.nothing_to_exit (9 against 10)"]
    walk.enter(3, BUY, 20)
    said = walk.hear(execution(2, 2, BUY, 20, 100))
    (stop,) = [event for event in said if isinstance(event, Submit)]
    assert (int(stop.lots), walk.books()) == (29, 29_900)
    walk.accept(3)
    walk.fill(3, 25, 90, trade_id=3)
    assert walk.held() == 4, "a stop that leaves less than the least has done its work"


def test_an_entry_that_fills_by_less_than_can_be_sold_is_protected_once_it_can() -> None:
    """Five of ten, then five more: the stop comes with the second."""
    walk = Payer(least=10)
    walk.enter(1, BUY, 20)
    assert not any(isinstance(event, Submit) for event in walk.hear(execution(1, 1, BUY, 5, 100)))
    said = walk.hear(execution(1, 2, BUY, 5, 100))
    assert [int(event.lots) for event in said if isinstance(event, Submit)] == [10]


def test_dust_is_settled_by_the_next_fee() -> None:
    """What was paid out of what was there before is made up by the first lots that a fee meets."""
    dust = Dust(LOT)
    assert (int(dust.pay(2_500, Lots(0))), int(dust.units)) == (0, -2_500)
    assert (int(dust.pay(100, Lots(2))), int(dust.units)) == (2, -600)
    assert (int(dust.pay(100, Lots(50))), int(dust.units)) == (1, 300)
