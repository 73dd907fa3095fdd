# SPDX-License-Identifier: Apache-2.0
"""How a run was conducted: what was without a stop, what held new risk back, what orders cost, what was left over.

Every figure follows from the events of the journal and their times, so that a replay gives the same ones.
"""

from dataclasses import dataclass
from typing import Final, final

from bot4.domain.values import SECOND_NS

GOAL_NS: Final = SECOND_NS
"""How long 99 of 100 spells without a stop may last at most, on a clock that runs as ours does."""


@final
@dataclass(frozen=True, slots=True)
class Unprotected:
    """Tell how long positions were without a stop at the venue: spells that have ended, and one that has not.

    ``p99_ns`` is None where no spell has ended; ``open_ns`` is 0 where all is protected at the end.
    """

    spells: int
    total_ns: int
    p99_ns: int | None
    longest_ns: int
    open_ns: int

    def told(self) -> dict[str, object]:
        """Return it as plain values, in seconds."""
        return {
            "spells": self.spells,
            "total_s": seconds(self.total_ns),
            "p99_s": None if self.p99_ns is None else seconds(self.p99_ns),
            "longest_s": seconds(self.longest_ns),
            "open_s": seconds(self.open_ns),
        }


@final
@dataclass(frozen=True, slots=True)
class Held:
    """Tell how often one reason began to hold new risk back since the run was warm, and for how long it did."""

    reason: str
    times: int
    ns: int


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """Tell what was left of an asset that cannot be sold: units are 1e-8 of it; below 0 where it is owed."""

    asset: str
    units: int

    @property
    def amount(self) -> str:
        """Return it exactly, in the asset's own unit."""
        sign = "-" if self.units < 0 else ""
        whole, part = divmod(abs(self.units), 10**8)
        return f"{sign}{whole}.{part:08d}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Hold the figures.

    Attributes
    ----------
    measured : int
        Orders that were measured against the price they were decided at.
    slippage_bp, shortfall_bp : float or None
        Their means without and with fees, None where none was measured.
    live_ns : int
        From when indicators were warm to the end.
    held_ns : int
        Of that, how long new risk was held back for anything at all.
    reconciled : int
        How often the books were found equal after they had been in doubt.
    unanswered : int
        Commands and inquiries whose answer was lost.
    """

    unprotected: Unprotected
    measured: int
    slippage_bp: float | None
    shortfall_bp: float | None
    live_ns: int
    held_ns: int
    holds: tuple[Held, ...]
    reconciled: int
    external_orders: int
    external_trades: int
    unanswered: int
    dust: tuple[Kept, ...]

    def told(self) -> dict[str, object]:
        """Return the figures as plain values, for ``--json``; times in seconds of the run's own clock."""
        return {
            "unprotected": self.unprotected.told(),
            "execution": {
                "orders": self.measured,
                "slippage_bp": None if self.slippage_bp is None else round(self.slippage_bp, 3),
                "shortfall_bp": None if self.shortfall_bp is None else round(self.shortfall_bp, 3),
            },
            "live_s": seconds(self.live_ns),
            "held_s": seconds(self.held_ns),
            "holds": {one.reason: {"times": one.times, "s": seconds(one.ns)} for one in self.holds},
            "reconciled": self.reconciled,
            "external_orders": self.external_orders,
            "external_trades": self.external_trades,
            "unanswered": self.unanswered,
            "dust": {one.asset: one.amount for one in self.dust},
        }


def seconds(ns: int) -> float:
    """Return nanoseconds as seconds, to the microsecond."""
    return round(ns / SECOND_NS, 6)
