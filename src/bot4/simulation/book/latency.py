# SPDX-License-Identifier: Apache-2.0
"""How long things take: market data to us, our orders to the venue, its reports back.

Each way is a line on which nothing overtakes: what leaves later arrives no earlier
than what left before, as on one connection. So a draw can only delay.
"""

from typing import Final, final

import numpy as np
from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64
from numpy.typing import NDArray

from bot4.domain.values import Nanos
from bot4.simulation.book.draws import Constant, Distribution, Draws

FEED: Final = 0
ENTRY: Final = 1
RESPONSE: Final = 2
"""Numbers of the streams of draws; those of the fill model follow."""


@final
class Latency:
    """Hold the three latencies, in nanoseconds, each a distribution; constant 0 unless told otherwise.

    Parameters
    ----------
    feed : Distribution
        From the venue's clock to our knowing a market event.
    entry : Distribution
        From our sending a command to its arrival.
    response : Distribution
        From a report's moment at the venue to our knowing it.
    """

    __slots__ = ("feed", "entry", "response")

    def __init__(
        self,
        feed: Distribution | None = None,
        entry: Distribution | None = None,
        response: Distribution | None = None,
    ) -> None:
        self.feed = feed or Constant(0)
        self.entry = entry or Constant(0)
        self.response = response or Constant(0)


@final
class Line:
    """Carry things in order: each arrives its own latency later, never before the one ahead of it."""

    __slots__ = ("draws", "last")

    def __init__(self, latency: Distribution, seed: int, number: int) -> None:
        self.draws = Draws(latency, seed, number)
        self.last = Nanos(0)

    def carry(self, at: Nanos) -> Nanos:
        """Return when what leaves at a moment arrives."""
        arrives = Nanos(at + self.draws.next())
        if arrives < self.last:
            return self.last
        self.last = arrives
        return arrives

    def carry_all(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when what leaves at each of several moments arrives: what :meth:`carry` gives one by one.

        Parameters
        ----------
        stamps : ndarray of int64, shape (n,)
            Departures in nanoseconds, in order.
        """
        arrivals: NDArray[np.int64] = np.maximum.accumulate(stamps + self.draws.take(len(stamps)))
        np.maximum(arrivals, int(self.last), out=arrivals)
        if len(arrivals):
            self.last = Nanos(i64(int(arrivals[-1])))
        return arrivals

    def write_state(self, out: BytesWriter) -> None:
        """Write the draws taken and the last arrival."""
        self.draws.write_state(out)
        write_i64_le(out, self.last)
