# SPDX-License-Identifier: Apache-2.0
"""The wiring: which stages a run has, in which order each event reaches them.

The order *is* the way through the house. A finished bar marks the account and
turns its day, fills the shadow book, becomes features; features go to strategies;
opinions to the gate; certificates to aggregation; intents to risk; approvals to
trading; fills to the account, and from there back to whoever must know what is
held. Backtest and paper differ in what stands around the engine, never in this.
"""

from collections.abc import Mapping, Sequence
from typing import final

from bot4.account.portfolio import Portfolio
from bot4.decision.aggregation import Aggregation
from bot4.decision.evidence import Gate, ShadowBook, Thresholds
from bot4.decision.exits import Exits
from bot4.decision.sizing import Sizing
from bot4.decision.strategies.stage import Strategies, Voice
from bot4.decision.strategies.tick_protocol import TickStrategy
from bot4.decision.strategies.ticks import Mute, TickStrategies, TickVoice
from bot4.domain.instrument import Instrument
from bot4.domain.ports import Gateway, Journal
from bot4.domain.stage import Stage
from bot4.domain.values import MONEY_ONE, RATE_ONE, Money, Nanos
from bot4.insight.features import FeatureStage
from bot4.market.bar_builder import BarBuilder
from bot4.risk.drawdown import Ladder
from bot4.risk.judge import Judge
from bot4.risk.limits import Limits
from bot4.runtime.containment import Contained, ContainedTicks
from bot4.runtime.engine import Engine
from bot4.runtime.feature_wiring import feature_stages
from bot4.runtime.settings import CostSettings, Settings
from bot4.runtime.strategy_loader import Recruit
from bot4.simulation.fees import FeeSchedule, FeeTier
from bot4.simulation.venue import SimulatedVenue
from bot4.trading.conditions import Conditions
from bot4.trading.execution import Trading


@final
class Wired:
    """Hold an engine and the stages that a caller needs by name."""

    __slots__ = ("engine", "features", "strategies", "portfolio", "judge", "gate", "trading", "decisive", "builder")

    def __init__(
        self,
        engine: Engine,
        *,
        features: FeatureStage,
        strategies: Strategies,
        portfolio: Portfolio,
        judge: Judge,
        gate: Gate,
        trading: Trading,
        decisive: list[Stage],
        builder: BarBuilder | None = None,
    ) -> None:
        self.engine = engine
        self.features = features
        self.strategies = strategies
        self.portfolio = portfolio
        self.judge = judge
        self.gate = gate
        self.trading = trading
        self.decisive = decisive
        self.builder = builder

    def bars_built(self) -> int:
        """Return how many bars were built of trades; 0 where bars are what the run is fed."""
        return 0 if self.builder is None else int(self.builder.bars)


def wire(
    settings: Settings,
    instruments: Sequence[Instrument],
    intervals_ns: Sequence[Nanos],
    recruits: Sequence[Recruit],
    *,
    journal: Journal,
    gateway: Gateway,
    trials: int = 0,
    observers: Sequence[Stage] = (),
    ticks: bool = False,
    conditions: Conditions | None = None,
) -> Wired:
    """Build the stages and the engine over them.

    Parameters
    ----------
    settings : Settings
        What decides the run.
    instruments, intervals_ns : sequence
        The instrument table and each instrument's bar length.
    recruits : sequence of Recruit
        The strategies by slot.
    journal, gateway : Journal, Gateway
        Where events are kept and commands go.
    trials : int
        Trials of the ledger, on top of the configured variants.
    observers : sequence of Stage
        Stages that only look on; they stand last and are no part of the state hash.
    ticks : bool
        Whether the run is fed ticks: then bars are built of its trades, and tick strategies are asked.
    conditions : Conditions, optional
        Of the real venue that the gateway leads to; None for an imagined one.
    """
    cash = Money(settings.account.cash * MONEY_ONE)
    voices, tick_voices = voices_of(instruments, recruits)
    portfolio = Portfolio(instruments, capital=cash)
    gate = _gate(settings, instruments, recruits, trials)
    features, told, index = feature_stages(settings, recruits, instruments, intervals_ns)
    weights = [one.settings.weight for one in recruits]
    aggregation = _aggregation(settings, instruments, intervals_ns, weights, index)
    judge = _judge(settings, instruments, cash)
    strategies = Strategies(voices, instruments, intervals_ns, index)
    trading = Trading(
        len(instruments),
        lot_units=[int(one.lot_units) for one in instruments],
        least=[int(one.min_lots) for one in instruments],
        conditions=conditions,
    )
    decisive: list[Stage] = [portfolio, gate, told, aggregation, strategies, judge, trading]
    builder = BarBuilder(intervals_ns) if ticks else None
    if builder is not None:
        decisive = [builder, *decisive, TickStrategies(tick_voices, instruments, index)]
    engine = Engine([*decisive, *observers], journal, gateway)
    return Wired(
        engine,
        features=features,
        strategies=strategies,
        portfolio=portfolio,
        judge=judge,
        gate=gate,
        trading=trading,
        decisive=decisive,
        builder=builder,
    )


