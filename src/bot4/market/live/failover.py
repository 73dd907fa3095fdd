# SPDX-License-Identifier: Apache-2.0
"""Which of two feeds of one instrument is believed, and how the other takes over without a loss or a repetition.

Both feeds tell the same market of the same venue, so its numbers are theirs. One is
believed at a time; what the other tells is kept for a while and not handed on. A
feed that cannot be used any more loses at once to one that can; the first feed gets
its place back when it has been usable for ``CALM_NS`` without a break.

On a change of feeds the trades that the lost feed never told are handed on from what
was kept, and the new feed's whole book replaces the old one.
"""

from collections import deque
from typing import Final, final

from bot4.domain.event import BOOK_SNAPSHOT, TRADE, Event
from bot4.domain.marketdata import BookSnapshot, Trade
from bot4.domain.values import SECOND_NS
from bot4.market.faults import OTHER_FEED
from bot4.market.live.book import Receiver
from bot4.market.live.check import LiveCheck

CALM_NS: Final = 10 * SECOND_NS
NEVER: Final = -1
KEPT_MAX: Final = 4_096
"""Trades kept of the feed that is not believed."""


@final
class FeedChoice:
    """Choose between a first and a second feed, by what can be used.

    Attributes
    ----------
    believed : int
        0 or 1.
    is_blind : bool
        Neither can be used: no new risk until one can.
    """

    def __init__(self, calm_ns: int = CALM_NS) -> None:
        self.believed = 0
        self.is_blind = True
        self.changes = 0
        self._calm_ns = calm_ns
        self._first_since_ns = NEVER

    def judge(self, usable: tuple[bool, bool], now_ns: int) -> bool:
        """Take which feeds can be used now; return whether another is believed from here on."""
        if not usable[0]:
            self._first_since_ns = NEVER
        elif self._first_since_ns == NEVER:
            self._first_since_ns = now_ns
        self.is_blind = not (usable[0] or usable[1])
        if self.is_blind or self.believed == self._better(usable, now_ns):
            return False
        self.believed = 1 - self.believed
        self.changes += 1
        return True

    def _better(self, usable: tuple[bool, bool], now_ns: int) -> int:
        """Return which of two, one of them usable, should be believed."""
        if not usable[self.believed]:
            return 1 - self.believed
        if self.believed == 1 and usable[0] and now_ns - self._first_since_ns >= self._calm_ns:
            return 0
        return self.believed


@final
class FeedPair:
    """Hand on the events of the feed that is believed.

    Parameters
    ----------
    receiver : callable
        Takes the events.
    silence_ns : int
        How long this instrument may say nothing.
    calm_ns : int
        How long the first feed must have been usable to be believed again.
    """

    def __init__(self, receiver: Receiver, silence_ns: int, calm_ns: int = CALM_NS) -> None:
        self.choice = FeedChoice(calm_ns)
        self._receiver = receiver
        self._silence_ns = silence_ns
        self._checks: list[LiveCheck] = []
        self._kept: deque[Trade] = deque(maxlen=KEPT_MAX)
        self._trade_id = NEVER

    def join(self, first: LiveCheck, second: LiveCheck) -> None:
        """Name the checks of both feeds, whose receivers are :meth:`first` and :meth:`second`."""
        self._checks = [first, second]

    def first(self, event: Event) -> None:
        """Take an event of the first feed."""
        self._take(0, event)

    def second(self, event: Event) -> None:
        """Take an event of the second feed."""
        self._take(1, event)

    def review(self, now_ns: int, usable: tuple[bool, bool] | None = None) -> bool:
        """Look which feed is to be believed, at a moment; return whether that changed.

        To be called ten times a second, for a feed that falls silent does not say so. ``usable`` says which can be
        believed where the caller knows more than the checks, or has no books; None asks them.
        """
        if usable is None:
            first, second = self._checks
            usable = (first.is_usable(now_ns, self._silence_ns), second.is_usable(now_ns, self._silence_ns))
        if not self.choice.judge(usable, now_ns):
            return False
        for trade in self._kept:
            self._pass_trade(trade)
        self._kept.clear()
        self._checks[self.choice.believed].book.show(now_ns)
        return True

    def _take(self, feed: int, event: Event) -> None:
        """Hand an event on if its feed is believed; else keep what may be missing later, and compare prices."""
        if feed != self.choice.believed:
            self._keep(feed, event)
            return
        if isinstance(event, BookSnapshot) and event.begin == event.end and self.review(int(event.ts_known_ns)):
            return  # the other feed's book is shown already
        if event.kind == TRADE:
            assert isinstance(event, Trade), "a kind belongs to one class"
            self._pass_trade(event)
        else:
            self._receiver(event)

    def _keep(self, feed: int, event: Event) -> None:
        """Keep a trade of the feed that is not believed, and let it confirm what the other doubts."""
        self._checks[feed].quality.fault(OTHER_FEED)
        if event.kind == TRADE:
            assert isinstance(event, Trade), "a kind belongs to one class"
            self._kept.append(event)
            self._checks[1 - feed].witness(int(event.price), int(event.ts_known_ns))
        elif event.kind == BOOK_SNAPSHOT and self.choice.is_blind:
            self.review(int(event.ts_known_ns))

    def _pass_trade(self, trade: Trade) -> None:
        """Hand on a trade that no feed told before."""
        trade_id = int(trade.trade_id)
        if trade_id < 0 or trade_id > self._trade_id:
            self._trade_id = max(trade_id, self._trade_id)
            self._receiver(trade)
