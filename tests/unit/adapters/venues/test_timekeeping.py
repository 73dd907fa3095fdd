# SPDX-License-Identifier: Apache-2.0
"""The venue's time is asked for again when it is due, and not before."""

import asyncio
from itertools import pairwise

import pytest

from bot4.adapters.venues.kit.clock import BURST, HURRY_NS, RENEW_NS, ClockOffset, ClockSample
from bot4.adapters.venues.kit.timekeeping import keep_time
from bot4.domain.values import Nanos
from bot4.runtime.clocks import SetClock


@pytest.mark.requirement("P2-4")
def test_the_offset_is_renewed_before_it_is_old() -> None:
    """A burst at first, then nothing for a minute, then again; a wide one sooner."""
    clock, offset = SetClock(Nanos(10**15)), ClockOffset()
    learnt: list[int] = []

    async def learn() -> bool:
        """Take as many samples as a door does."""
        learnt.append(int(clock.now))
        for _ in range(BURST):
            offset.take(ClockSample(int(clock.now), int(clock.now) + 10, int(clock.now) // 10**6))
        return True

    async def live() -> None:
        """Let half an hour pass, a second at a look."""
        keeping = asyncio.create_task(keep_time(learn, offset, clock, look_s=0.0))
        for _ in range(1_800):
            await asyncio.sleep(0)
            clock.now = Nanos(clock.now + 10**9)
        keeping.cancel()

    asyncio.run(live())
    gaps = [after - before for before, after in pairwise(learnt)]
    assert len(learnt) >= 20
    assert min(gaps) >= HURRY_NS
    assert max(gaps) <= RENEW_NS + 2 * 10**9
