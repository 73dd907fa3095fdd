# SPDX-License-Identifier: Apache-2.0
"""Bars made for tests: raw rows, an instrument for them, and files that hold them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot4.domain.instrument import Instrument
from bot4.domain.values import MINUTE_NS
from bot4.market.bars import ROW_WIDTH, SOURCE, STAMP, Ints
from bot4.market.rows import RawRows

START_NS = 1_600_000_020_000_000_000
"""A whole minute of September 2020."""

Table = list[list[float]]
"""Rows of ts in ms, open, high, low, close, volume."""


def bitcoin(*, index: int = 0) -> Instrument:
    """Return BTCUSDT with a tick of 0.01 and a lot of 0.001."""
    return Instrument(
        index, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001")
    )  # fmt: skip


def walk(count: int, *, seed: int = 1, step_ns: int = MINUTE_NS, start_ns: int = START_NS) -> Table:
    """Return faultless bars of a quiet market."""
    generator = np.random.Generator(np.random.PCG64(seed))
    closes = 1_000_000 + np.cumsum(generator.integers(-100, 101, count + 1))
    out: Table = []
    for i in range(count):
        first, last = int(closes[i]), int(closes[i + 1])
        high = max(first, last) + int(generator.integers(0, 50))
        low = min(first, last) - int(generator.integers(0, 50))
        stamp = (start_ns + i * step_ns) // 1_000_000
        volume = int(generator.integers(1, 10_000)) / 1000
        out.append([stamp, first / 100, high / 100, low / 100, last / 100, volume])
    return out


def raw(table: Sequence[Sequence[float]], first_number: int = 1) -> RawRows:
    """Return a table as raw rows."""
    array = np.array(table, dtype=np.float64).reshape(-1, 6)
    stamps = array[:, 0].astype(np.int64) * 1_000_000
    numbers = np.arange(first_number, first_number + len(array), dtype=np.int64)
    return RawRows(stamps, np.ascontiguousarray(array[:, 1:].T), numbers)


def rows_at(stamps: Sequence[int], *, first_source: int = 1) -> Ints:
    """Return checked rows with these stamps; every other column tells the order of arrival."""
    rows = np.empty((ROW_WIDTH, len(stamps)), dtype=np.int64)
    rows[:] = np.arange(first_source, first_source + len(stamps))
    rows[STAMP] = stamps
    assert rows[SOURCE, 0] == first_source
    return rows


def pieces(table: Ints, sizes: Sequence[int]) -> Iterator[Ints]:
    """Cut a table into pieces of these sizes, over and over."""
    begin, turn = 0, 0
    while begin < table.shape[1]:
        size = sizes[turn % len(sizes)]
        yield table[:, begin : begin + size]
        begin, turn = begin + size, turn + 1


def write_csv(path: Path, table: Sequence[Sequence[object]], header: str = "ts,open,high,low,close,volume") -> Path:
    """Write a table as CSV, whole stamps without a point."""
    lines = [header] if header else []
    lines += [",".join(map(_cell, row)) for row in table]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_parquet(path: Path, table: Sequence[Sequence[object]], *, group_rows: int = 2048) -> Path:
    """Write a table as Parquet: ts as BIGINT, the others as DOUBLE, None as NULL."""
    csv = write_csv(path.with_suffix(".made.csv"), table)
    names = ("open", "high", "low", "close", "volume")
    return copy_to_parquet(
        f"SELECT CAST(ts AS BIGINT) AS ts, {', '.join(f'CAST({n} AS DOUBLE) AS {n}' for n in names)} "
        f"FROM read_csv('{csv}', all_varchar = true, header = true)",
        path,
        group_rows=group_rows,
    )


def copy_to_parquet(query: str, path: Path, *, group_rows: int = 2048) -> Path:
    """Write the answer of a query as Parquet."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {group_rows})")
    return path


def columns_of(blocks: Iterator[object]) -> NDArray[np.int64]:
    """Return all bars of some blocks as one array of shape (6, n)."""
    parts = [np.stack(block.columns()) for block in blocks]  # type: ignore[attr-defined]
    return np.concatenate(parts, axis=1) if parts else np.empty((6, 0), dtype=np.int64)


def _cell(value: object) -> str:
    """Return a value as a CSV cell that reads back as the same number."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) >= 1e9:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
