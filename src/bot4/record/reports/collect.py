# SPDX-License-Identifier: Apache-2.0
"""From what was recorded to what is shown: series, benchmarks and figures of one run.

The one place where integers of money become the floats that are drawn.
"""

from dataclasses import replace

import numpy as np

from bot4.domain.order import PURPOSES
from bot4.domain.values import DAY_NS, MONEY_ONE
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.curve import CurveRecorder, Days, Samples
from bot4.record.reports.benchmarks import (
    buy_and_hold,
    fill_days,
    matched_curve,
    matched_returns,
    relative_prices,
    returns_of,
)
from bot4.record.reports.data import (
    CostData,
    CurveData,
    DayData,
    DrawdownData,
    EvidenceData,
    EvidenceDay,
    Floats,
    InstrumentData,
    Ints,
    JournalFacts,
    MarkPoint,
    ModeChange,
    RefusalData,
    ReportData,
    RunFacts,
    StrategyData,
)
from bot4.record.reports.statistics import mean_difference, performance
from bot4.record.reports.words import banners_of, headline_of

RESAMPLES = 1000
EVIDENCE_POINTS_MAX = 800
DAILY_BUCKETS_MAX = 92


def collect(
    curve: CurveRecorder,
    journal: JournalFacts,
    facts: RunFacts,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
) -> ReportData:
    """Return everything the report shows.

    Parameters
    ----------
    curve : CurveRecorder
        As the run left it; it is not changed.
    journal : JournalFacts
        What the journal says, counted.
    facts : RunFacts
        What the caller knows.
    generator : numpy.random.Generator
        Seeded by the run: the same run gives the same intervals.
    resamples : int
        Resamples of each bootstrap.
    """
    samples, recorded = curve.samples_now(), curve.days_now()
    first_closes = np.array(curve.first_closes, dtype=np.float64)
    fractions = mean_fractions(samples)
    days = _days(recorded, int(curve.start), first_closes, fractions)
    shown = performance(days.strategy, generator, resamples=resamples)
    strategies = _strategies(journal, facts)
    data = ReportData(
        facts=facts,
        start=int(curve.start),
        final=int(curve.mark.equity),
        curve=_curve(samples, recorded, int(curve.start), first_closes, fractions),
        days=days,
        performance=shown,
        buy_and_hold=performance(days.buy_and_hold, generator, resamples=resamples),
        matched=performance(days.matched, generator, resamples=resamples),
        against_hold=mean_difference(days.strategy, days.buy_and_hold, generator, resamples=resamples),
        against_matched=mean_difference(days.strategy, days.matched, generator, resamples=resamples),
        drawdown=DrawdownData(curve.drawdown.depth_frac(), curve.drawdown.depth_from_ns, curve.drawdown.depth_to_ns),
        mean_exposure=float(fractions.sum()),
        fractions=tuple(float(one) for one in fractions),
        instruments=_instruments(curve, samples),
        marks_shown=len(curve.marks),
        strategies=strategies,
        refusals=refusals_by_time(journal.refused or {}, days.days),
        modes=tuple(_mode_changes(curve)),
        modes_seen=curve.modes_seen,
        costs=CostData(
            fees=sum(one.fees for one in curve.turnover),
            notional=sum(one.notional for one in curve.turnover),
            shortfall=curve.shortfall,
            shortfall_notional=curve.shortfall_notional,
        ),
        headline=(),
        banners=(),
    )
    return replace(data, headline=headline_of(data), banners=banners_of(data))


def mean_fractions(samples: Samples) -> Floats:
    """Return the mean over samples of each instrument's gross notional over equity, shape (n_instruments,)."""
    if not samples.times_ns:
        return np.zeros(len(samples.notionals))
    equity = np.array(samples.equity, dtype=np.float64)
    notionals = np.abs(np.array(samples.notionals, dtype=np.float64).reshape(len(samples.notionals), len(equity)))
    shares = np.divide(notionals, equity, out=np.zeros_like(notionals), where=equity > 0.0)
    return np.asarray(shares.mean(axis=1), dtype=np.float64)


def _days(recorded: Days, start: int, first_closes: Floats, fractions: Floats) -> DayData:
    """Return daily returns of the run and of its benchmarks, every calendar day from the first to the last."""
    closes = np.array(recorded.closes, dtype=np.float64).reshape(len(recorded.closes), len(recorded.days))
    equity = np.array(recorded.equity, dtype=np.float64)
    days, (equity, closes) = fill_days(np.array(recorded.days, dtype=np.int64), equity, closes)
    relatives = relative_prices(closes, first_closes)
    return DayData(
        days=days,
        strategy=returns_of(equity, float(start)),
        buy_and_hold=returns_of(buy_and_hold(relatives), 1.0),
        matched=matched_returns(relatives, fractions),
    )


def _curve(samples: Samples, recorded: Days, start: int, first_closes: Floats, fractions: Floats) -> CurveData:
    """Return the sampled curve with its benchmarks, in whole units of the currency."""
    size = len(samples.times_ns)
    times = np.array(samples.times_ns, dtype=np.int64)
    equity = np.array(samples.equity, dtype=np.float64) / MONEY_ONE
    closes = np.array(samples.closes, dtype=np.float64).reshape(len(samples.closes), size)
    notionals = np.array(samples.notionals, dtype=np.float64).reshape(len(samples.closes), size) / MONEY_ONE
    gross = np.abs(notionals).sum(axis=0)
    relatives = relative_prices(closes, first_closes)
    day_closes = np.array(recorded.closes, dtype=np.float64).reshape(len(recorded.closes), len(recorded.days))
    days, (day_closes,) = fill_days(np.array(recorded.days, dtype=np.int64), day_closes)
    matched = np.ones(size)
    if size:
        matched = matched_curve(
            (times - 1) // DAY_NS,
            relatives,
            relative_prices(day_closes, first_closes),
            fractions,
            first_day=int(days[0]),
        )
    highest = np.maximum.accumulate(np.concatenate([[start / MONEY_ONE], equity]))[1:]
    return CurveData(
        times_ns=times,
        equity=equity,
        cash=np.array(samples.cash, dtype=np.float64) / MONEY_ONE,
        buy_and_hold=buy_and_hold(relatives) * (start / MONEY_ONE),
        matched=matched * (start / MONEY_ONE),
        exposure=np.divide(gross, equity, out=np.zeros(size), where=equity > 0.0),
        drawdown=np.divide(equity, highest, out=np.ones(size), where=highest > 0.0) - 1.0,
    )


