# SPDX-License-Identifier: Apache-2.0
"""What stands around the engine in a tick backtest: the venue with its models, and the feed."""

from collections.abc import Sequence

from bot4.domain.instrument import Instrument
from bot4.domain.values import MONEY_ONE, RATE_ONE, Money
from bot4.runtime.settings import Settings, TickSettings
from bot4.runtime.ticks import TickFeed, TickStream
from bot4.runtime.wiring import fee_schedule
from bot4.simulation.book.draws import Constant, Distribution, LognormalMilliseconds, Recorded
from bot4.simulation.book.fills import FillModel, poisson_beta_fills
from bot4.simulation.book.latency import Latency
from bot4.simulation.book.queues import LogQueue, PowerQueue, QueueModel, RiskAverse
from bot4.simulation.book.venue import TickVenue

MILLISECOND_NS = 1_000_000


def imagined_tick_venue(settings: Settings, instruments: Sequence[Instrument]) -> TickVenue:
    """Build the simulated venue of a tick backtest."""
    ticks = settings.ticks
    return TickVenue(
        instruments,
        cash=Money(settings.account.cash * MONEY_ONE),
        fees=fee_schedule(settings.costs),
        latency=Latency(
            feed=latency_of(ticks, ticks.feed_ms),
            entry=latency_of(ticks, ticks.entry_ms),
            response=latency_of(ticks, ticks.response_ms),
        ),
        queue=queue_of(ticks),
        fill=fill_of(ticks),
        slippage=round(settings.costs.slippage * RATE_ONE),
        seed=settings.seed,
    )


def tick_feed(settings: Settings, stream: TickStream) -> TickFeed:
    """Return the feed of a run: its ticks, each known after the latency that the settings tell."""
    ticks = settings.ticks
    latency = None if ticks.feed == "recorded" else latency_of(ticks, ticks.feed_ms)
    return TickFeed(stream, latency, settings.seed)


def latency_of(ticks: TickSettings, constant_ms: float) -> Distribution:
    """Return the latency of one way."""
    if ticks.latency == "lognormal":
        return LognormalMilliseconds(ticks.mu, ticks.sigma)
    if ticks.latency == "table":
        return Recorded([round(one * MILLISECOND_NS) for one in ticks.table_ms])
    return Constant(round(constant_ms * MILLISECOND_NS))


def queue_of(ticks: TickSettings) -> QueueModel:
    """Return the model of where we stand in a queue."""
    if ticks.queue == "power":
        return PowerQueue(ticks.queue_exponent)
    return LogQueue() if ticks.queue == "log" else RiskAverse()


def fill_of(ticks: TickSettings) -> FillModel:
    """Return the model of how an order is filled."""
    if ticks.fill == "poisson_beta":
        return poisson_beta_fills(ticks.fill_rate, ticks.fill_alpha, ticks.fill_beta)
    return FillModel()
