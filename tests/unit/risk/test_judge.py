# SPDX-License-Identifier: Apache-2.0
"""The judge: every wish answered, refused means nothing approved, and an emergency that stays."""

import pytest
from librt.strings import BytesWriter

from bot4.domain.event import Event
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.marketdata import Bar
from bot4.domain.order import EXIT, FILLED, MARKET, ORDER_REJECTED, PART_FILLED, WORKING, OrderRequest
from bot4.domain.values import BUY, DAY_NS, HOUR_NS, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import EMERGENCY, NORMAL, PAUSED, REDUCED, Approved, Intent, Mode, Refused
from bot4.risk.drawdown import Ladder
from bot4.risk.judge import Judge
from bot4.risk.limits import Limits
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, answers, equity, position, request, update

NOW = Nanos(MIDNIGHT)
FULL = 20_000


def judge(instruments: int = 1, *, gross: int = 1000, least: int = 1) -> Judge:
    """A judge over an account of 100,000."""
    start = Money(100_000 * MONEY_ONE)
    listed = [
        coin(i, symbol=f"{chr(65 + i) * 3}USDT", instrument_type=LINEAR_PERPETUAL, min_lots=least)
        for i in range(instruments)
    ]
    return Judge(listed, Limits(20, gross, 2), Ladder(start, 50, 100, 150), start)


def ask(stage: Judge, wish: OrderRequest) -> list[Event]:
    """Hand in a wish."""
    return answers(stage, Intent(NOW, wish, []))


def worth(stage: Judge, units: float, *, hours: int = 0) -> list[Event]:
    """Mark the account."""
    return answers(stage, equity(units, now=MIDNIGHT + hours * HOUR_NS))


def rules(event: Event) -> list[str]:
    """The rules that an approval measured."""
    assert isinstance(event, Approved)
    return [check.rule for check in event.checks]


@pytest.mark.requirement("RISK_001", "U-5")
def test_an_entry_inside_every_limit_is_approved_with_all_that_was_measured() -> None:
    """Every limit appears with its numbers; the request passes unchanged."""
    asked = request(lots=FULL)
    [yes] = ask(judge(), asked)
    assert isinstance(yes, Approved)
    assert yes.request is asked
    assert yes.mode == NORMAL
    assert rules(yes) == ["risk.mode", "risk.stop", "risk.position_cap", "risk.gross_cap", "risk.cash"]


@pytest.mark.requirement("RISK_001", "RISK_002/position_size_limit", "U-5")
def test_a_refusal_names_rule_measured_and_limit_and_approves_nothing() -> None:
    """One lot too many: exactly one answer, a refusal of that intent."""
    stage = judge()
    [no] = ask(stage, request(intent_id=77, lots=FULL + 1))
    assert isinstance(no, Refused)
    assert (no.intent_id, no.instrument, no.rule, no.limit) == (77, 0, "risk.position_cap", 2000.0)
    assert no.measured == pytest.approx(2000.1)
    assert stage.exposure.holdings[0].worst_lots() == 0


@pytest.mark.requirement("RISK_001", "stop_loss_manager")
def test_an_entry_without_a_stop_is_refused() -> None:
    """The mandatory stop."""
    [no] = ask(judge(), request(stop=0))
    assert isinstance(no, Refused)
    assert no.rule == "risk.stop"


@pytest.mark.requirement("I-6", "RISK_002/with_portfolio")
def test_an_approved_entry_counts_from_its_approval() -> None:
    """Before any report of the venue, a second wish finds the room taken; refused further on, it is free again."""
    stage = judge()
    ask(stage, request(intent_id=1, lots=FULL))
    [no] = ask(stage, request(intent_id=2, lots=1))
    assert isinstance(no, Refused)
    answers(stage, Refused(NOW, intent_id=1, slot=0, instrument=0, rule="trading.busy", measured=2.0, limit=1.0))
    [yes] = ask(stage, request(intent_id=3, lots=FULL))
    assert isinstance(yes, Approved)


def test_gross_exposure_is_refused_across_instruments() -> None:
    """With 3 % in all, a second full position does not fit."""
    stage = judge(2, gross=30)
    assert isinstance(ask(stage, request(intent_id=1, lots=FULL))[0], Approved)
    [no] = ask(stage, request(intent_id=2, lots=FULL, instrument=1))
    assert isinstance(no, Refused)
    assert no.rule == "risk.gross_cap"


