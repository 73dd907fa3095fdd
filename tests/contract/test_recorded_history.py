# SPDX-License-Identifier: Apache-2.0
"""The real recordings: read whole, with the faults that are known to be in them and no others."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot4.adapters.stores.history import BarHistory, Survey, peek
from bot4.adapters.stores.instruments import instrument_for
from bot4.adapters.stores.paths import group_paths, read_name, venue_of
from bot4.domain.values import HOUR_NS, MINUTE_NS
from bot4.market.aggregation import TradeAggregator
from bot4.market.rows import COLUMNS
from tests.unit.market.recorded import columns_of, copy_to_parquet

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/validation")

STEPPED = ("AAVE", "EOS", "ETC", "LTC", "MATIC", "TRX", "XLM", "XMR")
TEN_NS = 1_686_736_800_000_000_000
"""2023-06-14 10:00 UTC."""


def history_of(symbol: str, paths: list[Path], interval_ns: int | None = None) -> BarHistory:
    """Return the history as a run would read it: first price, venue by name, shipped table."""
    found = peek(paths)
    instrument = instrument_for(symbol, 0, first_price=found.first_price, venue=venue_of(paths))
    return BarHistory(symbol, paths, instrument, interval_ns)


def hourly(shared_data: Path) -> dict[str, list[Path]]:
    """Return the hourly spot files."""
    return group_paths([f"{shared_data}/ohlcv/binance_*_1h.parquet"])


@pytest.mark.parametrize("base", STEPPED)
def test_the_backward_step_of_the_hourly_files_is_mended(shared_data: Path, base: str) -> None:
    """One step back, two repeats, the unfinished first 11:00 replaced by the later row, nothing lost."""
    path = shared_data / "ohlcv" / f"binance_{base}USDT_1h.parquet"
    history = history_of(f"{base}USDT", [path])
    survey = history.survey()
    counts = survey.faults.counts
    assert (counts["backward"], counts["duplicate"]) == (1, 2)
    assert survey.rows - survey.bars == 2
    repeats = survey.faults.examples["duplicate"]
    assert [fault.stamp_ns for fault in repeats] == [TEN_NS, TEN_NS + HOUR_NS]
    assert repeats[0].value.endswith("same values")
    assert repeats[1].value.endswith("other values")
    assert repeats[1].row - repeats[0].row == 1
    bars = columns_of(history.blocks())
    at = int(np.searchsorted(bars[0], TEN_NS + HOUR_NS))
    (last,) = raw_rows(path, f"ts = {(TEN_NS + HOUR_NS) // 1_000_000} ORDER BY file_row_number DESC LIMIT 1")
    instrument = history.instrument
    assert bars[4, at] == round(last[3] / instrument.tick)
    assert bars[5, at] == round(last[4] / instrument.lot)


def raw_rows(path: Path, where: str) -> list[tuple[float, ...]]:
    """Return open, high, low, close, volume of some rows of a recording."""
    import duckdb

    with duckdb.connect() as connection:
        query = f"SELECT open, high, low, close, volume FROM read_parquet(?, file_row_number=true) WHERE {where}"
        found: list[tuple[float, ...]] = connection.execute(query, [str(path)]).fetchall()
    return found


@pytest.mark.slow
def test_all_hourly_files_read_without_loss_and_hold_no_impossible_row(shared_data: Path) -> None:
    """Thirty symbols: ordered bars, as many as there are different stamps, no row set aside."""
    groups = hourly(shared_data)
    assert len(groups) == 30
    for symbol, paths in groups.items():
        history = history_of(symbol, paths)
        survey = history.survey()
        counts = survey.faults.counts
        assert not {"not_finite", "not_positive", "incoherent", "negative_volume", "off_grid"} & set(counts), symbol
        assert survey.bars == survey.rows - counts.get("duplicate", 0)
        bars = columns_of(history.blocks())
        assert bars.shape[1] == survey.bars
        assert (np.diff(bars[0]) > 0).all()
        assert survey.faults.missing_bars == (bars[0, -1] - bars[0, 0]) // HOUR_NS + 1 - survey.bars


@pytest.mark.slow
def test_the_gaps_are_those_of_the_list_of_recordings(shared_data: Path) -> None:
    """The recordings' own list was made by other code: runs of missing bars and their length agree."""
    checked = 0
    for line in (shared_data / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 5 or not cells[1].startswith("`ohlcv/") or "gaps, " not in line:
            continue
        path = shared_data / cells[1].strip("`")
        runs, bars = (int(word.split()[0]) for word in next(c for c in cells if " gaps, " in c).split(", ")[:2])
        name = read_name(path)
        survey = history_of(name.symbol or "", [path]).survey()
        assert (survey.faults.counts["gap"], survey.faults.missing_bars) == (runs, bars), path.name
        checked += 1
    assert checked >= 30


@pytest.mark.slow
def test_hours_built_from_minutes_are_the_recorded_hours(shared_data: Path) -> None:
    """Seven years of minutes give every hour that is recorded, and its close; nearly all are equal bar for bar.

    316 hours of 2017 were recorded with another open, 65 of them with the high or low that goes with it.
    """
    minutes = sorted((shared_data / "ohlcv").glob("binance_BTCUSDT_1m_20*.parquet"))
    built_history = history_of("BTCUSDT", minutes, HOUR_NS)
    survey = built_history.survey()
    assert survey.rows == 3_343_448
    built = columns_of(built_history.blocks())
    recorded = columns_of(history_of("BTCUSDT", [shared_data / "ohlcv" / "binance_BTCUSDT_1h.parquet"]).blocks())
    assert built.shape == recorded.shape
    assert (built[[0, 4]] == recorded[[0, 4]]).all()
    # Each minute's volume was rounded to the lot by itself.
    assert np.abs(built[5] - recorded[5]).max() <= 60
    other_open = built[1] != recorded[1]
    assert int(other_open.sum()) == 316
    assert built[0, other_open].max() < np.datetime64("2017-12-01", "ns").astype(np.int64)
    assert (built[2:4, ~other_open] == recorded[2:4, ~other_open]).all()


@pytest.mark.requirement("DATA_001/outlier_detection")
def test_real_crashes_are_flagged_and_kept(shared_data: Path) -> None:
    """March 2020 and May 2021: their hours are among the outliers, and among the bars, to the last tick."""
    path = shared_data / "ohlcv" / "binance_BTCUSDT_1h.parquet"
    history = history_of("BTCUSDT", [path])
    survey = history.survey()
    crash_ns = int(np.datetime64("2020-03-12T10:00", "ns").astype(np.int64))
    flagged = [fault.stamp_ns for fault in survey.faults.examples["outlier"]]
    assert crash_ns in flagged
    assert 5 <= survey.faults.counts["outlier"] <= 100
    assert survey.bars == survey.rows
    bars = columns_of(history.blocks())
    low = bars[3, int(np.searchsorted(bars[0], crash_ns))]
    ((_, _, recorded_low, _, _),) = raw_rows(path, f"ts = {crash_ns // 1_000_000}")
    assert low == round(recorded_low * 100)


def test_missing_minutes_are_counted_and_not_filled(shared_data: Path) -> None:
    """A venue that has no bar for a minute without trades: 13,302 runs, 17,552 bars."""
    survey = history_of("ETHUSD", [shared_data / "ohlcv" / "bitfinex_ETHUSD_1m.parquet"]).survey()
    assert survey.bars == survey.rows == 508_048
    assert (survey.faults.counts["gap"], survey.faults.missing_bars) == (13_302, 17_552)
    five = history_of("ETHUSD", [shared_data / "ohlcv" / "bitfinex_ETHUSD_1m.parquet"], 5 * MINUTE_NS).survey()
    assert five.faults.counts["partial_bar"] > 5_000
    assert five.interval_ns == 5 * MINUTE_NS


@pytest.mark.slow
def test_every_recording_of_bars_can_be_read(shared_data: Path) -> None:
    """Each candle file, with the instrument that the table or the default gives it."""
    surveys: list[Survey] = []
    for path in sorted((shared_data / "ohlcv").glob("*.parquet")):
        if "BTCUSDT_1m_20" in path.name:
            continue
        surveys.append(history_of(read_name(path).symbol or "", [path]).survey())
    assert len(surveys) > 60
    assert all(survey.bars > 0 for survey in surveys)
    assert len({survey.sha256 for survey in surveys}) == len(surveys)


@pytest.mark.requirement("DATA_001/format_normalization")
def test_a_recording_written_as_csv_hashes_the_same(shared_data: Path, tmp_path: Path) -> None:
    """The format is no part of the data's identity."""
    path = shared_data / "ohlcv" / "binance_LTCUSDT_1h.parquet"
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM read_parquet('{path}')) TO '{tmp_path}/ltc.csv' (HEADER)")
    by_parquet = history_of("LTCUSDT", [path]).survey()
    instrument = instrument_for("LTCUSDT", 0, first_price=peek([path]).first_price)
    by_csv = BarHistory("LTCUSDT", [tmp_path / "ltc.csv"], instrument).survey()
    assert by_csv.sha256 == by_parquet.sha256
    assert by_csv.faults.counts == by_parquet.faults.counts