def _instruments(curve: CurveRecorder, samples: Samples) -> tuple[InstrumentData, ...]:
    """Return each instrument with its marks, those with the largest turnover first."""
    found: list[InstrumentData] = []
    last = curve.closes_now()
    for i, instrument in enumerate(curve.instruments):
        closes = np.array(samples.closes[i], dtype=np.float64) * instrument.tick
        closes[closes == 0.0] = np.nan
        first = curve.first_closes[i]
        marks = tuple(
            MarkPoint(mark.ts_ns, PURPOSES[mark.purpose], mark.side, mark.price * instrument.tick)
            for mark in curve.marks
            if mark.instrument == i
        )
        turnover = curve.turnover[i]
        found.append(
            InstrumentData(
                symbol=instrument.symbol,
                closes=closes,
                marks=marks,
                fills=turnover.fills,
                notional=turnover.notional,
                fees=turnover.fees,
                price_change=last[i] / first - 1.0 if first > 0 else float("nan"),
            )
        )
    return tuple(sorted(found, key=lambda one: -one.notional))


def _strategies(journal: JournalFacts, facts: RunFacts) -> tuple[StrategyData, ...]:
    """Join what is known of each slot; a part that the journal does not tell counts as nothing."""
    return tuple(
        StrategyData(
            facts=strategy,
            evidence=thin_evidence(journal.evidence[slot] if slot < len(journal.evidence) else ()),
            signals=_at(journal.signals, slot),
            certified=_at(journal.certified, slot),
            observed=_at(journal.observed, slot),
        )
        for slot, strategy in enumerate(facts.strategies)
    )


def _at(counts: tuple[int, ...], slot: int) -> int:
    """Return a slot's count, 0 where there is none."""
    return counts[slot] if slot < len(counts) else 0


def thin_evidence(verdicts: tuple[EvidenceDay, ...]) -> EvidenceData:
    """Return evidence as columns of at most about ``EVIDENCE_POINTS_MAX`` points, evenly taken, the last always."""
    stride = max(1, -(-len(verdicts) // EVIDENCE_POINTS_MAX))
    kept = verdicts[::-1][::stride][::-1]
    passed = [one.day for one in verdicts if one.passed]
    return EvidenceData(
        days=np.array([one.day for one in kept], dtype=np.int64),
        p_value=np.array([one.figures.p_value for one in kept], dtype=np.float64),
        sharpe_excess=np.array([one.figures.sharpe_excess for one in kept], dtype=np.float64),
        deflated=np.array([one.figures.deflated for one in kept], dtype=np.float64),
        confidence=np.array([one.figures.confidence for one in kept], dtype=np.float64),
        total_return=np.array([one.figures.total_return for one in kept], dtype=np.float64),
        last=verdicts[-1] if verdicts else None,
        judged_days=len(verdicts),
        passed_days=len(passed),
        first_passed=passed[0] if passed else -1,
    )


def refusals_by_time(refused: dict[str, dict[int, int]], days: Ints) -> RefusalData:
    """Return refusals by rule for each day, or each month where the run is longer than ``DAILY_BUCKETS_MAX`` days."""
    told = [day for counts in refused.values() for day in counts]
    first = min([*told, *(int(day) for day in days[:1])], default=0)
    last = max([*told, *(int(day) for day in days[-1:])], default=-1)
    is_monthly = last - first + 1 > DAILY_BUCKETS_MAX
    unit = "datetime64[M]" if is_monthly else "datetime64[D]"

    def bucket(day: Ints) -> Ints:
        return np.asarray(day.astype("datetime64[D]").astype(unit).astype(np.int64), dtype=np.int64)

    edges = bucket(np.array([first, last], dtype=np.int64))
    numbers = np.arange(edges[0], edges[1] + 1) if last >= first else np.zeros(0, dtype=np.int64)
    rows: list[tuple[str, Ints]] = []
    for rule, counts in refused.items():
        column = np.zeros(len(numbers), dtype=np.int64)
        where = bucket(np.array(list(counts), dtype=np.int64)) - edges[0]
        np.add.at(column, where, np.array(list(counts.values()), dtype=np.int64))
        rows.append((rule, column))
    starts = numbers.astype(unit).astype("datetime64[D]").astype(np.int64)
    return RefusalData(starts, is_monthly, tuple(sorted(rows, key=lambda row: (-int(row[1].sum()), row[0]))))


def _mode_changes(curve: CurveRecorder) -> list[ModeChange]:
    """Return the recorded changes of the safety mode, in words."""
    return [
        ModeChange(
            ts_ns=int(mode.ts_known_ns),
            before=SAFETY_MODES[mode.before],
            after=SAFETY_MODES[mode.mode],
            rule=mode.rule,
            measured=float(mode.measured),
            limit=float(mode.limit),
        )
        for mode in curve.modes
    ]
