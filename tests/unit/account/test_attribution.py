# SPDX-License-Identifier: Apache-2.0
"""Whose profit it was: fills divided among strategies by hand."""

from typing import Any

from librt.strings import BytesWriter

from bot4.account.attribution import INTENTS_MAX, Attribution
from bot4.account.proportion import Part, apportion, part_of
from bot4.domain.event import FILL, INTENT
from bot4.domain.order import ENTER, EXIT, MARKET, Execution, Fill, OrderRequest
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Intent, Share
from tests.simulation.driver import instrument

NOW = Nanos(1)
OUT = Outbox(1)
CENT = MONEY_ONE // 100


def wish(intent_id: int, *fractions: float, purpose: int = ENTER) -> Intent:
    """An intent in which slot i has the i-th fraction."""
    none = Ticks(0)
    request = OrderRequest(
        intent_id=intent_id,
        instrument=0,
        slot=0,
        purpose=purpose,
        order_type=MARKET,
        side=BUY,
        lots=Lots(1),
        reference=Ticks(1),
        limit=none,
        trigger=none,
        stop=none,
        target=none,
    )
    return Intent(NOW, request, [Share(slot, 0, fraction) for slot, fraction in enumerate(fractions)])


def filled(intent_id: int, side: int, lots: int, price: int, *, fee: int = 0, slot: int = 0) -> Fill:
    """A fill that serves an intent."""
    execution = Execution(
        NOW,
        NOW,
        order_id=1,
        trade_id=1,
        instrument=0,
        side=side,
        lots=Lots(lots),
        price=Ticks(price),
        fee=Money(fee),
        is_maker=False,
    )
    return Fill(execution, intent_id=intent_id, slot=slot, purpose=ENTER if side == BUY else EXIT)


def attributed(*events: Any, slots: int = 2) -> Attribution:
    """An attribution that has seen the events."""
    attribution = Attribution([instrument()], slots=slots)
    for event in events:
        attribution.handle(event, NOW, OUT)
    return attribution


def row(attribution: Attribution) -> list[tuple[int, int, int, int]]:
    """Lots, cost, realised and fees of each slot, nobody's last."""
    return [(p.lots, p.cost, p.realised, p.fees) for p in attribution.holdings[0]]


def test_it_consumes_intents_and_fills_and_says_nothing() -> None:
    """What the routing table is built from; the outbox stays empty."""
    assert attributed(wish(1, 1.0), filled(1, BUY, 1, 1)).consumes == (INTENT, FILL)
    assert OUT.tail == 0


def test_what_opens_is_divided_by_the_shares_of_the_intent() -> None:
    """Ten lots at 100.00 by 0.75 and 0.25: 8 (7.5 and first) and 2; cost and fee go with the lots."""
    attribution = attributed(wish(1, 0.75, 0.25), filled(1, BUY, 10, 10_000, fee=100))
    assert row(attribution) == [(8, 8 * MONEY_ONE, 0, 80), (2, 2 * MONEY_ONE, 0, 20), (0, 0, 0, 0)]


def test_many_small_fills_go_where_one_large_one_would() -> None:
    """Ten fills of one lot by 0.7 and 0.3 are seven and three, not ten and none."""
    attribution = attributed(wish(1, 0.7, 0.3), *[filled(1, BUY, 1, 10_000) for _ in range(10)])
    assert [lots for lots, *_ in row(attribution)] == [7, 3, 0]


def test_what_closes_is_taken_in_proportion_to_what_each_holds() -> None:
    """Half of 8 and 2 is 4 and 1, sold at 110.00."""
    attribution = attributed(wish(1, 0.8, 0.2), filled(1, BUY, 10, 10_000), filled(7, SELL, 5, 11_000, fee=10))
    assert row(attribution) == [
        (4, 4 * MONEY_ONE, 40 * CENT, 8),
        (1, MONEY_ONE, 10 * CENT, 2),
        (0, 0, 0, 0),
    ]
    assert attribution.realised(0) == 40 * CENT
    assert attribution.fees(1) == 2
    assert attribution.holding(1, 0).lots == 1


