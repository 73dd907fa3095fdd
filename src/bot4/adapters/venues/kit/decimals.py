# SPDX-License-Identifier: Apache-2.0
"""A venue's decimal texts as whole steps: of a tick, of a lot, of 1e-8. What is no whole number of them is None."""

from decimal import Decimal, InvalidOperation
from typing import Final

UNIT: Final = Decimal("1e-8")


def exact(text: str, step: Decimal) -> int | None:
    """Return a decimal text as a whole number of steps, None if it is none or no number."""
    try:
        steps = Decimal(text) / step
    except InvalidOperation:
        return None
    return int(steps) if steps.is_finite() and steps == steps.to_integral_value() else None


def eighths(text: str) -> int | None:
    """Return a decimal text in units of 1e-8, None if it has more digits or is no number."""
    return exact(text, UNIT)
