# SPDX-License-Identifier: Apache-2.0
"""The lines of a raw recording, packed with gzip or not, with their numbers."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from bot4.adapters.stores.columns import cannot_read

GZIP: Final = b"\x1f\x8b"
LINE_BYTES_MAX: Final = 4 << 20

Levels = list[tuple[str, str]]
"""Price and quantity of each level of one side, as sent."""


def open_lines(path: Path) -> BinaryIO:
    """Open a recording, packed or not.

    Raises
    ------
    BadInput
        If it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
        return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")
    except OSError as error:
        raise cannot_read(str(path), error.strerror or str(error), "file_unreadable") from None


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a recording with their numbers, from 1.

    Raises
    ------
    BadInput
        If it cannot be read to its end.
    """
    try:
        with open_lines(path) as file:
            number = 0
            while line := file.readline(LINE_BYTES_MAX):
                number += 1
                yield number, line
    except (OSError, EOFError) as error:
        raise cannot_read(str(path), str(error), "file_unreadable") from None
