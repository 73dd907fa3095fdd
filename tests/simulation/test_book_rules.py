# SPDX-License-Identifier: Apache-2.0
"""The assumptions at the head of the tick venue, one by one, in numbers small enough to follow."""

from decimal import Decimal
from typing import Any

import pytest

from bot4.domain.errors import BadInput, OurFault
from bot4.domain.event import ACCEPTED, CANCEL_REJECTED, CANCELED, REJECTED
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.order import LIMIT, STOP, STOP_LIMIT, Execution
from bot4.domain.values import BUY, MONEY_ONE, RATE_ONE, SELL, Money, Nanos
from bot4.simulation.book.draws import Constant, Draws, Recorded
from bot4.simulation.book.fills import FillModel
from bot4.simulation.book.latency import ENTRY, Latency
from bot4.simulation.book.market import QUEUE_UNKNOWN
from bot4.simulation.book.queues import LogQueue, PowerQueue, QueueModel, RiskAverse
from bot4.simulation.book.venue import NEVER, TickVenue
from bot4.simulation.fees import FeeSchedule, FeeTier
from tests.simulation.driver import START, flat, instrument, submit
from tests.simulation.ticks import TickDesk, delta, quote, snapshot, trade

BIDS, ASKS = [(9_990, 5), (9_980, 50)], [(10_000, 5), (10_010, 7)]


def perpetual(**settings: Any) -> TickDesk:
    """A desk that may go short, with a book of two levels a side."""
    desk = TickDesk([instrument(instrument_type=LINEAR_PERPETUAL)], **settings)
    desk.see(snapshot, BIDS, ASKS)
    return desk


@pytest.mark.requirement("P-02", "P-11")
def test_a_market_order_walks_the_book_and_the_rest_waits_for_what_is_added() -> None:
    """Five at 10,000, seven at 10,010; the last one trades when the feed adds lots."""
    desk = perpetual()
    desk.order(1, BUY, 13)
    assert desk.fills == [(1, 5, 10_000, False), (1, 7, 10_010, False)]
    assert desk.see(delta, [], [(10_000, 5)]) == []
    assert desk.see(delta, [], [(10_000, 6)]) == [(1, 1, 10_000, False)]


@pytest.mark.requirement("P-02")
def test_what_we_took_stays_taken_until_the_feed_shows_less() -> None:
    """Four of five taken: three shown, none left; then eight shown, five of them new."""
    desk = perpetual()
    desk.order(1, BUY, 4)
    desk.see(delta, [], [(10_000, 3)])
    desk.order(2, BUY, 1)
    assert desk.fills[-1] == (2, 1, 10_010, False)
    desk.see(delta, [], [(10_000, 8)])
    desk.order(3, BUY, 6)
    assert desk.fills[-2:] == [(3, 5, 10_000, False), (3, 1, 10_010, False)]


def test_a_level_that_vanished_and_came_back_is_new_in_a_delta_and_in_a_snapshot() -> None:
    """Nothing of what we took is left of a level that was gone."""
    desk = perpetual()
    desk.order(1, BUY, 5)
    desk.see(delta, [], [(10_000, 0)])
    desk.see(delta, [], [(10_000, 5)])
    desk.order(2, BUY, 5)
    desk.see(snapshot, BIDS, [(10_010, 7)])
    desk.see(snapshot, BIDS, ASKS)
    desk.order(3, BUY, 5)
    assert [price for _, _, price, _ in desk.fills] == [10_000] * 3
    desk.see(snapshot, BIDS, ASKS)
    desk.order(4, BUY, 1)
    assert desk.fills[-1] == (4, 1, 10_010, False)


def test_a_sale_prints_through_the_late_book() -> None:
    """After a sale at 9,980 no bid at 9,990 is there, and at 9,980 as many lots less, until the feed speaks."""
    desk = perpetual()
    desk.see(trade, 9_980, 48, SELL)
    desk.order(1, SELL, 3)
    assert desk.fills == [(1, 2, 9_980, False)]
    assert desk.see(delta, [(9_990, 5)]) == [(1, 1, 9_990, False)]


