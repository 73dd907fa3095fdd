# SPDX-License-Identifier: Apache-2.0
"""What replies and the user stream say, brought together on its way to the engine.

Both tell of the same things, in any order: the engine applies each once. What is of other hands is let through once.
And the two are held against each other: an order that a reply says was taken has to be told by the stream soon after;
where it is not, the stream is dead however well its pings are answered.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, final

from bot4.adapters.venues.binance.account.user_data import BalanceMoved, OrderNews, UserNews
from bot4.adapters.venues.binance.orders.venue_names import VenueNames
from bot4.adapters.venues.kit.holdings import Holdings
from bot4.domain.event import ABSENT, ACCEPTED, CANCEL_LOST, INQUIRY_LOST, SUBMIT_LOST, Event
from bot4.domain.external import External
from bot4.domain.order import Execution, OrderWord
from bot4.domain.ports import Clock

REMEMBERED_MAX: Final = 1 << 16
OTHER: Final = "other_run"
LOSSES: Final = (SUBMIT_LOST, CANCEL_LOST, INQUIRY_LOST)


def nobody(_news: UserNews) -> None:
    """Take no note of what the stream says beside the reports."""


@final
class Hearing:
    """Stand between whoever hears of an account and the engine.

    Parameters
    ----------
    deliver : callable
        Takes each report for the engine.
    names : VenueNames
        Learns whose the venue's numbers are: the lookup's.
    holdings : Holdings
        Learns what came into the account or left it.
    clock : Clock
        Its monotonic time measures how long the stream owes a report.
    on_news : callable
        Takes everything that the stream says, in order, after the engine.

    Attributes
    ----------
    external : int
        Orders and trades of other hands, each counted once.
    is_check_due : bool
        Whether something happened after which the books are to be compared: a doubt ended, a report was unreadable.
    """

    def __init__(
        self,
        deliver: Callable[[Event], None],
        *,
        names: VenueNames,
        holdings: Holdings,
        clock: Clock,
        on_news: Callable[[UserNews], None] = nobody,
    ) -> None:
        self.external = 0
        self.is_check_due = False
        self._deliver = deliver
        self._names = names
        self._holdings = holdings
        self._clock = clock
        self._on_news = on_news
        self._foreign: OrderedDict[tuple[int, int, int], None] = OrderedDict()
        self._announced: OrderedDict[int, None] = OrderedDict()
        self._owed: dict[int, int] = {}
        self._doubted: OrderedDict[int, None] = OrderedDict()
        self._is_listening = False

    def by_reply(self, event: Event) -> None:
        """Take a report that a request brought: the lookup delivers here."""
        if event.kind == ACCEPTED and isinstance(event, OrderWord):
            order_id = int(event.order_id)
            if self._is_listening and order_id not in self._announced:
                self._owed.setdefault(order_id, int(self._clock.monotonic_ns()))
        self._pass_on(event)

    def by_stream(self, news: UserNews) -> None:
        """Take one message of the user stream."""
        if isinstance(news, OrderNews):
            self._names.note(news.symbol, news.venue_order_id, news.client_id)
            if news.name is not None and news.rule != OTHER:
                self._announce(int(news.name.order_id))
            for event in news.events():
                self._pass_on(event)
            if news.alert:
                self.is_check_due = True
        elif isinstance(news, BalanceMoved) and not news.is_lock:
            self._holdings.move(news.asset, news.delta, news.at_ms)
        self._on_news(news)

    def begin(self) -> None:
        """Begin to listen to a new subscription: what was accepted before it owes it nothing."""
        self._is_listening = True
        self._owed.clear()

    def cease(self) -> None:
        """Listen to no subscription for now."""
        self._is_listening = False
        self._owed.clear()

    def owed_for_ns(self) -> int:
        """Return for how long the stream has owed the oldest report that a reply has told of; 0 where it owes none."""
        if not self._owed:
            return 0
        return int(self._clock.monotonic_ns()) - min(self._owed.values())

    def _announce(self, order_id: int) -> None:
        """Note that the stream has told of an order."""
        self._owed.pop(order_id, None)
        self._announced[order_id] = None
        if len(self._announced) > REMEMBERED_MAX:
            self._announced.popitem(last=False)

    def _pass_on(self, event: Event) -> None:
        """Hand one report to the engine; what is of other hands once."""
        if isinstance(event, External):
            key = (int(event.instrument), int(event.venue_order_id), int(event.trade_id))
            if key in self._foreign:
                return
            self._foreign[key] = None
            if len(self._foreign) > REMEMBERED_MAX:
                self._foreign.popitem(last=False)
            self.external += 1
        elif isinstance(event, OrderWord | Execution):
            self._follow_doubt(event)
        self._deliver(event)

    def _follow_doubt(self, event: OrderWord | Execution) -> None:
        """Ask for a comparison once a doubt has ended."""
        order_id = int(event.order_id)
        if event.kind in LOSSES:
            self._doubted[order_id] = None
            if len(self._doubted) > REMEMBERED_MAX:
                self._doubted.popitem(last=False)
        elif event.kind == ABSENT:
            self.is_check_due = True  # the engine may take it for proof, and end the doubt without a word from outside
        elif order_id in self._doubted:
            del self._doubted[order_id]
            self.is_check_due = True
