# SPDX-License-Identifier: Apache-2.0
"""Knowing the venue's time all day: asked for anew whenever what is known of it has grown old or wide.

It runs beside everything else, so that no order waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.domain.ports import Clock

LOOK_S: Final = 1.0
"""How often it is looked at whether the time is to be asked for."""


async def keep_time(
    learn: Callable[[], Awaitable[bool]], offset: ClockOffset, clock: Clock, *, look_s: float = LOOK_S
) -> None:
    """Keep the offset fresh until canceled.

    Parameters
    ----------
    learn : callable
        Takes several samples: :meth:`bot4.adapters.venues.binance.wire.rest.BinanceRest.learn_time`.
    offset : ClockOffset
        Says when it is due.
    clock : Clock
        Its monotonic time is that of the samples.
    look_s : float
        Between two looks.
    """
    while True:
        if offset.is_due(int(clock.monotonic_ns())):
            await learn()
        await asyncio.sleep(look_s)
