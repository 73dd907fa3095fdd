# SPDX-License-Identifier: Apache-2.0
"""Hearing of our account: a subscription that is always there, and books that are compared before anybody trusts it.

From each cut until the two books are equal again the feed says "not ready", and why. It subscribes anew at once, later
each time the venue fails, at the latest after four seconds; goes over to a new connection before the venue ends the
old one, without a gap; and takes a stream for dead that owes a report for longer than the bound. While it lives the
books are compared each period, and soon after a doubt has ended. Beside it the venue's time is kept known.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from bot4.adapters.venues.binance.account.hearing import Hearing
from bot4.adapters.venues.binance.account.reconcile import Equality
from bot4.adapters.venues.binance.account.subscription import S_NS, Connect, Subscription
from bot4.adapters.venues.binance.account.user_data import UserDataReader
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS
from bot4.adapters.venues.kit.answers import Outcome, Remedy
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.signing import Signer
from bot4.adapters.venues.kit.timekeeping import keep_time
from bot4.domain.ports import Clock
from bot4.market.ingest.backoff import Backoff, BackoffPolicy

OnState = Callable[[bool, str], None]
STARTING: Final = "the account has not been heard of yet"
NO_TIME: Final = "the venue's time is not known"
RETIRE_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPace:
    """Hold the bounds of a session, in seconds.

    Attributes
    ----------
    reply_s : float
        How long the answer to a subscription is waited for.
    window_ms : int
        For how long after its time stamp the venue may take a subscription.
    period_s : float
        Between two comparisons while all is well.
    again_s : float
        Before the next comparison where one came out unequal or could not be made; it doubles up to ``period_s``.
    grace_s : float
        For how long books that were equal may go without a comparison before they are no longer trusted.
    owed_s : float
        How late the stream may be with a report that a reply has told of.
    life_s : float
        When a connection is replaced: before the venue's 24 hours.
    tick_s : float
        How often all of this is looked at.
    backoff : BackoffPolicy
        How the waits between tries grow.
    """

    reply_s: float = 5.0
    window_ms: int = RECV_WINDOW_MS
    period_s: float = 10.0
    again_s: float = 0.25
    grace_s: float = 30.0
    owed_s: float = 2.0
    life_s: float = 23 * 3600.0
    tick_s: float = 0.1
    backoff: BackoffPolicy = field(default_factory=BackoffPolicy)


@final
class AccountFeed:
    """Keep hearing of one account.

    Parameters
    ----------
    connect : callable
        Dials the WebSocket API.
    signer : Signer
        Signs the subscription.
    offset : ClockOffset
        Stamps it.
    learn_time : callable
        Asks for the venue's time: where it is not known, and all day long whenever it is due.
    clock : Clock
        Its monotonic time measures.
    reader : UserDataReader
        Reads what comes.
    hearing : Hearing
        Takes it.
    reconcile : callable
        Compares: :meth:`bot4.adapters.venues.binance.account.reconcile.Reconciler.reconcile`.
    on_state : callable
        Is told whether new risk may be taken, and why not, or what a person is to know, whenever that changes.
    generator : numpy.random.Generator
        Draws the jitter of waits and of replacements.
    pace : FeedPace
        The bounds.

    Attributes
    ----------
    is_ready : bool
        Whether the stream lives and the books were equal when compared last.
    why : str
        Why not.
    sessions, compared : int
        Subscriptions tried, and how often the books were compared.
    last : Equality
        What the latest comparison came to.
    """

    def __init__(
        self,
        *,
        connect: Connect,
        signer: Signer,
        offset: ClockOffset,
        learn_time: Callable[[], Awaitable[bool]],
        clock: Clock,
        reader: UserDataReader,
        hearing: Hearing,
        reconcile: Callable[[], Awaitable[Equality]],
        on_state: OnState,
        generator: np.random.Generator,
        pace: FeedPace | None = None,
    ) -> None:
        self.is_ready = False
        self.why = ""
        self.sessions = 0
        self.compared = 0
        self.last = Equality(obstacle=STARTING)
        self._connect = connect
        self._signer = signer
        self._offset = offset
        self._learn_time = learn_time
        self._clock = clock
        self._reader = reader
        self._hearing = hearing
        self._reconcile = reconcile
        self._on_state = on_state
        self._generator = generator
        self._pace = pace or FeedPace()
        self._lines: list[Subscription] = []
        self._hold_ns = 0

    async def run(self) -> None:
        """Hear until canceled; an error of whoever takes what is heard, a bug of ours, ends it."""
        keeping = keep_time(self._learn_time, self._offset, self._clock)
        tasks = [asyncio.get_running_loop().create_task(work) for work in (self._hear(), keeping)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for line in self._lines:
                await line.gone()

    async def _hear(self) -> None:
        """Hear through one subscription after the other."""
        backoff = Backoff(self._pace.backoff, self._generator)
        self._tell(False, STARTING)
        while True:
            opened = await self._open()
            if isinstance(opened, str):
                self._tell(False, opened)
                backoff.failed(self._now(), self._hold_ns)
            else:
                backoff.opened()
                last = await self._live(opened)
                self._tell(False, last.ended)
                backoff.lost(self._now(), last.opened_ns)
            await asyncio.sleep(max(backoff.not_before_ns - self._now(), 0) / S_NS)

    async def _open(self) -> Subscription | str:
        """Connect and subscribe; return in words what stood in the way."""
        self.sessions += 1
        self._hold_ns = 0
        if self._offset.stamp_ms(self._now()) is None and not await self._learn_time():
            return NO_TIME
        stamp_ms = self._offset.stamp_ms(self._now())
        if stamp_ms is None:
            return NO_TIME
        fresh = Subscription(self.sessions, take=self._hearing.by_stream, reader=self._reader, clock=self._clock)
        self._lines = [line for line in self._lines if not line.is_gone] + [fresh]
        answer = await fresh.open(self._connect, self._signer, stamp_ms, self._pace.reply_s, self._pace.window_ms)
        self._hold_ns = fresh.hold_ns
        if isinstance(answer, str):
            return answer
        if answer.outcome is Outcome.FOUND:
            return fresh
        if answer.remedy is Remedy.RESYNC_CLOCK:
            self._offset.doubt()
        return f"{answer.rule}. {answer.mend}".rstrip(". ")

    async def _live(self, line: Subscription) -> Subscription:
        """Live through one subscription and its replacements; return the last, which is over."""
        self._hearing.begin()
        checking = asyncio.get_running_loop().create_task(self._compare_all_the_while())
        retire_ns = self._retire_ns(line)
        try:
            while True:
                await line.over(self._pace.tick_s)
                if checking.done():
                    checking.result()
                if self._hearing.owed_for_ns() > self._pace.owed_s * S_NS:
                    line.end("the stream is silent: it owes a report that a reply has told of")
                if line.ended:
                    return line
                if self._now() >= retire_ns:
                    fresh = await self._open()
                    if isinstance(fresh, Subscription):
                        line.end("replaced")
                        line = fresh
                    retire_ns = self._retire_ns(line) if isinstance(fresh, Subscription) else self._now() + S_NS
        finally:
            self._hearing.cease()
            line.end("the session ended")
            checking.cancel()

    async def _compare_all_the_while(self) -> None:
        """Compare now, each period, and when something asks for it; say what it came to."""
        pace, again_s = self._pace, self._pace.again_s
        equal_ns = self._now()
        while True:
            self._hearing.is_check_due = False
            self.last = found = await self._reconcile()
            self.compared += 1
            if found.is_equal:
                equal_ns, again_s = self._now(), pace.again_s
                self._tell(True, found.why)
                await self._pause(pace.period_s)
                continue
            if found.differences or not self.is_ready or self._now() - equal_ns > pace.grace_s * S_NS:
                self._tell(False, found.why)
            await self._pause(again_s)
            again_s = min(2 * again_s, pace.period_s)

    async def _pause(self, longest_s: float) -> None:
        """Wait before the next comparison, not for long where one is asked for."""
        until_ns = self._now() + int(longest_s * S_NS)
        while self._now() < until_ns and not self._hearing.is_check_due:
            await asyncio.sleep(min(self._pace.tick_s, longest_s))

    def _retire_ns(self, line: Subscription) -> int:
        """Return when a connection is to be replaced, drawn so that several do not go at once."""
        early = RETIRE_SHARE * float(self._generator.random())
        return line.opened_ns + int(self._pace.life_s * (1.0 - early) * S_NS)

    def _tell(self, is_ready: bool, why: str) -> None:
        """Say whether new risk may be taken, where that or the reason has changed."""
        if (is_ready, why) != (self.is_ready, self.why):
            self.is_ready, self.why = is_ready, why
            self._on_state(is_ready, why)

    def _now(self) -> int:
        """Return the monotonic time."""
        return int(self._clock.monotonic_ns())