@pytest.mark.requirement("RISK_001")
def test_the_first_step_halves_new_size() -> None:
    """5 % down: half the lots, rounded down, and the approval says why."""
    stage = judge()
    [mode] = worth(stage, 95_000)
    assert isinstance(mode, Mode)
    assert [mode.mode, mode.before, mode.rule, mode.limit] == [REDUCED, NORMAL, "risk.drawdown.reduce", 0.05]
    [yes] = ask(stage, request(lots=1001))
    assert isinstance(yes, Approved)
    assert yes.request.lots == 500
    assert yes.request.stop == request().stop
    assert yes.mode == REDUCED
    assert rules(yes)[-1] == "risk.reduced_size"


def test_a_half_that_the_venue_would_not_take_is_refused() -> None:
    """Half of 99 lots is worth 4.90, below the filter of 5."""
    stage = judge()
    worth(stage, 95_000)
    [no] = ask(stage, request(lots=99))
    assert isinstance(no, Refused)
    assert no.rule == "risk.reduced_size"
    assert isinstance(ask(stage, request(lots=100))[0], Approved)
    assert isinstance(ask(judge(), request(lots=1))[0], Approved)


@pytest.mark.requirement("RISK_001", "I-8")
def test_the_second_step_takes_no_new_risk_and_lets_every_exit_pass() -> None:
    """10 % down: entries are refused by the mode, exits are approved."""
    stage = judge()
    worth(stage, 90_000)
    [no] = ask(stage, request(lots=1))
    assert isinstance(no, Refused)
    assert (no.rule, no.measured) == ("risk.mode", float(PAUSED))
    [yes] = ask(stage, request(lots=10 * FULL, purpose=EXIT, side=SELL))
    assert isinstance(yes, Approved)
    assert yes.request.lots == 10 * FULL


@pytest.mark.requirement("U-6", "EMOTION_001-A")
def test_trading_comes_back_a_day_after_the_last_step_down() -> None:
    """Not an hour before; and the record says that it recovered."""
    stage = judge()
    worth(stage, 90_000)
    assert worth(stage, 100_000, hours=23) == []
    [mode] = worth(stage, 100_000, hours=24)
    assert isinstance(mode, Mode)
    assert [mode.mode, mode.before, mode.rule] == [NORMAL, PAUSED, "risk.drawdown.recovered"]
    assert isinstance(ask(stage, request())[0], Approved)


def in_emergency(lots: int = 5_000, *, instruments: int = 1) -> tuple[Judge, list[Event]]:
    """A judge that held a position when the last step was reached, and what it said then."""
    stage = judge(instruments)
    ask(stage, request(intent_id=1, lots=abs(lots), side=BUY if lots > 0 else SELL))
    answers(stage, update(1, FILLED, filled=abs(lots)))
    answers(stage, position(lots))
    return stage, worth(stage, 85_000)


def closes(events: list[Event]) -> list[OrderRequest]:
    """The closing requests among events."""
    return [event.request for event in events if isinstance(event, Approved)]


@pytest.mark.requirement("RISK_001", "P-09", "I-8")
@pytest.mark.parametrize("lots", [5_000, -5_000])
def test_the_third_step_closes_everything_at_the_market(lots: int) -> None:
    """15 % down: the mode, then one order to close each position, under an id no intent has."""
    _, said = in_emergency(lots)
    mode = said[0]
    assert isinstance(mode, Mode)
    assert mode.mode == EMERGENCY
    [out] = closes(said)
    assert [out.purpose, out.order_type, out.side, out.lots] == [EXIT, MARKET, SELL if lots > 0 else BUY, 5_000]
    assert out.intent_id < -1


def test_an_emergency_closes_what_an_open_entry_may_still_make() -> None:
    """An entry that works is closed too, at what it may become."""
    stage = judge(2)
    ask(stage, request(intent_id=1, lots=700))
    answers(stage, update(1, WORKING, leaves=700))
    [out] = closes(worth(stage, 85_000))
    assert [out.side, out.lots, out.instrument] == [SELL, 700, 0]


@pytest.mark.requirement("RISK_001", "I-8")
def test_an_emergency_stays_whatever_equity_does() -> None:
    """A year later and twice as rich: still no new risk."""
    stage, _ = in_emergency()
    assert worth(stage, 200_000, hours=366 * 24) == [] or stage.closing[0]
    [no] = ask(stage, request())
    assert isinstance(no, Refused)
    assert no.rule == "risk.mode"


@pytest.mark.requirement("P-12")
@pytest.mark.parametrize(("lots", "tries"), [(9, 0), (-9, 0), (10, 1), (-10, 1)])
def test_an_emergency_leaves_alone_what_is_too_small_to_sell(lots: int, tries: int) -> None:
    """Nine lots where ten is the least: no order, however often the account is marked or the position told."""
    stage = judge(least=10)
    answers(stage, position(lots))
    said = [*worth(stage, 85_000), *worth(stage, 84_000, hours=1), *answers(stage, position(lots))]
    assert len(closes(said)) == tries


