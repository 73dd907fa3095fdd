# SPDX-License-Identifier: Apache-2.0
"""What the venue charges: maker and taker rates by traded volume, from configuration.

Rates are data with a date, never literals in logic. Tiers are as venues have
them: the notional of the thirty days before today, recomputed once a day, so
that what is traded today lowers tomorrow's rate and not today's.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.errors import BadInput
from bot4.domain.values import DAY_NS, MONEY_ONE, RATE_ONE, Money, Nanos

WINDOW_DAYS: Final = 30
DEFAULT_RATE: Final = 100_000
"""0.10 %: the entry tier of Binance spot for maker and taker (as of 2026-05)."""


@final
class FeeTier:
    """Hold the rates that hold from a trailing volume on.

    Parameters
    ----------
    volume_from : Money
        Notional of the last 30 days from which the tier applies.
    maker, taker : int
        Rates in 1 / ``RATE_ONE``; a negative maker rate is a rebate.
    """

    __slots__ = ("volume_from", "maker", "taker")

    def __init__(self, volume_from: Money, *, maker: i64, taker: i64) -> None:
        self.volume_from = volume_from
        self.maker = maker
        self.taker = taker


@final
class FeeSchedule:
    """Hold a venue's tiers, ascending, the first from volume 0.

    Raises
    ------
    BadInput
        If there is no tier from 0, the tiers do not ascend, or a rate is out of range.
    """

    __slots__ = ("tiers",)

    def __init__(self, tiers: Sequence[FeeTier] = ()) -> None:
        self.tiers = list(tiers) or [FeeTier(Money(0), maker=DEFAULT_RATE, taker=DEFAULT_RATE)]
        before = -1
        for index, tier in enumerate(self.tiers):
            volume, maker, taker = int(tier.volume_from), int(tier.maker), int(tier.taker)
            if volume <= before or (index == 0 and volume != 0):
                raise BadInput(
                    f"fee tier {index}",
                    f"volume from {volume / MONEY_ONE:g}",
                    "tiers by ascending volume, the first from 0",
                    "Sort the tiers and start at 0.",
                )
            if not -RATE_ONE < maker < RATE_ONE or not 0 <= taker < RATE_ONE:
                raise BadInput(
                    f"fee tier {index}",
                    f"maker {maker / RATE_ONE:g}, taker {taker / RATE_ONE:g}",
                    "maker above -1 and below 1, taker from 0 and below 1",
                    "Give rates as fractions: 0.001 is 0.10 %.",
                )
            before = volume

    def tier_at(self, volume: int) -> FeeTier:
        """Return the highest tier that a trailing volume reaches."""
        found = self.tiers[0]
        for tier in self.tiers:
            if volume >= int(tier.volume_from):
                found = tier
        return found


@final
class FeeMeter:
    """Know the tier in force: count each day's notional and let go of it after thirty days."""

    __slots__ = ("schedule", "tier", "day", "today", "before", "days")

    def __init__(self, schedule: FeeSchedule) -> None:
        self.schedule = schedule
        self.tier = schedule.tiers[0]
        self.day: i64 = -1
        self.today = 0
        self.before = 0
        self.days: deque[tuple[int, int]] = deque()

    def roll(self, at: Nanos) -> None:
        """Move on to the UTC day of ``at``; days never move back."""
        day = at // DAY_NS
        if day <= self.day:
            return
        if self.today:
            self.days.append((int(self.day), self.today))
            self.before += self.today
            self.today = 0
        while self.days and self.days[0][0] < day - WINDOW_DAYS:
            self.before -= self.days.popleft()[1]
        self.day = day
        self.tier = self.schedule.tier_at(self.before)

    def write_state(self, out: BytesWriter) -> None:
        """Write the day, its notional, the number of earlier days, and each with its notional."""
        write_i64_le(out, self.day)
        write_i64_le(out, i64(self.today))
        write_i64_le(out, len(self.days))
        for day, volume in self.days:
            write_i64_le(out, i64(day))
            write_i64_le(out, i64(volume))
