# SPDX-License-Identifier: Apache-2.0
"""The real recordings of ticks: every line of each is applied or counted, and nothing else is found in them."""

from pathlib import Path

import pytest

from bot4.adapters.stores.tick_history import TickSurvey
from bot4.apps.tick_session import open_tick_histories, tick_paths

pytestmark = [pytest.mark.requirement("DATA_001", "DATA_001/validation"), pytest.mark.slow]

LINES = {
    "binance_spot_btcusdt_20240808": (
        "BTCUSDT",
        41_249,
        {
            "delta": {"applied": 3_449, "covered": 2},
            "quote": {"applied": 28_040},
            "snapshot": {"applied": 1},
            "trade": {"applied": 9_757},
        },
    ),
    "binance_spot_btcusdt_20240809": (
        "BTCUSDT",
        58_325,
        {"delta": {"no_book": 3_044}, "quote": {"applied": 45_134}, "trade": {"applied": 10_147}},
    ),
    "binance_usdm_btcusdt_20240808": (
        "BTCUSDT",
        93_954,
        {
            "delta": {"applied": 6_547, "covered": 4},
            "quote": {"applied": 66_089},
            "snapshot": {"applied": 1},
            "trade": {"applied": 21_313},
        },
    ),
    "binance_cm_btcusd_perp_20240808": (
        "BTCUSD_PERP",
        48_270,
        {
            "delta": {"applied": 26_824, "covered": 23},
            "quote": {"applied": 19_136},
            "snapshot": {"applied": 1},
            "trade": {"applied": 2_286},
        },
    ),
    "bybit_XRPUSDT_ob500": ("XRPUSDT", 50, {"delta": {"applied": 49}, "snapshot": {"applied": 1}}),
}
"""Symbol, lines, and what became of them; the README of the recordings counts the same messages."""

TABLES = {
    "trades/binance_BTCUSDT_trades.parquet": ("BTCUSDT", 2_001),
    "trades/binance_usdm_APEUSDT_aggTrades_2024-10-18.parquet": ("APEUSDT", 45_342),
    "trades/kraken_BCHEUR_trades.csv": ("BCHEUR", 486),
    "trades/orderflow_public_trades.csv": ("ETHUSDT", 1_000),
    "quotes/lean_binanceusdm_ADAUSDT_1m_quotes.parquet": ("ADAUSDT", 1_100),
    "quotes/lean_bybit_BTCUSDT_1m_quotes.parquet": ("BTCUSDT", 721),
    "quotes/lean_coinbase_BTCUSD_1m_quotes.parquet": ("BTCUSD", 7_188),
    "quotes/lean_coinbase_ETHUSD_1m_quotes.parquet": ("ETHUSD", 5_750),
}


def survey(symbol: str, path: Path) -> TickSurvey:
    """Read a recording once, as `bot4 data check` does."""
    groups = tick_paths([f"{symbol}={path}"], ())
    return open_tick_histories(groups, {})[0].survey()


@pytest.mark.parametrize("name", LINES)
def test_every_line_of_a_recording_is_accounted_for(shared_data: Path, name: str) -> None:
    """No gap, no crossed book, no line unread: what the recordings' own table says of them."""
    symbol, lines, fates = LINES[name]
    told = survey(symbol, shared_data / "l2" / f"{name}.jsonl.gz")
    assert told.fates == fates
    assert told.rows == lines == sum(sum(row.values()) for row in fates.values())
    assert not {"sequence_gap", "crossed_book", "unreadable", "off_tick"} & set(told.faults.counts)
    if name.startswith("binance"):
        (note,) = told.clocks
        moved_ms = float(note.split("moved by ")[1].split(" ms")[0])
        assert 1_180 < moved_ms < 1_280


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_table_is_accounted_for(shared_data: Path, name: str) -> None:
    """Trades and quotes in four forms."""
    symbol, rows = TABLES[name]
    told = survey(symbol, shared_data / name)
    assert told.rows == told.bars == rows
    assert list(told.fates.values()) == [{"applied": rows}]
