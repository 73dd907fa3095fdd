# SPDX-License-Identifier: Apache-2.0
"""Everything the report shows, as values: first what a run tells of itself, then what is drawn.

No figure is worked out here and no markup is written. Amounts that must be exact
are integers of money; what is only drawn is float64 in whole units of the
account's currency.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.signal import EvidenceFigures
from bot4.record.conduct import Conduct
from bot4.record.connections import Connections
from bot4.record.reports.statistics import Estimate, Performance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ENFORCE = "enforce"
OBSERVE = "observe"


@final
@dataclass(frozen=True, slots=True)
class FaultCount:
    """Tell how often recorded data had a fault of one kind, and what was done about it."""

    kind: str
    count: int
    done: str


@final
@dataclass(frozen=True, slots=True)
class DataSetFacts:
    """Tell of one data set: where it came from, how much there was, its hash and its faults."""

    symbol: str
    files: tuple[str, ...]
    interval: str
    rows: int
    bars: int
    first_ns: int
    last_ns: int
    sha256: str
    faults: tuple[FaultCount, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class StrategyFacts:
    """Tell of the strategy in one slot what the account says of it.

    ``realised`` and ``unrealised`` are money before fees; ``fees`` fell on it;
    ``halted`` is why it was stopped, empty where it was not.
    """

    name: str
    weight: float = 1.0
    realised: int = 0
    unrealised: int = 0
    fees: int = 0
    halted: str = ""


@final
@dataclass(frozen=True, slots=True)
class EvidenceDay:
    """Hold the gate's verdict on one strategy after one UTC day (days since 1970)."""

    day: int
    figures: EvidenceFigures
    passed: bool
    rule: str
    measured: float
    limit: float


@final
@dataclass(frozen=True, slots=True)
class JournalFacts:
    """Hold what the journal of a run says, counted.

    Parameters
    ----------
    evidence : tuple of tuple of EvidenceDay
        For each slot, its verdicts in order of time.
    refused : dict
        For each rule, how many refusals on each day (days since 1970).
    signals, certified, observed : tuple of int
        For each slot: changes of opinion, those that were certified, and of these
        the ones that the evidence alone would have refused.
    """

    evidence: tuple[tuple[EvidenceDay, ...], ...] = ()
    refused: dict[str, dict[int, int]] | None = None
    signals: tuple[int, ...] = ()
    certified: tuple[int, ...] = ()
    observed: tuple[int, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Hold what the caller knows of a run.

    ``assumptions`` is the text in which the venue states what it assumes, or where
    ``is_traded`` what is true of fills that came from a venue: plain paragraphs, and
    points that begin with ``- *Name.*``. ``is_live`` says that the market was heard
    as it happened and cannot be asked for again. ``settings`` are the
    canonical settings as plain JSON values. ``data_note`` says where the data come
    from, where there is more to say than their files: the edge planted in a
    synthetic market. ``conduct`` and ``connections`` are those of a run at a venue.
    """

    title: str
    command: str
    run: str
    gate: str
    settings: dict[str, object]
    data_sets: tuple[DataSetFacts, ...]
    currency: str
    strategies: tuple[StrategyFacts, ...]
    bars: int
    orders: int
    fills: int
    state_hash: str
    journal: str
    elapsed_s: float
    assumptions: str = ""
    data_note: str = ""
    is_synthetic: bool = False
    is_live: bool = False
    is_traded: bool = False
    was_interrupted: bool = False
    conduct: Conduct | None = None
    connections: Connections | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class CurveData:
    """Hold the sampled curve: shape (n_samples,) each, worth in whole units of the currency.

    ``exposure`` is gross notional over equity; ``drawdown`` the fall from the
    highest sample so far, as a fraction, not positive.
    """

    times_ns: Ints
    equity: Floats
    cash: Floats
    buy_and_hold: Floats
    matched: Floats
    exposure: Floats
    drawdown: Floats


@final
@dataclass(frozen=True, slots=True, eq=False)
class DayData:
    """Hold the returns of every calendar day (days since 1970), shape (n_days,) each."""

    days: Ints
    strategy: Floats
    buy_and_hold: Floats
    matched: Floats


@final
@dataclass(frozen=True, slots=True)
class MarkPoint:
    """Place one fill on the price: ``kind`` is enter, exit, stop or target; ``side`` +1 bought, -1 sold."""

    ts_ns: int
    kind: str
    side: int
    price: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class InstrumentData:
    """Hold one instrument: its sampled closes (NaN before the first bar), its marks, and its totals in money."""

    symbol: str
    closes: Floats
    marks: tuple[MarkPoint, ...]
    fills: int
    notional: int
    fees: int
    price_change: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class EvidenceData:
    """Hold one strategy's evidence over time, thinned for drawing, with the exact last verdict.

    ``passed_days`` of ``judged_days`` let it through; ``first_passed`` is the first
    of these days, -1 where there was none.
    """

    days: Ints
    p_value: Floats
    sharpe_excess: Floats
    deflated: Floats
    confidence: Floats
    total_return: Floats
    last: EvidenceDay | None
    judged_days: int
    passed_days: int
    first_passed: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class StrategyData:
    """Join what account, gate and journal say of one strategy."""

    facts: StrategyFacts
    evidence: EvidenceData
    signals: int
    certified: int
    observed: int

    @property
    def ever_passed(self) -> bool:
        """Say whether the gate's verdict let it through on at least one day."""
        return self.evidence.passed_days > 0


@final
@dataclass(frozen=True, slots=True, eq=False)
class RefusalData:
    """Hold refusals by rule over time: the first day of each bucket, and counts by rule in falling order of sum."""

    buckets: Ints
    is_monthly: bool
    counts: tuple[tuple[str, Ints], ...]

    @property
    def total(self) -> int:
        """Return the number of refusals."""
        return sum(int(column.sum()) for _, column in self.counts)


@final
@dataclass(frozen=True, slots=True)
class ModeChange:
    """Hold one change of the safety mode, in words, with what was measured."""

    ts_ns: int
    before: str
    after: str
    rule: str
    measured: float
    limit: float


@final
@dataclass(frozen=True, slots=True)
class CostData:
    """Hold what trading cost, in money.

    ``shortfall`` is what entries and exits paid above (sold below) the last close
    known when they were decided: slippage and the gap to the next open together.
    """

    fees: int
    notional: int
    shortfall: int
    shortfall_notional: int


@final
@dataclass(frozen=True, slots=True)
class DrawdownData:
    """Hold the deepest fall over every mark: its fraction, from when to when (0: never)."""

    fraction: float
    from_ns: int
    to_ns: int


@final
@dataclass(frozen=True, slots=True)
class Banner:
    """Hold something a reader must know before any figure; ``severity`` is danger, warning or note."""

    severity: str
    title: str
    text: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class ReportData:
    """Hold everything the page shows.

    ``start`` and ``final`` are equity in money. ``fractions`` are the mean exposure
    of each instrument, which the matched benchmark holds. ``marks_shown`` of the
    run's fills are drawn.
    """

    facts: RunFacts
    start: int
    final: int
    curve: CurveData
    days: DayData
    performance: Performance
    buy_and_hold: Performance
    matched: Performance
    against_hold: Estimate
    against_matched: Estimate
    drawdown: DrawdownData
    mean_exposure: float
    fractions: tuple[float, ...]
    instruments: tuple[InstrumentData, ...]
    marks_shown: int
    strategies: tuple[StrategyData, ...]
    refusals: RefusalData
    modes: tuple[ModeChange, ...]
    modes_seen: int
    costs: CostData
    headline: tuple[str, ...]
    banners: tuple[Banner, ...]