def test_bars_of_recorded_trades_hold_every_trade(shared_data: Path) -> None:
    """Volumes add up, and no bar leaves the range of its trades."""
    with (shared_data / "trades" / "kraken_BCHEUR_trades.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    numbers = [row for row in rows if row and row[0].replace(".", "", 1).isdigit()]
    times = np.array([int(float(row[0]) * 1_000_000) * 1000 for row in numbers], dtype=np.int64)
    order = np.argsort(times, kind="stable")
    prices = np.array([round(float(row[1]) * 100) for row in numbers], dtype=np.int64)[order]
    lots = np.array([round(float(row[2]) * 100_000_000) for row in numbers], dtype=np.int64)[order]
    aggregator = TradeAggregator(HOUR_NS)
    bars = aggregator.push(times[order], prices, lots)
    last = aggregator.finish(int(times.max()) + HOUR_NS)
    assert int(bars[5].sum() + last[5].sum()) == int(lots.sum())
    assert int(bars[2].max()) <= int(prices.max())
    assert int(bars[3].min()) >= int(prices.min())


MEMORY = """
import sys
from decimal import Decimal
from pathlib import Path
from bot4.adapters.stores.history import BarHistory
from bot4.domain.instrument import Instrument
instrument = Instrument(0, "X", base="X", quote="Y", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
history = BarHistory("X", [Path(name) for name in sys.argv[1:]], instrument)
survey = history.survey()
assert sum(len(block) for block in history.blocks()) == survey.bars
lines = Path("/proc/self/status").read_text().splitlines()
print(survey.rows, next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process is read from /proc")
def test_memory_does_not_grow_with_the_length(shared_data: Path, tmp_path: Path) -> None:
    """Three times the rows, in one file, Parquet or CSV: nowhere near the memory that holding them would take.

    The reader's peak wanders by some 40 MB with where duckdb's pages fall, and nears its ceiling the longer it reads.
    """
    held = (3_300_000 - 1_100_000) * len(COLUMNS) * 8
    source = f"read_parquet('{shared_data}/ohlcv/binance_BTCUSDT_1m_20*.parquet')"
    for suffix in ("parquet", "csv"):
        used: list[int] = []
        for rows in (1_100_000, 3_300_000):
            path = tmp_path / f"{rows}.{suffix}"
            query = f"SELECT * FROM {source} ORDER BY ts LIMIT {rows}"
            if suffix == "parquet":
                copy_to_parquet(query, path, group_rows=122_880)
            else:
                import duckdb

                with duckdb.connect() as connection:
                    connection.execute(f"COPY ({query}) TO '{path}' (HEADER)")
            done = subprocess.run(
                [sys.executable, "-c", MEMORY, str(path)], check=True, capture_output=True, text=True
            )  # fmt: skip
            count, kilobytes = map(int, done.stdout.split())
            assert count == rows
            used.append(kilobytes)
        assert used[1] - used[0] < held // 1024 * 6 // 10
        assert used[1] < 320 * 1024
