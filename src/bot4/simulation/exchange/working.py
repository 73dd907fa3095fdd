# SPDX-License-Identifier: Apache-2.0
"""An order while it lives, the hold on its owner's funds, and the list it may stand in.

Two orders of which only one can execute share one hold: it is as large as the greater
of their needs. A hold's amount is always part of the owner's locked balance.
"""

from dataclasses import dataclass, field
from typing import final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.orders import (
    EXPIRED_IN_MATCH,
    FILLED,
    NEW,
    PARTIALLY_FILLED,
    PENDING_NEW,
    OrderState,
)
from bot4.simulation.exchange.requests import PlaceOrder
from bot4.simulation.exchange.rules import (
    ALGO_TYPES,
    BUY,
    MARKET,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT,
    SymbolRules,
    quote_of,
)

OPEN_STATUSES = (NEW, PENDING_NEW, PARTIALLY_FILLED)


@final
class Order:
    """Hold one accepted order.

    ``budget`` is what a market purchase still may pay once its way through the book is known;
    one that ``is_jammed`` will find nobody when its trigger fires, and work until it is canceled.
    """

    __slots__ = (
        "account",
        "base",
        "budget",
        "client_order_id",
        "created_ms",
        "executed_quantity",
        "executed_quote",
        "expiry_reason",
        "hold",
        "is_buy",
        "is_jammed",
        "is_triggered",
        "list",
        "order_id",
        "prevented_match_id",
        "prevented_quantity",
        "quantity",
        "quote",
        "reject_reason",
        "request",
        "status",
        "stp_mode",
        "updated_ms",
        "working_ms",
    )

    def __init__(self, request: PlaceOrder, account: Account, rules: SymbolRules, order_id: int, at_ms: int) -> None:
        self.request = request
        self.account = account
        self.base = rules.base
        self.quote = rules.quote
        self.order_id = order_id
        self.client_order_id = request.client_order_id
        self.quantity = request.quantity
        self.is_buy = request.side == BUY
        self.is_triggered = request.type not in ALGO_TYPES
        self.is_jammed = False
        self.stp_mode = request.stp_mode or rules.default_stp_mode
        self.status = NEW
        self.executed_quantity = 0
        self.executed_quote = 0
        self.prevented_quantity = 0
        self.prevented_match_id = -1
        self.expiry_reason = ""
        self.reject_reason = "NONE"
        self.budget = 0
        self.created_ms = at_ms
        self.updated_ms = at_ms
        self.working_ms = -1
        self.list: OrderList | None = None
        self.hold = Hold(account, rules.quote if self.is_buy else rules.base, [self])

    @property
    def leaves(self) -> int:
        """Return what may still execute."""
        return self.quantity - self.executed_quantity - self.prevented_quantity

    @property
    def is_open(self) -> bool:
        """Say whether the order has not ended."""
        return self.status in OPEN_STATUSES

    @property
    def is_market(self) -> bool:
        """Say whether the order takes any price once it works."""
        return self.request.type in (MARKET, STOP_LOSS, TAKE_PROFIT)

    @property
    def is_algo(self) -> bool:
        """Say whether the order still waits for its trigger."""
        return not self.is_triggered

    @property
    def triggers_upwards(self) -> bool:
        """Say whether a rising price sets it off: a stop-loss purchase, a take-profit sale."""
        return self.is_buy == (self.request.type in (STOP_LOSS, STOP_LOSS_LIMIT))

    def need(self) -> int:
        """Return what of its owner's funds the order must be able to pay; nothing before its turn in a list."""
        if self.status == PENDING_NEW:
            return 0
        if not self.is_buy:
            return self.leaves
        if self.is_market:
            return self.budget if self.is_triggered else quote_of(self.request.stop_price, self.leaves)
        return quote_of(self.request.price, self.leaves)

    def status_after_match(self) -> str:
        """Return what a trade or a prevented match makes of the order."""
        if self.leaves:
            return PARTIALLY_FILLED if self.executed_quantity else NEW
        return FILLED if self.executed_quantity == self.quantity else EXPIRED_IN_MATCH

    def state(self) -> OrderState:
        """Return the order as it stands now."""
        request = self.request
        return OrderState(
            account=self.account.name,
            symbol=request.symbol,
            order_id=self.order_id,
            order_list_id=self.list.list_id if self.list else -1,
            client_order_id=self.client_order_id,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force or "GTC",
            quantity=self.quantity,
            quote_quantity=request.quote_quantity,
            price=request.price,
            stop_price=request.stop_price,
            executed_quantity=self.executed_quantity,
            executed_quote=self.executed_quote,
            prevented_quantity=self.prevented_quantity,
            prevented_match_id=self.prevented_match_id,
            status=self.status,
            expiry_reason=self.expiry_reason,
            stp_mode=self.stp_mode,
            trade_group_id=self.account.terms.trade_group,
            strategy_id=request.strategy_id,
            strategy_type=request.strategy_type,
            created_ms=self.created_ms,
            updated_ms=self.updated_ms,
            working_ms=self.working_ms,
            is_working=self.working_ms >= 0,
        )


@final
@dataclass(slots=True)
class Hold:
    """Hold what of an asset is locked for one order, or for two of which only one can execute."""

    account: Account
    asset: str
    orders: list[Order]
    amount: int = 0

    def target(self) -> int:
        """Return what should be locked: the greatest need of the open orders."""
        return max((order.need() for order in self.orders if order.is_open), default=0)

    def can_settle(self) -> bool:
        """Say whether the owner has what is lacking."""
        return self.target() - self.amount <= self.account.balance(self.asset).free

    def settle(self) -> None:
        """Lock what is lacking, free what is too much."""
        change = self.target() - self.amount
        if change:
            self.account.move(self.asset, free=-change, locked=change)
            self.amount += change

    def pay(self, amount: int) -> None:
        """Spend part of what is held."""
        self.account.move(self.asset, locked=-amount)
        self.amount -= amount


@final
@dataclass(slots=True)
class OrderList:
    """Hold a list: a pair (OCO), or a working order and what it sets off (OTO, OTOCO)."""

    list_id: int
    contingency: str
    client_order_id: str
    orders: list[Order]
    created_ms: int
    updated_ms: int = 0
    is_done: bool = False
    working: Order | None = None
    pending: list[Order] = field(default_factory=list)
    pair: list[Order] = field(default_factory=list)

    def sibling(self, order: Order) -> Order | None:
        """Return the other order of the pair, None for one that is in no pair."""
        if order not in self.pair:
            return None
        return self.pair[1] if self.pair[0] is order else self.pair[0]
