# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no message: what a decoder raises for them, and how a report tells it, in no library's words."""

from typing import Final

import msgspec

FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are none of what is asked for: the last for brackets without end."""

SHOWN_BYTES: Final = 8


def complaint(error: Exception) -> str:
    """Return in words what one of the faults says of the bytes."""
    if isinstance(error, UnicodeDecodeError):
        return f"bytes that are no UTF-8: {error.object[error.start : error.start + SHOWN_BYTES]!r}"
    return "brackets in brackets without end" if isinstance(error, RecursionError) else str(error)
