# SPDX-License-Identifier: Apache-2.0
"""The shapes of Binance spot's REST and WebSocket API replies; decimals stay the texts that the venue sent.

A field without a default is one that bot4 cannot do without: a reply that lacks it is malformed.
``UNUSED`` names documented fields that are let pass; any other unknown field is counted as drift.
"""

from typing import Any, ClassVar, Final

from msgspec import Raw, Struct

NOTHING: Final = Raw(b"null")
"""A part that a reply does not have."""


class Reply(Struct, frozen=True, rename="camel", kw_only=True):
    """Stand over all replies: names as the venue spells them."""

    UNUSED: ClassVar[tuple[str, ...]] = ()


class VenueError(Reply, frozen=True):
    """A refusal, with the halves of a failed cancel-replace or a ban's end in ``data``."""

    code: int
    msg: str = ""
    data: Raw = NOTHING


class ServerTime(Reply, frozen=True):
    """The venue's time, UTC ms."""

    server_time: int


class RateLimit(Reply, frozen=True):
    """One limit of the venue; ``count`` where it tells what was used."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int = -1


class SymbolInfo(Reply, frozen=True):
    """One symbol with its filters, which are decoded one by one."""

    UNUSED: ClassVar[tuple[str, ...]] = (
        "quotePrecision", "baseCommissionPrecision", "quoteCommissionPrecision", "icebergAllowed", "opoAllowed",
        "quoteOrderQtyMarketAllowed", "allowTrailingStop", "cancelReplaceAllowed", "amendAllowed",
        "pegInstructionsAllowed", "isMarginTradingAllowed", "permissions", "permissionSets",
        "allowedSelfTradePreventionModes",
    )  # fmt: skip

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    base_asset_precision: int
    quote_asset_precision: int
    order_types: list[str]
    filters: list[dict[str, Any]]
    is_spot_trading_allowed: bool = True
    oco_allowed: bool = False
    oto_allowed: bool = False
    default_self_trade_prevention_mode: str = ""


class ExchangeInfo(Reply, frozen=True):
    """The rules of the whole venue."""

    UNUSED: ClassVar[tuple[str, ...]] = ("timezone", "sors")

    server_time: int
    rate_limits: list[RateLimit]
    exchange_filters: list[dict[str, Any]]
    symbols: list[SymbolInfo]


class DepthReply(Reply, frozen=True):
    """A snapshot of the book: prices and quantities."""

    last_update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Kline(Struct, frozen=True, array_like=True):
    """One bar of the venue: times in ms, prices and volumes as texts."""

    open_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_ms: int
    quote_volume: str
    trades: int
    taker_base: str
    taker_quote: str


class AggTrade(Struct, frozen=True):
    """One aggregated print; ``m`` where the buyer was the maker."""

    UNUSED: ClassVar[tuple[str, ...]] = ("M",)

    a: int
    p: str
    q: str
    f: int
    l: int  # noqa: E741 - the venue's own name
    T: int
    m: bool


class FillReply(Reply, frozen=True):
    """One execution inside the reply to an order."""

    UNUSED: ClassVar[tuple[str, ...]] = ("matchType", "allocId")

    price: str
    qty: str
    commission: str
    commission_asset: str
    trade_id: int = -1


class OrderReply(Reply, frozen=True):
    """An order, as told after placing (ACK, RESULT, FULL), canceling or asking.

    What was executed has no default that could be counted with: without it nothing is known of the order's fills.
    """

    UNUSED: ClassVar[tuple[str, ...]] = (
        "origQuoteOrderQty", "workingTime", "icebergQty", "isWorking", "strategyId", "strategyType",
        "trailingDelta", "trailingTime", "usedSor", "workingFloor", "preventedMatchId", "preventedQuantity",
        "pegPriceType", "pegOffsetType", "pegOffsetValue", "peggedPrice", "allocationId", "expiryReason",
    )  # fmt: skip

    symbol: str
    order_id: int
    client_order_id: str
    order_list_id: int = -1
    orig_client_order_id: str = ""
    transact_time: int = 0
    price: str = "0"
    orig_qty: str = "0"
    executed_qty: str = ""
    cummulative_quote_qty: str = "0"
    status: str = ""
    time_in_force: str = ""
    type: str = ""
    side: str = ""
    stop_price: str = "0"
    time: int = 0
    update_time: int = 0
    self_trade_prevention_mode: str = ""
    fills: list[FillReply] = []

    def own_id(self) -> str:
        """Return the id that we gave the order: a reply to a cancel names it apart from the cancel's own."""
        return self.orig_client_order_id or self.client_order_id


