# SPDX-License-Identifier: Apache-2.0
"""The account of a run at a real venue: orders go out, reports come in, and both books are compared all the while."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, final

import numpy as np

from bot4.adapters.net.tls import verified
from bot4.adapters.net.websocket import dial
from bot4.adapters.venues.binance.account.feed import AccountFeed, FeedPace
from bot4.adapters.venues.binance.account.hearing import Hearing
from bot4.adapters.venues.binance.account.mark import Mark
from bot4.adapters.venues.binance.account.reconcile import Equality, Reconciler
from bot4.adapters.venues.binance.account.user_data import UserDataReader
from bot4.adapters.venues.binance.orders.gateway import BinanceGateway
from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.orders.restart import recall
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.holdings import Holdings
from bot4.apps.live.doors import Doors, window_at
from bot4.apps.live.request import LiveRequest
from bot4.domain.books_equal import BooksEqual
from bot4.domain.event import Event
from bot4.domain.ports import Clock
from bot4.runtime.wiring import Wired

OnState = Callable[[bool, str], None]
PACE: Final = FeedPace()


@final
class Account:
    """Hold everything that belongs to one account at Binance spot.

    Parameters
    ----------
    request : LiveRequest
        Its addresses and signer.
    doors : Doors
        Through which orders and questions leave, with the clock's offset that signatures need.
    wired : Wired
        What we think: trading's orders and positions.
    run : str
        The run's identity.
    clock : Clock
        The venue's time as far as we know it.
    deliver : callable
        Takes each report for the engine.
    on_state : callable
        Is told whether both books are equal, and why not.
    equal : BooksEqual, optional
        Where both books were equal last, by the journal of the run that is gone on with.
    speed : float
        Seconds of the venue in one of ours.
    """

    def __init__(
        self,
        request: LiveRequest,
        doors: Doors,
        wired: Wired,
        *,
        run: str,
        clock: Clock,
        deliver: Callable[[Event], None],
        on_state: OnState,
        equal: BooksEqual | None = None,
        speed: float = 1.0,
    ) -> None:
        assert request.signer is not None, "an account has a key"
        instruments = [one.instrument for one in doors.listed]
        holdings = Holdings()
        self._instruments = instruments
        self._clock = clock
        self._deliver = deliver
        self._mark = None if equal is None else Mark.of(equal, instruments)
        self.drift = Drift()
        self.lookup = Lookup(doors.orders, run=run, instruments=instruments, clock=clock, deliver=self._by_reply)
        self.hearing = Hearing(deliver, names=self.lookup.names, holdings=holdings, clock=clock)
        self.gateway = BinanceGateway(self.lookup, run)
        open_orders = wired.trading.open_orders()
        for order in open_orders:
            self.gateway.recall(int(order.order_id), int(order.slot))
        recall(open_orders, run, self.lookup.names)
        self.reconciler = Reconciler(self.lookup, run=run, books=wired.trading, holdings=holdings, mark=self._mark)
        endpoint = request.addresses.ws_api
        self.feed = AccountFeed(
            connect=partial(dial, endpoint, tls=verified() if endpoint.is_secure else None),
            signer=request.signer,
            offset=doors.offset,
            learn_time=doors.rest.learn_time,
            clock=clock,
            reader=UserDataReader(run, {one.symbol: one for one in instruments}, self.drift),
            hearing=self.hearing,
            reconcile=self._reconcile,
            on_state=on_state,
            generator=np.random.default_rng(),
            pace=racing(PACE, speed),
        )

    async def _reconcile(self) -> Equality:
        """Compare both books; where they are equal at something new, journal at what: a later process begins there."""
        found = await self.reconciler.reconcile()
        mark = self.reconciler.mark() if found.is_equal else None
        if mark is not None and mark != self._mark:
            self._mark = mark
            self._deliver(mark.event(self._clock.now_ns(), self._instruments))
        return found

    def _by_reply(self, event: Event) -> None:
        """Hand on what a reply brought."""
        self.hearing.by_reply(event)


def racing(pace: FeedPace, speed: float) -> FeedPace:
    """Return the bounds at a venue whose time runs faster: as long for us, so longer for it."""
    if speed == 1.0:
        return pace
    return replace(
        pace,
        reply_s=pace.reply_s * speed,
        window_ms=window_at(speed),
        period_s=pace.period_s * speed,
        grace_s=pace.grace_s * speed,
        owed_s=pace.owed_s * speed,
    )
