# SPDX-License-Identifier: Apache-2.0
"""How long positions were without a stop at the venue: from the fill that opened the gap to what closed it.

A position is protected while a stop that the venue has accepted is open for all of it. The gap begins with the first
fill that is not covered, and ends when an accepted stop covers all, or nothing is held any more. It is measured in
what we knew: by the moments at which fills and reports reached us.
"""

from collections import deque
from typing import Final, final

from librt.strings import BytesWriter

from bot4.domain.event import FILL, ORDER_UPDATE, Event
from bot4.domain.order import CANCEL_PENDING, CANCEL_UNKNOWN, PART_FILLED, PROTECT_STOP, WORKING, Fill, OrderUpdate
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos

SAMPLES_MAX: Final = 4096
"""So many of the latest gaps are kept one by one; their number and the longest are kept of all."""

AT_THE_VENUE: Final = (WORKING, PART_FILLED, CANCEL_PENDING, CANCEL_UNKNOWN)


@final
class ExposureTime(Stage):
    """Measure the time without protection, instrument by instrument.

    Parameters
    ----------
    instruments : int
        How many instruments the run has.

    Attributes
    ----------
    gaps, total_ns, longest_ns : int
        How many have ended, how long all of them were together, and the longest of them.
    samples : deque of int
        The lengths of the latest, in the order in which they ended, in ns.
    """

    def __init__(self, instruments: int) -> None:
        super().__init__((FILL, ORDER_UPDATE))
        self.gaps = 0
        self.total_ns = 0
        self.longest_ns = 0
        self.samples: deque[int] = deque(maxlen=SAMPLES_MAX)
        self._held = [0] * instruments
        self._stops: list[dict[int, int]] = [{} for _ in range(instruments)]
        self._since: list[int | None] = [None] * instruments

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take note of a fill, or of what a stop has become."""
        if isinstance(event, Fill):
            index = int(event.instrument)
            self._held[index] += int(event.side) * int(event.lots)
            if event.in_kind is not None and event.in_kind.lots > 0:
                self._held[int(event.in_kind.taken.payer)] -= int(event.in_kind.lots)
            if event.purpose == PROTECT_STOP and int(event.order_id) in self._stops[index]:
                self._stops[index][int(event.order_id)] -= int(event.lots)
            self._look(index, int(now))
        elif isinstance(event, OrderUpdate) and event.purpose == PROTECT_STOP:
            index = int(event.instrument)
            if event.state in AT_THE_VENUE:
                self._stops[index][int(event.order_id)] = int(event.leaves)
            else:
                self._stops[index].pop(int(event.order_id), None)
            self._look(index, int(now))

    def open_ns(self, now: Nanos) -> int:
        """Return how long the longest gap that has not ended lasts by now, 0 where all is protected."""
        return max((int(now) - since for since in self._since if since is not None), default=0)

    def quantile_ns(self, part: float) -> int | None:
        """Return the length that so great a part of the kept gaps does not exceed, None where there are none."""
        if not self.samples:
            return None
        ranked = sorted(self.samples)
        return ranked[min(int(part * len(ranked)), len(ranked) - 1)]

    def _look(self, index: int, now: int) -> None:
        """Begin or end a gap."""
        is_covered = sum(self._stops[index].values()) >= abs(self._held[index])
        since = self._since[index]
        if is_covered and since is not None:
            self._since[index] = None
            self.gaps += 1
            self.total_ns += now - since
            self.longest_ns = max(self.longest_ns, now - since)
            self.samples.append(now - since)
        elif not is_covered and since is None:
            self._since[index] = now

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: no decision rests on a time that has passed."""
