# SPDX-License-Identifier: Apache-2.0
"""Who watches how a live run is conducted: the same stages while it runs and while it is replayed."""

from collections.abc import Sequence
from typing import final

from bot4.domain.instrument import Instrument
from bot4.domain.readiness import WARMING, readiness_word
from bot4.domain.stage import Stage
from bot4.domain.values import Nanos
from bot4.record.conduct import Conduct, Held, Kept, Unprotected
from bot4.record.exposure_time import ExposureTime
from bot4.record.hold_time import HoldTime
from bot4.record.shortfall import Shortfalls
from bot4.runtime.wiring import Wired

P99 = 0.99


@final
class ConductWatch:
    """Watch.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's table.

    Attributes
    ----------
    stages : tuple of Stage
        To be wired behind all others.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.shortfalls = Shortfalls(list(instruments))
        self.unprotected = ExposureTime(len(instruments))
        self.holds = HoldTime()
        self.stages: tuple[Stage, ...] = (self.shortfalls, self.unprotected, self.holds)
        self._instruments = instruments

    def conduct(self, wired: Wired) -> Conduct:
        """Return what was seen by now, the time of the engine's last event."""
        now = Nanos(wired.engine.now)
        bare, holds = self.unprotected, self.holds
        holds.look(now)
        return Conduct(
            unprotected=Unprotected(
                spells=bare.gaps,
                total_ns=bare.total_ns,
                p99_ns=bare.quantile_ns(P99),
                longest_ns=bare.longest_ns,
                open_ns=bare.open_ns(now),
            ),
            measured=self.shortfalls.orders,
            slippage_bp=self.shortfalls.mean_slippage_bp(),
            shortfall_bp=self.shortfalls.mean_shortfall_bp(),
            live_ns=holds.live_ns,
            held_ns=holds.any_ns,
            holds=tuple(
                Held(readiness_word(reason), times, holds.held_ns.get(reason, 0))
                for reason, times in sorted(holds.times.items())
                if reason != WARMING
            ),
            reconciled=holds.reconciled,
            external_orders=holds.external_orders,
            external_trades=holds.external_trades,
            unanswered=holds.unanswered,
            dust=dust_of(wired, self._instruments),
        )


def dust_of(wired: Wired, instruments: Sequence[Instrument]) -> tuple[Kept, ...]:
    """Return what is kept of each base asset that is no whole lot, or too little to be sold; none where nothing is."""
    kept: dict[str, int] = {}
    for one in instruments:
        stuck = int(wired.trading.desks[int(one.index)].stuck) * int(one.lot_units)
        kept[one.base] = kept.get(one.base, 0) + wired.portfolio.dust(one.index) + stuck
    return tuple(Kept(asset, units) for asset, units in kept.items() if units)
