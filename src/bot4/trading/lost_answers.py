# SPDX-License-Identifier: Apache-2.0
"""What is lost with a process that ends: every answer that was still on its way to it."""

from collections.abc import Iterable

from bot4.domain.order import CANCEL_PENDING, SUBMITTED, OrderWord, cancel_lost, inquiry_lost, submit_lost
from bot4.domain.values import Nanos
from bot4.trading.orders import Order


def lost_answers(orders: Iterable[Order], now: Nanos, reason: str) -> list[OrderWord]:
    """Return the reports that begin the doubt of each open order whose answer will not come any more.

    To be told to the engine once its state is back: a submit or a cancel that was on its way may have been taken or
    not, and an inquiry that was on its way has to be put again.
    """
    found: list[OrderWord] = []
    for order in orders:
        about = (now, now, order.order_id, order.instrument, reason)
        if order.state == SUBMITTED:
            found.append(submit_lost(*about))
        elif order.state == CANCEL_PENDING:
            found.append(cancel_lost(*about))
        elif order.is_in_doubt():
            found.append(inquiry_lost(*about))
    return found