def test_a_crossed_book_gives_nothing_to_takers_and_is_counted() -> None:
    """Locked counts as crossed; a trade still fills what rested."""
    desk = perpetual()
    desk.order(1, BUY, 2, order_type=LIMIT, limit=9_985)
    desk.see(delta, [(10_000, 1)])
    desk.order(2, BUY, 1)
    assert desk.fills == []
    assert desk.see(trade, 9_984, 9, SELL) == [(1, 2, 9_985, True)]
    assert desk.venue.matcher.markets[0].crossed == 1
    assert desk.see(delta, [(10_000, 0)]) == [(2, 1, 10_000, False)]


def test_a_resting_order_waits_for_those_ahead() -> None:
    """Five ahead at 9,990: a sale of five serves them, the next serves us; a sale through it fills us first."""
    desk = perpetual()
    desk.order(1, BUY, 4, order_type=LIMIT, limit=9_990)
    desk.order(2, BUY, 9, order_type=LIMIT, limit=9_980)
    assert desk.see(trade, 9_990, 5, SELL) == []
    assert desk.see(trade, 9_990, 3, SELL) == [(1, 3, 9_990, True)]
    assert desk.see(trade, 9_979, 4, SELL) == [(1, 1, 9_990, True), (2, 3, 9_980, True)]
    assert desk.see(trade, 9_979, 4, BUY) == []


def test_our_orders_at_one_price_come_by_arrival_with_others_between_them() -> None:
    """Five, ours of two, three that came later, ours of two."""
    desk = perpetual()
    desk.order(1, BUY, 2, order_type=LIMIT, limit=9_990)
    desk.see(delta, [(9_990, 8)])
    desk.order(2, BUY, 2, order_type=LIMIT, limit=9_990)
    assert desk.see(trade, 9_990, 8, SELL) == [(1, 2, 9_990, True)]
    assert desk.see(trade, 9_990, 2, SELL) == []
    assert desk.see(trade, 9_990, 2, SELL) == [(2, 2, 9_990, True)]


def test_nobody_is_ahead_at_a_better_price_and_nobody_can_tell_below_the_snapshot() -> None:
    """A bid inside the spread is first; one under the depth shown waits until the feed shows its level."""
    desk = perpetual()
    desk.order(1, BUY, 1, order_type=LIMIT, limit=9_995)
    desk.order(2, BUY, 1, order_type=LIMIT, limit=9_985)
    desk.order(3, BUY, 1, order_type=LIMIT, limit=9_970)
    ahead = [int(order.ahead) for order in desk.venue.matcher.shelves[0].orders.values()]
    assert ahead == [0, 0, QUEUE_UNKNOWN]
    assert desk.see(trade, 9_995, 1, SELL) == [(1, 1, 9_995, True)]
    assert desk.see(trade, 9_985, 1, SELL) == [(2, 1, 9_985, True)]
    assert desk.see(trade, 9_970, 10_000, SELL) == []
    desk.see(delta, [(9_970, 2)])
    assert desk.see(trade, 9_970, 3, SELL) == [(3, 1, 9_970, True)]


def test_the_other_side_coming_to_our_limit_fills_us_at_it_once() -> None:
    """Three asked at 9,985 meet our bid at 9,990: as maker, at our price; the same three never again."""
    desk = perpetual()
    desk.order(1, BUY, 4, order_type=LIMIT, limit=9_990)
    assert desk.see(delta, [(9_990, 0), (9_980, 0)], [(9_985, 3)]) == [(1, 3, 9_990, True)]
    assert desk.see(delta, [], [(9_985, 3)]) == []
    assert desk.see(delta, [], [(9_985, 4)]) == [(1, 1, 9_990, True)]


