# SPDX-License-Identifier: Apache-2.0
"""What happened, in order: the execution reports of the members, their balances, and the market's own prints.

An event is a frozen record whose fields are those of the venue's streams; a server
only formats them. ``at_ms`` is the transaction time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReport:
    """Tell one step of an order's life to its owner: ``executionReport``, letter by letter in the field comments."""

    account: str
    at_ms: int  # E and T
    symbol: str  # s
    client_order_id: str  # c: of the cancel where that is what happened
    side: str  # S
    type: str  # o
    time_in_force: str  # f
    quantity: int  # q
    price: int  # p
    stop_price: int  # P
    iceberg_quantity: int  # F
    order_list_id: int  # g, -1 for none
    original_client_order_id: str  # C: the order's own on a cancel
    execution_type: str  # x: NEW, CANCELED, REPLACED, REJECTED, TRADE, EXPIRED, TRADE_PREVENTION
    status: str  # X
    reject_reason: str  # r
    order_id: int  # i
    last_quantity: int  # l
    executed_quantity: int  # z
    last_price: int  # L
    commission: int  # n
    commission_asset: str | None  # N
    trade_id: int  # t, -1 for none
    execution_id: int  # I
    is_on_book: bool  # w
    is_maker: bool  # m
    created_ms: int  # O
    executed_quote: int  # Z
    last_quote: int  # Y
    quote_quantity: int  # Q
    working_ms: int  # W, -1 while it does not work
    stp_mode: str  # V
    strategy_id: int  # j, -1 for none
    strategy_type: int  # J, -1 for none
    prevented_match_id: int  # v, -1 for none; so are the next ones
    prevented_quantity: int  # A, 0 for none
    last_prevented_quantity: int  # B, 0 for none
    trade_group_id: int  # u, -1 for none
    counter_order_id: int  # U, -1 for none
    prevented_execution_quantity: int  # pl
    prevented_execution_price: int  # pL
    prevented_execution_quote: int  # pY
    expiry_reason: str  # eR, empty for none


@dataclass(frozen=True, slots=True)
class AccountPosition:
    """Tell a member the assets that may have changed, as (asset, free, locked): ``outboundAccountPosition``."""

    account: str
    at_ms: int
    balances: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class BalanceUpdate:
    """Tell a member of a deposit or withdrawal: ``balanceUpdate``."""

    account: str
    at_ms: int
    asset: str
    delta: int


@dataclass(frozen=True, slots=True)
class ListStatus:
    """Tell a member where a list stands: ``listStatus``; ``orders`` as (symbol, order_id, client_order_id)."""

    account: str
    at_ms: int
    symbol: str
    list_id: int  # g
    contingency: str  # c: OCO or OTO (an OTOCO is an OTO to the venue)
    status_type: str  # l: RESPONSE, EXEC_STARTED, UPDATED, ALL_DONE
    order_status: str  # L: EXECUTING, ALL_DONE, REJECT
    reject_reason: str  # r
    list_client_order_id: str  # C
    orders: tuple[tuple[str, int, str], ...]  # O


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """Print a trade: ``trade``; ``taker_order_id`` joins the prints of one sweep for ``aggTrade``."""

    symbol: str
    at_ms: int
    trade_id: int
    price: int
    quantity: int
    is_buyer_maker: bool
    taker_order_id: int


@dataclass(frozen=True, slots=True)
class DepthUpdate:
    """Tell the levels that a request changed, with what is left at each (0: gone): ``depthUpdate``.

    ``first_id`` is the one after the last update's ``last_id``, always.
    """

    symbol: str
    at_ms: int
    first_id: int  # U
    last_id: int  # u
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class BestPrices:
    """Tell the best bid and ask after they changed, 0 for an empty side: ``bookTicker``."""

    symbol: str
    at_ms: int
    update_id: int
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


Event = ExecutionReport | AccountPosition | BalanceUpdate | ListStatus | PublicTrade | DepthUpdate | BestPrices
"""Whatever the exchange may tell."""
