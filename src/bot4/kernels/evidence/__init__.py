# SPDX-License-Identifier: Apache-2.0
"""Statistics of a strategy's record: significance, Sharpe ratios deflated by trials, resampled intervals, drawdown.

All of it float64 on daily net returns, each formula with its source where it stands.
"""

from bot4.kernels.evidence.assessment import Assessment, Intervals, assess, intervals
from bot4.kernels.evidence.drawdown import max_drawdown
from bot4.kernels.evidence.sharpe import DAYS_PER_YEAR, expected_max_sharpe, probabilistic_sharpe, track_days_min
from bot4.kernels.evidence.significance import hac_t, p_value_above_zero

__all__ = [
    "DAYS_PER_YEAR",
    "Assessment",
    "Intervals",
    "assess",
    "expected_max_sharpe",
    "hac_t",
    "intervals",
    "max_drawdown",
    "p_value_above_zero",
    "probabilistic_sharpe",
    "track_days_min",
]
