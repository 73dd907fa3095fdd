# SPDX-License-Identifier: Apache-2.0
"""What a run may be told: every setting with its range and its default, closed to unknown keys.

The default run needs no file: 100,000 of the quote currency, three strategies,
seed 0, 0.10 % fees, 1 bp slippage, no latency, a tenth of a bar's volume. The
canonical form of these values is part of the run's identity, so a default is
never changed without a new engine format.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
Mille = Annotated[int, Meta(ge=1, le=1000)]

GATES: Final = ("enforce", "observe")
LATENCIES: Final = ("constant", "lognormal", "table")
FEEDS: Final = ("drawn", "recorded")
QUEUES: Final = ("risk_averse", "power", "log")
FILLS: Final = ("whole", "poisson_beta")
POSITION_MILLE_MAX: Final = 20
"""The house's ceiling on one position: 2 % of equity. A setting may only be below it."""


class StrategySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One strategy of the run.

    ``kind`` names a shipped one (momentum, mean_reversion, breakout) or a user's
    as ``path/to/file.py:ClassName``; ``parameters`` are its keyword arguments.
    ``freeze`` is the UTC date (YYYY-MM-DD) its code and parameters were frozen:
    only later days count as evidence; empty counts every day.
    """

    kind: str
    weight: Positive = 1.0
    parameters: dict[str, float | int] = {}
    freeze: str = ""


class AccountSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The account: cash in whole units of the one currency of the run."""

    cash: Annotated[int, Meta(ge=100, le=50_000_000)] = 100_000
    currency: str = ""


class CostSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What trading costs, as fractions of notional, and how the imagined venue behaves.

    ``fee_tiers`` are rows of (30-day volume from, maker, taker) and replace the flat rates where given.
    """

    maker: Fraction = 0.001
    taker: Fraction = 0.001
    fee_tiers: tuple[tuple[float, float, float], ...] = ()
    slippage: Annotated[float, Meta(ge=0.0, le=0.1)] = 0.0001
    latency_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 0
    participation: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.1


class RiskSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hard limits, in thousandths of equity or of its peak; they may be tightened, not loosened."""

    position_mille: Annotated[int, Meta(ge=1, le=POSITION_MILLE_MAX)] = POSITION_MILLE_MAX
    gross_mille: Mille = 1000
    reduce_mille: Annotated[int, Meta(ge=1, le=50)] = 50
    pause_mille: Annotated[int, Meta(ge=1, le=100)] = 100
    emergency_mille: Annotated[int, Meta(ge=1, le=150)] = 150


class DecisionSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How opinions become size and exits.

    ``headroom`` is the part of the position cap that sizing leaves free, since
    between the decision and its fill the price moves. It covers slippage and small
    moves; a gap through it is the market's.
    """

    volatility_target: Annotated[float, Meta(gt=0.0, le=0.05)] = 0.0005
    volatility_feature: str = "volatility_20"
    atr_feature: str = "atr_14"
    stop_atr: Annotated[float, Meta(gt=0.0, le=100.0)] = 4.0
    target_atr: Annotated[float, Meta(ge=0.0, le=1000.0)] = 12.0
    resize_band: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.25
    headroom: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.02


class EvidenceSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The evidence gate's thresholds: they may be made stricter, not looser.

    ``sharpe_excess_min`` alone may be set freely from 0 on. To see what a strategy
    does without evidence there is ``gate = "observe"``, which says so on every page.

    ``trial_ledger`` names a file with one line for each variant ever tried; its
    lines count as trials and its hash enters the run.
    """

    p_value_max: Annotated[float, Meta(gt=0.0, le=0.05)] = 0.05
    sharpe_excess_min: Annotated[float, Meta(ge=0.0)] = 2.0
    deflated_min: Annotated[float, Meta(ge=0.95, le=1.0)] = 0.95
    confidence_min: Annotated[float, Meta(ge=0.75, le=1.0)] = 0.75
    days_min: Annotated[int, Meta(ge=90)] = 90
    closed_trades_min: Annotated[int, Meta(ge=30)] = 30
    trial_ledger: str = ""


class TickSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the imagined venue of a tick backtest behaves.

    ``latency`` is how each way is drawn, independently: ``constant`` (``feed_ms``
    from the exchange to us, ``entry_ms`` of a command, ``response_ms`` of a
    report), ``lognormal`` (``mu`` and ``sigma`` of the logarithm in ms) or
    ``table`` (``table_ms``, one's own records, all equally likely). ``feed =
    "recorded"`` takes the recorder's own known times instead of a draw. ``queue``
    is ``risk_averse``, ``power`` (with ``queue_exponent``) or ``log``; ``fill`` is
    ``whole`` or ``poisson_beta`` (with ``fill_rate``, ``fill_alpha``, ``fill_beta``).
    """

    latency: str = "constant"
    feed: str = "drawn"
    feed_ms: Annotated[float, Meta(ge=0.0, le=60_000.0)] = 0.0
    entry_ms: Annotated[float, Meta(ge=0.0, le=60_000.0)] = 0.0
    response_ms: Annotated[float, Meta(ge=0.0, le=60_000.0)] = 0.0
    mu: Annotated[float, Meta(ge=-14.0, le=11.0)] = 3.9
    sigma: Annotated[float, Meta(ge=0.0, le=5.0)] = 0.3
    table_ms: tuple[Annotated[float, Meta(ge=0.0, le=60_000.0)], ...] = ()
    queue: str = "risk_averse"
    queue_exponent: Annotated[float, Meta(gt=0.0, le=10.0)] = 1.0
    fill: str = "whole"
    fill_rate: Annotated[float, Meta(gt=0.0, le=1_000.0)] = 3.0
    fill_alpha: Annotated[float, Meta(gt=0.0, le=1_000.0)] = 2.0
    fill_beta: Annotated[float, Meta(gt=0.0, le=1_000.0)] = 5.0


class InstrumentSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to know about one instrument instead of the shipped table."""

    symbol: str
    tick_size: str = ""
    lot_size: str = ""
    min_notional: str = ""
    base: str = ""
    quote: str = ""
    type: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides a run, besides its data."""

    seed: Annotated[int, Meta(ge=0, le=(1 << 53))] = 0
    gate: str = "enforce"
    features: tuple[str, ...] = ()
    account: AccountSettings = AccountSettings()
    costs: CostSettings = CostSettings()
    ticks: TickSettings = TickSettings()
    risk: RiskSettings = RiskSettings()
    decision: DecisionSettings = DecisionSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    strategies: tuple[StrategySettings, ...] = (
        StrategySettings(kind="momentum"),
        StrategySettings(kind="mean_reversion"),
        StrategySettings(kind="breakout"),
    )
    instruments: tuple[InstrumentSettings, ...] = ()


def canonical(settings: Settings) -> bytes:
    """Return the settings as bytes that are equal for equal runs: JSON with every field, sorted."""
    return msgspec.json.encode(settings, order="sorted")
