# SPDX-License-Identifier: Apache-2.0
"""Whether an instrument's market is known now, and if not, why: what a run must know before it takes new risk.

An instrument is fresh while at least one of its feeds is heard in time, and no bar of
it is missing. It begins stale, and whatever cannot be told is stale too.
"""

from typing import Final, final

FRESH: Final = ""
UNHEARD: Final = "nothing was heard yet"
LATE: Final = "the venue's messages come late"
MISSING: Final = "bars are missing and are being asked for"
OVERDUE: Final = "a finished bar is overdue"


@final
class Freshness:
    """Judge one instrument.

    Parameters
    ----------
    feeds : int
        How many feeds tell of it.
    late_ns : int
        How long a stamped message may take to come, in the venue's time.
    overdue_ns : int
        How long after its end a finished bar may take to come, in the venue's time.

    Attributes
    ----------
    why : str
        As it was judged last: why it is stale, ``FRESH`` where it is not.
    """

    def __init__(self, feeds: int, late_ns: int, overdue_ns: int) -> None:
        self.why = UNHEARD
        self._late_ns = late_ns
        self._overdue_ns = overdue_ns
        self._mute = [UNHEARD] * feeds
        self._lag_ns = [0] * feeds

    def hear(self, feed: int) -> None:
        """Note that a feed speaks: a quote came."""
        self._mute[feed] = FRESH

    def hush(self, feed: int, why: str) -> None:
        """Note that a feed is not heard any more."""
        self._mute[feed] = why

    def stamp(self, feed: int, at_ns: int, known_ns: int) -> None:
        """Note how long a message with a stamp of the venue's took to come."""
        self._lag_ns[feed] = known_ns - at_ns

    def is_heard(self, feed: int) -> bool:
        """Say whether a feed is heard, and in time."""
        return self._mute[feed] == FRESH and self._lag_ns[feed] <= self._late_ns

    def judge(self, now_ns: int, due_ns: int, *, is_missing: bool) -> bool:
        """Judge; return whether the verdict changed.

        Parameters
        ----------
        due_ns : int
            When the next bar is finished.
        is_missing : bool
            A later bar is there and this one is not.
        """
        before = self.why
        if is_missing:
            self.why = MISSING
        elif now_ns - due_ns > self._overdue_ns:
            self.why = OVERDUE
        elif any(self.is_heard(feed) for feed in range(len(self._mute))):
            self.why = FRESH
        else:
            self.why = next((why for why in self._mute if why != FRESH), LATE)
        return self.why != before
