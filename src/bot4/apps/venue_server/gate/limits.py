# SPDX-License-Identifier: Apache-2.0
"""How much the venue lets through: weight and raw requests of an address, orders of an account, and the bans.

Windows are fixed: they begin at whole minutes, tens of seconds, days. Who goes on
after a 429 is banned, for longer each time. Time is an argument, in ms.
"""

from dataclasses import dataclass
from typing import Final, final

from bot4.simulation.exchange.refusals import Refusal

SECOND_MS: Final = 1000
MINUTE_MS: Final = 60 * SECOND_MS
DAY_MS: Final = 24 * 60 * MINUTE_MS
BAN_MS: Final = 2 * MINUTE_MS
BAN_MS_MAX: Final = 3 * DAY_MS
USE_STREAMS: Final = "Please use WebSocket Streams for live updates to avoid"


@dataclass(frozen=True, slots=True)
class Window:
    """Hold one limit: so many of a kind in an interval."""

    kind: str
    interval: str
    count: int
    limit: int
    span_ms: int

    def shape(self) -> dict[str, object]:
        """Return the limit as ``exchangeInfo`` tells it."""
        return {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.count,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold every limit of the venue; ``patience`` is how many requests after a 429 lead to a ban."""

    weight: Window = Window("REQUEST_WEIGHT", "MINUTE", 1, 6000, MINUTE_MS)
    orders_short: Window = Window("ORDERS", "SECOND", 10, 50, 10 * SECOND_MS)
    orders_day: Window = Window("ORDERS", "DAY", 1, 160_000, DAY_MS)
    raw: Window = Window("RAW_REQUESTS", "MINUTE", 5, 300_000, 5 * MINUTE_MS)
    connections: Window = Window("CONNECTIONS", "MINUTE", 5, 300, 5 * MINUTE_MS)
    patience: int = 10

    def told(self) -> tuple[Window, ...]:
        """Return the limits that ``exchangeInfo`` lists."""
        return (self.weight, self.orders_short, self.orders_day, self.raw)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Say that a limit was broken: the status, until when, and the refusal."""

    status: int
    until_ms: int
    refusal: Refusal


@final
class Counts:
    """Count within fixed windows, by name; a window that has passed counts nothing."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._counts: dict[str, tuple[int, int]] = {}

    def used(self, name: str, now_ms: int) -> int:
        """Return what was counted in the window that a moment lies in."""
        number, count = self._counts.get(name, (-1, 0))
        return count if number == now_ms // self.window.span_ms else 0

    def add(self, name: str, count: int, now_ms: int) -> None:
        """Count more, or with a negative number less; never below none."""
        self._counts[name] = (now_ms // self.window.span_ms, max(0, self.used(name, now_ms) + count))

    def end_ms(self, now_ms: int) -> int:
        """Return when the window ends that a moment lies in."""
        return (now_ms // self.window.span_ms + 1) * self.window.span_ms


@dataclass(slots=True)
class Conduct:
    """Remember how an address behaved: requests after the last 429, bans so far, until when it is banned."""

    strikes: int = 0
    strike_window: int = -1
    bans: int = 0
    banned_until_ms: int = 0


@final
class Limits:
    """Judge requests by address and orders by account."""

    def __init__(self, figures: Figures = Figures()) -> None:
        self.figures = figures
        self._weight = Counts(figures.weight)
        self._raw = Counts(figures.raw)
        self._connections = Counts(figures.connections)
        self._orders = (Counts(figures.orders_short), Counts(figures.orders_day))
        self._conduct: dict[str, Conduct] = {}

    def admit(self, address: str, weight: int, now_ms: int) -> Blocked | None:
        """Count a request and say whether it is let in; its weight is charged when the outcome is known."""
        conduct = self._conduct.setdefault(address, Conduct())
        if now_ms < conduct.banned_until_ms:
            return self._banned(conduct)
        self._raw.add(address, 1, now_ms)
        for counts, more, what in ((self._weight, weight, "request weight"), (self._raw, 0, "raw requests")):
            if counts.used(address, now_ms) + more > counts.window.limit:
                return self._broken(address, counts, what, now_ms)
        return None

    def charge(self, address: str, weight: int, now_ms: int) -> None:
        """Count the weight that a request turned out to have."""
        self._weight.add(address, weight, now_ms)

    def used_weight(self, address: str, now_ms: int) -> int:
        """Return the weight used in this minute."""
        return self._weight.used(address, now_ms)

    def connect(self, address: str, now_ms: int) -> Blocked | None:
        """Count an attempt to open a WebSocket and say whether it is let in."""
        conduct = self._conduct.setdefault(address, Conduct())
        if now_ms < conduct.banned_until_ms:
            return self._banned(conduct)
        self._connections.add(address, 1, now_ms)
        if self._connections.used(address, now_ms) <= self._connections.window.limit:
            return None
        return Blocked(429, self._connections.end_ms(now_ms), Refusal(-1034, "Too many new connections."))

    def admit_orders(self, account: str, count: int, now_ms: int) -> Blocked | None:
        """Say whether an account may place more orders; they are counted when they were accepted."""
        for counts in self._orders:
            window = counts.window
            if counts.used(account, now_ms) + count > window.limit:
                text = f"Too many new orders; current limit is {window.limit} orders per "
                text += f"{window.count} {window.interval}."
                return Blocked(429, counts.end_ms(now_ms), Refusal(-1015, text))
        return None

    def count_orders(self, account: str, count: int, now_ms: int) -> None:
        """Count accepted orders; with a negative number those that were filled."""
        for counts in self._orders:
            counts.add(account, count, now_ms)

    def order_counts(self, account: str, now_ms: int) -> tuple[int, int]:
        """Return the unfilled orders counted in these ten seconds and in this day."""
        short, day = self._orders
        return short.used(account, now_ms), day.used(account, now_ms)

    def ban(self, address: str, now_ms: int) -> Blocked:
        """Ban an address, for twice as long as the last time."""
        conduct = self._conduct.setdefault(address, Conduct())
        conduct.banned_until_ms = now_ms + min(BAN_MS << min(conduct.bans, 20), BAN_MS_MAX)
        conduct.bans += 1
        conduct.strikes = 0
        return self._banned(conduct)

    def _broken(self, address: str, counts: Counts, what: str, now_ms: int) -> Blocked:
        """Answer a request above a limit: 429, and a ban for who does not stop."""
        conduct = self._conduct[address]
        number = now_ms // counts.window.span_ms
        if conduct.strike_window != number:
            conduct.strike_window, conduct.strikes = number, 0
        conduct.strikes += 1
        if conduct.strikes > self.figures.patience:
            return self.ban(address, now_ms)
        window = counts.window
        text = f"Too much {what} used; current limit is {window.limit} {what} per {window.count} {window.interval}. "
        return Blocked(429, counts.end_ms(now_ms), Refusal(-1003, f"{text}{USE_STREAMS} polling the API."))

    def _banned(self, conduct: Conduct) -> Blocked:
        """Answer a banned address."""
        text = f"Way too much request weight used; IP banned until {conduct.banned_until_ms}. {USE_STREAMS} bans."
        return Blocked(418, conduct.banned_until_ms, Refusal(-1003, text))
