# SPDX-License-Identifier: Apache-2.0
"""The venue's decimal texts and the exchange's integers of 1e-8: the one place where one becomes the other."""

import re
from typing import Final

from bot4.simulation.exchange.rules import ONE

PLACES: Final = 8
NUMBER: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?")
LEGAL_NUMBER: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
"""What the venue says is legal, in its refusal."""


def text_of(amount: int) -> str:
    """Return 1e-8 as the venue writes every amount, with eight places: ``0.10264410``."""
    whole, part = divmod(abs(amount), ONE)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{PLACES}d}"


def amount_of(text: str) -> int | None:
    """Return a decimal text in 1e-8, None where it is no plain number; finer digits must be asked for apart."""
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    whole, part = match[1], match[2] or ""
    return int(whole) * ONE + int(part[:PLACES].ljust(PLACES, "0"))


def is_too_fine(text: str) -> bool:
    """Say whether a number has digits, other than zeros, behind the eighth place."""
    return bool(text.partition(".")[2][PLACES:].strip("0"))
