# SPDX-License-Identifier: Apache-2.0
"""The venue's books about its members: orders, fills and lists by account, the events, the fees it took."""

import hashlib
from dataclasses import dataclass, field
from typing import final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.events import Event, ExecutionReport, ListStatus
from bot4.simulation.exchange.orders import PENDING_NEW, Fill, ListReply, OrderReply, PreventedMatch
from bot4.simulation.exchange.requests import OCO, OTO
from bot4.simulation.exchange.working import Order, OrderList


@final
@dataclass(slots=True)
class File:
    """Hold what one account did on one symbol, oldest first."""

    orders: list[Order] = field(default_factory=list)
    by_id: dict[int, Order] = field(default_factory=dict)
    by_client_id: dict[str, Order] = field(default_factory=dict)
    open: dict[int, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    prevented: list[PreventedMatch] = field(default_factory=list)
    amends: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """Tell a report what was traded, or prevented from trading."""

    price: int = 0
    quantity: int = 0
    quote: int = 0
    trade_id: int = -1
    is_maker: bool = False
    commission: int = 0
    commission_asset: str | None = None
    match_id: int = -1
    prevented: int = 0
    prevented_execution: int = 0
    prevented_quote: int = 0
    counter_order_id: int = -1


NO_MATCH = Match()


@final
class Register:
    """Keep the venue's books; it decides nothing.

    ``fills`` and ``prevented`` are what the request at hand has brought so far.
    """

    __slots__ = (
        "accounts",
        "events",
        "fees",
        "files",
        "fills",
        "last_execution_id",
        "last_generated",
        "lists",
        "open_lists",
        "prevented",
        "seed",
    )

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.accounts: dict[str, Account] = {}
        self.files: dict[tuple[str, str], File] = {}
        self.lists: list[tuple[Account, OrderList]] = []
        self.open_lists: dict[int, tuple[Account, OrderList]] = {}
        self.events: list[Event] = []
        self.fees: dict[str, int] = {}
        self.fills: list[Fill] = []
        self.prevented: list[PreventedMatch] = []
        self.last_execution_id = 0
        self.last_generated = 0

    def file(self, account: str, symbol: str) -> File:
        """Return what an account did on a symbol."""
        found = self.files.get((account, symbol))
        if found is None:
            found = self.files[account, symbol] = File()
        return found

    def generated_id(self) -> str:
        """Return a client id of the venue's own making: 22 letters and digits, a function of seed and count."""
        self.last_generated += 1
        return hashlib.sha256(f"{self.seed}/{self.last_generated}".encode()).hexdigest()[:22]

    def enter(self, order: Order) -> None:
        """Enter a new order."""
        file = self.file(order.account.name, order.request.symbol)
        file.by_id[order.order_id] = file.open[order.order_id] = order
        file.by_client_id[order.client_order_id] = order
        if order.account.terms.keeps_history:
            file.orders.append(order)

    def close(self, order: Order) -> None:
        """Take an ended order from the open ones, and forget it where its account keeps no history."""
        file = self.file(order.account.name, order.request.symbol)
        file.open.pop(order.order_id, None)
        if not order.account.terms.keeps_history:
            file.by_id.pop(order.order_id, None)
            if file.by_client_id.get(order.client_order_id) is order:
                del file.by_client_id[order.client_order_id]

    def enter_list(self, account: Account, listed: OrderList) -> None:
        """Enter a new list."""
        self.lists.append((account, listed))
        self.open_lists[listed.list_id] = (account, listed)

    def close_list(self, listed: OrderList, at_ms: int) -> None:
        """Close a list and tell its owner."""
        listed.is_done = True
        del self.open_lists[listed.list_id]
        self.tell_list(listed, at_ms)

    def add_fill(self, fill: Fill) -> None:
        """Enter one side of a trade."""
        self.fills.append(fill)
        if self.accounts[fill.account].terms.keeps_history:
            self.file(fill.account, fill.symbol).fills.append(fill)

    def add_prevented(self, match: PreventedMatch) -> None:
        """Enter a prevented match, once for each account that had a part in it."""
        self.prevented.append(match)
        for account in dict.fromkeys((match.taker_account, match.maker_account)):
            if self.accounts[account].terms.keeps_history:
                self.file(account, match.symbol).prevented.append(match)

    def reply(self, order: Order, canceled_by: str = "", was: str = "") -> OrderReply:
        """Return an order with what the request at hand brought it."""
        symbol, number = order.request.symbol, order.order_id
        return OrderReply(
            order.state(),
            tuple(
                fill
                for fill in self.fills
                if fill.order_id == number and fill.symbol == symbol and fill.is_buyer == order.is_buy
            ),
            tuple(match for match in self.prevented if match.taker_order_id == number and match.symbol == symbol),
            canceled_by,
            was,
        )

    def list_reply(self, listed: OrderList, canceled_by: str = "") -> ListReply:
        """Return a list as it stands."""
        return ListReply(
            symbol=listed.orders[0].request.symbol,
            list_id=listed.list_id,
            contingency=OCO if listed.contingency == OCO else OTO,
            status_type="ALL_DONE" if listed.is_done else "EXEC_STARTED",
            order_status="ALL_DONE" if listed.is_done else "EXECUTING",
            list_client_order_id=listed.client_order_id,
            at_ms=listed.updated_ms,
            orders=tuple(self.reply(order, canceled_by) for order in listed.orders),
        )

    def tell_list(self, listed: OrderList, at_ms: int, status_type: str = "") -> None:
        """Tell the owner where a list stands."""
        listed.updated_ms = at_ms
        reply = self.list_reply(listed)
        self.events.append(
            ListStatus(
                listed.orders[0].account.name,
                at_ms,
                reply.symbol,
                listed.list_id,
                reply.contingency,
                status_type or reply.status_type,
                reply.order_status,
                "NONE",
                listed.client_order_id,
                tuple((order.request.symbol, order.order_id, order.client_order_id) for order in listed.orders),
            )
        )

    def tell(
        self,
        order: Order,
        execution_type: str,
        at_ms: int,
        *,
        match: Match = NO_MATCH,
        renamed: str = "",
        was: str = "",
    ) -> None:
        """Tell the owner one step of an order's life.

        ``renamed`` is the id that the report carries where it is not the order's own: that of
        the cancel, or the new one of an amendment; ``was`` is then the order's own.
        """
        self.last_execution_id += 1
        order.updated_ms = at_ms
        request = order.request
        self.events.append(
            ExecutionReport(
                account=order.account.name,
                at_ms=at_ms,
                symbol=request.symbol,
                client_order_id=renamed or order.client_order_id,
                side=request.side,
                type=request.type,
                time_in_force=request.time_in_force or "GTC",
                quantity=order.quantity,
                price=request.price,
                stop_price=request.stop_price,
                iceberg_quantity=0,
                order_list_id=order.list.list_id if order.list else -1,
                original_client_order_id=was,
                execution_type=execution_type,
                status=order.status,
                reject_reason=order.reject_reason,
                order_id=order.order_id,
                last_quantity=match.quantity,
                executed_quantity=order.executed_quantity,
                last_price=match.price if match.trade_id >= 0 else 0,
                commission=match.commission,
                commission_asset=match.commission_asset,
                trade_id=match.trade_id,
                execution_id=self.last_execution_id,
                is_on_book=is_on_book(order),
                is_maker=match.is_maker,
                created_ms=order.created_ms,
                executed_quote=order.executed_quote,
                last_quote=match.quote,
                quote_quantity=request.quote_quantity,
                working_ms=order.working_ms,
                stp_mode=order.stp_mode,
                strategy_id=request.strategy_id,
                strategy_type=request.strategy_type,
                prevented_match_id=match.match_id,
                prevented_quantity=order.prevented_quantity,
                last_prevented_quantity=match.prevented,
                trade_group_id=order.account.terms.trade_group,
                counter_order_id=match.counter_order_id,
                prevented_execution_quantity=match.prevented_execution,
                prevented_execution_price=match.price if match.match_id >= 0 else 0,
                prevented_execution_quote=match.prevented_quote,
                expiry_reason=order.expiry_reason,
            )
        )


def is_on_book(order: Order) -> bool:
    """Say whether an order could trade: open, its turn come, and set off if it has a trigger."""
    return order.is_open and order.status != PENDING_NEW and not order.is_algo
