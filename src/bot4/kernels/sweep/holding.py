# SPDX-License-Identifier: Apache-2.0
"""What simply holding would have shown on the same days: the plainest rival of whatever a search finds."""

import math
from collections.abc import Sequence

import numpy as np

from bot4.kernels.evidence import DAYS_PER_YEAR
from bot4.kernels.sweep.screen import DAY_NS, Series


def holding_sharpe(history: Sequence[Series]) -> float:
    """Return the annual Sharpe ratio of daily returns of holding, instruments equally weighted, without costs.

    Over the days a screen's record covers; an instrument that has not begun returns 0. NaN without variance.
    """
    first = min(int(one.days(0, 1)[0]) for one in history)
    last = max(int(one.days(len(one.open_ns) - 1, len(one.open_ns))[0]) for one in history)
    ends = (np.arange(first, last, dtype=np.int64) + 1) * DAY_NS
    if len(ends) < 3:
        return math.nan
    total = np.zeros(len(ends) - 1)
    for one in history:
        rows = np.searchsorted(one.open_ns, ends - one.interval_ns, side="right") - 1
        closes = np.where(rows >= 0, one.close[np.maximum(rows, 0)], np.nan)
        total += np.nan_to_num(closes[1:] / closes[:-1] - 1.0, nan=0.0)
    daily = total / len(history)
    deviation = float(daily.std(ddof=1))
    return float(daily.mean()) / deviation * math.sqrt(DAYS_PER_YEAR) if deviation > 0.0 else math.nan
