# SPDX-License-Identifier: Apache-2.0
"""Foresight: how many of the bars ahead provably cause nothing.

A backtest has the bars of a block in memory, and their features. Each stage that
is handed bars, or what follows from a bar alone, narrows the bounds within which
it stays calm; one pass over the block's columns then counts the bars that keep to
them. The last of these is carried through every stage like any other bar, so are
the one that ends the calm and all that follows from it: no stage has a second way
of doing anything, and the journal and the state are those of a run that carries
every bar.
"""

from typing import Final, final

from mypy_extensions import i64

from bot4.decision.strategies.stage import Strategies
from bot4.domain.calm import Calm
from bot4.domain.event import BAR, EQUITY, FEATURES
from bot4.insight.features import FeatureStage
from bot4.kernels.calm import count_calm, count_calm_at
from bot4.kernels.jit import IS_COMPILED, address_of
from bot4.market.bars import BarBlock
from bot4.runtime.engine import Engine, Route
from bot4.simulation.venue import SimulatedVenue

FOLLOW: Final = (BAR, FEATURES, EQUITY)
"""What a bar is by itself: the bar, its features, and what the account is worth at it."""

COUNT: Final = count_calm
COUNT_AT: Final = count_calm_at
"""By names of this module: compiled code looks those of others up by their text at each call."""


@final
class Foresight:
    """Count the bars ahead that cause nothing.

    Parameters
    ----------
    engine : Engine
        Whose stages are asked, in wired order: the account first, which knows what equity follows from a close.
    venue : SimulatedVenue
        Where orders wait for prices.
    features : FeatureStage
        What was computed ahead.
    strategies : Strategies
        Told of each block what was computed of it.
    """

    __slots__ = ("venue", "features", "strategies", "asked", "block", "rows_at", "by_address")

    def __init__(self, engine: Engine, venue: SimulatedVenue, features: FeatureStage, strategies: Strategies) -> None:
        self.venue = venue
        self.features = features
        self.strategies = strategies
        self.asked: Route | None = None
        for stage in reversed(engine.stages):
            if any(kind in stage.consumes for kind in FOLLOW):
                link = Route(stage)
                link.next = self.asked
                self.asked = link
        self.block: BarBlock | None = None
        self.rows_at = 0
        self.by_address = IS_COMPILED

    def calm_bars(self, block: BarBlock, first: i64) -> i64:
        """Return how many bars of a block, from ``first`` on, cause nothing; the bars before were handled."""
        instrument = block.instrument
        if block is not self.block:
            self.block = block
            self.rows_at = address_of(block.rows)
            ends_ns = block.open_ns + block.interval_ns
            self.strategies.prepare(instrument, self.features.ahead(instrument), block.close, ends_ns)
        calm = Calm()
        if not self.venue.stays_calm(instrument, calm):
            return 0
        link = self.asked
        while link is not None:
            if not link.stage.stays_calm(instrument, calm):
                return 0
            link = link.next
        spoken = self.strategies.may_speak(instrument)
        if spoken is None:
            return 0
        opens_until = int(calm.until_ns) - block.interval_ns
        below, above = int(calm.below), int(calm.above)
        lowest, highest = int(calm.close_min), int(calm.close_max)
        if self.by_address:
            bars = len(block.open_ns)
            rows_at, spoken_at = self.rows_at, spoken.address
            return COUNT_AT(rows_at, bars, spoken_at, int(first), opens_until, below, above, lowest, highest)
        return COUNT(block.rows, spoken.mask, int(first), opens_until, below, above, lowest, highest)
