# SPDX-License-Identifier: Apache-2.0
"""A count with its noun, in the form that fits the count."""


def count_text(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 order``, ``3 orders``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