def voices_of(
    instruments: Sequence[Instrument], recruits: Sequence[Recruit]
) -> tuple[list[list[Voice]], list[dict[int, TickVoice]]]:
    """Give each strategy a voice on each instrument: where bars are spoken about, or where trades are."""
    voices: list[list[Voice]] = []
    tick_voices: list[dict[int, TickVoice]] = []
    for _ in instruments:
        row: list[Voice] = []
        tick_row: dict[int, TickVoice] = {}
        for one in recruits:
            made = one.instance()
            is_shipped = not one.code_hash
            if isinstance(made, TickStrategy):
                tick_row[one.slot] = ContainedTicks(made, is_shipped=is_shipped)
                row.append(Mute())
            else:
                row.append(Contained(made, is_shipped=is_shipped))
        voices.append(row)
        tick_voices.append(tick_row)
    return voices, tick_voices


def first_taker(costs: CostSettings) -> float:
    """Return the taker fee before any volume: what a fill costs at most, since tiers only fall."""
    return max((taker for _, _, taker in costs.fee_tiers), default=costs.taker)


def _gate(settings: Settings, instruments: Sequence[Instrument], recruits: Sequence[Recruit], trials: int) -> Gate:
    """Build the shadow book and the gate before it."""
    bounds = settings.evidence
    thresholds = Thresholds(
        p_value_max=bounds.p_value_max,
        sharpe_excess_min=bounds.sharpe_excess_min,
        deflated_min=bounds.deflated_min,
        confidence_min=bounds.confidence_min,
        days_min=bounds.days_min,
        closed_trades_min=bounds.closed_trades_min,
    )
    cost = first_taker(settings.costs) + settings.costs.slippage
    book = ShadowBook(instruments, [one.freeze_day for one in recruits], cost)
    return Gate(book, thresholds, trials=len(recruits) + trials, seed=settings.seed, observe=settings.gate == "observe")


def _aggregation(
    settings: Settings,
    instruments: Sequence[Instrument],
    intervals_ns: Sequence[Nanos],
    weights: Sequence[float],
    index: Mapping[str, int],
) -> Aggregation:
    """Build what makes one wish of all opinions, with its rules of size and end."""
    decision = settings.decision
    return Aggregation(
        instruments,
        intervals_ns,
        weights=weights,
        qualified=settings.gate == "observe",
        sizing=Sizing(settings.risk.position_mille / 1000 * (1.0 - decision.headroom), decision.volatility_target),
        exits=Exits(decision.stop_atr, decision.target_atr),
        volatility_at=index[decision.volatility_feature],
        atr_at=index[decision.atr_feature],
        equity=Money(settings.account.cash * MONEY_ONE),
        resize_band=decision.resize_band,
    )


def _judge(settings: Settings, instruments: Sequence[Instrument], cash: Money) -> Judge:
    """Build risk's judge with its limits and ladder."""
    bounds = settings.risk
    per_mille = first_taker(settings.costs) + settings.costs.slippage
    limits = Limits(bounds.position_mille, bounds.gross_mille, int(per_mille * 1000) + 1)
    ladder = Ladder(cash, bounds.reduce_mille, bounds.pause_mille, bounds.emergency_mille)
    return Judge(instruments, limits, ladder, cash)


def fee_schedule(costs: CostSettings) -> FeeSchedule:
    """Return the fees of a simulated venue."""
    rows = costs.fee_tiers or ((0.0, costs.maker, costs.taker),)
    return FeeSchedule(
        [
            FeeTier(Money(round(volume * MONEY_ONE)), maker=round(maker * RATE_ONE), taker=round(taker * RATE_ONE))
            for volume, maker, taker in rows
        ]
    )


def imagined_venue(settings: Settings, instruments: Sequence[Instrument]) -> SimulatedVenue:
    """Build the simulated venue of a backtest or of paper trading."""
    costs = settings.costs
    return SimulatedVenue(
        instruments,
        cash=Money(settings.account.cash * MONEY_ONE),
        fees=fee_schedule(costs),
        slippage=round(costs.slippage * RATE_ONE),
        latency_ns=Nanos(costs.latency_ms * 1_000_000),
        participation=round(costs.participation * RATE_ONE),
    )