def test_a_limit_order_takes_within_its_limit_and_rests_with_the_rest() -> None:
    """Five at 10,000 as taker; what is left is the best bid and first in its queue."""
    desk = perpetual()
    desk.order(1, BUY, 8, order_type=LIMIT, limit=10_005)
    assert desk.fills == [(1, 5, 10_000, False)]
    assert desk.see(trade, 10_005, 2, SELL) == [(1, 2, 10_005, True)]
    assert desk.venue.statement().open_orders == [(1, 0, BUY, 1)]


def test_stops_go_off_by_trades_nearest_first_and_take_no_price_better_than_the_trade() -> None:
    """Both sales' triggers are reached: the nearer first; the bid above the print is gone already."""
    desk = perpetual()
    desk.order(1, SELL, 2, order_type=STOP, trigger=9_982)
    desk.order(2, SELL, 2, order_type=STOP, trigger=9_988)
    assert desk.see(delta, [(9_990, 4)]) == []
    assert desk.see(trade, 9_981, 1, SELL) == [(2, 2, 9_980, False), (1, 2, 9_980, False)]


def test_a_stop_that_arrives_after_its_trigger_goes_off_at_once_and_quotes_do_where_nothing_traded() -> None:
    """The last trade tells, or the price that it would have to take."""
    desk = perpetual()
    desk.order(1, BUY, 1, order_type=STOP, trigger=10_000)
    desk.order(2, BUY, 1, order_type=STOP, trigger=10_005)
    assert desk.fills == [(1, 1, 10_000, False)]
    assert desk.see(delta, [], [(10_000, 0)]) == [(2, 1, 10_010, False)]
    desk.see(trade, 9_995, 1, BUY)
    desk.order(3, BUY, 1, order_type=STOP, trigger=9_994)
    assert desk.fills[-1] == (3, 1, 10_010, False)


def test_a_stop_limit_joins_the_book_when_it_goes_off() -> None:
    """Set off at 9,985, limit 9,985: nothing within it is bid, so it rests as an ask, first in an empty level."""
    desk = perpetual()
    desk.order(1, SELL, 3, order_type=STOP_LIMIT, trigger=9_985, limit=9_985)
    assert desk.see(trade, 9_985, 4, SELL) == []
    assert desk.see(trade, 9_985, 4, BUY) == [(1, 3, 9_985, True)]


@pytest.mark.requirement("P2-2")
def test_one_cancels_the_other_at_the_first_fill_or_trigger() -> None:
    """Stop and target of a long position."""
    for price, filled, ended in ((10_020, 2, 3), (9_970, 3, 2)):
        desk = perpetual()
        desk.order(1, BUY, 3)
        desk.order(2, SELL, 3, order_type=LIMIT, limit=10_015, sibling_id=3, reduce_only=True)
        desk.order(3, SELL, 3, order_type=STOP, trigger=9_975, sibling_id=2, reduce_only=True)
        desk.see(trade, price, 2, BUY if price > 10_000 else SELL)
        desk.see(delta, [(9_960, 9)])
        assert {order_id for order_id, *_ in desk.fills} == {1, filled}
        assert (CANCELED, ended, "sibling") in desk.words()


def test_reduce_only_is_cut_to_the_position_and_ends_with_it() -> None:
    """Three held: of eight offered three are sold; then there is nothing left to reduce."""
    desk = perpetual()
    desk.order(1, BUY, 3)
    desk.order(2, SELL, 8, reduce_only=True)
    assert desk.fills[-1] == (2, 3, 9_990, False)
    assert desk.words()[-1] == (CANCELED, 2, "nothing to reduce")


def test_spot_neither_goes_short_nor_spends_more_than_it_has() -> None:
    """1,000 of cash buy nine lots at 100.00 and fee; a sale of what is not held is rejected."""
    desk = TickDesk(cash=10)
    desk.see(snapshot, BIDS, [(10_000, 50)])
    desk.order(1, BUY, 20)
    assert desk.fills == [(1, 9, 10_000, False)]
    assert desk.words()[-1] == (CANCELED, 1, "insufficient balance")
    desk.order(2, SELL, 10)
    assert desk.words()[-1] == (REJECTED, 2, "insufficient balance")


