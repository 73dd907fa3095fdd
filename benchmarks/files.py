# SPDX-License-Identifier: Apache-2.0
"""Where the generated markets lie: each file made once from its seed, and made again when its maker changed."""

import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from benchmarks.ticks import TICKS, make_ticks
from benchmarks.workload import BARS, make_bars
from numpy.typing import NDArray

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
    save(folder / "ticks.npz", make_ticks(TICKS, SEED))
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