class ListLeg(Reply, frozen=True):
    """One order of a list."""

    symbol: str
    order_id: int
    client_order_id: str


class LegReport(OrderReply, frozen=True):
    """What is told of one leg of a list; its name may stand in the list of legs alone."""

    client_order_id: str = ""


def by_name(orders: list[ListLeg], reports: list[LegReport]) -> dict[str, OrderReply]:
    """Return the reports of a list's legs by the ids that we gave them."""
    names = {leg.order_id: leg.client_order_id for leg in orders}
    return {names[report.order_id]: report for report in reports if report.order_id in names}


class OrderListReply(Reply, frozen=True):
    """An order list with its legs."""

    UNUSED: ClassVar[tuple[str, ...]] = ("isIsolated",)

    order_list_id: int
    contingency_type: str
    list_status_type: str
    list_order_status: str
    list_client_order_id: str
    transaction_time: int
    symbol: str
    orders: list[ListLeg]
    order_reports: list[LegReport] = []


class CancelReply(OrderReply, frozen=True):
    """What a cancel has ended: one order, or a list with a report of each leg."""

    UNUSED: ClassVar[tuple[str, ...]] = (
        *OrderReply.UNUSED, "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId",
        "transactionTime", "isIsolated",
    )  # fmt: skip

    order_id: int = -1
    client_order_id: str = ""
    orders: list[ListLeg] = []
    order_reports: list[LegReport] = []

    def ended(self) -> dict[str, OrderReply]:
        """Return what is told of each order, by the id that we gave it."""
        return by_name(self.orders, self.order_reports) if self.orders else {self.own_id(): self}


class CancelReplaceReply(Reply, frozen=True):
    """What became of the two halves of a cancel-replace: ``SUCCESS``, ``FAILURE`` or ``NOT_ATTEMPTED``."""

    cancel_result: str
    new_order_result: str
    cancel_response: Raw
    new_order_response: Raw = NOTHING


class MyTrade(Reply, frozen=True):
    """One of our own executions."""

    UNUSED: ClassVar[tuple[str, ...]] = ("orderListId", "isBestMatch")

    symbol: str
    id: int
    order_id: int
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class Balance(Reply, frozen=True):
    """What is free and what is locked of an asset."""

    asset: str
    free: str
    locked: str


class CommissionRates(Reply, frozen=True):
    """Fee rates as fractions."""

    maker: str
    taker: str
    buyer: str = "0"
    seller: str = "0"


class AccountReply(Reply, frozen=True):
    """The account."""

    UNUSED: ClassVar[tuple[str, ...]] = (
        "makerCommission", "takerCommission", "buyerCommission", "sellerCommission", "brokered", "preventSor",
    )  # fmt: skip

    can_trade: bool
    balances: list[Balance]
    commission_rates: CommissionRates
    update_time: int = 0
    account_type: str = ""
    permissions: list[str] = []
    require_self_trade_prevention: bool = False
    can_withdraw: bool | None = None
    can_deposit: bool | None = None
    uid: int = 0


class Discount(Reply, frozen=True):
    """What paying the fee in the venue's coin makes of the standard rate: ``discount`` is what is left of it."""

    enabled_for_account: bool = False
    enabled_for_symbol: bool = False
    discount_asset: str = ""
    discount: str = "0"


class CommissionReply(Reply, frozen=True):
    """The real fee rates of one symbol: three that add up, and the discount on the standard one."""

    symbol: str
    standard_commission: CommissionRates
    tax_commission: CommissionRates
    discount: Discount
    special_commission: CommissionRates = CommissionRates(maker="0", taker="0")


class ApiRestrictions(Reply, frozen=True):
    """What a key may do. A right that the venue does not mention counts as given."""

    UNUSED: ClassVar[tuple[str, ...]] = (
        "createTime", "tradingAuthorityExpirationTime", "enableReading", "enableMargin", "enableFutures",
        "enableVanillaOptions", "enablePortfolioMarginTrading", "enableFixApiTrade", "enableFixReadOnly",
    )  # fmt: skip

    ip_restrict: bool = False
    enable_withdrawals: bool = True
    enable_internal_transfer: bool = True
    permits_universal_transfer: bool = True
    enable_spot_and_margin_trading: bool = False
