# SPDX-License-Identifier: Apache-2.0
"""From a shadow record to the figures the rules judge: the one place that calls the statistics kernel."""

import numpy as np

from bot4.decision.evidence.shadow import Record
from bot4.domain.signal import EvidenceFigures
from bot4.kernels.evidence import assess


def figures_of(record: Record, trials: int, seed: int) -> EvidenceFigures:
    """Return what a record says so far; equal records and seeds give equal bits.

    Parameters
    ----------
    record : Record
        Daily net returns as fractions of the shadow notional.
    trials : int
        How many variants were tried to find this strategy, at least 1.
    seed : int
        Seed of the bootstrap.
    """
    daily = record.daily()
    told = assess(daily, trials, seed)
    return EvidenceFigures(
        days=record.days,
        closed_trades=record.closed_trades,
        trials=trials,
        mean=told.mean,
        sharpe=told.sharpe,
        sharpe_excess=told.sharpe_excess,
        p_value=told.p_value,
        deflated=told.deflated,
        confidence=told.confidence,
        track_days_min=told.track_days_min,
        total_return=float(np.sum(daily)),
    )
