# SPDX-License-Identifier: Apache-2.0
"""Where the generated markets lie: each file made once from its seed, and made again when its maker changed."""

import zipfile
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from benchmarks.ticks import LATENCY_NS, TICKS, TRADE, make_ticks, stamps
from benchmarks.workload import BARS, LOT_TEXT, TICK_TEXT, Ints, make_bars
from numpy.typing import NDArray

from bot4.adapters.stores.tick_parquet import write_ticks
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT
from bot4.domain.event import TRADE as TRADE_KIND
from bot4.domain.instrument import Instrument
from bot4.market.tick_tables import END, EVENT_NS, FIRST_ID, KIND, KNOWN_NS, LAST_ID, TickTable

SYMBOL: Final = "BTCUSDT"
SEED: Final = 7
MAKERS: Final = ("files.py", "ticks.py", "workload.py")


def write_data(folder: Path) -> None:
    """Write ``bars.npz``, the same bars as ``bars.parquet``, and ``ticks.npz``, unless they stand there."""
    here = Path(__file__).parent
    digest = sha256(b"".join((here / name).read_bytes() for name in MAKERS)).hexdigest()
    stamp = folder / "made"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    write_bars(folder, BARS)
    write_book(folder, TICKS)
    stamp.write_text(digest, encoding="utf-8")


def save(path: Path, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Write named columns as one file."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.save(entry, column)


def write_bars(folder: Path, bars: int) -> None:
    """Write a market of minutes in both forms."""
    columns = make_bars(bars, SEED)
    save(folder / "bars.npz", columns)
    table = {"ts": columns["open_ns"] // 1_000_000, **columns}
    del table["open_ns"]
    with duckdb.connect() as connection:
        connection.register("columns", table)
        connection.execute("COPY columns TO ? (FORMAT parquet)", [str(folder / "bars.parquet")])


def write_book(folder: Path, ticks: int) -> None:
    """Write a market of ticks in both forms: its rows, and bot4's own messages of them."""
    rows = make_ticks(ticks, SEED)
    save(folder / "ticks.npz", rows)
    instrument = Instrument(
        0, SYMBOL, base="BTC", quote="USDT", tick_size=Decimal(TICK_TEXT), lot_size=Decimal(LOT_TEXT)
    )
    write_ticks(folder / "ticks.parquet", instrument, [messages_of(rows, ticks)])


def messages_of(rows: Mapping[str, Ints], ticks: int) -> TickTable:
    """Return the rows as messages: of each tick the changes of the book, then the trade."""
    last = np.flatnonzero(rows["what"] == TRADE)
    number = np.repeat(np.arange(ticks, dtype=np.int64), 2)
    messages = np.zeros((7, 2 * ticks), dtype=np.int64)
    messages[KIND] = np.tile((BOOK_DELTA, TRADE_KIND), ticks)
    messages[KIND, 0] = BOOK_SNAPSHOT
    messages[EVENT_NS] = stamps(number)
    messages[KNOWN_NS] = messages[EVENT_NS] + LATENCY_NS
    messages[FIRST_ID] = messages[LAST_ID] = number + 1
    messages[END, ::2] = last
    messages[END, 1::2] = last + 1
    sides = np.where(rows["what"] == TRADE, rows["aggressor"], rows["what"])
    return TickTable(messages, np.stack((sides, rows["price"], rows["lots"])))
