# SPDX-License-Identifier: Apache-2.0
"""From certified opinions to one wish: weights, netting, what is under way, leaving while entering, spent opinions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.decision.aggregation import Aggregation, Review
from bot4.decision.exits import Exits
from bot4.decision.sizing import Sizing
from bot4.domain.event import Event
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
from bot4.domain.order import (
    ENTER,
    EXIT,
    FILLED,
    MARKET,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    PART_FILLED,
    PROTECT_STOP,
    PROTECT_TARGET,
    WORKING,
)
from bot4.domain.signal import Certificate, Evidence, EvidenceFigures, Signal, SignalEvent
from bot4.domain.values import BUY, HOUR_NS, MONEY_ONE, SELL, Money, Nanos
from bot4.domain.verdict import Intent, Refused, Untradable
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, answers, carried, equity, features, fill, position, request, update

NOW = Nanos(MIDNIGHT + HOUR_NS)
LATER = Nanos(MIDNIGHT + 1000 * HOUR_NS)
FULL = 20_000
"""2 % of 100,000 at 1,000.00 in lots of 0.0001 is 2 coins."""


def desk_for(
    *,
    kind: int = LINEAR_PERPETUAL,
    weights: tuple[float, ...] = (1.0,),
    qualified: bool = True,
    band: float = 0.25,
    instruments: int = 1,
    warm: bool = True,
    **changes: Any,
) -> Aggregation:
    """An aggregation of 100,000 that wants the full 2 % at a strength of 1, warm at 1,000.00."""
    listed = [coin(i, symbol=f"{chr(65 + i) * 3}USDT", instrument_type=kind, **changes) for i in range(instruments)]
    stage = Aggregation(
        listed,
        [Nanos(HOUR_NS)] * instruments,
        weights=weights,
        qualified=qualified,
        sizing=Sizing(0.02, 1.0),
        exits=Exits(4.0, 12.0),
        volatility_at=0,
        atr_at=1,
        equity=Money(100_000 * MONEY_ONE),
        resize_band=band,
    )
    for i in range(instruments if warm else 0):
        answers(stage, features(0, [0.01, 5.0], instrument=i))
    return stage


def certificate(strength: float, *, slot: int = 0, number: int = 7, instrument: int = 0) -> Certificate:
    """One opinion let through the gate."""
    said = SignalEvent(NOW, slot, instrument, Signal(strength, "why", LATER))
    return Certificate(NOW, number, said, evidence_id=1, observed=False)


def hear(stage: Aggregation, *events: Event) -> list[Event]:
    """Hand in events as one cause, reviews last, as the engine does; return what was put but for reviews."""
    put: list[Event] = []
    for event in events:
        put.extend(answers(stage, event, int(NOW)))
    for event in put:
        if isinstance(event, Review):
            put.extend(answers(stage, event, int(NOW)))
        assert len(put) < 200, "answers without end"
    return [event for event in put if not isinstance(event, Review)]


def wish(stage: Aggregation, *events: Event) -> Intent:
    """The one intent that events lead to."""
    [intent] = hear(stage, *events)
    assert isinstance(intent, Intent)
    return intent


def holding(stage: Aggregation, lots: int) -> Aggregation:
    """The same stage after a position came about by an opinion of its direction, nothing under way."""
    intent = wish(stage, certificate(1.0 if lots > 0 else -1.0))
    hear(stage, fill(abs(lots), side=BUY if lots > 0 else SELL, intent_id=int(intent.request.intent_id)))
    hear(stage, update(int(intent.request.intent_id), FILLED), position(lots))
    return stage


def refused(intent_id: int, rule: str) -> Refused:
    """A no to an intent."""
    return Refused(NOW, intent_id=intent_id, slot=0, instrument=0, rule=rule, measured=2.0, limit=1.0)


@pytest.mark.requirement("signal_aggregation", "stop_loss_manager", "profit_target_system")
def test_an_opinion_becomes_a_wish_with_size_stop_target_and_proof() -> None:
    """2 % of equity at the market, four ranges of risk, twelve of reward, on the strength of its certificate."""
    intent = wish(desk_for(), certificate(1.0, number=42))
    asked = intent.request
    assert [asked.purpose, asked.order_type, asked.side, asked.lots] == [ENTER, MARKET, BUY, FULL]
    assert [asked.reference, asked.stop, asked.target] == [100_000, 98_000, 106_000]
    [share] = intent.shares
    assert [share.slot, share.certificate_id, share.fraction] == [0, 42, 1.0]


def test_a_perpetual_is_sold_short_with_its_stop_above() -> None:
    """A negative opinion where shorts are allowed."""
    asked = wish(desk_for(), certificate(-0.5)).request
    assert [asked.side, asked.lots, asked.stop, asked.target] == [SELL, FULL // 2, 102_000, 94_000]


def test_spot_is_not_sold_short() -> None:
    """A negative opinion with nothing held wishes for nothing."""
    assert hear(desk_for(kind=SPOT), certificate(-1.0)) == []


@pytest.mark.requirement("signal_aggregation")
def test_all_opinions_of_one_bar_are_netted_by_weight_before_anything_is_wished() -> None:
    """1 with weight 3 and -1 with weight 1 is a half; the leader and the shares are those who agree."""
    intent = wish(
        desk_for(weights=(3.0, 1.0, 1.0)),
        certificate(1.0, slot=0, number=5),
        certificate(-1.0, slot=1, number=6),
        certificate(0.5, slot=2, number=7),
    )
    assert intent.request.lots == FULL // 2
    assert intent.request.slot == 0
    assert [(share.slot, share.certificate_id) for share in intent.shares] == [(0, 5), (2, 7)]
    assert [share.fraction for share in intent.shares] == [pytest.approx(3 / 3.5), pytest.approx(0.5 / 3.5)]


@pytest.mark.requirement("signal_aggregation", "prod_002")
def test_opposite_opinions_of_equal_weight_cancel_out() -> None:
    """Nobody trades with himself."""
    assert hear(desk_for(weights=(1.0, 1.0)), certificate(1.0, slot=0), certificate(-1.0, slot=1)) == []


def test_only_strategies_with_evidence_dilute_the_net() -> None:
    """An unqualified strategy that says nothing has no weight; once it has passed, its silence counts."""
    stage = desk_for(weights=(1.0, 1.0), qualified=False)
    assert wish(stage, certificate(1.0)).request.lots == FULL
    other = desk_for(weights=(1.0, 1.0), qualified=False)
    figures = EvidenceFigures(
        days=1,
        closed_trades=1,
        trials=1,
        mean=0.0,
        sharpe=0.0,
        sharpe_excess=0.0,
        p_value=0.0,
        deflated=0.0,
        confidence=0.0,
        track_days_min=0.0,
        total_return=0.0,
    )
    answers(other, Evidence(NOW, 1, 1, figures, passed=True, rule="", measured=0.0, limit=0.0))
    assert wish(other, certificate(1.0)).request.lots == FULL // 2


@pytest.mark.requirement("P2-1", "I-2")
def test_nothing_is_wished_while_an_intent_is_under_way_but_it_is_looked_at_after() -> None:
    """A second opinion waits; when the order has ended, the difference to what is held is asked for."""
    stage = desk_for(weights=(1.0, 1.0))
    first = wish(stage, certificate(1.0, slot=0))
    assert first.request.lots == FULL // 2
    assert hear(stage, certificate(1.0, slot=1)) == []
    hear(stage, fill(FULL // 2), position(FULL // 2))
    second = wish(stage, update(int(first.request.intent_id), FILLED))
    assert second.request.lots == FULL // 2
    assert second.request.intent_id == first.request.intent_id + 1


@pytest.mark.parametrize("state", [FILLED, ORDER_CANCELED, ORDER_REJECTED, ORDER_EXPIRED])
def test_every_end_of_its_order_frees_the_instrument(state: int) -> None:
    """However the order ended, a later opinion is acted on."""
    stage = desk_for()
    first = wish(stage, certificate(1.0))
    hear(stage, update(int(first.request.intent_id), state))
    assert wish(stage, certificate(0.9)).request.intent_id == 2


@pytest.mark.parametrize("state", [WORKING, PART_FILLED])
def test_an_order_that_goes_on_blocks_on(state: int) -> None:
    """Accepted or partly filled is not over."""
    stage = desk_for()
    first = wish(stage, certificate(1.0))
    hear(stage, update(int(first.request.intent_id), state))
    assert hear(stage, certificate(0.9)) == []


def test_the_end_of_another_order_frees_nothing() -> None:
    """A protective order or an older intent that ends is not what is waited for."""
    stage = desk_for()
    first = int(wish(stage, certificate(1.0)).request.intent_id)
    hear(stage, update(first, FILLED, purpose=PROTECT_TARGET), update(first + 9, FILLED))
    assert hear(stage, certificate(0.9)) == []


def test_a_refusal_frees_the_instrument() -> None:
    """What risk refused is over; nothing is tried again until somebody speaks."""
    stage = desk_for()
    wish(stage, certificate(1.0))
    assert hear(stage, refused(1, "risk.position_cap")) == []
    assert wish(stage, certificate(0.9)).request.intent_id == 2


@pytest.mark.requirement("entry_exit_signals")
def test_leaving_asks_for_everything_that_is_held() -> None:
    """A close sells the position on the certificate that ended the opinion, in the name of who led the entry."""
    intent = wish(holding(desk_for(weights=(1.0, 1.0)), FULL // 2), certificate(0.0, number=9))
    assert [intent.request.purpose, intent.request.side, intent.request.lots] == [EXIT, SELL, FULL // 2]
    assert [(share.slot, share.certificate_id, share.fraction) for share in intent.shares] == [(0, 9, 1.0)]
    assert [intent.request.slot, intent.request.stop] == [0, 0]


@pytest.mark.requirement("P-12")
@pytest.mark.parametrize(("lots", "wishes"), [(9, 0), (10, 1)])
def test_what_is_too_small_to_sell_is_left_alone(lots: int, wishes: int) -> None:
    """What a fee left of a position, nine lots where ten is the least, is not asked out of, opinion after opinion."""
    stage = desk_for(min_lots=10)
    hear(stage, position(lots))
    assert len(hear(stage, certificate(0.0))) == wishes


def test_turning_round_closes_first_and_opens_after() -> None:
    """From long to short in two intents, the second when the first has ended."""
    stage = holding(desk_for(), FULL)
    out = wish(stage, certificate(-1.0))
    assert [out.request.purpose, out.request.side] == [EXIT, SELL]
    hear(stage, fill(FULL, side=SELL, purpose=EXIT, intent_id=int(out.request.intent_id)), position(0))
    into = wish(stage, update(int(out.request.intent_id), FILLED, purpose=EXIT))
    assert [into.request.purpose, into.request.side, into.request.lots] == [ENTER, SELL, FULL]


@pytest.mark.requirement("P-11")
@pytest.mark.parametrize("filled", [0, 300, FULL])
def test_leaving_while_the_entry_still_works_asks_for_all_that_may_fill(filled: int) -> None:
    """Whatever of the entry fills before its cancel arrives, nothing is left held without an opinion."""
    stage = desk_for()
    entry = int(wish(stage, certificate(1.0)).request.intent_id)
    if filled:
        hear(stage, fill(filled), update(entry, PART_FILLED, filled=filled), position(filled))
    out = wish(stage, certificate(0.0)).request
    assert [out.purpose, out.side] == [EXIT, SELL]
    assert out.lots >= FULL


@pytest.mark.requirement("P-11", "I-1")
def test_a_close_that_comes_during_a_partial_exit_is_not_lost() -> None:
    """A smaller size is being sold when the opinion ends: the rest is sold when that order is done."""
    stage = holding(desk_for(), FULL)
    part = wish(stage, certificate(0.5)).request
    assert [part.purpose, part.lots] == [EXIT, FULL // 2]
    assert hear(stage, certificate(0.0)) == []
    hear(stage, fill(FULL // 2, side=SELL, purpose=EXIT, intent_id=int(part.intent_id)), position(FULL // 2))
    rest = wish(stage, update(int(part.intent_id), FILLED, purpose=EXIT)).request
    assert [rest.purpose, rest.lots] == [EXIT, FULL // 2]


@pytest.mark.requirement("I-9", "P-09")
def test_a_reversal_refused_because_trading_is_busy_waits_instead_of_storming() -> None:
    """Another exit is under way: the wish is made again when that order has ended, not at once and without end."""
    stage = holding(desk_for(), FULL)
    out = wish(stage, certificate(-1.0)).request
    assert hear(stage, refused(int(out.intent_id), "trading.busy")) == []
    hear(stage, fill(FULL, side=SELL, purpose=EXIT, intent_id=-2), position(0))
    into = wish(stage, update(-2, FILLED, purpose=EXIT)).request
    assert [into.purpose, into.side] == [ENTER, SELL]


def test_a_reversal_goes_on_when_there_was_nothing_to_exit() -> None:
    """The entry was canceled unfilled: the other direction is opened at once."""
    stage = desk_for()
    entry = int(wish(stage, certificate(1.0)).request.intent_id)
    out = wish(stage, certificate(-1.0)).request
    hear(stage, update(entry, ORDER_CANCELED))
    into = wish(stage, refused(int(out.intent_id), "trading.nothing_to_exit")).request
    assert [into.purpose, into.side] == [ENTER, SELL]


@pytest.mark.requirement("BIAS_001/revenge_trading", "stop_loss_manager")
@pytest.mark.parametrize("purpose", [PROTECT_STOP, PROTECT_TARGET])
def test_what_protection_ended_is_not_entered_again_on_the_same_opinion(purpose: int) -> None:
    """After a stop or target the opinions are spent: a change elsewhere opens nothing; a new word does."""
    stage = holding(desk_for(weights=(1.0, 1.0)), FULL)
    hear(stage, fill(FULL, side=SELL, purpose=purpose), position(0), update(1, FILLED, purpose=purpose))
    assert hear(stage, certificate(0.0, slot=1)) == []
    assert wish(stage, certificate(1.0, slot=0)).request.purpose == ENTER


def test_a_position_that_ends_by_our_exit_spends_nothing() -> None:
    """An exit for size keeps the opinions that are still meant."""
    stage = holding(desk_for(weights=(1.0, 1.0)), FULL)
    hear(stage, fill(FULL, side=SELL, purpose=EXIT), position(0))
    assert wish(stage, certificate(0.0, slot=1)).request.purpose == ENTER


@pytest.mark.parametrize(("strength", "moves"), [(0.76, False), (0.75, True), (0.5, True), (1.0, False)])
def test_small_changes_of_size_are_not_worth_their_fee(strength: float, moves: bool) -> None:
    """Inside a quarter of the position nothing is done; at a quarter and beyond it is."""
    assert bool(hear(holding(desk_for(), FULL), certificate(strength))) == moves


def test_a_smaller_opinion_sells_the_difference() -> None:
    """From the whole to a half: half is sold, on an exit that needs no stop."""
    asked = wish(holding(desk_for(), FULL), certificate(0.5)).request
    assert [asked.purpose, asked.side, asked.lots] == [EXIT, SELL, FULL // 2]


def test_a_larger_opinion_buys_the_difference() -> None:
    """From a half to the whole: half is added, with a stop."""
    stage = desk_for()
    first = wish(stage, certificate(0.5)).request
    hear(stage, fill(FULL // 2), update(int(first.intent_id), FILLED), position(FULL // 2))
    asked = wish(stage, certificate(1.0)).request
    assert [asked.purpose, asked.side, asked.lots] == [ENTER, BUY, FULL // 2]
    assert asked.stop > 0


@pytest.mark.requirement("position_sizing_calculator", "P-12")
def test_a_wish_below_the_venue_s_filters_is_untradable_and_says_by_how_much() -> None:
    """1 % of the full size is 20 units of currency, where the venue wants 25."""
    [no] = hear(desk_for(min_notional=25), certificate(0.01))
    assert isinstance(no, Untradable)
    assert [no.rule, no.measured, no.limit, no.slot] == ["decision.size", 200.0, 250.0, 0]


def test_nothing_is_entered_without_a_range_to_place_the_stop_by() -> None:
    """While the average true range is not warm there is no entry."""
    for atr in (float("nan"), 0.0):
        stage = desk_for(warm=False)
        answers(stage, features(0, [0.01, atr]))
        assert hear(stage, certificate(1.0)) == []


def test_nothing_is_wished_before_the_first_features() -> None:
    """Without a price there is nothing to size by."""
    assert hear(desk_for(warm=False), certificate(1.0)) == []


def test_size_follows_equity() -> None:
    """Half the equity, half the wish."""
    stage = desk_for()
    answers(stage, equity(50_000))
    assert wish(stage, certificate(1.0)).request.lots == FULL // 2


def test_instruments_do_not_wait_for_each_other() -> None:
    """An intent under way on one leaves the other free."""
    stage = desk_for(instruments=2)
    wish(stage, certificate(1.0, instrument=0))
    assert wish(stage, certificate(1.0, instrument=1)).request.instrument == 1


def test_what_is_under_way_enters_the_state() -> None:
    """Two stages that would answer the next event differently do not hash alike."""

    def state(stage: Aggregation) -> bytes:
        out = BytesWriter()
        stage.write_state(out)
        return out.getvalue()

    waiting, looking = desk_for(weights=(1.0, 1.0)), desk_for(weights=(1.0, 1.0))
    for stage in (waiting, looking):
        wish(stage, certificate(1.0, slot=0))
    assert state(waiting) == state(looking)
    hear(looking, certificate(0.0, slot=1))
    hear(waiting, certificate(0.0, slot=1, number=8))
    assert state(waiting) != state(looking)
    stopped, left = holding(desk_for(), FULL), holding(desk_for(), FULL)
    hear(stopped, fill(1, side=SELL, purpose=PROTECT_STOP))
    hear(left, fill(1, side=SELL, purpose=EXIT))
    assert state(stopped) != state(left)


opinions = st.lists(st.tuples(st.integers(0, 2), st.floats(-1.0, 1.0)), min_size=1, max_size=12)


@pytest.mark.requirement("I-6", "I-7", "signal_aggregation")
@given(opinions, st.sampled_from([SPOT, LINEAR_PERPETUAL]))
def test_no_sequence_of_opinions_wishes_for_more_than_the_cap_or_an_entry_without_a_stop(
    spoken: list[tuple[int, float]], kind: int
) -> None:
    """Every wish is carried out in full at once; held stays inside 2 %, spot never short, entries have stops."""
    stage = desk_for(weights=(1.0, 2.0, 0.5), kind=kind)
    held = 0
    for slot, strength in spoken:
        waiting = hear(stage, certificate(strength, slot=slot))
        while waiting:
            event = waiting.pop(0)
            if not isinstance(event, Intent):
                continue
            asked = event.request
            lots = int(asked.lots)
            if asked.purpose == ENTER:
                assert asked.stop > 0
                assert asked.side * (asked.reference - asked.stop) > 0
                assert sum(share.fraction for share in event.shares) == pytest.approx(1.0)
            else:
                lots = min(lots, abs(held))
                assert held * asked.side < 0
            held += int(asked.side) * lots
            assert abs(held) <= FULL
            assert kind != SPOT or held >= 0
            number = int(asked.intent_id)
            hear(stage, fill(lots, side=int(asked.side), purpose=int(asked.purpose), intent_id=number), position(held))
            waiting.extend(hear(stage, update(number, FILLED, purpose=int(asked.purpose))))


def test_a_request_made_by_hand_is_what_the_tests_take_it_for() -> None:
    """The stop of the helper's request lies on the losing side, so that tests of limits mean what they say."""
    assert request(side=BUY).stop < request(side=BUY).reference
    assert request(side=SELL).stop > request(side=SELL).reference
    assert carried(desk_for(), certificate(1.0))
