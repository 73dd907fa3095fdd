# SPDX-License-Identifier: Apache-2.0
"""From the recorder to the report's data: nothing invented, nothing lost, and it says what it says."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from bot4.domain.values import MONEY_ONE
from bot4.domain.verdict import EMERGENCY, PAUSED
from bot4.record.reports.collect import EVIDENCE_POINTS_MAX, collect, refusals_by_time, thin_evidence
from bot4.record.reports.data import JournalFacts, ReportData
from bot4.record.reports.words import banners_of, edge_sentence, headline_of
from tests.unit.record.runs import FIRST_DAY, START, MadeUpRun, made_up_facts, made_up_journal


@lru_cache
def made_up(
    days: int = 120, symbols: int = 2, *, trades: bool = True, gate: str = "enforce", passing: int = 1
) -> ReportData:
    """Return the data of a made-up run; the same call gives the same object."""
    run = MadeUpRun(days, symbols=symbols, trades=trades)
    facts = made_up_facts(run, gate=gate)
    journal = made_up_journal(days, passing=passing)
    return collect(run.recorder, journal, facts, generator=np.random.Generator(np.random.PCG64(0)), resamples=100)


def test_equity_returns_and_totals_agree_with_the_account() -> None:
    """The compounded daily returns lead from the start to the final equity, and so does the curve."""
    data = made_up()
    grown = float(np.prod(1.0 + data.days.strategy))
    assert data.start == START
    assert grown == pytest.approx(data.final / data.start, rel=1e-12)
    assert data.curve.equity[-1] == pytest.approx(data.final / MONEY_ONE)
    assert len(data.days.days) == 120
    assert data.performance.total_return.value == pytest.approx(grown - 1.0)
    assert data.costs.notional == sum(one.notional for one in data.instruments)
    assert data.costs.fees == sum(one.fees for one in data.instruments)


def test_benchmarks_meet_on_the_last_day() -> None:
    """The drawn benchmarks end where their daily returns do."""
    data = made_up()
    for curve, returns in ((data.curve.buy_and_hold, data.days.buy_and_hold), (data.curve.matched, data.days.matched)):
        assert curve[-1] == pytest.approx(int(START) / MONEY_ONE * float(np.prod(1.0 + returns)), rel=1e-9)


def test_the_matched_exposure_is_the_mean_of_what_was_held() -> None:
    """Two instruments at 2 % at most, held part of the time: a mean between nothing and 4 %, the sum of its parts."""
    data = made_up()
    assert 0.0 < data.mean_exposure < 0.045
    assert data.mean_exposure == pytest.approx(sum(data.fractions))
    assert data.mean_exposure == pytest.approx(float(data.curve.exposure.mean()))


def test_the_drawn_drawdown_is_never_deeper_than_the_exact_one() -> None:
    """Samples may miss the deepest mark, they cannot exceed it."""
    data = made_up()
    assert 0.0 < -float(data.curve.drawdown.min()) <= data.drawdown.fraction + 1e-12
    assert float(data.curve.drawdown.max()) <= 0.0


def test_instruments_come_by_turnover_and_their_marks_lie_on_the_price() -> None:
    """The most traded first; each mark carries its kind and a price in quote units."""
    data = made_up()
    traded = [one.notional for one in data.instruments]
    assert traded == sorted(traded, reverse=True)
    marks = [mark for one in data.instruments for mark in one.marks]
    assert len(marks) == data.marks_shown == data.facts.fills
    assert {mark.kind for mark in marks} >= {"enter", "exit", "stop"}


def test_the_same_run_gives_the_same_data() -> None:
    """Seed and inputs decide every interval."""
    made_up.cache_clear()
    first = made_up()
    made_up.cache_clear()
    assert made_up().performance == first.performance
    assert made_up().headline == first.headline


def test_evidence_is_thinned_to_the_last_and_counted_in_full() -> None:
    """Two thousand verdicts are drawn as a few hundred that end with the last; the counts are those of all."""
    verdicts = made_up_journal(2000, passing=1).evidence[0]
    thin = thin_evidence(verdicts)
    assert len(thin.days) <= EVIDENCE_POINTS_MAX
    assert thin.days[-1] == verdicts[-1].day
    assert thin.judged_days == 2000
    assert thin.passed_days == sum(one.passed for one in verdicts)
    assert thin.first_passed == next(one.day for one in verdicts if one.passed)
    assert thin_evidence(()).last is None


def test_refusals_add_up_by_day_and_by_month() -> None:
    """Whatever the bucket, every refusal is in one; the most frequent rule comes first."""
    refused = made_up_journal(200).refused or {}
    whole = sum(sum(counts.values()) for counts in refused.values())
    found = refusals_by_time({}, np.zeros(0, dtype=np.int64))
    assert found.total == 0
    for days in (60, 200):
        part = {
            rule: {day: count for day, count in counts.items() if day < FIRST_DAY + days}
            for rule, counts in refused.items()
        }
        found = refusals_by_time(part, np.arange(FIRST_DAY, FIRST_DAY + days))
        assert found.is_monthly == (days == 200)
        assert found.total == sum(sum(counts.values()) for counts in part.values())
        sums = [int(column.sum()) for _, column in found.counts]
        assert sums == sorted(sums, reverse=True)
    assert found.total == whole


def test_an_enforced_run_without_a_passing_strategy_says_so_first() -> None:
    """The page opens with how many were refused and that no order was sent, and shows no edge."""
    data = made_up(trades=False, passing=0)
    assert data.headline[0] == "The gate refused 3 of 3 strategies; no order was sent."
    assert "stayed at 100,000.00\N{NO-BREAK SPACE}USDT" in data.headline[1]
    assert "says nothing of an edge" in data.headline[2]


def test_a_loss_is_told_in_the_words_of_a_gain() -> None:
    """The sentence about the account differs only in its numbers, sign included."""
    data = made_up()
    gain, loss = (headline_of(replace(data, final=data.start + change))[0] for change in (5 * 10**11, -5 * 10**11))
    assert "+5.00" in gain
    assert "−5.00" in loss
    assert gain.replace("105,000.00", "").replace("+", "") == loss.replace("95,000.00", "").replace("−", "")


def test_an_interval_that_covers_zero_is_no_evidence_of_an_edge() -> None:
    """So it says for most random trading; an interval wholly on one side is said as plainly."""
    data = made_up()
    mean = replace(data.performance.mean_year, low=-0.01, high=0.02)
    said = [
        edge_sentence(replace(data, performance=replace(data.performance, mean_year=one)))
        for one in (mean, replace(mean, low=0.01), replace(mean, high=-0.005))
    ]
    assert "covers zero: no evidence of an edge" in said[0]
    assert "above zero" in said[1]
    assert "no promise" in said[1]
    assert "below zero" in said[2]


def test_a_single_day_is_told_in_the_singular() -> None:
    """A demonstration lasts hours: it has one day, and no span."""
    said = headline_of(made_up(1))
    assert said[0].startswith("On 20")
    assert "1 day is too few" in said[-1]


def test_research_mode_synthetic_data_and_an_interruption_stand_on_top() -> None:
    """Each has its banner, and a plain enforced run over a long time has none."""
    assert banners_of(made_up()) == ()
    data = made_up(gate="observe")
    loud = replace(data, facts=replace(data.facts, is_synthetic=True, was_interrupted=True))
    titles = [banner.title for banner in banners_of(loud)]
    assert titles == ["Interrupted run", "RESEARCH MODE: the evidence gate looked on", "SYNTHETIC MARKET"]
    short = made_up(40)
    assert [banner.title for banner in short.banners] == ["Short run"]
    live = replace(short, facts=replace(short.facts, is_live=True))
    assert "40 days of trading" in banners_of(live)[0].text


@pytest.mark.requirement("P-01")
def test_an_implausible_result_raises_the_gravest_banner_with_likely_causes() -> None:
    """A record without a losing day is called an error before it is shown, and where to look is said."""
    data = made_up()
    steady = replace(data.days, strategy=np.full(len(data.days.days), 0.001))
    performance = replace(data.performance, profit_factor=replace(data.performance.profit_factor, value=float("inf")))
    banner = banners_of(replace(data, days=steady, performance=performance))[0]
    assert banner.severity == "danger"
    assert banner.title == "Implausible result"
    assert "not one losing day" in banner.text
    assert "sees the future" in banner.text


def test_an_emergency_says_when_and_that_the_account_stays_flat() -> None:
    """The step to emergency is a banner; a mere reduction is only in the table."""
    run = MadeUpRun(30)
    run.change_mode()
    facts = made_up_facts(run)
    generator = np.random.Generator(np.random.PCG64(0))
    calm = collect(run.recorder, JournalFacts(), facts, generator=generator, resamples=20)
    assert [one.after for one in calm.modes] == ["reduced"]
    assert not any("Emergency" in banner.title for banner in calm.banners)
    run.change_mode(EMERGENCY, PAUSED)
    data = collect(run.recorder, JournalFacts(), facts, generator=generator, resamples=20)
    assert data.banners[0].title == "Emergency reached: flat, and stays flat"


def test_a_run_that_saw_nothing_is_still_a_report() -> None:
    """No bar, no verdict: the data are empty and the headline says so."""
    run = MadeUpRun(1, trades=False)
    empty = MadeUpRun(0, trades=False)
    data = collect(
        empty.recorder,
        JournalFacts(),
        made_up_facts(run),
        generator=np.random.Generator(np.random.PCG64(0)),
        resamples=20,
    )
    assert data.headline == ("The run saw no bar: there is nothing to show.",)
    assert data.curve.times_ns.size == data.days.days.size == 0
