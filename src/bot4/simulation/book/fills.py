# SPDX-License-Identifier: Apache-2.0
"""In how many pieces an order fills: whole, or by chance.

Whenever an order may trade the model names how many pieces the moment allows and,
for each, what part of the order's open lots it takes. It can only fill *less* than
the market offered: whatever it leaves works on, and the lots it left go to the
next order in turn.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.domain.values import RATE_ONE, Lots
from bot4.simulation.book.draws import BetaShare, Constant, Distribution, Draws, PoissonCount

FILL_COUNTS: Final = 3
FILL_SHARES: Final = 4
"""Numbers of the streams of draws, after those of latency."""


@final
class FillModel:
    """Hold the distributions of how many pieces and of their share, in 1 / ``RATE_ONE`` of the open lots.

    Default: one piece of everything.
    """

    __slots__ = ("pieces", "shares")

    def __init__(self, pieces: Distribution | None = None, shares: Distribution | None = None) -> None:
        self.pieces = pieces or Constant(1)
        self.shares = shares or Constant(RATE_ONE)


def poisson_beta_fills(rate: float = 3.0, alpha: float = 2.0, beta: float = 5.0) -> FillModel:
    """Return the model of the specification: Poisson(3) pieces of Beta(2, 5) shares.

    One moment in twenty (exp(-3)) brings no piece at all. The defaults are the
    specification's, not a measurement: fit them to one's own fills.
    """
    return FillModel(PoissonCount(rate), BetaShare(alpha, beta))


@final
class Pieces:
    """Draw from a fill model."""

    __slots__ = ("counts", "shares")

    def __init__(self, model: FillModel, seed: int) -> None:
        self.counts = Draws(model.pieces, seed, FILL_COUNTS)
        self.shares = Draws(model.shares, seed, FILL_SHARES)

    def count(self) -> i64:
        """Return how many pieces this moment allows."""
        return self.counts.next()

    def size(self, leaves: Lots) -> Lots:
        """Return the lots of the next piece: its share of what is open, rounded down, at least one.

        Split at ``RATE_ONE`` so that no product leaves int64.
        """
        share = self.shares.next()
        whole = leaves // RATE_ONE
        lots = whole * share + (leaves - whole * RATE_ONE) * share // RATE_ONE
        return Lots(lots) if lots > 0 else Lots(1)

    def write_state(self, out: BytesWriter) -> None:
        """Write the positions in both streams."""
        self.counts.write_state(out)
        self.shares.write_state(out)