def test_a_strategy_that_ends_releases_all_its_cost_and_the_other_bears_the_difference() -> None:
    """One lot each at 100.00 and 200.00; one sold at 300.00 releases the average of 150.00 in the account."""
    attribution = attributed(
        wish(1, 1.0, 0.0),
        wish(2, 0.0, 1.0),
        filled(1, BUY, 1, 10_000),
        filled(2, BUY, 1, 20_000),
        filled(3, SELL, 1, 30_000),
    )
    assert row(attribution) == [(0, 0, 200 * CENT, 0), (1, 150 * CENT, -50 * CENT, 0), (0, 0, 0, 0)]
    attribution.handle(filled(3, SELL, 1, 30_000), NOW, OUT)
    assert [realised for _, _, realised, _ in row(attribution)] == [200 * CENT, 100 * CENT, 0]


def test_a_fill_through_zero_closes_for_all_and_opens_by_the_shares() -> None:
    """Five held by the first; ten sold at the same price for an intent of the second."""
    attribution = attributed(
        wish(1, 1.0, 0.0), wish(2, 0.0, 1.0), filled(1, BUY, 5, 10_000), filled(2, SELL, 10, 10_000, fee=4)
    )
    assert row(attribution) == [(0, 0, 0, 2), (-5, -5 * MONEY_ONE, 0, 2), (0, 0, 0, 0)]


def test_an_opening_without_a_known_intent_goes_to_the_largest_share_or_to_nobody() -> None:
    """The fill names the slot; where it names none the last row holds it."""
    attribution = attributed(filled(1, BUY, 3, 10_000, slot=1), filled(2, BUY, 2, 10_000, slot=-1))
    assert [lots for lots, *_ in row(attribution)] == [0, 3, 2]


def test_an_exit_or_an_intent_without_shares_is_not_remembered() -> None:
    """Neither could open anything."""
    attribution = attributed(wish(1, 1.0, purpose=EXIT), wish(2), wish(3, 0.0, 0.0))
    assert attribution.openings == {}


def test_memory_is_bounded() -> None:
    """The oldest intent is let go of first."""
    attribution = attributed(*[wish(number, 1.0) for number in range(INTENTS_MAX + 2)])
    assert len(attribution.openings) == INTENTS_MAX
    assert next(iter(attribution.openings)) == 2


def test_the_state_tells_attributions_apart() -> None:
    """An intent and a fill each change the bytes; the same history gives the same bytes."""
    states = []
    for events in ([], [wish(1, 1.0)], [wish(1, 1.0), filled(1, BUY, 1, 1)], [wish(1, 1.0), filled(1, BUY, 1, 1)]):
        out = BytesWriter()
        attributed(*events).write_state(out)
        states.append(out.getvalue())
    assert len(set(states[:3])) == 3
    assert states[2] == states[3]


def test_a_part_rounds_half_to_even_for_either_sign() -> None:
    """5/2 is 2, 7/2 is 4, and so below zero; all of it is all of it."""
    assert [part_of(amount, 1, 2) for amount in (5, 7, -5, -7)] == [2, 4, -2, -4]
    assert part_of(-7, 3, 3) == -7


def shares_of(total: int, weights: list[int]) -> list[int]:
    """A total split by weights."""
    parts = [Part(weight) for weight in weights]
    apportion(total, parts)
    return [part.share for part in parts]


def test_apportioning_gives_the_largest_remainders_first() -> None:
    """Ten by 5, 3, 1: 5.56, 3.33, 1.11 make 6, 3, 1; the mirror image for a debt; nothing for a weight of 0."""
    assert shares_of(10, [5, 3, 1]) == [6, 3, 1]
    assert shares_of(-10, [5, 3, 1]) == [-6, -3, -1]
    assert shares_of(3, [0, 1, 1]) == [0, 2, 1]
    assert shares_of(0, [1, 1]) == [0, 0]
