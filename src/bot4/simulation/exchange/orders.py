# SPDX-License-Identifier: Apache-2.0
"""An order's life at the venue, and how it is shown: as it stands, with its fills, in its list."""

from dataclasses import dataclass
from typing import Final

from bot4.simulation.exchange.refusals import Refusal

NEW: Final = "NEW"
PENDING_NEW: Final = "PENDING_NEW"
PARTIALLY_FILLED: Final = "PARTIALLY_FILLED"
FILLED: Final = "FILLED"
CANCELED: Final = "CANCELED"
REJECTED: Final = "REJECTED"
EXPIRED: Final = "EXPIRED"
EXPIRED_IN_MATCH: Final = "EXPIRED_IN_MATCH"

OCO_TRIGGER: Final = "OCO_TRIGGER"
OTO_PHASE_ONE_EXPIRED: Final = "OTO_PHASE_ONE_EXPIRED"
UNFILLED_IOC: Final = "UNFILLED_IOC_QUANTITY_EXPIRED"
UNFILLED_FOK: Final = "UNFILLED_FOK_ORDER_EXPIRED"
NO_LIQUIDITY: Final = "INSUFFICIENT_LIQUIDITY"
REJECTED_LATER: Final = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """Show an order as it stood at a moment; what does not apply is 0, -1 for an id or a time, or empty."""

    account: str
    symbol: str
    order_id: int
    order_list_id: int
    client_order_id: str
    side: str
    type: str
    time_in_force: str
    quantity: int
    quote_quantity: int
    price: int
    stop_price: int
    executed_quantity: int
    executed_quote: int
    prevented_quantity: int
    prevented_match_id: int
    status: str
    expiry_reason: str
    stp_mode: str
    trade_group_id: int
    strategy_id: int
    strategy_type: int
    created_ms: int
    updated_ms: int
    working_ms: int
    is_working: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Show one side of a trade to its owner."""

    account: str
    symbol: str
    trade_id: int
    order_id: int
    order_list_id: int
    price: int
    quantity: int
    quote: int
    commission: int
    commission_asset: str
    at_ms: int
    is_buyer: bool
    is_maker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventedMatch:
    """Show a match that did not happen because both sides were one participant."""

    symbol: str
    match_id: int
    taker_account: str
    maker_account: str
    taker_order_id: int
    maker_order_id: int
    trade_group_id: int
    stp_mode: str
    price: int
    taker_prevented_quantity: int
    maker_prevented_quantity: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class OrderReply:
    """Answer a request about one order: the order, the fills and the prevented matches the request brought it.

    After a cancel ``canceled_by`` is the client id of the cancel; after an amendment
    ``state.client_order_id`` is the id from now on and ``was`` the one before.
    """

    state: OrderState
    fills: tuple[Fill, ...] = ()
    prevented: tuple[PreventedMatch, ...] = ()
    canceled_by: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReply:
    """Answer a request about a list: where it stands, and its orders."""

    symbol: str
    list_id: int
    contingency: str
    status_type: str
    order_status: str
    list_client_order_id: str
    at_ms: int
    orders: tuple[OrderReply, ...]


@dataclass(frozen=True, slots=True)
class ReplaceReply:
    """Answer a cancel-replace: what became of each half; None where the new order was not attempted.

    ``refusal`` is what the whole request is answered with, -2021 or -2022, None where both halves went well.
    """

    cancel: OrderReply | Refusal
    order: OrderReply | Refusal | None
    refusal: Refusal | None
