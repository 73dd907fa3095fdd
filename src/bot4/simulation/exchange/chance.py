# SPDX-License-Identifier: Apache-2.0
"""Chance by hashing: a number for each place that is named, the same everywhere and for ever.

The kernels' chance needs numba, half a second of compiling for a server that draws a few
numbers a second; no draw here shifts another either.
"""

from hashlib import sha256
from typing import Final

SPAN: Final = float(1 << 53)


def drawn(*place: object) -> float:
    """Return the number in [0, 1) that belongs to a place, named by any words and numbers."""
    digest = sha256(":".join(map(str, place)).encode()).digest()
    return (int.from_bytes(digest[:8], "little") >> 11) / SPAN
