# SPDX-License-Identifier: Apache-2.0
"""What was lost with the process that ended: every answer that was still on its way to it."""

from collections.abc import Iterable
from typing import Final

from bot4.adapters.venues.binance.venue_names import VenueNames
from bot4.domain.ids import client_order_id
from bot4.domain.order import (
    CANCEL_PENDING,
    CANCEL_UNKNOWN,
    SUBMIT_UNKNOWN,
    SUBMITTED,
    OrderWord,
    cancel_lost,
    inquiry_lost,
    submit_lost,
)
from bot4.domain.values import Nanos
from bot4.trading.orders import Order

UNPROVEN: Final = (SUBMITTED, SUBMIT_UNKNOWN, CANCEL_PENDING, CANCEL_UNKNOWN)
"""Where nothing has filled, these say nothing of whether the venue ever took the order."""

REASON: Final = "the answer was lost with the process"


def recall(orders: Iterable[Order], run: str, names: VenueNames) -> None:
    """Let a new lookup know which of the open orders the venue has told of: none of them is ever called absent."""
    for order in orders:
        if order.filled > 0 or order.state not in UNPROVEN:
            names.hear_of(client_order_id(run, int(order.slot), int(order.order_id)))


def lost_answers(orders: Iterable[Order], now: Nanos) -> list[OrderWord]:
    """Return the reports that begin the doubt of each open order whose answer will not come any more.

    To be told to the engine once its state is back and before anything else: a submit or a cancel that was on its way
    may have been taken or not, and an inquiry that was on its way has to be put again.
    """
    found: list[OrderWord] = []
    for order in orders:
        word = None
        if order.state == SUBMITTED:
            word = submit_lost
        elif order.state == CANCEL_PENDING:
            word = cancel_lost
        elif order.is_in_doubt():
            word = inquiry_lost
        if word is not None:
            found.append(word(now, now, order.order_id, order.instrument, REASON))
    return found
