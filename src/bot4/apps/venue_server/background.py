# SPDX-License-Identifier: Apache-2.0
"""The other participants of the simulated venue: what the flow asks for, done in the exchange at the venue's pace."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from bot4.apps.venue_server.listing import Listed
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.flow import FlowStep, Ladder, RandomFlow, replayed
from bot4.simulation.exchange.rules import ONE, SymbolRules
from bot4.simulation.exchange.venue import Exchange

QUOTER: Final = "quoter"
TAKER: Final = "taker"
WEALTH: Final = 10**12 * ONE
STEP_MS: Final = 200
FIRST_STEPS: Final = 100
"""Steps after which a symbol is let be that nobody has traded yet."""
CATCH_UP: Final = 50
"""Steps made at once where the machine did not keep pace; the rest is left out."""
PRINTS_AT_ONCE: Final = 10
"""Recorded trades made before they are told and the clock is looked at again."""


@dataclass(frozen=True, slots=True)
class Print:
    """Hold a recorded trade; when it happened counts from the first of the recording."""

    at_ms: int
    symbol: str
    price: int
    quantity: int
    is_sale: bool


@final
class Background:
    """Let two participants trade in the exchange, at random or after a recording.

    Parameters
    ----------
    exchange : Exchange
        Where they trade; accounts of their own are opened.
    symbols : sequence of Listed
        What they trade.
    seed : int
        Seed of what is random.
    prints : iterator of Print, optional
        A recording to follow instead; when it ends, nobody trades but the members.
    now_ms : int
        The venue's time.
    """

    def __init__(
        self,
        exchange: Exchange,
        symbols: Sequence[Listed],
        *,
        seed: int,
        now_ms: int,
        prints: Iterator[Print] | None = None,
    ) -> None:
        self._exchange = exchange
        self._began_ms = now_ms
        self._next_ms = now_ms
        self._prints = prints
        self._waiting: Print | None = next(prints, None) if prints is not None else None
        self._rules: dict[str, SymbolRules] = {one.rules.symbol: one.rules for one in symbols}
        self._flows = {one.rules.symbol: RandomFlow(one.rules, one.price, seed) for one in symbols}
        self._ladders = {one.rules.symbol: Ladder(one.rules) for one in symbols}
        assets = sorted({asset for one in symbols for asset in (one.rules.base, one.rules.quote)})
        for account in (QUOTER, TAKER):
            exchange.open_account(account, Terms(keeps_history=False), dict.fromkeys(assets, WEALTH), now_ms)

    @property
    def is_over(self) -> bool:
        """Say whether a recording has come to its end."""
        return self._prints is not None and self._waiting is None

    def begin(self, now_ms: int) -> None:
        """Make a market before the first request: quotes on both sides of every symbol, and a first trade."""
        if self._prints is not None:
            self._follow(now_ms)
            return
        for symbol in self._rules:
            for _ in range(FIRST_STEPS):
                self._step(symbol, now_ms)
                if self._exchange.market.last_price(symbol):
                    break

    def beat(self, now_ms: int, *, times: int = 1) -> bool:
        """Let time pass: make the steps that are due, each ``times`` over; say whether recorded trades are left."""
        if self._prints is not None:
            return self._follow(now_ms)
        if now_ms < self._next_ms:
            return False
        due = min((now_ms - self._next_ms) // STEP_MS + 1, CATCH_UP)
        self._next_ms = now_ms - now_ms % STEP_MS + STEP_MS
        for _ in range(due * times):
            for symbol in self._rules:
                self._step(symbol, now_ms)
        return False

    def _step(self, symbol: str, now_ms: int) -> None:
        """Make one step of the random flow."""
        best = self._exchange.market.best(symbol, now_ms)
        self._obey(self._flows[symbol].step(best.bid, best.ask), now_ms)

    def _follow(self, now_ms: int) -> bool:
        """Make some of the recorded trades happen whose time has come, the oldest first; say whether more are due."""
        assert self._prints is not None
        for _ in range(PRINTS_AT_ONCE):
            found = self._waiting
            if found is None or self._began_ms + found.at_ms > now_ms:
                return False
            rules = self._rules.get(found.symbol)
            if rules is not None:
                step = replayed(self._ladders[found.symbol], rules, (found.price, found.quantity, found.is_sale))
                self._obey(step, now_ms)
            self._waiting = next(self._prints, None)
        return True

    def _obey(self, step: FlowStep, now_ms: int) -> None:
        """Ask the exchange for what a step wants; what it refuses (a quote that would take) is left out."""
        for cancel in step.cancels:
            self._exchange.cancel(QUOTER, cancel, now_ms)
        for quote in step.quotes:
            self._exchange.place(QUOTER, quote, now_ms)
        for take in step.takes:
            self._exchange.place(TAKER, take, now_ms)
