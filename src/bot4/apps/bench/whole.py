# SPDX-License-Identifier: Apache-2.0
"""The whole way: bars of a generated market through a backtest, in bars a second."""

from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from bot4.apps.backtest import run
from bot4.apps.bench.harness import Row
from bot4.apps.progress import Silent
from bot4.apps.session import RunRequest
from bot4.domain.values import MINUTE_NS
from bot4.kernels.synthetic import generate

BARS: Final = 120_000
TRIALS: Final = 3
FLOOR: Final = 30_000.0
FIRST_MS: Final = 1_700_006_400_000
NAME: Final = "event backtest, 1 symbol, 3 strategies, full journal, bars"


def write_bars(path: Path, bars: int) -> None:
    """Write a generated market of minutes as Parquet."""
    market = generate(bars, 1)
    columns = {
        "ts": FIRST_MS + np.arange(bars, dtype=np.int64) * (MINUTE_NS // 1_000_000),
        "open": market.opens,
        "high": market.highs,
        "low": market.lows,
        "close": market.closes,
        "volume": market.volumes,
    }
    with duckdb.connect() as connection:
        connection.register("columns", columns)
        connection.execute("COPY columns TO ? (FORMAT parquet)", [str(path)])


def backtest_rate(folder: Path, bars: int = BARS) -> float:
    """Return the best rate of several runs, in bars a second, journal included."""
    path = folder / "SYNUSDT-1m.parquet"
    write_bars(path, bars)
    request = RunRequest(command="bench", bars=(f"SYNUSDT={path}",), out=folder, report=False)
    return max(run(request, Silent()).bars_per_s for _ in range(TRIALS))


def whole_row(folder: Path, floor_us: float, bars: int = BARS) -> Row:
    """Measure the event backtest."""
    rate = backtest_rate(folder, bars)
    return Row(
        name=NAME,
        p50_us=None,
        p99_us=None,
        p999_us=None,
        max_us=None,
        rate=round(rate, 1),
        floor_us=floor_us,
        budget=f"{FLOOR:,.0f}/s",
        met=rate >= FLOOR,
    )
