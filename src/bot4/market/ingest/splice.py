# SPDX-License-Identifier: Apache-2.0
"""One topic, two connections: how a stream moves from the old to the new without a gap, a repeat or a step back.

The old connection speaks until it has said what the new one began with; only then
is the rest of the new one's known to follow, and either may go on: each is whole
from there, so whatever is after the last delivered comes next. Until then the new
one's messages are held, at most ``HELD_MAX`` of them.
"""

from collections import deque
from typing import Final, final

HELD_MAX: Final = 10_000
"""One more, and the new connection is believed as it is; a gap shows in the sequence, as any other."""

UNNUMBERED: Final = -1
"""The sequence of messages that replace each other (a ticker, a candle): the new connection is believed at once."""

_NOTHING: Final = -(1 << 62)


@final
class Splice:
    """Join two deliveries of one stream by a sequence that never falls.

    Attributes
    ----------
    is_joined : bool
        The new connection is believed from here on.
    repeats : int
        Messages that had come by the other way already.
    over_ns : int
        When the new connection, now alone, has certainly caught up with what the old one said.
    """

    __slots__ = ("is_joined", "repeats", "over_ns", "_last", "_held", "_waits_since_ns")

    def __init__(self) -> None:
        self.is_joined = False
        self.repeats = 0
        self.over_ns = 0
        self._last = _NOTHING
        self._held: deque[tuple[int, object]] = deque()
        self._waits_since_ns = -1

    @property
    def is_waiting(self) -> bool:
        """Tell whether messages of the new connection are held."""
        return bool(self._held)

    def is_stuck(self, now: int, bound_ns: int) -> bool:
        """Tell whether messages have been held for so long that the old connection will not catch up; ask often."""
        if not self._held:
            self._waits_since_ns = -1
            return False
        if self._waits_since_ns < 0:
            self._waits_since_ns = now
        return now - self._waits_since_ns >= bound_ns

    def is_over(self, sequence: int, now: int) -> bool:
        """Tell whether the new connection, alone by now, says something that the old one had not said."""
        return now >= self.over_ns or not self._is_repeat(sequence)

    def restart(self) -> None:
        """Forget what the new connection said, because it was lost: the old one goes on where it is."""
        self.is_joined = False
        self._held.clear()

    def take_old(self, sequence: int, message: object) -> tuple[object, ...]:
        """Return what is to be delivered now that the old connection has said this."""
        if self._is_repeat(sequence) or (self.is_joined and sequence == UNNUMBERED):
            self.repeats += 1
            return ()
        self._last = max(self._last, sequence)
        if self._held and self._last >= self._held[0][0]:
            return (message, *self._join())
        return (message,)

    def take_new(self, sequence: int, message: object) -> tuple[object, ...]:
        """Return what is to be delivered now that the new connection has said this."""
        if not self.is_joined:
            if sequence == UNNUMBERED or sequence <= self._last:
                self._join()
            else:
                self._held.append((sequence, message))
                return self.force() if len(self._held) > HELD_MAX else ()
        if self._is_repeat(sequence):
            self.repeats += 1
            return ()
        self._last = max(self._last, sequence)
        return (message,)

    def force(self) -> tuple[object, ...]:
        """Believe the new connection now, caught up with or not; return what was held."""
        return self._join()

    def _is_repeat(self, sequence: int) -> bool:
        """Tell whether a numbered message is not after the last delivered."""
        return sequence != UNNUMBERED and sequence <= self._last

    def _join(self) -> tuple[object, ...]:
        """Believe the new connection; return what was held and is not a repeat."""
        self.is_joined = True
        released = tuple(message for sequence, message in self._held if sequence > self._last)
        self.repeats += len(self._held) - len(released)
        if self._held:
            self._last = max(self._last, self._held[-1][0])
        self._held.clear()
        return released
