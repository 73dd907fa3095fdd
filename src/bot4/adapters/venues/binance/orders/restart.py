# SPDX-License-Identifier: Apache-2.0
"""What a new process knows of the orders that the one before it left open."""

from collections.abc import Iterable
from typing import Final

from bot4.adapters.venues.binance.orders.venue_names import VenueNames
from bot4.domain.ids import client_order_id
from bot4.domain.order import CANCEL_PENDING, CANCEL_UNKNOWN, SUBMIT_UNKNOWN, SUBMITTED
from bot4.trading.orders import Order

UNPROVEN: Final = (SUBMITTED, SUBMIT_UNKNOWN, CANCEL_PENDING, CANCEL_UNKNOWN)
"""Where nothing has filled, these say nothing of whether the venue ever took the order."""


def recall(orders: Iterable[Order], run: str, names: VenueNames) -> None:
    """Let a new lookup know which of the open orders the venue has told of: none of them is ever called absent."""
    for order in orders:
        if order.filled > 0 or order.state not in UNPROVEN:
            names.hear_of(client_order_id(run, int(order.slot), int(order.order_id)))
