# SPDX-License-Identifier: Apache-2.0
"""Bars for the tests of the kernels: generated from a seed, or recorded ones; no test lives here."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIRST_NS = 1_700_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000


class Series(NamedTuple):
    """Equally long columns."""

    open_ns: Ints
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats

    def part(self, first: int, stop: int) -> "Series":
        """Return the bars first .. stop - 1."""
        return Series(self.open_ns[first:stop], *(np.ascontiguousarray(one[first:stop]) for one in self.floats()))

    def floats(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return opens, highs, lows, closes and volumes."""
        return self.opens, self.highs, self.lows, self.closes, self.volumes

    def bars(self) -> Iterator[tuple[int, float, float, float, float, float]]:
        """Return the bars one by one."""
        return zip(self.open_ns.tolist(), *(one.tolist() for one in self.floats()), strict=True)


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
    return Series(stamps(bars), opens, highs, lows, closes, volumes)


def stamps(bars: int) -> Ints:
    """Return the opens of hourly bars."""
    return FIRST_NS + 3_600_000_000_000 * np.arange(bars, dtype=np.int64)


def recorded(path: Path) -> Series:
    """Read a recording of the shared data, in order of time."""
    import duckdb

    query = "select ts as ns, open, high, low, close, volume from read_parquet(?) order by ts"
    columns = duckdb.execute(query, [str(path)]).fetchnumpy()
    names = ("open", "high", "low", "close", "volume")
    return Series(np.asarray(columns["ns"], dtype=np.int64), *(np.asarray(columns[n], dtype=np.float64) for n in names))
