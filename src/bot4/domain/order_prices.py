# SPDX-License-Identifier: Apache-2.0
"""Which prices an order names, by its type."""

from mypy_extensions import i64

from bot4.domain.order import MARKET, STOP, STOP_LIMIT


def names_limit(order_type: i64) -> bool:
    """Say whether orders of a type name a price that they are never worse than."""
    return order_type != MARKET and order_type != STOP


def names_trigger(order_type: i64) -> bool:
    """Say whether orders of a type wait for a price."""
    return order_type == STOP or order_type == STOP_LIMIT
