# SPDX-License-Identifier: Apache-2.0
"""How often a topic usually speaks, and from when on its silence means something.

Silence is judged for each subscription by itself: a socket whose pings are answered
may still have dropped one of its topics. The pace is messages over time, not the
mean of gaps, which a burst would make tiny; its window is as long as both
``WINDOW_NS`` and ``WINDOW_MESSAGES`` ask for, so that a quiet topic is judged by
enough messages and a busy one by more than its last burst.

The bound on silence is the largest of 1.5 s, 20 usual gaps and twice the widest gap
of late. What follows from it:

- An *active* topic (20 usual gaps within 1.5 s: 13 messages a second or more) is
  found silent 1.8 s after its last message at the latest, or after 3.6 s and so on
  while it has been suspected wrongly of late.
- Any other is found after its bound, which is at most an hour. Below one message in
  three minutes this is a check of form: silence of that kind is another channel's to find.
- Messages that come at random (Poisson) with the pace of the window are suspected
  wrongly with probability ``(1 + 20 / n) ** -n`` a gap, n being the messages in the
  window: 3e-8 at the 64 it has at least. A pace that falls to a twentieth, or a first
  guess that was far too quick, costs one or two wrong suspicions; the message that
  ends each slows the expected pace. Silence that nothing ended teaches nothing.
"""

from typing import Final, final

from bot4.domain.values import HOUR_NS, MINUTE_NS, SECOND_NS

TIMES: Final = 20.0
WIDEST_TIMES: Final = 2.0
FLOOR_NS: Final = 3 * SECOND_NS // 2
ACTIVE_NS_MAX: Final = 9 * SECOND_NS // 5
CEILING_NS: Final = HOUR_NS
WINDOW_NS: Final = 10 * MINUTE_NS
WINDOW_MESSAGES: Final = 64.0
PATIENCE_MAX: Final = 8.0
"""Wrong suspicions make the bound wider by so much at most; half of it is forgotten in some forty minutes."""

GAP_NS_DEFAULT: Final = 15 * SECOND_NS


@final
class Pace:
    """Learn the usual gap between a topic's messages; outlives its connections.

    Parameters
    ----------
    usual_gap_ns : int
        What to expect before anything was heard: the venue's cadence, or a guess; weighs as one message.
    """

    __slots__ = ("_messages", "_span_ns", "_widest_ns", "_patience")

    def __init__(self, usual_gap_ns: int = GAP_NS_DEFAULT) -> None:
        self._messages = 1.0
        self._span_ns = float(max(1, usual_gap_ns))
        self._widest_ns = 0.0
        self._patience = 1.0

    @property
    def usual_gap_ns(self) -> float:
        """Return the time between two messages at the pace of the window."""
        return self._span_ns / self._messages

    @property
    def is_active(self) -> bool:
        """Tell whether the topic is so busy that its silence is found within two seconds."""
        return TIMES * self.usual_gap_ns <= FLOOR_NS

    @property
    def bound_ns(self) -> int:
        """Return how long the topic may be silent before it is suspected."""
        expected = TIMES * self.usual_gap_ns
        bound = max(FLOOR_NS, expected, WIDEST_TIMES * self._widest_ns)
        if expected <= FLOOR_NS:
            bound = min(bound, ACTIVE_NS_MAX)
        return int(min(bound * self._patience, CEILING_NS))

    def learn(self, messages: int, elapsed_ns: int, widest_ns: int) -> None:
        """Take in a stretch of an unbroken subscription: what came in it, and the widest gap that ended in it."""
        self._messages += messages
        self._span_ns += elapsed_ns
        if self._messages > WINDOW_MESSAGES and self._span_ns > WINDOW_NS:
            keep = max(WINDOW_MESSAGES / self._messages, WINDOW_NS / self._span_ns)
            self._messages *= keep
            self._span_ns *= keep
        self._widest_ns = max(float(widest_ns), self._widest_ns * max(0.0, 1.0 - elapsed_ns / WINDOW_NS))
        self._patience = 1.0 + (self._patience - 1.0) * max(0.0, 1.0 - elapsed_ns / HOUR_NS)

    def was_wrongly_suspected(self) -> None:
        """Note that a suspected topic spoke again before anything was done about it: be more patient for a while."""
        self._patience = min(PATIENCE_MAX, self._patience + 1.0)
