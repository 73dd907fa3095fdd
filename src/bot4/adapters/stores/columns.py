# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a file before its first row: absent, unreadable, without a column."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from bot4.domain.errors import BadInput
from bot4.market.rows import COLUMNS

OTHER_NAMES = {
    "ts": ("timestamp", "time", "date", "datetime", "open_time", "opentime", "t", "unix"),
    "volume": ("vol", "v", "quantity", "base_volume"),
    "open": ("o",),
    "high": ("h",),
    "low": ("l",),
    "close": ("c",),
}
"""What others call our columns: suggested, never guessed."""


def check_columns(name: str, there: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are not ours, in their order.

    Raises
    ------
    BadInput
        With code ``column_missing`` or ``column_repeated``.
    """
    for wanted in COLUMNS:
        if there.count(wanted) > 1:
            raise BadInput(
                name, f"column {wanted} twice", "each column once", "Rename or drop one of them.", "column_repeated"
            )
    missing = [wanted for wanted in COLUMNS if wanted not in there]
    if missing:
        meant = [f"{near} for {wanted}" for wanted in missing if (near := _nearest(wanted, there))]
        hint = f" Did you mean {', '.join(meant)}?" if meant else ""
        raise BadInput(
            name,
            f"no column {', '.join(missing)}; there are: {', '.join(there)}",
            f"columns {' '.join(COLUMNS)} (ts: UTC milliseconds of the bar's open), or a Binance kline file",
            f"Rename the columns.{hint}",
            "column_missing",
        )
    return tuple(column for column in there if column not in COLUMNS)


def _nearest(wanted: str, there: Sequence[str]) -> str | None:
    """Return the column that was probably meant."""
    folded = {column.strip().lower(): column for column in reversed(there)}
    for other in (wanted, *OTHER_NAMES[wanted]):
        if other in folded:
            return folded[other]
    near = get_close_matches(wanted, folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def check_readable(path: Path) -> None:
    """Refuse a path that is no readable file.

    Raises
    ------
    BadInput
        With code ``file_missing`` or ``file_unreadable``.
    """
    if not path.exists():
        beside = sorted(other.name for other in path.parent.iterdir()) if path.parent.is_dir() else []
        near = get_close_matches(path.name, beside, n=1, cutoff=0.7)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(
            str(path), "no such file", "a Parquet or CSV file of bars", f"Correct the path.{hint}", "file_missing"
        )
    if not path.is_file():
        raise BadInput(
            str(path),
            "not a file",
            "a Parquet or CSV file of bars",
            "Give a file, or a pattern such as dir/*.parquet.",
            "file_unreadable",
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise cannot_read(str(path), error.strerror or "cannot be opened", "file_unreadable") from None


def cannot_read(name: str, reason: str, code: str) -> BadInput:
    """Return the error for a file whose bytes cannot be read as what they should be."""
    first_line = reason.strip().splitlines()[0] if reason.strip() else "no reason given"
    allowed = "a Parquet file" if code == "not_parquet" else "a readable file"
    return BadInput(name, first_line, allowed, "Check the file, or fetch it again.", code)
