# SPDX-License-Identifier: Apache-2.0
"""The end of a process that has read Parquet: duckdb is let go while there is still somebody to let it go."""

import subprocess
import sys
from pathlib import Path

import duckdb

CHILD = """
import atexit, gc, sys

def look():
    held = [one for one in gc.get_objects() if type(one).__name__ == "DuckDBPyConnection"]
    print(f"{len(held)} connections at the end")

atexit.register(look)  # called last: callbacks go from the last to the first

from pathlib import Path
from bot4.adapters.stores.parquet import ParquetReader
print(f"{ParquetReader(Path(sys.argv[1])).rows_hint()} rows")
"""


def test_no_connection_outlives_the_command_that_read_a_file(tmp_path: Path) -> None:
    """Where one does, duckdb's binding tells of leaks on stderr at the end of every compiled command."""
    path = tmp_path / "bars.parquet"
    with duckdb.connect() as connection:
        bar = "1700000000000 AS ts, 1.0 AS open, 1.0 AS high, 1.0 AS low, 1.0 AS close, 1.0 AS volume"
        connection.execute(f"COPY (SELECT {bar} FROM range(3)) TO '{path}' (FORMAT parquet)")
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == ["3 rows", "0 connections at the end"]
    assert done.stderr == ""
