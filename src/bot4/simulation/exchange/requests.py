# SPDX-License-Identifier: Apache-2.0
"""What a member asks of the venue: an order, a list of orders, a cancel, a replacement.

0 and the empty string mean *not sent*. Amounts are 1e-8 (``rules.py``).
"""

from dataclasses import dataclass
from typing import Final

OCO: Final = "OCO"
OTO: Final = "OTO"
OTOCO: Final = "OTOCO"

STOP_ON_FAILURE: Final = "STOP_ON_FAILURE"
ALLOW_FAILURE: Final = "ALLOW_FAILURE"
ONLY_NEW: Final = "ONLY_NEW"
ONLY_PARTIALLY_FILLED: Final = "ONLY_PARTIALLY_FILLED"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Ask for one order; the time in force is asked for by LIMIT, STOP_LOSS_LIMIT and TAKE_PROFIT_LIMIT only."""

    symbol: str
    side: str
    type: str
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    stop_price: int = 0
    time_in_force: str = ""
    client_order_id: str = ""
    stp_mode: str = ""
    iceberg_quantity: int = 0
    trailing_delta: int = 0
    strategy_id: int = -1
    strategy_type: int = -1


@dataclass(frozen=True, slots=True)
class PlaceList:
    """Ask for a list of orders that depend on each other.

    ``orders`` are two of the same side and quantity for an OCO (above, below), a working
    and a pending order for an OTO, and working, pending above, pending below for an OTOCO.
    """

    contingency: str
    orders: tuple[PlaceOrder, ...]
    list_client_order_id: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask for an order's end, by the venue's number (-1: not sent) or the member's own id."""

    symbol: str
    order_id: int = -1
    original_client_order_id: str = ""
    client_order_id: str = ""
    restriction: str = ""


@dataclass(frozen=True, slots=True)
class CancelReplace:
    """Ask for an order's end and a new one in its place; ``mode`` says what a failed cancel means."""

    cancel: Cancel
    order: PlaceOrder
    mode: str = STOP_ON_FAILURE


@dataclass(frozen=True, slots=True)
class Amend:
    """Ask for a lower quantity of an open order, which keeps its place."""

    symbol: str
    quantity: int
    order_id: int = -1
    original_client_order_id: str = ""
    client_order_id: str = ""


@dataclass(frozen=True, slots=True)
class CancelList:
    """Ask for the end of a list, by the venue's number (-1: not sent) or the member's own id."""

    symbol: str
    list_id: int = -1
    list_client_order_id: str = ""
    client_order_id: str = ""
