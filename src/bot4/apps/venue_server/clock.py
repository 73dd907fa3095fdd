# SPDX-License-Identifier: Apache-2.0
"""The venue's clock: the machine's, or one that runs faster, and from another day, once it was started."""

import time
from typing import Final, final

NS_PER_MS: Final = 1_000_000


@final
class VenueClock:
    """Tell the venue's time.

    Parameters
    ----------
    speed : float
        Venue seconds in one second of the machine; above 0.
    began_ns : int, optional
        What it shows when it is started; the machine's time if None.
    """

    def __init__(self, speed: float = 1.0, began_ns: int | None = None) -> None:
        self.speed = speed
        self._wall_ns = time.time_ns() if began_ns is None else began_ns
        self._started_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Return nanoseconds since 1970 at the venue; it never steps back."""
        passed = time.monotonic_ns() - self._started_ns
        return self._wall_ns + (passed if self.speed == 1.0 else int(passed * self.speed))

    def now_ms(self) -> int:
        """Return milliseconds since 1970 at the venue."""
        return self.now_ns() // NS_PER_MS

    def machine_ms(self) -> int:
        """Return milliseconds of the machine, for what clients' sockets live by."""
        return time.monotonic_ns() // NS_PER_MS
