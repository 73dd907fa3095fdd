# SPDX-License-Identifier: Apache-2.0
"""Numbers that only rise: what is new, what came before, and when the venue has begun to count anew."""

from typing import Final, final

REPEATS_MAX: Final = 1_024
"""So many old numbers in a row are new ones: connections that overlap mix theirs, a venue that restarted does not."""


@final
class RisingNumbers:
    """Follow the numbers of one kind of message.

    Attributes
    ----------
    last : int
        The highest number so far, -1 before the first.
    """

    __slots__ = ("last", "_repeats")

    def __init__(self) -> None:
        self.last = -1
        self._repeats = 0

    def missing_before(self, number: int) -> int:
        """Take the next number; return how many are missing before it, -1 if it is a repetition."""
        last = self.last
        if number <= last:
            self._repeats += 1
            if self._repeats <= REPEATS_MAX:
                return -1
            last = -1
        self.last = number
        self._repeats = 0
        return 0 if last < 0 else number - last - 1
