# SPDX-License-Identifier: Apache-2.0
"""The whole way: bars of a generated market through files, engine and journal, in bars a second of CPU time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time_ns
from typing import Final

import duckdb
import numpy as np

from bot4.adapters.stores.paths import group_paths
from bot4.adapters.stores.tick_parquet import write_ticks
from bot4.apps.bench.features import hundred
from bot4.apps.bench.harness import BATCHES, Bench, Measurement, Whole, cpu_seconds
from bot4.apps.bench.paths import instruments
from bot4.apps.execute import execute
from bot4.apps.progress import Silent
from bot4.apps.recording import recording
from bot4.apps.session import RunRequest, open_histories, prepare
from bot4.domain.values import MINUTE_NS
from bot4.kernels.sweep import Series, plan_of, screen
from bot4.kernels.synthetic import SyntheticMarket, generate
from bot4.kernels.synthetic_ticks import TapeConfig, TapeMaker
from bot4.market.tick_tables import TickTable
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.settings import InstrumentSettings, Settings, StrategySettings
from bot4.runtime.warm_up import warm_up

Pairs = Sequence[Mapping[str, int]]
"""Lengths of a fast and a slow average, by name."""

BARS: Final = 105_120
READ_BARS: Final = 52_560
FIRST_MS: Final = 1_700_006_400_000
CSV_INTERVAL_MS: Final = 900_000
SYMBOL: Final = "SYNUSDT"
CROSS: Final = StrategySettings(kind="sma_cross")
AGAINST_PEERS: Final = "1.3 x vectorbt"
PLAIN_AGAINST_PEERS: Final = "0.9 x vectorbt"
HUNDRED_RATE: Final = 1_000_000.0
READ_RATE: Final = 300_000.0
TICKS: Final = 100_000
TICK_EMA: Final = StrategySettings(kind="tick_ema")
FIRST_BID: Final = 3_000_000
AGAINST_TICK_PEERS: Final = "1 x hftbacktest"
FAST: Final = range(5, 15)
SLOW: Final = range(20, 120, 10)
PAIRS: Final = [{"fast": fast, "slow": slow} for fast in FAST for slow in SLOW]
"""The grid of `make bench-peers`: 100 pairs of 20 averages. An average is computed once for all pairs that share it."""

UNSHARED: Final = [{"fast": 5 + number % 10, "slow": 20 + number} for number in range(100)]
"""As many pairs, each with a slow average of its own: what is left of the rate where little is shared."""

SWEEP_RATE: Final = 500_000_000.0
COST: Final = 0.0011


def cases() -> list[Measurement]:
    """Return the rows of whole runs, and of reading alone."""
    cross = Settings(gate="observe", strategies=(CROSS,), features=("sma_10", "sma_50"))
    found: list[Measurement] = [
        Whole(suite="market", name="CSV bars read, normalised, validated", rate_of=csv_rates, floor=READ_RATE),
        Whole(suite="market", name="Parquet bars read, normalised, validated", rate_of=parquet_rates, floor=READ_RATE),
        run_row("event backtest, SMA cross", cross, note=AGAINST_PEERS),
        run_row("event backtest, SMA cross, every bar carried", cross, note=PLAIN_AGAINST_PEERS, every_bar=True),
        run_row("event backtest, 3 strategies, default indicators", Settings(gate="observe")),
    ]
    found.append(
        Whole(
            suite="runs",
            name="tick backtest, EMA cross, full book, messages",
            rate_of=tick_rates,
            note=AGAINST_TICK_PEERS,
        )
    )
    found.append(sweep_row(PAIRS, floor=SWEEP_RATE))
    found.append(sweep_row(UNSHARED))
    if names := hundred():
        loaded = Settings(gate="observe", strategies=(CROSS,), features=names)
        found.append(run_row(f"event backtest, SMA cross, {len(names)} indicators", loaded, floor=HUNDRED_RATE))
    return found


def run_row(
    name: str, settings: Settings, *, floor: float | None = None, note: str = "-", every_bar: bool = False
) -> Whole:
    """Return the row of one backtest."""

    def rate_of(bench: Bench) -> list[float]:
        return run_rates(bench, settings, every_bar=every_bar)

    return Whole(suite="runs", name=name, rate_of=rate_of, floor=floor, note=note)


def sweep_row(pairs: Pairs, *, floor: float | None = None) -> Whole:
    """Return the row of one screen; its rate is in bar-combinations, bars times pairs, of one core."""
    averages = len({length for pair in pairs for length in pair.values()})
    name = f"sweep, {len(pairs)} SMA crosses of {averages} averages, bar-combinations"

    def rate_of(_: Bench) -> list[float]:
        return sweep_rates(pairs)

    return Whole(suite="sweep", name=name, rate_of=rate_of, floor=floor)


def write_csv(market: SyntheticMarket, path: Path) -> Path:
    """Write a generated market as CSV, in the column contract of every recorded one."""
    rows = zip(*(column.tolist() for column in market[:5]), strict=True)
    lines = ["ts,open,high,low,close,volume"]
    for bar, (open_, high, low, close, volume) in enumerate(rows):
        ts = FIRST_MS + bar * CSV_INTERVAL_MS
        lines.append(f"{ts},{open_:.2f},{high:.2f},{low:.2f},{close:.2f},{volume:.5f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_parquet(market: SyntheticMarket, path: Path) -> Path:
    """Write a generated market of minutes as Parquet."""
    columns = {
        "ts": FIRST_MS + np.arange(len(market.opens), dtype=np.int64) * (MINUTE_NS // 1_000_000),
        "open": market.opens,
        "high": market.highs,
        "low": market.lows,
        "close": market.closes,
        "volume": market.volumes,
    }
    with duckdb.connect() as connection:
        connection.register("columns", columns)
        connection.execute("COPY columns TO ? (FORMAT parquet)", [str(path)])
    return path


def run_rates(bench: Bench, settings: Settings, bars: int = BARS, *, every_bar: bool = False) -> list[float]:
    """Return bars in a second of CPU time of several runs: engine, venue and journal, as `bot4 backtest` drives them.

    Reading the files once before, to check and hash them, is not in it; reading them for the run is.
    """
    path = write_parquet(generate(bars, 1), bench.folder / f"{SYMBOL}-1m.parquet")
    sources = (f"{SYMBOL}={path}",)
    request = RunRequest(command="bench", config=settings, bars=sources, out=bench.folder, every_bar=every_bar)
    return rates_of(bench, request)


def tick_rates(bench: Bench, ticks: int = TICKS) -> list[float]:
    """Return messages in a second of CPU time: trades, quotes and changes of a made-up book, matched in its queue."""
    (coin,) = instruments(1)
    maker = TapeMaker(1, TapeConfig(first_bid=FIRST_BID))
    tape = (maker.head(), maker.next(ticks))
    path = bench.folder / f"{coin.symbol}-ticks.parquet"
    write_ticks(path, coin, (TickTable(piece.messages, piece.rows) for piece in tape))
    listed = InstrumentSettings(symbol=coin.symbol, tick_size="0.01", lot_size="0.00001", base=coin.base, quote="USDT")
    settings = Settings(gate="observe", strategies=(TICK_EMA,), features=("volatility_20",), instruments=(listed,))
    request = RunRequest(
        command="bench", config=settings, ticks=(f"{coin.symbol}={path}",), interval="10s", out=bench.folder
    )
    return rates_of(bench, request)


def sweep_rates(pairs: Pairs, bars: int = READ_BARS) -> list[float]:
    """Return bars times pairs in a second of CPU time: averages crossing, screened in one process."""
    market = generate(bars, 1)
    opens, highs, lows, closes = (np.rint(column * 100.0).astype(np.int64) for column in market[:4])
    volumes = np.rint(market.volumes * 100_000.0).astype(np.int64)
    stamps = FIRST_MS * 1_000_000 + np.arange(bars, dtype=np.int64) * MINUTE_NS
    series = Series(stamps, opens, highs, lows, closes, volumes, 0.01, 0.00001, interval_ns=MINUTE_NS, is_spot=True)
    plan = plan_of("sma_cross", pairs)
    return [bars * len(pairs) / cpu_seconds(lambda: screen(plan, [series], COST))]


def rates_of(bench: Bench, request: RunRequest) -> list[float]:
    """Run one request several times, each into a new journal."""
    prepared = prepare(request, Silent())
    warm_up(compiled_features(request.config, prepared.recruits))
    rates: list[float] = []
    for _ in range(BATCHES):
        with recording(bench.folder, prepared.header, durable=False, resume=False, key=None) as journal:
            begin = process_time_ns()
            executed = execute(prepared, journal, Silent(), ahead=True)
            rates.append(executed.rows * 1e9 / (process_time_ns() - begin))
    return rates


def csv_rates(bench: Bench) -> list[float]:
    """Return rows in a second of CPU time from a CSV file to validated integer bars and their hash."""
    return reading_rates(write_csv(generate(READ_BARS, 1), bench.folder / f"{SYMBOL}-15m.csv"))


def parquet_rates(bench: Bench) -> list[float]:
    """Return the same from a Parquet file."""
    return reading_rates(write_parquet(generate(READ_BARS, 1), bench.folder / f"{SYMBOL}-1m-read.parquet"))


def reading_rates(path: Path) -> list[float]:
    """Return the rates of several full readings of one file."""
    request = RunRequest(command="bench", bars=(f"{SYMBOL}={path}",))
    (history,) = open_histories(request, group_paths(request.bars, ()))
    rates: list[float] = []
    for _ in range(BATCHES):
        begin = process_time_ns()
        rows = history.survey().rows
        rates.append(rows * 1e9 / (process_time_ns() - begin))
    return rates
