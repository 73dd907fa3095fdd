# SPDX-License-Identifier: Apache-2.0
"""The gate: refused by the first failing rule, certified on evidence, observed on request; closing always passes."""

import pytest

from bot4.decision.evidence import Gate, ShadowBook, Thresholds
from bot4.domain.event import Event
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.signal import Certificate, Evidence, Signal, SignalEvent
from bot4.domain.values import DAY_NS, HOUR_NS, Nanos
from bot4.domain.verdict import Refused
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, answers, bar

LATER = Nanos(MIDNIGHT + 1000 * DAY_NS)


def gate(*, observe: bool = False, days_min: int = 3, instruments: int = 1, slots: int = 1, freeze: int = 0) -> Gate:
    """A gate over perpetuals that asks for a record of some days with a gain that is no accident, and no more."""
    listed = [coin(i, symbol=f"{chr(65 + i) * 3}USDT", instrument_type=LINEAR_PERPETUAL) for i in range(instruments)]
    bounds = Thresholds(
        p_value_max=1.0,
        sharpe_excess_min=-1e9,
        deflated_min=0.0,
        confidence_min=0.0,
        days_min=days_min,
        closed_trades_min=0,
    )
    return Gate(ShadowBook(listed, [freeze] * slots, 0.0), bounds, trials=1, seed=0, observe=observe)


def speak(judge: Gate, strength: float, *, hour: int = 0, slot: int = 0, instrument: int = 0) -> list[Event]:
    """Hand the gate a signal after the bar of that hour."""
    now = Nanos(MIDNIGHT + (hour + 1) * HOUR_NS)
    return answers(judge, SignalEvent(now, slot, instrument, Signal(strength, "why", LATER)))


def through(judge: Gate, prices: list[int], *, first_hour: int = 0) -> list[Event]:
    """Show hourly bars and return everything said."""
    said: list[Event] = []
    for hour, price in enumerate(prices, first_hour):
        said.extend(answers(judge, bar(hour, price)))
    return said


def uneven_rise(days: int, *, sign: int = 1) -> list[int]:
    """Prices that end every day higher, not always by as much; or lower."""
    prices = []
    price = 100_000
    for day in range(days):
        for _ in range(24):
            price += sign * (20 + 15 * (day % 3))
            prices.append(price)
    return prices


def judged(days: int, *, sign: int = 1, observe: bool = False) -> Gate:
    """A gate whose strategy was long for some days of a rise or a fall."""
    judge = gate(observe=observe)
    answers(judge, bar(0, 100_000))
    speak(judge, 1.0)
    through(judge, uneven_rise(days, sign=sign), first_hour=1)
    return judge


@pytest.mark.requirement("EMOTION_001-B", "U-1")
def test_nothing_passes_before_a_day_was_judged() -> None:
    """The first signal of a run is refused for want of a record."""
    judge = gate()
    answers(judge, bar(0))
    [no] = speak(judge, 1.0)
    assert isinstance(no, Refused)
    assert (no.rule, no.measured, no.slot, no.instrument, no.intent_id) == ("evidence.days", 0.0, 0, 0, -1)


@pytest.mark.requirement("EMOTION_001-B")
def test_every_strategy_is_judged_once_a_day_on_what_it_earned() -> None:
    """Seventy-two bars end two days that can be judged; each verdict names its figures and the first failing rule."""
    judge = gate(slots=2)
    said = through(judge, [100_000] * 72)
    verdicts = [event for event in said if isinstance(event, Evidence)]
    assert [(event.slot, event.figures.days, event.passed) for event in verdicts] == [
        (0, 1, False),
        (1, 1, False),
        (0, 2, False),
        (1, 2, False),
    ]
    assert [event.evidence_id for event in verdicts] == [1, 2, 3, 4]
    assert {event.rule for event in verdicts} == {"evidence.days"}
    assert [(event.measured, event.limit) for event in verdicts][-1] == (2.0, 3.0)


def test_midnight_belongs_to_the_day_it_ends() -> None:
    """The bar known at 00:00 is the last of its day: the day is judged by the bar after it."""
    judge = gate()
    assert not any(isinstance(event, Evidence) for event in through(judge, [100_000] * 24))
    assert isinstance(answers(judge, bar(24))[0], Evidence)


def test_days_without_a_bar_are_judged_as_zeros() -> None:
    """After a gap of two days the record is three days long."""
    judge = gate()
    through(judge, [100_000] * 24)
    [verdict] = answers(judge, bar(24 * 3))
    assert isinstance(verdict, Evidence)
    assert verdict.figures.days == 3


@pytest.mark.requirement("EMOTION_001-B", "U-1")
def test_a_signal_passes_once_the_record_shows_enough() -> None:
    """After days of gain the verdict is passed and a signal gets a certificate that names it."""
    judge = judged(5)
    [yes] = speak(judge, 0.5, hour=24 * 5)
    assert isinstance(yes, Certificate)
    assert (yes.strength, yes.slot, yes.instrument, yes.expires_ns, yes.observed) == (0.5, 0, 0, LATER, False)
    assert yes.evidence_id == judge.standings[0].evidence_id > 0
    assert yes.certificate_id == 1