def test_an_emergency_asks_once_while_its_exit_works() -> None:
    """Partial fills and further marks cause no second order."""
    stage, _ = in_emergency()
    assert closes(worth(stage, 84_000, hours=1)) == []
    answers(stage, update(-2, PART_FILLED, purpose=EXIT, filled=2_000, leaves=3_000))
    assert closes(answers(stage, position(3_000))) == []
    assert closes(worth(stage, 84_000, hours=2)) == []


@pytest.mark.requirement("P-09", "I-8")
def test_a_position_that_reappears_in_an_emergency_is_closed_again() -> None:
    """A late fill of an entry that was being canceled."""
    stage, _ = in_emergency()
    answers(stage, update(-2, FILLED, purpose=EXIT, filled=5_000))
    assert closes(answers(stage, position(0))) == []
    [out] = closes(answers(stage, position(40)))
    assert [out.side, out.lots] == [SELL, 40]


@pytest.mark.requirement("P-09")
@pytest.mark.parametrize("cause", ["rejected", "busy", "nothing"])
def test_an_emergency_exit_that_came_to_nothing_is_tried_again(cause: str) -> None:
    """Rejected by the venue, or refused because another exit was in the way: asked again once that is over."""
    stage, _ = in_emergency()
    if cause == "rejected":
        answers(stage, update(-2, ORDER_REJECTED, purpose=EXIT))
    else:
        rule = "trading.busy" if cause == "busy" else "trading.nothing_to_exit"
        answers(stage, Refused(NOW, intent_id=-2, slot=-1, instrument=0, rule=rule, measured=2.0, limit=1.0))
    if cause == "busy":
        assert closes(worth(stage, 84_000, hours=1)) == []
        answers(stage, update(9, ORDER_REJECTED, purpose=EXIT))
    [out] = closes(worth(stage, 84_000, hours=2))
    assert [out.side, out.lots] == [SELL, 5_000]
    assert closes(worth(stage, 84_000, hours=3)) == []


@pytest.mark.requirement("U-6", "SAFETY_001")
def test_a_mode_from_outside_tightens_and_never_loosens() -> None:
    """A storm's pause holds; a milder mode is not taken."""
    stage = judge()
    answers(stage, Mode(NOW, PAUSED, NORMAL, rule="engine.storm", measured=1.0, limit=1.0))
    assert isinstance(ask(stage, request())[0], Refused)
    answers(stage, Mode(NOW, NORMAL, PAUSED, rule="anyone", measured=0.0, limit=0.0))
    assert isinstance(ask(stage, request())[0], Refused)
    worth(stage, 100_000, hours=DAY_NS // HOUR_NS)
    assert isinstance(ask(stage, request())[0], Approved)


def test_the_state_tells_an_emergency_exit_under_way() -> None:
    """A judge that waits for its exit and one that will ask again do not hash alike."""

    def state(stage: Judge) -> bytes:
        out = BytesWriter()
        stage.write_state(out)
        return out.getvalue()

    waiting, free = in_emergency()[0], in_emergency()[0]
    assert state(waiting) == state(free)
    answers(free, update(-2, ORDER_REJECTED, purpose=EXIT))
    assert state(waiting) != state(free)


def test_exposure_is_measured_at_the_last_close() -> None:
    """What is held is worth its price now, whatever it was when it was bought."""
    stage = judge(2)
    asked = request(intent_id=1, lots=FULL)
    answers(stage, position(lots=FULL))
    close = Ticks(2 * asked.reference)
    answers(stage, Bar(NOW, 0, NOW, close, close, close, close, Lots(1)))
    assert stage.exposure.gross() == stage.exposure.holdings[0].instrument.notional(close, Lots(FULL)) > 0


@pytest.mark.requirement("RISK_001")
def test_reduced_entries_never_add_up_to_more_than_half() -> None:
    """With half held, wishing for the other half is refused: halving is of the whole, not of each order."""
    stage = judge()
    worth(stage, 95_000)
    [first] = ask(stage, request(intent_id=1, lots=FULL // 2))
    assert isinstance(first, Approved)
    assert first.request.lots == FULL // 4
    answers(stage, update(intent_id=1, state=FILLED, leaves=0))
    answers(stage, position(lots=FULL // 4))
    [second] = ask(stage, request(intent_id=2, lots=FULL // 4))
    assert isinstance(second, Refused)
    assert second.rule == "risk.reduced_size"
