# SPDX-License-Identifier: Apache-2.0
"""The drawdown ladder: how far equity is below its highest, and the safety mode that follows.

Down the ladder at once: at the first step new size is halved, at the second no new
risk is taken, at the third everything is closed and stays closed. Up the ladder
only after equity is back above the step *and* 24 hours have passed since the last
step down; never from the third. Risk is a ratchet.

The thresholds become amounts of money when the peak rises, in plain integers, so
that a mark costs a comparison.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.values import DAY_NS, Money, Nanos
from bot4.domain.verdict import EMERGENCY, NORMAL, PAUSED, REDUCED

RECOVERY_NS: Final = DAY_NS
"""How long after a step down the ladder may be climbed again."""

PER_MILLE: Final = 1000


@final
class Ladder:
    """Follow equity and tell the safety mode.

    Parameters
    ----------
    equity : Money
        Equity at the start: the first peak.
    reduce_mille, pause_mille, emergency_mille : int
        The steps in thousandths of the peak, rising (50, 100, 150).
    """

    __slots__ = ("mode", "peak", "equity", "stepped_ns", "steps", "floors")

    def __init__(self, equity: Money, reduce_mille: int, pause_mille: int, emergency_mille: int) -> None:
        self.mode: i64 = NORMAL
        self.peak = Money(0)
        self.equity = equity
        self.stepped_ns = Nanos(0)
        self.steps = (reduce_mille, pause_mille, emergency_mille)
        self.floors = (Money(0), Money(0), Money(0))
        self._rise(equity)

    def _rise(self, equity: Money) -> None:
        """Take a new highest equity and work out the three floors below it."""
        self.peak = equity
        first, second, third = self.steps
        whole = int(equity)
        self.floors = (
            Money(whole * (PER_MILLE - first) // PER_MILLE),
            Money(whole * (PER_MILLE - second) // PER_MILLE),
            Money(whole * (PER_MILLE - third) // PER_MILLE),
        )

    def mark(self, equity: Money, now: Nanos) -> bool:
        """Take a mark of equity; return True if the mode changed."""
        self.equity = equity
        if equity > self.peak:
            self._rise(equity)
        if self.mode == NORMAL and equity > self.floors[0]:
            return False
        wanted: i64 = NORMAL
        if equity <= self.floors[2]:
            wanted = EMERGENCY
        elif equity <= self.floors[1]:
            wanted = PAUSED
        elif equity <= self.floors[0]:
            wanted = REDUCED
        if wanted > self.mode:
            self.stepped_ns = now
        elif wanted == self.mode or self.mode == EMERGENCY or now - self.stepped_ns < RECOVERY_NS:
            return False
        self.mode = wanted
        return True

    def step_above(self) -> Money:
        """Return above which equity a mark changes neither mode nor peak; in emergency the peak: each mark counts."""
        if self.mode == NORMAL:
            return self.floors[0]
        if self.mode == REDUCED:
            return self.floors[1]
        return self.floors[2] if self.mode == PAUSED else self.peak

    def step_most(self) -> Money:
        """Return the highest equity at which a mark changes neither mode nor peak."""
        if self.mode == NORMAL:
            return self.peak
        return self.floors[0] if self.mode == REDUCED else self.floors[1]

    def tighten(self, mode: i64, now: Nanos) -> None:
        """Take a more severe mode from outside; a less severe one is not taken."""
        if mode > self.mode:
            self.mode = mode
            self.stepped_ns = now

    def drawdown(self) -> float:
        """Return the fraction of the peak that is lost, in [0, 1] while equity is positive."""
        return 1.0 - float(self.equity) / float(self.peak) if self.peak > 0 else 1.0

    def write_state(self, out: BytesWriter) -> None:
        """Write mode, peak, equity and the time of the last step down."""
        write_i64_le(out, self.mode)
        write_i64_le(out, self.peak)
        write_i64_le(out, self.equity)
        write_i64_le(out, self.stepped_ns)
