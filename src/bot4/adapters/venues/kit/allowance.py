# SPDX-License-Identifier: Apache-2.0
"""What may be spent of a venue's limits: one gauge for each of its fixed windows, one allowance for each spender.

A gauge keeps an upper bound of what the venue has counted. A request on its way may land in any window
between its sending and its reply, so it weighs on all of them until then; a reply's header tells the
venue's own count, which is believed where it is certain whose window it means. Time is the venue's, in ms,
and may be wrong by ``margin_ms``. Nothing here knows requests, priorities or answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

NEVER: Final = 1 << 62
MARGIN_MS: Final = 250
RESERVE_PERCENT: Final = 20


class Unit(StrEnum):
    """Say what a limit counts."""

    WEIGHT = "weight"
    ORDERS = "orders"
    REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class Limit:
    """Hold one limit: so many units in each fixed window of so many ms, windows counted from 1970."""

    unit: Unit
    interval_ms: int
    most: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold what a request costs of each unit; every one is one request."""

    weight: int = 1
    orders: int = 0

    def of(self, unit: Unit) -> int:
        """Return what it costs of a unit."""
        if unit is Unit.WEIGHT:
            return self.weight
        return self.orders if unit is Unit.ORDERS else 1


@final
class Gauge:
    """Bound from above what the venue has counted against one limit.

    Parameters
    ----------
    limit : Limit
        The limit.
    margin_ms : int
        How wrong our idea of the venue's time may be.

    Attributes
    ----------
    on_its_way : int
        What requests without a reply yet cost.
    peak : int
        The most that any window has held when a reply was counted.
    """

    __slots__ = ("limit", "margin_ms", "on_its_way", "peak", "_told", "_unseen")

    def __init__(self, limit: Limit, *, margin_ms: int = MARGIN_MS) -> None:
        self.limit = limit
        self.margin_ms = margin_ms
        self.on_its_way = 0
        self.peak = 0
        self._told: dict[int, int] = {}
        self._unseen: dict[int, int] = {}

    def used(self, window: int) -> int:
        """Return the most that the venue may have counted in a window."""
        return self._told.get(window, 0) + self._unseen.get(window, 0) + self.on_its_way

    def windows(self, from_ms: int, to_ms: int) -> range:
        """Return the windows in which something between two moments of ours may have been counted."""
        first = (from_ms - self.margin_ms) // self.limit.interval_ms
        return range(first, (to_ms + self.margin_ms) // self.limit.interval_ms + 1)

    def free_at(self, now_ms: int, cost: int, *, reserve_percent: int) -> int:
        """Return when so much may be spent: now, the end of a full window, ``NEVER`` if more than the limit."""
        ceiling = self.limit.most * (100 - reserve_percent) // 100
        if cost > ceiling:
            return NEVER
        full = [window for window in self.windows(now_ms, now_ms) if self.used(window) + cost > ceiling]
        return (full[-1] + 1) * self.limit.interval_ms + self.margin_ms if cost and full else now_ms

    def spend(self, cost: int) -> None:
        """Count a request that leaves now."""
        self.on_its_way += cost

    def settle(self, sent_ms: int, now_ms: int, *, cost: int, told: int | None) -> None:
        """Count a request whose reply came, or will not come, with the venue's own count where its header told one."""
        self.on_its_way -= cost
        windows = self.windows(sent_ms, now_ms)
        kept = self.windows(now_ms, now_ms)
        self._told = {window: count for window, count in self._told.items() if window >= kept[0]}
        self._unseen = {window: count for window, count in self._unseen.items() if window >= kept[0]}
        if told is not None and len(windows) == 1:
            self._told[windows[0]] = max(told, self._told.get(windows[0], 0))
        else:
            for window in windows[-len(kept) :]:
                self._unseen[window] = self._unseen.get(window, 0) + cost
        self.peak = max(self.peak, *(self.used(window) for window in kept))


@final
class Allowance:
    """Hold the gauges of one spender, an address or an account, and until when the venue has silenced it.

    Parameters
    ----------
    limits : sequence of Limit
        What the venue allows this spender.
    margin_ms : int
        How wrong our idea of the venue's time may be.
    """

    __slots__ = ("gauges", "backed_off_until_ms", "banned_until_ms", "told_of_limits")

    def __init__(self, limits: Sequence[Limit], *, margin_ms: int = MARGIN_MS) -> None:
        self.gauges = [Gauge(limit, margin_ms=margin_ms) for limit in limits]
        self.backed_off_until_ms = 0
        self.banned_until_ms = 0
        self.told_of_limits = 0

    def free_at(self, now_ms: int, cost: Cost, *, reserve_percent: int) -> int:
        """Return when a request may leave, as far as the gauges tell."""
        moments = [
            gauge.free_at(now_ms, cost.of(gauge.limit.unit), reserve_percent=reserve_percent) for gauge in self.gauges
        ]
        return max(moments, default=now_ms)

    def silence(self, until_ms: int, *, banned: bool) -> None:
        """Obey a refusal: nothing before this moment; the later of two moments stands."""
        self.told_of_limits += 1
        if banned:
            self.banned_until_ms = max(self.banned_until_ms, until_ms)
        else:
            self.backed_off_until_ms = max(self.backed_off_until_ms, until_ms)
