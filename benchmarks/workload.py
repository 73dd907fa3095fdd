# SPDX-License-Identifier: Apache-2.0
"""The market of the works on bars: minutes made from a seed, once, and written to files that every side reads.

Three properties make results comparable to the last trade. Every bar opens at the
last close, so that a fill at this close and a fill at the next open cost the same.
Prices are multiples of half a unit, so that sums of them are exact in float64 and
two averages are equal for everyone or for no one. And the drift is persistent, so
that the crossing rule earns what it pays in fees: no limit of risk ends the run.
"""

from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BARS: Final = 525_600
TICK_TEXT: Final = "0.5"
LOT_TEXT: Final = "0.00001"
TICK_SIZE: Final = float(TICK_TEXT)
LOT_SIZE: Final = float(LOT_TEXT)
MINUTE_NS: Final = 60_000_000_000
FIRST_NS: Final = 1_700_006_400_000_000_000

SWEEP_FAST: Final = range(5, 15)
SWEEP_SLOW: Final = range(20, 120, 10)
"""The grid of the sweep: 100 pairs."""

FIRST_PRICE: Final = 60_000.0
BAR_DEVIATION: Final = 4e-4
DRIFT_SHARE: Final = 0.2
DRIFT_HALF_LIFE: Final = 60.0

FAST: Final = 10
SLOW: Final = 50
SHARE: Final = 0.02
FEE: Final = 0.001
CASH: Final = 1_000_000
"""The work on bars: a crossing of two averages, a fiftieth of equity a position, a tenth of a per cent a fill."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def persistent(shocks: Floats, half_life: float) -> Floats:
    """Return an autoregressive series of unit deviation that forgets half of a shock in ``half_life`` steps."""
    keep = 0.5 ** (1.0 / half_life)
    scaled = shocks * np.sqrt(1.0 - keep * keep)
    return np.fromiter(accumulate(scaled, lambda last, shock: keep * last + shock), np.float64, len(shocks))


def walk(steps: int, generator: np.random.Generator, deviation: float, half_life: float) -> Ints:
    """Return a price path in ticks, shape (steps,), that ends near where it began."""
    drift = persistent(generator.standard_normal(steps), half_life)
    change = deviation * (DRIFT_SHARE * drift + generator.standard_normal(steps))
    path = np.cumsum(change)
    path -= np.linspace(0.0, path[-1], steps)
    ticks: Ints = np.rint(FIRST_PRICE * np.exp(path) / TICK_SIZE).astype(np.int64)
    return ticks


def make_bars(bars: int, seed: int) -> dict[str, NDArray[Any]]:
    """Return minutes as columns: ``open_ns`` int64; ``open`` to ``volume`` float64, prices on the tick."""
    generator = np.random.Generator(np.random.PCG64(seed))
    closes = walk(bars, generator, BAR_DEVIATION, DRIFT_HALF_LIFE)
    opens = np.concatenate((closes[:1], closes[:-1]))
    reach = np.rint(np.abs(generator.standard_normal((2, bars))) * 20.0).astype(np.int64)
    return {
        "open_ns": FIRST_NS + np.arange(bars, dtype=np.int64) * MINUTE_NS,
        "open": opens * TICK_SIZE,
        "high": (np.maximum(opens, closes) + reach[0]) * TICK_SIZE,
        "low": (np.minimum(opens, closes) - reach[1]) * TICK_SIZE,
        "close": closes * TICK_SIZE,
        "volume": np.rint(generator.uniform(500.0, 1500.0, bars)),
    }