@pytest.mark.requirement("EMOTION_001-B", "EMOTION_001-B/expected_value")
def test_a_record_of_losses_is_refused_by_its_mean() -> None:
    """Days enough, but each lost: the rule, the measured mean and the limit are said."""
    judge = judged(5, sign=-1)
    [no] = speak(judge, 0.5, hour=24 * 5)
    assert isinstance(no, Refused)
    assert no.rule == "evidence.mean"
    assert no.measured < 0.0 == no.limit


@pytest.mark.requirement("EMOTION_001-B")
def test_observing_lets_through_and_says_so() -> None:
    """The same losing record, gate observe: certified, marked as observed, and judged all the same."""
    judge = judged(5, sign=-1, observe=True)
    [yes] = speak(judge, 0.5, hour=24 * 5)
    assert isinstance(yes, Certificate)
    assert yes.observed
    failing = judge.standings[0].failing
    assert failing is not None
    assert failing.rule == "evidence.mean"


def test_observing_does_not_mark_what_the_evidence_would_have_passed() -> None:
    """A passed record is certified without the mark, and so is a close."""
    judge = judged(5, observe=True)
    marks = []
    for strength in (0.5, 0.0):
        [yes] = speak(judge, strength, hour=24 * 5)
        assert isinstance(yes, Certificate)
        marks.append(yes.observed)
    assert marks == [False, False]


@pytest.mark.requirement("EMOTION_001-B")
def test_closing_what_was_certified_passes_without_evidence() -> None:
    """Nobody needs proof to take risk off; with nothing certified there is nothing to say."""
    judge = judged(5)
    speak(judge, 1.0, hour=24 * 5)
    judge.standings[0].failing = judged(5, sign=-1).standings[0].failing
    [yes] = speak(judge, 0.0, hour=24 * 5)
    assert isinstance(yes, Certificate)
    assert yes.strength == 0.0
    assert speak(judge, 0.0, hour=24 * 5) == []


def test_a_changed_opinion_without_evidence_withdraws_the_old_one() -> None:
    """What was certified as long is neither kept nor turned short: refused, and certified as nothing."""
    judge = judged(5)
    speak(judge, 1.0, hour=24 * 5)
    judge.standings[0].failing = judged(5, sign=-1).standings[0].failing
    no, closing = speak(judge, -1.0, hour=24 * 5)
    assert isinstance(no, Refused)
    assert isinstance(closing, Certificate)
    assert closing.strength == 0.0


@pytest.mark.requirement("EMOTION_001-B")
def test_lost_evidence_withdraws_what_rests_on_it() -> None:
    """A crash turns the record: at the next judgement the certified opinion is refused and closed."""
    judge = judged(5)
    speak(judge, 1.0, hour=24 * 5)
    said = through(judge, [20_000] * 48, first_hour=24 * 5 + 1)
    verdict = next(event for event in said if isinstance(event, Evidence) and not event.passed)
    no, closing = said[said.index(verdict) + 1 : said.index(verdict) + 3]
    assert isinstance(no, Refused)
    assert no.rule == verdict.rule == "evidence.mean"
    assert isinstance(closing, Certificate)
    assert (closing.strength, closing.slot, closing.instrument) == (0.0, 0, 0)
    assert sum(isinstance(event, Certificate) for event in said) == 1


def test_observing_withdraws_nothing() -> None:
    """The opinion stands though its record has turned."""
    judge = judged(5, observe=True)
    speak(judge, 1.0, hour=24 * 5)
    said = through(judge, [20_000] * 48, first_hour=24 * 5 + 1)
    assert any(isinstance(event, Evidence) and not event.passed for event in said)
    assert not any(isinstance(event, Certificate | Refused) for event in said)


@pytest.mark.requirement("EMOTION_001-B", "P-17")
def test_a_strategy_frozen_later_has_no_record_yet() -> None:
    """The same rise, frozen on its last day: the days before are no evidence."""
    judge = gate(freeze=MIDNIGHT // DAY_NS + 4)
    answers(judge, bar(0, 100_000))
    speak(judge, 1.0)
    through(judge, uneven_rise(5), first_hour=1)
    [no] = speak(judge, 0.5, hour=24 * 5)
    assert isinstance(no, Refused)
    assert (no.rule, no.measured) == ("evidence.days", 1.0)


def test_one_strategy_s_record_is_no_proof_for_another() -> None:
    """The strategy that earned passes, its idle neighbour is refused, on the same instrument and day."""
    judge = gate(slots=2)
    answers(judge, bar(0, 100_000))
    speak(judge, 1.0, slot=0)
    through(judge, uneven_rise(5), first_hour=1)
    assert isinstance(speak(judge, 1.0, slot=0, hour=24 * 5)[0], Certificate)
    assert isinstance(speak(judge, 1.0, slot=1, hour=24 * 5)[0], Refused)
