# SPDX-License-Identifier: Apache-2.0
"""Bars for the tests of the kernels: generated from a seed, or recorded ones; no test lives here."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Series(NamedTuple):
    """Five equally long columns."""

    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats

    def part(self, first: int, stop: int) -> "Series":
        """Return the bars first .. stop - 1."""
        return Series(*(np.ascontiguousarray(column[first:stop]) for column in self))


def generated(bars: int, *, seed: int = 1, price: float = 100.0, move: float = 0.002) -> Series:
    """Make a random walk with ties, flat bars and bars without volume in it, as real recordings have."""
    rng = np.random.Generator(np.random.PCG64(seed))
    steps = rng.normal(0.0, move, bars) * (rng.random(bars) > 0.05)
    closes = price * np.exp(np.cumsum(steps))
    opens = np.concatenate(([price], closes[:-1]))
    up, down = np.abs(rng.normal(0.0, move, (2, bars))) * (rng.random((2, bars)) > 0.1)
    highs = np.maximum(opens, closes) * (1.0 + up)
    lows = np.minimum(opens, closes) * (1.0 - down)
    volumes = rng.gamma(2.0, 50.0, bars) * (rng.random(bars) > 0.02)
    return Series(opens, highs, lows, closes, volumes)


def recorded(path: Path) -> Series:
    """Read a recording of the shared data, in order of time."""
    import duckdb

    query = "select open, high, low, close, volume from read_parquet(?) order by ts"
    columns = duckdb.execute(query, [str(path)]).fetchnumpy()
    return Series(*(np.asarray(columns[name], dtype=np.float64) for name in ("open", "high", "low", "close", "volume")))