def test_two_siblings_claim_the_cash_once() -> None:
    """Ten pay for nine lots: as a limit or, tied to it, as a stop; a third order has nothing left to pay with."""
    desk = TickDesk(cash=10)
    desk.see(snapshot, BIDS, ASKS)
    desk.order(1, BUY, 9, order_type=LIMIT, limit=9_990)
    desk.order(2, BUY, 9, order_type=STOP, trigger=10_020, sibling_id=1)
    desk.order(3, BUY, 9, order_type=LIMIT, limit=9_980)
    assert desk.words() == [(ACCEPTED, 1, ""), (ACCEPTED, 2, ""), (REJECTED, 3, "insufficient balance")]


@pytest.mark.requirement("P-02")
def test_a_quote_is_a_book_of_one_level_and_a_book_silences_quotes() -> None:
    """Its lots once; a price behind a better one is hidden, not new; with a book quotes change nothing."""
    desk = TickDesk([instrument(instrument_type=LINEAR_PERPETUAL)])
    desk.see(quote, 9_990, 5, 10_000, 5)
    desk.order(1, BUY, 8)
    assert desk.fills == [(1, 5, 10_000, False)]
    assert desk.see(quote, 9_980, 5, 9_995, 1) == [(1, 1, 9_995, False)]
    assert desk.see(quote, 9_980, 5, 10_000, 5) == []
    assert desk.see(quote, 9_980, 5, 10_001, 9) == [(1, 2, 10_001, False)]
    assert desk.see(quote, 9_980, 5, 10_000, 5) == []
    desk.see(snapshot, BIDS, ASKS)
    desk.see(quote, 9_000, 5, 9_001, 5)
    desk.order(2, BUY, 1)
    assert desk.fills[-1] == (2, 1, 10_000, False)


