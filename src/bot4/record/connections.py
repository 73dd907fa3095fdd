# SPDX-License-Identifier: Apache-2.0
"""How good a live run's connections were: feeds, account, requests, and what the venue said that nobody knew.

Measured by the process that ran, since it was last started: none of it is in the journal, and no decision rests on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Tell of one instrument on one feed; ``symbol`` is empty for what belonged to none, lags are in ns."""

    symbol: str
    feed: str
    messages: int
    used: int
    faults: Mapping[str, int]
    gaps: int
    resyncs: int
    resync_ns_max: int
    lag_p99_ns: int


@final
@dataclass(frozen=True, slots=True)
class Line:
    """Tell of the connections of one feed: how many were made, how often a stream was cut or fell silent."""

    name: str
    opened: int
    interrupted: int
    silent: int


@final
@dataclass(frozen=True, slots=True)
class Spent:
    """Tell the most that was spent of one limit of the venue in one of its windows."""

    what: str
    window_s: int
    most: int
    used: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Hold the figures.

    ``turns`` is how often an instrument was heard over its other feed from then on. ``sessions`` and
    ``compared`` are of the account: subscriptions tried, books compared. ``speed`` is how many seconds of a
    simulated venue, whose clock the run goes by, passed in one of ours.
    """

    feeds: tuple[Feed, ...] = ()
    lines: tuple[Line, ...] = ()
    turns: int = 0
    sessions: int = 0
    compared: int = 0
    spent: tuple[Spent, ...] = ()
    backed_off: int = 0
    alerts: Mapping[str, int] = field(default_factory=dict)
    speed: float = 1.0

    def told(self) -> dict[str, object]:
        """Return the figures as plain values, for ``--json``."""
        return {
            "feeds": [
                {
                    "symbol": one.symbol,
                    "feed": one.feed,
                    "messages": one.messages,
                    "used": one.used,
                    "faults": dict(one.faults),
                    "gaps": one.gaps,
                    "resyncs": one.resyncs,
                    "resync_s_max": round(one.resync_ns_max / 1e9, 6),
                    "lag_p99_s": round(one.lag_p99_ns / 1e9, 6),
                }
                for one in self.feeds
            ],
            "lines": {
                one.name: {"opened": one.opened, "interrupted": one.interrupted, "silent": one.silent}
                for one in self.lines
            },
            "feed_changes": self.turns,
            "account_sessions": self.sessions,
            "books_compared": self.compared,
            "limits": [
                {"of": one.what, "window_s": one.window_s, "most": one.most, "used": one.used} for one in self.spent
            ],
            "backed_off": self.backed_off,
            "alerts": dict(self.alerts),
            "speed": self.speed,
        }
