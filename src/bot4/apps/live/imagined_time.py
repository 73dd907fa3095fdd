# SPDX-License-Identifier: Apache-2.0
"""The clock of a run at a simulated venue whose time passes faster than ours: asked for once, at the start."""

from bot4.adapters.venues.binance.account.objections import fault_in, unreadable
from bot4.adapters.venues.binance.wire.replies import ServerTime
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS, server_time
from bot4.adapters.venues.kit.clock import MS, ClockOffset
from bot4.adapters.venues.kit.limiter import Hold
from bot4.apps.live.doors import FIRST_LIMITS, limiter_of, rest_door
from bot4.apps.live.request import LiveRequest
from bot4.domain.values import Nanos
from bot4.runtime.clocks import RacingClock, SystemClock


async def imagined_clock(request: LiveRequest) -> RacingClock | None:
    """Return a clock that shows the time of a venue that races; None where its seconds are ours.

    Raises
    ------
    OutsideFault
        If the venue cannot be reached, or does not say its time.
    """
    speed = request.venue.speed
    if speed == 1.0:
        return None
    machine = SystemClock()
    rest = rest_door(request, machine, ClockOffset(), limiter_of(FIRST_LIMITS), RECV_WINDOW_MS)
    try:
        told = await rest.ask(server_time(), "time", ServerTime)
    finally:
        await rest.close()
    if isinstance(told, Hold) or told.value is None:
        raise fault_in(told, request.addresses.rest.url) or unreadable(request.addresses.rest.url)
    return RacingClock(machine, speed, Nanos(told.value.server_time * MS))
