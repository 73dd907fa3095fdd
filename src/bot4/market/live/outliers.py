# SPDX-License-Identifier: Apache-2.0
"""Whether a price far from the market is a spike or a crash: what follows decides, never the distance alone.

A price further than a limit from the last believed one is *doubtful* and held. It
stands, and with it all that were held, as soon as it is confirmed:

- by prints: so many in a row that stand together, each within the limit of the first;
- by another witness: a quote, or the other feed, within the limit of it;
- by silence: nothing refuted it for ``HOLD_NS``.

A price back near the believed one refutes what was held. So a real crash is late by
two prints or a second at most and loses nothing, and a spike that nobody else saw
never reaches a strategy.

Integers only; no clock: a moment is an argument.
"""

from typing import Final, final

from bot4.domain.values import SECOND_NS

LIMIT_PPM: Final = 20_000
"""A price further away than 2 % is doubtful: minutes of that size are rare, prints of it are rarer."""

PRINTS: Final = 3
"""So many prints in a row make a move."""

HOLD_NS: Final = SECOND_NS
"""A price that nothing refutes for so long stands."""

PPM: Final = 1_000_000

BELIEVED: Final = 0
DOUBTED: Final = 1
STANDS: Final = 2
REFUTES: Final = 3


@final
class OutlierWatch:
    """Watch the prices of one instrument, from one witness.

    Parameters
    ----------
    limit_ppm : int
        How far a price may be from the believed one, in millionths of that.
    prints : int
        How many in a row confirm a move, 1 or more.
    """

    __slots__ = ("limit_ppm", "prints", "believed", "doubted", "count", "_since_ns", "_low", "_high")

    def __init__(self, limit_ppm: int = LIMIT_PPM, prints: int = PRINTS) -> None:
        self.limit_ppm = limit_ppm
        self.prints = prints
        self.believed = 0
        self.doubted = 0
        self.count = 0
        self._since_ns = 0
        self._low = 1
        self._high = 0

    def judge(self, price: int, now_ns: int, witness: int = 0) -> int:
        """Judge the next price; return BELIEVED, DOUBTED, STANDS or REFUTES.

        STANDS means that it and every price doubted before it are real; REFUTES that it
        is believed and those doubted before it were none. ``witness`` is what another
        one believes now, 0 for nobody.
        """
        if self._low <= price <= self._high and self.doubted == 0:
            self.believed = price
            return BELIEVED
        if self.believed == 0 or self.is_near(price, self.believed):
            self._believe(price)
            if self.doubted == 0:
                return BELIEVED
            self._settle()
            return REFUTES
        if self.doubted == 0 or not self.is_near(price, self.doubted):
            self.doubted = price
            self.count = 0
            self._since_ns = now_ns
        self.count += 1
        is_seen = witness > 0 and self.is_near(price, witness)
        if is_seen or self.count >= self.prints or now_ns - self._since_ns >= HOLD_NS:
            self._believe(price)
            self._settle()
            return STANDS
        return DOUBTED

    def is_over(self, now_ns: int) -> bool:
        """Say whether what is doubted was not refuted for long enough; if so, it is believed from here on."""
        if self.doubted == 0 or now_ns - self._since_ns < HOLD_NS:
            return False
        self._believe(self.doubted)
        self._settle()
        return True

    def is_confirmed_by(self, witness: int) -> bool:
        """Say whether another witness saw what is doubted; if so, it is believed from here on."""
        if self.doubted == 0 or witness <= 0 or not self.is_near(self.doubted, witness):
            return False
        self._believe(self.doubted)
        self._settle()
        return True

    def is_near(self, price: int, other: int) -> bool:
        """Say whether a price is within the limit of another."""
        return abs(price - other) * PPM <= self.limit_ppm * other

    def _believe(self, price: int) -> None:
        """Believe a price, and lay a band of half the limit around it: any two prices in it are near each other."""
        self.believed = price
        half = price * self.limit_ppm // (2 * PPM)
        self._low = price - half * (PPM - self.limit_ppm) // PPM
        self._high = price + half * (PPM - self.limit_ppm) // PPM

    def _settle(self) -> None:
        """Forget what was doubted."""
        self.doubted = 0
        self.count = 0