def test_with_trades_alone_a_taker_pays_the_slippage_and_gets_at_most_the_volume() -> None:
    """1 % on 10,000: at 10,100, six lots of six; the rest at the next trade; no touch fills a limit."""
    desk = TickDesk([instrument(instrument_type=LINEAR_PERPETUAL)], slippage=RATE_ONE // 100)
    desk.see(trade, 10_000, 6, BUY)
    desk.order(1, BUY, 8)
    assert desk.fills == [(1, 6, 10_100, False)]
    assert desk.see(trade, 10_000, 6, SELL) == [(1, 2, 10_100, False)]
    desk.order(2, BUY, 3, order_type=LIMIT, limit=9_900)
    assert desk.see(trade, 9_900, 6, SELL) == []
    assert desk.see(trade, 9_899, 2, SELL) == [(2, 2, 9_900, True)]


@pytest.mark.requirement("N2")
def test_commands_and_reports_take_their_time_and_none_overtakes() -> None:
    """Entry 10 then 0: both arrive at 10; the report of an event at 20 reaches us at 25."""
    venue = TickVenue(
        [instrument()],
        cash=Money(1_000 * MONEY_ONE),
        latency=Latency(entry=Recorded([0, 10]), response=Constant(5)),
        seed=_seed_that_draws(10, 0),
    )
    venue.send(submit(1, order_type=LIMIT, limit=9_000), Nanos(START))
    venue.send(submit(1, order_type=LIMIT, limit=9_000), Nanos(START + 1))
    assert venue.busy
    venue.advance(Nanos(START + 9))
    assert venue.next_known_ns() == NEVER
    venue.observe(trade(START + 10, 9_500, 5, SELL))
    assert venue.next_known_ns() == NEVER
    venue.advance(Nanos(START + 10))
    assert venue.next_known_ns() == START + 15
    assert venue.next_report(Nanos(START + 14)) is None
    first, second = venue.next_report(Nanos(START + 15)), venue.next_report(Nanos(START + 15))
    assert first is not None
    assert second is not None
    assert [first.kind, second.kind] == [ACCEPTED, REJECTED]
    assert first.ts_event_ns == second.ts_event_ns == START + 10


def _seed_that_draws(first: int, second: int) -> int:
    """The first seed whose entry latencies begin so."""
    for seed in range(100):
        draws = Draws(Recorded([0, 10]), seed, ENTRY)
        if [draws.next(), draws.next()] == [first, second]:
            return seed
    raise AssertionError


@pytest.mark.requirement("P2-8")
def test_pieces_grant_less_and_the_rest_works_on() -> None:
    """Two pieces of half of what is open: 4, then 2 over two levels; the next event brings as many."""
    desk = perpetual(fill=FillModel(Constant(2), Constant(RATE_ONE // 2)))
    desk.order(1, SELL, 8)
    assert [lots for _, lots, _, _ in desk.fills] == [4, 1, 1]
    assert [lots for _, lots, _, _ in desk.see(delta, [(9_000, 1)])] == [1, 1]
    none = perpetual(fill=FillModel(Constant(0)))
    none.order(1, SELL, 8)
    assert none.fills == []


def test_fees_are_makers_or_takers() -> None:
    """Five lots taken at 0.1 %, two given at none."""
    schedule = FeeSchedule([FeeTier(Money(0), maker=0, taker=100_000)])
    desk = perpetual(fees=schedule)
    desk.order(1, BUY, 7, order_type=LIMIT, limit=10_000)
    desk.see(trade, 10_000, 2, SELL)
    fees = [int(report.fee) for report in desk.reports if isinstance(report, Execution)]
    assert fees == [5 * MONEY_ONE // 1_000, 0]


def test_cancels_duplicates_and_what_is_no_tick() -> None:
    """A cancel ends an order once; an id serves once; bars and reports are not understood here."""
    desk = perpetual()
    desk.order(1, BUY, 4, order_type=LIMIT, limit=9_990)
    desk.cancel(1)
    desk.cancel(1)
    desk.cancel(7)
    desk.order(1)
    assert desk.words()[1:] == [
        (CANCELED, 1, "asked"),
        (CANCEL_REJECTED, 1, "order has ended"),
        (CANCEL_REJECTED, 7, "unknown order"),
        (REJECTED, 1, "duplicate order id"),
    ]
    assert not desk.venue.busy
    with pytest.raises(OurFault):
        desk.venue.observe(flat(0))
    with pytest.raises(OurFault):
        desk.venue.send(flat(0), Nanos(START))
    with pytest.raises(BadInput):
        TickVenue([instrument()], cash=Money(MONEY_ONE), slippage=RATE_ONE)


def test_a_market_order_is_judged_at_its_first_price() -> None:
    """Below the smallest notional it is canceled there, having named no price on arrival."""
    desk = TickDesk([instrument(min_notional=Decimal(100), instrument_type=LINEAR_PERPETUAL)])
    desk.order(1, BUY, 3)
    desk.see(snapshot, BIDS, ASKS)
    assert desk.words() == [(ACCEPTED, 1, ""), (CANCELED, 1, "notional below min_notional")]


@pytest.mark.parametrize(
    ("model", "ahead"),
    [(RiskAverse(), 10), (PowerQueue(1.0), 7), (PowerQueue(2.0), 9), (LogQueue(), 6)],
)
def test_queue_models_share_cancellations_by_their_own_formula(model: QueueModel, ahead: int) -> None:
    """Ten ahead, thirty behind, twelve cancel: none, 12/4, 12/10, and 12 log(11) / (log(11) + log(31)) were ahead."""
    assert model.ahead_after(10, 40, 28, 0) == ahead
    assert model.ahead_after(10, 40, 28, 12) == 10
    assert model.ahead_after(10, 40, 50, 0) == 10
    assert model.ahead_after(10, 40, 6, 0) <= 6
    assert model.ahead_after(QUEUE_UNKNOWN, 40, 28, 0) == 28
    assert model.ahead_after(0, 40, 28, 0) == 0


def test_an_exponent_out_of_range_is_refused() -> None:
    """Zero would spread by nothing at all."""
    for exponent in (0.0, -1.0, 11.0, float("nan")):
        with pytest.raises(BadInput):
            PowerQueue(exponent)
