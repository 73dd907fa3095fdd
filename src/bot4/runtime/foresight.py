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
from bot4.kernels.calm import count_calm
from bot4.market.bars import BarBlock
from bot4.runtime.engine import Engine
from bot4.simulation.venue import SimulatedVenue

FOLLOW: Final = (BAR, FEATURES, EQUITY)
"""What a bar is by itself: the bar, its features, and what the account is worth at it."""


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

    __slots__ = ("venue", "features", "strategies", "stages", "block")

    def __init__(self, engine: Engine, venue: SimulatedVenue, features: FeatureStage, strategies: Strategies) -> None:
        self.venue = venue
        self.features = features
        self.strategies = strategies
        self.stages = [stage for stage in engine.stages if any(kind in stage.consumes for kind in FOLLOW)]
        self.block: BarBlock | None = None

    def calm_bars(self, block: BarBlock, first: i64) -> i64:
        """Return how many bars of a block, from ``first`` on, cause nothing; the bars before were handled."""
        instrument = block.instrument
        if block is not self.block:
            self.block = block
            ends_ns = block.open_ns + block.interval_ns
            self.strategies.prepare(instrument, self.features.ahead(instrument), block.close, ends_ns)
        calm = Calm()
        if not self.venue.stays_calm(instrument, calm):
            return 0
        for stage in self.stages:
            if not stage.stays_calm(instrument, calm):
                return 0
        spoken = self.strategies.may_speak(instrument)
        if spoken is None:
            return 0
        return count_calm(
            block.rows,
            spoken,
            int(first),
            int(calm.until_ns) - block.interval_ns,
            int(calm.below),
            int(calm.above),
            int(calm.close_min),
            int(calm.close_max),
        )
