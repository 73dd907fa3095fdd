# SPDX-License-Identifier: Apache-2.0
"""The length of a bar: its text, its nanoseconds, and what a file's first rows say of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import BadInput
from bot4.domain.values import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS

UNITS_NS: Final = {"s": SECOND_NS, "m": MINUTE_NS, "h": HOUR_NS, "d": DAY_NS}
HEAD_ROWS: Final = 1_000
"""Only this many rows of a file tell its interval: nothing is inferred from later ones."""

INTERVAL_MAX_NS: Final = 366 * DAY_NS


def parse_interval(text: str, place: str = "--interval") -> int:
    """Return the nanoseconds of an interval such as ``1m``, ``5m``, ``1h``, ``4h`` or ``1d``.

    Raises
    ------
    BadInput
        With code ``interval_text``, if the text is no positive whole number and a unit.
    """
    count, unit = text[:-1], text[-1:]
    if count.isascii() and count.isdigit() and unit in UNITS_NS:
        interval_ns = int(count) * UNITS_NS[unit]
        if 0 < interval_ns <= INTERVAL_MAX_NS:
            return interval_ns
    raise BadInput(
        place,
        repr(text),
        "a whole number and s, m, h or d, at most 366d: 1m, 5m, 1h, 4h, 1d",
        "Write the interval like 1h.",
        "interval_text",
    )


def interval_text(interval_ns: int) -> str:
    """Return the shortest text of an interval: ``1h`` for 3,600 seconds, ``90m`` for an hour and a half."""
    for unit, unit_ns in reversed(UNITS_NS.items()):
        if interval_ns % unit_ns == 0:
            return f"{interval_ns // unit_ns}{unit}"
    return f"{interval_ns / SECOND_NS:g}s"


def detect_interval(stamps_ns: NDArray[np.int64]) -> int | None:
    """Return the commonest step between a file's first stamps, or None if there are not two of them.

    Parameters
    ----------
    stamps_ns : array of int64, shape (n,)
        Opens of bars in nanoseconds, in any order, repeats allowed; the first ``HEAD_ROWS`` are looked at.

    Notes
    -----
    The mode, not the minimum: one stray stamp between two bars does not change
    it, and missing bars only add larger steps. Of equally common steps the
    smallest is taken.
    """
    steps = np.diff(np.unique(stamps_ns[:HEAD_ROWS]))
    if len(steps) == 0:
        return None
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def check_interval(source_ns: int, wanted_ns: int, place: str) -> None:
    """Refuse an interval that cannot be built from the recorded one.

    Raises
    ------
    BadInput
        With code ``interval_wrong``, unless ``wanted_ns`` is a multiple of ``source_ns``.
    """
    if wanted_ns >= source_ns and wanted_ns % source_ns == 0:
        return
    raise BadInput(
        place,
        f"its bars are {interval_text(source_ns)}, asked for {interval_text(wanted_ns)}",
        f"{interval_text(source_ns)} or a multiple of it",
        f"Ask for --interval {interval_text(source_ns)}, or give a file with finer bars.",
        "interval_wrong",
    )
