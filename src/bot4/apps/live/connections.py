# SPDX-License-Identifier: Apache-2.0
"""What the connections of a run have counted by its end, put together for summary and report."""

from collections import Counter

from bot4.adapters.venues.binance.market.live import LiveMarket
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.drift import Drift
from bot4.apps.live.account import Account
from bot4.market.ingest.steps import INTERRUPTED, SILENT
from bot4.market.quality import FeedQuality
from bot4.record.connections import Connections, Feed, Line, Spent

P99 = 0.99


def connections_of(rest: BinanceRest, market: LiveMarket | None, account: Account | None, speed: float) -> Connections:
    """Return the figures of a run's connections; of those that it never had, nothing."""
    alerts = drift_alerts(rest.drift)
    if account is not None:
        alerts += account.gateway.door.alerts + drift_alerts(account.drift)
    lanes = [] if market is None else market.lanes
    return Connections(
        feeds=() if market is None else tuple(feed_of(one) for one in market.board.all() if one.fates().total()),
        lines=tuple(
            Line(one.name, one.pool.opened, one.dialect.told[INTERRUPTED], one.dialect.told[SILENT]) for one in lanes
        ),
        turns=0 if market is None else sum(one.pair.choice.changes for one in market.followed if one.pair is not None),
        sessions=0 if account is None else account.feed.sessions,
        compared=0 if account is None else account.feed.compared,
        spent=tuple(
            Spent(str(gauge.limit.unit), gauge.limit.interval_ms // 1000, gauge.limit.most, gauge.peak)
            for spender in rest.spenders
            for gauge in spender.gauges
            if gauge.peak
        ),
        backed_off=sum(spender.told_of_limits for spender in rest.spenders),
        alerts=dict(sorted(alerts.items())),
        speed=speed,
    )


def feed_of(one: FeedQuality) -> Feed:
    """Return what was counted of one instrument on one feed."""
    return Feed(
        symbol=one.symbol,
        feed=one.feed,
        messages=one.fates().total(),
        used=sum(one.applied.values()),
        faults=dict(sorted(one.faults.items())),
        gaps=one.gaps,
        resyncs=one.resyncs,
        resync_ns_max=one.resync_ns_max,
        lag_p99_ns=one.lag_ns(P99),
    )


def drift_alerts(drift: Drift) -> Counter[str]:
    """Return what the venue said that its contract does not: unknown fields, replies that could not be read."""
    found = Counter({f"unknown field {what}": count for what, count in drift.unknown.items()})
    found.update({f"unreadable {what}": count for what, count in drift.broken.items()})
    return found
