# SPDX-License-Identifier: Apache-2.0
"""The files of a finished sweep: every trial as a row, and the summary; the same sweep writes the same bytes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bot4.adapters.stores.journal_file import disk_fault
from bot4.apps.sweep.ledger import trial_id
from bot4.apps.sweep.table import COLUMNS, FigureTable
from bot4.apps.sweep.trials import Trials

RESULTS: Final = "results.csv"
WHOLE: Final = ("days", "closed_trades", "fills")
ROWS_AT_ONCE: Final = 4096


def write_results(path: Path, trials: Trials, table: FigureTable, data: Sequence[str], cost: float) -> None:
    """Write every trial in order: id, parameters, figures; a figure that does not exist is an empty field.

    Raises
    ------
    OutsideFault
        If the system refuses.
    """
    try:
        with path.open("w", encoding="ascii", newline="") as file:
            file.write(",".join(("trial", "id", *trials.names, *COLUMNS)) + "\n")
            for begin in range(0, len(trials.sets), ROWS_AT_ONCE):
                file.writelines(_rows(trials, table, begin, data, cost))
    except OSError as error:
        raise disk_fault(path, "writing", error) from error


def finite(value: object) -> object:
    """Return plain values as JSON can hold them: what is not finite becomes null."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list) else value


def _rows(trials: Trials, table: FigureTable, begin: int, data: Sequence[str], cost: float) -> Iterator[str]:
    """Yield some rows."""
    end = min(begin + ROWS_AT_ONCE, len(trials.sets))
    lines = trials.lines(range(begin, end), data, cost)
    for place, line, figures in zip(range(begin, end), lines, table.figures[begin:end].tolist(), strict=True):
        told = [_field(name, value) for name, value in zip(COLUMNS, figures, strict=True)]
        yield ",".join((str(place), trial_id(line), *map(repr, trials.sets[place]), *told)) + "\n"


def _field(name: str, value: float) -> str:
    """Return one figure as text that reads back as the same number."""
    if not np.isfinite(value):
        return ""
    return str(int(value)) if name in WHOLE else repr(value)
